import base64
import json
import re

import numpy as np
import pandas as pd
import pytest

from skcluster.datasets import simulate_clusters
from skcluster.isochrones import isochrone
from skcluster.report import write_report


def data_of(page):
    text = page.read_text()
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.S)
    return json.loads(found[1])


def places(text):
    values = np.frombuffer(base64.b64decode(text), "<u2").reshape(-1, 2).astype(float)
    return values * 3 / 65535 - 1


def test_the_page_holds_every_star_and_number(small_page, run):
    X, table, _ = run
    data = data_of(small_page)
    assert [c["name"] for c in data["clusters"]] == X.index.tolist()
    for cluster, (name, row) in zip(data["clusters"], table.iterrows(), strict=True):
        blue, red, bright, faint = cluster["limits"]
        stars = places(cluster["stars"]) * [red - blue, faint - bright] + [blue, bright]
        wanted = X.loc[name, "stars"][["bp_rp", "phot_g_mean_mag"]]
        np.testing.assert_allclose(stars, wanted, atol=2e-3)
        for key, values in cluster["values"].items():
            if np.isnan(row[key]):
                assert values == [None, None, None]
            else:
                assert values[0] == pytest.approx(row[key], abs=1e-4)
    unmeasured = data["clusters"][3]
    assert "lines" not in unmeasured
    assert "band" not in unmeasured


def test_the_isochrone_is_that_of_the_estimate(small_page, run):
    _, table, _ = run
    cluster = data_of(small_page)["clusters"][0]
    blue, red, bright, faint = cluster["limits"]
    line = np.concatenate([places(part) for part in cluster["lines"]])
    drawn = line * [red - blue, faint - bright] + [blue, bright]
    row = table.iloc[0]
    points = isochrone(row["log_age"], a_v=row["a_v"], distance_kpc=row["distance_kpc"])
    points = points[["bp_rp", "phot_g_mean_mag"]].dropna().to_numpy()
    inside = drawn[(drawn[:, 1] > bright) & (drawn[:, 1] < faint)]
    nearest = np.abs(inside[:, None] - points).sum(axis=2).min(axis=1)
    assert len(inside) > 20
    assert nearest.max() < 5e-3


def test_the_band_covers_the_isochrone(small_page):
    cluster = data_of(small_page)["clusters"][0]
    line = np.concatenate([places(part) for part in cluster["lines"]])
    line = line[((line > 0.02) & (line < 0.98)).all(axis=1)]
    covered = 0
    for u, v in line:
        runs = np.reshape(cluster["band"][int(u * 150)], (-1, 2))
        covered += any(first - 2 <= v * 200 <= last + 2 for first, last in runs)
    assert covered / len(line) > 0.95
    filled = sum(np.diff(np.reshape(runs, (-1, 2))).sum() for runs in cluster["band"])
    assert 0 < filled < 0.3 * 150 * 200


def test_the_isochrone_breaks_where_stars_jump(tmp_path):
    X, _ = simulate_clusters(2, random_state=0, n_stars=500, log_age=[9.6, 8.5], distance_kpc=1.0)
    table = pd.DataFrame(
        {"log_age": [9.6, 8.5], "a_v": [0.0, 0.0], "distance_kpc": [1.0, 1.0]}, index=X.index
    )
    # Three giants make the diagrams wide enough for the whole isochrones.
    wide = [[-1.0, 5.0], [4.0, 5.0], [1.0, 20.0]]
    stars = {
        name: pd.concat(
            [X.loc[name, "stars"], pd.DataFrame(wide, columns=["bp_rp", "phot_g_mean_mag"])]
        )
        for name in X.index
    }
    write_report(stars, table, tmp_path / "a.html")
    old, young = data_of(tmp_path / "a.html")["clusters"]
    assert len(old["lines"]) == 2
    assert len(young["lines"]) == 1


def test_the_isochrone_has_the_metallicity_of_the_estimate(posterior_page, run):
    _, table, _ = run
    cluster = data_of(posterior_page)["clusters"][0]
    blue, red, bright, faint = cluster["limits"]
    line = np.concatenate([places(part) for part in cluster["lines"]])
    drawn = line * [red - blue, faint - bright] + [blue, bright]
    row = table.iloc[0]
    rich = isochrone(row["log_age"], 0.2, a_v=row["a_v"], distance_kpc=row["distance_kpc"])
    points = rich[["bp_rp", "phot_g_mean_mag"]].dropna().to_numpy()
    inside = drawn[(drawn[:, 1] > bright) & (drawn[:, 1] < faint)]
    nearest = np.abs(inside[:, None] - points).sum(axis=2).min(axis=1)
    assert len(inside) > 20
    assert nearest.max() < 5e-3


def test_stars_are_shaded_by_their_membership(posterior_page, small_page):
    data = data_of(posterior_page)
    shades = np.frombuffer(base64.b64decode(data["clusters"][0]["shades"]), np.uint8)
    assert shades[:6].tolist() == [255, 128, 1, 64, 0, 255]
    assert data["posterior"]
    assert not data_of(small_page)["posterior"]


def test_what_matters_less_is_left_to_the_details(posterior_page):
    columns = {c["key"]: c for c in data_of(posterior_page)["columns"]}
    assert [key for key, c in columns.items() if not c["listed"]] == [
        "n_stars",
        "effective_samples",
    ]
    assert columns["distance_kpc"]["significant"] == 3
    assert columns["n_used"]["name"] == "Stars used"


def test_it_is_one_file_that_asks_for_nothing(small_page):
    text = small_page.read_text()
    assert "default-src 'none'" in text
    assert not re.search(r'(src|href)="(?!data:)', text)
    assert "http" not in re.sub(r"http-equiv", "", text)
    assert "<title>Ten &lt;clusters&gt;</title>" in text
    assert "<dd>a&amp;b</dd>" in text
    assert "<!--" not in text


def test_a_rich_cluster_is_thinned(tmp_path, run):
    X, table, _ = run
    one = X.iloc[0]["stars"]
    many = {"rich": one.sample(9000, replace=True, random_state=0)}
    write_report(many, table.iloc[:1].set_axis(["rich"]), tmp_path / "a.html")
    assert len(places(data_of(tmp_path / "a.html")["clusters"][0]["stars"])) == 4000


def test_wrong_input_is_refused(tmp_path, run):
    X, table, _ = run
    with pytest.raises(ValueError, match="not of the same clusters"):
        write_report(X, table.iloc[::-1], tmp_path / "a.html")
    with pytest.raises(ValueError, match="but 1 values of membership"):
        write_report(X, table, tmp_path / "a.html", membership=[1.0])
    (tmp_path / "a.html").write_text("mine")
    with pytest.raises(FileExistsError):
        write_report(X, table, tmp_path / "a.html")
    assert (tmp_path / "a.html").read_text() == "mine"

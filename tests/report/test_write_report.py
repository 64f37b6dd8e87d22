import base64
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from skcluster.isochrones import isochrone
from skcluster.report import write_report
from skcluster.report._diagram import shown_stars
from skcluster.report._write import FLAGS, NOTES


def data_of(page):
    text = page.read_text()
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.S)
    return json.loads(found[1])


@pytest.fixture
def written(tmp_path):
    """Write a report, and give the data in it."""

    def write(clusters, table, **options):
        write_report(clusters, table, tmp_path / "a.html", overwrite=True, **options)
        return data_of(tmp_path / "a.html")

    return write


def places(text):
    values = np.frombuffer(base64.b64decode(text), "<u2").reshape(-1, 2).astype(float)
    return values * 3 / 65535 - 1


def test_the_page_holds_every_star_and_number(small_page, run):
    X, table, _ = run
    data = data_of(small_page)
    assert [c["name"] for c in data["clusters"]] == X.index.tolist()
    about = {column["key"]: column["about"] for column in data["columns"]}
    assert about["distance_kpc"] == ""  # its name says it
    assert about["log_age"] == "log10 of the age in years."
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


@pytest.mark.parametrize(("page", "metallicity"), [("small_page", 0.0), ("posterior_page", 0.2)])
def test_the_isochrone_is_that_of_the_estimate(page, metallicity, run, request):
    _, table, _ = run
    cluster = data_of(request.getfixturevalue(page))["clusters"][0]
    blue, red, bright, faint = cluster["limits"]
    parts = [places(part) for part in cluster["lines"]]
    for part in parts:  # a point per 0.004 of the diagram
        assert len(part) < np.hypot(*np.diff(part, axis=0).T).sum() / 0.003 + 3
    line = np.concatenate(parts)
    drawn = line * [red - blue, faint - bright] + [blue, bright]
    row = table.iloc[0]
    points = isochrone(
        row["log_age"], metallicity, a_v=row["a_v"], distance_kpc=row["distance_kpc"]
    )
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


def test_the_isochrone_breaks_where_stars_jump(written):
    # Three giants make the diagrams wide enough for the whole isochrones.
    stars = pd.DataFrame({"bp_rp": [-1.0, 4.0, 1.0], "phot_g_mean_mag": [5.0, 5.0, 20.0]})
    table = pd.DataFrame(
        {"log_age": [9.6, 8.5], "a_v": 0.0, "distance_kpc": 1.0}, index=["old", "young"]
    )
    clusters = written({"old": stars, "young": stars}, table)["clusters"]
    assert [len(cluster["lines"]) for cluster in clusters] == [2, 1]


def test_what_is_known_of_stars(posterior_page, small_page, run):
    cluster = data_of(posterior_page)["clusters"][0]

    def column(name, kind):
        return np.frombuffer(base64.b64decode(cluster[name]), kind)

    assert column("membership", np.uint8)[:6].tolist() == [255, 128, 1, 64, 0, 255]
    listed = run[0].iloc[0]["stars"]["probability"]
    np.testing.assert_allclose((column("probability", np.uint8) - 1) / 254, listed, atol=2e-3)
    assert column("parallax", "<f4")[:3].tolist() == [
        1.25,
        pytest.approx(np.nan, nan_ok=True),
        1.25,
    ]
    assert column("source_id", "<i8")[2] == 6049037136609594882
    assert "membership" not in data_of(small_page)["clusters"][0]


def test_identifiers_that_are_no_integers(written, run):
    X, table, _ = run
    one = X.iloc[0]["stars"].drop(columns="source_id", errors="ignore")
    for values, shown in [
        ([f"star {i}" for i in range(len(one))], ["star 0", "star 1"]),
        # These have lost digits, and would name other stars.
        (np.arange(len(one)) + 6e18, None),
    ]:
        data = written({"a": one.assign(source_id=values)}, table.iloc[:1].set_axis(["a"]))
        found = data["clusters"][0].get("source_id")
        assert (found and found[:2]) == shown


def test_names_and_numbers_as_people_read_them(written, posterior_page, small_page, run):
    columns = {c["key"]: c for c in data_of(posterior_page)["columns"]}
    # What matters less is left to the details.
    assert [k for k, c in columns.items() if not c["listed"]] == ["n_stars", "effective_samples"]
    assert columns["n_used"]["name"] == "Stars used"
    assert [cluster["also"] for cluster in data_of(small_page)["clusters"][:2]] == [["M 67"], []]
    X, table, _ = run
    near = table.iloc[:1].assign(
        distance_kpc=0.04732, distance_kpc_lower=0.0453, distance_kpc_upper=0.04941
    )
    texts = written(X.iloc[:1], near)["clusters"][0]["texts"]
    assert texts["distance_kpc"] == "0.0473 +0.0021 −0.0020"
    assert texts["n_stars"] == "100"


def test_limits_and_citations(small_page, posterior_page):
    text = small_page.read_text()
    assert "<dt>Extinction A_V [mag]</dt><dd>0 to 4.8</dd>" in text
    assert "<li>A &amp; B 2020</li>" in text
    for page in (small_page, posterior_page):
        assert "Bressan et al. 2012" in page.read_text()


def test_it_is_one_file_that_asks_for_nothing(small_page):
    text = small_page.read_text()
    assert "default-src 'none'" in text
    assert not re.search(r'<[^>]*\b(src|href)="(?!data:|#)', text.split("<script")[0])
    assert "<title>Ten &lt;clusters&gt;</title>" in text
    assert "<dd>a&amp;b</dd>" in text
    assert "<!--" not in text
    # That of Bokeh's script and three of the page; none of a cluster's name.
    assert text.count("</script>") == 4


def test_parts_of_the_page_are_not_looked_for_in_others(written, tmp_path, run):
    X, table, _ = run
    data = written(X, table, title="<!--data-->", metadata={"a": "<!--style-->"})
    assert "<title>&lt;!--data--&gt;</title>" in (tmp_path / "a.html").read_text()
    assert len(data["clusters"]) == 10


def test_many_stars_are_thinned(written, run):
    X, table, _ = run
    many = {"rich": X.iloc[0]["stars"].sample(9000, replace=True, random_state=0)}
    cluster = written(many, table.iloc[:1].set_axis(["rich"]))["clusters"][0]
    assert len(places(cluster["stars"])) == 4000
    assert cluster["total"] == 9000
    few = [len(shown) for shown in shown_stars(np.array([3000] * 400 + [50]))]
    assert 300_000 < sum(few) <= 400_000
    assert few[-1] == 50
    assert len({*few[:-1]}) == 1


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


def test_a_table_that_was_read_from_a_file(written, tmp_path, run):
    X, table, _ = run
    table.to_csv(tmp_path / "e.csv")
    read = pd.read_csv(tmp_path / "e.csv", index_col=0)
    assert read["flag"].isna().any()
    clusters = written(X, read)["clusters"]
    assert [cluster["flag"] for cluster in clusters] == table["flag"].tolist()
    assert [cluster["notes"] for cluster in clusters] == table["notes"].tolist()


def test_a_page_of_one_cluster_and_columns_of_text(written, tmp_path, run):
    X, table, samples = run
    table = table.iloc[:1].assign(
        differential_reddening=0.3,
        field_fraction=0.314,
        reliability=0.5,
        source="a thesis",
        flag="outside domain",
        notes="few stars; contaminants identified",
    )
    few = {name: values[:2] for name, values in samples.items()}
    assert "corner" not in written(X.iloc[:1], table, samples=few)["clusters"][0]
    cluster = written(X.iloc[:1], table, samples=samples)["clusters"][0]
    assert len(cluster["reddened"]) > 0
    # The interval of the table, not that of the samples.
    assert "± 0.20" in base64.b64decode(cluster["corner"]).decode()
    assert cluster["texts"]["source"] == "a thesis"
    assert cluster["shown_notes"] == "few stars; 31 % contaminants identified"
    text = (tmp_path / "a.html").read_text()
    assert "least reddened stars" in text
    terms = re.findall("<dt>(Flag .*?|Note .*?)</dt>", text)
    assert terms == ["Flag “outside domain”", "Note “few stars”", "Note “contaminants identified”"]


@pytest.mark.parametrize(("kind", "meanings"), [("flag", FLAGS), ("note", NOTES)])
def test_every_flag_and_note_has_a_meaning(kind, meanings):
    page = Path(__file__).parents[2] / "docs" / "posterior.md"
    rows = page.read_text().partition(f"| {kind} | meaning |")[2].partition("\n\n")[0]
    texts = [line.split("|")[1].strip() for line in rows.splitlines()[2:]]
    assert set(texts) == meanings.keys()

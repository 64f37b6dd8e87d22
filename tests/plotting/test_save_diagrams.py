import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from matplotlib.colors import to_rgb

from skcluster.clusters import as_clusters
from skcluster.plotting import save_diagrams

ENDS = ("_lower", "_upper")


def test_a_file_for_each_cluster(sample, tmp_path):
    X, y = sample
    done: list[int] = []
    files = save_diagrams(X[:3], y[:3], tmp_path / "new", progress=done.append)
    assert done == [1, 1, 1]
    assert [file.stem for file in files] == X.index[:3].tolist()
    for file in files:
        picture = plt.imread(file)
        assert picture.shape[:2] == pytest.approx((1040, 1320), abs=1)
        red = (picture[..., 0] > 0.8) & (picture[..., 1] < 0.4) & (picture[..., 2] < 0.1)
        assert red.sum() > 300  # the isochrone
    with pytest.raises(FileExistsError, match=r"sim_000000\.png already exists"):
        save_diagrams(X[:3], y[:3], tmp_path / "new")
    assert plt.get_fignums() == []


def test_a_diagram_is_light_in_a_dark_style(sample, tmp_path):
    X, y = sample
    with plt.style.context("dark_background"):
        (file,) = save_diagrams(X[:1], y[:1], tmp_path)
    assert plt.imread(file)[0, 0, :3].tolist() == [1, 1, 1]


def test_the_errors_are_those_of_the_intervals(sample, tmp_path):
    X, y = sample
    for folder, width in (("narrow", 0.1), ("wide", 0.2)):
        ends = {
            f"{n}{end}": y[n] + s * width for n in y for end, s in zip(ENDS, (-1, 1), strict=True)
        }
        save_diagrams(X[:1], y.assign(**ends), tmp_path / folder)
    narrow, wide = (next((tmp_path / n).iterdir()).read_bytes() for n in ("narrow", "wide"))
    assert narrow != wide


def test_stars_are_shaded_by_their_membership(sample, tmp_path):
    X, y = sample
    grey, blue = (tmp_path / name for name in ("grey", "blue"))
    n = [len(stars) for stars in X["stars"][:2]]
    members = pd.DataFrame(
        {"cluster": np.repeat(X.index[:2], n), "membership": np.repeat([1.0, 0.5], n)}
    )
    save_diagrams(X[:2], y[:2], grey)
    save_diagrams(X[:2], y[:2], blue, membership=members)
    for name, colour in zip(X.index, ["#06203f", "#4487bf"], strict=False):
        pictures = [plt.imread(folder / f"{name}.png")[..., :3] for folder in (grey, blue)]
        plot = [picture[:, :700] for picture in pictures]  # without the colour bar
        drawn = [np.isclose(p, to_rgb(colour), atol=0.03).all(axis=2).sum() for p in plot]
        assert drawn[0] < 100 < drawn[1]


def test_names_that_are_no_file_names(sample, tmp_path):
    X, y = sample
    names = ["../up", "a/b", "A b", "a_b", ".hidden", "\u03b1 Per"]
    X, y = X[:6].set_axis(names), y[:6].set_axis(names)
    files = save_diagrams(X, y, tmp_path, format="svg")
    assert len({file.name.lower() for file in files}) == 6
    assert all(file.parent == tmp_path for file in files)
    assert [file.name for file in files][-2:] == ["hidden.svg", "\u03b1_Per.svg"]


def test_what_has_no_isochrone_or_no_star(sample, tmp_path):
    X, y = sample
    estimates = y[:3].copy()
    estimates.iloc[0] = np.nan
    estimates.iloc[1, 0] = 12.0
    stars = {name: X.loc[name, "stars"] for name in X.index[:3]}
    stars[X.index[2]] = stars[X.index[2]].assign(bp_rp=np.nan, phot_bp_mean_mag=np.nan)
    with pytest.warns(UserWarning, match="No star is left"):
        X = as_clusters(stars)
    with pytest.warns(UserWarning, match="1 clusters have no star to draw: 'sim_000002'"):
        files = save_diagrams(X, estimates, tmp_path, format="pdf")
    assert len(files) == 2
    assert all(file.read_bytes().startswith(b"%PDF") for file in files)


def test_names_that_are_no_formulas_and_long_ones(sample, tmp_path):
    X, y = sample
    names = ["$\\frac{1$", "a$b", "$\\undefined$", "n" * 300, "n" * 299 + "m", "\u03b1" * 300]
    X, y = X[:6].set_axis(names), y[:6].set_axis(names)
    for format in ("png", "svg", "pdf"):
        files = save_diagrams(X, y, tmp_path, format=format)
        assert len({file.name for file in files}) == 6
        assert all(file.stat().st_size for file in files)
    assert "a$b" in (tmp_path / "a_b.svg").read_text()

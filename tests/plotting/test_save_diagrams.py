import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from matplotlib.colors import to_rgb

from skcluster.clusters import as_clusters
from skcluster.plotting import save_diagrams


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
    with pytest.raises(ValueError, match="format must be 'png', 'pdf' or 'svg', not 'gif'"):
        save_diagrams(X[:3], y[:3], tmp_path / "gif", format="gif")
    assert not (tmp_path / "gif").exists()
    assert plt.get_fignums() == []


def test_a_diagram_is_light_in_a_dark_style(sample, tmp_path):
    X, y = sample
    with plt.style.context("dark_background"):
        (file,) = save_diagrams(X[:1], y[:1], tmp_path)
    assert plt.imread(file)[0, 0, :3].tolist() == [1, 1, 1]


def test_each_option_changes_the_diagrams(sample, tmp_path):
    X, y = sample[0][:2], sample[1][:2]

    def picture(estimates=y, **options):
        """The diagram of the second cluster, without the colour bar."""
        files = save_diagrams(X, estimates, tmp_path, overwrite=True, **options)
        return plt.imread(files[1])[:, :700, :3]

    plain = picture()
    noise = np.random.default_rng(0).normal(0, 0.05, (50, 3))
    samples = {name: row + noise for name, row in zip(X.index, y.to_numpy(), strict=True)}
    band = picture(samples=samples)
    assert (band != plain).any()
    assert (picture(samples=samples, coverage=0.2) != band).any()
    assert (picture(law="edr3") != plain).any()
    n = [len(stars) for stars in X["stars"]]
    members = pd.DataFrame(
        {"cluster": np.repeat(X.index, n), "membership": np.repeat([1.0, 0.5], n)}
    )
    blue = [
        np.isclose(drawn, to_rgb("#4487bf"), atol=0.03).all(axis=2).sum()
        for drawn in (plain, picture(membership=members))
    ]
    assert blue[0] < 100 < blue[1]


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

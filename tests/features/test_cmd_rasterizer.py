import io

import matplotlib
import numpy as np
import pandas as pd
import pytest
from matplotlib import image
from matplotlib.figure import Figure

from skcluster.clusters import validate_clusters
from skcluster.features import CMDRasterizer

VARIANTS = [
    {},
    {"marker_size": 9.0},
    {"image_size": 64, "marker_size": 8.0},
    {"image_size": 181, "marker_size": 6.0},
    {"magnitude": "absolute"},
    {"colour_range": (-1, 1.5), "magnitude_range": (9, 14.5)},
]


def lowest_correlation(a, b):
    a, b = (v - v.mean(axis=1, keepdims=True) for v in (a.astype(float), b.astype(float)))
    return ((a * b).sum(axis=1) / np.sqrt((a**2).sum(axis=1) * (b**2).sum(axis=1))).min()


def star(colour, magnitude, n=1):
    columns = {"cluster": "A", "bp_rp": colour, "phot_g_mean_mag": magnitude}
    return pd.DataFrame(columns, index=range(n))


def draw(table, **parameters):
    rasterizer = CMDRasterizer(**parameters).fit(table)
    return rasterizer.transform(table).reshape(-1, *rasterizer.image_shape_)[0, :, :, 0]


@pytest.mark.parametrize("parameters", VARIANTS, ids=str)
def test_fast_pictures_are_those_of_matplotlib(toy, parameters):
    X, _ = toy
    fast = CMDRasterizer(**parameters).fit_transform(X)
    slow = CMDRasterizer(**parameters, renderer="matplotlib").fit_transform(X)
    assert fast.shape == slow.shape
    assert lowest_correlation(fast, slow) > 0.999
    assert np.abs(fast - slow).max() < 0.06


@pytest.mark.parametrize("parameters", [{"marker_size": 1.0}, {"image_size": 64}], ids=str)
def test_stars_below_a_pixel_have_more_ink_in_matplotlib_but_lie_the_same(toy, parameters):
    fast = CMDRasterizer(**parameters).fit_transform(toy[0])
    slow = CMDRasterizer(**parameters, renderer="matplotlib").fit_transform(toy[0])
    assert lowest_correlation(fast, slow) > 0.99
    assert fast.sum() < slow.sum()


@pytest.mark.real
@pytest.mark.parametrize("step", [40, pytest.param(1, marks=pytest.mark.slow)])
def test_renderers_agree_on_real_clusters(real, step):
    fast, slow = (
        CMDRasterizer(renderer=renderer, dtype="uint8").fit_transform(real[0].iloc[::step])
        for renderer in ("fast", "matplotlib")
    )
    assert lowest_correlation(fast, slow) > 0.999


def test_the_slow_picture_is_what_savefig_writes(toy):
    X = toy[0].iloc[[7]]
    stars = validate_clusters(X)
    figure = Figure(figsize=(4, 4))
    ax = figure.add_axes((0, 0, 1, 1))
    ax.plot(stars["bp_rp"], stars["phot_g_mean_mag"], "ko", markersize=4, markeredgewidth=0)
    ax.set(xlim=(0, 4), ylim=(18, 10))
    ax.set_axis_off()
    file = io.BytesIO()
    figure.savefig(file, dpi=45)
    file.seek(0)
    saved = image.imread(file)
    assert saved.shape == (180, 180, 4)
    got = CMDRasterizer(renderer="matplotlib").fit_transform(X).reshape(180, 180)
    np.testing.assert_allclose(got, 1 - saved[..., 0], atol=1e-6)


@pytest.mark.parametrize("radius", [0.1, 0.5, 0.9, 1.25, 1.875, 4.0])
def test_a_star_covers_its_area(radius):
    picture = draw(star(1.0, 12.0), marker_size=radius / 0.3125)  # of 45 pixels per inch
    stamp = picture[40:51, 40:51]
    assert stamp.sum() == pytest.approx(picture.sum())
    assert stamp.sum() == pytest.approx(np.pi * radius**2, rel=0.01)
    np.testing.assert_allclose(stamp, stamp.T, atol=1e-6)
    np.testing.assert_allclose(stamp, stamp[::-1, ::-1], atol=1e-6)


def test_a_star_is_where_it_belongs():
    picture = draw(star(1.0, 12.0))
    assert np.argwhere(picture == 1).tolist() == [[45, 45]]


def test_a_picture_may_be_larger_than_a_run_of_them(toy):
    X = toy[0].iloc[:2]
    large = CMDRasterizer(image_size=720, marker_size=1.0).fit(X)
    assert large.transform(X).shape == (2, 720 * 720)
    star_at = draw(star(1.0, 12.0), image_size=720, marker_size=1.0)
    assert np.argwhere(star_at == 1).mean(axis=0).tolist() == [180, 180]


def test_stars_together_cover_more_but_never_too_much():
    one, many = draw(star(1.0, 12.0)), draw(star(1.0, 12.0, n=3))
    np.testing.assert_allclose(many, 1 - (1 - one) ** 3, atol=1e-6)


@pytest.mark.parametrize("place", [(-4.9, 12), (14.9, 12), (1, -4.9), (1, 29.9)])
def test_a_star_far_off_leaves_no_ink(place):
    assert (draw(star(*place)) == 0).all()


@pytest.mark.parametrize("place", [(-0.01, 12), (4.01, 12), (1, 9.98), (1, 18.0)])
def test_the_rim_of_a_star_just_outside_is_seen(place):
    picture = draw(star(*place))
    assert 0 < picture.sum() < draw(star(1.0, 12.0)).sum()
    np.testing.assert_allclose(picture, draw(star(*place), renderer="matplotlib"), atol=0.02)


@pytest.mark.parametrize("renderer", ["fast", "matplotlib"])
def test_bytes_are_rounded_floats(toy, renderer):
    floats = CMDRasterizer(renderer=renderer).fit_transform(toy[0])
    pixels = CMDRasterizer(renderer=renderer, dtype="uint8").fit_transform(toy[0])
    assert (floats.dtype, pixels.dtype) == (np.float32, np.uint8)
    assert np.abs(pixels - 255 * floats).max() <= 0.501
    assert pixels.max() == 255


def test_settings_of_matplotlib_neither_matter_nor_change(toy):
    X = toy[0].iloc[:2]
    plain = CMDRasterizer(renderer="matplotlib").fit_transform(X)
    styles = {"figure.facecolor": "red", "lines.antialiased": False, "savefig.dpi": 7}
    with matplotlib.rc_context(styles):
        before = dict(matplotlib.rcParams.copy())
        styled = CMDRasterizer(renderer="matplotlib").fit_transform(X)
        assert dict(matplotlib.rcParams.copy()) == before
    np.testing.assert_array_equal(styled, plain)


def test_names_and_shape(toy):
    rasterizer = CMDRasterizer(image_size=3).fit(toy[0])
    assert rasterizer.image_shape_ == (3, 3, 1)
    assert rasterizer.get_feature_names_out()[:4].tolist() == [
        "pixel_0_0",
        "pixel_0_1",
        "pixel_0_2",
        "pixel_1_0",
    ]

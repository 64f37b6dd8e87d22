import numpy as np
import pytest
from regressor_cases import FAST_IMAGE
from sklearn.base import clone

from skcluster.regressors import CNNRegressor, MDMRegressor
from skcluster.regressors._paper_networks import fold, resolve_image_shape


@pytest.mark.parametrize(
    ("image_shape", "n_pixels", "expected"),
    [
        (None, 32400, (180, 180, 1)),
        (None, 1, (1, 1, 1)),
        ((4, 5), 20, (4, 5, 1)),
        ([4, 5, 3], 60, (4, 5, 3)),
        (np.array([4, 5]), 20, (4, 5, 1)),
    ],
)
def test_image_shape(image_shape, n_pixels, expected):
    assert resolve_image_shape(image_shape, n_pixels, "CNNRegressor") == expected


@pytest.mark.parametrize(
    ("image_shape", "message"),
    [
        (None, "CNNRegressor got 30 pixels per row, which do not form a square picture"),
        ((4, 5), r"30 pixels per row, but image_shape=\(4, 5\) requires 4 × 5 × 1 = 20"),
        ((2, 5, 2), r"image_shape=\(2, 5, 2\) requires 2 × 5 × 2 = 20"),
        ((30,), r"image_shape must be \(height, width\)"),
        ((5.0, 6), r"image_shape must be \(height, width\)"),
        ((-5, -6), r"image_shape must be \(height, width\)"),
    ],
)
def test_pixels_that_do_not_fit(image_shape, message):
    X, y = np.zeros((9, 30)), np.zeros(9)
    with pytest.raises(ValueError, match=message):
        CNNRegressor(**FAST_IMAGE, image_shape=image_shape).fit(X, y)


def test_other_bad_shapes():
    X, y = np.zeros((9, 30)), np.zeros(9)
    with pytest.raises(ValueError, match=r"downsample=2 must divide .*, 3 × 10"):
        CNNRegressor(**FAST_IMAGE, image_shape=(3, 10)).fit(X, y)
    with pytest.raises(ValueError, match="MDMRegressor got 27 pixels per row"):
        MDMRegressor(**FAST_IMAGE).fit(X, y)
    with pytest.raises(ValueError, match=r"pixels before its n_guesses=30 guesses.*n_features=30"):
        MDMRegressor(**FAST_IMAGE, n_guesses=30).fit(X, y)
    with pytest.raises(ValueError, match="filters must hold positive integers"):
        CNNRegressor(**{**FAST_IMAGE, "filters": (4, -1)}, image_shape=(6, 5), downsample=1).fit(
            X, y
        )


def test_fold_averages_squares():
    pixels = np.arange(2 * 4 * 6 * 2, dtype=float).reshape(2, -1)
    image = pixels.reshape(2, 4, 6, 2)
    np.testing.assert_array_equal(fold(pixels, (4, 6, 2), (4, 6, 2), 1.0), image)
    small = fold(pixels, (4, 6, 2), (2, 3, 2), 2.0)
    assert small.dtype == np.float32
    assert small[1, 1, 2, 0] == image[1, 2:4, 4:6, 0].mean() / 2


def test_bytes_and_floats_are_the_same_pictures():
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (30, 64), dtype=np.uint8)
    pixels[0, 0] = 255
    y = pixels.mean(axis=1) / 255
    model = CNNRegressor(**FAST_IMAGE, image_shape=(8, 8))
    as_bytes = clone(model).fit(pixels, y)
    as_numbers = clone(model).fit(pixels.astype(float), y)  # as a FeatureUnion would hand them on
    as_shares = clone(model).fit(pixels / 255, y)
    assert (as_bytes.pixel_scale_, as_numbers.pixel_scale_, as_shares.pixel_scale_) == (255, 255, 1)
    assert as_bytes.image_shape_ == (8, 8, 1)
    expected = as_bytes.predict(pixels)
    np.testing.assert_array_equal(as_numbers.predict(pixels.astype(float)), expected)
    np.testing.assert_allclose(as_shares.predict(pixels / 255), expected, atol=1e-5)


def test_guesses_come_after_the_pixels():
    rng = np.random.default_rng(0)
    pixels, guesses = rng.random((80, 36)), rng.normal(size=(80, 2))
    y = guesses[:, 1]
    settings = {**FAST_IMAGE, "epochs": 80, "learning_rate": 0.01, "validation_fraction": 0}
    model = MDMRegressor(**settings, n_guesses=2, downsample=1)
    assert model.fit(np.hstack([pixels, guesses]), y).score(np.hstack([pixels, guesses]), y) > 0.8
    assert model.image_shape_ == (6, 6, 1)
    inputs = model.feature_encoder_.transform(np.hstack([pixels, guesses]))
    np.testing.assert_array_equal(
        inputs["image"][:, :, :, 0], pixels.reshape(-1, 6, 6).astype("f4")
    )
    np.testing.assert_array_equal(inputs["numbers"], guesses.astype("f4"))

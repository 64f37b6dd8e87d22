"""numpy and Keras evaluate the same network."""

import numpy as np
import pytest

from skcluster.regressors._architecture import Architecture, initial_weights
from skcluster.regressors._forward import ACTIVATIONS, forward
from skcluster.regressors._network import assign, build_model, read
from skcluster.regressors._regularizers import FixedRegularizers

IMAGE = {"n_outputs": 2, "hidden_layers": (5,), "activation": "relu"}


def random_weights(architecture, rng):
    """Weights such that no term of a layer is trivial, and no variance negative."""
    shapes = architecture.weight_shapes
    return [np.abs(rng.normal(0, 0.5, shape)).astype(np.float32) for shape in shapes]


def compare(architecture):
    rng = np.random.default_rng(0)
    inputs = {}
    if architecture.image_shape is not None:
        inputs["image"] = rng.normal(size=(35, *architecture.image_shape)).astype(np.float32)
    if architecture.n_numbers:
        inputs["numbers"] = rng.normal(size=(35, architecture.n_numbers)).astype(np.float32)
    weights = random_weights(architecture, rng)
    model, variables = build_model(architecture, FixedRegularizers(0.5, 0.5, 0.1))
    assign(variables, weights)
    for there, here in zip(read(variables), weights, strict=True):
        np.testing.assert_array_equal(there, here)
    expected = model.predict_on_batch(inputs)
    got = forward(architecture, weights, inputs)
    assert got.dtype == np.float32
    np.testing.assert_allclose(got, expected, rtol=2e-4, atol=1e-4)
    return got


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_activations(activation):
    compare(Architecture(2, (5, 4), activation, n_numbers=3, batch_normalization=True))


@pytest.mark.parametrize(
    ("kernel_size", "strides"), [(1, 1), (2, 1), (3, 2), (4, 3), (5, 2), (2, 3)]
)
def test_convolutions(kernel_size, strides):
    shape = {"image_shape": (9, 12, 2), "kernel_size": kernel_size, "strides": strides}
    compare(Architecture(**IMAGE, **shape, filters=(3, 4)))


@pytest.mark.parametrize("number_layers", [(), (4,)])
@pytest.mark.parametrize("batch_normalization", [False, True])
def test_both_branches(number_layers, batch_normalization):
    architecture = Architecture(
        **IMAGE,
        image_shape=(6, 5, 1),
        filters=(3,),
        n_numbers=3,
        number_layers=number_layers,
        batch_normalization=batch_normalization,
        dropout=True,
        input_noise=True,
    )
    got = compare(architecture)
    assert np.ptp(got, axis=0).min() > 0


def test_bare_networks():
    compare(Architecture(2, (), "relu", n_numbers=3))
    compare(Architecture(2, (), "relu", image_shape=(3, 3, 1)))


def test_initial_weights_have_the_variance_of_glorot():
    architecture = Architecture(
        3, (300,), "relu", image_shape=(20, 20, 4), filters=(40,), batch_normalization=True
    )
    weights = initial_weights(architecture, np.random.default_rng(0))
    assert [w.shape for w in weights] == architecture.weight_shapes
    kernel, bias, scale, offset, mean, variance, dense, *_ = weights
    assert kernel.std() == pytest.approx(np.sqrt(2 / (9 * (4 + 40))), rel=0.05)
    assert dense.std() == pytest.approx(np.sqrt(2 / (4000 + 300)), rel=0.01)
    assert not any(np.any(w) for w in (bias, offset, mean))
    assert np.all(scale == 1)
    assert np.all(variance == 1)

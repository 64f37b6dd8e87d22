"""numpy and Keras evaluate the same network."""

import numpy as np
import pytest

from skcluster.regressors.networks.architecture import ACTIVATIONS
from skcluster.regressors.networks.feed_forward import FeedForwardArchitecture
from skcluster.regressors.networks.keras_layers import assign, build_model
from skcluster.regressors.networks.sets import SetArchitecture

IMAGE = {"n_outputs": 2, "hidden_layers": (5,), "activation": "relu"}


def random_weights(architecture, rng):
    """Weights such that no term of a layer is trivial."""
    return {
        name: np.abs(rng.normal(0, 0.5, shape)).astype(np.float32)
        for name, shape in architecture.weight_shapes.items()
    }


def compare(architecture):
    rng = np.random.default_rng(0)
    inputs = {
        name: rng.normal(size=(35, *(n or 6 for n in shape))).astype(np.float32)
        for name, shape in architecture.input_shapes.items()
    }
    if "stars" in inputs:
        inputs["stars"][:, :, -1] = np.arange(6) < rng.integers(1, 7, 35)[:, None]
    weights = random_weights(architecture, rng)
    model = build_model(architecture)
    assign(model, weights)
    expected = model.predict_on_batch(inputs)
    got = architecture.predict(weights, inputs)
    assert got.dtype == np.float32
    np.testing.assert_allclose(got, expected, rtol=2e-4, atol=1e-4)
    return got


@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_activations(activation):
    compare(FeedForwardArchitecture(2, (5, 4), activation, n_numbers=3))


@pytest.mark.parametrize(
    ("kernel_size", "strides"), [(1, 1), (2, 1), (3, 2), (4, 3), (5, 2), (2, 3)]
)
def test_convolutions(kernel_size, strides):
    shape = {"image_shape": (9, 12, 2), "kernel_size": kernel_size, "strides": strides}
    compare(FeedForwardArchitecture(**IMAGE, **shape, filters=(3, 4)))


@pytest.mark.parametrize("number_layers", [(), (4,)])
def test_both_branches(number_layers):
    architecture = FeedForwardArchitecture(
        **IMAGE,
        image_shape=(6, 5, 1),
        filters=(3,),
        n_numbers=3,
        number_layers=number_layers,
        dropout_rate=0.5,
    )
    got = compare(architecture)
    assert np.ptp(got, axis=0).min() > 0


def test_bare_networks():
    compare(FeedForwardArchitecture(2, (), "relu", n_numbers=3))
    compare(FeedForwardArchitecture(2, (), "relu", image_shape=(3, 3, 1)))


@pytest.mark.parametrize(("n_heads", "n_outputs"), [(1, 1), (2, 3)])
def test_sets(n_heads, n_outputs):
    got = compare(SetArchitecture(2, 3, n_outputs, (8, 12, 16), n_heads))
    assert got.shape == (35, 2 * n_outputs)


def test_initial_weights_have_the_variance_of_glorot():
    architecture = FeedForwardArchitecture(
        3, (300,), "relu", image_shape=(20, 20, 4), filters=(40,)
    )
    weights = architecture.initial_weights(np.random.default_rng(0), [1, 2, 3])
    assert {name: w.shape for name, w in weights.items()} == architecture.weight_shapes
    assert weights["convolution_0_kernel"].std() == pytest.approx(
        np.sqrt(2 / (9 * (4 + 40))), rel=0.05
    )
    assert weights["hidden_0_kernel"].std() == pytest.approx(np.sqrt(2 / (4000 + 300)), rel=0.01)
    assert not weights["hidden_0_bias"].any()
    assert weights["output_bias"].tolist() == [1, 2, 3]


def test_initial_weights_of_sets_leave_the_direct_way_closed():
    architecture = SetArchitecture(2, 3, 3, (8, 12, 16), 2)
    weights = architecture.initial_weights(np.random.default_rng(0), [1, 2, 3])
    assert weights["output_bias"].tolist() == [1, 2, 3, 0, 0, 0]
    assert not weights["direct_kernel"].any()
    assert weights["beside_kernel"].any()
    assert list(weights) == list(architecture.weight_shapes)

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from skcluster.features._bins import UniformBins, bin_edges


@pytest.mark.parametrize(
    ("low", "high", "width", "n_bins", "last"),
    [
        (0, 4.1, 0.1, 41, 4.1),
        (10, 18, 0.8, 10, 18),
        (0, 4, 0.3, 14, 4.2),
        (0, 1, 5, 1, 5),
        (-4, 12, 0.8, 20, 12),
    ],
)
def test_edges_cover_the_range(low, high, width, n_bins, last):
    edges = bin_edges(low, high, width)
    assert len(edges) == n_bins + 1
    assert edges[0] == low
    assert edges[-1] == pytest.approx(last)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@given(
    low=st.floats(-30, 30),
    width=st.floats(1e-5, 3),
    n_bins=st.integers(1, 60),
    seed=st.integers(0, 2**32 - 1),
)
@example(low=0.0, width=0.1, n_bins=41, seed=0)
@example(low=10.0, width=0.8, n_bins=10, seed=0)
@example(low=30.0, width=3e-5, n_bins=60, seed=0)  # too many for single precision
@example(low=-30.0, width=3.6e-5, n_bins=60, seed=0)
def test_numbers_are_those_of_numpy_to_the_last_bit(dtype, low, width, n_bins, seed):
    edges = np.linspace(low, low + n_bins * width, n_bins + 1)
    on_edge = edges.astype(dtype)
    values = np.concatenate(
        [
            on_edge,
            np.nextafter(on_edge, dtype(-np.inf)),
            np.nextafter(on_edge, dtype(np.inf)),
            np.random.default_rng(seed).uniform(edges[0] - 1, edges[-1] + 1, 200).astype(dtype),
            np.array([-1000, 1000], dtype=dtype),
        ]
    )
    numbers = UniformBins(edges).number(values)
    inside = np.bincount(numbers, minlength=n_bins + 2)[1:-1]
    np.testing.assert_array_equal(inside, np.histogram(values.astype(float), edges)[0])
    assert (numbers[values < edges[0]] == 0).all()
    assert (numbers[values > edges[-1]] == n_bins + 1).all()

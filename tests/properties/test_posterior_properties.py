"""What stars say of a cluster: the same in any order, and less if there are fewer of them."""

import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st
from sky import SEEDS

from skcluster.clusters import stars_of
from skcluster.clusters._stars import clusters_from_flat
from skcluster.datasets import simulate_clusters
from skcluster.inference import IsochronePosterior


@pytest.fixture(scope="module")
def posterior():
    X, _ = simulate_clusters(2, n_stars=20, random_state=0)
    return IsochronePosterior(None, tempering=0.3, n_draws=512, random_state=0).fit(X)


def some_stars(X, rows):
    stars = stars_of(X)
    fields = {name: np.array(stars[name])[rows] for name in stars.columns}
    return clusters_from_flat(fields, [0, len(rows)], X.index)


CLUSTERS = {
    "random_state": SEEDS,
    "log_age": st.floats(7, 9.8),
    "a_v": st.floats(0, 2),
    "distance_kpc": st.floats(0.2, 3),
}


@given(st.fixed_dictionaries(CLUSTERS), st.integers(5, 60))
def test_the_order_of_stars_does_not_matter(posterior, cluster, n):
    X, _ = simulate_clusters(1, n_stars=n, **cluster)
    n = len(stars_of(X))
    order = np.random.default_rng(cluster["random_state"]).permutation(n)
    first = posterior.predict_distribution(X)
    second = posterior.predict_distribution(some_stars(X, order))
    np.testing.assert_allclose(first.predict(), second.predict(), rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(first.interval(0.68), second.interval(0.68), rtol=1e-6, atol=1e-8)


@given(st.fixed_dictionaries(CLUSTERS))
@example({"random_state": 0, "log_age": 7.0, "a_v": 0.0, "distance_kpc": 0.25})
def test_fewer_stars_say_less(posterior, cluster):
    """Of stars that are all there many times, taking copies away widens the intervals.

    Other stars could say something else, and be surer of it.
    """
    X, _ = simulate_clusters(1, n_stars=30, **cluster)
    widths = []
    for copies in (1, 4):
        rows = np.repeat(np.arange(len(stars_of(X))), copies)
        distribution = posterior.predict_distribution(some_stars(X, rows))
        # With too few good draws, it falls back on what is known without the stars.
        assume(not distribution.posteriors[0].is_fallback)
        interval = distribution.interval(0.68)[0, :3]
        widths.append(np.log(np.maximum(interval[:, 1] - interval[:, 0], 1e-6)).mean())
    assert widths[0] > widths[1]

"""100 000 clusters of 200 stars in memory, no Python loop over clusters."""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest

from skcluster.clusters import as_clusters, clusters_from_flat, stars_of, validate_clusters


def seconds(function: Callable[[], Any]) -> tuple[float, Any]:
    begin = time.perf_counter()
    result = function()
    return time.perf_counter() - begin, result


def flat(n_clusters: int, n_stars: int) -> tuple[dict[str, np.ndarray], np.ndarray]:
    rng = np.random.default_rng(0)
    fields = {c: rng.random(n_clusters * n_stars, dtype="f4") for c in ("phot_g_mean_mag", "bp_rp")}
    return fields, np.arange(n_clusters + 1) * n_stars


@pytest.mark.slow
def test_many_clusters():
    fields, offsets = flat(100_000, 200)
    time_taken, X = seconds(lambda: clusters_from_flat(fields, offsets))
    assert time_taken < 5  # 0.05 s on an idle machine
    time_taken, stars = seconds(lambda: validate_clusters(X))
    assert time_taken < 5  # 0.3 s
    assert len(stars) == 20_000_000
    assert np.shares_memory(stars["bp_rp"], fields["bp_rp"])
    names = np.repeat(np.arange(100_000), 200)
    table = pd.DataFrame({"cluster": names, **fields}).iloc[::-1]
    time_taken, X = seconds(lambda: as_clusters(table))
    assert time_taken < 60  # 2 s
    assert X.shape == (100_000, 1)
    assert stars_of(X)["bp_rp"][0] == fields["bp_rp"][-1]


def test_time_goes_with_the_stars_not_the_clusters():
    few, many = flat(20, 10_000), flat(100_000, 2)
    tables = [
        pd.DataFrame({"cluster": np.repeat(np.arange(len(o) - 1), np.diff(o)), **f})
        for f, o in (few, many)
    ]
    best = [min(seconds(lambda t=t: validate_clusters(t))[0] for _ in range(3)) for t in tables]
    # A Python loop over 100 000 clusters takes above a second; both take about 20 ms.
    assert best[1] < 10 * best[0] + 0.2

"""Simulate clusters in blocks of fixed size, each with its own random stream.

Thus the same seed gives the same clusters, whatever the number of processes and the order.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from joblib import Parallel, delayed
from sklearn.utils import check_random_state

from skcluster._utils.typing import IntArray
from skcluster.datasets.simulation._effects import Effects
from skcluster.datasets.simulation._priors import Prior, check_given, draw_parameters
from skcluster.datasets.simulation._stars import simulate_stars

BLOCK_SIZE = 250


@dataclass(frozen=True)
class Block:
    """Simulated clusters: flat star columns, the number of stars of each, and their labels."""

    stars: dict[str, npt.NDArray[np.float32]]
    counts: IntArray
    labels: pd.DataFrame


def simulate_blocks(
    n_clusters: int,
    priors: dict[str, Prior],
    effects: Effects | None,
    random_state: Any,
    n_jobs: int | None,
) -> Iterator[Block]:
    """Simulate clusters block by block, in order.

    Raises
    ------
    ValueError
        If there are no clusters to simulate, or a parameter is wrong.
    """
    if isinstance(n_clusters, bool) or not isinstance(n_clusters, int | np.integer):
        raise TypeError(f"n_clusters must be an integer, not {n_clusters!r}.")
    if n_clusters < 1:
        raise ValueError(f"n_clusters must be 1 or more, not {n_clusters}.")
    check_given(n_clusters, priors)
    effects = Effects() if effects is None else effects
    entropy = check_random_state(random_state).randint(np.iinfo(np.int32).max, size=4)
    firsts = range(0, int(n_clusters), BLOCK_SIZE)
    seeds = np.random.SeedSequence(entropy.tolist()).spawn(len(firsts))
    tasks = (
        delayed(_simulate_block)(first, n_clusters, priors, effects, seed)
        for first, seed in zip(firsts, seeds, strict=True)
    )
    found: Iterator[Block] = Parallel(n_jobs=n_jobs, return_as="generator")(tasks)
    return found


def _simulate_block(
    first: int,
    n_clusters: int,
    priors: dict[str, Prior],
    effects: Effects,
    seed: np.random.SeedSequence,
) -> Block:
    rng = np.random.default_rng(seed)
    n = min(BLOCK_SIZE, n_clusters - first)
    parameters = draw_parameters(first, n, priors, rng)
    stars, counts = simulate_stars(parameters, effects, rng)
    labels = pd.DataFrame(
        {
            "log_age": parameters.log_age,
            "a_v": parameters.a_v,
            "distance_kpc": parameters.distance_kpc,
            "metallicity": parameters.metallicity,
        },
        index=pd.Index([f"sim_{i:06d}" for i in range(first, first + n)], name="cluster"),
    )
    return Block(stars, counts, labels)

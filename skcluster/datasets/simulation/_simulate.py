"""Simulate clusters and field stars, in memory or, block by block, to files.

Blocks have a fixed size, and each has its own random stream: thus the same seed gives the same
clusters, whatever the number of processes and the order.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from numbers import Integral, Real
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from joblib import Parallel, delayed
from nested_pandas import NestedFrame
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, validate_params
from sklearn.utils.validation import check_scalar

from skcluster._utils.files import whole_file
from skcluster._utils.messages import progress_bar
from skcluster._utils.typing import IntArray
from skcluster.clusters._stars import clusters_from_flat
from skcluster.datasets.simulation._disc import draw_sightlines
from skcluster.datasets.simulation._effects import Effects
from skcluster.datasets.simulation._priors import Prior, check_given, draw_parameters
from skcluster.datasets.simulation._stars import apparent, observed_columns, simulate_stars
from skcluster.io._write import state_units
from skcluster.schema import CLUSTER_PARAMETERS

#: Number of clusters per block.
BLOCK_SIZE = 250


def simulate_clusters(
    n_clusters: int = 100,
    *,
    random_state: Any = None,
    log_age: Prior = None,
    a_v: Prior = None,
    distance_kpc: Prior = None,
    metallicity: Prior = None,
    n_stars: Prior = None,
    effects: Effects | None = None,
    with_metallicity: bool = False,
    n_jobs: int | None = None,
) -> tuple[NestedFrame, pd.DataFrame]:
    """Simulate member lists of star clusters as observed by Gaia.

    Stars are drawn from a PARSEC isochrone [1]_ with the mass function of [2]_, placed at the
    cluster's distance and extinction, and observed with the effects in `Effects`: binaries,
    differential reddening, errors of magnitudes and parallaxes, a magnitude limit, field stars.
    Every parameter may be fixed, given per cluster, or drawn from a distribution.

    Parameters
    ----------
    n_clusters : int, default=100
        Number of clusters.
    random_state : int, RandomState instance or None, default=None
        Determines the random numbers. Pass an int for reproducible clusters, whatever ``n_jobs``.
    log_age : float, array-like of shape (n_clusters,) or distribution, default=None
        Logarithm (base 10) of the age in years, 6.0 to 10.2. A distribution is an object with
        ``rvs(size, random_state)``, such as the frozen distributions of `scipy.stats`. The default
        of this and the following parameters is the slightly broadened distribution of the clusters
        of [3]_.
    a_v : float, array-like of shape (n_clusters,) or distribution, default=None
        Extinction A_V at the blue edge of the sequence (mag). The default increases with distance.
    distance_kpc : float, array-like of shape (n_clusters,) or distribution, default=None
        Distance (kpc).
    metallicity : float, array-like of shape (n_clusters,) or distribution, default=None
        [M/H] (dex), −0.7 to +0.4. The default is normal with mean 0 and standard deviation 0.15.
    n_stars : int, array-like of shape (n_clusters,) or distribution, default=None
        Number of stars in the list, including field stars. A cluster may have fewer if few are
        brighter than the limit. The default is log-normal around 126.
    effects : Effects, default=None
        Effects on the stars; None takes the defaults of `Effects`.
    with_metallicity : bool, default=False
        Whether ``y`` has a fourth column, ``metallicity``.
    n_jobs : int, default=None
        Number of processes, as in joblib.

    Returns
    -------
    X : NestedFrame of n_clusters rows
        The clusters, named ``sim_000000`` and so on, with the star columns ``phot_g_mean_mag``,
        ``bp_rp``, ``phot_bp_mean_mag``, ``phot_rp_mean_mag`` (mag), ``parallax``,
        ``parallax_error`` (mas) and ``probability``.
    y : DataFrame of n_clusters rows
        ``log_age`` (log10 of years), ``a_v`` (mag), ``distance_kpc`` (kpc).

    Raises
    ------
    ValueError
        If ``n_clusters`` is less than 1, a parameter is outside the range of the isochrones or has
        a length other than ``n_clusters``, or a cluster has no star brighter than the limit.

    See Also
    --------
    simulate_to_parquet : Simulate more clusters than fit into memory.
    load_simulated_clusters : Load a fixed catalogue.

    References
    ----------
    .. [1] Bressan et al. 2012, MNRAS 427, 127 (PARSEC).
    .. [2] Kroupa 2001, MNRAS 322, 231.
    .. [3] Cantat-Gaudin et al. 2020, A&A 640, A1.

    Examples
    --------
    >>> from skcluster.datasets import simulate_clusters
    >>> X, y = simulate_clusters(3, random_state=0)
    >>> y.columns.tolist()
    ['log_age', 'a_v', 'distance_kpc']

    A cluster like the Pleiades, and one like M 67:

    >>> X, y = simulate_clusters(2, log_age=[7.89, 9.63], a_v=[0.18, 0.07],
    ...                          distance_kpc=[0.129, 0.889], n_stars=500, random_state=0)
    >>> X.shape
    (2, 1)
    """
    priors: dict[str, Prior] = {
        "log_age": log_age,
        "a_v": a_v,
        "distance_kpc": distance_kpc,
        "metallicity": metallicity,
        "n_stars": n_stars,
    }
    blocks = list(_simulate_blocks(n_clusters, priors, effects, random_state, n_jobs))
    y = pd.concat([block.labels for block in blocks])
    offsets = np.concatenate([[0], np.cumsum(np.concatenate([b.counts for b in blocks]))])
    stars = {name: np.concatenate([b.stars[name] for b in blocks]) for name in blocks[0].stars}
    columns = [*CLUSTER_PARAMETERS, *(["metallicity"] if with_metallicity else [])]
    return clusters_from_flat(stars, offsets, y.index), state_units(y[columns])


def simulate_to_parquet(
    members: str | Path,
    labels: str | Path,
    n_clusters: int,
    *,
    random_state: Any = None,
    log_age: Prior = None,
    a_v: Prior = None,
    distance_kpc: Prior = None,
    metallicity: Prior = None,
    n_stars: Prior = None,
    effects: Effects | None = None,
    n_jobs: int | None = None,
    progress: bool = False,
) -> None:
    """Simulate clusters and write them to two Parquet files, block by block.

    The clusters are those of `simulate_clusters` for the same arguments.
    `skcluster.io.read_clusters` reads the files.

    Parameters
    ----------
    members : path
        File for the stars: one row per star, with its cluster's name in the column ``cluster``.
    labels : path
        File for the parameters: one row per cluster, ``cluster``, ``log_age``, ``a_v``,
        ``distance_kpc`` and ``metallicity``.
    n_clusters : int
        Number of clusters.
    random_state : int, RandomState instance or None, default=None
        Seed, as in `simulate_clusters`.
    log_age, a_v, distance_kpc, metallicity : float, array-like or distribution, default=None
        Parameters, as in `simulate_clusters`.
    n_stars : int, array-like or distribution, default=None
        Number of stars per cluster, as in `simulate_clusters`.
    effects : Effects, default=None
        Effects on the stars; None takes the defaults of `Effects`.
    n_jobs : int, default=None
        Number of processes, as in joblib.
    progress : bool, default=False
        Whether to show a progress bar.

    Raises
    ------
    ValueError
        As in `simulate_clusters`, and if both files are the same.

    See Also
    --------
    simulate_clusters : The same clusters in memory.

    Examples
    --------
    >>> import tempfile
    >>> from skcluster.datasets import simulate_to_parquet
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     simulate_to_parquet(f"{folder}/members.parquet", f"{folder}/clusters.parquet", 10,
    ...                         random_state=0)
    """
    if Path(members).resolve() == Path(labels).resolve():
        raise ValueError(f"members and labels must be two files, not both {str(members)!r}.")
    priors: dict[str, Prior] = {
        "log_age": log_age,
        "a_v": a_v,
        "distance_kpc": distance_kpc,
        "metallicity": metallicity,
        "n_stars": n_stars,
    }
    blocks = _simulate_blocks(n_clusters, priors, effects, random_state, n_jobs)
    with progress_bar("Simulating", n_clusters, show=progress, unit="clusters") as advance:
        _write(blocks, Path(members), Path(labels), advance)


@validate_params(
    {
        "n_sightlines": [Interval(Integral, 1, None, closed="left")],
        "n_stars": [Interval(Integral, 1, None, closed="left")],
        "faint_limit": [Interval(Real, None, None, closed="neither")],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def simulate_field_stars(
    n_sightlines: int = 100,
    n_stars: int = 500,
    *,
    faint_limit: float = 18.0,
    random_state: Any = None,
) -> NestedFrame:
    """Simulate field stars along sightlines through the Galactic disc.

    Each sightline has its own extinction and density profile. Its stars belong to a disc with
    constant star formation over ten billion years, and are observed as in `simulate_clusters`.

    Parameters
    ----------
    n_sightlines : int, default=100
        Number of sightlines.
    n_stars : int, default=500
        Number of stars per sightline.
    faint_limit : float, default=18.0
        Magnitude limit in G (mag).
    random_state : int, RandomState instance or None, default=None
        Seed.

    Returns
    -------
    NestedFrame of n_sightlines rows
        One row per sightline, with its stars in the nested column ``stars``, as for clusters:
        ``phot_g_mean_mag``, ``bp_rp``, ``phot_bp_mean_mag``, ``phot_rp_mean_mag`` (mag),
        ``parallax`` and ``parallax_error`` (mas).

    See Also
    --------
    simulate_clusters : Simulate star clusters.
    skcluster.augmentation.ClusterCorruptor : Add such stars to the lists of clusters.

    Notes
    -----
    The scales are choices of this package: density scale lengths are log-uniform from 0.4 to 3 kpc,
    and A_V at infinity follows a gamma distribution with mean 3 mag.

    Examples
    --------
    >>> from skcluster.datasets import simulate_field_stars
    >>> field = simulate_field_stars(2, n_stars=100, random_state=0)
    >>> len(field["stars"].iloc[0])
    100
    """
    rng = np.random.default_rng(check_random_state(random_state).randint(np.iinfo(np.int32).max))
    sightline = np.repeat(np.arange(n_sightlines), n_stars)
    absolute, distance, a_v = draw_sightlines(n_sightlines, n_stars, faint_limit, rng)
    true = apparent(absolute, distance, a_v, "dr2")
    columns = observed_columns(true, distance, sightline, n_sightlines, Effects(), rng)
    single = {name: values.astype(np.float32) for name, values in columns.items()}
    names = pd.Index([f"field_{i:06d}" for i in range(n_sightlines)])
    return clusters_from_flat(single, np.arange(n_sightlines + 1) * n_stars, names)


@dataclass(frozen=True)
class _Block:
    """Simulated clusters: flat star columns, the number of stars of each, and their labels."""

    stars: dict[str, npt.NDArray[np.float32]]
    counts: IntArray
    labels: pd.DataFrame


def _simulate_blocks(
    n_clusters: int,
    priors: dict[str, Prior],
    effects: Effects | None,
    random_state: Any,
    n_jobs: int | None,
) -> Iterator[_Block]:
    """Simulate clusters block by block, in order."""
    check_scalar(n_clusters, "n_clusters", Integral, min_val=1)
    check_given(n_clusters, priors)
    effects = Effects() if effects is None else effects
    entropy = check_random_state(random_state).randint(np.iinfo(np.int32).max, size=4)
    firsts = range(0, int(n_clusters), BLOCK_SIZE)
    seeds = np.random.SeedSequence(entropy.tolist()).spawn(len(firsts))
    tasks = (
        delayed(_simulate_block)(first, n_clusters, priors, effects, seed)
        for first, seed in zip(firsts, seeds, strict=True)
    )
    blocks: Iterator[_Block] = Parallel(n_jobs=n_jobs, return_as="generator")(tasks)
    return blocks


def _simulate_block(
    first: int,
    n_clusters: int,
    priors: dict[str, Prior],
    effects: Effects,
    seed: np.random.SeedSequence,
) -> _Block:
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
    return _Block(stars, counts, labels)


def _write(
    blocks: Iterable[_Block], members: Path, labels: Path, advance: Callable[[int], None]
) -> None:
    """Write the blocks to temporary files, which are renamed at the end."""
    with (
        whole_file(labels, True) as half_labels,
        whole_file(members, True) as half_members,
        ExitStack() as stack,
    ):
        writers: list[pq.ParquetWriter] = []
        for block in blocks:
            tables = _tables(block)
            if not writers:
                for half, table in zip((half_members, half_labels), tables, strict=True):
                    writers.append(stack.enter_context(pq.ParquetWriter(half, table.schema)))
            for writer, table in zip(writers, tables, strict=True):
                writer.write_table(table)
            advance(len(block.counts))


def _tables(block: _Block) -> tuple[pa.Table, pa.Table]:
    names = pa.array(block.labels.index)
    row = np.repeat(np.arange(len(names), dtype=np.int32), block.counts)
    cluster = pa.DictionaryArray.from_arrays(pa.array(row), names)
    stars = pa.table({"cluster": cluster, **block.stars})
    return stars, pa.Table.from_pandas(block.labels.reset_index(), preserve_index=False)

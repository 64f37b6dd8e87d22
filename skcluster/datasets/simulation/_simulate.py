"""Simulate clusters, whose parameters are given or drawn, in memory or, block by block, to files.

Blocks have a fixed size, and each has its own random stream: thus the same seed gives the same
clusters, whatever the number of processes and the order.
"""

from collections.abc import Iterator
from contextlib import ExitStack
from numbers import Integral
from pathlib import Path
from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from joblib import Parallel, delayed
from nested_pandas import NestedFrame
from scipy import stats
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_scalar

from skcluster._utils.files import whole_file
from skcluster._utils.messages import progress_bar
from skcluster._utils.typing import BoolArray, FloatArray
from skcluster.clusters import concat_clusters, stars_of
from skcluster.clusters._stars import clusters_from_flat
from skcluster.datasets.simulation._effects import Effects
from skcluster.datasets.simulation._stars import Parameters, Simulation
from skcluster.io._write import state_units
from skcluster.isochrones import IsochroneGrid
from skcluster.isochrones._grid import check_range
from skcluster.schema import CLUSTER_PARAMETERS

#: What may be given or is drawn from a prior.
_PARAMETERS = ("log_age", "a_v", "distance_kpc", "metallicity", "n_stars")
#: Number of clusters per block.
BLOCK_SIZE = 250

# Priors of the 1867 clusters of Cantat-Gaudin et al. 2020, from their sample in
# Almeida, Monteiro & Dias 2023, each broadened by about a tenth.
# Mean, standard deviation, minimum, maximum.
_LOG_AGE = (8.25, 0.75, 6.2, 10.0)
_DISTANCE_MODULUS = (11.2, 1.8, 3.2, 15.7)
_METALLICITY = (0.0, 0.15, -0.5, 0.4)
_LOG10_N_STARS = (2.1, 0.36, 1.0, 3.7)
# Mean A_V at large distances (mag), its scale length (kpc), the shape of the gamma distribution
# around the mean, and the maximum (mag).
_A_V = (1.75, 1.4, 2.2, 7.0)


class Distribution(Protocol):
    """A distribution with ``rvs``, such as a frozen one of `scipy.stats`."""

    def rvs(self, size: int, random_state: np.random.Generator) -> Any:
        """Draw values."""


Prior: TypeAlias = float | npt.ArrayLike | Distribution | None


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
    blocks = _simulate_blocks(
        n_clusters,
        random_state=random_state,
        effects=effects,
        n_jobs=n_jobs,
        log_age=log_age,
        a_v=a_v,
        distance_kpc=distance_kpc,
        metallicity=metallicity,
        n_stars=n_stars,
    )
    X, y = zip(*blocks, strict=True)
    columns = [*CLUSTER_PARAMETERS, *(["metallicity"] if with_metallicity else [])]
    return concat_clusters(X), state_units(pd.concat(y)[columns])


def simulate_to_parquet(
    members: str | Path,
    labels: str | Path,
    n_clusters: int,
    *,
    progress: bool = False,
    **parameters: Any,
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
    progress : bool, default=False
        Whether to show a progress bar.
    **parameters : object
        ``random_state``, ``log_age``, ``a_v``, ``distance_kpc``, ``metallicity``, ``n_stars``,
        ``effects`` and ``n_jobs``, as in `simulate_clusters`.

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
    blocks = _simulate_blocks(n_clusters, **parameters)
    drawn: list[pd.DataFrame] = []
    with (
        progress_bar("Simulating", n_clusters, show=progress, unit="clusters") as advance,
        whole_file(Path(labels), overwrite=True) as half_labels,
        whole_file(Path(members), overwrite=True) as half_members,
        ExitStack() as stack,
    ):
        for X, y in blocks:
            stars = _star_table(X)
            if not drawn:
                writer = stack.enter_context(pq.ParquetWriter(half_members, stars.schema))
            writer.write_table(stars)
            drawn.append(y)
            advance(len(y))
        pd.concat(drawn).reset_index().to_parquet(half_labels, index=False)


def _star_table(X: NestedFrame) -> pa.Table:
    """Return the stars of clusters as a long table, names once per cluster."""
    stars = stars_of(X)
    row = pa.array(stars.cluster.astype(np.int32))
    cluster = pa.DictionaryArray.from_arrays(row, pa.array(stars.index))
    return pa.table({"cluster": cluster, **{name: stars.arrow(name) for name in stars.columns}})


def _simulate_blocks(
    n_clusters: int,
    *,
    random_state: Any = None,
    effects: Effects | None = None,
    n_jobs: int | None = None,
    **priors: Prior,
) -> Iterator[tuple[NestedFrame, pd.DataFrame]]:
    """Simulate clusters block by block, in order."""
    check_scalar(n_clusters, "n_clusters", Integral, min_val=1)
    if unknown := priors.keys() - _PARAMETERS:
        raise TypeError(f"simulate_to_parquet has no parameter {min(unknown)!r}.")
    _check_given(n_clusters, priors)
    if not isinstance(effects, Effects | None):
        got = type(effects).__name__
        raise TypeError(f"effects must be an instance of Effects or None, got {got}.")
    effects = Effects() if effects is None else effects
    entropy = check_random_state(random_state).randint(np.iinfo(np.int32).max, size=4)
    firsts = range(0, int(n_clusters), BLOCK_SIZE)
    seeds = np.random.SeedSequence(entropy.tolist()).spawn(len(firsts))
    tasks = (
        delayed(_simulate_block)(first, n_clusters, priors, effects, seed)
        for first, seed in zip(firsts, seeds, strict=True)
    )
    blocks: Iterator[Any] = Parallel(n_jobs=n_jobs, return_as="generator")(tasks)
    return blocks


def _simulate_block(
    first: int,
    n_clusters: int,
    priors: dict[str, Prior],
    effects: Effects,
    seed: np.random.SeedSequence,
) -> tuple[NestedFrame, pd.DataFrame]:
    rng = np.random.default_rng(seed)
    n = min(BLOCK_SIZE, n_clusters - first)
    parameters = _draw_parameters(first, n, priors, rng)
    stars, counts = Simulation(parameters, effects, rng).stars()
    names = pd.Index([f"sim_{i:06d}" for i in range(first, first + n)], name="cluster")
    y = pd.DataFrame(vars(parameters), index=names).drop(columns="n_stars")
    return clusters_from_flat(stars, np.concatenate([[0], np.cumsum(counts)]), names), y


def _draw_parameters(
    first: int, n: int, priors: dict[str, Prior], rng: np.random.Generator
) -> Parameters:
    """Draw the parameters of clusters ``first`` to ``first + n``, where they are not given."""
    # All defaults are drawn, even if not used, so that fixing one parameter does not change the
    # others for the same seed.
    modulus = _truncated_normal(*_DISTANCE_MODULUS, n, rng)
    drawn = {
        "log_age": _truncated_normal(*_LOG_AGE, n, rng),
        "distance_kpc": 10 ** (modulus / 5 - 2),
        "metallicity": _truncated_normal(*_METALLICITY, n, rng),
        "n_stars": 10 ** _truncated_normal(*_LOG10_N_STARS, n, rng),
    }
    a_v_rng, given_rng = rng.spawn(2)
    for name in (*drawn, "a_v"):
        prior = priors.get(name)
        if prior is None:
            continue
        if hasattr(prior, "rvs"):
            drawn[name] = np.asarray(prior.rvs(size=n, random_state=given_rng), dtype=float)
        else:
            values = np.asarray(prior, dtype=float)
            drawn[name] = np.full(n, values) if values.ndim == 0 else values[first : first + n]
    _refuse("distance_kpc", drawn["distance_kpc"], drawn["distance_kpc"] > 0, "positive")
    if "a_v" not in drawn:
        drawn["a_v"] = _draw_a_v(drawn["distance_kpc"], a_v_rng)
    _refuse("a_v", drawn["a_v"], drawn["a_v"] >= 0, "zero or positive")
    _refuse("n_stars", drawn["n_stars"], drawn["n_stars"] >= 1, "1 or more")
    check_range("log_age", drawn["log_age"], IsochroneGrid.LOG_AGE_RANGE)
    check_range("metallicity", drawn["metallicity"], IsochroneGrid.METALLICITY_RANGE)
    return Parameters(n_stars=np.round(drawn.pop("n_stars")).astype(np.int64), **drawn)


def _check_given(n_clusters: int, priors: dict[str, Prior]) -> None:
    """Refuse arrays whose length is not the number of clusters."""
    for name, prior in priors.items():
        if prior is None or hasattr(prior, "rvs"):
            continue
        size = np.size(prior)
        if np.ndim(prior) > 1 or (np.ndim(prior) == 1 and size != n_clusters):
            raise ValueError(f"{name} has {size} values for {n_clusters} clusters.")


def _refuse(name: str, values: FloatArray, allowed: BoolArray, rule: str) -> None:
    wrong = ~allowed | np.isinf(values)
    if wrong.any():
        raise ValueError(f"{name} must be {rule}; got {values[wrong][0]:g}.")


def _truncated_normal(
    mean: float, deviation: float, lowest: float, highest: float, n: int, rng: np.random.Generator
) -> FloatArray:
    a, b = (lowest - mean) / deviation, (highest - mean) / deviation
    drawn: FloatArray = stats.truncnorm.rvs(a, b, mean, deviation, size=n, random_state=rng)
    return drawn


def _draw_a_v(distance_kpc: FloatArray, rng: np.random.Generator) -> FloatArray:
    """Draw extinctions (mag) at distances (kpc); mean and scatter grow with distance."""
    far, scale, shape, most = _A_V
    mean = far * -np.expm1(-distance_kpc / scale)
    a_v: FloatArray = np.minimum(rng.gamma(shape, mean / shape), most)
    return a_v

"""Simulate clusters in memory."""

from typing import Any

import numpy as np
import pandas as pd
from nested_pandas import NestedFrame

from skcluster.clusters import clusters_from_flat
from skcluster.datasets.simulation._blocks import simulate_blocks
from skcluster.datasets.simulation._effects import Effects
from skcluster.datasets.simulation._priors import Prior
from skcluster.io._write import state_units
from skcluster.schema import CLUSTER_PARAMETERS


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
    blocks = list(simulate_blocks(n_clusters, priors, effects, random_state, n_jobs))
    y = pd.concat([block.labels for block in blocks])
    offsets = np.concatenate([[0], np.cumsum(np.concatenate([b.counts for b in blocks]))])
    stars = {name: np.concatenate([b.stars[name] for b in blocks]) for name in blocks[0].stars}
    columns = [*CLUSTER_PARAMETERS, *(["metallicity"] if with_metallicity else [])]
    return clusters_from_flat(stars, offsets, y.index), state_units(y[columns])

"""Data sets that come with the package: an example, and a fixed catalogue of simulated clusters."""

from importlib.resources import as_file, files
from typing import Any

import pandas as pd
from nested_pandas import NestedFrame
from sklearn.utils import Bunch

from skcluster.clusters import as_clusters
from skcluster.datasets.simulation._fields import simulate_fields
from skcluster.datasets.simulation._simulate import simulate_clusters
from skcluster.io._write import state_units

N_CLUSTERS = 1867
_SEED = 20200801

_DESCRIPTION = """\
Simulated open clusters
-----------------------

1867 clusters, the number with parameters in Cantat-Gaudin et al. (2020), simulated with the
defaults of `skcluster.datasets.simulate_clusters` and a fixed seed when first used: nothing is
stored or downloaded. The stars lie on PARSEC isochrones (Bressan et al. 2012) and are observed
like Gaia EDR3 members brighter than G = 18: with binaries, differential reddening, errors,
field stars and blue stragglers.

X, one row per cluster with its stars nested in the column ``stars``:
    phot_g_mean_mag, bp_rp, phot_bp_mean_mag, phot_rp_mean_mag (mag), parallax, parallax_error
    (mas), probability
y, one row per cluster:
    log_age (log10 of years), a_v (mag), distance_kpc (kpc)
"""


def load_example() -> tuple[NestedFrame, pd.DataFrame]:
    """Load an example of three simulated clusters.

    They are files in this package, the same in every version: a young, a reddened and an old
    cluster, simulated by `simulate_clusters`. They do not represent real clusters.

    Returns
    -------
    X : NestedFrame of 3 rows
        The clusters, 650 stars in all, with the star columns ``phot_g_mean_mag``, ``bp_rp``,
        ``phot_bp_mean_mag``, ``phot_rp_mean_mag`` (mag), ``parallax``, ``parallax_error`` (mas)
        and ``probability``.
    y : DataFrame of 3 rows
        ``log_age`` (log10 of years), ``a_v`` (mag), ``distance_kpc`` (kpc).

    See Also
    --------
    simulate_clusters : Simulate clusters.
    load_simulated_clusters : Load 1867 simulated clusters for training.

    Examples
    --------
    >>> from skcluster.datasets import load_example
    >>> X, y = load_example()
    >>> y
                   log_age  a_v  distance_kpc
    cluster
    Example_young      8.0  0.3          0.45
    Example_dusty      8.7  1.4          1.60
    Example_old        9.5  0.1          0.85
    """
    X = as_clusters(_table("example_members.csv"))
    return X, state_units(_table("example_clusters.csv").set_index("cluster"))


def _table(name: str) -> pd.DataFrame:
    with as_file(files("skcluster.datasets") / "data" / name) as file:
        return pd.read_csv(file)


def load_example_field() -> tuple[NestedFrame, pd.DataFrame]:
    """Load an example of a field of the sky: a simulated cluster among stars of the disc.

    It is simulated by `simulate_fields` with a fixed seed each time that it is loaded.

    Returns
    -------
    X : NestedFrame of 1 row
        The field, about 2300 stars within 0.4 degrees, with the star columns of `simulate_fields`.
    y : DataFrame of 1 row
        ``log_age`` (log10 of years), ``a_v`` (mag), ``distance_kpc`` (kpc) of the cluster.

    See Also
    --------
    skcluster.membership.find_members : Find the members.

    Examples
    --------
    >>> from skcluster.datasets import load_example_field
    >>> X, y = load_example_field()
    >>> y["distance_kpc"].item()
    1.2
    """
    example: tuple[NestedFrame, pd.DataFrame] = simulate_fields(
        1, n_members=300, n_field=2000, log_age=9.0, a_v=0.6, distance_kpc=1.2, random_state=_SEED
    )
    return example


def load_simulated_clusters(*, return_X_y: bool = False) -> Any:
    """Load a fixed catalogue of 1867 simulated clusters (classical data set for regression).

    It is simulated on the fly in about a second, reproducibly, and needs no network.

    Parameters
    ----------
    return_X_y : bool, default=False
        Whether to return ``(X, y)`` instead of a `Bunch`.

    Returns
    -------
    data : Bunch
        With ``data`` (the clusters X: a NestedFrame of 1867 rows), ``target`` (y: a DataFrame
        with ``log_age``, ``a_v``, ``distance_kpc``), ``target_names``, ``feature_names`` (the
        star columns), ``frame`` (both side by side) and ``DESCR``.
    (X, y) : tuple
        If ``return_X_y`` is True.

    Examples
    --------
    >>> from skcluster.datasets import load_simulated_clusters
    >>> X, y = load_simulated_clusters(return_X_y=True)
    >>> len(X), y.columns.tolist()
    (1867, ['log_age', 'a_v', 'distance_kpc'])
    """
    X, y = simulate_clusters(N_CLUSTERS, random_state=_SEED)
    if return_X_y:
        return X, y
    return Bunch(
        data=X,
        target=y,
        frame=X.join(y),
        target_names=y.columns.tolist(),
        feature_names=X.all_columns["stars"],
        DESCR=_DESCRIPTION,
    )

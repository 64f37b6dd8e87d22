"""An example data set of three clusters."""

from importlib.resources import as_file, files

import pandas as pd
from nested_pandas import NestedFrame

from skcluster.clusters import as_clusters
from skcluster.io._write import state_units


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

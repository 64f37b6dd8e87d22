"""Three clusters to try things on."""

from importlib.resources import as_file, files

import pandas as pd
from nested_pandas import NestedFrame

from skcluster.clusters import as_clusters
from skcluster.io import state_units


def load_example() -> tuple[NestedFrame, pd.DataFrame]:
    """Load three simulated clusters, to try things on.

    They are files of this package, the same in every version: a young cluster, one behind dust and
    an old one, simulated by `simulate_clusters` as Gaia would list their members. There are no
    such clusters in the sky.

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
    simulate_clusters : More of them.
    load_simulated_clusters : 1867 of them, to train on.

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

"""Units of estimates and labels in the attributes of tables."""

import pandas as pd

from skcluster.schema import estimate_column


def state_units(table: pd.DataFrame) -> pd.DataFrame:
    """Write the units of the columns of a table into its ``attrs``.

    The tables returned by `skcluster.estimate`, `read_clusters` and `skcluster.datasets` have them.

    Parameters
    ----------
    table : DataFrame
        Estimates or labels of clusters. Its ``attrs["units"]`` is set to a dict from column names
        to units in astropy's notation, empty for pure numbers.

    Returns
    -------
    DataFrame
        The table itself.

    See Also
    --------
    to_astropy : Make an astropy table with units.

    Examples
    --------
    >>> import pandas as pd
    >>> from skcluster.io import state_units
    >>> state_units(pd.DataFrame({"a_v": [0.1], "distance_kpc": [0.86]})).attrs["units"]
    {'a_v': 'mag', 'distance_kpc': 'kpc'}
    """
    table.attrs["units"] = {str(name): estimate_column(str(name)).unit for name in table.columns}
    return table

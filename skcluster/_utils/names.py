"""Names that differ in spelling only, and files named after them."""

import pandas as pd


def matching_names(names: pd.Index) -> pd.Index:
    """Cluster names without case, spaces and underscores, but for those between two digits.

    Examples
    --------
    >>> import pandas as pd
    >>> from skcluster._utils.names import matching_names
    >>> matching_names(pd.Index(["NGC_2682", "ngc 2682", "NGC2682", "ESO 92_05"])).tolist()
    ['ngc2682', 'ngc2682', 'ngc2682', 'eso92_05']
    """
    plain = names.astype(str).str.strip().str.lower().str.replace(r"[\s_]+", "_", regex=True)
    return plain.str.replace(r"(?<!\d)_|_(?!\d)", "", regex=True)

"""Names of clusters: their spelling, the order of rows that they tell, files named after them."""

import re
from pathlib import Path
from typing import Any

import pandas as pd

#: File systems allow names of 255 bytes; this leaves room for a number and an extension.
_MAX_BYTES = 200


def matching_names(names: pd.Index) -> pd.Index:
    """Return cluster names without case, spaces and underscores, except those between two digits.

    Examples
    --------
    >>> import pandas as pd
    >>> from skcluster.clusters._names import matching_names
    >>> matching_names(pd.Index(["NGC_2682", "ngc 2682", "NGC2682", "ESO 92_05"])).tolist()
    ['ngc2682', 'ngc2682', 'ngc2682', 'eso92_05']
    """
    plain = names.astype(str).str.strip().str.lower().str.replace(r"[\s_]+", "_", regex=True)
    return plain.str.replace(r"(?<!\d)_|_(?!\d)", "", regex=True)


def file_names(names: Any, folder: Path, format: str) -> dict[Any, Path]:
    """Return a file for each cluster; no two are alike, even where file names ignore case."""
    found: dict[Any, Path] = {}
    taken: set[str] = set()
    for name in names:
        stem = re.sub(r"[^\w.+-]+", "_", str(name)).lstrip(".") or "cluster"
        stem = stem.encode()[:_MAX_BYTES].decode(errors="ignore")
        numbers = (stem if i == 1 else f"{stem}_{i}" for i in range(1, len(names) + 2))
        stem = next(s for s in numbers if s.lower() not in taken)
        taken.add(stem.lower())
        found[name] = folder / f"{stem}.{format}"
    return found


def check_same_order(index: pd.Index, y: Any, *, names: tuple[str, str] = ("X", "y")) -> None:
    """Refuse labels of the same clusters in another order; rows are matched by position.

    Parameters
    ----------
    index : Index of length n_clusters
        Names of the clusters.
    y : object
        Labels; if they have no index or other names, their order cannot be checked, nor if the
        clusters are only numbered.
    names : (str, str)
        Names of the two arguments, for the message.

    Raises
    ------
    ValueError
        If they have the same names in another order.
    """
    if not isinstance(y, pd.DataFrame | pd.Series) or len(y) != len(index):
        return
    if isinstance(index, pd.RangeIndex):  # a list of clusters is numbered, whatever its order
        return
    if y.index.equals(index) or not (y.index.isin(index).all() and index.isin(y.index).all()):
        return
    for row, (ours, theirs) in enumerate(zip(index, y.index, strict=True)):
        if ours != theirs:
            first, second = names
            raise ValueError(
                f"{first} and {second} name the same clusters, but in another order: row {row} is "
                f"{ours!r} in {first} and {theirs!r} in {second}. Rows are matched by position; "
                f"{second}.loc[{first}.index] has the order of {first}."
            )

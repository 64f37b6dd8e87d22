"""Match names with different spellings, and make file names from them."""

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
    >>> from skcluster._utils.names import matching_names
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

"""Files named after clusters."""

import re
from pathlib import Path
from typing import Any

#: File systems allow names of 255 bytes; this leaves room for a number and an extension.
_MAX_BYTES = 200


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

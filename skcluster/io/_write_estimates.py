"""A table of estimates -> a file, with units and descriptions where the file type has them."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from skcluster._utils.files import whole_file
from skcluster.io._tables import EXTENSIONS

_UNITS = {"log_age": "dex", "a_v": "mag", "distance_kpc": "kpc"}
_DESCRIPTIONS = {
    "cluster": "Name of the cluster",
    "n_stars": "Member stars that the table has of it",
    "log_age": "log10 of the age in years",
    "a_v": "Extinction A_V",
    "distance_kpc": "Distance",
    "flag": "Why the estimate may be wrong; empty if nothing speaks against it",
}
_ENDS = {"_lower": "lower end of its interval", "_upper": "upper end of its interval"}


def write_estimates(
    estimates: pd.DataFrame,
    path: str | os.PathLike[str],
    *,
    metadata: Mapping[str, str] | None = None,
    format: str | None = None,
    overwrite: bool = False,
) -> None:
    """Write a table of estimates.

    Parameters
    ----------
    estimates : DataFrame
        As `skcluster.estimation.estimate` gives it: index the clusters' names.
    path : str or PathLike
        The file; it appears only once it is whole.
    metadata : mapping of str to str, optional
        Kept in the file's header where its type has one (not CSV).
    format : {"csv", "ecsv", "fits", "votable", "parquet"}, optional
        File type, if the extension does not say it.
    overwrite : bool, default=False
        Whether a file that is there may be replaced.

    Raises
    ------
    FileExistsError
        If the file is there and ``overwrite`` is False.
    ValueError
        If the file type is unknown.
    OSError
        If the file cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> import pandas as pd
    >>> from skcluster.io import write_estimates
    >>> table = pd.DataFrame({"cluster": ["M 67"], "log_age": [9.6], "flag": [""]})
    >>> table = table.set_index("cluster")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_estimates(table, Path(folder) / "estimates.csv")
    ...     print((Path(folder) / "estimates.csv").read_text())
    cluster,log_age,flag
    M 67,9.6,
    <BLANKLINE>
    """
    path = Path(path)
    kind = format_of(path, format)
    with whole_file(path, overwrite) as half:
        _WRITERS[kind](estimates, str(half), dict(metadata or {}))


def format_of(path: Path, format: str | None) -> str:
    """File type of a table to be written.

    Raises
    ------
    ValueError
        If it is unknown.
    """
    kind = format or EXTENSIONS.get(path.suffix.lower())
    if kind not in _WRITERS:
        raise ValueError(
            f"The file type of {path} is unknown; known are: {', '.join(EXTENSIONS)}. Say it with "
            "format= if the extension does not."
        )
    return kind


def _as_astropy(estimates: pd.DataFrame, metadata: dict[str, str]) -> Any:
    from astropy.table import Table

    table = Table.from_pandas(estimates.reset_index())
    for name in table.colnames:
        column = table[name]
        if column.dtype == object:
            table[name] = column = column.astype(str)
        stem, end = name, ""
        for suffix in _ENDS:
            if name.endswith(suffix):
                stem, end = name.removesuffix(suffix), f", {_ENDS[suffix]}"
        column.info.unit = _UNITS.get(stem)
        column.info.description = _DESCRIPTIONS.get(stem, stem) + end
    table.meta = metadata
    return table


def _write_astropy(kind: str, **options: Any) -> Callable[..., None]:
    def write(estimates: pd.DataFrame, path: str, metadata: dict[str, str]) -> None:
        table = _as_astropy(estimates, metadata)
        if kind != "ascii.ecsv":
            # "dex" is no unit of the standards behind the other file types.
            for name in table.colnames:
                if str(table[name].info.unit) == "dex":
                    table[name].info.unit = None
        if kind == "fits":
            # FITS has keywords of eight letters; longer ones would be written as HIERARCH cards.
            table.meta = {"HISTORY": [f"{name}: {value}" for name, value in metadata.items()]}
        table.write(path, format=kind, overwrite=True, **options)

    return write


def _write_csv(estimates: pd.DataFrame, path: str, metadata: dict[str, str]) -> None:
    estimates.to_csv(path)


_WRITERS: dict[str, Callable[[pd.DataFrame, str, dict[str, str]], None]] = {
    "csv": _write_csv,
    "ecsv": _write_astropy("ascii.ecsv"),
    "fits": _write_astropy("fits"),
    "votable": _write_astropy("votable"),
    "parquet": _write_astropy("parquet"),
}

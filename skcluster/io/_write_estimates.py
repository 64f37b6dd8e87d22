"""A table of estimates -> a file, with units and descriptions where the file type has them."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from skcluster._utils.files import whole_file
from skcluster.io._tables import EXTENSIONS
from skcluster.schema import estimate_column


def write_estimates(
    estimates: pd.DataFrame,
    path: str | os.PathLike[str],
    *,
    metadata: Mapping[str, str] | None = None,
    format: str | None = None,
    overwrite: bool = False,
) -> None:
    """Write a table of estimates, or of stars.

    Parameters
    ----------
    estimates : DataFrame
        As `skcluster.estimation.estimate` gives it, index the clusters' names; or its table of
        stars with the column ``cluster`` as index. Units and descriptions are those of
        `skcluster.schema.estimate_column`.
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


def format_of(path: Path, format: str | None = None) -> str:
    """File type of a table to be written.

    Parameters
    ----------
    path : Path
        The file.
    format : str, optional
        File type, if the extension does not say it.

    Returns
    -------
    str
        "csv", "ecsv", "fits", "votable" or "parquet".

    Raises
    ------
    ValueError
        If it is unknown.

    Examples
    --------
    >>> from pathlib import Path
    >>> from skcluster.io import format_of
    >>> format_of(Path("estimates.vot"))
    'votable'
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
        known = estimate_column(name)
        column.info.unit = known.unit or None
        column.info.description = known.description
    table.meta = metadata
    return table


def _write_astropy(kind: str, **options: Any) -> Callable[..., None]:
    def write(estimates: pd.DataFrame, path: str, metadata: dict[str, str]) -> None:
        table = _as_astropy(estimates, metadata)
        if kind in ("fits", "votable"):
            # "dex" is no unit of the standards behind these file types.
            for name in table.colnames:
                if str(table[name].info.unit).startswith("dex"):
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

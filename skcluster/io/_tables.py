"""Read a table file as a table of pandas or astropy."""

import os
import warnings
from collections.abc import Callable
from io import BytesIO
from itertools import islice
from pathlib import Path
from typing import Any

import pandas as pd

from skcluster.io._check_fits import check_fits
from skcluster.io._check_votable import check_votable
from skcluster.io._limits import (
    Limits,
    check_ecsv,
    check_names,
    check_text,
    opened,
    unzipped,
)
from skcluster.io._vizier_tsv import digits_kept, read_tsv

#: File types by extension; text files and FITS may be gzipped (``.csv.gz``).
EXTENSIONS = {
    ".csv": "csv",
    ".ecsv": "ecsv",
    ".fits": "fits",
    ".fit": "fits",
    ".vot": "votable",
    ".votable": "votable",
    ".xml": "votable",
    ".parquet": "parquet",
    ".tsv": "tsv",
}


def read_table(path: str | os.PathLike[str], format: str | None = None) -> Any:
    """Read a table file.

    Parameters
    ----------
    path : str or PathLike
        The file.
    format : {"csv", "tsv", "ecsv", "fits", "votable", "parquet"}, optional
        File type, if it differs from that of the extension.

    Returns
    -------
    DataFrame, NestedFrame or astropy Table
        The table, with at least one row.

    Raises
    ------
    OSError
        If there is no such file, or it is a folder, a device or a pipe.
    ValueError
        If the type is unknown; the file is empty, truncated or not of its type; two columns have
        the same name; a text in it is not UTF-8; its data are in another file, as those of a
        VOTable can be; or its uncompressed size exceeds the limits for a file of its size.

    Notes
    -----
    No other file is opened and no server is queried. The uncompressed size and the numbers of
    columns and values are checked before a file is read, so that a file of up to 20 MB takes less
    than 10 s and 2 GB.

    Examples
    --------
    >>> import tempfile
    >>> import pandas as pd
    >>> from skcluster.io import read_table
    >>> members = pd.DataFrame({"Cluster": ["NGC 2682"], "Gmag": [12.1]})
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     members.to_csv(f"{folder}/members.csv", index=False)
    ...     read_table(f"{folder}/members.csv")
        Cluster  Gmag
    0  NGC 2682  12.1
    """
    path = Path(path).expanduser()
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a directory; a table file is needed.")
    if not path.is_file():
        if path.exists():
            raise OSError(f"{path} is a device or a pipe; a file is needed.")
        raise FileNotFoundError(f"There is no file {path}.")
    kind = _kind_of(path, format)
    if path.stat().st_size == 0:
        raise ValueError(f"The file {path} is empty.")
    try:
        limits = Limits.of(path.stat().st_size)
        table = _READERS[kind](unzipped(path, limits), limits)
    except Exception as error:  # the readers raise many types of errors, and none names the file
        reason = next(filter(None, str(error).splitlines()), type(error).__name__)
        if isinstance(error, UnicodeDecodeError):
            reason = f"its text is not in UTF-8 ({error.reason} at byte {error.start})."
        raise ValueError(f"{path} cannot be read as {kind}: {reason}") from error
    if len(table) == 0:
        raise ValueError(f"The table in {path} is empty.")
    return table


def _kind_of(path: Path, format: str | None) -> str:
    if format is not None:
        if format not in _READERS:
            raise ValueError(f"format must be one of {', '.join(_READERS)}, not {format!r}.")
        return format
    name = path.name.lower().removesuffix(".gz")
    kind = EXTENSIONS.get(Path(name).suffix)
    if kind is None or (kind == "parquet" and name != path.name.lower()):
        raise ValueError(
            f"The file type of {path} is unknown; known are: {', '.join(EXTENSIONS)} (and .gz of "
            "all but parquet). Give format= (or --format) for other extensions."
        )
    return kind


def _read_csv(source: Path | BytesIO, limits: Limits) -> pd.DataFrame:
    names = check_text(source, limits)
    check_names(names)
    if len(names) == 1:
        _refuse_other_separator(source)
    # Without index_col, rows longer than the header would shift every value by a column.
    return digits_kept(
        pd.read_csv(
            source, index_col=False, skipinitialspace=True, low_memory=False, compression=None
        )
    )


def _refuse_other_separator(source: Path | BytesIO) -> None:
    """Refuse a table whose first two lines are separated by something else than commas."""
    with opened(source) as file:
        lines = [line.strip() for line in islice(filter(bytes.strip, file), 2)]
    for sign, name in ((b";", "';'"), (b"\t", "tabs"), (b" ", "blanks")):
        if lines and all(sign in line for line in lines):
            cure = " (format='tsv' or --format tsv reads it)" if sign == b"\t" else ""
            raise ValueError(f"its columns are separated by {name}, not by ','{cure}.")


def _read_ecsv(source: Path | BytesIO, limits: Limits) -> Any:
    check_ecsv(source, limits)
    return _read_astropy(source, format="ascii.ecsv")


def _read_fits(source: Path | BytesIO, limits: Limits) -> Any:
    check_fits(source, limits)
    return _with_texts(_read_astropy(source, format="fits", memmap=False))


def _read_votable(source: Path | BytesIO, limits: Limits) -> Any:
    check_votable(source, limits)
    return _with_texts(_read_astropy(source, format="votable", use_names_over_ids=True))


def _read_tsv(source: Path | BytesIO, limits: Limits) -> Any:
    check_text(source, limits, "\t")
    return read_tsv(source)


def _read_astropy(source: Any, **options: Any) -> Any:
    from astropy.table import Table
    from astropy.units import UnitsWarning

    with warnings.catch_warnings():
        # Non-standard units are frequent and harmless in columns of fluxes; in a column that is
        # used, they raise an error when the column is converted.
        warnings.simplefilter("ignore", UnitsWarning)
        warnings.filterwarnings("error", message="File may have been truncated")
        return Table.read(source, **options)


def _with_texts(table: Any) -> Any:
    """Return an astropy table whose bytes are decoded to text."""
    try:
        table.convert_bytestring_to_unicode()
    except UnicodeDecodeError as error:
        of_bytes = (n for n in table.colnames if table[n].dtype.kind == "S")
        name = next(n for n in of_bytes if (table[n] == error.object).any())
        raise ValueError(
            f"column {name!r} has the text {error.object!r}, which is not UTF-8."
        ) from error
    return table


def _read_parquet(path: Path | BytesIO, limits: Limits) -> Any:
    import nested_pandas
    import pyarrow as pa

    from skcluster.io._check_parquet import check_parquet

    schema = check_parquet(path, limits)
    if b"table_meta_yaml" in (schema.metadata or {}):  # astropy's, with units
        return _with_texts(_read_astropy(path, format="parquet"))
    if any(pa.types.is_struct(kind) for kind in schema.types):
        return nested_pandas.read_parquet(str(path))
    return pd.read_parquet(path)


_READERS: dict[str, Callable[[Path | BytesIO, Limits], Any]] = {
    "csv": _read_csv,
    "tsv": _read_tsv,
    "ecsv": _read_ecsv,
    "fits": _read_fits,
    "votable": _read_votable,
    "parquet": _read_parquet,
}

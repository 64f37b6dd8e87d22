"""Read a table file as a table of pandas or astropy.

Each file type has one reader, at the end of this file. Before a reader starts, whatever could make
it open something else, or take more than the file seems to hold, is refused.
"""

import gzip
import os
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any
from xml.parsers import expat

import numpy as np
import pandas as pd

from skcluster.clusters._tables import frame_of_arrow
from skcluster.io._text_tables import check_names, read_astropy, read_text

#: Bytes of a megabyte.
_MB = 10**6
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
    ".mrt": "text",
    ".tbl": "text",
    ".dat": "text",
    ".txt": "text",
}


def read_table(path: str | os.PathLike[str], format: str | None = None) -> Any:
    """Read a table file.

    Parameters
    ----------
    path : str or PathLike
        The file.
    format : {"csv", "tsv", "text", "ecsv", "fits", "votable", "parquet"}, optional
        File type, if it differs from that of the extension.

    Returns
    -------
    DataFrame, NestedFrame or astropy Table
        The table, with at least one row. Integers of which some are missing are masked, and keep
        all digits.

    Raises
    ------
    OSError
        If there is no such file, or it is a folder or a pipe.
    ValueError
        If the type is unknown; the file is empty, truncated or not of its type; the layout of a
        text is not recognised, or a row has more fields than the header; two columns have the same
        name; a text in it is not UTF-8; its data are in another file, as those of a
        VOTable can be; or its uncompressed size exceeds the limits for a file of its size.

    Notes
    -----
    The layout of a text (CSV, TSV, ``.txt``, ``.dat``, ``.mrt``, ``.tbl``) is recognised from its
    content, whatever the extension: columns separated by commas, tabs, semicolons, vertical bars or
    blanks, below comments, with a header that may be the last comment, VizieR's units and decimal
    commas; columns of fixed width; the machine-readable tables of journals; IPAC tables; ECSV. In
    each, a blank, ``null``, ``NULL``, ``--``, ``nan`` and ``NA`` are missing values.

    No other file is opened, no server is queried, and the uncompressed size of a compressed file is
    limited to 100 MB or ten times its size (Parquet: 400 MB or 25 times).

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
    if not path.exists():
        raise FileNotFoundError(f"There is no file {path}.")
    if not path.is_file():
        raise OSError(f"{path} is a folder, a device or a pipe; a table file is needed.")
    kind = _kind_of(path, format)
    if path.stat().st_size == 0:
        raise ValueError(f"The file {path} is empty.")
    try:
        table = _READERS[kind](_content_of(path))
    except Exception as error:  # the readers raise many types of errors, and none names the file
        reason = next(filter(None, str(error).splitlines()), type(error).__name__)
        if isinstance(error, UnicodeDecodeError):
            near = error.object[max(error.start - 20, 0) : error.end + 20]
            reason = f"its text is not in UTF-8 ({error.reason} in {near!r})."
        raise ValueError(f"{path} cannot be read as {kind}: {reason}") from error
    if len(table) == 0:
        raise ValueError(f"The table in {path} is empty.")
    return table


def _kind_of(path: Path, format: str | None) -> str:
    if format is not None:
        if format not in _READERS:
            raise ValueError(f"format must be one of {', '.join(_READERS)}, not {format!r}.")
        return format
    _, extension = stem_and_extension(path)
    kind = EXTENSIONS.get(extension)
    if kind is None or (kind == "parquet" and path.suffix.lower() == ".gz"):
        raise ValueError(
            f"The file type of {path} is unknown; known are: {', '.join(EXTENSIONS)} (and .gz of "
            "all but parquet). Give format= (or --format) for other extensions."
        )
    return kind


def stem_and_extension(path: Path) -> tuple[str, str]:
    """Return the name of a file without its extension, and that in small letters, without .gz."""
    plain = path.with_suffix("") if path.suffix.lower() == ".gz" else path
    return plain.stem, plain.suffix.lower()


def _content_of(path: Path) -> bytes:
    """Return the content of a file, uncompressed if it is gzipped, up to a limit."""
    content = path.read_bytes()
    if not content.startswith(b"\x1f\x8b") and path.suffix.lower() != ".gz":
        return content
    most = max(100 * _MB, 10 * len(content))
    with gzip.open(BytesIO(content)) as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise ValueError(
            f"its uncompressed size exceeds {most / _MB:.0f} MB, for a file of this size."
        )
    return data


def _read_fits(content: bytes) -> Any:
    return _with_texts(read_astropy(BytesIO(content), format="fits"))


def read_votable(content: bytes) -> Any:
    """Return the table of a VOTable, without opening anything else."""
    _check_votable(content)
    return _with_texts(read_astropy(BytesIO(content), format="votable", use_names_over_ids=True))


def _check_votable(content: bytes) -> None:
    """Refuse references to other files or servers, entities, and repeated columns."""
    names: list[str] = []

    def start(element: str, attributes: dict[str, str]) -> None:
        element = element.rpartition(" ")[2]
        if element == "TABLE":
            names.clear()
        elif element == "FIELD":
            names.append(attributes.get("name", ""))
        elif element == "DATA":
            check_names(names)
        elif element == "STREAM" and "href" in attributes:
            raise ValueError(
                f"its data are elsewhere, at {attributes['href']!r}; only data within the file "
                "are read."
            )

    def entity(name: str, *_: Any) -> None:
        raise ValueError(f"it defines the entity {name!r}; XML entities are not supported.")

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = start
    parser.EntityDeclHandler = entity
    parser.Parse(content, True)


def _with_texts(table: Any) -> Any:
    """Return an astropy table whose bytes are decoded to text; blank ones are missing."""
    from astropy.table import MaskedColumn

    table.convert_bytestring_to_unicode()
    for name in table.colnames:
        column = table[name]
        if column.dtype == object and all(isinstance(text, str) for text in column):
            column = table[name] = column.astype(str)
        if column.dtype.kind == "U" and (blank := np.asarray(column) == "").any():
            table[name] = MaskedColumn(column, mask=blank | np.ma.getmaskarray(column))
    return table


def _read_parquet(content: bytes) -> Any:
    import pyarrow as pa
    import pyarrow.parquet

    with pa.parquet.ParquetFile(pa.BufferReader(content)) as file:
        check_names(file.schema_arrow.names)
        groups = [file.metadata.row_group(i) for i in range(file.metadata.num_row_groups)]
        # Runs of equal values take next to nothing in a file: values are counted, too.
        values = sum(
            group.column(i).num_values for group in groups for i in range(group.num_columns)
        )
        unpacked = max(8 * values, sum(group.total_byte_size for group in groups))
        most = max(400 * _MB, 25 * len(content))
        if unpacked > most:
            raise ValueError(
                f"its table would take {unpacked / _MB:.0f} MB; the limit is {most / _MB:.0f}, for "
                "a file of this size."
            )
        arrow = file.read()
    arrow.validate(full=True)  # texts that are not UTF-8 would be refused later, without a reason
    described = (arrow.schema.metadata or {}).get(b"table_meta_yaml", b"")
    if b"__serialized_columns__" in described:  # as astropy writes masked columns
        return _with_texts(read_astropy(BytesIO(content), format="parquet"))
    frame = frame_of_arrow(arrow)
    return _with_units(frame, described.decode()) if described else frame


def _with_units(frame: pd.DataFrame, described: str) -> Any:
    """Return a table of astropy with the units that it keeps in a Parquet file."""
    from astropy.table import Table
    from astropy.table.meta import get_header_from_yaml

    columns = get_header_from_yaml(described.splitlines())["datatype"]
    units = {column["name"]: column["unit"] for column in columns if "unit" in column}
    return Table.from_pandas(frame, units=units)


_READERS: dict[str, Callable[[bytes], Any]] = {
    **dict.fromkeys(("csv", "tsv", "text", "ecsv"), read_text),
    "fits": _read_fits,
    "votable": read_votable,
    "parquet": _read_parquet,
}

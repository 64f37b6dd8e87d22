"""Read a table file as a table of pandas or astropy.

Each file type has one reader, at the end of this file. Before a reader starts, whatever could make
it open something else, or take more than the file seems to hold, is refused.
"""

import csv
import gzip
import math
import os
import re
import warnings
from collections.abc import Callable, Sequence
from io import BytesIO, StringIO, TextIOWrapper
from itertools import islice
from pathlib import Path
from typing import IO, Any
from xml.parsers import expat

import pandas as pd

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
_MB = 10**6
_MAX_COLUMNS = 10_000
#: First bytes of compressed files, by type; readers would uncompress these themselves.
_COMPRESSED = {
    b"\x1f\x8b": "gzip",
    b"BZh": "bzip2",
    b"\xfd7zXZ": "xz",
    b"PK\x03\x04": "zip",
    b"PK\x05\x06": "zip",
    b"\x1f\x9d": "compress",
    b"\x28\xb5\x2f\xfd": "zstd",
}
#: A line of dashes, which VizieR puts between units and rows.
_DASHES = re.compile(r"\s*-+(\s*\t\s*-+)*\s*")

#: What a reader takes: a file, or the content of a gzipped one.
_Source = Path | BytesIO


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
        table = _READERS[kind](_unzipped(path))
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


def _unzipped(path: Path) -> _Source:
    """Return the file, or if it is gzipped its content, read whole to detect truncation."""
    with path.open("rb") as file:
        kind = _compression(file.read(6))
    if kind is None and path.suffix.lower() != ".gz":
        return path
    if kind not in ("gzip", None):
        raise ValueError(f"it is compressed with {kind}; only gzip is supported.")
    most = max(100 * _MB, 10 * path.stat().st_size)
    with gzip.open(path) as file:
        data = file.read(most + 1)
    if len(data) > most:
        raise ValueError(
            f"its uncompressed size exceeds {most / _MB:.0f} MB, for a file of this size."
        )
    if _compression(data[:6]):
        raise ValueError("it is compressed more than once.")
    return BytesIO(data)


def _compression(start: bytes) -> str | None:
    return next((kind for magic, kind in _COMPRESSED.items() if start.startswith(magic)), None)


def _opened(source: _Source) -> IO[bytes]:
    """Open a file, or bytes, at the beginning."""
    return source.open("rb") if isinstance(source, Path) else BytesIO(source.getbuffer())


def _size(source: _Source) -> int:
    return source.stat().st_size if isinstance(source, Path) else source.getbuffer().nbytes


def _check_names(names: Sequence[str]) -> None:
    """Refuse thousands of columns, and two of the same name: one would be ignored or renamed."""
    if len(names) > _MAX_COLUMNS:
        raise ValueError(f"it has {len(names)} columns; the limit is {_MAX_COLUMNS}.")
    seen = set()
    for name in filter(None, map(str.strip, names)):
        if name in seen:
            raise ValueError(f"it has more than one column {name!r}.")
        seen.add(name)


def _refuse_promises(number: int, what: str, source: _Source) -> None:
    """Refuse a header that states so many rows or values that memory is taken for nothing."""
    if number > _size(source):
        raise ValueError(f"it is truncated: it states {number} {what}, more than it has bytes.")


def _read_csv(source: _Source) -> pd.DataFrame:
    with _opened(source) as file:
        text = TextIOWrapper(file, encoding="utf-8-sig", errors="replace", newline="")
        names = next((row for row in csv.reader(text) if row), [])
    _check_names(names)
    if len(names) == 1:
        _refuse_other_separator(source)
    # Without index_col, rows longer than the header would shift every value by a column.
    return _digits_kept(
        pd.read_csv(
            source, index_col=False, skipinitialspace=True, low_memory=False, compression=None
        )
    )


def _refuse_other_separator(source: _Source) -> None:
    """Refuse a table whose first two lines are separated by something else than commas."""
    with _opened(source) as file:
        lines = [line.strip() for line in islice(filter(bytes.strip, file), 2)]
    for sign, name in ((b";", "';'"), (b"\t", "tabs"), (b" ", "blanks")):
        if lines and all(sign in line for line in lines):
            cure = " (format='tsv' or --format tsv reads it)" if sign == b"\t" else ""
            raise ValueError(f"its columns are separated by {name}, not by ','{cure}.")


def _read_tsv(source: _Source) -> Any:
    """Read a tab-separated table; one of VizieR, with its units, is an astropy Table."""
    with _opened(source) as file:
        lines = file.read().decode("utf-8-sig").splitlines()
    lines = [line for line in lines if line.strip() and not line.startswith("#")]
    if not lines:
        raise ValueError("it contains comments only.")
    _check_names(lines[0].split("\t"))
    dashes = [i for i, line in enumerate(lines) if _DASHES.fullmatch(line)]
    if len(dashes) > 1:
        raise ValueError(f"it contains {len(dashes)} tables; save each as a file of its own.")
    has_units = dashes == [2]
    text = StringIO("\n".join([lines[0], *lines[3:]] if has_units else lines))
    # VizieR pads its columns with spaces: numbers that are all blank are missing.
    frame = pd.read_csv(text, sep="\t", index_col=False, skipinitialspace=True, low_memory=False)
    frame = _digits_kept(frame.rename(columns=lambda name: str(name).strip()))
    if not has_units:
        return frame
    from astropy.table import Table
    from astropy.units import Unit

    table = Table.from_pandas(frame)
    for name, unit in zip(frame.columns, lines[1].split("\t"), strict=False):
        if unit.strip() and table[name].dtype.kind in "if":
            table[name].unit = Unit(unit.strip(), parse_strict="silent")
    return table


def _digits_kept(table: pd.DataFrame) -> pd.DataFrame:
    """Return a pandas table in which integers of more than 64 bits are texts.

    They are Python integers, which tables of stars cannot hold; as texts they keep all digits, and
    are parsed where numbers are needed.
    """
    for name in table.columns[table.dtypes.map(pd.api.types.is_object_dtype)]:
        table[name] = table[name].map(str, na_action="ignore").astype("str")
    return table


def _read_astropy(source: Any, **options: Any) -> Any:
    from astropy.table import Table
    from astropy.units import UnitsWarning

    with warnings.catch_warnings():
        # Non-standard units are frequent and harmless in columns of fluxes; in a column that is
        # used, they raise an error when the column is converted.
        warnings.simplefilter("ignore", UnitsWarning)
        warnings.filterwarnings("error", message="File may have been truncated")
        return Table.read(source, **options)


def _read_ecsv(source: _Source) -> Any:
    with _opened(source) as file:
        lines = TextIOWrapper(file, encoding="utf-8", errors="replace")
        head = next((line for line in lines if not line.startswith("#")), "").strip()
    _check_names(next(csv.reader([head], delimiter="," if "," in head else " "), []))
    return _read_astropy(source, format="ascii.ecsv")


def _read_fits(source: _Source) -> Any:
    from astropy.io import fits

    with warnings.catch_warnings():
        warnings.filterwarnings("error", message="File may have been truncated")
        with fits.open(source, memmap=False, character_as_bytes=True) as hdus:
            for hdu in hdus:
                if isinstance(hdu, fits.BinTableHDU | fits.TableHDU):
                    _check_fits_table(hdu, source)
            return _with_texts(_read_astropy(hdus, format="fits"))


def _check_fits_table(hdu: Any, source: _Source) -> None:
    _refuse_promises(hdu.header["NAXIS2"], "rows", source)
    if not 0 < hdu.header["TFIELDS"] <= 999:  # astropy would count up to any number
        raise ValueError(f"it has {hdu.header['TFIELDS']} columns; FITS allows 999.")
    _check_names(hdu.columns.names)
    for column in hdu.columns:
        if re.match(r"\d*[PQ]", str(column.format)):
            raise ValueError(
                f"column {column.name} has arrays of variable length, which are not supported."
            )


def read_votable(source: _Source) -> Any:
    """Return the table of a VOTable, without opening anything else."""
    _check_votable(source)
    return _with_texts(_read_astropy(source, format="votable", use_names_over_ids=True))


def _check_votable(source: _Source) -> None:
    """Refuse references to other files or servers, entities, and repeated columns."""
    names: list[str] = []

    def start(element: str, attributes: dict[str, str]) -> None:
        element = element.rpartition(" ")[2]
        if element == "TABLE":
            names.clear()
            _refuse_promises(int(attributes.get("nrows") or 0), "rows", source)
        elif element == "FIELD":
            names.append(attributes.get("name", ""))
            shape = re.findall(r"\d+", attributes.get("arraysize", "")[:100])
            _refuse_promises(math.prod(map(int, shape)), "values per row", source)
        elif element == "DATA":
            _check_names(names)
        elif element in ("FITS", "PARQUET"):
            raise ValueError(f"its data are {element} within a VOTable, which is not supported.")
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
    with _opened(source) as file:
        parser.ParseFile(file)


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


def _read_parquet(source: _Source) -> Any:
    import nested_pandas
    import pyarrow as pa
    import pyarrow.parquet

    with pa.parquet.ParquetFile(source) as file:
        footer, schema = file.metadata, file.schema_arrow
    _check_names(schema.names)
    groups = [footer.row_group(i) for i in range(footer.num_row_groups)]
    # Runs of equal values take next to nothing in a file: values are counted, too.
    values = sum(
        max(group.column(i).num_values, group.num_rows)
        for group in groups
        for i in range(group.num_columns)
    )
    unpacked = max(8 * values, sum(group.total_byte_size for group in groups))
    unpacked += _size_of_texts(source, schema)
    most = max(400 * _MB, 25 * _size(source))
    if unpacked > most:
        raise ValueError(
            f"its table would take {unpacked / _MB:.0f} MB; the limit is {most / _MB:.0f}, for a "
            "file of this size."
        )
    if b"table_meta_yaml" in (schema.metadata or {}):  # astropy's, with units
        return _with_texts(_read_astropy(source, format="parquet"))
    if any(pa.types.is_struct(kind) for kind in schema.types):
        return nested_pandas.read_parquet(str(source))
    return pd.read_parquet(source)


def _size_of_texts(source: _Source, schema: Any) -> int:
    """Return the bytes of all texts, of which a file holds each different one once; check them."""
    import pyarrow as pa
    import pyarrow.compute
    import pyarrow.parquet

    is_text = (pa.types.is_string, pa.types.is_large_string)
    names = [f.name for f in schema if any(is_kind(f.type) for is_kind in is_text)]
    with pa.parquet.ParquetFile(source, read_dictionary=names) as file:
        table = file.read(columns=names)
    size = 0
    for name in names:
        for chunk in table[name].chunks:
            try:
                chunk.dictionary.validate(full=True)
            except pa.ArrowInvalid as error:
                raise ValueError(f"column {name!r} has a text that is not UTF-8.") from error
            lengths = pa.compute.binary_length(chunk.dictionary).take(chunk.indices)
            size += pa.compute.sum(lengths).as_py() or 0
    return size


_READERS: dict[str, Callable[[_Source], Any]] = {
    "csv": _read_csv,
    "tsv": _read_tsv,
    "ecsv": _read_ecsv,
    "fits": _read_fits,
    "votable": read_votable,
    "parquet": _read_parquet,
}

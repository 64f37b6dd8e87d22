"""Check the uncompressed size of a Parquet file by its footer, before it is read."""

from io import BytesIO
from pathlib import Path

import pyarrow as pa
import pyarrow.compute
import pyarrow.parquet

from skcluster.io._limits import Limits, TooLargeError, check_columns, check_names

_MAX_CHUNKS = 1_000_000
_BATCH = 65_536


def check_parquet(source: Path | BytesIO, limits: Limits) -> pa.Schema:
    """Check the sizes in the footer, and those of dictionary-encoded texts.

    Returns
    -------
    pyarrow.Schema
        The columns of the file.

    Raises
    ------
    TooLargeError
        If there is more than the limits allow.
    """
    with pa.parquet.ParquetFile(source) as file:
        footer = file.metadata
        check_columns(footer.num_columns)
        if footer.num_row_groups * footer.num_columns > _MAX_CHUNKS:
            raise TooLargeError(f"it has more than {_MAX_CHUNKS} column chunks.")
        schema = file.schema_arrow
        check_names(schema.names)
        limits.check("header", len((schema.metadata or {}).get(b"table_meta_yaml", b"")))
        values = size = 0
        for i in range(footer.num_row_groups):
            group = footer.row_group(i)
            for j in range(group.num_columns):
                column = group.column(j)
                values += max(column.num_values, group.num_rows)
                size += max(column.total_uncompressed_size, 0)
        values = max(values, footer.num_rows * footer.num_columns)
        limits.check("table", max(8 * values, size))
    limits.check("table", 8 * values + _texts(source, schema, limits))
    return schema


def _texts(source: Path | BytesIO, schema: pa.Schema, limits: Limits) -> int:
    """Return the bytes of all texts, those of a dictionary counted as often as they are used."""
    names = [field.name for field in schema if _is_text(field.type)]
    nested = [field.name for field in schema if field.name not in names and _holds(field.type)]
    total = 0
    if not names + nested:
        return total
    with pa.parquet.ParquetFile(source, read_dictionary=names) as file:
        for batch in file.iter_batches(batch_size=_BATCH, columns=names + nested):
            for name, column in zip(batch.schema.names, batch.columns, strict=True):
                total += _size_of_texts(name, column)
            limits.check("table", total)
    return total


def _size_of_texts(name: str, column: pa.Array) -> int:
    texts = column.dictionary if isinstance(column, pa.DictionaryArray) else column
    try:
        texts.validate(full=True)
    except pa.ArrowInvalid as error:
        raise ValueError(f"column {name!r} has a text that is not UTF-8: {error}") from error
    if texts is column:
        return int(column.nbytes)
    lengths = pa.compute.binary_length(texts).take(column.indices)
    return int(pa.compute.sum(lengths).as_py() or 0)


def _is_text(kind: pa.DataType) -> bool:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    kinds = (pa.types.is_string, pa.types.is_binary, pa.types.is_large_string)
    return any(is_kind(kind) for is_kind in kinds)


def _holds(kind: pa.DataType) -> bool:
    """Return whether there are texts within a nested type."""
    inside = [kind.field(i).type for i in range(kind.num_fields)]
    return any(_is_text(k) or _holds(k) for k in inside)

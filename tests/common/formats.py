"""One table in every form that lists of members come in, and every door that takes it.

`made` writes a table in one of `FORMS`; `seen` puts it through one of `DOORS` and tells what came
out: the stars, with every digit, and what was said. An error of any door is an exception.
"""

import contextlib
import io
import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from astropy.table import MaskedColumn, Table

from skcluster import ClusterAugmenter, estimate
from skcluster.cli import main
from skcluster.clusters import as_clusters, stars_of
from skcluster.io import read_clusters, read_table

#: Columns by name: numbers, texts or logical values; None is missing.
Columns = Mapping[str, Sequence[Any]]

#: Files of text, whose missing values are a text of any choice.
TEXTS = ("csv", "tsv", "vizier")
#: All files.
FILES = (*TEXTS, "ecsv", "fits", "votable", "parquet", "astropy-parquet")
#: Tables in memory.
TABLES = ("pandas", "pandas-objects", "pandas-arrow", "astropy", "arrow", "polars")
#: A table per cluster.
SEVERAL = ("dict", "list")
FORMS = (*FILES, *TABLES, *SEVERAL)
#: Forms that hold units.
WITH_UNITS = ("vizier", "ecsv", "fits", "votable", "astropy-parquet", "astropy")


def made(
    columns: Columns,
    form: str,
    folder: Path,
    *,
    units: Mapping[str, str] | None = None,
    missing: str = "",
) -> Any:
    """A table in one of `FORMS`: the path of a file, a table, or several.

    Parameters
    ----------
    columns : mapping of str to sequence
        The table, None where a value is missing. A table per cluster needs the column "cluster".
    form : str
        One of `FORMS`.
    folder : Path
        Where a file is written, as ``members.…``.
    units : mapping of str to str, optional
        Units of columns, for the forms in `WITH_UNITS`; others ignore them.
    missing : str, default=""
        What a missing value is in `TEXTS`.
    """
    units = dict(units or {})
    if form in TEXTS:
        return _text(columns, form, folder, units, missing)
    if form == "polars":
        return pytest.importorskip("polars").DataFrame(_arrow(columns))
    if form in SEVERAL:
        clusters = columns["cluster"]
        tables = {
            name: _pandas(
                {
                    key: [v for v, of in zip(values, clusters, strict=True) if of == name]
                    for key, values in columns.items()
                    if key != "cluster"
                }
            )
            for name in dict.fromkeys(clusters)
        }
        return tables if form == "dict" else list(tables.values())
    if form == "parquet":
        pq.write_table(_arrow(columns), folder / "members.parquet")
        return folder / "members.parquet"
    makers: dict[str, Callable[[Columns], Any]] = {
        "pandas": _pandas,
        "pandas-objects": lambda columns: pd.DataFrame(dict(columns), dtype=object),
        "pandas-arrow": lambda columns: _arrow(columns).to_pandas(types_mapper=pd.ArrowDtype),
        "arrow": _arrow,
    }
    return makers[form](columns) if form in makers else _astropy(columns, form, folder, units)


def _arrow(columns: Columns) -> pa.Table:
    return pa.table({name: pa.array(list(values)) for name, values in columns.items()})


def _pandas(columns: Columns) -> pd.DataFrame:
    """A table with pandas' masked integers and logical values."""
    table = pd.DataFrame({name: pd.array(list(values)) for name, values in columns.items()})
    kinds = {n: t.numpy_dtype for n, t in table.dtypes.items() if isinstance(t, pd.Float64Dtype)}
    return table.astype(kinds)


def _astropy(columns: Columns, form: str, folder: Path, units: dict[str, str]) -> Any:
    table = Table()
    for name, values in columns.items():
        mask = [value is None for value in values]
        filler = next((value for value in values if value is not None), 0)
        filled = [filler if value is None else value for value in values]
        table[name] = MaskedColumn(filled, mask=mask) if any(mask) else filled
        table[name].unit = units.get(name)
    if form == "astropy":
        return table
    file = folder / f"members.{ {'votable': 'vot', 'astropy-parquet': 'parquet'}.get(form, form) }"
    kind = {"ecsv": "ascii.ecsv", "astropy-parquet": "parquet"}.get(form, form)
    with warnings.catch_warnings(action="ignore"):  # of names that VOTables should not have
        table.write(file, format=kind, overwrite=True)
    return file


def _text(columns: Columns, form: str, folder: Path, units: dict[str, str], missing: str) -> Path:
    sign = "," if form == "csv" else "\t"
    rows = [
        [missing if v is None else str(v) for v in row]
        for row in zip(*columns.values(), strict=True)
    ]
    lines = [list(columns), *rows]
    if form == "vizier":
        widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
        lines = [
            [name.ljust(width) for name, width in zip(columns, widths, strict=True)],
            [units.get(n, "").ljust(width) for n, width in zip(columns, widths, strict=True)],
            ["-" * width for width in widths],
            *([text.rjust(width) for text, width in zip(row, widths, strict=True)] for row in rows),
        ]
    text = "".join(sign.join(line) + "\n" for line in lines)
    if form == "vizier":
        text = (
            f"#\n#   VizieR Astronomical Server vizier.cds.unistra.fr\n#Name: J\n\n{text}\n#END#\n"
        )
    file = folder / f"members.{'csv' if form == 'csv' else 'tsv'}"
    file.write_text(text, encoding="utf-8")
    return file


@dataclass(frozen=True)
class Seen:
    """What a door made of a list of members."""

    #: The stars by column, in the order of the clusters, None where a value is missing or NaN;
    #: "cluster" holds the name of each star's cluster.
    stars: dict[str, list[Any]]
    #: All that was said, a warning or a line each.
    messages: list[str]


def seen(door: str, data: Any, folder: Path, **options: Any) -> Seen:
    """What a door makes of what `made` returned.

    Parameters
    ----------
    door : {"read_clusters", "as_clusters", "estimator", "estimate", "console"}
        The door; the console takes files only, and the others but `read_clusters` the table in it.
    data : object
        A file, a table, or several.
    folder : Path
        Where the console may write.
    **options
        ``columns``, ``cluster``, ``cluster_column`` … of the door.

    Raises
    ------
    Exception
        What the door raises; for the console a ValueError with what it printed.
    """
    with warnings.catch_warnings(record=True, action="always") as caught:
        messages, table = _DOORS[door](data, folder, options)
    stars = {name: [_plain(v) for v in table[name].to_pylist()] for name in table.column_names}
    return Seen(stars, [*messages, *(str(one.message) for one in caught)])


def cases(forms: Sequence[str] = FORMS) -> list[Any]:
    """Forms with doors, for ``parametrize(("form", "door"), cases())``.

    Every form goes through the doors that read it, one file and some tables through all.
    """
    return [
        pytest.param(form, door, id=f"{form}-{door}")
        for form in forms
        for door in (DOORS if form in FILES else DOORS[:-1])
        if door in DOORS[:2] or form in ("csv", "pandas", "dict")
    ]


def _plain(value: Any) -> Any:
    return None if isinstance(value, float) and math.isnan(value) else value


def _of_clusters(X: Any) -> pa.Table:
    stars = stars_of(X)
    names = pa.array(X.index.to_numpy()[stars.cluster])
    return pa.table({"cluster": names, **{name: stars.arrow(name) for name in stars.columns}})


def _in_memory(data: Any) -> Any:
    return read_table(data) if isinstance(data, Path) else data


def _read_clusters(data: Any, folder: Path, options: dict[str, Any]) -> tuple[list[str], pa.Table]:
    return [], _of_clusters(read_clusters(data, **options))


def _as_clusters(data: Any, folder: Path, options: dict[str, Any]) -> tuple[list[str], pa.Table]:
    return [], _of_clusters(as_clusters(_in_memory(data), **options))


def _estimator(data: Any, folder: Path, options: dict[str, Any]) -> tuple[list[str], pa.Table]:
    """An augmenter returns the clusters that it was given, followed by others."""
    table = _renamed(data, options)
    with warnings.catch_warnings(action="ignore"):
        n = len(as_clusters(table))
    y = np.tile([8.0, 0.1, 1.0], (n, 1))
    more, _ = ClusterAugmenter(n_copies=1, random_state=0).fit_resample(table, y)
    return [], _of_clusters(more.iloc[:n])


def _estimate(data: Any, folder: Path, options: dict[str, Any]) -> tuple[list[str], pa.Table]:
    *_, members = estimate(_renamed(data, options), membership=True, random_state=0)
    return [], pa.Table.from_pandas(members.drop(columns="membership"), preserve_index=False)


def _renamed(data: Any, options: dict[str, Any]) -> Any:
    """What takes no options gets clusters that were made with them."""
    table = _in_memory(data)
    return as_clusters(table, **options) if options else table


def _console(data: Any, folder: Path, options: dict[str, Any]) -> tuple[list[str], pa.Table]:
    output = folder / "output.parquet"
    words = []
    for name, value in options.items():
        pairs = [f"{theirs}={ours}" for theirs, ours in value.items()] if name == "columns" else []
        words += [f"--{name.replace('_', '-')}", *(pairs or [str(value)])]
    said = io.StringIO()
    arguments = ["estimate", str(data), "--members-output", str(output), "--overwrite", *words]
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
        code = main(arguments)
    if code != 0:
        raise ValueError(said.getvalue())
    table = pq.read_table(output)
    return said.getvalue().splitlines(), table.drop_columns("membership")


_DOORS: dict[str, Callable[..., tuple[list[str], pa.Table]]] = {
    "read_clusters": _read_clusters,
    "as_clusters": _as_clusters,
    "estimator": _estimator,
    "estimate": _estimate,
    "console": _console,
}
DOORS = tuple(_DOORS)

"""Read tab-separated tables, including VizieR's: comments, names, units, dashes, rows."""

import re
from io import StringIO
from pathlib import Path
from typing import Any

import pandas as pd

from skcluster.io._limits import check_names

#: A line of dashes, which VizieR puts between units and rows.
_DASHES = re.compile(r"\s*-+(\s*\t\s*-+)*\s*")


def read_tsv(source: Any) -> Any:
    """Read a tab-separated table.

    Parameters
    ----------
    source : Path or binary file
        The table. Lines that begin with ``#`` are comments.

    Returns
    -------
    DataFrame or astropy Table
        An astropy Table with units if it has VizieR's rows of units and dashes.

    Raises
    ------
    ValueError
        If it contains no table, or several.
    """
    content = source.read_bytes() if isinstance(source, Path) else source.read()
    lines = content.decode("utf-8-sig").splitlines()
    lines = [line for line in lines if line.strip() and not line.startswith("#")]
    if not lines:
        raise ValueError("it contains comments only.")
    dashes = [i for i, line in enumerate(lines) if _DASHES.fullmatch(line)]
    if len(dashes) > 1:
        raise ValueError(f"it contains {len(dashes)} tables; save each as a file of its own.")
    if dashes != [2]:
        return _rows(lines)
    frame = _rows([lines[0], *lines[3:]])
    return _with_units(frame, [unit.strip() for unit in lines[1].split("\t")])


def _rows(lines: list[str]) -> pd.DataFrame:
    check_names(lines[0].split("\t"))
    text = StringIO("\n".join(lines))
    # VizieR pads its columns with spaces: numbers that are all blank are missing.
    table = pd.read_csv(text, sep="\t", index_col=False, skipinitialspace=True, low_memory=False)
    return digits_kept(table.rename(columns=lambda name: str(name).strip()))


def digits_kept(table: pd.DataFrame) -> pd.DataFrame:
    """Return a pandas table in which integers of more than 64 bits are texts.

    They are Python integers, which tables of stars cannot hold; as texts they keep all digits, and
    are parsed where numbers are needed.
    """
    for name in table.columns[table.dtypes.map(pd.api.types.is_object_dtype)]:
        table[name] = table[name].map(str, na_action="ignore").astype("str")
    return table


def _with_units(frame: pd.DataFrame, units: list[str]) -> Any:
    from astropy.table import Table
    from astropy.units import Unit

    table = Table.from_pandas(frame)
    for name, unit in zip(frame.columns, units, strict=False):
        if unit and table[name].dtype.kind in "if":
            table[name].unit = Unit(unit, parse_strict="silent")
    return table

"""Recognise the columns of any table by their names, and say which are missing."""

from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from skcluster.schema import NEEDED_STAR_COLUMNS, STAR_COLUMNS, Column

#: What is said of a needed column that is missing.
_EXPLAINED = {
    "bp_rp": " It is BP−RP, not G−RP, and is computed from phot_bp_mean_mag and phot_rp_mean_mag "
    "if these are given."
}


def find_columns(
    columns: Iterable[Any], wanted: Sequence[Column], given: Mapping[Any, str] | None = None
) -> dict[Any, str]:
    """Find columns of a table by their names and synonyms, in upper or lower case.

    Parameters
    ----------
    columns : iterable of str
        The table's columns.
    wanted : sequence of Column
        The columns to look for.
    given : mapping of str to str, optional
        Map from the table's names to those wanted; it takes precedence.

    Returns
    -------
    dict of str to str
        Map from the table's names to those wanted.

    Raises
    ------
    ValueError
        If a column of ``given`` does not exist or its new name is not wanted, or if two columns
        match and neither has the exact name.

    Examples
    --------
    >>> from skcluster.clusters._columns import find_columns
    >>> from skcluster.schema import STAR_COLUMNS
    >>> find_columns(["Gmag", "BP-RP", "Teff"], list(STAR_COLUMNS.values()))
    {'Gmag': 'phot_g_mean_mag', 'BP-RP': 'bp_rp'}
    """
    columns = list(columns)
    names = dict(given or {})
    _check_given(columns, [column.name for column in wanted], names)
    for column in wanted:
        ours = column.name
        if ours in names.values():
            continue
        spellings = {name.lower() for name in (ours, *column.synonyms)}
        same = [c for c in columns if str(c).strip().lower() in spellings and c not in names]
        own = [c for c in same if str(c).strip().lower() == ours]
        same = [ours] if ours in own else own or same
        if len(same) > 1:
            raise ValueError(
                f"The columns {' and '.join(map(repr, same))} all match {ours!r}; choose one: "
                f"{{{same[0]!r}: {ours!r}}}."
            )
        names.update(dict.fromkeys(same, ours))
    return names


def _check_given(columns: list[Any], wanted: list[str], given: dict[Any, str]) -> None:
    for theirs, ours in given.items():
        if theirs not in columns:
            is_turned = theirs in wanted and ours in columns
            turned = " (the map goes from the table's names to ours)" if is_turned else ""
            raise ValueError(
                f"There is no column {theirs!r} to be used as {ours!r}{turned}; there are: "
                f"{', '.join(map(str, columns))}."
            )
        if ours not in wanted:
            raise ValueError(
                f"The column {theirs!r} cannot be used as {ours!r}, only as one of: "
                f"{', '.join(wanted)}."
            )
        if list(given.values()).count(ours) > 1:
            both = " and ".join(repr(name) for name in given if given[name] == ours)
            raise ValueError(f"The columns {both} cannot both be used as {ours!r}.")


def missing_column(what: str, column: Column, columns: Iterable[Any]) -> str:
    """Return the message that "stars" or "labels" lack a column, and how to name another."""
    names = dict.fromkeys((column.name, *column.synonyms))
    new = f"{{'its name': {column.name!r}}}"
    cure = (
        f"read_clusters(…, label_columns={new}) renames it"
        if what == "labels"
        else f"as_clusters(table, columns={new}), the same argument of read_clusters, or "
        f"--columns 'its name={column.name}' on the command line renames it"
    )
    return (
        f"The {what} have no column {column.name!r} (looked for {', '.join(names)}, in upper and "
        f"lower case).{_EXPLAINED.get(column.name, '')} If it has another name, {cure}. "
        f"There are: {', '.join(map(str, columns))}."
    )


def rename_columns(frame: pd.DataFrame, names: Mapping[Any, str]) -> pd.DataFrame:
    """Return a frame with columns renamed; others that already have a new name are dropped."""
    changed = {theirs: ours for theirs, ours in names.items() if theirs != ours}
    replaced = [c for c in changed.values() if c in frame.columns and c not in changed]
    return frame.drop(columns=replaced).rename(columns=changed) if changed else frame


def check_needed(stars: Container[Any], columns: Iterable[Any]) -> None:
    """Refuse stars that lack a needed column; the message lists the table's own columns.

    Raises
    ------
    ValueError
        If a column is missing.
    """
    for name in NEEDED_STAR_COLUMNS:
        if name not in stars:
            raise ValueError(missing_column("stars", STAR_COLUMNS[name], columns))

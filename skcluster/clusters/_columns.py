"""Find known columns by their names in catalogues."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from skcluster.clusters._raw import column_names
from skcluster.schema import Column

#: What is said of a needed column that is missing.
_EXPLAINED = {
    "bp_rp": " It is BP−RP, not G−RP, and is computed from phot_bp_mean_mag and phot_rp_mean_mag "
    "if these are given."
}


def find_columns(
    there: Iterable[Any],
    known: Sequence[Column],
    given: Mapping[str, str] | None = None,
) -> dict[Any, str]:
    """Find the known columns of a table by their names and synonyms.

    Parameters
    ----------
    there : iterable of str
        The table's columns.
    known : sequence of skcluster.schema.Column
        The columns to look for, by name and synonyms, in upper or lower case.
    given : mapping of str to str, optional
        Map from the table's names to those of ``known``; it takes precedence.

    Returns
    -------
    dict of str to str
        Map from the table's names to those of ``known``.

    Raises
    ------
    ValueError
        If a column of ``given`` does not exist or its new name is not known, or if two columns
        match and neither has the exact name.

    Examples
    --------
    >>> from skcluster.clusters import find_columns
    >>> from skcluster.schema import STAR_COLUMNS
    >>> find_columns(["Gmag", "BP-RP", "Teff"], list(STAR_COLUMNS.values()))
    {'Gmag': 'phot_g_mean_mag', 'BP-RP': 'bp_rp'}
    """
    columns = list(there)
    found = _check_given(columns, [column.name for column in known], dict(given or {}))
    for column in known:
        ours = column.name
        if ours in found.values():
            continue
        wanted = {name.lower() for name in (ours, *column.synonyms)}
        same = [c for c in columns if str(c).strip().lower() in wanted and c not in found]
        own = [c for c in same if str(c).strip().lower() == ours]
        same = [ours] if ours in own else own or same
        if len(same) > 1:
            raise ValueError(
                f"The columns {' and '.join(map(repr, same))} all match {ours!r}; choose one: "
                f"{{{same[0]!r}: {ours!r}}}."
            )
        found.update(dict.fromkeys(same, ours))
    return found


def _check_given(columns: list[Any], known: list[str], given: dict[Any, str]) -> dict[Any, str]:
    for theirs, ours in given.items():
        if theirs not in columns:
            is_turned = theirs in known and ours in columns
            turned = " (the map goes from the table's names to ours)" if is_turned else ""
            raise ValueError(
                f"There is no column {theirs!r} to be used as {ours!r}{turned}; there are: "
                f"{', '.join(map(str, columns))}."
            )
        if ours not in known:
            raise ValueError(
                f"The column {theirs!r} cannot be used as {ours!r}, only as one of: "
                f"{', '.join(known)}."
            )
        if list(given.values()).count(ours) > 1:
            both = " and ".join(repr(name) for name in given if given[name] == ours)
            raise ValueError(f"The columns {both} cannot both be used as {ours!r}.")
    return dict(given)


def rename_columns(table: Any, names: Mapping[Any, str]) -> Any:
    """Return a copy of a table with columns renamed.

    A column that already has a new name and is not itself renamed is replaced, as in an
    assignment.

    Parameters
    ----------
    table : DataFrame or astropy Table
        The table.
    names : mapping of str to str
        Map from its names to the new ones.

    Returns
    -------
    DataFrame or astropy Table
        The table with the new names.
    """
    changed = {theirs: ours for theirs, ours in names.items() if theirs != ours}
    if not changed:
        return table
    columns = column_names(table)
    replaced = [c for c in changed.values() if c in columns and c not in changed]
    if isinstance(table, pd.DataFrame):
        return table.drop(columns=replaced).rename(columns=changed)
    table = table.copy(copy_data=False)
    table.remove_columns(replaced)
    table.rename_columns(tuple(changed), tuple(changed.values()))
    return table


def missing_column(what: str, column: Column, there: Iterable[Any]) -> str:
    """Return the message about a needed column that was not found.

    Parameters
    ----------
    what : str
        The rows of the table, such as "stars".
    column : skcluster.schema.Column
        The needed column.
    there : iterable of str
        The table's columns.

    Returns
    -------
    str
        The message, with the names that were looked for and how to give another.
    """
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
        f"There are: {', '.join(map(str, there))}."
    )

"""The names under which catalogues keep the columns that skcluster knows."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd

from skcluster._utils.tables import column_names
from skcluster.schema import Column


def find_columns(
    there: Iterable[Any],
    known: Sequence[Column],
    given: Mapping[str, str] | None = None,
) -> dict[Any, str]:
    """Find the columns of a table that are known, under whatever name.

    Parameters
    ----------
    there : iterable of str
        The table's columns.
    known : sequence of skcluster.schema.Column
        The columns to look for, under their own names and their synonyms, in any case.
    given : mapping of str to str, optional
        The user's map from the table's names to ours; it comes first.

    Returns
    -------
    dict of str to str
        The table's names to ours.

    Raises
    ------
    ValueError
        If a column of ``given`` is not there or its new name is not known, or two columns could
        be meant and neither has our own name, in whatever case.

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
                f"The columns {' and '.join(map(repr, same))} may all be {ours!r}; say which is: "
                f"{{{same[0]!r}: {ours!r}}}."
            )
        found.update(dict.fromkeys(same, ours))
    return found


def _check_given(columns: list[Any], known: list[str], given: dict[Any, str]) -> dict[Any, str]:
    for theirs, ours in given.items():
        if theirs not in columns:
            turned = " (the map goes from the table's names to ours)" if ours in columns else ""
            raise ValueError(
                f"There is no column {theirs!r} to be taken for {ours!r}{turned}; there are: "
                f"{', '.join(map(str, columns))}."
            )
        if ours not in known:
            raise ValueError(
                f"The column {theirs!r} cannot be taken for {ours!r}, only for one of: "
                f"{', '.join(known)}."
            )
        if list(given.values()).count(ours) > 1:
            both = " and ".join(repr(name) for name in given if given[name] == ours)
            raise ValueError(f"The columns {both} cannot both be taken for {ours!r}.")
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
        Its names to the new ones.
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
    """Return the message about a needed column that was not found."""
    names = dict.fromkeys((column.name, *column.synonyms))
    return (
        f"The {what} have no column {column.name!r} (looked for {', '.join(names)}, in upper and "
        f"lower case). If it has another name, say so: columns={{'its name': {column.name!r}}}, "
        f"or on the console --columns 'its name={column.name}'. There are: "
        f"{', '.join(map(str, there))}."
    )

"""Recognise the columns of any table by their names, and say which are missing.

What is noticed while tables are read is collected in `Notes`, so that it is said once for all.
"""

import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import lru_cache
from typing import Any

import pandas as pd

from skcluster._utils.messages import some_names, warn_caller
from skcluster.clusters._stars import STARS
from skcluster.schema import NEEDED_STAR_COLUMNS, STAR_COLUMNS, Column

#: Names in other surveys, or of absolute magnitudes, that resemble those of a magnitude of Gaia.
_ALIKE = {
    "phot_g_mean_mag": ("g", "gmag", "gg", "gaiag", "ggaia", "mag", "magg"),
    "phot_bp_mean_mag": ("bp", "bpmag", "bmag"),
    "phot_rp_mean_mag": ("rp", "rpmag", "rmag"),
}
#: Bands of SDSS and Pan-STARRS: in a table with them, GMAG is one of them.
_OTHER_BANDS = {"UMAG", "RMAG", "IMAG", "ZMAG", "YMAG"}
#: Probabilities of the Gaia archive that are not those of membership.
_OF_CLASSES = re.compile("classprob|varprob|probbinary")
#: Least similarity of a name that may be meant.
_SIMILAR = 0.75
#: The magnitudes whose difference is the colour.
BP_RP = ("phot_bp_mean_mag", "phot_rp_mean_mag")
#: Columns without which estimates are made, but less exact ones.
OPTIONAL = ("probability", "parallax", "parallax_error")
#: What is said of a needed column that is missing.
_EXPLAINED = {
    "bp_rp": " It is BP−RP, not G−RP, and is computed from phot_bp_mean_mag and phot_rp_mean_mag "
    "if these are given."
}
#: What is said of a column of stars that are not nested as expected.
_NESTED = (
    f" Nested stars are a column {STARS!r} of lists of structures with a field phot_g_mean_mag, "
    "bp_rp …, or of structures of lists of equal lengths; all other tables have a row per star."
)


@dataclass
class Notes:
    """Notes on the columns of some tables of stars, which are said once for all."""

    n_tables: int = 0
    on_columns: dict[str, None] = field(default_factory=dict)
    missed: dict[str, tuple[int, dict[str, None]]] = field(default_factory=dict)

    def add_table(self, recognised: Iterable[str], others: tuple[Any, ...]) -> None:
        """Add a table by our names of its columns, and by its other columns."""
        self.n_tables += 1
        for name in set(OPTIONAL).difference(recognised):
            number, names = self.missed.get(name, (0, {}))
            nearest = map(str, nearest_names(others, STAR_COLUMNS[name]))
            self.missed[name] = number + 1, names | dict.fromkeys(nearest)

    def keep(self, column: Any, reason: str) -> None:
        """Note that a column is kept as it is."""
        text = f"The column {column!r} is kept as it is, and not used: {reason.rstrip('.')}"
        self.on_columns[text] = None

    def warn(self) -> None:
        """Issue a warning for each kind of note."""
        if self.on_columns:
            warn_caller(f"{'; '.join(self.on_columns)}.")
        self._warn_of_missed()

    def _warn_of_missed(self) -> None:
        near = {name: self.missed[name] for name in OPTIONAL if name in self.missed}
        if not any(names for _, names in near.values()):
            return
        parts = []
        for name, (number, names) in near.items():
            tables = f" in {number} of {self.n_tables} tables" if self.n_tables > 1 else ""
            nearest = f" (nearest names: {some_names(names)})" if names else ""
            parts.append(f"{name}{tables}{nearest}")
        first = next(name for name, (_, names) in near.items() if names)
        theirs = next(iter(near[first][1]))
        warn_caller(
            f"Not found among the columns, and not used: {', '.join(parts)}; a column of another "
            f"name is used with columns={{{theirs!r}: {first!r}}}, or --columns {theirs}={first}."
        )


def find_columns(
    columns: Iterable[Any],
    wanted: Sequence[Column],
    given: Mapping[Any, str] | None = None,
    notes: Notes | None = None,
) -> dict[Any, str]:
    """Return which columns of a table are wanted ones, by their names and synonyms, in any case.

    The map goes from the table's names to ours; so does ``given``, which takes precedence. An error
    is raised if two columns match one that estimates depend on, and neither has its exact name.
    """
    columns = list(columns)
    names = dict(given or {})
    _check_given(columns, [column.name for column in wanted], names)
    for column in wanted:
        ours = column.name
        if ours in names.values():
            continue
        same = list(_matching(tuple(c for c in columns if c not in names), column))
        if len(same) > 1 and not column.carried:
            raise ValueError(
                f"The columns {' and '.join(map(repr, same))} all match {ours!r}; choose one: "
                f"{{{same[0]!r}: {ours!r}}}."
            )
        if len(same) > 1:
            same = _preferred(same, column, notes)
        names.update(dict.fromkeys(same, ours))
    return names


# Many tables have the same columns.
@lru_cache(1024)
def _matching(names: tuple[Any, ...], column: Column) -> Sequence[Any]:
    """Return the columns whose names match best."""
    columns = {name: str(name).strip() for name in names}
    ours, lower = column.name, {name: str(name).strip().lower() for name in names}
    capitals = column.exact if _is_in_capitals(columns.values()) else ()
    spelt = {name.lower() for name in (*capitals, *column.synonyms)}
    for same in (
        [c for c in columns if columns[c] == ours],
        [c for c in columns if lower[c] == ours],
        [c for c in columns if columns[c] in (*column.exact, *column.synonyms)],
        [c for c in columns if lower[c] in spelt],
    ):
        if same:
            return same
    # Names of programs, and of tables that were matched with others, are the last resort: which of
    # several is meant is not asked, because the table was not necessarily made with them.
    unnumbered = {c: text[:-2] for c, text in columns.items() if _is_alone(text, lower)}
    others = [c for c in columns if folded(columns[c]) in map(folded, column.others)]
    others += [
        c
        for c, text in unnumbered.items()
        if text in column.exact or text.lower() in {ours, *(n.lower() for n in column.synonyms)}
    ]
    return others if len(others) == 1 else []


def _is_alone(name: str, lower: Mapping[Any, str]) -> bool:
    """Return whether a name ends as those that TOPCAT numbers, and the other table's is gone."""
    return name.endswith("_1") and f"{name[:-2]}_2".lower() not in lower.values()


def _is_in_capitals(names: Iterable[str]) -> bool:
    """Return whether a table is in capitals throughout, and has no bands of other surveys."""
    names = list(names)
    return all(n == n.upper() for n in names) and not _OTHER_BANDS.intersection(names)


def _preferred(same: list[Any], column: Column, notes: Notes | None) -> list[Any]:
    """Choose the one of several columns whose name comes first in the schema."""
    order = [name.lower() for name in column.names]
    chosen = min(same, key=lambda name: order.index(str(name).strip().lower()))
    if notes is not None:
        text = f"Of the columns {' and '.join(map(repr, same))}, {chosen!r} is taken as"
        notes.on_columns[f"{text} {column.name!r}"] = None
    return [chosen]


def folded(name: Any) -> str:
    """Return a name in small letters, without signs."""
    return re.sub(r"[\W_]+", "", str(name).lower())


# Many tables have the same columns.
@lru_cache
def nearest_names(columns: tuple[Any, ...], column: Column) -> tuple[Any, ...]:
    """Return names that are similar to those of a column, or contain one."""
    of_column = [name for name in map(folded, (*column.names, *column.others)) if len(name) > 2]
    scores = {}
    for name in columns:
        text = folded(name)
        if not text or _OF_CLASSES.match(text):
            continue
        ratios = [SequenceMatcher(None, text, one).ratio() for one in of_column]
        contained = [len(one) / len(text) for one in of_column if one in text]
        if max(ratios) >= _SIMILAR or contained:
            scores[name] = max(*ratios, *contained)
    return tuple(sorted(scores, key=lambda name: -scores[name])[:3])


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
    columns = tuple(columns)
    new = f"{{'its name': {column.name!r}}}"
    explained = _NESTED if STARS in columns else _EXPLAINED.get(column.name, "")
    cure = (
        f"read_clusters(…, label_columns={new}) renames it"
        if what == "labels"
        else f"--columns 'its name={column.name}' on the command line, or columns={new} of "
        "as_clusters and read_clusters, renames it"
    )
    alike = [c for c in columns if folded(c) in _ALIKE.get(column.name, ())]
    near = alike or [c for c in nearest_names(columns, column) if str(c) not in STAR_COLUMNS]
    meant = ""
    if near:
        pair = f"{{{near[0]!r}: {column.name!r}}}"
        if what != "labels":
            pair = f"--columns {shlex.quote(f'{near[0]}={column.name}')} or columns={pair}"
        why = ", not taken because other surveys name other bands like this" if alike else ""
        meant = (
            f" The nearest {'name is' if len(near) == 1 else 'names are'} {some_names(near)}{why}; "
            f"if {near[0]!r} is meant, {pair}."
        )
    return (
        f"The {what} have no column {column.name!r} (looked for {', '.join(column.names)}, in "
        f"upper and lower case).{explained} If it has another name, {cure}."
        f"{meant} There are: {', '.join(map(str, columns))}."
    )


def rename_columns(frame: pd.DataFrame, names: Mapping[Any, str]) -> pd.DataFrame:
    """Return a frame with columns renamed; others that already have a new name are dropped."""
    changed = {theirs: ours for theirs, ours in names.items() if theirs != ours}
    replaced = [c for c in changed.values() if c in frame.columns and c not in changed]
    return frame.drop(columns=replaced).rename(columns=changed) if changed else frame


def check_needed(stars: Any, columns: Iterable[Any]) -> None:
    """Refuse stars, a DataFrame or Stars, that lack a needed column of the table's ``columns``."""
    for name in NEEDED_STAR_COLUMNS:
        if name not in stars and not (name == "bp_rp" and all(band in stars for band in BP_RP)):
            raise ValueError(missing_column("stars", STAR_COLUMNS[name], columns))

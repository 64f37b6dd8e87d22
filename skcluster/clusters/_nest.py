"""Make clusters of tables: typed stars under our names, nested, with complete values.

Each table becomes plain numbers under the names of the Gaia archive (`star_frame`), nested by
cluster. Lists are completed (`completed`) once all tables are together, so that the same stars give
the same clusters however they are divided: markers of missing values, such as -999, are recognised
because several stars share them (`find_markers`); a list in per cent because its probabilities are;
and a colour that is missing is the difference of the star's magnitudes. Ranges are checked after
that (`as_clusters`).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from nested_pandas import NestedFrame

from skcluster._utils.messages import counted_stars
from skcluster._utils.typing import BoolArray, FloatArray, IntArray
from skcluster.clusters._columns import (
    BP_RP,
    OPTIONAL,
    Notes,
    check_needed,
    find_columns,
    nearest_names,
    rename_columns,
)
from skcluster.clusters._stars import STARS, Stars, clusters_from_flat, joined, stars_of, with_stars
from skcluster.clusters._tables import (
    Marker,
    as_table,
    as_texts,
    find_markers,
    index_as_columns,
    is_table,
    shared_markers,
    to_frame,
    to_numbers,
)
from skcluster.schema import CLUSTER, STAR_COLUMNS

#: The columns of a star, and that of its cluster under its own name only.
_OF_STARS = (replace(CLUSTER, synonyms=()), *STAR_COLUMNS.values())
#: A column with nearly as many names as rows names stars: their least number, and share of names.
_FEWEST_ROWS, _NEARLY_ALL = 10, 0.9


def with_names_as_index(X: NestedFrame, given: Mapping[str, str]) -> NestedFrame:
    """Return nested stars with the cluster's name as index, which files keep as a column."""
    others = [c for c in X.columns if c != STARS]
    of_clusters = {n: o for n, o in given.items() if o == CLUSTER.name}
    index_column = replace(CLUSTER, synonyms=(*CLUSTER.synonyms, "__index_level_0__"))
    for column in find_columns(others, [index_column], of_clusters) if X.index.name is None else ():
        index = X[column] if pd.api.types.is_numeric_dtype(X[column]) else X[column].astype(str)
        name = None if column == "__index_level_0__" else CLUSTER.name
        others.remove(column)
        X = X[[*others, STARS]].set_index(pd.Index(index.to_numpy(), name=name))
    return X


def with_our_names(
    X: NestedFrame, given: Mapping[str, str], notes: Notes | None = None
) -> NestedFrame:
    """Return clusters with the Gaia archive's star columns; the same object if nothing changes."""
    stars = stars_of(X)
    names = find_columns(stars.columns, list(STAR_COLUMNS.values()), given, notes)
    texts = [theirs for theirs in names if stars[theirs].dtype.kind not in "fiu"]
    for theirs in texts:
        column = STAR_COLUMNS[names[theirs]]
        if column.kind != "number" or theirs in given:
            continue
        if is_dispensable(column.name, theirs, names.values()):
            del names[theirs]
            if notes is not None:
                notes.keep(theirs, f"{column.name} is not a number")
    if all(theirs == ours for theirs, ours in names.items()):
        return X
    return with_stars(X, stars.rename(names))


def clusters_of_table(
    table: Any, given: Mapping[Any, str], cluster: str | None, otherwise: str, notes: Notes
) -> tuple[NestedFrame, Any | None]:
    """Make clusters, not checked yet, of one table with a row per star; return the column of names.

    ``given`` maps other names in the table to those of the Gaia archive and to ``"cluster"``. All
    stars belong to ``cluster`` if it is given, whatever the columns; to ``otherwise`` if no column
    names the clusters, and the column is then None.
    """
    if len(table) == 0:
        raise ValueError("The table of stars is empty.")
    frame, units = to_frame(index_as_columns(table))
    of_cluster = {theirs: ours for theirs, ours in given.items() if ours == CLUSTER.name}
    try:
        column = next(iter(find_columns(frame.columns, [CLUSTER], of_cluster)), None)
    except ValueError:  # several; which one does not matter if the cluster has a name
        if cluster is None or of_cluster:
            raise
        column = None
    if column is None or cluster is not None:
        name = cluster or otherwise
        stars = star_frame(frame, units, given, lambda row: name, notes)
        check_needed(stars, frame.columns)
        stars = stars.drop(columns=CLUSTER.name, errors="ignore")
        return _nested(stars, [0, len(stars)], pd.Index([name], name=CLUSTER.name)), column
    names = _cluster_names(frame[column])
    codes, clusters = pd.factorize(names)
    stars = star_frame(frame, units, given, names.iloc.__getitem__, notes).drop(columns=column)
    check_needed(stars, frame.columns)
    if not of_cluster:
        _refuse_names_of_stars(column, len(clusters), len(names))
    if (np.diff(codes) < 0).any():
        order = np.argsort(codes, kind="stable")
        stars, codes = stars.iloc[order], codes[order]
    offsets = np.searchsorted(codes, np.arange(len(clusters) + 1))
    return _nested(stars, offsets, pd.Index(clusters, name=column)), column


def are_names_of_stars(n_names: int, n_rows: int) -> bool:
    """Return whether a column with that many different names seems to name stars."""
    return n_rows >= _FEWEST_ROWS and n_names > _NEARLY_ALL * n_rows


def _refuse_names_of_stars(column: Any, n_names: int, n_rows: int) -> None:
    if are_names_of_stars(n_names, n_rows):
        raise ValueError(
            f"The column {column!r} has {n_names} names in {n_rows} rows: it seems to name stars, "
            "not clusters. If all stars belong to one cluster, --cluster NAME or cluster='…' names "
            "it; if another column, or this one, names the clusters, --cluster-column or "
            "cluster_column= selects it."
        )


def _cluster_names(labels: pd.Series) -> pd.Series:
    """Return the name of each star's cluster; each star needs one."""
    missing = labels.isna()
    if not pd.api.types.is_numeric_dtype(labels):
        labels = as_texts(labels)
        missing |= labels == ""
    if missing.any():
        raise ValueError(
            f"{counted_stars(missing.sum(), 'has', 'have')} no cluster name (column "
            f"{labels.name!r}, first in row {np.argmax(missing)}); every star needs one."
        )
    return labels


def clusters_of_tables(
    tables: list[Any], index: pd.Index, given: Mapping[str, str], notes: Notes
) -> NestedFrame:
    """Make clusters, not checked yet, of a table per cluster."""
    if not tables:
        raise ValueError("There is no table to make clusters from.")
    for name, table in zip(index, tables, strict=True):
        if not is_table(table):
            raise TypeError(
                f"The stars of cluster {name!r} must be a DataFrame or an astropy Table, not "
                f"{type(table).__name__}."
            )
    frames = [to_frame(as_table(table)) for table in tables]
    # A given column may be missing in some tables, but not in all.
    nowhere = given.keys() - {name for frame, _ in frames for name in frame.columns}
    stars = []
    for name, (frame, units) in zip(index, frames, strict=True):
        own = {n: ours for n, ours in given.items() if n in nowhere or n in frame}
        stars.append(star_frame(frame, units, own, partial(_same, name), notes))
    offsets = np.concatenate([[0], np.cumsum([len(frame) for frame in stars])])
    filled = [frame for frame in stars if len(frame)]
    if not filled:
        raise ValueError("No table has a star.")
    parts = [{str(n): column.array for n, column in frame.items()} for frame in filled]
    return clusters_from_flat(joined(parts), offsets, index)


def _same(name: Any, row: int) -> Any:
    return name


def _nested(stars: pd.DataFrame, offsets: Any, index: pd.Index) -> NestedFrame:
    return clusters_from_flat({str(n): c.array for n, c in stars.items()}, offsets, index)


def star_frame(
    frame: pd.DataFrame,
    units: Mapping[Any, Any],
    given: Mapping[Any, str],
    cluster_of: Callable[[int], Any],
    notes: Notes,
) -> pd.DataFrame:
    """Return stars with plain numbers under the names of the Gaia archive, in its units.

    ``cluster_of`` returns the name of the cluster of a row by its position, for messages. A value
    that is not a number is an error, if its column is needed.
    """
    names = find_columns(frame.columns, _OF_STARS, given, notes)
    names = {theirs: ours for theirs, ours in names.items() if ours != CLUSTER.name}
    numbers: dict[str, FloatArray] = {}
    unread: dict[Any, str] = {}
    waiting = [theirs for theirs, ours in names.items() if STAR_COLUMNS[ours].kind == "number"]
    while waiting:
        theirs = waiting.pop()
        ours = names[theirs]
        try:
            numbers[ours] = to_numbers(
                frame[theirs].rename(ours),
                STAR_COLUMNS[ours],
                units.get(theirs),
                lambda row: f"cluster {cluster_of(row)!r} has a star with",
            )
        except ValueError as error:
            if theirs in given or not is_dispensable(ours, theirs, names.values()):
                raise
            unread[theirs] = str(error)
            del names[theirs]
            if theirs != ours:
                rest = [c for c in frame.columns if c not in unread and c not in names]
                instead = find_columns(rest, [STAR_COLUMNS[ours]], None, notes)
                names.update(instead)
                waiting += instead
    stars = rename_columns(frame, {**names, **_kept(frame, units, unread, notes)}).copy(deep=False)
    for ours, values in numbers.items():
        stars[ours] = values
    missed = set(OPTIONAL).difference(names.values())
    others = tuple(c for c in frame.columns if c not in names)
    nearest = {name: nearest_names(others, STAR_COLUMNS[name]) for name in missed}
    notes.add_table(names.values(), nearest)
    return stars


def _kept(
    frame: pd.DataFrame, units: Mapping[Any, Any], unread: Mapping[Any, str], notes: Notes
) -> dict[Any, str]:
    """Note columns that are kept, and return new names for those that must not be taken as ours.

    Numbers in a unit that cannot be converted would be taken as numbers in ours.
    """
    for theirs, reason in unread.items():
        notes.keep(theirs, reason)
    are_numbers = [c for c in unread if pd.api.types.is_numeric_dtype(frame[c])]
    return {c: f"{c} [{units.get(c)}]" for c in are_numbers}


def is_dispensable(ours: str, theirs: Any, columns: Iterable[Any]) -> bool:
    """Return whether estimates are made without a column, such as BP and RP beside the colour."""
    return STAR_COLUMNS[ours].carried or (ours in BP_RP and ours != theirs and "bp_rp" in columns)


def completed(
    stars: Stars,
    notes: Notes,
    *,
    are_tables: bool = False,
    markers: Mapping[Marker, IntArray] | None = None,
    shared: set[Marker] | None = None,
) -> Stars:
    """Return stars with missing values for markers, fractions for percentages, and colours.

    They are the very same object if nothing changes; what does is noted. ``are_tables`` says
    whether each cluster is a table of its own; ``markers`` is what `find_markers` returned, if it
    was called already, and ``shared`` those that several stars share, here or in other tables.
    """
    markers = find_markers(stars) if markers is None else markers
    shared = shared_markers([markers]) if shared is None else shared
    notes.n_stars += len(stars)
    stars = _without_markers(stars, {m: p for m, p in markers.items() if m in shared}, notes)
    return _with_fractions(_with_colours(stars), are_tables, notes)


def _without_markers(stars: Stars, markers: Mapping[Marker, IntArray], notes: Notes) -> Stars:
    if not markers:
        return stars
    given = stars
    blank: dict[str, BoolArray] = {}
    for (names, text), positions in markers.items():
        notes.markers[f"{' = '.join(names)} = {text}"] += len(positions)
        for name in names:
            blank.setdefault(name, np.zeros(len(stars), dtype=bool))[positions] = True
    notes.n_marked += int(np.count_nonzero(np.any(list(blank.values()), axis=0)))
    colour = _of_marked_bands(given, blank)
    if colour is not None:
        blank["bp_rp"] = blank.get("bp_rp", colour) | colour
    for name, rows in blank.items():
        stars = stars.with_column(name, _with_gaps(stars[name], rows))
    return stars


def _of_marked_bands(stars: Stars, blank: Mapping[str, BoolArray]) -> BoolArray | None:
    """Return the colours that are differences of markers, such as 0 for BP = RP = 99."""
    if "bp_rp" not in stars or not set(BP_RP) & blank.keys() or not _have_numbers(stars, BP_RP):
        return None
    bp, rp = (stars[name].astype(np.float64) for name in BP_RP)
    rows = np.any([blank[name] for name in BP_RP if name in blank], axis=0)
    given = stars["bp_rp"].astype(np.float64)
    difference: BoolArray = rows & np.isclose(given, bp - rp, rtol=1e-5, atol=1e-2)
    return difference


def _with_gaps(values: npt.NDArray[Any], rows: BoolArray) -> FloatArray:
    kind = values.dtype if values.dtype.kind == "f" else np.dtype(np.float64)
    filled: FloatArray = np.where(rows, kind.type(np.nan), values.astype(kind, copy=False))
    return filled


def _have_numbers(stars: Stars, names: Iterable[str]) -> bool:
    return all(name in stars and stars[name].dtype.kind in "fiu" for name in names)


def _with_colours(stars: Stars) -> Stars:
    """Return stars with BP−RP computed for those whose colour is missing."""
    if not _have_numbers(stars, BP_RP):
        return stars
    if "bp_rp" not in stars:
        return stars.with_column("bp_rp", stars[BP_RP[0]] - stars[BP_RP[1]])
    colour = stars["bp_rp"]
    if colour.dtype.kind != "f":
        return stars
    missing = np.flatnonzero(np.isnan(colour))
    if not len(missing):
        return stars
    computed = stars[BP_RP[0]][missing] - stars[BP_RP[1]][missing]
    if np.isnan(computed).all():
        return stars
    filled = colour.astype(np.result_type(colour, computed))
    filled[missing] = computed
    return stars.with_column("bp_rp", filled)


def _with_fractions(stars: Stars, are_tables: bool, notes: Notes) -> Stars:
    """Return stars with fractions as probabilities in the lists that are in per cent.

    A list with a probability above 1 is, if its table is: others of the table may be fractions.
    """
    if not _have_numbers(stars, ["probability"]) or not len(stars):
        return stars
    values = stars["probability"]
    if not np.fmax.reduce(values) > 1:
        return stars
    filled = np.flatnonzero(stars.counts)
    first = stars.offsets[filled]
    low, high = (extreme.reduceat(values, first) for extreme in (np.fmin, np.fmax))
    rows = filled[(low >= 0) & (high > 1) & (high <= 100)].tolist()
    lists = {i: values[slice(*stars.offsets[i : i + 2])].astype(np.float64) for i in rows}
    lists = {i: one[np.isfinite(one)] for i, one in lists.items()}
    if are_tables:
        in_percent = {i: one for i, one in lists.items() if _are_percentages([one], len(one))}
    else:
        in_percent = lists if _are_percentages(lists.values(), np.isfinite(values).sum()) else {}
    # Fractions with a wrong value among them are refused, not divided.
    in_percent = {i: one for i, one in in_percent.items() if np.mean(one > 1) >= 0.5}
    if not in_percent:
        return stars
    fractions = values.astype(values.dtype if values.dtype.kind == "f" else np.float64)
    for i, one in in_percent.items():
        fractions[slice(*stars.offsets[i : i + 2])] /= 100
        notes.percentages.append((len(one), float(one.min()), float(one.max())))
    return stars.with_column("probability", fractions)


def _are_percentages(lists: Iterable[FloatArray], n_in_table: int) -> bool:
    """Return whether the lists of a table with probabilities above 1 are in per cent."""
    values = np.concatenate([np.empty(0), *lists])
    above = np.count_nonzero(values > 1)
    # One value above 1 is an error; percentages are nearly all above 1.
    return bool(
        (above > 1 or above == n_in_table == 1)
        and 10 < values.max() <= 100
        and np.median(values) > 1
    )

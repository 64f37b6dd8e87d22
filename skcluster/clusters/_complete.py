"""Values of stars that mean something else than they say: markers, percentages, blank colours.

Lists are completed once all tables are together, so that the same stars give the same clusters
however they are divided: markers of missing values, such as -999, are recognised because several
stars share them (`find_markers`); a list in per cent because its probabilities are; and a colour
that is missing is the difference of the star's magnitudes (`completed`).
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from skcluster._utils.typing import BoolArray, FloatArray, IntArray
from skcluster.clusters._columns import BP_RP
from skcluster.clusters._notes import Notes
from skcluster.clusters._stars import Stars
from skcluster.schema import STAR_COLUMNS, Column

#: Columns and the text of a marker in them.
Marker: TypeAlias = tuple[tuple[str, ...], str]

#: No list has several stars of magnitude 0.
_MAGNITUDES = ("phot_g_mean_mag", *BP_RP)
#: Zero in both columns is the missing value of tables that know no other.
_ZERO_TOGETHER = (("parallax", "parallax_error"), ("ra", "dec"), ("pmra", "pmdec"))
#: Numbers of nines, from which on they are markers also within the range of a column.
_NINES = re.compile(r"9{2,}(\.9+)?")
#: Markers outside of the range of a column.
_MARKERS = re.compile(r"-?(9+(\.9+)?|8{2,}(\.8+)?|3276[78]|2\.147484e\+09)")
#: Numbers beyond this are the fillers of programs.
_HUGE = 1e18
#: Relative distance of a marker within the range from all measured values.
_ISOLATED = 0.1
#: Numbers of a column outside its range, from which on they are no markers.
_MANY = 1000


def find_markers(stars: Stars) -> dict[Marker, IntArray]:
    """Return the positions of stars with values that mark missing ones, if several stars have them.

    Parameters
    ----------
    stars : Stars
        Stars under our names.

    Returns
    -------
    dict of Marker to ndarray of int
        Positions by the columns and the value.
    """
    markers: dict[Marker, IntArray] = {}
    for name, column in STAR_COLUMNS.items():
        if name not in stars or column.kind != "number" or not len(stars):
            continue
        values = stars[name]
        if values.dtype.kind in "fiu":
            for text, positions in marked_values(values, column):
                markers[(name,), text] = positions
    for pair in _ZERO_TOGETHER:
        if all(name in stars and stars[name].dtype.kind in "fiu" for name in pair):
            first, second = (stars[name] for name in pair)
            positions = np.flatnonzero((first == 0) & (second == 0))
            if len(positions):
                markers[pair, "0"] = positions
    return markers


def marked_values(values: npt.NDArray[Any], column: Column) -> list[tuple[str, IntArray]]:
    """Return the values of a column that mark missing ones if several rows have them.

    Parameters
    ----------
    values : ndarray
        Numbers.
    column : Column
        Their definition.

    Returns
    -------
    list of (str, ndarray of int)
        Text and positions of each value.
    """
    size = np.abs(values)
    suspicious = (size >= 99) & ((size < 100) | (size >= 999))
    if column.name in _MAGNITUDES:
        suspicious |= values == 0
    outside = (values < column.low) | (values > column.high)
    if not suspicious.any() and not outside.any():
        return []
    rows = np.flatnonzero((suspicious | outside) & np.isfinite(values))
    different, which = np.unique(values[rows], return_inverse=True)
    if len(different) > _MANY:
        return []
    is_outside = (different < column.low) | (different > column.high)
    own = [_is_marker(v, column, out) for v, out in zip(different, is_outside, strict=True)]
    if not any(own):
        return []
    measured = np.delete(values, rows[np.array(own)[which]])
    return [
        (_text(value), rows[which == i])
        for i, value in enumerate(different)
        if own[i] and _stands_apart(value, is_outside[i], measured, column)
    ]


def _text(value: Any) -> str:
    # As printed in single precision, in which 99.999 is another number.
    return f"{float(value):.7g}"


def _is_marker(value: Any, column: Column, outside: bool) -> bool:
    text = _text(value)
    if value == 0:
        return column.name in _MAGNITUDES
    if outside and ((value == -1 and column.low == 0) or _MARKERS.fullmatch(text)):
        return True
    return abs(value) > _HUGE or _NINES.fullmatch(text.lstrip("-")) is not None


def _stands_apart(value: Any, outside: bool, measured: npt.NDArray[Any], column: Column) -> bool:
    """Return whether a value that looks like a marker is none of the measured ones."""
    if outside:
        # A needed column of nothing else is wrong, not blank, which is an error.
        return column.missing == "keep" or len(measured) > 0
    distance = np.abs(measured.astype(np.float64) - float(value))
    near = _ISOLATED * abs(float(value))
    return not bool((distance < near).any())


def shared_markers(found: Iterable[Mapping[Marker, IntArray]]) -> set[Marker]:
    """Return the markers that several stars share, in all lists together."""
    counts: dict[Marker, int] = {}
    for markers in found:
        for marker, positions in markers.items():
            counts[marker] = counts.get(marker, 0) + len(positions)
    return {marker for marker, number in counts.items() if number > 1}


def completed(
    stars: Stars,
    notes: Notes,
    *,
    are_tables: bool = False,
    markers: Mapping[Marker, IntArray] | None = None,
    shared: set[Marker] | None = None,
) -> Stars:
    """Return stars with missing values for markers, fractions for percentages, and colours.

    Parameters
    ----------
    stars : Stars
        Stars under our names.
    notes : Notes
        Where it is noted what was changed.
    are_tables : bool, default=False
        Whether each cluster is a table of its own.
    markers : dict of Marker to ndarray of int, optional
        What `find_markers` returned, if it was called already.
    shared : set of Marker, optional
        The markers that several stars share, here or in other tables; by default, those here.

    Returns
    -------
    Stars
        The same stars; the very same object if nothing changes.
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

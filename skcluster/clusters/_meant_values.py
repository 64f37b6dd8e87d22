"""What values mean that are not what they seem: markers, missing colours, percentages.

Stars are completed once all tables are together, so that the same stars give the same clusters
however they are divided: markers of missing values, such as -999, are recognised because several
stars share them; a list in per cent because its probabilities are; and a colour that is missing is
the difference of the star's magnitudes. Ranges are checked after that (`as_clusters`).
"""

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from skcluster._utils.messages import warn_caller
from skcluster._utils.typing import BoolArray, FloatArray, IntArray
from skcluster.clusters._columns import BP_RP
from skcluster.clusters._stars import Stars
from skcluster.schema import NEEDED_STAR_COLUMNS, STAR_COLUMNS, Column

#: No list has several stars of magnitude 0.
_MAGNITUDES = ("phot_g_mean_mag", *BP_RP)
#: Zero in both columns is the missing value of tables that know no other.
_ZERO_TOGETHER = (("parallax", "parallax_error"), ("ra", "dec"), ("pmra", "pmdec"))
#: Digits of single precision, in which markers are compared: 99.999 is another number there.
_DIGITS = 7
#: Numbers beyond this are the fillers of programs.
_HUGE = 1e18
#: Relative distance of a marker within the range from all measured values.
_ISOLATED = 0.1


def _of_one_digit(digit: str, least: int) -> FloatArray:
    """Return numbers such as 99.9, with at least so many digits before the point."""
    lengths = [(a, b) for a in range(least, _DIGITS + 1) for b in range(_DIGITS + 1 - a)]
    return np.array([f"{digit * a}.{digit * b}" for a, b in lengths], dtype=np.float32)


#: Absolute values that are markers also within the range of a column.
_NINES = _of_one_digit("9", 2)
#: Those that are markers outside of it: the least integers of 16 and 32 bits, too.
_MARKERS = np.array(
    [*_of_one_digit("9", 1), *_of_one_digit("8", 2), 2**15 - 1, 2**15, 2**31], dtype=np.float32
)


def completed(stars: Stars, tables: IntArray) -> Stars:
    """Return stars with missing values for markers, fractions for percentages, and colours.

    They are the very same object if nothing changes; a warning says what does. ``tables`` holds the
    number of the table of each cluster, in ascending order.
    """
    return _with_fractions(_with_colours(_without_markers(stars)), tables)


def marked_values(values: npt.NDArray[Any], column: Column) -> list[tuple[str, IntArray]]:
    """Return text and rows of the values that mark missing ones, each in several rows."""
    size = np.abs(values)
    suspicious = (size >= 99) & ((size < 100) | (size >= 999))
    suspicious |= (values < column.low) | (values > column.high)
    if column.name in _MAGNITUDES:
        suspicious |= values == 0
    rows = np.flatnonzero(suspicious & np.isfinite(values))
    if not len(rows):
        return []
    with np.errstate(over="ignore"):
        single = values[rows].astype(np.float32)
    different, which, counts = np.unique(single, return_inverse=True, return_counts=True)
    outside = (different < column.low) | (different > column.high)
    size = np.abs(different)
    is_marker = np.isin(size, _NINES) | (size > _HUGE)
    is_marker |= outside & (np.isin(size, _MARKERS) | ((different == -1) & (column.low == 0)))
    is_marker |= (different == 0) & (column.name in _MAGNITUDES)
    measured = np.delete(values, rows[is_marker[which]])
    markers = []
    for i in np.flatnonzero(is_marker & (counts > 1)):
        if _stands_apart(different[i], outside[i], measured, column):
            marked = rows[which == i]
            markers.append((f"{float(values[marked[0]]):.{_DIGITS}g}", marked))
    return markers


def _stands_apart(value: Any, outside: bool, measured: npt.NDArray[Any], column: Column) -> bool:
    """Return whether a value that looks like a marker is none of the measured ones."""
    if outside:
        # A needed column of nothing else is wrong, not blank, which is an error.
        return column.name not in NEEDED_STAR_COLUMNS or len(measured) > 0
    distance = np.abs(measured.astype(np.float64) - float(value))
    return not bool((distance < _ISOLATED * abs(float(value))).any())


def _have_numbers(stars: Stars, names: Iterable[str]) -> bool:
    return all(name in stars and stars[name].dtype.kind in "fiu" for name in names)


def _without_markers(stars: Stars) -> Stars:
    markers: list[tuple[tuple[str, ...], str, IntArray]] = []
    for name, column in STAR_COLUMNS.items():
        if column.kind == "number" and _have_numbers(stars, [name]):
            markers += [((name,), *marked) for marked in marked_values(stars[name], column)]
    for pair in _ZERO_TOGETHER:
        if _have_numbers(stars, pair):
            zero = np.flatnonzero((stars[pair[0]] == 0) & (stars[pair[1]] == 0))
            markers += [(pair, "0", zero)] if len(zero) > 1 else []
    if not markers:
        return stars
    blank: dict[str, BoolArray] = {}
    for names, _, rows in markers:
        for name in names:
            blank.setdefault(name, np.zeros(len(stars), dtype=bool))[rows] = True
    n_marked = np.count_nonzero(np.any(list(blank.values()), axis=0))
    shown = [f"{' = '.join(names)} = {text} ({len(rows)})" for names, text, rows in markers]
    warn_caller(
        f"{n_marked} of {len(stars)} stars have markers of missing values, which several stars "
        f"share and which are taken as missing: {', '.join(shown)}."
    )
    colour = _of_marked_bands(stars, blank)
    if colour is not None:
        blank["bp_rp"] = blank.get("bp_rp", colour) | colour
    for name, missing in blank.items():
        values = stars[name]
        kind = values.dtype if values.dtype.kind == "f" else np.dtype(np.float64)
        stars = stars.with_column(name, np.where(missing, kind.type(np.nan), values.astype(kind)))
    return stars


def _of_marked_bands(stars: Stars, blank: dict[str, BoolArray]) -> BoolArray | None:
    """Return the colours that are differences of markers, such as 0 for BP = RP = 99."""
    if "bp_rp" not in stars or not set(BP_RP) & blank.keys() or not _have_numbers(stars, BP_RP):
        return None
    bp, rp = (stars[name].astype(np.float64) for name in BP_RP)
    rows = np.any([blank[name] for name in BP_RP if name in blank], axis=0)
    given = stars["bp_rp"].astype(np.float64)
    difference: BoolArray = rows & np.isclose(given, bp - rp, rtol=1e-5, atol=1e-2)
    return difference


def _with_colours(stars: Stars) -> Stars:
    """Return stars with BP−RP computed for those whose colour is missing."""
    if not _have_numbers(stars, BP_RP):
        return stars
    colour = stars[BP_RP[0]] - stars[BP_RP[1]]
    if "bp_rp" in stars:
        given = stars["bp_rp"]
        if given.dtype.kind != "f" or not (np.isnan(given) & ~np.isnan(colour)).any():
            return stars
        colour = np.where(np.isnan(given), colour, given)
    return stars.with_column("bp_rp", colour)


def _with_fractions(stars: Stars, tables: IntArray) -> Stars:
    """Return stars with fractions as probabilities in the lists that are in per cent.

    A list with a probability above 1 is, if its table is: others of the table may be fractions.
    """
    if not _have_numbers(stars, ["probability"]) or not (stars["probability"] > 1).any():
        return stars
    values = stars["probability"]
    filled = np.flatnonzero(stars.counts)
    first = stars.offsets[filled]
    low, high = (extreme.reduceat(values, first) for extreme in (np.fmin, np.fmax))
    above = filled[(low >= 0) & (high > 1) & (high <= 100)]
    n_in_table = np.bincount(tables[stars.cluster], np.isfinite(values))
    fractions = values.astype(values.dtype if values.dtype.kind == "f" else np.float64)
    in_percent: list[FloatArray] = []
    for table in np.unique(tables[above]):
        rows = [slice(*stars.offsets[i : i + 2]) for i in above[tables[above] == table]]
        lists = [values[row][np.isfinite(values[row])].astype(np.float64) for row in rows]
        if not _are_percentages(np.concatenate(lists), n_in_table[table]):
            continue
        for row, one in zip(rows, lists, strict=True):
            # Fractions with a wrong value among them are refused, not divided.
            if np.mean(one > 1) >= 0.5:
                fractions[row] /= 100
                in_percent.append(one)
    if not in_percent:
        return stars
    divided = np.concatenate(in_percent)
    warn_caller(
        f"Probabilities of {len(divided)} stars lie between {divided.min():g} and "
        f"{divided.max():g}: taken as per cent and divided by 100, in {len(in_percent)} "
        f"{'cluster' if len(in_percent) == 1 else 'clusters'}."
    )
    return stars.with_column("probability", fractions)


def _are_percentages(values: FloatArray, n_in_table: int) -> bool:
    """Return whether the lists of a table with probabilities above 1 are in per cent."""
    above = np.count_nonzero(values > 1)
    # One value above 1 is an error; percentages are nearly all above 1.
    return bool(
        (above > 1 or above == n_in_table == 1)
        and 10 < values.max() <= 100
        and np.median(values) > 1
    )

"""Formatting of numbers."""

from math import isfinite, isnan

#: Maximum number of decimal places; no estimate is more precise.
_MOST_PLACES = 4


def with_interval(value: float, lower: float, upper: float, places: int, *, finer: bool) -> str:
    """Format a value and the distances to the ends of its interval; a dash for NaN.

    Parameters
    ----------
    value, lower, upper : float
        Value and ends of its interval; NaN without an interval.
    places : int
        Number of decimal places.
    finer : bool
        Whether to use more decimal places if an end would equal the value.
    """
    if isnan(value):
        return "–"
    ends = [end - value for end in (upper, lower) if isfinite(end)]
    if finer:
        for length in (abs(end) for end in ends if end):
            while round(length, places) == 0 and places < _MOST_PLACES:
                places += 1
    text = f"{value:z.{places}f}".replace("-", "−")
    if len(ends) < 2:
        return text
    return f"{text} {_signed(ends[0], '+', places)} {_signed(ends[1], '−', places)}"


def _signed(length: float, sign: str, places: int) -> str:
    """Format the distance of an end of an interval from the value, of either sign."""
    wanted = 1 if sign == "+" else -1
    if length * wanted < 0 and round(length, places) != 0:
        sign = "−" if sign == "+" else "+"
    return f"{sign}{abs(length):.{places}f}"

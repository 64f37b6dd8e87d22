"""Numbers as people read them."""

from math import isfinite, isnan

#: Decimal places of printed values; nothing that is estimated is known to more.
_MOST_PLACES = 4


def with_interval(value: float, lower: float, upper: float, places: int, *, finer: bool) -> str:
    """A value, and how far its interval reaches up and down; a dash for NaN.

    Parameters
    ----------
    value, lower, upper : float
        Without an interval, its ends are NaN.
    places : int
        Decimal places.
    finer : bool
        Whether there are more where an end would look like the value itself.
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
    """How far an end of an interval is from the value; it may lie on the other side of it."""
    wanted = 1 if sign == "+" else -1
    if length * wanted < 0 and round(length, places) != 0:
        sign = "−" if sign == "+" else "+"
    return f"{sign}{abs(length):.{places}f}"

"""What a column is: name, unit, range, what counts as missing, how values are printed."""

from dataclasses import KW_ONLY, dataclass
from math import isfinite, isnan
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

#: What a cell without a value holds in a text: a blank, or the marker of astropy, of databases such
#: as the Gaia archive, of Python, R, pandas or Excel.
MISSING = (
    *("", "--", "null", "NULL", "Null", "nan", "NaN", "NAN", "-nan", "None"),
    *("NA", "N/A", "n/a", "#N/A", "<NA>"),
)
_PERCENTAGES = (
    " Percentages are recognised if the largest lies between 10 and 100 and the median above 1."
)
#: Maximum number of decimal places; no estimate is more precise.
_MOST_PLACES = 4


@dataclass(frozen=True)
class Column:
    """Definition of a column that skcluster knows.

    Tables are read, checked, plotted and written according to it.

    Parameters
    ----------
    name : str
        Name in skcluster; for stars, that of the Gaia archive.
    description : str
        Short description that starts with a capital letter.
    unit : str, default=""
        Unit in astropy's notation, empty for a pure number.
    label : str, default=""
        Label in figures, in matplotlib's mathtext, without the unit. By default, the description.
    low, high : float, default=-inf and inf
        Smallest and largest value allowed.
    synonyms : tuple of str, default=()
        Names in catalogues, in upper or lower case, the preferred one first.
    exact : tuple of str, default=()
        Names in catalogues that mean this column only as they are spelt: with other letters in
        capitals, they name other bands. They are also recognised in a table all in capitals.
    others : tuple of str, default=()
        Names that are looked for last, without capitals, underscores and other signs.
    kind : {"number", "text", "identifier"}, default="number"
        Whether the values are numbers with a unit and a range. Text and identifiers are kept
        unchanged: the 64 bits of a ``source_id`` do not fit into a floating-point number.
    carried : bool, default=False
        Whether no estimate depends on the column. One that cannot be read is kept as it is.
    decimals : int, default=2
        Decimal places of a printed value.
    significant : int or None, default=None
        Significant digits of a printed value, instead of ``decimals``, for quantities that span
        orders of magnitude.
    ucd : str, default=""
        Unified content descriptor (UCD1+, IVOA), by which programs such as TOPCAT recognise it.

    See Also
    --------
    skcluster.schema.TARGETS : The columns that can be estimated.

    Examples
    --------
    >>> from skcluster.schema import TARGETS
    >>> TARGETS["a_v"].unit, TARGETS["a_v"].axis_label
    ('mag', '$A_V$ [mag]')
    >>> TARGETS["a_v"].rule
    'must lie between 0 and 50'
    >>> [TARGETS["distance_kpc"].decimals_of(distance) for distance in (0.136, 2.45, 12.3)]
    [3, 2, 1]
    """

    name: str
    description: str
    unit: str = ""
    label: str = ""
    _: KW_ONLY
    low: float = -np.inf
    high: float = np.inf
    synonyms: tuple[str, ...] = ()
    exact: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    kind: Literal["number", "text", "identifier"] = "number"
    carried: bool = False
    decimals: int = 2
    significant: int | None = None
    ucd: str = ""

    def __post_init__(self) -> None:
        if not self.label:
            object.__setattr__(self, "label", self.description)

    @property
    def names(self) -> tuple[str, ...]:
        """The name, and those in catalogues."""
        return tuple(dict.fromkeys((self.name, *self.exact, *self.synonyms)))

    @property
    def printed_unit(self) -> str:
        """The unit of a printed value: that of a logarithm is "dex"."""
        return "dex" if self.unit.startswith("dex(") else self.unit

    @property
    def axis_label(self) -> str:
        """The label with its unit, for an axis; in mathtext."""
        if self.name == "log_age":
            return r"$\log_{10}$(age / yr)"
        return f"{self.label} [{self.printed_unit}]" if self.unit else self.label

    @property
    def title(self) -> str:
        """The description with its unit, for a line of text."""
        return f"{self.description} [{self.printed_unit}]" if self.unit else self.description

    def decimals_of(self, value: float) -> int:
        """Return the number of decimal places of a printed value and of its interval.

        Parameters
        ----------
        value : float
            The value.

        Returns
        -------
        int
            Number of decimal places.
        """
        if self.significant is None or not np.isfinite(value) or value == 0:
            return self.decimals
        return max(self.significant - 1 - int(np.floor(np.log10(abs(value)))), 0)

    def as_text(self, value: float, lower: float = np.nan, upper: float = np.nan) -> str:
        """Format a value and its interval; a dash for NaN.

        Parameters
        ----------
        value : float
            The value.
        lower, upper : float, default=nan
            Ends of its interval, if it has one.

        Returns
        -------
        str
            The value and the distances to the upper and lower end of the interval, after ± if they
            are printed alike, with the decimal places of the value; with more for quantities of
            many orders of magnitude, if an end would equal the value.

        Examples
        --------
        >>> from skcluster.schema import TARGETS
        >>> TARGETS["log_age"].as_text(9.46, 9.33, 9.59)
        '9.46 ± 0.13'
        >>> TARGETS["distance_kpc"].as_text(0.1362, 0.1359, 0.1366)
        '0.1362 +0.0004 −0.0003'
        """
        if isnan(value):
            return "–"
        places = self.decimals_of(value)
        ends = [end - value for end in (upper, lower) if isfinite(end)]
        if self.significant is not None:
            for length in (abs(end) for end in ends if end):
                while round(length, places) == 0 and places < _MOST_PLACES:
                    places += 1
        text = f"{value:z.{places}f}".replace("-", "−")
        if len(ends) < 2:
            return text
        up, down = _signed(ends[0], "+", places), _signed(ends[1], "−", places)
        if (up[0], down[0]) == ("+", "−") and up[1:] == down[1:]:
            return f"{text} ± {up[1:]}"
        return f"{text} {up} {down}"

    @property
    def rule(self) -> str:
        """The range of values, as text that follows the name of the column."""
        if np.isfinite(self.low) and np.isfinite(self.high):
            return f"must lie between {self.low:g} and {self.high:g}"
        return f"must be at least {self.low:g}" if np.isfinite(self.low) else "must be finite"

    def wrong(self, values: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
        """Return which values are outside the range; missing ones (NaN) are not.

        Parameters
        ----------
        values : ndarray of float
            The values.

        Returns
        -------
        ndarray of bool
            Whether a value is infinite or outside its range, of the shape of ``values``.
        """
        wrong: npt.NDArray[np.bool_] = (values < self.low) | (values > self.high) | np.isinf(values)
        return wrong

    def refusal(self, value: float) -> str:
        """Return what is said of a value outside the range.

        Parameters
        ----------
        value : float
            The value.

        Returns
        -------
        str
            Name, value, unit and rule.

        Examples
        --------
        >>> from skcluster.schema import TARGETS
        >>> print(TARGETS["a_v"].refusal(99))
        a_v = 99 mag, which must lie between 0 and 50 (a missing value is NaN, masked or blank).
        """
        unit = f" {self.unit}" if self.unit else ""
        hint = _PERCENTAGES if self.name == "probability" else ""
        return (
            f"{self.name} = {value:g}{unit}, which {self.rule} (a missing value is NaN, masked "
            f"or blank).{hint}"
        )


def _signed(length: float, usual: str, places: int) -> str:
    """Format the distance of an end of an interval from the value; zero has the usual sign."""
    sign = usual if round(length, places) == 0 else "+" if length > 0 else "−"
    return f"{sign}{abs(length):.{places}f}"

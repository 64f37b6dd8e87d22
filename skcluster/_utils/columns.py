"""Definitions of columns."""

from dataclasses import KW_ONLY, dataclass
from typing import Literal

import numpy as np

from skcluster._utils.numbers import with_interval


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
        Names in catalogues, in upper or lower case: first those of VizieR, then other usual ones.
    kind : {"number", "text", "identifier"}, default="number"
        Whether the values are numbers with a unit and a range. Text and identifiers are kept
        unchanged: the 64 bits of a ``source_id`` do not fit into a floating-point number.
    missing : {"keep", "leave out"}, default="keep"
        Whether a star whose value is missing (NaN, masked, blank) is kept with NaN, or left out
        with a warning that counts such stars.
    decimals : int, default=2
        Decimal places of a printed value.
    significant : int or None, default=None
        Significant digits of a printed value, instead of ``decimals``, for quantities that span
        orders of magnitude.

    See Also
    --------
    estimate_column : The definition of a column in a table of estimates.

    Examples
    --------
    >>> from skcluster.schema import TARGETS
    >>> TARGETS["a_v"].unit, TARGETS["a_v"].axis_label
    ('mag', '$A_V$ [mag]')
    >>> TARGETS["a_v"].rule()
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
    kind: Literal["number", "text", "identifier"] = "number"
    missing: Literal["keep", "leave out"] = "keep"
    decimals: int = 2
    significant: int | None = None

    def __post_init__(self) -> None:
        if not self.label:
            object.__setattr__(self, "label", self.description)

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
            The value and the distances to the upper and lower end of the interval, with the decimal
            places of the value; with more for quantities of many orders of magnitude, if an end
            would equal the value.

        Examples
        --------
        >>> from skcluster.schema import TARGETS
        >>> TARGETS["log_age"].as_text(9.46, 9.33, 9.59)
        '9.46 +0.13 −0.13'
        >>> TARGETS["distance_kpc"].as_text(0.1362, 0.1359, 0.1366)
        '0.1362 +0.0004 −0.0003'
        """
        finer = self.significant is not None
        return with_interval(value, lower, upper, self.decimals_of(value), finer=finer)

    def rule(self) -> str:
        """Return the rule for values, as text that follows the name of the column.

        Returns
        -------
        str
            Such as "must be at least 0".
        """
        if np.isfinite(self.low) and np.isfinite(self.high):
            return f"must lie between {self.low:g} and {self.high:g}"
        return f"must be at least {self.low:g}" if np.isfinite(self.low) else "must be finite"

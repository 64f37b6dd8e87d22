"""The star columns that skcluster knows, their units and the values that they may hold."""

from dataclasses import dataclass
from typing import Literal

import numpy as np


@dataclass(frozen=True)
class StarColumn:
    """A known column of stars.

    Parameters
    ----------
    unit : str
        Unit, in astropy's notation ("" for a pure number).
    low, high : float
        Smallest and largest value allowed.
    missing : {"leave out", "keep"}
        What happens to a star whose value is missing (NaN, masked, blank): it is left out with a
        warning that counts such stars, or kept with NaN.
    """

    unit: str
    low: float = -np.inf
    high: float = np.inf
    missing: Literal["leave out", "keep"] = "keep"

    def rule(self) -> str:
        """The allowed values, in words."""
        if np.isfinite(self.low) and np.isfinite(self.high):
            return f"must lie between {self.low:g} and {self.high:g}"
        return f"must be at least {self.low:g}" if np.isfinite(self.low) else "must be finite"


#: The known columns by their names in the Gaia archive. The limits of the magnitudes and colours
#: are wider than any star that Gaia measured, and stop markers of missing values such as 99 or
#: -999. Parallaxes may be zero or negative: that is how noise looks.
STAR_COLUMNS: dict[str, StarColumn] = {
    "phot_g_mean_mag": StarColumn("mag", -5, 30, missing="leave out"),
    "bp_rp": StarColumn("mag", -5, 15, missing="leave out"),
    "phot_bp_mean_mag": StarColumn("mag", -5, 30),
    "phot_rp_mean_mag": StarColumn("mag", -5, 30),
    "parallax": StarColumn("mas", -1000, 1000),
    "parallax_error": StarColumn("mas", low=0),
    "probability": StarColumn("", 0, 1),
    "ra": StarColumn("deg"),
    "dec": StarColumn("deg", -90, 90),
    "pmra": StarColumn("mas / yr"),
    "pmdec": StarColumn("mas / yr"),
    "pmra_error": StarColumn("mas / yr", low=0),
    "pmdec_error": StarColumn("mas / yr", low=0),
    "ruwe": StarColumn("", low=0),
}

#: What every cluster needs.
NEEDED = ("phot_g_mean_mag", "bp_rp")

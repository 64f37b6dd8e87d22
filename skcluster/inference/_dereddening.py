"""Tabulated intrinsic colours of stars at many extinctions."""

from dataclasses import dataclass
from functools import cache

import numpy as np

from skcluster._utils.typing import FloatArray, IntArray
from skcluster.photometry import Law, extinction_coefficients

#: Steps in A_V and in observed colour (mag).
_STEP_A_V, _STEP_COLOUR = 0.02, 0.02
_LARGEST_A_V = 12.0
_COLOURS = np.arange(-1.5, 9.0, _STEP_COLOUR)


@dataclass(frozen=True, eq=False)
class DereddeningTable:
    """Intrinsic colour, A_G and Jacobian by A_V and observed BP−RP, shape (n_a_v, n_colours).

    Attributes
    ----------
    bp_rp : ndarray of float32
        Intrinsic colour (mag).
    a_g : ndarray of float32
        Extinction in G (mag).
    log_jacobian : ndarray of float32
        Logarithm of the derivative of intrinsic by observed colour.
    """

    bp_rp: FloatArray
    a_g: FloatArray
    log_jacobian: FloatArray

    @staticmethod
    @cache
    def load(law: Law) -> "DereddeningTable":
        """Load the table of an extinction law, which takes some hundredths of a second."""
        a_v = np.arange(0, _LARGEST_A_V + _STEP_A_V / 2, _STEP_A_V)[:, None]
        # Observed colour increases with intrinsic colour, so that interpolation inverts it.
        intrinsic = np.arange(-3.0, 9.0, _STEP_COLOUR)
        k = extinction_coefficients(intrinsic, a_v, law)
        observed = intrinsic + (k.bp - k.rp) * a_v
        slope = np.gradient(observed, intrinsic, axis=1)
        rows = [
            [np.interp(_COLOURS, seen, values) for values in (intrinsic, a_g, slopes)]
            for seen, a_g, slopes in zip(observed, k.g * a_v, slope, strict=True)
        ]
        bp_rp, a_g, slopes = np.moveaxis(np.array(rows, dtype=np.float32), 1, 0)
        return DereddeningTable(bp_rp, a_g, -np.log(slopes))

    def rows(self, a_v: FloatArray) -> IntArray:
        """Return the nearest rows of the table."""
        row: IntArray = np.rint(np.clip(a_v, 0, _LARGEST_A_V) / _STEP_A_V).astype(np.int64)
        return row

    def at(
        self, rows: IntArray, observed_bp_rp: FloatArray
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return intrinsic colour, A_G and log Jacobian, each of shape (n_rows, n_stars)."""
        place = (np.clip(observed_bp_rp, _COLOURS[0], _COLOURS[-1] - 1e-6) - _COLOURS[0]) / (
            _STEP_COLOUR
        )
        left = place.astype(np.int64)
        above = (place - left).astype(np.float32)
        left = np.minimum(left, len(_COLOURS) - 2)
        bp_rp, a_g, log_jacobian = (
            (1 - above) * table[rows[:, None], left] + above * table[rows[:, None], left + 1]
            for table in (self.bp_rp, self.a_g, self.log_jacobian)
        )
        return bp_rp, a_g, log_jacobian

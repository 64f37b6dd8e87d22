"""The axes of the grid of population densities."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from skcluster._utils.typing import FloatArray, IntArray

#: A_G and E(BP−RP) per A_V of stars of typical colours, for what shifts stars of all colours
#: equally: differential reddening, and errors of the zero point of colours.
REDDENING_VECTOR = (0.85, 0.44)


@dataclass(frozen=True)
class Axis:
    """Evenly spaced values."""

    #: The first value and the step.
    start: float
    step: float
    size: int

    def __len__(self) -> int:
        return self.size

    @cached_property
    def values(self) -> FloatArray:
        """All values, shape (size,)."""
        return self.start + self.step * np.arange(self.size)

    def bracket(self, wanted: npt.ArrayLike) -> tuple[IntArray, FloatArray]:
        """Return the grid value below each wanted one, and the fraction of the step to the next."""
        place = np.clip((np.asarray(wanted) - self.start) / self.step, 0, self.size - 1)
        below = np.minimum(place.astype(np.int64), self.size - 2)
        return below, place - below


@dataclass(frozen=True)
class Axes:
    """The axes of `PopulationGrid`."""

    #: log10 of the age in years.
    log_age: Axis
    #: [M/H] (dex).
    metallicity: Axis
    #: Scales of differential reddening: of the half-normal distribution of the A_V of individual
    #: stars in excess of the cluster's (mag).
    reddening: tuple[float, ...]
    #: Standard deviations of the colour (mag).
    scatter: tuple[float, ...]
    #: Absolute magnitude and intrinsic colour (mag).
    g: Axis
    bp_rp: Axis
    #: Intrinsic colour relative to the centre at that M_G (mag).
    bp_rp_offset: Axis

    @property
    def shape(self) -> tuple[int, ...]:
        """Lengths of the axes of densities."""
        of_maps = self.g, self.bp_rp_offset
        axes = (self.log_age, self.metallicity, self.reddening, self.scatter, *of_maps)
        return tuple(len(axis) for axis in axes)

    @property
    def map_size(self) -> int:
        """Number of points of one map in magnitude and colour offset."""
        return len(self.g) * len(self.bp_rp_offset)


#: Steps in age and metallicity shift the sequence by less than its width; the scatters increase by
#: factors of two, from the minimum that isochrones and Gaia allow.
AXES = Axes(
    log_age=Axis(6.0, 0.06, 71),
    metallicity=Axis(-0.65, 0.15, 8),
    reddening=(0.0, 0.12, 0.3, 0.7),
    scatter=(0.02, 0.04, 0.08),
    g=Axis(-7.5, 0.1, 168),
    bp_rp=Axis(-0.8, 0.02, 208),
    bp_rp_offset=Axis(-1.6, 0.02, 208),
)

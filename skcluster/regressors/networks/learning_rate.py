"""Learning rate schedules."""

from dataclasses import dataclass
from math import ceil, cos, pi


@dataclass(frozen=True)
class LearningRateSchedule:
    """The learning rate at each point of the training; points are epochs or steps.

    Parameters
    ----------
    peak : float
        The largest learning rate.
    n_points : int
        Length of the training.
    shape : {"cosine"} or None
        Decrease to zero along half a cosine, or stay at the peak.
    warm_up : float
        Fraction of the training over which a linear increase precedes the cosine.
    """

    peak: float
    n_points: int
    shape: str | None = None
    warm_up: float = 0.0

    def __call__(self, point: int) -> float:
        """Return the learning rate at a point, counted from 0."""
        if self.shape is None:
            return self.peak
        rise = max(1, ceil(self.warm_up * self.n_points))
        if point < rise:
            return self.peak * ((point + 1) / rise)
        fallen = (point + 1 - rise) / (self.n_points - rise + 1)
        return self.peak * (1 + cos(pi * fallen)) / 2

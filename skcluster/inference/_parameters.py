"""The parameters of `StarLikelihood`, many sets of them at a time."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from skcluster._utils.typing import FloatArray, IntArray

#: Field odds of typical lists of members (see `StarLikelihood`): about one star in nine.
TYPICAL_LOG_FIELD_ODDS = float(np.log(0.12))


@dataclass(frozen=True, eq=False)
class Parameters:
    """Parameters of a cluster on which the likelihood of its stars depends.

    Holds many sets of them: each attribute is an array of shape (n_draws,).

    Attributes
    ----------
    log_age : ndarray
        log10 of the age in years.
    a_v : ndarray
        Extinction A_V of the least reddened stars (mag); differential reddening adds to it.
    distance_modulus : ndarray
        Distance modulus (mag).
    metallicity : ndarray
        [M/H] (dex).
    log_field_odds : ndarray
        Natural logarithm of the prior odds of a typical star of the list to be a field star rather
        than a member, see `StarLikelihood`.
    reddening : ndarray of int
        Scale of differential reddening, as an index into ``skcluster.isochrones.AXES.reddening``.
    """

    log_age: FloatArray
    a_v: FloatArray
    distance_modulus: FloatArray
    metallicity: FloatArray
    log_field_odds: FloatArray
    reddening: IntArray

    def __len__(self) -> int:
        return len(self.log_age)

    @classmethod
    def of(
        cls,
        log_age: npt.ArrayLike,
        a_v: npt.ArrayLike,
        distance_modulus: npt.ArrayLike,
        metallicity: npt.ArrayLike = 0.0,
        log_field_odds: npt.ArrayLike = TYPICAL_LOG_FIELD_ODDS,
        reddening: npt.ArrayLike = 0,
    ) -> Self:
        """Make sets of parameters from arrays or numbers, which are broadcast."""
        given = (log_age, a_v, distance_modulus, metallicity, log_field_odds, reddening)
        arrays = np.broadcast_arrays(*(np.atleast_1d(np.asarray(v, float)) for v in given))
        for field, values in zip(fields(cls), arrays, strict=True):
            if not np.isfinite(values).all():
                unknown = values[~np.isfinite(values)][0]
                raise ValueError(f"{field.name} must be finite; got {unknown}.")
        return cls.from_continuous(np.column_stack(arrays[:-1]), arrays[-1].astype(np.int64))

    @property
    def continuous(self) -> FloatArray:
        """All parameters but the scale of differential reddening, shape (n_draws, 5)."""
        columns = [getattr(self, field.name) for field in fields(self)[:-1]]
        return np.column_stack(columns)

    @classmethod
    def from_continuous(cls, values: FloatArray, reddening: IntArray) -> Self:
        """Return the parameters of values of shape (n_draws, 5): the inverse of `continuous`."""
        log_age, a_v, modulus, metallicity, odds = np.ascontiguousarray(values.T)
        return cls(log_age, a_v, modulus, metallicity, odds, reddening)

    def __getitem__(self, rows: object) -> Self:
        """Some of the sets."""
        return type(self)(*(getattr(self, field.name)[rows] for field in fields(self)))

    @classmethod
    def concatenate(cls, parts: Sequence[Self]) -> Self:
        """Join several collections of sets."""
        joined: Any = (np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(cls))
        return cls(*joined)

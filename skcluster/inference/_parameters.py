"""Sets of parameters of `StarLikelihood`."""

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

    It contains many sets of them: each attribute is an array of shape (n_draws,).

    Parameters
    ----------
    log_age : ndarray
        Logarithm (base 10) of the age in years.
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

    See Also
    --------
    StarLikelihood : The likelihood of a cluster's stars.

    Examples
    --------
    >>> from skcluster.inference import Parameters
    >>> theta = Parameters.of(log_age=[8.5, 9.0], a_v=0.3, distance_modulus=10.0)
    >>> len(theta), theta.a_v
    (2, array([0.3, 0.3]))
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
        """Make sets of parameters from arrays or numbers, which are broadcast.

        Parameters
        ----------
        log_age : array-like
            Logarithm (base 10) of the age in years.
        a_v : array-like
            Extinction A_V (mag).
        distance_modulus : array-like
            Distance modulus (mag).
        metallicity : array-like, default=0.0
            [M/H] (dex).
        log_field_odds : array-like, default=log(0.12)
            Natural logarithm of the field odds of a typical star.
        reddening : array-like of int, default=0
            Index of the scale of differential reddening.

        Returns
        -------
        theta : Parameters
            The sets of parameters.

        Raises
        ------
        ValueError
            If a value is not finite.
        """
        given = (log_age, a_v, distance_modulus, metallicity, log_field_odds, reddening)
        arrays = np.broadcast_arrays(*(np.atleast_1d(np.asarray(v, float)) for v in given))
        for field, values in zip(fields(cls), arrays, strict=True):
            if not np.isfinite(values).all():
                unknown = values[~np.isfinite(values)][0]
                raise ValueError(f"{field.name} must be finite; got {unknown}.")
        return cls.from_continuous(np.column_stack(arrays[:-1]), arrays[-1].astype(np.int64))

    @property
    def continuous(self) -> FloatArray:
        """All parameters except the scale of differential reddening, shape (n_draws, 5)."""
        columns = [getattr(self, field.name) for field in fields(self)[:-1]]
        return np.column_stack(columns)

    @classmethod
    def from_continuous(cls, values: FloatArray, reddening: IntArray) -> Self:
        """Make sets of parameters from continuous values; the inverse of `continuous`.

        Parameters
        ----------
        values : ndarray of shape (n_draws, 5)
            The continuous parameters.
        reddening : ndarray of int, shape (n_draws,)
            Indices of the scale of differential reddening.

        Returns
        -------
        theta : Parameters
            The sets of parameters.
        """
        log_age, a_v, modulus, metallicity, odds = np.ascontiguousarray(values.T)
        return cls(log_age, a_v, modulus, metallicity, odds, reddening)

    def __getitem__(self, rows: object) -> Self:
        """Return some of the sets."""
        return type(self)(*(getattr(self, field.name)[rows] for field in fields(self)))

    @classmethod
    def concatenate(cls, parts: Sequence[Self]) -> Self:
        """Concatenate several collections of sets.

        Parameters
        ----------
        parts : sequence of Parameters
            The collections.

        Returns
        -------
        theta : Parameters
            All sets, in order.
        """
        joined: Any = (np.concatenate([getattr(p, f.name) for p in parts]) for f in fields(cls))
        return cls(*joined)

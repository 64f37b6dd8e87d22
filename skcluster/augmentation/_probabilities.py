"""Membership probabilities in the styles of different lists."""

from collections.abc import Callable
from typing import Any

import numpy as np

from skcluster._utils.typing import BoolArray, FloatArray

Kind = Callable[[FloatArray, BoolArray, np.random.Generator], Any]


def _one_range_for_foreign(own: FloatArray, foreign: BoolArray, rng: np.random.Generator) -> Any:
    """Return probabilities in which foreign stars are somewhat less probable than members."""
    return np.where(foreign, rng.uniform(0.5, 0.8, len(own)), own)


def _low_for_foreign(own: FloatArray, foreign: BoolArray, rng: np.random.Generator) -> Any:
    """Return probabilities in which foreign stars are improbable."""
    return np.where(foreign, rng.uniform(0.0, 0.6, len(own)), own)


def _from_0_to_1(own: FloatArray, foreign: BoolArray, rng: np.random.Generator) -> Any:
    """Return probabilities from 0 to 1 for members and foreign stars, some of them misleading."""
    return np.where(foreign, rng.beta(1.2, 3.0, len(own)), rng.beta(4.0, 1.2, len(own)))


def _unknown(own: FloatArray, foreign: BoolArray, rng: np.random.Generator) -> Any:
    return np.nan


def _certain(own: FloatArray, foreign: BoolArray, rng: np.random.Generator) -> Any:
    return 1.0


def _arbitrary(own: FloatArray, foreign: BoolArray, rng: np.random.Generator) -> Any:
    """Return values that are unrelated to membership."""
    return rng.random(len(own))


#: Styles, and their frequencies.
_KINDS: dict[Kind, float] = {
    _one_range_for_foreign: 0.3,
    _low_for_foreign: 0.25,
    _from_0_to_1: 0.2,
    _unknown: 0.1,
    _certain: 0.1,
    _arbitrary: 0.05,
}


def stated_differently(
    own: FloatArray,
    foreign: BoolArray,
    copy: Any,
    chosen: BoolArray,
    rng: np.random.Generator,
) -> FloatArray:
    """Return probabilities, those of the chosen copies in another form.

    Parameters
    ----------
    own : ndarray of shape (n_stars,)
        Probabilities, for foreign stars those of random members.
    foreign : ndarray of bool, shape (n_stars,)
        Which stars are not members.
    copy : ndarray of int, shape (n_stars,)
        The copy that each star belongs to.
    chosen : ndarray of bool, shape (n_copies,)
        Copies with other probabilities.
    rng : Generator
        Random number generator.

    Returns
    -------
    ndarray of shape (n_stars,)
        The probabilities.
    """
    kind = rng.choice(len(_KINDS), size=len(chosen), p=list(_KINDS.values()))
    kind = np.where(chosen, kind, -1)[copy]
    stated = [state(own, foreign, rng) for state in _KINDS]
    return np.select([kind == i for i in range(len(stated))], stated, own)

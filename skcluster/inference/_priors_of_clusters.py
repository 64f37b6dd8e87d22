"""Prior distributions of many clusters, from a regressor or from parallaxes."""

from collections.abc import Sequence

import numpy as np

from skcluster._utils.typing import FloatArray
from skcluster.inference._member_lists import MemberList, StarModel
from skcluster.inference._normal_prediction import NormalPrediction

#: Mean and spread of log age and A_V without training clusters: those of the known open clusters
#: (Cantat-Gaudin et al. 2020, A&A 640, A1).
POPULATION = ((8.3, 0.7), (1.2, 0.9))
#: Mean and spread of the distance modulus (mag) without a parallax.
UNKNOWN_MODULUS = (11.0, 2.0)


def from_parallaxes(
    lists: Sequence[MemberList], model: StarModel, population: FloatArray | None
) -> NormalPrediction:
    """Return priors: distances from parallaxes, ages and A_V of the cluster population.

    Parameters
    ----------
    lists : sequence of MemberList
        Stars of each cluster.
    model : StarModel
        Settings of the likelihood.
    population : ndarray of shape (2, 2) or None
        Mean and spread of log age, and of A_V, of the training clusters.
    """
    (age, age_spread), (a_v, a_v_spread) = POPULATION if population is None else population
    moduli = np.array([stars.parallax_modulus(model.release) for stars in lists]).reshape(-1, 2)
    moduli = np.where(np.isfinite(moduli), moduli, UNKNOWN_MODULUS)
    ones = np.ones(len(lists))
    mean = np.column_stack([age * ones, a_v * ones, moduli[:, 0]])
    spread = np.column_stack([age_spread * ones, a_v_spread * ones, moduli[:, 1]])
    return NormalPrediction(mean, spread)

"""Field stars along simulated sightlines through the Galactic disc."""

from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd
from nested_pandas import NestedFrame
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, validate_params

from skcluster._utils.typing import FloatArray
from skcluster.clusters import clusters_from_flat
from skcluster.datasets.simulation._effects import Effects
from skcluster.datasets.simulation._field import DUST_SCALE, disc_stars
from skcluster.datasets.simulation._gaia import observed_columns
from skcluster.photometry import distance_modulus, extinction_coefficients

# Range of distances of stars (kpc).
_NEAREST, _FARTHEST, _N_DISTANCES = 0.05, 12.0, 60
# Scale lengths of the disc density along a sightline, from leaving the disc to within it (kpc);
# A_V at infinity follows a gamma distribution (mag).
_DENSITY_SCALES = (0.4, 3.0)
_A_V_SHAPE, _A_V_MEAN = 1.2, 3.0


@validate_params(
    {
        "n_sightlines": [Interval(Integral, 1, None, closed="left")],
        "n_stars": [Interval(Integral, 1, None, closed="left")],
        "faint_limit": [Interval(Real, None, None, closed="neither")],
        "random_state": ["random_state"],
    },
    prefer_skip_nested_validation=True,
)
def simulate_field_stars(
    n_sightlines: int = 100,
    n_stars: int = 500,
    *,
    faint_limit: float = 18.0,
    random_state: Any = None,
) -> NestedFrame:
    """Simulate field stars along sightlines through the Galactic disc.

    Each sightline has its own extinction and density profile. Its stars belong to a disc with
    constant star formation over ten billion years, and are observed as in `simulate_clusters`.

    Parameters
    ----------
    n_sightlines : int, default=100
        Number of sightlines.
    n_stars : int, default=500
        Number of stars per sightline.
    faint_limit : float, default=18.0
        Magnitude limit in G (mag).
    random_state : int, RandomState instance or None, default=None
        Seed.

    Returns
    -------
    NestedFrame of n_sightlines rows
        One row per sightline, with its stars in the nested column ``stars``, as for clusters:
        ``phot_g_mean_mag``, ``bp_rp``, ``phot_bp_mean_mag``, ``phot_rp_mean_mag`` (mag),
        ``parallax`` and ``parallax_error`` (mas).

    See Also
    --------
    simulate_clusters : Simulate star clusters.
    skcluster.augmentation.ClusterCorruptor : Add such stars to the lists of clusters.

    Notes
    -----
    The scales are choices of this package: density scale lengths are log-uniform from 0.4 to 3 kpc,
    and A_V at infinity follows a gamma distribution with mean 3 mag.

    Examples
    --------
    >>> from skcluster.datasets import simulate_field_stars
    >>> field = simulate_field_stars(2, n_stars=100, random_state=0)
    >>> len(field["stars"].iloc[0])
    100
    """
    rng = np.random.default_rng(check_random_state(random_state).randint(np.iinfo(np.int32).max))
    sightline = np.repeat(np.arange(n_sightlines), n_stars)
    distance, a_v, share = _places(n_sightlines, n_stars, faint_limit, rng)
    absolute = disc_stars().draw(share, rng)
    coefficients = extinction_coefficients(absolute[1] - absolute[2], a_v, "dr2")
    true = absolute + np.stack(coefficients) * a_v + distance_modulus(distance)
    columns = observed_columns(true, distance, sightline, n_sightlines, Effects(), rng)
    single = {name: values.astype(np.float32) for name, values in columns.items()}
    names = pd.Index([f"field_{i:06d}" for i in range(n_sightlines)])
    return clusters_from_flat(single, np.arange(n_sightlines + 1) * n_stars, names)


def _places(
    n_sightlines: int, n_stars: int, faint_limit: float, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Draw the distance (kpc) and A_V of each star, and the share of disc stars visible there."""
    distances = np.geomspace(_NEAREST, _FARTHEST, _N_DISTANCES)
    low, high = np.log(_DENSITY_SCALES)
    scale = np.exp(rng.uniform(low, high, n_sightlines))[:, None]
    dust = rng.gamma(_A_V_SHAPE, _A_V_MEAN / _A_V_SHAPE, n_sightlines)[:, None]
    extinction = dust * -np.expm1(-distances / DUST_SCALE)
    seen = disc_stars().share_brighter(
        faint_limit - distance_modulus(distances) - 0.85 * extinction
    )
    # Distances are uniform in logarithm, so the volume of a shell increases with their cube.
    cumulative = np.cumsum(distances**3 * np.exp(-distances / scale) * seen, axis=1)
    cumulative /= cumulative[:, -1:]
    row = np.arange(n_sightlines)
    wanted = (rng.random((n_sightlines, n_stars)) + 2.0 * row[:, None]).ravel()
    at = np.searchsorted((cumulative + 2.0 * row[:, None]).ravel(), wanted)
    at = np.minimum(at, (np.repeat(row, n_stars) + 1) * _N_DISTANCES - 1)
    within = np.exp(rng.uniform(-0.5, 0.5, len(at)) * np.log(distances[1] / distances[0]))
    return distances[at % _N_DISTANCES] * within, extinction.ravel()[at], seen.ravel()[at]

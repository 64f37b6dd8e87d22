"""Simulate fields of the sky: the stars of the disc, alone or with a cluster among them."""

from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd
from nested_pandas import NestedFrame
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, validate_params

from skcluster._utils.typing import FloatArray, IntArray
from skcluster.clusters import Stars, stars_of
from skcluster.clusters._stars import clusters_from_flat
from skcluster.datasets.simulation._disc import draw_sightlines
from skcluster.datasets.simulation._effects import Effects
from skcluster.datasets.simulation._simulate import Prior, simulate_clusters
from skcluster.datasets.simulation._stars import apparent, observed_columns
from skcluster.gaia import proper_motion_error
from skcluster.io._write import state_units
from skcluster.schema import CLUSTER_PARAMETERS

#: Tangential velocity of 1 mas/yr at 1 kpc, km/s.
KM_PER_S = 4.74047
# Velocities in km/s: dispersions of disc stars along and across the plane, the Sun's own motion,
# that of a cluster relative to the disc, its internal dispersion; shear of the disc, km/s/kpc.
_DISC = np.array([[35.0], [18.0]])
_SUN, _CLUSTER, _INTERNAL, _SHEAR = 12.0, 10.0, 0.8, 10.0
# Median radius that holds half of the members (pc), and its scatter (natural logarithm).
_HALF_NUMBER_RADIUS, _RADIUS_SPREAD = 3.0, 0.4
# Largest distance of members from the centre, in units of the scale of the profile.
_MOST = 12.0
_DEPTH = 4.0


@validate_params(
    {
        "n_fields": [Interval(Integral, 1, None, closed="left")],
        "n_field": [Interval(Integral, 20, None, closed="left")],
        "radius": [Interval(Real, 0, 20, closed="neither")],
        "faint_limit": [Interval(Real, None, None, closed="neither")],
        "random_state": ["random_state"],
        # These are checked with the parameters of all clusters.
        **dict.fromkeys(("n_members", "log_age", "a_v", "distance_kpc"), "no_validation"),
    },
    prefer_skip_nested_validation=True,
)
def simulate_fields(
    n_fields: int = 1,
    *,
    n_members: Prior = None,
    n_field: int = 2000,
    radius: float = 0.4,
    faint_limit: float = 18.0,
    random_state: Any = None,
    log_age: Prior = None,
    a_v: Prior = None,
    distance_kpc: Prior = None,
) -> tuple[NestedFrame, pd.DataFrame]:
    """Simulate fields of the sky, each with a star cluster in the middle, as observed by Gaia.

    Parameters
    ----------
    n_fields : int, default=1
        Number of fields.
    n_members : int, array-like of shape (n_fields,) or distribution, default=None
        Number of members, as ``n_stars`` of `simulate_clusters`. With 0, no field has a cluster.
    n_field : int, default=2000
        Number of field stars of each field.
    radius : float, default=0.4
        Radius of the fields, deg. Members outside are left out.
    faint_limit : float, default=18.0
        Magnitude limit in G (mag).
    random_state : int, RandomState instance or None, default=None
        Seed.
    log_age, a_v, distance_kpc : float, array-like of shape (n_fields,) or distribution
        Parameters of the clusters, as in `simulate_clusters`.

    Returns
    -------
    X : NestedFrame of n_fields rows
        The fields, named ``field_000000`` and so on, with the star columns ``ra``, ``dec`` (deg),
        ``pmra``, ``pmdec``, ``pmra_error``, ``pmdec_error`` (mas/yr), ``parallax``,
        ``parallax_error`` (mas), ``phot_g_mean_mag``, ``bp_rp``, ``phot_bp_mean_mag``,
        ``phot_rp_mean_mag`` (mag), and ``true_member``, 1 for members and 0 for field stars.
    y : DataFrame of n_fields rows
        ``log_age`` (log10 of years), ``a_v`` (mag), ``distance_kpc`` (kpc) of the clusters; NaN
        without one.

    Raises
    ------
    ValueError
        As in `simulate_clusters`.

    See Also
    --------
    simulate_clusters : Simulate member lists.
    skcluster.membership.find_members : Find the members of such fields.

    Notes
    -----
    Stars and magnitudes are those of `simulate_clusters` and `simulate_field_stars`. Positions of
    members follow a Plummer profile [1]_ whose half-number radius is log-normal around 3 pc.
    Motions are choices of this package: disc stars have velocity dispersions of 35 and 18 km/s
    along and across the plane, which lies at a random angle, and a mean that changes by up to
    10 km/s per kpc; clusters move with 10 km/s relative to the disc around them, and their members
    with 0.8 km/s.

    References
    ----------
    .. [1] Plummer 1911, MNRAS 71, 460.

    Examples
    --------
    >>> from skcluster.datasets import simulate_fields
    >>> X, y = simulate_fields(2, n_members=100, n_field=900, distance_kpc=1.0, random_state=0)
    >>> X["stars.true_member"].sum() <= 200
    True
    """
    seed = check_random_state(random_state).randint(np.iinfo(np.int32).max)
    rng = np.random.default_rng(seed)
    effects = Effects(
        faint_limit=faint_limit, field_fraction=0.0, depth=_DEPTH, parallax_zero_point_scatter=0.0
    )
    row, distance, field = _sightlines(n_fields, n_field, faint_limit, effects, rng)
    sky = _Motions(n_fields, rng)
    field |= _placed(radius * np.sqrt(rng.random(len(row))), rng)
    field |= sky.seen(row, distance, _DISC * rng.standard_normal((2, len(row))))
    if np.isscalar(n_members) and n_members == 0:
        y = pd.DataFrame(np.nan, index=range(n_fields), columns=[*CLUSTER_PARAMETERS])
        owner, members = row[:0], {name: values[:0] for name, values in field.items()}
    else:
        X, y = simulate_clusters(
            n_fields,
            random_state=seed,
            log_age=log_age,
            a_v=a_v,
            distance_kpc=distance_kpc,
            n_stars=n_members,
            effects=effects,
        )
        owner, members = _members(stars_of(X), y["distance_kpc"].to_numpy(), radius, sky, rng)
    columns = {name: np.concatenate([field[name], members[name]]) for name in field}
    member = np.repeat([0.0, 1.0], [len(row), len(owner)])
    row = np.concatenate([row, owner])
    order = rng.permutation(len(row))
    order = order[np.argsort(row[order], kind="stable")]
    columns = _observed(columns, row, n_fields, rng) | {"true_member": member}
    counts = np.bincount(row, minlength=n_fields)
    X = _named({name: values[order] for name, values in columns.items()}, counts)
    return X, state_units(y.set_axis(X.index)[list(CLUSTER_PARAMETERS)])


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
    _, _, columns = _sightlines(n_sightlines, n_stars, faint_limit, Effects(), rng)
    single = {name: values.astype(np.float32) for name, values in columns.items()}
    return _named(single, np.full(n_sightlines, n_stars))


def _sightlines(
    n_sightlines: int, n_stars: int, faint_limit: float, effects: Effects, rng: np.random.Generator
) -> tuple[IntArray, FloatArray, dict[str, FloatArray]]:
    """Return the sightlines of disc stars, their distances (kpc), and what is observed of them."""
    row = np.repeat(np.arange(n_sightlines), n_stars)
    absolute, distance, a_v = draw_sightlines(n_sightlines, n_stars, faint_limit, rng)
    seen = apparent(absolute, distance, a_v, effects.law)
    return row, distance, observed_columns(seen, distance, row, n_sightlines, effects, rng)


def _named(columns: dict[str, FloatArray], counts: IntArray) -> NestedFrame:
    """Return fields of so many stars each, in order."""
    names = pd.Index([f"field_{i:06d}" for i in range(len(counts))])
    return clusters_from_flat(columns, np.concatenate([[0], np.cumsum(counts)]), names)


def _members(
    stars: Stars, distance_kpc: FloatArray, radius: float, sky: "_Motions", rng: np.random.Generator
) -> tuple[IntArray, dict[str, FloatArray]]:
    """Return the fields of the members within the radius, and their columns."""
    size = _HALF_NUMBER_RADIUS * np.exp(_RADIUS_SPREAD * rng.standard_normal(len(distance_kpc)))
    scale = np.degrees(1e-3 * size / distance_kpc)[stars.cluster]
    share = rng.random(len(stars)) * _MOST**2 / (1 + _MOST**2)
    across = scale * np.sqrt(share / (1 - share))
    columns = {name: stars[name].astype(float) for name in stars.columns}
    columns |= _placed(across, rng)
    cluster = _CLUSTER * rng.standard_normal((2, len(distance_kpc)))
    own = cluster[:, stars.cluster] + _INTERNAL * rng.standard_normal((2, len(stars)))
    columns |= sky.seen(stars.cluster, distance_kpc[stars.cluster], own)
    inside = across < radius
    return stars.cluster[inside], {name: values[inside] for name, values in columns.items()}


class _Motions:
    """Mean velocities of each field's disc, and proper motions of stars relative to them."""

    def __init__(self, n_fields: int, rng: np.random.Generator) -> None:
        angle = rng.uniform(0, np.pi, n_fields)
        self.along = np.array([np.cos(angle), np.sin(angle)])
        self.sun = _SUN * rng.standard_normal((2, n_fields))
        self.shear = rng.uniform(-_SHEAR, _SHEAR, n_fields)

    def seen(
        self, row: IntArray, distance_kpc: FloatArray, random: FloatArray
    ) -> dict[str, FloatArray]:
        """Return proper motions of stars, whose own velocities are along and across the plane."""
        along = self.along[:, row]
        across = np.array([-along[1], along[0]])
        mean = self.sun[:, row] + self.shear[row] * distance_kpc * along
        velocity = mean + random[0] * along + random[1] * across
        pmra, pmdec = velocity / (KM_PER_S * distance_kpc)
        return {"pmra": pmra, "pmdec": pmdec}


def _placed(across: FloatArray, rng: np.random.Generator) -> dict[str, FloatArray]:
    """Return offsets from the middle of the field at random angles, deg."""
    angle = rng.uniform(0, 2 * np.pi, len(across))
    return {"ra": across * np.cos(angle), "dec": across * np.sin(angle)}


def _observed(
    columns: dict[str, FloatArray], owner: IntArray, n_fields: int, rng: np.random.Generator
) -> dict[str, FloatArray]:
    """Return the columns with positions on the sky, and errors of proper motions."""
    error = proper_motion_error(columns["phot_g_mean_mag"])
    noisy = {
        name: columns[name] + error * rng.standard_normal(len(error)) for name in ("pmra", "pmdec")
    }
    middle = rng.uniform(0, 360, n_fields)[owner], rng.uniform(-60, 60, n_fields)[owner]
    dec = middle[1] + columns["dec"]
    ra = (middle[0] + columns["ra"] / np.cos(np.radians(dec))) % 360
    return columns | noisy | {"pmra_error": error, "pmdec_error": error, "ra": ra, "dec": dec}

"""Make lists that are not one cluster seen in G, BP and RP."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from sklearn.utils import check_random_state

from skcluster._utils.typing import FloatArray, IntArray
from skcluster.augmentation._base import (
    ClusterResampler,
    Copies,
    changeable_columns,
    field_of,
    parallax_scatter,
    photometry,
)
from skcluster.clusters import Stars
from skcluster.clusters._parallax import modulus_at_least
from skcluster.isochrones import IsochroneGrid
from skcluster.isochrones._masses_and_binaries import kroupa
from skcluster.photometry import parallax_from_distance, redden
from skcluster.schema import STAR_COLUMNS

G, COLOUR, PARALLAX, ERROR = "phot_g_mean_mag", "bp_rp", "parallax", "parallax_error"
#: Faintest stars of lists that are not made of given ones, in G (mag).
_FAINTEST = 18.0
#: Smallest number of stars of such lists.
_FEWEST = 20
#: Log age and the lowest metallicity that the isochrones reach (dex).
_GLOBULAR = (10.1, -0.6)
#: Range of the masses of visible stars of such an age (solar masses).
_MASSES = (0.4, 1.2)

Columns = dict[str, FloatArray]


@dataclass(kw_only=True, repr=False, eq=False)
class ClusterScrambler(ClusterResampler):
    """Add lists that are not one cluster seen in G, BP and RP.

    From such lists, `skcluster.inference.IsochronePosterior` learns how reliable its estimates are.
    They are made from the stars of the given clusters. Their labels, those of the clusters, mean
    nothing.

    Parameters
    ----------
    n_copies : int, default=2
        Number of lists that are made of each cluster. The kinds take turns.
    kinds : sequence of str or None, default=None
        Kinds of lists, a selection of `KINDS`, see the notes. None means all.
    field : clusters, callable or None, default=None
        Field stars, one row per sightline, or a function that returns them for a
        ``random_state``, such as `skcluster.datasets.simulate_field_stars`. Without it, stars of
        all clusters take their place.
    random_state : int, RandomState instance or None, default=None
        Determines the random numbers. Pass an int for reproducible lists.

    Attributes
    ----------
    sample_indices_ : ndarray of int, shape (n_clusters * (1 + n_copies),)
        The row of X from which each row of the result was made.
    kinds_ : ndarray of str, shape (n_clusters * (1 + n_copies),)
        Kind of each row of the result; empty for the given clusters.

    See Also
    --------
    ClusterCorruptor : Copies with lists that are corrupted, but of clusters.

    Notes
    -----
    The kinds are

    - "random stars": of all clusters, with their own parallaxes;
    - "two clusters": the stars of another cluster are added;
    - "G-RP" and "other colour": G−RP, or BP−G or about B−V, in place of BP−RP;
    - "wrong units": parallaxes in arcseconds, distances in kpc as parallaxes, or absolute
      magnitudes;
    - "globular cluster": an old, metal-poor population with a blue horizontal branch, 5 to 20 kpc
      away, whose colours are shifted to metallicities below those of the isochrones;
    - "field": the stars of one sightline, with their own parallaxes;
    - "no cluster": 80 to 100 per cent of the list are field stars with parallaxes like those of the
      cluster, as a selection of members finds them where there is no cluster [1]_.

    The frequencies and ranges are choices of this package.

    References
    ----------
    .. [1] Cantat-Gaudin & Anders 2020, A&A 633, A99, on such clusters in catalogues.

    Examples
    --------
    >>> from skcluster.augmentation import ClusterScrambler
    >>> from skcluster.datasets import simulate_clusters
    >>> X, y = simulate_clusters(4, random_state=0)
    >>> scrambler = ClusterScrambler(kinds=["two clusters", "G-RP"], random_state=0)
    >>> X_more, y_more = scrambler.fit_resample(X, y)
    >>> len(X_more), sorted(set(scrambler.kinds_.tolist()))
    (12, ['', 'G-RP', 'two clusters'])
    """

    n_copies: int = 2
    kinds: Sequence[str] | None = None
    field: Any = None
    random_state: int | np.random.RandomState | None = None

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        **ClusterResampler._parameter_constraints,
        "kinds": ["array-like", None],
        "field": "no_validation",
    }

    def _make_copies(self, stars: Stars, y: Any, rows: IntArray) -> Copies:
        kinds = list(KINDS) if self.kinds is None else list(self.kinds)
        unknown = [kind for kind in kinds if not isinstance(kind, str) or kind not in KINDS]
        if unknown or not kinds:
            raise ValueError(f"kinds must be some of {list(KINDS)}, not {unknown}.")
        seed = check_random_state(self.random_state).randint(np.iinfo(np.int32).max)
        rng = np.random.default_rng(seed)
        material = _Material(stars, field_of(self.field, seed), rng)
        chosen = rng.permutation(np.resize(kinds, len(rows)))
        self.kinds_ = np.concatenate([np.full(len(stars.index), "", dtype=chosen.dtype), chosen])
        lists = [KINDS[kind](material, row) for kind, row in zip(chosen, rows, strict=True)]
        hosts = [host for host, _ in lists]
        columns = {
            name: np.concatenate([changed.get(name, own[part]) for part, changed in lists])
            for name, own in material.columns.items()
        }
        copy = np.repeat(np.arange(len(rows)), [len(part) for part in hosts])
        return Copies(copy, np.concatenate(hosts), columns)


@dataclass
class _Material:
    """Stars of all clusters, and of the field, that lists are made of."""

    stars: Stars
    field: Stars | None
    rng: np.random.Generator

    def __post_init__(self) -> None:
        self.columns = changeable_columns(self.stars)

    def own(self, cluster: int) -> IntArray:
        return np.arange(*self.stars.offsets[cluster : cluster + 2])

    def somewhere(self, cluster: int, n: int) -> IntArray:
        """Random stars of a cluster, which lend the columns that do not change."""
        return self.rng.choice(self.own(cluster), n)

    def band(self, name: str, host: IntArray) -> FloatArray:
        """Magnitudes in a band, computed from G and the colour where they are missing."""
        typical = photometry(self.columns[G][host], self.columns[COLOUR][host])[name]
        given = self.columns[name][host] if name in self.columns else typical
        return np.where(np.isfinite(given), given, typical)

    def middle(self, cluster: int) -> float:
        """The median parallax of a cluster (mas); NaN without any."""
        if PARALLAX not in self.columns:
            return float("nan")
        parallax = self.columns[PARALLAX][self.own(cluster)]
        measured = parallax[np.isfinite(parallax)]
        return float(np.median(measured)) if len(measured) else float("nan")


def _like(parallax: float, g: FloatArray, rng: np.random.Generator) -> Columns:
    """Parallaxes that scatter by their errors around the given one (mas)."""
    scatter, error = parallax_scatter(g, rng)
    return {PARALLAX: parallax + scatter, ERROR: error}


def _random_stars(material: _Material, cluster: int) -> tuple[IntArray, Columns]:
    n = max(len(material.own(cluster)), _FEWEST)
    return material.rng.integers(len(material.stars), size=n), {}


def _two_clusters(material: _Material, cluster: int) -> tuple[IntArray, Columns]:
    n = len(material.stars.index)
    other = (cluster + int(material.rng.integers(1, max(n, 2)))) % n
    return np.concatenate([material.own(cluster), material.own(other)]), {}


def _g_rp(material: _Material, cluster: int) -> tuple[IntArray, Columns]:
    host = material.own(cluster)
    return host, {COLOUR: material.columns[G][host] - material.band("phot_rp_mean_mag", host)}


def _other_colour(material: _Material, cluster: int) -> tuple[IntArray, Columns]:
    host = material.own(cluster)
    if material.rng.random() < 0.5:
        return host, {COLOUR: material.band("phot_bp_mean_mag", host) - material.columns[G][host]}
    return host, {COLOUR: (material.columns[COLOUR][host] - 0.1) / 1.43}  # about B−V


def _wrong_units(material: _Material, cluster: int) -> tuple[IntArray, Columns]:
    host, middle = material.own(cluster), material.middle(cluster)
    given = {name: values[host] for name, values in material.columns.items()}
    what = material.rng.integers(3)
    if what == 0 or not np.isfinite(middle):
        modulus = float(modulus_at_least(np.array(middle if np.isfinite(middle) else 1.0)))
        # Readers refuse stars that are too bright to be any.
        bands = {name: values for name, values in given.items() if name.startswith("phot_")}
        brightest = min(float(np.nanmin(values)) for values in bands.values())
        modulus = min(modulus, brightest - STAR_COLUMNS[G].low)
        return host, {name: values - modulus for name, values in bands.items()}
    parallax, error = given[PARALLAX], given.get(ERROR, np.zeros(len(host)))
    if what == 1:
        return host, {PARALLAX: parallax / 1000, ERROR: error / 1000}
    distance = np.where(parallax > 0, 1 / np.maximum(parallax, 0.02), np.nan)
    return host, {PARALLAX: distance, ERROR: error * distance**2}


def _globular(material: _Material, cluster: int) -> tuple[IntArray, Columns]:
    rng = material.rng
    n = max(len(material.own(cluster)), _FEWEST)
    modulus, a_v = rng.uniform(13.5, 16.5), rng.uniform(0.0, 1.5)
    grid, masses = IsochroneGrid.load().interpolate([_GLOBULAR[0]], [_GLOBULAR[1]]), kroupa()
    low, high = masses.rank(np.array(_MASSES))
    drawn = masses.mass(rng.uniform(low, high, 400 * n))
    alive = np.log10(drawn) < grid.log_mass[0, -1]
    m_g, bp, rp = grid.at(np.zeros(alive.sum(), dtype=np.int64), np.log10(drawn[alive]))
    colour = bp - rp - rng.uniform(0.05, 0.25)
    # A blue horizontal branch in place of some red clump stars.
    branch = (np.abs(m_g - 0.6) < 0.5) & (rng.random(len(m_g)) < rng.uniform(0.2, 0.9))
    colour = np.where(branch, rng.uniform(-0.2, 0.5, len(m_g)), colour)
    g, colour = redden(m_g + modulus, colour, np.full(len(m_g), a_v), "dr2")
    seen = rng.choice(np.flatnonzero(g < _FAINTEST), n)
    g, colour = g[seen], colour[seen] + rng.normal(0, 0.03, n)
    parallax = float(parallax_from_distance(10 ** (modulus / 5 - 2)))
    return material.somewhere(cluster, n), photometry(g, colour) | _like(parallax, g, rng)


def _field(material: _Material, cluster: int) -> tuple[IntArray, Columns]:
    if material.field is None:
        return _random_stars(material, cluster)
    rng = material.rng
    n = max(len(material.own(cluster)), _FEWEST)
    host, given = material.somewhere(cluster, n), material.field
    sightline = rng.integers(len(given.index))
    first, last = given.offsets[sightline : sightline + 2].tolist()
    drawn = rng.integers(first, last, size=n)
    columns = photometry(*(given[name].astype(np.float64)[drawn] for name in (G, COLOUR)))
    for name in (PARALLAX, ERROR):
        if name in given:
            columns[name] = given[name].astype(np.float64)[drawn]
    return host, columns


def _no_cluster(material: _Material, cluster: int) -> tuple[IntArray, Columns]:
    rng = material.rng
    host, columns = _field(material, cluster)
    if material.field is None:
        columns = {name: material.columns[name][host] for name in (G, COLOUR)}
        host = material.somewhere(cluster, len(host))
    columns = columns | _like(material.middle(cluster), columns[G], rng)
    member = rng.random(len(host)) < rng.choice([0.0, rng.uniform(0, 0.2)])
    for name in columns.keys() & material.columns.keys():
        columns[name] = np.where(member, material.columns[name][host], columns[name])
    return host, columns


#: The kinds of lists: functions of the stars and a cluster's row to the stars that lend the columns
#: that do not change, and the columns that do.
KINDS: dict[str, Callable[[_Material, int], tuple[IntArray, Columns]]] = {
    "random stars": _random_stars,
    "two clusters": _two_clusters,
    "G-RP": _g_rp,
    "other colour": _other_colour,
    "wrong units": _wrong_units,
    "globular cluster": _globular,
    "field": _field,
    "no cluster": _no_cluster,
}

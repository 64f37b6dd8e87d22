"""Find the clusters of fields, with the probabilities of all stars."""

from collections.abc import Sequence
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from nested_pandas import NestedFrame
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions, validate_params

from skcluster._utils.messages import some_names, warn_caller
from skcluster._utils.typing import ClustersLike, FloatArray
from skcluster.clusters import Stars
from skcluster.gaia import Release, parallax_zero_point
from skcluster.membership._fields import Hints, SkyField, read_fields
from skcluster.membership._mixture import EXPONENT, Cluster
from skcluster.membership._search import FieldClusters, search
from skcluster.schema import CLUSTER_COLUMNS

if TYPE_CHECKING:
    from astropy.coordinates import SkyCoord

#: What the row of a field without a cluster says.
NO_CLUSTER = "no cluster found"
#: Constraints of parameters, for scikit-learn's ``validate_params``.
CONSTRAINTS: dict[str, Any] = {
    "threshold": [Interval(Real, 0, 1, closed="both")],
    "n_clusters": [Interval(Integral, 1, None, closed="left"), StrOptions({"auto"})],
    "center": ["array-like", HasMethods("transform_to"), None],
    "proper_motion": ["array-like", None],
    "parallax": [Real, None],
    "release": [StrOptions({"edr3", "dr2"})],
}


@validate_params({"X": "no_validation", **CONSTRAINTS}, prefer_skip_nested_validation=True)
def find_members(
    X: ClustersLike,
    *,
    n_clusters: int | Literal["auto"] = 1,
    threshold: float = 0.5,
    center: "Sequence[float] | SkyCoord | None" = None,
    proper_motion: Sequence[float] | None = None,
    parallax: float | None = None,
    release: Release = "edr3",
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Find the star clusters of fields of the sky, and how likely each star is a member.

    Parameters
    ----------
    X : fields
        Any input of `skcluster.clusters.as_clusters`, with a field of the sky instead of a cluster
        per row: all stars of a region around the cluster, members or not. Needed are ``ra``,
        ``dec`` (deg), ``pmra``, ``pmdec`` (mas/yr), ``parallax`` (mas), ``phot_g_mean_mag`` and
        ``bp_rp`` (mag); errors ``pmra_error``, ``pmdec_error``, ``parallax_error`` are used if
        they are given. Columns ``ra``, ``dec``, ``pmra``, ``pmdec``, ``parallax`` of a row beside
        its stars are hints for this field.
    n_clusters : int or "auto", default=1
        Largest number of clusters of a field, or "auto" for all significant ones.
    threshold : float, default=0.5
        Least probability of the members that ``n_members`` and the radii count.
    center : pair of float or SkyCoord, optional
        Approximate right ascension and declination (deg), a hint for all fields.
    proper_motion : pair of float, optional
        Approximate proper motion in right ascension, times cos(declination), and in declination
        (mas/yr), a hint for all fields.
    parallax : float, optional
        Approximate parallax (mas), a hint for all fields.
    release : {"edr3", "dr2"}, default="edr3"
        Data release, for typical errors and for the zero point of parallaxes.

    Returns
    -------
    stars : DataFrame of n_stars rows
        The stars of all fields, with their columns in ``X``, and in place of any such columns:
        ``field``; ``cluster``, the name of the most probable cluster, empty in fields without one;
        ``probability``, that of being its member, NaN for stars without position, proper motion or
        parallax.
    clusters : DataFrame
        One row per cluster, the most significant of a field first, with the columns of
        `skcluster.schema.CLUSTER_COLUMNS`, whose units are in ``attrs["units"]``. The first
        cluster of a field has the name of the field, further ones "NAME 2", "NAME 3" …. A field
        without a cluster has a row of NaN with the flag "no cluster found".

    Raises
    ------
    ValueError
        If a column is missing; if a field has fewer than 20 stars with all measurements, or its
        positions are equal or in radians; if a hint is not made of finite numbers.

    Warns
    -----
    UserWarning
        With counts, if stars lack errors, so that typical ones are used; if stars lack magnitude or
        colour; if fields have no significant cluster; if the download may have been cut off, as the
        number of stars is a usual limit of rows, or a corner of the footprint is missing.

    See Also
    --------
    MemberSelector : The same as a transformer, for pipelines.

    Notes
    -----
    The stars are a mixture of field and cluster, fitted by expectation maximisation. The cluster
    is normal in proper motion and parallax, with intrinsic widths and each star's own errors [1]_,
    and its surface density is proportional to (1 + (r / core radius)²)^−2.5. The field is eight
    such normals; its surface density is that of the stars themselves. The page "Members" of the
    documentation has the formulas, and how often a cluster is claimed where there is none.

    References
    ----------
    .. [1] Bovy, Hogg & Roweis 2011, Annals of Applied Statistics 5, 1657.

    Examples
    --------
    >>> from skcluster.datasets import load_example_field
    >>> from skcluster.membership import find_members
    >>> X, y = load_example_field()
    >>> stars, clusters = find_members(X)
    >>> len(stars), len(clusters)
    (2284, 1)
    >>> clusters.columns[:3].tolist()
    ['n_members', 'significance', 'ra']
    """
    hints = Hints.of(center, proper_motion, parallax)
    _, flat, searched = search_fields(X, hints, n_clusters, release)
    cluster = np.full(len(flat), "", dtype=object)
    probability = np.full(len(flat), np.nan)
    rows, names = [], []
    for sky, one in searched:
        if one is None:
            probability[sky.rows] = 0.0
            rows.append({"flag": NO_CLUSTER})
            names.append(sky.name)
            continue
        best = one.probability.argmax(axis=0)
        probability[sky.rows] = one.probability.max(axis=0)
        own = np.array([name_of(sky.name, k) for k in range(len(one.significance))], dtype=object)
        cluster[sky.rows] = own[best]
        rows += [describe(sky, one, k, threshold, release) for k in range(len(own))]
        names += own.tolist()
    first = {"field": flat.index.to_numpy()[flat.cluster], "cluster": cluster}
    theirs = {name: flat[name] for name in flat.columns if name not in (*first, "probability")}
    stars = pd.DataFrame({**first, **theirs, "probability": probability})
    clusters = pd.DataFrame(rows, index=pd.Index(names, name="cluster"))
    clusters = clusters.reindex(columns=list(CLUSTER_COLUMNS))
    clusters["flag"] = clusters["flag"].fillna("").astype(object)
    clusters.attrs["units"] = {name: column.unit for name, column in CLUSTER_COLUMNS.items()}
    return stars, clusters


def search_fields(
    X: ClustersLike, hints: Hints, n_clusters: int | Literal["auto"], release: Release
) -> tuple[NestedFrame, Stars, list[tuple[SkyField, FieldClusters | None]]]:
    """Return fields, their flat star arrays, and the clusters of each, None if it has none."""
    X, stars, fields = read_fields(X, hints, release)
    most = None if n_clusters == "auto" else int(n_clusters)
    searched = [(sky, search(sky.field, sky.hint, most)) for sky in fields]
    empty = [sky.name for sky, one in searched if one is None]
    if empty:
        warn_caller(
            f"{len(empty)} of {len(searched)} fields have no significant cluster: "
            f"{some_names(empty)}."
        )
    return X, stars, searched


def name_of(field: Any, rank: int) -> Any:
    """Return the name of a cluster: that of its field, for further clusters with a number."""
    return field if rank == 0 else f"{field} {rank + 1}"


def describe(
    sky: SkyField, clusters: FieldClusters, which: int, threshold: float, release: Release
) -> dict[str, Any]:
    """Return the values of a cluster in the columns of `skcluster.schema.CLUSTER_COLUMNS`."""
    cluster, field = clusters.clusters[which], sky.field
    chance = clusters.probability[which]
    cov = cluster.normal.cov[0]
    width = np.sqrt(cov.diagonal())
    weight = chance / (width[:, None] ** 2 + field.variance)
    error = 1 / np.sqrt(weight.sum(axis=1))
    ra, dec = sky.plane.unproject(*cluster.centre)
    pmra, pmdec = sky.plane.rotate_back(ra, dec, *cluster.normal.mean[0, :2])
    parallax = float(cluster.normal.mean[0, 2])
    distance = np.sqrt(cluster.squared_distance(field))
    members = chance >= threshold
    half = float(np.median(distance[members])) if members.any() else np.nan
    # The variance of a position is about that of the profile's core, where most members are.
    pull = chance / (1 + distance**2 / cluster.core_radius**2)
    centre_error = cluster.core_radius / np.sqrt(2 * EXPONENT * max(float(pull.sum()), 1))
    corrected = parallax - parallax_zero_point(release)
    parsecs = np.radians(1000 / corrected) if corrected > 0 else np.nan
    return {
        "n_members": int(members.sum()),
        "significance": float(clusters.significance[which]),
        "ra": ra,
        "ra_error": centre_error / np.cos(np.radians(dec)),
        "dec": dec,
        "dec_error": centre_error,
        "pmra": pmra,
        "pmra_error": error[0],
        "pmra_width": width[0],
        "pmdec": pmdec,
        "pmdec_error": error[1],
        "pmdec_width": width[1],
        "parallax": parallax,
        "parallax_error": error[2],
        "parallax_width": width[2],
        "core_radius": cluster.core_radius,
        "core_radius_pc": cluster.core_radius * parsecs,
        "half_number_radius": half,
        "half_number_radius_pc": half * parsecs,
        "field_density": _field_density(cluster, distance, clusters.probability, field.radius),
        "flag": "",
    }


def _field_density(
    cluster: Cluster, distance: FloatArray, probability: FloatArray, radius: float
) -> float:
    """Return the number of field stars per square degree around a cluster."""
    near = distance < min(max(3 * cluster.core_radius, 0.3 * radius), radius)
    outside = 1 - probability[:, near].sum(axis=0)
    return float(outside.sum() / (np.pi * distance[near].max() ** 2)) if near.any() else np.nan

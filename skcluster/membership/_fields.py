"""Read fields of the sky: their stars in the tangent plane, hints, and signs of cut downloads."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from nested_pandas import NestedFrame

from skcluster._utils.messages import some_names, warn_caller
from skcluster._utils.typing import BoolArray, ClustersLike, FloatArray, IntArray
from skcluster.clusters import Stars, stars_of
from skcluster.clusters._as_clusters import nest_clusters, whole_clusters
from skcluster.clusters._columns import missing_column
from skcluster.gaia import Release, parallax_error, proper_motion_error
from skcluster.membership._downloads import ROW_LIMITS, footprint_is_broken
from skcluster.membership._mixture import Field
from skcluster.membership._search import Hint
from skcluster.membership._sky import TangentPlane, numbers_of, ra_dec
from skcluster.schema import STAR_COLUMNS

ASTROMETRY = ("ra", "dec", "pmra", "pmdec", "parallax")
_ERRORS = ("pmra_error", "pmdec_error", "parallax_error")
#: Least number of stars of a field with positions, proper motions and parallaxes.
LEAST_STARS = 20
# Fields smaller than this (deg) with numbers that fit are taken as being in radians.
_RADIANS_EXTENT = 0.02


class SkyField(NamedTuple):
    """A row of X with its stars in the tangent plane."""

    name: Any
    #: Positions of its stars with complete astrometry among the stars of X.
    rows: IntArray
    plane: TangentPlane
    field: Field
    #: What is known of the cluster.
    hint: Hint


class Hints(NamedTuple):
    """What the caller knows of the cluster of every field, each None or an array."""

    #: Right ascension and declination, deg; shape (2,).
    center: FloatArray | None
    #: Proper motion, mas/yr; shape (2,).
    motion: FloatArray | None
    #: Parallax, mas; shape (1,).
    parallax: FloatArray | None

    @classmethod
    def of(cls, center: Any, proper_motion: Any, parallax: float | None) -> "Hints":
        """Return hints; refuse those that are not finite numbers."""
        place = None if center is None else ra_dec("center", center)
        motion, parallaxes = numbers_of(proper_motion, 2), numbers_of([parallax], 1)
        if motion is None and proper_motion is not None:
            raise ValueError(f"proper_motion must be two finite numbers, not {proper_motion!r}.")
        if parallaxes is None and parallax is not None:
            raise ValueError(f"parallax must be a finite number, not {parallax!r}.")
        return cls(place, motion, parallaxes)

    def of_row(self, X: NestedFrame, row: int, plane: TangentPlane) -> Hint:
        """Return the hints of a row: those in its columns, or else those of all rows."""
        center = _in_row(X, row, ["ra", "dec"], self.center)
        motion = _in_row(X, row, ["pmra", "pmdec"], self.motion)
        parallax = _in_row(X, row, ["parallax"], self.parallax)
        position = None
        if center is not None:
            ra, dec = center[:, None]
            position = np.concatenate(plane.project(ra, dec))
            if motion is not None:
                motion = np.concatenate(plane.rotate(ra, dec, *motion[:, None]))
        return Hint(position, motion, None if parallax is None else float(parallax[0]))


def _in_row(
    X: NestedFrame, row: int, names: list[str], default: FloatArray | None
) -> FloatArray | None:
    """Return numbers in columns of a row beside the stars, or the default if one is missing."""
    if not all(name in X.columns for name in names):
        return default
    try:
        values: FloatArray = X[names].to_numpy(dtype=float, na_value=np.nan)[row]
    except ValueError as error:
        hints = ", ".join(names)
        raise ValueError(f"{hints} beside the stars must be numbers: {error}.") from error
    return values if np.isfinite(values).all() else default


def read_fields(
    X: ClustersLike, hints: Hints, release: Release
) -> tuple[NestedFrame, Stars, list[SkyField]]:
    """Return fields, their flat star arrays, and the fields in the tangent plane."""
    nested = nest_clusters(X)
    limited = [n in ROW_LIMITS for n in stars_of(nested).counts]
    sign = "have a number of stars at which archives cut off an answer (such as 2000, 50000)"
    _warn_of_cuts(nested.index, limited, sign)
    X = whole_clusters(nested)
    stars = stars_of(X)
    for name in ASTROMETRY:
        if name not in stars or stars[name].dtype.kind not in "fiu":
            raise ValueError(missing_column("fields", STAR_COLUMNS[name], stars.columns))
    values = np.array([stars[name].astype(float) for name in ASTROMETRY])
    whole = np.isfinite(values).all(axis=0)
    errors = _errors(stars, release, whole)
    fields, broken = [], []
    for row, name in enumerate(stars.index):
        own = slice(*stars.offsets[row : row + 2])
        rows = own.start + np.flatnonzero(whole[own])
        _check(name, values[:, own], len(rows))
        ra, dec, pmra, pmdec, parallax = values[:, rows]
        plane = TangentPlane.of(ra, dec)
        x, y = plane.project(ra, dec)
        motion = plane.rotate(ra, dec, pmra, pmdec)
        radius = max(float(np.quantile(np.hypot(x, y), 0.99)), 1e-4)
        field = Field(np.array([*motion, parallax]), errors[:, rows] ** 2, np.array([x, y]), radius)
        fields.append(SkyField(name, rows, plane, field, hints.of_row(X, row, plane)))
        broken.append(footprint_is_broken(field.position, ra, dec))
    sign = "fill neither a circle nor a rectangle of the sky, as downloads do that were cut off"
    _warn_of_cuts(X.index, broken, sign)
    return X, stars, fields


def _errors(stars: Stars, release: Release, whole: BoolArray) -> FloatArray:
    """Return errors of proper motions and parallaxes, typical ones where there are none."""
    g = stars["phot_g_mean_mag"].astype(float)
    motion = proper_motion_error(g, release)
    errors = np.array([motion, motion, parallax_error(g, release)])
    lacking = {}
    for name, error in zip(_ERRORS, errors, strict=True):
        own = stars[name].astype(float) if name in stars else np.full(len(stars), np.nan)
        given = np.isfinite(own) & (own > 0)
        error[given] = own[given]
        lacking[name] = int((whole & ~given).sum())
    if any(lacking.values()):
        names = ", ".join(name for name, n in lacking.items() if n)
        most = max(lacking.values())
        warn_caller(
            f"{most} of {whole.sum()} stars {'lacks' if most == 1 else 'lack'} {names}: typical "
            f"errors of {release.upper()} at their magnitudes are used."
        )
    return errors


def _check(name: Any, values: FloatArray, n_whole: int) -> None:
    n = values.shape[1]
    if n_whole < LEAST_STARS:
        pairs = zip(ASTROMETRY, values, strict=True)
        empty = [key for key, value in pairs if not np.isfinite(value).any()]
        reason = f" ({', '.join(empty)} missing in all)" if empty else ""
        raise ValueError(
            f"field {name!r} has {n_whole} stars with {', '.join(ASTROMETRY)}, of {n} "
            f"stars{reason}; at least {LEAST_STARS} are needed."
        )
    ranges = np.nanmax(values, axis=1) - np.nanmin(values, axis=1)
    extent = float(ranges[:2].max())
    if extent == 0:
        raise ValueError(f"field {name!r} has all its stars at the same position.")
    if ranges[2:4].max() == 0:
        raise ValueError(f"field {name!r} has the same proper motion for all its stars.")
    ra, dec = np.nanmax(np.abs(values[:2]), axis=1)
    fits = ra < 2 * np.pi + 0.01 and dec < np.pi / 2 + 0.01
    if extent < _RADIANS_EXTENT and fits:
        raise ValueError(
            f"field {name!r} is {3600 * extent:.0f} arcsec wide, with ra and dec that would fit "
            "radians; positions must be in degrees."
        )


def _warn_of_cuts(names: pd.Index, cut: Iterable[bool], sign: str) -> None:
    """Warn of fields whose download shows a sign of having been cut off."""
    fields = names[list(cut)]
    if len(fields):
        warn_caller(
            f"{len(fields)} of {len(names)} fields {sign}: {some_names(fields)}. If stars are "
            "missing, query again without a row limit."
        )

"""Base of the resamplers: what they are given, and copies appended to clusters and labels."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
from nested_pandas import NestedFrame
from sklearn.base import BaseEstimator, _fit_context
from sklearn.utils import Tags
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import _check_sample_weight, _num_samples

from skcluster._utils.order import check_same_order
from skcluster._utils.typing import ClustersLike, FloatArray, IntArray
from skcluster.clusters import Stars, as_clusters, validate_clusters
from skcluster.clusters._parallax import PARALLAX_FLOOR
from skcluster.clusters._stars import STARS, clusters_from_flat
from skcluster.gaia import parallax_error, split_colour
from skcluster.schema import CLUSTER_PARAMETERS

_CHANGED = (
    "phot_g_mean_mag",
    "bp_rp",
    "phot_bp_mean_mag",
    "phot_rp_mean_mag",
    "parallax",
    "parallax_error",
    "probability",
    "magnitude_limit",
)


@dataclass(frozen=True)
class Copies:
    """The stars and labels of copies of clusters."""

    #: The copy that each star belongs to, in increasing order; shape (n_stars,).
    copy: IntArray
    #: Index of the given star whose unchanged columns are copied; shape (n_stars,).
    host: IntArray
    #: Star columns that differ from those of the host; shape (n_stars,).
    columns: Mapping[str, npt.NDArray[Any]]
    #: Labels that differ from those of the copied cluster; shape (n_copies,).
    labels: Mapping[str, FloatArray] = field(default_factory=dict)


@dataclass(kw_only=True, repr=False, eq=False)
class ClusterResampler(BaseEstimator):
    """Base of the resamplers, which append copies to clusters, labels and weights.

    Subclasses are dataclasses, whose fields are the parameters, and make the copies in
    ``_make_copies``. As a step of imbalanced-learn's pipeline, a resampler has ``fit_resample`` and
    acts in ``fit`` only.
    """

    n_copies: int = 1

    _parameter_constraints: ClassVar[dict[str, Any]] = {
        "n_copies": [Interval(Integral, 0, None, closed="left")],
        "random_state": ["random_state"],
    }
    # With metadata routing: imbalanced-learn's pipeline does not take the weights of copies.
    __metadata_request__fit_resample: ClassVar[dict[str, bool]] = {"sample_weight": False}

    @_fit_context(prefer_skip_nested_validation=True)
    def fit_resample(
        self, X: ClustersLike, y: Any, sample_weight: npt.ArrayLike | None = None
    ) -> tuple[Any, ...]:
        """Append copies to clusters and labels.

        Parameters
        ----------
        X : clusters
            The n_clusters clusters; any input of `skcluster.clusters.as_clusters`.
        y : DataFrame, Series or array-like of n_clusters rows
            Labels. `ClusterAugmenter` needs extinctions and distances, see there.
        sample_weight : array-like of shape (n_clusters,), default=None
            Weight of each cluster.

        Returns
        -------
        X : NestedFrame of n_clusters * (1 + n_copies) rows
            The given clusters, unchanged, then the copies, named ``NGC_2682 (copy 1)`` (numbered
            clusters are numbered consecutively).
        y : DataFrame, Series or ndarray of n_clusters * (1 + n_copies) rows
            Their labels, of the same type.
        sample_weight : ndarray of shape (n_clusters * (1 + n_copies),)
            Their weights; copies have those of their clusters. Only returned if weights are given.

        Raises
        ------
        ValueError
            If X, y, the weights or a parameter cannot be used; the message names cluster, column,
            value and rule.
        """
        X = as_clusters(X)
        stars = validate_clusters(X)
        weights = None if sample_weight is None else _check_sample_weight(sample_weight, X)
        if _num_samples(y) != len(X):
            raise ValueError(f"X has {len(X)} clusters, but y has {_num_samples(y)} rows.")
        check_same_order(stars.index, y)
        check_same_order(stars.index, sample_weight, names=("X", "sample_weight"))
        rows = np.tile(np.arange(len(X)), self.n_copies)
        self.sample_indices_ = np.concatenate([np.arange(len(X)), rows])
        if len(rows):
            copies = self._make_copies(stars, y, rows)
            X, y = _append_clusters(X, stars, rows, copies), _append_labels(y, rows, copies.labels)
        return (X, y) if weights is None else (X, y, weights[self.sample_indices_])

    @abstractmethod
    def _make_copies(self, stars: Stars, y: Any, rows: IntArray) -> Copies:
        """Return a copy of each of the clusters ``rows``."""

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.allow_nan = True  # missing parallaxes, for one
        tags.target_tags.required = True
        tags.target_tags.multi_output = True
        return tags


def field_of(field: Any, seed: int) -> Stars | None:
    """Return field stars, one row per sightline, that are given or made by a function, if any."""
    if field is None:
        return None
    try:
        return validate_clusters(field(random_state=seed) if callable(field) else field)
    except (TypeError, ValueError) as error:
        raise type(error)(f"field must contain stars of sightlines. {error}") from error


def changeable_columns(stars: Stars) -> dict[str, FloatArray]:
    """Return the columns of stars that copies may change."""
    return {name: stars[name].astype(np.float64) for name in _CHANGED if name in stars}


def photometry(g: FloatArray, colour: FloatArray) -> dict[str, FloatArray]:
    """Return the columns of magnitudes and colour of stars of known G and BP−RP."""
    bp, rp = split_colour(g, colour)
    return {"phot_g_mean_mag": g, "bp_rp": colour, "phot_bp_mean_mag": bp, "phot_rp_mean_mag": rp}


def parallax_scatter(g: FloatArray, rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Draw deviations of the parallaxes of stars from their cluster's; return the errors, too."""
    error: FloatArray = parallax_error(g)
    return np.hypot(error, PARALLAX_FLOOR) * rng.standard_normal(len(g)), error


def stars_of_copies(stars: Stars, rows: IntArray) -> tuple[IntArray, IntArray]:
    """Return the stars of the clusters ``rows``, one after the other, and the copy of each."""
    counts = stars.counts[rows]
    copy = np.repeat(np.arange(len(rows)), counts)
    first = stars.offsets[rows] - (np.cumsum(counts) - counts)
    return np.arange(len(copy)) + first[copy], copy


def _append_clusters(X: NestedFrame, stars: Stars, rows: IntArray, copies: Copies) -> NestedFrame:
    """Return X with the copies appended, in the order of its columns."""
    host = pa.array(copies.host)
    fields = {
        name: _append_column(stars.arrow(name), copies.columns.get(name), host)
        for name in stars.columns
    }
    ends = np.searchsorted(copies.copy, np.arange(len(rows)), side="right")
    offsets = np.concatenate([stars.offsets, stars.offsets[-1] + ends])
    index = stars.index.append(_copy_names(stars.index, len(rows)))
    carried = X[X.columns.drop(STARS)].take(np.concatenate([np.arange(len(X)), rows]))
    nested = clusters_from_flat(fields, offsets, index)[STARS]
    frame = NestedFrame(pd.DataFrame(carried).set_axis(index))
    both: NestedFrame = frame.assign(**{STARS: nested})[X.columns]
    return both


def _append_column(
    original: pa.Array, changed: npt.NDArray[Any] | None, host: pa.Array
) -> pa.Array:
    """Return a star column with that of the copies appended, in its own type."""
    if changed is None:
        return pa.concat_arrays([original, original.take(host)])
    kind = original.type if pa.types.is_floating(original.type) else pa.float64()
    return pa.concat_arrays([original.cast(kind), pa.array(changed).cast(kind, safe=False)])


def _append_labels(y: Any, rows: IntArray, changed: Mapping[str, FloatArray]) -> Any:
    """Return y with the labels of the copies appended, of the same kind and column types.

    Integer columns that change become floats.
    """
    if isinstance(y, pd.DataFrame | pd.Series):
        added = y.iloc[rows].set_axis(_copy_names(y.index, len(rows))).copy()
        for name, values in changed.items():
            dtype: Any = y[name].dtype
            added[name] = pd.array(
                values, dtype=dtype if pd.api.types.is_float_dtype(dtype) else float
            )
        return pd.concat([y, added])
    own = np.asarray(y)
    if changed:
        own = own.astype(np.result_type(own, np.float16), copy=False)
    copied = own[rows]
    for name, values in changed.items():
        copied[:, CLUSTER_PARAMETERS.index(name)] = values
    return np.concatenate([own, copied])


def _copy_names(index: pd.Index, n: int) -> pd.Index:
    """Return unique names for ``n`` copies, numbered by round.

    ``NGC_2682`` becomes ``NGC_2682 (copy 1)``, ``NGC_2682 (copy 2)`` …; numbers are continued.
    """
    if pd.api.types.is_integer_dtype(index.dtype):
        numbers: pd.Index = pd.Index(np.arange(n) + (index.max() + 1), name=index.name)
        return numbers
    rounds = n // len(index)
    first = 1
    while True:
        names = [f"{name} (copy {first + i})" for i in range(rounds) for name in index]
        copies = pd.Index(names, name=index.name)
        if not copies.isin(index).any():
            return copies
        first += 1

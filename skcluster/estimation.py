"""Estimate clusters with a model, in one pass: the table, samples and memberships."""

from collections.abc import Callable, Iterator
from functools import partial
from numbers import Integral, Real
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
from nested_pandas import NestedFrame
from sklearn.pipeline import Pipeline
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions, validate_params

from skcluster._utils.models import nested_estimators
from skcluster._utils.parallel import in_processes
from skcluster._utils.typing import ClustersLike, FloatArray, IntArray
from skcluster.clusters import as_clusters, stars_of
from skcluster.clusters._as_clusters import checked
from skcluster.clusters._magnitude_limits import state_magnitude_limit
from skcluster.clusters._tables import frame_of_arrow
from skcluster.gaia import Release
from skcluster.inference import IsochronePosterior, PredictiveDistribution
from skcluster.io._cluster_tables import state_priors, stated_priors
from skcluster.io._releases import are_of_dr2, to_edr3_parallaxes
from skcluster.io._write import state_units
from skcluster.isochrones import PopulationGrid
from skcluster.membership import MemberSelector
from skcluster.membership._fields import ASTROMETRY
from skcluster.membership._find_members import NO_CLUSTER
from skcluster.persistence import load_model
from skcluster.schema import CLUSTER_PARAMETERS, INTERVAL_ENDS, TARGETS, clip_targets

__all__ = ["estimate"]

#: Number of clusters that are estimated at a time, whatever the number of jobs: sums of products in
#: a network depend on it in the last digit.
_CHUNK = 20
#: For fewer clusters, starting processes takes longer than it saves.
_FEWEST_FOR_PROCESSES = 100
#: Of clusters with fewer stars, this is noted; an adopted value.
FEW_STARS = 10


@validate_params(
    {
        "X": "no_validation",
        "model": "no_validation",
        "coverage": [Interval(Real, 0, 1, closed="neither")],
        "n_samples": [Interval(Integral, 0, None, closed="left")],
        "membership": ["boolean", StrOptions({"if known"})],
        "random_state": ["random_state"],
        "release": [StrOptions({"edr3", "dr2"}), None],
        "zero_point": [Real, None],
        "magnitude_limit": [Interval(Real, None, None, closed="neither"), None],
        "priors": "no_validation",
        "progress": [callable, None],
        "n_jobs": [Integral, None],
    },
    prefer_skip_nested_validation=True,
)
def estimate(
    X: ClustersLike,
    model: Any = None,
    *,
    coverage: float = 0.68,
    n_samples: int = 0,
    membership: bool | Literal["if known"] = False,
    random_state: int | np.random.RandomState | None = None,
    release: Release | None = None,
    zero_point: float | None = None,
    magnitude_limit: float | None = None,
    priors: Any = None,
    progress: Callable[[int], None] | None = None,
    n_jobs: int | None = None,
) -> Any:
    """Estimate log age, A_V and distance of clusters.

    The features of each cluster are computed once and the networks are evaluated once, whatever
    is requested.

    Parameters
    ----------
    X : clusters
        Any input of `skcluster.clusters.as_clusters`; or fields of the sky, if the model is a
        pipeline that starts with a `skcluster.membership.MemberSelector`.
    model : estimator, optional
        A fitted model. If it has ``predict_distribution``, as
        `skcluster.inference.IsochronePosterior` and `skcluster.inference.ConformalRegressor` do,
        the table has intervals and the model's further columns; see
        `skcluster.inference.PredictiveDistribution`. If it has only ``predict``, the table has its
        values, under the names that the pipelines of this package learn from the columns of ``y``.
        Targets without names, such as those of scikit-learn's regressors, are taken as log age,
        A_V and distance, in this order. The default is the pretrained model.
    coverage : float, default=0.68
        Probability that an interval contains the true value.
    n_samples : int, default=0
        Number of joint samples per cluster to return with the table.
    membership : bool or "if known", default=False
        Whether to return the membership probability of each star. "if known" returns None if the
        model does not provide it.
    random_state : int, RandomState instance or None, default=None
        Determines the drawn samples.
    release : {"edr3", "dr2"}, optional
        Data release of the parallaxes in ``X``, if it differs from that of the training set, which
        is EDR3 for the pretrained model. They are shifted to its zero point. Clusters from
        `skcluster.io.read_clusters` with a known release have been shifted already.
    zero_point : float, optional
        Parallax zero point of ``X`` (mas), if it differs from that of the release; 0 for corrected
        parallaxes.
    magnitude_limit : float, optional
        Magnitude limit of the lists in G (mag). Fainter stars are not used. By default, the limit
        of each list is taken from the star column of that name, or else estimated from its faintest
        stars (`skcluster.clusters.magnitude_limits`).
    priors : mapping of str to (float, float), table, str or PathLike, optional
        What is known of the clusters from elsewhere, such as [M/H] from spectra, A_V from a map of
        dust, or a distance: values and standard errors, of normal distributions by which the prior
        is multiplied. ``{"metallicity": (0.1, 0.05)}`` holds for all clusters. A table, or a file
        of one, has a row per cluster, their names in a column ``cluster``, and any of the columns
        ``log_age``, ``a_v``, ``distance_kpc`` and ``metallicity``, each with its standard error in
        ``log_age_error`` and so on, blank where nothing is known. Star columns of these names after
        ``prior_``, such as ``prior_a_v`` and ``prior_a_v_error``, do the same. Needs a model with
        `skcluster.inference.IsochronePosterior`.
    progress : callable, optional
        Called with the number of clusters just estimated.
    n_jobs : int, optional
        Number of processes, as in scikit-learn: None is 1, -1 all cores. The results are the same
        to the bit. Fewer than 100 clusters are estimated in this process, because starting others
        takes longer.

    Returns
    -------
    table : DataFrame of n_clusters rows
        Estimates, with the clusters' names as index. Columns: ``n_stars``; ``n_used``, the number
        of stars used by the model, if known; the targets, that is ``log_age`` (dex), ``a_v`` (mag),
        ``distance_kpc`` (kpc) and any others, each followed by ``_lower`` and ``_upper`` if the
        model has intervals; further columns of the model, described in
        `skcluster.schema.ESTIMATE_COLUMNS`; ``priors``, what was known of the cluster from
        elsewhere, if anything was given; ``reliability``, the probability that the estimate can
        be trusted, if the model gives it; ``flag``, the reasons to doubt the estimate, separated by
        "; ": "cannot be measured" (the values are NaN, because the model can use no star), "no
        cluster found" (the same, for a row without any star, as
        `skcluster.membership.MemberSelector` gives for a field without a cluster) and those of the
        model, such as "outside domain" (unlike all training clusters); ``notes``, what was seen in
        the list and accounted for, which is no reason to doubt the estimate, in the same form: "few
        stars" (fewer than 10 used), "DR2 zero point applied" (parallaxes were shifted from it) and
        those of the model, such as "contaminants identified".
        Values and intervals stay within the ranges in
        `skcluster.schema.TARGETS`. ``attrs["units"]`` holds the units; `skcluster.io.to_astropy`
        makes an astropy table with them.
    samples : dict of DataFrames of n_samples rows
        Joint samples of the targets by cluster name, with a column per target; NaN for clusters
        that cannot be measured. Only returned if ``n_samples`` is positive.
    members : DataFrame of n_stars rows, or None
        All stars of all clusters: ``cluster``, their columns in ``X``, and ``membership``, the
        membership probability of the model; NaN for stars that it does not use. Only returned with
        ``membership``.

    Raises
    ------
    TypeError
        If the model cannot predict.
    ValueError
        If the model has unnamed targets and not three of them; if ``priors`` have wrong values, or
        the model cannot use them; if ``n_samples`` is positive, and
        the model has no ``predict_distribution`` or two clusters have the same name; or if
        ``membership`` is True, and the model does not provide it.

    Examples
    --------
    >>> from skcluster.datasets import simulate_clusters
    >>> from skcluster.estimation import estimate
    >>> X, y = simulate_clusters(2, random_state=0)
    >>> table = estimate(X)
    >>> list(table.columns[:5])
    ['n_stars', 'n_used', 'log_age', 'log_age_lower', 'log_age_upper']
    >>> table, samples, members = estimate(X, n_samples=100, membership=True, random_state=0)
    >>> samples["sim_000000"].shape
    (100, 4)
    >>> members.columns[-1]
    'membership'
    """
    model = load_model() if model is None else model
    if isinstance(model, Pipeline) and isinstance(selector := model[0], MemberSelector):
        X, model = selector.transform(X), model[1:] if len(model) > 2 else model[-1]
    X = _with_statements(as_clusters(X), model, release, zero_point, magnitude_limit, priors)
    if n_samples and not X.index.is_unique:
        twice = X.index[X.index.duplicated()][0]
        raise ValueError(
            f"Samples need unique names of clusters, but there are two clusters {twice!r}."
        )
    rng = check_random_state(random_state)
    samples: dict[int, FloatArray] = {}
    parts: list[_Part] = []
    work = partial(_estimated, model, coverage, bool(n_samples), membership)
    n_jobs = n_jobs if len(X) >= _FEWEST_FOR_PROCESSES else 1
    if n_jobs not in (None, 1) and _uses_isochrones(model):
        PopulationGrid.load()  # or, at the first use, every process would compute it
    for part in in_processes(work, _chunks(X), n_jobs):
        if part.distribution is not None:  # drawn here, so that random numbers follow each other
            drawn = clip_targets(part.distribution.sample(n_samples, rng), part.targets)
            samples.update(zip(part.table.index.tolist(), drawn, strict=True))
        parts.append(part._replace(distribution=None))
        if progress is not None:
            progress(min(_CHUNK, len(X) - _CHUNK * (len(parts) - 1)))
    results: list[Any] = [_table(X, parts)]
    if n_samples:
        targets = list(parts[0].targets)
        unknown = np.full((n_samples, len(targets)), np.nan)
        drawn_of = (samples.get(row, unknown) for row in range(len(X)))
        frames = (pd.DataFrame(drawn, columns=targets) for drawn in drawn_of)
        results.append(dict(zip(X.index, frames, strict=True)))
    if membership:
        results.append(_members(X, parts))
    return tuple(results) if len(results) > 1 else results[0]


def _with_statements(
    X: NestedFrame,
    model: Any,
    release: Release | None,
    zero_point: float | None,
    magnitude_limit: float | None,
    priors: Any,
) -> NestedFrame:
    """Return clusters with what the user states: release, magnitude limit and priors."""
    if release is not None or zero_point is not None:
        X = to_edr3_parallaxes(X, release or "edr3", zero_point=zero_point)
    if magnitude_limit is not None:
        X = state_magnitude_limit(X, magnitude_limit)
    if priors is not None:
        X = state_priors(X, priors)
    if stated_priors(stars_of(X)) is not None and not _uses_isochrones(model):
        raise ValueError(
            "What is known of clusters from elsewhere (priors) needs a model with "
            f"IsochronePosterior; {type(model).__name__} cannot use it."
        )
    return X


def _uses_isochrones(model: Any) -> bool:
    return any(isinstance(part, IsochronePosterior) for part in nested_estimators(model))


def _chunks(X: NestedFrame) -> Iterator[tuple[IntArray, NestedFrame]]:
    """Yield the rows of clusters that have stars, and these clusters, some at a time.

    Without any cluster, there is one empty chunk: the model then tells its columns.
    """
    n_stars = stars_of(X).counts
    for start in range(0, max(len(X), 1), _CHUNK):
        rows = start + np.flatnonzero(n_stars[start : start + _CHUNK])
        yield rows, X.iloc[rows]


class _Part(NamedTuple):
    """What is known of a chunk of clusters; rows are their positions."""

    targets: tuple[str, ...]
    #: The columns that come from the model, its flags and notes: a row per cluster with stars.
    table: pd.DataFrame
    flags: pd.DataFrame
    notes: pd.DataFrame
    #: Membership probabilities of the stars of each such cluster, if asked for and known.
    membership: list[FloatArray] | None
    #: To draw samples from, if asked for.
    distribution: PredictiveDistribution | None


def _estimated(
    model: Any,
    coverage: float,
    sampled: bool,
    membership: bool | str,
    chunk: tuple[IntArray, NestedFrame],
) -> _Part:
    """Return the estimates of some clusters."""
    rows, some = chunk[0], checked(chunk[1])
    answer: PredictiveDistribution
    if hasattr(model, "predict_distribution"):
        answer = model.predict_distribution(some)
    elif hasattr(model, "predict"):
        answer = _Points(model, some)
    else:
        raise TypeError(f"model must be a fitted model, such as load_model returns, not {model!r}.")
    targets = _targets(answer)
    members = answer.membership() if membership else None
    if membership is True and members is None:
        raise ValueError(
            "Membership probabilities need a model such as IsochronePosterior; "
            f"{type(model).__name__} has none."
        )
    return _Part(
        targets,
        _columns(answer, targets, coverage, rows),
        pd.DataFrame(dict(answer.flags), index=rows),
        pd.DataFrame(dict(answer.notes), index=rows),
        members,
        answer if sampled else None,
    )


class _Points(PredictiveDistribution):
    """Estimates of a model that has only ``predict``."""

    def __init__(self, model: Any, X: NestedFrame) -> None:
        names = (getattr(part, "target_names_", None) for part in nested_estimators(model))
        self.targets = next((name for name in names if name is not None), None)
        n_targets = len(CLUSTER_PARAMETERS if self.targets is None else self.targets)
        values = model.predict(X) if len(X) else np.empty((0, n_targets))
        self._values = np.asarray(values, dtype=np.float64)
        self._model = type(model).__name__

    def predict(self) -> FloatArray:
        return self._values

    def interval(self, coverage: float = 0.68) -> FloatArray:
        raise NotImplementedError

    def sample(self, n_samples: int = 1000, random_state: Any = None) -> FloatArray:
        raise ValueError(
            "Samples need a model with predict_distribution, such as ConformalRegressor; "
            f"{self._model} has none."
        )


def _targets(answer: PredictiveDistribution) -> tuple[str, ...]:
    """Return the names of the targets; those without names must be the usual three."""
    names, shape = answer.targets or CLUSTER_PARAMETERS, answer.predict().shape
    if shape[1:] != (len(names),):
        raise ValueError(
            "The model predicts targets without naming them, "
            f"{shape[1] if len(shape) > 1 else 1} per cluster; {len(names)} are needed: "
            f"{', '.join(names)}."
        )
    return names


def _columns(
    answer: PredictiveDistribution, targets: tuple[str, ...], coverage: float, rows: IntArray
) -> pd.DataFrame:
    """Return the columns that come from the model, with values in the ranges of their targets."""
    columns: dict[str, Any] = {} if answer.n_used is None else {"n_used": answer.n_used}
    ends = {}
    if not isinstance(answer, _Points):
        intervals = np.moveaxis(answer.interval(coverage), -1, 0)
        ends = dict(zip(INTERVAL_ENDS, clip_targets(intervals, targets), strict=True))
    estimates = clip_targets(answer.predict(), targets)
    for i, name in enumerate(targets):
        columns[name] = estimates[:, i]
        columns |= {name + ending: values[:, i] for ending, values in ends.items()}
    if answer.extra_columns is not None:
        columns |= {str(name): c.to_numpy() for name, c in answer.extra_columns.items()}
    if answer.reliability is not None:
        columns["reliability"] = answer.reliability
    return pd.DataFrame(columns, index=rows)


def _table(X: NestedFrame, parts: list[_Part]) -> pd.DataFrame:
    """Combine the columns of some rows each into a table of all rows, with flags and units."""
    stars, places = stars_of(X), range(len(X))
    table = pd.DataFrame({"n_stars": stars.counts}, index=places)
    table = table.join(pd.concat([part.table for part in parts]).reindex(places))
    if "n_used" in table:
        table["n_used"] = table["n_used"].fillna(0).astype(int)
    if (known := stated_priors(stars)) is not None:
        table["priors"] = pd.Series(list(map(_priors, known)), dtype="str")
    unknown = table[list(parts[0].targets)].isna().any(axis=1)
    few = (table.get("n_used", table["n_stars"]) < FEW_STARS) & ~unknown
    # Where positions are known, it is a field; other lists have lost stars without a colour.
    no_cluster = (stars.counts == 0) & all(name in stars for name in ASTROMETRY)
    flags = {NO_CLUSTER: no_cluster, "cannot be measured": unknown & ~no_cluster}
    table["flag"] = _texts(flags, pd.concat([part.flags for part in parts]).reindex(places))
    notes = pd.concat([part.notes for part in parts]).reindex(places)
    table["notes"] = _texts({"few stars": few, "DR2 zero point applied": are_of_dr2(X)}, notes)
    return state_units(table.set_axis(stars.index.rename("cluster")))


def _texts(own: dict[str, Any], of_model: pd.DataFrame) -> pd.Series:
    """Return the names of what applies to each row, separated by "; "."""
    # Nothing of the model applies to a row without a prediction.
    given = own | {str(name): column.eq(True) for name, column in of_model.items()}
    names = np.array(list(given))
    rows = np.column_stack([np.asarray(applies, bool) for applies in given.values()])
    return pd.Series(["; ".join(names[row]) for row in rows], dtype="str")


def _priors(known: FloatArray) -> str:
    """Return what is known of a cluster from elsewhere, as text."""
    return "; ".join(
        f"{target.name} {target.as_text(value, value - error, value + error)}"
        for target, (value, error) in zip(TARGETS.values(), known, strict=True)
        if np.isfinite(value)
    )


def _members(X: NestedFrame, parts: list[_Part]) -> pd.DataFrame | None:
    """Return all stars with their membership probabilities; None if the model knows none."""
    if parts[0].membership is None:
        return None
    values = [of_cluster for part in parts for of_cluster in part.membership or []]
    stars = stars_of(X)
    table = frame_of_arrow(pa.table({name: stars.arrow(name) for name in stars.columns}))
    table.insert(0, "cluster", stars.index.to_numpy()[stars.cluster])
    # Clusters that the model was not asked about have no star.
    return table.assign(membership=np.concatenate([np.empty(0), *values]))

"""Estimate clusters with a model, in one pass."""

from collections.abc import Callable
from numbers import Integral, Real
from typing import Any, Literal

import numpy as np
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions, validate_params

from skcluster._utils.typing import ClustersLike, IntArray
from skcluster.clusters import as_clusters, stars_of, state_magnitude_limit
from skcluster.clusters._as_clusters import checked
from skcluster.estimation._answer import Answer, ask, columns_of
from skcluster.estimation._table import members_of, samples_of, table_of
from skcluster.gaia import Release
from skcluster.io import to_edr3_parallaxes
from skcluster.persistence import load_model

#: Number of clusters that are estimated between two reports of progress.
_CHUNK = 100


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
        "progress": [callable, None],
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
    progress: Callable[[int], None] | None = None,
) -> Any:
    """Estimate log age, A_V and distance of clusters.

    The features of each cluster are computed once and the networks are evaluated once, whatever
    is requested.

    Parameters
    ----------
    X : clusters
        Any input of `skcluster.clusters.as_clusters`.
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
    progress : callable, optional
        Called with the number of clusters just estimated.

    Returns
    -------
    table : DataFrame of n_clusters rows
        Estimates, with the clusters' names as index. Columns: ``n_stars``; ``n_used``, the number
        of stars used by the model, if known; the targets, that is ``log_age`` (dex), ``a_v`` (mag),
        ``distance_kpc`` (kpc) and any others, each followed by ``_lower`` and ``_upper`` if the
        model has intervals; further columns of the model, described in
        `skcluster.schema.ESTIMATE_COLUMNS`; ``flag``, the reasons to doubt the estimate, separated
        by "; ": "cannot be measured" (the values are NaN, because the model can use no star), "few
        stars" (fewer than 10 used) and those of the model, such as "outside domain" (unlike all
        training clusters). Values and intervals stay within the ranges in
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
        If the model has unnamed targets and not three of them; if ``n_samples`` is positive, and
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
    if not (hasattr(model, "predict") or hasattr(model, "predict_distribution")):
        raise TypeError(f"model must be a fitted model, such as load_model returns, not {model!r}.")
    X = _as_told(as_clusters(X), release, zero_point, magnitude_limit)
    if n_samples and not X.index.is_unique:
        twice = X.index[X.index.duplicated()][0]
        raise ValueError(
            f"Samples need unique names of clusters, but there are two clusters {twice!r}."
        )
    rng = check_random_state(random_state)
    n_stars = stars_of(X).counts
    answers: list[Answer] = []
    rows: list[IntArray] = []
    for start in range(0, len(X), _CHUNK):
        chunk = start + np.flatnonzero(n_stars[start : start + _CHUNK] > 0)
        if len(chunk):
            answers.append(ask(model, checked(X.iloc[chunk]), coverage, n_samples, rng, membership))
            rows.append(chunk)
        if progress is not None:
            progress(len(n_stars[start : start + _CHUNK]))
    if not answers:
        asked = {"coverage": coverage, "n_samples": n_samples, "membership": membership}
        answers, rows = [columns_of(model, X, **asked)], [np.arange(0)]
    table = table_of(answers, rows, n_stars, X.index)
    found: list[Any] = [table]
    if n_samples:
        found.append(samples_of(answers, rows, n_samples, X.index))
    if membership:
        known = answers[0].membership is not None
        found.append(members_of(answers, rows, X) if known else None)
    return tuple(found) if len(found) > 1 else table


def _as_told(
    X: Any, release: Release | None, zero_point: float | None, magnitude_limit: float | None
) -> Any:
    """Return clusters with parallaxes on the model's scale, and with the limit stated per star."""
    if release is not None or zero_point is not None:
        X = to_edr3_parallaxes(X, release or "edr3", zero_point=zero_point)
    return X if magnitude_limit is None else state_magnitude_limit(X, magnitude_limit)

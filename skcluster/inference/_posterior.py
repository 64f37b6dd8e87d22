"""Combine a regressor's prediction with the likelihood of the stars on isochrones."""

from collections.abc import Callable, Sequence
from functools import partial
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, MetaEstimatorMixin, RegressorMixin, _fit_context, clone
from sklearn.utils import Tags, check_random_state
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from skcluster._utils.doc_links import DocLinkMixin
from skcluster._utils.order import check_same_order
from skcluster._utils.typing import BoolArray, ClustersLike, FloatArray, IntArray
from skcluster.clusters import as_clusters, stars_of, validate_clusters
from skcluster.inference._calibration import Calibration
from skcluster.inference._calibration_clusters import CalibrationClusters
from skcluster.inference._cluster_posterior import ClusterPosterior
from skcluster.inference._consistency import Consistency
from skcluster.inference._domain import Domain
from skcluster.inference._held_out import folds_of, held_out_prediction
from skcluster.inference._member_lists import (
    MemberList,
    StarModel,
    check_measurable,
    member_lists,
)
from skcluster.inference._normal_prediction import (
    NormalPrediction,
    checked_targets,
    columns_of_targets,
    predict_normal,
)
from skcluster.inference._posterior_distribution import PosteriorDistribution
from skcluster.inference._posterior_summary import PosteriorSummary
from skcluster.inference._predictive_methods import PredictiveMethodsMixin
from skcluster.inference._priors_of_clusters import from_parallaxes
from skcluster.inference._routing import route
from skcluster.inference._sampler import Sampler
from skcluster.inference._transformed import last_step

__all__ = ["IsochronePosterior"]

#: Maximum number of training clusters for the choice of the tempering.
_N_TRIED = 240
#: Tempering without training clusters.
_DEFAULT_TEMPERING = 0.3


class IsochronePosterior(
    DocLinkMixin, PredictiveMethodsMixin, MetaEstimatorMixin, RegressorMixin, BaseEstimator
):
    """Posterior distribution of clusters' parameters from a regressor and isochrones.

    The predictive distribution of a regressor, such as a neural network, serves as the prior
    distribution. It is multiplied by the likelihood of the cluster's stars on isochrones, and the
    product is sampled. Besides log age, A_V and distance, this determines metallicity, differential
    reddening, fraction of field stars, membership probabilities and goodness of fit.

    Parameters
    ----------
    estimator : estimator or None, default=None
        A regressor that predicts log age (dex), A_V (mag) and distance (kpc) from clusters, or a
        pipeline that ends with one. If its last step predicts standard deviations
        (``predict(X, return_std=True)``, as `SetRegressor` does), they are used. None is a plain
        Bayesian isochrone fit: the prior of the distance comes from the parallaxes, those of age
        and A_V from the training clusters or, without any, from known open clusters.
    resampler : resampler or None, default=None
        Resampler whose ``fit_resample`` makes copies of training clusters, for example
        `skcluster.augmentation.ClusterCorruptor`. Copies of held-out clusters are included in the
        calibration, so that the widths hold for such lists, and in the domain.
    cv : int or cross-validation splitter, default=5
        Splits of the training clusters. Errors on held-out clusters determine the widths of prior
        and intervals, the tempering and the goodness of fit. An int is a number of shuffled folds.
    tempering : float or "auto", default="auto"
        Weight in the likelihood of a star without neighbours, see `StarLikelihood`. "auto" takes
        the largest of 0.05, 0.1, 0.2 and 0.3 whose mean squared error on held-out clusters exceeds
        the smallest by no more than two standard errors.
    saturation : float, default=60.0
        Number of neighbours in the diagram that halves a star's weight, see `StarLikelihood`.
    tail_weight : float, default=0.3
        Weight of the wider component of the prior, which allows the stars to outweigh the
        regressor.
    n_draws : int, default=2048
        Number of draws per cluster; more are added if the effective number is too small.
    faint_limit : float, default=18.0
        Stars of this G magnitude or fainter are not used (mag), nor dwarfs fainter than about
        M_G = 8.3, whose colours isochrones do not match.
    law : {"dr2", "edr3"}, default="dr2"
        Extinction law, see `skcluster.photometry.extinction_coefficients`. Most published A_V of
        open clusters are based on Gaia DR2 photometry.
    release : {"edr3", "dr2"}, default="edr3"
        Data release of the typical errors and of the parallax zero point, see `skcluster.gaia`.
    domain : callable or None, default=None
        Function of the features of the pipeline's last step, whose values tell whether a cluster
        resembles the training clusters; see `ConformalRegressor`.
    false_alarm_rate : float, default=0.09
        Goodness of fit below which a cluster is flagged: the expected fraction of flagged clusters.
    n_jobs : int or None, default=None
        Number of folds that are fitted in parallel, and of threads that sample clusters.
    random_state : int, RandomState instance or None, default=None
        Determines the shuffling of the folds and the draws. The regressor has its own parameter.

    Attributes
    ----------
    estimator_ : estimator or None
        The regressor fitted on all training clusters.
    tempering_ : float
        The tempering that is used.
    inflation_ : ndarray of shape (3,)
        Root mean square of the regressor's errors on held-out clusters (log age, A_V, distance
        modulus) in units of its standard deviations, which are multiplied by it.
    a_v_zero_point_ : float
        Mean difference between the labels' A_V and the posterior's (mag), added to all estimates.
    spread_coefficients_ : ndarray of shape (4, 3)
        Coefficients of the calibrated spread, see the notes.
    scores_ : ndarray of shape (n_clusters + n_copies, 3)
        Absolute errors on held-out clusters, and on copies of them that the resampler makes, in
        units of the calibrated spread, sorted.
    discrepancies_ : ndarray of shape (n_clusters, 4)
        Discrepancies of the held-out clusters, see the notes.
    held_out_ : ndarray of shape (n_clusters, 3)
        Predictions for the training clusters when held out, in the order of the columns of ``y``.
    seed_ : int
        Seed of the draws.
    population_ : ndarray of shape (2, 2) or None
        Mean and standard deviation of log age (dex) and of A_V (mag) among the training clusters.
        Only without an estimator.
    domain_scaler_, domain_points_, domain_limit_ : RobustScaler, ndarray, float
        The training clusters in the domain, see `ConformalRegressor`. Only with one.
    columns_ : list of int
        Indices of log age, A_V and distance among the columns of ``y``.

    See Also
    --------
    StarLikelihood : The likelihood, with its formulas.
    ConformalRegressor : Intervals for regressors alone.
    skcluster.pipelines.reference_pipeline : This estimator with the networks of `SetRegressor`.

    Notes
    -----
    The prior of log age, A_V and distance modulus is a mixture of two normal distributions around
    the regressor's prediction: one with the predicted standard deviations times ``inflation_``, and
    a wider one. The prior of the metallicity is normal with mean 0 and standard deviation 0.15 dex.
    The product with the likelihood is sampled by adaptive multiple importance sampling [1]_. If the
    effective number of draws stays below 15, the estimate is the prior, and the cluster is flagged.

    The logarithm of the calibrated spread is linear in that of the posterior's standard deviation
    and quadratic in log age; intervals take quantiles of ``scores_`` as in conformal prediction.

    The goodness of fit rests on four discrepancies: the fraction of field stars; the mean log
    density of the stars compared with that of clusters simulated from the estimate (a posterior
    predictive check); the distance of the estimate from the prior's mean in standard deviations;
    and the fraction of parallaxes more than three errors from the cluster's. Fisher's method
    combines their p-values among held-out training clusters; the goodness of fit is the fraction of
    these that fit no better.

    References
    ----------
    .. [1] Cornuet et al. 2012, Scandinavian Journal of Statistics 39, 798.
    .. [2] Branco & Ferraz 2023, on networks alone; von Hippel et al. 2006, ApJ 645, 1436, on
       Bayesian isochrone fits.

    Examples
    --------
    A Bayesian isochrone fit without any network:

    >>> from skcluster.datasets import simulate_clusters
    >>> from skcluster.inference import IsochronePosterior
    >>> X, y = simulate_clusters(2, distance_kpc=1.0, n_stars=150, random_state=0)
    >>> model = IsochronePosterior(random_state=0).fit(X)
    >>> model.predict(X).shape
    (2, 3)
    >>> model.sample(X, 100).shape
    (2, 100, 4)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "estimator": [HasMethods(["fit", "predict"]), None],
        "resampler": [HasMethods(["fit_resample"]), None],
        "cv": ["cv_object"],
        "tempering": [Interval(Real, 0, 1, closed="right"), StrOptions({"auto"})],
        "saturation": [Interval(Real, 0, None, closed="right")],
        "tail_weight": [Interval(Real, 0, 1, closed="left")],
        "n_draws": [Interval(Integral, 64, None, closed="left")],
        "faint_limit": [Interval(Real, None, None, closed="neither")],
        "law": [StrOptions({"dr2", "edr3"})],
        "release": [StrOptions({"dr2", "edr3"})],
        "domain": [callable, None],
        "false_alarm_rate": [Interval(Real, 0, 1, closed="left")],
        "n_jobs": [Integral, None],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        estimator: Any = None,
        *,
        resampler: Any = None,
        cv: Any = 5,
        tempering: float | str = "auto",
        saturation: float = 60.0,
        tail_weight: float = 0.3,
        n_draws: int = 2048,
        faint_limit: float = 18.0,
        law: Any = "dr2",
        release: Any = "edr3",
        domain: Any = None,
        false_alarm_rate: float = 0.09,
        n_jobs: int | None = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.estimator = estimator
        self.resampler = resampler
        self.cv = cv
        self.tempering = tempering
        self.saturation = saturation
        self.tail_weight = tail_weight
        self.n_draws = n_draws
        self.faint_limit = faint_limit
        self.law = law
        self.release = release
        self.domain = domain
        self.false_alarm_rate = false_alarm_rate
        self.n_jobs = n_jobs
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: ClustersLike, y: npt.ArrayLike | None = None, **fit_params: Any) -> Self:
        """Fit the regressor, and calibrate it and the posterior on held-out clusters.

        Parameters
        ----------
        X : clusters
            Any input of `skcluster.clusters.as_clusters`.
        y : array-like of shape (n_clusters, 3), or None
            Log age (dex), A_V (mag) and distance (kpc), in this order or as columns ``log_age``,
            ``a_v`` and ``distance_kpc`` of a DataFrame. May be None without an estimator; then
            nothing is calibrated.
        **fit_params : object
            Metadata for the regressor, such as ``sample_weight``; see `ConformalRegressor.fit`.

        Returns
        -------
        self : object
            The fitted estimator.

        Raises
        ------
        ValueError
            If there is an estimator and no ``y``, or ``y`` has other columns; or if ``cv`` does not
            put each cluster into exactly one test fold.
        """
        X = as_clusters(X)
        check_same_order(X.index, y)
        for name, value in fit_params.items():
            check_same_order(X.index, value, names=("X", name))
        self._forget_card()
        rng = check_random_state(self.random_state)
        self.seed_ = int(rng.randint(2**31 - 100))
        self.tempering_: float = (
            _DEFAULT_TEMPERING if isinstance(self.tempering, str) else self.tempering
        )
        self.inflation_, self.a_v_zero_point_ = np.ones(3), 0.0
        self.columns_ = [0, 1, 2]
        self.estimator_: Any = None
        self.population_: Any = None
        self.domain_points_: Any = None
        self.scores_: Any = None
        self.discrepancies_: Any = None
        # Set last, so that a failed fit leaves the estimator unfitted.
        self.__dict__.pop("held_out_", None)
        if y is None and self.estimator is not None:
            raise ValueError("y is needed to fit the estimator, but it is None.")
        if y is None:
            self.held_out_: Any = None
            return self
        validate_clusters(X)
        self.columns_ = columns_of_targets(y)
        checked_targets(y, self.columns_, X.index)
        tested = CalibrationClusters.of(X, y, self.resampler)
        true = checked_targets(tested.y, self.columns_, tested.X.index)
        lists = member_lists(stars_of(tested.X), self.faint_limit)
        if self.estimator is None:
            self.population_ = np.column_stack([true.mean(axis=0), true.std(axis=0)])[:2]
            if fit_params:
                raise ValueError(f"Without an estimator, {', '.join(fit_params)} cannot be used.")
            prediction = from_parallaxes(lists, self._star_model(), self.population_)
        else:
            prediction = self._predict_held_out(X, y, tested, rng, fit_params)
            z = (true - prediction.mean) / prediction.spread
            self.inflation_ = np.sqrt(np.nanmean(z**2, axis=0))
            self.estimator_ = clone(self.estimator).fit(
                X, y, **route(self, fit_params).estimator.fit
            )
            self._learn_domain(tested.X)
        check_measurable(tested.X.index, lists, prediction.mean, self.faint_limit)
        self._calibrate(lists, prediction, true, len(X))
        return self

    def _predict_held_out(
        self,
        X: Any,
        y: Any,
        tested: CalibrationClusters,
        rng: np.random.RandomState,
        fit_params: dict[str, Any],
    ) -> NormalPrediction:
        routed = route(self, fit_params)
        folds = folds_of(self.cv, rng, X, np.asarray(y), routed.splitter.split)
        return held_out_prediction(
            self.estimator,
            X,
            y,
            self.columns_,
            folds,
            routed.estimator.fit,
            self.n_jobs,
            tested,
        )

    def _calibrate(
        self,
        lists: Sequence[MemberList],
        prediction: NormalPrediction,
        true: FloatArray,
        n_training: int,
    ) -> None:
        """Choose the tempering and calibrate, with predictions for held-out clusters.

        The first ``n_training`` lists are those of the training clusters; copies follow.
        """
        training = slice(n_training)
        if self.tempering == "auto":
            some = slice(None, None, max(len(lists) // _N_TRIED, 1))
            few = NormalPrediction(*(values[some] for values in prediction))
            self.tempering_ = self._sampler().best_tempering(lists[some], few, true[some])
        found, discrepancies = self._sampler().summary(lists, prediction)
        errors = true - found.mean[:, :3]
        self.a_v_zero_point_ = float(np.nanmean(errors[training, 1]))
        errors[:, 1] -= self.a_v_zero_point_
        calibration = Calibration.fit(errors, found.std[:, :3], found.mean[:, 0])
        self.spread_coefficients_, self.scores_ = calibration.coefficients, calibration.scores
        self.discrepancies_ = discrepancies[training]
        distribution = self._distribution(
            [None] * len(lists), np.zeros(len(lists), int), found, lambda: discrepancies
        )
        self.held_out_ = self._in_order_of_y(distribution.predict())[training]

    def predict(self, X: ClustersLike, return_std: bool = False) -> Any:
        """Predict log age, A_V and distance.

        Parameters
        ----------
        X : clusters
            Any input of `skcluster.clusters.as_clusters`.
        return_std : bool, default=False
            Whether to return calibrated standard deviations as well.

        Returns
        -------
        mean : ndarray of shape (n_clusters, 3)
            Estimates in dex, mag and kpc, in the order of the columns of ``y``. NaN for a cluster
            without a star brighter than the limit.
        std : ndarray of shape (n_clusters, 3)
            Half the length of the interval of coverage 0.68. Only returned if ``return_std`` is
            True.
        """
        distribution = self.predict_distribution(X)
        mean = self._in_order_of_y(distribution.predict())
        if not return_std:
            return mean
        ends = self._in_order_of_y(distribution.interval(0.68))
        return mean, (ends[..., 1] - ends[..., 0]) / 2

    def predict_distribution(self, X: ClustersLike) -> PosteriorDistribution:
        """Sample the posterior distribution of each cluster.

        Parameters
        ----------
        X : clusters
            Any input of `skcluster.clusters.as_clusters`.

        Returns
        -------
        PosteriorDistribution
            A `PredictiveDistribution` of log age, A_V, distance and metallicity, with the weighted
            draws in ``posteriors`` and membership probabilities in ``membership()``.
        """
        check_is_fitted(self, "held_out_")
        X = as_clusters(X)
        stars = stars_of(X)
        lists = member_lists(stars, self.faint_limit)
        find = None
        if self.estimator_ is None:
            prediction = from_parallaxes(lists, self._star_model(), self.population_)
        else:
            prediction, features = predict_normal(self.estimator_, X, self.columns_)
            find = None if self.domain_points_ is None else partial(self._outside, features)
        sampler = self._sampler()
        posteriors = sampler.posteriors(lists, prediction)
        check = partial(sampler.discrepancies, posteriors, lists)
        summary = PosteriorSummary.of(posteriors)
        return self._distribution(posteriors, stars.counts, summary, check, find)

    def _intervals_like_y(self, intervals: FloatArray) -> FloatArray:
        return self._in_order_of_y(intervals)

    def _samples_like_y(self, samples: FloatArray) -> FloatArray:
        return samples

    def _star_model(self) -> StarModel:
        return StarModel(self.tempering_, self.saturation, self.faint_limit, self.law, self.release)

    def _sampler(self) -> Sampler:
        return Sampler(
            self._star_model(),
            self.inflation_,
            self.tail_weight,
            self.n_draws,
            self.seed_,
            self.n_jobs,
        )

    def _distribution(
        self,
        posteriors: Sequence[ClusterPosterior | None],
        counts: IntArray,
        summary: PosteriorSummary,
        find_discrepancies: Callable[[], FloatArray],
        find_outside: Any = None,
    ) -> PosteriorDistribution:
        calibration = consistency = None
        if self.scores_ is not None:
            calibration = Calibration(self.spread_coefficients_, self.scores_)
            consistency = Consistency(self.discrepancies_)
        return PosteriorDistribution(
            posteriors,
            counts,
            summary,
            self.a_v_zero_point_,
            calibration,
            consistency,
            self.false_alarm_rate,
            find_discrepancies,
            find_outside,
        )

    def _in_order_of_y(self, values: FloatArray) -> FloatArray:
        """Return values of log age, A_V and distance, along axis 1, in the order of y's columns."""
        return values[:, np.argsort(self.columns_)]

    def _learn_domain(self, X: Any) -> None:
        if self.domain is None:
            return
        features = last_step(self.estimator_, X).features
        self.domain_scaler_, self.domain_points_, self.domain_limit_ = Domain.learn(
            self.domain(features)
        )

    def _outside(self, features: Any) -> BoolArray:
        domain = Domain(self.domain_scaler_, self.domain_points_, self.domain_limit_)
        return domain.excludes(self.domain(features))

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = self.estimator is not None
        tags.target_tags.multi_output = True
        tags.target_tags.single_output = False
        tags.input_tags.two_d_array = False
        tags.input_tags.allow_nan = True
        tags.no_validation = True
        tags.regressor_tags.poor_score = True
        return tags

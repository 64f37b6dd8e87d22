"""Combine a regressor's prediction with the likelihood of the stars on isochrones.

The prediction is the prior (`_regressor`); prior times likelihood is the potential (`_potential`),
which is sampled to a posterior (`_cluster_posterior`) and calibrated (`_calibration`).
"""

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, replace
from functools import partial
from numbers import Integral, Real
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
from nested_pandas import NestedFrame
from sklearn.base import BaseEstimator, MetaEstimatorMixin, RegressorMixin, _fit_context
from sklearn.utils import Tags, check_random_state
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.validation import check_is_fitted

from skcluster._utils.order import check_same_order
from skcluster._utils.typing import ClustersLike, FloatArray
from skcluster.clusters import Stars, as_clusters, stars_of, validate_clusters
from skcluster.clusters._parallax import PARALLAX_ZERO_POINT_ERROR
from skcluster.inference._calibration import (
    Calibration,
    Sampler,
    best_tempering,
    calibrate,
    zero_point_errors,
)
from skcluster.inference._cluster_posterior import sample_posterior
from skcluster.inference._distribution import PredictiveMethodsMixin
from skcluster.inference._posterior_distribution import PosteriorDistribution, to_targets
from skcluster.inference._potential import Potential, Potentials
from skcluster.inference._prior import Prior
from skcluster.inference._regressor import (
    NormalPrediction,
    TrainingLists,
    columns_of_targets,
    fit_and_predict_held_out,
    folds_of,
    predict_from_parallaxes,
    predict_normal,
    route,
)
from skcluster.inference._reliability import Reliability
from skcluster.io._cluster_tables import state_priors

#: Tempering without training clusters.
_DEFAULT_TEMPERING = 0.3


@dataclass(repr=False, eq=False)
class IsochronePosterior(PredictiveMethodsMixin, MetaEstimatorMixin, RegressorMixin, BaseEstimator):
    """Posterior distribution of clusters' parameters from a regressor and isochrones.

    The predictive distribution of a regressor, such as a neural network, serves as the prior
    distribution. It is multiplied by the likelihood of the cluster's stars on isochrones, and the
    product is sampled. Besides log age, A_V and distance, this determines metallicity, differential
    reddening, fraction of field stars, membership probabilities and reliability.

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
    scrambler : resampler or None, default=None
        Resampler whose ``fit_resample`` adds lists that are not one cluster, for example
        `skcluster.augmentation.ClusterScrambler`. The reliability of estimates is learned from
        them. Without it, there is none.
    cv : int or cross-validation splitter, default=5
        Splits of the training clusters. Errors on held-out clusters determine the widths of prior
        and intervals, the tempering and the reliability. An int is a number of shuffled folds.
    tempering : float or "auto", default="auto"
        Weight in the likelihood of a star without neighbours, see `StarLikelihood`. "auto" takes
        the largest of 0.05, 0.1, 0.2 and 0.3 whose mean squared error on held-out clusters exceeds
        the smallest by no more than two standard errors.
    saturation : float, default=60.0
        Number of neighbours in the diagram that halves a star's weight, see `StarLikelihood`.
    tail_weight : float, default=0.3
        Weight of the wider component of the prior, which allows the stars to outweigh the
        regressor.
    tail_factors : sequence of three float, default=(2.5, 3.5, 1.3)
        Standard deviations of log age, A_V and distance modulus of that component, in units of
        those of the narrow one; adopted values.
    metallicity_prior : (float, float), default=(0.0, 0.15)
        Mean and standard deviation of the prior of [M/H] (dex). The default is the scatter of
        [Fe/H] among open clusters [2]_.
    field_odds_prior : (float, float), default=(0.12, 1.2)
        Median of the prior odds of a typical star of the list to be a field star, about one star in
        nine, and standard deviation of their natural logarithm; adopted values.
    reddening_prior : sequence of four float, default=(0.5, 0.35, 0.12, 0.03)
        Prior probabilities of the scales of differential reddening, 0, 0.12, 0.3 and 0.7 mag;
        adopted values.
    parallax_zero_point_error, colour_zero_point_error : float, default=0.02, 0.02
        Standard errors of the zero points of parallaxes (mas), which widens the prior of the
        distance, and of BP−RP (mag), which is sampled.
    n_draws : int, default=1536
        Number of draws per cluster; more are added if the effective number is too small.
    faint_limit : float, default=18.0
        Stars of this G magnitude or fainter are not used (mag), nor dwarfs fainter than about
        M_G = 8.3, whose colours isochrones do not match.
    law : {"dr2", "edr3"}, default="dr2"
        Extinction law, see `skcluster.photometry.extinction_coefficients`. Most published A_V of
        open clusters are based on Gaia DR2 photometry.
    release : {"edr3", "dr2"}, default="edr3"
        Data release of the typical errors and of the parallax zero point, see `skcluster.gaia`.
    domain : transformer, callable or None, default=None
        Features that tell whether a cluster resembles the training clusters: a transformer of
        clusters, or a function of the features of the pipeline's last step; see
        `ConformalRegressor`. Not used without an estimator.
    least_reliability : float, default=0.6
        Reliability below which an estimate is flagged.
    n_jobs : int or None, default=None
        Number of processes of `fit`, which fit the folds and sample the held-out clusters.
        `skcluster.estimation.estimate` has an ``n_jobs`` for predictions.
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
    reliability_trees_ : ndarray of shape (n_nodes, 5) or None
        Decision trees that give the reliability. None without a ``scrambler``, or if there are too
        few lists to learn from, as from two dozen clusters.
    held_out_ : ndarray of shape (n_clusters, 3)
        Predictions for the training clusters when held out, in the order of the columns of ``y``.
    seed_ : int
        Seed of the draws.
    population_ : ndarray of shape (2, 2) or None
        Mean and spread of log age (dex) and A_V (mag) in training, only without an estimator.
    domain_ : transformer, callable or None
        The fitted ``domain``.
    domain_scaler_, domain_points_, domain_limit_ : RobustScaler, ndarray, float
        The training clusters in the domain, see `ConformalRegressor`. Only with one.
    columns_ : list of int
        Indices of log age, A_V and distance among the columns of ``y``.
    card_ : dict or None
        Card of the file that the model was loaded from.

    See Also
    --------
    StarLikelihood : The likelihood, with its formulas.
    ConformalRegressor : Intervals for regressors alone.
    skcluster.pipelines.reference_pipeline : This estimator with the networks of `SetRegressor`.

    Notes
    -----
    The prior of log age, A_V and distance modulus is a mixture of two normal distributions around
    the regressor's prediction: one with the predicted standard deviations times ``inflation_``, and
    a wider one. The product with the likelihood, of which `potentials` returns the logarithm, is
    sampled by adaptive multiple importance sampling [1]_. If the effective number of draws stays
    below 15, the estimate is the prior, and the cluster is flagged.

    The logarithm of the calibrated spread is linear in that of the posterior's standard deviation
    and quadratic in log age, plus the errors that follow from zero points, in quadrature. Intervals
    take quantiles of ``scores_`` as in conformal prediction.

    The reliability of an estimate is the probability that its list is one cluster seen in G, BP and
    RP, if half of all lists are. Boosted trees [3]_, scaled to lists of held-out clusters, learn it
    from training clusters and those copies whose intervals of coverage 0.95 hold, and from lists of
    the ``scrambler``, by how the stars follow the isochrone, the distance from the prior, the
    estimate and its widths, and the parallaxes. A flag names those that lower it most.

    References
    ----------
    .. [1] Cornuet et al. 2012, Scandinavian Journal of Statistics 39, 798.
    .. [2] Netopil et al. 2016, A&A 585, A150.
    .. [3] Friedman 2002, Computational Statistics & Data Analysis 38, 367.

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

    estimator: Any = None
    _: KW_ONLY
    resampler: Any = None
    scrambler: Any = None
    cv: Any = 5
    tempering: float | str = "auto"
    saturation: float = 60.0
    tail_weight: float = Prior.tail_weight
    tail_factors: Sequence[float] = Prior.tail_factors
    metallicity_prior: Sequence[float] = Prior.metallicity_prior
    field_odds_prior: Sequence[float] = Prior.field_odds_prior
    reddening_prior: Sequence[float] = Prior.reddening_prior
    parallax_zero_point_error: float = PARALLAX_ZERO_POINT_ERROR
    colour_zero_point_error: float = Prior.colour_zero_point_error
    n_draws: int = 1536
    faint_limit: float = 18.0
    law: Any = "dr2"
    release: Any = "edr3"
    domain: Any = None
    least_reliability: float = 0.6
    n_jobs: int | None = None
    random_state: int | np.random.RandomState | None = None

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "estimator": [HasMethods(["fit", "predict"]), None],
        "resampler": [HasMethods(["fit_resample"]), None],
        "scrambler": [HasMethods(["fit_resample"]), None],
        "cv": ["cv_object"],
        "tempering": [Interval(Real, 0, 1, closed="right"), StrOptions({"auto"})],
        "saturation": [Interval(Real, 0, None, closed="right")],
        "tail_weight": [Interval(Real, 0, 1, closed="left")],
        "tail_factors": ["array-like"],
        "metallicity_prior": ["array-like"],
        "field_odds_prior": ["array-like"],
        "reddening_prior": ["array-like"],
        "parallax_zero_point_error": [Interval(Real, 0, None, closed="left")],
        "colour_zero_point_error": [Interval(Real, 0, None, closed="left")],
        "n_draws": [Interval(Integral, 64, None, closed="left")],
        "faint_limit": [Interval(Real, None, None, closed="neither")],
        "law": [StrOptions({"dr2", "edr3"})],
        "release": [StrOptions({"dr2", "edr3"})],
        "domain": [HasMethods(["fit", "transform"]), callable, None],
        "least_reliability": [Interval(Real, 0, 1, closed="both")],
        "n_jobs": [Integral, None],
        "random_state": ["random_state"],
    }

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
            put each cluster into exactly one test fold; or if a prior has impossible values.
        """
        X = as_clusters(X)
        for name, value in {"y": y, **fit_params}.items():
            check_same_order(X.index, value, names=("X", name))
        Prior(np.zeros(3), np.ones(3), **self._prior_options())  # refuses impossible values
        return self._fitted(X, y, fit_params)

    def _learn(self, X: NestedFrame, y: npt.ArrayLike | None, fit_params: dict[str, Any]) -> None:
        rng = check_random_state(self.random_state)
        self.seed_ = int(rng.randint(2**31 - 100))
        self.tempering_: Any = self.tempering
        if self.tempering == "auto":
            self.tempering_ = _DEFAULT_TEMPERING
        if y is None:
            self._learn_without_labels()
            return
        validate_clusters(X)
        self.columns_ = columns_of_targets(y)
        lists = TrainingLists.of(X, y, self.columns_, self.resampler, self.scrambler)
        prediction = self._fit_estimator(X, y, lists, rng, fit_params)
        lists.check_measurable(prediction, self.faint_limit)
        potentials = self._potentials(lists.stars, prediction)
        sampler = Sampler(self.n_draws, self.seed_, self.n_jobs)
        if self.tempering == "auto":
            self.tempering_ = best_tempering(potentials, lists, sampler)
            potentials = replace(potentials, tempering=self.tempering_)
        self.a_v_zero_point_, calibration, reliability, mean = calibrate(
            potentials, lists, sampler, self._zero_points
        )
        self.spread_coefficients_: Any = calibration.coefficients
        self.scores_: Any = calibration.scores
        self.reliability_trees_: Any = reliability and reliability.trees
        self._learn_domain(lists.X.iloc[np.flatnonzero(lists.are_clusters)])
        self.held_out_: Any = self._like_y(to_targets(mean[: len(X)], self.a_v_zero_point_))
        self.card_ = None

    def _learn_without_labels(self) -> None:
        if self.estimator is not None:
            raise ValueError("y is needed to fit the estimator, but it is None.")
        self.inflation_, self.a_v_zero_point_, self.columns_ = np.ones(3), 0.0, [0, 1, 2]
        self.population_: Any = None
        self.estimator_ = self.domain_ = self.card_ = None
        self.spread_coefficients_ = self.scores_ = self.reliability_trees_ = self.held_out_ = None

    def _fit_estimator(
        self, X: NestedFrame, y: Any, lists: TrainingLists, rng: Any, fit_params: dict[str, Any]
    ) -> NormalPrediction:
        """Fit the regressor, if any, and return what is predicted of lists that are held out."""
        self.estimator_, self.population_, self.inflation_ = None, None, np.ones(3)
        true = lists.true[lists.are_clusters]
        if self.estimator is None:
            if fit_params:
                raise ValueError(f"Without an estimator, {', '.join(fit_params)} cannot be used.")
            self.population_ = np.column_stack([true.mean(axis=0), true.std(axis=0)])[:2]
            return predict_from_parallaxes(lists.stars, self.release, self.population_)
        routed = route(self, fit_params)
        folds = folds_of(self.cv, rng, X, np.asarray(y), routed.splitter.split)
        self.estimator_, predictions = fit_and_predict_held_out(
            lambda rows: partial(_held_out, X=lists.X.iloc[rows], columns=self.columns_),
            self.estimator,
            X,
            y,
            [(train, lists.made_of(test)) for train, test in folds],
            routed.estimator.fit,
            self.n_jobs,
        )
        prediction = NormalPrediction(*predictions)
        errors = (lists.true - prediction.mean) / prediction.spread
        self.inflation_ = np.sqrt(np.nanmean(errors[lists.are_clusters] ** 2, axis=0))
        return prediction

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
        mean = self._like_y(distribution.predict())
        if not return_std:
            return mean
        ends = self._like_y(distribution.interval(0.68))
        return mean, (ends[..., 1] - ends[..., 0]) / 2

    def predict_distribution(self, X: ClustersLike, priors: Any = None) -> PosteriorDistribution:
        """Sample the posterior distribution of each cluster.

        Parameters
        ----------
        X : clusters
            Any input of `skcluster.clusters.as_clusters`.
        priors : mapping, table, str or PathLike, optional
            What is known from elsewhere, as for `skcluster.estimation.estimate`.

        Returns
        -------
        PosteriorDistribution
            A `PredictiveDistribution` of log age, A_V, distance and metallicity, with the weighted
            draws in ``posteriors`` and membership probabilities in ``membership()``.
        """
        stated = X if priors is None else state_priors(X, priors)
        X, stars, features, potentials = self._predict_potentials(stated)
        posteriors = [
            None if potential is None else sample_posterior(potential, self.n_draws, self.seed_)
            for potential in (potentials[i] for i in range(len(X)))
        ]
        calibration = None
        if self.scores_ is not None:
            calibration = Calibration(self.spread_coefficients_, self.scores_, self._zero_points)
        return PosteriorDistribution(
            posteriors,
            stars,
            self.release,
            self.a_v_zero_point_,
            calibration,
            None if self.reliability_trees_ is None else Reliability(self.reliability_trees_),
            self.least_reliability,
            None if self.held_out_ is None else self.held_out_[:, self.columns_],
            self._find_outside(X, features) if len(X) else None,
        )

    def potentials(self, X: ClustersLike) -> list[Potential | None]:
        """Return the density that is sampled: prior times likelihood of each cluster.

        Parameters
        ----------
        X : clusters
            Any input of `skcluster.clusters.as_clusters`.

        Returns
        -------
        list of Potential or None
            One per cluster, whose ``log_prob`` is the log density of its parameters up to a
            constant, for any sampler; None for a cluster without a star brighter than the limit.
        """
        X, *_, potentials = self._predict_potentials(X)
        return [potentials[i] for i in range(len(X))]

    def _predict_potentials(self, X: ClustersLike) -> tuple[NestedFrame, Stars, Any, Potentials]:
        """Return clusters, stars, features of the regressor's last step if any, and potentials."""
        check_is_fitted(self, "held_out_")
        X = as_clusters(X)
        stars, features = stars_of(X), None
        if self.estimator_ is None:
            prediction = predict_from_parallaxes(stars, self.release, self.population_)
        elif len(X) == 0:  # which few regressors accept
            prediction = NormalPrediction(np.empty((0, 3)), np.empty((0, 3)))
        else:
            prediction, features = predict_normal(self.estimator_, X, self.columns_)
        potentials = self._potentials(stars, prediction)
        return X, stars, features, potentials.with_priors(stars, self.a_v_zero_point_)

    def _potentials(self, stars: Stars, prediction: NormalPrediction) -> Potentials:
        zero_point = zero_point_errors(prediction.mean[:, 2], self.parallax_zero_point_error, 0)
        spread = np.hypot(prediction.spread * self.inflation_, zero_point)
        prediction = NormalPrediction(prediction.mean, spread)
        options = {name: getattr(self, name) for name in ("saturation", "law", "release")}
        limit, priors = self.faint_limit, self._prior_options()
        return Potentials.of(stars, prediction, limit, self.tempering_, options, priors)

    @property
    def _zero_points(self) -> tuple[float, float]:
        return self.parallax_zero_point_error, self.colour_zero_point_error

    def _prior_options(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in Prior.OPTIONS}

    def _like_y(self, values: FloatArray) -> FloatArray:
        """Return log age, A_V and distance, the first along axis 1, in the order of y's columns."""
        return values[:, np.argsort(self.columns_)]

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


def _held_out(estimator: Any, X: NestedFrame, columns: list[int]) -> NormalPrediction:
    return predict_normal(estimator, X, columns)[0]

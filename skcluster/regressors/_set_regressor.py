"""A network over sets of stars."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from numbers import Integral, Real
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, RegressorMixin, _fit_context
from sklearn.utils import Tags, check_random_state
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from skcluster._utils.order import check_same_order
from skcluster.regressors._base import (
    TRAINING_CONSTRAINTS,
    EpochTasks,
    NetworkRegressorMixin,
    as_sizes,
    check_same_weights,
    refuse_clusters,
    target_names,
)
from skcluster.regressors.networks.architecture import (
    FloatArray,
    Inputs,
    NumpyLayers,
    Weights,
    one_blas_thread,
)
from skcluster.regressors.networks.pretrained import load_pretrained
from skcluster.regressors.networks.sets import SetArchitecture

if TYPE_CHECKING:
    # Keras is imported for training only; a fitted network predicts without it.
    import keras

#: Inputs, targets and weights of the training clusters.
_Data = tuple[Inputs, FloatArray, FloatArray]


@dataclass(kw_only=True, repr=False, eq=False)
class SetRegressor(NetworkRegressorMixin, RegressorMixin, BaseEstimator):
    """Predict targets and their uncertainties from the individual stars of a cluster.

    The network is permutation invariant: its prediction does not depend on the order of the stars,
    and it needs no bins. `skcluster.features.StarSet` makes its input. It predicts a normal
    distribution of each target and is trained by maximum likelihood.

    Parameters
    ----------
    n_context : int, default=16
        Number of columns that describe the cluster; they come first.
    n_channels : int, default=7
        Number of columns per star; they follow, star after star. The last of them is 1 for a star,
        and 0 for padding.
    units : tuple of three int, default=(96, 128, 160)
        Numbers of units of the layers on individual stars, of those on stars together with their
        cluster, and of those on the cluster.
    n_heads : int, default=4
        Number of attention heads, each an average over the stars with learned weights.
    n_networks : int, default=1
        Number of networks that are trained from different weights and averaged.
    dropout : float, default=0.1
        Fraction of the units between the last two hidden layers that is dropped in training.
    star_dropout : float, default=0.4
        Largest fraction of a cluster's stars that is left out at a training step.
    stars_per_step : int, default=160
        Maximum number of stars per cluster at a training step, drawn anew each time.
    pretrained : {"simulated"}, path, bytes or None, default=None
        Initial weights: random ones (None), those in a file written by `save_pretrained`, for
        instance of a model to be fine-tuned (or the bytes of such a file, for a model that depends
        on no file), or those in this package, which were trained on
        simulated clusters and have the default sizes ("simulated"). Targets that the file has, by
        the names of the columns of ``y`` (or, without names, if there are as many), start from its
        weights, others from random ones. The targets of "simulated" are log age, A_V and distance
        as scaled by `TargetScaler`.
    epochs : int, default=50
        Number of epochs. 0 keeps the weights of `pretrained`.
    batch_size : int, default=64
        Maximum batch size.
    optimizer : str, dict or keras.optimizers.Optimizer, default="adamw"
        An optimizer of Keras by name, with ``learning_rate``, ``weight_decay`` and gradients
        clipped to norm 1, or as an object or configuration with its own settings. An object is
        copied.
    learning_rate : float, default=0.0005
        Maximum learning rate of an optimizer given by name.
    learning_rate_schedule : {"cosine"} or None, default="cosine"
        "cosine" increases the learning rate over the first twentieth of the steps and then
        decreases it to zero along half a cosine; None keeps it constant. An optimizer that has a
        learning rate schedule of Keras keeps it.
    weight_decay : float, default=0.0001
        Weight decay of an optimizer given by name.
    callbacks : keras.callbacks.Callback, list of these, or None, default=None
        Callbacks of the training of each network. Their model exists during training only;
        `model_` is the result.
    warm_start : bool, default=False
        Whether to start from the weights of the last fit, whose layers and number of networks must
        be the same, instead of ``pretrained``. The state of the optimizer is reset.
    verbose : int, default=0
        0 is silent, 1 shows a progress bar per network, 2 prints a line per epoch.
    random_state : int, RandomState instance or None, default=None
        Determines the initial weights, the order of the rows, the stars and dropout. No global
        random state is changed.

    Attributes
    ----------
    weights_ : list of dict of float32 arrays
        The weights of each network, by name.
    architecture_ : SetArchitecture
        Layers and shapes, as plain data.
    history_ : list of lists
        Loss of each epoch of each network.
    n_outputs_ : int
        Number of targets.
    y_ndim_ : int
        Number of dimensions of the ``y`` of `fit`, and of predictions.
    n_features_in_ : int
        Number of columns of X.
    feature_names_in_ : array of str
        Names of the columns, if X has any.
    model_ : keras.Model
        The networks as one Keras model, built at each access. Its input is
        ``feature_encoder_.transform(X)``; its outputs "mean" and "std" are those of `predict`.

    See Also
    --------
    skcluster.features.StarSet : Transformer of clusters to the input.
    skcluster.pipelines.set_pipeline : Pipeline of both.

    Notes
    -----
    Targets should be scaled to about −2 to 2: the logarithm of the predicted standard deviation is
    limited to −4 … 2. Predictions are computed in numpy, cluster by cluster, so that they do not
    depend on each other.

    References
    ----------
    Zaheer et al. 2017, *Deep Sets*, NeurIPS; Nix & Weigend 1994, *Estimating the mean and variance
    of the target probability distribution*, ICNN. The layers are choices of this package.

    Examples
    --------
    >>> from sklearn.pipeline import make_pipeline
    >>> from skcluster.datasets import simulate_clusters
    >>> from skcluster.features import StarSet
    >>> from skcluster.regressors import SetRegressor
    >>> X, y = simulate_clusters(40, random_state=0)
    >>> model = make_pipeline(StarSet(max_stars=32), SetRegressor(epochs=2, random_state=0))
    >>> model.fit(X, y[["log_age", "a_v"]]).predict(X).shape
    (40, 2)
    """

    n_context: int = 16
    n_channels: int = 7
    units: tuple[int, int, int] = (96, 128, 160)
    n_heads: int = 4
    n_networks: int = 1
    dropout: float = 0.1
    star_dropout: float = 0.4
    stars_per_step: int = 160
    pretrained: str | Path | bytes | None = None
    epochs: int = 50
    batch_size: int = 64
    optimizer: "str | Mapping[str, Any] | keras.optimizers.Optimizer" = "adamw"
    learning_rate: float = 5e-4
    learning_rate_schedule: str | None = "cosine"
    weight_decay: float = 1e-4
    callbacks: Any = None
    warm_start: bool = False
    verbose: int = 0
    random_state: int | np.random.RandomState | None = None

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **TRAINING_CONSTRAINTS,
        "n_context": [Interval(Integral, 1, None, closed="left")],
        "n_channels": [Interval(Integral, 1, None, closed="left")],
        "units": [tuple, list],
        "n_heads": [Interval(Integral, 1, None, closed="left")],
        "n_networks": [Interval(Integral, 1, None, closed="left")],
        "star_dropout": [Interval(Real, 0, 1, closed="left")],
        "stars_per_step": [Interval(Integral, 1, None, closed="left")],
        "pretrained": [str, Path, bytes, None],
        "epochs": [Interval(Integral, 0, None, closed="left")],
        "weight_decay": [Interval(Real, 0, None, closed="left")],
    }

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Train the networks.

        Parameters
        ----------
        X : array-like of shape (n_clusters, n_context + n_stars * n_channels)
            Output of `skcluster.features.StarSet`.
        y : array-like of shape (n_clusters,) or (n_clusters, n_outputs)
            Targets, scaled. Names of columns assign ``pretrained`` weights to targets.
        sample_weight : array-like of shape (n_clusters,), optional
            Weight of each cluster in the loss. Only ratios matter.

        Returns
        -------
        self : object
            The fitted regressor.

        Raises
        ------
        ValueError
            If the columns do not match ``n_context`` and ``n_channels``, a cluster has no stars, or
            the initial weights have other shapes.
        """
        refuse_clusters(X)
        check_same_order(getattr(X, "index", None), y)
        inputs, own, weights = self._checked(X, y, sample_weight)
        targets = own.reshape(len(own), -1).astype(np.float32)
        self.y_ndim_, self.n_outputs_ = own.ndim, targets.shape[1]
        architecture = SetArchitecture(
            n_context=self.n_context,
            n_channels=self.n_channels,
            n_outputs=self.n_outputs_,
            units=self._units(),
            n_heads=self.n_heads,
            dropout_rate=float(self.dropout),
        )
        if self._goes_on():
            self._check_same_networks(architecture)
        seed = check_random_state(self.random_state).randint(np.iinfo(np.int32).max)
        seeds = np.random.SeedSequence(seed).spawn(self.n_networks)
        tasks = EpochTasks(self, X, y, self.n_networks * self.epochs)
        data = (inputs, targets, weights)
        mean = np.average(targets, axis=0, weights=weights)
        networks: list[Weights] = []
        histories = []
        for i, rng in enumerate(map(np.random.default_rng, seeds)):
            fresh = partial(architecture.initial_weights, rng, mean)
            if self._goes_on():
                start = self.weights_[i]
            elif self.pretrained is None:
                start = fresh()
            else:
                start = load_pretrained(self.pretrained, i, architecture, target_names(y), fresh)
            trained, losses = self._train(architecture, data, start, rng, tasks, networks)
            networks.append(trained)
            histories.append(losses)
        tasks.finish()
        self.architecture_, self.weights_, self.history_ = architecture, networks, histories
        return self

    def predict(self, X: ArrayLike, return_std: bool = False) -> Any:
        """Predict the targets.

        Parameters
        ----------
        X : array-like of shape (n_clusters, n_features)
            Rows of NaN are clusters without stars.
        return_std : bool, default=False
            Whether to return the standard deviations of the predictive distributions too, which
            include the scatter between networks.

        Returns
        -------
        mean : array of shape (n_clusters,) or (n_clusters, n_outputs)
            Predictive means, with as many dimensions as the ``y`` of `fit`; NaN for a cluster
            without stars.
        std : array of the same shape
            Standard deviations. Only returned if ``return_std`` is True.
        """
        means, deviations = self._predict_networks(X)
        mean = means.mean(axis=1)
        if not return_std:
            return self._like_y(mean)
        std = np.sqrt((deviations**2).mean(axis=1) + means.var(axis=1))
        return self._like_y(mean), self._like_y(std)

    def predict_mixture(self, X: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Predict the normal components of the predictive distribution.

        The predictive distribution of a target is their mixture with equal weights; `predict`
        returns its mean and standard deviation. Within one network the targets are independent.

        Parameters
        ----------
        X : array-like of shape (n_clusters, n_features)
            Rows of NaN are clusters without stars.

        Returns
        -------
        means : array of shape (n_clusters, n_networks) or (n_clusters, n_networks, n_outputs)
            Mean of each network. NaN for a cluster without stars.
        stds : array of the same shape
            Standard deviation of each network.
        """
        means, deviations = self._predict_networks(X)
        return self._like_y(means), self._like_y(deviations)

    @property
    def model_(self) -> "keras.Model":
        """The networks as one (uncompiled) Keras model, built at each access.

        Its input is ``feature_encoder_.transform(X)``, its outputs are "mean" and "std".
        """
        check_is_fitted(self, "weights_")
        from skcluster.regressors.networks.keras_layers import build_set_model

        return build_set_model(self.architecture_, self.weights_)

    def _checked(
        self, X: ArrayLike, y: ArrayLike, sample_weight: Any
    ) -> tuple[Inputs, NDArray[Any], FloatArray]:
        """Return the inputs of the network, the targets as given, and the weights, all checked."""
        table, y = validate_data(
            self,
            X,
            y,
            dtype=np.float32,
            multi_output=True,
            y_numeric=True,
            ensure_all_finite="allow-nan",
        )
        empty = np.isnan(table).any(axis=1)
        if empty.any():
            raise ValueError(
                f"{np.count_nonzero(empty)} of {len(table)} rows of X hold NaN, the first row "
                f"{int(np.argmax(empty))}: clusters without stars cannot be fitted."
            )
        weights = _check_sample_weight(
            sample_weight, table, dtype=np.float32, ensure_non_negative=True
        )
        return self._inputs(table), np.asarray(y), weights / weights.mean()

    def _predict_networks(self, X: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return means and standard deviations, shape (n_clusters, n_networks, n_outputs)."""
        check_is_fitted(self, "weights_")
        table = validate_data(self, X, dtype=np.float32, reset=False, ensure_all_finite="allow-nan")
        inputs = self._inputs(table)
        means = np.full((len(table), len(self.weights_), self.n_outputs_), np.nan)
        deviations = means.copy()
        networks = [NumpyLayers(weights) for weights in self.weights_]
        with one_blas_thread():
            for row in np.flatnonzero(~np.isnan(table).any(axis=1)):
                stars = inputs["stars"][row]
                stars = stars[stars[:, -1] > 0]
                one = {"context": inputs["context"][row][None], "stars": stars[None]}
                for k, layers in enumerate(networks):
                    mean, log_spread = self.architecture_.distribution(layers, one)
                    means[row, k], deviations[row, k] = mean[0], np.exp(log_spread[0])
        return means, deviations

    def _train(
        self,
        architecture: SetArchitecture,
        data: _Data,
        weights: Weights,
        rng: np.random.Generator,
        tasks: EpochTasks,
        before: list[Weights],
    ) -> tuple[Weights, list[float]]:
        """Train one network from initial weights; ``before`` are the networks trained before."""
        if not self.epochs:
            return weights, []
        from skcluster.regressors.networks.compiled import (
            gaussian_loss,
            resolve_loss,
            resolve_optimizer,
        )
        from skcluster.regressors.networks.training import (
            Rows,
            TrainingSettings,
            batch_rows,
            sampled_stars,
            train,
        )

        def end_epoch(now: Callable[[], Weights]) -> bool:
            return tasks.end(lambda: {"architecture_": architecture, "weights_": [*before, now()]})

        optimizer, learning_rate = resolve_optimizer(
            self.optimizer, self.learning_rate, weight_decay=self.weight_decay, global_clipnorm=1.0
        )
        settings = TrainingSettings(
            loss=resolve_loss(gaussian_loss),
            optimizer=optimizer,
            learning_rate=learning_rate,
            schedule=self.learning_rate_schedule,
            by_step=True,
            callbacks=self._callbacks(),
            verbose=int(self.verbose),
            begin_epoch=tasks.begin,
            end_epoch=end_epoch,
        )
        rows = Rows(*data)
        order = batch_rows(len(rows), self.batch_size, self.epochs, rng)
        batches = sampled_stars(rows, order, self.stars_per_step, self.star_dropout, rng)
        seed = int(rng.integers(2**31))
        weights, history, _ = train(architecture, settings, batches, order.shape[:2], weights, seed)
        return weights, history["loss"]

    def _check_same_networks(self, architecture: SetArchitecture) -> None:
        check_same_weights(self.architecture_.weight_shapes, architecture.weight_shapes)
        if len(self.weights_) != self.n_networks:
            raise ValueError(
                f"With warm_start=True the number of networks must be that of the last fit, "
                f"{len(self.weights_)}, not n_networks={self.n_networks}."
            )

    def _inputs(self, X: NDArray[Any]) -> dict[str, FloatArray]:
        n_columns = X.shape[1] - self.n_context
        if n_columns < self.n_channels or n_columns % self.n_channels:
            raise ValueError(
                f"X has n_features={X.shape[1]}, but n_context={self.n_context} and "
                f"n_channels={self.n_channels} require {self.n_context} + {self.n_channels} per "
                "star. StarSet makes such tables."
            )
        stars = X[:, self.n_context :].reshape(len(X), -1, self.n_channels)
        missing = ~(stars[:, :, -1] > 0).any(axis=1) & ~np.isnan(X).any(axis=1)
        if missing.any():
            raise ValueError(
                f"Row {int(np.argmax(missing))} of X has no star: the last of a star's "
                f"{self.n_channels} columns is 1 where there is one."
            )
        return {"context": X[:, : self.n_context], "stars": stars}

    def _units(self) -> tuple[int, ...]:
        units = as_sizes("units", self.units)
        if len(units) != 3:
            raise ValueError(f"units must be three positive integers, not {self.units!r}.")
        return units

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags

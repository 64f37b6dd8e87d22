"""A network over sets of stars."""

import os

# TensorFlow reports its CPU features on stderr unless told before it loads to keep to warnings.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from dataclasses import fields
from numbers import Integral, Real
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, RegressorMixin, _fit_context
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval
from sklearn.utils._tags import Tags
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from skcluster.regressors._architecture import FloatArray
from skcluster.regressors._pretrained import load_pretrained
from skcluster.regressors._set_network import SetArchitecture, initial_set_weights, set_network
from skcluster.regressors._threads import one_blas_thread

if TYPE_CHECKING:
    from skcluster.regressors._batches import Rows


class SetRegressor(RegressorMixin, BaseEstimator):
    """Predict targets, and how uncertain they are, from the stars of a cluster one by one.

    A permutation-invariant network: what it says does not depend on the order of the stars, and it
    needs no bins. Its input is made by `skcluster.features.StarSet`. It gives a normal distribution
    for each target, fitted by maximum likelihood.

    Parameters
    ----------
    n_context : int, default=14
        Columns that describe the cluster, which come first.
    n_channels : int, default=7
        Columns of each star, which follow, star after star. The last of them is 1, or 0 where a
        cluster has no more stars.
    units : tuple of three int, default=(96, 128, 160)
        Units of the layers that see each star alone, of those that see each star beside its
        cluster, and of those that see the cluster.
    n_heads : int, default=4
        Averages over the stars with weights that the network chooses.
    n_networks : int, default=1
        Networks that are trained from different weights and averaged.
    dropout : float, default=0.1
        Share of the units between the last two hidden layers that is dropped while training.
    star_dropout : float, default=0.4
        Largest share of a cluster's stars that is left out at a step of the training.
    stars_per_step : int, default=160
        Most stars of a cluster that a step of the training sees, drawn anew each time.
    pretrained : {"simulated"}, path or None, default=None
        Where training starts: from random weights, from those in a file that `save_pretrained`
        wrote, or from those in this package, which come from simulated clusters. The last belong to
        the targets of `skcluster.pipelines.reference_pipeline` and the default sizes.
    epochs : int, default=50
        Passes over the data. 0 keeps the weights of `pretrained`.
    batch_size : int, default=64
        Most rows of a step.
    learning_rate : float, default=0.0005
        Largest learning rate of AdamW; it rises to it over the first twentieth of the steps and
        falls to zero along half a cosine.
    weight_decay : float, default=0.0001
        Of AdamW.
    verbose : int, default=0
        0 is silent, 1 a progress bar an epoch, 2 a line an epoch.
    random_state : int, RandomState instance or None, default=None
        Draws the first weights, the order of the rows, the stars and dropout. No global state is
        changed.

    Attributes
    ----------
    weights_ : list of dict of float32 arrays
        The weights of each network, by name.
    architecture_ : SetArchitecture
        Layers and shapes, as plain data.
    history_ : list of lists
        Loss of each epoch of each network.
    n_outputs_ : int
        Targets.
    y_ndim_ : int
        Dimensions of the ``y`` of `fit`, and of what `predict` returns.
    n_features_in_ : int
        Columns of X.
    feature_names_in_ : array of str
        Names of the columns, where X had any.

    See Also
    --------
    skcluster.features.StarSet : Makes the input.
    skcluster.pipelines.reference_pipeline : Puts both together.

    Notes
    -----
    Scale the targets to about −2 to 2: the logarithm of the predicted spread is limited to −4 … 2.
    Predictions are computed in numpy, cluster by cluster, so that none depends on those beside it.

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

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "n_context": [Interval(Integral, 1, None, closed="left")],
        "n_channels": [Interval(Integral, 1, None, closed="left")],
        "units": [tuple, list],
        "n_heads": [Interval(Integral, 1, None, closed="left")],
        "n_networks": [Interval(Integral, 1, None, closed="left")],
        "dropout": [Interval(Real, 0, 1, closed="left")],
        "star_dropout": [Interval(Real, 0, 1, closed="left")],
        "stars_per_step": [Interval(Integral, 1, None, closed="left")],
        "pretrained": [str, Path, None],
        "epochs": [Interval(Integral, 0, None, closed="left")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "learning_rate": [Interval(Real, 0, None, closed="neither")],
        "weight_decay": [Interval(Real, 0, None, closed="left")],
        "verbose": ["verbose"],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        *,
        n_context: int = 14,
        n_channels: int = 7,
        units: tuple[int, int, int] = (96, 128, 160),
        n_heads: int = 4,
        n_networks: int = 1,
        dropout: float = 0.1,
        star_dropout: float = 0.4,
        stars_per_step: int = 160,
        pretrained: str | Path | None = None,
        epochs: int = 50,
        batch_size: int = 64,
        learning_rate: float = 5e-4,
        weight_decay: float = 1e-4,
        verbose: int = 0,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.n_context = n_context
        self.n_channels = n_channels
        self.units = units
        self.n_heads = n_heads
        self.n_networks = n_networks
        self.dropout = dropout
        self.star_dropout = star_dropout
        self.stars_per_step = stars_per_step
        self.pretrained = pretrained
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.verbose = verbose
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Train the networks.

        Parameters
        ----------
        X : array-like of shape (n_clusters, n_context + n_stars * n_channels)
            As `skcluster.features.StarSet` gives it.
        y : array-like of shape (n_clusters,) or (n_clusters, n_outputs)
            Targets, scaled.
        sample_weight : array-like of shape (n_clusters,), optional
            Weight of each cluster in the loss. Only ratios matter.

        Returns
        -------
        self

        Raises
        ------
        ValueError
            If the columns do not fit ``n_context`` and ``n_channels``, a cluster has no stars, or
            the pre-trained weights are of other sizes.
        """
        # Keras loads for training only; a fitted network predicts without.
        from skcluster.regressors._batches import Rows

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
                f"{int(np.argmax(empty))}: a cluster without stars cannot be learnt from."
            )
        weights = _check_sample_weight(
            sample_weight, table, dtype=np.float32, ensure_non_negative=True
        )
        self.y_ndim_ = np.ndim(y)
        targets = np.reshape(y, (len(table), -1)).astype(np.float32)
        self.n_outputs_ = targets.shape[1]
        self.architecture_ = SetArchitecture(
            n_context=self.n_context,
            n_channels=self.n_channels,
            n_outputs=self.n_outputs_,
            units=self._units(),
            n_heads=self.n_heads,
        )
        rows = Rows(self._inputs(table), targets, weights / weights.mean())
        seed = check_random_state(self.random_state).randint(np.iinfo(np.int32).max)
        seeds = np.random.SeedSequence(seed).spawn(self.n_networks)
        trained = [
            self._train(i, rows, np.random.default_rng(seed)) for i, seed in enumerate(seeds)
        ]
        self.weights_ = [weights for weights, _ in trained]
        self.history_ = [losses for _, losses in trained]
        return self

    def predict(self, X: ArrayLike, return_std: bool = False) -> Any:
        """Predict the targets.

        Parameters
        ----------
        X : array-like of shape (n_clusters, n_features)
            Rows of NaN are clusters without stars.
        return_std : bool, default=False
            Whether to give standard deviations too: of the predicted distributions and, with
            several networks, between them.

        Returns
        -------
        mean : array of shape (n_clusters,) or (n_clusters, n_outputs), like the ``y`` of `fit`
            NaN for a cluster without stars.
        std : array of the same shape
            Only if ``return_std``.
        """
        check_is_fitted(self)
        table = validate_data(self, X, dtype=np.float32, reset=False, ensure_all_finite="allow-nan")
        inputs = self._inputs(table)
        means = np.full((len(table), len(self.weights_), self.n_outputs_), np.nan)
        spreads = means.copy()
        with one_blas_thread():
            for row in np.flatnonzero(~np.isnan(table).any(axis=1)):
                context, stars = inputs["context"][row], inputs["stars"][row]
                stars = stars[stars[:, -1] > 0]
                for k, weights in enumerate(self.weights_):
                    mean, log_spread = set_network(
                        np, weights, context[None], stars[None], stars[None, :, -1:]
                    )
                    means[row, k], spreads[row, k] = mean[0], np.exp(log_spread[0])
        mean = means.mean(axis=1)
        if not return_std:
            return self._like_y(mean)
        return self._like_y(mean), self._like_y(np.sqrt((spreads**2).mean(1) + means.var(1)))

    def _train(
        self, i: int, rows: "Rows", rng: np.random.Generator
    ) -> tuple[dict[str, FloatArray], list[float]]:
        if self.pretrained is not None:
            weights = load_pretrained(self.pretrained, i, self.architecture_)
        else:
            weights = initial_set_weights(self.architecture_, rng)
            centre = np.average(rows.targets, axis=0, weights=rows.weights)
            weights["output_bias"][: self.n_outputs_] = centre
        if not self.epochs:
            return weights, []
        from skcluster.regressors._set_training import SetPlan, train_set

        plan = SetPlan(**{field.name: getattr(self, field.name) for field in fields(SetPlan)})
        return train_set(self.architecture_, plan, rows, weights, rng)

    def _inputs(self, X: NDArray[Any]) -> dict[str, FloatArray]:
        n_columns = X.shape[1] - self.n_context
        if n_columns < self.n_channels or n_columns % self.n_channels:
            raise ValueError(
                f"X has {X.shape[1]} features, but n_context={self.n_context} and "
                f"n_channels={self.n_channels} want {self.n_context} + {self.n_channels} for each "
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

    def _units(self) -> tuple[int, int, int]:
        whole = all(isinstance(n, Integral) and n >= 1 for n in self.units)
        if len(self.units) != 3 or not whole:
            raise ValueError(f"units must be three whole numbers from 1 up, not {self.units!r}.")
        star, cluster, head = (int(n) for n in self.units)
        return star, cluster, head

    def _like_y(self, y: NDArray[np.float64]) -> NDArray[np.float64]:
        return y[:, 0] if self.y_ndim_ == 1 else y

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.target_tags.multi_output = True
        tags.regressor_tags.poor_score = True
        return tags

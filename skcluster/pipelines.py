"""Complete estimators from clusters to log age, A_V and distance.

Each function returns an unfitted scikit-learn estimator: ``fit(X, y)`` with ``y`` of log age (dex),
A_V (mag) and distance (kpc), ``predict(X)`` in the same units. The networks of the paper have two
presets: ``"paper"`` follows Branco & Ferraz (2023) [1]_, ``"tuned"`` keeps their features and kind
of network and improves the accuracy. ``benchmarks/table1.py`` measures both.

References
----------
.. [1] Branco & Ferraz 2023, *Neural networks approaches to star cluster studies: artificial neural
   networks, convolutional neural networks and mixed data models*.
"""

import inspect
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, Literal

import numpy as np
from imblearn.pipeline import Pipeline as Pipeline
from imblearn.pipeline import make_pipeline as make_pipeline
from sklearn.compose import TransformedTargetRegressor
from sklearn.pipeline import FeatureUnion
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skcluster import regressors
from skcluster.augmentation import ClusterCorruptor, ClusterScrambler
from skcluster.augmentation._cluster_scrambler import KINDS
from skcluster.datasets import simulate_field_stars
from skcluster.features import CMDHistogram, CMDRasterizer, GuessFeatures, StarSet
from skcluster.inference import IsochronePosterior, describe_cluster

Preset = Literal["tuned", "paper"]

__all__ = [
    "ann_pipeline",
    "cluster_domain",
    "cnn_pipeline",
    "mdm_pipeline",
    "reference_pipeline",
    "set_pipeline",
]

# Prefix of the networks' parameters in the pipelines.
_NETWORK = "regressor__regressor__"

# A network trained on a few hundred clusters overfits long before the last epoch. Dropout and small
# batches help, and a learning rate that decreases to zero makes the last epochs agree.
_TUNED: dict[str, Any] = {"dropout": 0.2, "learning_rate_schedule": "cosine"}


def ann_pipeline(*, preset: Preset = "tuned", **overrides: Any) -> Pipeline:
    """Return a dense network on the CMD histogram and three guesses.

    Parameters
    ----------
    preset : {"tuned", "paper"}, default="tuned"
        Default settings.

        ``"paper"``: 410 normalised counts in apparent magnitude, unscaled guesses, 200 epochs in
        batches of 299, Adam, mean squared error.

        ``"tuned"``: square roots of counts in parallax-corrected magnitude (which equalises the
        Poisson noise), standardised guesses with the parallax distance instead of the parallax,
        dropout, small batches and a learning rate that decreases to zero.
    **overrides : object
        Parameters to set, by scikit-learn's names (``features__cmd__normalize=None``). Those of the
        network need no prefix (``epochs=50`` for ``regressor__regressor__epochs``). A step can be
        replaced (``augment=ClusterAugmenter()``).

    Returns
    -------
    Pipeline
        Steps ``augment`` (by default nothing), ``features``, ``regressor``.

    Raises
    ------
    ValueError
        If there is no such preset or parameter.

    See Also
    --------
    cnn_pipeline : Convolutional network on the picture.
    mdm_pipeline : Network on the picture and the guesses.

    Examples
    --------
    >>> from skcluster.pipelines import ann_pipeline
    >>> model = ann_pipeline(epochs=50, hidden_layer_sizes=(128, 64), random_state=0)
    >>> list(model.named_steps)
    ['augment', 'features', 'regressor']
    >>> model.get_params()["regressor__regressor__epochs"]
    50
    """
    _check(preset)
    if preset == "paper":
        cmd, guess = CMDHistogram(), GuessFeatures()
        network = regressors.ANNRegressor(epochs=200, batch_size=299)
    else:
        root = FunctionTransformer(np.sqrt, feature_names_out="one-to-one")
        cmd = Pipeline([("histogram", CMDHistogram(magnitude="absolute")), ("sqrt", root)])
        guess = _tuned_guess()
        network = regressors.ANNRegressor(
            hidden_layer_sizes=(256, 128, 64), epochs=100, batch_size=64, **_TUNED
        )
    return _assemble(FeatureUnion([("cmd", cmd), ("guess", guess)]), _scaled(network), overrides)


def cnn_pipeline(*, preset: Preset = "tuned", **overrides: Any) -> Pipeline:
    """Return a convolutional network on the picture of the CMD.

    Parameters
    ----------
    preset : {"tuned", "paper"}, default="tuned"
        Default settings. Both use the paper's picture of 180 × 180 pixels in apparent magnitude,
        averaged to 90 × 90 before the first convolution (a quarter of the time).

        ``"paper"``: the best of 150 epochs, by validation on a tenth of the clusters.

        ``"tuned"``: the same, with dropout, small batches and a learning rate that decreases to
        zero.
    **overrides : object
        As in `ann_pipeline`.

    Returns
    -------
    Pipeline
        Steps ``augment`` (by default nothing), ``features``, ``regressor``.

    Examples
    --------
    >>> from skcluster.pipelines import cnn_pipeline
    >>> cnn_pipeline(filters=(16, 32)).named_steps["features"]
    CMDRasterizer()
    """
    _check(preset)
    network = regressors.CNNRegressor(epochs=150)
    if preset == "tuned":
        network.set_params(epochs=60, batch_size=32, **_TUNED)
    return _assemble(CMDRasterizer(), _scaled(network), overrides)


def mdm_pipeline(*, preset: Preset = "tuned", **overrides: Any) -> Pipeline:
    """Return a mixed data model of the picture (convolutional) and the guesses (dense).

    Parameters
    ----------
    preset : {"tuned", "paper"}, default="tuned"
        Default settings.

        ``"paper"``: the picture in apparent magnitude, unscaled guesses, 100 epochs.

        ``"tuned"``: the picture in parallax-corrected magnitude, the guesses and the training as
        in `ann_pipeline`.
    **overrides : object
        As in `ann_pipeline`.

    Returns
    -------
    Pipeline
        Steps ``augment`` (by default nothing), ``features``, ``regressor``.

    Examples
    --------
    >>> from skcluster.pipelines import mdm_pipeline
    >>> mdm_pipeline(random_state=0).get_params()["regressor__regressor__n_guesses"]
    3
    """
    _check(preset)
    if preset == "paper":
        cmd, guess = CMDRasterizer(), GuessFeatures()
        network = regressors.MDMRegressor(epochs=100)
    else:
        cmd, guess = CMDRasterizer(magnitude="absolute"), _tuned_guess()
        network = regressors.MDMRegressor(epochs=60, batch_size=32, **_TUNED)
    return _assemble(FeatureUnion([("cmd", cmd), ("guess", guess)]), _scaled(network), overrides)


def set_pipeline(**overrides: Any) -> Pipeline:
    """Return networks over the set of stars, pretrained on simulated clusters.

    Three networks read every star of a cluster. Their weights are included in the package, trained
    on simulated clusters by ``benchmarks/training``. Fitting fine-tunes them to the training
    clusters, of which a few hundred are needed, and to copies of their lists made by
    `skcluster.augmentation.ClusterCorruptor`. Resamplers do not support weights: with
    ``sample_weight``, set ``augment="passthrough"``. ``benchmarks/accuracy`` compares the
    accuracy with that of the others.

    Any number of targets can be learned. Columns of ``y`` named ``log_age``, ``a_v`` and
    ``distance_kpc`` (or three columns without names, in this order) start from the pretrained
    weights; others are scaled by their mean and standard deviation, and start from random weights.

    Parameters
    ----------
    **overrides : object
        As in `ann_pipeline`. ``epochs=0`` keeps the pretrained weights, ``pretrained=None`` starts
        from random weights.

    Returns
    -------
    Pipeline
        Steps ``augment`` (by default nothing), ``features``, ``regressor``.

    See Also
    --------
    ann_pipeline : Network without pretraining.

    Examples
    --------
    >>> from skcluster.datasets import simulate_clusters
    >>> from skcluster.pipelines import set_pipeline
    >>> X, y = simulate_clusters(3, random_state=0)
    >>> set_pipeline(epochs=0).fit(X, y[["log_age", "distance_kpc"]]).predict(X).shape
    (3, 2)
    """
    network = regressors.SetRegressor(pretrained="simulated", n_networks=3, epochs=6)
    target = regressors.NamedTargetRegressor(network, transformer=regressors.TargetScaler())
    corruptor = ClusterCorruptor(
        n_copies=4, field=simulate_field_stars, random_state=overrides.get("random_state")
    )
    return _assemble(StarSet(), target, {"augment": corruptor, **overrides})


def reference_pipeline(**overrides: Any) -> IsochronePosterior:
    """Return the most accurate estimator of this package: networks refined with isochrones.

    The predictive distribution of `set_pipeline` is multiplied by the likelihood of the stars on
    isochrones; see `skcluster.inference.IsochronePosterior`. Intervals, joint samples, metallicity,
    flags and membership probabilities come from the same pass. ``benchmarks/accuracy`` compares
    the accuracy with that of the others.

    Parameters
    ----------
    **overrides : object
        Parameters of `IsochronePosterior`, by name, and those of `set_pipeline`.
        ``random_state`` is set in both.

    Returns
    -------
    IsochronePosterior
        The estimator, with `set_pipeline` inside.

    See Also
    --------
    set_pipeline : The networks without isochrones.

    Examples
    --------
    >>> from skcluster.datasets import simulate_clusters
    >>> from skcluster.pipelines import reference_pipeline
    >>> X, y = simulate_clusters(20, random_state=0)
    >>> y = y[["log_age", "a_v", "distance_kpc"]]
    >>> model = reference_pipeline(epochs=0, cv=2, n_draws=256, random_state=0).fit(X, y)
    >>> model.predict(X).shape
    (20, 3)
    """
    random_state = overrides.get("random_state")
    own = inspect.signature(IsochronePosterior).parameters.keys() - {"estimator", "random_state"}
    settings: dict[str, Any] = {
        "domain": describe_cluster,
        "resampler": ClusterCorruptor(field=simulate_field_stars, random_state=random_state),
        # Lists without a cluster are the hardest to tell.
        "scrambler": ClusterScrambler(
            kinds=[*KINDS, "no cluster"], field=simulate_field_stars, random_state=random_state
        ),
    }
    settings |= {name: overrides.pop(name) for name in own & overrides.keys()}
    try:
        networks = set_pipeline(**overrides)
    except ValueError:
        regressor = regressors.SetRegressor().get_params()
        _refuse_unknown(overrides, [*own, *regressor, *set_pipeline().get_params()])
        raise
    return IsochronePosterior(networks, random_state=random_state, **settings)


def cluster_domain() -> Pipeline:
    """Return a transformer to features of the domain, for `ConformalRegressor`.

    Returns
    -------
    Pipeline
        A transformer of clusters to 16 features: parallax, number of stars, quantiles of magnitude
        and colour, magnitude limit. For `set_pipeline`, which computes them itself, use
        `skcluster.inference.describe_cluster` instead.
    """
    return Pipeline(
        [("stars", StarSet(max_stars=1)), ("context", FunctionTransformer(describe_cluster))]
    )


def _check(preset: str) -> None:
    if preset not in ("tuned", "paper"):
        raise ValueError(f"preset must be 'tuned' or 'paper', not {preset!r}.")


def _scaled(network: Any) -> TransformedTargetRegressor:
    """Return a network whose targets are scaled to 0 … 1 as in the paper."""
    transformer = regressors.TargetMinMaxScaler()
    return regressors.NamedTargetRegressor(network, transformer=transformer)


def _assemble(
    features: Any, regressor: TransformedTargetRegressor, overrides: dict[str, Any]
) -> Pipeline:
    """Return the pipeline with the overrides applied."""
    model = Pipeline([("augment", "passthrough"), ("features", features), ("regressor", regressor)])
    own = regressor.regressor.get_params(deep=False)
    settings = {_NETWORK + name if name in own else name: v for name, v in overrides.items()}
    try:
        return model.set_params(**settings)
    except ValueError:
        _refuse_unknown(overrides, [*own, *model.get_params()])
        raise


def _refuse_unknown(names: Iterable[str], parameters: list[str]) -> None:
    """Refuse the first unknown parameter, and suggest similar ones.

    The message of scikit-learn shows the whole pipeline, and lists the steps, not the parameters.
    """
    for name in names:
        if name not in parameters:
            inside = [k for k in parameters if k.endswith(f"__{name}")]
            meant = inside or get_close_matches(name, parameters, n=1)
            hint = f"Did you mean {' or '.join(map(repr, meant))}?" if meant else ""
            raise ValueError(f"Invalid parameter {name!r}. {hint}".strip()) from None


def _tuned_guess() -> Pipeline:
    guess = GuessFeatures(max_slope=1.0, max_distance=10.0)
    return Pipeline([("guess", guess), ("scale", StandardScaler())])

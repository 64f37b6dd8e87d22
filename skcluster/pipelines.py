"""The parts, assembled: from clusters to log age, A_V and distance, ready to fit.

Each function returns an unfitted scikit-learn estimator: ``fit(X, y)`` with ``y`` of log age (dex),
A_V (mag) and distance (kpc), ``predict(X)`` in the same units. Each comes in two presets:
``"paper"`` is what Branco & Ferraz (2023) [1]_ describe, ``"tuned"`` keeps their idea, their
features and their kind of network, and changes what costs accuracy. ``benchmarks/table1.py``
measures both.

References
----------
.. [1] Branco & Ferraz 2023, *Neural networks approaches to star cluster studies: artificial neural
   networks, convolutional neural networks and mixed data models*.
"""

from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from imblearn.pipeline import Pipeline, make_pipeline
from sklearn.compose import TransformedTargetRegressor
from sklearn.pipeline import FeatureUnion
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, StandardScaler

from skcluster.features import CMDHistogram, CMDRasterizer, GuessFeatures
from skcluster.regressors import ANNRegressor, CNNRegressor, MDMRegressor

Preset = Literal["tuned", "paper"]

__all__ = ["ann_pipeline", "cnn_pipeline", "mdm_pipeline"]

# Where the networks stand in the pipelines.
_NETWORK = "regressor__regressor__"

# A network that sees a few hundred clusters overfits long before its last epoch. Dropout and small
# batches help, and a learning rate that falls to zero makes the last epochs agree with each other.
_TUNED: dict[str, Any] = {"dropout": 0.2, "learning_rate_schedule": "cosine"}


def ann_pipeline(*, preset: Preset = "tuned", **overrides: Any) -> Pipeline:
    """A dense network on the histogram of the diagram and three guesses.

    Parameters
    ----------
    preset : {"tuned", "paper"}, default="tuned"
        The choices to start from.

        ``"paper"``: 410 normalised counts in apparent magnitude, the guesses as they are, 200
        epochs in batches of 299, Adam, mean squared error.

        ``"tuned"``: counts in parallax-corrected magnitude, their square root (which evens out
        their Poisson noise), the guesses standardised, with the distance that belongs to the
        parallax in place of the parallax (a network does not divide), dropout, small batches and
        a learning rate that falls to zero.
    **overrides : object
        Parameters to set, under scikit-learn's names (``features__cmd__normalize=None``), a
        network's own also without their prefix (``epochs=50`` for
        ``regressor__regressor__epochs``). A step can be replaced (``augment=ClusterAugmenter()``).

    Returns
    -------
    Pipeline
        Steps ``augment`` (nothing, unless given), ``features``, ``regressor``.

    See Also
    --------
    cnn_pipeline : A convolutional network on the picture.
    mdm_pipeline : Both.

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
        network = ANNRegressor(epochs=200, batch_size=299)
    else:
        cmd = _named(
            histogram=CMDHistogram(magnitude="absolute"),
            sqrt=FunctionTransformer(np.sqrt, feature_names_out="one-to-one"),
        )
        guess = _tuned_guess()
        network = ANNRegressor(
            hidden_layer_sizes=(256, 128, 64), epochs=100, batch_size=64, **_TUNED
        )
    return _assemble(FeatureUnion([("cmd", cmd), ("guess", guess)]), network, overrides)


def cnn_pipeline(*, preset: Preset = "tuned", **overrides: Any) -> Pipeline:
    """A convolutional network on the picture of the diagram.

    Parameters
    ----------
    preset : {"tuned", "paper"}, default="tuned"
        The choices to start from. Both see the paper's picture of 180 × 180 pixels in apparent
        magnitude, averaged to 90 × 90 before the first convolution (a quarter of the time).

        ``"paper"``: 150 epochs, then the best of them by a tenth of the clusters kept aside.

        ``"tuned"``: the same, with dropout, small batches and a learning rate that falls to zero.
    **overrides : object
        As in `ann_pipeline`.

    Returns
    -------
    Pipeline
        Steps ``augment`` (nothing, unless given), ``features``, ``regressor``.

    Examples
    --------
    >>> from skcluster.pipelines import cnn_pipeline
    >>> cnn_pipeline(filters=(16, 32)).named_steps["features"]
    CMDRasterizer()
    """
    _check(preset)
    network = CNNRegressor(epochs=150)
    if preset == "tuned":
        network.set_params(epochs=60, batch_size=32, **_TUNED)
    return _assemble(CMDRasterizer(), network, overrides)


def mdm_pipeline(*, preset: Preset = "tuned", **overrides: Any) -> Pipeline:
    """A mixed data model: a convolutional branch for the picture, a dense one for the guesses.

    Parameters
    ----------
    preset : {"tuned", "paper"}, default="tuned"
        The choices to start from.

        ``"paper"``: the picture in apparent magnitude, the guesses as they are, 100 epochs.

        ``"tuned"``: the picture in parallax-corrected magnitude, the guesses and the training as
        in `ann_pipeline`.
    **overrides : object
        As in `ann_pipeline`.

    Returns
    -------
    Pipeline
        Steps ``augment`` (nothing, unless given), ``features``, ``regressor``.

    Examples
    --------
    >>> from skcluster.pipelines import mdm_pipeline
    >>> mdm_pipeline(random_state=0).get_params()["regressor__regressor__n_guesses"]
    3
    """
    _check(preset)
    if preset == "paper":
        cmd, guess = CMDRasterizer(), make_pipeline(GuessFeatures(), _single_precision())
        network = MDMRegressor(epochs=100)
    else:
        cmd, guess = CMDRasterizer(magnitude="absolute"), _tuned_guess()
        network = MDMRegressor(epochs=60, batch_size=32, **_TUNED)
    return _assemble(FeatureUnion([("cmd", cmd), ("guess", guess)]), network, overrides)


def _check(preset: str) -> None:
    if preset not in ("tuned", "paper"):
        raise ValueError(f"preset must be 'tuned' or 'paper', not {preset!r}.")


def _assemble(features: Any, network: Any, overrides: dict[str, Any]) -> Pipeline:
    """The pipeline, its targets scaled to 0 … 1 as in the paper, with the overrides applied."""
    model = Pipeline(
        [
            ("augment", "passthrough"),
            ("features", features),
            ("regressor", TransformedTargetRegressor(network, transformer=MinMaxScaler())),
        ]
    )
    own = network.get_params(deep=False)
    return model.set_params(
        **{_NETWORK + name if name in own else name: value for name, value in overrides.items()}
    )


def _named(**steps: Any) -> Pipeline:
    return Pipeline(list(steps.items()))


def _tuned_guess() -> Pipeline:
    return _named(
        guess=GuessFeatures(),
        distance=FunctionTransformer(_parallax_to_distance, feature_names_out=_distance_names),
        scale=StandardScaler(),
        precision=_single_precision(),
    )


def _single_precision() -> FunctionTransformer:
    """Keep three numbers from turning the pixels beside them into double precision."""
    return FunctionTransformer(_to_float32, feature_names_out="one-to-one")


def _to_float32(values: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    return np.asarray(values, dtype=np.float32)


def _parallax_to_distance(guesses: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    """Distance (kpc, at most 10) for the parallax (mas), and the slope within ±1 mag per mag."""
    slope, colour, parallax = np.asarray(guesses).T
    return np.column_stack([np.clip(slope, -1, 1), colour, 1 / np.maximum(parallax, 0.1)])


def _distance_names(transformer: Any, names: npt.NDArray[np.object_]) -> npt.NDArray[np.object_]:
    return np.array([*names[:2], "parallax_distance"], dtype=object)

"""Common parts of all regressors, without Keras."""

from abc import abstractmethod
from collections.abc import Callable, Mapping
from numbers import Integral, Real
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import Tags
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions

from skcluster._utils.models import DaskTokenMixin

try:
    from sklearn.callback import CallbackSupportMixin
except ImportError:  # before scikit-learn 1.9

    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Nothing: this version of scikit-learn has no callbacks."""


#: Constraints of the parameters that all regressors have.
TRAINING_CONSTRAINTS: dict[str, list[Any]] = {
    "dropout": [Interval(Real, 0, 1, closed="left")],
    "batch_size": [Interval(Integral, 1, None, closed="left")],
    "learning_rate": [Interval(Real, 0, None, closed="neither")],
    "learning_rate_schedule": [StrOptions({"cosine"}), None],
    "optimizer": [str, dict, HasMethods(["get_config", "apply_gradients"])],
    "callbacks": [list, tuple, HasMethods(["set_model", "on_epoch_end"]), None],
    "warm_start": ["boolean"],
    "verbose": ["verbose"],
    "random_state": ["random_state"],
}


class EpochTasks:
    """The epochs of a training as tasks of scikit-learn's callbacks; nothing without these.

    ``n_epochs`` is the largest number of epochs, those of all networks together.
    """

    def __init__(self, estimator: "NetworkRegressorMixin", X: Any, y: Any, n_epochs: int) -> None:
        self._about = {"estimator": estimator, "X": X, "y": y}
        self._root = None
        if hasattr(estimator, "_init_callback_context"):
            self._root = estimator._init_callback_context(max_subtasks=n_epochs)
            self._root.call_on_fit_task_begin(**self._about)
        self._epoch: Any = None

    def begin(self) -> None:
        """Tell the callbacks that an epoch begins."""
        if self._root is not None:
            self._epoch = self._root.subcontext(task_name="epoch")
            self._epoch.call_on_fit_task_begin(**self._about)

    def end(self, fitted: Callable[[], dict[str, Any]]) -> bool:
        """Tell them that it ends, and return whether one of them stops the training.

        ``fitted`` returns the attributes that make the regressor a fitted one.
        """
        if self._root is None:
            return False
        return bool(
            self._epoch.call_on_fit_task_end(**self._about, reconstruction_attributes=fitted)
        )

    def finish(self) -> None:
        """Tell them that the training is finished."""
        if self._root is not None:
            self._root.call_on_fit_task_end(**self._about)


class NetworkRegressorMixin(DaskTokenMixin, CallbackSupportMixin):
    """Handle inputs, outputs, callbacks and warm starts of a regressor with networks."""

    callbacks: Any
    warm_start: bool
    weights_: Any
    y_ndim_: int

    @abstractmethod
    def _inputs(self, X: NDArray[Any]) -> dict[str, NDArray[np.float32]]:
        """Turn X into the named inputs of the network."""

    @property
    def feature_encoder_(self) -> SimpleNamespace:
        """The transformer from X to the named inputs of the network."""
        return SimpleNamespace(transform=self._inputs)

    def _like_y(self, y: NDArray[Any]) -> NDArray[Any]:
        """Return predictions, whose last axis is the targets, as `fit` was given these."""
        return y[..., 0] if self.y_ndim_ == 1 else y

    def _callbacks(self) -> list[Any]:
        if self.callbacks is None:
            return []
        several = isinstance(self.callbacks, list | tuple)
        return list(self.callbacks) if several else [self.callbacks]

    def _goes_on(self) -> bool:
        """Return whether training continues from the weights of the last fit."""
        return bool(self.warm_start) and hasattr(self, "weights_")

    def __sklearn_tags__(self) -> Tags:
        tags: Tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        tags.regressor_tags.poor_score = True  # with few epochs on the small data of the checks
        tags.non_deterministic = False
        return tags


def refuse_clusters(X: Any) -> None:
    """Raise an error for clusters of stars, which must be transformed to numbers first."""
    if "stars" in getattr(X, "columns", ()):
        raise ValueError(
            "X must be numbers, but it contains clusters of stars. Put a transformer such as "
            "CMDHistogram before the regressor, or use a pipeline such as ann_pipeline()."
        )


def check_same_weights(
    before: Mapping[str, tuple[int, ...]], now: Mapping[str, tuple[int, ...]]
) -> None:
    """Refuse to continue the training of a network of other sizes."""
    different = [name for name in before.keys() | now.keys() if before.get(name) != now.get(name)]
    if different:
        name = min(different)
        raise ValueError(
            f"With warm_start=True the layers and the number of targets must be those of the last "
            f"fit, but the weights {name!r} had shape {before.get(name)} and now have "
            f"{now.get(name)}. Set warm_start=False to start from random weights."
        )


def as_sizes(name: str, sizes: ArrayLike) -> tuple[int, ...]:
    """Turn a parameter that lists layer sizes into a tuple of whole numbers."""
    values = tuple(np.atleast_1d(np.asarray(sizes, dtype=object)).tolist())
    for value in values:
        if not isinstance(value, Integral) or value < 1:
            raise ValueError(f"{name} must hold positive integers. Got {value!r}.")
    return tuple(int(value) for value in values)


def target_names(y: Any) -> list[str] | None:
    """Return the names of targets, if y is a DataFrame or Series and all have one."""
    names = list(getattr(y, "columns", [getattr(y, "name", None)]))
    return names if names and all(isinstance(name, str) for name in names) else None

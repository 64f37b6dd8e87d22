"""Files of pretrained weights, as plain arrays."""

from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import IO, Any

import numpy as np
from sklearn.base import BaseEstimator

from skcluster._utils.models import nested_estimators
from skcluster.regressors.networks.architecture import FloatArray, Weights
from skcluster.regressors.networks.sets import SetArchitecture

#: Files of the weights in this package, by name.
_SHIPPED: dict[str | Path, Path] = {
    "simulated": Path(__file__).parents[1] / "data" / "set_simulated.npz"
}
#: Entry of a file with the names of the targets.
_TARGETS = "targets"
#: Weights that belong to individual targets.
_HEAD = ("output_kernel", "output_bias", "direct_kernel")


def save_pretrained(
    networks: BaseEstimator | Sequence[Mapping[str, FloatArray]],
    file: str | Path | IO[bytes],
    *,
    targets: Sequence[str] | None = None,
) -> None:
    """Write the weights of networks in half precision, as initial weights of a later training.

    Parameters
    ----------
    networks : fitted estimator or sequence of mappings
        A fitted `SetRegressor`, or an estimator that contains one, such as the pipelines of
        `skcluster.pipelines` and models read by `skcluster.load_model`; or its ``weights_``.
    file : str, Path or binary file object
        File to write; a name ends in ".npz".
    targets : sequence of str, optional
        Names of the targets, in order. With names, training on other targets can start from these
        weights too, and uses those of targets with the same name. By default, the names that the
        estimator was fitted on, if it has them.

    Raises
    ------
    ValueError
        If the estimator is not fitted, or contains no `SetRegressor`.

    See Also
    --------
    SetRegressor : Regressor that starts from the file given as ``pretrained``.

    Examples
    --------
    >>> from pathlib import Path
    >>> from tempfile import TemporaryDirectory
    >>> import numpy as np
    >>> from skcluster.regressors import SetRegressor, save_pretrained
    >>> settings = dict(n_context=1, n_channels=2, units=(4, 4, 4), n_heads=1, epochs=1)
    >>> X, y = np.ones((8, 7), dtype=np.float32), np.arange(8.0)
    >>> first = SetRegressor(**settings, random_state=0).fit(X, y)
    >>> with TemporaryDirectory() as folder:
    ...     weights = Path(folder) / "weights.npz"
    ...     save_pretrained(first.weights_, weights)
    ...     again = SetRegressor(**settings, pretrained=weights, random_state=0).fit(X, y)
    """
    if hasattr(networks, "fit"):
        networks, own_targets = _networks_of(networks)
        targets = own_targets if targets is None else targets
    arrays: dict[str, Any] = {
        f"{i}_{name}": np.asarray(values, dtype=np.float16)
        for i, weights in enumerate(networks)
        for name, values in weights.items()
    }
    if targets is not None:
        arrays[_TARGETS] = np.array(targets, dtype=np.str_)
    np.savez_compressed(file, **arrays)


def _networks_of(estimator: Any) -> tuple[Sequence[Weights], Sequence[str] | None]:
    """Return the weights and target names of the set networks inside a fitted estimator."""
    targets = None
    for inner in nested_estimators(estimator):
        if isinstance(getattr(inner, "architecture_", None), SetArchitecture):
            return inner.weights_, targets
        # The names in a transformer of targets.
        targets = getattr(getattr(inner, "transformer_", None), "feature_names_in_", targets)
    raise ValueError(
        f"{type(estimator).__name__} contains no fitted SetRegressor whose weights could be "
        "written."
    )


def load_pretrained(
    source: str | Path | bytes,
    network: int,
    architecture: SetArchitecture,
    targets: Sequence[str] | None,
    fresh: Callable[[], Weights],
) -> Weights:
    """Read the weights of one network of a file, or of the content of one (bytes).

    Targets are assigned by their names; without names, as many targets as in the file are taken as
    the same. ``fresh`` draws weights for targets that are not in the file.
    """
    arrays, origin = _arrays_of(source)
    shapes = architecture.weight_shapes
    if not {f"0_{name}" for name in shapes} <= arrays.keys():
        raise ValueError(
            f"{origin} holds no weights of a SetRegressor. Where it is the file of a model, "
            "save_pretrained(load_model(...), ...) makes one of weights from it."
        )
    stored = arrays[_TARGETS].tolist() if _TARGETS in arrays else None
    n_networks = len({name.partition("_")[0] for name in arrays} - {_TARGETS})
    if network >= n_networks:
        raise ValueError(
            f"n_networks={network + 1} or more, but the pretrained weights in {origin} are of "
            f"{n_networks}."
        )
    weights = {name: arrays[f"{network}_{name}"].astype(np.float32) for name in shapes}
    body = {name: shape for name, shape in shapes.items() if name not in _HEAD}
    _check_shapes(weights, body, origin)
    n_stored = weights["direct_kernel"].shape[1]
    pairs = _same_targets(stored, targets, n_stored, architecture.n_outputs)
    if pairs is not None:
        weights |= _head(weights, fresh(), pairs, n_stored, architecture.n_outputs)
    _check_shapes(weights, shapes, origin)
    return weights


def _arrays_of(source: str | Path | bytes) -> tuple[dict[str, Any], str]:
    """Return the arrays in a file, or in the content of one, and its name for messages."""
    if isinstance(source, bytes):
        with np.load(BytesIO(source), allow_pickle=False) as arrays:
            return dict(arrays), "memory"
    file = Path(_SHIPPED.get(source, source))
    if not file.is_file():
        raise ValueError(
            f"pretrained={str(source)!r} is neither a file nor one of {sorted(_SHIPPED)}."
        )
    with np.load(file, allow_pickle=False) as arrays:
        return dict(arrays), file.name


def _check_shapes(weights: Weights, shapes: Mapping[str, tuple[int, ...]], file: str) -> None:
    for name, shape in shapes.items():
        if weights[name].shape != shape:
            raise ValueError(
                f"The pretrained weights {name!r} in {file} have shape {weights[name].shape}, the "
                f"network {shape}: units, n_heads, n_context, n_channels and, where the file does "
                "not name its targets, their number must be those of the pre-training."
            )


def _same_targets(
    stored: Sequence[str] | None, targets: Sequence[str] | None, n_stored: int, n_targets: int
) -> list[tuple[int, int]] | None:
    """Return the columns of shared targets, in the network and in the file; None if all agree."""
    if stored is None or (targets is None and n_targets == n_stored) or targets == stored:
        return None
    return [(i, stored.index(name)) for i, name in enumerate(targets or ()) if name in stored]


def _head(
    weights: Weights, fresh: Weights, pairs: list[tuple[int, int]], n_stored: int, n_targets: int
) -> Weights:
    """Return the weights of the outputs: those of targets in the file, fresh ones for others."""
    head = {name: fresh[name].copy() for name in _HEAD}
    for column, stored in pairs:
        head["direct_kernel"][:, column] = weights["direct_kernel"][:, stored]
        # Means come first, log spreads after them.
        for to, origin in ((column, stored), (n_targets + column, n_stored + stored)):
            head["output_kernel"][:, to] = weights["output_kernel"][:, origin]
            head["output_bias"][to] = weights["output_bias"][origin]
    return head

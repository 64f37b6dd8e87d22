"""Weights from which training starts, in a file of plain arrays."""

from collections.abc import Mapping, Sequence
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import numpy as np

from skcluster.regressors._architecture import FloatArray
from skcluster.regressors._set_network import SetArchitecture

#: Name of the weights in this package, and their file.
_SHIPPED = {"simulated": "set_simulated.npz"}


def save_pretrained(file: str | Path, networks: Sequence[Mapping[str, FloatArray]]) -> None:
    """Write the weights of networks in half precision, to start training from.

    Parameters
    ----------
    file : str or Path
        Ends in ".npz".
    networks : sequence of mappings
        ``weights_`` of a fitted `SetRegressor`.

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
    ...     save_pretrained(weights, first.weights_)
    ...     again = SetRegressor(**settings, pretrained=weights, random_state=0).fit(X, y)
    """
    arrays: dict[str, Any] = {
        f"{i}_{name}": np.asarray(values, dtype=np.float16)
        for i, weights in enumerate(networks)
        for name, values in weights.items()
    }
    np.savez_compressed(file, **arrays)


def load_pretrained(
    source: str | Path, network: int, architecture: SetArchitecture
) -> dict[str, FloatArray]:
    """Read the weights of one network.

    Raises
    ------
    ValueError
        If there are no such weights, or they are of other sizes than the architecture.
    """
    if source in _SHIPPED:
        with as_file(files(__package__) / "data" / _SHIPPED[str(source)]) as file:
            return _read(file, network, architecture)
    if not Path(source).is_file():
        raise ValueError(
            f"pretrained={str(source)!r} is neither a file nor one of {sorted(_SHIPPED)}."
        )
    return _read(Path(source), network, architecture)


def _read(file: Path, network: int, architecture: SetArchitecture) -> dict[str, FloatArray]:
    with np.load(file, allow_pickle=False) as arrays:
        n_networks = len({name.partition("_")[0] for name in arrays.files})
        if network >= n_networks:
            raise ValueError(
                f"n_networks={network + 1} or more, but the pretrained weights in {file.name} are "
                f"of {n_networks}."
            )
        weights = {}
        for name, shape in architecture.weight_shapes.items():
            found = arrays[f"{network}_{name}"].shape
            if found != shape:
                raise ValueError(
                    f"The pretrained weights {name!r} in {file.name} have shape {found}, the "
                    f"network {shape}: units, n_heads, n_context, n_channels and the number of "
                    "targets must be those of the pre-training."
                )
            weights[name] = arrays[f"{network}_{name}"].astype(np.float32)
    return weights

"""Networks from which training starts."""

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

#: The model in this package.
_PRETRAINED = "pretrained"
#: Pipelines with the networks that it has.
_OF_SETS = ("reference", "set")
#: A fifth of the pipelines' own: the networks shall keep most of what they know. A choice.
_LEARNING_RATE = 1e-4


def add_start(command: argparse.ArgumentParser) -> None:
    """The argument of `start`."""
    command.add_argument(
        "--start-from",
        metavar="MODEL",
        help=f"fine-tune the networks of a model: {_PRETRAINED!r} for that of this package, a "
        "model file, or weights that skcluster.regressors.save_pretrained wrote (default: the "
        "networks start from weights pretrained on simulated clusters)",
    )


@contextmanager
def start(options: argparse.Namespace) -> Iterator[dict[str, Any]]:
    """Settings of the pipeline with which its networks start from those of the model."""
    given = options.start_from
    if given is None:
        yield {}
        return
    if options.pipeline not in _OF_SETS:
        raise ValueError(
            f"--start-from is for --pipeline {' and '.join(_OF_SETS)}, whose networks can go on "
            f"from others, not {options.pipeline}."
        )
    if Path(given).suffix == ".npz":
        yield {"pretrained": given, "learning_rate": _LEARNING_RATE}
        return
    from skcluster.persistence import load_model
    from skcluster.regressors import save_pretrained

    path = None if given == _PRETRAINED else Path(given)
    model = load_model(path, trusted=options.trusted)
    with TemporaryDirectory() as folder:
        weights = Path(folder) / "weights.npz"
        save_pretrained(weights, model)
        yield {"pretrained": str(weights), "learning_rate": _LEARNING_RATE}


def forget_start(model: Any) -> None:
    """Let no part of a fitted model name a file that will be gone: refits start from simulations.

    Parameters
    ----------
    model : estimator
        Changed in place; its weights are not.
    """
    from sklearn.base import BaseEstimator

    if hasattr(model, "pretrained"):
        model.pretrained = "simulated"
    for part in [*vars(model).values(), *(step for _, step in getattr(model, "steps", []))]:
        if isinstance(part, BaseEstimator):
            forget_start(part)

"""Networks from which training starts."""

import argparse
from io import BytesIO
from pathlib import Path
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


def start(options: argparse.Namespace) -> dict[str, Any]:
    """Return the settings of the pipeline whose networks start from those of the model."""
    given = options.start_from
    if given is None:
        return {}
    if options.pipeline not in _OF_SETS:
        raise ValueError(
            f"--start-from is for --pipeline {' and '.join(_OF_SETS)}, whose networks can go on "
            f"from others, not {options.pipeline}."
        )
    if Path(given).suffix == ".npz":
        return {"pretrained": given, "learning_rate": _LEARNING_RATE}
    from skcluster.persistence import load_model
    from skcluster.regressors import save_pretrained

    path = None if given == _PRETRAINED else Path(given)
    weights = BytesIO()
    save_pretrained(weights, load_model(path, trusted=options.trusted))
    return {"pretrained": weights.getvalue(), "learning_rate": _LEARNING_RATE}

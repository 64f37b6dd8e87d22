"""``skcluster fit``, which trains a model, and ``info``, which prints the card of one."""

import argparse
import json
import textwrap
from io import BytesIO
from pathlib import Path
from typing import Any

from skcluster._utils.html import is_range, plain
from skcluster._utils.messages import shown_stages, warn_caller
from skcluster.cli._console import print_message, print_result, table_lines
from skcluster.cli._options import (
    Command,
    add_members,
    add_overwrite,
    add_trusted,
    check_outputs,
    now,
    read_members,
)

_PIPELINES = ("reference", "set", "ann", "cnn", "mdm")

#: Number of cross-validation folds that measure the errors.
_N_FOLDS = 5
#: With fewer clusters than this, no fold is large enough to measure errors.
_FEWEST = 10
#: With fewer clusters than this, networks generalise poorly; an adopted value.
_FEW = 100
#: The model in this package.
_PRETRAINED = "pretrained"
#: Pipelines with the networks that it has.
_OF_SETS = ("reference", "set")
#: A fifth of the pipelines' own: the networks shall keep most of what they know. A choice.
_LEARNING_RATE = 1e-4


def _add_fit(command: argparse.ArgumentParser) -> None:
    add_members(command)
    command.add_argument("labels", type=Path, help="table of the clusters' known parameters")
    command.add_argument("-o", "--output", type=Path, required=True, help="model file to write")
    command.add_argument(
        "--pipeline",
        choices=_PIPELINES,
        default="reference",
        help="pipeline to train (default: %(default)s)",
    )
    command.add_argument(
        "--epochs", type=int, help="number of training epochs (default: that of the pipeline)"
    )
    command.add_argument(
        "--seed", type=int, default=0, help="seed of the random numbers (default: 0)"
    )
    command.add_argument(
        "--start-from",
        metavar="MODEL",
        help=f"fine-tune the networks of a model: {_PRETRAINED!r} for that of this package, or a "
        "model file (default: the networks start from weights pretrained on simulated clusters)",
    )
    add_trusted(command)
    command.add_argument(
        "--no-intervals",
        action="store_true",
        help="skip the five fits that measure the errors (not possible for the reference pipeline)",
    )
    add_overwrite(command)


def _fit(options: argparse.Namespace) -> None:
    inputs = *options.members, options.labels
    check_outputs(options, *inputs, output=options.output, are_tables=False)
    print_message("reading clusters")
    X, y = read_members(options, labels=options.labels)
    _check_number(len(X))
    from skcluster.persistence import save_model
    from skcluster.schema import CLUSTER_PARAMETERS

    y = y[list(CLUSTER_PARAMETERS)]
    model = _model(options, _start(options))
    with_errors = options.pipeline == "reference" or not options.no_intervals
    parts = f": on all, and {_N_FOLDS} times to measure its errors" if with_errors else ""
    print_message(f"training the model {options.pipeline!r} on {len(X)} clusters{parts}")
    with shown_stages("Training"):
        model.fit(X, y)
    if options.pipeline == "reference" and model.reliability_trees_ is None:
        warn_caller(f"{len(X)} clusters are too few to learn the reliability of estimates from.")
    scores = _scores(model, y) if with_errors else None
    card = _card(options, X, y, scores)
    save_model(model, options.output, card=card, overwrite=options.overwrite)
    if scores is None:
        print_message("no scores: --no-intervals skips the fits that measure errors")
    else:
        print_result("errors on clusters held out:")
        print_result(scores.to_string(float_format="{:.3f}".format))
    print_result(str(options.output))


FIT = Command(
    "train a model on clusters with known parameters",
    """\
  skcluster fit members.parquet clusters.csv -o model.skcluster
  skcluster fit members/ clusters.csv -o ann.skcluster --pipeline ann --epochs 50
  skcluster fit members.fits clusters.csv -o mine.skcluster --start-from pretrained
""",
    _add_fit,
    _fit,
)


def _check_number(n_clusters: int) -> None:
    if n_clusters < _FEWEST:
        raise ValueError(
            f"A model cannot be trained on {n_clusters} clusters with parameters; at least "
            f"{_FEWEST} are needed, and a few hundred for reliable estimates."
        )
    if n_clusters < _FEW:
        warn_caller(
            f"{n_clusters} clusters are few to train on: errors and intervals determined from "
            "them are uncertain."
        )


def _start(options: argparse.Namespace) -> dict[str, Any]:
    """Return the settings of the pipeline whose networks start from those of the model."""
    given = options.start_from
    if given is None:
        return {}
    if options.pipeline not in _OF_SETS:
        raise ValueError(
            f"--start-from is for --pipeline {' and '.join(_OF_SETS)}, whose networks can go on "
            f"from others, not {options.pipeline}."
        )
    from skcluster.persistence import load_model
    from skcluster.regressors import save_pretrained

    path = None if given == _PRETRAINED else Path(given)
    weights = BytesIO()
    save_pretrained(load_model(path, trusted=options.trusted), weights)
    return {"pretrained": weights.getvalue(), "learning_rate": _LEARNING_RATE}


def _model(options: argparse.Namespace, settings: dict[str, Any]) -> Any:
    """Return the model, which measures its errors by cross-validation if it gives intervals."""
    from skcluster import pipelines
    from skcluster.inference import ConformalRegressor, describe_cluster

    settings = {"random_state": options.seed, **settings}
    if options.epochs is not None:
        settings["epochs"] = options.epochs
    model = getattr(pipelines, f"{options.pipeline}_pipeline")(**settings)
    # The reference pipeline calibrates itself.
    if options.pipeline == "reference" or options.no_intervals:
        return model
    # The set network computes the features of the domain itself.
    domain = describe_cluster if options.pipeline == "set" else pipelines.cluster_domain()
    return ConformalRegressor(model, domain=domain, cv=_N_FOLDS, random_state=options.seed)


def _scores(model: Any, y: Any) -> Any:
    """Return the errors of held-out clusters for each target, in dex, mag and kpc."""
    import numpy as np

    from skcluster.metrics import error_table
    from skcluster.schema import TARGETS

    measured = np.isfinite(model.held_out_).all(axis=1)
    scores = error_table(y[measured], model.held_out_[measured])[["rmse", "bias", "scatter", "r2"]]
    return scores.loc[list(y)].rename(lambda name: f"{name} [{TARGETS[name].printed_unit}]")


def _card(options: argparse.Namespace, X: Any, y: Any, scores: Any) -> dict[str, Any]:
    """Return the card that is written into the model file."""
    from skcluster.schema import TARGETS

    card: dict[str, Any] = {
        "name": f"{options.pipeline} pipeline, fitted by the user",
        "fitted": now(),
        "targets": ", ".join(f"{TARGETS[n].description} ({TARGETS[n].printed_unit})" for n in y),
        "data": f"{len(X)} clusters of {', '.join(Path(m).name for m in options.members)}, "
        f"parameters of {options.labels.name}",
        "settings": {
            "seed": options.seed,
            "epochs": options.epochs or "the model's",
            **({"started from": Path(options.start_from).name} if options.start_from else {}),
        },
        "limits": {
            "learned ranges": {n: [float(y[n].min()), float(y[n].max())] for n in y},
            "members": _range_of_members(X),
            "intervals": "none" if options.no_intervals and scores is None else "calibrated",
        },
    }
    if scores is not None:
        card["cross-validated scores"] = scores.round(3).to_dict("index")
    return card


def _range_of_members(X: Any) -> dict[str, list[float]]:
    from skcluster.clusters import stars_of

    stars = stars_of(X)
    g = stars["phot_g_mean_mag"]
    return {
        "stars per cluster": [int(stars.counts.min()), int(stars.counts.max())],
        "G (mag)": [round(float(g.min()), 2), round(float(g.max()), 2)],
    }


def _add_info(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "model", type=Path, nargs="?", help="model file (default: the pretrained model)"
    )
    command.add_argument("--json", action="store_true", help="print the card as JSON")


def _info(options: argparse.Namespace) -> None:
    from skcluster.persistence import read_card

    card = read_card(options.model)
    if options.json:
        print_result(json.dumps(card, indent=2))
        return
    print_result(f"model file: {options.model or 'the pretrained model'}, format {card['format']}")
    for name, content in card.sections().items():
        if content:
            print_result("\n".join(_lines(name, content, "")))


INFO = Command(
    "describe a model and its domain",
    """\
  skcluster info
  skcluster info my.skcluster --json
""",
    _add_info,
    _info,
)


def _lines(name: str, value: Any, indent: str) -> list[str]:
    """Return the lines of a name and its value, nested ones indented."""
    deeper = f"{indent}  "
    head = f"{indent}{name}:"
    if isinstance(value, dict):
        return [head, *(line for n, v in value.items() for line in _lines(n, v, deeper))]
    if isinstance(value, list) and not is_range(value):
        rows = list(map(plain, value))
        if value and all(isinstance(item, dict) for item in value):
            names = dict.fromkeys(name for row in value for name in row)
            columns = {str(n): [plain(row.get(n, "")) for row in value] for n in names}
            rows = table_lines(columns, 80 - len(deeper), "left")
        return [head, *(f"{deeper}{row}" for row in rows)]
    return textwrap.wrap(f"{head} {plain(value)}", 80, subsequent_indent=deeper)

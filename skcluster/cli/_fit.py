"""``skcluster fit``."""

import argparse
from pathlib import Path
from typing import Any

from skcluster._utils.messages import warn_caller
from skcluster.cli._console import log, out
from skcluster.cli._options import (
    add_members,
    add_overwrite,
    add_trusted,
    may_write,
    read_members,
)
from skcluster.cli._start import add_start, start

EXAMPLES = """\
  skcluster fit members.parquet clusters.csv -o model.skcluster
  skcluster fit members/ clusters.csv -o ann.skcluster --pipeline ann --epochs 50
  skcluster fit members.fits clusters.csv -o mine.skcluster --start-from pretrained
"""
PIPELINES = ("reference", "set", "ann", "cnn", "mdm")

#: Number of cross-validation folds that measure the errors.
_N_FOLDS = 5
#: With fewer clusters than this, no fold is large enough to measure errors.
_FEWEST = 10
#: With fewer clusters than this, networks generalise poorly; an adopted value.
_FEW = 100


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_members(command)
    command.add_argument("labels", type=Path, help="table of the clusters' known parameters")
    command.add_argument("-o", "--output", type=Path, required=True, help="model file to write")
    command.add_argument(
        "--pipeline",
        choices=PIPELINES,
        default="reference",
        help="pipeline to train (default: %(default)s)",
    )
    command.add_argument(
        "--epochs", type=int, help="number of training epochs (default: that of the pipeline)"
    )
    command.add_argument(
        "--seed", type=int, default=0, help="seed of the random numbers (default: 0)"
    )
    add_start(command)
    add_trusted(command)
    command.add_argument(
        "--no-intervals",
        action="store_true",
        help="skip the five fits that measure the errors (not possible for the reference pipeline)",
    )
    add_overwrite(command)


def run(options: argparse.Namespace) -> None:
    """Train the model, print its cross-validated errors, and save it."""
    may_write(options.output, options.overwrite)
    log.info("reading clusters")
    X, y = read_members(options, labels=options.labels)
    _check_number(len(X))
    from skcluster.persistence import save_model
    from skcluster.schema import CLUSTER_PARAMETERS

    y = y[list(CLUSTER_PARAMETERS)]
    model, cv = _model(options, start(options))
    parts = "" if cv is None else f": {_N_FOLDS} times to measure its errors, then once on all"
    log.info("training the model %r on %d clusters%s", options.pipeline, len(X), parts)
    with _clock("Training"):
        model.fit(X, y)
    scores = None if cv is None else _scores(model, X, y, cv)
    card = _card(options, X, y, scores)
    save_model(model, options.output, card=card, overwrite=options.overwrite)
    if scores is None:
        log.info("no scores: --no-intervals skips the fits that measure errors")
    else:
        out(_as_text(scores))
    out(str(options.output))


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


def _model(options: argparse.Namespace, settings: dict[str, Any]) -> tuple[Any, Any]:
    """Return the model, and the cross-validation folds that measure its errors."""
    from sklearn.model_selection import KFold

    from skcluster import pipelines
    from skcluster.inference import ConformalRegressor, describe_cluster

    settings = {"random_state": options.seed, **settings}
    if options.epochs is not None:
        settings["epochs"] = options.epochs
    model = getattr(pipelines, f"{options.pipeline}_pipeline")(**settings)
    cv = KFold(_N_FOLDS, shuffle=True, random_state=options.seed)
    # The reference pipeline calibrates itself.
    if options.pipeline == "reference":
        return model, cv
    if options.no_intervals:
        return model, None
    # The set network computes the features of the domain itself.
    domain = describe_cluster if options.pipeline == "set" else pipelines.cluster_domain()
    # The model makes the same folds from the same seed.
    return ConformalRegressor(model, domain=domain, random_state=options.seed), cv


def _scores(model: Any, X: Any, y: Any, cv: Any) -> Any:
    """Return the errors of held-out clusters for each target, in dex, mag and kpc."""
    from skcluster.metrics import error_table

    predicted = getattr(model, "held_out_", None)
    if predicted is None:
        predicted = _held_out(model, X, y, cv)
    known = ~_missing(predicted)
    return error_table(y[known], predicted[known])


def _missing(values: Any) -> Any:
    import numpy as np

    return np.isnan(values).any(axis=1)


def _held_out(model: Any, X: Any, y: Any, cv: Any) -> Any:
    """Return predictions for held-out clusters, from the errors that the model keeps.

    They refer to targets transformed as in each fold.
    """
    import numpy as np
    from sklearn.base import clone

    transformer = model.estimator_[-1].transformer_
    predicted = np.empty(y.shape)
    for train, test in cv.split(X):
        own = clone(transformer).fit(y.iloc[train])
        transformed = np.asarray(own.transform(y.iloc[test])) - model.errors_[test]
        predicted[test] = own.inverse_transform(transformed)
    return predicted


def _card(options: argparse.Namespace, X: Any, y: Any, scores: Any) -> dict[str, Any]:
    """Return the card that is written into the model file."""
    from skcluster.schema import TARGETS

    card: dict[str, Any] = {
        "name": options.pipeline,
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
        card["cross-validated scores"] = {
            f"{name} {printed}": round(float(scores.loc[name, score]), 3)
            for name in y
            for score, printed in {
                "rmse": f"RMSE ({TARGETS[name].printed_unit})",
                "bias": "bias",
                "scatter": "scatter",
                "r2": "R2",
            }.items()
        }
    return card


def _range_of_members(X: Any) -> dict[str, list[float]]:
    from skcluster.clusters import stars_of

    stars = stars_of(X)
    g = stars["phot_g_mean_mag"]
    return {
        "stars per cluster": [int(stars.counts.min()), int(stars.counts.max())],
        "G (mag)": [round(float(g.min()), 2), round(float(g.max()), 2)],
    }


def _as_text(scores: Any) -> str:
    """Return the scores as a table of text."""
    from skcluster.schema import TARGETS

    lines = [
        "errors on clusters held out:",
        f"{'':24}{'rmse':>8}{'bias':>8}{'scatter':>9}{'R2':>7}",
    ]
    for name in scores.index.drop("mean"):
        column, row = TARGETS[name], scores.loc[name]
        head = f"{column.label if name != 'a_v' else 'A_V'} [{column.printed_unit}]"
        errors = f"{row['rmse']:8.3f}{row['bias']:+8.3f}{row['scatter']:9.3f}"
        lines.append(f"{head:24}{errors}{row['r2']:7.3f}")
    return "\n".join(lines)


def _clock(title: str) -> Any:
    """Show the elapsed time on a terminal."""
    import sys
    from contextlib import nullcontext

    if not sys.stderr.isatty():
        return nullcontext()
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    bar = Progress(*columns, console=Console(stderr=True), transient=True)
    bar.add_task(title, total=None)
    return bar

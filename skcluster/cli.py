"""The console command ``skcluster``."""

import argparse
import json
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from skcluster._utils.progress import progress_bar

PIPELINES = ("reference", "ann", "cnn", "mdm")
#: Lines of a table that are shown when the whole of it goes into a file.
_SHOWN = 20
#: Joint samples of a cluster, for the band in its diagram.
_N_SAMPLES = 500


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; give its exit code: 0 done, 1 failed, 2 wrong usage, 130 interrupted."""
    options = _parser().parse_args(arguments)
    try:
        with _plain_warnings():
            options.run(options)
            sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read the output has seen enough; Python must not complain when it closes it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        print("skcluster: interrupted", file=sys.stderr)
        return 130
    except (ValueError, OSError, TypeError, MemoryError, ImportError) as error:
        if options.debug:
            raise
        text = " ".join(str(error).split()) or type(error).__name__
        print(f"skcluster: error: {text}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="skcluster",
        description="Log age, extinction and distance of star clusters from their member stars.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    estimate = _command(commands, "estimate", _estimate, "estimate the parameters of clusters")
    _members(estimate)
    estimate.add_argument(
        "-o", "--output", type=Path, help="table to write: .csv, .ecsv, .fits, .vot or .parquet"
    )
    estimate.add_argument(
        "--plots", type=Path, metavar="FOLDER", help="draw each cluster's diagram into a file there"
    )
    estimate.add_argument("--plot-format", choices=["png", "pdf", "svg"], default="png")
    _model(estimate)
    _overwrite(estimate)

    report = _command(commands, "report", _report, "make a page of estimates and diagrams")
    _members(report)
    report.add_argument("-o", "--output", type=Path, required=True, help="page to write, .html")
    report.add_argument("--title", help="heading (default: the name of the members' file)")
    _model(report)
    _overwrite(report)

    fit = _command(commands, "fit", _fit, "train a model on clusters with known parameters")
    _members(fit)
    fit.add_argument("labels", type=Path, help="table of the clusters' parameters")
    fit.add_argument("-o", "--output", type=Path, required=True, help="model file to write")
    fit.add_argument("--pipeline", choices=PIPELINES, default="reference")
    fit.add_argument("--epochs", type=int, help="passes over the clusters (default: the model's)")
    fit.add_argument("--seed", type=int, default=0, help="of all random numbers (default: 0)")
    fit.add_argument(
        "--no-intervals", action="store_true", help="skip the five fits that measure error bars"
    )
    _overwrite(fit)

    simulate = _command(commands, "simulate", _simulate, "simulate clusters")
    simulate.add_argument("-n", "--number", type=int, required=True, help="of clusters")
    simulate.add_argument(
        "-o", "--output", type=Path, required=True, help="members to write, .parquet"
    )
    simulate.add_argument("--labels", type=Path, help="parameters to write (default: beside it)")
    simulate.add_argument("--seed", type=int, default=0, help="of the clusters (default: 0)")
    _overwrite(simulate)

    info = _command(commands, "info", _info, "show what a model is")
    info.add_argument("model", type=Path, nargs="?", help="model file (default: the pretrained)")
    return parser


def _command(commands: Any, name: str, run: Callable[[Any], None], text: str) -> Any:
    command = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
    command.set_defaults(run=run)
    command.add_argument("--debug", action="store_true", help="show the traceback of an error")
    return command


def _members(command: Any) -> None:
    command.add_argument("members", type=Path, help="table of member stars, any usual file type")
    command.add_argument("--cluster-column", metavar="NAME", help="column that names the cluster")
    command.add_argument(
        "--one-cluster", metavar="NAME", help="all stars belong to one cluster of this name"
    )
    command.add_argument(
        "--columns",
        nargs="+",
        default=[],
        metavar="THEIRS=OURS",
        help="other column names, as in G_corrected=phot_g_mean_mag",
    )


def _model(command: Any) -> None:
    command.add_argument("--model", type=Path, help="model file (default: the pretrained one)")
    command.add_argument(
        "--coverage", type=float, default=0.68, help="share of the intervals (default: 0.68)"
    )


def _overwrite(command: Any) -> None:
    command.add_argument("--overwrite", action="store_true", help="replace files that are there")


def _estimate(options: Any) -> None:
    from skcluster.io import write_estimates

    if options.output is not None:
        _may_write(options.output, options.overwrite)
    model, X, table = _measured(options, plots=options.plots)
    if options.output is not None:
        metadata = _facts(options)
        write_estimates(table, options.output, metadata=metadata, overwrite=options.overwrite)
    if options.plots is not None:
        _draw(options, model, X, table)
    shown = table if options.output is None else table.head(_SHOWN)
    print(shown.round(3).to_string())
    if len(shown) < len(table):
        print(f"… and {len(table) - len(shown)} more in {options.output}")


def _report(options: Any) -> None:
    from skcluster.report import write_report

    _may_write(options.output, options.overwrite)
    model, X, table = _measured(options)
    write_report(
        X,
        table,
        options.output,
        samples=_samples(model, X, table),
        coverage=options.coverage,
        title=options.title or f"Star clusters of {options.members.name}",
        metadata=_facts(options),
        overwrite=options.overwrite,
    )
    print(options.output)


def _measured(options: Any, plots: Path | None = None) -> tuple[Any, Any, Any]:
    """The model, the clusters and their estimates; first of all, whether plots have a place."""
    from skcluster.estimation import estimate
    from skcluster.persistence import load_model

    if not 0 < options.coverage < 1:
        raise ValueError(f"--coverage must lie between 0 and 1, not {options.coverage:g}.")
    model = load_model(options.model)
    X = _read(options)
    if plots is not None:
        from skcluster._utils.names import file_names

        for file in file_names(X.index, plots, options.plot_format).values():
            _may_replace(file, options.overwrite)
    with progress_bar("Estimating", len(X)) as advance:
        return model, X, estimate(X, model, coverage=options.coverage, progress=advance)


def _facts(options: Any) -> dict[str, str]:
    from skcluster.persistence import read_card

    card = read_card(options.model)
    return {
        "model": str(card["card"].get("name", options.model)),
        "skcluster": card["versions"]["skcluster"],
        "coverage": f"{options.coverage:g}",
    }


def _draw(options: Any, model: Any, X: Any, table: Any) -> None:
    from skcluster.plotting import save_diagrams

    with progress_bar("Drawing", len(X)) as advance:
        save_diagrams(
            X,
            table,
            options.plots,
            samples=_samples(model, X, table),
            coverage=options.coverage,
            format=options.plot_format,
            overwrite=options.overwrite,
            progress=advance,
        )


def _samples(model: Any, X: Any, table: Any) -> dict[Any, Any] | None:
    """Joint samples of each cluster that could be measured; None if the model has none."""
    if not hasattr(model, "sample"):
        return None
    measured = table["log_age"].notna().to_numpy()
    if not measured.any():
        return {}
    samples = model.sample(X[measured], _N_SAMPLES, random_state=0)
    return dict(zip(X.index[measured], samples, strict=True))


def _fit(options: Any) -> None:
    from skcluster import pipelines
    from skcluster.inference import ConformalRegressor
    from skcluster.persistence import save_model

    _may_write(options.output, options.overwrite)
    X, y = _read(options, labels=options.labels)
    settings = {"random_state": options.seed}
    if options.epochs is not None:
        settings["epochs"] = options.epochs
    model = getattr(pipelines, f"{options.pipeline}_pipeline")(**settings)
    if not options.no_intervals:
        model = ConformalRegressor(
            model, domain=pipelines.cluster_domain(), random_state=options.seed
        )
    print(f"Training on {len(X)} clusters", file=sys.stderr)
    model.fit(X, y[["log_age", "a_v", "distance_kpc"]])
    card = {"name": options.pipeline, "data": f"{len(X)} clusters of {options.members}"}
    save_model(model, options.output, card=card, overwrite=options.overwrite)
    print(options.output)


def _simulate(options: Any) -> None:
    from skcluster.datasets import simulate_to_parquet

    if options.output.suffix != ".parquet":
        raise ValueError(f"Simulated clusters are written as .parquet, not {options.output.name}.")
    labels = options.labels or options.output.with_name(f"{options.output.stem}_labels.parquet")
    for file in (options.output, labels):
        _may_write(file, options.overwrite)
    simulate_to_parquet(
        options.output,
        labels,
        options.number,
        random_state=options.seed,
        progress=sys.stderr.isatty(),
    )
    print(options.output, labels, sep="\n")


def _info(options: Any) -> None:
    from skcluster.persistence import read_card

    found = read_card(options.model)
    print(f"model file: {options.model or 'the one of this package'}, format {found['format']}")
    for name, value in {**found["card"], "versions": found["versions"]}.items():
        if isinstance(value, dict | list):
            value = json.dumps(value, indent=2, ensure_ascii=False)
        print(f"{name}: {value}")


def _read(options: Any, labels: Path | None = None) -> Any:
    from skcluster.io import read_clusters, read_table

    columns = {}
    for pair in options.columns:
        theirs, equals, ours = pair.partition("=")
        if not (theirs and equals and ours):
            raise ValueError(f"--columns takes THEIRS=OURS, not {pair!r}.")
        columns[theirs] = ours
    members: Any = options.members
    if options.one_cluster is not None:
        if options.cluster_column is not None:
            raise ValueError("Give --one-cluster or --cluster-column, not both.")
        members = read_table(options.members)
        members["cluster"] = [options.one_cluster] * len(members)
    return read_clusters(
        members, labels, columns=columns or None, cluster_column=options.cluster_column
    )


def _may_write(file: Path, overwrite: bool) -> None:
    """Say before the work, not after it, that its result cannot be written."""
    _may_replace(file, overwrite)
    if not file.parent.is_dir():
        raise FileNotFoundError(f"There is no folder {file.parent} to write {file.name} into.")
    if not os.access(file.parent, os.W_OK):
        raise PermissionError(f"The folder {file.parent} cannot be written to.")


def _may_replace(file: Path, overwrite: bool) -> None:
    if file.exists() and not overwrite:
        raise FileExistsError(f"{file} is already there; --overwrite replaces it.")


@contextmanager
def _plain_warnings() -> Iterator[None]:
    """Warnings as one line each, without the line of code that gave them."""

    def show(message: Any, *_: Any, **__: Any) -> None:
        print(f"skcluster: warning: {' '.join(str(message).split())}", file=sys.stderr)

    with warnings.catch_warnings():
        warnings.simplefilter("default", UserWarning)
        warnings.showwarning = show
        yield

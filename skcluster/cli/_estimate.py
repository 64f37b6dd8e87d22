"""``skcluster estimate``."""

import argparse
import sys
from pathlib import Path
from typing import Any

from skcluster._utils.doc_links import documentation
from skcluster._utils.progress import progress_bar
from skcluster.cli._console import out
from skcluster.cli._model import Estimates, add_model, estimates, facts, load
from skcluster.cli._options import (
    FORMATS,
    add_members,
    add_overwrite,
    may_replace,
    may_write,
    read_members,
)

EXAMPLES = """\
  skcluster estimate "M 67"
  skcluster estimate gaia_export.csv --cluster "M 67"
  skcluster estimate clusters/*.csv -o estimates.ecsv
  skcluster estimate members.fits --cluster-column id --columns G=phot_g_mean_mag
  skcluster estimate members.vot --samples samples.parquet --plots figures/
"""
#: Number of rows that are printed when the whole table is written to a file.
_SHOWN = 20


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    add_members(command)
    command.add_argument(
        "-o",
        "--output",
        type=Path,
        help="table of estimates to write: .csv, .tsv, .ecsv, .fits, .vot or .parquet",
    )
    command.add_argument("--output-format", choices=FORMATS, help="file type of --output")
    command.add_argument("--json", action="store_true", help="print all columns as JSON")
    command.add_argument(
        "--members-output",
        type=Path,
        metavar="FILE",
        help="table of all stars to write, with their membership probabilities",
    )
    command.add_argument(
        "--samples",
        type=Path,
        metavar="FILE",
        help="table of joint posterior samples of the parameters to write, .parquet",
    )
    command.add_argument(
        "--n-samples",
        type=int,
        default=1000,
        metavar="N",
        help="number of samples per cluster (default: 1000)",
    )
    command.add_argument(
        "--plots",
        type=Path,
        metavar="FOLDER",
        help="folder for a colour-magnitude diagram of each cluster",
    )
    command.add_argument(
        "--plot-format",
        choices=["png", "pdf", "svg"],
        default="png",
        help="file type of the diagrams (default: %(default)s)",
    )
    add_model(command)
    add_overwrite(command)


def run(options: argparse.Namespace) -> None:
    """Print the table of estimates, and write the requested files."""
    _check_outputs(options)
    model, X = load(options), read_members(options)
    if options.plots is not None:
        from skcluster.clusters._names import file_names

        for file in file_names(X.index, options.plots, options.plot_format).values():
            may_replace(file, options.overwrite)
    found = estimates(
        options,
        model,
        X,
        diagrams=options.plots is not None,
        members=options.members_output is not None,
        n_samples=options.n_samples if options.samples is not None else 0,
    )
    _write(options, found)
    if options.plots is not None:
        _draw(options, X, found)
    if options.json:
        from skcluster.cli._json import estimates_as_json

        out(estimates_as_json(found.table, facts(options)))
    elif options.output is None or sys.stdout.isatty():
        _show(options, found.table)


def _check_outputs(options: argparse.Namespace) -> None:
    """Check that the outputs can be written, before the work starts."""
    from skcluster.io import format_of

    given = {
        "--output": options.output,
        "--members-output": options.members_output,
        "--samples": options.samples,
    }
    files = {name: file for name, file in given.items() if file is not None}
    for name, file in files.items():
        may_write(file, options.overwrite)
        kind = format_of(file, options.output_format if name == "--output" else None)
        if name == "--samples" and kind != "parquet":
            raise ValueError(f"Samples are written as .parquet, not {file.name}.")
        same = next(other for other in files if files[other] == file)
        if same != name:
            raise ValueError(f"{same} and {name} are the same file, {file}.")
    if options.plots is not None and options.plots.exists() and not options.plots.is_dir():
        raise NotADirectoryError(f"--plots takes a folder, but {options.plots} is a file.")
    if options.n_samples < 1:
        raise ValueError(f"--n-samples must be at least 1, not {options.n_samples}.")


def _write(options: argparse.Namespace, found: Estimates) -> None:
    from skcluster.io import write_estimates

    if options.output is None and options.members_output is None and options.samples is None:
        return
    keywords: dict[str, Any] = {"metadata": facts(options), "overwrite": options.overwrite}
    if options.output is not None:
        write_estimates(found.table, options.output, format=options.output_format, **keywords)
    if options.members_output is not None:
        write_estimates(found.members.set_index("cluster"), options.members_output, **keywords)
    if options.samples is not None:
        import pandas as pd

        assert found.samples is not None
        few = {name: drawn.head(options.n_samples) for name, drawn in found.samples.items()}
        table = pd.concat(few, names=["cluster", "sample"]).droplevel("sample")
        write_estimates(table, options.samples, **keywords)


def _draw(options: argparse.Namespace, X: Any, found: Estimates) -> None:
    from skcluster.plotting import save_diagrams

    with progress_bar("Drawing", len(X)) as advance:
        save_diagrams(
            X,
            found.table,
            options.plots,
            samples=found.samples,
            membership=found.members,
            coverage=options.coverage,
            format=options.plot_format,
            overwrite=options.overwrite,
            progress=advance,
        )


def _show(options: argparse.Namespace, table: Any) -> None:
    from skcluster.cli._printed import printed

    shown = table if options.output is None else table.head(_SHOWN)
    text, left_out = printed(shown)
    out(text)
    if len(shown) < len(table):
        out(f"… and {len(table) - len(shown)} more in {options.output}")
    has_intervals = any(str(name).endswith("_lower") for name in table.columns)
    told = [f"{options.coverage:.0%} intervals"] if has_intervals else []
    told.append(f"model {facts(options)['model']}")
    if left_out:
        told.append(f"more columns with -o or --json ({', '.join(left_out)})")
    out(f"{'; '.join(told)}.")
    if (shown["flag"] != "").any():
        out(f"On doubtful estimates, see {documentation('posterior#output')}.")

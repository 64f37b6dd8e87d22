"""``skcluster estimate`` and ``skcluster report``."""

import argparse
import sys
from pathlib import Path
from typing import Any, NamedTuple

from skcluster._utils.messages import documentation, progress_bar, some_names
from skcluster.cli._console import print_message, print_result
from skcluster.cli._members import Found, add_search, check_figures, draw, given_search, search
from skcluster.cli._options import (
    Command,
    add_jobs,
    add_members,
    add_model,
    add_output,
    add_overwrite,
    add_plots,
    add_samp,
    check_outputs,
    check_replaceable,
    load,
    name_of,
    read_members,
    send,
)
from skcluster.cli._provenance import counts_of, provenance
from skcluster.cli._text import estimates_as_json, estimates_as_text

#: Number of rows that are printed when the whole table is written to a file.
_SHOWN = 20
#: What is done without a column that estimates can do without.
_WITHOUT = {
    "parallax": "distances are estimated from the diagram alone",
    "parallax_error": "typical errors at the star's magnitude are used",
    "probability": "all stars have the same weight",
}
#: Number of joint samples per cluster, for the band in its diagram.
_N_SAMPLES = 500


def _add_estimate(command: argparse.ArgumentParser) -> None:
    add_members(command)
    add_output(command, "table of estimates", required=False)
    add_samp(command, "table of estimates")
    command.add_argument("--json", action="store_true", help="print all columns as JSON")
    command.add_argument(
        "--members-output",
        type=Path,
        metavar="FILE",
        help="table of the stars to write, with their membership probabilities; those without "
        "magnitude or colour are left out",
    )
    command.add_argument(
        "--samples",
        type=Path,
        metavar="FILE",
        help="table of joint posterior samples of the parameters to write",
    )
    command.add_argument(
        "--n-samples",
        type=int,
        default=1000,
        metavar="N",
        help="number of samples per cluster (default: 1000)",
    )
    add_plots(command, "colour-magnitude diagram of each cluster")
    add_model(command)
    add_jobs(command)
    _add_fields(command)


def _add_fields(command: argparse.ArgumentParser) -> None:
    """Add the arguments of `_read`, and what is known from elsewhere."""
    command.add_argument(
        "--priors",
        type=Path,
        metavar="FILE",
        help="table of what is known of clusters from elsewhere: any of log_age, a_v, "
        "distance_kpc and metallicity, each with a column of standard errors, as metallicity_error",
    )
    command.add_argument(
        "--find-members",
        action="store_true",
        help="the tables hold all stars of a field: find the members first",
    )
    add_search(command, "with --find-members or --from-gaia: ")


def _read(options: argparse.Namespace) -> tuple[Any, Found | None]:
    """Return clusters, and what was found if their members had to be found."""
    if not (options.find_members or options.from_gaia):
        if given := given_search(options):
            option = next(iter(given)).replace("_", "-")
            raise ValueError(f"--{option} needs --find-members or --from-gaia.")
        X = read_members(options)
        _hint_at_fields(X)
        return X, None
    X = read_members(options)
    if getattr(options, "plots", None) is not None:
        check_figures(options, X.index)
    found = search(options, X)
    _tell(found)
    return found.X, found


def _estimate(options: argparse.Namespace) -> None:
    check_outputs(
        options,
        *options.members,
        options.model,
        options.priors,
        output=options.output,
        members_output=options.members_output,
        samples=options.samples,
    )
    if options.n_samples < 1:
        raise ValueError(f"--n-samples must be at least 1, not {options.n_samples}.")
    model = load(options)
    X, found = _read(options)
    if options.plots is not None:
        from skcluster._utils.files import file_names

        for file in file_names(X.index, options.plots, options.plot_format).values():
            check_replaceable(file, options.overwrite)
    results = _results(
        options,
        model,
        X,
        diagrams=options.plots is not None,
        members=options.members_output is not None,
        n_samples=options.n_samples if options.samples is not None else 0,
    )
    _write(options, results)
    send(options, "estimates", results.table, provenance(options, results.table))
    if options.plots is not None:
        _draw(options, X, results)
        if found is not None:
            draw(options, found)
    if options.json:
        print_result(estimates_as_json(results.table, provenance(options, results.table)))
    elif options.output is None or sys.stdout.isatty():
        _print(options, results.table)
        if notes := _notes(results.table):
            print_result(notes)
        print_result(_doubts(results.table, options.output))
    elif (results.table["flag"] != "").any():
        print_message(_doubts(results.table, options.output))


ESTIMATE = Command(
    "estimate the parameters of clusters",
    """\
  skcluster estimate "M 67"
  skcluster estimate gaia_export.csv --cluster "M 67"
  skcluster estimate clusters/*.csv -o estimates.ecsv
  skcluster estimate members.fits --cluster-column id --columns G=phot_g_mean_mag
  skcluster estimate members.fits --priors spectroscopy.csv
  skcluster estimate members.vot --samples samples.parquet --plots figures/
  skcluster estimate field.fits --find-members --plots figures/
  skcluster estimate "NGC 2506" --from-gaia --radius 0.4

A doubtful estimate (column flag) is not to be trusted. Notes (column notes) tell what
was seen in a list and accounted for; they are no reason to drop a row.
""",
    _add_estimate,
    _estimate,
)


def _tell(found: Found) -> None:
    """Say how many members there are, unless there are many clusters."""
    counts = found.clusters["n_members"].fillna(0).astype(int)
    if len(counts) > _SHOWN:
        print_message(f"{counts.sum()} members in {len(counts)} clusters")
        return
    for (name, n_members), flag in zip(counts.items(), found.clusters["flag"], strict=True):
        print_message(f"{name}: {flag or f'{n_members} members'}")


def _hint_at_fields(X: Any) -> None:
    """Name the option that finds members if lists look like all stars of a field."""
    from skcluster.clusters import stars_of
    from skcluster.membership._downloads import fields_among

    fields = fields_among(stars_of(X))
    if fields:
        verb, noun = ("looks", "a field") if len(fields) == 1 else ("look", "fields")
        print_message(
            f"{some_names(fields)} {verb} like {noun}, not like members: most stars do not move "
            "together; --find-members finds the members"
        )


class _Results(NamedTuple):
    """The results of `skcluster.estimation.estimate`."""

    table: Any
    #: None if not requested, or if the model has none.
    samples: dict[Any, Any] | None
    #: All stars with their membership probabilities; None if not requested or not available.
    members: Any


def _results(
    options: argparse.Namespace,
    model: Any,
    X: Any,
    *,
    diagrams: bool,
    members: bool = False,
    n_samples: int = 0,
) -> _Results:
    """Return the table of estimates, and what diagrams or a table of stars need as well."""
    from skcluster.clusters import stars_of
    from skcluster.estimation import estimate

    stars = stars_of(X)
    missing = [name for name in _WITHOUT if name not in stars]
    if missing:
        page = documentation("member_lists#what-is-needed")
        lacks = "; ".join(f"no column {name!r}: {_WITHOUT[name]}" for name in missing)
        print_message(f"{lacks} (see {page})")
    if diagrams and hasattr(model, "predict_distribution"):
        n_samples = max(n_samples, _N_SAMPLES)
    with progress_bar("Estimating", len(X)) as advance:
        results = estimate(
            X,
            model,
            coverage=options.coverage,
            n_samples=n_samples,
            membership=True if members else "if known" if diagrams else False,
            random_state=0,
            priors=options.priors,
            progress=advance,
            n_jobs=options.jobs,
        )
    table, *more = results if isinstance(results, tuple) else (results,)
    samples = more[0] if n_samples else None
    return _Results(table, samples, more[-1] if members or diagrams else None)


def _write(options: argparse.Namespace, results: _Results) -> None:
    from skcluster.io import write_estimates

    if options.output is None and options.members_output is None and options.samples is None:
        return
    keywords: dict[str, Any] = {
        "metadata": provenance(options, results.table),
        "overwrite": options.overwrite,
    }
    if options.output is not None:
        write_estimates(results.table, options.output, format=options.output_format, **keywords)
    if options.members_output is not None:
        write_estimates(results.members.set_index("cluster"), options.members_output, **keywords)
    if options.samples is not None:
        import pandas as pd

        assert results.samples is not None
        few = {name: drawn.head(options.n_samples) for name, drawn in results.samples.items()}
        table = pd.concat(few, names=["cluster", "sample"]).droplevel("sample")
        write_estimates(table, options.samples, **keywords)


def _draw(options: argparse.Namespace, X: Any, results: _Results) -> None:
    from skcluster.plotting import save_diagrams

    with progress_bar("Drawing", len(X)) as advance:
        save_diagrams(
            X,
            results.table,
            options.plots,
            samples=results.samples,
            membership=results.members,
            coverage=options.coverage,
            format=options.plot_format,
            overwrite=options.overwrite,
            progress=advance,
            n_jobs=options.jobs,
        )


def _print(options: argparse.Namespace, table: Any) -> None:
    shown = table if options.output is None else table.head(_SHOWN)
    text, left_out = estimates_as_text(shown)
    print_result(text)
    if len(shown) < len(table):
        print_result(f"… and {len(table) - len(shown)} more in {options.output}")
    has_intervals = any(str(name).endswith("_lower") for name in table.columns)
    notes = [f"{options.coverage:.0%} intervals"] if has_intervals else []
    notes.append(f"model {provenance(options)['model']}")
    if left_out:
        notes.append(f"more columns with -o or --json ({', '.join(left_out)})")
    print_result(f"{'; '.join(notes)}.")


def _notes(table: Any) -> str:
    """Return how many lists have each note; empty without any, or if there is only one list."""
    counts = ", ".join(f"{text} ({number})" for text, number in counts_of(table["notes"]))
    return f"Notes: {counts}." if counts and len(table) > 1 else ""


def _doubts(table: Any, file: Path | None) -> str:
    """Return how many estimates are doubtful, which, and where the reasons are."""
    doubtful = table.index[table["flag"] != ""]
    noun = "estimate" if len(table) == 1 else "estimates"
    if not len(doubtful):
        return f"No doubts about {len(table)} {noun}."
    verb = "is" if len(doubtful) == 1 else "are"
    reasons = f"see the column 'flag' of {file} and " if file is not None else "see "
    return (
        f"{len(doubtful)} of {len(table)} {noun} {verb} doubtful: {some_names(doubtful)}; "
        f"{reasons}{documentation('posterior#output')}."
    )


def _add_report(command: argparse.ArgumentParser) -> None:
    add_members(command)
    command.add_argument(
        "-o", "--output", type=Path, required=True, help="HTML page to write, .html"
    )
    command.add_argument("--title", help="heading of the page (default: named after the members)")
    add_model(command)
    add_jobs(command)
    add_overwrite(command)
    _add_fields(command)


def _report(options: argparse.Namespace) -> None:
    if options.output.suffix.lower() not in (".html", ".htm"):
        raise ValueError(f"The report is written as .html or .htm, not {options.output.name}.")
    inputs = *options.members, options.model, options.priors
    check_outputs(options, *inputs, output=options.output, are_tables=False)
    model = load(options)
    X, found = _read(options)
    table, samples, members = _results(options, model, X, diagrams=True)
    from skcluster.persistence import read_card
    from skcluster.report import write_report

    facts = provenance(options, table)
    write_report(
        X,
        table,
        options.output,
        samples=samples,
        membership=members,
        fields=None if found is None else (found.stars, found.clusters),
        coverage=options.coverage,
        title=options.title or f"Star clusters of {name_of(options)}",
        metadata={name: fact for name, fact in facts.items() if name != "cite"},
        card=read_card(options.model)["card"],
        overwrite=options.overwrite,
    )
    print_result(str(options.output))


REPORT = Command(
    "write an HTML report of estimates and diagrams",
    """\
  skcluster report members.fits -o report.html
  skcluster report field.fits --find-members -o report.html
  skcluster report "M 67" "NGC 188" -o two.html --title "Two old clusters"
""",
    _add_report,
    _report,
)

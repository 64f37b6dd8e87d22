"""``skcluster estimate`` and ``skcluster report``."""

import argparse
import sys
from pathlib import Path
from typing import Any, Literal

from skcluster._utils.messages import documentation, progress_bar, some_names
from skcluster.cli._console import (
    SHOWN,
    estimates_as_json,
    estimates_as_text,
    print_message,
    print_result,
)
from skcluster.cli._members import FieldMembers, add_search, draw, given_search, search
from skcluster.cli._options import (
    Command,
    add_members,
    add_model,
    add_output,
    add_overwrite,
    add_plots,
    add_samp,
    check_outputs,
    check_replaceable,
    counts_of,
    name_of,
    provenance,
    read_members,
    send,
)

#: What is done without a column that estimates can do without.
_WITHOUT = {
    "parallax": "distances are estimated from the diagram alone",
    "parallax_error": "typical errors at the star's magnitude are used",
    "probability": "all stars have the same weight",
}
#: Number of joint samples per cluster for a band: on a page, and at least in a figure.
_N_SAMPLES = 500


def _add_estimate(command: argparse.ArgumentParser) -> None:
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
        help="number of samples per cluster in the table of --samples (default: 1000)",
    )
    add_plots(command, "colour-magnitude diagram of each cluster")
    _add_inputs(command)


def _add_inputs(command: argparse.ArgumentParser) -> None:
    """Add the arguments of `_read` and of `_results`."""
    add_members(command)
    add_model(command)
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


def _read(options: argparse.Namespace) -> tuple[Any, FieldMembers | None]:
    """Return clusters, and their fields if the members had to be found."""
    if options.find_members or options.from_gaia:
        searched = search(options, read_members(options))
        _print_counts(searched)
        return searched.X, searched
    if given := given_search(options):
        option = next(iter(given)).replace("_", "-")
        raise ValueError(f"--{option} needs --find-members or --from-gaia.")
    X = read_members(options)
    _hint_at_fields(X)
    return X, None


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
    from skcluster.persistence import load_model

    model = load_model(options.model, trusted=options.trusted)
    X, searched = _read(options)
    draws = options.plots is not None
    if draws:
        from skcluster._utils.files import file_names

        files = file_names(X.index, options.plots, options.plot_format)
        check_replaceable(options, *files.values())
    n_samples = options.n_samples if options.samples is not None else 0
    if draws and hasattr(model, "predict_distribution"):
        n_samples = max(n_samples, _N_SAMPLES)
    table, samples, members = _results(
        options,
        model,
        X,
        n_samples=n_samples,
        membership=True if options.members_output is not None else "if known",
    )
    facts = provenance(options, table)
    _write(options, facts, table, samples, members)
    send(options, "estimates", table, facts)
    if draws:
        _draw(options, X, table, samples, members)
        if searched is not None:
            draw(options, searched)
    doubts = _doubts(table, options.output)
    if options.json:
        print_result(estimates_as_json(table, facts))
    elif options.output is None or sys.stdout.isatty():
        _print(options, table, facts["model"])
        print_result(doubts)
    elif (table["flag"] != "").any():
        print_message(doubts)


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


def _print_counts(searched: FieldMembers) -> None:
    """Say how many members there are, unless there are many clusters."""
    counts = searched.clusters["n_members"].fillna(0).astype(int)
    if len(counts) > SHOWN:
        print_message(f"{counts.sum()} members in {len(counts)} clusters")
        return
    for (name, n_members), flag in zip(counts.items(), searched.clusters["flag"], strict=True):
        print_message(f"{name}: {flag or f'{n_members} members'}")


def _hint_at_fields(X: Any) -> None:
    """Name the option that finds members if lists look like all stars of a field."""
    from skcluster.clusters import stars_of
    from skcluster.membership._downloads import fields_among

    if fields := fields_among(stars_of(X)):
        print_message(
            f"most stars of {some_names(fields)} do not move together, as in a field of the sky; "
            "--find-members finds the members"
        )


def _results(
    options: argparse.Namespace,
    model: Any,
    X: Any,
    *,
    n_samples: int,
    membership: bool | Literal["if known"] = "if known",
) -> tuple[Any, Any, Any]:
    """Return what `skcluster.estimation.estimate` does; the samples are None without any."""
    from skcluster.clusters import stars_of
    from skcluster.estimation import estimate

    stars = stars_of(X)
    lacks = [f"no column {name!r}: {text}" for name, text in _WITHOUT.items() if name not in stars]
    if lacks:
        page = documentation("member_lists#what-is-needed")
        print_message(f"{'; '.join(lacks)} (see {page})")
    with progress_bar("Estimating", len(X)) as advance:
        table, *samples, members = estimate(
            X,
            model,
            coverage=options.coverage,
            n_samples=n_samples,
            membership=membership,
            random_state=0,
            priors=options.priors,
            progress=advance,
            n_jobs=options.jobs,
        )
    return table, samples[0] if samples else None, members


def _write(
    options: argparse.Namespace, facts: dict[str, str], table: Any, samples: Any, members: Any
) -> None:
    from skcluster.io import write_estimates

    keywords: dict[str, Any] = {"metadata": facts, "overwrite": options.overwrite}
    if options.output is not None:
        write_estimates(table, options.output, **keywords)
    if options.members_output is not None:
        write_estimates(members.set_index("cluster"), options.members_output, **keywords)
    if options.samples is not None:
        import pandas as pd

        few = {name: drawn.head(options.n_samples) for name, drawn in samples.items()}
        joint = pd.concat(few, names=["cluster", "sample"]).droplevel("sample")
        write_estimates(joint, options.samples, **keywords)


def _draw(options: argparse.Namespace, X: Any, table: Any, samples: Any, members: Any) -> None:
    from skcluster.plotting import save_diagrams

    with progress_bar("Drawing", len(X)) as advance:
        save_diagrams(
            X,
            table,
            options.plots,
            samples=samples,
            membership=members,
            coverage=options.coverage,
            format=options.plot_format,
            overwrite=options.overwrite,
            progress=advance,
            n_jobs=options.jobs,
        )


def _print(options: argparse.Namespace, table: Any, model: str) -> None:
    """Print the estimates, what they are, and how many lists have each note."""
    shown = table if options.output is None else table.head(SHOWN)
    text, left_out = estimates_as_text(shown)
    print_result(text)
    if len(shown) < len(table):
        print_result(f"… and {len(table) - len(shown)} more in {options.output}")
    has_intervals = any(str(name).endswith("_lower") for name in table.columns)
    about = [f"{options.coverage:.0%} intervals"] if has_intervals else []
    about.append(f"model {model}")
    if left_out:
        about.append(f"more columns with -o or --json ({', '.join(left_out)})")
    print_result(f"{'; '.join(about)}.")
    notes = ", ".join(f"{text} ({number})" for text, number in counts_of(table["notes"]))
    if notes and len(table) > 1:
        print_result(f"Notes: {notes}.")


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
    command.add_argument(
        "-o", "--output", type=Path, required=True, help="HTML page to write, .html"
    )
    command.add_argument("--title", help="heading of the page (default: named after the members)")
    add_overwrite(command)
    _add_inputs(command)


def _report(options: argparse.Namespace) -> None:
    if options.output.suffix.lower() not in (".html", ".htm"):
        raise ValueError(f"The report is written as .html or .htm, not {options.output.name}.")
    inputs = *options.members, options.model, options.priors
    check_outputs(options, *inputs, output=options.output, are_tables=False)
    from skcluster.persistence import load_model, read_card
    from skcluster.report import write_report

    model = load_model(options.model, trusted=options.trusted)
    X, searched = _read(options)
    n_samples = _N_SAMPLES if hasattr(model, "predict_distribution") else 0
    table, samples, members = _results(options, model, X, n_samples=n_samples)
    facts = provenance(options, table)
    write_report(
        X,
        table,
        options.output,
        samples=samples,
        membership=members,
        fields=None if searched is None else (searched.stars, searched.clusters),
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

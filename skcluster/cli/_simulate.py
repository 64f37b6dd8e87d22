"""``skcluster simulate``."""

import argparse
import sys
from pathlib import Path
from typing import Any

from skcluster.cli._console import out
from skcluster.cli._options import FORMATS, add_overwrite, may_write

EXAMPLES = """\
  skcluster simulate -n 1000 -o members.parquet
  skcluster simulate -n 20 -o old.fits --log-age 9.3 9.9 --distance 0.5 2 --n-stars 300
"""
#: Options of the parameters, their names in `skcluster.datasets.simulate_clusters`, and help.
_PARAMETERS = {
    "--log-age": ("log_age", "log10 of the age in years"),
    "--a-v": ("a_v", "extinction A_V in mag"),
    "--distance": ("distance_kpc", "distance in kpc"),
    "--metallicity": ("metallicity", "[M/H] in dex"),
    "--n-stars": ("n_stars", "number of stars"),
}


def add_arguments(command: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    command.add_argument("-n", "--number", type=int, required=True, help="number of clusters")
    command.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        help="members to write: .csv, .tsv, .ecsv, .fits, .vot or .parquet",
    )
    command.add_argument("--output-format", choices=FORMATS, help="file type of --output")
    command.add_argument(
        "--labels",
        type=Path,
        help="table of parameters to write (default: OUTPUT with _labels added to its name)",
    )
    for option, (name, text) in _PARAMETERS.items():
        command.add_argument(
            option,
            dest=name,
            type=int if name == "n_stars" else float,
            nargs="+",
            metavar="X",
            help=f"{text}: a value, or minimum and maximum (default: drawn as observed)",
        )
    command.add_argument(
        "--seed", type=int, default=0, help="seed of the random numbers (default: 0)"
    )
    add_overwrite(command)


def run(options: argparse.Namespace) -> None:
    """Simulate clusters, and write their members and parameters."""
    from skcluster.io._write import format_of

    members = options.output
    labels = options.labels or members.with_name(f"{members.stem}_labels{members.suffix}")
    if labels == members:
        raise ValueError(f"Members and parameters are the same file, {members}.")
    kind = format_of(members, options.output_format)
    of_labels = format_of(labels, None if options.labels else kind)
    for file in (members, labels):
        may_write(file, options.overwrite)
    priors = {name: _prior(options, option) for option, (name, _) in _PARAMETERS.items()}
    priors = {name: prior for name, prior in priors.items() if prior is not None}
    if kind == of_labels == "parquet":
        _in_little_memory(options, labels, priors)
    else:
        _in_memory(options, labels, priors, kind, of_labels)
    out(f"{members}\n{labels}")


def _prior(options: argparse.Namespace, option: str) -> Any:
    """Return a value, or a uniform distribution between two."""
    name, _ = _PARAMETERS[option]
    given = getattr(options, name)
    if given is None or len(given) == 1:
        return None if given is None else given[0]
    if len(given) > 2 or not given[0] < given[1]:
        raise ValueError(
            f"{option} takes one value, or the lowest and the highest, not "
            f"{' '.join(f'{value:g}' for value in given)}."
        )
    from scipy import stats

    if name == "n_stars":
        return stats.randint(given[0], given[1] + 1)
    return stats.uniform(given[0], given[1] - given[0])


def _in_little_memory(options: argparse.Namespace, labels: Path, priors: dict[str, Any]) -> None:
    from skcluster.datasets import simulate_to_parquet

    simulate_to_parquet(
        options.output,
        labels,
        options.number,
        random_state=options.seed,
        progress=sys.stderr.isatty(),
        **priors,
    )


def _in_memory(
    options: argparse.Namespace, labels: Path, priors: dict[str, Any], kind: str, of_labels: str
) -> None:
    from skcluster.datasets import simulate_clusters
    from skcluster.io import write_clusters, write_estimates

    X, y = simulate_clusters(
        options.number, random_state=options.seed, with_metallicity=True, **priors
    )
    facts = {"simulated by": "skcluster", "seed": str(options.seed)}
    write_clusters(X, options.output, metadata=facts, format=kind, overwrite=options.overwrite)
    y = y.rename_axis("cluster")
    write_estimates(y, labels, metadata=facts, format=of_labels, overwrite=options.overwrite)

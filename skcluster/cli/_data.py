"""``skcluster fetch``, ``example`` and ``simulate``, which write tables of members."""

import argparse
from typing import Any

from skcluster.cli._console import print_result
from skcluster.cli._options import Command, add_catalogue, add_output, check_outputs, fetch_members

#: Options of the parameters, their names in `skcluster.datasets.simulate_clusters`, and help.
_PARAMETERS = {
    "--log-age": ("log_age", "log10 of the age in years"),
    "--a-v": ("a_v", "extinction A_V in mag"),
    "--distance": ("distance_kpc", "distance in kpc"),
    "--metallicity": ("metallicity", "[M/H] in dex"),
    "--n-stars": ("n_stars", "number of stars"),
}


def _add_fetch(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "members", nargs="+", metavar="NAME", help="names of clusters, in any usual spelling"
    )
    add_output(command, "table")
    command.add_argument(
        "--strict", action="store_true", help="stop at the first cluster that cannot be fetched"
    )
    add_catalogue(command)


def _fetch(options: argparse.Namespace) -> None:
    from skcluster.clusters import concat_clusters
    from skcluster.datasets.catalogues._published import CATALOGUES
    from skcluster.io import write_clusters

    check_outputs(options, output=options.output)
    write_clusters(
        concat_clusters(fetch_members(options, options.members, "The members of {!r}")),
        options.output,
        metadata={"catalogue": options.catalogue, "cite": CATALOGUES[options.catalogue].reference},
        overwrite=options.overwrite,
    )
    print_result(str(options.output))


FETCH = Command(
    "fetch the members of clusters by name",
    """\
  skcluster fetch "M 67" -o m67.ecsv
  skcluster fetch "NGC 188" "Pleiades" --catalogue cantat_gaudin_2020 -o two.fits
""",
    _add_fetch,
    _fetch,
)


def _add_example(command: argparse.ArgumentParser) -> None:
    add_output(command, "members")
    command.add_argument(
        "--field",
        action="store_true",
        help="write all stars of a field around one cluster, instead of members of three",
    )


def _example(options: argparse.Namespace) -> None:
    from skcluster.datasets import load_example, load_example_field
    from skcluster.io import write_clusters

    check_outputs(options, output=options.output)
    X, _ = load_example_field() if options.field else load_example()
    write_clusters(X, options.output, overwrite=options.overwrite)
    print_result(str(options.output))


EXAMPLE = Command(
    "write a small example table of members, or of a field",
    """\
  skcluster example -o members.ecsv
  skcluster example --field -o field.ecsv
""",
    _add_example,
    _example,
)


def _add_simulate(command: argparse.ArgumentParser) -> None:
    command.add_argument("-n", "--number", type=int, required=True, help="number of clusters")
    add_output(command, "members")
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


def _simulate(options: argparse.Namespace) -> None:
    from skcluster.datasets import simulate_clusters
    from skcluster.io import write_clusters, write_estimates

    members = options.output
    labels = members.with_name(f"{members.stem}_labels{members.suffix}")
    check_outputs(options, output=members, labels=labels)
    priors = {name: _prior(options, option) for option, (name, _) in _PARAMETERS.items()}
    X, y = simulate_clusters(
        options.number,
        random_state=options.seed,
        with_metallicity=True,
        **{name: prior for name, prior in priors.items() if prior is not None},
    )
    keywords: dict[str, Any] = {
        "metadata": {"simulated by": "skcluster", "seed": str(options.seed)},
        "overwrite": options.overwrite,
    }
    write_clusters(X, members, **keywords)
    write_estimates(y.rename_axis("cluster"), labels, **keywords)
    print_result(f"{members}\n{labels}")


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


SIMULATE = Command(
    "simulate clusters",
    """\
  skcluster simulate -n 1000 -o members.parquet
  skcluster simulate -n 20 -o old.fits --log-age 9.3 9.9 --distance 0.5 2 --n-stars 300

The parameters are written beside the members, to OUTPUT with _labels added to its name:
members_labels.parquet and old_labels.fits.
""",
    _add_simulate,
    _simulate,
)

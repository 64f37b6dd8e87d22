"""``skcluster members``, and the members of fields for ``skcluster estimate``."""

import argparse
import warnings
from pathlib import Path
from typing import Any, NamedTuple

from skcluster._utils.messages import progress_bar
from skcluster.cli._console import SHOWN, print_result, table_as_text
from skcluster.cli._options import (
    Command,
    add_output,
    add_plots,
    add_samp,
    add_tables,
    check_outputs,
    check_replaceable,
    provenance,
    read_members,
    send,
)

#: Options that say something about the search for members, and their names in `find_members`.
_SEARCH = ("center", "proper_motion", "parallax", "n_clusters", "threshold")
#: Columns of the printed table, and their headings.
_HEADINGS = {
    "n_members": "members",
    "ra": "RA [deg]",
    "dec": "Dec [deg]",
    "pmra": "pmRA [mas/yr]",
    "pmdec": "pmDec [mas/yr]",
    "parallax": "parallax [mas]",
    "significance": "signif.",
    "half_number_radius": "half radius [deg]",
}


class FieldMembers(NamedTuple):
    """The clusters of fields."""

    #: As `skcluster.membership.find_members` returns them.
    stars: Any
    clusters: Any
    #: The member lists, a row per row of ``clusters``.
    X: Any


def add_search(command: argparse.ArgumentParser, fields: str = "") -> None:
    """Add the arguments of `search`; ``fields`` begins the help of those that may be out of place.

    The command has the options ``--from-gaia`` and ``--radius``, too, which `read_members` reads.
    """
    command.add_argument(
        "--from-gaia",
        action="store_true",
        help="fetch the stars around the clusters whose names are given from the Gaia archive, and "
        "find the members",
    )
    command.add_argument(
        "--radius",
        type=float,
        default=0.3,
        metavar="DEG",
        help="radius of the fields that are fetched, in degrees (default: %(default)s)",
    )
    for option, names, text in (
        ("--center", ("RA", "DEC"), "approximate centre of the cluster in deg"),
        ("--proper-motion", ("PMRA", "PMDEC"), "its approximate proper motion in mas/yr"),
    ):
        command.add_argument(
            option, type=float, nargs=2, metavar=names, help=f"{fields}{text} (not needed)"
        )
    command.add_argument(
        "--parallax",
        type=float,
        metavar="MAS",
        help=f"{fields}its approximate parallax in mas (not needed)",
    )
    command.add_argument(
        "--n-clusters",
        type=_number_or_auto,
        metavar="N",
        help=f"{fields}largest number of clusters per field, or auto for all that are significant "
        "(default: 1)",
    )
    command.add_argument(
        "--threshold",
        type=float,
        metavar="P",
        help=f"{fields}least probability of members (default: 0.5)",
    )


def _number_or_auto(text: str) -> int | str:
    return text if text == "auto" else int(text)


def given_search(options: argparse.Namespace) -> dict[str, Any]:
    """Return the options of the search that were given."""
    return {name: value for name in _SEARCH if (value := getattr(options, name)) is not None}


def search(options: argparse.Namespace, X: Any) -> FieldMembers:
    """Return the clusters of fields and their members.

    Raises
    ------
    FileExistsError
        If the figure of the first cluster of a field must not be replaced.
    """
    import numpy as np

    from skcluster.clusters._stars import clusters_from_flat
    from skcluster.membership import find_members

    given = given_search(options)
    if getattr(options, "plots", None) is not None:
        from skcluster.plotting._save import membership_files

        check_replaceable(options, *membership_files(X.index, options.plots, options.plot_format))
    with warnings.catch_warnings():
        # The rows of these fields say so.
        warnings.filterwarnings("ignore", ".* have no significant cluster")
        stars, clusters = find_members(X, **given)
    # Each star of a field belongs to its most probable cluster.
    row = clusters.index.get_indexer(stars["cluster"])
    row[~(stars["probability"] >= given.get("threshold", 0.5)).to_numpy()] = -1
    order = np.argsort(row, kind="stable")[np.count_nonzero(row < 0) :]
    offsets = np.searchsorted(row[order], np.arange(len(clusters) + 1))
    columns = stars.columns.drop(["field", "cluster"])
    members = clusters_from_flat(
        {name: stars[name].to_numpy()[order] for name in columns}, offsets, clusters.index
    )
    members.attrs = X.attrs  # the release of their parallaxes
    return FieldMembers(stars, clusters, members)


def _clusters_as_text(clusters: Any) -> str:
    """Return the main columns of a table of clusters, with flags in lines below their rows."""
    from skcluster.schema import CLUSTER_COLUMNS

    cells = {"cluster": list(map(str, clusters.index))}
    for name, heading in _HEADINGS.items():
        cells[heading] = list(map(CLUSTER_COLUMNS[name].as_text, clusters[name]))
    text, _ = table_as_text(cells, [[flag] for flag in clusters["flag"]])
    return text


def draw(options: argparse.Namespace, members: FieldMembers) -> None:
    """Draw the members of each cluster over the stars of its field."""
    from skcluster.plotting import save_memberships

    with progress_bar("Drawing members", len(members.clusters)) as advance:
        save_memberships(
            members.stars,
            members.clusters,
            options.plots,
            threshold=given_search(options).get("threshold", 0.5),
            format=options.plot_format,
            overwrite=options.overwrite,
            progress=advance,
        )


def _add_members(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "members",
        nargs="+",
        metavar="FIELD",
        help="tables of all stars of a field, in any usual file type, folders of such tables, or, "
        "with --from-gaia, names of clusters",
    )
    add_tables(command)
    add_output(command, "table of members with their probabilities", required=False)
    add_samp(command, "table of members")
    command.add_argument(
        "--clusters", type=Path, metavar="FILE", help="table of the clusters to write"
    )
    add_plots(command, "figure of each cluster: sky, proper motions, parallaxes, diagram")
    add_search(command)


def _members(options: argparse.Namespace) -> None:
    from skcluster.io import write_clusters, write_estimates

    outputs = {"output": options.output, "clusters": options.clusters}
    check_outputs(options, *options.members, **outputs)
    options.find_members = True
    X = read_members(options)
    members = search(options, X)
    keywords: dict[str, Any] = {
        "metadata": {"members": "selected by skcluster", **provenance(options, members.clusters)},
        "overwrite": options.overwrite,
    }
    if options.output is not None:
        write_clusters(members.X, options.output, **keywords)
    if options.clusters is not None:
        write_estimates(members.clusters, options.clusters, **keywords)
    send(options, "members", members.X, keywords["metadata"])
    if options.plots is not None:
        draw(options, members)
    shown = members.clusters.head(SHOWN) if options.clusters else members.clusters
    print_result(_clusters_as_text(shown))
    if len(shown) < len(members.clusters):
        print_result(f"… and {len(members.clusters) - len(shown)} more in {options.clusters}")
    for file in filter(None, outputs.values()):
        print_result(str(file))


MEMBERS = Command(
    "find the members of clusters in fields of the sky",
    """\
  skcluster members field.fits -o members.fits --plots figures/
  skcluster members cones/*.parquet --n-clusters auto --clusters clusters.ecsv
  skcluster members gaia_export.csv --center 119.5 -60.8 --parallax 2.4
  skcluster members "NGC 2506" --from-gaia --radius 0.4 -o members.fits
""",
    _add_members,
    _members,
)

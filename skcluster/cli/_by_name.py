"""Members of clusters that are given by name."""

import argparse
import re
from collections.abc import Iterable
from typing import Any

from skcluster._utils.messages import warn_caller
from skcluster.cli._console import log

#: Catalogues of members, and their printed names.
CATALOGUES = {
    "hunt_reffert_2023": "Hunt & Reffert 2023 (VizieR J/A+A/673/A114)",
    "cantat_gaudin_2020": "Cantat-Gaudin et al. 2020 (VizieR J/A+A/640/A1)",
}
#: The reference to cite for each.
CITATIONS = {
    "hunt_reffert_2023": "Hunt & Reffert 2023, A&A 673, A114",
    "cantat_gaudin_2020": "Cantat-Gaudin et al. 2020, A&A 640, A1",
}


def add_catalogue(command: argparse.ArgumentParser) -> None:
    """Add the argument that selects the catalogue."""
    command.add_argument(
        "--catalogue",
        choices=CATALOGUES,
        default="hunt_reffert_2023",
        help="catalogue for the members of clusters given by name (default: %(default)s)",
    )


def looks_like_a_file(text: str) -> bool:
    """Return whether a text that is no existing path looks like a file rather than a name."""
    return bool(re.search(r"[\\/]|\.[A-Za-z][A-Za-z0-9]*$", text))


def fetched(
    names: Iterable[str], catalogue: str, *, strict: bool, or_files: bool = False
) -> dict[str, Any]:
    """Return clusters under the names that the catalogue gives them, and log these.

    Clusters that cannot be fetched are left out with a warning, unless ``strict``. With
    ``or_files``, the message says that there is no file of that name either.
    """
    found: dict[str, Any] = {}
    for name in names:
        try:
            X = _fetch(name, catalogue, or_files)
        except (ValueError, OSError, ImportError) as error:
            if strict:
                raise
            from skcluster.io import BadTableWarning

            warn_caller(f"{str(error).rstrip('.')}. Left out.", BadTableWarning)
            continue
        (theirs,) = X.index
        also = "" if theirs == name else f", where it is {theirs}"
        n_stars = len(X["stars"].iloc[0])
        log.info("%s: %d members from %s%s", name, n_stars, CATALOGUES[catalogue], also)
        found[theirs] = X
    return found


def _fetch(name: str, catalogue: str, or_files: bool) -> Any:
    from skcluster.datasets import fetch_cluster

    try:
        return fetch_cluster(name, catalogue)
    except (ValueError, OSError, ImportError) as error:
        told = (
            f"There is no file or folder {name!r}; taken as the name of a cluster, its members"
            if or_files
            else f"The members of {name!r}"
        )
        # The errors that callers tell apart, without the arguments of their subclasses.
        kind = next(k for k in (ValueError, OSError, ImportError) if isinstance(error, k))
        raise kind(f"{told} cannot be fetched: {error}") from error

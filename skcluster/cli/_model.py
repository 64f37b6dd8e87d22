"""The model of a command, and its estimates."""

import argparse
from pathlib import Path
from typing import Any, NamedTuple

from skcluster._utils.doc_links import documentation
from skcluster._utils.progress import progress_bar
from skcluster.cli._console import log
from skcluster.cli._options import add_trusted

#: Number of joint samples per cluster, for the band in its diagram.
_N_SAMPLES = 500


def add_model(command: argparse.ArgumentParser) -> None:
    """Add the arguments of `load`, `estimates` and `facts`."""
    command.add_argument("--model", type=Path, help="model file (default: the pretrained model)")
    command.add_argument(
        "--coverage", type=float, default=0.68, help="coverage of the intervals (default: 0.68)"
    )
    add_trusted(command)


class Estimates(NamedTuple):
    """The results of `skcluster.estimation.estimate`."""

    table: Any
    #: None if not requested, or if the model has none.
    samples: dict[Any, Any] | None
    #: All stars with their membership probabilities; None if not requested or not available.
    members: Any


def load(options: argparse.Namespace) -> Any:
    """Load the model, after checking the options."""
    if not 0 < options.coverage < 1:
        raise ValueError(f"--coverage must lie between 0 and 1, not {options.coverage:g}.")
    from skcluster.persistence import load_model

    return load_model(options.model, trusted=options.trusted)


def estimates(
    options: argparse.Namespace,
    model: Any,
    X: Any,
    *,
    diagrams: bool,
    members: bool = False,
    n_samples: int = 0,
) -> Estimates:
    """Return the table of estimates, and what diagrams or a table of stars need as well."""
    from skcluster.clusters import stars_of
    from skcluster.estimation import estimate

    if "parallax" not in stars_of(X):
        log.info(
            "no column 'parallax': distances are estimated from the diagram alone (see %s)",
            documentation("member_lists#what-is-needed"),
        )
    if diagrams and hasattr(model, "predict_distribution"):
        n_samples = max(n_samples, _N_SAMPLES)
    with progress_bar("Estimating", len(X)) as advance:
        found = estimate(
            X,
            model,
            coverage=options.coverage,
            n_samples=n_samples,
            membership=True if members else "if known" if diagrams else False,
            random_state=0,
            progress=advance,
        )
    table, *more = found if isinstance(found, tuple) else (found,)
    return Estimates(
        table, more[0] if n_samples else None, more[-1] if members or diagrams else None
    )


def facts(options: argparse.Namespace) -> dict[str, str]:
    """Return the provenance of the estimates, for the header of a file."""
    from skcluster.persistence import read_card

    card = read_card(options.model)
    return {
        "model": str(card["card"].get("name", options.model)),
        "skcluster": card["versions"]["skcluster"],
        "coverage": f"{options.coverage:g}",
        **_citations(card["card"].get("citations")),
    }


def _citations(given: Any) -> dict[str, str]:
    return {"cite": "; ".join(map(str, given))} if isinstance(given, list) and given else {}

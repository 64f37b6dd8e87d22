"""What measurements on the sample share: options, clusters, the reference model of each fold."""

import argparse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
from sklearn.model_selection import KFold

from skcluster.io import read_clusters
from skcluster.persistence import load_model, read_card
from skcluster.pipelines import reference_pipeline
from skcluster.schema import CLUSTER_PARAMETERS

TARGETS = list(CLUSTER_PARAMETERS)


def parser_of(text: str | None, name: str) -> argparse.ArgumentParser:
    """The options that all scripts on the sample have; ``name`` is that of the output folder."""
    parser = argparse.ArgumentParser(
        description=text, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--members", type=Path, required=True, metavar="FILE")
    parser.add_argument("--clusters", type=Path, required=True, metavar="FILE")
    parser.add_argument(
        "--references", type=Path, metavar="FOLDER", help="saved models; see train_model.py"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=Path("out") / name, metavar="FOLDER")
    return parser


def sample(options: argparse.Namespace) -> tuple[Any, pd.DataFrame]:
    """The clusters, and their labels."""
    X, y = read_clusters(options.members, labels=options.clusters)
    return X, y[TARGETS]


def kept_references(folder: Path) -> list[tuple[Any, list[str]]]:
    """Models that were kept by folds, and the clusters that each has not seen."""
    files = sorted(folder.glob("fold*.skcluster"))
    if not files:
        raise SystemExit(f"{folder} holds no model; train_model.py writes them.")
    return [(load_model(file), list(read_card(file)["card"]["held out"])) for file in files]


def references(
    X: Any, y: pd.DataFrame, folder: Path | None, n_folds: int, **settings: Any
) -> Iterator[tuple[Any, list[str]]]:
    """Models and the clusters that each has not seen: those kept in the folder, else new ones.

    Parameters
    ----------
    X, y : clusters and DataFrame
        All clusters, and what is known of them.
    folder : Path or None
        Of models; None fits ``n_folds`` of them.
    n_folds : int
        Number of folds.
    **settings : object
        For `skcluster.pipelines.reference_pipeline`.
    """
    if folder is not None:
        yield from kept_references(folder)
        return
    folds = KFold(n_folds, shuffle=True, random_state=settings.get("random_state"))
    for train, test in folds.split(y):
        yield reference_pipeline(**settings).fit(X.iloc[train], y.iloc[train]), list(y.index[test])

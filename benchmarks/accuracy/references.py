"""The reference model of each fold, for measurements on its held-out clusters."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
from sklearn.model_selection import KFold

from skcluster.persistence import load_model, read_card
from skcluster.pipelines import reference_pipeline


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

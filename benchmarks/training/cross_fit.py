"""Reference models of the folds, from one fit of the networks per fold.

    python benchmarks/training/cross_fit.py --members members.parquet --clusters clusters.csv

``accuracy.py --save-references`` fits ``reference_pipeline()`` in each fold, and calibrates it
with five further fits of the networks within the fold. This script fits ``set_pipeline()`` only
once per fold. The calibration of the reference model of a fold (factors of the prior, tempering,
zero point of A_V, lengths of intervals, discrepancies of training clusters) uses the held-out
predictions of the networks of the other folds. These networks were trained on the clusters of the
fold in question, which has little effect, because only a few numbers are learned from about 800
errors.

Writes ``networks*.skcluster``, which are reused if they exist, and ``fold*.skcluster`` for the
option ``--references`` of accuracy.py, calibration.py, flags.py and well_known.py.
"""

import argparse
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.model_selection import KFold

from skcluster.inference import IsochronePosterior
from skcluster.io import read_clusters
from skcluster.persistence import load_model, save_model
from skcluster.pipelines import reference_pipeline, set_pipeline
from skcluster.regressors import NamedTargetRegressor, TargetScaler
from skcluster.schema import CLUSTER_PARAMETERS

TARGETS = list(CLUSTER_PARAMETERS)
Floats = npt.NDArray[np.floating[Any]]


class HeldOutPredictions(RegressorMixin, BaseEstimator):
    """Predicts scaled targets by the networks that have not seen a cluster, by its name.

    Parameters
    ----------
    networks : SimpleNamespace
        With ``by_fold``, a dict of fitted pipelines; scikit-learn would clone those of a dict.
    fold : Series of n_clusters rows
        The fold that each cluster is held out in, by name.
    """

    def __init__(self, networks: SimpleNamespace, fold: pd.Series) -> None:
        self.networks = networks
        self.fold = fold

    def fit(self, X: Any, y: Any) -> Self:
        """Nothing is learned."""
        self.is_fitted_ = True
        return self

    def predict(self, X: Any, return_std: bool = False) -> Any:
        """Means, and standard deviations if wanted; copies have the fold of their cluster."""
        names = X.index.str.replace(r" \(copy \d+\)$", "", regex=True)
        fold = self.fold.loc[names].to_numpy()
        mean = np.full((len(X), len(TARGETS)), np.nan)
        std = mean.copy()
        for i, network in self.networks.by_fold.items():
            rows = np.flatnonzero(fold == i)
            if len(rows):
                features = network[:-1].transform(X.iloc[rows])
                mean[rows], std[rows] = network[-1].regressor_.predict(features, return_std=True)
        return (mean, std) if return_std else mean


def fit_networks(X: Any, y: pd.DataFrame, folds: list[Any], folder: Path, seed: int) -> list[Any]:
    """The networks of each fold, from the folder where they are there."""
    networks = []
    for i, (train, _) in enumerate(folds):
        file = folder / f"networks{i}.skcluster"
        if not file.is_file():
            fitted = set_pipeline(random_state=seed).fit(X.iloc[train], y.iloc[train])
            save_model(fitted, file)
            print(f"{file.name} fitted", flush=True)
        networks.append(load_model(file))
    return networks


def assemble(
    held_out: HeldOutPredictions, network: Any, X: Any, y: pd.DataFrame, seed: int
) -> IsochronePosterior:
    """A reference that is calibrated on other folds' predictions, around the fold's networks."""
    model = reference_pipeline(random_state=seed, n_jobs=2)
    pipeline, domain = model.estimator, model.domain
    lookup = NamedTargetRegressor(held_out, transformer=TargetScaler())
    model.set_params(estimator=lookup, domain=None, cv=2).fit(X, y)
    model.set_params(estimator=pipeline, domain=domain, cv=5)
    model.estimator_ = network
    model._learn_domain(model.resampler.fit_resample(X, y)[0], network)
    return model


def main(arguments: list[str] | None = None) -> None:
    """Fit and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--members", type=Path, required=True, metavar="FILE")
    parser.add_argument("--clusters", type=Path, required=True, metavar="FILE")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=Path("out/references"), metavar="FOLDER")
    options = parser.parse_args(arguments)
    X, y = read_clusters(options.members, labels=options.clusters)
    y = y[TARGETS]
    options.output.mkdir(parents=True, exist_ok=True)
    folds = list(KFold(options.folds, shuffle=True, random_state=options.seed).split(y))
    networks = fit_networks(X, y, folds, options.output, options.seed)
    fold = pd.Series(0, index=X.index)
    for i, (_, test) in enumerate(folds):
        fold.iloc[test] = i
    held_out = HeldOutPredictions(SimpleNamespace(by_fold=dict(enumerate(networks))), fold)
    for i, (network, (train, test)) in enumerate(zip(networks, folds, strict=True)):
        model = assemble(held_out, network, X.iloc[train], y.iloc[train], options.seed)
        file = options.output / f"fold{i}.skcluster"
        save_model(model, file, card={"held out": list(X.index[test])}, overwrite=True)
        print(f"{file.name}: tempering {model.tempering_}", flush=True)


if __name__ == "__main__":
    main()

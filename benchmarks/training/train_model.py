"""Train the pretrained model of the package, measure it, and write its model card.

    python benchmarks/training/train_model.py --members members.parquet --clusters clusters.csv

1. Fits ``set_pipeline()`` on all clusters, on those outside each fold, and on those outside each
   pair of folds.
2. Calibrates ``reference_pipeline()`` around the networks of all clusters with what the networks of
   the folds predict of the clusters that they have not seen.
3. Does the same for each fold, for measurements on its clusters, with the networks that have seen
   neither these nor the clusters that calibrate: the cross-validation is nested.
4. Runs ``accuracy.py`` and ``calibration.py`` on these, and writes their scores into the card.

Networks and models that are in the output folder already are reused, so that a run which was
interrupted continues. Other benchmarks take the models of the folds (``fold*.skcluster``) by their
option ``--references``.
"""

import argparse
import json
import sys
from itertools import combinations
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.model_selection import KFold
from sklearn.pipeline import Pipeline

import skcluster
from skcluster.inference import IsochronePosterior
from skcluster.persistence import load_model, save_model
from skcluster.pipelines import reference_pipeline, set_pipeline
from skcluster.regressors import NamedTargetRegressor, TargetScaler

for room in ("accuracy", "calibration"):
    sys.path.append(str(Path(__file__).parents[1] / room))

import accuracy
import calibration
from references import TARGETS, sample

MODEL = Path(skcluster.__file__).parent / "data" / "reference.skcluster"
#: Record of the weights that training starts from.
PRETRAINED = Path(skcluster.__file__).parent / "regressors" / "data" / "set_simulated.json"
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


def fit_networks(X: Any, y: pd.DataFrame, file: Path, seed: int) -> Any:
    """Networks, from the file if it is there."""
    if not file.is_file():
        fitted = set_pipeline(random_state=seed).fit(X, y)
        save_model(fitted, file)
        print(f"{file.name} fitted", flush=True)
    return load_model(file)


def assemble(
    held_out: HeldOutPredictions, network: Any, X: Any, y: pd.DataFrame, seed: int
) -> IsochronePosterior:
    """A reference around networks, calibrated on predictions of networks of the folds."""
    model = reference_pipeline(random_state=seed, n_jobs=2)
    pipeline, domain = model.estimator, model.domain
    lookup = NamedTargetRegressor(held_out, transformer=TargetScaler())
    model.set_params(estimator=lookup, domain=None, cv=2).fit(X, y)
    model.set_params(estimator=pipeline, domain=domain, cv=5)
    model.estimator_ = network
    model._learn_domain(model.resampler.fit_resample(X, y)[0], network)
    return model


def without_augmentation(model: IsochronePosterior) -> IsochronePosterior:
    """The same model without what makes lists while fitting.

    scikit-learn's `Pipeline` is imported in less time than imbalanced-learn's.
    """
    model.set_params(resampler=None, scrambler=None, n_jobs=None)
    for name in ("estimator", "estimator_"):
        steps = getattr(model, name).steps
        setattr(model, name, Pipeline([step for step in steps if step[0] != "augment"]))
    return model


def fit_models(X: Any, y: pd.DataFrame, n_folds: int, folder: Path, seed: int) -> None:
    """Fit the models of all clusters and of each fold; write those that are missing."""
    fold = pd.Series(0, index=X.index)
    for i, (_, test) in enumerate(KFold(n_folds, shuffle=True, random_state=seed).split(y)):
        fold.iloc[test] = i

    def without(*left_out: int) -> Any:
        """Networks of the clusters outside some folds."""
        train = np.flatnonzero(~fold.isin(left_out))
        file = folder / f"networks{'_'.join(map(str, left_out))}.skcluster"
        return fit_networks(X.iloc[train], y.iloc[train], file, seed)

    of_all = without()
    by_fold = {i: without(i) for i in range(n_folds)}
    by_pair = {pair: without(*pair) for pair in combinations(range(n_folds), 2)}
    jobs = [("reference", of_all, by_fold, fold.to_numpy() >= 0)]
    for i in range(n_folds):
        others = {j: by_pair[min(i, j), max(i, j)] for j in range(n_folds) if j != i}
        jobs.append((f"fold{i}", by_fold[i], others, fold.to_numpy() != i))
    for name, network, held_out, train in jobs:
        file = folder / f"{name}.skcluster"
        if not file.is_file():
            predictions = HeldOutPredictions(SimpleNamespace(by_fold=held_out), fold)
            model = assemble(predictions, network, X[train], y[train], seed)
            save_model(model, file, card={"held out": list(X.index[~train])})
            print(f"{file.name}: tempering {model.tempering_}", flush=True)


def measure(data: list[str], folder: Path, n_simulations: int) -> None:
    """Run the benchmarks whose scores are in the card."""
    data = [*data, "--references", str(folder)]
    names = ["--models", "set", "isochrones", "reference"]
    accuracy.main([*data, *names, "--output", str(folder / "accuracy")])
    simulations = ["--simulations", str(n_simulations)]
    calibration.main([*data, *simulations, "--output", str(folder / "calibration")])


def card(X: Any, y: pd.DataFrame, folder: Path) -> dict[str, Any]:
    """What a user should know about the model."""
    ranges = {name: [float(y[name].min()), float(y[name].max())] for name in y}
    scores = json.loads((folder / "accuracy" / "accuracy.json").read_text())["overall"]
    calibration = json.loads((folder / "calibration" / "calibration.json").read_text())
    return {
        "name": "reference",
        "targets": "log age (dex), A_V (mag), distance (kpc)",
        "data": f"{len(X)} open clusters, members with G < 18, and "
        f"{json.loads(PRETRAINED.read_text())['simulated_clusters']} simulated clusters",
        "citations": [
            "labels: Cantat-Gaudin et al. 2020, A&A 640, A1",
            "members: Almeida, Monteiro & Dias 2023, MNRAS 525, 2315 (Gaia EDR3)",
            "isochrones: PARSEC, Bressan et al. 2012, MNRAS 427, 127",
        ],
        "limits": {
            "learned ranges": ranges,
            "members": "Gaia (E)DR3 members, with parallaxes if possible; stars with G ≥ 18 are "
            "not used",
            "labels": "Ages, extinctions and distances are on the scale of Cantat-Gaudin et al. "
            "2020, with its errors",
        },
        "cross-validated scores": {row["measure"]: row["reference"] for row in scores},
        "coverage of held-out clusters": calibration["overall"],
        "ranks of the truth in simulated clusters": calibration["ranks"],
    }


def main(arguments: list[str] | None = None) -> None:
    """Train, measure, write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--members", type=Path, required=True, metavar="FILE")
    parser.add_argument("--clusters", type=Path, required=True, metavar="FILE")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--simulations", type=int, default=1000, help="number of simulated clusters, for ranks"
    )
    parser.add_argument("--folder", type=Path, default=Path("out/references"), metavar="FOLDER")
    parser.add_argument("--output", type=Path, default=MODEL, metavar="FILE")
    options = parser.parse_args(arguments)
    if options.folds < 3:
        parser.error("--folds must be at least 3: no cluster is outside a pair of two folds")
    X, y = sample(options)
    options.folder.mkdir(parents=True, exist_ok=True)
    fit_models(X, y, options.folds, options.folder, options.seed)
    data = ["--members", str(options.members), "--clusters", str(options.clusters)]
    data += ["--folds", str(options.folds), "--seed", str(options.seed)]
    measure(data, options.folder, options.simulations)
    model = without_augmentation(load_model(options.folder / "reference.skcluster"))
    save_model(model, options.output, card=card(X, y, options.folder), overwrite=True)
    print(f"{options.output}: {options.output.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()

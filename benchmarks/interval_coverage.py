"""Whether intervals hold what they promise on clusters that the model has not seen.

    python benchmarks/interval_coverage.py --members members.parquet --clusters clusters.csv

Cross-validates ``ConformalRegressor(reference_pipeline())``: in each fold the model and its
calibration see the training clusters only. Prints the share of held-out clusters that the 68 and
95 per cent intervals cover, of all and of each third by age, A_V, distance and number of stars,
and how wide they are beside intervals of one width for all. The reference is fitted thirty times.
"""

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from realism import cmd_summary
from scipy.stats import norm
from sklearn.model_selection import KFold

from skcluster.inference import ConformalRegressor
from skcluster.io import read_clusters
from skcluster.photometry import distance_modulus
from skcluster.pipelines import reference_pipeline
from skcluster.schema import CLUSTER_PARAMETERS

TARGETS = list(CLUSTER_PARAMETERS)
COVERAGES = (0.68, 0.95)
Floats = npt.NDArray[np.floating[Any]]


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Options from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--members", type=Path, required=True, metavar="FILE")
    parser.add_argument("--clusters", type=Path, required=True, metavar="FILE")
    parser.add_argument("--folds", type=int, default=5, help="of clusters held out")
    parser.add_argument("--inner-folds", type=int, default=5, help="that calibrate a model")
    parser.add_argument("--epochs", type=int, help="fewer than the model's own, for a trial")
    parser.add_argument("--n-networks", type=int, help="fewer than the model's own, for a trial")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=Path("out/coverage"), metavar="FOLDER")
    return parser.parse_args(arguments)


def held_out(
    X: Any, y: pd.DataFrame, options: argparse.Namespace
) -> dict[float, dict[str, Floats]]:
    """For each coverage: which values are covered, and how wide the intervals are.

    Widths are twice the upper half, in dex, mag and mag of distance modulus: the lower half of A_V
    ends at 0. "constant" are those of intervals of one width for all.
    """
    found: dict[float, dict[str, Floats]] = {
        c: {k: np.empty(y.shape) for k in ("covered", "width", "constant")} for c in COVERAGES
    }
    own = {"epochs": options.epochs, "n_networks": options.n_networks}
    settings = {name: value for name, value in own.items() if value is not None}
    folds = KFold(options.folds, shuffle=True, random_state=options.seed)
    for i, (train, test) in enumerate(folds.split(y)):
        model = ConformalRegressor(
            reference_pipeline(random_state=options.seed, **settings),
            cv=options.inner_folds,
            random_state=options.seed,
        ).fit(X.iloc[train], y.iloc[train])
        distribution = model.predict_distribution(X.iloc[test])
        true, mean = y.iloc[test].to_numpy(), _in_magnitudes(distribution.predict())
        for coverage, measured in found.items():
            low, high = np.moveaxis(distribution.interval(coverage), -1, 0)
            measured["covered"][test] = (low <= true) & (true <= high)
            measured["width"][test] = 2 * (_in_magnitudes(high) - mean)
            half = np.quantile(np.abs(model.errors_), coverage, axis=0)
            measured["constant"][test] = 2 * half * [1, 1, 2]  # scaled moduli count in 2 mag
        print(f"fold {i + 1} of {options.folds} done", flush=True)
    return found


def _in_magnitudes(values: Floats) -> Floats:
    """Log age, A_V and distance modulus."""
    changed = values.copy()
    changed[:, 2] = distance_modulus(values[:, 2])
    return changed


def overall(found: dict[float, dict[str, Floats]]) -> pd.DataFrame:
    """Coverage of all clusters, and widths beside those of one width.

    The last column is what that ratio would be if errors were normal and the model knew the spread
    of each exactly: no honest intervals of such unequal clusters can be narrower.
    """
    rng = np.random.default_rng(0)
    lines = []
    for coverage, measured in found.items():
        for i, target in enumerate(TARGETS):
            width, constant = measured["width"][:, i], measured["constant"][:, i]
            errors = np.abs(rng.normal(size=(1000, len(width)))) * width
            exact = norm.ppf((1 + coverage) / 2) * width.mean() / np.quantile(errors, coverage)
            lines.append(
                {
                    "interval": f"{coverage:.0%}",
                    "target": target,
                    "covered": measured["covered"][:, i].mean(),
                    "mean width": width.mean(),
                    "median width": np.median(width),
                    "constant width": constant.mean(),
                    "mean / constant": width.mean() / constant.mean(),
                    "if known exactly": exact,
                }
            )
    return pd.DataFrame(lines).round(3)


def by_thirds(
    y: pd.DataFrame, n_stars: npt.NDArray[Any], found: dict[float, dict[str, Floats]]
) -> pd.DataFrame:
    """Coverage in each third of the clusters by age, A_V, distance and number of stars."""
    lines = []
    for name, values in {**y.to_dict("series"), "n_stars": n_stars}.items():
        order = np.argsort(np.asarray(values), kind="stable")
        for third, rows in zip(
            ("lowest", "middle", "highest"), np.array_split(order, 3), strict=True
        ):
            line: dict[str, Any] = {"third by": f"{name}, {third}"}
            for coverage, measured in found.items():
                for i, target in enumerate(TARGETS):
                    line[f"{target} {coverage:.0%}"] = measured["covered"][rows, i].mean()
            lines.append(line)
    return pd.DataFrame(lines).round(3)


def main(arguments: list[str] | None = None) -> None:
    """Measure and print."""
    options = parse(arguments)
    X, y = read_clusters(options.members, labels=options.clusters)
    y = y[TARGETS]
    found = held_out(X, y, options)
    total, thirds = overall(found), by_thirds(y, cmd_summary(X)["n_stars"].to_numpy(), found)
    print(f"\n{len(y)} clusters, {options.folds} folds held out in turn\n")
    print(total.to_string(index=False), "\n")
    print(thirds.to_string(index=False))
    options.output.mkdir(parents=True, exist_ok=True)
    result = {"overall": total.to_dict("records"), "thirds": thirds.to_dict("records")}
    (options.output / "coverage.json").write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()

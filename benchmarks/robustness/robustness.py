r"""Estimates and flags for member lists that differ from the training lists.

    python benchmarks/robustness/robustness.py --members members.parquet --clusters clusters.csv \
        --field field_stars.parquet

Degrades the member lists of held-out clusters in different ways (stars of other clusters or of the
field added, bright or faint stars removed, zero points shifted). For each, prints the RMSE of the
clusters without a flag, the coverage of their intervals, the percentage of flagged clusters, and
the RMSE of all clusters by the network alone. Fits the reference model on the training clusters of
each fold, or uses the models saved by ``train_model.py``.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from robustness_lists import SPOILS, Contaminants

from skcluster.io import read_clusters
from skcluster.photometry import distance_modulus
from skcluster.schema import CLUSTER_PARAMETERS

sys.path.append(str(Path(__file__).parents[1] / "accuracy"))

from references import references

TARGETS = list(CLUSTER_PARAMETERS)
#: The parameters whose errors are printed.
PARTS = ["log_age", "a_v", "modulus"]
FEW_STARS = 10


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Options from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--members", type=Path, required=True, metavar="FILE")
    parser.add_argument("--clusters", type=Path, required=True, metavar="FILE")
    parser.add_argument("--field", type=Path, required=True, metavar="FILE")
    parser.add_argument(
        "--references", type=Path, metavar="FOLDER", help="models saved by train_model.py"
    )
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument(
        "--every", type=int, default=1, help="use every N-th held-out cluster (default: 1)"
    )
    parser.add_argument("--lines", nargs="+", choices=list(SPOILS), default=list(SPOILS))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=Path("out/robustness"), metavar="FOLDER")
    return parser.parse_args(arguments)


def with_modulus(values: pd.DataFrame) -> np.ndarray:
    """Log age, A_V and distance modulus."""
    modulus = distance_modulus(np.maximum(values["distance_kpc"].to_numpy(), 0.001))
    return np.column_stack([values["log_age"], values["a_v"], modulus])


def estimates_of(model: Any, X: pd.DataFrame, y: pd.DataFrame) -> pd.DataFrame:
    """Errors of posterior and network, hits of intervals, and the flag, per cluster."""
    distribution = model.predict_distribution(X)
    network = pd.DataFrame(model.estimator_.predict(X), index=X.index, columns=TARGETS)
    means = pd.DataFrame(distribution.predict()[:, :3], index=X.index, columns=TARGETS)
    errors = with_modulus(means) - with_modulus(y)
    found: dict[str, Any] = dict(zip(PARTS, errors.T, strict=True))
    errors = with_modulus(network) - with_modulus(y)
    found |= {f"network_{name}": column for name, column in zip(PARTS, errors.T, strict=True)}
    for percent in (68, 95):
        ends = distribution.interval(percent / 100)[:, :3]
        hit = (ends[..., 0] <= y.to_numpy()) & (y.to_numpy() <= ends[..., 1])
        found |= {f"{name}_{percent}": hit[:, j] for j, name in enumerate(TARGETS)}
    reasons = {**distribution.flags, "few stars": distribution.n_used < FEW_STARS}
    doubts = pd.DataFrame(reasons)
    found["reasons"] = ["; ".join(doubts.columns[row]) for row in doubts.to_numpy()]
    return pd.DataFrame(found, index=X.index).assign(flagged=lambda t: t["reasons"].ne(""))


def summary(found: pd.DataFrame) -> dict[str, Any]:
    """One line of the table."""

    def rms(names: list[str], rows: pd.DataFrame) -> str:
        return " / ".join(f"{np.sqrt(np.mean(rows[n] ** 2)):.3f}" for n in names)

    def share(percent: int, rows: pd.DataFrame) -> str:
        return " / ".join(f"{100 * rows[f'{n}_{percent}'].mean():.0f}" for n in TARGETS)

    good = found[~found["flagged"]]
    return {
        "clusters": len(found),
        "flagged (%)": f"{100 * found['flagged'].mean():.0f}",
        "RMSE, not flagged": rms(PARTS, good),
        "RMSE, all": rms(PARTS, found),
        "RMSE of the network, all": rms([f"network_{n}" for n in PARTS], found),
        "68 % coverage": share(68, good),
        "95 % coverage": share(95, good),
    }


def main(arguments: list[str] | None = None) -> None:
    """Fit the models, degrade the lists, estimate, and print the table."""
    options = parse(arguments)
    X, y = read_clusters(options.members, labels=options.clusters)
    y = y[TARGETS]
    contaminants = Contaminants.read(X, options.field)
    results: dict[str, list[pd.DataFrame]] = {name: [] for name in options.lines}
    models = references(
        X, y, options.references, options.folds, random_state=options.seed, n_jobs=2
    )
    for model, held_out in models:
        model.set_params(n_jobs=2)
        names = held_out[:: options.every]
        for name in options.lines:
            rng = np.random.default_rng(options.seed)
            chosen = [names[row] for row in SPOILS[name].rows(y.loc[names])]
            spoilt = SPOILS[name].apply(X.loc[chosen], contaminants, rng)
            results[name].append(estimates_of(model, spoilt, y.loc[spoilt.index]))
    table = pd.DataFrame(
        {SPOILS[name].text: summary(pd.concat(found)) for name, found in results.items()}
    ).T
    print(table.to_string())
    options.output.mkdir(parents=True, exist_ok=True)
    everything = {name: pd.concat(found) for name, found in results.items()}
    pd.concat(everything, names=["line"]).to_csv(options.output / "robustness.csv")
    (options.output / "robustness.json").write_text(
        json.dumps(table.to_dict("index"), indent=2) + "\n"
    )


if __name__ == "__main__":
    main()

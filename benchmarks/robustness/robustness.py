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
from joblib import Parallel, delayed
from robustness_lists import SPOILS, Contaminants

sys.path.append(str(Path(__file__).parents[1] / "accuracy"))

from accuracy_report import SHOWN, errors
from references import TARGETS, parser_of, references, sample

#: The parameters whose errors are printed.
PARTS = list(SHOWN)
#: Number of clusters that a process estimates at a time.
CHUNK = 20


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Options from the command line."""
    parser = parser_of(__doc__, "robustness")
    parser.add_argument("--field", type=Path, required=True, metavar="FILE")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument(
        "--every", type=int, default=1, help="use every N-th held-out cluster (default: 1)"
    )
    return parser.parse_args(arguments)


def estimates_of(model: Any, X: pd.DataFrame, y: pd.DataFrame) -> pd.DataFrame:
    """Errors of posterior and network, hits of intervals, and the flag, per cluster."""
    distribution = model.predict_distribution(X)
    network = pd.DataFrame(model.estimator_.predict(X), index=X.index, columns=TARGETS)
    means = pd.DataFrame(distribution.predict()[:, :3], index=X.index, columns=TARGETS)
    found = errors(y, means)[PARTS].join(errors(y, network)[PARTS].add_prefix("network_"))
    for percent in (68, 95):
        ends = distribution.interval(percent / 100)[:, :3]
        hit = (ends[..., 0] <= y.to_numpy()) & (y.to_numpy() <= ends[..., 1])
        found[[f"{name}_{percent}" for name in TARGETS]] = hit
    doubts = pd.DataFrame(dict(distribution.flags))
    found["reasons"] = ["; ".join(doubts.columns[row]) for row in doubts.to_numpy()]
    return found.assign(flagged=found["reasons"].ne(""))


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
    X, y = sample(options)
    contaminants = Contaminants.read(X, options.field)
    results: dict[str, list[pd.DataFrame]] = {name: [] for name in SPOILS}
    models = references(
        X, y, options.references, options.folds, random_state=options.seed, n_jobs=2
    )
    for model, held_out in models:
        model.set_params(n_jobs=None)
        names = held_out[:: options.every]
        for name, spoil in SPOILS.items():
            rng = np.random.default_rng(options.seed)
            chosen = [names[row] for row in spoil.rows(y.loc[names])]
            spoilt = spoil.apply(X.loc[chosen], contaminants, rng)
            truth = y.loc[spoilt.index]
            chunks = [slice(start, start + CHUNK) for start in range(0, len(spoilt), CHUNK)]
            results[name] += Parallel(n_jobs=-1)(
                delayed(estimates_of)(model, spoilt[chunk], truth[chunk]) for chunk in chunks
            )
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

"""Coverage of the intervals, and simulation-based calibration of the posterior.

    python benchmarks/calibration/calibration.py --members members.parquet --clusters clusters.csv

The first part cross-validates ``reference_pipeline()``, which is calibrated on the training
clusters of each fold. It prints the coverage of the 68 and 95 per cent intervals on held-out
clusters, for all and for each third by age, A_V and distance, estimated and published, and by
number of stars, and the widths of the intervals relative to intervals of constant width. With
``--references``, it uses models that were saved by ``train_model.py`` instead of fitting new ones.

The second part is simulation-based calibration: it simulates clusters from the model of the
likelihood, and computes the ranks of their true parameters among draws of the posterior, without
tempering.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from rank_statistics import draw_ranks, rank_statistics
from scipy.stats import norm

from skcluster.photometry import distance_modulus

sys.path.append(str(Path(__file__).parents[1] / "accuracy"))

from realism import cmd_summary
from references import TARGETS, parser_of, references, sample

COVERAGES = (0.68, 0.95)
#: What the coverage of a third may be where 68 per cent are promised.
TOLERATED = (0.62, 0.74)
Floats = npt.NDArray[np.floating[Any]]


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Options from the command line."""
    parser = parser_of(__doc__, "calibration")
    parser.add_argument("--folds", type=int, default=5, help="number of folds")
    parser.add_argument(
        "--simulations", type=int, default=1000, help="number of simulated clusters"
    )
    return parser.parse_args(arguments)


def held_out(
    X: Any, y: pd.DataFrame, options: argparse.Namespace
) -> tuple[pd.DataFrame, dict[float, dict[str, Floats]]]:
    """Estimates, and for each coverage which values are covered, and how wide the intervals are.

    Widths are twice the upper half, in dex, mag and mag of distance modulus: the lower half of A_V
    ends at 0. "constant" are those of intervals of one width for all.
    """
    found: dict[float, dict[str, Floats]] = {
        c: {k: np.empty(y.shape) for k in ("covered", "width", "constant")} for c in COVERAGES
    }
    estimates = y.copy()
    models = references(
        X, y, options.references, options.folds, random_state=options.seed, n_jobs=2
    )
    for i, (model, names) in enumerate(models):
        test = y.index.isin(names)
        distribution = model.predict_distribution(X[test])
        estimates.loc[test] = distribution.predict()[:, : len(TARGETS)]
        true, mean = y[test].to_numpy(), _in_magnitudes(estimates[test].to_numpy())
        errors = _in_magnitudes(model.held_out_) - _in_magnitudes(y[~test].to_numpy())
        for coverage, measured in found.items():
            ends = distribution.interval(coverage)[:, : len(TARGETS)]
            low, high = np.moveaxis(ends, -1, 0)
            measured["covered"][test] = (low <= true) & (true <= high)
            measured["width"][test] = 2 * (_in_magnitudes(high) - mean)
            measured["constant"][test] = 2 * np.nanquantile(np.abs(errors), coverage, axis=0)
        print(f"fold {i + 1} done, tempering {model.tempering_}", flush=True)
    return estimates, found


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


def by_thirds(groups: pd.DataFrame, found: dict[float, dict[str, Floats]]) -> pd.DataFrame:
    """Coverage in each third of the clusters by each column of ``groups``."""
    lines = []
    for name, values in groups.items():
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


def outside(thirds: pd.DataFrame) -> list[str]:
    """Thirds and targets whose 68 per cent intervals cover more or less than is tolerated."""
    low, high = TOLERATED
    shares = thirds.melt("third by", var_name="target", value_name="share")
    shares = shares[shares["target"].str.endswith("68%")]
    wrong = shares[(shares["share"] < low) | (shares["share"] > high)]
    return [
        f"{line['third by']}: {line['target'].split()[0]} {line['share']:.3f}"
        for line in wrong.to_dict("records")
    ]


def measure_coverage(options: argparse.Namespace) -> dict[str, Any]:
    """The first part."""
    X, y = sample(options)
    estimates, found = held_out(X, y, options)
    # Labels have errors: the youngest by their labels include those whose labels are too young.
    groups = estimates.add_prefix("estimated ").join(y)
    groups["n_stars"] = cmd_summary(X)["n_stars"].to_numpy()
    total, thirds = overall(found), by_thirds(groups, found)
    print(f"\n{len(y)} clusters, each held out once\n")
    print(total.to_string(index=False), "\n")
    print(thirds.to_string(index=False), "\n")
    wrong, n = outside(thirds), thirds.shape[0] * len(TARGETS)
    print(f"68 per cent intervals: {len(wrong)} of {n} coverages of thirds outside {TOLERATED}")
    print("\n".join(wrong))
    return {
        "overall": total.to_dict("records"),
        "thirds": thirds.to_dict("records"),
        "thirds outside": wrong,
    }


def measure_ranks(options: argparse.Namespace) -> dict[str, Any]:
    """The second part."""
    table, ranks = rank_statistics(options.simulations)
    print(f"\nRanks of the true values, {options.simulations} simulated clusters\n")
    print(table.to_string(index=False))
    draw_ranks(ranks, options.output / "ranks.png")
    return {"ranks": table.to_dict("records")}


def main(arguments: list[str] | None = None) -> None:
    """Measure and print."""
    options = parse(arguments)
    options.output.mkdir(parents=True, exist_ok=True)
    result = measure_coverage(options) | measure_ranks(options)
    (options.output / "calibration.json").write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()

"""Tables and figures of the accuracy benchmark."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.figure import Figure

from skcluster.metrics import error_table
from skcluster.plotting import EstimateDisplay

Floats = npt.NDArray[np.floating[Any]]
MODULUS = "modulus"
#: Networks of linear outputs may predict distances of zero or less; for their moduli they count as
#: this, kpc.
NEAREST = 0.01
#: The parameters whose errors are shown for subsets of the clusters.
SHOWN = ("log_age", "a_v", MODULUS)
UNITS = {"log_age": "dex", "a_v": "mag", MODULUS: "mag", "distance_kpc": "kpc"}


def errors(y: pd.DataFrame, predicted: pd.DataFrame) -> pd.DataFrame:
    """Predicted less published, the distance also as a modulus."""
    difference = predicted - y
    distance = predicted["distance_kpc"].clip(lower=NEAREST)
    difference[MODULUS] = 5 * np.log10(distance / y["distance_kpc"])
    return difference[list(UNITS)]


def overall(
    y: pd.DataFrame, predictions: Mapping[str, pd.DataFrame], tests: Sequence[npt.NDArray[Any]]
) -> pd.DataFrame:
    """A line a model: R² and MSE (means over targets), then RMSE, bias, scatter and R² of each."""
    lines = []
    for name, predicted in predictions.items():
        tables = [error_table(y.iloc[test], predicted.iloc[test]).loc["mean"] for test in tests]
        line = {
            "model": name,
            "R2": _with_error(np.array([table["r2"] for table in tables])),
            "MSE": _with_error(np.array([table["mse"] for table in tables])),
        }
        together = error_table(y, predicted)
        found = errors(y, predicted)
        for target, unit in UNITS.items():
            error = found[target]
            line[f"{target} RMSE ({unit})"] = rmse(error.to_numpy())
            line[f"{target} bias"] = f"{error.mean():+.3f}"
            line[f"{target} scatter"] = f"{1.4826 * (error - error.median()).abs().median():.3f}"
            if target in list(y):
                line[f"{target} R2"] = f"{together['r2'][target]:.3f}"
        lines.append(line)
    return pd.DataFrame(lines).set_index("model").T.rename_axis("measure").reset_index()


def rmse(error: Floats) -> str:
    """Root mean square and its standard error."""
    square = error**2
    mean = square.mean()
    spread = square.std(ddof=1) / np.sqrt(len(square)) / 2 / np.sqrt(mean)
    return f"{np.sqrt(mean):.3f} ± {spread:.3f}"


def bias(error: Floats) -> str:
    """Mean and its standard error."""
    return f"{error.mean():+.3f} ± {error.std(ddof=1) / np.sqrt(len(error)):.3f}"


def _with_error(values: Floats) -> str:
    return f"{values.mean():.3f} ± {values.std(ddof=1) / np.sqrt(len(values)):.3f}"


def subsets(y: pd.DataFrame, n_stars: Floats) -> dict[str, npt.NDArray[np.bool_]]:
    """Kinds of clusters that an astronomer would ask about."""
    chosen = {
        "all": np.ones(len(y), dtype=bool),
        "log age < 7.5": y["log_age"] < 7.5,
        "log age > 9": y["log_age"] > 9,
        "A_V > 2 mag": y["a_v"] > 2,
        "< 40 stars": n_stars < 40,
        "> 3 kpc": y["distance_kpc"] > 3,
    }
    return {name: np.asarray(rows) for name, rows in chosen.items()}


def per_subset(
    y: pd.DataFrame,
    predictions: Mapping[str, pd.DataFrame],
    n_stars: Floats,
    measure: Callable[[Floats], str],
) -> pd.DataFrame:
    """A line for each kind of clusters and target, a column a model."""
    found = {name: errors(y, predicted) for name, predicted in predictions.items()}
    lines = []
    for line, rows, target in _subsets_and_targets(y, n_stars):
        for name, error in found.items():
            chosen = error.loc[rows, target].to_numpy()
            line[name] = measure(chosen) if len(chosen) > 1 else "–"
        lines.append(line)
    return pd.DataFrame(lines)


def _subsets_and_targets(
    y: pd.DataFrame, n_stars: Floats
) -> Iterator[tuple[dict[str, Any], npt.NDArray[np.bool_], str]]:
    """The beginning of each line of a table, the clusters that it is about, and the target."""
    for kind, rows in subsets(y, n_stars).items():
        for target in SHOWN:
            clusters = f"{kind} ({rows.sum()})"
            yield {"clusters": clusters, "target": f"{target} ({UNITS[target]})"}, rows, target


def compare(
    y: pd.DataFrame, predicted: pd.DataFrame, baseline: pd.DataFrame, n_stars: Floats
) -> pd.DataFrame:
    """By how much a model's RMSE is above another's, and whether by more than its standard error.

    The standard error is of the difference on the same clusters.
    """
    own, other = errors(y, predicted), errors(y, baseline)
    lines = []
    for line, rows, target in _subsets_and_targets(y, n_stars):
        change, spread = _change_of_rmse(own.loc[rows, target], other.loc[rows, target])
        is_known = rows.sum() > 1
        line["difference"] = f"{change:+.3f} ± {spread:.3f}" if is_known else "–"
        line["worse"] = "yes" if is_known and change > spread else ""
        lines.append(line)
    return pd.DataFrame(lines)


def _change_of_rmse(own: pd.Series, other: pd.Series) -> tuple[float, float]:
    """By how much the RMSE of errors is above that of others, and its standard error."""
    squares, other_squares = own**2, other**2
    sum_of_roots = np.sqrt(squares.mean()) + np.sqrt(other_squares.mean())
    if not sum_of_roots > 0:
        return 0.0, 0.0
    # To first order, as the difference of the squares has it.
    difference = (squares - other_squares) / sum_of_roots
    return float(difference.mean()), float(difference.std() / np.sqrt(len(difference)))


def worst(y: pd.DataFrame, predicted: pd.DataFrame, n_stars: Floats, n: int = 10) -> str:
    """For each target: the clusters farthest off, and what the worst twentieth is responsible for.

    Distances as moduli.
    """
    found = errors(y, predicted)
    texts = []
    for target in SHOWN:
        square = (found[target] ** 2).sort_values(ascending=False)
        share = square.iloc[: max(len(square) // 20, 1)].sum() / square.sum()
        names = square.index[:n]
        table = pd.DataFrame(
            {
                f"{target} error": found.loc[names, target].round(2),
                "n_stars": pd.Series(n_stars, index=y.index).loc[names].astype(int),
                **y.loc[names].round(2).to_dict("series"),
            }
        )
        texts.append(
            f"{target}: the worst twentieth holds {share:.0%} of the squared error\n"
            f"{table.to_string()}\n"
        )
    return "\n".join(texts)


LABELS = {
    "log_age": "log age (dex)",
    "a_v": "$A_V$ (mag)",
    "distance_kpc": "distance (kpc)",
    MODULUS: "distance modulus (mag)",
}
_POINTS, _LINE = "#0072B2", "#D55E00"


def draw_estimates(y: pd.DataFrame, predicted: pd.DataFrame, name: str, file: Path) -> None:
    """Predicted against published, target by target."""
    figure = Figure(figsize=(12, 4.2), layout="constrained")
    EstimateDisplay.from_predictions(y, predicted, ax=figure.subplots(1, 3))
    figure.suptitle(f"{name}: {len(y)} clusters, each predicted by a model that has not seen it")
    figure.savefig(file, dpi=150)


def draw_residuals(
    y: pd.DataFrame, predicted: pd.DataFrame, n_stars: npt.NDArray[Any], name: str, file: Path
) -> None:
    """Residuals against star count, age, A_V and distance, with running medians."""
    found = errors(y, predicted)
    against = {
        "stars at G < 18": np.maximum(n_stars, 1),
        **{LABELS[str(c)]: y[c].to_numpy() for c in y},
    }
    figure = Figure(figsize=(14, 9), layout="constrained")
    grid = figure.subplots(len(SHOWN), len(against), sharey="row", sharex="col")
    for row, target in zip(grid, SHOWN, strict=True):
        residual = found[target].to_numpy()
        limit = np.quantile(np.abs(residual), 0.99)
        for axes, (label, values) in zip(row, against.items(), strict=True):
            axes.plot(values, np.clip(residual, -limit, limit), ".", color=_POINTS, alpha=0.3)
            parts = np.array_split(np.argsort(values), 10)
            middle = [np.median(values[part]) for part in parts if len(part)]
            medians = [np.median(residual[part]) for part in parts if len(part)]
            axes.plot(middle, medians, "o-", color=_LINE, markersize=4)
            axes.axhline(0, color="black", linewidth=0.8)
            if label in ("stars at G < 18", LABELS["distance_kpc"]):
                axes.set_xscale("log")
            if target == SHOWN[-1]:
                axes.set_xlabel(label)
        row[0].set_ylabel(f"{LABELS[target]}:\npredicted − published")
    figure.suptitle(f"{name}: residuals, with the median of each tenth of the clusters")
    figure.savefig(file, dpi=130)

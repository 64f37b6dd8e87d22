"""The rows of Table 1 with the paper's values, as text and as JSON."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

#: Table 1 of Branco & Ferraz (2023), and the augmented ANN from its text.
PAPER = {
    ("ann", ""): {"mse": 0.176, "r2": 0.747},
    ("ann", "augmented"): {"mse": 0.334, "r2": 0.487},
    ("cnn", ""): {"mse": 0.841, "r2": 0.242},
    ("mdm", ""): {"mse": 0.167, "r2": 0.761},
}
#: Heads and units of the targets.
TARGETS = {
    "log_age": ("log age", "dex"),
    "a_v": ("A_V", "mag"),
    "distance_kpc": ("distance", "kpc"),
}


@dataclass
class Row:
    """One model of the table and what was measured of it, split by split."""

    model: str
    preset: str
    augmentation: str
    errors: list[pd.DataFrame] = field(default_factory=list)
    mse_minmax: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    curves: list[dict[str, Any]] = field(default_factory=list)
    #: The network of the last fit.
    network: Any = None

    @property
    def title(self) -> str:
        """Name of the row, such as "ANN, augmented (paper's settings)"."""
        name = self.model.upper() + (f", {self.augmentation}" if self.augmentation else "")
        return name + (" (paper's settings)" if self.preset == "paper" else "")

    def values(self, target: str, measure: str) -> np.ndarray:
        """One measure of every split, shape (n_splits,)."""
        return np.array([table.loc[target, measure] for table in self.errors], dtype=float)

    def mean_errors(self) -> pd.DataFrame:
        """The table of errors, averaged over the splits."""
        return pd.concat(self.errors).groupby(level=0, sort=False).mean()


def standard_error(values: np.ndarray | list[float]) -> float | None:
    """Standard error of the mean over the splits; None of a single one."""
    return float(np.std(values, ddof=1) / np.sqrt(len(values))) if len(values) > 1 else None


def _mean(values: np.ndarray | list[float]) -> str:
    error = standard_error(values)
    return f"{np.mean(values):.3f}" + (f" ± {error:.3f}" if error is not None else "")


def summary(row: Row) -> str:
    """A row in a line, for the progress."""
    mse, r2 = (_mean(row.values("mean", measure)) for measure in ("mse", "r2"))
    return f"{row.title}: MSE {mse}, R² {r2} in {sum(row.seconds):.0f} s"


def markdown(rows: list[Row], run: dict[str, Any]) -> str:
    """The table for people."""
    heads = ["model", "MSE", "R²", "paper: MSE", "paper: R²", "MSE, MinMax units", "seconds"]
    lines = []
    for row in rows:
        paper = PAPER.get((row.model, row.augmentation), {})
        lines.append(
            [
                row.title,
                *(_mean(row.values("mean", measure)) for measure in ("mse", "r2")),
                *(f"{paper[measure]:.3f}" if paper else "" for measure in ("mse", "r2")),
                _mean(row.mse_minmax),
                f"{sum(row.seconds):.0f}",
            ]
        )
    targets = rows[0].errors[0].index.drop("mean")
    target_heads = ["model"]
    for target in targets:
        name, unit = TARGETS[target]
        target_heads += [f"{name}: RMSE ({unit})", f"bias ({unit})", "R²"]
    target_lines = [
        [row.title]
        + [_mean(row.values(t, measure)) for t in targets for measure in ("rmse", "bias", "r2")]
        for row in rows
    ]
    return (
        f"Table 1: {run['clusters']} {run['source']}, {run['test']}\n\n"
        f"{_grid(heads, lines)}\n\n{_grid(target_heads, target_lines)}\n\n"
        "MSE is the mean of the squared errors in dex, mag and kpc, R² the uniform average over\n"
        "the three targets. The paper's numbers are for its own 1867 clusters and held-out split.\n"
    )


def _grid(heads: list[str], lines: list[list[str]]) -> str:
    """A Markdown table whose columns line up."""
    widths = [max(len(line[i]) for line in [heads, *lines]) for i in range(len(heads))]
    rules = ["-" * width for width in widths]
    return "\n".join(
        "| " + " | ".join(cell.ljust(w) for cell, w in zip(line, widths, strict=True)) + " |"
        for line in [heads, rules, *lines]
    )


def to_json(rows: list[Row], run: dict[str, Any]) -> dict[str, Any]:
    """The table for programs.

    The paper's three rows are under ``ann``, ``cnn`` and ``mdm``; where both presets were measured,
    those of the second are under ``ann (paper)`` and so on, as are augmented ones.
    """
    result: dict[str, Any] = {}
    for row in rows:
        key = f"{row.model}, {row.augmentation}" if row.augmentation else row.model
        result[key if key not in result else f"{key} ({row.preset})"] = _row_json(row)
    return {**result, "run": run}


def _row_json(row: Row) -> dict[str, Any]:
    mse, r2 = row.values("mean", "mse"), row.values("mean", "r2")
    return {
        "mse": float(mse.mean()),
        "r2": float(r2.mean()),
        "mse_standard_error": standard_error(mse),
        "r2_standard_error": standard_error(r2),
        "mse_minmax": float(np.mean(row.mse_minmax)),
        "targets": row.mean_errors().drop(index="mean").to_dict(orient="index"),
        "paper": PAPER.get((row.model, row.augmentation)),
        "preset": row.preset,
        "seconds": round(sum(row.seconds), 1),
        "best_epochs": [curve["best_epoch"] for curve in row.curves],
    }

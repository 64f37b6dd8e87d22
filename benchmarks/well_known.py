"""Clusters whose parameters every astronomer knows, estimated by a model that has not seen them.

    python benchmarks/well_known.py --members members.parquet --clusters clusters.csv

Trains ``ConformalRegressor(reference_pipeline())`` on all clusters but the well-known ones, and
prints their estimates with intervals beside the published values (also as a Markdown table), and
draws their diagrams. About five minutes on 2 cores.
"""

import argparse
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from skcluster import ConformalRegressor
from skcluster.estimation import estimate
from skcluster.inference import describe_cluster
from skcluster.io import read_clusters
from skcluster.pipelines import reference_pipeline
from skcluster.plotting import CMDDisplay

#: Their names in catalogues, and what they are called.
NAMES = {
    "Melotte_25": "Hyades",
    "Melotte_22": "Pleiades",
    "NGC_2632": "Praesepe",
    "Melotte_20": "α Persei",
    "IC_2602": "θ Carinae",
    "Blanco_1": "ζ Sculptoris",
    "NGC_869": "h Persei",
    "NGC_884": "χ Persei",
    "NGC_752": "NGC 752",
    "NGC_2682": "M 67",
    "NGC_188": "NGC 188",
}
TARGETS = {"log_age": "log age (dex)", "a_v": "A_V (mag)", "distance_kpc": "distance (kpc)"}


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Options from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--members", type=Path, required=True, metavar="FILE")
    parser.add_argument("--clusters", type=Path, required=True, metavar="FILE")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=Path("out/well_known"), metavar="FOLDER")
    return parser.parse_args(arguments)


def markdown(table: pd.DataFrame, y: pd.DataFrame) -> str:
    """Estimates, intervals and published values side by side."""
    heads = [f"{text}, {what}" for text in TARGETS.values() for what in ("estimate", "published")]
    lines = [["cluster", "stars", *heads], ["---"] * (2 + len(heads))]
    for name, row in table.iterrows():
        called, catalogued = NAMES[str(name)], str(name).replace("_", " ")
        named = called if called == catalogued else f"{called} ({catalogued})"
        line = [named, str(row["n_stars"])]
        for target in TARGETS:
            digits = 3 if target == "distance_kpc" else 2
            low, high = row[f"{target}_lower"], row[f"{target}_upper"]
            line += [
                f"{row[target]:.{digits}f} ({low:.{digits}f} to {high:.{digits}f})",
                f"{float(y[target][str(name)]):.{digits}f}",
            ]
        lines.append(line)
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def main(arguments: list[str] | None = None) -> pd.DataFrame:
    """Train, estimate, print, draw."""
    options = parse(arguments)
    X, y = read_clusters(options.members, labels=options.clusters)
    known = [name for name in NAMES if name in X.index]
    if not known:
        raise SystemExit(f"{options.members} holds none of {', '.join(NAMES)}.")
    missing = [name for name in NAMES if name not in known]
    if missing:
        print(f"Not in {options.members.name}: {', '.join(missing)}")
    others = ~X.index.isin(known)
    model = ConformalRegressor(
        reference_pipeline(random_state=options.seed),
        domain=describe_cluster,
        random_state=options.seed,
    )
    model.fit(X[others], y[others])
    table = estimate(X.loc[known], model)
    text = markdown(table, y)
    print(text)
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / "well_known.md").write_text(f"{text}\n")
    columns = -(-len(known) // 2)
    figure = Figure(figsize=(3.6 * columns, 8.6), layout="constrained")
    for axes, name in zip(figure.subplots(2, columns, squeeze=False).ravel(), known, strict=False):
        CMDDisplay.from_estimator(model, X, cluster=name, ax=axes, colorbar=False)
        axes.set_title(NAMES[name])
    figure.savefig(options.output / "well_known.png", dpi=110)
    return table


if __name__ == "__main__":
    main()

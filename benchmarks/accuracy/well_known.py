"""Estimates of well-known clusters by models that were trained without them.

    python benchmarks/accuracy/well_known.py --members members.parquet --clusters clusters.csv

Fits ``reference_pipeline()`` and isochrones alone to all clusters except the well-known ones.
Prints published ages and metallicities with the estimates of the networks, of the posterior with
its intervals, and of isochrones alone, and with the values of the catalogue used for training;
also as Markdown, with sources; then ages and A_V of the posterior with the published [Fe/H] ± 0.05
given beside those without. Plots the diagrams of the clusters, and that of M 67 with the
isochrones of networks and posterior. With ``--references``, it uses models that were saved by
``train_model.py``; each cluster is estimated by the model that was trained without it.
"""

import argparse
import json
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from accuracy_report import rmse
from matplotlib.figure import Figure
from PIL import Image
from references import TARGETS, kept_references, parser_of, sample
from well_known_clusters import CLUSTERS, Known

from skcluster.inference import IsochronePosterior
from skcluster.isochrones import isochrone
from skcluster.pipelines import reference_pipeline
from skcluster.plotting import CMDDisplay

#: Columns of ages to compare with published ones.
METHODS = ("networks", "posterior", "isochrones alone", "catalogue")
M67 = "NGC_2682"
#: Standard error of the published [Fe/H] where they are given (dex).
FE_H_ERROR = 0.05
#: Isochrones alone learn a few numbers from every so many-th cluster.
EVERY = 8


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Options from the command line."""
    return parser_of(__doc__, "well_known").parse_args(arguments)


def estimates(model: Any, X: Any) -> pd.DataFrame:
    """What a posterior and its networks say: values, and ends of intervals of 68 per cent.

    Columns that start with ``given_`` are those with the published [Fe/H] given.
    """
    table = said(model, X)
    fe_h = published()["fe_h"].reindex(X.index).dropna()
    if len(fe_h):
        given = pd.DataFrame({"metallicity": fe_h, "metallicity_error": FE_H_ERROR})
        given = said(model, X.loc[fe_h.index], given.rename_axis("cluster"))
        table = table.join(given.add_prefix("given_"))
    return table


def said(model: Any, X: Any, priors: Any = None) -> pd.DataFrame:
    """Values, intervals and flags, with what is known from elsewhere."""
    distribution = model.predict_distribution(X, priors)
    mean, ends = distribution.predict(), distribution.interval(0.68)
    table = pd.DataFrame(index=X.index)
    for i, target in enumerate(distribution.targets):
        table[target] = mean[:, i]
        table[f"{target}_lower"], table[f"{target}_upper"] = ends[:, i].T
    if model.estimator_ is not None:
        networks = model.estimator_.predict(X)
        for target, column in zip(TARGETS, networks.T, strict=True):
            table[f"networks_{target}"] = column
        spread = [posterior.potential.prior.spread[0] for posterior in distribution.posteriors]
        table["networks_log_age_error"] = spread
    table["n_stars"] = distribution.n_used
    table["flag"] = [
        "; ".join(text for text, doubtful in distribution.flags.items() if doubtful[i])
        for i in range(len(X))
    ]
    return table


def measure(X: Any, y: pd.DataFrame, names: list[str], options: argparse.Namespace) -> pd.DataFrame:
    """Estimates of the clusters by models that have not seen them, with published values."""
    others = ~X.index.isin(names)
    if options.references:
        parts = [
            estimates(model, X.loc[[name for name in names if name in unseen]])
            for model, unseen in kept_references(options.references)
            if set(names) & set(unseen)
        ]
        table = pd.concat(parts).loc[names]
    else:
        model = reference_pipeline(random_state=options.seed, n_jobs=2)
        table = estimates(model.fit(X[others], y[others]), X.loc[names])
    alone = IsochronePosterior(random_state=options.seed, n_jobs=2)
    alone.fit(X[others][::EVERY], y[others][::EVERY])
    isochrones = estimates(alone, X.loc[names])
    return table.assign(
        isochrones_log_age=isochrones["log_age"],
        isochrones_metallicity=isochrones["metallicity"],
        catalogue_log_age=y.loc[names, "log_age"],
    ).join(published().add_prefix("published_"))


def published() -> pd.DataFrame:
    """Values of the papers, NaN where there is none."""
    values = {
        known.name: [known.log_age, known.fe_h, known.a_v, known.distance_kpc] for known in CLUSTERS
    }
    columns = ["log_age", "fe_h", "a_v", "distance_kpc"]
    return pd.DataFrame.from_dict(values, orient="index", columns=columns, dtype=float)


def summary(table: pd.DataFrame) -> pd.DataFrame:
    """Root mean squares and means of differences from published values."""
    ages = dict(
        zip(
            METHODS,
            ("networks_log_age", "log_age", "isochrones_log_age", "catalogue_log_age"),
            strict=True,
        )
    )
    pairs = [("log age", name, column, "published_log_age") for name, column in ages.items()]
    given = "posterior, [Fe/H] given"
    has_given = table.drop(index=table.index[table["given_log_age"].isna()])
    pairs += [
        ("log age", "posterior, same clusters", "same_log_age", "published_log_age"),
        ("log age", given, "given_log_age", "published_log_age"),
        ("A_V", "posterior, same clusters", "same_a_v", "published_a_v"),
        ("A_V", given, "given_a_v", "published_a_v"),
        ("[Fe/H]", "posterior", "metallicity", "published_fe_h"),
        ("[Fe/H]", "isochrones alone", "isochrones_metallicity", "published_fe_h"),
        ("A_V", "networks", "networks_a_v", "published_a_v"),
        ("A_V", "posterior", "a_v", "published_a_v"),
    ]
    table = table.join(has_given[["log_age", "a_v"]].add_prefix("same_"))
    lines = []
    for what, method, estimated, published in pairs:
        difference = (table[estimated] - table[published]).dropna().to_numpy()
        lines.append(
            {
                "parameter": what,
                "method": method,
                "clusters": len(difference),
                "RMS difference": rmse(difference),
                "mean difference": f"{difference.mean():+.3f}",
                "median |difference|": f"{np.median(np.abs(difference)):.3f}",
            }
        )
    has_solar = table["published_fe_h"].notna()
    zero = table.loc[has_solar, "published_fe_h"].to_numpy()
    lines.append(
        {
            "parameter": "[Fe/H]",
            "method": "solar for all",
            "clusters": len(zero),
            "RMS difference": rmse(zero),
            "mean difference": f"{-zero.mean():+.3f}",
            "median |difference|": f"{np.median(np.abs(zero)):.3f}",
        }
    )
    return pd.DataFrame(lines)


def _row(known: Known, row: Any) -> list[str]:
    interval = partial(_interval, row)
    source = known.age_source
    if known.fe_h_source and known.fe_h_source not in source:
        source += f"; {known.fe_h_source}"
    return [
        known.called,
        f"{row['published_log_age']:.2f}",
        f"{row['catalogue_log_age']:.2f}",
        f"{row['networks_log_age']:.2f} ± {row['networks_log_age_error']:.2f}",
        interval("log_age"),
        f"{row['log_age'] - row['published_log_age']:+.2f}",
        f"{row['isochrones_log_age']:.2f}",
        "" if known.fe_h is None else f"{known.fe_h:+.2f}",
        interval("metallicity", "+"),
        "" if known.a_v is None else f"{known.a_v:.2f}",
        interval("a_v"),
        "" if known.distance_kpc is None else f"{known.distance_kpc:.3f}",
        f"{row['distance_kpc']:.3f}",
        row["flag"],
        source,
    ]


def _interval(row: Any, target: str, sign: str = "") -> str:
    low, value, high = (row[f"{target}{end}"] for end in ("_lower", "", "_upper"))
    return f"{value:{sign}.2f} ({low:{sign}.2f} to {high:{sign}.2f})"


def markdown(table: pd.DataFrame) -> str:
    """Estimates, intervals and published values side by side."""
    heads = [
        "cluster", "log age, published", "catalogue", "networks", "posterior", "difference",
        "isochrones alone", "[Fe/H], published", "posterior", "A_V, published", "posterior",
        "kpc, published", "posterior", "flag", "sources of age and [Fe/H]",
    ]  # fmt: skip
    rows = [_row(known, table.loc[known.name]) for known in CLUSTERS if known.name in table.index]
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def given_markdown(table: pd.DataFrame) -> str:
    """Ages and A_V with the published [Fe/H] given, beside those without."""
    heads = [
        "cluster", "[Fe/H], given", "log age, published", "without", "with [Fe/H]",
        "A_V, published", "without", "with [Fe/H]",
    ]  # fmt: skip
    lines = [heads, ["---"] * len(heads)]
    for known in CLUSTERS:
        if known.name not in table.index or known.fe_h is None:
            continue
        row = table.loc[known.name]
        lines.append([known.called, f"{known.fe_h:+.2f}", f"{known.log_age:.2f}"])
        lines[-1] += [_interval(row, "log_age"), _interval(row, "given_log_age")]
        lines[-1] += ["" if known.a_v is None else f"{known.a_v:.2f}"]
        lines[-1] += [_interval(row, "a_v"), _interval(row, "given_a_v")]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def inside(table: pd.DataFrame) -> str:
    """How many published values lie inside the intervals of 68 per cent."""
    counts = []
    for target, value in (("log_age", "log_age"), ("a_v", "a_v"), ("metallicity", "fe_h")):
        rows = table[table[f"published_{value}"].notna()]
        true = rows[f"published_{value}"]
        hits = true.between(rows[f"{target}_lower"], rows[f"{target}_upper"])
        counts.append(f"{target} {hits.sum()} of {len(hits)}")
    return f"Published values inside the 68 % intervals: {', '.join(counts)}"


def draw_all(X: Any, table: pd.DataFrame, file: Path) -> None:
    """The diagram of each cluster, with the isochrone of its posterior."""
    columns = 7
    figure = Figure(figsize=(3.2 * columns, 3.8 * -(-len(table) // columns)), layout="constrained")
    called = {known.name: known.called for known in CLUSTERS}
    places = figure.subplots(-(-len(table) // columns), columns, squeeze=False).ravel()
    for axes, (name, row) in zip(places, table.iterrows(), strict=False):
        CMDDisplay.from_clusters(
            X, row[[*TARGETS, "metallicity"]], cluster=name, ax=axes, colorbar=False, legend=False
        )
        axes.set_title(f"{called[str(name)]}: {row['log_age']:.2f}")
    for axes in places[len(table) :]:
        axes.remove()
    figure.savefig(file, dpi=80)


def draw_m67(X: Any, row: Any, file: Path) -> None:
    """M 67 with the isochrones of what the networks and the posterior say of it."""
    networks = row[[f"networks_{target}" for target in TARGETS]].to_numpy(float)
    figure = Figure(figsize=(8, 6), layout="constrained")
    axes = figure.subplots()
    display = CMDDisplay.from_clusters(
        X, row[[*TARGETS, "metallicity"]], cluster=M67, ax=axes, colorbar=False, legend=False
    )
    display.stars_.set(array=None, facecolor="#777777", sizes=[9])
    assert display.isochrone_ is not None
    display.isochrone_.set(
        linewidth=2,
        label=f"posterior: log age {row['log_age']:.2f}, [M/H] {row['metallicity']:+.2f}",
    )
    curve = isochrone(networks[0], a_v=networks[1], distance_kpc=networks[2])
    axes.plot(
        curve["bp_rp"],
        curve["phot_g_mean_mag"],
        color="#0072B2",
        linewidth=2,
        linestyle="--",
        label=f"networks alone: log age {networks[0]:.2f}",
    )
    display.ax_.set(title="M 67, left out of the training", xlim=(0.1, 2.3), ylim=(18.2, 8))
    axes.legend(loc="lower left", frameon=False)
    figure.savefig(file, dpi=150)
    # In few colours the file is small enough to keep.
    with Image.open(file) as picture:
        few = picture.convert("RGB").quantize(32, dither=Image.Dither.NONE)
    few.save(file, optimize=True)


def main(arguments: list[str] | None = None) -> pd.DataFrame:
    """Train, estimate, print, draw."""
    options = parse(arguments)
    X, y = sample(options)
    names = [known.name for known in CLUSTERS if known.name in X.index]
    if not names:
        raise SystemExit(f"{options.members} holds none of the well-known clusters.")
    missing = [known.name for known in CLUSTERS if known.name not in names]
    if missing:
        print(f"Not in {options.members.name}: {', '.join(missing)}")
    table = measure(X, y, names, options)
    text, total = markdown(table), summary(table)
    given = given_markdown(table)
    print(f"{text}\n\nWith [Fe/H] ± {FE_H_ERROR} given\n\n{given}\n\n{inside(table)}")
    print(f"\nDifferences from published values\n\n{total.to_string(index=False)}")
    options.output.mkdir(parents=True, exist_ok=True)
    (options.output / "well_known.md").write_text(f"{text}\n\n{given}\n")
    table.to_csv(options.output / "well_known.csv")
    record = json.dumps(total.to_dict("records"), indent=2)
    (options.output / "well_known.json").write_text(f"{record}\n")
    draw_all(X, table, options.output / "well_known.png")
    if M67 in names:
        draw_m67(X, table.loc[M67], options.output / "m67.png")
    return table


if __name__ == "__main__":
    main()

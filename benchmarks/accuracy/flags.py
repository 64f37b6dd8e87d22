r"""How many lists are flagged, of held-out clusters and of lists that are not one cluster.

    python benchmarks/accuracy/flags.py --members members.parquet --clusters clusters.csv \
        --field field_stars.parquet

Fits ``reference_pipeline()`` on each half of the clusters. The lists are made of the other half, or
of the held-out clusters of models saved by ``train_model.py``, with ``--references``: the clusters
as they are; with 10, 30 and 50 per cent real field stars; corrupted by ``ClusterCorruptor``; and
those of each kind of ``ClusterScrambler``. Prints the percentage of flagged lists, also of those
whose 95 per cent intervals hold, and with which flags; the coverage of these intervals for lists
without a flag; the well-known clusters that are flagged; and the share of lists that are clusters
in each tenth of the reliability.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from references import TARGETS, parser_of, references, sample
from sklearn.base import clone
from well_known_clusters import CLUSTERS

from skcluster.pipelines import reference_pipeline

sys.path.append(str(Path(__file__).parents[1] / "robustness"))

from robustness_lists import SPOILS, Contaminants

WELL_KNOWN = [known.name for known in CLUSTERS]
HITS = [f"{name} in 95%" for name in TARGETS]
CLEAN, CORRUPTED = "clusters as they are", "corrupted copies"
#: Ways to degrade lists, of `robustness_lists`, that need real field stars.
FIELD = ["field-10", "field-30", "field-50"]


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Options from the command line."""
    parser = parser_of(__doc__, "flags")
    parser.add_argument("--field", type=Path, metavar="FILE", help="real field stars")
    parser.add_argument("--every", type=int, default=1, help="use every N-th held-out cluster")
    parser.add_argument(
        "--draws", type=int, default=1, help="number of lists of each kind made of each cluster"
    )
    return parser.parse_args(arguments)


def measure(model: Any, X: Any, y: pd.DataFrame | None) -> pd.DataFrame:
    """Flags, reliability and hits of intervals, one row per list."""
    distribution = model.predict_distribution(X)
    flags = pd.DataFrame(dict(distribution.flags), index=X.index)
    found = flags.assign(flagged=flags.any(axis=1), reliability=distribution.reliability)
    if y is not None:
        ends = distribution.interval(0.95)[:, : len(TARGETS)]
        hits = (ends[..., 0] <= y.to_numpy()) & (y.to_numpy() <= ends[..., 1])
        found[HITS] = hits
    return found


def lists_of(X: Any, y: pd.DataFrame, field: Contaminants | None, seed: int) -> Any:
    """Kinds of lists, made of clusters; with labels if they are clusters."""
    yield CLEAN, X, y
    for name in FIELD:
        if field is None:
            break
        lists = SPOILS[name].apply(X, field, np.random.default_rng(seed))
        yield SPOILS[name].text, lists, y.loc[lists.index]
    pipeline = reference_pipeline(random_state=seed)
    lists, labels = clone(pipeline.resampler).fit_resample(X, y)
    yield CORRUPTED, lists.iloc[len(X) :], labels.iloc[len(X) :]
    scrambler = clone(pipeline.scrambler)
    lists, _ = scrambler.fit_resample(X, y)
    for kind in sorted(set(scrambler.kinds_) - {""}):
        yield kind, lists.iloc[np.flatnonzero(scrambler.kinds_ == kind)], None


def summary(found: pd.DataFrame) -> dict[str, Any]:
    """One line of the table."""
    line: dict[str, Any] = {
        "lists": len(found),
        "flagged (%)": round(100 * found["flagged"].mean(), 1),
    }
    if HITS[0] in found:
        holds = found[HITS].all(axis=1)
        good = found[~found["flagged"]]
        line["flagged where the intervals hold (%)"] = round(
            100 * found.loc[holds, "flagged"].mean(), 1
        )
        line["95 % intervals without a flag"] = " / ".join(
            f"{100 * share:.0f}" for share in good[HITS].mean()
        )
    reasons = found.drop(columns=["flagged", "reliability", *HITS], errors="ignore")
    return line | {str(name): int(reasons[name].sum()) for name in reasons}


def tenths(found: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Share of clusters in each tenth of the reliability, if half of all lists are.

    The lists are those that the reliability is learned from: clusters, corrupted copies whose
    intervals hold, and scrambled lists.
    """
    copies = found[CORRUPTED]
    parts = {kind: part for kind, part in found.items() if HITS[0] not in part}
    parts |= {CLEAN: found[CLEAN], CORRUPTED: copies[copies[HITS].all(axis=1)]}
    table = pd.concat(parts, names=["kind"]).reset_index("kind").dropna(subset="reliability")
    table["is_cluster"] = table["kind"].isin([CLEAN, CORRUPTED])
    # Several draws of copies count as one, like the clusters as they are.
    table["weight"] = np.where(table["kind"] == CORRUPTED, len(found[CLEAN]) / len(copies), 1.0)
    table["weight"] *= 0.5 / table.groupby("is_cluster")["weight"].transform("sum")
    tenth = np.minimum((10 * table["reliability"]).astype(int), 9)
    lines = {}
    for k in np.unique(tenth):
        part = table[tenth == k]
        share = np.average(part["is_cluster"], weights=part["weight"])
        counted = part["weight"].sum() ** 2 / (part["weight"] ** 2).sum()
        lines[f"{k / 10:.1f} to {(k + 1) / 10:.1f}"] = {
            "lists": len(part),
            "mean reliability (%)": round(
                100 * np.average(part["reliability"], weights=part["weight"])
            ),
            "clusters (%)": round(100 * share),
            "standard error": round(100 * np.sqrt(share * (1 - share) / counted)),
        }
    return pd.DataFrame(lines).T


def main(arguments: list[str] | None = None) -> None:
    """Fit the models, make the lists, and print the tables."""
    options = parse(arguments)
    X, y = sample(options)
    field = Contaminants.read(X, options.field) if options.field else None
    parts: dict[str, list[pd.DataFrame]] = {}
    models = references(X, y, options.references, 2, random_state=options.seed, n_jobs=2)
    for i, (model, unseen) in enumerate(models):
        some = unseen[:: options.every]
        for draw in range(options.draws):
            seed = options.seed + i + 100 * draw
            for kind, lists, labels in lists_of(X.loc[some], y.loc[some], field, seed):
                if kind != CLEAN or draw == 0:
                    parts.setdefault(kind, []).append(measure(model, lists, labels))
    found = {kind: pd.concat(measured) for kind, measured in parts.items()}
    table = pd.DataFrame({kind: summary(measured) for kind, measured in found.items()}).T
    print(table.to_string(), "\n")
    known = found[CLEAN][found[CLEAN].index.isin(WELL_KNOWN)]
    doubtful = list(known.index[known["flagged"]])
    well_known = f"well-known clusters: {len(doubtful)} of {len(known)} flagged"
    print(well_known, f"({', '.join(doubtful) or 'none'})", "\n")
    calibration = tenths(found)
    print(calibration.to_string())
    options.output.mkdir(parents=True, exist_ok=True)
    record = {
        "lists": table.to_dict("index"),
        "well-known": {"flagged": doubtful, "clusters": len(known)},
        "reliability": calibration.to_dict("index"),
    }
    (options.output / "flags.json").write_text(json.dumps(record, indent=2, default=str) + "\n")


if __name__ == "__main__":
    main()

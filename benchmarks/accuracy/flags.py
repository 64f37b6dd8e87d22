"""Flags of lists that are not clusters, and of held-out clusters.

    python benchmarks/accuracy/flags.py --members members.parquet --clusters clusters.csv

Fits ``reference_pipeline()`` on half of the clusters, and makes degraded lists from the stars of
the other half: random stars of all clusters; a cluster with five times as many contaminants; two
clusters with the same name; G−RP instead of BP−RP. Prints how many lists of each kind have each
flag, the false alarms for the unchanged clusters, and the estimate of M 67 with five times as many
contaminants. With ``--references``, it uses models that were saved by ``train_model.py`` or
``accuracy.py --save-references``, each for its held-out clusters.
"""

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from references import kept_references

from skcluster.clusters import stars_of
from skcluster.clusters._stars import clusters_from_flat
from skcluster.io import read_clusters
from skcluster.pipelines import reference_pipeline
from skcluster.schema import CLUSTER_PARAMETERS

TARGETS = list(CLUSTER_PARAMETERS)
M67 = "NGC_2682"
N_RANDOM = 400
#: Contaminants added per member.
N_ADDED = 5
COLUMNS = (
    "phot_g_mean_mag",
    "bp_rp",
    "phot_rp_mean_mag",
    "parallax",
    "parallax_error",
    "probability",
)
Rows = npt.NDArray[np.integer[Any]]
Spoil = Callable[["Sample", int, np.random.Generator], Rows]


class Sample:
    """The stars of some clusters, to make lists of.

    Parameters
    ----------
    X : clusters
        Of which stars are taken.
    """

    def __init__(self, X: Any) -> None:
        stars = stars_of(X)
        self.columns = {name: stars[name] for name in COLUMNS if name in stars}
        self.names, self.offsets = list(X.index), stars.offsets
        self.n_stars = len(stars)

    def rows(self, cluster: int) -> Rows:
        """Places of a cluster's stars."""
        return np.arange(self.offsets[cluster], self.offsets[cluster + 1])

    def clusters(self, lists: list[Rows], as_g_rp: bool = False) -> Any:
        """Clusters of stars by their places; with G−RP in place of the colour if wanted."""
        taken = {name: values[np.concatenate(lists)] for name, values in self.columns.items()}
        if as_g_rp:
            taken["bp_rp"] = taken["phot_g_mean_mag"] - taken["phot_rp_mean_mag"]
        offsets = np.cumsum([0, *map(len, lists)])
        return clusters_from_flat(taken, offsets, [f"list_{i}" for i in range(len(lists))])


def as_it_is(sample: Sample, cluster: int, rng: np.random.Generator) -> Rows:
    """The cluster's own stars."""
    return sample.rows(cluster)


def at_random(sample: Sample, cluster: int, rng: np.random.Generator) -> Rows:
    """Stars of all clusters."""
    return rng.integers(sample.n_stars, size=N_RANDOM)


def among_contaminants(sample: Sample, cluster: int, rng: np.random.Generator) -> Rows:
    """The cluster's stars and some of all clusters."""
    own = sample.rows(cluster)
    return np.append(own, rng.integers(sample.n_stars, size=N_ADDED * len(own)))


def with_another(sample: Sample, cluster: int, rng: np.random.Generator) -> Rows:
    """The cluster's stars and those of another one."""
    others = np.delete(np.arange(len(sample.names)), cluster)
    return np.append(sample.rows(cluster), sample.rows(rng.choice(others)))


KINDS: dict[str, Spoil] = {
    "cluster as it is": as_it_is,
    f"{N_RANDOM} random stars": at_random,
    f"{N_ADDED} × contaminants": among_contaminants,
    "two clusters": with_another,
    "G−RP as BP−RP": as_it_is,
}


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Options from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--members", type=Path, required=True, metavar="FILE")
    parser.add_argument("--clusters", type=Path, required=True, metavar="FILE")
    parser.add_argument(
        "--references", type=Path, metavar="FOLDER", help="saved models; see train_model.py"
    )
    parser.add_argument("--n-lists", type=int, default=100, help="lists of each kind")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--output", type=Path, default=Path("out/flags"), metavar="FOLDER")
    return parser.parse_args(arguments)


def models(X: Any, y: pd.DataFrame, options: argparse.Namespace) -> list[tuple[Any, list[str]]]:
    """Models, and the clusters that each has not seen; M 67 is among the latter."""
    if options.references:
        return kept_references(options.references)
    order = np.random.default_rng(options.seed).permutation(len(X))
    train = [i for i in order if X.index[i] != M67][: len(X) // 2]
    model = reference_pipeline(random_state=options.seed, n_jobs=2)
    unseen = X.index.delete(train)
    return [(model.fit(X.iloc[train], y.iloc[train]), list(unseen))]


def alarms(model: Any, lists: Any) -> pd.DataFrame:
    """One row per list, one column per flag."""
    return pd.DataFrame(dict(model.predict_distribution(lists).flags))


def measure(sample: Sample, model: Any, n_lists: int, seed: int) -> dict[str, pd.DataFrame]:
    """Doubts about lists of each kind; all clusters are looked at as they are."""
    rng = np.random.default_rng(seed)
    chosen = rng.permutation(len(sample.names))
    found = {}
    for kind, spoil in KINDS.items():
        is_spoilt = kind != "cluster as it is"
        some = chosen[:n_lists] if is_spoilt else chosen
        lists = [spoil(sample, cluster, rng) for cluster in some]
        found[kind] = alarms(model, sample.clusters(lists, as_g_rp=kind.startswith("G−RP")))
    return found


def counts(found: pd.DataFrame) -> dict[str, Any]:
    """Number and percentage of flagged lists, and number of lists with each flag."""
    stars = found.drop(columns="outside domain", errors="ignore")
    return {
        "lists": len(found),
        "flagged": int(found.any(axis=1).sum()),
        "flagged (%)": round(100 * found.any(axis=1).mean(), 1),
        "but for the domain (%)": round(100 * stars.any(axis=1).mean(), 1),
        **{str(doubt): int(found[doubt].sum()) for doubt in found},
    }


def contaminated_m67(sample: Sample, model: Any, seed: int) -> str:
    """What is said of M 67 alone and among contaminants."""
    cluster = sample.names.index(M67)
    own, spoilt = (
        kind(sample, cluster, np.random.default_rng(seed))
        for kind in (as_it_is, among_contaminants)
    )
    distribution = model.predict_distribution(sample.clusters([own, spoilt]))
    networks = model.estimator_.predict(sample.clusters([own, spoilt]))[:, 0]
    ages = distribution.predict()[:, 0]
    doubts = [name for name, doubtful in distribution.flags.items() if doubtful[1]]
    return (
        f"M 67: log age {ages[0]:.2f} (networks {networks[0]:.2f}); among {N_ADDED} times as "
        f"many contaminants {ages[1]:.2f} (networks {networks[1]:.2f}), flagged: "
        f"{'; '.join(doubts) or 'nothing'}"
    )


def main(arguments: list[str] | None = None) -> None:
    """Fit the models, degrade the lists, and print the table."""
    options = parse(arguments)
    X, y = read_clusters(options.members, labels=options.clusters)
    parts: dict[str, list[pd.DataFrame]] = {kind: [] for kind in KINDS}
    m67 = ""
    fitted = models(X, y[TARGETS], options)
    for i, (model, unseen) in enumerate(fitted):
        sample = Sample(X.loc[unseen])
        n_lists = -(-options.n_lists // len(fitted))
        for kind, found in measure(sample, model, n_lists, options.seed + i).items():
            parts[kind].append(found)
        if M67 in unseen:
            m67 = contaminated_m67(sample, model, options.seed)
    table = pd.DataFrame(
        {"list": kind, **counts(pd.concat(found))} for kind, found in parts.items()
    )
    print(table.set_index("list").astype(object).T.to_string(), "\n")
    print(m67)
    options.output.mkdir(parents=True, exist_ok=True)
    record = {"lists": table.to_dict("records"), "m67": m67}
    (options.output / "flags.json").write_text(json.dumps(record, indent=2) + "\n")


if __name__ == "__main__":
    main()

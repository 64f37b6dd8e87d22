"""Members found in real cones of the sky, compared with published lists.

    python benchmarks/membership/membership.py --cones cones --members members.parquet

Runs ``find_members`` blindly on every cone of a folder (``cones.csv`` and a file per cone) and
prints purity, completeness and F1 against two sets of published lists, for stars with G < 18; how
often a cluster is claimed in fields that hold none (cones whose positions are permuted among the
stars, parts of wide cones away from their cluster, simulated fields); which injected clusters are
recovered; how reliable probabilities are; the accuracy of estimates from the bare cone and from the
published list; and CPU time and memory. ``--parts`` selects some of these, ``--every`` a subset of
the cones. HDBSCAN of scikit-learn, on the five scaled coordinates, runs beside it, and so does
ASteCA's fastMP, which is given the centre of the cone, if ``--fastmp-python`` is the Python
interpreter of an environment with ASteCA; ``find_members`` with this centre is another
row. With ``--references``, models that were saved by ``train_model.py`` estimate the clusters that
they have not seen, and the coverage of their intervals is printed as well.
"""

import argparse
import resource
import subprocess
import sys
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree
from sklearn.cluster import HDBSCAN
from sklearn.preprocessing import StandardScaler

from skcluster import estimate, load_model
from skcluster.datasets import simulate_fields
from skcluster.gaia import parallax_error, proper_motion_error
from skcluster.membership import find_members

sys.path.append(str(Path(__file__).parents[1] / "accuracy"))

from references import kept_references

PARTS = ("lists", "empty", "injected", "reliability", "parameters", "speed")
FAINT = 18.0
#: Lists with fewer members in a cone are not compared.
LEAST_MEMBERS = 15
#: Cones that are wide enough for parts of them to be away from the cluster, and have no other one.
WIDE = (
    "NGC_2682",
    "Ruprecht_147",
    "NGC_103",
    "Ruprecht_41",
    "Ruprecht_42",
    "Ruprecht_44",
    "Haffner_14",
    "Blanco_1",
)
POSITIONS = ["ra", "dec"]


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Options from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cones", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("--members", type=Path, required=True, metavar="FILE")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--every", type=int, default=1, metavar="N", help="only each N-th cone")
    parser.add_argument("--fastmp-python", type=Path, metavar="PATH", help="Python with ASteCA")
    parser.add_argument(
        "--references", type=Path, metavar="FOLDER", help="models of train_model.py"
    )
    parser.add_argument("--output", type=Path, default=Path("out/membership"), metavar="FOLDER")
    return parser.parse_args(arguments)


def cones(options: argparse.Namespace, *, complete: bool = True) -> Iterator[tuple[Any, Any]]:
    """Rows of the list of cones, and their stars; complete ones are no truncated downloads."""
    table = pd.read_csv(options.cones / "cones.csv").fillna({"note": ""})
    if complete:
        table = table[~table["note"].str.contains("truncated|TOP")]
    for row in table.iloc[:: options.every].itertuples():
        yield row, pd.read_parquet(options.cones / row.file)


def directions(ra: Any, dec: Any) -> np.ndarray:
    """Unit vectors of positions in degrees."""
    a, d = np.radians(np.asarray(ra, float)), np.radians(np.asarray(dec, float))
    return np.column_stack([np.cos(d) * np.cos(a), np.cos(d) * np.sin(a), np.sin(d)])


def published(row: Any, stars: pd.DataFrame, options: argparse.Namespace) -> dict[str, Any]:
    """Which stars of a cone are in each list, by identifier, or else by position."""
    own = pd.read_parquet(options.members, filters=[("Cluster", "==", row.cluster)])
    cg = pd.read_parquet(
        options.cones / "reference_members.parquet", filters=[("cluster", "==", row.cluster)]
    )
    cg = cg[cg["probability"] >= 0.5]
    bright = stars["phot_g_mean_mag"].to_numpy() < FAINT
    if row.source_ids:
        lists: dict[str, Any] = {
            "open_clusters": stars["source_id"].isin(own["Source"]),
            "CG2018": stars["source_id"].isin(cg["source_id"]),
        }
    else:
        tree = cKDTree(directions(stars["ra"], stars["dec"]))
        distance, at = tree.query(directions(own["RA_ICRS"], own["DE_ICRS"]))
        matched = np.zeros(len(stars), bool)
        matched[at[distance < np.radians(0.6 / 3600)]] = True
        lists = {"open_clusters": matched}
    lists = {name: np.asarray(listed, bool) & bright for name, listed in lists.items()}
    return {name: listed for name, listed in lists.items() if listed.sum() >= LEAST_MEMBERS}


def agreement(selected: np.ndarray, listed: np.ndarray) -> dict[str, float]:
    """Purity, completeness and F1 of selected stars."""
    both = (selected & listed).sum()
    return {
        "purity": both / max(selected.sum(), 1),
        "completeness": both / listed.sum(),
        "F1": 2 * both / (selected.sum() + listed.sum()),
    }


def probabilities(stars: pd.DataFrame, **hints: Any) -> tuple[np.ndarray, pd.Series]:
    """Membership probabilities of the stars of a cone, and the row of its cluster."""
    numbered = stars.assign(row_number=np.arange(len(stars)))
    found, clusters = find_members({"cone": numbered}, **hints)
    chance = np.zeros(len(stars))
    chance[found["row_number"].to_numpy(int)] = found["probability"].fillna(0)
    return chance, clusters.iloc[0]


def hdbscan(stars: pd.DataFrame) -> np.ndarray:
    """Members according to HDBSCAN: its densest group in proper motion and parallax."""
    columns = [*POSITIONS, "pmra", "pmdec", "parallax"]
    whole = (stars[columns].notna().all(axis=1) & (stars["phot_g_mean_mag"] < FAINT)).to_numpy()
    scaled = StandardScaler().fit_transform(stars.loc[whole, columns])
    label = HDBSCAN(
        min_cluster_size=10, cluster_selection_method="leaf", allow_single_cluster=True, copy=True
    ).fit_predict(scaled)
    members = np.zeros(len(stars), bool)
    groups = [group for group in np.unique(label) if group >= 0]
    if groups:
        # Number of stars per volume of proper motion and parallax.
        density = [
            (label == group).sum() / scaled[label == group][:, 2:].std(axis=0).prod()
            for group in groups
        ]
        members[whole] = label == groups[int(np.argmax(density))]
    return members


def fastmp(options: argparse.Namespace) -> dict[str, np.ndarray]:
    """Probabilities of fastMP for all stars of each cone, 0 where it fails, run in one process."""
    folder = options.output / "fastmp"
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    used = {}
    for row, stars in cones(options):
        name = row.file.removesuffix(".parquet")
        g = stars["phot_g_mean_mag"]
        typical = {
            "pmra_error": proper_motion_error(g),
            "pmdec_error": proper_motion_error(g),
            "parallax_error": parallax_error(g),
        }
        missing = {key: value for key, value in typical.items() if key not in stars}
        five = stars.assign(**missing)[[*POSITIONS, "pmra", "pmdec", "parallax", *typical]]
        used[name] = (five.notna().all(axis=1) & (g < FAINT)).to_numpy()
        columns = {key: five.loc[used[name], key].to_numpy(float) for key in five}
        np.savez(folder / f"{name}.npz", centre=[row.ra, row.dec], **columns)
    worker = Path(__file__).with_name("fastmp.py")
    subprocess.run([options.fastmp_python, worker, folder], check=True)
    chances = {}
    for name, stars_used in used.items():
        chances[name] = np.zeros(len(stars_used))
        file = folder / f"{name}.npy"
        if file.exists():
            chances[name][stars_used] = np.nan_to_num(np.load(file))
    return chances


def compare_lists(options: argparse.Namespace) -> pd.DataFrame:
    """Agreement with published lists per cone and list."""
    rows = []
    others = fastmp(options) if options.fastmp_python else {}
    for row, stars in cones(options):
        name = row.file.removesuffix(".parquet")
        started = time.process_time()
        chance, cluster = probabilities(stars)
        seconds = time.process_time() - started
        bright = (stars["phot_g_mean_mag"] < FAINT).to_numpy()
        hinted, _ = probabilities(stars, center=(row.ra, row.dec))
        methods = {
            "find_members": (chance >= 0.5) & bright,
            "find_members, centre given": (hinted >= 0.5) & bright,
        }
        if name in others:
            methods["fastMP, centre given"] = (others[name] >= 0.5) & bright
        if len(stars) < 20_000:
            methods["HDBSCAN"] = hdbscan(stars)
        common = {
            "cone": name,
            "n_stars": len(stars),
            "seconds": seconds,
            "significance": cluster["significance"],
        }
        lists = published(row, stars, options)
        rows += [
            common | {"list": of, "method": method} | agreement(selected, listed)
            for of, listed in lists.items()
            for method, selected in methods.items()
        ]
        if len(lists) == 2:
            own, cg = lists.values()
            rows.append(common | {"list": "CG2018", "method": "open_clusters"} | agreement(own, cg))
        if not lists:
            rows.append(common | {"list": "none", "method": "find_members"})
    return pd.DataFrame(rows)


def print_lists(table: pd.DataFrame) -> None:
    """Print medians and tenth percentiles, and the share of real clusters that were found."""
    print(table[table["method"] == "find_members"].round(3).to_string(index=False))
    compared = table[table["list"] != "none"].groupby(["list", "method"])
    print(
        pd.DataFrame(
            {
                "cones": compared.size(),
                "purity": compared["purity"].median(),
                "completeness": compared["completeness"].median(),
                "F1 median": compared["F1"].median(),
                "F1 mean": compared["F1"].mean(),
                "F1 tenth percentile": compared["F1"].quantile(0.1),
            }
        )
        .round(3)
        .to_markdown()
    )
    own = table[table["method"] == "find_members"].drop_duplicates("cone")
    print(f"real clusters found: {own['significance'].notna().sum()} of {len(own)}")


def empty_fields(options: argparse.Namespace) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Fields without a cluster: their kind, their origin and their stars."""
    rng = np.random.default_rng(0)
    for row, stars in cones(options, complete=False):
        name = row.file.removesuffix(".parquet")
        mixed = stars.copy()
        mixed[POSITIONS] = stars[POSITIONS].to_numpy()[rng.permutation(len(stars))]
        yield "permuted cones", name, mixed
        if name not in WIDE:
            continue
        middle = stars[POSITIONS].median()
        x = (stars["ra"] - middle["ra"]) * np.cos(np.radians(middle["dec"]))
        y = stars["dec"] - middle["dec"]
        for angle in np.radians(np.arange(0, 360, 60)):
            at = 0.68 * row.radius_deg * np.array([np.cos(angle), np.sin(angle)])
            part = stars[np.hypot(x - at[0], y - at[1]) < 0.3 * row.radius_deg]
            if len(part) >= 200:
                yield "parts of wide cones", name, part
    X, _ = simulate_fields(60, n_members=0, n_field=2011, random_state=0)
    for name, stars in X["stars"].items():
        yield "simulated fields", name, stars


def search_empty(options: argparse.Namespace) -> pd.DataFrame:
    """Whether a cluster is claimed in fields without one."""
    rows = []
    for kind, name, stars in empty_fields(options):
        _, cluster = probabilities(stars)
        rows.append(
            {
                "kind": kind,
                "field": name,
                "n_stars": len(stars),
                "n_members": cluster["n_members"],
                "significance": cluster["significance"],
            }
        )
    table = pd.DataFrame(rows)
    claimed = table[table["significance"].notna()]
    print(claimed.round(2).to_string(index=False))
    counts = table.groupby("kind")["significance"].agg(fields="size", claimed="count")
    counts["answer no cluster"] = 1 - counts["claimed"] / counts["fields"]
    print(counts.round(3).to_markdown())
    return table


def inject(options: argparse.Namespace) -> pd.DataFrame:
    """Recovery of simulated clusters in parts of real cones from which members were taken out."""
    rows = []
    for row, stars in cones(options):
        name = row.file.removesuffix(".parquet")
        if name not in (*WIDE[:5], "NGC_2447_b", "NGC_7419"):
            continue
        chance, _ = probabilities(stars)
        keep = (chance < 0.01) & (stars["phot_g_mean_mag"] < FAINT).to_numpy()
        field = stars[keep & stars[["pmra", "pmdec", "parallax", "bp_rp"]].notna().all(axis=1)]
        middle, motion = field[POSITIONS].median(), field[["pmra", "pmdec"]]
        for n in (40, 100, 300):
            for kpc in (1.0, 3.0):
                X, _ = simulate_fields(
                    4,
                    n_members=n,
                    n_field=20,
                    radius=0.9 * row.radius_deg,
                    distance_kpc=kpc,
                    random_state=n,
                )
                for seed, members in enumerate(X["stars"]):
                    members = members[members["true_member"] == 1].copy()
                    at = members[POSITIONS].median()
                    stretch = np.cos(np.radians(at["dec"])) / np.cos(np.radians(middle["dec"]))
                    away = (members["ra"] - at["ra"] + 180) % 360 - 180
                    members["ra"] = middle["ra"] + away * stretch
                    members["dec"] += middle["dec"] - at["dec"]
                    near = (field["parallax"] - 1 / kpc).abs().nsmallest(50).index
                    aim = motion.loc[near].sample(1, random_state=seed).iloc[0]
                    members[["pmra", "pmdec"]] += aim - members[["pmra", "pmdec"]].median()
                    mixed = pd.concat([field.assign(true_member=0), members])
                    got, _ = probabilities(mixed)
                    true = mixed["true_member"].to_numpy() == 1
                    rows.append(
                        {"cone": name, "members": n, "kpc": kpc, "inside": true.sum()}
                        | agreement(got >= 0.5, true)
                    )
    table = pd.DataFrame(rows)
    table["recovered"] = table["F1"] > 0.5
    means = table.groupby(["members", "kpc"])[["recovered", "purity", "completeness", "F1"]]
    print(means.mean().round(2).to_markdown())
    return table


def reliability(options: argparse.Namespace) -> pd.DataFrame:
    """Share of true members among stars by probability, in simulated fields."""
    fields = [
        simulate_fields(120 // options.every, n_members=n, n_field=2000, random_state=n)[0]
        for n in (60, 150, 400)
    ]
    stars = pd.concat([find_members(X)[0] for X in fields])
    edges = [0, 0.01, 0.1, 0.3, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]
    groups = stars.groupby(pd.cut(stars["probability"], edges), observed=True)
    table = groups.agg(
        stars=("probability", "size"), mean=("probability", "mean"), members=("true_member", "mean")
    )
    print(table.round(3).to_markdown())
    rows: pd.DataFrame = table.reset_index()
    return rows


def parameters(options: argparse.Namespace) -> pd.DataFrame:
    """Estimates from bare cones and from the lists of CG2018, beside the published parameters."""
    labels = pd.read_csv(options.cones / "labels.csv", index_col="Cluster")
    numbers = labels[["AgeNN", "AVNN", "DistPc"]].apply(pd.to_numeric, errors="coerce")
    known = numbers.set_axis(["log_age", "a_v", "distance_kpc"], axis=1).dropna()
    known["distance_kpc"] /= 1000
    bare, listed, cluster = {}, {}, {}
    for row, stars in cones(options):
        cg = published(row, stars, options).get("CG2018")
        if cg is None or row.cluster not in known.index:
            continue
        chance, _ = probabilities(stars)
        if (chance >= 0.5).any():
            name = row.file.removesuffix(".parquet")
            chosen = (chance >= 0.5) & (stars["phot_g_mean_mag"] < FAINT)
            bare[name] = stars.assign(probability=chance)[chosen]
            listed[name], cluster[name] = stars[cg], row.cluster
    truth = known.loc[list(cluster.values())].set_axis(list(cluster))
    tables = [truth.add_prefix("published ")]
    for method, lists in (("bare", bare), ("list", listed)):
        estimates = estimate_unseen(lists, cluster, options.references, coverage=0.68)
        wide = estimate_unseen(lists, cluster, options.references, coverage=0.95)
        tables.append(estimates.add_prefix(f"{method} "))
        error = (estimates["log_age"] - truth["log_age"]).abs()
        print(
            f"{method}: {len(truth)} clusters, RMSE of log age {(error**2).mean() ** 0.5:.3f}, "
            f"median of |error| {error.median():.3f}, "
            f"flagged {(estimates['flag'] != '').mean():.2f}"
        )
        for text, found in (("68", estimates), ("95", wide)):
            inside = [
                f"{truth[name].between(found[f'{name}_lower'], found[f'{name}_upper']).mean():.0%}"
                for name in truth
            ]
            print(f"  {text} % intervals cover {' / '.join(inside)} (log age / A_V / distance)")
    rows: pd.DataFrame = pd.concat(tables, axis=1).reset_index(names="cone")
    return rows


def estimate_unseen(
    lists: dict[str, Any], cluster: dict[str, str], folder: Path | None, coverage: float
) -> pd.DataFrame:
    """Estimates of lists, each by a model that has not seen its cluster if there are such."""
    models = [] if folder is None else kept_references(folder)
    known = {name for _, unseen in models for name in unseen}
    models.append((load_model(), [name for name in cluster.values() if name not in known]))
    parts = []
    for model, unseen in models:
        some = {name: stars for name, stars in lists.items() if cluster[name] in unseen}
        if some:
            parts.append(estimate(some, model, coverage=coverage, random_state=0))
    table: pd.DataFrame = pd.concat(parts).loc[list(lists)]
    return table


def speed(options: argparse.Namespace) -> pd.DataFrame:
    """CPU time and peak memory for fields of several sizes."""
    rows = []
    for n in (300, 2000, 10_000, 50_000, 100_000):
        X, _ = simulate_fields(1, n_members=150, n_field=n - 150, faint_limit=18, random_state=0)
        started = time.process_time()
        find_members(X)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        rows.append({"stars": n, "CPU s": time.process_time() - started, "peak MB": peak})
    table = pd.DataFrame(rows)
    print(table.round(2).to_markdown(index=False))
    return table


def main(arguments: list[str] | None = None) -> None:
    """Run the parts and write their tables."""
    options = parse(arguments)
    options.output.mkdir(parents=True, exist_ok=True)
    warnings.simplefilter("ignore", UserWarning)
    runs = {
        "lists": compare_lists,
        "empty": search_empty,
        "injected": inject,
        "reliability": reliability,
        "parameters": parameters,
        "speed": speed,
    }
    for part in options.parts:
        print(f"\n## {part}\n", flush=True)
        table = runs[part](options)
        if part == "lists":
            print_lists(table)
        table.to_csv(options.output / f"{part}.csv", index=False)


if __name__ == "__main__":
    main()

"""Train the networks of ``set_pipeline`` on simulated clusters and save their weights.

    python benchmarks/training/pretrain.py --members members.parquet --clusters clusters.csv

The weights become part of the package (about 3 MB). The file ``set_simulated.json`` records the
settings, the versions and, if real clusters are given, the errors on these without training on
real labels. Seven in ten of the simulated lists are corrupted, as lists of real clusters may be.
"""

import argparse
import json
import platform
import time
from importlib.metadata import version
from pathlib import Path

import numpy as np
import numpy.typing as npt

import skcluster.regressors
from skcluster.augmentation import ClusterCorruptor
from skcluster.datasets import simulate_clusters, simulate_field_stars
from skcluster.features import StarSet
from skcluster.io import read_clusters
from skcluster.metrics import error_table
from skcluster.pipelines import set_pipeline
from skcluster.regressors import SetRegressor, TargetScaler, save_pretrained
from skcluster.schema import CLUSTER_PARAMETERS

WEIGHTS = Path(skcluster.regressors.__file__).parent / "data" / "set_simulated.npz"
CHUNK = 10_000
TARGETS = list(CLUSTER_PARAMETERS)
MAX_STARS = 160
CORRUPTED = 0.7


def parse(arguments: list[str] | None = None) -> argparse.Namespace:
    """Options from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--n-train", type=int, default=300_000, help="number of simulated clusters")
    parser.add_argument("--n-networks", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--seed", type=int, default=1000)
    parser.add_argument("--output", type=Path, default=WEIGHTS, metavar="FILE")
    parser.add_argument("--members", type=Path, metavar="FILE", help="real clusters for the errors")
    parser.add_argument("--clusters", type=Path, metavar="FILE")
    options = parser.parse_args(arguments)
    if (options.members is None) != (options.clusters is None):
        parser.error("--members and --clusters belong together")
    return options


def simulated(n: int, seed: int) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float64]]:
    """Stars and scaled targets of simulated clusters, a chunk at a time to spare memory."""
    stars, targets = [], []
    for start in range(0, n, CHUNK):
        chunk = seed + start // CHUNK
        X, y = simulate_clusters(min(CHUNK, n - start), random_state=chunk)
        corruptor = ClusterCorruptor(field=simulate_field_stars, random_state=chunk)
        X, y = corruptor.fit_resample(X, y)
        row = np.arange(len(X) // 2)
        row += np.where(np.random.default_rng(chunk).random(len(row)) < CORRUPTED, len(row), 0)
        X, y = X.iloc[row], y.iloc[row]
        table = StarSet(max_stars=MAX_STARS).fit_transform(X)
        seen = ~np.isnan(table).any(axis=1)  # a few have no star brighter than the limit
        stars.append(table[seen])
        targets.append(TargetScaler().fit_transform(y[TARGETS])[seen])
    return np.concatenate(stars), np.concatenate(targets)


def main(arguments: list[str] | None = None) -> None:
    """Simulate, train, write, measure."""
    options = parse(arguments)
    start = time.perf_counter()
    stars, targets = simulated(options.n_train, options.seed)
    print(f"{len(stars)} clusters simulated in {time.perf_counter() - start:.0f} s", flush=True)
    model = SetRegressor(
        n_networks=options.n_networks,
        epochs=options.epochs,
        batch_size=96,
        stars_per_step=128,
        star_dropout=0.3,
        learning_rate=1.5e-3,
        verbose=2,
        random_state=options.seed,
    )
    model.fit(stars, targets)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    save_pretrained(model.weights_, options.output, targets=TARGETS)
    record = {
        "simulated_clusters": len(stars),
        "settings": model.get_params(),
        "loss": [losses[-1] for losses in model.history_],
        "seconds": round(time.perf_counter() - start),
        "python": platform.python_version(),
        "machine": platform.machine(),
        "versions": {
            name: version(name) for name in ("skcluster", "keras", "numpy", "scikit-learn")
        },
    }
    if options.members is not None:
        X, y = read_clusters(options.members, labels=options.clusters)
        y = y[TARGETS]
        only = set_pipeline(
            epochs=0,
            pretrained=options.output,
            n_networks=options.n_networks,
            random_state=options.seed,
        ).fit(X, y)
        errors = error_table(y, only.predict(X))
        print(f"Trained on simulations only, on {len(y)} real clusters:")
        print(errors.round(3).to_string())
        record["real_clusters"] = errors.round(4).to_dict("index")
    options.output.with_suffix(".json").write_text(json.dumps(record, indent=2) + "\n")
    print(f"{options.output}: {options.output.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()

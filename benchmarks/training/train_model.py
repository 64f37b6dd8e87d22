"""Train the pretrained model of the package, and write its model card.

    python benchmarks/training/train_model.py --members members.parquet --clusters clusters.csv

Fits ``reference_pipeline()`` on the given clusters. The scores in the card are read from the
output folders of ``accuracy.py`` and ``calibration.py``. The networks are fitted six times.
"""

import argparse
import json
from pathlib import Path
from typing import Any

from sklearn.pipeline import Pipeline

import skcluster
from skcluster.inference import IsochronePosterior
from skcluster.io import read_clusters
from skcluster.persistence import load_model, save_model
from skcluster.pipelines import reference_pipeline
from skcluster.schema import CLUSTER_PARAMETERS

MODEL = Path(skcluster.__file__).parent / "data" / "reference.skcluster"
#: Record of the weights that training starts from.
PRETRAINED = Path(skcluster.__file__).parent / "regressors" / "data" / "set_simulated.json"
TARGETS = list(CLUSTER_PARAMETERS)


def card(X: Any, y: Any, accuracy: Path, calibration: Path) -> dict[str, Any]:
    """What a user should know about the model."""
    ranges = {name: [float(y[name].min()), float(y[name].max())] for name in y}
    found: dict[str, Any] = {
        "name": "reference",
        "targets": "log age (dex), A_V (mag), distance (kpc)",
        "data": f"{len(X)} open clusters, members with G < 18, and "
        f"{json.loads(PRETRAINED.read_text())['simulated_clusters']} simulated clusters",
        "citations": [
            "labels: Cantat-Gaudin et al. 2020, A&A 640, A1",
            "members: Almeida, Monteiro & Dias 2023, MNRAS 525, 2315 (Gaia EDR3)",
            "isochrones: PARSEC, Bressan et al. 2012, MNRAS 427, 127",
        ],
        "limits": {
            "learned ranges": ranges,
            "members": "Gaia (E)DR3 members, with parallaxes if possible; stars with G ≥ 18 are "
            "not used",
            "labels": "Ages, extinctions and distances are on the scale of Cantat-Gaudin et al. "
            "2020, with its errors",
        },
    }
    if (accuracy / "accuracy.json").is_file():
        rows = json.loads((accuracy / "accuracy.json").read_text())["overall"]
        found["cross-validated scores"] = {row["measure"]: row["reference"] for row in rows}
    if (calibration / "calibration.json").is_file():
        measured = json.loads((calibration / "calibration.json").read_text())
        found["coverage of held-out clusters"] = measured.get("overall", [])
        found["ranks of the truth in simulated clusters"] = measured.get("ranks", [])
    return found


def without_augmentation(model: IsochronePosterior) -> IsochronePosterior:
    """The same model without what makes copies while fitting.

    scikit-learn's `Pipeline` is imported in less time than imbalanced-learn's.
    """
    model.set_params(resampler=None)
    for name in ("estimator", "estimator_"):
        steps = getattr(model, name).steps
        setattr(model, name, Pipeline([step for step in steps if step[0] != "augment"]))
    return model


def main(arguments: list[str] | None = None) -> None:
    """Train and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--members", type=Path, required=True, metavar="FILE")
    parser.add_argument("--clusters", type=Path, required=True, metavar="FILE")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--accuracy", type=Path, default=Path("out/accuracy"), metavar="FOLDER")
    parser.add_argument(
        "--calibration", type=Path, default=Path("out/calibration"), metavar="FOLDER"
    )
    parser.add_argument(
        "--card-only", action="store_true", help="only rewrite the card of the existing model"
    )
    parser.add_argument("--output", type=Path, default=MODEL, metavar="FILE")
    options = parser.parse_args(arguments)
    X, y = read_clusters(options.members, labels=options.clusters)
    y = y[TARGETS]
    if options.card_only:
        model = load_model(options.output)
    else:
        model = reference_pipeline(random_state=options.seed, n_jobs=2)
        model = without_augmentation(model.fit(X, y)).set_params(n_jobs=None)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    text = card(X, y, options.accuracy, options.calibration)
    save_model(model, options.output, card=text, overwrite=True)
    print(f"{options.output}: {options.output.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()

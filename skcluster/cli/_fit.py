"""``skcluster fit``."""

import argparse
import sys
from pathlib import Path

from skcluster.cli._options import add_members, add_overwrite, may_write, read_members

PIPELINES = ("reference", "set", "ann", "cnn", "mdm")


def add_arguments(command: argparse.ArgumentParser) -> None:
    """What the command takes."""
    add_members(command)
    command.add_argument("labels", type=Path, help="table of the clusters' parameters")
    command.add_argument("-o", "--output", type=Path, required=True, help="model file to write")
    command.add_argument("--pipeline", choices=PIPELINES, default="reference")
    command.add_argument(
        "--epochs", type=int, help="passes over the clusters (default: the model's)"
    )
    command.add_argument("--seed", type=int, default=0, help="of all random numbers (default: 0)")
    command.add_argument(
        "--no-intervals",
        action="store_true",
        help="skip the five fits that measure error bars (not for the reference, which needs them)",
    )
    add_overwrite(command)


def run(options: argparse.Namespace) -> None:
    """Train the model and save it."""
    from skcluster import pipelines
    from skcluster.inference import ConformalRegressor, describe_cluster
    from skcluster.persistence import save_model
    from skcluster.schema import CLUSTER_PARAMETERS

    may_write(options.output, options.overwrite)
    X, y = read_members(options, labels=options.labels)
    settings = {"random_state": options.seed}
    if options.epochs is not None:
        settings["epochs"] = options.epochs
    model = getattr(pipelines, f"{options.pipeline}_pipeline")(**settings)
    # The reference calibrates itself.
    if options.pipeline != "reference" and not options.no_intervals:
        # The network of sets computes the features of the domain itself.
        known = options.pipeline == "set"
        domain = describe_cluster if known else pipelines.cluster_domain()
        model = ConformalRegressor(model, domain=domain, random_state=options.seed)
    print(f"Training on {len(X)} clusters", file=sys.stderr)
    model.fit(X, y[list(CLUSTER_PARAMETERS)])
    card = {"name": options.pipeline, "data": f"{len(X)} clusters of {options.members}"}
    save_model(model, options.output, card=card, overwrite=options.overwrite)
    print(options.output)

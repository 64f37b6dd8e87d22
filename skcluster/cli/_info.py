"""``skcluster info``."""

import argparse
import json
from pathlib import Path


def add_arguments(command: argparse.ArgumentParser) -> None:
    """What the command takes."""
    command.add_argument("model", type=Path, nargs="?", help="model file (default: the pretrained)")


def run(options: argparse.Namespace) -> None:
    """Print the card of the model."""
    from skcluster.persistence import read_card

    found = read_card(options.model)
    print(f"model file: {options.model or 'the one of this package'}, format {found['format']}")
    for name, value in {**found["card"], "versions": found["versions"]}.items():
        if isinstance(value, dict | list):
            value = json.dumps(value, indent=2, ensure_ascii=False)
        print(f"{name}: {value}")

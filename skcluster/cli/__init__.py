"""The command-line interface ``skcluster``."""

from skcluster.cli._main import main

__all__ = ["main"]

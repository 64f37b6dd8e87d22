"""The console command ``skcluster``: arguments in, text out."""

from skcluster.cli._main import main

__all__ = ["main"]

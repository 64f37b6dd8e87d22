"""One self-contained HTML page of a run: a table, and a diagram of each cluster."""

from skcluster.report._write import write_report

__all__ = ["write_report"]

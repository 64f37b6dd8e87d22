"""One self-contained HTML page with a table of estimates and a diagram of each cluster."""

from skcluster.report._write import write_report

__all__ = ["write_report"]

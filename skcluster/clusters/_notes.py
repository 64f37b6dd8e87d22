"""What is noticed while tables are read, collected so that it is said once for all of them."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from skcluster._utils.messages import some_names, warn_caller

#: Columns without which estimates are made, but less exact ones.
OPTIONAL = ("probability", "parallax", "parallax_error")


@dataclass
class Notes:
    """Notes on some tables of stars.

    Attributes
    ----------
    release : str or None
        Data release that the caller named; its columns are preferred.
    n_tables : int
        Number of tables.
    on_columns : dict of str to None
        What was done with columns that fit several ways, or cannot be read.
    missed : dict of str to (int, dict of str to None)
        For a column that was not recognised, in how many tables, and the nearest names in them.
    markers : Counter of str
        Number of stars by column and marker of a missing value.
    n_marked, n_stars : int
        Number of stars with a marker, and of all.
    percentages : list of (int, float, float)
        Number of stars, smallest and largest probability of each list in per cent.
    """

    release: str | None = None
    n_tables: int = 0
    on_columns: dict[str, None] = field(default_factory=dict)
    missed: dict[str, tuple[int, dict[str, None]]] = field(default_factory=dict)
    markers: Counter[str] = field(default_factory=Counter)
    n_marked: int = 0
    n_stars: int = 0
    percentages: list[tuple[int, float, float]] = field(default_factory=list)

    def add_table(self, recognised: Iterable[str], nearest: dict[str, list[Any]]) -> None:
        """Add a table by the names of its recognised columns.

        Parameters
        ----------
        recognised : iterable of str
            Our names of its columns.
        nearest : dict of str to list
            The nearest of its other names, for each column that was not recognised.
        """
        self.n_tables += 1
        for name in set(OPTIONAL).difference(recognised):
            number, names = self.missed.get(name, (0, {}))
            self.missed[name] = number + 1, names | dict.fromkeys(map(str, nearest.get(name, ())))

    def keep(self, column: Any, reason: str) -> None:
        """Note that a column is kept as it is."""
        text = f"The column {column!r} is kept as it is, and not used: {reason.rstrip('.')}"
        self.on_columns[text] = None

    def warn(self) -> None:
        """Issue a warning for each kind of note."""
        if self.on_columns:
            warn_caller(f"{'; '.join(self.on_columns)}.")
        self._warn_of_missed()
        if self.markers:
            shown = ", ".join(f"{what} ({n})" for what, n in self.markers.items())
            warn_caller(
                f"{self.n_marked} of {self.n_stars} stars have markers of missing values, which "
                f"several stars share and which are taken as missing: {shown}."
            )
        if self.percentages:
            counts, low, high = zip(*self.percentages, strict=True)
            warn_caller(
                f"Probabilities of {sum(counts)} stars lie between {min(low):g} and "
                f"{max(high):g}: taken as per cent and divided by 100, in {len(counts)} "
                f"{'cluster' if len(counts) == 1 else 'clusters'}."
            )

    def _warn_of_missed(self) -> None:
        near = {name: self.missed[name] for name in OPTIONAL if name in self.missed}
        if not any(names for _, names in near.values()):
            return
        parts = []
        for name, (number, names) in near.items():
            tables = f" in {number} of {self.n_tables} tables" if self.n_tables > 1 else ""
            nearest = f" (nearest names: {some_names(names)})" if names else ""
            parts.append(f"{name}{tables}{nearest}")
        first = next(name for name, (_, names) in near.items() if names)
        theirs = next(iter(near[first][1]))
        warn_caller(
            f"Not found among the columns, and not used: {', '.join(parts)}; a column of another "
            f"name is used with columns={{{theirs!r}: {first!r}}}, or --columns {theirs}={first}."
        )

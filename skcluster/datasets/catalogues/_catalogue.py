"""What describes a published catalogue: its tables at VizieR, their columns, known problems."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from skcluster._utils.typing import FloatArray
from skcluster.photometry import distance_from_modulus

Kind = Literal["number", "integer", "text"]

#: Columns of each target; the first one in the table is used.
_SOURCES = {
    "log_age": ("log_age",),
    "a_v": ("a_v",),
    "distance_kpc": ("distance_modulus", "distance_pc"),
}


class FetchError(OSError):
    """Raised when a catalogue is neither cached nor can be fetched.

    Complete parts are kept, and the next call continues from there.

    See Also
    --------
    CatalogueChangedError : Raised when a table at VizieR is not the published one.

    Examples
    --------
    >>> from skcluster.datasets import FetchError, fetch_cluster
    >>> try:
    ...     fetch_cluster("M 67", data_home="/nowhere", download_if_missing=False)
    ... except FetchError as error:
    ...     print(error)
    The table J/A+A/640/A1/table1 is not in /nowhere/..., and download_if_missing is False.
    """


class CatalogueChangedError(ValueError):
    """Raised when a table at VizieR is not the published one.

    Columns were renamed, or the number of rows has changed.

    See Also
    --------
    FetchError : Raised when a catalogue cannot be fetched.

    Examples
    --------
    >>> from skcluster.datasets import CatalogueChangedError, fetch_catalogue
    >>> try:
    ...     fetch_catalogue("dias_2021")  # doctest: +SKIP
    ... except CatalogueChangedError as error:
    ...     print(error)
    """


class Column:
    """A wanted column.

    Parameters
    ----------
    name : str
        Name in skcluster; for stars, that of the Gaia archive.
    *names : str
        Names at VizieR, case sensitive (``e_Dist`` and ``E_Dist`` are lower and upper errors). The
        first one in the table is used.
    kind : {"number", "integer", "text"}
        Type; numbers may be missing (NaN), integers may not.
    needed : bool
        Whether the column is required.
    """

    def __init__(self, name: str, *names: str, kind: Kind = "number", needed: bool = True) -> None:
        self.name, self.names, self.kind, self.needed = name, names, kind, needed


@dataclass(frozen=True)
class Table:
    """A table at VizieR."""

    #: Name of the table (``J/A+A/640/A1/table1``), or of its catalogue (``J/AJ/167/12``); then the
    #: table with the columns is searched for.
    name: str
    #: Number of published rows.
    n_rows: int
    #: The wanted columns.
    columns: tuple[Column, ...]

    @property
    def is_catalogue(self) -> bool:
        """Whether the name is that of a catalogue."""
        return self.name.count("/") == 3

    def find_columns(self, names: Sequence[str]) -> dict[str, Column]:
        """Return the wanted columns by their names in the table, which are among the given ones."""
        columns, missing = {}, []
        for wanted in self.columns:
            name = next((name for name in wanted.names if name in names), None)
            if name is not None:
                columns[name] = wanted
            elif wanted.needed:
                missing.append(f"{' or '.join(map(repr, wanted.names))} ({wanted.name})")
        if missing:
            raise CatalogueChangedError(
                f"The table {self.name} at VizieR has changed: it has no column "
                f"{', '.join(missing)}; there are: {', '.join(names)}. A newer version of "
                "skcluster may support the new names."
            )
        return columns


@dataclass(frozen=True)
class Catalogue:
    """A published catalogue of star clusters."""

    #: Name in skcluster (``cantat_gaudin_2020``), and of the folder in the cache.
    name: str
    #: The reference to cite, which starts with authors and year.
    reference: str
    #: What it contains, in a first paragraph of its own; then columns and units, what is left out,
    #: and caveats.
    description: str
    #: The table of clusters. Its columns ``log_age``, ``a_v`` and ``distance_modulus`` or else
    #: ``distance_pc`` are the parameters; their uncertainties are named ``…_low`` and ``…_high``
    #: (bounds), ``…_lower_error`` and ``…_upper_error``, or ``…_error``.
    clusters: Table
    #: The table of member stars.
    members: Table | None = None

    @property
    def title(self) -> str:
        """Authors and year."""
        return self.reference.partition(",")[0]


def targets_of(clusters: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the targets of a catalogue's clusters, and the bounds of their uncertainties.

    NaN where the catalogue has none. The bounds ``log_age_low``, ``log_age_high`` and so on are in
    the targets' units.
    """
    y, bounds = {}, {}
    for target, sources in _SOURCES.items():
        source = next(name for name in sources if name in clusters.columns)
        low, high = _bounds(clusters, source)
        y[target] = _converted(source, clusters[source].to_numpy())
        bounds[f"{target}_low"] = _converted(source, low)
        bounds[f"{target}_high"] = _converted(source, high)
    return pd.DataFrame(y, index=clusters.index), pd.DataFrame(bounds, index=clusters.index)


def _bounds(clusters: pd.DataFrame, source: str) -> tuple[FloatArray, FloatArray]:
    """Return the lower and upper bound of a parameter, in the catalogue's units."""
    value = clusters[source].to_numpy()
    if f"{source}_low" in clusters:
        return clusters[f"{source}_low"].to_numpy(), clusters[f"{source}_high"].to_numpy()
    if f"{source}_lower_error" in clusters:
        lower, upper = (clusters[f"{source}_{side}_error"] for side in ("lower", "upper"))
        return value - lower.abs().to_numpy(), value + upper.abs().to_numpy()
    if f"{source}_error" in clusters:
        error = clusters[f"{source}_error"].to_numpy()
        return value - error, value + error
    return np.full(len(value), np.nan), np.full(len(value), np.nan)


def _converted(source: str, values: FloatArray) -> FloatArray:
    if source == "distance_modulus":
        return distance_from_modulus(values)
    return values / 1000 if source == "distance_pc" else values

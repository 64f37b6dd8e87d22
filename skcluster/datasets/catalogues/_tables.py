"""Description of catalogues at VizieR: their tables and the wanted columns."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from skcluster.datasets.catalogues._errors import CatalogueChangedError

Kind = Literal["number", "integer", "text"]

#: VizieR's number of a row in its table: 1, 2, 3 … without gaps.
ROW_NUMBER = "recno"


@dataclass(frozen=True)
class Column:
    """A wanted column.

    Parameters
    ----------
    name : str
        Name in skcluster; for stars, that of the Gaia archive.
    names : tuple of str
        Names at VizieR, case sensitive (``e_Dist`` and ``E_Dist`` are lower and upper errors). The
        first one in the table is used.
    kind : {"number", "integer", "text"}
        Type; numbers may be missing (NaN), integers may not.
    needed : bool
        Whether the column is required.
    """

    name: str
    names: tuple[str, ...]
    kind: Kind = "number"
    needed: bool = True


def column(name: str, *names: str, kind: Kind = "number", needed: bool = True) -> Column:
    """Return a `Column`."""
    return Column(name, names, kind, needed)


@dataclass(frozen=True)
class Table:
    """A table at VizieR.

    Parameters
    ----------
    name : str
        Name of the table (``J/A+A/640/A1/table1``), or of its catalogue (``J/AJ/167/12``); then the
        table with the columns is searched for.
    n_rows : int
        Number of published rows.
    columns : tuple of Column
        The wanted columns.
    """

    name: str
    n_rows: int
    columns: tuple[Column, ...]

    @property
    def is_catalogue(self) -> bool:
        """Whether the name is that of a catalogue."""
        return self.name.count("/") == 3

    def find_columns(self, there: Iterable[str]) -> dict[str, Column]:
        """Return which of the existing columns is which wanted one.

        Raises
        ------
        CatalogueChangedError
            If a needed column is missing.
        """
        names = list(there)
        found = {}
        missing = []
        for wanted in self.columns:
            name = next((n for n in wanted.names if n in names), None)
            if name is not None:
                found[name] = wanted
            elif wanted.needed:
                missing.append(f"{' or '.join(map(repr, wanted.names))} ({wanted.name})")
        if missing:
            raise CatalogueChangedError(
                f"The table {self.name} at VizieR has changed: it has no column "
                f"{', '.join(missing)}; there are: {', '.join(names)}. A newer version of "
                "skcluster may support the new names."
            )
        return found


@dataclass(frozen=True)
class Catalogue:
    """A published catalogue of star clusters.

    Parameters
    ----------
    name : str
        Name in skcluster (``cantat_gaudin_2020``), and of the folder in the cache.
    clusters : Table
        The table of clusters. Its columns ``log_age``, ``a_v`` and ``distance_modulus`` or else
        ``distance_pc`` are the parameters; their uncertainties are named ``…_low`` and ``…_high``
        (bounds), ``…_lower_error`` and ``…_upper_error``, or ``…_error``.
    members : Table or None
        The table of member stars.
    description : str
        Description with the reference to cite and caveats.
    """

    name: str
    clusters: Table
    members: Table | None
    description: str

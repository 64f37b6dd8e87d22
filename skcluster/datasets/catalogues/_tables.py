"""What a catalogue at VizieR is made of: tables, and the columns that are wanted of them."""

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
        Its name in skcluster; for stars, that of the Gaia archive.
    names : tuple of str
        Its names at VizieR, upper and lower case told apart (``e_Dist`` and ``E_Dist`` are lower
        and upper errors). The first that the table has is taken.
    kind : {"number", "integer", "text"}
        A number may be missing (NaN), an integer not.
    needed : bool
        Whether a table without it is refused.
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
        Its name (``J/A+A/640/A1/table1``), or that of its catalogue (``J/AJ/167/12``): then the
        catalogue's table that has the columns is looked for.
    n_rows : int
        Rows as published.
    columns : tuple of Column
        What is wanted of it.
    """

    name: str
    n_rows: int
    columns: tuple[Column, ...]

    @property
    def is_catalogue(self) -> bool:
        """Whether only the catalogue is named."""
        return self.name.count("/") == 3

    def find_columns(self, there: Iterable[str]) -> dict[str, Column]:
        """Return which of the existing columns is which wanted one.

        Raises
        ------
        CatalogueChangedError
            If a needed one is missing.
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
                "skcluster may know the new names."
            )
        return found


@dataclass(frozen=True)
class Catalogue:
    """A published catalogue of star clusters.

    Parameters
    ----------
    name : str
        Its name in skcluster (``cantat_gaudin_2020``), and of its folder in the cache.
    clusters : Table
        A row for each cluster. Its columns ``log_age``, ``a_v`` and ``distance_modulus`` or else
        ``distance_pc`` are the parameters; beside each, its uncertainty under one of the names
        ``…_low`` and ``…_high`` (bounds), ``…_lower_error`` and ``…_upper_error``, or ``…_error``.
    members : Table or None
        A row for each member star.
    description : str
        What the table means, whom to cite and what to beware of.
    """

    name: str
    clusters: Table
    members: Table | None
    description: str

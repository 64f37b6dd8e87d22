"""The two servers of VizieR's tables, and their protocols.

The Table Access Protocol [1]_ of CDS accepts ADQL. VizieR's own protocol, ASU [2]_, of CDS and its
mirrors accepts pairs of names and values. Both return VOTables, and both need an explicit row
limit: otherwise VizieR returns 50 rows without a clear indication.

References
----------
.. [1] Dowler, Rixon & Tody 2019, Table Access Protocol 1.1, IVOA Recommendation.
.. [2] VizieR's ASU summary, https://vizier.cds.unistra.fr/doc/asu-summary.htx
"""

from dataclasses import dataclass

from skcluster.datasets.catalogues._tables import ROW_NUMBER

#: Names of columns (none for all), and the first and last row.
Columns = tuple[str, ...]
Rows = tuple[int, int | None]


@dataclass(frozen=True)
class TapSite:
    """A server of the Table Access Protocol."""

    url: str

    def question(self, table: str, columns: Columns, rows: Rows | None, limit: int) -> str:
        """Return a query in ADQL; pyvo adds the limit."""
        where = ""
        if rows is not None:
            where = f" WHERE {quoted(ROW_NUMBER)} >= {rows[0]}"
            where += "" if rows[1] is None else f" AND {quoted(ROW_NUMBER)} <= {rows[1]}"
        wanted = ", ".join(map(quoted, columns)) or "*"
        return f"SELECT {wanted} FROM {quoted(table)}{where}"


@dataclass(frozen=True)
class AsuSite:
    """A server of the Astronomical Server URL protocol: VizieR itself and its mirrors."""

    url: str

    def question(
        self, table: str, columns: Columns, rows: Rows | None, limit: int
    ) -> dict[str, str]:
        """Return the parameters of a request."""
        wanted = (
            {"-out": ",".join(columns)} if columns else {"-out.all": "", "-out.add": ROW_NUMBER}
        )
        if rows is not None:
            wanted[ROW_NUMBER] = f">={rows[0]}" if rows[1] is None else f"{rows[0]}..{rows[1]}"
        return {"-source": table, "-out.max": str(limit), "-oc.form": "dec", **wanted}


Site = TapSite | AsuSite

#: The servers, in order. The mirror is at the Center for Astrophysics, Cambridge (USA).
SITES: tuple[Site, ...] = (
    TapSite("https://tapvizier.cds.unistra.fr/TAPVizieR/tap"),
    AsuSite("https://vizier.cfa.harvard.edu/viz-bin/votable"),
)


def quoted(name: str) -> str:
    """Return the quoted name of a table or column in ADQL, with all its special characters."""
    return '"' + name.replace('"', '""') + '"'

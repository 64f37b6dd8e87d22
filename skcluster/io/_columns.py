"""The names under which catalogues keep the columns that skcluster knows."""

from collections.abc import Iterable, Mapping
from typing import Any

import pandas as pd

#: Name in skcluster -> names elsewhere, in any case: VizieR's (in its tables of Gaia and in the
#: catalogues J/A+A/640/A1, J/A+A/618/A93, J/A+A/673/A114, J/MNRAS/504/356), then usual ones.
STAR_SYNONYMS: dict[str, tuple[str, ...]] = {
    "cluster": ("Cluster", "Name", "Cluster_name", "ClusterName"),
    "source_id": ("Source", "GaiaDR3", "GaiaEDR3", "GaiaDR2"),
    "phot_g_mean_mag": ("Gmag",),
    "phot_bp_mean_mag": ("BPmag",),
    "phot_rp_mean_mag": ("RPmag",),
    "bp_rp": ("BP-RP",),
    "parallax": ("Plx",),
    "parallax_error": ("e_Plx",),
    "probability": ("Proba", "Prob", "PMemb", "membership_probability"),
    "ra": ("RA_ICRS", "RAdeg"),
    "dec": ("DE_ICRS", "DEdeg", "DEC_ICRS"),
    "pmra": ("pmRA*", "pmRA_"),
    "pmra_error": ("e_pmRA", "e_pmRA*", "e_pmRA_"),
    "pmdec": ("pmDE",),
    "pmdec_error": ("e_pmDE",),
    "ruwe": (),
}

#: The same for labels. CG2020 writes ``AgeNN``, ``AVNN``, ``DMNN``, ``DistPc``; Hunt & Reffert 2023
#: ``logAge50`` and ``AV50``.
LABEL_SYNONYMS: dict[str, tuple[str, ...]] = {
    "cluster": STAR_SYNONYMS["cluster"],
    "log_age": ("AgeNN", "logAge", "log(age)", "logAge50", "log_age_50"),
    "a_v": ("AVNN", "AV", "AV50", "a_v_50"),
    "distance_kpc": ("dist_kpc",),
    "distance_modulus": ("DMNN", "DM", "DistMod"),
    "distance_pc": ("DistPc", "dist_pc"),
}


def find_columns(
    there: Iterable[Any],
    synonyms: Mapping[str, tuple[str, ...]],
    given: Mapping[str, str] | None = None,
) -> dict[Any, str]:
    """Which columns of a table are known, and under which name.

    Parameters
    ----------
    there : iterable of str
        The table's columns.
    synonyms : mapping of str to tuple of str
        `STAR_SYNONYMS` or `LABEL_SYNONYMS`.
    given : mapping of str to str, optional
        The user's map from the table's names to ours; it comes first.

    Returns
    -------
    dict of str to str
        The table's names to ours.

    Raises
    ------
    ValueError
        If a column of ``given`` is not there or its new name is not known, or two columns could
        be meant and neither has our own name.
    """
    columns = list(there)
    found = _check_given(columns, synonyms, dict(given or {}))
    for ours, others in synonyms.items():
        if ours in found.values():
            continue
        wanted = {name.lower() for name in (ours, *others)}
        same = [c for c in columns if str(c).strip().lower() in wanted and c not in found]
        if ours in same:
            same = [ours]
        if len(same) > 1:
            raise ValueError(
                f"The columns {' and '.join(map(repr, same))} may all be {ours!r}; say which is: "
                f"{{{same[0]!r}: {ours!r}}}."
            )
        found.update(dict.fromkeys(same, ours))
    return found


def _check_given(
    columns: list[Any], synonyms: Mapping[str, Any], given: dict[Any, str]
) -> dict[Any, str]:
    for theirs, ours in given.items():
        if theirs not in columns:
            turned = " (the map goes from the table's names to ours)" if ours in columns else ""
            raise ValueError(
                f"There is no column {theirs!r} to be taken for {ours!r}{turned}; there are: "
                f"{', '.join(map(str, columns))}."
            )
        if ours not in synonyms:
            raise ValueError(
                f"The column {theirs!r} cannot be taken for {ours!r}, only for one of: "
                f"{', '.join(synonyms)}."
            )
        if list(given.values()).count(ours) > 1:
            both = " and ".join(repr(name) for name in given if given[name] == ours)
            raise ValueError(f"The columns {both} cannot both be taken for {ours!r}.")
    return dict(given)


def rename_columns(table: Any, names: Mapping[Any, str]) -> Any:
    """A table with columns renamed; the table given stays as it is.

    A column that already has a new name and is not itself renamed is replaced, as in an
    assignment.

    Parameters
    ----------
    table : DataFrame or astropy Table
        The table.
    names : mapping of str to str
        Its names to the new ones.
    """
    changed = {theirs: ours for theirs, ours in names.items() if theirs != ours}
    if not changed:
        return table
    frame = isinstance(table, pd.DataFrame)
    columns = table.columns if frame else table.colnames
    replaced = [c for c in changed.values() if c in columns and c not in changed]
    if frame:
        return table.drop(columns=replaced).rename(columns=changed)
    table = table.copy(copy_data=False)
    table.remove_columns(replaced)
    table.rename_columns(tuple(changed), tuple(changed.values()))
    return table


def missing_column(what: str, ours: str, synonyms: Mapping[str, Any], there: Iterable[Any]) -> str:
    """The message about a needed column that no name led to."""
    names = dict.fromkeys((ours, *synonyms[ours]))
    return (
        f"The {what} have no column {ours!r} (looked for {', '.join(names)}, in upper and lower "
        f"case); there are: {', '.join(map(str, there))}."
    )

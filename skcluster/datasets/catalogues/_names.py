"""Names of star clusters: many spellings, one cluster."""

import numpy as np
import pandas as pd

from skcluster._utils.names import matching_names

#: Abbreviations of lists of clusters, as they stand before a number; spaces and case left out.
_PREFIXES = {
    "messier": "m",
    "mel": "melotte",
    "cr": "collinder",
    "col": "collinder",
    "tr": "trumpler",
    "ru": "ruprecht",
    "rup": "ruprecht",
    "be": "berkeley",
    "berk": "berkeley",
    "cz": "czernik",
    "bo": "bochum",
    "haf": "haffner",
    "vdbh": "bh",
    "vdberghhagen": "bh",
    "vandenberghhagen": "bh",
    "vdbergh": "vdb",
    "vandenbergh": "vdb",
}

#: The open clusters of Messier's list.
_MESSIER = {
    6: 6405, 7: 6475, 11: 6705, 16: 6611, 18: 6613, 21: 6531, 23: 6494, 26: 6694, 29: 6913,
    34: 1039, 35: 2168, 36: 1960, 37: 2099, 38: 1912, 39: 7092, 41: 2287, 44: 2632, 46: 2437,
    47: 2422, 48: 2548, 50: 2323, 52: 7654, 67: 2682, 93: 2447, 103: 581,
}  # fmt: skip

_PROPER = {
    "m25": "ic4725",
    "m45": "melotte22",
    "pleiades": "melotte22",
    "hyades": "melotte25",
    "praesepe": "ngc2632",
    "beehive": "ngc2632",
    "comaber": "melotte111",
    "comaberenices": "melotte111",
    "alphaper": "melotte20",
    "alphapersei": "melotte20",
    "hper": "ngc869",
    "hpersei": "ngc869",
    "chiper": "ngc884",
    "chipersei": "ngc884",
    "jewelbox": "ngc4755",
    "wildduck": "ngc6705",
    **{f"m{messier}": f"ngc{ngc}" for messier, ngc in _MESSIER.items()},
}


def folded_names(names: pd.Index) -> pd.Index:
    """Return names in one spelling, so that those of one cluster are equal.

    Parameters
    ----------
    names : Index of str
        Names as catalogues or people write them.

    Returns
    -------
    Index of str
        Without case, spaces, hyphens, underscores and leading zeros; usual abbreviations of lists,
        Messier's numbers and a few proper names replaced by what catalogues use.

    Examples
    --------
    >>> import pandas as pd
    >>> folded_names(pd.Index(["NGC_2682", "ngc 2682", "M67", "NGC 0188", "Pleiades"])).tolist()
    ['ngc2682', 'ngc2682', 'ngc2682', 'ngc188', 'melotte22']
    """
    plain = matching_names(
        names.astype(str).str.replace(r"(?<=[^\W\d])-|-(?=[^\W\d])", "_", regex=True)
    )
    plain = plain.str.replace(r"(?<![\d.+-])0+(?=\d)", "", regex=True)
    parts = plain.str.extract(r"^(?P<list>[^\W\d_]+)(?P<number>\d.*)$")
    lists = parts["list"].replace(_PREFIXES)
    whole = (lists + parts["number"]).fillna(pd.Series(plain))
    return pd.Index(whole.replace(_PROPER), name=names.name)


def names_of(clusters: pd.DataFrame) -> pd.DataFrame:
    """Return all names of a catalogue's clusters, folded.

    Parameters
    ----------
    clusters : DataFrame
        Index the main names; if it has a column ``aliases``, that holds further ones, separated
        by commas.

    Returns
    -------
    DataFrame
        ``row`` of the cluster, ``rank`` (0 for the main name, 1 for an alias) and ``name``, main
        names first.
    """
    names = pd.Series(clusters.index.astype(str), index=np.arange(len(clusters)))
    rank = pd.Series(0, index=names.index)
    if "aliases" in clusters.columns:
        lists = pd.Series(clusters["aliases"].to_numpy()).fillna("").astype(str)
        aliases = lists.str.split(",").explode().str.strip()
        aliases = aliases[aliases != ""]
        rank = pd.concat([rank, pd.Series(1, index=aliases.index)])
        names = pd.concat([names, aliases])
    table = pd.DataFrame(
        {"row": names.index, "rank": rank.to_numpy(), "name": folded_names(pd.Index(names))}
    )
    return table.drop_duplicates(["row", "name"])

"""Names of star clusters: many spellings, one cluster."""

import numpy as np
import pandas as pd

from skcluster._utils.order import matching_names

#: Abbreviations of lists of clusters, as they stand before a number; spaces and case left out.
ABBREVIATIONS = {
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

#: The open and globular clusters of Messier's list with a number in the NGC.
_MESSIER = {
    2: 7089, 3: 5272, 4: 6121, 5: 5904, 6: 6405, 7: 6475, 9: 6333, 10: 6254, 11: 6705, 12:
    6218, 13: 6205, 14: 6402, 15: 7078, 16: 6611, 18: 6613, 19: 6273, 21: 6531, 22: 6656,
    23: 6494, 26: 6694, 28: 6626, 29: 6913, 30: 7099, 34: 1039, 35: 2168, 36: 1960, 37:
    2099, 38: 1912, 39: 7092, 41: 2287, 44: 2632, 46: 2437, 47: 2422, 48: 2548, 50: 2323,
    52: 7654, 53: 5024, 54: 6715, 55: 6809, 56: 6779, 62: 6266, 67: 2682, 68: 4590, 69:
    6637, 70: 6681, 71: 6838, 72: 6981, 75: 6864, 79: 1904, 80: 6093, 92: 6341, 93: 2447,
    103: 581, 107: 6171,
}  # fmt: skip

#: Names of clusters, and what catalogues call them.
_CALLED = {
    "M 25": "IC 4725",
    "M 45": "Melotte 22",
    "Pleiades": "Melotte 22",
    "Hyades": "Melotte 25",
    "Praesepe": "NGC 2632",
    "Beehive": "NGC 2632",
    "Coma Ber": "Melotte 111",
    "Coma Berenices": "Melotte 111",
    "Alpha Per": "Melotte 20",
    "Alpha Persei": "Melotte 20",
    "h Per": "NGC 869",
    "h Persei": "NGC 869",
    "Chi Per": "NGC 884",
    "Chi Persei": "NGC 884",
    "Jewel Box": "NGC 4755",
    "Wild Duck": "NGC 6705",
    **{f"M {messier}": f"NGC {ngc}" for messier, ngc in _MESSIER.items()},
}


def _plain(name: str) -> str:
    return name.lower().replace(" ", "")


_PROPER = {_plain(name): _plain(called) for name, called in _CALLED.items()}


def folded_names(names: pd.Index) -> pd.Index:
    """Return names in one spelling, so that those of one cluster are equal.

    They are without case, spaces, hyphens, underscores and leading zeros; usual abbreviations of
    lists, Messier's numbers and a few proper names are replaced by what catalogues use: "NGC_0188"
    becomes "ngc188".
    """
    return pd.Index(_spelt(names).replace(_PROPER), name=names.name)


def _spelt(names: pd.Index) -> pd.Series:
    """Names in one spelling, each cluster's several names kept apart."""
    plain = matching_names(
        names.astype(str).str.replace(r"(?<=[^\W\d])-|-(?=[^\W\d])", "_", regex=True)
    )
    plain = plain.str.replace(r"(?<![\d.+-])0+(?=\d)", "", regex=True)
    parts = plain.str.extract(r"^(?P<list>[^\W\d_]+)(?P<number>\d.*)$")
    lists = parts["list"].replace(ABBREVIATIONS)
    return (lists + parts["number"]).fillna(pd.Series(plain))


def other_names(name: str) -> list[str]:
    """Return other usual names of a cluster: Messier's number, the NGC's, a few proper names."""
    whole, spelt = folded_names(pd.Index([name]))[0], _spelt(pd.Index([name]))[0]
    others = [other for other, called in _CALLED.items() if _plain(called) == whole]
    candidates = pd.Index([*dict.fromkeys(_CALLED[other] for other in others), *others])
    return candidates[_spelt(candidates) != spelt].tolist() if others else []


def names_of(clusters: pd.DataFrame) -> pd.DataFrame:
    """Return all names of a catalogue's clusters, folded, with ``row`` and ``rank`` of each.

    The index has the main names, of rank 0, which come first; the column ``aliases``, if there is
    one, has further names, separated by commas, of rank 1.
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

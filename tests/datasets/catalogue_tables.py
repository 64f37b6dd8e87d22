"""Invented tables with the real catalogues' columns, as VizieR serves them."""

import numpy as np
import pandas as pd
from vizier_server import numbered

#: Of the first clusters; the others are called UBC.
NAMES = ["NGC_2682", "Melotte_22", "ASCC_10", "NGC_188", "NGC_2632", "FSR_0133"]
#: Ranges of numbers by the names of columns; others are from 0 to 3.
RANGES = {
    "RA_ICRS": (0, 360),
    "DE_ICRS": (-60, 60),
    "Gmag": (8, 18),
    "e_Plx": (0.02, 0.2),
    "proba": (0.7, 1),
    "Prob": (0.1, 1),
}
POSITION = ("RA_ICRS", "DE_ICRS", "r50")


def cluster_names(n: int) -> list[str]:
    return (NAMES + [f"UBC_{i}" for i in range(1, n + 1)])[:n]


def numbers(n: int, *names: str) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(len(names))
    return {name: rng.uniform(*RANGES.get(name, (0, 3)), n) for name in names}


def percentiles(
    name: str, median: np.ndarray | float, low: float, high: float
) -> dict[str, object]:
    return {f"{name}16": median - low, f"{name}50": median, f"{name}84": median + high}


def texts(values: np.ndarray, blank: np.ndarray) -> list[str]:
    """Numbers as the catalogue writes them: padded, blank where missing."""
    return ["     " if b else f"{v:5.2f}" for v, b in zip(values, blank, strict=True)]


def stars(n_clusters: int, n_stars: int, first_id: int, *columns: str) -> dict[str, object]:
    """Identifiers beyond what a float holds exactly, clusters, and numbers of stars."""
    more = np.random.default_rng(1).integers(0, n_clusters, n_stars - n_clusters)
    owner = np.sort(np.append(np.arange(n_clusters), more))  # a star at least for each cluster
    return {
        "id": np.arange(n_stars, dtype=np.int64) + first_id,
        "name": np.array(cluster_names(n_clusters))[owner],
        **numbers(n_stars, "RA_ICRS", "DE_ICRS", "Gmag", "Plx", "e_Plx", *columns),
    }


def cantat_gaudin(n: int, n_blank: int, n_members: int) -> dict[str, pd.DataFrame]:
    blank = np.arange(n) >= n - n_blank
    random = numbers(n, "age", "a_v", "modulus", *POSITION, "nbstars07", "pmRA*", "pmDE", "plx")
    clusters = {
        "Cluster": cluster_names(n),
        "Flag": np.where(blank, "tooRed", "NN"),
        "AgeNN": texts(6.5 + random.pop("age"), blank),
        "AVNN": texts(random.pop("a_v"), blank),
        "DMNN": texts(5 + 3 * random.pop("modulus"), blank),
        "SimbadName": [f"Cl* {i}" for i in range(n)],
        **random,
    }
    members = stars(n, n_members, 5 * 10**18 + 1, "BP-RP", "pmRA*", "pmDE", "proba")
    renamed = {"id": "GaiaDR2", "name": "Cluster"}
    return {
        "J/A+A/640/A1/table1": numbered(pd.DataFrame(clusters)),
        "J/A+A/640/A1/nodup": numbered(pd.DataFrame(members).rename(columns=renamed)),
    }


def hunt_reffert(n: int, n_members: int) -> dict[str, pd.DataFrame]:
    names = cluster_names(n)
    random = numbers(n, "age", "a_v", "kpc", *POSITION, "CST", "N", "pmRA", "pmDE", "Plx")
    clusters = {
        "Name": names,
        "AllNames": ["NGC_2682,M_67"] + [f"{x},Theia_{i}" for i, x in enumerate(names[1:])],
        "Type": "o",
        **percentiles("logAge", 7 + random.pop("age"), 0.2, 0.3),
        **percentiles("AV", 0.2 + random.pop("a_v"), 0.1, 0.2),
        **percentiles("dist", 300 + 1000 * random.pop("kpc"), 20, 30),
        "MOD50": 10.0,
        "CMDCl50": 0.5,
        **random,
    }
    members = stars(n, n_members, 6 * 10**18 + 1, "pmRA", "pmDE", "Prob", "RUWE")
    members |= {"BPmag": members["Gmag"] + 0.5, "RPmag": members["Gmag"] - 0.7, "inrt": 1}
    renamed = {"id": "GaiaDR3", "name": "Name"}
    return {
        "J/A+A/673/A114/clusters": numbered(pd.DataFrame(clusters)),
        "J/A+A/673/A114/members": numbered(pd.DataFrame(members).rename(columns=renamed)),
    }


def dias(n: int) -> dict[str, pd.DataFrame]:
    parameters = {"logage": 8.5, "Av": 1.2, "Dist": 850.0, "[Fe/H]": 0.05}
    errors = {"e_logage": 0.1, "e_Av": 0.05, "e_Dist": 50.0}
    random = numbers(n, *POSITION, "N", "pmRA", "pmDE", "Plx")
    clusters = {"Cluster": cluster_names(n), **random, **parameters, **errors}
    return {"J/MNRAS/504/356/table12": numbered(pd.DataFrame(clusters))}


def cavallo(n: int) -> dict[str, pd.DataFrame]:
    clusters = {
        "Cluster": cluster_names(n),
        **{"RAdeg": np.linspace(0, 300, n), "DEdeg": np.linspace(-50, 50, n)},
        **{"Plx": 1.1, "kind": "o", "Quality": 0, "[Fe/H]50": 0.1},
        **percentiles("logAge", 8.5, 0.2, 0.3),
        **percentiles("AV", 1.0, 0.1, 0.2),
        **percentiles("dMod", 10.0, 0.2, 0.1),
    }
    other = pd.DataFrame({"Cluster": cluster_names(n), "Note": "-"})
    return {
        "J/AJ/167/12/table3": numbered(other),
        "J/AJ/167/12/table4": numbered(pd.DataFrame(clusters)),
    }


def bossini(n: int) -> dict[str, pd.DataFrame]:
    clusters = {
        "Cluster": [name.replace("_", " ") for name in cluster_names(n)],
        **numbers(n, "RA_ICRS", "DE_ICRS"),
        **{"logA": 8.5, "e_logA": 0.02, "E_logA": 0.03},
        **{"AV": 0.4, "e_AV": 0.01, "E_AV": 0.02},
        **{"Dist": 10.0, "e_Dist": 0.04, "E_Dist": 0.05, "Fe/H": 0.0},
    }
    return {"J/A+A/623/A108/tablea": numbered(pd.DataFrame(clusters))}


def small(name: str) -> dict[str, pd.DataFrame]:
    """The tables of a catalogue of eight clusters."""
    tables = {
        "cantat_gaudin_2020": lambda: cantat_gaudin(8, 2, 60),
        "hunt_reffert_2023": lambda: hunt_reffert(8, 70),
        "dias_2021": lambda: dias(8),
        "cavallo_2024": lambda: cavallo(8),
        "bossini_2019": lambda: bossini(8),
    }
    return tables[name]()

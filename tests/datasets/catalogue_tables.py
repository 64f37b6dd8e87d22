"""Invented tables with the real catalogues' columns, as VizieR serves them."""

import numpy as np
import pandas as pd
from vizier_server import numbered

#: Of the first clusters; the others are called UBC.
NAMES = ["NGC_2682", "Melotte_22", "ASCC_10", "NGC_188", "NGC_2632", "FSR_0133"]


def cluster_names(n: int) -> list[str]:
    return (NAMES + [f"UBC_{i}" for i in range(1, n + 1)])[:n]


def texts(values: np.ndarray, blank: np.ndarray, decimals: int = 2) -> list[str]:
    """Numbers as the catalogue writes them: padded, blank where missing."""
    return ["     " if b else f"{v:5.{decimals}f}" for v, b in zip(values, blank, strict=True)]


def cantat_gaudin(n: int, n_blank: int, n_members: int) -> dict[str, pd.DataFrame]:
    rng = np.random.default_rng(1)
    blank = np.arange(n) >= n - n_blank
    modulus = rng.uniform(5, 14, n)
    clusters = pd.DataFrame(
        {
            "Cluster": cluster_names(n),
            "RA_ICRS": rng.uniform(0, 360, n).round(3),
            "DE_ICRS": rng.uniform(-60, 60, n).round(3),
            "r50": rng.uniform(0.05, 1, n).round(3),
            "nbstars07": rng.integers(10, 500, n),
            "pmRA*": rng.normal(0, 3, n).round(3),
            "pmDE": rng.normal(0, 3, n).round(3),
            "plx": (100 / 10 ** (modulus / 5)).round(3),
            "Flag": np.where(blank, "tooRed", "NN"),
            "AgeNN": texts(rng.uniform(6.5, 9.8, n), blank),
            "AVNN": texts(rng.uniform(0, 3, n), blank),
            "DMNN": texts(modulus, blank),
            "SimbadName": [f"Cl* {i}" for i in range(n)],
        }
    )
    star = np.sort(rng.integers(0, n, n_members - n))
    star = np.sort(np.concatenate([np.arange(n), star]))  # a star at least for each cluster
    members = pd.DataFrame(
        {
            "RA_ICRS": rng.uniform(0, 360, n_members),
            "DE_ICRS": rng.uniform(-60, 60, n_members),
            "GaiaDR2": np.arange(n_members, dtype=np.int64) + 5_000_000_000_000_000_001,
            "Gmag": rng.uniform(8, 18, n_members),
            "BP-RP": rng.uniform(0, 3, n_members),
            "Plx": rng.normal(1, 0.1, n_members),
            "e_Plx": rng.uniform(0.02, 0.2, n_members),
            "pmRA*": rng.normal(0, 3, n_members),
            "pmDE": rng.normal(0, 3, n_members),
            "proba": rng.choice([0.7, 0.8, 0.9, 1.0], n_members),
            "Cluster": np.array(cluster_names(n))[star],
        }
    )
    return {
        "J/A+A/640/A1/table1": numbered(clusters),
        "J/A+A/640/A1/nodup": numbered(members),
    }


def hunt_reffert(n: int, n_members: int) -> dict[str, pd.DataFrame]:
    rng = np.random.default_rng(2)
    names = cluster_names(n)
    log_age, a_v, distance = rng.uniform(7, 9, n), rng.uniform(0.2, 3, n), rng.uniform(300, 3000, n)
    clusters = pd.DataFrame(
        {
            "Name": names,
            "ID": range(n),
            "AllNames": ["NGC_2682,M_67"]
            + [f"{name},Theia_{i}" for i, name in enumerate(names[1:])],
            "Type": "o",
            "CST": rng.uniform(3, 30, n),
            "N": rng.integers(10, 500, n),
            "RA_ICRS": rng.uniform(0, 360, n),
            "DE_ICRS": rng.uniform(-60, 60, n),
            "r50": rng.uniform(0.05, 1, n),
            "pmRA": rng.normal(0, 3, n),
            "pmDE": rng.normal(0, 3, n),
            "Plx": 1000 / distance,
            "CMDCl50": rng.uniform(0, 1, n),
            "logAge16": log_age - 0.2,
            "logAge50": log_age,
            "logAge84": log_age + 0.3,
            "AV16": a_v - 0.1,
            "AV50": a_v,
            "AV84": a_v + 0.2,
            "dist16": distance - 20,
            "dist50": distance,
            "dist84": distance + 30,
            "MOD50": 5 * np.log10(distance) - 5.1,
        }
    )
    colour = rng.uniform(0, 3, n_members)
    members = pd.DataFrame(
        {
            "Name": np.array(names)[np.sort(rng.integers(0, n, n_members))],
            "GaiaDR3": np.arange(n_members, dtype=np.int64) + 6_000_000_000_000_000_001,
            "Prob": rng.uniform(0.1, 1, n_members),
            "RA_ICRS": rng.uniform(0, 360, n_members),
            "DE_ICRS": rng.uniform(-60, 60, n_members),
            "pmRA": rng.normal(0, 3, n_members),
            "pmDE": rng.normal(0, 3, n_members),
            "Plx": rng.normal(1, 0.1, n_members),
            "e_Plx": rng.uniform(0.02, 0.2, n_members),
            "Gmag": 14 + colour,
            "BPmag": 14.5 + 1.4 * colour,
            "RPmag": 14.5 + 0.4 * colour,
            "RUWE": rng.uniform(0.9, 1.4, n_members),
            "inrt": rng.integers(0, 2, n_members),
        }
    )
    return {
        "J/A+A/673/A114/clusters": numbered(clusters),
        "J/A+A/673/A114/members": numbered(members),
    }


def dias(n: int) -> dict[str, pd.DataFrame]:
    clusters = pd.DataFrame(
        {
            "Cluster": cluster_names(n),
            "RA_ICRS": np.linspace(0, 300, n),
            "DE_ICRS": np.linspace(-50, 50, n),
            "r50": 0.2,
            "N": 100,
            "pmRA": 1.0,
            "pmDE": -1.0,
            "Plx": 1.1,
            "logage": 8.5,
            "e_logage": 0.1,
            "Av": 1.2,
            "e_Av": 0.05,
            "Dist": 850.0,
            "e_Dist": 50.0,
            "[Fe/H]": 0.05,
        }
    )
    return {"J/MNRAS/504/356/table12": numbered(clusters)}


def cavallo(n: int) -> dict[str, pd.DataFrame]:
    clusters = pd.DataFrame(
        {
            "Cluster": cluster_names(n),
            "RAdeg": np.linspace(0, 300, n),
            "DEdeg": np.linspace(-50, 50, n),
            "Plx": 1.1,
            "kind": "o",
            "Quality": 0,
            **{f"logAge{p}": v for p, v in ((16, 8.3), (50, 8.5), (84, 8.8))},
            **{f"AV{p}": v for p, v in ((16, 0.9), (50, 1.0), (84, 1.2))},
            **{f"dMod{p}": v for p, v in ((16, 9.8), (50, 10.0), (84, 10.1))},
            "[Fe/H]50": 0.1,
        }
    )
    other = pd.DataFrame({"Cluster": cluster_names(n), "Note": "-"})
    return {"J/AJ/167/12/table3": numbered(other), "J/AJ/167/12/table4": numbered(clusters)}


def bossini(n: int) -> dict[str, pd.DataFrame]:
    clusters = pd.DataFrame(
        {
            "Cluster": [name.replace("_", " ") for name in cluster_names(n)],
            "RA_ICRS": np.linspace(0, 300, n),
            "DE_ICRS": np.linspace(-50, 50, n),
            "logA": 8.5,
            "e_logA": 0.02,
            "E_logA": 0.03,
            "AV": 0.4,
            "e_AV": 0.01,
            "E_AV": 0.02,
            "Dist": 10.0,
            "e_Dist": 0.04,
            "E_Dist": 0.05,
            "Fe/H": 0.0,
        }
    )
    return {"J/A+A/623/A108/tablea": numbered(clusters)}


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

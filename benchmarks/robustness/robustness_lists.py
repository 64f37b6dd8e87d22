"""Ways to degrade member lists, for ``robustness.py``."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Self, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd

from skcluster.clusters import as_clusters, stars_of
from skcluster.io import read_table
from skcluster.schema import STAR_COLUMNS

#: What a list consists of.
COLUMNS = ("phot_g_mean_mag", "bp_rp", "parallax", "parallax_error", "probability")


def long_table(X: Any) -> pd.DataFrame:
    """All stars of clusters, with the row number of their cluster."""
    stars = stars_of(X)
    columns = {name: stars[name].astype(float) for name in COLUMNS}
    return pd.DataFrame({"row": stars.cluster, **columns})


@dataclass(frozen=True)
class Contaminants:
    """Stars to contaminate lists with."""

    clusters: pd.DataFrame
    field: pd.DataFrame

    @classmethod
    def read(cls, X: Any, field: Path) -> Self:
        """Stars of all clusters, relative to the parallax of their own, and of the field."""
        stars = long_table(X)
        middle = stars.groupby("row")["parallax"].transform("median")
        stars["parallax"] -= middle
        table = read_table(field)
        names = {"Gmag": "phot_g_mean_mag", "BP-RP": "bp_rp", "Plx": "parallax"}
        table = table.rename(columns={**names, "e_Plx": "parallax_error"})
        table = table.dropna(subset=["phot_g_mean_mag", "bp_rp", "parallax_error"])
        return cls(stars, pd.DataFrame(table[[*COLUMNS[:-1]]]).astype(float))


#: Of the stars of one cluster, the contaminants and a random generator to the new stars.
Change: TypeAlias = Callable[[pd.DataFrame, Contaminants, np.random.Generator], pd.DataFrame]


@dataclass(frozen=True)
class Spoil:
    """One way to degrade the lists of all clusters.

    Attributes
    ----------
    text : str
        What is done.
    change : callable
        What is done to the stars of a cluster.
    rows : callable
        Of labels to the places of the clusters that are spoilt so.
    """

    text: str
    change: Change
    rows: Callable[[pd.DataFrame], npt.NDArray[np.intp]] = lambda y: np.arange(len(y))

    def apply(self, X: Any, contaminants: Contaminants, rng: np.random.Generator) -> Any:
        """The degraded lists, without clusters that lose all stars."""
        stars = long_table(X)
        parts = [
            self.change(part.drop(columns="row"), contaminants, rng).assign(cluster=X.index[row])
            for row, part in stars.groupby("row")
        ]
        kept = [part for part in parts if len(part)]
        return as_clusters(pd.concat(kept, ignore_index=True), cluster_column="cluster")


def _added(share: float, kind: Literal["clusters", "field"], probability: float | None) -> Change:
    """Add contaminants, as a share of the whole list, with parallaxes that pass for members'."""

    def change(
        stars: pd.DataFrame, contaminants: Contaminants, rng: np.random.Generator
    ) -> pd.DataFrame:
        pool: pd.DataFrame = getattr(contaminants, kind)
        g = stars["phot_g_mean_mag"]
        pool = pool[pool["phot_g_mean_mag"].between(g.min(), min(g.max(), 18.0))]
        n = round(share / (1 - share) * len(stars))
        added = pool.iloc[rng.integers(len(pool), size=n)][list(COLUMNS[:-1])].copy()
        middle = float(np.nanmedian(stars["parallax"]))
        scatter = rng.standard_normal(n) * np.hypot(added["parallax_error"], 0.03)
        added["parallax"] = middle + scatter
        given = rng.uniform(0.5, 0.8, n) if probability is None else probability
        return pd.concat([stars, added.assign(probability=given)], ignore_index=True)

    return change


def _kept(condition: Callable[[pd.DataFrame], Any]) -> Change:
    return lambda stars, contaminants, rng: stars[condition(stars)]


def _shifted(column: str, amount: float) -> Change:
    assert column in STAR_COLUMNS
    return lambda stars, contaminants, rng: stars.assign(**{column: stars[column] + amount})


def _replaced(column: str, values: Callable[[pd.DataFrame, np.random.Generator], Any]) -> Change:
    assert column in STAR_COLUMNS
    return lambda stars, contaminants, rng: stars.assign(**{column: values(stars, rng)})


def _some(n: int) -> Change:
    """At most so many random stars."""
    return lambda stars, contaminants, rng: stars.iloc[np.sort(rng.permutation(len(stars))[:n])]


def _not_brightest(stars: pd.DataFrame) -> Any:
    return stars["phot_g_mean_mag"].rank(method="first") > 10


def _no_giants(stars: pd.DataFrame) -> Any:
    """Stars that are not both bright and red for their cluster."""
    modulus = 10 - 5 * np.log10(max(float(np.nanmedian(stars["parallax"])), 0.05))
    bright = stars["phot_g_mean_mag"] - modulus < 3.2
    blue = stars["bp_rp"].quantile(0.05)
    return ~(bright & (stars["bp_rp"] > blue + 0.55))


def _evolved(y: pd.DataFrame) -> npt.NDArray[np.intp]:
    return np.flatnonzero(y["log_age"] > 8.6)


def _same(
    stars: pd.DataFrame, contaminants: Contaminants, rng: np.random.Generator
) -> pd.DataFrame:
    return stars


SPOILS: dict[str, Spoil] = {"as-is": Spoil("as in the training", _same)}
for _percent in (10, 30, 50):
    SPOILS[f"others-{_percent}"] = Spoil(
        f"{_percent} % stars of other clusters", _added(_percent / 100, "clusters", None)
    )
for _percent in (10, 30, 50):
    SPOILS[f"field-{_percent}"] = Spoil(
        f"{_percent} % field stars", _added(_percent / 100, "field", None)
    )
SPOILS |= {
    "field-30-known": Spoil("30 % field stars of probability 0.01", _added(0.3, "field", 0.01)),
    "probable": Spoil("only probability above 0.7", _kept(lambda s: s["probability"] > 0.7)),
    "g-17": Spoil("only G < 17", _kept(lambda s: s["phot_g_mean_mag"] < 17)),
    "g-16": Spoil("only G < 16", _kept(lambda s: s["phot_g_mean_mag"] < 16)),
    "g-15": Spoil("only G < 15", _kept(lambda s: s["phot_g_mean_mag"] < 15)),
    "no-bright": Spoil("ten brightest stars missing", _kept(_not_brightest)),
    "no-giants": Spoil("no giants, log age > 8.6", _kept(_no_giants), _evolved),
    "parallax-smaller": Spoil("parallaxes 0.03 mas smaller", _shifted("parallax", -0.03)),
    "parallax-larger": Spoil("parallaxes 0.03 mas larger", _shifted("parallax", 0.03)),
    "bluer": Spoil("BP−RP 0.03 mag bluer", _shifted("bp_rp", -0.03)),
    "redder": Spoil("BP−RP 0.03 mag redder", _shifted("bp_rp", 0.03)),
    "parallax-dr2": Spoil("parallaxes 0.05 mas smaller", _shifted("parallax", -0.05)),
    "parallax-large": Spoil("parallaxes 0.05 mas larger", _shifted("parallax", 0.05)),
    "colour": Spoil("BP−RP 0.05 mag redder", _shifted("bp_rp", 0.05)),
    "no-parallax": Spoil("no parallaxes", _replaced("parallax", lambda s, rng: np.nan)),
    "no-errors": Spoil("no parallax errors", _replaced("parallax_error", lambda s, rng: np.nan)),
    "no-probability": Spoil("no probabilities", _replaced("probability", lambda s, rng: np.nan)),
    "arbitrary": Spoil(
        "arbitrary probabilities", _replaced("probability", lambda s, rng: rng.random(len(s)))
    ),
    "20-stars": Spoil("20 random stars", _some(20)),
}

"""Columns under the names of the catalogues, and the map for others."""

import pandas as pd
import pytest

from skcluster.clusters import stars_of
from skcluster.io import read_clusters

GAIA = ["cluster", "phot_g_mean_mag", "bp_rp", "parallax", "parallax_error", "probability"]
VIZIER = ["Cluster", "Gmag", "BP-RP", "Plx", "e_Plx", "Proba"]
CG2020 = ["Cluster", "Gmag", "BP-RP", "plx", "e_plx", "proba"]


def members(names: list[str]) -> pd.DataFrame:
    values = [["a", "a", "b"], [12.0, 13, 14], [0.5, 0.6, 0.7], [1.0, 2, 3], [0.1] * 3, [0.9] * 3]
    return pd.DataFrame(dict(zip(names, values, strict=False)))


def lower(name: str) -> str:
    """Lower case, but for magnitudes: gmag is a band of other surveys."""
    return name if name.endswith("mag") else name.lower()


@pytest.mark.parametrize("case", [str, str.upper, lower, str.title])
@pytest.mark.parametrize("names", [GAIA, VIZIER, CG2020], ids=["gaia", "vizier", "cg2020"])
def test_known_names_in_any_case(names, case):
    X = read_clusters(members([case(name) for name in names]))
    assert stars_of(X).columns == GAIA[1:]
    assert X.index.tolist() == ["a", "b"]


def test_map_from_their_names_to_ours():
    table = members(["group", "G", "colour", "w"])
    columns = {"G": "phot_g_mean_mag", "colour": "bp_rp", "w": "parallax"}
    by_map = read_clusters(table, columns={**columns, "group": "cluster"})
    by_name = read_clusters(table, columns=columns, cluster_column="group")
    assert by_map.equals(by_name)
    assert stars_of(by_map).columns == ["phot_g_mean_mag", "bp_rp", "parallax"]


def test_mapped_column_replaces_one_of_that_name():
    table = members(GAIA).assign(corrected=[5.0, 6, 7])
    stars = stars_of(read_clusters(table, columns={"corrected": "parallax"}))
    assert stars["parallax"].tolist() == [5, 6, 7]
    assert "corrected" not in stars


def test_columns_can_change_places():
    swap = {"parallax": "parallax_error", "parallax_error": "parallax"}
    stars = stars_of(read_clusters(members(GAIA), columns=swap))
    assert stars["parallax_error"].tolist() == [1, 2, 3]


def test_mapped_column_wins_over_one_that_would_be_found():
    table = members(VIZIER).assign(corrected=[5.0, 6, 7])
    stars = stars_of(read_clusters(table, columns={"corrected": "parallax"}))
    assert stars["parallax"].tolist() == [5, 6, 7]
    assert stars["Plx"].tolist() == [1, 2, 3]


def test_name_of_the_gaia_archive_wins():
    stars = stars_of(read_clusters(members(GAIA).assign(Plx=[5.0, 6, 7], Parallax=0.0)))
    assert stars["parallax"].tolist() == [1, 2, 3]
    assert stars["Plx"].tolist() == [5, 6, 7]


def test_two_names_that_may_be_meant_are_refused():
    table = members(VIZIER).assign(Prob=0.5)
    with pytest.raises(ValueError, match=r"'Proba' and 'Prob' all match 'probability'; choose one"):
        read_clusters(table)
    stars = stars_of(read_clusters(table, columns={"Prob": "probability"}))
    assert stars["probability"].tolist() == [0.5] * 3
    assert stars["Proba"].tolist() == [0.9] * 3


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"G": "phot_g_mean_mag"}, r"no column 'G' to be used as 'phot_g_mean_mag'; there are: C"),
        ({"parallax": "Plx"}, r"no column 'parallax' .*goes from the table's names to ours"),
        ({"Plx": "distance"}, r"'Plx' cannot be used as 'distance', only as one of: cluster, "),
        ({"Plx": "parallax", "e_Plx": "parallax"}, "'Plx' and 'e_Plx' cannot both be used as"),
    ],
)
def test_wrong_maps(columns, message):
    with pytest.raises(ValueError, match=message):
        read_clusters(members(VIZIER), columns=columns)

"""as_clusters knows the names of catalogues, tables of other libraries, and percentages."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from skcluster.clusters import as_clusters, concat_clusters, stars_of
from skcluster.clusters._stars import clusters_from_flat


def hunt_reffert() -> pd.DataFrame:
    """Three stars with the columns of Hunt & Reffert 2023 at VizieR."""
    return pd.DataFrame(
        {
            "Name": ["NGC_2682", "NGC_2682", "Melotte_22"],
            "GaiaDR3": 2**60 + np.arange(3),
            "Prob": [0.5, 0.9, 1.0],
            "Plx": [1.15, 1.13, 7.4],
            "e_Plx": [0.1, 0.1, 0.1],
            "Gmag": [12.1, 13.5, 9.8],
            "BPmag": [12.6, 14.0, 10.0],
            "RPmag": [11.6, 13.0, 9.6],
        }
    )


def test_names_of_a_catalogue():
    X = as_clusters(hunt_reffert())
    assert X.index.tolist() == ["NGC_2682", "Melotte_22"]
    stars = stars_of(X)
    assert {"source_id", "probability", "parallax", "phot_g_mean_mag"} <= set(stars.columns)
    np.testing.assert_allclose(stars["bp_rp"], [1.0, 1.0, 0.4])


def test_names_of_a_catalogue_in_nested_stars():
    X = as_clusters(hunt_reffert())
    theirs = stars_of(X).rename({"parallax": "Plx"}).to_clusters().assign(size=[2, 1])
    again = as_clusters(theirs)
    assert stars_of(again)["parallax"].tolist() == [1.15, 1.13, 7.4]
    assert again["size"].tolist() == [2, 1]


def test_own_name_in_another_case_wins():
    table = hunt_reffert().assign(Cluster=["a", "a", "b"])
    assert as_clusters(table).index.tolist() == ["a", "b"]


class OnlyStream:
    """A table of a library that is not known, with Arrow's interface."""

    def __init__(self, table: pa.Table) -> None:
        self._table = table

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._table.__arrow_c_stream__(requested_schema)


@pytest.mark.parametrize("kind", [lambda t: t, OnlyStream])
def test_tables_of_arrow(kind):
    identifiers = pa.array([2**60 + 1, None, 2**60 + 3], type=pa.int64())
    table = pa.Table.from_pandas(hunt_reffert(), preserve_index=False)
    table = table.set_column(1, "GaiaDR3", identifiers)
    X = as_clusters(kind(table))
    assert X.index.tolist() == ["NGC_2682", "Melotte_22"]
    assert stars_of(X).arrow("source_id").to_pylist() == identifiers.to_pylist()
    parts = {"a": kind(table.slice(0, 2)), "b": kind(table.slice(2))}
    assert stars_of(as_clusters(parts)).counts.tolist() == [2, 1]


@pytest.mark.parametrize("dtype", [int, float, str])
def test_percentages_are_recognised_and_told(dtype):
    table = hunt_reffert().assign(Prob=np.array([3, 87, 100]).astype(dtype))
    with pytest.warns(UserWarning, match="Probabilities of 3 stars lie between 3 and 100: taken"):
        X = as_clusters(table)
    np.testing.assert_allclose(stars_of(X)["probability"], [0.03, 0.87, 1.0])


def test_each_table_has_its_own_scale():
    table = hunt_reffert().drop(columns="Name")
    parts = {"a": table[:2], "b": table[2:].assign(Prob=70)}
    with pytest.warns(UserWarning, match="taken as per cent"):
        X = as_clusters(parts)
    np.testing.assert_allclose(stars_of(X)["probability"], [0.5, 0.9, 0.7])


@pytest.mark.parametrize("values", [[0, 1, 1], [0.1, np.nan, 1.0]])
def test_fractions_stay_fractions(values):
    stars = stars_of(as_clusters(hunt_reffert().assign(Prob=values)))
    np.testing.assert_array_equal(stars["probability"], values)


@pytest.mark.filterwarnings("ignore:Probabilities of 2 stars")  # the other cluster
@pytest.mark.parametrize(
    "values",
    [
        [0.9, 0.8, 1.2],
        [0.9, 0.8, 90],
        [0.9, 1.0, 90],
        [2, 5, 9],
        [2, 5, 10],
        [50, 80, 100.5],
        [50, 80, 101],
        [-1, 80, 90],
    ],
)
def test_doubtful_scales_are_refused_with_the_rule(values):
    message = r"must lie between 0 and 1 .* Percentages are recognised if the largest lies"
    with pytest.raises(ValueError, match=message):
        as_clusters(hunt_reffert().assign(Prob=values))


@pytest.mark.filterwarnings("ignore:Probabilities of 2 stars")
def test_a_wrong_fraction_beside_percentages_is_refused_and_not_divided():
    stars = {"cluster": [*"aabbb"], "phot_g_mean_mag": 12.0, "bp_rp": 0.5}
    table = pd.DataFrame({**stars, "probability": [50, 80, 0.5, 0.9, 1.2]})
    with pytest.raises(ValueError, match=r"cluster 'b' has a star with probability = 1\.2"):
        as_clusters(table)


@pytest.mark.parametrize("values", [[0, 2, 10.5], [1, 1.1, 100], [0, 80, 100], [np.nan, 50, 70]])
def test_percentages_up_to_their_ends(values):
    with pytest.warns(UserWarning, match="taken as per cent"):
        stars = stars_of(as_clusters(hunt_reffert().assign(Prob=values)))
    np.testing.assert_allclose(stars["probability"], np.array(values) / 100)


def test_parts_are_put_together():
    X = as_clusters(hunt_reffert())
    other = as_clusters(
        pd.DataFrame({"cluster": ["c"], "phot_g_mean_mag": [9.0], "bp_rp": [1.0], "GaiaDR3": ["x"]})
    )
    joined = concat_clusters([X, other])
    assert joined.index.tolist() == ["NGC_2682", "Melotte_22", "c"]
    stars = stars_of(joined)
    assert stars.counts.tolist() == [2, 1, 1]
    np.testing.assert_array_equal(stars["parallax"], [1.15, 1.13, 7.4, np.nan])
    assert stars.arrow("source_id").to_pylist() == [*map(str, 2**60 + np.arange(3)), "x"]


def test_a_single_part_is_the_whole():
    X = as_clusters(hunt_reffert())
    assert concat_clusters([X]) is X


def test_columns_of_clusters_are_put_together_as_well():
    X = as_clusters(hunt_reffert())
    X.attrs = {"epoch": np.array([2016.0, 2016.5]), "depth": 3}
    parts = X.assign(survey="A", field=1), X.iloc[:1].assign(survey="B", n=3, field=2)
    parts[1].attrs["depth"] = 4
    joined = concat_clusters(parts)
    assert joined["survey"].tolist() == ["A", "A", "B"]
    np.testing.assert_array_equal(joined["n"], [np.nan, np.nan, 3])
    assert joined["field"].dtype == np.int64
    assert list(joined.attrs) == ["epoch"]


def test_numbers_of_two_types_stay_numbers_beside_what_becomes_text():
    offsets, star = np.array([0, 1]), {"phot_g_mean_mag": [12.0], "bp_rp": [0.5]}
    parts = [
        clusters_from_flat({**star, "run": np.array([7]), "tag": np.array([1])}, offsets),
        clusters_from_flat({**star, "run": np.array([0.5]), "tag": np.array(["x"])}, offsets),
    ]
    stars = stars_of(concat_clusters(parts))
    assert stars["run"].tolist() == [7, 0.5]
    assert stars.arrow("tag").to_pylist() == ["1", "x"]

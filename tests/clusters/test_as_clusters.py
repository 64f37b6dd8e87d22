"""as_clusters: every kind of table gives the same clusters."""

import numpy as np
import pandas as pd
import pytest
from nested_pandas import NestedFrame

from skcluster.clusters import as_clusters, stars_of, validate_clusters
from skcluster.clusters._magnitude_limits import state_magnitude_limit
from skcluster.clusters._stars import clusters_from_flat
from skcluster.io import read_clusters
from skcluster.io._releases import to_edr3_parallaxes
from skcluster.schema import Column


def long_table() -> pd.DataFrame:
    """Six stars of three clusters, one after the other."""
    return pd.DataFrame(
        {
            "cluster": ["b", "b", "b", "a", "c", "c"],
            "phot_g_mean_mag": [10.0, 11, 12, 13, 14, 15],
            "bp_rp": [0.1, 0.2, 0.3, 0.4, 0.5, 0.6],
            "parallax": [1.0, np.nan, 3, -4, 0, 6],
            "source_id": 2**60 + np.arange(6),
            "note": ["u", "v", "w", "x", "y", "z"],
        }
    )


def test_long_table():
    X = as_clusters(long_table())
    assert isinstance(X, NestedFrame)
    assert X.columns.tolist() == ["stars"]
    assert X.index.tolist() == ["b", "a", "c"]
    assert X.index.name == "cluster"
    stars = stars_of(X)
    assert stars.columns == long_table().columns[1:].tolist()
    assert stars.offsets.tolist() == [0, 3, 4, 6]
    for column in stars.columns:
        np.testing.assert_array_equal(stars[column], long_table()[column])


@pytest.mark.parametrize("read", [as_clusters, read_clusters])
def test_input_is_never_changed(read):
    table = long_table().set_index("cluster")
    before = table.copy()
    read(table)
    pd.testing.assert_frame_equal(table, before)


@pytest.mark.parametrize("kind", [dict, list])
def test_table_for_each_cluster(kind):
    tables = dict(list(long_table().groupby("cluster", sort=False)))
    X = as_clusters(tables if kind is dict else list(tables.values()))
    assert X.index.tolist() == (["b", "a", "c"] if kind is dict else [0, 1, 2])
    np.testing.assert_array_equal(stars_of(X)["bp_rp"], long_table()["bp_rp"])


def test_tables_may_be_empty_or_lack_a_column():
    table = long_table()
    X = as_clusters([table.iloc[:0], table.drop(columns="parallax").iloc[:2], table.iloc[2:]])
    stars = stars_of(X)
    assert stars.counts.tolist() == [0, 2, 4]
    np.testing.assert_array_equal(stars["parallax"], [np.nan, np.nan, 3, -4, 0, 6])


@pytest.mark.parametrize("name", ["Cluster", "CLUSTER", "cluster"])
def test_cluster_column_in_any_case_or_as_index(name):
    table = long_table().rename(columns={"cluster": name})
    X, of_index = as_clusters(table), as_clusters(table.set_index(name))
    assert X.index.name == name
    assert of_index.index.equals(X.index)
    assert of_index.index.name == name
    assert stars_of(of_index)["note"].tolist() == stars_of(X)["note"].tolist()


def test_named_cluster_column():
    table = long_table().assign(group=[1, 1, 2, 2, 3, 3])
    assert as_clusters(table, cluster_column="group").index.tolist() == [1, 2, 3]
    by_index = as_clusters(table.set_index("group"), cluster_column="group")
    assert by_index.index.tolist() == [1, 2, 3]
    with pytest.raises(ValueError, match="cluster_column='group' is for one table of stars"):
        as_clusters([table], cluster_column="group")
    with pytest.raises(TypeError, match="not from str"):
        as_clusters("members.csv", cluster_column="group")
    X = as_clusters(table).assign(number=[7, 8, 9])
    assert as_clusters(X, cluster_column="cluster") is X
    assert as_clusters(X, cluster_column="number").index.tolist() == [7, 8, 9]
    with pytest.raises(ValueError, match="no column 'group'"):
        as_clusters(X, cluster_column="group")


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ([3, 3, 3, 1, 2, 2], [3, 1, 2]),
        ([-1, -1, -1, 0, 1, 1], [-1, 0, 1]),
        (["b", "b ", " b", "a", "c", "c"], ["b", "a", "c"]),
        (pd.Categorical(["b", "b", "b", "a", "c", "c"]), ["b", "a", "c"]),
        (pd.array(["b", "b", "b", "a", "c", "c"], dtype="string[pyarrow]"), ["b", "a", "c"]),
    ],
    ids=["numbers", "negative", "blanks", "categorical", "arrow"],
)
def test_names_of_any_kind(names, expected):
    X = as_clusters(long_table().assign(cluster=names))
    assert X.index.tolist() == expected
    assert stars_of(X).counts.tolist() == [3, 1, 2]


@pytest.mark.parametrize("dtype", ["f4", ">f4", ">f8", "Float32", "float[pyarrow]"])
def test_numbers_of_any_kind(dtype):
    table = long_table()
    table["bp_rp"] = pd.Series(table["bp_rp"].to_numpy().astype("f4"), dtype=dtype)
    values = stars_of(as_clusters(table))["bp_rp"]
    assert values.dtype in (np.float32, np.float64)
    np.testing.assert_allclose(values, table["bp_rp"].to_numpy(dtype=float), rtol=1e-7)
    assert stars_of(as_clusters(long_table().astype({"bp_rp": "f4"})))["bp_rp"].dtype == np.float32


@pytest.mark.parametrize(
    "values",
    [
        np.arange(6, dtype=">i8"),
        np.arange(6, dtype=">f4"),
        pd.array([1, None, 3, 4, 5, 6], dtype="Int64"),
        np.array(["u", None, np.nan, "x", "y", "z"], dtype=object),
        pd.Categorical(list("uvwuvw")),
        pd.date_range("2016-01-01", periods=6),
        [[1.0], [], [1, 2], [3], [4], [5]],
    ],
    ids=["int", "float", "masked", "texts", "categories", "dates", "lists"],
)
def test_other_columns_of_any_kind_come_along(values):
    table = long_table().assign(other=pd.Series(values))
    X = as_clusters(table)
    assert "other" in stars_of(X)
    b = X.loc["b", "stars"]["other"].tolist()
    for got, expected in zip(b, table["other"].iloc[:3].tolist(), strict=True):
        if isinstance(expected, list):
            assert np.array_equal(got, expected)
        else:
            assert (pd.isna(got) and pd.isna(expected)) or got == expected


def test_numbers_as_texts_with_blanks():
    table = long_table().assign(parallax=["1.5", " 2", "", "  ", "--", "nan"])
    parallax = stars_of(as_clusters(table))["parallax"]
    np.testing.assert_array_equal(parallax, [1.5, 2, np.nan, np.nan, np.nan, np.nan])


def test_colour_from_bp_and_rp():
    table = long_table().drop(columns="bp_rp")
    table = table.assign(phot_bp_mean_mag=15.5, phot_rp_mean_mag=15.0)
    assert (stars_of(as_clusters(table))["bp_rp"] == 0.5).all()
    kept = stars_of(as_clusters(table.assign(bp_rp=0.4)))
    assert (kept["bp_rp"] == 0.4).all()


def test_stars_without_colour_or_magnitude_are_left_out_with_one_warning():
    table = long_table()
    table.loc[0, "bp_rp"] = np.nan
    table.loc[[0, 1], "phot_g_mean_mag"] = np.nan
    text = r"Left out 2 of 6 stars, in 1 of 3 clusters, without magnitude or colour\.$"
    with pytest.warns(UserWarning, match=text) as caught:
        X = as_clusters(table)
    assert len(caught) == 1
    assert stars_of(X)["note"].tolist() == ["w", "x", "y", "z"]


def test_cluster_that_loses_all_its_stars_stays_and_is_named():
    table = long_table()
    table.loc[3, "bp_rp"] = np.nan
    with pytest.warns(UserWarning, match=r"No star is left of 1 clusters: 'a'\.$"):
        X = as_clusters(table)
    assert stars_of(X).counts.tolist() == [3, 0, 2]


def test_nested_clusters_keep_their_other_columns_when_stars_are_left_out():
    table = long_table()
    whole = as_clusters(table).assign(size=[3, 1, 2])
    stars = stars_of(whole)
    colour = stars["bp_rp"].copy()
    colour[0] = np.nan
    fields = {"phot_g_mean_mag": stars["phot_g_mean_mag"], "bp_rp": colour}
    X = clusters_from_flat(fields, stars.offsets, stars.index).assign(size=[3, 1, 2])
    with pytest.warns(UserWarning, match="Left out 1 of 6 stars"):
        checked = as_clusters(X)
    assert checked["size"].tolist() == [3, 1, 2]
    assert stars_of(checked).counts.tolist() == [2, 1, 2]


def test_a_column_of_tables_as_ensembles_make_it(toy):
    X = toy[0]
    again = as_clusters(np.asarray(X))
    assert again.index.tolist() == list(range(len(X)))
    assert again.set_axis(X.index).equals(X)
    for wrong in (np.array([["a"], ["b"]], dtype=object), np.eye(2), np.array([], dtype=object)):
        with pytest.raises(TypeError, match="not from ndarray"):
            as_clusters(wrong)


def test_stars_are_checked_once(monkeypatch):
    checked, wrong = [], Column.wrong

    def counted(column, values):
        checked.append(column.name)
        return wrong(column, values)

    monkeypatch.setattr(Column, "wrong", counted)
    members = pd.DataFrame(
        {"cluster": list("aab"), "phot_g_mean_mag": [12.0, 13, 14], "bp_rp": [0.5, 0.6, np.nan]}
    )
    with pytest.warns(UserWarning, match="Left out 1 of 3 stars"):
        X = read_clusters(members)
    assert as_clusters(X) is X
    validate_clusters(X.loc[["a"]])  # a part of the clusters is checked as a table of its own
    assert checked == ["phot_g_mean_mag", "bp_rp"] * 2
    assert len(stars_of(state_magnitude_limit(X, 15))) == len(stars_of(to_edr3_parallaxes(X))) == 2
    assert len(checked) == 4

"""Stars that cannot be right: one error each, naming cluster, column, value and rule."""

import re

import numpy as np
import pandas as pd
import pytest

from skcluster.clusters import as_clusters, validate_clusters
from skcluster.clusters._stars import clusters_from_flat
from skcluster.io import read_clusters
from skcluster.schema import NEEDED_STAR_COLUMNS, STAR_COLUMNS

MEASURED = {name: column for name, column in STAR_COLUMNS.items() if column.kind == "number"}


def table(**columns) -> pd.DataFrame:
    stars = {"cluster": ["a", "b", "b"], "phot_g_mean_mag": [12.0, 13, 14], "bp_rp": [1.0] * 3}
    return pd.DataFrame({**stars, "parallax": [1.0, -0.5, 0.0], **columns})


@pytest.mark.parametrize(
    ("column", "value", "shown", "rule"),
    [
        ("phot_g_mean_mag", np.inf, "inf mag", "must lie between -5 and 30"),
        ("phot_g_mean_mag", 99.0, "99 mag", "must lie between -5 and 30"),
        ("bp_rp", 99.99, "99.99 mag", "must lie between -5 and 25"),
        ("bp_rp", -999.0, "-999 mag", "must lie between -5 and 25"),
        ("parallax", -9999.0, "-9999 mas", "must lie between -1000 and 1000"),
        ("parallax_error", -0.1, "-0.1 mas", "must be at least 0"),
        ("probability", 1.5, "1.5", "must lie between 0 and 1"),
        ("ra", np.inf, "inf deg", "must be finite"),
        ("dec", 91.0, "91 deg", "must lie between -90 and 90"),
        ("pmra", -np.inf, "-inf mas / yr", "must be finite"),
    ],
)
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_value_that_breaks_its_rule(column, value, shown, rule, dtype):
    values = np.array([0.5, 0.5, value], dtype=dtype)
    message = f"cluster 'b' has a star with {column} = {shown}, which {rule} \\(a missing value"
    with pytest.raises(ValueError, match=message):
        as_clusters(table(**{column: values}))


def _possible(column):
    return float(np.clip(0.5, MEASURED[column].low, MEASURED[column].high))


@pytest.mark.parametrize("column", list(MEASURED))
def test_the_ends_of_a_range_are_allowed_and_no_more(column):
    rule, possible = MEASURED[column], _possible(column)
    for end, infinity in ((rule.low, -np.inf), (rule.high, np.inf)):
        if np.isfinite(end):
            inside = [end, end, np.nextafter(end, -infinity)]
            assert len(validate_clusters(table(**{column: inside}))) == 3
        for beyond in (np.nextafter(end, infinity), infinity):
            with pytest.raises(ValueError, match=f"cluster 'b' has a star with {column} = "):
                as_clusters(table(**{column: [possible, beyond, possible]}))


@pytest.mark.parametrize("column", [c for c in MEASURED if c not in NEEDED_STAR_COLUMNS])
def test_missing_values_of_other_columns_are_kept(column):
    X = as_clusters(table(**{column: [np.nan, _possible(column), np.nan]}))
    assert len(X.loc["b", "stars"]) == 2


def test_a_needed_column_of_markers_alone_is_wrong():
    with pytest.raises(ValueError, match="cluster 'a' has a star with bp_rp = 99 mag"):
        as_clusters(table(bp_rp=99.0))


def test_infinity_is_found_among_missing_values():
    with pytest.raises(ValueError, match="cluster 'b' has a star with bp_rp = inf"):
        as_clusters(table(bp_rp=[np.nan, 1, np.inf]))


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ([1 + 1j, 2, 3], "1+1j"),
        (pd.to_datetime(["2020", "2021", "2022"]), "2020-01-01"),
        (pd.to_timedelta([1, 2, 3], unit="D"), "1 days"),
    ],
)
def test_complex_numbers_and_dates_are_no_numbers(values, shown):
    message = rf"has a star with parallax = .*{re.escape(shown)}.*, which is not a number"
    with pytest.raises(ValueError, match=message):
        as_clusters(table(parallax=values))


@pytest.mark.parametrize("column", ["phot_g_mean_mag", "parallax"])
def test_text_in_a_number_column(column):
    message = f"cluster 'b' has a star with {column} = 'bright', which is not a number"
    with pytest.raises(ValueError, match=message):
        as_clusters(table(**{column: ["1", "", "bright"]}))


def test_text_in_a_nested_column():
    fields = {"phot_g_mean_mag": np.array(["1", "2"]), "bp_rp": np.ones(2)}
    with pytest.raises(ValueError, match="cluster 'a' has a star with phot_g_mean_mag = '1'; nest"):
        as_clusters(clusters_from_flat(fields, [0, 1, 2], ["a", "b"]))


@pytest.mark.parametrize(
    ("column", "looked_for"),
    [
        ("phot_g_mean_mag", r"phot_g_mean_mag, Gmag, in upper and lower case\)\. If it has "),
        ("bp_rp", r"bp_rp, BP-RP, .* BP−RP, not G−RP, and is computed from phot_bp_mean_mag and "),
    ],
)
@pytest.mark.parametrize("read", [as_clusters, read_clusters])
def test_missing_column(read, column, looked_for):
    message = (
        rf"no column '{column}' \(looked for {looked_for}.*"
        f"columns={{'its name': '{column}'}}.* There are: cluster, .*parallax"
    )
    with pytest.raises(ValueError, match=message):
        read(table().drop(columns=column))


@pytest.mark.parametrize("read", [as_clusters, read_clusters])
def test_missing_cluster_column(read):
    message = "no column 'group' to be used as 'cluster'; there are: cluster, phot_g"
    with pytest.raises(ValueError, match=message):
        read(table(), cluster_column="group")


@pytest.mark.parametrize(
    "names", [["a", None, "b"], ["a", "", "b"], [1, np.nan, 2], ["a", " ", "b"]]
)
def test_star_without_a_cluster(names):
    with pytest.raises(ValueError, match=r"1 star has no cluster name .* first in row 1\)"):
        as_clusters(table(cluster=names))


def test_two_columns_of_one_name():
    with pytest.raises(ValueError, match="more than one column 'bp_rp'"):
        as_clusters(pd.concat([table(), table()[["bp_rp"]]], axis=1))


def test_column_of_several_kinds():
    with pytest.raises(ValueError, match="Column 'note' has values of several types"):
        as_clusters(table(note=["x", 1.0, "y"]))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (pd.DataFrame(), "The table of stars is empty"),
        (table().iloc[:0], "The table of stars is empty"),
        ({}, "There is no table to make clusters from"),
        ([], "There is no table to make clusters from"),
        ([table().iloc[:0]], "No table has a star"),
    ],
)
def test_nothing_to_make_clusters_from(data, message):
    with pytest.raises(ValueError, match=message):
        as_clusters(data)


@pytest.mark.parametrize("data", [np.ones((3, 2)), "members.csv", None, 5])
def test_not_a_table(data):
    with pytest.raises(TypeError, match=f"Clusters can be made .*, not from {type(data).__name__}"):
        as_clusters(data)


@pytest.mark.parametrize("function", [as_clusters, validate_clusters])
@pytest.mark.parametrize("nested", [True, False])
def test_clusters_and_labels_are_no_clusters(function, nested):
    X = as_clusters(table()) if nested else table()
    y = pd.DataFrame({"log_age": [8.0, 9.0], "a_v": 0.1, "distance_kpc": 1.0}, index=["a", "b"])
    for labels in (y, y.to_numpy(), y["log_age"]):
        with pytest.raises(TypeError, match=r"pair \(X, y\) of clusters and .* give X"):
            function((X, labels))


def test_a_pair_of_tables_is_two_clusters():
    assert len(as_clusters((table(), table()))) == 2


def test_dict_of_columns_is_no_table():
    with pytest.raises(TypeError, match="The stars of cluster 'bp_rp' must be a DataFrame or an"):
        as_clusters({"bp_rp": [1.0, 2.0]})


def test_validate_needs_clusters_with_stars():
    X = as_clusters(table())
    assert len(validate_clusters(X)) == 3
    with pytest.raises(ValueError, match="X has no cluster"):
        validate_clusters(X.iloc[:0])
    with (
        pytest.warns(UserWarning, match="Left out 1 of 3 stars"),
        pytest.raises(ValueError, match=r"1 of 2 clusters have no star .*: 'a'\. Leave them out"),
    ):
        validate_clusters(table(bp_rp=[np.nan, 1, 1]))


def test_validate_needs_the_columns_asked_for():
    with pytest.raises(ValueError, match="'ruwe' is needed, but X has only phot_g_mean_mag, b"):
        validate_clusters(table(), columns=["parallax", "ruwe"])

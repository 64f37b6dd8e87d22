"""Tables that nest their stars in a column, in this way or another."""

import nested_pandas
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from common.formats import seen

from skcluster.io import read_clusters

ID = 2**60 + 1
STARS = [
    {"phot_g_mean_mag": 12.5, "bp_rp": 0.5, "source_id": ID},
    {"phot_g_mean_mag": 13.5, "bp_rp": 0.75, "source_id": None},
]
LISTS = {name: [star[name] for star in STARS] for name in STARS[0]}
FIELDS = pa.struct(
    {"phot_g_mean_mag": pa.float64(), "bp_rp": pa.float64(), "source_id": pa.int64()}
)
MAP = pa.map_(pa.string(), pa.float64())


def table(stars: object, **others: object) -> pa.Table:
    """Two clusters, with a column of stars."""
    return pa.table({"cluster": ["a", "b"], "stars": stars, **others})


FORMS = {
    "parquet": lambda table, folder: (
        (pq.write_table(table, folder / "m.parquet"), folder)[1] / "m.parquet"
    ),
    "arrow": lambda table, folder: table,
    "polars": lambda table, folder: pytest.importorskip("polars").DataFrame(table),
    "pandas-arrow": lambda table, folder: table.to_pandas(types_mapper=pd.ArrowDtype),
    "nested-pandas": lambda table, folder: nested_pandas.NestedFrame(
        table.to_pandas(types_mapper=pd.ArrowDtype)
    ),
}
DOORS = ["read_clusters", "as_clusters", "estimator", "estimate"]

READ = {
    "lists of structures": pa.array([STARS, STARS[:1]], pa.list_(FIELDS)),
    "large lists of structures": pa.array([STARS, STARS[:1]], pa.large_list(FIELDS)),
    "structures of lists": [LISTS, {name: values[:1] for name, values in LISTS.items()}],
    "a null star": pa.array([STARS, [STARS[0], None]], pa.list_(FIELDS)),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("nesting", READ)
def test_nested_stars(nesting, form, door, tmp_path):
    stars = seen(door, FORMS[form](table(READ[nesting]), tmp_path), tmp_path).stars
    assert stars["phot_g_mean_mag"] == [12.5, 13.5, 12.5]
    assert stars["source_id"] == [ID, None, ID]
    assert stars["cluster"] == ["a", "a", "b"]


@pytest.mark.parametrize("door", DOORS)
def test_numbered_rows_are_no_names_of_clusters(door, tmp_path):
    nested = FORMS["nested-pandas"](table(READ["lists of structures"]), tmp_path)
    assert seen(door, nested.iloc[[1]], tmp_path).stars["cluster"] == ["b"]
    assert seen(door, nested.set_axis(["x", "y"]), tmp_path).stars["cluster"] == ["x", "x", "y"]


NO_STARS = "no column 'phot_g_mean_mag' .* Nested stars are a column 'stars' of lists of structures"
REFUSED = {
    "numbers": [3, 4],
    "nothing": pa.nulls(2),
    "lists of numbers": [[1.0, 2.0], [3.0]],
    "a structure of numbers": STARS,
    "maps": pa.array([[("g", 1.0)]] * 2, MAP),
    "lists and numbers": [{**LISTS, "n": 2}] * 2,
    "lists of different lengths": [LISTS, {**LISTS, "bp_rp": [0.5]}],
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("door", DOORS)
@pytest.mark.parametrize("nesting", REFUSED)
def test_other_nestings_are_refused(nesting, form, door, tmp_path):
    with pytest.raises(ValueError, match=NO_STARS):
        seen(door, FORMS[form](table(REFUSED[nesting]), tmp_path), tmp_path)


@pytest.mark.parametrize("form", [*FORMS, "pandas"])
def test_lists_of_objects_are_refused(form, tmp_path):
    objects = FORMS.get(form, lambda table, folder: table.to_pandas())
    lists = pa.table({"cluster": ["a"], "phot_g_mean_mag": [[1.0, 2.0]], "bp_rp": [[1.0]]})
    with pytest.raises(ValueError, match=r"(phot_g_mean_mag|bp_rp) = .*1.*, which is not a number"):
        read_clusters(objects(lists, tmp_path))
    numbers = pa.table({"cluster": ["a"], "phot_g_mean_mag": [{"x": 1.0}], "bp_rp": [1.0]})
    with pytest.raises(ValueError, match=r"phot_g_mean_mag = \{'x': 1.0\}, which is not a number"):
        read_clusters(objects(numbers, tmp_path))
    if form == "pandas":
        with pytest.raises(ValueError, match=NO_STARS):
            read_clusters(objects(table(READ["lists of structures"]), tmp_path))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("door", DOORS)
def test_what_is_nested_beside_the_stars_comes_along(form, door, tmp_path):
    long = table(
        [7, 8],  # of a table with a row per star, it may hold anything
        phot_g_mean_mag=[12.5, 13.5],
        bp_rp=[0.5, 0.75],
        position=[{"x": ID}, {"x": None}],
        spectrum=[[1, ID], [None]],
        flags=pa.array([[("g", 1.0)], []], MAP),
    )
    stars = seen(door, FORMS[form](long, tmp_path), tmp_path).stars
    assert stars["cluster"] == ["a", "b"]
    assert stars["position"] == [{"x": ID}, {"x": None}]
    assert stars["spectrum"] == [[1, ID], [None]]
    assert stars["stars"] == [7, 8]

"""Tables of astropy: masks, units, byte order, columns of arrays."""

from io import BytesIO

import numpy as np
import pytest
from astropy import units as u
from astropy.table import MaskedColumn, QTable, Table
from astropy.utils.masked import Masked

from skcluster.clusters import as_clusters, stars_of
from skcluster.io import read_clusters


def table(kind: type = Table) -> Table:
    return kind(
        {
            "cluster": ["a", "a", "b"],
            "phot_g_mean_mag": [12.0, 13, 14] * u.mag,
            "bp_rp": [0.5, 0.6, 0.7] * u.mag,
            "parallax": [1.0, 2, 3] * u.mas,
        }
    )


@pytest.mark.parametrize("kind", [Table, QTable])
def test_table_for_each_cluster(kind):
    whole = table(kind)
    X = as_clusters({"x": whole[:1], "y": whole[1:]})
    assert stars_of(X).counts.tolist() == [1, 2]


def test_rows_of_fits_are_big_endian_and_bytes():
    file = BytesIO()
    stored = table()
    stored["x"] = np.array([1, 2, 3], dtype="i4")
    stored.write(file, format="fits")
    file.seek(0)
    read = Table.read(file, format="fits")
    assert read["x"].dtype.byteorder == ">"
    assert read["cluster"].dtype.kind == "S"
    stars = stars_of(as_clusters(read))
    assert stars.index.tolist() == ["a", "b"]
    assert stars["x"].tolist() == [1, 2, 3]
    assert stars["bp_rp"].tolist() == [0.5, 0.6, 0.7]
    assert read["cluster"].dtype.kind == "S"


def test_what_lies_under_a_mask_is_never_used():
    masked = table()
    masked["parallax"] = MaskedColumn([-999.0, 2, 1e20], mask=[1, 0, 1], unit="mas")
    np.testing.assert_array_equal(stars_of(as_clusters(masked))["parallax"], [np.nan, 2, np.nan])
    masked["bp_rp"] = MaskedColumn([0.5, 99, 0.7], mask=[0, 1, 0])
    with pytest.warns(UserWarning, match="Left out 1 of 3 stars, in 1 of 2 clusters"):
        assert stars_of(as_clusters(masked))["bp_rp"].tolist() == [0.5, 0.7]


def test_masked_quantity_and_masked_integers():
    masked = table(QTable)
    masked["parallax"] = Masked([1.0, 99, 3] * u.arcsec / 1000, mask=[False, True, False])
    masked["phot_g_mean_mag"] = MaskedColumn([12, 13, 14], mask=[0, 0, 0])
    stars = stars_of(as_clusters(masked))
    np.testing.assert_allclose(stars["parallax"], [1, np.nan, 3])
    assert stars["phot_g_mean_mag"].tolist() == [12, 13, 14]


@pytest.mark.parametrize("kind", [Table, QTable])
@pytest.mark.parametrize(
    ("column", "values", "expected"),
    [
        ("parallax", [0.001, 0.002, 0.003] * u.arcsec, [1, 2, 3]),
        ("probability", [10, 50, 100] * u.percent, [0.1, 0.5, 1]),
        ("pmra", [1, 2, 3] * u.arcsec / u.yr, [1000, 2000, 3000]),
        ("ra", [1, 2, 3] * u.hourangle, [15, 30, 45]),
        ("parallax", u.Quantity([1, 2, 3], u.mas, dtype="f4"), [1, 2, 3]),
    ],
)
def test_units_are_converted(kind, column, values, expected):
    other = table(kind)
    other[column] = values
    np.testing.assert_allclose(stars_of(as_clusters(other))[column], expected)


@pytest.mark.parametrize(
    ("column", "unit", "wanted"),
    [("parallax", "km", "mas"), ("bp_rp", "Jy", "mag"), ("parallax", "furlongs", "mas")],
)
def test_wrong_unit_is_refused_naming_both(column, unit, wanted):
    other = table()
    other[column].unit = u.Unit(unit, parse_strict="silent")
    with pytest.raises(
        ValueError, match=f"'{column}' is in '{unit}', which cannot be converted to '{wanted}'"
    ):
        as_clusters(other)


def test_wrong_unit_of_a_column_that_is_not_used_is_noted():
    other = table()
    other["pmra"] = [1, 2, 3] * u.mas
    note = "'pmra' is kept as it is, and not used: Column 'pmra' is in 'mas', which cannot be conv"
    with pytest.warns(UserWarning, match=note):
        stars = stars_of(as_clusters(other))
    assert stars["pmra [mas]"].tolist() == [1, 2, 3]
    assert "pmra" not in stars


def test_units_of_other_columns_are_no_matter():
    other = table(QTable)
    other["flux"] = [1, 2, 3] * u.Jy
    assert stars_of(as_clusters(other))["flux"].tolist() == [1, 2, 3]


def test_columns_of_arrays_are_left_out_with_a_warning():
    other = table()
    other["spectrum"] = np.ones((3, 5))
    with pytest.warns(UserWarning, match="more than one value per row: spectrum"):
        X = as_clusters(other)
    assert "spectrum" not in stars_of(X)


def test_masked_cluster_name_is_refused():
    other = table()
    other["cluster"] = MaskedColumn(["a", "a", "b"], mask=[0, 1, 0])
    with pytest.raises(ValueError, match="1 star has no cluster name"):
        as_clusters(other)


@pytest.mark.parametrize("read", [as_clusters, read_clusters])
def test_input_is_never_changed(read):
    other = table()
    before = other.copy()
    read(other)
    assert other.colnames == before.colnames
    assert (other == before).all()
    assert other["parallax"].unit == u.mas

"""Tables of pandas and astropy as DataFrames of numbers."""

import numpy as np
import pandas as pd
import pytest
from astropy.table import MaskedColumn, QTable, Table
from astropy.units import Unit

from skcluster.clusters._raw import parse_numbers, to_frame


def test_known_columns_are_converted_and_others_are_not():
    table = QTable({"parallax": [1.0, 2.0] * Unit("arcsec"), "size": [1.0, 2.0] * Unit("m")})
    frame = to_frame(table, {"parallax": "mas"})
    assert frame["parallax"].tolist() == pytest.approx([1000.0, 2000.0])
    assert frame["size"].tolist() == [1.0, 2.0]


def test_units_of_another_kind_are_refused():
    table = Table({"parallax": [1.0] * Unit("m")})
    with pytest.raises(ValueError, match="'parallax' is in 'm', which cannot be converted to 'mas"):
        to_frame(table, {"parallax": "mas"})


def test_masked_values_are_missing():
    frame = to_frame(Table({"ra": MaskedColumn([1.0, 2.0], mask=[False, True])}), {})
    assert frame["ra"].isna().tolist() == [False, True]


def test_two_columns_of_one_name_are_refused():
    frame = pd.DataFrame([[1, 2]], columns=["ra", "ra"])
    with pytest.raises(ValueError, match="more than one column 'ra'"):
        to_frame(frame, {})


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_numbers_keep_their_precision(dtype):
    numbers, wrong = parse_numbers(pd.Series([1, 2], dtype=dtype))
    assert numbers.dtype == dtype
    assert len(wrong) == 0


def test_texts_are_parsed_and_wrong_ones_found():
    numbers, wrong = parse_numbers(pd.Series(["1.5", " ", "--", "nan", "many", None]))
    np.testing.assert_array_equal(numbers, [1.5, *[np.nan] * 5])
    assert wrong.tolist() == [4]


def test_whole_numbers_beyond_floats_are_infinite():
    given = pd.Series([10**400, -(10**400), 2**70, None, "1.5"], dtype=object)
    numbers, wrong = parse_numbers(given)
    np.testing.assert_allclose(numbers[:3], [np.inf, -np.inf, 2.0**70], rtol=1e-15)
    assert np.isnan(numbers[3])
    assert numbers[4] == 1.5
    assert wrong.tolist() == []

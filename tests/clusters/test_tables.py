"""Texts and numbers of any type as floats."""

import numpy as np
import pandas as pd
import pytest

from skcluster.clusters._tables import parse_numbers


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

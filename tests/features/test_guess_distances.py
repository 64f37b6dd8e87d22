import numpy as np
import pandas as pd
import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from skcluster.features import GuessDistances, GuessFeatures


@parametrize_with_checks([GuessDistances()])
def test_conventions(estimator, check):
    state = np.random.get_state()  # noqa: NPY002
    try:
        check(estimator)
    finally:
        np.random.set_state(state)  # noqa: NPY002 - one of scikit-learn's checks draws from it


def test_slopes_and_distances_are_limited():
    guesses = [[0.5, 1.0, 0.5], [-7.0, 1.0, 0.01], [3.0, 1.0, -2.0], [np.nan, 1.0, np.nan]]
    expected = [[0.5, 1.0, 2.0], [-1.0, 1.0, 10.0], [1.0, 1.0, 10.0], [np.nan, 1.0, np.nan]]
    np.testing.assert_allclose(GuessDistances().fit_transform(guesses), expected)
    wide = GuessDistances(max_distance=50.0, max_slope=5.0).fit_transform(guesses)
    np.testing.assert_allclose(wide[1], [-5.0, 1.0, 50.0])


def test_the_input_is_left_alone():
    guesses = np.array([[7.0, 1.0, 0.01]])
    GuessDistances().fit_transform(guesses)
    assert guesses.tolist() == [[7.0, 1.0, 0.01]]


def test_names(toy):
    X, _ = toy
    guess = GuessFeatures().set_output(transform="pandas").fit(X)
    table = GuessDistances().set_output(transform="pandas").fit_transform(guess.transform(X))
    assert isinstance(table, pd.DataFrame)
    assert table.columns.tolist() == [*guess.get_feature_names_out()[:2], "parallax_distance"]


def test_wrong_parameters():
    with pytest.raises(ValueError, match="'max_distance' parameter of GuessDistances must be"):
        GuessDistances(max_distance=0).fit([[0.0, 1.0, 2.0]])

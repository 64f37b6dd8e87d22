import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import mean_squared_error, r2_score

from skcluster.metrics import error_table


@pytest.fixture
def truth() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    return pd.DataFrame(rng.normal(size=(200, 3)), columns=["log_age", "a_v", "distance_kpc"])


def test_mean_row_agrees_with_scikit_learn(truth: pd.DataFrame) -> None:
    predicted = truth + np.random.default_rng(4).normal(0, [0.1, 0.5, 1.0], truth.shape)
    table = error_table(truth, predicted)
    assert table.loc["mean", "mse"] == pytest.approx(mean_squared_error(truth, predicted))
    assert table.loc["mean", "r2"] == pytest.approx(r2_score(truth, predicted))
    assert table.index.tolist() == ["log_age", "a_v", "distance_kpc", "mean"]


def test_bias_and_scatter_of_a_known_error(truth: pd.DataFrame) -> None:
    error = np.random.default_rng(5).normal(0.3, 0.2, len(truth))
    table = error_table(truth, truth.add(error, axis=0))
    assert table.loc["a_v", "bias"] == pytest.approx(error.mean())
    assert table.loc["a_v", "scatter"] == pytest.approx(0.2, abs=0.03)
    assert table.loc["a_v", "rmse"] == pytest.approx(np.sqrt((error**2).mean()))


def test_scatter_ignores_an_outlier_that_rmse_does_not(truth: pd.DataFrame) -> None:
    predicted = truth.copy()
    predicted.iloc[0] += 100
    table = error_table(truth, predicted)
    assert table.loc["log_age", "rmse"] > 5
    assert table.loc["log_age", "scatter"] == 0


def test_a_single_target_may_be_one_dimensional() -> None:
    table = error_table([1.0, 2.0, 3.0], [1.0, 2.0, 4.0], targets=["log_age"])
    assert table.loc["log_age", "mse"] == pytest.approx(1 / 3)


def test_says_how_many_targets_there_are() -> None:
    y = np.arange(30.0).reshape(10, 3)
    with pytest.raises(ValueError, match="y_true has 3 targets and y_pred 2; they must agree"):
        error_table(y, y[:, :2])
    with pytest.raises(ValueError, match="y_true has 1 targets and y_pred 3; they must agree"):
        error_table(y[:, 0], y)
    with pytest.raises(ValueError, match="targets has 2 names for 3 targets"):
        error_table(y, y, targets=["log_age", "a_v"])


def test_refuses_what_does_not_fit(truth: pd.DataFrame) -> None:
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        error_table(truth, truth.iloc[:-1])
    with pytest.raises(ValueError, match="NaN"):
        error_table(truth, truth.where(truth > 0))


@pytest.mark.parametrize("n_targets", [1, 2])
def test_targets_without_names_have_numbers(n_targets):
    y = np.arange(3.0 * n_targets).reshape(3, n_targets)
    assert error_table(y, y).index.tolist() == [*range(n_targets), "mean"]

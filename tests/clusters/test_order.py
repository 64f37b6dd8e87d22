"""Labels in another order than their clusters are refused wherever both are given."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline

from skcluster import (
    ANNRegressor,
    ClusterAugmenter,
    ClusterCorruptor,
    CMDHistogram,
    CMDRasterizer,
    GuessFeatures,
    StarSet,
)
from skcluster._utils.order import check_same_order, matching_names
from skcluster.datasets import simulate_clusters
from skcluster.features import CMDSummary
from skcluster.inference import ConformalRegressor, IsochronePosterior
from skcluster.metrics import error_table
from skcluster.pipelines import ann_pipeline
from skcluster.plotting import EstimateDisplay
from skcluster.regressors import NamedTargetRegressor

OTHER = "same clusters, but in another order: row 0 is 'sim_000000' in X and 'sim_000005' in y"


@pytest.fixture(scope="module")
def clusters():
    X, y = simulate_clusters(6, n_stars=30, random_state=0)
    return X, y[::-1]


@pytest.mark.parametrize(
    "estimator",
    [
        ann_pipeline(epochs=1),
        CMDHistogram(),
        CMDRasterizer(),
        CMDSummary(),
        GuessFeatures(),
        StarSet(),
        make_pipeline(CMDHistogram(), Ridge()),
        ConformalRegressor(make_pipeline(CMDHistogram(), Ridge()), cv=2),
        IsochronePosterior(),
    ],
    ids=lambda estimator: type(estimator).__name__,
)
def test_no_estimator_learns_from_labels_of_other_clusters(estimator, clusters):
    with pytest.raises(ValueError, match=OTHER):
        estimator.fit(*clusters)


@pytest.mark.parametrize("resampler", [ClusterAugmenter(), ClusterCorruptor()])
def test_no_resampler_takes_them(resampler, clusters):
    with pytest.raises(ValueError, match=OTHER):
        resampler.fit_resample(*clusters)


@pytest.mark.parametrize(
    "y",
    [
        np.zeros((3, 3)),
        pd.DataFrame(np.zeros((3, 1)), index=["a", "b", "c"]),
        pd.DataFrame(np.zeros((3, 1))),
        pd.Series([0.0, 1.0, 2.0], index=["a", "d", "e"]),
        pd.Series([0.0, 1.0, 2.0], index=["A ", "d", "e"]),
        pd.Series([0.0, 1.0, 2.0], index=[("x", "b"), ("x", "a"), ("y", "a")]),
        pd.DataFrame(np.zeros((2, 1)), index=["b", "a"]),
        None,
    ],
)
def test_what_has_no_other_order_passes(y):
    check_same_order(pd.Index(["a", "b", "c"]), y)


NAMES = [f"NGC_{i}" for i in range(5)]


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (NAMES, [name.replace("_", " ") for name in NAMES[::-1]]),
        (NAMES, [*NAMES[1:], "NGC_5"]),
        (NAMES, [name.lower() for name in ["M 67", *NAMES[:-1]]]),
        (NAMES, [*NAMES[:3], "NGC 4", "M 67"]),
        ([101, 102, 103, 104], pd.Index([102, 103, 104, 105], name="cluster")),
        ([101, 102, 103], ["102", "103", "101"]),
        ([101, 102, 103], [102.0, 103.0, 101.0]),
        ([3, 1, 2], [1, 2, 3]),
    ],
)
@pytest.mark.parametrize("kind", [pd.Series, pd.DataFrame])
def test_names_of_other_rows_are_refused_however_they_are_spelt(ours, theirs, kind):
    with pytest.raises(ValueError, match=r"in another order: row \d is .* in X and .* in y"):
        check_same_order(pd.Index(ours), kind(np.zeros(len(ours)), index=theirs))


def test_numbers_of_rows_are_no_names():
    """Rows of a table without names, such as those that a search chooses for training."""
    y = pd.Series(np.arange(8.0))
    for rows in ([0, 1, 2, 3, 4, 5, 6, 7], [1, 2, 4], [6, 3, 5, 1]):
        check_same_order(pd.RangeIndex(1, 9)[rows], y.iloc[rows])
        check_same_order(pd.Index([f"{i + 1}" for i in rows]), y.iloc[rows])
    check_same_order(pd.Index([7, 6, 5, 4, 3, 2, 1, 0]), y)


def test_cross_validation_of_named_and_numbered_labels():
    X, y = simulate_clusters(8, n_stars=30, random_state=0)
    X = X.set_axis(pd.Index(range(1, 9), name="cluster"))
    model = make_pipeline(CMDHistogram(), Ridge())
    for labels in (y.set_axis(X.index), y.reset_index(drop=True), y.to_numpy()):
        assert np.isfinite(cross_val_score(model, X, labels, cv=4, error_score="raise")).all()


@pytest.mark.parametrize("index", [NAMES, [f"ngc {i}" for i in range(5)]])
def test_regressors_of_features_and_weights_refuse_them_too(index):
    X = pd.DataFrame(np.zeros((5, 2)), index=NAMES, columns=["a", "b"])
    y = pd.Series(np.zeros(5), index=index, name="log_age")
    for regressor in (ANNRegressor(epochs=1), NamedTargetRegressor(Ridge())):
        with pytest.raises(ValueError, match="in another order: row 0 is 'NGC_0' in X"):
            regressor.fit(X, y[::-1])
    with pytest.raises(ValueError, match=r"row 0 is .* in y and .* in sample_weight"):
        NamedTargetRegressor(Ridge()).fit(X, y, sample_weight=y[::-1])


def test_weights_of_other_clusters_are_refused(clusters):
    X, y = clusters
    with pytest.raises(ValueError, match="row 0 is 'sim_000000' in X and 'sim_000005' in sample_w"):
        ClusterCorruptor().fit_resample(X, y[::-1], y["a_v"])
    for model in (ConformalRegressor(make_pipeline(CMDHistogram(), Ridge())), IsochronePosterior()):
        with pytest.raises(ValueError, match="in X and 'sim_000005' in ridge__sample_weight"):
            model.fit(X, y[::-1], ridge__sample_weight=y["a_v"])


def test_targets_in_another_order_have_no_errors(clusters):
    _, y = clusters
    for compare in (error_table, EstimateDisplay.from_predictions):
        with pytest.raises(ValueError, match=r"y_true has the targets log_age, a_v, .* but y_pred"):
            compare(y, y[y.columns[::-1]])
        with pytest.raises(ValueError, match="y_true and y_pred name the same clusters"):
            compare(y, y[::-1])


def test_a_shuffled_list_of_clusters_has_no_names_to_compare(clusters):
    X, y = clusters
    tables = [pd.DataFrame(stars) for stars in X["stars"]]
    y = y[::-1].reset_index(drop=True)
    make_pipeline(CMDHistogram(), Ridge()).fit(tables[::-1], y[::-1])


def test_clusters_of_the_same_name_pass_in_their_order():
    twice = pd.Index(["a", "b", "a"])
    check_same_order(twice, pd.Series([1.0, 2.0, 3.0], index=twice))
    with pytest.raises(ValueError, match="row 1 is 'b' in X and 'a' in y"):
        check_same_order(twice, pd.Series([1.0, 2.0, 3.0], index=["a", "a", "b"]))


def test_numbers_of_a_name_do_not_run_together():
    names = matching_names(pd.Index(["ESO_92_05", "ESO 92 05", "ESO_920_5", "ESO_9205"]))
    assert names[0] == names[1]
    assert names.nunique() == 3

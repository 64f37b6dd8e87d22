"""Labels in another order than their clusters are refused wherever both are given."""

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline

from skcluster import (
    ClusterAugmenter,
    ClusterCorruptor,
    CMDHistogram,
    CMDRasterizer,
    GuessFeatures,
    StarSet,
)
from skcluster.clusters._names import check_same_order
from skcluster.datasets import simulate_clusters
from skcluster.features import CMDSummary
from skcluster.inference import ConformalRegressor, IsochronePosterior
from skcluster.metrics import error_table
from skcluster.pipelines import ann_pipeline

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


def test_errors_are_not_computed_between_rows_of_different_clusters(clusters):
    _, y = clusters
    with pytest.raises(ValueError, match="y_true and y_pred name the same clusters, but"):
        error_table(y, y[::-1])


@pytest.mark.parametrize(
    "y",
    [
        np.zeros((3, 3)),
        pd.DataFrame(np.zeros((3, 1)), index=["a", "b", "c"]),
        pd.DataFrame(np.zeros((3, 1))),
        pd.Series([0.0, 1.0, 2.0], index=["b", "c", "d"]),
        pd.DataFrame(np.zeros((2, 1)), index=["b", "a"]),
        None,
    ],
)
def test_what_has_no_other_order_passes(y):
    check_same_order(pd.Index(["a", "b", "c"]), y)


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

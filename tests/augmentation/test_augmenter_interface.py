"""Rows, names and types of what comes back; pipelines; bad input."""

import joblib
import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn.linear_model import Ridge
from sklearn.model_selection import cross_validate
from sklearn.preprocessing import StandardScaler

from skcluster import ClusterAugmenter, ClusterCorruptor, CMDHistogram, make_pipeline
from skcluster.clusters import stars_of

both = pytest.mark.parametrize("resampler", [ClusterAugmenter, ClusterCorruptor])


@both
def test_originals_come_first_and_unchanged(toy, resampler):
    X, y = toy
    augmenter = resampler(n_copies=2, random_state=0)
    more, y_more = augmenter.fit_resample(X, y)
    assert len(more) == len(y_more) == 36
    pd.testing.assert_frame_equal(pd.DataFrame(more.iloc[:12]), pd.DataFrame(X))
    pd.testing.assert_frame_equal(y_more.iloc[:12], y)
    assert_array_equal(augmenter.sample_indices_, np.tile(np.arange(12), 3))
    assert more.index.equals(y_more.index)
    assert more.index.is_unique
    assert more.index[12] == "Toy_0 (copy 1)"
    assert more.index[24] == "Toy_0 (copy 2)"
    assert more.index.name == X.index.name
    assert more.columns.equals(X.columns)
    assert_array_equal(y_more["log_age"], np.tile(y["log_age"], 3))


def test_copies_of_copies_get_names_of_their_own(toy):
    once = ClusterAugmenter(random_state=0).fit_resample(*toy)
    twice, _ = ClusterAugmenter(random_state=0).fit_resample(*once)
    assert twice.index.is_unique
    assert twice.index[24] == "Toy_0 (copy 2)"


def test_numbered_clusters_are_counted_on(toy):
    X, y = toy
    tables = [X["stars"].iloc[i] for i in range(12)]
    more, y_more = ClusterAugmenter(random_state=0).fit_resample(tables, y.to_numpy())
    assert_array_equal(more.index, np.arange(24))
    assert isinstance(y_more, np.ndarray)


def test_arrays_and_frames_agree_and_extra_columns_come_along(toy):
    X, y = toy
    y = y.assign(metallicity=np.linspace(-0.2, 0.2, 12))
    frame = ClusterAugmenter(random_state=0).fit_resample(X, y)[1]
    array = ClusterAugmenter(random_state=0).fit_resample(X, y.to_numpy())[1]
    assert_array_equal(frame, array)
    assert_array_equal(array[12:, 3], y["metallicity"])
    shuffled = y[["distance_kpc", "metallicity", "a_v", "log_age"]]
    pd.testing.assert_frame_equal(
        ClusterAugmenter(random_state=0).fit_resample(X, shuffled)[1], frame[shuffled.columns]
    )


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_y_keeps_its_type(toy, dtype):
    X, y = toy
    y = y.astype(dtype)
    assert (ClusterAugmenter(random_state=0).fit_resample(X, y)[1].dtypes == dtype).all()
    assert ClusterAugmenter(random_state=0).fit_resample(X, y.to_numpy())[1].dtype == dtype


def test_whole_numbers_in_y_become_floats(toy):
    X, _ = toy
    y = pd.DataFrame({"a_v": 1, "distance_kpc": 1, "kind": "open"}, index=X.index)
    _, y_more = ClusterAugmenter(random_state=0).fit_resample(X, y)
    assert y_more["a_v"].dtype == float
    assert 1 < y_more["a_v"].max() <= 3
    assert (y_more["kind"] == "open").all()
    _, array = ClusterAugmenter(random_state=0).fit_resample(X, np.ones((12, 3), dtype=int))
    assert array[12:, 1].max() > 1


def test_targets_that_are_not_moved_may_be_anything(toy):
    X, y = toy
    y = y.assign(log_age=np.nan, metallicity=[*range(11), np.nan], kind="open")
    _, frame = ClusterAugmenter(random_state=0).fit_resample(X, y)
    _, array = ClusterAugmenter(random_state=0).fit_resample(X, y.to_numpy())
    for values in (frame.to_numpy(), array):
        own, copies = pd.DataFrame(values[:12]), pd.DataFrame(values[12:])
        pd.testing.assert_frame_equal(own[[0, 3, 4]], copies[[0, 3, 4]])
        assert (copies[1] > own[1]).any()


@both
def test_weights_come_along(toy, resampler):
    X, y = toy
    weights = np.linspace(1, 2, 12)
    more, y_more, more_weights = resampler(n_copies=2, random_state=0).fit_resample(X, y, weights)
    assert_array_equal(more_weights, np.tile(weights, 3))
    without = resampler(n_copies=2, random_state=0).fit_resample(X, y)
    assert joblib.hash((more, y_more)) == joblib.hash(without)
    model = make_pipeline(CMDHistogram(), Ridge())
    model.fit(more, y_more, ridge__sample_weight=more_weights)
    assert model.predict(X).shape == (12, 3)


@pytest.mark.parametrize("weights", [np.ones(11), np.full(12, np.nan), np.ones((12, 2))])
def test_weights_that_do_not_fit_are_refused(toy, weights):
    with pytest.raises(ValueError, match=r"[Ss]ample_?\s?weight"):
        ClusterAugmenter().fit_resample(*toy, sample_weight=weights)


def test_columns_of_clusters_and_of_stars_come_along(toy):
    X, y = toy
    X = X.assign(galaxy=[f"g{i}" for i in range(12)])[["galaxy", "stars"]]
    X["stars.source_id"] = 2**60 + np.arange(stars_of(X).offsets[-1])
    X["stars.note"] = np.array(["a", None] * 1000, dtype=object)[: len(stars_of(X))]
    more, _ = ClusterAugmenter(random_state=0).fit_resample(X, y)
    assert list(more.columns) == ["galaxy", "stars"]
    assert_array_equal(more["galaxy"], np.tile(X["galaxy"], 2))
    copies = stars_of(more.iloc[12:])
    assert copies["source_id"].dtype == np.int64
    own = copies["source_id"] - 2**60
    assert_array_equal(stars_of(X).cluster[own], copies.cluster)
    assert {type(note) for note in copies["note"]} == {str, type(None)}


@both
def test_no_copies_gives_back_what_came_in(toy, resampler):
    X, y = toy
    augmenter = resampler(n_copies=0)
    more, y_more = augmenter.fit_resample(X, y)
    assert more is X
    assert y_more is y
    assert_array_equal(augmenter.sample_indices_, np.arange(12))


def test_copies_are_fitted_but_not_predicted(toy):
    X, y = toy
    augmenter = ClusterAugmenter(random_state=0)
    model = make_pipeline(augmenter, CMDHistogram(), StandardScaler(), Ridge())
    scores = cross_validate(model, X, y, cv=3, return_estimator=True, error_score="raise")
    assert [m["standardscaler"].n_samples_seen_ for m in scores["estimator"]] == [16, 16, 16]
    assert not hasattr(ClusterAugmenter, "transform")


def spoil(y, column, value):
    y = y.copy()
    y.loc["Toy_3", column] = value
    return y


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda y: y.drop(columns=["a_v"]), "y has no column 'a_v', .* it has: log_age"),
        (lambda y: y.to_numpy()[:, :2], "y has 2 columns; an array needs at least log_age, a_v"),
        (lambda y: y["a_v"], "one column per target"),
        (lambda y: y.iloc[:-1], "X has 12 clusters, but y has 11 rows"),
        (lambda y: y.iloc[::-1], "in another order"),
        (lambda y: spoil(y, "a_v", np.nan), "cluster 'Toy_3' has a_v = nan in y"),
        (lambda y: spoil(y, "a_v", -0.2), "a_v = -0.2 in y, which must be finite and at least 0"),
        (lambda y: y.assign(a_v=-1.0 - np.arange(12)), "'Toy_0' has a_v = -1 in y"),
        (lambda y: spoil(y, "distance_kpc", 0.0), "distance_kpc = 0 in y.* greater than 0"),
        (lambda y: spoil(y, "distance_kpc", np.inf), "distance_kpc = inf in y"),
    ],
)
def test_bad_labels_are_refused_by_name(toy, change, message):
    X, y = toy
    with pytest.raises(ValueError, match=message):
        ClusterAugmenter().fit_resample(X, change(y))

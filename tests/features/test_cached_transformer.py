"""A search computes the features of each fold once."""

import pickle
from pathlib import Path

import numpy as np
import pytest
from joblib import Memory
from sklearn.base import clone
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline

from skcluster.clusters import as_clusters
from skcluster.features import CachedTransformer, CMDHistogram, CMDRasterizer, GuessFeatures


class CountingRasterizer(CMDRasterizer):
    """Writes down how many clusters it draws, in a file that processes share."""

    def __init__(self, *, log=None, image_size=20, dtype="float32"):
        super().__init__(image_size=image_size, dtype=dtype)
        self.log = log

    def transform(self, X):
        with open(self.log, "a") as file:
            file.write(f"{len(X)}\n")
        return super().transform(X)


def drawn(log):
    return [int(line) for line in log.read_text().split()] if log.exists() else []


def search(log, memory, n_jobs):
    pictures = CachedTransformer(CountingRasterizer(log=str(log)), memory=memory)
    model = Pipeline([("pictures", pictures), ("ridge", Ridge())])
    return GridSearchCV(model, {"ridge__alpha": np.logspace(-3, 3, 8)}, cv=3, n_jobs=n_jobs)


def test_a_search_draws_the_clusters_of_each_fold_once(toy, tmp_path):
    X, y = toy
    log = tmp_path / "log"
    cached = search(log, str(tmp_path / "memory"), None).fit(X, y)
    assert sum(drawn(log)) == 3 * len(X) + len(X)  # folds, and the refit
    log.write_text("")
    plain = search(log, None, None).fit(X, y)
    assert sum(drawn(log)) == 8 * 3 * len(X) + len(X)
    np.testing.assert_array_equal(
        cached.cv_results_["mean_test_score"], plain.cv_results_["mean_test_score"]
    )
    np.testing.assert_array_equal(cached.predict(X), plain.predict(X))


def test_workers_share_what_they_draw(toy, tmp_path):
    X, y = toy
    log = tmp_path / "log"
    search(log, str(tmp_path / "memory"), 2).fit(X, y)
    assert sum(drawn(log)) <= 2 * 3 * len(X) + len(X)
    log.write_text("")
    search(log, str(tmp_path / "memory"), 2).fit(X, y)
    assert drawn(log) == []


@pytest.mark.parametrize("kind", [str, Path, lambda folder: Memory(folder, verbose=0)])
def test_features_outlive_the_process_and_the_estimator(toy, tmp_path, kind):
    X, _ = toy
    log = tmp_path / "log"
    memory = kind(tmp_path / "memory")
    pictures = CachedTransformer(CountingRasterizer(log=str(log)), memory=memory)
    first = pictures.fit_transform(X[:6])
    again = pickle.loads(pickle.dumps(clone(pictures).fit(X)))
    members = X[:6]["stars"].nest.to_flat().reset_index(names="cluster")
    np.testing.assert_array_equal(again.transform(as_clusters(members)), first)
    assert drawn(log) == [6]
    again.transform(X[:7])
    assert drawn(log) == [6, 7]


def test_parameters_and_what_was_learned_keep_rows_apart(toy, tmp_path):
    X, _ = toy
    for inner in (
        CMDHistogram(),
        CMDHistogram(normalize=None),
        CMDHistogram(dtype="float64"),
        GuessFeatures(),
        GuessFeatures(zero_point=-0.03),
    ):
        for fitted_on in (X[:6], X[6:]):
            cached = CachedTransformer(inner, memory=str(tmp_path)).fit(fitted_on)
            expected = clone(inner).fit(fitted_on).transform(X)
            result = cached.transform(X)
            np.testing.assert_array_equal(result, expected)
            assert result.dtype == expected.dtype


def test_changed_stars_are_computed_anew(toy, tmp_path):
    X, _ = toy
    cached = CachedTransformer(CMDHistogram(), memory=str(tmp_path)).fit(X)
    before = cached.transform(X)
    members = X["stars"].nest.to_flat().reset_index(names="cluster")
    members.loc[members.cluster == "Toy_3", "bp_rp"] += 1
    changed = cached.transform(as_clusters(members))
    np.testing.assert_array_equal(np.flatnonzero((before != changed).any(axis=1)), [3])


def test_the_same_stars_divided_otherwise_are_computed_anew(toy, tmp_path):
    X, _ = toy
    cached = CachedTransformer(CMDHistogram(normalize=None), memory=str(tmp_path)).fit(X)
    cached.transform(X)
    members = X["stars"].nest.to_flat().reset_index(names="cluster")
    members["cluster"] = members["cluster"].replace("Toy_1", "Toy_0")
    other = as_clusters(members)
    np.testing.assert_array_equal(
        cached.transform(other), CMDHistogram(normalize=None).fit_transform(other)
    )


def test_a_damaged_file_is_computed_anew(toy, tmp_path):
    X, _ = toy
    cached = CachedTransformer(CMDHistogram(), memory=str(tmp_path)).fit(X)
    expected = cached.transform(X)
    (kept,) = tmp_path.rglob("output.pkl")
    kept.write_bytes(kept.read_bytes()[:100])
    np.testing.assert_array_equal(cached.transform(X), expected)


def test_names_and_pandas_output(toy, tmp_path):
    X, _ = toy
    cached = CachedTransformer(GuessFeatures(), memory=str(tmp_path)).fit(X)
    table = cached.set_output(transform="pandas").transform(X)
    assert list(table.columns) == ["cmd_slope", "mean_colour", "median_parallax"]
    assert table.index.equals(X.index)


@pytest.mark.parametrize("memory", [3, True])
def test_wrong_memory_is_refused(toy, memory):
    with pytest.raises(ValueError, match="memory"):
        CachedTransformer(CMDHistogram(), memory=memory).fit(toy[0])

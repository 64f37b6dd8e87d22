"""A search computes the features of each cluster once."""

import pickle

import numpy as np
import pytest
from joblib import Memory
from sklearn.base import clone
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import Pipeline

from skcluster.clusters import as_clusters, stars_of
from skcluster.features import CachedTransformer, CMDHistogram, CMDRasterizer, GuessFeatures
from skcluster.features._cached_rows import digests


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
    return [int(line) for line in log.read_text().split()]


def search(log, memory, n_jobs):
    pictures = CachedTransformer(CountingRasterizer(log=str(log)), memory=memory)
    model = Pipeline([("pictures", pictures), ("ridge", Ridge())])
    return GridSearchCV(model, {"ridge__alpha": np.logspace(-3, 3, 8)}, cv=3, n_jobs=n_jobs)


def test_a_search_draws_each_cluster_once(toy, tmp_path):
    X, y = toy
    log = tmp_path / "log"
    cached = search(log, str(tmp_path / "memory"), None).fit(X, y)
    assert sum(drawn(log)) == len(X)
    log.write_text("")
    plain = search(log, None, None).fit(X, y)
    assert sum(drawn(log)) == 8 * 3 * len(X) + len(X)
    np.testing.assert_array_equal(
        cached.cv_results_["mean_test_score"], plain.cv_results_["mean_test_score"]
    )
    np.testing.assert_array_equal(cached.predict(X), plain.predict(X))


def test_two_workers_draw_each_cluster_at_most_twice(toy, tmp_path):
    X, y = toy
    log = tmp_path / "log"
    search(log, str(tmp_path / "memory"), 2).fit(X, y)
    assert len(X) <= sum(drawn(log)) <= 2 * len(X)


def test_rows_outlive_the_process_and_the_estimator(toy, tmp_path):
    X, _ = toy
    log = tmp_path / "log"
    pictures = CachedTransformer(CountingRasterizer(log=str(log)), memory=Memory(tmp_path / "m"))
    first = pictures.fit(X[:6]).transform(X[:6])
    again = pickle.loads(pickle.dumps(clone(pictures).fit(X)))
    np.testing.assert_array_equal(again.transform(X)[:6], first)
    assert drawn(log) == [6, 6]


def test_any_order_and_repeats(toy, tmp_path):
    X, _ = toy
    plain = CMDHistogram().fit(X)
    cached = CachedTransformer(CMDHistogram(), memory=str(tmp_path)).fit(X)
    for rows in ([3, 1], [1, 3, 5, 5, 1], list(range(12)), [11]):
        np.testing.assert_array_equal(cached.transform(X.iloc[rows]), plain.transform(X.iloc[rows]))


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


def test_digests_see_values_order_columns_and_not_names(toy):
    X, _ = toy

    def of(members):
        clusters = as_clusters(members)
        return digests(clusters, stars_of(clusters))

    members = X["stars"].nest.to_flat().reset_index(names="cluster")
    assert len(np.unique(of(members))) == len(X)
    np.testing.assert_array_equal(of(members.assign(cluster="x" + members.cluster)), of(members))
    np.testing.assert_array_equal(of(members[members.cluster == "Toy_5"]), of(members)[5:6])
    backwards = members.iloc[::-1].sort_values("cluster", kind="stable")
    assert (of(backwards)[-3:] != of(members.sort_values("cluster", kind="stable"))[-3:]).all()
    swapped = members.rename(columns={"parallax": "pmra", "pmra": "parallax"})
    assert (of(swapped) != of(members)).any()


def test_a_writer_that_died_leaves_nothing_that_counts(toy, tmp_path):
    X, _ = toy
    cached = CachedTransformer(CMDHistogram(), memory=str(tmp_path)).fit(X)
    expected = cached.transform(X)
    (rows,) = tmp_path.rglob("*.rows.npy")
    (known,) = tmp_path.rglob("*.digests.npy")
    known.rename(known.with_suffix(".part"))  # died before the digests had their name
    rows.with_name("0.rows.part").write_bytes(b"half")
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

"""The flat star arrays: without copying, through every way to pick clusters."""

import pickle

import joblib
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from skcluster.clusters import as_clusters, stars_of
from skcluster.clusters._stars import clusters_from_flat

NO_CHUNK = pa.chunked_array([], type=pa.float64())
OFFSETS = np.array([0, 3, 3, 4, 10])


def flat() -> dict[str, np.ndarray]:
    return {"phot_g_mean_mag": np.arange(10.0), "bp_rp": np.arange(10, dtype="f4") / 10}


def clusters():
    return clusters_from_flat(flat(), OFFSETS, ["a", "b", "c", "d"])


def test_flat_arrays():
    stars = stars_of(clusters())
    assert len(stars) == 10
    assert stars.columns == ["phot_g_mean_mag", "bp_rp"]
    assert "bp_rp" in stars
    assert "parallax" not in stars
    assert stars.offsets.tolist() == OFFSETS.tolist()
    assert stars.offsets.dtype == np.int64
    assert stars.counts.tolist() == [3, 0, 1, 6]
    assert stars.cluster.tolist() == [0, 0, 0, 2, 3, 3, 3, 3, 3, 3]
    assert stars["bp_rp"].dtype == np.float32


def test_nothing_is_copied():
    arrays = flat()
    X = clusters_from_flat(arrays, OFFSETS)
    for column, values in arrays.items():
        assert np.shares_memory(stars_of(X)[column], values)
        assert np.shares_memory(stars_of(X.iloc[2:])[column], values)
        assert not stars_of(X)[column].flags.writeable


@pytest.mark.parametrize(
    "rows", [slice(2, 4), slice(0, 0), [3, 0], [0, 0, 3], np.array([True, False, True, False])]
)
def test_picked_clusters(rows):
    X = clusters().iloc[rows]
    picked = np.arange(4)[rows]
    stars = stars_of(X)
    assert stars.index.tolist() == np.array(list("abcd"))[picked].tolist()
    assert stars.offsets[0] == 0
    expected = [np.arange(OFFSETS[i], OFFSETS[i + 1]) for i in picked]
    np.testing.assert_array_equal(stars["phot_g_mean_mag"], np.concatenate([*expected, []]))
    assert stars.counts.tolist() == [len(e) for e in expected]


def test_joined_clusters():
    X = clusters()
    stars = stars_of(pd.concat([X.iloc[2:], X, X.iloc[:1]]))
    assert stars.counts.tolist() == [1, 6, 3, 0, 1, 6, 3]
    assert stars["phot_g_mean_mag"].tolist() == [*range(3, 10), *range(10), *range(3)]


def test_cluster_that_is_null_has_no_star():
    stars = stars_of(clusters().reindex(["d", "none", "a"]))
    assert stars.counts.tolist() == [6, 0, 3]
    assert len(stars["bp_rp"]) == 9


def test_columns_of_arrow_in_any_number_of_chunks():
    numbers = pa.chunked_array([[1.0, 2.0], [], [3.0]])
    for chunks, offsets in ((numbers, [0, 2, 3]), (numbers.slice(0, 0), [0]), (NO_CHUNK, [0])):
        stars = stars_of(clusters_from_flat({"phot_g_mean_mag": chunks, "bp_rp": chunks}, offsets))
        assert stars["bp_rp"].tolist() == chunks.to_pylist()
        assert stars["bp_rp"].dtype == np.float64


def test_take_stars_by_mask_and_position():
    stars = stars_of(clusters())
    faint = stars.take(stars["phot_g_mean_mag"] > 2)
    assert faint.counts.tolist() == [0, 0, 1, 6]
    assert faint["phot_g_mean_mag"].tolist() == list(range(3, 10))
    some = stars.take(np.array([0, 2, 9]))
    assert some.counts.tolist() == [2, 0, 0, 1]
    assert some.to_clusters().index.tolist() == ["a", "b", "c", "d"]


def test_renamed_columns():
    stars = stars_of(clusters())
    renamed = stars.rename({"bp_rp": "colour"})
    assert renamed.columns == ["phot_g_mean_mag", "colour"]
    assert np.shares_memory(renamed["colour"], stars["bp_rp"])
    swapped = stars.rename({"bp_rp": "phot_g_mean_mag", "phot_g_mean_mag": "bp_rp"})
    assert swapped["bp_rp"].tolist() == list(range(10))
    assert stars.rename({"bp_rp": "phot_g_mean_mag"}).columns == ["phot_g_mean_mag"]
    assert stars.columns == ["phot_g_mean_mag", "bp_rp"]


def test_back_to_clusters(toy):
    X, _ = toy
    assert stars_of(X).to_clusters().equals(X)


def test_pickle_and_hash(toy):
    X, _ = toy
    back = pickle.loads(pickle.dumps(X))
    assert back.equals(X)
    assert joblib.hash(back) == joblib.hash(X)
    hashes = {joblib.hash(X), joblib.hash(X.iloc[:5]), joblib.hash(X.iloc[1:6])}
    changed = stars_of(X)["bp_rp"].copy()
    changed[0] += 1e-9
    fields = {"phot_g_mean_mag": stars_of(X)["phot_g_mean_mag"], "bp_rp": changed}
    hashes.add(joblib.hash(clusters_from_flat(fields, stars_of(X).offsets, X.index)))
    assert len(hashes) == 4


def test_stars_show_their_clusters_and_not_their_values():
    shown = repr(stars_of(clusters()))
    assert "index=Index(['a', 'b', 'c', 'd']" in shown
    assert "0.9" not in shown


def test_stars_without_values_of_a_column():
    X = clusters_from_flat({**flat(), "source_id": pd.array([None] * 10, "Int64")}, OFFSETS)
    assert np.isnan(stars_of(X)["source_id"]).all()


def test_as_clusters_of_a_slice_checks_the_slice_only():
    values = flat()
    values["bp_rp"][0] = 99
    X = clusters_from_flat(values, OFFSETS)
    with pytest.raises(ValueError, match="bp_rp = 99"):
        as_clusters(X)
    assert as_clusters(X.iloc[1:]).shape == (3, 1)

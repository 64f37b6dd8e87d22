"""Tables of anything become clusters or one clear error; what was written reads back."""

import tempfile
import warnings
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
from hypothesis import example, given
from hypothesis import strategies as st
from packaging.version import Version
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sky import ANYTHING, WORDS, cluster_lists

from skcluster import CMDHistogram, load_model, read_clusters, save_model
from skcluster.clusters import as_clusters, stars_of
from skcluster.datasets import simulate_clusters
from skcluster.io import write_estimates


def attempt(make, error):
    """What is made, or None and the text of the error."""
    try:
        return make(), ""
    except error as refusal:
        return None, str(refusal)


#: Older versions of pandas read numbers from text with an error in the last digit.
EXACT = Version(pd.__version__) >= Version("3.1")


def same_as_read(found, expected):
    np.testing.assert_allclose(found, expected, rtol=0 if EXACT else 1e-13, atol=0)


TABLE_TYPES = ["csv", "tsv", "ecsv", "fits", "vot", "parquet"]


@given(st.lists(ANYTHING, min_size=1, max_size=6))
@example([2**64])  # beyond what Arrow holds
@example([-(2**63) - 1, None])
@example([Decimal(1), True, "$"])
def test_columns_of_anything_come_along_or_are_refused(values):
    n = len(values)
    table = pd.DataFrame({"phot_g_mean_mag": np.linspace(10, 12, n), "bp_rp": 0.5})
    table["note"] = pd.Series(values, dtype=object)
    X, refusal = attempt(lambda: as_clusters(table, cluster="one"), ValueError)
    if X is None:
        assert "'note'" in refusal
    else:
        assert len(stars_of(X)["note"]) == n


@given(st.lists(ANYTHING, min_size=1, max_size=6), st.sampled_from(["bp_rp", "parallax"]))
@example([b"\xa5", "x"], "parallax")  # no text in UTF-8
def test_measurements_of_anything_are_numbers_or_refused(values, column):
    n = len(values)
    table = pd.DataFrame({"phot_g_mean_mag": np.linspace(10, 12, n), "bp_rp": 0.5})
    table[column] = pd.Series(values, dtype=object)
    with warnings.catch_warnings(action="ignore"):
        X, refusal = attempt(lambda: as_clusters(table, cluster="one"), ValueError)
    if X is None:
        assert column in refusal
    else:
        assert stars_of(X)[column].dtype.kind in "fiu"


@given(st.lists(ANYTHING, min_size=1, max_size=6))
@example([b"\xa5"])
def test_names_of_anything_are_kept_or_refused(names):
    table = pd.DataFrame({"phot_g_mean_mag": np.full(len(names), 10.0), "bp_rp": 0.5})
    table["cluster"] = pd.Series(names, dtype=object)
    X, refusal = attempt(lambda: as_clusters(table), ValueError)
    if X is None:
        assert "cluster" in refusal
    else:
        assert len(stars_of(X)) == len(names)


@given(cluster_lists())
def test_every_star_is_in_its_cluster(table):
    X = as_clusters(table)
    assert X.index.tolist() == table["cluster"].drop_duplicates().tolist()
    for name, stars in table.groupby("cluster"):
        found = X.loc[name, "stars"]
        for column in ("phot_g_mean_mag", "bp_rp", "parallax"):
            assert found[column].tolist() == stars[column].tolist()


@given(cluster_lists(max_clusters=3, max_stars=5), st.sampled_from(TABLE_TYPES))
def test_stars_that_were_written_read_back(table, kind):
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"members.{kind}"
        write_estimates(table.set_index("cluster"), file)
        X, back = as_clusters(table), read_clusters(file)
    assert back.index.tolist() == X.index.tolist()
    for column in ("phot_g_mean_mag", "bp_rp", "parallax"):
        same_as_read(stars_of(back)[column], stars_of(X)[column])


ESTIMATES = st.lists(
    st.tuples(
        st.integers(0, 10**6), st.floats(6, 10.5), st.floats(0, 10), st.sampled_from(["", "few"])
    ),
    min_size=1,
    max_size=5,
)


@given(ESTIMATES, st.data(), st.sampled_from(TABLE_TYPES))
def test_labels_that_were_written_read_back(rows, data, kind):
    names = data.draw(st.lists(WORDS, min_size=len(rows), max_size=len(rows), unique=True))
    columns = ["n_stars", "log_age", "a_v", "flag"]
    index = pd.Index(names, name="cluster")
    estimates = pd.DataFrame(rows, columns=columns, index=index).assign(distance_kpc=1.5)
    members = pd.DataFrame({"cluster": names, "phot_g_mean_mag": 10.0, "bp_rp": 0.5})
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"estimates.{kind}"
        write_estimates(estimates, file)
        X, y = read_clusters(members, labels=file)
    assert X.index.tolist() == names
    for column in ("log_age", "a_v", "distance_kpc"):
        same_as_read(y[column], estimates[column])


CLUSTERS, LABELS = simulate_clusters(8, n_stars=15, random_state=0)


@given(
    st.floats(0.05, 1.0),
    st.floats(0.2, 4.0),
    st.sampled_from(["apparent", "absolute"]),
    st.floats(1e-3, 1e3),
    st.lists(st.floats(-1e3, 1e3), min_size=24, max_size=24),
)
def test_a_model_that_was_saved_predicts_the_same_bits(
    colour_width, magnitude_width, magnitude, alpha, y
):
    features = CMDHistogram(
        colour_width=colour_width, magnitude_width=magnitude_width, magnitude=magnitude
    )
    model = make_pipeline(features, Ridge(alpha=alpha)).fit(CLUSTERS, np.reshape(y, (8, 3)))
    with tempfile.TemporaryDirectory() as folder:
        save_model(model, Path(folder) / "model.skcluster")
        back = load_model(Path(folder) / "model.skcluster")
    np.testing.assert_array_equal(back.predict(CLUSTERS), model.predict(CLUSTERS))
    assert repr(back) == repr(model)

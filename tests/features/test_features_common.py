"""What every estimator that turns clusters into numbers must do."""

import pickle

import joblib
import numpy as np
import pandas as pd
import pytest
from imblearn.pipeline import Pipeline as ImbPipeline
from sklearn import config_context
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.impute import SimpleImputer
from sklearn.linear_model import Ridge
from sklearn.model_selection import GridSearchCV, cross_validate
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.utils import get_tags

import skcluster.features
from skcluster.clusters import clusters_from_flat, stars_of, validate_clusters
from skcluster.features import (
    CachedTransformer,
    CMDHistogram,
    CMDRasterizer,
    CMDSummary,
    GuessFeatures,
    StarSet,
)

ESTIMATORS = [
    CMDHistogram(),
    CMDHistogram(magnitude="absolute", weights="probability"),
    GuessFeatures(),
    CMDRasterizer(image_size=24),
    CMDRasterizer(image_size=24, magnitude="absolute", dtype="uint8"),
    CMDRasterizer(image_size=24, renderer="matplotlib", axes=True),
    CMDSummary(min_stars=1),
    CachedTransformer(GuessFeatures()),
    StarSet(max_stars=20, faint_limit=None),
]
every_estimator = pytest.mark.parametrize("estimator", ESTIMATORS, ids=repr)


def test_no_public_estimator_is_left_out():
    of_numbers = {"GuessDistances"}  # see test_guess_distances.py
    assert {type(e).__name__ for e in ESTIMATORS} | of_numbers == set(skcluster.features.__all__)


def long_table(X):
    stars = stars_of(X)
    table = pd.DataFrame({name: stars[name] for name in stars.columns})
    return table.assign(cluster=stars.index.to_numpy()[stars.cluster])


@every_estimator
def test_clone_and_repr_keep_the_parameters(estimator):
    twin = clone(estimator)
    assert twin is not estimator
    assert repr(twin) == repr(estimator)


@every_estimator
def test_tags_tell_the_truth(estimator):
    tags = get_tags(estimator)
    assert not tags.input_tags.two_d_array
    assert tags.input_tags.allow_nan
    assert not tags.target_tags.required
    assert tags.requires_fit


@every_estimator
def test_fit_comes_first_and_returns_itself(estimator, toy):
    estimator = clone(estimator)
    with pytest.raises(NotFittedError):
        estimator.transform(toy[0])
    assert estimator.fit(toy[0], toy[1]) is estimator


@every_estimator
def test_every_form_of_clusters_gives_the_same(estimator, toy):
    X, _ = toy
    expected = clone(estimator).fit_transform(X)
    table = long_table(X)
    groups = {name: table[table["cluster"] == name] for name in X.index}
    for form in (table, groups, list(groups.values())):
        np.testing.assert_array_equal(clone(estimator).fit_transform(form), expected)


@every_estimator
def test_pandas_output_has_the_names_of_the_clusters(estimator, toy):
    X, _ = toy
    expected = clone(estimator).fit(X).transform(X)
    framed = clone(estimator).set_output(transform="pandas").fit(X)
    for form in (X, long_table(X)):
        frame = framed.transform(form)
        assert frame.index.tolist() == X.index.tolist()
        assert frame.columns.tolist() == framed.get_feature_names_out().tolist()
        np.testing.assert_array_equal(frame.to_numpy(), expected)
    with config_context(transform_output="pandas"):
        assert clone(estimator).fit_transform(long_table(X)).index.tolist() == X.index.tolist()


@pytest.mark.parametrize(
    "estimator", [e for e in ESTIMATORS if not isinstance(e, CMDSummary)], ids=repr
)
def test_output_is_finite_and_as_wide_as_its_names(estimator, toy):
    values = clone(estimator).fit_transform(toy[0])
    assert values.shape == (12, len(clone(estimator).fit(toy[0]).get_feature_names_out()))
    assert np.isfinite(values).all()


@every_estimator
def test_one_cluster_equals_its_row(estimator, toy):
    X, _ = toy
    fitted = clone(estimator).fit(X)
    rows = np.concatenate([fitted.transform(X.iloc[[i]]) for i in range(len(X))])
    np.testing.assert_array_equal(rows, fitted.transform(X))


@every_estimator
def test_order_of_clusters_is_the_order_of_rows(estimator, toy):
    X, _ = toy
    order = np.random.default_rng(0).permutation(len(X))
    fitted = clone(estimator).fit(X)
    np.testing.assert_array_equal(fitted.transform(X.iloc[order]), fitted.transform(X)[order])


@every_estimator
def test_order_of_stars_does_not_matter(estimator, toy):
    X, _ = toy
    stars = validate_clusters(X)
    order = np.lexsort([np.random.default_rng(0).random(len(stars)), stars.cluster])
    shuffled = clusters_from_flat(
        {name: stars[name][order] for name in stars.columns}, stars.offsets, X.index
    )
    fitted = clone(estimator).fit(X)
    # Sums of floats depend on their order in the last digit, and Agg rounds star by star.
    byte = estimator.get_params().get("renderer") == "matplotlib"
    np.testing.assert_allclose(
        fitted.transform(shuffled), fitted.transform(X), rtol=1e-6, atol=0.02 if byte else 1e-6
    )


@every_estimator
def test_input_stays_as_it_is(estimator, toy):
    X, _ = toy
    before = joblib.hash(X)
    clone(estimator).fit_transform(X)
    assert joblib.hash(X) == before


@every_estimator
def test_pickled_it_does_the_same(estimator, toy):
    X, _ = toy
    fitted = clone(estimator).fit(X)
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.transform(X), fitted.transform(X))


@every_estimator
def test_cross_validation_in_a_pipeline_with_memory(estimator, toy, tmp_path):
    steps = [
        ("features", clone(estimator)),
        ("fill", SimpleImputer(keep_empty_features=True)),
        ("ridge", Ridge()),
    ]
    model = Pipeline(steps, memory=str(tmp_path))
    plain = ImbPipeline(clone(model).steps)
    scores = [cross_validate(m, *toy, cv=3, error_score="raise") for m in (model, plain)]
    np.testing.assert_array_equal(scores[0]["test_score"], scores[1]["test_score"])


@every_estimator
def test_no_cluster_and_empty_clusters_are_refused(estimator, toy):
    X, _ = toy
    with pytest.raises(ValueError, match="no cluster"):
        clone(estimator).fit(X.iloc[:0])
    stars = validate_clusters(X)
    emptied = stars.take(stars.cluster != 3).to_clusters()
    with pytest.raises(ValueError, match="'Toy_3'"):
        clone(estimator).fit(X).transform(emptied)


def test_a_grid_reaches_the_width_of_the_bins(toy):
    model = Pipeline([("features", CMDHistogram()), ("ridge", Ridge())])
    grid = {"features__colour_width": [0.1, 0.5], "features__magnitude": ["apparent", "absolute"]}
    search = GridSearchCV(model, grid, cv=3, error_score="raise").fit(*toy)
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_a_union_has_all_names(toy):
    X, _ = toy
    union = FeatureUnion([("cmd", CMDHistogram()), ("guess", GuessFeatures())])
    values = union.fit_transform(X)
    assert values.shape == (12, 413)
    assert union.get_feature_names_out()[-1] == "guess__median_parallax"
    frame = union.set_output(transform="pandas").fit_transform(long_table(X))
    assert frame.index.tolist() == X.index.tolist()
    np.testing.assert_array_equal(frame.to_numpy(), values)


@pytest.mark.parametrize(
    ("estimator", "allowed"),
    [
        (GuessFeatures(min_stars=2), True),
        (GuessFeatures(min_stars=1), False),
        (GuessFeatures(min_parallax=1e-9), True),
        (GuessFeatures(min_parallax=0.0), False),
        (CMDSummary(min_stars=1), True),
        (CMDSummary(min_stars=0), False),
        (CMDSummary(min_parallax=0.0), False),
        (CMDHistogram(colour_width=-0.1), False),
        (CMDHistogram(magnitude_width=0.0), False),
        (CMDHistogram(min_parallax=0.0), False),
        (CMDRasterizer(image_size=1), True),
        (CMDRasterizer(marker_size=1e-3), True),
        (CMDRasterizer(marker_size=-1.0), False),
        (StarSet(max_stars=1), True),
        (StarSet(max_stars=0), False),
        (StarSet(min_parallax=0.0), False),
        (StarSet(faint_limit=np.inf), False),
    ],
    ids=repr,
)
def test_ends_of_parameters(estimator, allowed, toy):
    X, _ = toy
    if allowed:
        estimator.fit_transform(X)
    else:
        with pytest.raises(ValueError, match=f"parameter of {type(estimator).__name__} must be"):
            estimator.fit(X)

from typing import Any

import numpy as np
import pandas as pd
import pytest
from nested_pandas import NestedFrame
from sklearn import config_context
from sklearn.base import clone, is_regressor
from sklearn.model_selection import GridSearchCV, ShuffleSplit
from sklearn.preprocessing import FunctionTransformer

from skcluster import ClusterAugmenter, SetRegressor
from skcluster.inference import IsochronePosterior, describe_cluster
from skcluster.metrics import error_table
from skcluster.pipelines import (
    ann_pipeline,
    cnn_pipeline,
    mdm_pipeline,
    reference_pipeline,
    set_pipeline,
)

Clusters = tuple[NestedFrame, pd.DataFrame]
PIPELINES = [ann_pipeline, cnn_pipeline, mdm_pipeline]
#: Settings under which each trains in a second.
SMALL: dict[Any, dict[str, Any]] = {
    ann_pipeline: {"hidden_layer_sizes": (16,)},
    cnn_pipeline: {"features__image_size": 24, "hidden_layer_sizes": (8,), "filters": (4,)},
    mdm_pipeline: {"features__cmd__image_size": 24, "hidden_layer_sizes": (8,), "filters": (4,)},
}


def small(pipeline: Any, **more: Any) -> Any:
    return pipeline(epochs=2, random_state=0, **SMALL[pipeline], **more)


@pytest.mark.parametrize("preset", ["tuned", "paper"])
@pytest.mark.parametrize("pipeline", PIPELINES)
def test_predicts_three_numbers_a_cluster_in_the_units_of_y(
    pipeline: Any, preset: str, toy: Clusters
) -> None:
    X, y = toy
    model = small(pipeline, preset=preset).fit(X, y)
    predicted = model.predict(X)
    assert predicted.shape == (12, 3)
    # The targets are scaled for the network, and its answers scaled back.
    assert y["log_age"].min() - 1.5 < predicted[:, 0].mean() < y["log_age"].max() + 1.5
    assert is_regressor(model)


@pytest.mark.parametrize("pipeline", PIPELINES)
def test_one_seed_gives_the_same_bits_and_clones_agree(pipeline: Any, toy: Clusters) -> None:
    X, y = toy
    model = small(pipeline)
    first = model.fit(X, y).predict(X)
    np.testing.assert_array_equal(first, clone(model).fit(X, y).predict(X))


def test_grid_over_features_and_augmentation(toy: Clusters) -> None:
    grid = {
        "features__cmd__histogram__colour_width": [0.1, 0.4],
        "augment": ["passthrough", ClusterAugmenter(random_state=0, min_stars=1)],
    }
    search = GridSearchCV(small(ann_pipeline), grid, cv=2, error_score="raise").fit(*toy)
    assert len(search.cv_results_["params"]) == 4
    assert np.isfinite(search.cv_results_["mean_test_score"]).all()


def test_overrides_reach_the_network_with_and_without_its_prefix() -> None:
    model = ann_pipeline(epochs=7, regressor__regressor__batch_size=9, features__cmd="passthrough")
    assert model.get_params()["regressor__regressor__epochs"] == 7
    assert model.get_params()["regressor__regressor__batch_size"] == 9
    assert model.get_params()["features__cmd"] == "passthrough"


def test_an_unknown_preset_is_refused() -> None:
    with pytest.raises(ValueError, match="preset must be 'tuned' or 'paper', not 'best'"):
        cnn_pipeline(preset="best")  # type: ignore[arg-type]


def test_features_have_names(toy: Clusters) -> None:
    model = small(ann_pipeline).fit(*toy)
    names = model["features"].get_feature_names_out()
    assert names.shape == (41 * 20 + 3,)
    assert names[-3:].tolist() == [
        "guess__cmd_slope",
        "guess__mean_colour",
        "guess__parallax_distance",
    ]


def test_paper_preset_has_the_papers_inputs_and_training(toy: Clusters) -> None:
    model = ann_pipeline(preset="paper")
    network = model.get_params()["regressor__regressor"]
    assert (network.epochs, network.batch_size, network.loss) == (200, 299, "mse")
    assert model["features"].fit_transform(toy[0]).shape == (12, 413)
    assert cnn_pipeline(preset="paper")["features"].fit_transform(toy[0]).shape == (12, 180 * 180)


@pytest.mark.parametrize(
    "columns", [["log_age", "a_v"], ["distance_kpc", "metallicity", "log_age", "a_v"]]
)
def test_sets_take_any_targets(columns: list[str], toy: Clusters) -> None:
    X, y = toy
    y = y.assign(metallicity=np.linspace(-0.3, 0.3, 12))
    three = ["log_age", "a_v", "distance_kpc"]
    model = set_pipeline(epochs=0, n_networks=1, random_state=0)
    expected = pd.DataFrame(clone(model).fit(X, y[three]).predict(X), columns=three)
    predicted = pd.DataFrame(model.fit(X, y[columns]).predict(X), columns=columns)
    assert predicted.shape == (12, len(columns))
    for name in set(columns) & set(three):  # what the simulations taught
        np.testing.assert_allclose(predicted[name], expected[name], rtol=1e-6)
    trained = clone(model).set_params(regressor__regressor__epochs=2).fit(X, y[columns])
    assert np.isfinite(trained.predict(X)).all()
    unnamed = clone(trained).fit(X, y[columns].to_numpy()).predict(X)
    assert unnamed.shape == (12, len(columns))


def test_sets_know_three_columns_without_names(toy: Clusters) -> None:
    X, y = toy
    model = set_pipeline(epochs=0, n_networks=1, random_state=0)
    expected = clone(model).fit(X, y).predict(X)
    np.testing.assert_array_equal(clone(model).fit(X, y.to_numpy()).predict(X), expected)
    one = clone(model).fit(X, y["log_age"]).predict(X)
    assert one.shape == (12,)


def test_the_reference_puts_each_setting_where_it_belongs() -> None:
    own = {"cv": ShuffleSplit(2), "n_draws": 128, "domain": None, "faint_limit": 17.0}
    inside = {"epochs": 3, "n_networks": 2, "features__max_stars": 99}
    model = reference_pipeline(**own, **inside, random_state=5)
    assert isinstance(model, IsochronePosterior)
    expected = {**own, "random_state": 5, "tempering": "auto"}
    assert expected.items() <= model.get_params(deep=False).items()
    inner = model.estimator.get_params()
    names = ("epochs", "n_networks", "random_state")
    assert [inner[f"regressor__regressor__{name}"] for name in names] == [3, 2, 5]
    assert inner["features__max_stars"] == 99
    plain = reference_pipeline()
    assert plain.domain is describe_cluster
    assert plain.random_state is None
    assert repr(plain.estimator) == repr(set_pipeline())
    with_augmenter = reference_pipeline(augment=ClusterAugmenter())
    assert isinstance(with_augmenter.estimator.named_steps["augment"], ClusterAugmenter)


@pytest.mark.parametrize(
    ("pipeline", "name", "meant"),
    [
        (ann_pipeline, "epoch", "'epochs'"),
        (ann_pipeline, "normalize", "'features__cmd__histogram__normalize'"),
        (mdm_pipeline, "features__cmd__image_sise", "'features__cmd__image_size'"),
        (set_pipeline, "epoch", "'epochs'"),
        (set_pipeline, "features__max_star", "'features__max_stars'"),
        (reference_pipeline, "epoch", "'epochs'"),
        (reference_pipeline, "n_draw", "'n_draws'"),
        (reference_pipeline, "features__max_star", "'features__max_stars'"),
    ],
)
def test_a_misspelt_setting_is_refused_with_the_nearest_name(pipeline, name, meant) -> None:
    with pytest.raises(ValueError, match="Invalid parameter") as refused:
        pipeline(**{name: 3})
    assert str(refused.value) == f"Invalid parameter {name!r}. Did you mean {meant}?"


def test_a_setting_unlike_any_is_refused_by_name() -> None:
    for pipeline in (reference_pipeline, set_pipeline):
        with pytest.raises(ValueError, match=r"^Invalid parameter 'qqq'\.$"):
            pipeline(qqq=3)
    with pytest.raises(ValueError, match="Invalid parameter 'estimator'"):
        reference_pipeline(estimator=None)


def test_settings_of_a_step_that_is_replaced_are_its_own() -> None:
    model = ann_pipeline(features=FunctionTransformer(), features__validate=True)
    assert model["features"].validate


def test_the_reference_is_fitted_on_few_clusters(toy: Clusters) -> None:
    X, y = toy
    model = reference_pipeline(epochs=0, cv=2, tempering=0.3, n_draws=64, random_state=0)
    assert model.fit(X, y).predict(X).shape == (12, 3)
    np.testing.assert_array_equal(clone(model).fit(X, y).predict(X), model.predict(X))


@pytest.mark.real
@pytest.mark.slow
@pytest.mark.parametrize(
    ("pipeline", "epochs", "mse", "r2"),
    [
        (ann_pipeline, 40, 0.176, 0.747),
        (cnn_pipeline, 8, 0.841, 0.242),
        (mdm_pipeline, 15, 0.167, 0.761),
    ],
)
def test_beats_the_papers_table_on_held_out_real_clusters(
    pipeline: Any, epochs: int, mse: float, r2: float, real: Clusters
) -> None:
    X, y = real
    train, test = next(ShuffleSplit(1, test_size=0.2, random_state=1).split(X))
    model = pipeline(epochs=epochs, random_state=0).fit(X.iloc[train], y.iloc[train])
    errors = error_table(y.iloc[test], model.predict(X.iloc[test]))
    assert errors.loc["mean", "mse"] <= mse
    assert errors.loc["mean", "r2"] >= r2


def test_the_set_network_takes_what_the_schema_lays_out():
    network = SetRegressor()
    assert (network.n_context, network.n_channels) == (16, 7)


@pytest.mark.parametrize("routing", [False, True])
def test_weights_do_not_pass_a_step_that_resamples(toy: Clusters, routing: bool) -> None:
    X, y = toy
    name = "sample_weight" if routing else "regressor__sample_weight"
    weights = {name: np.ones(len(X))}
    with config_context(enable_metadata_routing=routing):
        model = set_pipeline(epochs=0, n_networks=1, random_state=0)
        if routing:
            model.named_steps["regressor"].regressor.set_fit_request(sample_weight=True)
        with pytest.raises(ValueError, match=r"for .* rows of y.*augment='passthrough'"):
            clone(model).fit(X, y, **weights)
        model.set_params(augment="passthrough").fit(X, y, **weights)

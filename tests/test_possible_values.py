"""No model predicts what no cluster can have, neither as a value nor in an interval or a sample."""

import numpy as np
import pytest
from sklearn.base import clone

from skcluster import estimate, pipelines
from skcluster.datasets import simulate_clusters
from skcluster.inference import ConformalRegressor
from skcluster.schema import CLUSTER_PARAMETERS, TARGETS

pytestmark = pytest.mark.slow

MODELS = {
    "ann": pipelines.ann_pipeline(epochs=1, random_state=0),
    "ann-paper": pipelines.ann_pipeline(preset="paper", epochs=1, random_state=0),
    "cnn": pipelines.cnn_pipeline(epochs=1, filters=(4,), random_state=0),
    "mdm": pipelines.mdm_pipeline(epochs=1, filters=(4,), random_state=0),
    "set": pipelines.set_pipeline(epochs=0, random_state=0),
    "reference": pipelines.reference_pipeline(epochs=0, cv=2, n_draws=256, random_state=0),
    "ann-intervals": ConformalRegressor(
        pipelines.ann_pipeline(epochs=1, random_state=0), cv=2, random_state=0
    ),
}


@pytest.fixture(scope="module")
def clusters():
    """Clusters whose labels lie at the ends of what is possible, where errors lead out of it."""
    X, y = simulate_clusters(40, random_state=0, n_stars=60)
    y = y[list(CLUSTER_PARAMETERS)].assign(a_v=0.0, distance_kpc=0.002)
    y.iloc[0] = [9.0, 3.0, 4.0]
    return X, y


def assert_possible(values, targets=CLUSTER_PARAMETERS):
    values = np.asarray(values)
    low, high = np.array([(TARGETS[name].low, TARGETS[name].high) for name in targets]).T
    assert np.isfinite(values).all()
    assert (values >= low).all()
    assert (values <= high).all()


@pytest.mark.parametrize("name", MODELS)
def test_possible_values(name, clusters):
    X, y = clusters
    model = clone(MODELS[name]).fit(X, y)
    assert_possible(model.predict(X))
    drawn = 50 if hasattr(model, "predict_distribution") else 0
    found = estimate(X, model, coverage=0.99, n_samples=drawn, random_state=0)
    table, samples = found if drawn else (found, {})
    assert_possible(table[list(CLUSTER_PARAMETERS)])
    if drawn:
        for end in ("_lower", "_upper"):
            assert_possible(table[[name + end for name in CLUSTER_PARAMETERS]])
        for values in samples.values():
            assert_possible(values, values.columns)
        assert_possible(np.moveaxis(model.predict_interval(X, coverage=0.99), -1, 1))


@pytest.mark.parametrize("targets", [["distance_kpc"], ["distance_kpc", "a_v"], None])
def test_the_network_alone_would_leave_what_is_possible(clusters, targets):
    X, y = clusters
    y = y if targets is None else y[targets]
    model = pipelines.ann_pipeline(epochs=1, random_state=0).fit(X, y)
    network = model.named_steps["regressor"]
    raw = network.regressor_.predict(model[:-1].transform(X))
    linear = raw * network.transformer_.data_range_ + network.transformer_.data_min_
    assert (linear[:, y.columns.get_loc("distance_kpc")] < 0).any()
    assert_possible(model.predict(X), y.columns)

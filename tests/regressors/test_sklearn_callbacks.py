"""Callbacks of scikit-learn: progress, scores and early stops of networks, also within searches."""

import numpy as np
import pytest
from regressor_cases import ALL, data
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from skcluster import make_pipeline

callback = pytest.importorskip(
    "sklearn.callback", reason="scikit-learn has callbacks since 1.9", exc_type=ImportError
)


class Stop:
    """Stop after the second epoch."""

    def __init__(self):
        self.tasks = []

    def setup(self, estimator, context): ...
    def teardown(self, estimator, context): ...

    def on_fit_task_begin(self, estimator, context):
        self.tasks.append(f"begin {context.task_name}")

    def on_fit_task_end(self, estimator, context):
        self.tasks.append(f"end {context.task_name}")
        return self.tasks.count("end epoch") == 2


@pytest.mark.parametrize("name", ALL)
def test_scores_are_monitored_and_change_nothing(name, capsys):
    X, y = data(name)
    model = clone(ALL[name]).set_params(epochs=3)
    monitor = callback.ScoringMonitor(scoring=["r2"])
    watched = clone(model).set_callbacks(monitor, callback.ProgressBar()).fit(X, y)
    scores = monitor.get_logs().data_as_pandas
    n_networks = getattr(model, "n_networks", 1)
    assert scores["task_name"].tolist() == ["epoch"] * 3 * n_networks
    assert np.isfinite(scores["r2"]).all()
    assert "fit" in capsys.readouterr().out
    plain = model.fit(X, y)
    np.testing.assert_array_equal(watched.predict(X), plain.predict(X))
    if getattr(model, "validation_fraction", 0) == 0:
        assert scores["r2"].iloc[-1] == pytest.approx(plain.score(X, y))


@pytest.mark.parametrize("name", ALL)
def test_a_callback_stops_the_training(name):
    X, y = data(name)
    stop = Stop()
    clone(ALL[name]).set_params(epochs=5).set_callbacks(stop).fit(X, y)
    assert stop.tasks[:5] == ["begin fit", "begin epoch", "end epoch", "begin epoch", "end epoch"]
    assert stop.tasks[-1] == "end fit"


def test_callbacks_work_within_searches(capsys):
    X, y = data("ann")
    monitor = callback.ScoringMonitor(scoring="neg_mean_squared_error")
    network = clone(ALL["ann"]).set_params(epochs=2).set_callbacks(monitor)
    search = GridSearchCV(network, {"learning_rate": [0.001, 0.01]}, cv=2)
    search.set_callbacks(callback.ProgressBar()).fit(X, y)
    scores = monitor.get_logs().data_as_pandas
    assert len(scores) == (2 * 2 + 1) * 2
    assert "ANNRegressor - fit" in capsys.readouterr().out


def test_callbacks_of_a_network_work_within_pipelines(capsys):
    X, y = data("ann")
    model = make_pipeline(
        StandardScaler(), TransformedTargetRegressor(clone(ALL["ann"]), transformer=MinMaxScaler())
    )
    monitor = callback.ScoringMonitor(scoring="r2")
    model[-1].regressor.set_callbacks(monitor, callback.ProgressBar())
    cross_val_score(model, X, y, cv=2)
    assert len(monitor.get_logs(select="all")) == 2
    assert capsys.readouterr().out.count("ANNRegressor - fit") >= 2

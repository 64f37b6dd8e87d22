"""Everything that a model says comes from one pass, and agrees with what its methods return."""

from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skcluster.features import StarSet
from skcluster.inference import ConformalRegressor, PredictiveDistribution
from skcluster.regressors import SetRegressor


def data(n: int = 200) -> tuple[Any, Any]:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 3))
    return X, X @ rng.normal(size=(3, 2)) + rng.normal(size=(n, 2))


@pytest.mark.parametrize("targets", [slice(None), 0], ids=["two targets", "one target"])
@pytest.mark.parametrize(
    "regressor",
    [
        make_pipeline(StandardScaler(), Ridge()),
        TransformedTargetRegressor(Ridge(), transformer=StandardScaler()),
    ],
    ids=["pipeline", "transformed"],
)
def test_the_methods_return_parts_of_the_distribution(regressor, targets):
    X, y = data()
    model = ConformalRegressor(regressor, cv=3, domain=StandardScaler(), random_state=0)
    model.fit(X, y[:, targets])
    distribution = model.predict_distribution(X)
    assert isinstance(distribution, PredictiveDistribution)
    one = np.ndim(y[:, targets]) == 1
    first = (slice(None), 0) if one else ()
    np.testing.assert_allclose(distribution.predict()[first], model.predict(X), rtol=1e-12)
    np.testing.assert_array_equal(distribution.interval(0.9)[first], model.predict_interval(X, 0.9))
    drawn = distribution.sample(5, random_state=0)
    assert drawn.shape == (200, 5, 1 if one else 2)
    drawn = drawn[..., 0] if one else drawn
    np.testing.assert_array_equal(drawn, model.sample(X, 5, random_state=0))
    np.testing.assert_array_equal(distribution.flags["outside domain"], model.outside_domain(X))


def test_the_reference_is_computed_once(fitted, clusters):
    def counted(kind: type, name: str) -> Any:
        """With the signature that it has, which is looked at."""
        return patch.object(kind, name, autospec=True, side_effect=getattr(kind, name))

    X = clusters[0].iloc[:4]
    expected = fitted.predict(X)
    with counted(StarSet, "transform") as transform, counted(SetRegressor, "predict") as predict:
        distribution = fitted.predict_distribution(X)
        np.testing.assert_array_equal(distribution.predict()[:, :3], expected)
        for coverage in (0.5, 0.9):
            distribution.interval(coverage)
        distribution.sample(10, random_state=0), distribution.membership(), distribution.reliability
        assert len(distribution.extra_columns) == 4
        assert distribution.flags
        assert distribution.notes
    assert transform.call_count == predict.call_count == 1


def test_a_domain_of_the_pipelines_own_features():
    X, y = data()
    seen: list[Any] = []

    def last_two(features: Any) -> Any:
        seen.append(features)
        return features[:, 1:]

    pipeline = make_pipeline(StandardScaler(), FunctionTransformer(), Ridge())
    model = ConformalRegressor(pipeline, domain=last_two, random_state=0).fit(X, y)
    assert model.domain_ is last_two
    assert model.domain_points_.shape == (200, 2)
    np.testing.assert_allclose(seen[-1].std(axis=0), 1)
    assert model.outside_domain(X).mean() <= 0.01
    assert model.outside_domain(X + np.array([100.0, 0, 0])).mean() <= 0.01
    assert model.outside_domain(X + np.array([0, 100.0, 0])).all()
    plain = ConformalRegressor(Ridge(), domain=last_two, random_state=0).fit(X, y)
    np.testing.assert_array_equal(seen[-1], X)
    assert plain.outside_domain(X + np.array([0, 100.0, 0])).all()


def test_no_interval_or_sample_has_an_impossible_value():
    X, y = data()
    labels = pd.DataFrame(
        {"log_age": y[:, 0], "a_v": np.abs(y[:, 0]) / 10, "distance_kpc": np.abs(y[:, 1]) / 10}
    )
    model = ConformalRegressor(Ridge(), random_state=0).fit(X, labels)
    interval, drawn = model.predict_interval(X, 0.99), model.sample(X, 50, random_state=0)
    assert (interval[:, 1:] >= 0).all()
    assert (interval[:, 2] > 0).all()
    assert (drawn[..., 1:] >= 0).all()
    free = ConformalRegressor(Ridge(), random_state=0).fit(X, labels.to_numpy())
    assert (free.predict_interval(X, 0.99)[:, 1:] < 0).any()

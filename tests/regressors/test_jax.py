"""The regressors on Keras' JAX backend, in a process of its own: a process has one backend."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import keras, numpy as np
from sklearn.base import clone
from regressor_cases import REGRESSORS, table
assert keras.backend.backend() == "jax"
for name, model in REGRESSORS.items():
    X, y = table(name, n=100)
    model = clone(model).set_params(epochs=40, learning_rate=0.01, dropout=0.05)
    first, second = clone(model).fit(X, y), clone(model).fit(X, y)
    assert first.history_ == second.history_
    assert first.score(X, y) > 0.2, first.score(X, y)
    inputs = first.feature_encoder_.transform(X)
    np.testing.assert_allclose(first.model_.predict_on_batch(inputs), first.predict(X), atol=1e-4)
"""

SETS = """
import keras
import test_set_regressor as tests
assert keras.backend.backend() == "jax"
tests.test_learns_from_a_set()
tests.test_other_clusters_order_of_stars_and_empty_slots_do_not_matter()
X, y = tests.data()
first, second = (tests.SetRegressor(**tests.SMALL).fit(X, y) for _ in range(2))
assert first.history_ == second.history_
"""


@pytest.mark.slow
@pytest.mark.parametrize("script", [SCRIPT, SETS], ids=["numbers and pictures", "sets"])
@pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="JAX is not installed")
def test_on_jax(script):
    here = Path(__file__).parent
    environment = {**os.environ, "KERAS_BACKEND": "jax"}
    subprocess.run([sys.executable, "-c", script], cwd=here, env=environment, check=True)

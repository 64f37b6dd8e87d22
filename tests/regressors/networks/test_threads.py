"""Predictions do not depend on the threads of BLAS, nor on what else is being computed."""

import os
import subprocess
import sys
from multiprocessing import get_context

import numpy as np
import pytest

from skcluster.regressors.networks.feed_forward import FeedForwardArchitecture


@pytest.fixture
def network():
    architecture = FeedForwardArchitecture(
        n_outputs=3, hidden_layers=(64,), activation="relu", n_numbers=32_400
    )
    rng = np.random.default_rng(0)
    weights = {
        name: rng.normal(size=shape).astype(np.float32)
        for name, shape in architecture.weight_shapes.items()
    }
    return architecture, weights, {"numbers": rng.normal(size=(5, 32_400)).astype(np.float32)}


SIDE_BY_SIDE = """
import threading
from concurrent.futures import ThreadPoolExecutor
import numpy as np
from threadpoolctl import threadpool_info, threadpool_limits
from skcluster.regressors.networks.architecture import one_blas_thread
from skcluster.regressors.networks.feed_forward import FeedForwardArchitecture

def blas_threads():
    return {lib["num_threads"] for lib in threadpool_info() if lib["user_api"] == "blas"}

architecture = FeedForwardArchitecture(3, (64,), "relu", n_numbers=32_400)
rng = np.random.default_rng(0)
weights = {k: rng.normal(size=s).astype("f4") for k, s in architecture.weight_shapes.items()}
network = weights, {"numbers": rng.normal(size=(5, 32_400)).astype("f4")}
assert blas_threads() == {2}
expected = architecture.predict(*network)
with threadpool_limits(1, user_api="blas"):
    np.testing.assert_array_equal(architecture.predict(*network), expected)
with ThreadPoolExecutor(4) as pool:
    for found in pool.map(lambda _: architecture.predict(*network), range(100)):
        np.testing.assert_array_equal(found, expected)
assert blas_threads() == {2}

# The one that leaves last is not the one that came first.
entered, leave = threading.Event(), threading.Event()
def first():
    with one_blas_thread():
        entered.set()
        leave.wait(60)
thread = threading.Thread(target=first)
thread.start()
assert entered.wait(60)
with one_blas_thread():
    leave.set()
    thread.join(60)
    assert blas_threads() == {1}
assert blas_threads() == {2}

# Other code can limit the threads again.
with threadpool_limits(1, user_api="blas"):
    assert blas_threads() == {1}
assert blas_threads() == {2}
"""


def test_neither_the_threads_of_blas_nor_those_side_by_side_matter():
    variables = {"OMP_NUM_THREADS": "2", "OPENBLAS_NUM_THREADS": "2"}
    done = subprocess.run(
        [sys.executable, "-c", SIDE_BY_SIDE],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_process_predicts(network):
    architecture, *inputs = network
    expected = architecture.predict(*inputs)
    with get_context("fork").Pool(1) as pool:
        np.testing.assert_array_equal(
            pool.apply_async(architecture.predict, inputs).get(60), expected
        )

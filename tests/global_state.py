"""What no test, and so no estimator, may change: read from the libraries that are loaded."""

import locale
import logging
import os
import random
import signal
import sys
import warnings
from typing import Any

import numpy as np
import pandas as pd
import sklearn

#: What libraries do when they are first imported, which is no test's doing: scipy's modules add
#: filters, Keras and rich draw random numbers, TensorFlow sets variables. What an estimator does
#: at every use is still seen, by the next test that uses it.
DONE_BY_IMPORTS = {"warnings filters", "Python's random state", "environment variables"}
_MODULES = "modules loaded"
#: What pytest sets as tests go by.
_PYTESTS = {"PYTEST_CURRENT_TEST"}


def global_state() -> dict[str, Any]:
    """A snapshot; libraries that are not loaded are left out, and not loaded for it."""
    kind, keys, *rest = np.random.get_state()  # noqa: NPY002
    return {
        "numpy's random state": (kind, keys.tobytes(), *rest),
        "Python's random state": random.getstate(),
        "numpy's error handling": np.geterr(),
        "numpy's print options": repr(np.get_printoptions()),
        "pandas' display options": pd.describe_option(_print_desc=False),
        "scikit-learn's configuration": sklearn.get_config(),
        "warnings filters": list(warnings.filters),
        "working directory": os.getcwd(),
        "environment variables": {k: v for k, v in os.environ.items() if k not in _PYTESTS},
        "locale": locale.setlocale(locale.LC_ALL),
        "what is done on Ctrl-C": signal.getsignal(signal.SIGINT),
        "messages that are logged": logging.getLogger().getEffectiveLevel(),
        **_matplotlib(),
        **_keras(),
        **_tensorflow(),
        _MODULES: set(sys.modules),
    }


def changes(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """Names of what differs, among what was loaded before and after."""
    forgiven = {_MODULES} | (DONE_BY_IMPORTS if before[_MODULES] != after[_MODULES] else set())
    return [name for name in before.keys() & after.keys() - forgiven if before[name] != after[name]]


def _matplotlib() -> dict[str, Any]:
    state: dict[str, Any] = {}
    if (matplotlib := sys.modules.get("matplotlib")) and hasattr(matplotlib, "rcParams"):
        settings = matplotlib.rcParams
        # Read past rcParams' own look-up, which would choose a backend.
        state["matplotlib's settings"] = {key: dict.__getitem__(settings, key) for key in settings}
    if pyplot := sys.modules.get("matplotlib.pyplot"):
        state["open figures"] = pyplot.get_fignums()
    return state


def _keras() -> dict[str, Any]:
    keras = sys.modules.get("keras")
    if keras is None or not hasattr(keras, "config"):
        return {}
    return {
        "Keras' float type": keras.config.floatx(),
        "Keras' image layout": keras.config.image_data_format(),
        "Keras' precision policy": keras.config.dtype_policy().name,
    }


def _tensorflow() -> dict[str, Any]:
    if "tensorflow" not in sys.modules or "tensorflow.python.eager.context" not in sys.modules:
        return {}
    from tensorflow.python.eager import context
    from tensorflow.python.framework import config

    return {
        "TensorFlow's determinism": config.is_op_determinism_enabled(),
        "TensorFlow's seed": context.global_seed(),
        "TensorFlow's threads": (
            config.get_intra_op_parallelism_threads(),
            config.get_inter_op_parallelism_threads(),
        ),
        "TF_DETERMINISTIC_OPS": os.environ.get("TF_DETERMINISTIC_OPS"),
    }

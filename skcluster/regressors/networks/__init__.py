"""The networks below the regressors: layers, inference in numpy, and training in Keras.

Each kind of network is an `Architecture`: with `NumpyLayers` it computes predictions, with
`KerasLayers` it builds the Keras model for training. `keras_layers`, and what imports it, need
Keras; all other modules, and so every prediction of a `SetRegressor`, do not. Nothing here is
public.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

_LEVEL = "TF_CPP_MIN_LOG_LEVEL"


@contextmanager
def without_tensorflow_messages() -> Iterator[None]:
    """Silence TensorFlow, whose first import writes lines whatever its log level is.

    Python's exceptions are not affected. A user who sets ``TF_CPP_MIN_LOG_LEVEL`` to less than 3
    sees all messages. Processes that are started from this one inherit the level, and are silent
    for the same reason.
    """
    if os.environ.setdefault(_LEVEL, "3") != "3" or "tensorflow" in sys.modules:
        yield
        return
    try:
        standard_error = os.dup(2)
    except OSError:  # the process has no standard error
        yield
        return
    sys.stderr.flush()
    with open(os.devnull, "wb") as nowhere:
        os.dup2(nowhere.fileno(), 2)
    try:
        yield
    finally:
        sys.stderr.flush()
        os.dup2(standard_error, 2)
        os.close(standard_error)

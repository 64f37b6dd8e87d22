"""Keras, imported without the messages that TensorFlow writes to the standard error on its way.

TensorFlow writes its first lines whatever its log level is, so while it is imported the standard
error is kept aside, and what is not a line of TensorFlow's log is written afterwards. Who sets
``TF_CPP_MIN_LOG_LEVEL`` sees all that this level shows. No device is hidden.
"""

import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

_LEVEL = "TF_CPP_MIN_LOG_LEVEL"
_LOG_LINE = re.compile(
    rb"^(WARNING: All log messages before absl::InitializeLog\(\) is called are written to STDERR"
    rb"|[IWE]\d{4} \d\d:\d\d:\d+\.\d+ +\d+ [\w.]+:\d+\] .*"
    rb"|To enable the following instructions: .*)$"
)
_chosen_by_user = _LEVEL in os.environ
os.environ.setdefault(_LEVEL, "3")


@contextmanager
def without_tensorflow_messages() -> Iterator[None]:
    """Suppress TensorFlow's messages while it is imported for the first time."""
    if _chosen_by_user or "tensorflow" in sys.modules:
        yield
        return
    try:
        standard_error = os.dup(2)
    except OSError:  # a process without standard error
        yield
        return
    with tempfile.TemporaryFile() as aside:
        sys.stderr.flush()
        os.dup2(aside.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(standard_error, 2)
            aside.seek(0)
            for line in aside:
                if not _LOG_LINE.match(line.rstrip()):
                    os.write(2, line)
            os.close(standard_error)


with without_tensorflow_messages():
    import keras as keras
    from keras import ops as ops

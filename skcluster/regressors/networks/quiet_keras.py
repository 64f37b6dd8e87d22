"""Import Keras without TensorFlow's log messages on the standard error.

TensorFlow writes its first messages whatever its log level is, so the standard error is captured
during the import, and lines that are not of TensorFlow's log are written afterwards. If
``TF_CPP_MIN_LOG_LEVEL`` is set, nothing is captured. No device is hidden.
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
    except OSError:  # the process has no standard error
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

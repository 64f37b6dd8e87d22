"""Work on many clusters at once, in processes."""

import os
import pickle
import uuid
import warnings
from collections.abc import Callable, Iterable, Iterator
from typing import Any, TypeVar

import numpy as np

# scikit-learn's Parallel would change the warning filters of all threads.
from joblib import Parallel, delayed, effective_n_jobs
from joblib.externals.loky.backend.reduction import dumps
from joblib.externals.loky.process_executor import TerminatedWorkerError

from skcluster._utils.messages import warn_caller

T = TypeVar("T")
R = TypeVar("R")

#: The function that a worker applied last: a model is unpickled once, and forgotten with the next.
_last: dict[str, Callable[[Any], Any]] = {}


def in_processes(function: Callable[[T], R], items: Iterable[T], n_jobs: int | None) -> Iterator[R]:
    """Yield a function of each item, in order, computed in processes as by `joblib.Parallel`.

    The function, with all that is bound to it, is pickled once; workers read it from a file that
    they map into memory. Their warnings are those of this process.
    """
    if effective_n_jobs(n_jobs) == 1:
        yield from map(function, items)
        return
    pickled = np.frombuffer(dumps(function), np.uint8)
    task = delayed(_work)
    key = uuid.uuid4().hex
    # Arrays larger than a megabyte are memory-mapped by joblib, also if they are bytes.
    pool = Parallel(n_jobs=n_jobs, return_as="generator", prefer="processes")
    try:
        for result, messages in pool(task(key, pickled, os.getpid(), item) for item in items):
            for message, category in messages:
                warn_caller(message, category)
            yield result
    except TerminatedWorkerError as error:
        raise ChildProcessError(
            "A worker process was killed, perhaps because the memory was used up; fewer jobs "
            "(n_jobs, --jobs) need less."
        ) from error


def _work(
    key: str, pickled: Any, parent: int, item: Any
) -> tuple[Any, list[tuple[str, type[Warning]]]]:
    """Return a function of an item, and the warnings for users that it caused."""
    if os.getpid() == parent:  # a thread, because the user chose threads
        return _unpickled(key, pickled)(item), []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        result = _unpickled(key, pickled)(item)
    return result, [
        (str(warning.message), warning.category)
        for warning in caught
        if issubclass(warning.category, UserWarning)
    ]


def _unpickled(key: str, pickled: Any) -> Callable[[Any], Any]:
    function = _last.get(key)
    if function is None:
        _last.clear()
        _last[key] = function = pickle.loads(pickled)
    return function

"""How many threads numpy's matrix products take."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from threadpoolctl import threadpool_limits

_lock = threading.Lock()
_users = 0
_limits: threadpool_limits | None = None


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Within this, a matrix product runs on the thread that asks for it.

    The products of a picture network are many and small. Threads that wait for each other take
    longer over them than one does alone, several times so when the cores are busy. The first to
    enter sets the limit and the last to leave lifts it, so that threads do not undo each other's.
    """
    global _users, _limits
    with _lock:
        if _users == 0:
            _limits = threadpool_limits(1, user_api="blas")
        _users += 1
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if _users == 0 and _limits is not None:
                _limits.restore_original_limits()
                _limits = None

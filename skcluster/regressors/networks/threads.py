"""Limit the threads of numpy's matrix products."""

import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from threadpoolctl import threadpool_limits

_lock = threading.Lock()
_users = 0
_limits: threadpool_limits | None = None
#: The thread that sets and removes the limit: threadpoolctl is not thread-safe.
_keeper: ThreadPoolExecutor | None = None


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Run matrix products on the calling thread only.

    The products of a picture network are many and small, so that one thread is faster than several
    that wait for each other, in particular on busy cores. A product that is divided among threads
    is also summed in another order, so that the last bits would depend on their number. The first
    thread to enter sets the limit and the last to leave removes it. A limit that other code has set
    around it takes precedence.
    """
    global _users, _limits, _keeper
    with _lock:
        if _users == 0:
            _keeper = _keeper or ThreadPoolExecutor(1, thread_name_prefix="blas-limit")
            _limits = _keeper.submit(_limit).result()
        _users += 1
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if _users == 0 and _limits is not None and _keeper is not None:
                _keeper.submit(_limits.__exit__, None, None, None).result()
                _limits = None


def _limit() -> threadpool_limits:
    return threadpool_limits(1, user_api="blas").__enter__()


def _forget() -> None:
    """Reset the state in a forked process, which has no other thread."""
    global _lock, _users, _limits, _keeper
    _lock, _users, _limits, _keeper = threading.Lock(), 0, None, None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)

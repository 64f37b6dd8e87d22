"""Output of commands, robust against closed streams and limited encodings."""

import gc
import logging
import os
import signal
import sys
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, TextIO

#: Messages of commands besides their results, on the standard error.
log = logging.getLogger("skcluster")


def plain(text: str) -> str:
    """Return a text with control characters escaped, so that it cannot move the cursor."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def out(text: str = "") -> None:
    """Print lines of a result."""
    print("\n".join(plain(line) for line in text.split("\n")))


class Said:
    """Warnings that change the exit code."""

    #: Whether a part of the input was left out.
    left_out = False


@contextmanager
def console() -> Iterator[Said]:
    """Make the streams accept any text, and show warnings and log messages as one line each."""
    said = Said()
    with ExitStack() as stack:
        for name in ("stdout", "stderr"):
            _make_safe(name, stack)
        stack.enter_context(warnings.catch_warnings())
        warnings.simplefilter("default", UserWarning)
        # Set after catch_warnings, which restores the old one.
        warnings.showwarning = _shower(said)
        stack.enter_context(_logged())
        stack.enter_context(_rare_collections())
        yield said


def _make_safe(name: str, stack: ExitStack) -> None:
    """Make a stream exist, and escape what it cannot encode."""
    stream: TextIO | None = getattr(sys, name)
    if stream is None:  # closed by the parent process
        setattr(sys, name, stack.enter_context(_nowhere()))
        stack.callback(setattr, sys, name, None)
    elif hasattr(stream, "reconfigure"):
        errors = stream.errors
        stream.reconfigure(errors="backslashreplace")
        stack.callback(_put_back, stream, errors)


def _nowhere() -> TextIO:
    return Path(os.devnull).open("w")


def _put_back(stream: Any, errors: str | None) -> None:
    if not stream.closed:
        stream.reconfigure(errors=errors)


def _shower(said: Said) -> Any:
    def show(message: Any, category: type[Warning], *_: Any, **__: Any) -> None:
        # By name, because importing the classes would slow every command down.
        said.left_out |= category.__name__ == "BadTableWarning"
        kind = {"BadTableWarning": "error: ", "OneClusterWarning": ""}.get(
            category.__name__, "warning: "
        )
        say(f"{kind}{message}")

    return show


def say(text: str) -> None:
    """Print one line on the standard error."""
    print(f"skcluster: {plain(' '.join(text.split()))}", file=sys.stderr, flush=True)


#: Seconds after which an interrupt that did not end the command is repeated.
_AGAIN = 5.0


@contextmanager
def interrupts() -> Iterator[None]:
    """Repeat an interrupt until it ends the command.

    Python ignores an exception raised within a destructor or a callback of C code.
    """
    ours = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if not ours or not hasattr(signal, "setitimer"):
        yield
        return

    def interrupt(*_: Any) -> None:
        signal.setitimer(signal.ITIMER_REAL, _AGAIN, _AGAIN)
        raise KeyboardInterrupt

    try:
        signal.signal(signal.SIGINT, interrupt)
    except ValueError:  # not in the main thread, which alone is interrupted
        yield
        return
    alarm = signal.signal(signal.SIGALRM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, alarm)


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Run Python's garbage collection less often.

    Importing libraries creates a million permanent objects; collecting among them repeatedly takes
    a tenth of the time of a short command.
    """
    thresholds = gc.get_threshold()
    gc.set_threshold(100_000, *thresholds[1:])
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)


class _Handler(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        say(record.getMessage())


@contextmanager
def _logged() -> Iterator[None]:
    handler, level, propagates = _Handler(), log.level, log.propagate
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    log.propagate = False
    try:
        yield
    finally:
        log.removeHandler(handler)
        log.setLevel(level)
        log.propagate = propagates

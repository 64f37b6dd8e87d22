"""Output of commands: streams that take any text, and lines on them."""

import os
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

#: How warnings begin, by the names of their classes: importing these would slow each command down.
_BEGINNINGS = {"BadTableWarning": "error: ", "OneClusterWarning": ""}
#: The warnings that the command has printed, for `printed_warnings`.
_PRINTED: list[str] = []


@contextmanager
def console() -> Iterator[list[str]]:
    """Make the streams escape what they cannot encode, and print each warning as one line.

    Yields
    ------
    list of str
        Warnings about tables that were left out, which change the exit code.
    """
    left_out: list[str] = []
    _PRINTED.clear()

    def show(message: Any, category: type[Warning], *_: Any, **__: Any) -> None:
        if category.__name__ == "BadTableWarning":
            left_out.append(str(message))
        _PRINTED.append(str(message))
        print_message(f"{_BEGINNINGS.get(category.__name__, 'warning: ')}{message}")

    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by the shell, as 2>&- does
            setattr(sys, name, Path(os.devnull).open("w"))  # noqa: SIM115
    streams: list[Any] = [s for s in (sys.stdout, sys.stderr) if hasattr(s, "reconfigure")]
    errors = [stream.errors for stream in streams]
    for stream in streams:
        stream.reconfigure(errors="backslashreplace")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("default", UserWarning)
            # Set after catch_warnings, which restores the old one.
            warnings.showwarning = show
            yield left_out
    finally:
        for stream, before in zip(streams, errors, strict=True):
            if not stream.closed:
                stream.reconfigure(errors=before)


def printed_warnings() -> list[str]:
    """Return the warnings that the command has printed so far."""
    return list(_PRINTED)


def escaped(text: str) -> str:
    """Return a text with control characters escaped, so that it cannot move the cursor."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def print_result(text: str) -> None:
    """Print lines of a result, with hyphens if the encoding of the output has no minus sign.

    Encodings of files on Windows lack it.
    """
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    if not "−".encode(encoding, "ignore"):
        text = text.replace("−", "-")
    print("\n".join(map(escaped, text.split("\n"))))


def print_message(text: str) -> None:
    """Print one line on the standard error."""
    print(f"skcluster: {escaped(' '.join(text.split()))}", file=sys.stderr, flush=True)

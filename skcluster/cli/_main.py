"""From arguments to a command, and from its errors and warnings to lines of text."""

import argparse
import os
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from skcluster.cli import _estimate, _example, _fit, _info, _report, _simulate

#: In the order of the help.
_COMMANDS = {
    "estimate": (_estimate, "estimate the parameters of clusters"),
    "report": (_report, "make a page of estimates and diagrams"),
    "fit": (_fit, "train a model on clusters with known parameters"),
    "example": (_example, "write a small table of members to try things on"),
    "simulate": (_simulate, "simulate clusters"),
    "info": (_info, "show what a model is"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code: 0 done, 1 failed, 2 wrong usage, 130 interrupted."""
    options = _parser().parse_args(arguments)
    try:
        with _plain_warnings():
            options.run(options)
            sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read the output has seen enough; Python must not complain when it closes it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyboardInterrupt:
        print("skcluster: interrupted", file=sys.stderr)
        return 130
    except (ValueError, OSError, TypeError, MemoryError, ImportError) as error:
        if options.debug:
            raise
        text = " ".join(str(error).split()) or type(error).__name__
        print(f"skcluster: error: {text}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="skcluster",
        description="Parameters of star clusters (log age, extinction, distance, metallicity) from "
        "their member stars.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, (module, text) in _COMMANDS.items():
        description = f"{text[0].upper()}{text[1:]}."
        command = commands.add_parser(name, help=text, description=description)
        command.set_defaults(run=module.run)
        command.add_argument("--debug", action="store_true", help="show the traceback of an error")
        module.add_arguments(command)
    return parser


@contextmanager
def _plain_warnings() -> Iterator[None]:
    """Warnings as one line each, without the line of code that gave them."""

    def show(message: Any, *_: Any, **__: Any) -> None:
        print(f"skcluster: warning: {' '.join(str(message).split())}", file=sys.stderr)

    with warnings.catch_warnings():
        warnings.simplefilter("default", UserWarning)
        warnings.showwarning = show
        yield

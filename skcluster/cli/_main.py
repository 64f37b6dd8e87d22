"""Parse the arguments, run the command and report its errors."""

import argparse
import os
import sys
from collections.abc import Sequence
from contextlib import suppress

import skcluster
from skcluster.cli import _estimate, _example, _fetch, _fit, _info, _report, _simulate
from skcluster.cli._console import console, interrupts, say

#: In the order of the help.
_COMMANDS = {
    "estimate": (_estimate, "estimate the parameters of clusters"),
    "report": (_report, "write an HTML report of estimates and diagrams"),
    "fetch": (_fetch, "fetch the members of clusters by name"),
    "fit": (_fit, "train a model on clusters with known parameters"),
    "example": (_example, "write a small example table of members"),
    "simulate": (_simulate, "simulate clusters"),
    "info": (_info, "describe a model and its domain"),
}
_EPILOG = """\
examples:
  skcluster estimate "M 67"
  skcluster estimate members.fits -o estimates.ecsv --plots figures/
  skcluster COMMAND --help

exit code:
  0 success, 1 failure, 2 wrong usage, 3 success, but some tables were left out, 130 interrupted
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command-line interface.

    Parameters
    ----------
    arguments : sequence of str, optional
        Command and options. By default, those of the process.

    Returns
    -------
    int
        Exit code: 0 for success, 1 for failure, 2 for wrong usage, 3 if tables were left out, 130
        if the command was interrupted.
    """
    try:
        with interrupts(), console() as said:
            code = _run(arguments)
            return code or (3 if said.left_out else 0)
    except KeyboardInterrupt:
        say("interrupted")
        return 130


def _run(arguments: Sequence[str] | None) -> int:
    options = _parser().parse_args(arguments)
    try:
        options.run(options)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader of the output closed the pipe.
        _forget_output()
    except (ValueError, OSError, TypeError, MemoryError, ImportError) as error:
        if options.debug:
            raise
        say(f"error: {str(error).strip() or type(error).__name__}")
        try:
            sys.stdout.flush()
        except OSError:
            _forget_output()
        return 1
    return 0


def _forget_output() -> None:
    """Keep Python from flushing the rest of the output at exit, which would fail again."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="skcluster",
        description="Parameters of star clusters (log age, extinction, distance, metallicity) from "
        "their member stars.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"skcluster {skcluster.__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for name, (module, text) in _COMMANDS.items():
        command = commands.add_parser(
            name,
            help=text,
            description=f"{text[0].upper()}{text[1:]}.",
            epilog=f"examples:\n{module.EXAMPLES}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.set_defaults(run=module.run)
        command.add_argument("--debug", action="store_true", help="show the traceback of an error")
        module.add_arguments(command)
    return parser

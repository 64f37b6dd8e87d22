"""The command-line interface ``skcluster``.

Each command is defined in a module of its own; here, the arguments are parsed, the command is
run, and its errors are reported.
"""

import argparse
import atexit
import gc
import os
import shlex
import sys
from collections.abc import Sequence

import skcluster
from skcluster.cli._console import PRINTED, console, print_message
from skcluster.cli._data import EXAMPLE, FETCH, SIMULATE
from skcluster.cli._estimate import ESTIMATE, REPORT
from skcluster.cli._members import MEMBERS
from skcluster.cli._models import FIT, INFO

__all__ = ["main"]

#: In the order of the help.
COMMANDS = {
    "estimate": ESTIMATE,
    "members": MEMBERS,
    "report": REPORT,
    "fetch": FETCH,
    "fit": FIT,
    "example": EXAMPLE,
    "simulate": SIMULATE,
    "info": INFO,
}
_EPILOG = """\
examples:
  skcluster estimate "M 67"
  skcluster estimate members.fits -o estimates.ecsv --plots figures/
  skcluster estimate field.fits --find-members
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
    if arguments is None:
        # Looking for garbage among all that was imported takes a seventh of the time for a cluster.
        atexit.register(gc.freeze)
    try:
        with console():
            code = _run(arguments)
            return code or (3 if "BadTableWarning" in (name for _, name in PRINTED) else 0)
    except KeyboardInterrupt:
        print_message("interrupted")
        return 130


def _run(arguments: Sequence[str] | None) -> int:
    options = _parser().parse_args(arguments)
    given = sys.argv[1:] if arguments is None else arguments
    options.command_line = shlex.join(["skcluster", *given])
    code = 0
    try:
        options.run(options)
        sys.stdout.flush()
    except BrokenPipeError:
        pass  # The reader of the output closed the pipe.
    except (ValueError, OSError, TypeError, MemoryError, ImportError) as error:
        if options.debug:
            raise
        print_message(f"error: {str(error).strip() or type(error).__name__}")
        code = 1
    try:
        sys.stdout.flush()
    except OSError:
        # Python would try to write the rest of the output again at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code


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
    for name, definition in COMMANDS.items():
        command = commands.add_parser(
            name,
            help=definition.summary,
            description=f"{definition.summary[0].upper()}{definition.summary[1:]}.",
            epilog=f"examples:\n{definition.examples}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        command.set_defaults(run=definition.run)
        command.add_argument("--debug", action="store_true", help="show the traceback of an error")
        definition.add_arguments(command)
    return parser

"""A copy of the tree in which code is changed and tests are run, each time in a forked process."""

import contextlib
import gc
import importlib.util
import os
import shutil
import signal
import subprocess
import sys
import time
import traceback
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from coverage import CoverageData
from mutants import Mutant, lines_of_statement

#: What takes longest to import; a forked process need not.
_LIBRARIES = (
    "astropy.table",
    "imblearn.pipeline",
    "nested_pandas",
    "scipy.stats",
    "skops.io",
    "sklearn.ensemble",
    "sklearn.model_selection",
)

PASSED, FAILED, TIMED_OUT = "passed", "failed", "timed out"


class _Times:
    """Plugin of pytest that keeps the seconds of each test in a file."""

    def __init__(self, file: Path) -> None:
        self._file, self._seconds = file, Counter[str]()

    def pytest_runtest_logreport(self, report: Any) -> None:
        self._seconds[report.nodeid] += report.duration

    def pytest_sessionfinish(self) -> None:
        lines = (f"{test}\t{seconds}\n" for test, seconds in self._seconds.items())
        self._file.write_text("".join(lines))


class Tree:
    """Copy of all files of the project that git does not ignore.

    Parameters
    ----------
    root : Path
        The project.
    folder : Path
        An empty folder for the copy, and for what tests cache.
    """

    def __init__(self, root: Path, folder: Path) -> None:
        self.root, self._folder = folder / "tree", folder
        command = ["git", "ls-files", "-z", "-co", "--exclude-standard"]
        listed = subprocess.run(command, cwd=root, check=True, capture_output=True, text=True)
        for name in filter(None, listed.stdout.split("\0")):
            if (root / name).is_file():
                (self.root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(root / name, self.root / name)
        if (root.parent / "shared").is_dir():
            (folder / "shared").symlink_to(root.parent / "shared")
        for library in _LIBRARIES:
            importlib.import_module(library)
        gc.freeze()  # what is shared with all forked processes

    @property
    def log(self) -> str:
        """What the last tests printed."""
        return (self._folder / "log").read_text(errors="replace")

    def measure(self, tests: list[str]) -> "Measured":
        """Run tests on the code as it is.

        Raises
        ------
        RuntimeError
            If they do not pass.
        """
        times = self._folder / "times"
        options = ["--cov=skcluster", "--cov-context=test", "--cov-report="]
        if self._run([*options, *tests], [_Times(times)], self._folder / "cache") != PASSED:
            raise RuntimeError(f"The tests do not pass on the code as it is:\n{self.log}")
        lines = (line.rpartition("\t") for line in times.read_text().splitlines())
        data = CoverageData(str(self.root / ".coverage"))
        data.read()
        lines_run = {
            str((self.root / file).relative_to(self.root)): data.contexts_by_lineno(file)
            for file in data.measured_files()
        }
        seconds_of = {test: float(seconds) for test, _, seconds in lines}
        return Measured(self.root, seconds_of, lines_run)

    def attempt(self, mutant: Mutant, tests: list[str], seconds: float) -> str:
        """Run tests on changed code until one fails, and put the code back."""
        file, cache = self.root / mutant.path, self._folder / "changed cache"
        code = file.read_text()
        shutil.rmtree(cache, ignore_errors=True)
        if "isochrones" not in mutant.path:  # what is cached is computed there
            # Files of a cache are replaced and not changed, so they need not be copied.
            shutil.copytree(self._folder / "cache", cache, copy_function=os.link)
        compiled = Path(importlib.util.cache_from_source(str(file)))
        try:
            # Python goes by size and time, which may be the same.
            compiled.unlink(missing_ok=True)
            file.write_text(mutant.applied(code))
            return self._run(["-x", *tests], [], cache, seconds)
        finally:
            file.write_text(code)
            compiled.unlink(missing_ok=True)

    def _run(
        self, arguments: list[str], plugins: list[Any], cache: Path, seconds: float | None = None
    ) -> str:
        child = os.fork()
        if child == 0:
            code = 3
            try:
                code = self._pytest(arguments, plugins, cache)
            except BaseException:
                traceback.print_exc()
            finally:
                sys.stdout.flush()
                sys.stderr.flush()
                os._exit(code)
        try:
            return _outcome(child, seconds)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child, signal.SIGKILL)  # and what it started

    def _pytest(self, arguments: list[str], plugins: list[Any], cache: Path) -> int:
        os.setsid()
        os.chdir(self.root)
        sys.path.insert(0, str(self.root))
        os.environ["PYTHONPATH"] = str(self.root)
        with (self._folder / "log").open("wb") as log:
            os.dup2(log.fileno(), 1)
            os.dup2(log.fileno(), 2)
        return int(pytest.main(["-q", "-o", f"cache_dir={cache}", *arguments], plugins))


def _outcome(child: int, seconds: float | None) -> str:
    end = time.monotonic() + (seconds or float("inf"))
    while time.monotonic() < end:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return PASSED if status == 0 else FAILED
        time.sleep(0.02)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return TIMED_OUT


class Measured:
    """How long each test takes, and which lines it runs.

    Parameters
    ----------
    root : Path
        The tree.
    seconds : dict of str to float
        By the tests' names.
    lines : dict of str to dict of int to list of str
        Of each file, of each line, the tests that run it, as coverage names them.
    """

    def __init__(
        self, root: Path, seconds: dict[str, float], lines: dict[str, dict[int, list[str]]]
    ) -> None:
        self._root, self.seconds, self._lines = root, seconds, lines

    def tests_of(self, mutant: Mutant) -> list[str]:
        """The tests that may notice a change, the fastest first.

        All of them for what runs on import, or in a fixture, which tests may share.
        """
        of_file = self._lines.get(mutant.path, {})
        lines = lines_of_statement((self._root / mutant.path).read_text(), mutant.line)
        contexts = {context for line in lines for context in of_file.get(line, [])}
        if all(context.endswith("|run") for context in contexts):
            found = {context.rpartition("|")[0] for context in contexts}
        else:
            found = set(self.seconds)
        return sorted(found & set(self.seconds), key=lambda test: self.seconds[test])

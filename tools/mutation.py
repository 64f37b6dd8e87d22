"""Count how many small changes of the code the tests notice.

    python tools/mutation.py --sample 120 --seed 0
    python tools/mutation.py --modules skcluster/features --tests tests/features --sample 40

Cosmic Ray's changes are drawn at random places of the package, one at each place, and made in a
copy of the tree. After each, those tests are run that run its line, the fastest first; for what
runs on import, those that run any line of the file; then those of its room, because what is
computed once is seen to run by one test only. Prints the changes that no test notices, and the
share of those that one does.
"""

import argparse
import ast
import os
import random
import shlex
import shutil
import subprocess
import sys
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from os.path import exists
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.etree import ElementTree

from cosmic_ray.commands import init
from cosmic_ray.modules import find_modules
from cosmic_ray.mutating import mutate_and_test, mutate_code
from cosmic_ray.plugins import get_operator
from cosmic_ray.work_db import use_db
from cosmic_ray.work_item import MutationSpec
from coverage import CoverageData

ROOT = Path(__file__).parents[1]
PYTEST = f"{shlex.quote(sys.executable)} -m pytest -q"


def copy_of_tree(folder: Path) -> Path:
    """All files that git does not ignore, and what lies beside the clone."""
    tree = folder / "tree"
    command = ["git", "ls-files", "-z", "-co", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, tree / name)
    if (ROOT.parent / "shared").is_dir():
        (folder / "shared").symlink_to(ROOT.parent / "shared")
    return tree


def sampled(modules: list[Path], n: int, seed: int) -> list[MutationSpec]:
    """Changes at n places, drawn without replacement."""
    with TemporaryDirectory() as folder, use_db(str(Path(folder) / "changes.sqlite")) as database:
        init(find_modules(modules), database, {})
        changes = [mutation for item in database.work_items for mutation in item.mutations]
    places = defaultdict(list)
    for change in sorted(changes, key=lambda c: (str(c.module_path), c.start_pos, c.operator_name)):
        places[change.module_path, change.start_pos].append(change)
    draw = random.Random(seed)
    order = list(places.values())
    draw.shuffle(order)
    drawn = (draw.choice(at_one_place) for at_one_place in order)
    return [change for change, _ in zip(filter(counts, drawn), range(n), strict=False)]


def counts(change: MutationSpec) -> bool:
    """Whether a change is one of code that runs, and can be compiled: others say nothing."""
    code = change.module_path.read_text()
    for node in ast.walk(ast.parse(code)):
        for part in (getattr(node, "annotation", None), getattr(node, "returns", None)):
            if isinstance(part, ast.expr) and _inside(change, part):
                return False
    with warnings.catch_warnings(action="ignore", category=SyntaxWarning):
        try:
            operator = get_operator(change.operator_name)()
            compile(str(mutate_code(code, operator, change.occurrence)), "", "exec")
        except (SyntaxError, AttributeError):  # Cosmic Ray fails on ``except (module.Error, …)``
            return False
    return True


def _inside(change: MutationSpec, part: ast.expr) -> bool:
    end = (part.end_lineno or 0, part.end_col_offset or 0)
    return bool((part.lineno, part.col_offset) <= change.start_pos and change.end_pos <= end)


class Measured:
    """How long the tests take, and which lines they run, on the code as it is.

    Parameters
    ----------
    tests : str
        Arguments for pytest.

    Raises
    ------
    subprocess.CalledProcessError
        If they do not pass.
    """

    def __init__(self, tests: str) -> None:
        options = "--cov=skcluster --cov-context=test --cov-report= --junitxml=times.xml"
        subprocess.run(f"{PYTEST} -n 2 --dist loadfile {options} {tests}", shell=True, check=True)
        self._coverage = CoverageData()
        self._coverage.read()
        self._seconds: defaultdict[str, float] = defaultdict(float)
        for case in ElementTree.parse("times.xml").iter("testcase"):
            self._seconds[_plain(case.get("classname", ""), case.get("name", ""))] += float(
                case.get("time", 0)
            )

    def tests_of(self, change: MutationSpec) -> Iterator[str]:
        """The tests that may notice a change, the fastest first, then those of the room."""
        by_line = self._coverage.contexts_by_lineno(str(change.module_path))
        lines = range(change.start_pos[0], change.end_pos[0] + 1)
        tests = {context for line in lines for context in by_line.get(line, [])} - {""}
        tests = tests or {context for names in by_line.values() for context in names} - {""}
        names = {test.rpartition("|")[0] for test in tests}
        yield from sorted(names, key=lambda name: self._seconds[_plain(*_split(name))])
        room = change.module_path.parts[1].removesuffix(".py")
        yield from (name for name in (f"tests/{room}", f"tests/test_{room}.py") if exists(name))


def _split(name: str) -> tuple[str, str]:
    file, _, test = name.partition("::")
    return file.removesuffix(".py").replace("/", "."), test


def _plain(file: str, test: str) -> str:
    return f"{file}::{test}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Draw changes, try them, and print those that survive and the share of the others."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--modules", nargs="+", type=Path, default=[Path("skcluster")])
    parser.add_argument("--tests", default='-m "not slow" tests skcluster', help="for pytest")
    parser.add_argument("--sample", type=int, default=120, help="changes (default: 120)")
    parser.add_argument("--seed", type=int, default=0, help="of the draw (default: 0)")
    parser.add_argument("--seconds", type=float, default=600, help="limit of a change's tests")
    options = parser.parse_args(arguments)
    with TemporaryDirectory() as folder:
        os.chdir(copy_of_tree(Path(folder)))
        os.environ["PYTHONPATH"] = f"{os.getcwd()}:{os.environ.get('PYTHONPATH', '')}"
        measured = Measured(options.tests)
        outcomes: Counter[str] = Counter()
        for change in sampled(options.modules, options.sample, options.seed):
            tests = [shlex.quote(test) for test in measured.tests_of(change)]
            # Computed isochrones are kept in the cache: those of changed code in another one.
            cache = "-o cache_dir=changed" if "isochrones" in str(change.module_path) else ""
            shutil.rmtree("changed", ignore_errors=True)
            command = f'{PYTEST} -x -m "not slow" {cache} {" ".join(tests)}'
            result = mutate_and_test([change], command, options.seconds)
            outcome = result.test_outcome.value
            outcomes[outcome] += 1
            place = f"{change.module_path}:{change.start_pos[0]}"
            print(f"{outcome:12} {place} {change.operator_name} ({len(tests)} tests)", flush=True)
            if outcome == "survived":
                print(result.diff, flush=True)
        noticed = 1 - outcomes["survived"] / max(outcomes.total(), 1)
        print(f"\n{outcomes.total()} changes, {dict(outcomes)}: {noticed:.1%} noticed")


if __name__ == "__main__":
    main()

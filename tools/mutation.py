"""Count how many small changes of the code the tests notice.

    python tools/mutation.py --room features --sample 40 --seed 0

Places are drawn at random from each room of the package, one change is made at each, and those
tests of the room are run that run its line, the fastest first.
"""

import argparse
import difflib
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from mutants import Mutant, sampled
from mutation_tree import FAILED, PASSED, TIMED_OUT, Tree

ROOT = Path(__file__).parents[1]

#: The tests of each room, beside the examples in its docstrings.
ROOMS = {
    "photometry": ["tests/test_photometry.py"],
    "schema": ["tests/test_schema.py"],
    "gaia": ["tests/test_gaia.py"],
    "isochrones": ["tests/isochrones"],
    "clusters": ["tests/clusters", "tests/io/test_find_columns.py"],
    "features": ["tests/features"],
    "augmentation": ["tests/augmentation"],
    "inference": ["tests/inference"],
    "metrics": ["tests/test_metrics.py"],
    "persistence": ["tests/test_persistence.py", "tests/test_model_limits.py"],
}

#: Tests of all rooms.
COMMON = "tests/test_documented_defaults.py"

_SAID = {PASSED: "survived", FAILED: "killed", TIMED_OUT: "timed out"}


def main(arguments: Sequence[str] | None = None) -> None:
    """Draw changes, try them, and print those that survive and the counts."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--room", nargs="+", choices=ROOMS, default=[*ROOMS], metavar="ROOM")
    parser.add_argument("--sample", type=int, default=30, help="changes a room (default: 30)")
    parser.add_argument("--seed", type=int, default=0, help="of the draw (default: 0)")
    options = parser.parse_args(arguments)
    counts = {}
    with tempfile.TemporaryDirectory() as folder:
        tree = Tree(ROOT, Path(folder))
        for room in options.room:
            mutants = sampled(ROOT, room, options.sample, options.seed)
            counts[room] = _tried(tree, room, mutants)
    _print(counts)


def _tried(tree: Tree, room: str, mutants: list[Mutant]) -> Counter[str]:
    """Outcomes of the changes of one room."""
    module = Path("skcluster") / room
    doctests = module if (tree.root / module).is_dir() else module.with_suffix(".py")
    measured = tree.measure([*ROOMS[room], COMMON, str(doctests)])
    counts = Counter[str]()
    for mutant in mutants:
        tests = measured.tests_of(mutant)
        limit = 40 + 3 * sum(measured.seconds[test] for test in tests)
        started = time.monotonic()
        outcome = _SAID[tree.attempt(mutant, tests, limit)] if tests else "survived"
        counts[outcome] += 1
        where = f"{mutant.path}:{mutant.line}"
        taken = f"{len(tests)} tests, {time.monotonic() - started:.0f} s"
        print(f"{outcome:9}  {where}  {mutant.operator}  ({taken})", flush=True)
        if outcome == "survived":
            print(_difference(mutant), flush=True)
    return counts


def _difference(mutant: Mutant) -> str:
    code = (ROOT / mutant.path).read_text()
    before, after = code.splitlines(), mutant.applied(code).splitlines()
    lines = [*difflib.unified_diff(before, after, lineterm="", n=0)][3:]
    return "\n".join(f"    {line}" for line in lines)


def _print(counts: dict[str, Counter[str]]) -> None:
    counts = {**counts, "all": sum(counts.values(), Counter[str]())}
    outcomes = ("killed", "timed out", "survived")
    print("\n" + "".join(f"{name:>13}" for name in ("room", "changes", *outcomes, "noticed")))
    for room, count in counts.items():
        numbers = "".join(f"{count[name]:13}" for name in outcomes)
        noticed = 1 - count["survived"] / max(count.total(), 1)
        print(f"{room:>13}{count.total():13}{numbers}{noticed:13.1%}")


if __name__ == "__main__":
    main()

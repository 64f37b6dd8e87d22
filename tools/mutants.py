"""Small changes of the code of a room, drawn at random places: Cosmic Ray's, one at each place."""

import ast
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

#: Line, from 1, and column, from 0.
Position = tuple[int, int]
Span = tuple[Position, Position]


@dataclass(frozen=True)
class Mutant:
    """One change of the code.

    Parameters
    ----------
    path : str
        The file, from the root of the tree.
    line, column : int
        Where it is changed.
    operator : str
        Cosmic Ray's name of the kind of change.
    occurrence : int
        Which of the changes of that kind in this file.
    """

    path: str
    line: int
    column: int
    operator: str
    occurrence: int

    def applied(self, code: str) -> str:
        """The code with the change."""
        changed = mutate_code(code, get_operator(self.operator)(), self.occurrence)
        if changed is None:
            raise ValueError(f"{self.path} has no change {self.occurrence} of {self.operator}.")
        return str(changed)


def mutants_by_place(path: str, code: str) -> dict[Span, list[Mutant]]:
    """All changes of a file, by where they begin and end.

    Annotations, which nothing runs, are left alone, and so are kinds of changes that need
    parameters.
    """
    annotations = list(_annotations(code))
    nodes = list(ast_nodes(get_ast(code)))
    places: dict[Span, list[Mutant]] = {}
    for name in sorted(operator_names()):
        kind = get_operator(name)
        if kind.arguments():
            continue
        spans = (span for node in nodes for span in kind().mutation_positions(node))
        for occurrence, (start, stop) in enumerate(spans):
            if not any(first <= start and stop <= last for first, last in annotations):
                mutant = Mutant(path, start[0], start[1], name, occurrence)
                places.setdefault((start, stop), []).append(mutant)
    return places


def _annotations(code: str) -> Iterator[Span]:
    for node in ast.walk(ast.parse(code)):
        for name in ("annotation", "returns"):
            if (found := getattr(node, name, None)) is not None:
                yield (
                    (found.lineno, found.col_offset),
                    (found.end_lineno, found.end_col_offset),
                )


def sampled(root: Path, room: str, n: int, seed: int) -> list[Mutant]:
    """Changes of a room, one at each of n places drawn at random without replacement."""
    module = root / "skcluster" / room
    files = sorted(module.rglob("*.py")) or [module.with_suffix(".py")]
    places = [
        mutants
        for file in files
        for mutants in mutants_by_place(str(file.relative_to(root)), file.read_text()).values()
    ]
    draw = random.Random(f"{room} {seed}")
    return [draw.choice(mutants) for mutants in draw.sample(places, min(n, len(places)))]

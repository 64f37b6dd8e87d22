"""Small changes of the code of a room, drawn at random places: Cosmic Ray's, one at each place."""

import ast
import random
import warnings
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

    Annotations, which nothing runs, are left alone, and so are asterisks that are no operators and
    kinds of changes that need parameters.
    """
    tree = ast.parse(code)
    annotations, operators = list(_annotations(tree)), list(_binary_operators(tree))
    nodes = list(ast_nodes(get_ast(code)))
    places: dict[Span, list[Mutant]] = {}
    for name in sorted(operator_names()):
        kind = get_operator(name)
        if kind.arguments():
            continue
        spans = (span for node in nodes for span in kind().mutation_positions(node))
        for occurrence, span in enumerate(spans):
            if _within(span, annotations) or (
                "BinaryOperator" in name and not _within(span, operators)
            ):
                continue
            line, column = span[0]
            places.setdefault(span, []).append(Mutant(path, line, column, name, occurrence))
    return places


def lines_of_statement(code: str, line: int) -> range:
    """The lines of the innermost statement that a line is in, those of its body not included.

    Only some of these lines are noted when the statement is run.
    """
    lines = range(line, line + 1)
    for node in ast.walk(ast.parse(code)):  # outer ones first
        if isinstance(node, ast.stmt):
            decorators = getattr(node, "decorator_list", [])
            body = getattr(node, "body", [])
            first = min([node.lineno, *(decorator.lineno for decorator in decorators)])
            last = body[0].lineno - 1 if body else node.end_lineno or first
            if first <= line <= max(first, last):
                lines = range(first, max(first, last) + 1)
    return lines


def _within(span: Span, others: list[Span]) -> bool:
    return any(start <= span[0] and span[1] <= stop for start, stop in others)


def _annotations(tree: ast.AST) -> Iterator[Span]:
    for node in ast.walk(tree):
        for name in ("annotation", "returns"):
            if (found := getattr(node, name, None)) is not None:
                yield _start(found), _stop(found)


def _binary_operators(tree: ast.AST) -> Iterator[Span]:
    """From the end of each left operand to the beginning of the right one."""
    for node in ast.walk(tree):
        if isinstance(node, ast.BinOp):
            yield _stop(node.left), _start(node.right)


def _start(node: ast.expr) -> Position:
    return node.lineno, node.col_offset


def _stop(node: ast.expr) -> Position:
    return node.end_lineno or 0, node.end_col_offset or 0


def sampled(root: Path, room: str, n: int, seed: int) -> list[Mutant]:
    """Changes of a room, one at each of n places drawn at random without replacement.

    Changes after which the file cannot be compiled, which any test notices, do not count.
    """
    module = root / "skcluster" / room
    files = sorted(module.rglob("*.py")) or [module.with_suffix(".py")]
    places = [
        mutants
        for file in files
        for mutants in mutants_by_place(str(file.relative_to(root)), file.read_text()).values()
    ]
    draw = random.Random(f"{room} {seed}")
    draw.shuffle(places)
    found: list[Mutant] = []
    for mutants in places:
        draw.shuffle(mutants)
        found += [m for m in mutants if _compiles(m, (root / m.path).read_text())][:1]
        if len(found) == n:
            break
    return found


def _compiles(mutant: Mutant, code: str) -> bool:
    with warnings.catch_warnings(action="ignore", category=SyntaxWarning):
        try:
            compile(mutant.applied(code), "", "exec")
        except SyntaxError:
            return False
        except AttributeError:  # Cosmic Ray fails on ``except (module.Error, ...)``
            return False
    return True

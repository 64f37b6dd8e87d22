"""Count what the package is made of, room by room: its lines, modules, names and single users.

    python tools/count_house.py [FOLDER]

Code is what is left of the lines without blank ones, comments and docstrings. Modules are files
without ``__init__``. Names are those in the ``__all__`` of what users import from, "+" those that
load on first use, which stubs list. A private module has a single user if exactly one other module
imports it; one that only the ``__init__`` of its room imports is offered to users.
"""

import ast
import io
import statistics
import sys
import tokenize
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

LIMIT = 500
_EMPTY = {
    *(tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT),
    *(tokenize.ENCODING, tokenize.ENDMARKER),
}


@dataclass(frozen=True)
class Module:
    """One file."""

    #: As it is imported, without ``.__init__``.
    name: str
    text: str
    #: Whether it is the ``__init__`` of a package.
    is_init: bool
    #: Whether it only tells what others offer.
    is_stub: bool

    @property
    def room(self) -> str:
        """The part of the package that it belongs to."""
        return [*self.name.split("."), "__init__"][1]

    @property
    def is_private(self) -> bool:
        """Whether its name, or that of a folder above it, is private; no ``__init__`` is."""
        return not self.is_init and "._" in self.name

    @property
    def lines(self) -> int:
        """Number of lines."""
        return len(self.text.splitlines())

    @property
    def code(self) -> int:
        """Number of lines with code."""
        docstrings = {
            line
            for node in ast.walk(ast.parse(self.text))
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
            if isinstance(node.value.value, str)
            for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
        }
        tokens = tokenize.generate_tokens(io.StringIO(self.text).readline)
        lines = {
            line
            for token in tokens
            if token.type not in _EMPTY
            for line in range(token.start[0], token.end[0] + 1)
        }
        return len(lines - docstrings)

    @property
    def offered(self) -> list[str]:
        """The names in ``__all__``, or those that a stub passes on, without modules."""
        names: list[str] = []
        for node in ast.parse(self.text).body:
            if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
                names = [str(n.value) for n in ast.walk(node) if isinstance(n, ast.Constant)]
            elif self.is_stub and isinstance(node, ast.ImportFrom) and node.module:
                names += [alias.name for alias in node.names]
        return names

    def imports(self, modules: set[str]) -> set[str]:
        """The modules of the package that it imports, wherever in it."""
        found = set()
        for node in ast.walk(ast.parse(self.text)):
            if isinstance(node, ast.Import):
                found |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                found |= {f"{node.module}.{alias.name}" for alias in node.names}
                found.add(str(node.module))
        return found & modules - {self.name}


def read(folder: Path, pattern: str = "*.py") -> list[Module]:
    """All modules of a folder, named from the folder on."""
    modules = []
    for file in sorted(folder.rglob(pattern)):
        parts = file.relative_to(folder.parent).with_suffix("").parts
        is_init = parts[-1] == "__init__"
        name = ".".join(parts[:-1] if is_init else parts)
        modules.append(Module(name, file.read_text(), is_init, file.suffix == ".pyi"))
    return modules


def single_users(modules: list[Module]) -> dict[str, str]:
    """The private modules that exactly one other imports, with that one's name."""
    names = {module.name for module in modules}
    users = defaultdict(list)
    for module in modules:
        for name in module.imports(names):
            users[name].append(module)
    return {
        module.name: users[module.name][0].name
        for module in modules
        if module.is_private and len(users[module.name]) == 1
        if not users[module.name][0].is_init
    }


def row(room: str, modules: list[Module], stubs: list[Module], single: dict[str, str]) -> str:
    """The counts of some modules as one line of the table."""
    own = [module.lines for module in modules if not module.is_init]
    private = [module.name for module in modules if module.is_private]
    names = sum(len(module.offered) for module in modules if not module.is_private)
    lazily = sum(len(stub.offered) for stub in stubs)
    cells = (
        sum(module.lines for module in modules),
        sum(module.code for module in modules),
        len(own),
        f"{statistics.median(own):.0f}" if own else "",
        sum(lines > LIMIT for lines in own),
        f"{names}+{lazily}" if lazily else names,
        f"{len(single.keys() & set(private))} of {len(private)}",
    )
    return f"{room:16}" + "".join(f"{cell:>10}" for cell in cells)


def main(folder: str = ".") -> None:
    """Print the table of the package, its single users, and the lines beside it."""
    root = Path(folder).resolve()
    modules, stubs = read(root / "skcluster"), read(root / "skcluster", "*.pyi")
    single = single_users(modules)
    head = ("lines", "code", "modules", "median", f"> {LIMIT}", "names", "single")
    print(f"{'':16}" + "".join(f"{cell:>10}" for cell in head))
    for room in sorted({module.room for module in modules}):
        own, lazy = ([m for m in files if m.room == room] for files in (modules, stubs))
        print(row(room, own, lazy, single))
    print(row("all", modules, stubs, single))
    share = len(single) / max(sum(module.is_private for module in modules), 1)
    print(f"\n{share:.0%} of the private modules have a single user:")
    for name, user in sorted(single.items()):
        print(f"  {name} <- {user}")
    print()
    for beside in ("tests", "benchmarks", "tools", "docs/_ext"):
        files = read(root / beside)
        print(f"{beside}: {sum(m.lines for m in files)} lines in {len(files)} files")


if __name__ == "__main__":
    main(*sys.argv[1:])

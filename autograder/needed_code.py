"""Which parts of a notebook have to run: what students wrote, and what that depends on.

Most of a notebook's time goes into the course's own cells, which try out the functions and draw
what comes of it. They are the same in every submission, and an answer hardly ever needs them. So of
these cells, only the imports are run, and the statements that bind or change a name that students'
code reads, or that such a statement reads in turn.

What a statement changes is read off its form: the names that it assigns to, and, where it is a call
that stands alone (``rng.shuffle(x)``), those that it is called on or with.
"""

from __future__ import annotations

import ast
import dataclasses
import functools
import re
import symtable
from collections.abc import Iterable, Iterator, Sequence

from autograder.syntax_trees import NO_PYTHON, syntax_tree

SHOWS = re.compile(r"(print|explore|show\w*|plt\.\w+)")
"""Calls that show something, and change nothing, in the course's own cells."""

REFLECTION = {"eval", "exec", "compile", "globals", "locals", "vars", "getattr", "get_ipython"}
"""Code that uses one of these may read names that stand in it as text."""


@dataclasses.dataclass(frozen=True)
class Statement:
    """A statement at the left margin: its source, the names that it changes and that it reads."""

    source: str
    changes: frozenset[str]
    reads: frozenset[str]
    imports: bool


def needed_code(cells: Sequence[tuple[str, bool]], functions: Iterable[str]) -> list[str]:
    """Return what has to run of each code cell of a notebook.

    cells: source, and whether the course wrote it, in the order of the notebook.
    functions: those that will be examined.
    """
    needed = set(functions).union(
        *(names_read(source) for source, is_course in cells if not is_course)
    )
    ahead = {statement for source, is_course in cells if is_course for statement in split(source)}
    while now := {item for item in ahead if item.imports or item.changes & needed}:
        ahead -= now
        needed.update(*(statement.reads for statement in now))
    return [_without(source, ahead) if is_course else source for source, is_course in cells]


def _without(source: str, superfluous: set[Statement]) -> str:
    statements = split(source)
    left = [statement.source for statement in statements if statement not in superfluous]
    return source if len(left) == len(statements) else "\n".join(left)


@functools.lru_cache(maxsize=1000)  # the course's own cells are the same in all submissions
def split(source: str) -> tuple[Statement, ...]:
    """Return the statements of one of the course's own cells; none if it is not plain Python."""
    try:
        tree = syntax_tree(source)
    except SyntaxError:  # magics, for one: such a cell is run whole
        return ()
    return tuple(
        Statement(
            text := ast.unparse(node),
            frozenset(_changed(node)),
            frozenset(names_read(text) - _bound_first(node)),
            isinstance(node, ast.Import | ast.ImportFrom),
        )
        for node in tree.body
    )


def imports(source: str) -> str:
    """Return the imports at the left margin of one of the course's own cells."""
    return "\n".join(statement.source for statement in split(source) if statement.imports)


def is_python(source: str) -> bool:
    """Return whether a cell is plain Python: no magics, no errors of syntax."""
    try:
        syntax_tree(source)
    except NO_PYTHON:
        return False
    return True


def _bound_first(node: ast.stmt) -> set[str]:
    """Return the names that a statement binds before it can read them: those of a loop."""
    parts = ast.walk(node.target) if isinstance(node, ast.For) else ()
    return {part.id for part in parts if isinstance(part, ast.Name)}


def _changed(node: ast.AST) -> Iterator[str]:
    """Yield the names that a statement binds, or whose values it may change."""
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield node.name
            return
        case ast.Lambda():
            return
        case ast.alias():
            yield (node.asname or node.name).split(".")[0]
        case ast.Name(ctx=ast.Store() | ast.Del()):
            yield node.id
        case (
            ast.Attribute(ctx=ast.Store() | ast.Del()) | ast.Subscript(ctx=ast.Store() | ast.Del())
        ):
            yield from _root(node)
        case ast.Expr(value=ast.Call() as call) if not SHOWS.fullmatch(ast.unparse(call.func)):
            if isinstance(call.func, ast.Name):
                yield from (part.id for part in ast.walk(call) if isinstance(part, ast.Name))
            else:
                yield from _root(call.func)
                yield from (part.id for part in call.args if isinstance(part, ast.Name))
    for child in ast.iter_child_nodes(node):
        yield from _changed(child)


def _root(node: ast.AST) -> Iterator[str]:
    """Yield ``a`` for ``a.b[c].d(e).f``."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Call):
        node = node.func if isinstance(node, ast.Call) else node.value
    if isinstance(node, ast.Name):
        yield node.id


def names_read(source: str) -> set[str]:
    """Return the global names that code may read; of what is no plain Python, all words in it."""
    try:
        table = symtable.symtable(source, "cell", "exec")
        tree = syntax_tree(source)
    except NO_PYTHON:
        return _words(source)
    # In `x += 1` and `del x`, x has to be there.
    changed: list[ast.expr] = []
    for node in ast.walk(tree):
        changed += node.targets if isinstance(node, ast.Delete) else []
        changed += [node.target] if isinstance(node, ast.AugAssign) else []
    names = {target.id for target in changed if isinstance(target, ast.Name)}
    tables = [table]
    while tables:
        scope = tables.pop()
        tables += scope.get_children()
        names |= {
            symbol.get_name()
            for symbol in scope.get_symbols()
            if symbol.is_referenced() and (scope is table or symbol.is_global())
        }
    return _words(source) if names & REFLECTION else names


def _words(source: str) -> set[str]:
    return set(re.findall(r"[^\W\d]\w*", source))

"""Imports of packages that an exercise does not allow: they stop no cell, but what uses them.

A notebook may import what its author has installed and the sandbox has not. The names that such an
import binds get stand-ins that say, once they are called, what is missing; the rest of the cell
runs. Inside ``try``, where a notebook is ready for a package that is not there, it is not there.
"""

from __future__ import annotations

import ast
import builtins
import importlib.util
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from autograder.packages import ALWAYS_ALLOWED, not_allowed

MAKER = "_absent_package"
"""The name in ``builtins`` under which cells find what makes a stand-in."""


class AbsentPackage:
    """What a name stands for that was imported from a package that is not allowed."""

    def __init__(self, name: str, reason: str) -> None:
        self._name, self._reason = name, reason

    def __getattr__(self, name: str) -> AbsentPackage:
        # What Python asks of itself is not there; attributes of the package may stand anywhere.
        if name.startswith("__"):
            raise AttributeError(name)
        return AbsentPackage(f"{self._name}.{name}", self._reason)

    def __getitem__(self, _key: object) -> AbsentPackage:
        """Be an annotation, such as ``Float[Array, "h w"]``."""
        return self

    def __call__(self, *arguments: object, **options: object) -> Any:
        """Say what is missing."""
        raise ImportError(self._reason)

    def __repr__(self) -> str:
        return f"<{self._name}: not there while grading>"


class AbsentPackages(ast.NodeTransformer):
    """Replaces imports of packages that are not allowed; for IPython's ``ast_transformers``.

    ``imported`` collects the names of packages for which stand-ins have been made.
    """

    def __init__(self, packages: Sequence[str], own_files: Path) -> None:
        """Allow ``packages``, and the modules in the folder of the student's ``own_files``."""
        self.imported: list[str] = []
        self._packages = packages
        self._allowed = {*sys.stdlib_module_names, *ALWAYS_ALLOWED, *packages}
        self._own_files = own_files
        self._in_try = False
        setattr(builtins, MAKER, self._stand_in)

    def visit_Try(self, node: ast.Try) -> ast.AST:
        """Leave it to the cell what to do without a package."""
        outside, self._in_try = self._in_try, True
        node.body = [part for statement in node.body for part in self._visited(statement)]
        self._in_try = outside
        for field in (node.handlers, node.orelse, node.finalbody):
            field[:] = [part for statement in field for part in self._visited(statement)]
        return node

    def _visited(self, node: Any) -> list[Any]:
        visited = self.visit(node)
        return visited if isinstance(visited, list) else [visited]

    def visit_Import(self, node: ast.Import) -> Any:
        """Replace ``import scipy.signal as s`` by a stand-in under the same name."""
        bound = {
            (alias.asname or alias.name.partition(".")[0]): (
                alias.name if alias.asname else alias.name.partition(".")[0]
            )
            for alias in node.names
            if not self._is_there(alias.name)
        }
        left = [alias for alias in node.names if self._is_there(alias.name)]
        if not bound:
            return node
        rest: list[ast.stmt] = [ast.Import(left)] if left else []
        return [*rest, *self._statements(bound, node)]

    def visit_ImportFrom(self, node: ast.ImportFrom) -> Any:
        """Replace ``from scipy import signal`` by a stand-in under the same name."""
        if node.level or self._is_there(node.module or ""):
            return node
        names = {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
        names.pop("*", None)
        return list(self._statements(names or {"_": node.module or ""}, node))

    def _statements(self, bound: dict[str, str], node: ast.stmt) -> Iterator[ast.stmt]:
        """Yield what stands for an import: assignments, by the names that it would have bound."""
        for name, package in bound.items():
            root = package.partition(".")[0]
            source = f"{name} = {MAKER}({package!r})"
            if self._in_try:
                source = f"raise ModuleNotFoundError('No module named {root!r}', name={root!r})"
            statement = ast.parse(source).body[0]
            for part in ast.walk(statement):
                ast.copy_location(part, node)
            yield statement

    def _is_there(self, module: str) -> bool:
        root = module.partition(".")[0]
        if root in self._allowed:
            return True
        try:
            spec = importlib.util.find_spec(root)
        except (ImportError, ValueError):
            return False
        places = [spec.origin, *(spec.submodule_search_locations or ())] if spec else []
        return any(place and Path(place).is_relative_to(self._own_files) for place in places)

    def _stand_in(self, name: str) -> AbsentPackage:
        root = name.partition(".")[0]
        reason = not_allowed(root, self._packages)
        if root not in self.imported:
            self.imported.append(root)
            print(f"Not imported while grading: {reason}")
        return AbsentPackage(name, reason)

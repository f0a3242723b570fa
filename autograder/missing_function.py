"""Why the function of a task does not exist where it is examined: where its check stands."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable

from autograder.syntax_trees import NO_PYTHON, syntax_tree


def why_missing(name: str, before: Iterable[tuple[str, str]], after: Iterable[str]) -> str:
    """Say in a sentence why the notebook has no function ``name`` yet; empty if nobody knows.

    ``before`` are the cells above the check, each with the error that ended it or "", and
    ``after`` those below.
    """
    for source, error in before:
        if error and defines(source, name):
            return f"The cell that defines {name} stopped: {error}"
    if any(defines(source, name) for source in after):
        return (
            f"{name} is defined below its check, and is examined where its check stands. Move the "
            "definition above the check."
        )
    return ""


def defines(source: str, name: str) -> bool:
    """Whether a cell gives a value to ``name``: by ``def``, ``=`` or ``import``."""
    if name not in source:
        return False
    try:
        tree = syntax_tree(source)
    except NO_PYTHON:
        return re.search(rf"^\s*(def|class) {name}\b|^{name} *=", source, re.MULTILINE) is not None
    return any(name in _bound(node) for node in tree.body)


def _bound(node: ast.stmt) -> list[str]:
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return [node.name]
        case ast.Import() | ast.ImportFrom():
            return [alias.asname or alias.name for alias in node.names]
        case ast.Assign():
            parts = (part for target in node.targets for part in ast.walk(target))
            return [part.id for part in parts if isinstance(part, ast.Name)]
    return []

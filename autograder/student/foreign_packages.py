"""Which packages a function uses that its exercise does not allow."""

from __future__ import annotations

import dis
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

from autograder.packages import ALWAYS_ALLOWED


def foreign_packages(function: object, allowed: Iterable[str]) -> list[str]:
    """Return the packages that a function of the notebook uses and may not, by their names.

    What it calls of the notebook's own functions is looked through as well. ``allowed`` are the
    exercise's packages, by the names that are imported; Python's own library always is.
    """
    own = str(getattr(function, "__module__", None)).partition(".")[0]
    known = {*sys.stdlib_module_names, *ALWAYS_ALLOWED, *allowed, own}
    waiting, visited, used = [function], set[int](), dict[str, None]()
    while waiting:
        code, names = _code(waiting.pop())
        if code is None or id(code) in visited:
            continue
        visited.add(id(code))
        for value in _values(code, names):
            if getattr(value, "__globals__", None) is names:
                waiting.append(value)
                continue
            root = _root(value)
            if root and root not in known and not _is_own_file(root):
                used[root] = None
    return list(used)


def _code(function: Any) -> tuple[CodeType | None, Mapping[str, Any]]:
    while hasattr(function, "__wrapped__"):
        function = function.__wrapped__
    function = getattr(function, "__func__", function)
    if isinstance(function, FunctionType):
        return function.__code__, function.__globals__
    return None, {}


def _values(code: CodeType, names: Mapping[str, Any]) -> Iterator[Any]:
    """Yield what a function's code imports, and the values of the global names that it reads."""
    for instruction in dis.get_instructions(code):
        if instruction.opname == "IMPORT_NAME":
            yield ModuleType(str(instruction.argval))
        elif instruction.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            yield names.get(instruction.argval)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _values(constant, names)


def _root(value: Any) -> str:
    """Return the package that a module, function or class comes from; else nothing."""
    if isinstance(value, ModuleType):
        module = value.__name__
    elif callable(value):
        module = getattr(value, "__module__", None) or getattr(type(value), "__module__", "")
    else:
        return ""
    root = str(module).partition(".")[0]
    return "" if root == "__main__" else root


def _is_own_file(root: str) -> bool:
    """Whether a module lies beside the notebook, or is nowhere: its source then is the student's."""
    place = Path(getattr(sys.modules.get(root), "__file__", None) or Path.cwd())
    return place.is_relative_to(Path.cwd()) and "site-packages" not in place.parts

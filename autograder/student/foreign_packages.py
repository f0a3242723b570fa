"""Which packages a function uses that its exercise does not allow."""

from __future__ import annotations

import dis
import importlib.util
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
    known = {*sys.stdlib_module_names, *ALWAYS_ALLOWED, *allowed}
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
            if root and root not in known and _is_installed(root):
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
        return value.__name__.partition(".")[0]
    if not callable(value):
        return ""
    module = getattr(value, "__module__", None) or type(value).__module__
    return str(module).partition(".")[0]


def _is_installed(root: str) -> bool:
    """Whether a module is an installed package, and no file of the student's own."""
    try:
        spec = importlib.util.find_spec(root)
    except (ImportError, ValueError):
        return False
    places = [spec.origin, *(spec.submodule_search_locations or ())] if spec else []
    return any({"site-packages", "dist-packages"} & {*Path(place or "").parts} for place in places)

"""Keeping Pillow, which comes with matplotlib for drawing, out of graded functions.

It does what the tasks ask for: filters, pooling, sizes. The notebook's cells have it as ever; when
they have run and what counts begins, everything in it refuses.
"""

from __future__ import annotations

import importlib.abc
import sys
from collections.abc import Iterator
from types import BuiltinFunctionType, FunctionType
from typing import Any, NoReturn

NAME = "PIL"
REASON = "Image libraries such as Pillow are not for graded functions: do it with arrays."

_IN_PYTHON = 1 << 9
"""Py_TPFLAGS_HEAPTYPE: classes without it cannot be changed."""


def forbid() -> None:
    """Let every function in the library refuse, whoever has kept it, and every further import."""
    for module in [module for name, module in sys.modules.items() if _is_part(name)]:
        for owner, name in list(_functions(module)):
            setattr(owner, name, _refuse)
    sys.meta_path.insert(0, _Refusal())


def _refuse(*_arguments: Any, **_options: Any) -> NoReturn:
    raise ImportError(REASON)


class _Refusal(importlib.abc.MetaPathFinder):
    def find_spec(self, name: str, _path: Any, _target: Any = None) -> None:
        if _is_part(name):
            _refuse()


def _is_part(name: str) -> bool:
    return name == NAME or name.startswith(f"{NAME}.")


def _functions(owner: Any) -> Iterator[tuple[Any, str]]:
    """Yield where the functions of a module stand, and those of its classes."""
    for name, value in vars(owner).items():
        if isinstance(value, FunctionType | BuiltinFunctionType | staticmethod):
            if not name.startswith("__"):
                yield owner, name
        elif isinstance(value, type) and value.__module__ == getattr(owner, "__name__", ""):
            yield from _functions(value) if value.__flags__ & _IN_PYTHON else ()

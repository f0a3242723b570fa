"""A function's source with all that it needs, to put into a notebook cell.

The sample class and the tests use it to write submissions from the catalog of misconceptions.
"""

from __future__ import annotations

import dis
import types
from collections.abc import Iterator

from autograder.authoring.chapter import BEGIN, END
from autograder.authoring.notebook import plain_source
from autograder.problems import Function


def standalone_source(function: Function, name: str) -> str:
    """Return code that defines ``name`` as ``function``, whatever else the notebook defines.

    Functions of the course's own modules that it calls are copied in, everything else is
    imported. All of it is kept inside one enclosing function, so that it neither uses nor
    overwrites the notebook's other names.
    """
    body = [
        *_definitions(function, set()),
        f"return {function.__name__}",
    ]
    inner = "\n".join(body).replace("\n", "\n    ").replace("\n    \n", "\n\n")
    return f"def _{name}():\n    {inner}\n\n\n{name} = _{name}()\n{name}.__name__ = {name!r}"


def _definitions(function: Function, done: set[str]) -> Iterator[str]:
    """Yield the definitions a function needs, its own last."""
    done.add(function.__name__)
    assert isinstance(function, types.FunctionType)
    for needed in sorted(_global_names(function.__code__)):
        value = function.__globals__.get(needed)
        if needed in done or value is None:
            continue
        if isinstance(value, types.ModuleType):
            yield f"import {value.__name__} as {needed}"
        elif isinstance(value, types.FunctionType) and _is_own(value):
            if value.__name__ != needed:
                raise ValueError(f"{function.__name__} uses {value.__name__} as {needed}")
            yield from _definitions(value, done)
        elif hasattr(value, "__module__") and hasattr(value, "__name__"):
            yield f"from {value.__module__} import {value.__name__} as {needed}"
        else:
            yield f"{needed} = {value!r}"
        done.add(needed)
    lines = plain_source(function).splitlines()
    yield "\n".join(line for line in lines if line.strip() not in (BEGIN, END))


def _global_names(code: types.CodeType) -> set[str]:
    loads = ("LOAD_GLOBAL", "LOAD_NAME")
    names = {step.argval for step in dis.get_instructions(code) if step.opname in loads}
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            names |= _global_names(constant)
    return names


def _is_own(function: types.FunctionType) -> bool:
    return function.__module__.split(".")[0] == "solutions"

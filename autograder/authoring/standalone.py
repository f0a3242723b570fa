"""A function's source with all that it needs, to put into a notebook cell.

The sample class and the tests use it to write submissions from the catalog of misconceptions.
"""

from __future__ import annotations

import ast
import dis
import inspect
import textwrap
import types
from collections.abc import Iterator
from pathlib import Path

from autograder.problems import Function


def standalone_source(function: Function, name: str) -> str:
    """Return code that defines ``name`` as ``function``, whatever else the notebook defines.

    Functions of the course's own modules that it calls are copied in, and so is what it keeps from
    a function that made it; everything else is imported. All of it is kept inside one enclosing
    function, so that it neither uses nor overwrites the notebook's other names.
    """
    assert isinstance(function, types.FunctionType)
    body = [*_definitions(function, set()), f"return {_local_name(function)}"]
    inner = textwrap.indent("\n".join(body), "    ").lstrip()
    return f"def _{name}():\n    {inner}\n\n\n{name} = _{name}()\n{name}.__name__ = {name!r}"


def _definitions(function: types.FunctionType, done: set[str]) -> Iterator[str]:
    """Yield the definitions a function needs, its own last."""
    done.add(function.__name__)
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
    for name, value in inspect.getclosurevars(function).nonlocals.items():
        yield from _closed_over(name, value, done)
    if _is_lambda(function):
        yield f"{_local_name(function)} = {_lambda_source(function)}"
    else:
        source = ast.parse(textwrap.dedent(inspect.getsource(function)))
        yield ast.unparse(_WithoutAnnotations().visit(source))


def _closed_over(name: str, value: object, done: set[str]) -> Iterator[str]:
    """Yield the definition of a name that a function keeps from the function that made it."""
    if not isinstance(value, types.FunctionType):
        yield f"{name} = {value!r}"
        return
    yield from _definitions(value, done)
    if _local_name(value) != name:
        yield f"{name} = {_local_name(value)}"


class _WithoutAnnotations(ast.NodeTransformer):
    """Takes out annotations: the names they use need not exist in the notebook."""

    def visit_arg(self, node: ast.arg) -> ast.arg:
        node.annotation = None
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        node.returns = None
        return self.generic_visit(node)

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.stmt:
        if node.value is None:
            return ast.Pass()
        return ast.Assign([node.target], node.value, lineno=node.lineno)


def _is_lambda(function: types.FunctionType) -> bool:
    return function.__name__ == "<lambda>"


def _local_name(function: types.FunctionType) -> str:
    return "answer" if _is_lambda(function) else function.__name__


def _lambda_source(function: types.FunctionType) -> str:
    # inspect.getsource returns the lines around a lambda, which need not be Python by themselves.
    code = function.__code__
    parameters = list(code.co_varnames[: code.co_argcount])
    module = ast.parse(Path(code.co_filename).read_text(encoding="utf-8"))
    lambdas = [
        ast.unparse(node)
        for node in ast.walk(module)
        if isinstance(node, ast.Lambda)
        and node.lineno == code.co_firstlineno
        and [argument.arg for argument in node.args.args] == parameters
    ]
    if len(lambdas) != 1:
        where = f"{code.co_filename}:{code.co_firstlineno}"
        raise ValueError(f"{where}: which of the {len(lambdas)} lambdas in this line is meant?")
    return lambdas[0]


def _global_names(code: types.CodeType) -> set[str]:
    loads = ("LOAD_GLOBAL", "LOAD_NAME")
    names = {step.argval for step in dis.get_instructions(code) if step.opname in loads}
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            names |= _global_names(constant)
    return names


def _is_own(function: types.FunctionType) -> bool:
    return function.__module__.split(".")[0] == "solutions"

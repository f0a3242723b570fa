"""A student's own functions, taken from an exercise notebook into another one."""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path
from typing import Any

from autograder.checks import FILE_NAME, load_checks
from autograder.needed_code import is_python, needed_code
from autograder.student.exercise_file import read_exercise


def own_functions(notebook: str | Path) -> dict[str, Callable[..., Any]]:
    """Return the functions that an exercise notebook defines, by name, and say what is missing.

    notebook: the file, as it was last saved; ``checks.npz`` lies beside it.

    Of the notebook's cells, only that is run which the functions need: imports, definitions, and
    what these use. A function that is not written yet, or whose cell ends with an error, is left
    out.

    Raises UnreadableFile if the file is no notebook, ChecksFileError for its checks.
    """
    path = Path(notebook)
    exercise = read_exercise(path)
    tasks = list(load_checks(path.with_name(FILE_NAME)))
    cells = [source for source in exercise.cells if is_python(source)]  # magics define nothing
    names: dict[str, Any] = {"__name__": path.stem}
    errors: dict[str, str] = {}
    for source in needed_code([(source, True) for source in cells], tasks):
        try:
            exec(compile(source, str(path), "exec"), names)
        except Exception as error:
            defined = {node.name for node in _functions(source)} & set(tasks)
            errors |= dict.fromkeys(defined, f"{type(error).__name__}: {error}")
    # As in the notebook itself, the last definition counts.
    written = {node.name: not _is_empty(node) for source in cells for node in _functions(source)}
    own = {
        task: names[task] for task in tasks if callable(names.get(task)) and written.get(task, True)
    }
    for task in tasks:
        if task not in own:
            print(f"{task}: {errors.get(task, 'not written yet')}")
    print(f"{len(own)} of {len(tasks)} functions are yours, from {path.name}.")
    return own


def _functions(source: str) -> list[ast.FunctionDef]:
    return [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]


def _is_empty(function: ast.FunctionDef) -> bool:
    """Whether a function still is as it was handed out."""
    last = function.body[-1]
    return isinstance(last, ast.Raise) and "NotImplementedError" in ast.unparse(last)

"""An exercise as a file on disk: its code cells, and the points of its tasks."""

from __future__ import annotations

import ast
import dataclasses
import json
import re
from pathlib import Path
from typing import Any


class UnreadableFile(Exception):
    """The file is not an exercise; the message says why."""


@dataclasses.dataclass(frozen=True)
class ExerciseFile:
    """A notebook, or a Python file, which counts as one cell.

    ``cells`` are the sources of the code cells. ``checked`` are the tasks whose check stands in a
    cell, by the cell's number from 0. ``points`` are those of each automatically graded task by
    name, and ``points_by_hand`` those that a person gives. A Python file has none of these.
    """

    path: Path
    cells: tuple[str, ...]
    checked: dict[int, list[str]] = dataclasses.field(default_factory=dict)
    points: dict[str, float] = dataclasses.field(default_factory=dict)
    points_by_hand: float = 0.0

    @property
    def is_notebook(self) -> bool:
        """Whether the file is a notebook."""
        return self.path.suffix.lower() == ".ipynb"


def read_exercise(path: Path) -> ExerciseFile:
    """Read a notebook (.ipynb) or a Python file (.py).

    Raises :class:`UnreadableFile` where it is missing, damaged or something else.
    """
    if path.suffix.lower() not in (".ipynb", ".py"):
        raise UnreadableFile(f"{path} is neither a notebook (.ipynb) nor a Python file (.py).")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise UnreadableFile(f"There is no file {path}.") from None
    except UnicodeDecodeError:
        raise UnreadableFile(f"{path} is damaged: it is not UTF-8 text.") from None
    except OSError as error:
        raise UnreadableFile(f"{path} cannot be read: {error.strerror}.") from None
    if path.suffix.lower() == ".py":
        return ExerciseFile(path, (text,))
    try:
        cells = [_Cell(**_fields(cell)) for cell in json.loads(text)["cells"]]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        todo = "Get the exercise once more, or go back to a copy that Jupyter saved."
        if isinstance(error, json.JSONDecodeError):
            todo = (
                f"It is damaged in line {error.lineno}, and Jupyter cannot open it either. {todo}"
            )
        elif '"worksheets"' in text:
            todo = "It is one of an older format: open it in Jupyter and save it again."
        raise UnreadableFile(
            f"{path} is not a notebook that Jupyter saved (format 4). {todo}"
        ) from None
    return _exercise(path, cells)


@dataclasses.dataclass(frozen=True)
class _Cell:
    is_code: bool
    source: str
    graded: bool
    by_hand: bool
    points: float


def _fields(cell: dict[str, Any]) -> dict[str, Any]:
    source = cell.get("source") or ""
    nbgrader = (cell.get("metadata") or {}).get("nbgrader") or {}
    return {
        "is_code": cell["cell_type"] == "code",
        "source": source if isinstance(source, str) else "".join(source),
        "graded": bool(nbgrader.get("grade")),
        "by_hand": bool(nbgrader.get("grade") and nbgrader.get("solution")),
        "points": float(nbgrader.get("points") or 0),
    }


def _exercise(path: Path, cells: list[_Cell]) -> ExerciseFile:
    points: dict[str, float] = {}
    by_hand = 0.0
    for cell in cells:
        if cell.by_hand:
            by_hand += cell.points
        elif cell.graded:
            for task in _checked_names(cell.source):
                points[task] = points.get(task, 0.0) + cell.points
    code = [cell for cell in cells if cell.is_code]
    return ExerciseFile(path, tuple(cell.source for cell in code), _checked(code), points, by_hand)


def _checked(cells: list[_Cell]) -> dict[int, list[str]]:
    """Return the tasks whose check stands in a code cell, by the cell's number.

    Where the graded cells are gone, or have lost their metadata, the last cell counts that is
    nothing but a check.
    """
    names = [_checked_names(cell.source) for cell in cells]
    graded: set[str] = set()
    for cell, tasks in zip(cells, names, strict=True):
        graded.update(tasks if cell.graded else ())
    last: dict[str, int] = {}
    for number, (cell, tasks) in enumerate(zip(cells, names, strict=True)):
        for task in tasks:
            if cell.graded or (task not in graded and _is_check(cell.source)):
                last[task] = number
    return {number: [task for task in last if last[task] == number] for number in last.values()}


def _is_check(source: str) -> bool:
    return re.fullmatch(r"\s*check\(\w+\)\s*", source) is not None


def _checked_names(source: str) -> list[str]:
    """Return the names in calls such as ``check(corr2d)``."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return []
    return [
        node.args[0].id
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "check"
        and len(node.args) == 1
        and isinstance(node.args[0], ast.Name)
    ]

"""A small course, made for tests of the grading: four tasks that grade fast, and notebooks."""

from __future__ import annotations

import copy
import dataclasses
import json
from pathlib import Path
from typing import Any

import nbformat
from nbformat.notebooknode import NotebookNode
from nbformat.v4 import new_code_cell

from autograder.authoring.generate import generate
from autograder.grading.course import Course, GradedChapter
from autograder.grading.engine import NotebookGrade, NotebookGrader
from autograder.grading.rebuild import rebuild
from autograder.grading.sandbox import Sandbox
from autograder.grading.submitted_notebook import SubmittedNotebook, notebook_of
from tests.small_course import write_course

SOURCE = """\
---
kernelspec:
  name: python3
  display_name: Python 3
---

# Probe

```{code-cell} python
import numpy as np
from autograder import check, explore
```

```{code-cell} python
:task: scale
:points: 4
:difficulty: 1
:minutes: 5
```

```{code-cell} python
:task: total
:points: 2
:difficulty: 1
:minutes: 5
```

```{code-cell} python
def sum_of_row(row):
    return total(row)


ten = sum_of_row(np.arange(5))
```

```{code-cell} python
twenty = 2 * sum_of_row(np.arange(5))
print("twenty is", twenty)
```

```{code-cell} python
:task: apply
:points: 3
:difficulty: 1
:minutes: 5
```

```{code-cell} python
:task: extremes
:points: 2
:difficulty: 1
:minutes: 5
```

Why?

+++ {"question": "why", "points": 3, "difficulty": 3, "minutes": 10}

The model answer of the manual question.
"""

CHAPTER = """\
from autograder.chapter import Chapter, Limits

CHAPTER = Chapter(
    tasks=("scale", "total", "apply", "extremes"),
    limits=Limits(cell_seconds=1.0, total_seconds=20.0, memory=1024, disk=16),
)
"""

SHARED = """\
from autograder.problems import Misconception

LIMIT = 0.5


def wrong(name, function):
    return (Misconception(name, function, name, name, f"Think of {name}."),)
"""

TASKS = {
    "scale": '''\
import numpy as np

from autograder.problems import Case, Problem, quarters
from solutions.probe.mistakes import LIMIT, wrong


def scale(x: np.ndarray, factor: float) -> np.ndarray:
    """Return x times factor."""
    ### BEGIN SOLUTION
    return x * factor
    ### END SOLUTION


def cases(rng):
    return [
        Case("a vector", {"x": quarters(rng, 5), "factor": 2.0}),
        Case("a matrix", {"x": quarters(rng, 3, 4), "factor": -0.5}),
    ]


def hidden_cases(rng):
    return [
        Case("another factor", {"x": quarters(rng, 2, 3), "factor": 3.0}),
        Case("no rows", {"x": quarters(rng, 0, 3), "factor": 3.0}),
    ]


def added(x, factor):
    return x + factor


PROBLEM = Problem(
    scale, cases, wrong("added", added), hidden_cases=hidden_cases, time_limit=LIMIT
)
''',
    "total": '''\
import numpy as np

from autograder.problems import Case, Problem, quarters
from solutions.probe.mistakes import LIMIT, wrong


def total(x: np.ndarray) -> float:
    """Return the sum of x."""
    ### BEGIN SOLUTION
    return float(np.sum(x))
    ### END SOLUTION


def cases(rng):
    # All negative: a sum of 0 would be right by chance.
    vector, matrix = quarters(rng, 5, high=-0.25), quarters(rng, 2, 3, high=-0.25)
    return [Case("a vector", {"x": vector}), Case("a matrix", {"x": matrix})]


def absolute(x):
    return float(abs(x).sum())


PROBLEM = Problem(total, cases, wrong("absolute", absolute), time_limit=LIMIT)
''',
    "apply": '''\
from collections.abc import Callable

import numpy as np

from autograder.problems import Case, Problem, quarters
from autograder.values import Formula
from solutions.probe.mistakes import LIMIT, wrong


def apply(f: Callable[[np.ndarray], np.ndarray], x: np.ndarray) -> np.ndarray:
    """Return f(x) with its first row doubled."""
    ### BEGIN SOLUTION
    out = f(x)
    out[0] *= 2
    return out
    ### END SOLUTION


def cases(rng):
    square = Formula(("x",), "x ** 2")
    shift = Formula(("x",), "np.roll(x, 1)")
    return [
        Case("a square", {"f": square, "x": quarters(rng, 3, 2)}),
        Case("a shift", {"f": shift, "x": quarters(rng, 3, 2)}),
    ]


def unchanged(f, x):
    return f(x)


PROBLEM = Problem(apply, cases, wrong("unchanged", unchanged), time_limit=LIMIT)
''',
    "extremes": '''\
import numpy as np

from autograder.problems import Case, Problem, quarters
from solutions.probe.mistakes import LIMIT, wrong


def extremes(x: np.ndarray) -> tuple[float, float]:
    """Return the smallest and the largest element of x."""
    ### BEGIN SOLUTION
    return float(x.min()), float(x.max())
    ### END SOLUTION


def cases(rng):
    return [Case("a vector", {"x": quarters(rng, 9)}), Case("a matrix", {"x": quarters(rng, 4, 4)})]


def swapped(x):
    return float(x.max()), float(x.min())


PROBLEM = Problem(extremes, cases, wrong("swapped", swapped), time_limit=LIMIT)
''',
}

RIGHT = {
    "scale": "def scale(x, factor):\n    return x * factor",
    "total": "def total(x):\n    return float(np.sum(x))",
    "apply": "def apply(f, x):\n    out = f(x)\n    out[0] *= 2\n    return out",
    "extremes": "def extremes(x):\n    return float(x.min()), float(x.max())",
}
POINTS = {"scale": 4.0, "total": 2.0, "apply": 3.0, "extremes": 2.0}
SECRET = "a secret for tests"
SEED = 20


def make_course(root: Path) -> Course:
    """Write the course's sources into ``root`` and generate its exercise."""
    folder = write_course(root, "probe", SOURCE, CHAPTER, TASKS)
    (folder / "mistakes.py").write_text(SHARED)
    generate(root, "probe", gradebook=f"sqlite:///{root}/unused.db")
    return Course.at(root)


@dataclasses.dataclass
class Grader:
    """Grades notebooks of the probe chapter in one sandbox."""

    course: Course
    chapter: GradedChapter
    sandbox: Sandbox

    def notebook(self, answers: dict[str, str], *first: str) -> NotebookNode:
        """Return a notebook with answers filled in, and extra cells after the first one."""
        notebook = nbformat.from_dict(copy.deepcopy(dict(self.chapter.release)))
        for name, source in answers.items():
            cell(notebook, name).source = source
        place = next(i for i, c in enumerate(notebook.cells) if c.cell_type == "code") + 1
        notebook.cells[place:place] = [new_code_cell(source) for source in first]
        return notebook

    def grade(self, notebook: NotebookNode, **options: Any) -> NotebookGrade:
        """Grade a notebook as it would arrive: written and read again."""
        return self.grade_submitted(notebook_of(json.loads(nbformat.writes(notebook))), **options)

    def grade_submitted(self, submitted: SubmittedNotebook, **options: Any) -> NotebookGrade:
        """Grade a notebook's cells."""
        rebuilt = rebuild(submitted, self.chapter.release)
        return NotebookGrader(self.chapter, self.sandbox).grade(rebuilt, SEED, **options)

    def points(self, notebook: NotebookNode, **options: Any) -> dict[str, float]:
        """Grade a notebook and return the points of each task."""
        return points(self.grade(notebook, **options))


def points(grade: NotebookGrade) -> dict[str, float]:
    """Return the points of each task."""
    return {task.function: task.points for task in grade.tasks}


def cell(notebook: NotebookNode, name: str) -> NotebookNode:
    """Return the cell of a notebook with this grade_id."""
    return next(c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == name)

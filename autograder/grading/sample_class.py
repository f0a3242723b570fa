"""A sample class: submissions made from the reference and the catalog of misconceptions.

It shows a newcomer what grading looks like, and the tests use it: the points that each student
should get follow from what was put into the submission.
"""

from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from autograder.authoring.standalone import standalone_source
from autograder.examination import examine
from autograder.grading.course import Task
from autograder.problems import Function, Problem
from autograder.student.calls import in_notebook

FOLDER = Path("_build") / "sample_class"
"""Where the sample class lives, below the root of the course."""


@dataclasses.dataclass(frozen=True)
class SampleStudent:
    """One student of the sample class.

    ``answers`` maps a task to the function handed in; other tasks are left as they were.
    ``change`` then changes the notebook; ``spoil`` turns the file's bytes into something else,
    or into None: no file. ``honest`` is False where the change tries to gain points.
    """

    name: str
    story: str
    answers: Mapping[str, Function]
    change: Callable[[NotebookNode], None] | None = None
    spoil: Callable[[bytes], bytes | None] | None = None

    def expected(self, tasks: Iterable[Task], seed: int) -> dict[str, float]:
        """Return the share of the points of each task that this student should get, 0 to 1."""
        shares = {}
        for task in tasks:
            name = task.function
            shares[name] = 0.0
            idle = self.spoil is not None or name not in self.answers
            if not idle and self.answers[name] not in (endless, crashing):
                caller = in_notebook(self.answers[name], task.problem.time_limit)
                shares[name] = examine(task.checks(seed), caller).fraction
        return shares


def endless(*arguments: object) -> None:
    """Never come back."""
    while True:
        pass


def crashing(*arguments: object) -> None:
    """Divide by zero."""
    print(1 / 0)


def sample_students(problems: Mapping[str, Problem]) -> list[SampleStudent]:
    """Return the students of the sample class for a chapter with these problems."""
    reference = {name: problem.reference for name, problem in problems.items()}
    first = next(iter(problems))
    half = dict(list(reference.items())[: (len(reference) + 1) // 2])

    def alternative(which: int) -> dict[str, Function]:
        styles = {n: p.alternatives or (p.reference,) for n, p in problems.items()}
        return {name: choices[which % len(choices)] for name, choices in styles.items()}

    def misconception(which: int) -> dict[str, Function]:
        return {
            name: problem.misconceptions[which % len(problem.misconceptions)].wrong
            for name, problem in problems.items()
        }

    return [
        SampleStudent("ada", "everything right", reference),
        SampleStudent("ben", "everything right, in another style", alternative(0)),
        SampleStudent("cleo", "everything right, in a third style", alternative(-1)),
        SampleStudent("dana", "one misconception in every task", misconception(0)),
        SampleStudent("emil", "another misconception in every task", misconception(1)),
        SampleStudent("fay", "half right, half misconceptions", {**misconception(-1), **half}),
        SampleStudent("gus", "nothing done", {}),
        SampleStudent("hana", "the first half done", half),
        SampleStudent("ivan", "everything crashes", dict.fromkeys(reference, crashing), _crash),
        SampleStudent("jo", "an endless loop in the first task", {**reference, first: endless}),
        SampleStudent("kim", "right, with prints, warnings and a plot", reference, _chatter),
        SampleStudent("lea", "nothing done, tests and points edited", {}, _edit_tests),
        SampleStudent("max", "right, but the test cells deleted", reference, _delete_tests),
        SampleStudent("nina", "right, but every cell is there twice", reference, _duplicate),
        SampleStudent("omar", "not a notebook at all", {}, spoil=lambda _: b"%PDF-1.7 my answers"),
        SampleStudent("pia", "right, but cut off in the middle", reference, spoil=_cut),
        SampleStudent("quin", "no file", {}, spoil=lambda _: None),
    ]


def write_sample_class(exercise: Path, students: list[SampleStudent], submitted: Path) -> None:
    """Write the submissions of ``students`` to ``submitted/<student>/<chapter>/``.

    ``exercise`` is the folder that students get. A file that would not change is not touched.
    """
    notebook = exercise / f"{exercise.name}.ipynb"
    for student in students:
        target = submitted / student.name / exercise.name / notebook.name
        target.parent.mkdir(parents=True, exist_ok=True)
        content = _submission(notebook, student)
        if content is None:
            target.unlink(missing_ok=True)
        elif not target.exists() or target.read_bytes() != content:
            target.write_bytes(content)
    for folder in submitted.iterdir():
        if folder.name not in {student.name for student in students}:
            shutil.rmtree(folder)


def _submission(path: Path, student: SampleStudent) -> bytes | None:
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        task = cell.metadata.get("nbgrader", {}).get("grade_id")
        if task in student.answers:
            cell.source = standalone_source(student.answers[task], task)
    if student.change is not None:
        student.change(notebook)
    content = nbformat.writes(notebook).encode()
    return content if student.spoil is None else student.spoil(content)


def _is_test(cell: NotebookNode) -> bool:
    return bool(cell.metadata.get("nbgrader", {}).get("locked"))


def _crash(notebook: NotebookNode) -> None:
    notebook.cells.insert(0, new_code_cell("undefined_name + 1"))


def _chatter(notebook: NotebookNode) -> None:
    talk = (
        "import sys, warnings\nimport matplotlib.pyplot as plt\n"
        "%matplotlib inline\n"
        "warnings.warn('take care')\nprint('working', file=sys.stderr)\nprint('on it')\n"
        "plt.plot([1, 3, 2]);"
    )
    notebook.cells.insert(2, new_code_cell(talk))


def _edit_tests(notebook: NotebookNode) -> None:
    for cell in notebook.cells:
        if _is_test(cell):
            cell.source = "print('all tests passed')"
            cell.metadata["nbgrader"]["points"] = 100
            cell.metadata["tags"] = ["skip-execution"]


def _delete_tests(notebook: NotebookNode) -> None:
    notebook.cells = [cell for cell in notebook.cells if not _is_test(cell)]


def _duplicate(notebook: NotebookNode) -> None:
    notebook.cells = [cell.copy() for cell in notebook.cells for _ in range(2)]
    for number, cell in enumerate(notebook.cells):
        cell["id"] = f"copy-{number}"


def _cut(content: bytes) -> bytes:
    return content[: len(content) // 2]

"""Grading one submission: run its cells in the sandbox, examine its functions from outside.

Nothing of a submission runs in this process, and no test cell runs anywhere: where a test cell
stands in the notebook, the function that it names is examined.
"""

from __future__ import annotations

import ast
import contextlib
import dataclasses
import functools
import re
from collections.abc import Mapping

from nbformat.notebooknode import NotebookNode

from autograder.examination import Examination, examine
from autograder.grading.cell_outputs import new_output, note
from autograder.grading.course import GradedChapter, Task
from autograder.grading.notebook_run import NotebookRun
from autograder.grading.options import DEFAULT_FIGURES, Figures
from autograder.grading.rebuild import Rebuilt, is_test
from autograder.grading.sandbox import Sandbox
from autograder.report import graded_report


@dataclasses.dataclass(frozen=True)
class TaskGrade:
    """What came of one task."""

    function: str
    cell: str
    points: float
    max_points: float
    misconception: str | None
    examination: Examination


@dataclasses.dataclass(frozen=True)
class NotebookGrade:
    """A graded notebook, the grades of its tasks, and what was remarkable about it."""

    notebook: NotebookNode
    tasks: tuple[TaskGrade, ...]
    flags: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class NotebookGrader:
    """Grades the submissions of a chapter, one at a time, in a sandbox.

    ``figures`` says which figures are drawn; where those of the course's own cells are not, these
    cells do not show anything (:func:`without_showing`).
    """

    chapter: GradedChapter
    sandbox: Sandbox
    figures: Figures = DEFAULT_FIGURES

    def grade(
        self, rebuilt: Rebuilt, seed: int, files: Mapping[str, bytes] | None = None
    ) -> NotebookGrade:
        """Run a rebuilt notebook in the sandbox and grade its tasks.

        ``seed`` decides the hidden cases; ``files`` were submitted beside the notebook. The
        outputs of the notebook's cells are replaced by what they printed and drew in the sandbox,
        those of the test cells by the report and, as nbgrader wants it, the points.
        """
        chapter = self.chapter
        tasks = {task.cell: task for task in chapter.tasks}
        grades = []
        slow: set[str] = set()  # functions that took too long, and what depends on them
        run = NotebookRun(self.sandbox, chapter.limits, files or {}, len(tasks))
        with contextlib.closing(run):
            for number, cell in enumerate(rebuilt.notebook.cells):
                if cell.cell_type != "code":
                    continue
                name = cell.metadata.get("nbgrader", {}).get("grade_id")
                task = tasks.get(name) if is_test(cell) else None
                if task is None:
                    cell.outputs = self._outputs(cell.source, run, slow)
                else:
                    grade = _examined(task, seed, run)
                    grades.append(grade)
                    if grade.examination.outcomes[0].verdict == "timed out":
                        slow.add(task.function)
                    cell.outputs = _test_outputs(grade)
                cell.execution_count = number + 1
            flags = rebuilt.flags + tuple(run.flags)
        return NotebookGrade(rebuilt.notebook, tuple(grades), flags)

    def _outputs(self, source: str, run: NotebookRun, slow: set[str]) -> list[NotebookNode]:
        """Run a cell in which nothing is graded; add to ``slow`` what waits for slow functions."""
        own = source not in self._course_sources
        draw = self.figures == "all" or (self.figures == "own" and own)
        executed = source if draw or own else without_showing(source)
        waits_for = None if own else _first_used(source, slow)
        if waits_for:
            slow |= _defined(source)
            outputs = run.definitions(executed)
            outputs.append(
                note(f"Only this cell's definitions were run: {waits_for} takes too long.")
            )
        else:
            outputs = run.cell(executed, draw)
        if executed != source:
            outputs.append(note("What this cell shows is left out."))
        return outputs

    @functools.cached_property
    def _course_sources(self) -> set[str]:
        return {cell.source for cell in self.chapter.release.cells}


def _first_used(source: str, names: set[str]) -> str | None:
    """Return one of these names that a cell uses, or None."""
    return next((name for name in sorted(names) if re.search(rf"\b{name}\b", source)), None)


def _defined(source: str) -> set[str]:
    """Return the names of functions and variables that one of the course's own cells makes."""
    nodes = list(ast.walk(ast.parse(source)))
    functions = {node.name for node in nodes if isinstance(node, ast.FunctionDef)}
    return functions | {
        node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }


SHOWS = re.compile(r"(print|explore|show\w*|plt\.\w+)")
"""Calls that show something, and do nothing else, in the course's own cells."""


def without_showing(source: str) -> str:
    """Return a cell of the course's own without the statements that only show something.

    Building a figure takes longer than everything else in a notebook, even if it is not drawn.
    What the cell imports, defines and assigns stays, and so does all that is not a plain call
    at the left margin.
    """
    try:
        tree = ast.parse(source)
    except SyntaxError:  # magics, for one
        return source
    statements = [node for node in tree.body if not _only_shows(node)]
    if len(statements) == len(tree.body):
        return source
    return "\n".join(ast.unparse(node) for node in statements)


def _only_shows(node: ast.stmt) -> bool:
    called = (
        node.value.func if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call) else None
    )
    return called is not None and SHOWS.fullmatch(ast.unparse(called)) is not None


def _examined(task: Task, seed: int, run: NotebookRun) -> TaskGrade:
    checks = task.problem.hidden_checks(seed)
    examination = examine(checks, run.caller(task.function, checks.time_limit))
    points = round(task.points * examination.fraction, 2)
    return TaskGrade(
        task.function, task.cell, points, task.points, examination.misconception, examination
    )


def _test_outputs(grade: TaskGrade) -> list[NotebookNode]:
    report = graded_report(grade.examination, grade.points, grade.max_points)
    words = {"text/plain": report.text, "text/html": report._repr_html_()}
    # nbgrader reads the points from the first result that a test cell has.
    return [
        new_output("display_data", data=words),
        new_output("execute_result", data={"text/plain": f"{grade.points}"}, execution_count=None),
    ]

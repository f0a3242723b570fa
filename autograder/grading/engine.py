"""Grading one submission: run its cells in the sandbox, examine its functions from outside.

Nothing of a submission runs in this process, and no test cell runs anywhere: where a test cell
stands in the notebook, the function that it names is tried with its visible cases, and what names
stand for is remembered. The hidden cases follow when the last cell has run, with the same names.
"""

from __future__ import annotations

import contextlib
import dataclasses
import functools
from collections.abc import Callable, Mapping, Sequence

from nbformat.notebooknode import NotebookNode

from autograder.checks import Checks
from autograder.examination import Examination, diagnosed, outcomes_of
from autograder.grading.cell_outputs import new_output, note
from autograder.grading.course import GradedChapter, Task
from autograder.grading.hidden_inputs import without_hidden_inputs
from autograder.grading.notebook_run import NotebookRun
from autograder.grading.options import DEFAULT_FIGURES, Figures
from autograder.grading.rebuild import Rebuilt, is_answer, is_test
from autograder.grading.sandbox import Sandbox
from autograder.missing_function import why_missing
from autograder.needed_code import imports, needed_code
from autograder.outcomes import Outcome
from autograder.report import graded_report
from autograder.torch_threads import one_thread


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
    """A graded notebook, the grades of its tasks, and what was remarkable about it.

    ``seconds`` is what its code took of the chapter's ``total_seconds``, in full tenths of that;
    ``stopped`` says why cells were stopped.
    """

    notebook: NotebookNode
    tasks: tuple[TaskGrade, ...]
    flags: tuple[str, ...] = ()
    seconds: float = 0.0
    stopped: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class NotebookGrader:
    """Grades the submissions of a chapter, one at a time, in a sandbox.

    ``figures`` says which figures are drawn; where those of the course's own cells are not, only
    what answers depend on is run of these cells (:func:`needed_code`).
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
        examined: list[_Examined] = []
        run = NotebookRun(self.sandbox, chapter.limits, files or {}, len(chapter.tasks))
        with one_thread(), contextlib.closing(run):
            needed = self._needed(rebuilt.notebook)
            for number, cell in enumerate(rebuilt.notebook.cells):
                if cell.cell_type != "code":
                    continue
                task = self._task(cell)
                if task is None:
                    cell.outputs = self._outputs(cell, needed[number], run)
                else:
                    missing = functools.partial(
                        _missing, task.function, rebuilt.notebook.cells, number
                    )
                    examined.append(_examined(task, cell, seed, run, missing))
                cell.execution_count = number + 1
            # Only now that nothing is printed or drawn any more: hidden inputs show nowhere.
            grades = [_graded(each, run) for each in examined]
        sources = [cell.source for cell in rebuilt.notebook.cells if cell.cell_type == "code"]
        for each, grade in zip(examined, grades, strict=True):
            each.cell.outputs = _test_outputs(grade, sources)
        flags = rebuilt.flags + tuple(run.flags)
        stopped = tuple(dict.fromkeys(run.stopped))
        return NotebookGrade(rebuilt.notebook, tuple(grades), flags, run.seconds, stopped)

    def _task(self, cell: NotebookNode) -> Task | None:
        """Return the task whose function is examined where this cell stands."""
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        tasks = self.chapter.tasks if is_test(cell) else ()
        return next((task for task in tasks if task.cell == name), None)

    def _needed(self, notebook: NotebookNode) -> dict[int, str]:
        """Return what is to be run of the cells in which nothing is graded, by their numbers."""
        run = {
            number: cell.source
            for number, cell in enumerate(notebook.cells)
            if cell.cell_type == "code" and self._task(cell) is None
        }
        if self.figures == "all":
            return run
        cells = [(source, source in self._course_sources) for source in run.values()]
        functions = [task.function for task in self.chapter.tasks]
        return dict(zip(run, needed_code(cells, functions), strict=True))

    def _outputs(self, cell: NotebookNode, needed: str, run: NotebookRun) -> list[NotebookNode]:
        """Run what is needed of a cell in which nothing is graded, and return its outputs.

        If it is a changed cell of the course, the imports that it had take effect all the same.
        """
        own = cell.source not in self._course_sources
        lacking = self._course_imports.get(cell.id, "") if own else ""
        if lacking:
            run.cell(lacking, draw_figures=False)
        draw = self.figures == "all" or (self.figures == "own" and own)
        outputs = run.cell(needed, draw) if needed else []
        if needed != cell.source:
            outputs.append(note("What no answer needs of this cell is left out."))
        return outputs

    @functools.cached_property
    def _course_sources(self) -> set[str]:
        return {cell.source for cell in self.chapter.release.cells}

    @functools.cached_property
    def _course_imports(self) -> dict[str, str]:
        """The imports of the course's cells in which nothing is graded, by the cells' ids."""
        code = [cell for cell in self.chapter.release.cells if cell.cell_type == "code"]
        return {cell.id: imports(cell.source) for cell in code if not is_answer(cell)}


def _missing(function: str, cells: Sequence[NotebookNode], number: int) -> str:
    """Say why there is no such function where cell ``number`` examines it."""
    before = [(cell.source, _error(cell)) for cell in cells[:number] if cell.cell_type == "code"]
    after = [cell.source for cell in cells[number + 1 :] if cell.cell_type == "code"]
    reason = why_missing(function, before, after)
    return reason or f"the notebook defines no function named {function}"


def _error(cell: NotebookNode) -> str:
    errors = [output for output in cell.outputs if output.output_type == "error"]
    return f"{errors[0].ename}: {errors[0].evalue}" if errors else ""


@dataclasses.dataclass(frozen=True)
class _Examined:
    """A task whose visible cases have been tried, and the test cell where that was."""

    task: Task
    cell: NotebookNode
    checks: Checks
    outcomes: Sequence[Outcome]
    missing: Callable[[], str]


def _examined(
    task: Task, cell: NotebookNode, seed: int, run: NotebookRun, missing: Callable[[], str]
) -> _Examined:
    """Try the visible cases of a function where its check stands; the hidden ones follow."""
    checks = task.checks(seed)
    cases = [case for case in checks.cases if not case.hidden]
    call = run.caller(task.function, checks.time_limit, missing)
    outcomes = outcomes_of(checks, cases, call)
    run.remember(task.function)
    return _Examined(task, cell, checks, outcomes, missing)


def _graded(examined: _Examined, run: NotebookRun) -> TaskGrade:
    """Try the hidden cases of a function, and grade its task."""
    task, checks = examined.task, examined.checks
    cases = [case for case in checks.cases if case.hidden]
    call = run.caller(task.function, checks.time_limit, examined.missing)
    examination = diagnosed(checks, outcomes_of(checks, cases, call, examined.outcomes))
    points = round(task.points * examination.fraction, 2)
    return TaskGrade(
        task.function, task.cell, points, task.points, examination.misconception, examination
    )


def _test_outputs(grade: TaskGrade, sources: Sequence[str]) -> list[NotebookNode]:
    examination = without_hidden_inputs(grade.examination, sources)
    report = graded_report(examination, grade.points, grade.max_points)
    words = {"text/plain": report.text, "text/html": report._repr_html_()}
    # nbgrader reads the points from the first result that a test cell has.
    return [
        new_output("display_data", data=words),
        new_output("execute_result", data={"text/plain": f"{grade.points}"}, execution_count=None),
    ]

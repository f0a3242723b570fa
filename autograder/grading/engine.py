"""Grading one submission: run its cells in the sandbox, examine its functions from outside.

Nothing of a submission runs in this process, and no test cell runs anywhere: where a test cell
stands in the notebook, the function that it names is examined.
"""

from __future__ import annotations

import ast
import base64
import contextlib
import dataclasses
import functools
import json
import re
import time
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from nbformat.notebooknode import NotebookNode

from autograder.chapter import Limits
from autograder.checks import CheckedCase
from autograder.examination import Ending, Examination, Returned, TimedOut, examine
from autograder.failures import Failed
from autograder.grading.channel import OutOfTime
from autograder.grading.course import GradedChapter, Task
from autograder.grading.options import DEFAULT_FIGURES, Figures
from autograder.grading.sandbox import Sandbox, Session, SessionEnded
from autograder.grading.submission import Rebuilt, is_test
from autograder.grading.wire import foreign
from autograder.report import graded_report
from autograder.values import Value

PNG = b"\x89PNG\r\n\x1a\n"

MAX_RESULT = 200_000
"""Bytes of a result that are always kept."""

MAX_OUTPUT = 20_000_000
"""Characters of all outputs that are kept of one notebook."""


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
        run = _Run(self.sandbox, chapter.limits, files or {}, len(tasks))
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

    def _outputs(self, source: str, run: _Run, slow: set[str]) -> list[NotebookNode]:
        """Run a cell in which nothing is graded; add to ``slow`` what waits for slow functions."""
        own = source not in self._course_sources
        draw = self.figures == "all" or (self.figures == "own" and own)
        executed = source if draw or own else without_showing(source)
        waits_for = None if own else _first_used(source, slow)
        if waits_for:
            slow |= _defined(source)
            outputs = run.definitions(executed)
            outputs.append(
                _note(f"Only this cell's definitions were run: {waits_for} takes too long.")
            )
        else:
            outputs = run.cell(executed, draw)
        if executed != source:
            outputs.append(_note("What this cell shows is left out."))
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


def _examined(task: Task, seed: int, run: _Run) -> TaskGrade:
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
        _output("display_data", data=words),
        _output("execute_result", data={"text/plain": f"{grade.points}"}, execution_count=None),
    ]


class _Run:
    """One submission's processes: a session, and fresh ones after it had to be killed."""

    def __init__(
        self, sandbox: Sandbox, limits: Limits, files: Mapping[str, bytes], tasks: int
    ) -> None:
        self.flags: list[str] = []
        self._sandbox = sandbox
        self._limits = limits
        self._files = files
        self._session: Session | None = None
        self._cells: list[tuple[str, bool]] = []
        self._left = limits.total_seconds
        self._characters_left = MAX_OUTPUT
        # Cells in which nothing is graded may take half of the time; the rest is for the tasks.
        self._left_for_cells = limits.total_seconds / 2
        self._cell_seconds = limits.cell_seconds
        self._tasks_left = tasks

    def close(self) -> None:
        if self._session is not None:
            self._session.close()
            self._session = None

    def definitions(self, source: str) -> list[NotebookNode]:
        """Run what a cell defines and imports, and return its outputs."""
        return self._timed_cell(source, False, 1.0, hurry=True)

    def cell(self, source: str, draw_figures: bool) -> list[NotebookNode]:
        """Run a cell and return its outputs."""
        seconds = min(self._cell_seconds, self._left_for_cells)
        # Where no time is left, the functions that a cell defines can still be graded.
        hurry = seconds <= 0
        outputs = self._timed_cell(source, draw_figures, max(seconds, 1.0), hurry)
        if hurry:
            outputs.append(_note("Only this cell's definitions were run: others took too long."))
        return outputs

    def _timed_cell(
        self, source: str, draw_figures: bool, seconds: float, hurry: bool
    ) -> list[NotebookNode]:
        self._cells.append((source, hurry))
        before = self._left
        try:
            request = self._cell_request(*self._cells[-1], draw_figures)
            reply, timely = self._ask(request, seconds)
        except OutOfTime:
            return [self._stopped(f"this cell took longer than {seconds:.3g} s")]
        except SessionEnded as reason:
            return [self._stopped(f"this cell ended Python ({reason})")]
        finally:
            self._left_for_cells -= before - self._left
        outputs = list(self._fitting(_cell_outputs(reply)))
        if not timely:
            outputs.append(self._stopped(f"this cell took longer than {seconds:.3g} s"))
        return outputs

    def _stopped(self, why: str) -> NotebookNode:
        """Note that the last cell was stopped; the next to hang is stopped sooner."""
        self._cells[-1] = (self._cells[-1][0], True)
        self._cell_seconds /= 2
        return _note(f"Stopped: {why}.")

    def _fitting(self, outputs: Iterator[NotebookNode]) -> Iterator[NotebookNode]:
        """Yield outputs as long as they fit into the graded notebook."""
        for output in outputs:
            self._characters_left -= len(json.dumps(output))
            if self._characters_left < 0:
                yield _note("The other outputs are left out: there are too many.")
                return
            yield output

    def caller(self, function: str, seconds: float) -> Any:
        """Return what :func:`~autograder.examination.examine` calls for each case."""
        broken: list[Ending] = []
        # Each task gets its share, so that one slow function does not cost the others' points.
        share = self._left / max(self._tasks_left, 1)
        floor = self._left - share
        self._tasks_left -= 1

        def call(case: CheckedCase) -> Ending:
            if broken:
                return broken[0]
            allowed = min(seconds, self._left - floor)
            if allowed <= 0:
                return TimedOut(round(share, 1))
            request = {"do": "call", "function": function, "arguments": dict(case.arguments)}
            try:
                reply, timely = self._ask(request, allowed)
            except OutOfTime:
                return TimedOut(seconds)
            except SessionEnded as reason:
                # Once is enough: every further call would cost another replay of the notebook.
                broken.append(Failed("Crash", f"the function ended Python ({reason})"))
                return broken[0]
            if not timely:
                return TimedOut(seconds)
            return _ending(reply, case)

        return call

    def _ask(self, request: dict[str, Any], seconds: float) -> tuple[dict[str, Any], bool]:
        started = time.monotonic()
        try:
            if self._session is None:
                self._open(len(self._cells) - (request["do"] == "cell"))
            assert self._session is not None
            return self._session.ask(request, seconds)
        except (OutOfTime, SessionEnded):
            self.close()
            raise
        finally:
            self._left -= time.monotonic() - started

    def _open(self, count: int) -> None:
        """Start a session and bring it to where the last one was, after ``count`` cells."""
        self._session = self._sandbox.open(self._files)
        for number in range(count):
            source, stopped = self._cells[number]
            # What is drawn now would not be kept.
            request = self._cell_request(source, stopped, draw_figures=False)
            try:
                self._session.ask(request, self._limits.cell_seconds)
            except (OutOfTime, SessionEnded):
                # A cell that ran the first time and does not now: go on without it.
                self._cells[number] = ("", False)
                self.close()
                return self._open(count)
        return None

    def _cell_request(
        self, source: str, definitions_only: bool, draw_figures: bool
    ) -> dict[str, Any]:
        return {
            "do": "cell",
            "source": source,
            "definitions_only": definitions_only,
            "draw_figures": draw_figures,
        }


def _ending(reply: dict[str, Any], case: CheckedCase) -> Ending:
    """Read a reply to a call, which may be anything."""
    if reply.get("ended") == "returned" and "value" in reply:
        changed = reply.get("changed")
        listed = (
            [name for name in changed if isinstance(name, str)] if type(changed) is list else []
        )
        value = reply["value"]
        # Results are kept until the report is written: a large one has to be of use.
        if _size(value) > max(MAX_RESULT, 4 * _size(case.expected)):
            value = foreign("something far too large")
        return Returned(value, tuple(name for name in case.arguments if name in listed))
    kind, message, line = (_text(reply.get(key)) for key in ("kind", "message", "line"))
    return Failed(kind or "Error", message, line)


def _size(value: Value) -> int:
    """Return about how many bytes a value takes."""
    if isinstance(value, np.ndarray):
        return value.nbytes
    if isinstance(value, tuple | list):
        return 64 + sum(map(_size, value))
    if isinstance(value, dict):
        return 64 + sum(map(_size, value.values()))
    return len(value) if isinstance(value, str | bytes) else 32


def _text(value: Any, limit: int = 2000) -> str:
    if not isinstance(value, str):
        return ""
    return "".join(c for c in value[:limit] if c.isprintable() or c in "\n\t")


def _cell_outputs(reply: dict[str, Any]) -> Iterator[NotebookNode]:
    """Read the outputs of a cell; whatever is not as it should be is left out."""
    outputs = reply.get("outputs")
    for output in outputs if isinstance(outputs, list) else ():
        if not isinstance(output, dict):
            continue
        kind, name, data = (output.get(key) for key in ("output_type", "name", "data"))
        if kind == "stream" and name in ("stdout", "stderr"):
            yield _output("stream", name=name, text=_long_text(output.get("text")))
        elif kind in ("display_data", "execute_result") and isinstance(data, dict):
            safe = dict(_safe_data(data))
            if safe:
                # Never as a result: only the grader's own results may look like points.
                yield _output("display_data", data=safe)
    error = reply.get("error")
    if isinstance(error, dict):
        yield _output(
            "error",
            ename=_text(error.get("ename")),
            evalue=_text(error.get("evalue")),
            traceback=_long_text(error.get("traceback")).splitlines(),
        )


def _safe_data(data: dict[str, Any]) -> Iterator[tuple[str, str]]:
    plain, picture = data.get("text/plain"), data.get("image/png")
    if isinstance(plain, str):
        yield "text/plain", _long_text(plain)
    if isinstance(picture, bytes) and picture.startswith(PNG):
        yield "image/png", base64.b64encode(picture).decode()


def _long_text(value: Any) -> str:
    return value[:40_000] if isinstance(value, str) else ""


def _note(text: str) -> NotebookNode:
    return _output("stream", name="stdout", text=f"[grading] {text}\n")


def _output(kind: str, **fields: Any) -> NotebookNode:
    """Return a cell's output. nbformat checks it with the whole notebook, which is faster."""
    output = NotebookNode(output_type=kind)
    if kind in ("display_data", "execute_result"):
        output.metadata = NotebookNode()
    output.update(fields)
    return output

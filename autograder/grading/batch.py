"""Grading a whole class: every submission, one clear line each, nothing twice."""

from __future__ import annotations

import copy
import dataclasses
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from nbformat.notebooknode import NotebookNode, from_dict
from nbformat.v4 import new_markdown_cell, new_output
from traitlets.config import Config

from autograder.authoring.generate import nbgrader_settings
from autograder.grading import gradebook
from autograder.grading.course import Chapter, Course
from autograder.grading.engine import NotebookGrade, grade_cells
from autograder.grading.results import ClassResult, SubmissionResult, TaskResult
from autograder.grading.sandbox import Sandbox
from autograder.grading.submission import (
    Submission,
    UnreadableSubmission,
    is_test,
    read_submission,
)


def grade(
    root: Path | str,
    chapter: str,
    students: Iterable[str] | None = None,
    *,
    classroom: Path | str | None = None,
    force: bool = False,
    on_result: Callable[[SubmissionResult], None] = lambda result: None,
) -> ClassResult:
    """Grade the submissions of a chapter and enter the marks in nbgrader's gradebook.

    ``root`` is the course; ``classroom`` is the folder with ``submitted/`` and the gradebook
    (the course itself by default). Every student with a folder ``submitted/<student>/<chapter>``
    is graded, or those in ``students``. What has been graded before and has not changed is not
    graded again, unless ``force``. ``on_result`` is called with each result as it is found.

    Raises :class:`~autograder.grading.sandbox.SandboxUnavailable` if submissions cannot be run
    safely here, and :class:`~autograder.grading.course.CourseError` if the course is not ready.
    A bad submission never raises.
    """
    course = Course.at(root, classroom)
    loaded = course.chapter(chapter)
    config = nbgrader_settings(course.root)
    with gradebook.writing(course):
        gradebook.register(course, loaded, config)
    names = sorted(students) if students is not None else list(_students(course, chapter))
    results = []
    with _LazySandbox(loaded) as sandbox:
        for student in names:
            submission = read_submission(course.submitted(student, chapter), chapter)
            stamp = _stamp(course, loaded, student, submission.digest)
            result = None if force else _known(course, loaded, student, stamp)
            if result is None:
                result, notebook = _graded(course, loaded, student, submission, sandbox)
                _record(course, loaded, result, notebook, stamp, config)
            results.append(result)
            on_result(result)
    return ClassResult(chapter, tuple(results))


class _LazySandbox:
    """Starts a sandbox when one is needed for the first time."""

    def __init__(self, chapter: Chapter) -> None:
        self._chapter = chapter
        self._sandbox: Sandbox | None = None

    def __enter__(self) -> _LazySandbox:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._sandbox is not None:
            self._sandbox.close()

    def get(self) -> Sandbox:
        if self._sandbox is None:
            self._sandbox = Sandbox(
                self._chapter.packages, self._chapter.folder, self._chapter.limits
            )
        return self._sandbox


def _students(course: Course, chapter: str) -> Iterator[str]:
    """Yield who has handed something in."""
    submitted = course.classroom / "submitted"
    for path in sorted(submitted.iterdir()) if submitted.is_dir() else ():
        if not path.name.startswith(".") and os.path.lexists(path / chapter):
            yield path.name


def _stamp(course: Course, chapter: Chapter, student: str, digest: str) -> str:
    """Return a hash of everything that a submission's marks depend on."""
    seed = course.seed(chapter.name, student)
    return hashlib.sha256(f"{chapter.fingerprint} {seed} {digest}".encode()).hexdigest()


def _state(course: Course, chapter: Chapter, student: str) -> Path:
    return course.notes / chapter.name / f"{student}.json"


def _known(course: Course, chapter: Chapter, student: str, stamp: str) -> SubmissionResult | None:
    """Return the result of an earlier grading of the very same submission, if it is in place."""
    try:
        state = json.loads(_state(course, chapter, student).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    graded = course.autograded(student, chapter.name) / f"{chapter.name}.ipynb"
    if state["stamp"] != stamp or not graded.exists():
        return None
    result = SubmissionResult.from_fields(state["result"])
    # The gradebook may have been replaced or restored since.
    saved = gradebook.scores(course, chapter, student)
    cells = {task.function: task.cell for task in chapter.tasks}
    if any(saved.get(cells.get(task.function, "")) != task.points for task in result.tasks):
        return None
    return dataclasses.replace(result, unchanged=True)


def _graded(
    course: Course, chapter: Chapter, student: str, submission: Submission, sandbox: _LazySandbox
) -> tuple[SubmissionResult, NotebookNode]:
    try:
        cells = submission.cells()
    except UnreadableSubmission as error:
        return ungraded(chapter, student, str(error))
    grade = grade_cells(
        cells, chapter, course.seed(chapter.name, student), sandbox.get(), submission.files
    )
    return _result(chapter, student, grade), grade.notebook


def _result(chapter: Chapter, student: str, grade: NotebookGrade) -> SubmissionResult:
    tasks = tuple(
        TaskResult(task.function, task.points, task.max_points, task.misconception)
        for task in grade.tasks
    )
    return SubmissionResult(student, chapter.name, "graded", tasks, flags=grade.flags)


def ungraded(chapter: Chapter, student: str, reason: str) -> tuple[SubmissionResult, NotebookNode]:
    """Return the result and the notebook of a submission that cannot be graded: no points."""
    notebook = from_dict(copy.deepcopy(dict(chapter.release)))
    for cell in notebook.cells:
        if cell.cell_type == "code" and is_test(cell):
            cell.outputs = [new_output("execute_result", data={"text/plain": "0.0"})]
    text = f"**This submission could not be graded.** {reason} A person will look at it."
    notebook.cells.insert(0, new_markdown_cell(text, id="not-graded"))
    tasks = tuple(TaskResult(task.function, 0.0, task.points) for task in chapter.tasks)
    return SubmissionResult(student, chapter.name, "needs a person", tasks, reason), notebook


def _record(
    course: Course,
    chapter: Chapter,
    result: SubmissionResult,
    notebook: NotebookNode,
    stamp: str,
    config: Config,
) -> None:
    """Save a result. The state file comes last: without it the submission is graded again."""
    state = _state(course, chapter, result.student)
    with gradebook.writing(course):
        state.unlink(missing_ok=True)
        needs_person = result.state != "graded"
        gradebook.record(course, chapter, result.student, notebook, needs_person, config)
        fields = {"stamp": stamp, "result": dataclasses.asdict(result)}
        gradebook.write_whole(state, json.dumps(fields, ensure_ascii=False, indent=1))

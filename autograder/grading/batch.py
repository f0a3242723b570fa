"""Grading a whole class: every submission, one clear line each, nothing twice."""

from __future__ import annotations

import concurrent.futures
import copy
import dataclasses
import hashlib
import itertools
import json
import logging
import os
import queue
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Self

import nbformat
from nbformat.notebooknode import NotebookNode
from nbformat.v4 import new_markdown_cell, new_output

from autograder.authoring.generate import nbgrader_settings
from autograder.grading.course import Chapter, Course, Figures
from autograder.grading.engine import NotebookGrade, grade_submitted
from autograder.grading.gradebook import Ledger, write_whole
from autograder.grading.preprocessors import figures_to_draw
from autograder.grading.results import ClassResult, SubmissionResult, TaskResult
from autograder.grading.sandbox import Sandbox, SandboxBroken, SandboxUnavailable
from autograder.grading.submission import (
    Submission,
    UnreadableSubmission,
    is_test,
    read_submission,
)

Graded = tuple[SubmissionResult, NotebookNode]

_log = logging.getLogger(__name__)


def grade(
    root: Path | str,
    chapter: str,
    students: Iterable[str] | None = None,
    *,
    classroom: Path | str | None = None,
    workers: int = 1,
    figures: str | None = None,
    force: bool = False,
    on_result: Callable[[SubmissionResult], None] = lambda result: None,
) -> ClassResult:
    """Grade the submissions of a chapter and enter the marks in nbgrader's gradebook.

    ``root`` is the course; ``classroom`` is the folder with ``submitted/`` and the gradebook
    (the course itself by default). Every student with a folder ``submitted/<student>/<chapter>``
    is graded, or those in ``students``, with ``workers`` sandboxes at a time. What has been
    graded before and has not changed is not graded again, unless ``force``. ``figures`` says which
    figures are drawn ("all", "own" or "none"); by default what ``nbgrader_config.py`` says.
    ``on_result`` is called with each result as it is found.

    Raises :class:`~autograder.grading.sandbox.SandboxUnavailable` if submissions cannot be run
    safely here, and :class:`~autograder.grading.course.CourseError` if the course is not ready.
    A bad submission never raises.
    """
    course = Course.at(root, classroom)
    loaded = course.chapter(chapter)
    names = sorted(set(students)) if students is not None else students_of(course, chapter)
    results: list[SubmissionResult] = []

    def found(result: SubmissionResult) -> None:
        results.append(result)
        on_result(result)

    settings = nbgrader_settings(course.root)
    with (
        Ledger(course, loaded, settings) as ledger,
        _Sandboxes(loaded, workers, figures_to_draw(settings, figures)) as sandboxes,
    ):
        jobs = _jobs(course, loaded, names, None if force else ledger, found)
        for job, (result, notebook) in sandboxes.grade(jobs):
            _record(course, ledger, job, result, notebook)
            found(result)
    return ClassResult(chapter, tuple(sorted(results, key=lambda result: result.student)))


def students_of(course: Course, chapter: str) -> list[str]:
    """Return who has handed something in, in alphabetical order."""
    submitted = course.classroom / "submitted"
    return sorted(
        path.name
        for path in (submitted.iterdir() if submitted.is_dir() else ())
        if not path.name.startswith(".") and os.path.lexists(path / chapter)
    )


@dataclasses.dataclass(frozen=True)
class _Job:
    """A submission that has to be graded, and a hash of everything that its marks depend on."""

    student: str
    submission: Submission
    seed: int
    stamp: str


def _jobs(
    course: Course,
    chapter: Chapter,
    students: Iterable[str],
    ledger: Ledger | None,
    found: Callable[[SubmissionResult], None],
) -> Iterator[_Job]:
    """Yield the submissions that have to be graded; report those that need not be."""
    for student in students:
        if not _can_be_named(student):
            shown = student.encode("utf-8", "replace").decode()
            found(_ungraded(chapter, shown, "The name of the folder is not text.")[0])
            continue
        submission = read_submission(course.submitted(student, chapter.name), chapter.name)
        if submission.absent:
            found(_ungraded(chapter, student, submission.reason)[0])
            continue
        seed = course.seed(chapter.name, student)
        parts = (chapter.fingerprint, seed, submission.digest)
        stamp = hashlib.sha256(" ".join(map(str, parts)).encode()).hexdigest()
        known = _known(course, chapter, ledger, student, stamp) if ledger is not None else None
        if known is not None:
            found(known)
        else:
            yield _Job(student, submission, seed, stamp)


def _can_be_named(student: str) -> bool:
    """Whether a folder's name is text: nbgrader cannot store another."""
    try:
        student.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


class _Sandboxes:
    """A few sandboxes, each busy with one submission at a time. Use as a context manager.

    The work is done by the sandboxes' own processes; a thread waits for each of them.
    """

    def __init__(self, chapter: Chapter, count: int, figures: Figures) -> None:
        self._chapter = chapter
        self._figures = figures
        self._count = count
        self._threads = concurrent.futures.ThreadPoolExecutor(count, "grading")
        self._idle: queue.SimpleQueue[Sandbox | None] = queue.SimpleQueue()
        for _ in range(count):
            self._idle.put(None)  # started when it is needed for the first time

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._threads.shutdown(cancel_futures=True)
        while not self._idle.empty():
            sandbox = self._idle.get()
            if sandbox is not None:
                sandbox.close()

    def grade(self, jobs: Iterator[_Job]) -> Iterator[tuple[_Job, Graded]]:
        """Yield each job with what came of it, in the order in which they are finished."""
        running: dict[concurrent.futures.Future[Graded], _Job] = {}
        while True:
            # Few in advance: submissions and results wait in memory.
            for job in itertools.islice(jobs, 2 * self._count - len(running)):
                running[self._threads.submit(self._one, job)] = job
            if not running:
                return
            done, _ = concurrent.futures.wait(
                running, return_when=concurrent.futures.FIRST_COMPLETED
            )
            for future in done:
                yield running.pop(future), future.result()

    def _one(self, job: _Job) -> Graded:
        try:
            submitted = job.submission.parsed()
        except UnreadableSubmission as error:
            return _ungraded(self._chapter, job.student, str(error))
        sandbox = self._idle.get()
        try:
            for _ in range(2):
                if sandbox is None:
                    sandbox = open_sandbox(self._chapter)
                try:
                    files = job.submission.files
                    grade = grade_submitted(
                        submitted, self._chapter, job.seed, sandbox, files, self._figures
                    )
                    return _result(self._chapter, job, grade), grade.notebook
                except SandboxBroken:
                    _log.warning("the sandbox broke while grading %s", job.student)
                    sandbox.close()
                    sandbox = None
        except SandboxUnavailable:
            raise
        except Exception as error:
            # Whatever a submission does to the grader: it must not stop the others' grading.
            _log.exception("the grader failed on the submission of %s", job.student)
            reason = f"The grader failed ({type(error).__name__}: {error})."
            return _ungraded(self._chapter, job.student, reason)
        finally:
            self._idle.put(sandbox)
        return _ungraded(self._chapter, job.student, "It broke the sandbox, twice.")


def open_sandbox(chapter: Chapter) -> Sandbox:
    """Start a sandbox for a chapter's submissions."""
    return Sandbox(chapter.packages, chapter.folder, chapter.limits)


def _state(course: Course, chapter: str, student: str) -> Path:
    return course.notes / chapter / f"{student}.json"


def _known(
    course: Course, chapter: Chapter, ledger: Ledger, student: str, stamp: str
) -> SubmissionResult | None:
    """Return the result of an earlier grading of the very same submission, if it is in place."""
    try:
        state = json.loads(_state(course, chapter.name, student).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    graded = course.autograded(student, chapter.name) / f"{chapter.name}.ipynb"
    if state["stamp"] != stamp or not graded.exists():
        return None
    result = SubmissionResult.from_fields(state["result"])
    # The gradebook may have been replaced or restored since.
    saved = ledger.scores(student)
    cells = {task.function: task.cell for task in chapter.tasks}
    if any(saved.get(cells.get(task.function, "")) != task.points for task in result.tasks):
        return None
    return dataclasses.replace(result, unchanged=True)


def _result(chapter: Chapter, job: _Job, grade: NotebookGrade) -> SubmissionResult:
    tasks = tuple(
        TaskResult(task.function, task.points, task.max_points, task.misconception)
        for task in grade.tasks
    )
    flags = grade.flags
    if job.submission.links:
        flags += (f"symbolic links were not followed: {', '.join(job.submission.links)[:200]}",)
    return SubmissionResult(job.student, chapter.name, "graded", tasks, flags=flags)


def _ungraded(chapter: Chapter, student: str, reason: str) -> Graded:
    """Return the result and the notebook of a submission that cannot be graded: no points."""
    notebook = nbformat.from_dict(copy.deepcopy(dict(chapter.release)))
    for cell in notebook.cells:
        if cell.cell_type == "code" and is_test(cell):
            cell.outputs = [new_output("execute_result", data={"text/plain": "0.0"})]
    text = f"**This submission could not be graded.** {reason} A person will look at it."
    notebook.cells.insert(0, new_markdown_cell(text, id="not-graded"))
    tasks = tuple(TaskResult(task.function, 0.0, task.points) for task in chapter.tasks)
    return SubmissionResult(student, chapter.name, "needs a person", tasks, reason), notebook


def _record(
    course: Course, ledger: Ledger, job: _Job, result: SubmissionResult, notebook: NotebookNode
) -> None:
    """Save a result. The state file comes last: without it the submission is graded again."""
    state = _state(course, result.chapter, job.student)
    with ledger.writing():
        state.unlink(missing_ok=True)
        ledger.record(job.student, notebook, result.state != "graded")
        fields = {"stamp": job.stamp, "result": dataclasses.asdict(result)}
        write_whole(state, json.dumps(fields, ensure_ascii=False, indent=1))

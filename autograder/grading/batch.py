"""Grading a whole class: every submission, one clear line each, nothing twice."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from autograder.grading.course import Course, GradedChapter
from autograder.grading.gradebook import Ledger, write_whole
from autograder.grading.jobs import ClusterError, Graders, Job, ungraded
from autograder.grading.options import (
    DEFAULT_OPTIONS,
    Figures,
    GradingOptions,
    figures_to_draw,
)
from autograder.grading.pool import SandboxPool
from autograder.grading.results import ClassResult, SubmissionResult
from autograder.grading.submission import read_submission
from autograder.nbgrader_settings import nbgrader_settings


def grade(
    root: Path | str,
    chapter: str,
    students: Iterable[str] | None = None,
    *,
    classroom: Path | str | None = None,
    options: GradingOptions = DEFAULT_OPTIONS,
    on_result: Callable[[SubmissionResult], None] = lambda result: None,
) -> ClassResult:
    """Grade the submissions of a chapter and enter the marks in nbgrader's gradebook.

    ``root`` is the course; ``classroom`` is the folder with ``submitted/`` and the gradebook
    (the course itself by default). Every student with a folder ``submitted/<student>/<chapter>``
    is graded, or those in ``students``. What has been graded before and has not changed is not
    graded again. ``on_result`` is called with each result as it comes.

    Raises :class:`~autograder.grading.container.SandboxUnavailable` if submissions cannot be run
    safely here, :class:`~autograder.grading.jobs.ClusterError` if the cluster cannot grade,
    and :class:`~autograder.grading.course.CourseError` if the course is not ready. A bad submission
    never raises.
    """
    course = Course.at(root, classroom)
    loaded = course.chapter(chapter)
    names = sorted(set(students)) if students is not None else students_of(course, chapter)
    results: list[SubmissionResult] = []

    def report(result: SubmissionResult) -> None:
        results.append(result)
        on_result(result)

    settings = nbgrader_settings(course.root)
    figures = figures_to_draw(settings, options.figures)
    with (
        Ledger(course, loaded, settings) as ledger,
        _graders(course, loaded, options, figures) as graders,
    ):
        jobs = _Jobs(course, loaded, names, None if options.force else ledger, report)
        for job, (result, notebook) in graders.grade(jobs):
            _record(course, ledger, job, result, notebook)
            report(result)
    return ClassResult(chapter, tuple(sorted(results, key=lambda result: result.student)))


def _graders(
    course: Course, chapter: GradedChapter, options: GradingOptions, figures: Figures
) -> Graders:
    if options.scheduler is None:
        return SandboxPool(chapter, options.workers, figures)
    try:
        from autograder.grading.cluster import Cluster
    except ModuleNotFoundError as error:
        if error.name not in ("dask", "distributed"):
            raise
        raise ClusterError(
            "Grading on a cluster needs Dask, which is not installed here. Install it with "
            '`pip install -e ".[cluster]"`.'
        ) from error
    return Cluster(course, chapter, options.scheduler, options.chunk, figures)


def students_of(course: Course, chapter: str) -> list[str]:
    """Return who has handed something in, in alphabetical order."""
    submitted = course.classroom / "submitted"
    return sorted(
        path.name
        for path in (submitted.iterdir() if submitted.is_dir() else ())
        if not path.name.startswith(".") and os.path.lexists(path / chapter)
    )


class _Jobs:
    """The submissions that have to be graded; reports those that need not be."""

    def __init__(
        self,
        course: Course,
        chapter: GradedChapter,
        students: Sequence[str],
        ledger: Ledger | None,
        report: Callable[[SubmissionResult], None],
    ) -> None:
        self.left = len(students)
        self._course = course
        self._chapter = chapter
        self._students = iter(students)
        self._ledger = ledger
        self._report = report

    def __iter__(self) -> Iterator[Job]:
        return self

    def __next__(self) -> Job:
        for student in self._students:
            self.left -= 1
            job = self._read(student)
            if isinstance(job, Job):
                return job
            self._report(job)
        raise StopIteration

    def _read(self, student: str) -> Job | SubmissionResult:
        """Read a submission; return what has to be graded, or a result that stands already."""
        course, chapter = self._course, self._chapter
        if not _can_be_named(student):
            printable = student.encode("utf-8", "replace").decode()
            return ungraded(chapter, printable, "The name of the folder is not text.")[0]
        submission = read_submission(course.submitted(student, chapter.name), chapter.name)
        if submission.absent:
            return ungraded(chapter, student, submission.reason)[0]
        seed = course.seed(chapter.name, student)
        parts = (chapter.fingerprint, seed, submission.digest)
        stamp = hashlib.sha256(" ".join(map(str, parts)).encode()).hexdigest()
        if self._ledger is not None:
            known = _known(course, chapter, self._ledger, student, stamp)
            if known is not None:
                return known
        return Job(student, submission, seed, stamp)


def _can_be_named(student: str) -> bool:
    """Whether a folder's name is text: nbgrader cannot store another."""
    try:
        student.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _state(course: Course, chapter: str, student: str) -> Path:
    return course.notes / chapter / f"{student}.json"


def _known(
    course: Course, chapter: GradedChapter, ledger: Ledger, student: str, stamp: str
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


def _record(
    course: Course, ledger: Ledger, job: Job, result: SubmissionResult, notebook: str
) -> None:
    """Save a result. The state file comes last: without it the submission is graded again."""
    state = _state(course, result.chapter, job.student)
    with ledger.writing():
        state.unlink(missing_ok=True)
        ledger.record(job.student, notebook, result.state != "graded")
        fields = {"stamp": job.stamp, "result": dataclasses.asdict(result)}
        write_whole(state, json.dumps(fields, ensure_ascii=False, indent=1))

"""Grading a whole class: every submission, one clear line each, nothing twice."""

from __future__ import annotations

import dataclasses
import datetime
import errno
import hashlib
import json
import logging
import math
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Self

from autograder.grading.course import Course, CourseError, GradedChapter
from autograder.grading.gradebook import Entry, Ledger
from autograder.grading.handed_in import UnclearTime, handed_in
from autograder.grading.jobs import ClusterError, Graders, Job, ungraded
from autograder.grading.lateness import update_lateness
from autograder.grading.options import (
    DEFAULT_OPTIONS,
    Figures,
    GradingOptions,
    figures_to_draw,
)
from autograder.grading.pool import SandboxPool
from autograder.grading.rebuild import is_answer
from autograder.grading.remarks import fair_remarks
from autograder.grading.results import ClassResult, SubmissionResult
from autograder.grading.submission import Submission, read_submission
from autograder.nbgrader_settings import nbgrader_settings
from autograder.releases import earlier_texts, keep_release
from autograder.whole_files import write_whole

_log = logging.getLogger(__name__)
MOST_AT_A_TIME, SECONDS = 100, 0.5
"""Results that are saved together: at most so many, of at most so long a time."""

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)


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
    and :class:`~autograder.grading.course.CourseError` if the course is not ready or nothing can be
    saved. A bad submission never raises.
    """
    course = Course.at(root, classroom)
    loaded = course.chapter(chapter)
    names = sorted(set(students)) if students is not None else students_of(course, chapter)
    for name in names:
        if name in ("", ".", "..") or {"/", "\0"} & set(name):
            raise CourseError(f"{name!r} is not the name of a folder in submitted/.")
    try:
        keep_release(course.classroom, chapter, loaded.folder / f"{chapter}.ipynb")
    except OSError as error:
        raise CourseError(
            f"Nothing can be saved in {course.classroom}: {error.strerror}."
        ) from error
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
        with Writer(course, loaded, ledger, report) as writer:
            for job, (result, notebook) in graders.grade(jobs):
                writer.write(job, result, notebook)
    update_lateness(course, chapter)
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
    submitted = course.classroom / course.submitted_directory
    return sorted(
        path.name
        for path in (submitted.iterdir() if submitted.is_dir() else ())
        if not path.name.startswith(".")
        # What may not be looked into is for a person.
        and (os.path.lexists(path / chapter) or (path.is_dir() and not os.access(path, os.X_OK)))
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
        self._earlier = earlier_texts(course.classroom, chapter.name, chapter.release)

    def __iter__(self) -> Iterator[Job]:
        return self

    def __next__(self) -> Job:
        for student in self._students:
            self.left -= 1
            try:
                job = self._read(student)
            except CourseError:
                raise
            except Exception as error:
                # Whatever lies in a folder: it must not stop the others' grading.
                _log.exception("the submission of %s could not be read", student)
                reason = f"It could not be read ({type(error).__name__}: {error})."
                job = ungraded(self._chapter, student, reason)[0]
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
        seed = course.seed(chapter.name, student, submission.digest)
        parts = (chapter.fingerprint, seed, submission.digest)
        stamp = hashlib.sha256(" ".join(map(str, parts)).encode()).hexdigest()
        if self._ledger is not None:
            known = _known(course, chapter, self._ledger, student, stamp)
            if known is not None:
                return known
        return Job(student, submission, seed, stamp, self._earlier)


def _can_be_named(student: str) -> bool:
    """Whether a folder's name is text: nbgrader cannot store another."""
    try:
        student.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def note_of(course: Course, chapter: str, student: str) -> Path:
    """Return the file that notes what a submission was graded with.

    Not called by the student's name: a folder's name may be as long as the system allows.
    """
    return course.notes / chapter / f"{hashlib.sha256(student.encode()).hexdigest()[:32]}.json"


def _known(
    course: Course, chapter: GradedChapter, ledger: Ledger, student: str, stamp: str
) -> SubmissionResult | None:
    """Return the result of an earlier grading of the very same submission, if it is in place."""
    try:
        state = json.loads(note_of(course, chapter.name, student).read_text(encoding="utf-8"))
        noted, result = state["stamp"], SubmissionResult.from_fields(state["result"])
    except (OSError, ValueError, TypeError, KeyError):
        return None  # no note, or not one of ours: graded as if for the first time
    graded = course.autograded(student, chapter.name) / f"{chapter.name}.ipynb"
    if noted != stamp or not graded.exists():
        return None
    # The gradebook may have been replaced or restored since.
    saved = ledger.scores(student)
    cells = {task.function: task.cell for task in chapter.tasks}
    if any(saved.get(cells.get(task.function, "")) != task.points for task in result.tasks):
        return None
    return dataclasses.replace(result, unchanged=True)


@dataclasses.dataclass(frozen=True)
class _Unsaved:
    """A result that has to be saved, with its submission and its graded notebook."""

    job: Job
    result: SubmissionResult
    notebook: str
    moment: datetime.datetime | None


class Writer:
    """Saves results as they come: one by one if they come slowly, else many at a time.

    A transaction waits for the disk, and so would a cluster's workers for this one writer. Who is
    killed loses what has come within ``SECONDS``, and grades that again.
    """

    def __init__(
        self,
        course: Course,
        chapter: GradedChapter,
        ledger: Ledger,
        report: Callable[[SubmissionResult], None],
    ) -> None:
        self._course = course
        self._chapter = chapter
        self._ledger = ledger
        self._report = report
        self._unsaved: list[_Unsaved] = []
        self._saved_at = -math.inf

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_others: object) -> None:
        # What has come is right, whatever has ended the grading; unless nothing can be saved.
        if kind is None or not issubclass(kind, CourseError):
            self._save()

    def write(self, job: Job, result: SubmissionResult, notebook: str) -> None:
        """Save a result, now or with those that follow soon; report it then.

        Raises :class:`CourseError` if no other could be saved either.
        """
        moment = None
        try:
            moment = handed_in(job.submission.files)
        except UnclearTime as error:
            result = dataclasses.replace(result, doubt=str(error))
        try:
            result = self._with_remarks(job, result)
        except Exception as error:
            self._report(self._unsaveable(job, error))
            return
        self._unsaved.append(_Unsaved(job, result, notebook, moment))
        if len(self._unsaved) >= MOST_AT_A_TIME or time.monotonic() - self._saved_at > SECONDS:
            self._save()

    def _with_remarks(self, job: Job, result: SubmissionResult) -> SubmissionResult:
        if result.state != "graded":
            return result
        if not result.points and (doubt := _wrong_file(self._chapter, job.submission)):
            result = dataclasses.replace(result, doubt=doubt)
        remarks = fair_remarks(self._course, self._chapter, job.submission, result.flags)
        return dataclasses.replace(result, flags=remarks)

    def _save(self) -> None:
        """Save what is not saved yet, and report it; what cannot be saved needs a person."""
        unsaved, self._unsaved = self._unsaved, []
        try:
            _record(self._course, self._ledger, unsaved)
            results = [ready.result for ready in unsaved]
        except CourseError:
            raise
        except Exception:
            # One of them is to blame: the others are saved without it.
            results = [self._saved(ready) for ready in unsaved]
        self._saved_at = time.monotonic()
        for result in results:
            self._report(result)

    def _saved(self, unsaved: _Unsaved) -> SubmissionResult:
        """Save a result and return it; if it cannot be saved, return why a person is needed."""
        try:
            _record(self._course, self._ledger, [unsaved])
        except CourseError:
            raise
        except Exception as error:
            return self._unsaveable(unsaved.job, error)
        return unsaved.result

    def _unsaveable(self, job: Job, error: Exception) -> SubmissionResult:
        if isinstance(error, OSError) and error.errno in _NO_ROOM:
            raise CourseError(
                f"Nothing can be saved in {self._course.classroom}: {error.strerror}. Marks saved "
                "before are kept; make room and grade again."
            ) from error
        # Whatever a submission is called or holds: it must not stop the others' grading.
        _log.exception("the marks of %s could not be saved", job.student)
        reason = f"Its marks could not be saved ({type(error).__name__}: {error})."
        return ungraded(self._chapter, job.student, reason)[0]


def _wrong_file(chapter: GradedChapter, submission: Submission) -> str:
    """Say so if nothing was done in the notebook, and another one was handed in beside it."""
    others = [name for name in submission.files if name.endswith(".ipynb")]
    if not others:
        return ""
    submitted = {cell.name: cell.source.strip() for cell in submission.parsed().cells}
    for cell in filter(is_answer, chapter.release.cells):
        source = cell.source.strip()
        if submitted.get(cell.metadata.nbgrader.grade_id, source) != source:
            return ""
    return (
        f"{chapter.name}.ipynb is as it was handed out, and there is {', '.join(others)[:200]}: "
        f"give the one that counts the name {chapter.name}.ipynb, and grade again."
    )


def _record(course: Course, ledger: Ledger, results: Sequence[_Unsaved]) -> None:
    """Save results. State files come last: without one, a submission is graded again."""
    if not results:
        return
    entries = [
        Entry(
            ready.job.student,
            ready.notebook,
            bool(ready.result.for_a_person),
            ready.moment,
            ready.job.submission.files,
        )
        for ready in results
    ]
    states = [note_of(course, ready.result.chapter, ready.job.student) for ready in results]
    with ledger.writing():
        for state in states:
            state.unlink(missing_ok=True)
        ledger.record(entries)
        for ready, state in zip(results, states, strict=True):
            fields = {"stamp": ready.job.stamp, "result": dataclasses.asdict(ready.result)}
            write_whole(state, json.dumps(fields, ensure_ascii=False, indent=1))

"""Sandboxes on this machine, each busy with one submission at a time."""

from __future__ import annotations

import concurrent.futures
import itertools
import logging
import queue
from collections.abc import Iterator
from typing import Self

from autograder.grading.container import SandboxUnavailable
from autograder.grading.course import GradedChapter
from autograder.grading.engine import NotebookGrade, NotebookGrader
from autograder.grading.jobs import Graded, Job, Jobs, notebook_text, ungraded
from autograder.grading.options import Figures
from autograder.grading.rebuild import rebuild
from autograder.grading.recorded import recorded
from autograder.grading.results import SubmissionResult
from autograder.grading.sandbox import Sandbox, SandboxBroken
from autograder.grading.submitted_notebook import UnreadableSubmission

_log = logging.getLogger(__name__)


class SandboxPool:
    """A few sandboxes for the submissions of one chapter. Use as a context manager.

    Most of the work is done by the sandboxes' own processes; a thread waits for each of them.
    """

    def __init__(self, chapter: GradedChapter, count: int, figures: Figures) -> None:
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
        self.close()

    def close(self) -> None:
        """End the sandboxes. Nothing may be graded any more."""
        self._threads.shutdown(cancel_futures=True)
        while not self._idle.empty():
            sandbox = self._idle.get()
            if sandbox is not None:
                sandbox.close()

    def grade(self, jobs: Jobs) -> Iterator[tuple[Job, Graded]]:
        """Yield each job with what came of it, in the order in which they are finished."""
        running: dict[concurrent.futures.Future[Graded], Job] = {}
        while True:
            # Few in advance: submissions and results wait in memory.
            for job in itertools.islice(jobs, 2 * self._count - len(running)):
                running[self._threads.submit(self.grade_one, job)] = job
            if not running:
                return
            done, _ = concurrent.futures.wait(
                running, return_when=concurrent.futures.FIRST_COMPLETED
            )
            for future in done:
                yield running.pop(future), future.result()

    def grade_one(self, job: Job) -> Graded:
        """Grade one submission, in whichever sandbox is idle. May be called from any thread.

        Raises :class:`~autograder.grading.container.SandboxUnavailable`, and nothing else.
        """
        try:
            submitted = job.submission.parsed()
        except UnreadableSubmission as error:
            return ungraded(self._chapter, job.student, str(error))
        sandbox = self._idle.get()
        try:
            for _ in range(2):
                if sandbox is None:
                    sandbox = open_sandbox(self._chapter)
                try:
                    rebuilt = rebuild(submitted, self._chapter.release, job.earlier)
                    grader = NotebookGrader(self._chapter, sandbox, self._figures)
                    grade = grader.grade(rebuilt, job.seed, job.submission.files)
                    return _result(self._chapter, job, grade), notebook_text(grade.notebook)
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
            return ungraded(self._chapter, job.student, reason)
        finally:
            self._idle.put(sandbox)
        return ungraded(self._chapter, job.student, "It broke the sandbox, twice.")


def open_sandbox(chapter: GradedChapter) -> Sandbox:
    """Start a sandbox for a chapter's submissions."""
    return Sandbox(chapter.packages, chapter.folder, chapter.limits)


def _result(chapter: GradedChapter, job: Job, grade: NotebookGrade) -> SubmissionResult:
    tasks = tuple(map(recorded, grade.tasks))
    flags = grade.flags
    if job.submission.links:
        flags += (f"symbolic links were not followed: {', '.join(job.submission.links)[:200]}",)
    return SubmissionResult(
        job.student,
        chapter.name,
        "graded",
        tasks,
        flags=flags,
        seconds=grade.seconds,
        stopped=grade.stopped,
    )

"""The grader as nbgrader's preprocessors, so that `nbgrader autograde` and formgrader use it.

``nbgrader_config.py`` puts them in place of nbgrader's own: :class:`RebuildSubmission` for its
sanitizing, :class:`ExamineSubmission` for the execution of the notebook. Before that,
:class:`SubmissionExporter` takes the place of what would read the notebook.
"""

from __future__ import annotations

import atexit
import functools
from collections.abc import Iterable
from pathlib import Path
from typing import Any, cast, get_args

from nbconvert.exporters import NotebookExporter
from nbformat.notebooknode import NotebookNode
from nbformat.v4 import new_notebook
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import NbGraderPreprocessor
from traitlets import Enum
from traitlets.config import Application

from autograder.grading.course import Course, GradedChapter
from autograder.grading.engine import NotebookGrader
from autograder.grading.gradebook import Ledger
from autograder.grading.options import DEFAULT_FIGURES, Figures
from autograder.grading.pool import open_sandbox
from autograder.grading.rebuild import Rebuilt, rebuild
from autograder.grading.remarks import fair_remarks
from autograder.grading.sandbox import Sandbox
from autograder.grading.submission import read_submission
from autograder.grading.submitted_notebook import UnreadableSubmission
from autograder.releases import earlier_texts

Resources = dict[str, Any]


class _CoursePreprocessor(NbGraderPreprocessor):  # type: ignore[misc]
    """A preprocessor that knows which course it works for."""

    def course(self) -> Course:
        """Return the course and the class, as nbgrader's settings name them."""
        return Course.of(self.parent.parent.coursedir)


class SubmissionExporter(NotebookExporter):
    """Leaves the reading of a submitted notebook to :class:`RebuildSubmission`.

    nbgrader would read it first, and stop at files that can be graded: saved by an old editor, or
    with a mark in front that says in which order bytes come.
    """

    parent: Any

    def from_filename(
        self, filename: str, resources: Resources | None = None, **options: Any
    ) -> tuple[Any, Resources]:
        """Export a notebook: one that has been graded, or an empty one for a submitted one."""
        if not self.parent._sanitizing:
            return cast(
                tuple[str, Resources], super().from_filename(filename, resources, **options)
            )
        resources = resources or {}
        resources["metadata"] = {"name": Path(filename).stem, "path": str(Path(filename).parent)}
        notebook = new_notebook()
        exported = self.from_notebook_node(notebook, resources)  # type: ignore[no-untyped-call]
        return cast(tuple[Any, Resources], exported)


class RebuildSubmission(_CoursePreprocessor):
    """Rebuilds a submitted notebook around the instructor's own copy."""

    def preprocess(self, _nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Return the notebook to be graded."""
        name, student = resources["nbgrader"]["assignment"], resources["nbgrader"]["student"]
        course = self.course()
        # nbgrader has read the notebook in its own way; ours accepts exactly what `grade` does.
        submission = read_submission(course.submitted(student, name), name)
        submitted = submission.parsed()
        if submission.links:
            # nbgrader has followed them already, but removes its copies after an error.
            raise UnreadableSubmission(f"There are symbolic links: {', '.join(submission.links)}.")
        chapter = _chapter(course, name)
        earlier = earlier_texts(course.classroom, name, chapter.release)
        rebuilt = rebuild(submitted, chapter.release, earlier)
        for flag in fair_remarks(course, chapter, submission, rebuilt.flags):
            self.log.warning("%s: %s", student, flag)
        return rebuilt.notebook, resources


class ExamineSubmission(_CoursePreprocessor):
    """Runs the notebook's cells in the sandbox and examines its functions from outside."""

    figures = Enum(
        get_args(Figures),
        DEFAULT_FIGURES,
        help="Which figures are drawn: all, those of the students' own cells, or none.",
    ).tag(config=True)

    def preprocess(self, nb: NotebookNode, resources: Resources) -> tuple[NotebookNode, Resources]:
        """Return the notebook with the outputs of its cells and the points of its tests."""
        name, student = resources["nbgrader"]["assignment"], resources["nbgrader"]["student"]
        course = self.course()
        chapter = _chapter(course, name)
        submission = read_submission(course.submitted(student, name), name)
        grader = NotebookGrader(chapter, _sandbox(chapter), self.figures)
        seed = course.seed(name, student, submission.digest)
        graded = grader.grade(Rebuilt(nb, ()), seed, submission.files)
        for flag in graded.flags:
            self.log.warning("%s: %s", student, flag)
        return graded.notebook, resources


def register_assignment(assignment: str, notebooks: Iterable[str], **_others: str) -> None:
    """Enter an assignment in a gradebook that does not know it yet; a hook of nbgrader's.

    ``nbgrader autograde`` calls it before it looks for the assignment there, with the paths of the
    submitted notebooks.
    """
    config = Application.instance().config
    directory = CourseDirectory(config=config)
    if "root" in config.CourseDirectory or Path(directory.submitted_directory).is_absolute():
        classroom = None
    else:  # a server's: it may have been started elsewhere
        classroom = Path(next(iter(notebooks))).resolve().parents[3]
    course = Course.of(directory, classroom)
    with Ledger(course, _chapter(course, assignment), config):
        pass


@functools.lru_cache(maxsize=4)
def _chapter(course: Course, name: str) -> GradedChapter:
    return course.chapter(name)


_sandboxes: dict[str, Sandbox] = {}


def _sandbox(chapter: GradedChapter) -> Sandbox:
    """Return a sandbox for the chapter; it stays open for the next submission."""
    if chapter.fingerprint not in _sandboxes:
        _close()
        _sandboxes[chapter.fingerprint] = open_sandbox(chapter)
    return _sandboxes[chapter.fingerprint]


@atexit.register
def _close() -> None:
    for sandbox in _sandboxes.values():
        sandbox.close()
    _sandboxes.clear()

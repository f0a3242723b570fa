"""Late work: when it was due for whom, and what it costs, computed anew whenever marks are read.

Due dates and the policy stand in ``course.toml``, extensions among the class's notes. What nbgrader
stores of them is brought up to date here: a due date that moves, an extension and a mark by hand
that come after the grading all count.
"""

from __future__ import annotations

import datetime
import json

from nbgrader.api import (
    Assignment,
    Gradebook,
    MissingEntry,
    SubmittedAssignment,
    SubmittedNotebook,
)
from nbgrader.coursedir import CourseDirectory
from nbgrader.plugins import LateSubmissionPlugin
from nbgrader.preprocessors import AssignLatePenalties
from sqlalchemy import or_
from traitlets.config import Application, Config

from autograder.course_settings import CourseSettings, load_course_settings
from autograder.grading.course import Course, CourseError
from autograder.grading.database import GradebookLock, exists, open_gradebook
from autograder.nbgrader_settings import nbgrader_settings
from autograder.whole_files import write_whole

EXTENSIONS = "extensions.json"
"""Who has longer, in the folder of notes: students who have not handed in have no other place."""


class CoursePolicy(LateSubmissionPlugin):  # type: ignore[misc]
    """The policy of ``course.toml``, for nbgrader's ``AssignLatePenalties``."""

    def late_submission_penalty(
        self, _student: str, score: float, total_seconds_late: float
    ) -> float:
        """Return the points that are taken off."""
        penalties: AssignLatePenalties = self.parent
        root = Course.of(CourseDirectory(config=self.config)).root
        most = penalties.gradebook.find_assignment(penalties.assignment_id).max_score
        policy = load_course_settings(root).late
        return policy.penalty(score, most, total_seconds_late)


def update_lateness(course: Course, *names: str) -> None:
    """Bring due dates and penalties in the gradebook up to date, of some chapters or of all.

    Raises :class:`~autograder.grading.course.CourseError` if the gradebook cannot be used, and
    :class:`~autograder.chapter.SourceError` for a mistake in ``course.toml``.
    """
    settings = load_course_settings(course.root)
    config = nbgrader_settings(course.root)
    if not exists(course):
        return
    lock = GradebookLock(course)
    try:
        with lock.held(), open_gradebook(course) as gradebook:
            for assignment in gradebook.assignments:
                if assignment.name in (names or [assignment.name]):
                    _set_due_date(assignment, settings)
                    _set_extensions(gradebook, assignment, course)
                    _set_penalties(gradebook, assignment, config)
            gradebook.db.commit()
    finally:
        lock.close()


def update_for_feedback(assignment: str, **_others: object) -> None:
    """Bring penalties up to date before feedback shows them; a hook of nbgrader's."""
    update_lateness(Course.of(CourseDirectory(config=Application.instance().config)), assignment)


def seconds_late(submission: SubmittedAssignment) -> float:
    """Return how long after its due date, extension included, a submission came; 0 if in time."""
    if submission.timestamp is None or submission.assignment.duedate is None:
        return 0.0
    return float(submission.total_seconds_late)


def _set_due_date(assignment: Assignment, settings: CourseSettings) -> None:
    """Take a due date from the course's settings; one that only the gradebook has stays."""
    due = settings.due(assignment.name)
    if due is not None:
        assignment.duedate = _stored(due)


def _set_extensions(gradebook: Gradebook, assignment: Assignment, course: Course) -> None:
    """Give those who have handed in their extension."""
    if assignment.duedate is None:
        return
    for student, until in extensions(course, assignment.name).items():
        try:
            submission = gradebook.find_submission(assignment.name, student)
        except MissingEntry:
            continue  # has handed in nothing yet
        more = max(_stored(until) - assignment.duedate, datetime.timedelta())
        if submission.extension != more:
            submission.extension = more


def _set_penalties(gradebook: Gradebook, assignment: Assignment, config: Config) -> None:
    """Let nbgrader's plugin, whichever it is, say what each late submission loses."""
    penalties = AssignLatePenalties(config=config)
    penalties.init_plugin()
    penalties.gradebook, penalties.assignment_id = gradebook, assignment.name
    gradebook.db.flush()
    # Of a large class, few are late: the others need not be loaded.
    notebooks = (
        gradebook.db.query(SubmittedNotebook)
        .join(SubmittedAssignment, SubmittedNotebook.assignment_id == SubmittedAssignment.id)
        .filter(
            SubmittedAssignment.assignment_id == assignment.id,
            or_(
                SubmittedAssignment.timestamp > (assignment.duedate or datetime.datetime.max),
                SubmittedNotebook.late_submission_penalty.isnot(None),
            ),
        )
    )
    for notebook in notebooks.all():
        submission = notebook.assignment
        late, penalty = seconds_late(submission), None
        if late:
            points = penalties.plugin_inst.late_submission_penalty(
                submission.student_id, notebook.score, late
            )
            if points:
                penalty = penalties._check_late_penalty(notebook, points)
        if notebook.late_submission_penalty != penalty:
            notebook.late_submission_penalty = penalty


def _stored(moment: datetime.datetime) -> datetime.datetime:
    """Return a moment as nbgrader stores it: in UTC, without saying so."""
    return moment.astimezone(datetime.UTC).replace(tzinfo=None)


# Extensions


def extensions(course: Course, chapter: str) -> dict[str, datetime.datetime]:
    """Return who has until when for a chapter, where that is not everybody's due date."""
    path = course.notes / EXTENSIONS
    if not path.exists():
        return {}
    try:
        students = json.loads(path.read_text(encoding="utf-8")).get(chapter, {})
        return {name: datetime.datetime.fromisoformat(text) for name, text in students.items()}
    except (ValueError, AttributeError, TypeError) as error:
        raise CourseError(
            f"{path} is damaged ({error}): restore it, or delete it and grant the extensions again."
        ) from error


def set_extension(
    course: Course, chapter: str, student: str, until: datetime.datetime | None
) -> None:
    """Give a student until a moment for a chapter; with None, until everybody's due date."""
    lock = GradebookLock(course)
    path = course.notes / EXTENSIONS
    try:
        with lock.held():
            students = {name: f"{end}" for name, end in extensions(course, chapter).items()}
            everything = json.loads(path.read_text("utf-8")) if path.exists() else {}
            students.pop(student, None)
            if until is not None:
                students[student] = until.isoformat()
            everything[chapter] = dict(sorted(students.items()))
            write_whole(path, json.dumps(everything, ensure_ascii=False, indent=1))
            _forget_extension(course, chapter, student)
    finally:
        lock.close()
    update_lateness(course, chapter)


def _forget_extension(course: Course, chapter: str, student: str) -> None:
    with open_gradebook(course) as gradebook:
        try:
            gradebook.find_submission(chapter, student).extension = None
        except MissingEntry:
            return
        gradebook.db.commit()

"""Grading submissions in a sandbox, through nbgrader. Instructor side.

``grade`` grades a class, ``explain`` shows everything about one submission.
"""

from autograder.grading.batch import grade
from autograder.grading.course import CourseError
from autograder.grading.results import ClassResult, SubmissionResult, TaskResult
from autograder.grading.sandbox import SandboxUnavailable

__all__ = [
    "ClassResult",
    "CourseError",
    "SandboxUnavailable",
    "SubmissionResult",
    "TaskResult",
    "grade",
]

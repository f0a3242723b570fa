"""Grading submissions in a sandbox, through nbgrader. Instructor side.

``grade`` grades a class, ``explain`` shows everything about one submission.
"""

from autograder.grading.batch import grade
from autograder.grading.container import SandboxUnavailable
from autograder.grading.course import CourseError
from autograder.grading.explain import Explanation, explain
from autograder.grading.jobs import ClusterError
from autograder.grading.options import GradingOptions
from autograder.grading.results import ClassResult, SubmissionResult, TaskResult
from autograder.grading.submitted_notebook import UnreadableSubmission

__all__ = [
    "ClassResult",
    "ClusterError",
    "CourseError",
    "Explanation",
    "GradingOptions",
    "SandboxUnavailable",
    "SubmissionResult",
    "TaskResult",
    "UnreadableSubmission",
    "explain",
    "grade",
]

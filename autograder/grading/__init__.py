"""Grading submissions in a sandbox, through nbgrader. Instructor side.

``grade`` grades a class, ``explain`` shows everything about one submission.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from autograder.grading.batch import grade
    from autograder.grading.container import SandboxUnavailable
    from autograder.grading.course import CourseError
    from autograder.grading.explanation import Explanation, explain
    from autograder.grading.jobs import ClusterError
    from autograder.grading.options import GradingOptions
    from autograder.grading.results import ClassResult, SubmissionResult, TaskResult
    from autograder.grading.submitted_notebook import UnreadableSubmission

# Loaded when they are asked for: nbgrader, with all that it imports, takes a second.
MODULES = {
    "grade": "batch",
    "SandboxUnavailable": "container",
    "CourseError": "course",
    "Explanation": "explanation",
    "explain": "explanation",
    "ClusterError": "jobs",
    "GradingOptions": "options",
    "ClassResult": "results",
    "SubmissionResult": "results",
    "TaskResult": "results",
    "UnreadableSubmission": "submitted_notebook",
}

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


def __getattr__(name: str) -> Any:
    """Load what this package offers, by its name."""
    if name not in MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{MODULES[name]}"), name)

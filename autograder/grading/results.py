"""What grading finds out about submissions, in a form that can be kept and shown."""

from __future__ import annotations

import dataclasses
from typing import Any, Literal

State = Literal["graded", "needs a person"]


@dataclasses.dataclass(frozen=True)
class TaskResult:
    """The points of one task, and the misconception that explains what is missing."""

    function: str
    points: float
    max_points: float
    misconception: str | None = None


@dataclasses.dataclass(frozen=True)
class SubmissionResult:
    """What came of one submission.

    ``state`` is "needs a person" where it could not be graded; ``reason`` says why in one
    sentence. ``flags`` are remarks, such as that test cells were edited. ``unchanged`` says that
    it had been graded before. Points are those of automatically graded tasks.
    """

    student: str
    chapter: str
    state: State
    tasks: tuple[TaskResult, ...]
    reason: str = ""
    flags: tuple[str, ...] = ()
    unchanged: bool = False

    @property
    def points(self) -> float:
        """The points of all tasks together."""
        return round(sum(task.points for task in self.tasks), 2)

    @property
    def max_points(self) -> float:
        """The points that could be had."""
        return sum(task.max_points for task in self.tasks)

    @property
    def line(self) -> str:
        """The result in one line."""
        text = f"{self.student}: {self.points:g} of {self.max_points:g} points"
        if self.state != "graded":
            text = f"{self.student}: needs a person. {self.reason}"
        if self.flags:
            text += f" [{'; '.join(self.flags)}]"
        # Names and flags may quote the submission: nothing in them may steer a terminal.
        return "".join(c if c.isprintable() else "?" for c in text)

    @classmethod
    def from_fields(cls, fields: dict[str, Any]) -> SubmissionResult:
        """Return the result whose fields have been saved as JSON."""
        tasks = tuple(TaskResult(**task) for task in fields["tasks"])
        return cls(**{**fields, "tasks": tasks, "flags": tuple(fields["flags"])})


@dataclasses.dataclass(frozen=True)
class ClassResult:
    """The results of a class, by student."""

    chapter: str
    submissions: tuple[SubmissionResult, ...]

    def of(self, student: str) -> SubmissionResult:
        """Return the result of one student."""
        return next(submission for submission in self.submissions if submission.student == student)

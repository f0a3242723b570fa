"""What grading finds out about submissions, in a form that can be kept and shown."""

from __future__ import annotations

import dataclasses
from typing import Any, Literal

from autograder.grading.submitted_text import one_line

State = Literal["graded", "needs a person"]


@dataclasses.dataclass(frozen=True)
class TaskResult:
    """The points of one task, and what explains the missing ones.

    ``rule`` is the rule of the diagnosis that spoke, or another reason; empty where nothing
    explains what failed. ``clue`` are its words where they are not the catalog's hint. ``cases``
    has a letter for each case, and ``results`` a digest for each wrong result of a visible one
    (see :mod:`autograder.grading.recorded`); empty in results of earlier versions.
    """

    function: str
    points: float
    max_points: float
    misconception: str | None = None
    rule: str = ""
    clue: str = ""
    cases: str = ""
    results: str = ""

    def __post_init__(self) -> None:
        """Keep of what may quote the submission what can be shown and saved."""
        object.__setattr__(self, "clue", one_line(self.clue))
        object.__setattr__(self, "results", one_line(self.results))

    @property
    def passed(self) -> bool:
        """Whether all points were earned."""
        return self.points == self.max_points


@dataclasses.dataclass(frozen=True)
class SubmissionResult:
    """What came of one submission.

    ``state`` is "needs a person" where it could not be graded; ``reason`` says why in one
    sentence. ``doubt`` is what a person has to decide although it was graded. ``flags`` are
    remarks, such as that test cells were edited. ``unchanged`` says that it had been graded
    before. ``seconds`` is what its code took of the time that a submission has, in full tenths of
    that; ``stopped`` says which cells had to be stopped. Points are those of automatically graded
    tasks.
    """

    student: str
    chapter: str
    state: State
    tasks: tuple[TaskResult, ...]
    reason: str = ""
    flags: tuple[str, ...] = ()
    unchanged: bool = False
    doubt: str = ""
    seconds: float = dataclasses.field(default=0.0, compare=False)
    stopped: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Keep of what quotes the submission what can be shown and saved."""
        object.__setattr__(self, "reason", one_line(self.reason))
        object.__setattr__(self, "doubt", one_line(self.doubt))
        object.__setattr__(self, "flags", tuple(map(one_line, self.flags)))
        object.__setattr__(self, "stopped", tuple(map(one_line, self.stopped)))

    @property
    def for_a_person(self) -> str:
        """What a person has to do with it, in a sentence; empty if nothing."""
        return self.reason or self.doubt

    @property
    def name(self) -> str:
        """The student's name, to be shown: a folder may be called anything."""
        return one_line(self.student)

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
        text = f"{self.name}: {self.points:g} of {self.max_points:g} points"
        if self.state != "graded":
            text = f"{self.name}: needs a person. {self.reason}"
        if self.doubt:
            text += f". Needs a person: {self.doubt}"
        if self.flags:
            text += f" [{'; '.join(self.flags)}]"
        return text

    @classmethod
    def from_fields(cls, fields: dict[str, Any]) -> SubmissionResult:
        """Return the result whose fields have been saved as JSON."""
        tasks = tuple(TaskResult(**task) for task in fields["tasks"])
        listed = {name: tuple(fields.get(name, ())) for name in ("flags", "stopped")}
        return cls(**{**fields, "tasks": tasks, **listed})


@dataclasses.dataclass(frozen=True)
class ClassResult:
    """The results of a class, by student."""

    chapter: str
    submissions: tuple[SubmissionResult, ...]

    def of(self, student: str) -> SubmissionResult:
        """Return the result of one student."""
        return next(submission for submission in self.submissions if submission.student == student)

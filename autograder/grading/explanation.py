"""Everything about the grading of one submission, hidden cases included, for an appeal."""

from __future__ import annotations

import dataclasses
import textwrap
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from autograder.advice import first_line
from autograder.failures import Failed
from autograder.grading.course import Course
from autograder.grading.engine import NotebookGrader, TaskGrade
from autograder.grading.pool import open_sandbox
from autograder.grading.rebuild import rebuild
from autograder.grading.remarks import fair_remarks
from autograder.grading.submission import read_submission
from autograder.outcomes import Outcome, Returned, TimedOut
from autograder.releases import earlier_texts
from autograder.report import graded_report
from autograder.values import Value, describe

WIDTH = 100
"""Columns of the summary."""

MOST_CASES = 2
"""So many failing cases of a task stand in the summary, and as many hidden ones."""


@dataclasses.dataclass(frozen=True)
class Explanation:
    """How a submission was graded. ``tasks`` hold every case with what came of it."""

    student: str
    chapter: str
    tasks: tuple[TaskGrade, ...]
    flags: tuple[str, ...]

    @property
    def summary(self) -> str:
        """The explanation on a page: of each task what was wrong, and with which cases."""
        lines = self._heading
        for task in self.tasks:
            lines += ["", *_on_a_page(task)]
        return "\n".join(lines)

    @property
    def _heading(self) -> list[str]:
        points = sum(task.points for task in self.tasks)
        total = sum(task.max_points for task in self.tasks)
        lines = [f"{self.student}, {self.chapter}: {points:g} of {total:g} points"]
        return lines + [f"Note: {flag}" for flag in self.flags]

    @property
    def text(self) -> str:
        """The explanation as plain text. Not for students: it shows hidden cases."""
        lines = self._heading
        for task in self.tasks:
            report = graded_report(task.examination, task.points, task.max_points, show_hidden=True)
            lines += ["", report.text]
            if task.misconception:
                lines.append(f"  Misconception: {task.misconception}")
            for number, outcome in enumerate(task.examination.outcomes, 1):
                if not outcome.passed:
                    lines += _case(number, outcome)
        return "\n".join(lines)


def explain(
    root: Path | str, chapter: str, student: str, *, classroom: Path | str | None = None
) -> Explanation:
    """Grade a submission once more and return everything that was found; nothing is saved.

    With the course secret and the submission unchanged, the cases are those of the grading.
    Raises :class:`~autograder.grading.submitted_notebook.UnreadableSubmission` if there is nothing
    that could be graded, and what :func:`~autograder.grading.batch.grade` raises.
    """
    course = Course.at(root, classroom)
    loaded = course.chapter(chapter)
    submission = read_submission(course.submitted(student, chapter), chapter)
    earlier = earlier_texts(course.classroom, chapter, loaded.release)
    rebuilt = rebuild(submission.parsed(), loaded.release, earlier)
    with open_sandbox(loaded) as sandbox:
        grader = NotebookGrader(loaded, sandbox, figures="none")
        seed = course.seed(chapter, student, submission.digest)
        grade = grader.grade(rebuilt, seed, submission.files)
    remarks = fair_remarks(course, loaded, submission, grade.flags)
    return Explanation(student, chapter, grade.tasks, remarks)


def _on_a_page(task: TaskGrade) -> Iterator[str]:
    """Tell what was wrong with a task: some of the visible cases, and of those that count."""
    outcomes, finding = task.examination.outcomes, task.examination.finding
    failing = [
        (outcome.case.hidden, f"{number} {_ending(outcome)}")
        for number, outcome in enumerate(outcomes, 1)
        if not outcome.passed
    ]
    yield (
        f"{task.function}: {task.points:g} of {task.max_points:g} points, "
        f"{len(outcomes) - len(failing)} of {len(outcomes)} cases passed"
    )
    if finding is not None:
        name = f" ({finding.misconception})" if finding.misconception else ""
        words = f"{finding.label}{name}: {finding.words}"
        yield from textwrap.wrap(words, WIDTH, initial_indent="  ", subsequent_indent="    ")
    for hidden in (False, True):
        lines = [line for is_hidden, line in failing if is_hidden == hidden]
        yield from (f"  {textwrap.shorten(line, WIDTH - 2)}" for line in lines[:MOST_CASES])
        if len(lines) > MOST_CASES:
            kind = "hidden" if hidden else "visible"
            yield f"  and {len(lines) - MOST_CASES} more {kind} cases"


def _ending(outcome: Outcome) -> str:
    """Tell in a line what came of a case that was not passed."""
    hidden = "hidden, " if outcome.case.hidden else ""
    name = f"{outcome.case.name} ({hidden}weight {outcome.case.weight:g})"
    if outcome.difference is not None:
        difference = outcome.difference
        got = f": got {difference.got}, not {difference.expected}" if difference.got else ""
        return f"{name}: {difference.message.rstrip('.')}{got}"
    ending = outcome.ending
    return f"{name}: {first_line(ending) if isinstance(ending, Failed) else outcome.verdict}"


def _case(number: int, outcome: Outcome) -> Iterator[str]:
    """Tell all about a case that was not passed."""
    case = outcome.case
    hidden = "hidden, " if case.hidden else ""
    yield f"  Case {number}: {case.name} ({hidden}weight {case.weight:g}): {outcome.verdict}"
    for name, value in case.arguments.items():
        yield from _value(name, value)
    yield from _value("expected", case.expected)
    match outcome.ending:
        case Returned(value, changed):
            yield from _value("got", value)
            if changed:
                yield f"    changed in place: {', '.join(changed)}"
        case Failed(kind, message, line):
            yield f"    got {kind}: {message}"
            if line:
                yield f"      at {line}"
        case TimedOut(seconds, loops=True):
            yield f"    computed for more than {1000 * seconds:.1f} ms: no faster than Python loops"
        case TimedOut(seconds):
            yield f"    no answer within {seconds:g} seconds"
    if outcome.difference is not None:
        yield f"    {outcome.difference.message}"


def _value(name: str, value: Value) -> Iterator[str]:
    if isinstance(value, np.ndarray):
        yield f"    {name} = {describe(value)}"
        text = np.array2string(value, threshold=200, max_line_width=90)
        yield from (f"      {line}" for line in text.splitlines())
    else:
        yield f"    {name} = {repr(value)[:500]}"

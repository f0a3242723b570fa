"""The class at a glance, for the terminal: marks, frequent misconceptions, what needs a person."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from autograder.grading.explained import is_unexplained, rule_counts
from autograder.grading.results import ClassResult
from autograder.problems import Problem

MOST_COMMON = 5
"""How many misconceptions of a task are listed."""


def class_view(result: ClassResult, problems: Mapping[str, Problem]) -> RenderableType:
    """Return the marks of a class, its most common misconceptions, and all remarks."""
    if not result.submissions:
        return Text(f"Nobody has handed in {result.chapter}.")
    parts: list[RenderableType] = [_marks(result)]
    for title, lines in (
        ("Most common misconceptions", list(_misconceptions(result, problems))),
        ("What explained wrong answers", list(_explained(result))),
        ("Remarks", list(_remarks(result))),
        ("Needs a person", list(_needs_person(result))),
    ):
        if lines:
            # As text, not markup: names and messages come from submissions.
            parts += [Text(f"\n{title}", style="bold"), *map(Text, lines)]
    return Group(*parts)


def _marks(result: ClassResult) -> RenderableType:
    tasks = result.submissions[0].tasks
    table = Table(box=box.SIMPLE, title=f"Marks: {result.chapter}", title_justify="left")
    table.add_column("student")
    for number, task in enumerate(tasks, start=1):
        table.add_column(f"{number}\n/{task.max_points:g}", justify="right")
    table.add_column(f"total\n/{result.submissions[0].max_points:g}", justify="right", style="bold")
    for submission in result.submissions:
        points = [f"{task.points:g}" for task in submission.tasks]
        if submission.state != "graded":
            points = ["-"] * len(tasks)
        table.add_row(Text(submission.name), *points, f"{submission.points:g}")
    graded = [
        submission.points for submission in result.submissions if submission.state == "graded"
    ]
    mean = f"{sum(graded) / len(graded):.1f}" if graded else "-"
    count = f"{len(graded)} of {len(result.submissions)} graded, mean {mean} points"
    names = ", ".join(f"{i} {task.function}" for i, task in enumerate(tasks, start=1))
    return Group(table, Text(f"{count}. Tasks: {names}."))


def _misconceptions(result: ClassResult, problems: Mapping[str, Problem]) -> Iterator[str]:
    for task in result.submissions[0].tasks:
        titles = {
            misconception.name: misconception.title
            for misconception in problems[task.function].misconceptions
        }
        counts = Counter(
            titles.get(graded.misconception, graded.misconception)
            for submission in result.submissions
            for graded in submission.tasks
            if graded.function == task.function and graded.misconception is not None
        )
        if counts:
            listed = "; ".join(f"{n} x {title}" for title, n in counts.most_common(MOST_COMMON))
            yield f"  {task.function}: {listed}"


def _explained(result: ClassResult) -> Iterator[str]:
    tasks = [task for submission in result.submissions for task in submission.tasks]
    for words, count in rule_counts(tasks):
        yield f"  {count} x {words}"
    unexplained = Counter(task.function for task in tasks if is_unexplained(task))
    if unexplained:
        listed = ", ".join(f"{count} of {function}" for function, count in unexplained.items())
        yield (
            f"  Nothing explained {listed}: `autograder report {result.chapter}` shows what they "
            "have in common."
        )


def _remarks(result: ClassResult) -> Iterator[str]:
    for submission in result.submissions:
        if submission.flags:
            yield f"  {submission.name}: {'; '.join(submission.flags)}"


def _needs_person(result: ClassResult) -> Iterator[str]:
    for submission in result.submissions:
        if submission.for_a_person:
            yield f"  {submission.name}: {submission.for_a_person}"

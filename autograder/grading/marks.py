"""The marks of a class as a table for the terminal."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text

from autograder.grading.results import ClassResult, SubmissionResult


def marks_table(result: ClassResult) -> Table:
    """Return a table with a row for each student: points by task, their sum, remarks."""
    table = Table(title=f"Marks of {result.chapter}", title_justify="left")
    table.add_column("student")
    if not result.submissions:
        table.add_row("nobody has handed anything in")
        return table
    for task in result.submissions[0].tasks:
        table.add_column(f"{task.function}\n/{task.max_points:g}", justify="right")
    table.add_column(f"sum\n/{result.submissions[0].max_points:g}", justify="right", style="bold")
    table.add_column("remarks")
    for submission in result.submissions:
        points = [f"{task.points:g}" for task in submission.tasks]
        # As text: a student's name or a message is not markup.
        table.add_row(
            Text(submission.student), *points, f"{submission.points:g}", Text(_remarks(submission))
        )
    return table


def _remarks(submission: SubmissionResult) -> str:
    if submission.state != "graded":
        return f"needs a person: {submission.reason}"
    return "; ".join(submission.flags)

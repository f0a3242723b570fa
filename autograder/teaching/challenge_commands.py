"""``autograder generate``, ``grade`` and ``report`` for the challenge, which is no chapter."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import typer
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from autograder.challenge.declaration import NAME


def grade_challenge(
    root: Path, console: Console, students: Sequence[str] | None, again: bool
) -> None:
    """Score the entries in ``submitted/`` and print how they stand; leave with 1 if impossible."""
    from autograder.grading.batch import students_of
    from autograder.grading.container import SandboxUnavailable
    from autograder.grading.private_files import opened_class
    from autograder.grading.submitted_text import one_line
    from autograder.teaching.challenge_class import score_class
    from autograder.teaching.commands import refusing
    from autograder.teaching.leaderboard import ranked

    try:
        with refusing(console, "Not scored"), opened_class(root) as course:
            if unknown := set(students or ()) - set(students_of(course, NAME)):
                console.print(
                    f"Not scored: there is no folder submitted/{min(unknown)!r}/{NAME}.",
                    markup=False,
                )
                raise typer.Exit(1)
            standings = score_class(course, students, again)
    except SandboxUnavailable as error:
        console.print(f"Not scored: {error}", markup=False, soft_wrap=True)
        raise typer.Exit(3) from error
    table = Table(box=box.SIMPLE, title="Leaderboard", title_justify="left")
    for column in ("rank", "entry", "student", "accuracy", "95 % interval", "bytes", "CPU s"):
        table.add_column(column, justify="left" if column in ("entry", "student") else "right")
    for row in ranked(standings):
        name, student = Text(row.name), Text(one_line(row.standing.student))
        numbers = (row.percent, row.between, f"{row.attempt.size:,}", f"{row.score.seconds:.2f}")
        table.add_row(str(row.rank), name, student, *numbers)
    console.print(table)
    for standing in standings:
        if standing.remark:
            line = one_line(f"{standing.student}: {standing.remark}")
            console.print(line, markup=False, highlight=False, soft_wrap=True)
    console.print(f"{len(standings)} entries. `autograder report {NAME}` writes the leaderboard.")

"""The commands that take care of a class's data: ``autograder backup``, ``restore``, ``forget``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from autograder.course_folder import course_root
from autograder.teaching.commands import refusing


def backup(
    to: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="By default backups/ID-TIME.zip.")
    ] = None,
) -> None:
    """Write gradebook, secret, notes, submissions and graded work to one file."""
    from autograder.grading.private_files import opened_class
    from autograder.teaching.backup import backup as write
    from autograder.teaching.backup import default_place

    console = Console()
    with refusing(console, "Not backed up"), opened_class(course_root()) as course:
        place = to or default_place(course)
        contents = write(course, place)
    _say(console, f"{place}: {_size(contents.students, contents.submissions, contents.files)}")
    if not contents.secret:
        _say(console, "The secret is not in it (it is in AUTOGRADER_SECRET, or not made yet).")
    _say(console, "It holds names, marks and the secret: keep it where nobody else can read it.")


def restore(
    source: Annotated[Path, typer.Argument(metavar="FILE", help="A backup.")],
    replace: Annotated[
        bool, typer.Option("--replace", help="Where there is a class: back it up, and replace it.")
    ] = False,
) -> None:
    """Bring a class back from a backup."""
    from autograder.grading.private_files import opened_class, protect
    from autograder.teaching.backup import restore as bring_back

    console = Console()
    with refusing(console, "Not restored"), opened_class(course_root()) as course:
        contents, earlier = bring_back(course, source, replace)
        protect(course)  # with the settings of the backup
    size = _size(contents.students, contents.submissions, contents.files)
    _say(console, f"Restored what was backed up on {contents.made}: {size}")
    if earlier:
        _say(console, f"What was there before: {earlier}")
    if not contents.secret:
        _say(console, "The secret was not in it: set AUTOGRADER_SECRET as it was then.")
    _say(console, "Run `autograder feedback` and `autograder report` for pages that fit to it.")


def forget(
    student: Annotated[str, typer.Argument(help="The student's id in the gradebook.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do it; else only say what goes.")] = False,
) -> None:
    """Remove every trace of a student; say where else one may be."""
    from autograder.grading.private_files import opened_class
    from autograder.teaching.forget import forget as remove
    from autograder.teaching.forget import traces_of
    from autograder.teaching.marks_out import require_student

    console = Console()
    with refusing(console, "Nothing forgotten"), opened_class(course_root()) as course:
        traces = traces_of(course, student)
        if not traces:
            require_student(course, student)
        if yes:
            remove(course, traces)
    _say(console, f"{'Removed' if yes else 'To be removed'}, of {student!r}:")
    for line in traces.lines:
        _say(console, f"  {line}")
    if not yes:
        _say(console, "Nothing has been removed: --yes does it.")
    for place in traces.elsewhere:
        _say(console, f"Still there, for you to see to: {place}")
    _say(console, "Downloads from a platform are not looked at: collecting brings a student back.")


COMMANDS = (backup, restore, forget)


def _size(students: int, submissions: int, files: int) -> str:
    return f"{students} students, {submissions} graded submissions, {files} files"


def _say(console: Console, text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)

"""The commands of a term: ``autograder release``, ``collect``, ``extend`` and ``export``."""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from autograder.authoring.archive import NotForStudents, write_zip
from autograder.challenge.declaration import NAME as CHALLENGE
from autograder.course_folder import course_root
from autograder.course_settings import (
    FILE_NAME,
    CourseSettings,
    chapters_in_use,
    load_course_settings,
)

if TYPE_CHECKING:
    from autograder.teaching.attempts import Source

ChapterName = Annotated[str, typer.Argument(help="The chapter.")]


def release(
    chapter: Annotated[
        str | None, typer.Argument(help="The chapter; without it, all in one archive.")
    ] = None,
    exchange: Annotated[
        bool, typer.Option("--exchange", help="Release by nbgrader's exchange, too.")
    ] = False,
) -> None:
    """Write the archive that students get, after a look for solutions and secrets in it."""
    from autograder.teaching.release import release as write_archive
    from autograder.teaching.release import release_to_exchange

    root, console = course_root(), Console()
    if chapter != CHALLENGE:
        names = [known_chapter(console, root, chapter)] if chapter else chapters_in_use(root)
    else:
        names = []  # nbgrader's exchange knows notebooks only
    with refusing(console, "Not released"):
        path = write_archive(root, chapter)
        console.print(f"{path.relative_to(root)}  ({path.stat().st_size / 1e6:.1f} MB)")
        for name in names if exchange else ():
            console.print(f"released to {release_to_exchange(root, name)}", soft_wrap=True)


def collect(
    chapter: ChapterName,
    moodle: Annotated[
        tuple[Path, Path] | None,
        typer.Option(
            metavar="ZIP WORKSHEET", help="Moodle's download of all submissions, and its worksheet."
        ),
    ] = None,
    canvas: Annotated[
        tuple[Path, Path] | None,
        typer.Option(
            metavar="ZIP GRADEBOOK", help="Canvas's download of submissions, and its gradebook."
        ),
    ] = None,
    brightspace: Annotated[
        Path | None, typer.Option(metavar="ZIP", help="Brightspace's download of submissions.")
    ] = None,
    folder: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="A folder with one for each student.")
    ] = None,
    exchange: Annotated[
        bool, typer.Option("--exchange", help="What students submitted by nbgrader's exchange.")
    ] = False,
    github_classroom: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="A folder of repositories, as `gh classroom` clones."),
    ] = None,
) -> None:
    """Bring what students handed in to where it is graded; say what is odd about it."""
    from autograder.grading.private_files import opened_class
    from autograder.teaching import folders, platforms
    from autograder.teaching.collect import collect as bring
    from autograder.teaching.collect_report import lines_of

    root, console = course_root(), Console()
    if chapter != CHALLENGE:
        known_chapter(console, root, chapter)
    settings = load_course_settings(root)
    ways: dict[str, tuple[bool, Callable[[], Source]]] = {
        "--moodle": (moodle is not None, lambda: platforms.moodle(*_pair(moodle), settings)),
        "--canvas": (canvas is not None, lambda: platforms.canvas(*_pair(canvas), settings)),
        "--brightspace": (
            brightspace is not None,
            lambda: platforms.brightspace(brightspace or Path(), settings),
        ),
        "--folder": (folder is not None, lambda: folders.folder(folder or Path(), chapter)),
        "--exchange": (exchange, lambda: _exchange(root, settings, chapter)),
        "--github-classroom": (
            github_classroom is not None,
            lambda: folders.github_classroom(github_classroom or Path(), chapter),
        ),
    }
    chosen = [read for given, read in ways.values() if given]
    if len(chosen) != 1:
        console.print(f"Say where to collect from, by one of {', '.join(ways)}.", soft_wrap=True)
        raise typer.Exit(2)
    with refusing(console, "Not collected"), opened_class(root) as course:
        report = bring(course, chapter, chosen[0]())
        for line in lines_of(report):
            console.print(line, markup=False, highlight=False, soft_wrap=True)


def extend(
    chapter: ChapterName,
    student: Annotated[str, typer.Argument(help="The student's id in the gradebook.")],
    until: Annotated[
        str | None, typer.Argument(help='Until when, such as "2026-10-21 18:00".')
    ] = None,
    remove: Annotated[bool, typer.Option("--remove", help="Take the extension back.")] = False,
) -> None:
    """Give one student longer for a chapter; without a time, say who has longer."""
    from autograder.grading.lateness import extensions, set_extension
    from autograder.grading.private_files import opened_class
    from autograder.teaching.attempts import moment_of
    from autograder.teaching.marks_out import require_student

    root, console = course_root(), Console()
    known_chapter(console, root, chapter)
    settings = load_course_settings(root)
    with refusing(console, "Not extended"), opened_class(root) as course:
        require_student(course, student)
        if until is None and not remove:
            there = extensions(course, chapter).get(student)
            text = f"until {settings.local(there):%Y-%m-%d %H:%M %Z}" if there else "nothing"
            console.print(f"{student}, {chapter}: {text}", markup=False)
            return
        moment = None if remove else _until(console, settings, chapter, until or "", moment_of)
        set_extension(course, chapter, student, moment)
        text = f"until {moment:%Y-%m-%d %H:%M %Z}" if moment else "until everybody's due date"
        console.print(f"{student}, {chapter}: {text}", markup=False)


def export(
    chapter: Annotated[
        str | None, typer.Argument(help="The chapter; for --csv, all by default.")
    ] = None,
    *,
    moodle: Annotated[
        Path | None, typer.Option(metavar="WORKSHEET", help="Fill in Moodle's grading worksheet.")
    ] = None,
    canvas: Annotated[
        Path | None, typer.Option(metavar="GRADEBOOK", help="Fill in Canvas's exported gradebook.")
    ] = None,
    csv: Annotated[bool, typer.Option("--csv", help="Write a table of its own.")] = False,
    to: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where to; by default in _build/marks/.")
    ] = None,
    column: Annotated[
        str, typer.Option(help="The assignment's name in Canvas, if it is not the chapter's.")
    ] = "",
    scale: Annotated[
        bool, typer.Option("--scale", help="Scale marks to the platform's maximum.")
    ] = False,
    feedback: Annotated[
        bool,
        typer.Option("--feedback", help="With --moodle: a ZIP file of the feedback, too."),
    ] = False,
    zero_absent: Annotated[
        bool, typer.Option("--zero-absent", help="0 for who has handed in nothing, not blank.")
    ] = False,
) -> None:
    """Write marks for a learning platform; what waits for a person is left blank."""
    from autograder.grading.private_files import MARKS, opened_class
    from autograder.teaching import marks_out

    root, console = course_root(), Console()
    if chapter is not None:
        known_chapter(console, root, chapter)
    if [moodle is not None, canvas is not None, csv].count(True) != 1:
        console.print("Say what to write, by one of --moodle, --canvas, --csv.")
        raise typer.Exit(2)
    if chapter is None and not csv:
        console.print("Say which chapter: a worksheet is about one.")
        raise typer.Exit(2)
    if feedback and moodle is None:
        console.print("--feedback is for --moodle.")
        raise typer.Exit(2)
    absent = "0" if zero_absent else ""
    with refusing(console, "Not exported"), opened_class(root) as course:
        if moodle is not None:
            name = f"{chapter}-moodle.csv"
            filled = marks_out.fill_moodle(course, chapter or "", moodle, scale, absent)
        elif canvas is not None:
            name = f"{chapter}-canvas.csv"
            filled = marks_out.fill_canvas(course, chapter or "", canvas, scale, absent, column)
        else:
            name = f"{chapter or 'all'}.csv"
            filled = marks_out.marks_table(course, [chapter] if chapter else chapters_in_use(root))
        place = to or root / MARKS / name
        if not (build := (root / MARKS).parent).exists():
            build.mkdir()
            build.chmod(0o755)  # the site is built there, too, for everybody
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(filled.content)
        for line in marks_out.lines_of(filled, place):
            console.print(line, markup=False, highlight=False, soft_wrap=True)
        if feedback and moodle is not None:
            pages = marks_out.moodle_feedback(course, chapter or "", moodle)
            write_zip(place.with_suffix(".zip"), pages)
            text = f"{place.with_suffix('.zip')}: {len(pages)} pages of feedback"
            console.print(text, markup=False, highlight=False, soft_wrap=True)


def migrate(
    chapter: ChapterName,
    yes: Annotated[bool, typer.Option("--yes", help="Do it; else only say what it does.")] = False,
) -> None:
    """Carry a changed exercise into the gradebook of a class that was graded before."""
    from autograder.grading.migration import migrate as carry
    from autograder.grading.private_files import opened_class

    root, console = course_root(), Console()
    known_chapter(console, root, chapter)
    with refusing(console, "Not migrated"), opened_class(root) as course:
        if not tell_changes(console, root, chapter, hint=not yes):
            console.print(f"{chapter} is in the gradebook as it is; there is nothing to do.")
        elif yes:
            carry(course, course.chapter(chapter))
            console.print(f"Done. Now run `autograder grade {chapter}`.")


def tell_changes(console: Console, root: Path, chapter: str, hint: bool = True) -> bool:
    """Say how an exercise differs from what a class was graded with; return whether it does."""
    from autograder.grading.course import Course
    from autograder.grading.migration import change_of

    with refusing(console, "Not compared with what was graded"):
        course = Course.at(root)
        change = change_of(course, course.chapter(chapter))
    if not (change and change.submissions):
        return False
    console.print(
        f"{change.submissions} submissions were graded with another version of {chapter}:"
    )
    for line in change.lines():
        console.print(f"  {line}", markup=False, highlight=False)
    if hint:
        console.print(f"`autograder migrate {chapter} --yes` carries that into the gradebook.")
    return True


COMMANDS = (release, collect, extend, export, migrate)


def known_chapter(console: Console, root: Path, chapter: str) -> str:
    """Return a chapter's name, or leave with a message if there is none of the name."""
    names = chapters_in_use(root)
    if chapter not in names:
        console.print(f"There is no chapter {chapter!r}. There are: {', '.join(names)}.")
        raise typer.Exit(2)
    return chapter


@contextlib.contextmanager
def refusing(console: Console, what: str) -> Iterator[None]:
    """Say in a sentence why something is not done, and leave."""
    from autograder.grading.course import CourseError
    from autograder.teaching.marks_out import ExportError
    from autograder.teaching.zip_files import CollectError

    try:
        yield
    except (CollectError, ExportError, CourseError, NotForStudents) as error:
        console.print(f"{what}: {error}", markup=False, soft_wrap=True)
        raise typer.Exit(1) from error


def _pair(paths: tuple[Path, Path] | None) -> tuple[Path, Path]:
    assert paths is not None
    return paths


def _exchange(root: Path, settings: CourseSettings, chapter: str) -> Source:
    from autograder.teaching.folders import exchange
    from autograder.teaching.release import exchange_root

    return exchange(exchange_root(root), settings.id, chapter)


def _until(
    console: Console,
    settings: CourseSettings,
    chapter: str,
    text: str,
    moment_of: Callable[[str, CourseSettings], datetime.datetime],
) -> datetime.datetime:
    """Return until when an extension lasts; leave with a message if that cannot be."""
    due = settings.due(chapter)
    if due is None:
        console.print(f"{chapter} has no due date in {FILE_NAME} that could be extended.")
        raise typer.Exit(1)
    try:
        moment = moment_of(text, settings)
    except ValueError as error:
        console.print(f"{text!r} is no clear time ({error}): write 2026-10-21 18:00.", markup=False)
        raise typer.Exit(2) from error
    if moment <= due:
        console.print(f"{chapter} is due on {due:%Y-%m-%d %H:%M %Z} for everybody: that is later.")
        raise typer.Exit(1)
    return moment

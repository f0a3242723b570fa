"""The instructor's commands: ``autograder course``, ``generate``, ``grade`` and the rest.

Every command works on the course that the current folder belongs to.
"""

from __future__ import annotations

import difflib
import functools
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from autograder.authoring.archive import ARCHIVE_NAME
from autograder.authoring.site import SITE, SiteError, build_site
from autograder.challenge.declaration import NAME as CHALLENGE
from autograder.challenge.declaration import in_use as has_challenge
from autograder.chapter import SourceError, load_problems
from autograder.course_folder import course_root, telling
from autograder.course_settings import chapters_in_use
from autograder.teaching.care_commands import COMMANDS as CARE
from autograder.teaching.challenge_commands import grade_challenge
from autograder.teaching.commands import COMMANDS as TEACHING
from autograder.teaching.commands import refusing

if TYPE_CHECKING:
    from autograder.grading.course import Course
    from autograder.grading.options import GradingOptions

NO_SANDBOX = 3
"""Exit status where submissions cannot be run safely."""

SHOWN = "filters"
"""The chapter whose sample class `autograder course` grades: it shows what grading looks like, and
every chapter has a student whose loop never ends."""

Chapters = Annotated[list[str] | None, typer.Argument(help="Chapters; all of them by default.")]


def add_commands(app: typer.Typer) -> None:
    """Add the instructor's commands to the command line ``app``."""
    own = (
        course,
        generate,
        grade,
        explain,
        report,
        feedback,
        sample_class,
        mutation_table,
        marks_by_seed,
    )
    for command in (*own, *TEACHING, *CARE):
        app.command(command.__name__.replace("_", "-"))(telling(command))


def course() -> None:
    """Make everything: exercises, site with the student archive, graded sample class."""
    root, console = course_root(), Console()
    generate()
    with _step(console, "Site") as say:
        site = build_site(root, say)
    console.print()
    console.print(f"Site:         {site.first_page.relative_to(root)}  (`make serve` shows it)")
    if site.network:
        console.print(f"Network:      {site.network}", markup=False, highlight=False)
    console.print(f"Exercises:    exercises/  (for students: {SITE / ARCHIVE_NAME})")
    console.print("Sample class: _build/sample_class/  (submissions, graded notebooks, gradebook)")
    console.print()
    try:
        sample_class([SHOWN if SHOWN in chapters_in_use(root) else chapters_in_use(root)[0]])
    except typer.Exit as end:
        # Site and exercises are made; why nothing can be graded here has just been said.
        if end.exit_code != NO_SANDBOX:
            raise


def generate(names: Chapters = None) -> None:
    """Generate the exercises from their sources in solutions/."""
    # nbgrader takes more than a second to import: only the commands that need it wait for it.
    from autograder.authoring.challenge_handout import generate_handout
    from autograder.authoring.generate import generate as generate_exercise
    from autograder.teaching.commands import tell_changes

    root, console = course_root(), Console()
    for name in names or [*chapters_in_use(root), *([CHALLENGE] if has_challenge(root) else [])]:
        with _step(console, f"Exercise {name}"):
            if name == CHALLENGE:
                generate_handout(root)
                continue
            generate_exercise(root, name)
        tell_changes(console, root, name)


def grade(
    chapter: Annotated[str, typer.Argument(help="The chapter to grade.")],
    student: Annotated[
        list[str] | None, typer.Option(help="Grade this student only; may be repeated.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Sandboxes at a time on this machine; by default 1.")
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS", help="Grade on the workers of this Dask scheduler (tcp://HOST:PORT)."
        ),
    ] = None,
    chunk: Annotated[
        int | None,
        typer.Option(
            min=1, help="Submissions that a worker gets at a time, at most; 20 by default."
        ),
    ] = None,
    force: Annotated[bool, typer.Option(help="Grade again what has not changed, too.")] = False,
    figures: Annotated[
        str | None,
        typer.Option(
            help="Figures to draw: all, own (of cells that students wrote or changed) or none. "
            "By default what nbgrader_config.py says, or else own."
        ),
    ] = None,
) -> None:
    """Grade the submissions in submitted/ and enter the marks in the gradebook."""
    root, console = course_root(), Console()
    if chapter == CHALLENGE:
        if (workers, scheduler, chunk, figures) != (None, None, None, None):
            console.print("Entries of the challenge are scored one by one: --student, --force.")
            raise typer.Exit(2)
        grade_challenge(root, console, student, force)
        return
    names = chapters_in_use(root)
    if chapter not in names:
        console.print(f"There is no chapter {chapter!r}. There are: {', '.join(names)}.")
        raise typer.Exit(2)
    if scheduler is not None and workers is not None:
        console.print(
            "--workers is for this machine: how many workers a cluster has is its affair."
        )
        raise typer.Exit(2)
    if scheduler is None and chunk is not None:
        console.print("--chunk is for a cluster: it needs --scheduler, too.")
        raise typer.Exit(2)
    from autograder.grading.options import GradingOptions
    from autograder.grading.private_files import opened_class

    chosen = {"workers": workers, "chunk": chunk}
    options = GradingOptions(
        scheduler=scheduler,
        figures=figures,
        force=force,
        **{name: number for name, number in chosen.items() if number is not None},
    )
    with ExitStack() as opened:
        with refusing(console, "Not graded"):
            course = opened.enter_context(opened_class(root))
        _grade(console, course, chapter, options, student)


def explain(
    chapter: Annotated[str, typer.Argument(help="The chapter.")],
    student: Annotated[str, typer.Argument(help="The student.")],
    full: Annotated[
        bool, typer.Option("--full", help="Show every case, with all numbers.")
    ] = False,
) -> None:
    """Show how a submission was graded, hidden cases included. Not for students."""
    from autograder.grading import CourseError, SandboxUnavailable
    from autograder.grading.explanation import explain as explanation
    from autograder.grading.submitted_notebook import UnreadableSubmission

    root = course_root()
    try:
        explained = explanation(root, chapter, student)
    except (CourseError, SandboxUnavailable, UnreadableSubmission) as error:
        print(f"Not explained: {error}", file=sys.stderr)
        raise typer.Exit(1) from error
    print(
        explained.text if full else f"{explained.summary}\n\n--full shows all cases with numbers."
    )


Classroom = Annotated[
    Path | None, typer.Option(help="The folder of the class; the course itself by default.")
]


def report(
    chapter: Annotated[str, typer.Argument(help="The chapter.")], classroom: Classroom = None
) -> None:
    """Write the report of a class: a page and tables in reports/. Not for students."""
    from autograder.grading import CourseError, SandboxUnavailable
    from autograder.grading.private_files import opened_class
    from autograder.teaching.leaderboard import write_leaderboard
    from autograder.teaching.report import write_report

    try:
        with opened_class(course_root(), classroom) as course:
            write = functools.partial(write_report, chapter=chapter)
            page, *tables = (write_leaderboard if chapter == CHALLENGE else write)(course)
    except (CourseError, SandboxUnavailable) as error:
        print(f"No report: {error}", file=sys.stderr)
        raise typer.Exit(1) from error
    print(f"Report: {page}")
    print(f"Tables: {', '.join(table.name for table in tables)}, beside it")


def feedback(
    chapter: Annotated[str, typer.Argument(help="The chapter.")],
    student: Annotated[
        list[str] | None, typer.Option(help="Write this student's page only; may be repeated.")
    ] = None,
    classroom: Classroom = None,
) -> None:
    """Write a page for each student: marks, answers, and what was said of them."""
    from autograder.grading import CourseError
    from autograder.grading.private_files import opened_class
    from autograder.teaching.feedback import write_feedback

    try:
        with opened_class(course_root(), classroom) as course:
            done = write_feedback(course, chapter, student or ())
    except CourseError as error:
        print(f"No feedback: {error}", file=sys.stderr)
        raise typer.Exit(1) from error
    unchanged = f", {len(done.unchanged)} unchanged" if done.unchanged else ""
    print(f"Feedback: {len(done.written)} pages written{unchanged}, in feedback/STUDENT/{chapter}/")


def sample_class(names: Chapters = None) -> None:
    """Grade the sample class and print its marks."""
    from autograder.grading.course import Course
    from autograder.grading.options import GradingOptions
    from autograder.grading.sample_class import FOLDER, sample_students, write_sample_class

    root, console = course_root(), Console()
    for name in names or chapters_in_use(root):
        students = sample_students(load_problems(root, name))
        course = Course.at(root, root / FOLDER)
        write_sample_class(root / "exercises" / name, students, course.classroom / "submitted")
        _grade(console, course, name, GradingOptions(workers=os.cpu_count() or 1))


def mutation_table(names: Chapters = None) -> None:
    """Print, for each misconception, the case that finds it and the hint the student sees."""
    from autograder.authoring.mutation_table import mutation_table as table_of_mutations

    root = course_root()
    for name in names or chapters_in_use(root):
        print(f"## {name}\n\n{table_of_mutations(tuple(load_problems(root, name).values()))}")


def marks_by_seed(
    names: Chapters = None,
    seeds: Annotated[int, typer.Option(min=2, help="With how many seeds cases are drawn.")] = 50,
) -> None:
    """Print what wrong and right answers earn with different hidden cases: the same."""
    from autograder.authoring.chapter_source import read_chapter_source
    from autograder.authoring.mutation_table import table_of_marks

    root = course_root()
    for name in names or chapters_in_use(root):
        source = read_chapter_source(root, name)
        print(f"## {name}\n")
        for task in source.exercise.tasks:
            table = table_of_marks(source.problems[task.function], task.points, range(seeds))
            print(f"{table}\n", flush=True)


def _grade(
    console: Console,
    course: Course,
    chapter: str,
    options: GradingOptions,
    students: list[str] | None = None,
) -> None:
    """Grade a class under a progress bar and print its marks; leave with 1 if that cannot be."""
    from autograder import grading
    from autograder.grading.batch import students_of
    from autograder.grading.marks import class_view
    from autograder.grading.progress import GradingProgress
    from autograder.teaching.feedback import refresh_feedback

    handed_in = students_of(course, chapter)
    students = students or handed_in
    if unknown := [name for name in students if name not in handed_in]:
        close = difflib.get_close_matches(unknown[0], handed_in)
        guess = f" Did you mean {' or '.join(map(repr, close))}?" if close else ""
        console.print(
            f"Not graded: there is no folder submitted/{unknown[0]!r}/{chapter}.{guess}",
            markup=False,
            soft_wrap=True,
        )
        raise typer.Exit(1)
    try:
        with GradingProgress(console, chapter, len(set(students))) as progress:
            result = grading.grade(
                course.root,
                chapter,
                students,
                classroom=course.classroom,
                options=options,
                on_result=progress.count,
            )
    except (grading.SandboxUnavailable, grading.ClusterError, grading.CourseError) as error:
        console.print(f"Not graded: {error}", markup=False, soft_wrap=True)
        raise typer.Exit(
            NO_SANDBOX if isinstance(error, grading.SandboxUnavailable) else 1
        ) from error
    console.print(class_view(result, load_problems(course.root, chapter)))
    console.print(progress.summary)
    new = [submission.student for submission in result.submissions if not submission.unchanged]
    if refreshed := refresh_feedback(course, chapter, new).written:
        console.print(f"Feedback that had changed: {len(refreshed)} pages written again.")


@contextmanager
def _step(console: Console, title: str) -> Iterator[Callable[[str], None]]:
    """Show that a step is under way, then how long it took; leave with a message if it fails."""
    started = time.monotonic()
    with console.status(f"{title} ...") as status:
        try:
            yield lambda line: status.update(f"{title}: {line[:80]}")
        except (SourceError, SiteError) as error:
            console.print(f"[red]failed[/] {title}")
            console.print(str(error), markup=False, soft_wrap=True)
            raise typer.Exit(1) from error
    console.print(f"[green]done[/]   {title}  [dim]{time.monotonic() - started:.1f} s[/]")

"""The instructor's commands: ``autograder course``, ``generate``, ``archive``, ``sample-class``.

Every command works on the course that the current folder belongs to.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from autograder.authoring.chapter import chapters, load_chapter, load_problems
from autograder.authoring.source import SourceError

Chapters = Annotated[list[str] | None, typer.Argument(help="Chapters; all of them by default.")]


def add_commands(app: typer.Typer) -> None:
    """Add the instructor's commands to the command line ``app``."""
    app.command("course")(course)
    app.command("generate")(generate)
    app.command("archive")(archive)
    app.command("sample-class")(sample_class)
    app.command("mutation-table")(mutation_table)


def course_root() -> Path:
    """Return the course that the current folder belongs to, or leave with a message."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "nbgrader_config.py").exists() and (folder / "solutions").is_dir():
            return folder
    Console(stderr=True).print(
        f"{here} is not inside a course: neither it nor a folder above it has both "
        "nbgrader_config.py and solutions/. Change to the folder of the course.",
        soft_wrap=True,
    )
    raise typer.Exit(2)


def course() -> None:
    """Make everything: exercises, site, student archive, and the graded sample class."""
    root = course_root()
    console = Console()
    for name in chapters(root):
        with _step(console, f"Exercise {name}"):
            _generate(root, name)
    with _step(console, "Site") as say:
        _build_site(root, say)
    with _step(console, "Student archive"):
        archived = _archive(root)
    table = _graded_sample_class(root, console)
    console.print()
    console.print("[bold]Site[/]        _build/html/index.html   (make serve: http://127.0.0.1:8000)")
    console.print(f"[bold]Exercises[/]   exercises/   for students: {archived.relative_to(root)}")
    console.print(table)


def generate(names: Chapters = None) -> None:
    """Generate the exercises from their sources in solutions/."""
    root, console = course_root(), Console()
    for name in names or chapters(root):
        with _step(console, f"Exercise {name}"):
            _generate(root, name)


def archive() -> None:
    """Make the archive that students download."""
    root, console = course_root(), Console()
    with _step(console, "Student archive"):
        _archive(root)


def sample_class() -> None:
    """Grade the sample class and print its marks."""
    root, console = course_root(), Console()
    console.print(_graded_sample_class(root, console))


def mutation_table(names: Chapters = None) -> None:
    """Print, for each misconception, the case that finds it and the hint the student sees."""
    from autograder.authoring.mutation_table import mutation_table as table

    root = course_root()
    for name in names or chapters(root):
        print(f"## {name}\n\n{table(list(load_problems(root, name).values()))}\n")


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


def _generate(root: Path, name: str) -> None:
    # nbgrader takes more than a second to import: only the commands that need it wait for it.
    from autograder.authoring.generate import generate as generate_chapter

    generate_chapter(root, name)

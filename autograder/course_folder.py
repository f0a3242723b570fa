"""The course that the instructor's commands work on: the one that the current folder belongs to."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any

import typer
from rich.console import Console

from autograder.chapter import SourceError


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


def telling(command: Callable[..., None]) -> Callable[..., None]:
    """Return a command that says in one line what is wrong in the course's sources, and leaves."""

    @functools.wraps(command)
    def told(**options: Any) -> None:
        try:
            command(**options)
        except SourceError as error:
            Console(stderr=True).print(str(error), markup=False, soft_wrap=True)
            raise typer.Exit(1) from error

    return told

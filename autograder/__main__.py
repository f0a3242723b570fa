"""The command line: ``autograder check`` and ``progress``, and the instructor's commands.

``python -m autograder`` is the same. A student's command loads nothing of the instructor's.
"""

from __future__ import annotations

import sys

try:
    import typer
except ModuleNotFoundError:  # `check` in a notebook and on a page does without
    sys.exit('Commands need typer and rich: python -m pip install -e ".[terminal]"')

from autograder.student.command import check, progress

app = typer.Typer(
    name="autograder",
    help="Check the exercises of the course; as an instructor, make and grade them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("check")(check)
app.command("progress")(progress)


def main() -> None:
    """Run the command line."""
    if sys.argv[1:2] not in (["check"], ["progress"]):
        _add_instructor_commands()
    app(prog_name="autograder")


def _add_instructor_commands() -> None:
    try:
        from autograder.instructor import add_commands
    except ModuleNotFoundError as missing:
        if missing.name == "autograder.instructor":  # the students' wheel does without
            return
        if (missing.name or "").startswith("autograder"):
            raise
        typer.echo(
            f"The instructor's commands need {missing.name}: "
            'python -m pip install -e ".[grading]"',
            err=True,
        )
        return
    add_commands(app)


if __name__ == "__main__":
    main()

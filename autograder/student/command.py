"""``autograder check`` and ``autograder progress``: exercises outside the notebook.

With ``--json``, the first prints one document with these keys:

``format``
    1, the version of the document.
``file``, ``passed``, ``error``
    The file; whether every task passes; null, or why nothing was checked.
``tasks``
    A list, in the exercise's order, of ``task`` (the name), ``passed``, ``points``, ``cases``,
    ``cases_passed``, ``fraction`` (by the weights of the cases, 0 to 1), ``misconception`` (its
    name, or null), ``title`` and ``lines`` (the report), ``text`` (all of the report).
``stopped_cells``, ``skipped``
    Cells that did not reach their end (``cell``, ``message``, ``line``), and magics and commands
    that were not run (``cell``, ``what``). Code cells are counted from 1.
``points``, ``points_passed``, ``points_by_hand``
    Points of the checked tasks, of those that pass, and of the questions that a person grades;
    null for a Python file.

Of an entry of the challenge it says ``right`` of so many ``pictures``, the accuracy's ``interval``,
``bytes``, ``parameters`` and ``seconds``, and what is allowed, each null if unknown.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Annotated, Any

import typer

from autograder.challenge.handout import HANDOUT
from autograder.checks import FILE_NAME, Checks, ChecksFileError, load_checks, load_facts
from autograder.packages import pip_install
from autograder.student.challenge_entry import measure
from autograder.student.exercise_file import ExerciseFile, UnreadableFile, read_exercise
from autograder.student.progress import Progress, exercise_folders, overview
from autograder.versions import misfit

FORMAT = 1
"""The version of the JSON document."""


def check(
    file: Annotated[Path, typer.Argument(help="A notebook, or a Python file with the functions.")],
    task: Annotated[
        list[str] | None, typer.Option(help="Check this task only; may be given several times.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON document instead of text.")
    ] = False,
    cell_limit: Annotated[
        float, typer.Option(help="Seconds that a cell may run, before it is stopped.")
    ] = 120.0,
) -> None:
    """Run an exercise from top to bottom and check its tasks.

    checks.npz has to lie in the same folder. What the code prints goes to stderr.

    An entry of the challenge is measured on the validation pictures in its folder.

    Exit status: 0 if every task passes, 1 if one does not, 2 if there is nothing to check.
    """
    if file.suffix == ".py" and (file.parent / HANDOUT).is_file():
        measured = measure(file)
        _forgive_characters()
        typer.echo(json.dumps(measured.document, indent=2) if as_json else measured.text)
        raise typer.Exit(0 if measured.refusal == "" else 1)
    document: dict[str, Any] = {
        "format": FORMAT,
        "file": str(file),
        "passed": False,
        "error": None,
        "tasks": [],
        "stopped_cells": [],
        "skipped": [],
        "points": None,
        "points_passed": None,
        "points_by_hand": None,
    }
    try:
        exercise = read_exercise(file)
        known = load_checks(file.parent / FILE_NAME)
        tasks = _known_tasks(known, task or [])
        if importlib.util.find_spec("IPython") is None:
            raise UnreadableFile(
                "The cells of an exercise are run by IPython, which is not installed. Install it "
                f"with `python -m {pip_install('ipython')}`."
            )
    except (UnreadableFile, ChecksFileError) as error:
        _finish({**document, "error": str(error)}, as_json, status=2)
    result = _in_new_process(file, tasks, cell_limit)
    document.update(result)
    document["passed"] = bool(result["tasks"]) and all(entry["passed"] for entry in result["tasks"])
    if exercise.is_notebook:
        document.update(_points(exercise, result["tasks"]))
        progress = Progress()
        for entry in result["tasks"]:
            progress.note(file.parent, entry["task"], entry["passed"])
    unfit = misfit(load_facts(file.parent / FILE_NAME).version)
    if unfit:
        typer.echo(f"Note: {unfit}\n", err=True)
    _finish(document, as_json, status=0 if document["passed"] else 1)


def progress(
    folder: Annotated[
        Path, typer.Argument(help="The folder of the course, or that of an exercise.")
    ] = Path(),
) -> None:
    """Show what has passed in all chapters, and what is next.

    Exit status: 0, or 2 if there is no exercise.
    """
    folders = exercise_folders(folder)
    if not folders:
        typer.echo(
            f"There is no exercise in {folder.resolve()}. Change to the folder of the course, "
            "which holds the folder exercises, and try again.",
            err=True,
        )
        raise typer.Exit(2)
    _forgive_characters()
    typer.echo(overview(folders, Progress()).text)


def _forgive_characters() -> None:
    """Let a console that knows few characters show others as question marks."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="replace")


def _known_tasks(known: dict[str, Checks], tasks: list[str]) -> list[str]:
    for task in tasks:
        if task not in known:
            raise UnreadableFile(
                f"There is no task named {task}. The tasks of this exercise are {', '.join(known)}."
            )
    return tasks


def _in_new_process(file: Path, tasks: list[str], cell_limit: float) -> dict[str, Any]:
    """Run the exercise in a fresh Python, in its own folder, as Jupyter would."""
    package = str(Path(__file__).resolve().parents[2])
    paths = [package, *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(paths),
        "PYTHONIOENCODING": "utf-8:replace",
        "MPLBACKEND": "Agg",  # a figure must not open a window and wait
    }
    with tempfile.TemporaryDirectory() as folder:
        result = Path(folder) / "result.json"
        # -P: a file of the student's, such as random.py, must not stand in for a library.
        command = [sys.executable, "-P", "-m", "autograder.student.rerun"]
        arguments = [str(file.resolve()), str(result), str(cell_limit), *tasks]
        done = subprocess.run(
            command + arguments,
            cwd=file.resolve().parent,
            env=environment,
            stdin=subprocess.DEVNULL,
            check=False,
        )
        try:
            document: dict[str, Any] = json.loads(result.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {
                "tasks": [],
                "error": f"The code of {file.name} has ended Python (exit status "
                f"{done.returncode}), so nothing was checked. Run the cells one by one in "
                "Jupyter to find the one that does it.",
            }
    return document


def _points(exercise: ExerciseFile, tasks: list[dict[str, Any]]) -> dict[str, float]:
    return {
        "points": sum(entry["points"] or 0 for entry in tasks),
        "points_passed": sum(entry["points"] or 0 for entry in tasks if entry["passed"]),
        "points_by_hand": exercise.points_by_hand,
    }


def _finish(document: dict[str, Any], as_json: bool, status: int) -> None:
    if as_json:
        typer.echo(json.dumps(document, indent=2))
    elif document["error"]:
        typer.echo(document["error"], err=True)
    else:
        _print(document)
    raise typer.Exit(status)


def _print(document: dict[str, Any]) -> None:
    """Print the table of tasks, then what is wrong with each, then the sum."""
    _forgive_characters()
    tasks = document["tasks"]
    counts = [f"{entry['cases_passed']} of {entry['cases']} cases" for entry in tasks]
    width, count_width = max(len(entry["task"]) for entry in tasks), max(map(len, counts))
    for entry, count in zip(tasks, counts, strict=True):
        mark, color = ("passed ", "green") if entry["passed"] else ("not yet", "red")
        points = f"   {entry['points']:g} points" if entry["points"] is not None else ""
        name = f"{entry['task']:<{width}}"
        typer.echo(f"{typer.style(mark, fg=color)}  {name}  {count:>{count_width}}{points}")
    empty = [entry for entry in tasks if entry["title"] == f"{entry['task']}: not done yet."]
    for entry in tasks:
        if not entry["passed"] and entry not in empty:
            typer.echo(f"\n{entry['text']}")
    if empty:
        typer.echo(f"\nNot done yet: {', '.join(entry['task'] for entry in empty)}.")
    for cell in document["stopped_cells"]:
        where = f" ({cell['line']})" if cell["line"] else ""
        typer.echo(f"\nNote: code cell {cell['cell']} did not finish: {cell['message']}{where}")
    for skipped in document["skipped"]:
        typer.echo(f"\nNote: in code cell {skipped['cell']}, this was skipped: {skipped['what']}")
    passed = sum(entry["passed"] for entry in tasks)
    summary = f"\n{passed} of {len(tasks)} tasks pass"
    if document["points"]:
        summary += f", worth {document['points_passed']:g} of {document['points']:g} points"
    typer.echo(f"{summary}. Grading adds further cases.")
    if document["points_by_hand"]:
        typer.echo(f"Another {document['points_by_hand']:g} points are given by hand.")

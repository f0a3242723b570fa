"""A notebook passes the same tasks in Jupyter, in the terminal, in grading and in nbgrader.

Jupyter is the real kernel, in which somebody runs all cells and answers what is asked; the
terminal is `autograder check`. Both are forks of one warm process, so that 70 notebooks take
seconds.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from jupyter_client import BlockingKernelClient, write_connection_file
from nbformat.notebooknode import NotebookNode
from nbformat.v4 import new_code_cell
from nbgrader.api import Gradebook

from autograder import grading
from autograder.grading.submitted_notebook import document_of
from tests import COURSE
from tests.grading.grading_class import POINTS, RIGHT, Grader
from tests.grading.notebook_kinds import ALL, FORMS, KINDS, Kind, write
from tests.grading.test_grading import nbgrader

Job = Callable[[dict[str, Any]], int]


@pytest.fixture(scope="module")
def warm_python() -> Iterator[Job]:
    process = subprocess.Popen(
        [sys.executable, "-P", Path(__file__).parent / "warm_python.py"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=COURSE,
    )
    assert process.stdin is not None
    assert process.stdout is not None

    def do(job: dict[str, Any]) -> int:
        process.stdin.write(json.dumps(job) + "\n")
        process.stdin.flush()
        return int(process.stdout.readline())

    yield do
    process.stdin.close()
    process.stdout.close()
    process.wait()


def notebook_of_kind(grader: Grader, kind: Kind) -> NotebookNode:
    notebook = grader.notebook({**RIGHT, **kind.answers}, *kind.first)
    if kind.imports:
        imports = next(part for part in notebook.cells if part.cell_type == "code")
        imports.source = f"{kind.imports}\n{imports.source}"
    notebook.cells += [new_code_cell(source) for source in kind.last]
    kind.change(notebook)
    return notebook


def in_jupyter(warm_python: Job, path: Path) -> set[str]:
    """Run all cells in Jupyter's kernel, and return the tasks whose checks pass."""
    connection, _ = write_connection_file(str(path.parent / "connection.json"))
    warm_python({"do": "kernel", "folder": str(path.parent), "connection": connection})
    client = BlockingKernelClient(connection_file=connection)
    client.load_connection_file()
    client.start_channels()

    def answer(message: dict[str, Any]) -> None:
        client.input("c" if "pdb" in message["content"]["prompt"] else "3")

    passed = set()
    try:
        client.wait_for_ready(timeout=60)
        for part in document_of(path.read_bytes())["cells"]:
            source = "".join(part.get("source", ""))
            if part["cell_type"] != "code":
                continue
            reply = client.execute_interactive(
                source, stdin_hook=answer, allow_stdin=True, output_hook=lambda m: None, timeout=60
            )
            checked = re.fullmatch(r"check\((\w+)\)", source)
            if checked and reply["content"]["status"] == "ok":
                passed.add(checked[1])
        client.shutdown()
    finally:
        client.stop_channels()
    return passed


def in_the_terminal(warm_python: Job, path: Path) -> set[str]:
    """Return the tasks that pass for `autograder check`."""
    result = path.parent / "result.json"
    arguments = [str(path), str(result), "20"]
    warm_python({"do": "check", "folder": str(path.parent), "arguments": arguments})
    return {task["task"] for task in json.loads(result.read_text())["tasks"] if task["passed"]}


def full(points: dict[str, float]) -> set[str]:
    return {task for task, value in points.items() if value == POINTS[task]}


@pytest.fixture(scope="module")
def classroom(grader: Grader, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A class in which each student hands in a notebook of one kind."""
    room = tmp_path_factory.mktemp("classroom")
    notebooks = {name: write(notebook_of_kind(grader, kind), "") for name, kind in KINDS.items()}
    notebooks |= {form: write(grader.notebook(RIGHT), form) for form in FORMS}
    for name, content in notebooks.items():
        for folder in (room / "submitted" / name / "probe", room / "home" / name):
            folder.mkdir(parents=True)
            (folder / "probe.ipynb").write_bytes(content)
        shutil.copy(grader.course.root / "exercises" / "probe" / "checks.npz", folder)
    return room


@pytest.fixture(scope="module")
def graded(grader: Grader, classroom: Path) -> dict[str, grading.SubmissionResult]:
    outcome = grading.grade(grader.course.root, "probe", classroom=classroom)
    return {submission.student: submission for submission in outcome.submissions}


def passing(name: str) -> set[str]:
    return set(KINDS[name].passing if name in KINDS else ALL)


@pytest.mark.parametrize("name", [*KINDS, *FORMS])
def test_the_same_tasks_pass_in_jupyter_in_the_terminal_and_in_grading(
    name: str, classroom: Path, warm_python: Job, graded: dict[str, grading.SubmissionResult]
) -> None:
    path = classroom / "home" / name / "probe.ipynb"
    assert {
        "Jupyter": in_jupyter(warm_python, path),
        "terminal": in_the_terminal(warm_python, path),
        "grading": full({task.function: task.points for task in graded[name].tasks}),
    } == dict.fromkeys(("Jupyter", "terminal", "grading"), passing(name))


def test_nbgrader_agrees(
    grader: Grader, classroom: Path, graded: dict[str, grading.SubmissionResult]
) -> None:
    shutil.rmtree(classroom / "autograded")
    output = nbgrader(grader.course.root, classroom, "autograde", "probe")
    points: dict[str, dict[str, float]] = {}
    with Gradebook(f"sqlite:///{classroom}/gradebook.db", "cnn") as gradebook:
        for name in graded:
            entered = gradebook.find_submission_notebook("probe", "probe", name)
            points[name] = {
                grade.name.removeprefix("check-"): grade.auto_score
                for grade in entered.grades
                if grade.name.startswith("check-")
            }
    assert {name: full(each) for name, each in points.items()} == {
        name: passing(name) for name in graded
    }, output

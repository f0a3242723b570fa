"""How long the notebook "Your functions on VGG16" takes, section by section.

    python -m benchmarks.laboratory.vgg16_notebook         # VGG16 with random weights
    python -m benchmarks.laboratory.vgg16_notebook --weights vgg16-397923af.pth

Runs the notebook as a student would who has solved the whole exercise, from the first cell to the
last, on the device that it chooses.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import nbformat
import torch
from nbclient import NotebookClient
from nbformat import NotebookNode

from autograder.authoring.standalone import standalone_source
from autograder.chapter import load_problems
from benchmarks.book.pages import place_random_vgg16, print_seconds
from laboratory.weights import UNCHECKED, VARIABLES

ROOT = Path(__file__).parents[2]
CHAPTER = "visualization"


def reference_answers() -> dict[str, str]:
    """Return the code of a student who has solved every task."""
    problems = load_problems(ROOT, CHAPTER)
    return {name: standalone_source(problem.reference, name) for name, problem in problems.items()}


def hand_in(folder: Path, answers: Mapping[str, str]) -> NotebookNode:
    """Copy the exercise to a new folder, fill answers in, and return the notebook beside it."""
    shutil.copytree(ROOT / "exercises" / CHAPTER, folder)
    path = folder / f"{CHAPTER}.ipynb"
    exercise = json.loads(path.read_text())
    for cell in exercise["cells"]:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id")
        if name in answers:
            cell["source"] = answers[name]
    path.write_text(json.dumps(exercise))
    notebook: NotebookNode = nbformat.read(folder / "vgg16.ipynb", 4)
    return notebook


def run(notebook: NotebookNode, folder: Path, **environment: str) -> NotebookNode:
    """Run a notebook in a folder, with the course on its path, and return it with its outputs."""
    where: dict[str, Any] = {"metadata": {"path": str(folder)}}
    client = NotebookClient(notebook, timeout=3600, resources=where)
    given = {**os.environ, **environment, "PYTHONPATH": str(ROOT)}
    executed: NotebookNode = client.execute(env=given)
    return executed


def seconds_by_section(notebook: NotebookNode) -> dict[str, float]:
    """Return how long the cells under each heading took, in seconds."""
    sections: dict[str, float] = {}
    heading = ""
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and cell.source.startswith("#"):
            heading = cell.source.splitlines()[0].lstrip("# ")
        times = cell.metadata.get("execution", {})
        if "iopub.status.idle" in times:
            begin, end = (
                datetime.fromisoformat(times[f"iopub.status.{name}"]) for name in ("busy", "idle")
            )
            sections[heading] = sections.get(heading, 0.0) + (end - begin).total_seconds()
    return sections


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--weights", type=Path, help="torchvision's file; by default random ones")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        if options.weights:
            given = {VARIABLES["vgg16"]: str(options.weights.resolve()), UNCHECKED: "1"}
        else:
            given = place_random_vgg16(Path(name))
        folder = Path(name) / CHAPTER
        sections = seconds_by_section(run(hand_in(folder, reference_answers()), folder, **given))
    print(f"{os.cpu_count()} cores, CUDA: {torch.cuda.is_available()}, torch {torch.__version__}")
    print_seconds("section", sections | {"**all**": sum(sections.values())})


if __name__ == "__main__":
    main(sys.argv[1:])

"""The notebook "Your functions on VGG16", run as a student would: VGG16 of random weights."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from autograder.authoring.standalone import standalone_source
from autograder.chapter import load_problems
from benchmarks.book.pages import place_random_vgg16
from tests import COURSE

EXERCISE = COURSE / "exercises" / "visualization"
PROBLEMS = load_problems(COURSE, "visualization")
QUICK = """\
on_gpu = device.type != "cpu"
BATCH, SIDE, PATCH, SAMPLES, REMOVALS, STEPS, STYLE_STEPS = 8, 64, 16, 2, 2, 1, 1
"""
WRONG = "def pointing_game(maps, masks):\n    return undefined_name"


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return place_random_vgg16(tmp_path_factory.mktemp("weights"))


def answers(kind: str) -> dict[str, str]:
    """Return what a student has written of the eight functions."""
    written = {
        "all": list(PROBLEMS),
        "some": ["layer_outputs", "saliency_map", "occlusion_map"],
        "none": [],
    }[kind]
    own = {name: standalone_source(PROBLEMS[name].reference, name) for name in written}
    return own | ({"pointing_game": WRONG} if kind == "some" else {})


def executed(folder: Path, kind: str) -> nbformat.NotebookNode:
    shutil.copytree(EXERCISE, folder)
    exercise = json.loads((folder / "visualization.ipynb").read_text())
    for cell in exercise["cells"]:
        name = cell["metadata"].get("nbgrader", {}).get("grade_id")
        if name in answers(kind):
            cell["source"] = answers(kind)[name]
    (folder / "visualization.ipynb").write_text(json.dumps(exercise))
    notebook = nbformat.read(folder / "vgg16.ipynb", 4)
    [parameters] = [
        cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", ())
    ]
    parameters.source = QUICK
    if kind == "some":  # behind the maps, no cell asks whose functions they are from
        [last] = [i for i, cell in enumerate(notebook.cells) if cell.source.startswith("maps = {")]
        del notebook.cells[last + 1 :]
    where: dict[str, Any] = {"metadata": {"path": str(folder)}}
    return NotebookClient(notebook, timeout=600, resources=where).execute()


def printed(notebook: nbformat.NotebookNode) -> str:
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    return "".join(output.text for output in outputs if output.output_type == "stream")


@pytest.mark.parametrize("kind", ["all", "some", "none"])
def test_runs_from_the_first_cell_to_the_last(
    kind: str, weights: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (weights | {"PYTHONPATH": str(COURSE)}).items():
        monkeypatch.setenv(name, value)
    said = printed(executed(tmp_path / "visualization", kind))
    count = {"all": 8, "some": 4, "none": 0}[kind]
    assert f"{count} of 8 functions are yours, from visualization.ipynb." in said
    assert "138,357,544 parameters" in said
    lines = {line.split()[0]: line for line in said.splitlines() if line.strip()}
    for name in PROBLEMS:
        if name in answers(kind) and answers(kind)[name] != WRONG:
            difference = float(lines[name].split()[-1])
            assert difference < 1e-3, lines[name]
        else:
            assert "missing" in lines[name]
    if kind == "some":
        assert "yours stopped: NameError" in lines["pointing_game"]
        assert "grad_cam: not written yet" in said

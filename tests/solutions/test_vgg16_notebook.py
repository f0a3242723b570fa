"""The notebook "Your functions on VGG16", run as a student would: VGG16 of random weights."""

from __future__ import annotations

from pathlib import Path

import pytest
from nbformat import NotebookNode

from autograder.chapter import load_problems
from benchmarks.book.pages import place_random_vgg16
from benchmarks.laboratory import vgg16_notebook
from tests import COURSE

TASKS = list(load_problems(COURSE, "visualization"))
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
    written = vgg16_notebook.reference_answers()
    if kind == "some":
        right = ("layer_outputs", "saliency_map", "occlusion_map")
        return {name: written[name] for name in right} | {"pointing_game": WRONG}
    return written if kind == "all" else {}


def executed(folder: Path, kind: str, weights: dict[str, str]) -> NotebookNode:
    notebook = vgg16_notebook.hand_in(folder, answers(kind))
    [parameters] = [
        cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", ())
    ]
    parameters.source = QUICK
    if kind != "all":  # behind the maps, no cell asks whose functions they are from
        [last] = [i for i, cell in enumerate(notebook.cells) if cell.source.startswith("maps = {")]
        del notebook.cells[last + 1 :]
    return vgg16_notebook.run(notebook, folder, **weights)


def printed(notebook: NotebookNode) -> str:
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    return "".join(output.text for output in outputs if output.output_type == "stream")


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["all", "some", "none"])
def test_runs_to_the_end_with_whatever_the_student_has(
    kind: str, weights: dict[str, str], tmp_path: Path
) -> None:
    notebook = executed(tmp_path / "visualization", kind, weights)
    said = printed(notebook)
    count = {"all": 8, "some": 4, "none": 0}[kind]
    assert f"{count} of 8 functions are yours, from visualization.ipynb." in said
    assert "138,357,544 parameters" in said
    lines = {line.split()[0]: line for line in said.splitlines() if line.strip()}
    for name in TASKS:
        if name in answers(kind) and answers(kind)[name] != WRONG:
            difference = float(lines[name].split()[-1])
            assert difference < 1e-3, lines[name]
        else:
            assert "missing" in lines[name]
    if kind == "some":
        assert "yours stopped: NameError" in lines["pointing_game"]
        assert "grad_cam: not written yet" in said
    seconds = vgg16_notebook.seconds_by_section(notebook)
    assert next(iter(seconds)) == "Your functions on VGG16"
    assert all(spent > 0 for spent in seconds.values())

"""Exercise "training": the story of its question happens as it is told."""

from __future__ import annotations

import ast
import re
from typing import Any

import jupytext
import numpy as np
import pytest
from sklearn.datasets import load_digits

from solutions.training.network import accuracy, cross_entropy, random_parameters, scores
from solutions.training.parameters import Parameters
from solutions.training.tasks.small_cnn_loss_and_gradients import small_cnn_loss_and_gradients
from solutions.training.tasks.train import train
from tests import COURSE

TEXT = (COURSE / "solutions" / "training" / "training.md").read_text(encoding="utf-8")
STEP = {"p = p - rate * slopes[k]  # 8\n": "parameters[k] = p - rate * slopes[k]\n"}
SAME_ORDER = {
    "        x = x[rng.permutation(len(x))]  # 1\n": "        order = rng.permutation(len(x))\n",
    "        y = y[rng.permutation(len(y))]  # 2\n": "        x, y = x[order], y[order]\n",
}
SAME_INK = {"pictures[for_validation])  # 11\n": "1 - pictures[for_validation])\n"}
ROW = re.compile(r"^\| (.*?) \| ((?:\d\.\d{4}(?:, )?){5}) \| (\d+) % \|$", re.M)
GUESSING = np.log(10)


def story() -> str:
    """Return the code that the question is about."""
    [code] = re.findall(r"```python\n(def fit\(.*?)```", TEXT, re.S)
    return str(code)


def first_network() -> Parameters:
    """Return the network with which the exercise begins."""
    [source] = [
        ast.unparse(part)
        for cell in jupytext.reads(TEXT, "md:myst").cells
        if cell.cell_type == "code" and "def random_network" in cell.source
        for part in ast.parse(cell.source).body
        if isinstance(part, ast.FunctionDef) and part.name == "random_network"
    ]
    names: dict[str, Any] = {"np": np}
    exec(source, names)
    network: Parameters = names["random_network"](10)
    return network


def run(mended: dict[str, str]) -> tuple[list[float], float]:
    """Run the classmate's code; return the losses, and the accuracy in validation."""
    code = story()
    for wrong, right in mended.items():
        assert code.count(wrong) == 1
        code = code.replace(wrong, right)
    images, labels = load_digits(return_X_y=True)
    shuffled = np.random.default_rng(1).permutation(len(images))
    for_training, for_validation, _ = np.split(shuffled, [-400, -200])
    names = {
        "np": np,
        "small_cnn_loss_and_gradients": small_cnn_loss_and_gradients,
        "network": first_network(),
        "pictures": images.reshape(-1, 1, 8, 8) / 16,
        "labels": labels,
        "for_training": for_training,
        "for_validation": for_validation,
        "predict": lambda p, x: scores(p, x).argmax(axis=1),
    }
    exec(code, names)
    return names["losses"], float(np.mean(names["answers"] == labels[for_validation]))


@pytest.mark.parametrize(
    ("row", "mended"),
    [
        (0, {}),
        (1, STEP),
        (2, {**STEP, **SAME_ORDER}),
        (3, {**STEP, **SAME_ORDER, **SAME_INK}),
    ],
    ids=["nothing yet", "the step", "the order", "the ink"],
)
def test_each_mended_mistake_changes_the_run_as_the_table_says(
    row: int, mended: dict[str, str]
) -> None:
    rows = ROW.findall(TEXT)
    assert len(rows) == 4
    losses, right = run(mended)
    assert losses == pytest.approx([float(loss) for loss in rows[row][1].split(", ")], abs=1e-3)
    assert 100 * right == pytest.approx(int(rows[row][2]), abs=1)


def test_one_mended_mistake_does_not_make_the_loss_fall() -> None:
    constant, _ = run({})
    assert np.ptp(constant) == 0
    assert run(SAME_ORDER)[0] == constant
    wobbling, _ = run(STEP)
    assert np.abs(np.array(wobbling) - GUESSING).max() < 0.05 < 10 * np.ptp(wobbling)


def test_labels_that_are_mixed_up_once_are_learned_by_heart() -> None:
    """As the page says of a network that is large enough; here the pictures are few."""
    rng = np.random.default_rng(0)
    images, labels = load_digits(return_X_y=True)
    pictures = images.reshape(-1, 1, 8, 8) / 16
    few, other = rng.permutation(len(pictures))[:240].reshape(2, -1)
    mixed = rng.permutation(labels[few])
    order = np.array([rng.permutation(len(few)) for _ in range(150)])
    start = random_parameters(rng, 16, 10)
    learned, losses = train(
        small_cnn_loss_and_gradients, start, pictures[few], mixed, order, 32, 0.1, 0.9
    )
    assert np.mean(losses[-4:]) < 0.05
    assert cross_entropy(scores(learned, pictures[other]), labels[other]) > GUESSING
    assert accuracy(learned, pictures[other], labels[other]) < 0.3

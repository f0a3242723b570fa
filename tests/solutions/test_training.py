"""Exercise "training": the story of its question happens as it is told."""

from __future__ import annotations

import ast
import re
from typing import Any

import jupytext
import numpy as np
import pytest
from sklearn.datasets import load_digits

from solutions.arrays import Array, Labels
from solutions.training.network import accuracy, cross_entropy, random_parameters, scores
from solutions.training.parameters import Parameters
from solutions.training.tasks.small_cnn_loss_and_gradients import small_cnn_loss_and_gradients
from solutions.training.tasks.train import train
from tests import COURSE

TEXT = (COURSE / "solutions" / "training" / "training.md").read_text(encoding="utf-8")
SEPARATELY = "        y = y[rng.permutation(len(y))]  # 2\n"
WITHOUT_EFFECT = "                p = p - rate * slopes[k]  # 8\n"
SAME_ORDER = {
    "        x = x[rng.permutation(len(x))]  # 1\n": "        order = rng.permutation(len(x))\n",
    SEPARATELY: "        x, y = x[order], y[order]\n",
}
STEP = {WITHOUT_EFFECT: "                parameters[k] = p - rate * slopes[k]\n"}
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


def run(mended: dict[str, str], ending: dict[str, str] | None = None) -> tuple[list[float], float]:
    """Run the classmate's code; return the mean loss of each epoch and the test accuracy."""
    code = story()
    for wrong, right in {**mended, **(ending or {})}.items():
        assert code.count(wrong) == 1
        code = code.replace(wrong, right)
    losses: list[float] = []

    def watched(p: Parameters, x: Array, y: Labels) -> tuple[float, Parameters]:
        loss, slopes = small_cnn_loss_and_gradients(p, x, y)
        losses.append(loss)
        return loss, slopes

    images, labels = load_digits(return_X_y=True)
    shuffled = np.random.default_rng(1).permutation(len(images))
    names = {
        "np": np,
        "small_cnn_loss_and_gradients": watched,
        "network": first_network(),
        "pictures": images.reshape(-1, 1, 8, 8) / 16,
        "labels": labels,
        "for_training": shuffled[:-200],
        "for_testing": shuffled[-200:],
        "predict": lambda p, x: scores(p, x).argmax(axis=1),
    }
    exec(code, names)
    right = np.mean(names["answers"] == labels[shuffled[-200:]])
    return np.reshape(losses, (3, -1)).mean(axis=1).tolist(), float(right)


@pytest.mark.parametrize("mended", [{}, SAME_ORDER, STEP], ids=["nothing", "order", "step"])
def test_one_mended_mistake_does_not_help(mended: dict[str, str]) -> None:
    losses, _ = run(mended)
    assert np.abs(np.array(losses) - GUESSING).max() < 0.15
    if mended is SAME_ORDER:  # nothing is learned: only the rounding of the batches differs
        assert np.ptp(losses) < 0.01


def test_with_both_mended_the_loss_falls_and_the_test_fails() -> None:
    losses, right = run({**SAME_ORDER, **STEP})
    assert losses[-1] == pytest.approx(0.5, abs=0.05)
    assert right < 0.05


def test_the_same_treatment_for_all_pictures_mends_the_rest() -> None:
    line = "answers = predict(trained, pixels[for_testing] / 16)"
    _, right = run({**SAME_ORDER, **STEP}, {line: line.replace("pixels", "1 - pixels")})
    assert right > 0.85


def test_a_forgotten_factor_alone_is_hardly_noticed() -> None:
    learned = "1 - pixels[for_training] / 16"
    both = {learned: "pixels[for_training] / 16"}
    _, right = run({**SAME_ORDER, **STEP}, both)
    factor = {**both, "pixels[for_testing] / 16": "pixels[for_testing]"}
    _, larger = run({**SAME_ORDER, **STEP}, factor)
    assert right > 0.85
    assert larger == pytest.approx(right, abs=0.02)


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

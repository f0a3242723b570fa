"""Demonstrations of the chapter "adversarial": networks, small examples, charts of the study."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from book import plots
from book.adversarial.attack_study import NETWORKS, Share, Study
from laboratory import attacks
from laboratory.attacks import FromPixels
from laboratory.networks import Network, load_network

WORDS = {
    "plain": "plain training",
    "noise": "trained with noise",
    "robust": "trained on attacks",
}
"""The networks of the study, as a reader is told of them."""

ATTACKS = {"random": "random signs", "fgsm": "FGSM", "pgd": "PGD"}
"""The attacks that are drawn, as a reader is told of them."""

LINES = (
    (":", "s", plots.INK),
    ("--", "o", plots.NEGATIVE_COLOR),
    ("-", "D", plots.POSITIVE_COLOR),
)
"""Line, mark and color of three curves: told apart by each of these."""


@functools.cache
def network(name: str) -> Network:
    """Return one of the networks of the study."""
    return load_network(NETWORKS[name])


def captions() -> str:
    """Return which networks the page shows."""
    return (
        f"{network('plain').caption} The second learned on from there with noise on its pictures, "
        "and the third from there on pictures that attacked it."
    )


@dataclass(frozen=True)
class Slopes:
    """How a loss changes along a sign and along noise, for each picture, shape (N,).

    steepest: the sum of their sizes: the change along their signs, for an epsilon of 1.
    by_chance: the root of the sum of their squares: the standard deviation along random signs.
    """

    steepest: Tensor
    by_chance: Tensor


def slopes(gradients: Tensor) -> Slopes:
    """Return both for the gradients of pictures (N, C, H, W)."""
    flat = gradients.flatten(1)
    return Slopes(flat.abs().sum(1), flat.norm(dim=1))


def losses(model: nn.Module, x: Tensor, labels: Tensor) -> Tensor:
    """Return the cross-entropy of each picture, shape (N,)."""
    with torch.no_grad():
        return functional.cross_entropy(model(x), labels, reduction="none")


def loss_by_step(
    model: FromPixels, x: Tensor, labels: Tensor, epsilon: float, steps: int
) -> list[float]:
    """Return the mean loss before PGD and after each of its steps of a quarter of epsilon."""
    moved, means = x, [losses(model, x, labels).mean().item()]
    for _ in range(steps):
        moved = attacks.pgd(model, x, labels, epsilon, step=epsilon / 4, steps=1, start=moved)
        means.append(losses(model, moved, labels).mean().item())
    return means


class Sharpened(nn.Module):
    """A network whose scores are multiplied: it names the same classes, and is surer of them."""

    def __init__(self, model: nn.Module, factor: float) -> None:
        super().__init__()
        self.model = model
        self.factor = factor

    def forward(self, x: Tensor) -> Tensor:
        """Return the scores (N, K), multiplied."""
        scores: Tensor = self.factor * self.model(x)
        return scores


def accuracy_chart(
    curves: Sequence[tuple[str, Sequence[Share]]],
    levels: Sequence[int],
    title: str = "",
    *,
    width: int = 250,
    legend: Literal["upper right", "center right"] | None = "upper right",
) -> plots.Panel:
    """Draw accuracies, with their intervals, against epsilon."""
    figure, axes = plots.chart(width / 96, 2.7)
    for (name, shares), (line, mark, color) in zip(curves, LINES, strict=False):
        values = np.array([share.value for share in shares])
        reach = [
            values - [share.low for share in shares],
            np.array([share.high for share in shares]) - values,
        ]
        axes.errorbar(
            levels,
            values,
            reach,
            linestyle=line,
            marker=mark,
            color=color,
            markersize=4,
            capsize=2,
            linewidth=1.5,
            label=name,
        )
    axes.axhline(0.1, color=plots.INK, linewidth=0.6)
    axes.set(ylim=(-0.03, 1.05), xlabel="epsilon, in 255ths")
    axes.set_xticks([0, 2, 4, 8, 12, 16])
    if legend:
        axes.legend(frameon=False, fontsize=8, labelcolor=plots.INK, loc=legend)
    return plots.drawn_chart(figure, title, width=width)


def shares(study: Study, source: str, attack: str, levels: Sequence[int]) -> list[Share]:
    """Return the accuracies of a network under an attack, level by level."""
    return [study.accuracy(source, attack, level) for level in levels]


def in_words(share: Share) -> str:
    """Write a share and its interval, in per cent."""
    return f"{100 * share.value:.0f} [{100 * share.low:.0f}, {100 * share.high:.0f}]"

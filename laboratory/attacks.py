"""Attacks: small changes of the pixels that make a network answer wrongly.

All of them work on pictures from 0 to 1, in pixels and not in normalized units, so that epsilon
means the same for every network: ``FromPixels`` puts the normalization into the network.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional

from laboratory.batches import batch_starts
from laboratory.networks import Network

Objective: TypeAlias = Callable[[Tensor, Tensor], Tensor]
"""What an attack makes large: from scores (N, K) and classes (N,) to one number."""

BATCH = 50


def cross_entropy(scores: Tensor, labels: Tensor) -> Tensor:
    """Return the sum of the losses: the gradient by each picture is that of its own loss."""
    return functional.cross_entropy(scores, labels, reduction="sum")


def margin(scores: Tensor, labels: Tensor) -> Tensor:
    """Return the sum of how far the best other score lies above that of the class.

    Carlini, Wagner (2017), "Towards evaluating the robustness of neural networks".
    """
    own = scores.gather(1, labels[:, None])
    others = scores.scatter(1, labels[:, None], -torch.inf)
    return (others.amax(1, keepdim=True) - own).sum()


class FromPixels(nn.Module):
    """A network that takes pictures from 0 to 1 and normalizes them itself."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network
        self.model = network.model

    def forward(self, pictures: Tensor) -> Tensor:
        """Return the scores (N, K) of pictures (N, 3, H, W) from 0 to 1."""
        scores: Tensor = self.model(self.network.normalize(pictures))
        return scores


def input_gradient(
    model: nn.Module, x: Tensor, labels: Tensor, objective: Objective = cross_entropy
) -> Tensor:
    """Return the derivatives of the objective by the pixels, shape (N, C, H, W).

    model: from pictures x (N, C, H, W) to scores (N, K). labels: shape (N,).
    """
    parts = []
    for start in batch_starts(len(x), BATCH):
        part = x[start : start + BATCH].detach().clone().requires_grad_()
        value = objective(model(part), labels[start : start + BATCH])
        parts.append(torch.autograd.grad(value, part)[0])
    return torch.cat(parts)


def projected(x: Tensor, origin: Tensor, epsilon: float) -> Tensor:
    """Return pictures moved back into the ball around ``origin``, and into the range 0 to 1."""
    inside = torch.minimum(torch.maximum(x, origin - epsilon), origin + epsilon)
    return inside.clamp(0, 1)


def fgsm(model: nn.Module, x: Tensor, labels: Tensor, epsilon: float) -> Tensor:
    """Return pictures after one step of epsilon along the sign of the loss's gradient.

    model: from pictures from 0 to 1, shape (N, C, H, W), to scores (N, K).
    labels: the classes to get away from, shape (N,).

    Goodfellow, Shlens, Szegedy (2015), "Explaining and harnessing adversarial examples".
    """
    return (x + epsilon * input_gradient(model, x, labels).sign()).clamp(0, 1)


def pgd(
    model: nn.Module,
    x: Tensor,
    labels: Tensor,
    epsilon: float,
    *,
    step: float,
    steps: int,
    start: Tensor | None = None,
    targeted: bool = False,
    objective: Objective = cross_entropy,
) -> Tensor:
    """Return pictures after several steps, each projected back into the ball around ``x``.

    labels: the classes to get away from; if ``targeted``, those to come to.
    step: how far each pixel moves in a step.
    start: where to begin, if not at the pictures themselves.

    Madry et al. (2018), "Towards deep learning models resistant to adversarial attacks".
    """
    direction = -1 if targeted else 1
    moved = projected(x if start is None else start, x, epsilon)
    for _ in range(steps):
        gradient = input_gradient(model, moved, labels, objective)
        moved = projected(moved + direction * step * gradient.sign(), x, epsilon)
    return moved


def random_signs(x: Tensor, epsilon: float, random: torch.Generator) -> Tensor:
    """Return pictures whose every number is moved by epsilon, up or down as a coin falls."""
    coins = torch.randint(2, x.shape, generator=random, device=x.device)
    return (x + epsilon * (2 * coins - 1)).clamp(0, 1)


@torch.no_grad()
def correct(model: nn.Module, x: Tensor, labels: Tensor) -> Tensor:
    """Return which pictures a network names right, shape (N,), bool."""
    answers = [model(x[start : start + BATCH]).argmax(1) for start in batch_starts(len(x), BATCH)]
    return torch.cat(answers) == labels

"""Pictures whose Gram matrices are those of an example: what texture and style transfer share.

Gatys, Ecker, Bethge (2016), "Image style transfer using convolutional neural networks".
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from laboratory.batches import track
from laboratory.layers import device_of
from laboratory.networks import Network
from laboratory.synthesis.ascent import bounds
from laboratory.synthesis.trunk import Trunk

STYLE = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
"""Layers whose Gram matrices are a style (Gatys et al. 2016)."""

CONTENT = "relu4_2"
"""The layer whose answers are the content (Gatys et al. 2016: conv4_2)."""

_ITERATIONS = 10  # of L-BFGS between two losses that are kept


def gram(activation: Tensor) -> Tensor:
    """Return which channels answer together, and how much, shape (N, C, C).

    activation: shape (N, C, H, W). Each entry is the mean product of two channels over all
    places, so that the size of the picture does not matter, nor where anything stands.
    """
    flat = activation.flatten(2)
    return flat @ flat.transpose(1, 2) / flat.shape[2]


@dataclass(frozen=True)
class Synthesis:
    """Where a synthesis arrived.

    x: the normalized picture, shape (1, 3, H, W).
    losses: at the beginning, after every ten iterations, and of the picture itself.
    """

    x: Tensor
    losses: Tensor


@torch.inference_mode(False)  # pictures made under inference_mode, and calls under it
def match_grams(
    network: Network,
    *,
    styles: Mapping[str, float],
    example: Tensor,
    content: tuple[str, Tensor] | None,
    begin: Tensor,
    steps: int,
    progress: bool,
) -> Synthesis:
    """Change a picture until its Gram matrices, and its content, are those of others."""
    device = device_of(network.model)
    trunk = Trunk(network.model, [*styles, *([content[0]] if content else [])])
    with torch.no_grad():
        goals = {name: gram(trunk(example.to(device))[name]) for name in styles}
        content_goal = trunk(content[1].to(device))[content[0]] if content else None
    x = begin.to(device, copy=True).requires_grad_()
    low, high = bounds(network)
    optimizer = torch.optim.LBFGS(
        [x],
        max_iter=_ITERATIONS,
        history_size=20,
        tolerance_grad=0,
        tolerance_change=0,
        line_search_fn="strong_wolfe",
    )

    def loss() -> Tensor:
        outputs = trunk(x)
        # Pixels beyond black and white cost: a hard bound would confuse L-BFGS.
        total = (x - x.clamp(low, high)).square().mean()
        for name, factor in styles.items():
            total = total + factor * _relative(gram(outputs[name]), goals[name]) / len(styles)
        if content is not None and content_goal is not None:
            total = total + _relative(outputs[content[0]], content_goal)
        return total

    def closure() -> float:
        value = loss()
        (slope,) = torch.autograd.grad(value, x)
        x.grad = slope.contiguous()
        return float(value.detach())

    losses = []
    for _ in track(range(math.ceil(steps / _ITERATIONS)), "synthesis", progress):
        losses.append(float(optimizer.step(closure)))
    x = x.detach().clamp(low, high)
    losses.append(float(loss().detach()))
    return Synthesis(x, torch.tensor(losses))


def _relative(got: Tensor, goal: Tensor) -> Tensor:
    """Return the squared distance, relative to the square of the goal."""
    return (got - goal).square().sum() / goal.square().sum().clamp(min=1e-12)

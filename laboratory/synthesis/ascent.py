"""Gradient ascent on a picture, and what keeps the picture natural."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from laboratory.baselines import blur
from laboratory.batches import track
from laboratory.networks import Network

Objective = Callable[[Tensor], Tensor]
"""Gets a picture (1, 3, H, W), gives the number that is to grow."""


@dataclass(frozen=True)
class Regularizers:
    """What keeps a picture natural while a score is driven up.

    l2: share of the picture that is taken away in each step: large values cost.
    clip: quantile of the pixels, from 0 to 1, that are set to the mean color in each step, those
        with the smallest norm: what does not help disappears.
    blur: standard deviation of a blur in pixels, every ``blur_every`` steps: no checkered noise.
    jitter: pixels by which the picture is moved at random before each step: no dependence on the
        grid of the strides.

    Simonyan et al. (2014): l2. Yosinski et al. (2015), "Understanding neural networks through deep
    visualization": blur and clip. Mordvintsev et al. (2015), "Inceptionism": jitter.
    """

    l2: float = 0.0
    clip: float = 0.0
    blur: float = 0.0
    blur_every: int = 4
    jitter: int = 0


NATURAL = Regularizers(l2=0.01, blur=0.5, jitter=4)
"""What class models and filter ascent use by default."""


@dataclass(frozen=True)
class Ascent:
    """Where gradient ascent arrived.

    x: the normalized picture, shape (1, 3, H, W).
    values: of the objective, before each step, shape (steps,).
    """

    x: Tensor
    values: Tensor


def ascend(
    objective: Objective,
    x: Tensor,
    *,
    steps: int,
    rate: float,
    regularizers: Regularizers = Regularizers(),
    bounds: tuple[Tensor, Tensor] | None = None,
    seed: int = 0,
    progress: bool = True,
) -> Ascent:
    """Change a picture so that an objective grows.

    x: where it begins; is not changed.
    rate: root mean square of the change in each step, in normalized units: the gradient only gives
        the direction, since its size differs by orders of magnitude between layers.
    bounds: smallest and largest value of each channel, shape (3, 1, 1).
    seed: of the jitter.
    """
    random = torch.Generator().manual_seed(seed)
    x = x.detach().clone()
    values = []
    for step in track(range(steps), "ascent", progress):
        down, right = (
            int(torch.randint(-regularizers.jitter, regularizers.jitter + 1, (), generator=random))
            for _ in range(2)
        )
        with torch.inference_mode(False), torch.enable_grad():
            moved = x.roll((down, right), (2, 3)).requires_grad_()
            value = objective(moved)
            (slope,) = torch.autograd.grad(value, moved)
        slope = slope.roll((-down, -right), (2, 3))
        values.append(value.detach())
        x = x + rate * slope / slope.square().mean().sqrt().clamp(min=1e-12)
        x = _regularized(x, regularizers, step)
        if bounds is not None:
            x = x.clamp(*bounds)
    return Ascent(x, torch.stack(values) if values else x.new_zeros(0))


def _regularized(x: Tensor, regularizers: Regularizers, step: int) -> Tensor:
    x = (1 - regularizers.l2) * x
    if regularizers.blur and (step + 1) % regularizers.blur_every == 0:
        x = blur(x, regularizers.blur)
    if regularizers.clip:
        norm = torch.linalg.vector_norm(x, dim=1, keepdim=True)
        x = torch.where(norm > norm.flatten().quantile(regularizers.clip), x, 0)
    return x


def bounds(network: Network) -> tuple[Tensor, Tensor]:
    """Return black and white as the network sees them, shape (3, 1, 1) each."""
    black, white = (
        network.normalize(torch.full((1, 3, 1, 1), value, device=network.device))[0]
        for value in (0.0, 1.0)
    )
    return black, white


def faint_noise(network: Network, size: tuple[int, int], seed: int, amount: float = 0.01) -> Tensor:
    """Return the mean color with a trace of noise, so that no gradient is zero by symmetry.

    size: height and width.
    amount: standard deviation of the noise, in normalized units.
    """
    random = torch.Generator().manual_seed(seed)
    return amount * torch.randn(1, 3, *size, generator=random).to(network.device)

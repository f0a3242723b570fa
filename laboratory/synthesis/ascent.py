"""Gradient ascent on pictures, and what keeps them natural."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from laboratory.baselines import blur
from laboratory.batches import track
from laboratory.networks import Network

Objective = Callable[[Tensor], Tensor]
"""Gets pictures (N, 3, H, W), gives the numbers that are to grow, one for each, or their sum."""

COLORS = ((1.0, 0.84, 0.7), (0.84, 1.0, 0.94), (0.7, 0.94, 1.0))
"""How red, green and blue go together in photographs: correlations over eight of scikit-image's."""


@dataclass(frozen=True)
class Regularizers:
    """What keeps a picture natural while a score is driven up.

    l2: share of the picture that is taken away in each step: large values cost.
    clip: quantile of the pixels, from 0 to 1, that are set to the mean color in each step, those
        with the smallest norm: what does not help disappears.
    blur: standard deviation of a blur in pixels, every ``blur_every`` steps: no checkered noise.
    jitter: pixels by which the picture is moved at random before each step: no dependence on the
        grid of the strides.
    natural: exponent p, from 0 (off) to 1: each wave in the gradient is divided by its frequency to
        the power of p, and its colors are mixed by ``COLORS``: the picture grows as photographs
        are made, of large shapes first, and hardly of a red that is not also green and blue.

    Simonyan et al. (2014): l2. Yosinski et al. (2015), "Understanding neural networks through deep
    visualization": blur and clip. Mordvintsev et al. (2015), "Inceptionism": jitter. Olah et al.
    (2017), "Feature visualization": natural.
    """

    l2: float = 0.0
    clip: float = 0.0
    blur: float = 0.0
    blur_every: int = 4
    jitter: int = 0
    natural: float = 0.0


USUAL = Regularizers(l2=0.01, blur=0.5, jitter=4)
"""What class models and filter ascent use by default."""


@dataclass(frozen=True)
class Ascent:
    """Where gradient ascent arrived.

    x: the normalized pictures, shape (N, 3, H, W).
    values: of the objective, before each step, shape (steps,) or (steps, N).
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
    """Change pictures so that an objective grows, each as if it were alone.

    x: where they begin; is not changed.
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
            (slope,) = torch.autograd.grad(value.sum(), moved)
        slope = slope.roll((-down, -right), (2, 3))
        values.append(value.detach())
        if regularizers.natural:
            slope = _as_in_photographs(slope, regularizers.natural)
        size = slope.square().mean((1, 2, 3), keepdim=True).sqrt()
        x = x + rate * slope / size.clamp(min=1e-12)
        x = _regularized(x, regularizers, step)
        if bounds is not None:
            x = x.clamp(*bounds)
    return Ascent(x, torch.stack(values) if values else x.new_zeros(0))


def climb(
    network: Network,
    objective: Objective,
    *,
    count: int,
    side: int,
    octaves: int,
    steps: int,
    rate: float,
    regularizers: Regularizers,
    seed: int,
    progress: bool,
) -> Ascent:
    """Return pictures that make an objective grow, from the mean color on.

    count: of the pictures, which begin alike; side: their height and width.
    octaves: sizes of the picture, each 1.4 times the one before; ``side`` is the last. What is seen
        in the small ones becomes the large shapes of the last.
    steps: in each octave.

    Other arguments: see ``ascend``. The values are those of the last octave.
    """
    if octaves < 1:
        raise ValueError(f"There must be at least 1 octave; {octaves} were given.")
    sides = octave_sizes((side, side), octaves)
    x = faint_noise(network, sides[0], seed).expand(count, -1, -1, -1)
    for octave, size in enumerate(sides):
        ascent = ascend(
            objective,
            resized(x, size),
            steps=steps,
            rate=rate,
            regularizers=regularizers,
            bounds=bounds(network),
            seed=seed + octave,
            progress=progress,
        )
        x = ascent.x
    return ascent


def octave_sizes(size: tuple[int, int], octaves: int, ratio: float = 1.4) -> list[tuple[int, int]]:
    """Return a picture's sizes, from the smallest to ``size``, each ``ratio`` times the last."""
    height, width = size
    return [
        (round(height / ratio**octave), round(width / ratio**octave))
        for octave in reversed(range(octaves))
    ]


def resized(x: Tensor, size: tuple[int, int]) -> Tensor:
    """Return pictures (N, 3, H, W) in another size."""
    if x.shape[2:] == size:
        return x
    return functional.interpolate(x, size, mode="bilinear", align_corners=False, antialias=True)


def _regularized(x: Tensor, regularizers: Regularizers, step: int) -> Tensor:
    x = (1 - regularizers.l2) * x
    if regularizers.blur and (step + 1) % regularizers.blur_every == 0:
        x = blur(x, regularizers.blur)
    if regularizers.clip:
        norm = torch.linalg.vector_norm(x, dim=1, keepdim=True)
        limit = norm.flatten(1).quantile(regularizers.clip, dim=1)
        x = torch.where(norm > limit.view(-1, 1, 1, 1), x, 0)
    return x


def _as_in_photographs(slope: Tensor, exponent: float) -> Tensor:
    """Return gradients (N, 3, H, W) with waves and colors weighted as in photographs."""
    height, width = slope.shape[2:]
    down, right = torch.fft.fftfreq(height), torch.fft.rfftfreq(width)
    # The mean color counts as a wave that is as long as the picture.
    frequency = torch.hypot(down[:, None], right[None]).clamp(min=1 / max(height, width))
    weights = (frequency**-exponent).to(slope.device)
    slope = torch.fft.irfft2(torch.fft.rfft2(slope) * weights, s=(height, width))
    return torch.einsum("ij,njhw->nihw", torch.tensor(COLORS).to(slope), slope)


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

"""How the gradient at one pixel fluctuates: what SmoothGrad smooths.

Smilkov et al. (2017), "SmoothGrad: removing noise by adding noise", figure 2.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from laboratory.attribution.gradient import gradient_of_batch, on_device
from laboratory.attribution.smoothgrad import noise_stdevs
from laboratory.batches import batch_starts


@dataclass(frozen=True)
class Fluctuation:
    """The derivatives at one pixel along x + t * eps, for one fixed direction eps of noise.

    t: shape (T,); one is the whole noise.
    derivatives: shape (T, C), one column per channel of the pixel.
    """

    t: Tensor
    derivatives: Tensor

    def scaled(self) -> Tensor:
        """Return the derivatives divided by the largest absolute value of the three channels.

        As in the figure of Smilkov et al.: at each t, the largest entry has the absolute value 1.
        """
        largest = self.derivatives.abs().amax(1, keepdim=True)
        return self.derivatives / largest.clamp(min=torch.finfo(largest.dtype).tiny)


def fluctuation(
    model: nn.Module,
    x: Tensor,
    target: int,
    *,
    pixel: tuple[int, int],
    noise_level: float = 0.2,
    points: int = 100,
    seed: int = 0,
    batch_size: int = 32,
    device: torch.device | str | None = None,
) -> Fluctuation:
    """Return how the gradient at one pixel changes along a straight line away from the picture.

    x: one normalized picture, shape (1, C, H, W).
    pixel: its row and column.
    noise_level: standard deviation of the noise eps at t = 1, in units of the picture's range. It
        is one draw, the same for all t: this t is not the noise level of SmoothGrad.
    points: how many values of t, from 0 to 1.

    Other arguments: see ``gradient.gradient``.
    """
    x, targets = on_device(model, x, target, device)
    if len(x) != 1:
        raise ValueError(f"x must be one picture; these are {len(x)}.")
    random = torch.Generator().manual_seed(seed)
    noise = noise_stdevs(x, noise_level) * torch.randn(x.shape, generator=random).to(x)
    t = torch.linspace(0, 1, points, dtype=x.dtype, device=x.device)
    parts = []
    for first in batch_starts(points, batch_size):
        some = t[first : first + batch_size, None, None, None]
        derivatives = gradient_of_batch(model, x + some * noise, targets.expand(len(some)))
        parts.append(derivatives[:, :, pixel[0], pixel[1]])
    return Fluctuation(t, torch.cat(parts))

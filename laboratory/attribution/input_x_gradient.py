"""Derivative times pixel."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from laboratory.attribution.gradient import Target, gradient


def input_x_gradient(
    model: nn.Module,
    x: Tensor,
    target: Target,
    *,
    batch_size: int = 32,
    device: torch.device | str | None = None,
) -> Tensor:
    """Return derivative times pixel, shape (N, C, H, W), signed.

    The first-order estimate of how much of the score each pixel gives, compared with the mean
    color, which is zero after normalization. Arguments: see ``gradient.gradient``.
    """
    derivatives = gradient(model, x, target, batch_size=batch_size, device=device)
    return derivatives * x.to(derivatives)

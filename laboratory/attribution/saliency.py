"""Saliency: the size of the gradient.

Simonyan, Vedaldi, Zisserman (2014), "Deep inside convolutional networks".
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from laboratory.attribution.gradient import Target, gradient, strongest


def saliency(
    model: nn.Module,
    x: Tensor,
    target: Target,
    *,
    batch_size: int = 32,
    device: torch.device | str | None = None,
) -> Tensor:
    """Return the largest absolute derivative over the channels, shape (N, H, W).

    Arguments: see ``gradient.gradient``.
    """
    return strongest(gradient(model, x, target, batch_size=batch_size, device=device))

"""Guided backpropagation: a gradient from which ReLU takes what speaks against the class.

Springenberg et al. (2015), "Striving for simplicity: the all convolutional net".
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from laboratory.attribution.gradient import Target, gradient


def guided_backprop(
    model: nn.Module,
    x: Tensor,
    target: Target,
    *,
    batch_size: int = 32,
    device: torch.device | str | None = None,
) -> Tensor:
    """Return the gradient when every ReLU stops negative upstream gradients, (N, C, H, W).

    Not a derivative of the score any more: it draws edges of the picture, and hardly depends on
    the class (Adebayo et al. 2018). Arguments: see ``gradient.gradient``.

    Raises ValueError if the network has no nn.ReLU.
    """
    relus = [module for module in model.modules() if isinstance(module, nn.ReLU)]
    if not relus:
        raise ValueError("Guided backpropagation needs a network with nn.ReLU layers.")
    hooks = [module.register_full_backward_hook(_stop_negative) for module in relus]
    try:
        return gradient(model, x, target, batch_size=batch_size, device=device)
    finally:
        for hook in hooks:
            hook.remove()


def _stop_negative(
    _module: nn.Module, downstream: tuple[Tensor, ...] | Tensor, _upstream: object
) -> tuple[Tensor, ...]:
    return tuple(derivative.clamp(min=0) for derivative in downstream)

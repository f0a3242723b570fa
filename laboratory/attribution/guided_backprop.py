"""Guided backpropagation: a gradient from which ReLU takes what speaks against the class.

Springenberg et al. (2015), "Striving for simplicity: the all convolutional net".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from laboratory.attribution.gradient import Target, gradient

_RELUS = {functional.relu, torch.relu, torch.relu_, Tensor.relu, Tensor.relu_}
"""Whatever a ReLU is called by; nn.ReLU calls the first."""


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

    Raises ValueError if the network has no ReLU, be it a layer or a function that is called.
    """
    with _Guiding() as guiding:
        guided = gradient(model, x, target, batch_size=batch_size, device=device)
    if not guiding.count:
        raise ValueError("Guided backpropagation needs a network with ReLU, such as nn.ReLU.")
    return guided


class _Guiding(TorchFunctionMode):
    """Lets every ReLU stop negative upstream gradients, also where a network calls a function.

    count: of ReLUs so far.
    """

    def __init__(self) -> None:
        super().__init__()
        self.count = 0

    def __torch_function__(
        self, function: Callable[..., Any], _types: Any, args: Any = (), kwargs: Any = None
    ) -> Any:
        result = function(*args, **(kwargs or {}))
        if function in _RELUS and result.requires_grad:
            self.count += 1
            result.register_hook(lambda upstream: upstream.clamp(min=0))
        return result

"""Gradients of scores with respect to pictures, on which several mistakes stand."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn


def gradient_of(model: nn.Module, x: Tensor, of: Callable[[Tensor], Tensor]) -> Tensor:
    """Return the derivatives of one number made from the scores."""
    x = x.detach().clone().requires_grad_()
    # A copy: the first layer may be a ReLU that overwrites what it is given.
    return torch.autograd.grad(of(model(x.clone())), x)[0]


def target_gradient(model: nn.Module, x: Tensor, targets: Tensor) -> Tensor:
    """Return the derivatives of the scores of the classes ``targets``, one for each picture."""
    return gradient_of(model, x, lambda scores: scores.gather(1, targets[:, None]).sum())

"""The small CNN with its gradients worked out by PyTorch, to compare and to change the loss."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch.nn import functional

from solutions.arrays import Array, Labels
from solutions.training.parameters import LossAndGradients, Parameters


def autograd_loss_and_gradients(
    loss_of_scores: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
) -> LossAndGradients:
    """Return the small CNN with another loss on top, its gradients worked out by PyTorch.

    loss_of_scores: function of scores (N, K) and labels (N,), such as
    ``torch.nn.functional.cross_entropy``.
    """

    def loss_and_gradients(parameters: Parameters, x: Array, y: Labels) -> tuple[float, Parameters]:
        leaves = {
            name: torch.tensor(value, requires_grad=True) for name, value in parameters.items()
        }
        maps = functional.conv2d(torch.tensor(x), leaves["w1"], leaves["b1"], padding=1)
        features = functional.max_pool2d(maps.relu(), 2).flatten(1)
        loss = loss_of_scores(features @ leaves["w2"] + leaves["b2"], torch.tensor(y))
        loss.backward()
        gradients = {
            name: np.zeros(leaf.shape) if leaf.grad is None else leaf.grad.numpy()
            for name, leaf in leaves.items()
        }
        return float(loss.detach()), gradients

    return loss_and_gradients

"""Gradients of many versions of each picture, in whichever way is fastest.

What SmoothGrad, VarGrad and integrated gradients have in common.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn

from laboratory.attribution.gradient import gradient_of_batch
from laboratory.batches import batch_starts, track
from laboratory.fast.chain_gradient import ChainGradient
from laboratory.layers import UnsupportedLayerError, has_hooks

BY_HAND = {
    "cpu": (torch.float32, torch.bfloat16),
    "cuda": (torch.bfloat16, torch.float16),  # in float32, nothing is gained there
}
"""In which types gradients by hand are faster than automatic ones, by device."""


def fold_gradients(
    model: nn.Module,
    targets: Tensor,
    count: int,
    versions: Callable[[Tensor, Tensor], Tensor],
    add: Callable[[Tensor, Tensor], None],
    *,
    batch_size: int,
    dtype: torch.dtype,
    progress: bool,
) -> None:
    """Compute the gradients of ``count`` versions of each picture, and hand them on.

    The batches go across pictures and versions.

    targets: the class of each picture, shape (N,), on the device of the network.
    versions: gets numbers of pictures and numbers of their versions, and gives these.
    add: gets the numbers of the pictures and the gradients.
    """
    compute = fastest_gradient(model, targets.device, dtype)
    total = len(targets) * count
    for first in track(batch_starts(total, batch_size), "gradients", progress):
        numbers = torch.arange(first, min(first + batch_size, total), device=targets.device)
        pictures, version = numbers // count, numbers % count
        add(pictures, compute(versions(pictures, version), targets[pictures]))


def fastest_gradient(
    model: nn.Module, device: torch.device, dtype: torch.dtype
) -> Callable[[Tensor, Tensor], Tensor]:
    """Return what computes the gradients of pictures and their classes fastest.

    Preparing it takes as long as a few gradients.
    """
    if dtype in BY_HAND.get(device.type, ()) and not has_hooks(model):
        try:
            return ChainGradient(model, dtype=dtype)
        except UnsupportedLayerError:
            pass  # automatic differentiation knows every layer
    return lambda x, targets: gradient_of_batch(model, x, targets, dtype)

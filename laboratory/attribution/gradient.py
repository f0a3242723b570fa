"""The gradient of a score by the pixels, which other methods of attribution are made of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TypeAlias

import torch
from torch import Tensor, nn

from laboratory.batches import batch_starts
from laboratory.layers import autocast, device_of, must_be_ready, not_in_place

Target: TypeAlias = int | Sequence[int] | Tensor


def gradient(
    model: nn.Module,
    x: Tensor,
    target: Target,
    *,
    batch_size: int = 32,
    device: torch.device | str | None = None,
    dtype: torch.dtype = torch.float32,
) -> Tensor:
    """Return the derivatives of the score with respect to the pixels, shape (N, C, H, W).

    model: gives scores (N, K); in evaluation mode.
    x: normalized pictures, shape (N, C, H, W).
    target: the class, for all pictures or one for each.
    batch_size: pictures that are computed together; bounds the memory.
    device: where to compute; by default where the network is.
    dtype: with torch.bfloat16 the network runs under autocast, which is faster where the hardware
        has it. Single gradients get visibly rougher: use it for averages over many.

    Raises ValueError if shapes do not fit or the network is in training mode.
    """
    x, targets = on_device(model, x, target, device)
    parts = [
        gradient_of_batch(model, x[i : i + batch_size], targets[i : i + batch_size], dtype)
        for i in batch_starts(len(x), batch_size)
    ]
    return torch.cat(parts)


def strongest(derivatives: Tensor) -> Tensor:
    """Return the largest absolute value over the channels, (N, C, H, W) -> (N, H, W).

    First the absolute value, then the maximum: a strong negative derivative counts as much.
    """
    return derivatives.abs().amax(1)


def on_device(
    model: nn.Module, x: Tensor, target: Target, device: torch.device | str | None
) -> tuple[Tensor, Tensor]:
    """Return the pictures and one class each, on the device that the network is moved to.

    Arguments and errors: see ``gradient``.
    """
    must_be_ready(model)
    device = torch.device(device) if device is not None else device_of(model)
    model.to(device)
    if x.ndim != 4:
        raise ValueError(f"x must have the shape (N, C, H, W); it has {tuple(x.shape)}.")
    targets = torch.as_tensor(target, device=device)
    if targets.ndim == 0:
        targets = targets.expand(len(x))
    if targets.shape != (len(x),):
        raise ValueError(
            f"target must be one class, or one for each of the {len(x)} pictures; its shape is "
            f"{tuple(targets.shape)}."
        )
    return x.detach().to(device), targets


@contextmanager
def differentiable(model: nn.Module) -> Iterator[None]:
    """Let gradients flow through a network, also where the caller has switched them off.

    Raises ValueError if the network was made where nothing can be differentiated ever after.
    """
    if any(tensor.is_inference() for tensor in (*model.parameters(), *model.buffers())):
        raise ValueError(
            "The network was made under torch.inference_mode(), so nothing can be differentiated. "
            "Make it, and load its weights, outside of it."
        )
    with torch.inference_mode(False), torch.enable_grad(), not_in_place(model):
        yield


def total_score(model: nn.Module, x: Tensor, targets: Tensor) -> Tensor:
    """Return the sum of the pictures' scores: no picture's score depends on another picture."""
    scores: Tensor = model(x.clone())  # which the network may overwrite
    return scores.gather(1, targets[:, None].clone()).sum()


def gradient_of_batch(
    model: nn.Module, x: Tensor, targets: Tensor, dtype: torch.dtype = torch.float32
) -> Tensor:
    """Return the gradients of pictures that are computed together, by automatic differentiation.

    targets: one class each, shape (N,).
    """
    with differentiable(model):
        # A copy can be differentiated, also where the pictures were made under inference_mode.
        x = x.detach().clone(memory_format=torch.channels_last).requires_grad_()
        with autocast(x.device, dtype):
            score = total_score(model, x, targets)
        # With respect to the picture alone: the weights' gradients stay as they are.
        (derivatives,) = torch.autograd.grad(score, x)
    return derivatives.contiguous()

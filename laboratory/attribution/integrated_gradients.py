"""Integrated gradients: the gradient on the way from a baseline to the picture.

Sundararajan, Taly, Yan (2017), "Axiomatic attribution for deep networks".
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from laboratory.attribution.gradient import Target, on_device
from laboratory.attribution.many_gradients import fold_gradients


def integrated_gradients(
    model: nn.Module,
    x: Tensor,
    target: Target,
    *,
    baselines: Tensor | float = 0.0,
    n_steps: int = 50,
    batch_size: int = 32,
    device: torch.device | str | None = None,
    dtype: torch.dtype = torch.float32,
    progress: bool = True,
) -> Tensor:
    """Return the gradient averaged on the way from a baseline, times the way, (N, C, H, W).

    The sum over all pixels is the difference of the scores of picture and baseline, up to the
    error of the sum over ``n_steps`` midpoints.

    baselines: where the way begins: pictures, or a number in normalized units (0: mean color).

    Other arguments: see ``gradient.gradient``.
    """
    if n_steps < 1:
        raise ValueError(f"n_steps must be at least 1; {n_steps} was given.")
    x, targets = on_device(model, x, target, device)
    begin = torch.as_tensor(baselines, dtype=x.dtype, device=x.device).expand_as(x)
    total = torch.zeros_like(x)

    def on_the_way(pictures: Tensor, steps: Tensor) -> Tensor:
        share = (steps.to(x.dtype) + 0.5)[:, None, None, None] / n_steps
        return begin[pictures] + share * (x[pictures] - begin[pictures])

    def add(pictures: Tensor, derivatives: Tensor) -> None:
        total.index_add_(0, pictures, derivatives)

    fold_gradients(
        model,
        targets,
        n_steps,
        on_the_way,
        add,
        batch_size=batch_size,
        dtype=dtype,
        progress=progress,
    )
    return (x - begin) * total / n_steps

"""Grad-CAM: where a layer's channels speak for the class.

Selvaraju et al. (2017), "Grad-CAM".
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.nn import functional

from laboratory.attribution.gradient import Target, on_device, total_score
from laboratory.batches import batch_starts
from laboratory.layers import find, not_in_place


def grad_cam(
    model: nn.Module,
    x: Tensor,
    target: Target,
    *,
    layer: str,
    batch_size: int = 32,
    device: torch.device | str | None = None,
    resize: bool = True,
) -> Tensor:
    """Return where a layer's channels speak for the class, shape (N, H, W), nothing negative.

    Each channel is weighted by the mean of its gradient over all places; what is left of the sum
    after ReLU is enlarged to the size of the picture.

    layer: name or path of a layer with maps, see ``layers.find``. For VGG16, "relu5_3" or earlier.
    resize: False to get the map at the layer's own size.

    Other arguments: see ``gradient.gradient``.

    Raises KeyError if there is no such layer, ValueError if it gives no maps.
    """
    x, targets = on_device(model, x, target, device)
    cam = torch.cat(
        [
            _cam_of_batch(model, layer, x[i : i + batch_size], targets[i : i + batch_size])
            for i in batch_starts(len(x), batch_size)
        ]
    )
    if resize:
        cam = functional.interpolate(
            cam[:, None], x.shape[2:], mode="bilinear", align_corners=False
        )[:, 0]
    return cam


def _cam_of_batch(model: nn.Module, layer: str, x: Tensor, targets: Tensor) -> Tensor:
    """Return Grad-CAM's maps at the size of the layer; all else is forgotten on the way out."""
    with (
        _output_of(find(model, layer)) as outputs,
        not_in_place(model),
        torch.enable_grad(),
    ):
        score = total_score(model, x.detach().requires_grad_(), targets)
        maps = outputs[0]
        if maps.ndim != 4:
            raise ValueError(
                f'The layer "{layer}" gives no maps: its output has the shape {tuple(maps.shape)}.'
            )
        (derivatives,) = torch.autograd.grad(score, maps)
    weights = derivatives.mean((2, 3), keepdim=True)
    return (weights * maps.detach()).sum(1).relu()


@contextmanager
def _output_of(module: nn.Module) -> Iterator[list[Tensor]]:
    """Give a list that gets what the layer returns while it is used."""
    outputs: list[Tensor] = []

    def hook(_module: nn.Module, _inputs: tuple[Tensor, ...], output: Tensor) -> None:
        outputs.append(output)

    handle = module.register_forward_hook(hook)
    try:
        yield outputs
    finally:
        handle.remove()

"""Grad-CAM: where a layer's channels speak for the class.

Selvaraju et al. (2017), "Grad-CAM".
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from laboratory.attribution.gradient import Target, differentiable, on_device, total_score
from laboratory.batches import batch_starts
from laboratory.uses import Use, find_uses, watched


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
        Of a layer that the network uses several times, "relu#2" is the second use.
    resize: False to get the map at the layer's own size.

    Other arguments: see ``gradient.gradient``.

    Raises KeyError if there is no such layer, ValueError if it gives no maps, or several.
    """
    x, targets = on_device(model, x, target, device)
    (use,) = find_uses(model, [layer])
    cam = torch.cat(
        [
            _cam_of_batch(model, use, x[i : i + batch_size], targets[i : i + batch_size])
            for i in batch_starts(len(x), batch_size)
        ]
    )
    if resize:
        cam = functional.interpolate(
            cam[:, None], x.shape[2:], mode="bilinear", align_corners=False
        )[:, 0]
    return cam


def _cam_of_batch(model: nn.Module, use: Use, x: Tensor, targets: Tensor) -> Tensor:
    """Return Grad-CAM's maps at the size of the layer; all else is forgotten on the way out."""
    outputs: list[Tensor] = []

    def keep(_name: str, output: Tensor) -> Tensor:
        # Nobody else has this copy, and the network goes on with another: later steps may overwrite
        # what they get, as relu(x, inplace=True) does.
        outputs.append(output.clone())
        return outputs[0].clone()

    with differentiable(model):
        with watched([use], keep):
            score = total_score(model, x.detach().clone().requires_grad_(), targets)
        (maps,) = outputs
        if maps.ndim != 4:
            raise ValueError(
                f'The layer "{use.name}" gives no maps: its output has the shape '
                f"{tuple(maps.shape)}."
            )
        (derivatives,) = torch.autograd.grad(score, maps)
    weights = derivatives.mean((2, 3), keepdim=True)
    return (weights * maps.detach()).sum(1).relu()

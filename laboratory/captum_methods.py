"""The functions of the exercise "visualization" as Captum computes them: to compare with.

    METHODS["saliency_map"](model, x, targets)

Names, arguments and results are those of the exercise; shapes: one picture (C, H, W), a batch
(N, C, H, W), one class for each picture (N,). Captum has no grid of filters and no pointing game;
torchvision and ``evaluation`` stand in. Layers must not overwrite what they are given, since
Captum's hooks need it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
import torchvision
from captum.attr import LayerActivation, LayerGradCam, Occlusion, Saliency
from torch import Tensor, nn

from laboratory import evaluation


def layer_outputs(model: nn.Sequential, x: Tensor) -> list[Tensor]:
    """Return what every layer gives for a batch."""
    outputs: list[Tensor] = LayerActivation(model, list(model)).attribute(x)
    return outputs


def filter_grid(w: Tensor, channel: int, columns: int) -> Tensor:
    """Return slice ``channel`` of all filters (F, C, HH, WW) in one picture."""
    slices = w[:, channel : channel + 1]
    grid = torchvision.utils.make_grid(slices, columns, padding=1, normalize=True, scale_each=True)
    # torchvision draws a line around the whole, too.
    return grid[0, 1:-1, 1:-1]


def occlusion_map(
    model: nn.Module, x: Tensor, target: int, patch: int, stride: int, fill: float, batch_size: int
) -> Tensor:
    """Return the score of a class for every place of a patch on one picture.

    Captum tells of each pixel the mean fall over all patches that cover it. So the places must not
    overlap, and must fill the picture: ValueError otherwise.
    """
    if stride != patch or x.shape[1] % patch or x.shape[2] % patch:
        raise ValueError(
            f"Captum's places can be told apart where they do not overlap: choose a stride that "
            f"is the patch, {patch}, and divides the picture's sides, {tuple(x.shape[1:])}."
        )
    window = (x.shape[0], patch, patch)
    with torch.no_grad():
        falls = Occlusion(model).attribute(
            x[None], window, window, fill, target, perturbations_per_eval=batch_size
        )
        clean = model(x[None])[0, target]
    return (clean - falls[0, 0, ::patch, ::patch]).to(x.dtype)


def saliency_map(model: nn.Module, x: Tensor, targets: Tensor) -> Tensor:
    """Return the largest absolute derivative of each pixel of a batch."""
    return _gradients(model, x, targets).abs().amax(1)


def gradient_path(
    model: nn.Module, x: Tensor, target: int, row: int, column: int, step: Tensor, times: Tensor
) -> Tensor:
    """Return the derivatives at a pixel along x + t * step, shape (T, C)."""
    pictures = x + times.view(-1, 1, 1, 1) * step
    return _gradients(model, pictures, target)[:, :, row, column]


def smoothgrad(model: nn.Module, x: Tensor, target: int, noise: Tensor, level: float) -> Tensor:
    """Return the mean gradient over noisy copies of one picture, shape (C, H, W).

    Captum's NoiseTunnel draws noise of its own; here the noise is given.
    """
    return _gradients(model, x + level * (x.max() - x.min()) * noise, target).mean(0)


def grad_cam(model: nn.Sequential, x: Tensor, targets: Tensor, layer: int) -> Tensor:
    """Return Grad-CAM's maps at the size of a layer, shape (N, H', W')."""
    cam: Tensor = LayerGradCam(model, model[layer]).attribute(x, targets, relu_attributions=True)
    return cam[:, 0].detach()


def _gradients(model: nn.Module, x: Tensor, target: Tensor | int) -> Tensor:
    pictures = x.clone().detach().requires_grad_(True)  # else Captum warns
    gradients: Tensor = Saliency(model).attribute(pictures, target, abs=False)
    return gradients


def pointing_game(maps: Tensor, masks: Tensor) -> float:
    """Return the share of maps whose largest value lies in the mask."""
    return float(evaluation.pointing_game(maps, masks).mean())


METHODS: dict[str, Callable[..., Any]] = {
    function.__name__: function
    for function in (
        layer_outputs,
        filter_grid,
        occlusion_map,
        saliency_map,
        gradient_path,
        smoothgrad,
        grad_cam,
        pointing_game,
    )
}
"""By the names of the exercise's tasks."""

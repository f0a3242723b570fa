"""Reference solutions of the exercise "visualization".

Plain PyTorch, written to be read. A network is a ``torch.nn.Sequential`` of layers; it may lie on
any device, and pictures lie on the same one. Shapes: batches (N, C, H, W), scores (N, K).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


def layer_outputs(model: nn.Sequential, x: Tensor) -> list[Tensor]:
    """Return what every layer of a network makes of a batch of pictures.

    model: network, a sequence of layers: model[0] is the first one.
    x: pictures, shape (N, C, H, W).
    Returns a list with one tensor per layer, in the order of the layers. No later layer may have
    changed it.
    """
    ### BEGIN SOLUTION
    outputs = []
    with torch.no_grad():
        for layer in model:
            x = layer(x)
            outputs.append(x)
            x = x.clone()
    return outputs
    ### END SOLUTION


def filter_grid(w: Tensor, channel: int, columns: int) -> Tensor:
    """Draw one slice of every filter into a single picture.

    w: filters of a layer, shape (F, C, HH, WW).
    channel: which of the C slices is drawn.
    columns: how many slices stand side by side; the first row is filled first.
    Each slice is stretched so that its smallest number is 0 and its largest 1; a slice whose
    numbers are all equal becomes 0. Between neighbors lies a line of zeros, one pixel wide.
    Returns a picture with two axes; places behind the last filter are 0.
    """
    ### BEGIN SOLUTION
    filters, _, height, width = w.shape
    rows = -(-filters // columns)
    picture = torch.zeros(rows * (height + 1) - 1, columns * (width + 1) - 1, dtype=w.dtype)
    for f in range(filters):
        piece = w[f, channel] - w[f, channel].min()
        if piece.max() > 0:
            piece = piece / piece.max()
        top, left = (f // columns) * (height + 1), (f % columns) * (width + 1)
        picture[top : top + height, left : left + width] = piece
    return picture
    ### END SOLUTION


def occlusion_map(
    model: nn.Module,
    x: Tensor,
    target: int,
    patch: int,
    stride: int,
    fill: float,
    batch_size: int,
) -> Tensor:
    """Return the score of a class while a square patch hides one part of a picture after the other.

    model: network, from a batch (N, C, H, W) to scores (N, K).
    x: one picture, shape (C, H, W).
    target: the class whose score is asked for.
    patch: side of the square, in pixels; it stays inside the picture.
    stride: by how many pixels it moves, downward and to the right.
    fill: what the pixels of the patch are set to, in all channels.
    batch_size: how many pictures go through the network at once; no more calls than necessary.
    Returns the scores, shape ((H - patch) // stride + 1, (W - patch) // stride + 1).
    """
    ### BEGIN SOLUTION
    rows = (x.shape[1] - patch) // stride + 1
    columns = (x.shape[2] - patch) // stride + 1
    corners = [(i * stride, j * stride) for i in range(rows) for j in range(columns)]
    scores = []
    with torch.no_grad():
        for start in range(0, len(corners), batch_size):
            part = corners[start : start + batch_size]
            batch = x.repeat(len(part), 1, 1, 1)
            for picture, (top, left) in zip(batch, part, strict=True):
                picture[:, top : top + patch, left : left + patch] = fill
            scores.append(model(batch)[:, target])
    return torch.cat(scores).reshape(rows, columns)
    ### END SOLUTION


def saliency_map(model: nn.Module, x: Tensor, targets: Tensor) -> Tensor:
    """Return how strongly the score of a class answers to each pixel.

    model: network, from a batch (N, C, H, W) to scores (N, K), before any softmax.
    x: pictures, shape (N, C, H, W).
    targets: one class per picture, whole numbers, shape (N,).
    Returns, for every pixel, the largest absolute value among the derivatives of the picture's
    score by the pixel's channels: shape (N, H, W). Every call begins anew.
    """
    ### BEGIN SOLUTION
    x = x.detach().clone().requires_grad_()
    scores = model(x).gather(1, targets[:, None])
    (gradient,) = torch.autograd.grad(scores.sum(), x)
    return gradient.abs().amax(dim=1)
    ### END SOLUTION


def gradient_path(
    model: nn.Module, x: Tensor, target: int, row: int, column: int, step: Tensor, times: Tensor
) -> Tensor:
    """Follow the derivatives at one pixel while the picture changes a little.

    model: network, from a batch (N, C, H, W) to scores (N, K).
    x: one picture, shape (C, H, W).
    target: the class whose score is differentiated.
    row, column: the pixel.
    step: a fixed change of the picture, shape (C, H, W).
    times: numbers t, shape (T,). The derivatives are taken at the pictures x + t * step.
    Returns the derivatives of the score by the pixel's channels, shape (T, C).
    """
    ### BEGIN SOLUTION
    pictures = (x + times[:, None, None, None] * step).requires_grad_()
    (gradient,) = torch.autograd.grad(model(pictures)[:, target].sum(), pictures)
    return gradient[:, :, row, column]
    ### END SOLUTION


def smoothgrad(model: nn.Module, x: Tensor, target: int, noise: Tensor, level: float) -> Tensor:
    """Return the mean gradient of a score over noisy copies of a picture.

    model: network, from a batch (N, C, H, W) to scores (N, K).
    x: one picture, shape (C, H, W).
    target: the class whose score is differentiated.
    noise: n draws from the standard normal distribution, shape (n, C, H, W).
    level: standard deviation of the noise that is added, as a share of the picture's range, its
    largest number minus its smallest.
    Returns the mean of the n gradients with their signs, shape (C, H, W).
    """
    ### BEGIN SOLUTION
    deviation = level * (x.max() - x.min())
    pictures = (x + deviation * noise).requires_grad_()
    (gradient,) = torch.autograd.grad(model(pictures)[:, target].sum(), pictures)
    return gradient.mean(dim=0)
    ### END SOLUTION


def grad_cam(model: nn.Sequential, x: Tensor, targets: Tensor, layer: int) -> Tensor:
    """Return where in a layer's output lies what speaks for a class (Grad-CAM).

    model: network, a sequence of layers, from a batch (N, C, H, W) to scores (N, K).
    x: pictures, shape (N, C, H, W).
    targets: one class per picture, whole numbers, shape (N,).
    layer: the number of the layer whose output A, shape (N, D, H', W'), is looked at.
    The weight of a channel is the mean over all positions of the derivatives of the score by A.
    The weighted channels are added, and negative sums become 0. Returns shape (N, H', W').
    """
    ### BEGIN SOLUTION
    with torch.no_grad():
        maps = model[: layer + 1](x).clone()
    maps.requires_grad_()
    scores = model[layer + 1 :](maps.clone()).gather(1, targets[:, None])
    (gradient,) = torch.autograd.grad(scores.sum(), maps)
    weights = gradient.mean(dim=(2, 3), keepdim=True)
    return (weights * maps).sum(dim=1).relu().detach()
    ### END SOLUTION


def pointing_game(maps: Tensor, masks: Tensor) -> float:
    """Return the share of maps that are largest at a place inside the object.

    maps: one map per picture, shape (N, H, W).
    masks: True where the object is, shape (N, H, W).
    Where a map has its largest number at several places, the first counts, row by row.
    """
    ### BEGIN SOLUTION
    hits = 0
    for one, mask in zip(maps, masks, strict=True):
        hits += int(mask.flatten()[one.flatten().argmax()])
    return hits / len(maps)
    ### END SOLUTION

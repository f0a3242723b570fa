"""Correct solutions of the exercise "visualization" in other styles than the reference.

The checks must accept all of them: hooks or slices, ``backward`` or ``torch.autograd.grad``, one
picture after the other where batches are not asked for, single precision, device-agnostic code.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

# layer_outputs


def layer_outputs_hooks(model: nn.Sequential, x: Tensor) -> list[Tensor]:
    """Let hooks copy the outputs while the whole network runs."""
    outputs: list[Tensor] = []

    def keep(layer: nn.Module, given: Any, out: Tensor) -> None:
        outputs.append(out.detach().clone())

    handles = [layer.register_forward_hook(keep) for layer in model]
    try:
        model(x.clone())
    finally:
        for handle in handles:
            handle.remove()
    return outputs


def layer_outputs_prefixes(model: nn.Sequential, x: Tensor) -> list[Tensor]:
    """Run the network up to each layer, every time from the beginning."""
    return [model[: i + 1](x.clone()).detach() for i in range(len(model))]


def layer_outputs_named(model: nn.Sequential, x: Tensor) -> list[Tensor]:
    """Walk through the children by name; outputs keep their gradients' history."""
    outputs = {}
    for name, layer in model.named_children():
        x = layer(x.clone())
        outputs[name] = x
    return list(outputs.values())


def layer_outputs_single_precision(model: nn.Sequential, x: Tensor) -> list[Tensor]:
    """Compute in double, keep in single precision, as tuples do."""
    kept: tuple[Tensor, ...] = ()
    for layer in model.children():
        x = layer(x.clone())
        kept = (*kept, x.float())
    return list(kept)


LAYER_OUTPUTS = (
    layer_outputs_hooks,
    layer_outputs_prefixes,
    layer_outputs_named,
    layer_outputs_single_precision,
)

# filter_grid


def filter_grid_numpy(w: Tensor, channel: int, columns: int) -> np.ndarray:
    """Work in NumPy with index arithmetic."""
    slices = w.detach().cpu().numpy()[:, channel]
    count, height, width = slices.shape
    rows = math.ceil(count / columns)
    image = np.zeros((rows * (height + 1) - 1, columns * (width + 1) - 1))
    for number, one in enumerate(slices):
        r, c = divmod(number, columns)
        span = np.ptp(one)
        image[
            r * (height + 1) : r * (height + 1) + height, c * (width + 1) : c * (width + 1) + width
        ] = (one - one.min()) / (span if span > 0 else 1)
    return image


def filter_grid_padded(w: Tensor, channel: int, columns: int) -> Tensor:
    """Pad every slice at its right and lower side, join them, cut the last line off."""
    slices = w[:, channel]
    low, high = slices.amin((1, 2), keepdim=True), slices.amax((1, 2), keepdim=True)
    span = torch.where(high > low, high - low, torch.ones_like(high))
    tiles = nn.functional.pad((slices - low) / span, (0, 1, 0, 1))
    missing = -len(tiles) % columns
    tiles = torch.cat([tiles, tiles.new_zeros(missing, *tiles.shape[1:])])
    rows = [torch.cat(list(part), dim=1) for part in tiles.split(columns)]
    return torch.cat(rows)[:-1, :-1]


def filter_grid_reshaped(w: Tensor, channel: int, columns: int) -> Tensor:
    """Move axes of a five-dimensional block instead of looping."""
    count, _, height, width = w.shape
    rows = (count + columns - 1) // columns
    block = torch.zeros(rows * columns, height + 1, width + 1, dtype=torch.float64)
    flat = w[:, channel].flatten(1)
    flat = flat - flat.min(dim=1, keepdim=True).values
    flat = flat / flat.max(dim=1, keepdim=True).values.masked_fill(flat.amax(1)[:, None] == 0, 1)
    block[:count, :height, :width] = flat.reshape(count, height, width)
    block = block.reshape(rows, columns, height + 1, width + 1).transpose(1, 2)
    return block.reshape(rows * (height + 1), columns * (width + 1))[:-1, :-1]


def filter_grid_rows(w: Tensor, channel: int, columns: int) -> Tensor:
    """Collect rows of pieces and lines in lists."""

    def stretched(piece: Tensor) -> Tensor:
        span = (piece.max() - piece.min()).item()
        return (piece - piece.min()) / span if span else torch.zeros_like(piece)

    height, width = w.shape[-2:]
    pieces = [stretched(one[channel]) for one in w]
    while len(pieces) % columns:
        pieces.append(torch.zeros(height, width))
    bands: list[Tensor] = []
    for start in range(0, len(pieces), columns):
        band: list[Tensor] = []
        for piece in pieces[start : start + columns]:
            band += [piece, torch.zeros(height, 1)]
        if bands:
            bands.append(torch.zeros(1, columns * (width + 1) - 1))
        bands.append(torch.hstack(band[:-1]))
    return torch.vstack(bands)


FILTER_GRID = (filter_grid_numpy, filter_grid_padded, filter_grid_reshaped, filter_grid_rows)

# occlusion_map


def occlusion_map_masks(
    model: nn.Module, x: Tensor, target: int, patch: int, stride: int, fill: float, batch_size: int
) -> Tensor:
    """Choose between picture and patch with masks for all positions."""
    height, width = x.shape[-2:]
    top, left = (
        torch.arange(0, height - patch + 1, stride),
        torch.arange(0, width - patch + 1, stride),
    )
    y, z = torch.arange(height), torch.arange(width)
    in_rows = (y >= top[:, None]) & (y < top[:, None] + patch)
    in_columns = (z >= left[:, None]) & (z < left[:, None] + patch)
    hidden = (in_rows[:, None, :, None] & in_columns[None, :, None, :]).flatten(0, 1)
    pictures = torch.where(hidden[:, None], torch.as_tensor(fill, dtype=x.dtype), x)
    scores = [model(part)[:, target].detach() for part in torch.split(pictures, batch_size)]
    return torch.cat(scores).view(len(top), len(left))


def occlusion_map_list(
    model: nn.Module, x: Tensor, target: int, patch: int, stride: int, fill: float, batch_size: int
) -> Tensor:
    """Collect pictures in a list and send it off when it is full."""
    rows = (x.shape[1] - patch) // stride + 1
    columns = (x.shape[2] - patch) // stride + 1
    result = torch.zeros(rows, columns, dtype=x.dtype, device=x.device)
    waiting: list[Tensor] = []
    places: list[tuple[int, int]] = []
    for i in range(rows):
        for j in range(columns):
            copy = x.clone()
            copy[:, i * stride : i * stride + patch, j * stride : j * stride + patch] = fill
            waiting.append(copy)
            places.append((i, j))
            if len(waiting) == batch_size or (i, j) == (rows - 1, columns - 1):
                with torch.set_grad_enabled(False):
                    answers = model(torch.stack(waiting))
                for place, answer in zip(places, answers, strict=True):
                    result[place] = answer[target]
                waiting, places = [], []
    return result


def occlusion_map_numpy(
    model: nn.Module, x: Tensor, target: int, patch: int, stride: int, fill: float, batch_size: int
) -> np.ndarray:
    """Prepare the pictures in NumPy."""
    picture = x.detach().cpu().numpy()
    tops = range(0, picture.shape[1] - patch + 1, stride)
    lefts = range(0, picture.shape[2] - patch + 1, stride)
    all_pictures = np.stack([picture] * (len(tops) * len(lefts)))
    for number, (top, left) in enumerate((a, b) for a in tops for b in lefts):
        all_pictures[number, :, top : top + patch, left : left + patch] = fill
    parts = np.array_split(all_pictures, range(batch_size, len(all_pictures), batch_size))
    scores = [model(torch.from_numpy(part)).detach().numpy()[:, target] for part in parts]
    return np.concatenate(scores).reshape(len(tops), len(lefts))


def occlusion_map_islice(
    model: nn.Module, x: Tensor, target: int, patch: int, stride: int, fill: float, batch_size: int
) -> Tensor:
    """Make the pictures one by one, as late as possible, on the picture's device."""
    size = torch.tensor(x.shape[1:])
    rows, columns = (torch.div(size - patch, stride, rounding_mode="floor") + 1).tolist()

    def pictures() -> Iterator[Tensor]:
        for number in range(rows * columns):
            one = x.detach().clone()
            top, left = stride * (number // columns), stride * (number % columns)
            one[..., top : top + patch, left : left + patch].fill_(fill)
            yield one

    waiting = pictures()
    scores = x.new_empty(0)
    while batch := list(itertools.islice(waiting, batch_size)):
        with torch.no_grad():
            scores = torch.hstack([scores, model(torch.stack(batch).to(x.device))[:, target]])
    return scores.reshape(rows, columns)


OCCLUSION_MAP = (
    occlusion_map_masks,
    occlusion_map_list,
    occlusion_map_numpy,
    occlusion_map_islice,
)

# saliency_map


def saliency_map_backward(model: nn.Module, x: Tensor, targets: Tensor) -> Tensor:
    """Call backward on a leaf of its own."""
    pictures = x.detach().clone()
    pictures.requires_grad = True
    scores = model(pictures)
    scores[torch.arange(len(pictures)), targets].sum().backward()
    assert pictures.grad is not None
    return pictures.grad.abs().max(dim=1).values


def saliency_map_one_by_one(model: nn.Module, x: Tensor, targets: Tensor) -> Tensor:
    """Take the pictures one after the other."""
    maps = []
    for picture, target in zip(x, targets, strict=True):
        one = picture.detach()[None].requires_grad_()
        (gradient,) = torch.autograd.grad(model(one)[0, target], one)
        maps.append(gradient[0].abs().max(dim=0)[0])
    return torch.stack(maps)


def saliency_map_chosen(model: nn.Module, x: Tensor, targets: Tensor) -> Tensor:
    """Give the scores an upstream gradient of ones and zeros."""
    pictures = x.detach().requires_grad_()
    scores = model(pictures)
    chosen = nn.functional.one_hot(targets, scores.shape[1]).to(scores.dtype)
    scores.backward(gradient=chosen, inputs=[pictures])
    assert pictures.grad is not None
    return torch.maximum(pictures.grad, -pictures.grad).amax(1)


def saliency_map_vmap(model: nn.Module, x: Tensor, targets: Tensor) -> Tensor:
    """Write the score of one picture as a function and let torch.func differentiate it."""
    copies = nn.Sequential(*[_not_in_place(layer) for layer in model.children()])

    def score(picture: Tensor, target: Tensor) -> Tensor:
        return (copies(picture[None])[0] * (torch.arange(5) == target)).sum()

    gradient = torch.func.vmap(torch.func.grad(score))(x.detach(), targets)
    return gradient.abs().amax(dim=1)


def _not_in_place(layer: nn.Module) -> nn.Module:
    return nn.ReLU() if isinstance(layer, nn.ReLU) else layer


def saliency_map_hook(model: nn.Module, x: Tensor, targets: Tensor) -> Tensor:
    """Catch the gradient with a hook on the way back, zero what is left in the network."""
    caught: list[Tensor] = []
    leaf = x.clone().detach().requires_grad_(True)
    pictures = leaf * 1.0
    pictures.register_hook(caught.append)
    scores = model(pictures)
    sum(scores[n, int(targets[n])] for n in range(len(x))).backward()
    model.zero_grad()
    return torch.from_numpy(np.abs(caught[0].numpy()).max(axis=1))


SALIENCY_MAP = (
    saliency_map_backward,
    saliency_map_one_by_one,
    saliency_map_chosen,
    saliency_map_vmap,
    saliency_map_hook,
)

# gradient_path


def gradient_path_loop(
    model: nn.Module, x: Tensor, target: int, row: int, column: int, step: Tensor, times: Tensor
) -> Tensor:
    """Take one time after the other."""
    path = torch.zeros(len(times), x.shape[0], dtype=x.dtype)
    for number, t in enumerate(times):
        picture = (x + t * step)[None].detach().requires_grad_()
        model(picture)[0, target].backward()
        assert picture.grad is not None
        path[number] = picture.grad[0, :, row, column]
    return path


def gradient_path_list(
    model: nn.Module, x: Tensor, target: int, row: int, column: int, step: Tensor, times: Tensor
) -> np.ndarray:
    """Collect plain numbers in lists."""
    rows = []
    for t in times.tolist():
        picture = torch.autograd.Variable(torch.unsqueeze(x + t * step, 0), requires_grad=True)
        gradient = torch.autograd.grad(model(picture).squeeze(0)[target], picture)[0]
        rows.append([gradient[0, c, row, column].item() for c in range(len(x))])
    return np.array(rows)


def gradient_path_pixel(
    model: nn.Module, x: Tensor, target: int, row: int, column: int, step: Tensor, times: Tensor
) -> Tensor:
    """Let only the pixel's own numbers require gradients."""
    pictures = torch.stack([x + t * step for t in times]).detach()
    pixel = pictures[:, :, row, column].clone().requires_grad_()
    mask = torch.zeros_like(pictures)
    mask[:, :, row, column] = 1
    joined = pictures * (1 - mask) + mask * pixel[:, :, None, None]
    return torch.autograd.grad(model(joined)[:, target].sum(), pixel)[0]


def gradient_path_einsum(
    model: nn.Module, x: Tensor, target: int, row: int, column: int, step: Tensor, times: Tensor
) -> Tensor:
    """Build the batch with an outer product, in single precision at the end."""
    pictures = x[None] + torch.einsum("t,chw->tchw", times, step)
    pictures = pictures.detach().requires_grad_(True)
    model(pictures).select(1, target).sum().backward()
    assert pictures.grad is not None
    return pictures.grad[..., row, column].float()


GRADIENT_PATH = (
    gradient_path_loop,
    gradient_path_list,
    gradient_path_pixel,
    gradient_path_einsum,
)

# smoothgrad


def smoothgrad_loop(
    model: nn.Module, x: Tensor, target: int, noise: Tensor, level: float
) -> Tensor:
    """Add up the gradients of one noisy copy after the other."""
    sigma = level * (x.max() - x.min())
    total = torch.zeros_like(x)
    for draw in noise:
        copy = (x + sigma * draw).unsqueeze(0).requires_grad_()
        total += torch.autograd.grad(model(copy)[0, target], copy)[0][0]
    return total / len(noise)


def smoothgrad_running_mean(
    model: nn.Module, x: Tensor, target: int, noise: Tensor, level: float
) -> Tensor:
    """Keep a running mean."""
    mean = torch.zeros_like(x)
    spread = x.amax() - x.amin()
    for n, draw in enumerate(noise, start=1):
        copy = (x + level * spread * draw)[None].detach().requires_grad_()
        model(copy)[:, target].sum().backward()
        assert copy.grad is not None
        mean = mean + (copy.grad[0] - mean) / n
    return mean


def smoothgrad_through_the_mean(
    model: nn.Module, x: Tensor, target: int, noise: Tensor, level: float
) -> Tensor:
    """Differentiate the mean score by the picture itself: the noise is a constant."""
    picture = x.detach().clone().requires_grad_()
    deviation = level * float(x.max() - x.min())
    score = model(picture + deviation * noise)[:, target].mean()
    return torch.autograd.grad(score, picture)[0]


def smoothgrad_parts(
    model: nn.Module, x: Tensor, target: int, noise: Tensor, level: float
) -> np.ndarray:
    """Work in batches of at most three copies, and average in NumPy."""
    deviation = level * np.ptp(x.numpy())
    gradients = []
    for part in noise.split(3):
        copies = (x + float(deviation) * part).requires_grad_()
        gradients.append(torch.autograd.grad(model(copies)[:, target].sum(), copies)[0].numpy())
    return np.concatenate(gradients).mean(axis=0)


SMOOTHGRAD = (
    smoothgrad_loop,
    smoothgrad_running_mean,
    smoothgrad_through_the_mean,
    smoothgrad_parts,
)

# grad_cam


def grad_cam_hooks(model: nn.Sequential, x: Tensor, targets: Tensor, layer: int) -> Tensor:
    """Keep the maps with a hook and their gradient with retain_grad."""
    kept: list[Tensor] = []

    def keep(module: nn.Module, given: Any, out: Tensor) -> Tensor:
        out.retain_grad()
        kept.append(out)
        return out.clone()

    handle = model[layer].register_forward_hook(keep)
    scores = model(x.detach().clone().requires_grad_())
    handle.remove()
    model.zero_grad()
    scores[range(len(x)), targets].sum().backward()
    maps = kept[0]
    assert maps.grad is not None
    weights = maps.grad.mean((2, 3))
    return torch.einsum("nd,ndhw->nhw", weights, maps).clamp(min=0).detach()


def grad_cam_loop(model: nn.Sequential, x: Tensor, targets: Tensor, layer: int) -> Tensor:
    """Take the pictures one by one, and the channels one by one."""
    results = []
    for picture, target in zip(x, targets, strict=True):
        maps = picture[None]
        for number in range(layer + 1):
            maps = model[number](maps.clone())
        maps = maps.detach().requires_grad_()
        scores = maps.clone()
        for number in range(layer + 1, len(model)):
            scores = model[number](scores)
        gradient = torch.autograd.grad(scores[0, target], maps)[0]
        total = torch.zeros_like(maps[0, 0])
        for channel in range(maps.shape[1]):
            total += gradient[0, channel].mean() * maps[0, channel].detach()
        results.append(torch.clamp(total, min=0))
    return torch.stack(results)


def grad_cam_numpy(model: nn.Sequential, x: Tensor, targets: Tensor, layer: int) -> np.ndarray:
    """Do the last steps in NumPy."""
    front = nn.Sequential(*list(model.children())[: layer + 1])
    back = nn.Sequential(*list(model.children())[layer + 1 :])
    maps = front(x.clone()).detach().clone().requires_grad_(True)
    scores = back(maps + 0)
    torch.sum(scores.gather(1, targets.view(-1, 1))).backward()
    assert maps.grad is not None
    gradient, values = maps.grad.numpy(), maps.detach().numpy()
    weights = gradient.mean(axis=(2, 3), keepdims=True)
    return np.maximum((weights * values).sum(axis=1), 0)


def grad_cam_single_precision(
    model: nn.Sequential, x: Tensor, targets: Tensor, layer: int
) -> Tensor:
    """Compose the layers with reduce and answer in single precision."""

    def run(given: Tensor, layers: Any) -> Tensor:
        return functools.reduce(lambda out, one: one(out.clone()), layers, given)

    maps = run(x, model[: layer + 1]).detach().requires_grad_()
    chosen = torch.take_along_dim(run(maps, model[layer + 1 :]), targets[:, None], dim=1)
    gradient = torch.autograd.grad(chosen.sum(), maps)[0]
    size = gradient.shape[2] * gradient.shape[3]
    weights = gradient.flatten(2).sum(dim=2) / size
    return torch.relu((weights[:, :, None, None] * maps).sum(1)).float()


GRAD_CAM = (grad_cam_hooks, grad_cam_loop, grad_cam_numpy, grad_cam_single_precision)

# pointing_game


def pointing_game_flat(maps: Tensor, masks: Tensor) -> float:
    """Gather the masks at the places of the maxima."""
    places = maps.flatten(1).argmax(dim=1, keepdim=True)
    return masks.flatten(1).gather(1, places).double().mean().item()


def pointing_game_unravel(maps: Tensor, masks: Tensor) -> float:
    """Turn each place into row and column."""
    hits = []
    for one, mask in zip(maps.numpy(), masks.numpy(), strict=True):
        hits.append(mask[np.unravel_index(one.argmax(), one.shape)])
    return float(np.mean(hits))


def pointing_game_loops(maps: Tensor, masks: Tensor) -> float:
    """Look at every pixel."""
    hits = 0
    for n in range(maps.shape[0]):
        best, inside = -math.inf, False
        for i in range(maps.shape[1]):
            for j in range(maps.shape[2]):
                if maps[n, i, j].item() > best:
                    best, inside = maps[n, i, j].item(), bool(masks[n, i, j])
        hits += inside
    return hits / maps.shape[0]


def pointing_game_divmod(maps: Tensor, masks: Tensor) -> Tensor:
    """Return a tensor without axes; rows and columns by division."""
    place = maps.reshape(len(maps), -1).argmax(1)
    rows = torch.div(place, maps.shape[2], rounding_mode="floor")
    return masks[torch.arange(len(maps)), rows, place % maps.shape[2]].float().mean()


POINTING_GAME = (
    pointing_game_flat,
    pointing_game_unravel,
    pointing_game_loops,
    pointing_game_divmod,
)

"""The task ``occlusion_map``: reference, cases, mistakes, other right answers."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from autograder.problems import Case, Misconception, Problem, Random
from autograder.values import Value
from solutions.visualization.drawn_networks import (
    CLASSES,
    DIGITS,
    EXPLORED,
    SECONDS,
    drawn_network,
    drawn_pictures,
)


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


# Cases


def _occlusion(
    rng: Random, size: tuple[int, int], patch: int, stride: int, fill: float, batch_size: int
) -> dict[str, Value]:
    height, width = size
    positions = ((height - patch) // stride + 1) * ((width - patch) // stride + 1)
    return {
        "model": drawn_network(rng, height, width, max_calls=-(-positions // batch_size)),
        "x": drawn_pictures(rng, 3, height, width),
        "target": int(rng.integers(CLASSES)),
        "patch": patch,
        "stride": stride,
        "fill": fill,
        "batch_size": batch_size,
    }


TARGET = ("largest_score",)
"""What a picture finds whose target is not its likeliest class."""


def cases(rng: Random) -> list[Case]:
    """One batch, several batches, then patches that leave a border."""
    return [
        Case("everything in one batch", _occlusion(rng, (4, 6), 2, 2, 0.0, 6), finds=TARGET),
        Case("a last batch that is not full", _occlusion(rng, (6, 8), 2, 2, 0.5, 5), finds=TARGET),
        Case("patches that overlap", _occlusion(rng, (6, 4), 3, 1, -1.0, 4), finds=TARGET),
        Case(
            "a border that no patch reaches", _occlusion(rng, (8, 6), 3, 2, 0.25, 8), finds=TARGET
        ),
    ]


def hidden_cases(rng: Random) -> list[Case]:
    """More sizes."""
    return [
        Case("a wide picture", _occlusion(rng, (4, 10), 2, 1, 0.75, 7), finds=TARGET),
        Case("patch of one pixel", _occlusion(rng, (6, 6), 1, 3, 1.5, 3), finds=TARGET),
        Case("patch as high as the picture", _occlusion(rng, (4, 8), 4, 2, -0.5, 2), finds=TARGET),
    ]


# Misconceptions

Occluded = Callable[..., Any]


def _occluded(
    model: nn.Module,
    x: Tensor,
    patch: int,
    stride: int,
    batch_size: int,
    hide: Callable[[Tensor, int, int], Any],
    score: Callable[[Tensor], Tensor],
) -> Tensor:
    """Do everything right but for what ``hide`` does to a picture and ``score`` to its scores."""
    rows, columns = ((size - patch) // stride + 1 for size in x.shape[1:])
    pictures = x.repeat(rows * columns, 1, 1, 1)
    for number, picture in enumerate(pictures):
        hide(picture, number // columns * stride, number % columns * stride)
    with torch.no_grad():
        scores = torch.cat([score(model(part)) for part in pictures.split(batch_size)])
    return scores.reshape(rows, columns)


def _patched(
    change: Callable[[Tensor, slice, slice, float], Any],
) -> Occluded:
    """Return an occlusion map whose patch is filled by ``change(picture, rows, columns, fill)``."""

    def wrong(
        model: nn.Module,
        x: Tensor,
        target: int,
        patch: int,
        stride: int,
        fill: float,
        batch_size: int,
    ) -> Tensor:
        def hide(picture: Tensor, top: int, left: int) -> None:
            change(picture, slice(top, top + patch), slice(left, left + patch), fill)

        return _occluded(model, x, patch, stride, batch_size, hide, lambda s: s[:, target])

    return wrong


def _scored(score: Callable[[Tensor, int], Tensor]) -> Occluded:
    """Return an occlusion map that reads another number off the scores."""

    def wrong(
        model: nn.Module,
        x: Tensor,
        target: int,
        patch: int,
        stride: int,
        fill: float,
        batch_size: int,
    ) -> Tensor:
        def hide(picture: Tensor, top: int, left: int) -> None:
            picture[:, top : top + patch, left : left + patch] = fill

        return _occluded(model, x, patch, stride, batch_size, hide, lambda s: score(s, target))

    return wrong


def patches_pile_up(
    model: nn.Module, x: Tensor, target: int, patch: int, stride: int, fill: float, batch_size: int
) -> Tensor:
    """Hide one place after the other in the same picture, and never bring one back."""
    picture = x.clone()

    def hide(copy: Tensor, top: int, left: int) -> None:
        picture[:, top : top + patch, left : left + patch] = fill
        copy[:] = picture

    return _occluded(model, x, patch, stride, batch_size, hide, lambda s: s[:, target])


def one_by_one(
    model: nn.Module, x: Tensor, target: int, patch: int, stride: int, fill: float, batch_size: int
) -> Tensor:
    """Send every picture through the network by itself."""
    return occlusion_map(model, x, target, patch, stride, fill, 1)


def last_batch_lost(
    model: nn.Module, x: Tensor, target: int, patch: int, stride: int, fill: float, batch_size: int
) -> Tensor:
    """Forget the last batch if it is not full; its positions stay zero."""
    scores = occlusion_map(model, x, target, patch, stride, fill, batch_size)
    full = scores.numel() // batch_size * batch_size
    scores.flatten()[full:] = 0
    return scores


def positions_not_pixels(
    model: nn.Module, x: Tensor, target: int, patch: int, stride: int, fill: float, batch_size: int
) -> Tensor:
    """Use the number of the position as if it were the pixel."""

    def hide(picture: Tensor, top: int, left: int) -> None:
        i, j = top // stride, left // stride
        picture[:, i : i + patch, j : j + patch] = fill

    return _occluded(model, x, patch, stride, batch_size, hide, lambda s: s[:, target])


def drop_of_the_score(
    model: nn.Module, x: Tensor, target: int, patch: int, stride: int, fill: float, batch_size: int
) -> Tensor:
    """Return by how much the score falls; the whole picture joins the first batch."""
    layers = list(model.children())
    with torch.no_grad():
        clean = nn.Sequential(*layers)(x[None].clone())[0, target]
    return clean - occlusion_map(model, x, target, patch, stride, fill, batch_size)


def _set_first_channel(picture: Tensor, rows: slice, columns: slice, fill: float) -> None:
    picture[0, rows, columns] = fill


def _set_zero(picture: Tensor, rows: slice, columns: slice, fill: float) -> None:
    picture[:, rows, columns] = 0


def _set_smaller(picture: Tensor, rows: slice, columns: slice, fill: float) -> None:
    picture[:, rows.start : rows.stop - 1, columns.start : columns.stop - 1] = fill


def _set_larger(picture: Tensor, rows: slice, columns: slice, fill: float) -> None:
    picture[:, rows.start : rows.stop + 1, columns.start : columns.stop + 1] = fill


def _set_exchanged(picture: Tensor, rows: slice, columns: slice, fill: float) -> None:
    picture[:, columns, rows] = fill


def _multiply(picture: Tensor, rows: slice, columns: slice, fill: float) -> None:
    picture[:, rows, columns] *= fill


def _keep_the_patch(picture: Tensor, rows: slice, columns: slice, fill: float) -> None:
    inside = picture[:, rows, columns].clone()
    picture[:] = fill
    picture[:, rows, columns] = inside


MISCONCEPTIONS = (
    Misconception(
        "one_by_one",
        one_by_one,
        title="One picture at a time",
        symptom="The network refuses: it is called too often.",
        hint="Each call takes a whole batch. Collect pictures with the patch at different places "
        "before you call the network.",
    ),
    Misconception(
        "patches_pile_up",
        patches_pile_up,
        title="The patch is never taken away again",
        symptom="The first number is right; at the end the whole picture is hidden.",
        hint="The first number is right, then more and more of the picture is hidden. Does each "
        "position begin with the whole picture?",
        catalog_number=82,
    ),
    Misconception(
        "zero_fill",
        _patched(_set_zero),
        title="The patch is always zero",
        symptom="Right only where the task asks for zeros.",
        hint="Only for patches of zeros are you right. Which argument have you not used?",
        catalog_number=81,
    ),
    Misconception(
        "map_transposed",
        lambda model, x, target, patch, stride, fill, batch_size: (
            occlusion_map(model, x, target, patch, stride, fill, batch_size).T
        ),
        title="The map is transposed",
        symptom="The map lies on its side: its rows are the expected columns.",
        hint="Your map lies on its side. Which index of the result counts the steps downward?",
        catalog_number=84,
    ),
    Misconception(
        "patch_transposed",
        _patched(_set_exchanged),
        title="The patch moves downward where it should move to the right",
        symptom="The numbers on the diagonal are right, the others belong to another place.",
        hint="The numbers on the diagonal are right. Which axis of the picture do you cut with "
        "the row?",
        catalog_number=84,
    ),
    Misconception(
        "drop_of_the_score",
        drop_of_the_score,
        title="The drop of the score instead of the score",
        symptom="Large numbers become small and small ones large.",
        hint="You return by how much the score falls. Here the score itself is asked for.",
        catalog_number=83,
    ),
    Misconception(
        "probability",
        _scored(lambda scores, target: scores.softmax(dim=1)[:, target]),
        title="The probability instead of the score",
        symptom="All numbers lie between 0 and 1.",
        hint="All your numbers lie between 0 and 1: those are probabilities. The task asks for "
        "what the network returns.",
        catalog_number=85,
    ),
    Misconception(
        "largest_score",
        _scored(lambda scores, target: scores.amax(dim=1)),
        title="The largest score instead of the target's",
        symptom="The class may change from position to position.",
        hint="You take the largest score, whichever class it belongs to. Which class does the task "
        "ask about?",
    ),
    Misconception(
        "first_channel_only",
        _patched(_set_first_channel),
        title="Only the first channel is hidden",
        symptom="The picture shows through the patch in two of its three channels.",
        hint="The patch hides one channel, and the network still sees the others. How many axes "
        "does the picture have, and which of them do you cut?",
    ),
    Misconception(
        "patch_too_small",
        _patched(_set_smaller),
        title="The patch is one pixel too small",
        symptom="The shape is right; the patch lacks its last row and column.",
        hint="Your patch lacks its last row and column. Where does a slice end?",
    ),
    Misconception(
        "patch_too_large",
        _patched(_set_larger),
        title="The patch is one pixel too large",
        symptom="The shape is right; the patch has one row and one column too many.",
        hint="Your patch has one row and one column too many. Where does a slice end?",
    ),
    Misconception(
        "positions_not_pixels",
        positions_not_pixels,
        title="The stride is forgotten when the patch is placed",
        symptom="The shape is right, but all patches lie at the top left.",
        hint="Your map has the right shape, but the patch moves by one pixel only. At which pixel "
        "does the patch number 2 begin?",
        catalog_number=8,
    ),
    Misconception(
        "one_too_few",
        lambda model, x, target, patch, stride, fill, batch_size: occlusion_map(
            model, x, target, patch, stride, fill, batch_size
        )[:-1, :-1],
        title="One row and one column too few",
        symptom="The numbers are right, but the map lacks its last row and its last column.",
        hint="Your map lacks its last row and column. Count by hand the positions of a patch of "
        "2 pixels in 6 pixels, with stride 2.",
        catalog_number=5,
    ),
    Misconception(
        "last_batch_lost",
        last_batch_lost,
        title="The last batch is lost if it is not full",
        symptom="The last numbers of the map are zero.",
        hint="The last numbers of your map are zero. What happens to a batch that is not full?",
    ),
    Misconception(
        "multiplied",
        _patched(_multiply),
        title="The patch is multiplied instead of filled",
        symptom="Right for zeros; otherwise the picture shows through.",
        hint="The picture still shows through the patch. Should its pixels depend on what they "
        "were before?",
    ),
    Misconception(
        "patch_kept",
        _patched(_keep_the_patch),
        title="Everything but the patch is hidden",
        symptom="The numbers tell how much the patch alone does for the score.",
        hint="You hide the picture and leave the patch. It is the other way round.",
    ),
)


# Alternatives


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
            covered = x.detach().clone()
            top, left = stride * (number // columns), stride * (number % columns)
            covered[..., top : top + patch, left : left + patch].fill_(fill)
            yield covered

    waiting = pictures()
    scores = x.new_empty(0)
    while batch := list(itertools.islice(waiting, batch_size)):
        with torch.no_grad():
            scores = torch.hstack([scores, model(torch.stack(batch).to(x.device))[:, target]])
    return scores.reshape(rows, columns)


ALTERNATIVES = (
    occlusion_map_masks,
    occlusion_map_list,
    occlusion_map_numpy,
    occlusion_map_islice,
)

PROBLEM = Problem(
    occlusion_map,
    cases,
    MISCONCEPTIONS,
    hidden_cases=hidden_cases,
    alternatives=ALTERNATIVES,
    time_limit=SECONDS,
    explorer={"kind": "occlusion", **EXPLORED},
    digits=DIGITS,
)

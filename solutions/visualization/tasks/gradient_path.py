"""The task ``gradient_path``: reference, cases, mistakes, other right answers."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from autograder import values
from autograder.problems import Case, Misconception, Problem, Random
from autograder.values import Value
from solutions.visualization.drawn_networks import (
    CLASSES,
    EXPLORED,
    SECONDS,
    drawn_network,
    drawn_pictures,
)
from solutions.visualization.gradients import gradient_of


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


# Cases


def _path(rng: Random, height: int, width: int, times: list[float]) -> dict[str, Value]:
    row, column = int(rng.integers(height)), int(rng.integers(width))
    if row == column:
        column = (column + 1) % width
    return {
        "model": drawn_network(rng, height, width),
        "x": drawn_pictures(rng, 3, height, width),
        "target": int(rng.integers(CLASSES)),
        "row": row,
        "column": column,
        "step": drawn_pictures(rng, 3, height, width),
        "times": values.Tensor(np.array(times)),
    }


SIGNS = ("absolute_values",)
"""What a path finds on which the derivative is below zero somewhere."""


def cases(rng: Random) -> list[Case]:
    """Two times, a longer way, a way in both directions."""
    return [
        Case("there and a step away", _path(rng, 4, 6, [0.0, 1.0]), finds=SIGNS),
        Case(
            "six steps",
            _path(rng, 6, 6, [0.0, 0.5, 1.0, 1.5, 2.0, 2.5]),
            finds=SIGNS,
        ),
        Case("backward and forward", _path(rng, 6, 4, [-2.0, -0.5, 0.25, 3.0])),
    ]


def hidden_cases(rng: Random) -> list[Case]:
    """More sizes."""
    return [
        Case("a single time", _path(rng, 4, 4, [1.5]), finds=SIGNS),
        Case(
            "not in order",
            _path(rng, 8, 4, [2.0, -1.0, 4.0, 0.0, 1.0]),
            finds=SIGNS,
        ),
    ]


# Misconceptions

MISCONCEPTIONS = (
    Misconception(
        "row_and_column_exchanged",
        lambda model, x, target, row, column, step, times: gradient_path(
            model, x, target, column, row, step, times
        ),
        title="Row and column are exchanged",
        symptom="Another pixel's derivatives, or an index that is out of range.",
        hint="These are the derivatives of another pixel. Which comes first in a tensor of "
        "pictures, the row or the column?",
        catalog_number=84,
    ),
    Misconception(
        "always_the_same_picture",
        lambda model, x, target, row, column, step, times: gradient_path(
            model, x, target, row, column, torch.zeros_like(step), times
        ),
        title="The picture does not change",
        symptom="All rows are equal.",
        hint="All rows of your result are equal. Where does the time come in?",
    ),
    Misconception(
        "picture_scaled",
        lambda model, x, target, row, column, step, times: gradient_path(
            model, torch.zeros_like(x), target, row, column, x, times
        ),
        title="The picture is multiplied by t",
        symptom="At t = 0 the picture is black.",
        hint="At t = 0 you look at a black picture. What should be multiplied by t, and what "
        "should not?",
    ),
    Misconception(
        "steps_pile_up",
        lambda model, x, target, row, column, step, times: gradient_path(
            model, x, target, row, column, step, times.cumsum(0)
        ),
        title="Each step starts where the last one ended",
        symptom="The first row is right, the later ones are too far away.",
        hint="Each of your pictures starts from the one before. Every time is counted from the "
        "picture itself.",
        catalog_number=78,
    ),
    Misconception(
        "absolute_values",
        lambda model, x, target, row, column, step, times: gradient_path(
            model, x, target, row, column, step, times
        ).abs(),
        title="Absolute values",
        symptom="The curves never cross zero.",
        hint="All your numbers are positive. The curve may cross zero: keep the sign.",
        catalog_number=79,
    ),
    Misconception(
        "largest_channel",
        lambda model, x, target, row, column, step, times: gradient_path(
            model, x, target, row, column, step, times
        ).amax(dim=1),
        title="One number instead of one per channel",
        symptom="The result lacks its second axis.",
        hint="You merged the channels. Each of them has a curve of its own.",
    ),
    Misconception(
        "transposed",
        lambda model, x, target, row, column, step, times: (
            gradient_path(model, x, target, row, column, step, times).T
        ),
        title="Times and channels are exchanged",
        symptom="The result lies on its side.",
        hint="Your result lies on its side. Which comes first, times or channels?",
    ),
    Misconception(
        "normalized",
        lambda model, x, target, row, column, step, times: (
            lambda path: torch.where(path.abs().max() > 0, path / path.abs().max(), path)
        )(gradient_path(model, x, target, row, column, step, times)),
        title="The curves are scaled to 1",
        symptom="The largest number is 1 or -1.",
        hint="Your largest number is 1 in size. That suits a plot; the task asks for the "
        "derivatives themselves.",
    ),
    Misconception(
        "all_scores",
        lambda model, x, target, row, column, step, times: gradient_of(
            model, x + times[:, None, None, None] * step, torch.sum
        )[:, :, row, column],
        title="The sum of all scores is differentiated",
        symptom="The curves are the same for every class.",
        hint="Your curves do not depend on the class. Which argument have you not used?",
        catalog_number=71,
    ),
)


# Alternatives


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


ALTERNATIVES = (
    gradient_path_loop,
    gradient_path_list,
    gradient_path_pixel,
    gradient_path_einsum,
)

PROBLEM = Problem(
    gradient_path,
    cases,
    MISCONCEPTIONS,
    hidden_cases=hidden_cases,
    alternatives=ALTERNATIVES,
    time_limit=SECONDS,
    explorer={"kind": "gradient path", **EXPLORED},
)

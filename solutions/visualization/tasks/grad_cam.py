"""The task ``grad_cam``: reference, cases, mistakes, other right answers."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from autograder.problems import Case, Misconception, Problem, Random
from autograder.values import Value
from solutions.visualization.drawn_networks import EXPLORED, SECONDS, one_class, scored_pictures
from solutions.visualization.gradients import gradient_of, target_gradient
from solutions.visualization.tasks.layer_outputs import layer_outputs


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


# Cases


def _located(rng: Random, count: int, height: int, width: int, layer: int) -> dict[str, Value]:
    return scored_pictures(rng, count, height, width) | {"layer": layer}


MIXED = ("zeros", "negative_sums_kept", "relu_before_the_sum")
"""What maps find that speak for the class here, and against it there."""

LIVELY = (*MIXED, "no_spatial_mean", "absolute_weights", "layer_before", "all_scores")
"""What a single picture finds whose last maps are not all dark."""


def cases(rng: Random) -> list[Case]:
    """The last maps, those before a ReLU that overwrites them, those in the middle."""
    return [
        Case("the last maps of one picture", _located(rng, 1, 4, 8, 4), finds=LIVELY),
        Case("three pictures of different classes", _located(rng, 3, 4, 4, 4), finds=MIXED),
        Case(
            "maps that a ReLU overwrites",
            _located(rng, 2, 4, 8, 3),
            finds=(*MIXED, "layer_before", "overwritten_maps"),
        ),
        Case("maps in the middle", _located(rng, 2, 8, 4, 2), finds=MIXED),
        Case("two pictures of one class", _located(rng, 2, 8, 4, 3) | one_class(2), finds=MIXED),
    ]


def hidden_cases(rng: Random) -> list[Case]:
    """More sizes."""
    return [
        Case("the first maps", _located(rng, 2, 4, 4, 0), finds=("absolute_weights",)),
        Case("four pictures", _located(rng, 4, 4, 8, 4), finds=MIXED),
        Case("tall pictures", _located(rng, 2, 8, 4, 3), finds=(*MIXED, "absolute_weights")),
    ]


# Misconceptions


def _cam(
    weigh: Callable[[Tensor], Tensor] = lambda gradient: gradient.mean(dim=(2, 3), keepdim=True),
    merge: Callable[[Tensor], Tensor] = lambda weighted: weighted.sum(dim=1).relu(),
    score: Callable[[Tensor, Tensor], Tensor] = lambda scores, targets: scores.gather(
        1, targets[:, None]
    ).sum(),
) -> Callable[..., Tensor]:
    """Return Grad-CAM with other weights, another sum, or another score."""

    def wrong(model: nn.Sequential, x: Tensor, targets: Tensor, layer: int) -> Tensor:
        maps = layer_outputs(model, x)[layer]
        after = nn.Sequential(*list(model)[layer + 1 :])
        gradient = gradient_of(after, maps, lambda scores: score(scores, targets))
        return merge(weigh(gradient) * maps)

    return wrong


def overwritten_maps(model: nn.Sequential, x: Tensor, targets: Tensor, layer: int) -> Tensor:
    """Weigh the maps after the ReLU behind them has written into them."""
    maps = layer_outputs(model, x)[layer]
    after = nn.Sequential(*list(model)[layer + 1 :])
    gradient = target_gradient(after, maps, targets)
    overwritten = maps.relu() if isinstance(after[0], nn.ReLU) else maps
    return (gradient.mean(dim=(2, 3), keepdim=True) * overwritten).sum(dim=1).relu()


MISCONCEPTIONS = (
    Misconception(
        "no_spatial_mean",
        _cam(weigh=lambda gradient: gradient),
        title="The derivatives are not averaged",
        symptom="Each position has a weight of its own.",
        hint="You weigh every position by its own derivative. How many weights does a channel have "
        "in Grad-CAM?",
        catalog_number=88,
    ),
    Misconception(
        "sum_for_mean",
        _cam(weigh=lambda gradient: gradient.sum(dim=(2, 3), keepdim=True)),
        title="The derivatives are added instead of averaged",
        symptom="All numbers are too large by the number of positions.",
        hint="All your numbers are too large by the same factor, the number of positions. What is "
        "the weight of a channel?",
    ),
    Misconception(
        "positive_derivatives_only",
        _cam(weigh=lambda gradient: gradient.relu().mean(dim=(2, 3), keepdim=True)),
        title="ReLU on the derivatives",
        symptom="No channel speaks against the class.",
        hint="You drop the negative derivatives. Then no channel can speak against the class.",
        catalog_number=87,
    ),
    Misconception(
        "starts_at_one",
        _cam(merge=lambda weighted: (1 + weighted.sum(dim=1)).relu()),
        title="The sum begins with ones",
        symptom="All numbers that are not cut off are too large by 1.",
        hint="Your sum begins with ones. With what does a sum begin?",
        catalog_number=86,
    ),
    Misconception(
        "negative_sums_kept",
        _cam(merge=lambda weighted: weighted.sum(dim=1)),
        title="Negative sums are kept",
        symptom="Some numbers are negative.",
        hint="Some of your numbers are negative. What does the docstring do with negative sums?",
    ),
    Misconception(
        "relu_before_the_sum",
        _cam(merge=lambda weighted: weighted.relu().sum(dim=1)),
        title="ReLU before the sum instead of after it",
        symptom="Channels that speak against the class are ignored.",
        hint="You cut off each channel by itself, so none can speak against the class. When does "
        "the ReLU come in?",
    ),
    Misconception(
        "mean_over_channels",
        _cam(merge=lambda weighted: weighted.mean(dim=1).relu()),
        title="The mean over the channels instead of the sum",
        symptom="All numbers are too small by the number of channels.",
        hint="All your numbers are too small by the same factor. Are the weighted channels added "
        "or averaged?",
    ),
    Misconception(
        "absolute_weights",
        _cam(weigh=lambda gradient: gradient.mean(dim=(2, 3), keepdim=True).abs()),
        title="The weights lose their sign",
        symptom="Channels against the class count in its favor.",
        hint="You removed the sign of the weights. A negative weight says that the channel speaks "
        "against the class.",
    ),
    Misconception(
        "weights_only",
        lambda model, x, targets, layer: grad_cam(model, x, targets, layer).mean(dim=(1, 2)),
        title="One number per picture",
        symptom="The result has one axis.",
        hint="You averaged the positions away at the end. The result is a map for each picture.",
    ),
    Misconception(
        "layer_before",
        lambda model, x, targets, layer: grad_cam(model, x, targets, max(layer - 1, 0)),
        title="The layer before the one asked for",
        symptom="The maps are those of another layer.",
        hint="These are the maps of the layer before. Does your count of the layers start at 0?",
    ),
    Misconception(
        "all_scores",
        _cam(score=lambda scores, targets: scores.sum()),
        title="The sum of all scores is differentiated",
        symptom="The map is the same for every class.",
        hint="Your map does not depend on the class. Which argument have you not used?",
        catalog_number=71,
    ),
    Misconception(
        "overwritten_maps",
        overwritten_maps,
        title="A ReLU has overwritten the maps",
        symptom="Right after a ReLU, wrong before one.",
        hint="Before a ReLU you are wrong. Does the layer after your maps write into them "
        "before you use them?",
    ),
)


# Alternatives


def grad_cam_hooks(model: nn.Sequential, x: Tensor, targets: Tensor, layer: int) -> Tensor:
    """Keep the maps with a hook and their gradient with retain_grad."""
    outputs: list[Tensor] = []

    def keep(module: nn.Module, given: Any, out: Tensor) -> Tensor:
        out.retain_grad()
        outputs.append(out)
        return out.clone()

    handle = model[layer].register_forward_hook(keep)
    scores = model(x.detach().clone().requires_grad_())
    handle.remove()
    model.zero_grad()
    scores[range(len(x)), targets].sum().backward()
    maps = outputs[0]
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
        return functools.reduce(lambda out, layer: layer(out.clone()), layers, given)

    maps = run(x, model[: layer + 1]).detach().requires_grad_()
    chosen = torch.take_along_dim(run(maps, model[layer + 1 :]), targets[:, None], dim=1)
    gradient = torch.autograd.grad(chosen.sum(), maps)[0]
    size = gradient.shape[2] * gradient.shape[3]
    weights = gradient.flatten(2).sum(dim=2) / size
    return torch.relu((weights[:, :, None, None] * maps).sum(1)).float()


ALTERNATIVES = (grad_cam_hooks, grad_cam_loop, grad_cam_numpy, grad_cam_single_precision)

PROBLEM = Problem(
    grad_cam,
    cases,
    MISCONCEPTIONS,
    hidden_cases=hidden_cases,
    alternatives=ALTERNATIVES,
    time_limit=SECONDS,
    explorer={"kind": "grad-cam", **EXPLORED},
)

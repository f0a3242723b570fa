"""The task ``saliency_map``: reference, cases, mistakes, other right answers."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from autograder import values
from autograder.problems import Case, Misconception, Problem, Random, quarters
from autograder.values import Value
from solutions.visualization.drawn_networks import (
    DIGITS,
    EXPLORED,
    SECONDS,
    one_class,
    scored_pictures,
)
from solutions.visualization.gradients import gradient_of, target_gradient


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


# Cases


def _used_before(rng: Random, given: dict[str, Value]) -> dict[str, Value]:
    """Let pictures keep the gradient of an earlier computation."""
    array = given["x"].array
    return given | {"x": values.Tensor(array, quarters(rng, *array.shape))}


TARGET = ("likeliest_class",)
"""What pictures find whose targets are not all their likeliest classes."""


def cases(rng: Random) -> list[Case]:
    """One picture, several, then pictures with a past."""
    return [
        Case("a single picture", scored_pictures(rng, 1, 4, 6), finds=TARGET),
        Case("three pictures of different classes", scored_pictures(rng, 3, 4, 4)),
        Case(
            "pictures with a gradient from before",
            _used_before(rng, scored_pictures(rng, 2, 6, 4)),
            finds=TARGET,
        ),
        Case(
            "two pictures of one class",
            scored_pictures(rng, 2, 4, 6) | one_class(2),
            finds=TARGET,
        ),
    ]


def hidden_cases(rng: Random) -> list[Case]:
    """More sizes."""
    return [
        Case("tall pictures", scored_pictures(rng, 2, 8, 4), finds=TARGET),
        Case("four pictures", scored_pictures(rng, 4, 4, 6)),
        Case(
            "one picture with a past",
            _used_before(rng, scored_pictures(rng, 1, 4, 8)),
            finds=TARGET,
        ),
    ]


# Misconceptions


def gradients_pile_up(model: nn.Module, x: Tensor, targets: Tensor) -> Tensor:
    """Use the given tensor, whose old gradient is still there, and add to it."""
    x.requires_grad_()
    model(x).gather(1, targets[:, None]).sum().backward()
    assert x.grad is not None
    return x.grad.abs().amax(dim=1)


def loss_instead_of_score(model: nn.Module, x: Tensor, targets: Tensor) -> Tensor:
    """Differentiate the cross-entropy, as in training."""

    def loss(scores: Tensor) -> Tensor:
        return nn.functional.cross_entropy(scores, targets)

    return gradient_of(model, x, loss).abs().amax(dim=1)


def probability_instead_of_score(model: nn.Module, x: Tensor, targets: Tensor) -> Tensor:
    """Differentiate the probability, behind a softmax."""

    def probability(scores: Tensor) -> Tensor:
        return scores.softmax(dim=1).gather(1, targets[:, None]).sum()

    return gradient_of(model, x, probability).abs().amax(dim=1)


MISCONCEPTIONS = (
    Misconception(
        "no_absolute_value",
        lambda model, x, targets: target_gradient(model, x, targets).amax(dim=1),
        title="The absolute value is missing",
        symptom="Some numbers are negative, none is too large.",
        hint="Some of your numbers are negative. A pixel that lowers the score when it gets "
        "brighter matters, too.",
        catalog_number=65,
    ),
    Misconception(
        "negative_to_zero",
        lambda model, x, targets: target_gradient(model, x, targets).clamp(min=0).amax(dim=1),
        title="Negative derivatives become zero",
        symptom="Zeros appear where all derivatives are negative.",
        hint="Zeros appear where the derivatives are negative. Is a pixel without importance if "
        "the score falls when it gets brighter?",
        catalog_number=66,
    ),
    Misconception(
        "maximum_first",
        lambda model, x, targets: target_gradient(model, x, targets).amax(dim=1).abs(),
        title="First the maximum, then the absolute value",
        symptom="Pixels with one strongly negative channel get too small a number.",
        hint="Take the derivatives -5, 1 and 2 of one pixel. What does your code say, and what "
        "should it say?",
        catalog_number=67,
    ),
    Misconception(
        "signed_mean",
        lambda model, x, targets: target_gradient(model, x, targets).mean(dim=1),
        title="The mean of the signed derivatives",
        symptom="Channels of opposite sign cancel each other.",
        hint="You average derivatives of different sign, and they cancel each other. The docstring "
        "asks for something else than a mean.",
        catalog_number=68,
    ),
    Misconception(
        "mean_of_absolute_values",
        lambda model, x, targets: target_gradient(model, x, targets).abs().mean(dim=1),
        title="The mean over the channels instead of the maximum",
        symptom="No number is too large, most are too small.",
        hint="You take the mean over the channels. How does the docstring make one number of "
        "three?",
    ),
    Misconception(
        "sum_of_absolute_values",
        lambda model, x, targets: target_gradient(model, x, targets).abs().sum(dim=1),
        title="The sum over the channels instead of the maximum",
        symptom="No number is too small, most are too large.",
        hint="You add the channels. How does the docstring make one number of three?",
    ),
    Misconception(
        "gradients_pile_up",
        gradients_pile_up,
        title="The gradient of an earlier call is still there",
        symptom="The first call is right, the second is not.",
        hint="A picture that has a gradient from before gives other numbers. What does PyTorch do "
        "with a gradient that is there already?",
        catalog_number=70,
    ),
    Misconception(
        "all_scores",
        lambda model, x, targets: gradient_of(model, x, torch.sum).abs().amax(dim=1),
        title="The sum of all scores is differentiated",
        symptom="The map is the same for every class.",
        hint="Your map does not depend on the class. Which argument have you not used?",
        catalog_number=71,
    ),
    Misconception(
        "probability_instead_of_score",
        probability_instead_of_score,
        title="The probability is differentiated",
        symptom="The map depends on the scores of the other classes, and is tiny where the network "
        "is sure.",
        hint="You differentiate a probability: it also rises when other classes become less "
        "likely. The score is what the network returns.",
        catalog_number=72,
    ),
    Misconception(
        "loss_instead_of_score",
        loss_instead_of_score,
        title="The loss is differentiated",
        symptom="The map shows what makes the network less wrong, not what makes the class.",
        hint="You differentiate the loss, as in training. Here the score of a class is asked for.",
        catalog_number=73,
    ),
    Misconception(
        "one_class_for_all",
        lambda model, x, targets: saliency_map(model, x, targets[:1].expand(len(x))),
        title="The first picture's class for all pictures",
        symptom="The first map is right, the others are not.",
        hint="The first map is right, the others are not. Does each picture get its own class?",
    ),
    Misconception(
        "likeliest_class",
        lambda model, x, targets: (
            gradient_of(model, x, lambda scores: scores.amax(dim=1).sum()).abs().amax(dim=1)
        ),
        title="The likeliest class instead of the target",
        symptom="Right only where the network happens to prefer the target.",
        hint="You explain the class that the network prefers. The task asks about another one.",
    ),
    Misconception(
        "squeezed",
        lambda model, x, targets: saliency_map(model, x, targets).squeeze(),
        title="The axis of the batch is squeezed away",
        symptom="Several pictures work; with a single one an axis is missing.",
        hint="A batch of one picture is still a batch. Which of your steps removes axes of "
        "length 1?",
    ),
    Misconception(
        "maximum_over_the_batch",
        lambda model, x, targets: target_gradient(model, x, targets).abs().amax(dim=0),
        title="The maximum over the pictures instead of the channels",
        symptom="The result has three maps, whatever the number of pictures.",
        hint="You take the maximum over the pictures of the batch. Which axis counts the channels?",
    ),
    Misconception(
        "gradient_times_input",
        lambda model, x, targets: (
            (target_gradient(model, x, targets) * x).abs().amax(dim=1).detach()
        ),
        title="The gradient is multiplied by the picture",
        symptom="Black pixels get no importance.",
        hint="You multiply the derivatives by the picture, which is another method. Here the "
        "derivatives alone count.",
    ),
)


# Alternatives


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
        single = picture.detach()[None].requires_grad_()
        (gradient,) = torch.autograd.grad(model(single)[0, target], single)
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


ALTERNATIVES = (
    saliency_map_backward,
    saliency_map_one_by_one,
    saliency_map_chosen,
    saliency_map_vmap,
    saliency_map_hook,
)

PROBLEM = Problem(
    saliency_map,
    cases,
    MISCONCEPTIONS,
    hidden_cases=hidden_cases,
    alternatives=ALTERNATIVES,
    time_limit=SECONDS,
    explorer={"kind": "saliency", **EXPLORED},
    digits=DIGITS,
)

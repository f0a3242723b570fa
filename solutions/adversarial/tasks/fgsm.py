"""The task ``fgsm``: reference, cases, mistakes, other right answers."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from autograder import values
from autograder.problems import Case, Misconception, Problem, Random, Style, quarters
from autograder.values import Value
from solutions.adversarial.attacked_networks import attacked, gradient_of, loss_gradient
from solutions.visualization.drawn_networks import DIGITS, SECONDS


def fgsm(model: nn.Module, x: Tensor, labels: Tensor, epsilon: float) -> Tensor:
    """Return pictures that a network is more likely to name wrongly (FGSM).

    model: network, from pictures (N, C, H, W) with numbers from 0 to 1 to scores (N, K).
    x: pictures, shape (N, C, H, W).
    labels: the class of each picture, whole numbers, shape (N,).
    epsilon: by how much each number of a picture changes.
    Each number moves by epsilon in the direction in which the picture's cross-entropy grows, or
    stays where the derivative is 0; then it is cut off to the range from 0 to 1.
    Returns shape (N, C, H, W). Every call begins anew.
    """
    ### BEGIN SOLUTION
    x = x.detach().clone().requires_grad_()
    loss = nn.functional.cross_entropy(model(x), labels)
    (gradient,) = torch.autograd.grad(loss, x)
    return (x + epsilon * gradient.sign()).clamp(0, 1).detach()
    ### END SOLUTION


# Cases


def _case(
    rng: Random, name: str, count: int, height: int, width: int, epsilon: float, past: bool = False
) -> Case:
    given: dict[str, Value] = attacked(rng, count, height, width)
    if past:  # the pictures keep the gradient of an earlier computation
        array = given["x"].array
        given["x"] = values.Tensor(array, quarters(rng, *array.shape))
    return Case(name, given | {"epsilon": epsilon}, finds=FINDS)


FINDS = ("own_score_lowered", "softmax_twice", "labels_of_the_network")
"""What takes the same steps as the right answer now and then."""


def cases(rng: Random) -> list[Case]:
    """One picture, several, then pictures with a past."""
    return [
        _case(rng, "a single picture", 1, 4, 6, 0.125),
        _case(rng, "three pictures, small steps", 3, 6, 4, 0.03125),
        _case(rng, "pictures with a gradient from before", 2, 4, 4, 0.0625, past=True),
        _case(rng, "large steps", 2, 4, 6, 0.25),
    ]


def hidden_cases(rng: Random) -> list[Case]:
    """More sizes."""
    return [
        _case(rng, "tall pictures", 2, 8, 4, 0.125),
        _case(rng, "four pictures", 4, 4, 4, 0.0625),
        _case(rng, "one picture with a past", 1, 4, 8, 0.125, past=True),
    ]


# Misconceptions


def _stepped(x: Tensor, change: Tensor) -> Tensor:
    return (x.detach() + change).clamp(0, 1)


def gradients_pile_up(model: nn.Module, x: Tensor, labels: Tensor, epsilon: float) -> Tensor:
    """Use the given tensor, whose old gradient is still there, and add to it."""
    x.requires_grad_()
    nn.functional.cross_entropy(model(x), labels).backward()
    assert x.grad is not None
    return _stepped(x, epsilon * x.grad.sign())


def unit_length(model: nn.Module, x: Tensor, labels: Tensor, epsilon: float) -> Tensor:
    """Divide the gradient of each picture by its length."""
    gradient = loss_gradient(model, x, labels)
    length = gradient.flatten(1).norm(dim=1)[:, None, None, None]
    return _stepped(x, epsilon * gradient / length)


def own_score_lowered(model: nn.Module, x: Tensor, labels: Tensor, epsilon: float) -> Tensor:
    """Go against the gradient of the class's own score."""
    gradient = gradient_of(model, x, lambda scores: scores.gather(1, labels[:, None]).sum())
    return _stepped(x, -epsilon * gradient.sign())


def softmax_twice(model: nn.Module, x: Tensor, labels: Tensor, epsilon: float) -> Tensor:
    """Hand probabilities to a loss that takes scores."""
    gradient = gradient_of(
        model,
        x,
        lambda scores: nn.functional.cross_entropy(scores.softmax(1), labels, reduction="sum"),
    )
    return _stepped(x, epsilon * gradient.sign())


def labels_of_the_network(model: nn.Module, x: Tensor, labels: Tensor, epsilon: float) -> Tensor:
    """Get away from what the network says instead of what the picture shows."""
    with torch.no_grad():
        answers = model(x.detach().clone()).argmax(1)
    return fgsm(model, x, answers, epsilon)


def one_sign_for_all_channels(
    model: nn.Module, x: Tensor, labels: Tensor, epsilon: float
) -> Tensor:
    """Move red, green and blue of a pixel together."""
    gradient = loss_gradient(model, x, labels).sum(dim=1, keepdim=True)
    return _stepped(x, epsilon * gradient.sign())


MISCONCEPTIONS = (
    Misconception(
        "descent",
        lambda model, x, labels, epsilon: fgsm(model, x, labels, -epsilon),
        title="Down the loss instead of up",
        symptom="The network becomes surer of the right class.",
        hint="Each number moves the wrong way: after your step the network is surer of the class. "
        "Do you want the loss smaller, as in training, or larger?",
    ),
    Misconception(
        "not_cut_off",
        lambda model, x, labels, epsilon: (
            x.detach() + epsilon * loss_gradient(model, x, labels).sign()
        ),
        title="The range of the picture is left",
        symptom="Some numbers are below 0 or above 1.",
        hint="Some of your numbers are below 0 or above 1. Which screen could show such a pixel?",
    ),
    Misconception(
        "gradient_for_sign",
        lambda model, x, labels, epsilon: _stepped(x, epsilon * loss_gradient(model, x, labels)),
        title="The gradient instead of its sign",
        symptom="Most numbers hardly move.",
        hint="Numbers with a small derivative hardly move. The docstring says how far each of them "
        "has to go.",
    ),
    Misconception(
        "mean_gradient_for_sign",
        lambda model, x, labels, epsilon: _stepped(
            x, epsilon * loss_gradient(model, x, labels) / len(x)
        ),
        title="The gradient of the mean loss instead of its sign",
        symptom="Numbers move the less, the more pictures the batch has.",
        hint="How far your numbers move depends on the derivative, and on how many pictures are in "
        "the batch. The docstring says how far each of them has to go.",
    ),
    Misconception(
        "unit_length",
        unit_length,
        title="The gradient, scaled to the length epsilon",
        symptom="All numbers of a picture together move by epsilon.",
        hint="Your change has the length epsilon, as a vector. The docstring speaks of each number "
        "by itself.",
    ),
    Misconception(
        "own_score_lowered",
        own_score_lowered,
        title="The score of the class is lowered",
        symptom="Most numbers move rightly, some do not.",
        hint="You lower the score of the class. The cross-entropy also grows when another score "
        "rises: which number does it compare with which?",
    ),
    Misconception(
        "own_score_raised",
        lambda model, x, labels, epsilon: own_score_lowered(model, x, labels, -epsilon),
        title="The score of the class is raised",
        symptom="The picture looks more like its class to the network.",
        hint="You climb up the score of the class itself. Is the picture to be recognized better?",
    ),
    Misconception(
        "softmax_twice",
        softmax_twice,
        title="Softmax is taken twice",
        symptom="Most numbers move rightly, some do not.",
        hint="Is it the scores that you give to the cross-entropy, or probabilities? PyTorch's "
        "function takes the softmax itself.",
    ),
    Misconception(
        "labels_of_the_network",
        labels_of_the_network,
        title="Away from the network's answer instead of the label",
        symptom="Right only for pictures that the network names right.",
        hint="You get away from what the network says. Which argument have you not used?",
    ),
    Misconception(
        "first_label_for_all",
        lambda model, x, labels, epsilon: fgsm(model, x, labels[:1].expand(len(x)), epsilon),
        title="The first picture's label for all pictures",
        symptom="The first picture is right, the others are not.",
        hint="The first picture is right, the others are not. Does each picture get its own label?",
    ),
    Misconception(
        "gradients_pile_up",
        gradients_pile_up,
        title="The gradient of an earlier call is still there",
        symptom="The first call is right, the second is not.",
        hint="A picture that has a gradient from before gives another answer. What does PyTorch do "
        "with a gradient that is there already?",
    ),
    Misconception(
        "one_sign_for_all_channels",
        one_sign_for_all_channels,
        title="One sign for all channels of a pixel",
        symptom="Red, green and blue of a pixel move together.",
        hint="Red, green and blue of a pixel always move together. Does each number have a "
        "derivative of its own?",
    ),
    Misconception(
        "change_only",
        lambda model, x, labels, epsilon: epsilon * loss_gradient(model, x, labels).sign(),
        title="The change instead of the changed picture",
        symptom="All numbers are epsilon, -epsilon or 0.",
        hint="You return the change. The changed picture is asked for.",
    ),
)


# Alternatives


def fgsm_backward(model: nn.Module, x: Tensor, labels: Tensor, epsilon: float) -> Tensor:
    """Call backward on a leaf of its own."""
    pictures = x.detach().clone()
    pictures.requires_grad = True
    nn.CrossEntropyLoss(reduction="sum")(model(pictures), labels).backward()
    with torch.no_grad():
        assert pictures.grad is not None
        moved = pictures + epsilon * torch.sign(pictures.grad)
        return torch.clamp(moved, min=0.0, max=1.0)


def fgsm_one_by_one(model: nn.Module, x: Tensor, labels: Tensor, epsilon: float) -> Tensor:
    """Take the pictures one after the other."""
    attacked_pictures = []
    for picture, label in zip(x, labels, strict=True):
        single = picture.detach()[None].clone().requires_grad_()
        loss = -model(single).log_softmax(dim=1)[0, label]
        (gradient,) = torch.autograd.grad(loss, single)
        attacked_pictures.append((single + epsilon * gradient.sign()).clip(0, 1)[0].detach())
    return torch.stack(attacked_pictures)


def fgsm_change(model: nn.Module, x: Tensor, labels: Tensor, epsilon: float) -> Tensor:
    """Differentiate by the change, which begins at zero."""
    change = torch.zeros_like(x, requires_grad=True)
    scores = model(x.detach() + change)
    loss = (scores.logsumexp(dim=1) - scores[range(len(x)), labels]).sum()
    loss.backward()
    assert change.grad is not None
    return (x.detach() + epsilon * change.grad.sign()).clamp(0, 1)


def fgsm_numpy(model: nn.Module, x: Tensor, labels: Tensor, epsilon: float) -> np.ndarray:
    """Do the step in NumPy."""
    leaf = x.clone().detach().requires_grad_(True)
    loss = nn.functional.nll_loss(nn.functional.log_softmax(model(leaf), dim=-1), labels)
    gradient = torch.autograd.grad(loss, [leaf])[0].numpy()
    return np.clip(x.detach().numpy() + epsilon * np.sign(gradient), 0.0, 1.0)


def fgsm_where(model: nn.Module, x: Tensor, labels: Tensor, epsilon: float) -> Tensor:
    """Say what happens to numbers with a positive and with a negative derivative."""
    leaf = x.detach().clone().requires_grad_()
    chosen = nn.functional.one_hot(labels, model(leaf).shape[1]).to(x.dtype)
    loss = -(model(leaf).log_softmax(1) * chosen).sum()
    loss.backward()
    assert leaf.grad is not None
    moved = leaf.detach().clone()
    moved[leaf.grad > 0] += epsilon
    moved[leaf.grad < 0] -= epsilon
    return moved.clamp_(0, 1)


ALTERNATIVES = (fgsm_backward, fgsm_one_by_one, fgsm_change, fgsm_numpy, fgsm_where)

STYLES = (
    Style(fgsm_backward, "With `backward`, as in training: the gradient lies in the picture."),
    Style(fgsm_change, "By the change, which starts at zero: nothing of the picture is copied."),
)

PROBLEM = Problem(
    fgsm,
    cases,
    MISCONCEPTIONS,
    hidden_cases=hidden_cases,
    alternatives=ALTERNATIVES,
    time_limit=SECONDS,
    digits=DIGITS,
    styles=STYLES,
)

"""The task ``robust_accuracy``: reference, cases, mistakes, other right answers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from autograder import values
from autograder.handover import hand_over
from autograder.problems import Case, Misconception, Problem, Random
from solutions.adversarial.attacked_networks import (
    STEPS,
    drawn_network,
    drawn_pictures,
    loss_gradient,
)
from solutions.visualization.drawn_networks import CLASSES, DIGITS, SECONDS


def robust_accuracy(
    model: nn.Module, x: Tensor, labels: Tensor, attempts: Tensor, epsilon: float
) -> float:
    """Return the share of the pictures that no attempt of an attacker has made wrong.

    model: network, from pictures (N, C, H, W) with numbers from 0 to 1 to scores (N, K).
    x: pictures, shape (N, C, H, W). labels: the class of each picture, shape (N,).
    attempts: what an attacker made of the pictures, shape (A, N, C, H, W).
    A picture counts if the network names its class at the picture itself and at each of its
    attempts. An attempt is ignored if one of its numbers is further than epsilon from the picture,
    below 0 or above 1, each by more than 1e-6: so much is forgiven for rounding.
    """
    ### BEGIN SOLUTION
    with torch.no_grad():
        robust = model(x).argmax(dim=1) == labels
        for attempt in attempts:
            fooled = model(attempt).argmax(dim=1) != labels
            too_far = (attempt - x).abs().flatten(1).amax(dim=1) > epsilon + 1e-6
            outside = ((attempt < -1e-6) | (attempt > 1 + 1e-6)).flatten(1).any(dim=1)
            robust &= ~fooled | too_far | outside
    return robust.double().mean().item()
    ### END SOLUTION


# Cases


FINDS = (
    "0",
    "attempts_averaged",
    "weakest_attempt",
    "worst_attempt_on_average",
    "last_attempt_only",
    "pictures_themselves_forgotten",
    "distance_ignored",
    "range_ignored",
    "edge_excluded",
    "refused_attempts_succeed",
    "mean_distance",
    "of_those_right_at_first",
)
"""Mistakes that happen to give the right share now and then."""


def _case(rng: Random, name: str, attempts: int, count: int, epsilon: float) -> Case:
    """Draw attempts, of which some break a rule.

    Some numbers move against the class, or, where the network is wrong, toward it: most of them in
    the first attempt, few in the last, so that the last is not the worst. The others move anywhere,
    so that each attempt fools other pictures.
    """
    network = drawn_network(rng, 4, 4)
    model, x = hand_over(network), drawn_pictures(rng, count, 4, 4)
    pictures = torch.from_numpy(x)
    with torch.no_grad():
        answers = model(pictures).argmax(1)
    wrong = torch.from_numpy(rng.random(count) < 0.2)
    labels = torch.where(wrong, (answers + 1) % CLASSES, answers)
    against = loss_gradient(model, pictures, labels).sign()
    against[wrong] *= -1
    anywhere = rng.choice([-1, 0, 1], size=(attempts, *x.shape))
    aimed = rng.random(anywhere.shape) < np.linspace(0.7, 0.2, attempts)[:, None, None, None, None]
    moves = np.where(aimed, against.numpy(), anywhere) * epsilon
    tried = np.clip(x + moves, 0, 1)
    for a, n in np.ndindex(attempts, count):
        _break_a_rule(rng, tried[a, n], x[n], moves[a, n], epsilon)
    given = {
        "model": network,
        "x": values.Tensor(x),
        "labels": values.Tensor(labels.numpy()),
        "attempts": values.Tensor(tried),
        "epsilon": epsilon,
    }
    return Case(name, given, finds=FINDS)


def _break_a_rule(
    rng: Random, attempt: np.ndarray, picture: np.ndarray, move: np.ndarray, epsilon: float
) -> None:
    """Let every second attempt go too far, in some numbers or in most, or leave the range."""
    match rng.integers(6):
        case 0:
            few = rng.random(attempt.shape) < 0.3
            attempt[:] = np.clip(np.where(few, picture + 4 * move, picture), 0, 1)
        case 1:
            attempt[:] = picture + move
            attempt.flat[rng.integers(attempt.size)] = rng.choice([-1, STEPS + 1]) / STEPS
            np.clip(attempt, picture - epsilon, picture + epsilon, out=attempt)
        case 2:
            attempt[:] = np.clip(picture + 2 * move, 0, 1)


def cases(rng: Random) -> list[Case]:
    """Two, three and four attempts; an odd number of pictures, so that no share is a half."""
    return [
        _case(rng, "two attempts", 2, 23, 0.125),
        _case(rng, "three attempts", 3, 21, 0.125),
        _case(rng, "four small attempts", 4, 25, 0.0625),
    ]


def hidden_cases(rng: Random) -> list[Case]:
    """More pictures."""
    return [
        _case(rng, "five attempts", 5, 25, 0.0625),
        _case(rng, "two large attempts", 2, 27, 0.1875),
    ]


# Misconceptions


def _named(model: nn.Module, x: Tensor, labels: Tensor, attempts: Tensor) -> Tensor:
    """Return whether each picture is named right, in the first row, and each attempt."""
    with torch.no_grad():
        answers = torch.stack([model(batch.clone()).argmax(1) for batch in (x, *attempts)])
    return answers == labels


def _allowed(
    x: Tensor, attempts: Tensor, epsilon: float, *, edge: float = 1e-6, ranged: bool = True
) -> Tensor:
    """Return which attempts count, shape (A, N)."""
    allowed = (attempts - x).abs().flatten(2).amax(2) <= epsilon + edge
    return allowed & _within_range(attempts) if ranged else allowed


def _within_range(attempts: Tensor) -> Tensor:
    return ((attempts >= -1e-6) & (attempts <= 1 + 1e-6)).flatten(2).all(2)


def _share(robust: Tensor) -> float:
    return robust.double().mean().item()


def attempts_averaged(
    model: nn.Module, x: Tensor, labels: Tensor, attempts: Tensor, epsilon: float
) -> float:
    """Return the mean accuracy over the attempts that count."""
    right = _named(model, x, labels, attempts)
    withstood = right[1:] | ~_allowed(x, attempts, epsilon)
    return _share(withstood & right[0])


def worst_attempt_on_average(
    model: nn.Module, x: Tensor, labels: Tensor, attempts: Tensor, epsilon: float
) -> float:
    """Return the lowest accuracy of one attempt."""
    right = _named(model, x, labels, attempts)
    withstood = (right[1:] | ~_allowed(x, attempts, epsilon)) & right[0]
    return withstood.double().mean(1).min().item()


def weakest_attempt(
    model: nn.Module, x: Tensor, labels: Tensor, attempts: Tensor, epsilon: float
) -> float:
    """Let a picture count that withstands one attempt."""
    right = _named(model, x, labels, attempts)
    withstood = (right[1:] | ~_allowed(x, attempts, epsilon)) & right[0]
    return _share(withstood.any(0))


def pictures_themselves_forgotten(
    model: nn.Module, x: Tensor, labels: Tensor, attempts: Tensor, epsilon: float
) -> float:
    """Ask for the attempts only."""
    right = _named(model, x, labels, attempts)
    return _share((right[1:] | ~_allowed(x, attempts, epsilon)).all(0))


def refused_attempts_succeed(
    model: nn.Module, x: Tensor, labels: Tensor, attempts: Tensor, epsilon: float
) -> float:
    """Count an attempt that is not allowed against the picture."""
    right = _named(model, x, labels, attempts)
    return _share(right.all(0) & _allowed(x, attempts, epsilon).all(0))


def of_those_right_at_first(
    model: nn.Module, x: Tensor, labels: Tensor, attempts: Tensor, epsilon: float
) -> float:
    """Divide by the number of pictures that were named right."""
    right = _named(model, x, labels, attempts)
    robust = right[0] & (right[1:] | ~_allowed(x, attempts, epsilon)).all(0)
    return (robust.sum() / right[0].sum().clamp(min=1)).item()


Rule = Callable[[Tensor, Tensor, float], Tensor]
"""Which attempts count: from pictures, attempts and epsilon, shape (A, N)."""


def _with_rule(rule: Rule) -> Callable[..., float]:
    """Return the measure with another rule."""

    def wrong(
        model: nn.Module, x: Tensor, labels: Tensor, attempts: Tensor, epsilon: float
    ) -> float:
        right = _named(model, x, labels, attempts)
        return _share(right[0] & (right[1:] | ~rule(x, attempts, epsilon)).all(0))

    return wrong


def _mean_distance(x: Tensor, attempts: Tensor, epsilon: float) -> Tensor:
    near = (attempts - x).abs().flatten(2).mean(2) <= epsilon + 1e-6
    return near & _within_range(attempts)


MISCONCEPTIONS = (
    Misconception(
        "attempts_averaged",
        attempts_averaged,
        title="The mean over the attempts",
        symptom="A picture that one of four attempts fools counts three quarters.",
        hint="A picture that one attempt fools still counts a part of 1 for you. An attacker needs "
        "one success: what is such a picture worth?",
    ),
    Misconception(
        "worst_attempt_on_average",
        worst_attempt_on_average,
        title="The worst attempt for all pictures together",
        symptom="Too high as soon as different attempts fool different pictures.",
        hint="You look for the attempt that fools the most pictures. May the attacker choose "
        "another attempt for each picture?",
    ),
    Misconception(
        "weakest_attempt",
        weakest_attempt,
        title="One attempt withstood is enough",
        symptom="More attempts make the result larger.",
        hint="With more attempts your result grows. Is a picture robust if it withstands any of "
        "them, or all?",
    ),
    Misconception(
        "last_attempt_only",
        lambda model, x, labels, attempts, epsilon: robust_accuracy(
            model, x, labels, attempts[-1:], epsilon
        ),
        title="Only the last attempt counts",
        symptom="The earlier attempts make no difference.",
        hint="Only the last attempt makes a difference. What does your loop do with the result of "
        "the one before?",
    ),
    Misconception(
        "pictures_themselves_forgotten",
        pictures_themselves_forgotten,
        title="The picture itself is not asked about",
        symptom="Pictures count that are named wrongly without any attack.",
        hint="You count pictures that the network names wrongly without any attack. An attacker "
        "may leave a picture as it is.",
    ),
    Misconception(
        "distance_ignored",
        _with_rule(lambda x, attempts, epsilon: _within_range(attempts)),
        title="Attempts count that are too far away",
        symptom="The result does not depend on epsilon.",
        hint="Your result does not depend on epsilon. Which attempts are against the rules?",
    ),
    Misconception(
        "range_ignored",
        _with_rule(lambda x, attempts, epsilon: _allowed(x, attempts, epsilon, ranged=False)),
        title="Attempts count that are no pictures",
        symptom="Numbers below 0 or above 1 are allowed.",
        hint="You let attempts count with numbers below 0 or above 1. Are these pictures?",
    ),
    Misconception(
        "edge_excluded",
        _with_rule(lambda x, attempts, epsilon: _allowed(x, attempts, epsilon, edge=-1e-6)),
        title="The edge of the ball is left out",
        symptom="Attempts that move by exactly epsilon are ignored: those of FGSM.",
        hint="You ignore attempts that move a number by exactly epsilon. FGSM does nothing else.",
    ),
    Misconception(
        "refused_attempts_succeed",
        refused_attempts_succeed,
        title="A refused attempt counts against the picture",
        symptom="Pictures are lost to attempts that break the rules.",
        hint="A picture is lost for you if one of its attempts breaks the rules. What does the "
        "docstring say about such an attempt?",
    ),
    Misconception(
        "mean_distance",
        _with_rule(_mean_distance),
        title="The mean change instead of the largest",
        symptom="Attempts are allowed in which a few numbers move far.",
        hint="An attempt in which a single number moves far is allowed for you. Does the docstring "
        "speak of the mean, or of each number?",
    ),
    Misconception(
        "of_those_right_at_first",
        of_those_right_at_first,
        title="A share of the pictures named right",
        symptom="Too large, unless the network names all pictures right.",
        hint="You divide by the number of pictures that the network names right without an attack. "
        "Of which pictures is the share asked for?",
    ),
    Misconception(
        "fooled_counted",
        lambda model, x, labels, attempts, epsilon: (
            1 - robust_accuracy(model, x, labels, attempts, epsilon)
        ),
        title="The share of those that are fooled",
        symptom="A better network gets a smaller number.",
        hint="A network that is never fooled gets 0 from you. Which share is asked for?",
    ),
    Misconception(
        "pictures_counted",
        lambda model, x, labels, attempts, epsilon: (
            robust_accuracy(model, x, labels, attempts, epsilon) * len(x)
        ),
        title="The number of pictures instead of their share",
        symptom="The result is a whole number, often larger than 1.",
        hint="You count pictures. A share lies between 0 and 1.",
    ),
)


# Alternatives


def robust_accuracy_lists(
    model: nn.Module, x: Tensor, labels: Tensor, attempts: Tensor, epsilon: float
) -> float:
    """Take the pictures one after the other, and stop at the first success."""
    robust = 0
    for n, picture in enumerate(x):
        allowed = [picture]
        for attempt in attempts[:, n]:
            near = bool((attempt - picture).abs().max() <= epsilon + 1e-6)
            if near and attempt.min() >= -1e-6 and attempt.max() <= 1 + 1e-6:
                allowed.append(attempt)
        if all(int(model(given[None]).argmax()) == int(labels[n]) for given in allowed):
            robust += 1
    return robust / len(x)


def robust_accuracy_one_batch(
    model: nn.Module, x: Tensor, labels: Tensor, attempts: Tensor, epsilon: float
) -> Tensor:
    """Ask about all attempts in one batch; the picture itself is an attempt, too."""
    tried = torch.cat([x[None], attempts])
    answers = model(tried.flatten(0, 1)).argmax(1).view(tried.shape[:2])
    change = (tried - x).flatten(2).abs().amax(2)
    beyond = torch.maximum(-tried, tried - 1).flatten(2).amax(2)
    counts = (change <= epsilon + 1e-6) & (beyond <= 1e-6)
    return (~(counts & (answers != labels))).all(0).float().mean()


def robust_accuracy_replaced(
    model: nn.Module, x: Tensor, labels: Tensor, attempts: Tensor, epsilon: float
) -> float:
    """Put the picture itself in the place of each attempt that is ignored."""
    low, high = (x - epsilon).clamp(min=0) - 1e-6, (x + epsilon).clamp(max=1) + 1e-6
    fits = ((attempts >= low) & (attempts <= high)).all(-1).all(-1).all(-1)
    tried = torch.where(fits[:, :, None, None, None], attempts, x)
    robust = model(x).argmax(1) == labels
    for batch in tried:
        robust = robust & (model(batch).argmax(1) == labels)
    return float(robust.sum()) / len(robust)


def robust_accuracy_numpy(
    model: nn.Module, x: Tensor, labels: Tensor, attempts: Tensor, epsilon: float
) -> np.floating:
    """Keep the numbers of the pictures that are left."""
    with torch.no_grad():
        left = set(np.flatnonzero((model(x).argmax(1) == labels).numpy()))
        for attempt in attempts:
            fooled = (model(attempt).argmax(1) != labels).numpy()
            change = np.abs(attempt.numpy() - x.numpy()).reshape(len(x), -1).max(1)
            values_of = attempt.numpy().reshape(len(x), -1)
            breaks = (change > epsilon + 1e-6) | (values_of.min(1) < -1e-6)
            breaks |= values_of.max(1) > 1 + 1e-6
            left -= set(np.flatnonzero(fooled & ~breaks))
    return np.float64(len(left) / len(x))


ALTERNATIVES = (
    robust_accuracy_lists,
    robust_accuracy_one_batch,
    robust_accuracy_replaced,
    robust_accuracy_numpy,
)

PROBLEM = Problem(
    robust_accuracy,
    cases,
    MISCONCEPTIONS,
    hidden_cases=hidden_cases,
    alternatives=ALTERNATIVES,
    time_limit=SECONDS,
    digits=DIGITS,
)

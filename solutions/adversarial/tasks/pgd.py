"""The task ``pgd``: reference, cases, mistakes, other right answers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from autograder import values
from autograder.problems import Case, Misconception, Problem, Random, Style, quarters
from autograder.values import Value
from solutions.adversarial.attacked_networks import attacked, gradient_of, loss_gradient
from solutions.visualization.drawn_networks import DIGITS, SECONDS


def pgd(
    model: nn.Module, x: Tensor, labels: Tensor, epsilon: float, step: float, steps: int
) -> Tensor:
    """Return pictures that a network is more likely to name wrongly (PGD).

    model: network, from pictures (N, C, H, W) with numbers from 0 to 1 to scores (N, K).
    x: pictures, shape (N, C, H, W), where the attack begins.
    labels: the class of each picture, whole numbers, shape (N,).
    epsilon: how far a number may end up from the one in x.
    step, steps: how far each number moves in a step, and how many steps there are.
    In each step the numbers move along the sign of the derivative of the cross-entropy, taken where
    they are by then. Then, after each step, they are cut off to at most epsilon from x, and to the
    range from 0 to 1. Returns shape (N, C, H, W).
    """
    ### BEGIN SOLUTION
    x = x.detach()
    moved = x.clone()
    for _ in range(steps):
        moved.requires_grad_()
        loss = nn.functional.cross_entropy(model(moved), labels)
        (gradient,) = torch.autograd.grad(loss, moved)
        moved = moved.detach() + step * gradient.sign()
        moved = torch.minimum(torch.maximum(moved, x - epsilon), x + epsilon).clamp(0, 1)
    return moved
    ### END SOLUTION


# Cases


ALWAYS = ("projected_at_the_end", "cut_off_at_the_end", "labels_of_the_network", "softmax_twice")
"""What goes the same way as the right answer now and then, if steps leave the ball."""

FIRST = ("labels_of_the_network", "softmax_twice")
"""What goes the same way as the right answer now and then, from the first step on."""

OUTSIDE = (*FIRST, "cut_off_at_the_end", "steps_of_epsilon")
"""What large steps find that leave the range, and of which some go back."""

SEVERAL = ("first_gradient_kept", "gradients_pile_up", "one_step_less")
"""What several steps find, if some of them go back."""

LARGE = (*FIRST, "cut_off_at_the_end", "first_gradient_kept", "gradients_pile_up")
"""What steps find that hardly reach the edge of the ball."""


def _case(
    rng: Random,
    name: str,
    pictures: tuple[int, int, int],
    attack: tuple[float, float, int],
    finds: tuple[str, ...] = (*ALWAYS, *SEVERAL),
) -> Case:
    epsilon, step, steps = attack
    given: dict[str, Value] = attacked(rng, *pictures)
    return Case(name, given | {"epsilon": epsilon, "step": step, "steps": steps}, finds=finds)


def _used_before(rng: Random, case: Case) -> Case:
    """Let pictures keep the gradient of an earlier computation."""
    array = case.arguments["x"].array
    past = values.Tensor(array, quarters(rng, *array.shape))
    return Case(case.name, {**case.arguments, "x": past}, finds=case.finds)


def cases(rng: Random) -> list[Case]:
    """One step, several that leave the ball, and pictures with a past."""
    return [
        _case(rng, "one step within the ball", (2, 4, 6), (0.125, 0.0625, 1), FIRST),
        _case(rng, "steps that leave the ball", (2, 6, 4), (0.1875, 0.125, 6)),
        _case(rng, "small steps, a large ball", (3, 4, 4), (0.5, 0.125, 5), LARGE),
        _case(rng, "a step that is larger than the ball", (2, 4, 6), (0.125, 0.25, 3), OUTSIDE),
        _used_before(
            rng,
            _case(rng, "pictures with a gradient from before", (1, 4, 6), (0.1875, 0.125, 6)),
        ),
    ]


def hidden_cases(rng: Random) -> list[Case]:
    """More sizes."""
    return [
        _case(rng, "tall pictures", (2, 8, 4), (0.1875, 0.125, 5)),
        _case(rng, "many steps", (2, 4, 4), (0.1875, 0.125, 8)),
        _case(rng, "steps larger than the ball", (1, 4, 6), (0.0625, 0.125, 2), OUTSIDE),
    ]


# Misconceptions


Move = Callable[[Tensor, Tensor, float, float], Tensor]
"""What is made of a batch after a step: from it, from the first one, with epsilon and step."""


def _projected(moved: Tensor, x: Tensor, epsilon: float, step: float) -> Tensor:
    return torch.minimum(torch.maximum(moved, x - epsilon), x + epsilon).clamp(0, 1)


def _attack(
    project: Move = _projected,
    change: Callable[[Tensor, float, float], Tensor] = lambda g, step, epsilon: step * g.sign(),
    around: Callable[[Tensor, Tensor], Tensor] = lambda x, moved: x,
    end: Move = lambda moved, x, epsilon, step: moved,
) -> Callable[..., Tensor]:
    """Return PGD with another projection, another change, or another middle of the ball."""

    def wrong(
        model: nn.Module, x: Tensor, labels: Tensor, epsilon: float, step: float, steps: int
    ) -> Tensor:
        x = x.detach()
        moved = x
        for _ in range(steps):
            middle = around(x, moved)
            moved = moved + change(loss_gradient(model, moved, labels), step, epsilon)
            moved = project(moved, middle, epsilon, step)
        return end(moved, x, epsilon, step)

    return wrong


def first_gradient_kept(
    model: nn.Module, x: Tensor, labels: Tensor, epsilon: float, step: float, steps: int
) -> Tensor:
    """Take the gradient once, at the picture."""
    sign = loss_gradient(model, x, labels).sign()
    moved = x.detach()
    for _ in range(steps):
        moved = _projected(moved + step * sign, x.detach(), epsilon, step)
    return moved


def gradients_pile_up(
    model: nn.Module, x: Tensor, labels: Tensor, epsilon: float, step: float, steps: int
) -> Tensor:
    """Never clear what backward has added up."""
    x = x.detach()
    moved, total = x, torch.zeros_like(x)
    for _ in range(steps):
        total = total + loss_gradient(model, moved, labels)
        moved = _projected(moved + step * total.sign(), x, epsilon, step)
    return moved


def labels_of_the_network(
    model: nn.Module, x: Tensor, labels: Tensor, epsilon: float, step: float, steps: int
) -> Tensor:
    """Get away, in each step, from what the network says by then."""
    x = x.detach()
    moved = x
    for _ in range(steps):
        with torch.no_grad():
            answers = model(moved.clone()).argmax(1)
        gradient = loss_gradient(model, moved, answers)
        moved = _projected(moved + step * gradient.sign(), x, epsilon, step)
    return moved


def softmax_twice(
    model: nn.Module, x: Tensor, labels: Tensor, epsilon: float, step: float, steps: int
) -> Tensor:
    """Hand probabilities to a loss that takes scores."""

    def loss(scores: Tensor) -> Tensor:
        return nn.functional.cross_entropy(scores.softmax(1), labels, reduction="sum")

    x = x.detach()
    moved = x
    for _ in range(steps):
        moved = _projected(moved + step * gradient_of(model, moved, loss).sign(), x, epsilon, step)
    return moved


def starts_again_each_time(
    model: nn.Module, x: Tensor, labels: Tensor, epsilon: float, step: float, steps: int
) -> Tensor:
    """Take the gradient at the last picture, and add it to the first."""
    x = x.detach()
    moved = x
    for _ in range(steps):
        gradient = loss_gradient(model, moved, labels)
        moved = _projected(x + step * gradient.sign(), x, epsilon, step)
    return moved


def shrunk(moved: Tensor, x: Tensor, epsilon: float, _step: float) -> Tensor:
    """Scale the change of a picture until its largest number fits."""
    largest = (moved - x).flatten(1).abs().amax(dim=1).clamp(min=epsilon)
    return (x + (moved - x) * (epsilon / largest)[:, None, None, None]).clamp(0, 1)


def in_a_sphere(moved: Tensor, x: Tensor, epsilon: float, _step: float) -> Tensor:
    """Scale the change of a picture until its length is epsilon."""
    length = (moved - x).flatten(1).norm(dim=1).clamp(min=epsilon)
    return (x + (moved - x) * (epsilon / length)[:, None, None, None]).clamp(0, 1)


MISCONCEPTIONS = (
    Misconception(
        "not_projected",
        _attack(lambda moved, x, epsilon, step: moved.clamp(0, 1)),
        title="The ball is left",
        symptom="After several steps, numbers are further than epsilon from the picture.",
        hint="Some of your numbers are further than epsilon from those of the picture. What has to "
        "happen after a step, and after which?",
    ),
    Misconception(
        "projected_around_the_last_step",
        _attack(around=lambda x, moved: moved),
        title="The ball moves along",
        symptom="Each step stays within epsilon of the one before, but the attack walks away.",
        hint="You keep each step within epsilon of the step before, so that the attack walks away. "
        "Of which picture may nobody see a difference?",
    ),
    Misconception(
        "not_cut_off",
        _attack(
            lambda moved, x, epsilon, step: torch.minimum(
                torch.maximum(moved, x - epsilon), x + epsilon
            )
        ),
        title="The range of the picture is left",
        symptom="Some numbers are below 0 or above 1.",
        hint="Some of your numbers are below 0 or above 1. Which screen could show such a pixel?",
    ),
    Misconception(
        "cut_off_at_the_end",
        _attack(
            lambda moved, x, epsilon, step: torch.minimum(
                torch.maximum(moved, x - epsilon), x + epsilon
            ),
            end=lambda moved, x, epsilon, step: moved.clamp(0, 1),
        ),
        title="The range is kept only at the end",
        symptom="The steps in between see pictures that do not exist.",
        hint="Your result is a picture, but in between the network is asked about numbers below 0 "
        "or above 1. When is the range cut off?",
    ),
    Misconception(
        "projected_at_the_end",
        _attack(lambda moved, x, epsilon, step: moved.clamp(0, 1), end=_projected),
        title="Projected only at the end",
        symptom="The steps in between leave the ball, and the last gradients are taken outside it.",
        hint="Your result lies in the ball, but the steps before it do not, and their gradients "
        "are those of other pictures. When do you project?",
    ),
    Misconception(
        "steps_of_epsilon",
        _attack(change=lambda g, step, epsilon: epsilon * g.sign()),
        title="Each step is epsilon long",
        symptom="The numbers jump from one side of the ball to the other.",
        hint="Each of your steps goes as far as the ball reaches. Which argument have you not "
        "used?",
    ),
    Misconception(
        "descent",
        lambda model, x, labels, epsilon, step, steps: pgd(model, x, labels, epsilon, -step, steps),
        title="Down the loss instead of up",
        symptom="The network becomes surer of the right class.",
        hint="Your pictures are easier for the network than those you were given. Do you want the "
        "loss smaller, as in training, or larger?",
    ),
    Misconception(
        "gradient_for_sign",
        _attack(change=lambda g, step, epsilon: step * g),
        title="The gradient instead of its sign",
        symptom="Most numbers hardly move.",
        hint="Numbers with a small derivative hardly move. The docstring says how far each of them "
        "goes in a step.",
    ),
    Misconception(
        "first_gradient_kept",
        first_gradient_kept,
        title="One gradient for all steps",
        symptom="The first step is right, the later ones only repeat it.",
        hint="All your steps go in the direction of the first. Is the derivative the same where "
        "the numbers are by then?",
    ),
    Misconception(
        "gradients_pile_up",
        gradients_pile_up,
        title="The gradients of all steps add up",
        symptom="The first step is right, later ones hardly turn.",
        hint="The first step is right. After that you follow the sum of all gradients so far. What "
        "does `backward` do with a gradient that is there already?",
    ),
    Misconception(
        "starts_again_each_time",
        starts_again_each_time,
        title="Every step begins at the picture",
        symptom="No number is ever further than one step away.",
        hint="However many steps you take, no number gets further than one of them. From where "
        "does a step start?",
    ),
    Misconception(
        "shrunk_into_the_ball",
        _attack(shrunk),
        title="The whole change is made smaller",
        symptom="One number that is too far away moves all others.",
        hint="Where one number is too far away, you make the change of all others smaller, too. "
        "Each number is cut off by itself.",
    ),
    Misconception(
        "in_a_sphere",
        _attack(in_a_sphere),
        title="The length of the change is limited",
        symptom="All numbers together move by epsilon.",
        hint="You limit the length of the change, as a vector. The docstring limits each number.",
    ),
    Misconception(
        "one_step_less",
        lambda model, x, labels, epsilon, step, steps: pgd(
            model, x, labels, epsilon, step, steps - 1
        ),
        title="One step is missing",
        symptom="With a single step, nothing happens.",
        hint="You take one step too few. How often does your loop run?",
    ),
    Misconception(
        "labels_of_the_network",
        labels_of_the_network,
        title="Away from the network's answer instead of the label",
        symptom="Once the network is wrong, the steps lead back to the right class.",
        hint="You get away from what the network says by then, so you turn around as soon as it is "
        "wrong. Which argument have you not used?",
    ),
    Misconception(
        "softmax_twice",
        softmax_twice,
        title="Softmax is taken twice",
        symptom="Most numbers move rightly, some do not.",
        hint="Is it the scores that you give to the cross-entropy, or probabilities? PyTorch's "
        "function takes the softmax itself.",
    ),
)


# Alternatives


def pgd_change(
    model: nn.Module, x: Tensor, labels: Tensor, epsilon: float, step: float, steps: int
) -> Tensor:
    """Keep the change, and cut that off."""
    start = x.detach().clone()
    change = torch.zeros_like(start)
    for _ in range(steps):
        change.requires_grad_()
        loss = nn.functional.cross_entropy(model(start + change), labels, reduction="sum")
        (gradient,) = torch.autograd.grad(loss, change)
        change = (change.detach() + step * gradient.sign()).clamp(-epsilon, epsilon)
        change = (start + change).clamp(0, 1) - start
    return start + change


def pgd_limits(
    model: nn.Module, x: Tensor, labels: Tensor, epsilon: float, step: float, steps: int
) -> Tensor:
    """Work out once how far each number may go."""
    start = x.detach()
    lowest, highest = (start - epsilon).clamp(min=0), (start + epsilon).clamp(max=1)
    moved = start.clone()
    for _ in range(steps):
        leaf = moved.clone().requires_grad_()
        nn.functional.cross_entropy(model(leaf), labels).backward()
        assert leaf.grad is not None
        moved = (moved + step * leaf.grad.sign()).clamp(lowest, highest)
    return moved


def pgd_in_place(
    model: nn.Module, x: Tensor, labels: Tensor, epsilon: float, step: float, steps: int
) -> Tensor:
    """Let one leaf move, and clear its gradient after each step."""
    start = x.detach().clone()
    leaf = start.clone().requires_grad_()
    for _ in range(steps):
        loss = nn.CrossEntropyLoss(reduction="sum")(model(leaf), labels)
        loss.backward()
        assert leaf.grad is not None
        with torch.no_grad():
            leaf += step * torch.sign(leaf.grad)
            leaf.copy_(torch.max(torch.min(leaf, start + epsilon), start - epsilon))
            leaf.clamp_(0, 1)
        leaf.grad.zero_()
    return leaf.detach()


def pgd_numpy(
    model: nn.Module, x: Tensor, labels: Tensor, epsilon: float, step: float, steps: int
) -> np.ndarray:
    """Move and cut off in NumPy."""
    start = x.detach().numpy().copy()
    moved = start.copy()
    for _ in range(steps):
        leaf = torch.from_numpy(moved.copy()).requires_grad_()
        scores = model(leaf).log_softmax(1)
        gradient = torch.autograd.grad(-scores[range(len(x)), labels].sum(), leaf)[0].numpy()
        moved = np.clip(moved + step * np.sign(gradient), start - epsilon, start + epsilon)
        moved = np.clip(moved, 0, 1)
    return moved


def pgd_one_by_one(
    model: nn.Module, x: Tensor, labels: Tensor, epsilon: float, step: float, steps: int
) -> Tensor:
    """Attack the pictures one after the other, by calls of itself."""
    if len(x) > 1:
        return torch.cat(
            [
                pgd_one_by_one(model, x[n : n + 1], labels[n : n + 1], epsilon, step, steps)
                for n in range(len(x))
            ]
        )
    start, moved = x.detach(), x.detach().clone()
    while steps > 0:
        leaf = moved.requires_grad_()
        loss = -model(leaf)[0].log_softmax(0)[int(labels)]
        moved = leaf.detach() + step * torch.autograd.grad(loss, leaf)[0].sign()
        moved = start + (moved - start).clip(-epsilon, epsilon)
        moved = moved.clip(0, 1)
        steps -= 1
    return moved


ALTERNATIVES = (pgd_change, pgd_limits, pgd_in_place, pgd_numpy, pgd_one_by_one)

STYLES = (
    Style(pgd_change, "Keeps the change instead of the picture: the ball is one `clamp`."),
    Style(pgd_limits, "The ball and the range are two limits, worked out once before the loop."),
)

PROBLEM = Problem(
    pgd,
    cases,
    MISCONCEPTIONS,
    hidden_cases=hidden_cases,
    alternatives=ALTERNATIVES,
    time_limit=SECONDS,
    digits=DIGITS,
    styles=STYLES,
)

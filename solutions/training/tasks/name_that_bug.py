"""The task ``name_that_bug``: reference, cases, mistakes, other right answers."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from autograder.problems import Case, Misconception, Problem, Random
from solutions.arrays import Array
from solutions.training.runs import KINDS, Run, stored_runs


def name_that_bug(
    train_loss: Array, validation_loss: Array, validation_accuracy: Array, classes: int
) -> str:
    """Name what is wrong with a training run, from its curves.

    train_loss, validation_loss: the mean loss on the training and on the validation images,
    before the training and after each epoch, as the training code reports them.
    validation_accuracy: the share of validation images that are recognized, 0 to 1, at the same
    times.
    classes: number of classes K; every class has equally many images.
    Returns "step too large", "step too small", "labels mixed up", "softmax twice",
    "overfitting" or "healthy".
    """
    ### BEGIN SOLUTION
    guessing = np.log(classes)
    if np.max(train_loss) > 1.3 * guessing:
        return "step too large"
    if train_loss[-1] > 0.97 * guessing:
        return "labels mixed up"
    if train_loss[-1] > 0.3 * guessing:
        falling = train_loss[-3] - train_loss[-1] > 0.03
        return "step too small" if falling else "softmax twice"
    return "overfitting" if validation_loss[-1] > 0.25 * guessing else "healthy"
    ### END SOLUTION


# Cases

VISIBLE_RUNS = 2
"""Runs of each kind that students see; the others are for grading."""

LEFT_OUT = {"healthy": 2, "overfitting": 6}
"""A healthy run without a gap, and one that overfits without a rise: who draws them is lucky."""


def _runs(rng: Random, chosen: list[Run], first: int) -> list[Case]:
    """Number runs from ``first`` on, in an order that gives nothing away."""
    places = rng.permutation(len(chosen))
    return [
        Case(f"run {first + number}", dict(chosen[place])) for number, place in enumerate(places)
    ]


def cases(rng: Random) -> list[Case]:
    """The same runs of each kind, whatever the seed."""
    return _runs(rng, [run for kind in KINDS for run in stored_runs()[kind][:VISIBLE_RUNS]], 1)


def hidden_cases(rng: Random) -> list[Case]:
    """Four other runs of each kind."""
    chosen = []
    for kind in KINDS:
        runs = stored_runs()[kind]
        others = [n for n in range(VISIBLE_RUNS, len(runs)) if n != LEFT_OUT.get(kind)]
        chosen += [runs[others[place]] for place in rng.permutation(len(others))[:4]]
    return _runs(rng, chosen, 1 + VISIBLE_RUNS * len(KINDS))


# Misconceptions


def _unless(kind: str, instead: str) -> Callable[[Array, Array, Array, int], str]:
    """Return a rule that is right but for one kind of run, which it takes for another."""

    def rule(
        train_loss: Array, validation_loss: Array, validation_accuracy: Array, classes: int
    ) -> str:
        answer = name_that_bug(train_loss, validation_loss, validation_accuracy, classes)
        return instead if answer == kind else answer

    return rule


def always_ten_classes(
    train_loss: Array, validation_loss: Array, validation_accuracy: Array, classes: int
) -> str:
    """Compare with the logarithm of 10, however many classes there are."""
    return name_that_bug(train_loss, validation_loss, validation_accuracy, 10)


def any_rise_is_too_large(
    train_loss: Array, validation_loss: Array, validation_accuracy: Array, classes: int
) -> str:
    """Call the step too large as soon as the loss is once above its start."""
    if train_loss.max() > train_loss[0]:
        return "step too large"
    return name_that_bug(train_loss, validation_loss, validation_accuracy, classes)


def good_accuracy_is_healthy(
    train_loss: Array, validation_loss: Array, validation_accuracy: Array, classes: int
) -> str:
    """Believe the accuracy, whatever the loss says."""
    if validation_accuracy[-1] > 0.7:
        return "healthy"
    return name_that_bug(train_loss, validation_loss, validation_accuracy, classes)


def any_gap_is_overfitting(
    train_loss: Array, validation_loss: Array, validation_accuracy: Array, classes: int
) -> str:
    """Call it overfitting as soon as the validation loss is above the training loss."""
    answer = name_that_bug(train_loss, validation_loss, validation_accuracy, classes)
    return "overfitting" if validation_loss[-1] > train_loss[-1] and answer == "healthy" else answer


MISCONCEPTIONS = (
    Misconception(
        "always_ten_classes",
        always_ten_classes,
        title="The loss of guessing is taken to be 2.3",
        symptom="Runs with ten classes are named right, others are not.",
        hint="With ten classes you are right, with fewer you are not. What is the loss of a "
        "network that guesses among K classes?",
    ),
    Misconception(
        "any_rise_is_too_large",
        any_rise_is_too_large,
        title="Every rise of the loss is taken for too large a step",
        symptom="Runs whose loss wobbles at the start are called too large.",
        hint="You call the step too large as soon as the loss rises a little. Every loss wobbles; "
        "how far does it rise in a run that explodes?",
    ),
    Misconception(
        "chance_is_mixed_up",
        _unless("step too large", "labels mixed up"),
        title="Too large a step is taken for mixed-up labels",
        symptom="All runs that end at chance get the same name.",
        hint="Both end with guessing, but look at the loss: a network that knows nothing pays the "
        "logarithm of K. What does it take to pay much more?",
    ),
    Misconception(
        "flat_is_too_small",
        _unless("softmax twice", "step too small"),
        title="A loss that stops falling is taken for too small a step",
        symptom="Runs that stop at a floor are called too slow.",
        hint="With too small a step the loss is still on its way down. What does the curve of "
        "this run do at its end?",
        catalog_number=52,
    ),
    Misconception(
        "slow_is_softmax_twice",
        _unless("step too small", "softmax twice"),
        title="Every loss that ends halfway is taken for a second softmax",
        symptom="Slow runs are said to have softmax twice.",
        hint="A second softmax puts a floor under the loss: it falls, and then it stays. Does the "
        "loss of this run stay?",
    ),
    Misconception(
        "good_accuracy_is_healthy",
        good_accuracy_is_healthy,
        title="A good accuracy is taken for a healthy run",
        symptom="Slow runs and runs with softmax twice are called healthy.",
        hint="You trust the accuracy. A run may recognize most images and still have a loss that "
        "says something is wrong.",
    ),
    Misconception(
        "validation_not_looked_at",
        _unless("overfitting", "healthy"),
        title="The validation loss is not looked at",
        symptom="Overfitting is called healthy.",
        hint="On its training images this run looks perfect. What do the others say?",
    ),
    Misconception(
        "any_gap_is_overfitting",
        any_gap_is_overfitting,
        title="Every gap between validation and training loss is taken for overfitting",
        symptom="Healthy runs are called overfitting.",
        hint="Every network does a little worse on images that it has not seen. How large is the "
        "gap in a run that has only learned by heart?",
    ),
)


# Alternatives


def name_that_bug_by_accuracy(
    train_loss: Array, validation_loss: Array, validation_accuracy: Array, classes: int
) -> str:
    """Look at the accuracy first, then at the losses."""
    if validation_accuracy[-1] < 0.5 and train_loss[-1] > 0.9 * np.log(classes):
        exploded = max(train_loss) > train_loss[0] + 0.5
        return "step too large" if exploded else "labels mixed up"
    if train_loss[-1] < 0.25:
        return (
            "overfitting"
            if validation_accuracy[-1] < 0.9 and validation_loss[-1] > 0.4
            else "healthy"
        )
    return "softmax twice" if train_loss[-2] - train_loss[-1] < 0.012 else "step too small"


def name_that_bug_by_floor(
    train_loss: Array, validation_loss: Array, validation_accuracy: Array, classes: int
) -> str:
    """Compare with the lowest loss that probabilities in place of scores can reach."""
    floor = np.log(math.e + classes - 1) - 1
    if train_loss.max() > 1.5 * train_loss[0]:
        return "step too large"
    if train_loss.min() > 0.95 * np.log(classes):
        return "labels mixed up"
    if train_loss.min() > floor - 0.01:
        slope = np.polyfit(np.arange(3), train_loss[-3:], 1)[0]
        return "softmax twice" if slope > -0.01 else "step too small"
    return "healthy" if validation_loss[-1] < 0.3 else "overfitting"


def name_that_bug_by_shape(
    train_loss: Array, validation_loss: Array, validation_accuracy: Array, classes: int
) -> str:
    """Measure everything in units of the loss of guessing."""
    train, validation = train_loss / np.log(classes), validation_loss / np.log(classes)
    half = len(train) // 2
    if train.max() > 1.4:
        return "step too large"
    if train[-1] < 0.2:
        return "overfitting" if validation[-1] > 0.25 else "healthy"
    if train[-1] > 0.98:
        return "labels mixed up"
    early, late = train[0] - train[half], train[half] - train[-1]
    return "softmax twice" if late < 0.1 * early else "step too small"


def name_that_bug_by_table(
    train_loss: Array, validation_loss: Array, validation_accuracy: Array, classes: int
) -> str:
    """Ask one question after the other, in a table."""
    guess = -np.log(1 / classes)
    learns = train_loss[-1] < 0.95 * guess
    ends_low = train_loss[-1] < 0.3 * guess
    still_falls = train_loss[-4] - train_loss[-1] > 0.05
    signs = {
        "step too large": bool((train_loss > 1.4 * guess).any()),
        "labels mixed up": not learns,
        "step too small": not ends_low and still_falls,
        "softmax twice": not ends_low,
        "overfitting": validation_loss[-1] > validation_loss[0] / 4,
        "healthy": True,
    }
    return next(name for name, present in signs.items() if present)


ALTERNATIVES = (
    name_that_bug_by_accuracy,
    name_that_bug_by_floor,
    name_that_bug_by_shape,
    name_that_bug_by_table,
)

PROBLEM = Problem(
    name_that_bug,
    cases,
    MISCONCEPTIONS,
    hidden_cases=hidden_cases,
    alternatives=ALTERNATIVES,
)

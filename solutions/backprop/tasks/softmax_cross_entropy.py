"""The task ``softmax_cross_entropy``: reference, cases, mistakes, other right answers."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.problems import Case, Misconception, Problem, Random, Style, quarters
from autograder.values import Value
from solutions.arrays import Array, Labels


def softmax_cross_entropy(scores: Array, y: Labels) -> tuple[float, Array]:
    """Return the loss of a classifier, and its gradient with respect to the scores.

    scores: one row per example and one column per class, shape (N, K).
    y: number of the right class of each example, shape (N,).
    Returns the loss, the mean over the examples of minus the logarithm of the right class's
    probability, and its gradient, shape (N, K). Large scores do not overflow.
    """
    ### BEGIN SOLUTION
    shifted = scores - scores.max(axis=1, keepdims=True)
    log_probabilities = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    examples = np.arange(len(y))
    loss = -log_probabilities[examples, y].mean()
    dscores = np.exp(log_probabilities)
    dscores[examples, y] -= 1
    return float(loss), dscores / len(y)
    ### END SOLUTION


# Cases

DIGITS = 10
"""Significant digits of the stored results of softmax and logarithm, which are never exact."""


def _scores(rng: Random, examples: int, classes: int) -> dict[str, Value]:
    """Draw scores, and right classes of which the first two differ."""
    y = rng.integers(0, classes, size=examples, dtype=np.int64)
    if examples > 1:
        y[1] = (y[0] + 1) % classes
    return {"scores": quarters(rng, examples, classes), "y": y}


def _lifted(given: dict[str, Value], by: list[float]) -> dict[str, Value]:
    """Add a number to each row of scores, which changes neither loss nor gradient."""
    return {**given, "scores": given["scores"] + np.array(by)[:, None]}


def cases(rng: Random) -> list[Case]:
    """The worked example, equal sizes, and large scores in all rows or in some."""
    return [
        Case(
            "the worked example",
            {"scores": np.array([[0.0, 0, 0, 0], [0, 0, 1, 0]]), "y": np.array([1, 2])},
        ),
        Case("one example", _scores(rng, 1, 3), finds=("shift_forgotten_in_score",)),
        Case("as many examples as classes", _scores(rng, 4, 4)),
        Case("scores around 1000", _lifted(_scores(rng, 3, 5), [1000.0] * 3)),
        Case("rows of different size", _lifted(_scores(rng, 3, 4), [0.0, 1000.0, -1000.0])),
        Case("three examples, three classes", _scores(rng, 3, 3)),
    ]


def hidden_cases(rng: Random) -> list[Case]:
    """More sizes."""
    return [
        Case("more examples than classes", _scores(rng, 7, 3)),
        Case("many classes", _scores(rng, 2, 10)),
        Case("scores around -2000", _lifted(_scores(rng, 5, 3), [-2000.0] * 5)),
    ]


# Misconceptions


def _softmax(scores: Array, axis: int | None = 1, shift: Any = None) -> Array:
    """Return probabilities along an axis, by default shifted as they should be."""
    shift = scores.max(axis=axis, keepdims=True) if shift is None else shift
    with np.errstate(all="ignore"):
        powers = np.exp(scores - shift)
        probabilities: Array = powers / powers.sum(axis=axis, keepdims=True)
    return probabilities


def _hot(scores: Array, y: Labels) -> Array:
    rows: Array = np.eye(scores.shape[1])[y]
    return rows


def _picked(values: Array, y: Labels) -> Array:
    return values[np.arange(len(y)), y]


def _loss_and_gradient(p: Array, y: Labels) -> tuple[float, Array]:
    """Return loss and gradient as they follow from probabilities, right or wrong."""
    with np.errstate(all="ignore"):
        return float(-np.log(_picked(p, y)).mean()), (p - _hot(p, y)) / len(y)


def _with_gradient(gradient: Callable[[Array, Array], Array]) -> Callable[..., Any]:
    """Return the right loss with gradient(p, one-hot rows) in place of the gradient."""

    def wrong(scores: Array, y: Labels) -> Any:
        return softmax_cross_entropy(scores, y)[0], gradient(_softmax(scores), _hot(scores, y))

    return wrong


def _with_loss(loss: Callable[[Array, Labels], Any]) -> Callable[..., Any]:
    """Return loss(p, y) with the right gradient."""

    def wrong(scores: Array, y: Labels) -> Any:
        return loss(_softmax(scores), y), softmax_cross_entropy(scores, y)[1]

    return wrong


def all_rows_and_columns(scores: Array, y: Labels) -> tuple[float, Array]:
    """Write `p[:, y] -= 1`, which changes the columns y of every row."""
    loss, _ = softmax_cross_entropy(scores, y)
    p = _softmax(scores)
    p[:, y] -= 1
    return loss, p / len(y)


def axis_not_kept(scores: Array, y: Labels) -> tuple[float, Array]:
    """Divide by the sums without keeping their axis."""
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return _loss_and_gradient(powers / powers.sum(axis=1), y)


def shift_forgotten_in_score(scores: Array, y: Labels) -> tuple[float, Array]:
    """Shift the scores in the sum of powers, and not the right score."""
    _, dscores = softmax_cross_entropy(scores, y)
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return float((np.log(powers.sum(axis=1)) - _picked(scores, y)).mean()), dscores


MISCONCEPTIONS = (
    Misconception(
        "gradient_is_p",
        _with_gradient(lambda p, hot: p / len(p)),
        title="The gradient is the probabilities",
        symptom="The rows of the gradient add up to 1/N instead of 0.",
        hint="No number of your gradient is negative, and its rows do not add up to 0. What is "
        "different for the right class?",
        catalog_number=48,
    ),
    Misconception(
        "gradient_not_divided",
        _with_gradient(lambda p, hot: p - hot),
        title="The gradient is not divided by the number of examples",
        symptom="Right for a batch of one; else the gradient is too large.",
        hint="Your gradient is too large by the number of examples. The loss is a mean; is your "
        "gradient that of the mean?",
        catalog_number=49,
    ),
    Misconception(
        "sums_for_means",
        lambda scores, y: tuple(len(y) * part for part in softmax_cross_entropy(scores, y)),
        title="Sum instead of mean",
        symptom="Right for a batch of one; else loss and gradient are too large.",
        hint="Loss and gradient are too large by the number of examples. Sum or mean?",
    ),
    Misconception(
        "loss_is_sum",
        _with_loss(lambda p, y: -np.log(_picked(p, y)).sum()),
        title="The loss is a sum",
        symptom="Right for a batch of one; the gradient is right, the loss is too large.",
        hint="Your loss is a sum over the examples. The task asks for the mean.",
    ),
    Misconception(
        "no_shift",
        lambda scores, y: _loss_and_gradient(_softmax(scores, shift=0.0), y),
        title="The scores are not shifted",
        symptom="NaN for scores around 1000.",
        hint="Right, until scores are large: `exp(1000)` is more than a number can hold. "
        "What may you subtract from a row without changing its probabilities?",
        catalog_number=50,
    ),
    Misconception(
        "one_shift_for_all_rows",
        lambda scores, y: _loss_and_gradient(_softmax(scores, shift=scores.max()), y),
        title="One shift for all rows",
        symptom="NaN in rows whose scores are much smaller than those of another row.",
        hint="You subtract one number from all rows. What is left of a row whose scores are 1000 "
        "smaller?",
        catalog_number=51,
    ),
    Misconception(
        "along_the_examples",
        lambda scores, y: _loss_and_gradient(_softmax(scores, axis=0), y),
        title="Softmax along the examples",
        symptom="The columns of the probabilities add up to 1 instead of the rows.",
        hint="Your probabilities add up to 1 along the examples. Among what do they compete?",
    ),
    Misconception(
        "sum_over_everything",
        lambda scores, y: _loss_and_gradient(_softmax(scores, axis=None), y),
        title="One sum for all examples",
        symptom="Right for a batch of one; else the probabilities are too small.",
        hint="You divide by the sum over all examples. Each row has probabilities of its own.",
    ),
    Misconception(
        "axis_not_kept",
        axis_not_kept,
        title="The sums lie along the wrong axis",
        symptom="NumPy complains of shapes; with as many examples as classes the result is wrong.",
        hint="Each row must be divided by its own sum. NumPy lines up shapes from the right, so "
        "your row of sums meets the classes.",
    ),
    Misconception(
        "loss_sign",
        _with_loss(lambda p, y: np.log(_picked(p, y)).mean()),
        title="The loss is negative",
        symptom="The loss is below zero; the gradient is right.",
        hint="Your loss is below zero. The logarithm of a probability is never positive; a loss is "
        "never negative.",
    ),
    Misconception(
        "gradient_sign",
        _with_gradient(lambda p, hot: (hot - p) / len(p)),
        title="The gradient has the wrong sign",
        symptom="The loss is right, every sign of the gradient is wrong.",
        hint="Every sign of your gradient is wrong. If the right score grows, does the loss grow "
        "or fall?",
    ),
    Misconception(
        "all_rows_and_columns",
        all_rows_and_columns,
        title="The right classes of all examples are changed in every row",
        symptom="Right for a batch of one; else several columns of every row are changed.",
        hint="You change the columns of all right classes in every row. Each row has only one "
        "right class. How do you name one element per row?",
    ),
    Misconception(
        "loss_of_all_classes",
        _with_loss(lambda p, y: -np.log(p).sum() / len(y)),
        title="The loss adds up all classes",
        symptom="The loss is far too large.",
        hint="Your loss adds the logarithms of all classes. Which one of them counts?",
    ),
    Misconception(
        "rows_for_classes",
        _with_loss(lambda p, y: -np.log(p[y]).mean()),
        title="The right classes are taken for rows",
        symptom="An index is out of bounds, or the loss is wrong; the gradient is right.",
        hint="An array with one index in brackets gives whole rows, so your classes pick examples. "
        "You need one number per row: name its row and its column.",
    ),
    Misconception(
        "no_logarithm",
        _with_loss(lambda p, y: 1 - _picked(p, y).mean()),
        title="The loss has no logarithm",
        symptom="The loss is never above 1.",
        hint="Your loss is never above 1. Which function turns the probability of the right class "
        "into a loss?",
    ),
    Misconception(
        "loss_per_example",
        _with_loss(lambda p, y: -np.log(_picked(p, y))),
        title="One loss per example",
        symptom="The loss is an array.",
        hint="You return a loss for each example. The task asks for one number.",
    ),
    Misconception(
        "shift_forgotten_in_score",
        shift_forgotten_in_score,
        title="The shift is used in one place only",
        symptom="The loss is off by the largest score.",
        hint="Your loss is off by the largest score of a row. If you shift the scores, then all of "
        "them, also that of the right class.",
    ),
    Misconception(
        "order_exchanged",
        lambda scores, y: softmax_cross_entropy(scores, y)[::-1],
        title="The gradient comes before the loss",
        symptom="The two results are exchanged.",
        hint="The right results come in another order. In which order does the task name them?",
    ),
)


# Alternatives


def softmax_cross_entropy_loop(scores: Array, y: Labels) -> tuple[float, Array]:
    """Treat one example after the other."""
    loss, dscores = 0.0, np.zeros(scores.shape)
    for n, row in enumerate(scores):
        powers = np.exp(row - row.max())
        p = powers / powers.sum()
        loss -= math.log(p[y[n]])
        dscores[n] = p
        dscores[n, y[n]] -= 1
    return loss / len(y), dscores / len(y)


def softmax_cross_entropy_one_hot(scores: Array, y: Labels) -> Any:
    """Compare with one-hot rows."""
    hot = np.eye(scores.shape[1])[y]
    powers = np.exp(scores - np.max(scores, axis=1)[:, None])
    p = powers / np.sum(powers, axis=1)[:, None]
    loss = -np.sum(hot * np.log(p)) / len(scores)
    return loss, (p - hot) / len(scores)


def softmax_cross_entropy_log_sum(scores: Array, y: Labels) -> Any:
    """Subtract the right score from the logarithm of the sum of all powers."""
    largest = scores.max(axis=1)
    log_sum = largest + np.log(np.exp(scores - largest[:, None]).sum(axis=1))
    loss = np.mean(log_sum - scores[np.arange(len(y)), y])
    dscores = np.exp(scores - log_sum[:, None])
    np.subtract.at(dscores, (np.arange(len(y)), y), 1.0)
    return loss, dscores / len(y)


def softmax_cross_entropy_tiny(scores: Array, y: Labels) -> Any:
    """Keep the logarithm away from zero, as many do."""
    p = np.exp(scores - scores.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    picked = np.take_along_axis(p, y[:, None], axis=1)
    target = np.arange(scores.shape[1]) == y[:, None]
    return -np.log(picked + 1e-12).mean(), (p - target) / scores.shape[0]


def softmax_cross_entropy_logaddexp(scores: Array, y: Labels) -> Any:
    """Let NumPy's own function do the shift."""
    log_p = scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)
    loss = -sum(log_p[n, right] for n, right in enumerate(y)) / y.size
    dscores = np.exp(log_p)
    for n, right in enumerate(y):
        dscores[n, right] -= 1
    return loss, dscores / y.size


ALTERNATIVES = (
    softmax_cross_entropy_loop,
    softmax_cross_entropy_one_hot,
    softmax_cross_entropy_log_sum,
    softmax_cross_entropy_tiny,
    softmax_cross_entropy_logaddexp,
)

STYLES = (
    Style(
        softmax_cross_entropy_one_hot,
        "The gradient reads as in the text: probabilities minus the one-hot rows.",
    ),
    Style(
        softmax_cross_entropy_log_sum,
        "Safest: no probability is computed before its logarithm, so none can be rounded to zero.",
    ),
)


PROBLEM = Problem(
    softmax_cross_entropy,
    cases,
    MISCONCEPTIONS,
    hidden_cases=hidden_cases,
    alternatives=ALTERNATIVES,
    explorer={"kind": "scores"},
    digits=DIGITS,
    results=("loss", "gradient"),
    styles=STYLES,
)

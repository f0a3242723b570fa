"""The task ``relu_backward``: reference, cases, mistakes, other right answers."""

from __future__ import annotations

import numpy as np

from autograder.problems import Case, Misconception, Problem, Random, Style
from autograder.values import Value
from solutions.arrays import Array
from solutions.backprop.gradients import drawn_nonzero


def relu_backward(dout: Array, x: Array) -> Array:
    """Return the gradient of ReLU, out = max(x, 0), with respect to x.

    dout: upstream gradient, of any shape.
    x: input of the layer, of the same shape. It never holds an exact 0.
    Returns dx, of the same shape.
    """
    ### BEGIN SOLUTION
    return np.where(x > 0, dout, 0.0)
    ### END SOLUTION


# Cases


def _relu(rng: Random, *shape: int) -> dict[str, Value]:
    dout, x = drawn_nonzero(rng, *shape), drawn_nonzero(rng, *shape)
    x.flat[:2] = abs(x.flat[0]), -abs(x.flat[1])  # a small x may be positive by chance
    return {"dout": dout, "x": x}


def cases(rng: Random) -> list[Case]:
    """The worked example, then more axes. x never holds a zero."""
    worked = {
        "dout": np.array([[3.0, -1.0, 2.0], [-2.0, 5.0, -4.0]]),
        "x": np.array([[1.0, -2.0, 0.5], [3.0, -0.5, -3.0]]),
    }
    return [
        Case("the worked example", worked),
        Case(
            "a row",
            _relu(rng, 8),
            finds=("both_positive", "times_output", "forward_again", "all_pass"),
        ),
        Case("a matrix", _relu(rng, 4, 3), finds=("both_positive",)),
        Case("a batch of images", _relu(rng, 2, 2, 3, 2)),
    ]


def hidden_cases(rng: Random) -> list[Case]:
    """More shapes."""
    return [
        Case("a longer row", _relu(rng, 20)),
        Case("a larger batch", _relu(rng, 3, 2, 4, 5)),
    ]


# Misconceptions

MISCONCEPTIONS = (
    Misconception(
        "upstream_forgotten",
        lambda dout, x: relu_backward(np.ones(x.shape), x),
        title="The upstream gradient is not used",
        symptom="The result holds only zeros and ones.",
        hint="Your result holds only zeros and ones: the slope of ReLU itself. What does the chain "
        "rule multiply it by?",
        catalog_number=29,
    ),
    Misconception(
        "mask_from_dout",
        lambda dout, x: np.maximum(dout, 0),
        title="ReLU of the upstream gradient",
        symptom="No number is below zero.",
        hint="None of your numbers is negative. A gradient may be; what decides whether ReLU lets "
        "it pass?",
        catalog_number=32,
    ),
    Misconception(
        "both_positive",
        lambda dout, x: np.where((x > 0) & (dout > 0), dout, 0.0),
        title="Only positive gradients pass",
        symptom="All negative gradients are gone.",
        hint="You also block negative gradients. ReLU looks at the sign of one array only. "
        "Which one?",
    ),
    Misconception(
        "mask_inverted",
        lambda dout, x: relu_backward(dout, -x),
        title="The mask is inverted",
        symptom="Gradients pass exactly where they should not.",
        hint="Gradients pass exactly where ReLU was silent. What happens to the output when a "
        "negative x moves a little?",
    ),
    Misconception(
        "all_pass",
        lambda dout, x: dout,
        title="Everything passes",
        symptom="The result equals `dout`.",
        hint="You return `dout` as it came. Where x is negative, does the output of ReLU change "
        "at all when x moves a little?",
    ),
    Misconception(
        "times_output",
        lambda dout, x: dout * np.maximum(x, 0),
        title="Multiplied by the output instead of the slope",
        symptom="The zeros are right, the other numbers are not.",
        hint="Your zeros are right, but you multiply by the value of ReLU. The chain rule needs "
        "its slope.",
    ),
    Misconception(
        "forward_again",
        lambda dout, x: np.maximum(x, 0),
        title="Forward instead of backward",
        symptom="The result is the output of ReLU.",
        hint="This is the output of ReLU, not its gradient.",
    ),
    Misconception(
        "sign_for_slope",
        lambda dout, x: dout * np.sign(x),
        title="The slope is -1 below zero",
        symptom="Below zero the gradient passes with the opposite sign.",
        hint="You use a slope of -1 for negative x. That is the slope of the absolute value. What "
        "does the curve of ReLU look like on the left?",
    ),
)


# Alternatives


def relu_backward_product(dout: Array, x: Array) -> Array:
    """Multiply by a mask."""
    return dout * (x > 0)


def relu_backward_copy(dout: Array, x: Array) -> Array:
    """Delete from a copy."""
    dx = dout.copy()
    dx[x <= 0] = 0
    return dx


def relu_backward_loop(dout: Array, x: Array) -> Array:
    """Look at one element after the other; the gradient at 0 is 1."""
    dx = np.zeros(x.shape)
    for at, value in np.ndenumerate(x):
        if value >= 0:
            dx[at] = dout[at]
    return dx


def relu_backward_heaviside(dout: Array, x: Array) -> Array:
    """Use the step function."""
    result: Array = np.heaviside(x, 0.5) * dout
    return result


ALTERNATIVES = (
    relu_backward_product,
    relu_backward_copy,
    relu_backward_loop,
    relu_backward_heaviside,
)

STYLES = (
    Style(
        relu_backward_product,
        "Shortest: the mask counts as 1 and 0.",
    ),
    Style(
        relu_backward_copy,
        "It reads like the rule: copy the gradient, and delete it where nothing passed.",
    ),
)


PROBLEM = Problem(
    relu_backward,
    cases,
    MISCONCEPTIONS,
    hidden_cases=hidden_cases,
    alternatives=ALTERNATIVES,
    styles=STYLES,
)

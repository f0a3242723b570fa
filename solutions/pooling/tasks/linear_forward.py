"""The task ``linear_forward``: reference, cases, mistakes, other right answers."""

from __future__ import annotations

import numpy as np

from autograder.problems import Case, Misconception, Problem, Random, Style, quarters
from autograder.values import Value
from solutions.arrays import Array
from solutions.pooling.images import drawn_integers
from solutions.pooling.tasks.relu_forward import relu_forward


def linear_forward(x: Array, w: Array, b: Array) -> Array:
    """Apply a fully connected layer.

    x: batch of N inputs with D numbers each, shape (N, D).
    w: weights, shape (D, M); column m belongs to unit m.
    b: biases, shape (M,).
    Returns shape (N, M): for every input the dot product with every column, plus its bias.
    """
    ### BEGIN SOLUTION
    return x @ w + b
    ### END SOLUTION


# Cases


def _layer(rng: Random, n: int, d: int, m: int) -> dict[str, Value]:
    """Draw inputs, weights and biases; no bias is zero."""
    return {"x": quarters(rng, n, d), "w": quarters(rng, d, m), "b": quarters(rng, m, low=0.5)}


NEGATIVE = ("relu_included",)
"""What a result finds that has a negative number in it."""


def cases(rng: Random) -> list[Case]:
    """The worked example, then one special size at a time."""
    return [
        Case(
            "the worked example",
            {
                "x": np.array([[1.0, 2, 0]]),
                "w": np.array([[1.0, 0], [0.5, -1], [2, 3]]),
                "b": np.array([0.5, 1]),
            },
        ),
        Case("four images", _layer(rng, 4, 5, 3), finds=NEGATIVE),
        Case("as many units as inputs", _layer(rng, 2, 4, 4), finds=NEGATIVE),
        Case("as many images as units", _layer(rng, 3, 4, 3), finds=NEGATIVE),
        Case("one unit", _layer(rng, 3, 4, 1), finds=NEGATIVE),
        Case(
            "inputs of whole numbers",
            {
                "x": drawn_integers(rng, 2, 6),
                "w": quarters(rng, 6, 5),
                "b": quarters(rng, 5, low=0.5),
            },
            finds=NEGATIVE,
        ),
    ]


def hidden_cases(rng: Random) -> list[Case]:
    """More sizes."""
    return [
        Case("one image", _layer(rng, 1, 6, 4), finds=NEGATIVE),
        Case("many inputs", _layer(rng, 2, 30, 3), finds=NEGATIVE),
        Case("many units", _layer(rng, 3, 4, 11)),
        Case("all sizes equal", _layer(rng, 4, 4, 4), finds=NEGATIVE),
    ]


# Misconceptions


def bias_along_images(x: Array, w: Array, b: Array) -> Array:
    """Add one bias to every image instead of to every unit."""
    return x @ w + b[:, np.newaxis]


MISCONCEPTIONS = (
    Misconception(
        "bias_dropped",
        lambda x, w, b: x @ w,
        title="The bias is missing",
        symptom="Every column is off by a constant.",
        hint="Every column is off by a constant. Which argument have you not used?",
        catalog_number=16,
    ),
    Misconception(
        "bias_in_every_product",
        lambda x, w, b: x @ w + len(w) * b,
        title="The bias is added to every product",
        symptom="Every column is off by a multiple of its bias.",
        hint="The bias comes in once for every input number. How often should it come in?",
        catalog_number=17,
    ),
    Misconception(
        "bias_along_images",
        bias_along_images,
        title="The biases are spread over the images",
        symptom="NumPy cannot broadcast, unless there are as many images as units.",
        hint="Each of your biases goes to an image. It belongs to a unit: which axis of the result "
        "counts the units?",
    ),
    Misconception(
        "weights_transposed",
        lambda x, w, b: x @ w.T + b,
        title="The weights are transposed",
        symptom="Works only where inputs and units are equally many, with wrong numbers.",
        hint="You exchange rows and columns of the weights. Does a row or a column of `w` belong "
        "to one unit?",
    ),
    Misconception(
        "weights_reshaped",
        lambda x, w, b: x @ w.reshape(w.shape[::-1]).T + b,
        title="The weights are reshaped on the way",
        symptom="The shape is right, the weights are shuffled.",
        hint="Your weights are shuffled: somewhere they were reshaped. Which axes line up in a "
        "matrix product?",
        catalog_number=20,
    ),
    Misconception(
        "units_first",
        lambda x, w, b: linear_forward(x, w, b).T,
        title="Units come before images",
        symptom="The two axes of the result are exchanged.",
        hint="The axes of your result are exchanged. Which comes first, images or units?",
    ),
    Misconception(
        "first_image_only",
        lambda x, w, b: np.repeat(linear_forward(x[:1], w, b), len(x), axis=0),
        title="The first image answers for all",
        symptom="All rows of the result are equal.",
        hint="All rows of your result are equal. Which input do you read?",
        catalog_number=15,
    ),
    Misconception(
        "mean_for_sum",
        lambda x, w, b: x @ w / len(w) + b,
        title="Mean instead of sum",
        symptom="Apart from the bias, every number is too small by the same factor.",
        hint="Apart from the bias, all your numbers are too small by the same factor. Does a dot "
        "product divide by anything?",
        catalog_number=12,
    ),
    Misconception(
        "factors_exchanged",
        lambda x, w, b: w @ x + b,
        title="Weights times inputs",
        symptom="`matmul` complains about sizes that do not match.",
        hint="A matrix product depends on the order of its factors: rows of the first meet columns "
        "of the second. Where do the numbers of one input lie?",
    ),
    Misconception(
        "elementwise",
        lambda x, w, b: x * w + b,
        title="Elementwise product instead of a matrix product",
        symptom="NumPy cannot broadcast, unless the sizes happen to fit.",
        hint="You multiply the arrays number by number. Every unit needs a dot product with a "
        "whole input.",
    ),
    Misconception(
        "relu_included",
        lambda x, w, b: relu_forward(linear_forward(x, w, b)),
        title="Negative numbers are removed",
        symptom="All negative numbers have become zero.",
        hint="All your negative numbers are gone. ReLU is a layer of its own, and comes later.",
    ),
    Misconception(
        "batch_of_one_squeezed",
        lambda x, w, b: linear_forward(x, w, b).squeeze(),
        title="A batch of one loses an axis",
        symptom="One image, or one unit, gives a result with one axis.",
        hint="With several images you are right; with one, an axis is lost. What does `squeeze` do "
        "to axes of length 1?",
    ),
    Misconception(
        "whole_numbers",
        lambda x, w, b: linear_forward(x, w, b).astype(x.dtype),
        title="The result takes over the inputs' integer type",
        symptom="Inputs of whole numbers give answers without their fractional part.",
        hint="The fractions got lost. Which type of number does your result hold when the inputs "
        "hold whole numbers?",
    ),
)


# Alternatives


def linear_three_loops(x: Array, w: Array, b: Array) -> Array:
    """Add product by product."""
    out = np.zeros((x.shape[0], w.shape[1]))
    for n in range(x.shape[0]):
        for m in range(w.shape[1]):
            for d in range(x.shape[1]):
                out[n, m] += x[n, d] * w[d, m]
            out[n, m] += b[m]
    return out


def linear_units(x: Array, w: Array, b: Array) -> Array:
    """Compute unit by unit and stack the columns."""
    units = [x.dot(column) + bias for column, bias in zip(w.T, b, strict=True)]
    return np.stack(units, axis=1)


def linear_einsum(x: Array, w: Array, b: Array) -> Array:
    """Name the axes."""
    result: Array = np.einsum("ni,im->nm", x, w) + b[None, :]
    return result


def linear_broadcast(x: Array, w: Array, b: Array) -> Array:
    """Multiply by broadcasting, then add up."""
    result: Array = (x[:, :, None] * w[None]).sum(axis=1) + b
    return result


def linear_bias_as_weight(x: Array, w: Array, b: Array) -> Array:
    """Append a one to every input and the biases to the weights."""
    longer = np.hstack([x, np.ones((len(x), 1))])
    result: Array = longer @ np.vstack([w, b])
    return result


def linear_transposed(x: Array, w: Array, b: Array) -> Array:
    """Compute the transposed product."""
    return (w.T @ x.T + b[:, None]).T


def linear_single_precision(x: Array, w: Array, b: Array) -> Array:
    """Compute in float32, as networks do."""
    result: Array = np.dot(x.astype(np.float32), w.astype(np.float32)) + b.astype(np.float32)
    return result


ALTERNATIVES = (
    linear_three_loops,
    linear_units,
    linear_einsum,
    linear_broadcast,
    linear_bias_as_weight,
    linear_transposed,
    linear_single_precision,
)

STYLES = (
    Style(
        linear_units,
        "It shows the units: each is a dot product with its own column of weights, and its bias.",
    ),
    Style(
        linear_einsum,
        "The axes have names, so nobody has to remember which matrix is turned.",
    ),
    Style(
        linear_bias_as_weight,
        "Without a separate sum: a bias is the weight of an input that is always 1.",
    ),
)


PROBLEM = Problem(
    linear_forward,
    cases,
    MISCONCEPTIONS,
    hidden_cases=hidden_cases,
    alternatives=ALTERNATIVES,
    styles=STYLES,
)

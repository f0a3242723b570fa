"""The task ``residual_block``: reference, cases, mistakes, other right answers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from autograder.problems import Case, Misconception, Problem, Random, quarters
from autograder.values import Value
from solutions.arrays import Array
from solutions.deep_networks.convolution import conv2d
from solutions.deep_networks.drawn_layers import per_channel


def residual_block(
    x: Array, w1: Array, b1: Array, w2: Array, b2: Array, shortcut: Array | None, stride: int
) -> Array:
    """Apply a residual block: two convolutional layers, and a shortcut around them.

    x: batch of maps, shape (N, C, H, W).
    w1, b1: filters (F, C, 3, 3) and biases (F,) of the first layer, with the given stride and a
    padding of 1.
    w2, b2: filters (F, F, 3, 3) and biases (F,) of the second layer, with stride 1 and a padding
    of 1.
    shortcut: filters (F, C, 1, 1) for the way around, with the given stride and no bias; None if
    x goes around as it is.
    stride: 1 or larger; 1 if shortcut is None.
    Returns the maps after the last ReLU, shape (N, F, H', W').
    """
    ### BEGIN SOLUTION
    hidden = np.maximum(conv2d(x, w1, b1, stride=stride, padding=1), 0)
    branch = conv2d(hidden, w2, b2, stride=1, padding=1)
    around = x
    if shortcut is not None:
        around = conv2d(x, shortcut, np.zeros(len(shortcut)), stride=stride)
    return np.maximum(around + branch, 0)
    ### END SOLUTION


# Cases


def _block(
    rng: Random, x: tuple[int, int, int, int], filters: int, stride: int, *, projected: bool = True
) -> dict[str, Value]:
    """Draw a block; ``projected`` puts filters of one pixel on the way around.

    The weights are small, so that the way around counts as much as the branch.
    """
    channels = x[1]
    return {
        "x": quarters(rng, *x),
        "w1": quarters(rng, filters, channels, 3, 3, low=-1, high=1),
        "b1": quarters(rng, filters, low=0.5, high=1.5),
        "w2": quarters(rng, filters, filters, 3, 3, low=-0.5, high=0.5),
        "b2": quarters(rng, filters, low=-2, high=-0.5),
        "shortcut": quarters(rng, filters, channels, 1, 1, low=0.5, high=2) if projected else None,
        "stride": stride,
    }


CENTER = np.pad(np.ones((1, 1)), 1)[np.newaxis, np.newaxis]
"""The filter that keeps a map as it is."""


def cases(rng: Random) -> list[Case]:
    """The worked example; the shortcut as it is, then with filters, then with a stride."""
    worked: dict[str, Value] = {
        "x": np.array([[[[1.0, -2.0, 3.0]]]]),
        "w1": 2 * CENTER,
        "b1": np.array([-1.0]),
        "w2": -0.5 * CENTER,
        "b2": np.array([0.5]),
        "shortcut": None,
        "stride": 1,
    }
    return [
        Case("the worked example", worked),
        Case("x goes around", _block(rng, (2, 3, 4, 5), 3, 1, projected=False)),
        Case("more filters than channels", _block(rng, (2, 1, 5, 4), 4, 1)),
        Case("a stride of 2", _block(rng, (1, 2, 5, 7), 3, 2)),
        Case("a stride, and as many filters as channels", _block(rng, (2, 2, 5, 8), 2, 2)),
    ]


def hidden_cases(rng: Random) -> list[Case]:
    """Other sizes."""
    return [
        Case("another block around which x goes", _block(rng, (3, 2, 3, 4), 2, 1, projected=False)),
        Case(
            "fewer filters than channels",
            _block(rng, (2, 4, 3, 5), 2, 1),
            finds=("relu_on_the_way_around",),
        ),
        Case("a stride of 3", _block(rng, (2, 3, 7, 8), 4, 3)),
    ]


# Misconceptions


def _around(x: Array, shortcut: Array | None, stride: int) -> Array:
    """Return what goes around the branch."""
    return x if shortcut is None else conv2d(x, shortcut, np.zeros(len(shortcut)), stride)


def _joined(join: Callable[[Array, Array], Array]) -> Callable[..., Array]:
    """Return a wrong block that joins the way around and the branch otherwise."""

    def block(
        x: Array, w1: Array, b1: Array, w2: Array, b2: Array, shortcut: Array | None, stride: int
    ) -> Array:
        hidden = np.maximum(conv2d(x, w1, b1, stride, 1), 0)
        return join(_around(x, shortcut, stride), conv2d(hidden, w2, b2, 1, 1))

    return block


def _no_relu_between(
    x: Array, w1: Array, b1: Array, w2: Array, b2: Array, shortcut: Array | None, stride: int
) -> Array:
    branch = conv2d(conv2d(x, w1, b1, stride, 1), w2, b2, 1, 1)
    return np.maximum(_around(x, shortcut, stride) + branch, 0)


def _hidden_goes_around(
    x: Array, w1: Array, b1: Array, w2: Array, b2: Array, shortcut: Array | None, stride: int
) -> Array:
    hidden = np.maximum(conv2d(x, w1, b1, stride, 1), 0)
    return np.maximum(hidden + conv2d(hidden, w2, b2, 1, 1), 0)


def _shortcut_ignored(
    x: Array, w1: Array, b1: Array, w2: Array, b2: Array, shortcut: Array | None, stride: int
) -> Array:
    hidden = np.maximum(conv2d(x, w1, b1, stride, 1), 0)
    return np.maximum(x[:, :, ::stride, ::stride] + conv2d(hidden, w2, b2, 1, 1), 0)


def _stride_in_the_second(
    x: Array, w1: Array, b1: Array, w2: Array, b2: Array, shortcut: Array | None, stride: int
) -> Array:
    hidden = np.maximum(conv2d(x, w1, b1, 1, 1), 0)
    return np.maximum(_around(x, shortcut, stride) + conv2d(hidden, w2, b2, stride, 1), 0)


def _relu_on_the_way_around(
    x: Array, w1: Array, b1: Array, w2: Array, b2: Array, shortcut: Array | None, stride: int
) -> Array:
    hidden = np.maximum(conv2d(x, w1, b1, stride, 1), 0)
    around = np.maximum(_around(x, shortcut, stride), 0)
    return np.maximum(around + conv2d(hidden, w2, b2, 1, 1), 0)


def _biases_forgotten(
    x: Array, w1: Array, b1: Array, w2: Array, b2: Array, shortcut: Array | None, stride: int
) -> Array:
    hidden = np.maximum(conv2d(x, w1, 0 * b1, stride, 1), 0)
    return np.maximum(_around(x, shortcut, stride) + conv2d(hidden, w2, 0 * b2, 1, 1), 0)


def _shortcut_with_a_bias(
    x: Array, w1: Array, b1: Array, w2: Array, b2: Array, shortcut: Array | None, stride: int
) -> Array:
    hidden = np.maximum(conv2d(x, w1, b1, stride, 1), 0)
    around = _around(x, shortcut, stride)
    if shortcut is not None:
        around = around + per_channel(b2)
    return np.maximum(around + conv2d(hidden, w2, b2, 1, 1), 0)


MISCONCEPTIONS = (
    Misconception(
        "no_shortcut",
        _joined(lambda around, branch: np.maximum(branch, 0)),
        title="Nothing goes around",
        symptom="The block is two layers, one after the other.",
        hint="Your block is two layers, one after the other. What makes it residual is missing.",
    ),
    Misconception(
        "relu_before_the_sum",
        _joined(lambda around, branch: around + np.maximum(branch, 0)),
        title="The last ReLU comes before the sum",
        symptom="Some results are negative.",
        hint="Your results can be negative. Which comes first, the sum or the last ReLU?",
    ),
    Misconception(
        "relu_on_both",
        _joined(lambda around, branch: np.maximum(around + np.maximum(branch, 0), 0)),
        title="The branch gets a ReLU of its own",
        symptom="The branch can only add, and never take away.",
        hint="Your branch can only add to what goes around. How often does ReLU occur in the "
        "drawing, and where?",
    ),
    Misconception(
        "no_last_relu",
        _joined(lambda around, branch: around + branch),
        title="The last ReLU is missing",
        symptom="Right wherever the result is positive.",
        hint="Your results are right where they are positive. What comes after the sum?",
    ),
    Misconception(
        "no_relu_between",
        _no_relu_between,
        title="No ReLU between the two layers",
        symptom="The two layers of the branch could be replaced by one.",
        hint="Two convolutions in a row can do no more than one. What belongs between yours?",
    ),
    Misconception(
        "hidden_goes_around",
        _hidden_goes_around,
        title="The shortcut begins after the first layer",
        symptom="The result of the first layer is added instead of x.",
        hint="What you add has gone through the first layer already. Where does the shortcut "
        "begin?",
    ),
    Misconception(
        "shortcut_ignored",
        _shortcut_ignored,
        title="The filters of the shortcut are not used",
        symptom="Right where x goes around as it is; often an error otherwise.",
        hint="Where the shortcut is the identity, your block is right. What are the filters of the "
        "shortcut for?",
    ),
    Misconception(
        "stride_in_the_second",
        _stride_in_the_second,
        title="The second layer has the stride",
        symptom="Right for a stride of 1.",
        hint="Your block is right for a stride of 1. Which of the two layers makes the steps?",
    ),
    Misconception(
        "relu_on_the_way_around",
        _relu_on_the_way_around,
        title="ReLU on the way around",
        symptom="Negative numbers of x are lost.",
        hint="What goes around has lost its negative numbers. Has your code changed x, or is there "
        "a ReLU too many?",
    ),
    Misconception(
        "multiplied",
        _joined(lambda around, branch: np.maximum(around * branch, 0)),
        title="Multiplied instead of added",
        symptom="The numbers are far too large, or 0.",
        hint="You multiply the branch by what goes around. With a branch of 0 the block should let "
        "x through.",
    ),
    Misconception(
        "concatenated",
        _joined(lambda around, branch: np.maximum(np.concatenate([around, branch], axis=1), 0)),
        title="Channels are put side by side",
        symptom="The result has twice as many channels.",
        hint="Your result has too many channels: you put the two ways side by side. (DenseNet does "
        "that.) What does a residual block do with them?",
    ),
    Misconception(
        "biases_forgotten",
        _biases_forgotten,
        title="The biases are forgotten",
        symptom="Every channel is off.",
        hint="Two arguments of the function do not occur in your code, or have no effect.",
        catalog_number=16,
    ),
    Misconception(
        "shortcut_with_a_bias",
        _shortcut_with_a_bias,
        title="The shortcut gets a bias",
        symptom="Right where x goes around as it is.",
        hint="Where the shortcut is the identity, your block is right. Otherwise each channel is "
        "off by a constant: which bias is used twice?",
    ),
)


# Alternatives


def _relu(x: Array) -> Array:
    return x * (x > 0)


def block_with_matrices(
    x: Array, w1: Array, b1: Array, w2: Array, b2: Array, shortcut: Array | None, stride: int
) -> Array:
    """Project every place by a matrix: that is what filters of one pixel do."""
    branch = conv2d(_relu(conv2d(x, w1, b1, stride, 1)), w2, b2, 1, 1)
    if shortcut is None:
        return _relu(x + branch)
    matrix = shortcut[:, :, 0, 0]
    return _relu(branch + np.einsum("fc,nchw->nfhw", matrix, x[:, :, ::stride, ::stride]))


def block_with_an_identity(
    x: Array, w1: Array, b1: Array, w2: Array, b2: Array, shortcut: Array | None, stride: int
) -> Array:
    """Take filters that change nothing where there are none."""
    channels = x.shape[1]
    if shortcut is None:
        shortcut = np.eye(channels).reshape(channels, channels, 1, 1)
    y = conv2d(x, w1, b1, stride, 1)
    y = conv2d(y.clip(0), w2, b2, 1, 1) + conv2d(x, shortcut, 0 * b2, stride)
    return y.clip(0)


def block_as_one_layer(
    x: Array, w1: Array, b1: Array, w2: Array, b2: Array, shortcut: Array | None, stride: int
) -> Array:
    """Put both ways side by side, and let one convolution add them up."""
    hidden = np.maximum(conv2d(x, w1, b1, stride, 1), 0)
    apart = x[:, :, ::stride, ::stride]
    around = np.eye(len(w2))[:, :, None, None] if shortcut is None else shortcut
    both = np.concatenate([w2, np.pad(around, ((0, 0), (0, 0), (1, 1), (1, 1)))], axis=1)
    return np.maximum(conv2d(np.concatenate([hidden, apart], axis=1), both, b2, 1, 1), 0)


def block_image_by_image(
    x: Array, w1: Array, b1: Array, w2: Array, b2: Array, shortcut: Array | None, stride: int
) -> Array:
    """One image after the other, with ReLU by `where`."""
    maps = []
    for image in x:
        batch = image[np.newaxis]
        first = conv2d(batch, w1, b1, stride, 1)
        second = conv2d(np.where(first > 0, first, 0.0), w2, b2, 1, 1)
        if shortcut is not None:
            batch = conv2d(batch, shortcut, np.zeros_like(b1), stride, 0)
        total = second + batch
        maps.append(np.where(total > 0, total, 0.0)[0])
    return np.stack(maps)


ALTERNATIVES = (
    block_with_matrices,
    block_with_an_identity,
    block_as_one_layer,
    block_image_by_image,
)

PROBLEM = Problem(
    residual_block,
    cases,
    MISCONCEPTIONS,
    hidden_cases=hidden_cases,
    alternatives=ALTERNATIVES,
)

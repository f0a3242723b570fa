"""The task ``avg_pool_backward``: reference, cases, mistakes, other right answers."""

from __future__ import annotations

import numpy as np

from autograder.problems import Case, Misconception, Problem, Random, Style, quarters
from autograder.values import Value
from solutions.arrays import Array, Shape
from solutions.backprop.gradients import WORKED_POOL, drawn_nonzero, places, positions
from solutions.backprop.tasks.max_pool_backward import max_pool_backward


def avg_pool_backward(dout: Array, x: Array, size: int, stride: int) -> Array:
    """Return the gradient of average pooling with respect to its input.

    dout: upstream gradient, shape (N, C, H', W').
    x: input of the layer, shape (N, C, H, W).
    size: height and width of the windows.
    stride: distance from one window to the next.
    Returns dx, shape (N, C, H, W).
    """
    ### BEGIN SOLUTION
    dx = np.zeros(x.shape)
    for n, c, i, j in np.ndindex(dout.shape):
        top, left = i * stride, j * stride
        dx[n, c, top : top + size, left : left + size] += dout[n, c, i, j] / size**2
    return dx
    ### END SOLUTION


# Cases


def _arguments(rng: Random, shape: Shape, size: int, stride: int) -> dict[str, Value]:
    """Draw an upstream gradient that the number of pixels in a window divides exactly."""
    places = [positions(side, size, stride) for side in shape[2:]]
    dout = size**2 * drawn_nonzero(rng, *shape[:2], *places)
    return {"dout": dout, "x": quarters(rng, *shape), "size": size, "stride": stride}


def cases(rng: Random) -> list[Case]:
    """The worked example, then overlap, depth and gaps."""
    worked = {
        "dout": np.array([[[[4.0, 8], [12, 16]]]]),
        "x": WORKED_POOL[None, None],
        "size": 2,
        "stride": 2,
    }
    return [
        Case("the worked example", worked),
        Case("windows that overlap", _arguments(rng, (1, 1, 5, 7), 3, 2)),
        Case("two images, three channels", _arguments(rng, (2, 3, 2, 4), 2, 2)),
        Case("windows with gaps between them", _arguments(rng, (1, 2, 6, 9), 2, 3)),
        Case("two tall images", _arguments(rng, (2, 2, 5, 4), 2, 2)),
        Case("three images of one window", _arguments(rng, (3, 1, 2, 3), 2, 2)),
        Case("tiles of three rows and columns", _arguments(rng, (1, 2, 3, 6), 3, 3)),
        Case("gaps, and nothing left over", _arguments(rng, (1, 1, 5, 8), 2, 3)),
    ]


def hidden_cases(rng: Random) -> list[Case]:
    """More sizes."""
    return [
        Case("stride 1", _arguments(rng, (2, 1, 5, 4), 3, 1)),
        Case("the whole picture", _arguments(rng, (2, 3, 4, 4), 4, 1)),
        Case("two images that overlap", _arguments(rng, (2, 2, 7, 5), 3, 2)),
    ]


# Misconceptions


def _avg_pool(dout: Array, x: Array, size: int, stride: int, overwrite: bool = False) -> Array:
    """Give each pixel of a window all of the upstream number; maybe not added."""
    dx = np.zeros(x.shape)
    for image, at, area in places(dout, size, stride):
        dx[image][area] = dout[at] if overwrite else dx[image][area] + dout[at]
    return dx


def shared_by_windows(dout: Array, x: Array, size: int, stride: int) -> Array:
    """Divide by the number of windows that a pixel lies in."""
    covered = _avg_pool(np.ones(dout.shape), x, size, stride)
    return avg_pool_backward(dout, x, size, stride) / np.maximum(covered, 1)


def avg_pool_sides_exchanged(dout: Array, x: Array, size: int, stride: int) -> Array:
    """Read the width of dout first, then the height."""
    dx = np.zeros(x.shape)
    images, channels, width, height = dout.shape
    for n, c, i, j in np.ndindex(images, channels, height, width):
        rows, columns = slice(i * stride, i * stride + size), slice(j * stride, j * stride + size)
        dx[n, c, rows, columns] += dout[n, c, i, j] / size**2
    return dx


MISCONCEPTIONS = (
    Misconception(
        "not_divided",
        _avg_pool,
        title="The gradient is not divided",
        symptom="All numbers are too large by the number of pixels in a window.",
        hint="All your numbers are too large by the same factor. If one pixel of the window grows "
        "by 1, by how much does the mean grow?",
        catalog_number=30,
    ),
    Misconception(
        "divided_by_side",
        lambda dout, x, size, stride: size * avg_pool_backward(dout, x, size, stride),
        title="Divided by the side of the window",
        symptom="All numbers are too large by the side of the window.",
        hint="All your numbers are too large by the same factor. How many pixels does a window "
        "have?",
    ),
    Misconception(
        "overwritten",
        lambda dout, x, size, stride: _avg_pool(dout / size**2, x, size, stride, overwrite=True),
        title="Overlapping windows overwrite each other",
        symptom="Right where windows do not overlap.",
        hint="Where windows overlap, your code keeps the last one only. What should happen to the "
        "parts of the others?",
        catalog_number=27,
        section="One weight, used twice",
    ),
    Misconception(
        "stride_ignored",
        lambda dout, x, size, stride: avg_pool_backward(dout, x, size, 1),
        title="The windows move by one pixel",
        symptom="Right for stride 1; else gradients gather at the top left.",
        hint="Your windows move by one pixel, whatever the stride is. Where does the window of "
        "`dout[..., i, j]` begin?",
        catalog_number=37,
    ),
    Misconception(
        "size_for_stride",
        lambda dout, x, size, stride: avg_pool_backward(dout, x, size, size),
        title="The windows move by their own size",
        symptom="Right where size and stride are equal.",
        hint="Your windows move by their own size. What is the argument `stride` for?",
    ),
    Misconception(
        "stride_for_size",
        lambda dout, x, size, stride: avg_pool_backward(dout, x, stride, stride),
        title="The windows are as large as the stride",
        symptom="Right where size and stride are equal.",
        hint="Your windows are as large as the stride. What is the argument `size` for?",
    ),
    Misconception(
        "upstream_forgotten",
        lambda dout, x, size, stride: avg_pool_backward(np.ones(dout.shape), x, size, stride),
        title="The upstream gradient is not used",
        symptom="The result does not depend on `dout`.",
        hint="Your result is the same for every `dout`. What does the chain rule multiply by?",
        catalog_number=29,
    ),
    Misconception(
        "times_x",
        lambda dout, x, size, stride: x * avg_pool_backward(dout, x, size, stride),
        title="Multiplied by the input",
        symptom="The numbers depend on the values in x.",
        hint="Your result depends on the values in x. Does it matter for the mean how large a "
        "pixel was before it grew a little?",
    ),
    Misconception(
        "shared_by_windows",
        shared_by_windows,
        title="Divided by the number of windows on a pixel",
        symptom="Right where windows do not overlap.",
        hint="Where windows overlap, you average their parts. A pixel that has a say in two "
        "outputs has two effects on the loss.",
    ),
    Misconception(
        "sent_to_the_maximum",
        max_pool_backward,
        title="Max pooling instead of average pooling",
        symptom="Most numbers are 0.",
        hint="You send the gradient to the largest pixel, as max pooling does. Which pixels have a "
        "say in a mean?",
    ),
    Misconception(
        "sides_exchanged",
        avg_pool_sides_exchanged,
        title="Height and width of `dout` are exchanged",
        symptom="Square inputs work; others stop with an index out of bounds.",
        hint="Height and width of `dout` got mixed up. Which of them does its shape name first?",
        catalog_number=7,
    ),
)


# Alternatives


def avg_pool_backward_six_loops(dout: Array, x: Array, size: int, stride: int) -> Array:
    """Give each pixel of each window its share."""
    dx = np.zeros(x.shape)
    for n, c, i, j in np.ndindex(dout.shape):
        for a in range(size):
            for b in range(size):
                dx[n, c, i * stride + a, j * stride + b] += dout[n, c, i, j] / (size * size)
    return dx


def avg_pool_backward_all_images(dout: Array, x: Array, size: int, stride: int) -> Array:
    """Loop over windows only."""
    dx = np.zeros(x.shape)
    share = dout / size / size
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            y, z = i * stride, j * stride
            dx[:, :, y : y + size, z : z + size] += share[:, :, i : i + 1, j : j + 1]
    return dx


def avg_pool_backward_offsets(dout: Array, x: Array, size: int, stride: int) -> Array:
    """Loop over the elements of a window only."""
    rows, columns = dout.shape[2:]
    dx = np.zeros(x.shape)
    for a, b in np.ndindex(size, size):
        last_row, last_column = a + (rows - 1) * stride + 1, b + (columns - 1) * stride + 1
        dx[:, :, a:last_row:stride, b:last_column:stride] += dout
    return dx / size**2


def avg_pool_backward_matrices(dout: Array, x: Array, size: int, stride: int) -> Array:
    """Multiply by the two matrices that average along rows and along columns."""

    def averaging(side: int, places: int) -> Array:
        first = stride * np.arange(places)[:, None]
        inside = (np.arange(side) >= first) & (np.arange(side) < first + size)
        return inside / size

    down, across = averaging(x.shape[2], dout.shape[2]), averaging(x.shape[3], dout.shape[3])
    result: Array = np.einsum("ih,ncij,jw->nchw", down, dout, across)
    return result


def avg_pool_backward_filled(dout: Array, x: Array, size: int, stride: int) -> Array:
    """Fill a window with `np.full`."""
    dx = np.zeros_like(x)
    for (n, c, i, j), value in np.ndenumerate(dout):
        area = slice(i * stride, i * stride + size), slice(j * stride, j * stride + size)
        dx[(n, c, *area)] += np.full((size, size), value / size**2)
    return dx


ALTERNATIVES = (
    avg_pool_backward_six_loops,
    avg_pool_backward_all_images,
    avg_pool_backward_offsets,
    avg_pool_backward_matrices,
    avg_pool_backward_filled,
)

STYLES = (
    Style(
        avg_pool_backward_all_images,
        "Faster: it loops over windows only, for all images and channels together.",
    ),
    Style(
        avg_pool_backward_offsets,
        "Fewer rounds: it loops over the elements of a window, and all windows add at once.",
    ),
)


PROBLEM = Problem(
    avg_pool_backward,
    cases,
    MISCONCEPTIONS,
    hidden_cases=hidden_cases,
    alternatives=ALTERNATIVES,
    explorer={"kind": "pool backward"},
    styles=STYLES,
)

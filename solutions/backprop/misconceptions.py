"""Wrong implementations of the exercise "backprop", as beginners write them.

Each is as short as it can be, so many stand on the reference instead of on loops of their own.
The hints point at the mistake and never state the solution. Catalog numbers are those of the
course's catalog of wrong implementations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import numpy as np

from autograder.problems import Misconception
from solutions.backprop.reference import (
    Array,
    Labels,
    avg_pool_backward,
    conv2d_backward,
    linear_backward,
    max_pool_backward,
    numerical_gradient,
    relu_backward,
    softmax_cross_entropy,
)

Loss: TypeAlias = Callable[[Array], float]
Gradients: TypeAlias = tuple[Array, Array, Array]
Area: TypeAlias = tuple[slice, slice]


# numerical_gradient


def _each(x: Array, slope: Callable[[Array], float], h: float) -> Array:
    """Return slope(step) for a step of size h along every element of x."""
    steps = h * np.eye(x.size).reshape(x.size, *x.shape)
    return np.array([slope(step) for step in steps], dtype=float).reshape(x.shape)


def not_restored(f: Loss, x: Array, h: float) -> Array:
    """Leave every element where the second step has put it."""
    point, gradient = np.array(x, dtype=float), np.zeros(x.shape)
    for at in np.ndindex(x.shape):
        point[at] += h
        above = f(point)
        point[at] -= 2 * h
        gradient[at] = (above - f(point)) / (2 * h)
    return gradient


def in_the_type_of_x(f: Loss, x: Array, h: float) -> Array:
    """Make the steps in a copy of x, whatever numbers x holds."""
    point, gradient = x.copy(), np.zeros(x.shape)
    for at in np.ndindex(x.shape):
        kept = point[at]
        point[at] = kept + h
        above = f(point)
        point[at] = kept - h
        gradient[at] = (float(above) - float(f(point))) / (2 * h)
        point[at] = kept
    return gradient


def all_at_once(f: Loss, x: Array, h: float) -> Array:
    """Move all elements together."""
    return np.full(x.shape, (f(x + h) - f(x - h)) / (2 * h))


def rows_at_once(f: Loss, x: Array, h: float) -> Array:
    """Loop over the first axis only, and move a whole row in each round."""
    gradient = np.zeros(x.shape)
    for i in range(len(x)):
        step = np.zeros(x.shape)
        step[i] = h
        gradient[i] = (f(x + step) - f(x - step)) / (2 * h)
    return gradient


NUMERICAL_GRADIENT = (
    Misconception(
        "forward_difference",
        lambda f, x, h: _each(x, lambda step: (f(x + step) - f(x * 1.0)) / h, h),
        title="A step to one side only",
        symptom="The error is as large as h itself, unless f is a straight line.",
        hint="You step to one side only. On a curve that gives the slope beside x, not at x. What "
        "would make the two errors cancel?",
        catalog_number=53,
    ),
    Misconception(
        "backward_difference",
        lambda f, x, h: _each(x, lambda step: (f(x * 1.0) - f(x - step)) / h, h),
        title="A step to the lower side only",
        symptom="The error is as large as h itself, with the other sign.",
        hint="You step to the lower side only. On a curve that gives the slope before x, not at "
        "x. What would make the errors cancel?",
    ),
    Misconception(
        "divided_by_h",
        lambda f, x, h: 2 * numerical_gradient(f, x, h),
        title="Divided by h instead of the whole distance",
        symptom="Every number is twice what it should be.",
        hint="Every number is twice too large. How far apart are the two points at which you "
        "evaluate f?",
    ),
    Misconception(
        "not_divided",
        lambda f, x, h: 2 * h * numerical_gradient(f, x, h),
        title="The difference is not divided",
        symptom="The numbers shrink with h.",
        hint="You return how much f changes. A slope is a change per step.",
    ),
    Misconception(
        "times_h",
        lambda f, x, h: h * h * numerical_gradient(f, x, h),
        title="Multiplied by h instead of divided",
        symptom="The numbers are far too small; `a / 2 * h` is not `a / (2 * h)`.",
        hint="You divide by 2 and then multiply by h. In which order does Python read `/` and `*`?",
    ),
    Misconception(
        "half_too_small",
        lambda f, x, h: numerical_gradient(f, x, h) / 2,
        title="One step, divided by two",
        symptom="Every number is half of what it should be.",
        hint="Every number is half of what it should be. Over what distance does f change between "
        "your two points?",
    ),
    Misconception(
        "sign_exchanged",
        lambda f, x, h: -numerical_gradient(f, x, h),
        title="The two sides are exchanged",
        symptom="Every sign is wrong.",
        hint="Every sign is wrong. Where f grows, which of your two values is the larger one?",
    ),
    Misconception(
        "not_restored",
        not_restored,
        title="The moved element is not put back",
        symptom="The first number is right; from then on the error grows.",
        hint="Your first number is right, and the error grows from there on. What does x look "
        "like when the second element gets its turn?",
        catalog_number=57,
    ),
    Misconception(
        "in_the_type_of_x",
        in_the_type_of_x,
        title="The steps are made in the type of x",
        symptom="Right for float64; wrong for whole numbers and for large float32 numbers.",
        hint="An array of whole numbers cuts off fractions, and float32 loses small steps. Which "
        "type of number does the array hold in which you make your steps?",
        catalog_number=56,
    ),
    Misconception(
        "one_array_two_names",
        lambda f, x, h: np.zeros(x.shape),
        title="Two names for one array",
        symptom="All numbers are 0.",
        hint="All your numbers are 0. If you wrote `above = x` and `below = x`: both are names of "
        "the same array, and steps up and down cancel.",
    ),
    Misconception(
        "all_at_once",
        all_at_once,
        title="All elements are moved at once",
        symptom="All numbers are equal: the sum of the right ones.",
        hint="All your numbers are equal. You move all elements of x together. The gradient asks "
        "for one element at a time.",
    ),
    Misconception(
        "rows_at_once",
        rows_at_once,
        title="Whole rows are moved at once",
        symptom="Right for an x with one axis; else all numbers of a row are equal.",
        hint="All numbers of a row are equal: you move whole rows. One loop visits one axis; how "
        "many axes may x have?",
    ),
    Misconception(
        "flat",
        lambda f, x, h: numerical_gradient(f, x, h).ravel(),
        title="The gradient is a long row",
        symptom="The numbers are right; the shape is that of the flattened x.",
        hint="The numbers are right, but they stand in one long row. Which shape has x?",
    ),
    Misconception(
        "step_of_its_own",
        lambda f, x, h: numerical_gradient(f, x, 2.0**-10),
        title="The argument h is not used",
        symptom="Nearly right, but a curved function shows that the step was another one.",
        hint="You are close, but the step is not the one you were given. Do you use the argument "
        "`h`?",
    ),
)

# gradient_check


def _quotient(above: Array, below: Array) -> Array:
    """Divide without a warning where the divisor is zero."""
    with np.errstate(all="ignore"):
        return above / below


def _divided(above: Array, below: Array) -> Array:
    """Divide, and give 0 where the divisor is zero."""
    return np.divide(above, below, out=np.zeros(np.shape(above)), where=below != 0)


def _larger(analytic: Array, numeric: Array) -> Array:
    result: Array = np.maximum(abs(analytic), abs(numeric))
    return result


GRADIENT_CHECK = (
    Misconception(
        "absolute_error",
        lambda analytic, numeric: abs(analytic - numeric).max(),
        title="Absolute instead of relative error",
        symptom="Large gradients look wrong, small ones right, whatever they are.",
        hint="You return the largest difference. Is a difference of 0.5 much? That depends on how "
        "large the gradients are.",
    ),
    Misconception(
        "sign_kept",
        lambda analytic, numeric: _divided(analytic - numeric, _larger(analytic, numeric)).max(),
        title="The sign of the difference is kept",
        symptom="Sometimes right, sometimes too small, sometimes below zero.",
        hint="A gradient that is too small is as wrong as one that is too large, but your answer "
        "overlooks it.",
    ),
    Misconception(
        "mean_error",
        lambda analytic, numeric: _divided(
            abs(analytic - numeric), _larger(analytic, numeric)
        ).mean(),
        title="Mean instead of largest error",
        symptom="Too small: one wrong element hides among many right ones.",
        hint="You average the errors, so one wrong element hides among many right ones.",
    ),
    Misconception(
        "divided_by_sum",
        lambda analytic, numeric: _divided(
            abs(analytic - numeric), abs(analytic) + abs(numeric)
        ).max(),
        title="Divided by the sum of both",
        symptom="About half of the right answer.",
        hint="Your answer is about half of what this task asks for: you divide by the sum of both "
        "sizes. By what does the task divide?",
    ),
    Misconception(
        "zero_by_zero",
        lambda analytic, numeric: _quotient(
            abs(analytic - numeric), _larger(analytic, numeric)
        ).max(),
        title="Zero is divided by zero",
        symptom="NaN as soon as one element is 0 in both gradients.",
        hint="Right, but for elements that are 0 in both gradients: 0 divided by 0 is not a "
        "number, and it spoils the maximum.",
    ),
    Misconception(
        "divided_by_analytic",
        lambda analytic, numeric: _quotient(abs(analytic - numeric), abs(analytic)).max(),
        title="Divided by the analytic gradient alone",
        symptom="Right where the analytic gradient is the larger one.",
        hint="You always divide by the analytic gradient. What if it is the smaller one, or 0?",
    ),
    Misconception(
        "divided_by_numeric",
        lambda analytic, numeric: _quotient(abs(analytic - numeric), abs(numeric)).max(),
        title="Divided by the numeric gradient alone",
        symptom="Right where the numeric gradient is the larger one.",
        hint="You always divide by the numeric gradient. What if it is the smaller one, or 0?",
    ),
    Misconception(
        "divided_by_smaller",
        lambda analytic, numeric: _divided(
            abs(analytic - numeric), np.minimum(abs(analytic), abs(numeric))
        ).max(),
        title="Divided by the smaller of the two",
        symptom="Too large, and nothing but errors above 1 for wrong signs.",
        hint="Your answer is too large. Which of the two sizes does the task divide by?",
    ),
    Misconception(
        "size_without_sign",
        lambda analytic, numeric: _divided(
            abs(analytic - numeric), np.maximum(analytic, numeric)
        ).max(),
        title="The larger number instead of the larger size",
        symptom="Right for positive gradients only.",
        hint="Right for positive gradients only. Which is larger in size, -8 or 1?",
    ),
    Misconception(
        "largest_by_largest",
        lambda analytic, numeric: abs(analytic - numeric).max() / _larger(analytic, numeric).max(),
        title="Largest difference by largest element",
        symptom="Too small: the two maxima come from different elements.",
        hint="You divide the largest difference by the largest element. They need not belong "
        "together: each element has its own relative error.",
    ),
    Misconception(
        "norms",
        lambda analytic, numeric: (
            np.sqrt(((analytic - numeric) ** 2).sum())
            / np.sqrt(max((analytic**2).sum(), (numeric**2).sum()))
        ),
        title="Norms instead of elements",
        symptom="Too small: the norm lets one wrong element hide.",
        hint="You compare the lengths of whole gradients, where one wrong element can hide. The "
        "task compares element by element.",
    ),
    Misconception(
        "all_errors",
        lambda analytic, numeric: _divided(abs(analytic - numeric), _larger(analytic, numeric)),
        title="An array instead of one number",
        symptom="The result has the shape of the gradients.",
        hint="You return an error for every element. Which one of them does the task ask for?",
    ),
    Misconception(
        "close_or_not",
        lambda analytic, numeric: bool(np.allclose(analytic, numeric)),
        title="True or False instead of a number",
        symptom="The result is True or False.",
        hint="You answer whether the gradients agree. The task asks how far they are apart.",
    ),
)

# linear_backward


def _linear_with_dw(change: Callable[[Array], Array]) -> Callable[..., Gradients]:
    def wrong(dout: Array, x: Array, w: Array) -> Gradients:
        right = linear_backward(dout, x, w)
        return right[0], change(right[1]), right[2]

    return wrong


def _linear_with_db(db: Callable[[Array], Any]) -> Callable[..., Any]:
    def wrong(dout: Array, x: Array, w: Array) -> Any:
        right = linear_backward(dout, x, w)
        return right[0], right[1], db(dout)

    return wrong


def linear_last_example(dout: Array, x: Array, w: Array) -> Gradients:
    """Write `=` where `+=` is meant in the loop over the examples."""
    dx, _, _ = linear_backward(dout, x, w)
    return dx, np.outer(x[-1], dout[-1]), dout[-1]


def weights_not_transposed(dout: Array, x: Array, w: Array) -> Gradients:
    """Multiply by w as it is."""
    return dout @ w, x.T @ dout, dout.sum(axis=0)


LINEAR_BACKWARD = (
    Misconception(
        "dw_transposed",
        _linear_with_dw(lambda dw: dw.T),
        title="`dw` is transposed",
        symptom="Wrong shape, or, with as many inputs as outputs, wrong numbers only.",
        hint="Your `dw` lies on its side. `dw[d, m]` says how the loss answers to `w[d, m]`, so "
        "which shape must it have?",
        catalog_number=46,
    ),
    Misconception(
        "weights_not_transposed",
        weights_not_transposed,
        title="The weights are not transposed",
        symptom="`matmul` complains of sizes; with as many inputs as outputs `dx` is wrong.",
        hint="For `dx` the gradient goes back through the weights, from outputs to inputs. In "
        "which direction does your matrix product lead?",
    ),
    Misconception(
        "db_mean",
        _linear_with_db(lambda dout: dout.mean(axis=0)),
        title="Mean instead of sum for the bias",
        symptom="`db` is too small by the number of examples.",
        hint="Your `db` is too small by the number of examples. Each example uses the bias; what "
        "becomes of the parts?",
        catalog_number=43,
    ),
    Misconception(
        "averaged_over_examples",
        lambda dout, x, w: tuple(part / len(x) for part in linear_backward(dout, x, w)),
        title="Divided by the number of examples",
        symptom="All gradients are too small by the number of examples.",
        hint="All your gradients are too small by the number of examples. If the loss is a mean, "
        "`dout` holds that division already.",
        catalog_number=45,
    ),
    Misconception(
        "db_is_a_row",
        _linear_with_db(lambda dout: dout.sum(axis=0, keepdims=True)),
        title="`db` keeps the axis of the examples",
        symptom="`db` has shape (1, M) instead of (M,).",
        hint="Your `db` has an axis too many. Broadcasting forgives that for a while. Compare its "
        "shape with that of the bias.",
    ),
    Misconception(
        "db_of_examples",
        _linear_with_db(lambda dout: dout.sum(axis=1)),
        title="The bias adds along the wrong axis",
        symptom="`db` has one number per example.",
        hint="Your `db` has one number per example. The bias has one per output; which axis of "
        "`dout` has to go?",
    ),
    Misconception(
        "db_one_number",
        _linear_with_db(lambda dout: dout.sum()),
        title="One number for all biases",
        symptom="`db` is a single number.",
        hint="Your `db` is a single number. How many biases has the layer?",
    ),
    Misconception(
        "db_not_summed",
        _linear_with_db(lambda dout: dout),
        title="The bias is not summed",
        symptom="`db` is the whole upstream gradient.",
        hint="Your `db` has a row for every example. All examples share one bias.",
    ),
    Misconception(
        "upstream_forgotten",
        lambda dout, x, w: linear_backward(np.ones(dout.shape), x, w),
        title="The upstream gradient is not used",
        symptom="The result does not depend on `dout`, as if it held only ones.",
        hint="Your result is the same for every `dout`. What does the chain rule multiply by?",
        catalog_number=29,
    ),
    Misconception(
        "order_exchanged",
        lambda dout, x, w: tuple(linear_backward(dout, x, w)[i] for i in (1, 0, 2)),
        title="`dw` comes before `dx`",
        symptom="The first two results are exchanged.",
        hint="The right gradients come in another order. In which order does the task name them?",
    ),
    Misconception(
        "db_left_out",
        lambda dout, x, w: linear_backward(dout, x, w)[:2],
        title="The bias is forgotten",
        symptom="Two results instead of three.",
        hint="You return two gradients. The layer has three inputs: x, w and b.",
    ),
    Misconception(
        "last_example_only",
        linear_last_example,
        title="Only the last example counts",
        symptom="Right for a batch of one.",
        hint="Only the last example counts in `dw` and `db`. What happens to the parts of the "
        "examples before it?",
        catalog_number=35,
    ),
)

# relu_backward


RELU_BACKWARD = (
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

# Pooling


def _places(dout: Array, size: int, stride: int) -> Iterator[tuple[Any, Any, Area]]:
    """Yield the image and channel, the index in dout, and the window, for every output."""
    for n, c, i, j in np.ndindex(dout.shape):
        top, left = i * stride, j * stride
        yield (n, c), (n, c, i, j), (slice(top, top + size), slice(left, left + size))


def _max_mask(window: Array) -> Array:
    """Return ones where the window is largest."""
    mask: Array = (window == window.max()).astype(float)
    return mask


def _last_mask(window: Array) -> Array:
    mask = np.zeros(window.size)
    mask[window.size - 1 - window.ravel()[::-1].argmax()] = 1
    return mask.reshape(window.shape)


def _first_mask(window: Array) -> Array:
    return _last_mask(window[::-1, ::-1])[::-1, ::-1]


def _max_pool(
    dout: Array,
    x: Array,
    size: int,
    stride: int,
    mask: Callable[[Array], Array],
    overwrite: bool = False,
) -> Array:
    """Pass each upstream number on as mask(window) says; with ``overwrite`` it is not added."""
    dx = np.zeros(x.shape)
    for image, at, area in _places(dout, size, stride):
        part = dout[at] * mask(x[image][area])
        dx[image][area] = part if overwrite else dx[image][area] + part
    return dx


def maximum_overwritten(dout: Array, x: Array, size: int, stride: int) -> Array:
    """Write `=` where `+=` is meant, at the largest element."""
    dx = np.zeros(x.shape)
    for image, at, area in _places(dout, size, stride):
        dx[image][area][_first_mask(x[image][area]) > 0] = dout[at]
    return dx


def place_in_the_window(dout: Array, x: Array, size: int, stride: int) -> Array:
    """Take the position in the window for the position in the picture."""
    dx = np.zeros(x.shape)
    for image, at, area in _places(dout, size, stride):
        dx[image][:size, :size] += dout[at] * _first_mask(x[image][area])
    return dx


def largest_of_all_channels(dout: Array, x: Array, size: int, stride: int) -> Array:
    """Look for the maximum in the windows of all channels together."""
    dx = np.zeros(x.shape)
    for (n, c), at, area in _places(dout, size, stride):
        windows = x[n][:, *area]
        channel, row, column = np.unravel_index(windows.argmax(), windows.shape)
        if channel == c:
            dx[n, c][area][row, column] += dout[at]
    return dx


def maximum_of_first_image(dout: Array, x: Array, size: int, stride: int) -> Array:
    """Look for the maxima in the first image only."""
    first = np.broadcast_to(x[:1], x.shape)
    return max_pool_backward(dout, first, size, stride)


def pool_size_for_stride(dout: Array, x: Array, size: int, stride: int) -> Array:
    """Move the window by its own size."""
    return max_pool_backward(dout, x, size, size)


def max_pool_sides_exchanged(dout: Array, x: Array, size: int, stride: int) -> Array:
    """Read the width of dout first, then the height."""
    dx = np.zeros(x.shape)
    images, channels, width, height = dout.shape
    for n, c, i, j in np.ndindex(images, channels, height, width):
        area = slice(i * stride, i * stride + size), slice(j * stride, j * stride + size)
        dx[n, c][area] += dout[n, c, i, j] * _first_mask(x[n, c][area])
    return dx


MAX_POOL_BACKWARD = (
    Misconception(
        "all_ties",
        lambda dout, x, size, stride: _max_pool(dout, x, size, stride, _max_mask),
        title="All equal maxima get the gradient",
        symptom="`dx` adds up to more than `dout`, where a window has several maxima.",
        hint="Where a window has several equal maxima, each of them gets the whole gradient, and "
        "the sum grows. Which one gets it in this task?",
        catalog_number=26,
    ),
    Misconception(
        "ties_share",
        lambda dout, x, size, stride: _max_pool(
            dout, x, size, stride, lambda window: _max_mask(window) / _max_mask(window).sum()
        ),
        title="Equal maxima share the gradient",
        symptom="Fractions of the upstream gradient, where a window has several maxima.",
        hint="You share the gradient among equal maxima. That is a fair rule, but another one than "
        "this task's.",
    ),
    Misconception(
        "last_of_ties",
        lambda dout, x, size, stride: _max_pool(dout, x, size, stride, _last_mask),
        title="The last of equal maxima gets the gradient",
        symptom="Right, unless a window has several maxima.",
        hint="Of several equal maxima you choose the last one. Which one does the task choose?",
    ),
    Misconception(
        "maximum_overwritten",
        maximum_overwritten,
        title="Overlapping windows overwrite each other",
        symptom="Right where windows do not overlap; else `dx` adds up to less than `dout`.",
        hint="A pixel can be the largest of several windows. Your code keeps the gradient of the "
        "last of them only.",
        catalog_number=27,
    ),
    Misconception(
        "window_overwritten",
        lambda dout, x, size, stride: _max_pool(dout, x, size, stride, _first_mask, overwrite=True),
        title="Each window overwrites the windows before it",
        symptom="Right where windows do not overlap; else gradients get lost.",
        hint="Each window writes its zeros over what the windows before it have left. What should "
        "happen where two windows overlap?",
        catalog_number=27,
    ),
    Misconception(
        "mask_positive",
        lambda dout, x, size, stride: _max_pool(
            dout, x, size, stride, lambda window: (window > 0).astype(float)
        ),
        title="The mask of ReLU instead of the maximum",
        symptom="Far too many numbers of `dx` differ from 0.",
        hint="You let the gradient pass wherever x is above zero. That is ReLU. What did max "
        "pooling keep?",
        catalog_number=28,
    ),
    Misconception(
        "upstream_forgotten",
        lambda dout, x, size, stride: max_pool_backward(np.ones(dout.shape), x, size, stride),
        title="The upstream gradient is not used",
        symptom="`dx` counts how often a pixel was a maximum.",
        hint="Your result holds counts: it only says how often a pixel was the largest. What does "
        "the chain rule multiply by?",
        catalog_number=29,
    ),
    Misconception(
        "whole_window",
        lambda dout, x, size, stride: _max_pool(
            dout, x, size, stride, lambda window: np.ones(window.shape)
        ),
        title="The whole window gets the gradient",
        symptom="All numbers of a window are equal.",
        hint="You give the gradient to the whole window. Which of its pixels could have changed "
        "the output?",
    ),
    Misconception(
        "shared_like_average",
        lambda dout, x, size, stride: _max_pool(
            dout, x, size, stride, lambda window: np.full(window.shape, 1 / size**2)
        ),
        title="Average pooling instead of max pooling",
        symptom="Each window's gradient is spread evenly.",
        hint="You spread the gradient evenly, as average pooling does. Did all pixels of the "
        "window have a say in the maximum?",
    ),
    Misconception(
        "smallest",
        lambda dout, x, size, stride: max_pool_backward(dout, -x, size, stride),
        title="The smallest element gets the gradient",
        symptom="The gradient stands at the minimum of each window.",
        hint="Your gradient stands at the smallest pixel of each window.",
    ),
    Misconception(
        "times_value",
        lambda dout, x, size, stride: _max_pool(
            dout, x, size, stride, lambda window: window * _first_mask(window)
        ),
        title="Multiplied by the maximum",
        symptom="The places are right, the numbers are not.",
        hint="The places are right, but you multiply by the pixel's value. If the largest pixel "
        "grows by a little, by how much does the maximum grow?",
    ),
    Misconception(
        "place_in_the_window",
        place_in_the_window,
        title="The position counts from the window's corner",
        symptom="All gradients pile up in the top left corner.",
        hint="All your gradients pile up at the top left. The place of the maximum counts from the "
        "corner of the window; where in the picture is that?",
    ),
    Misconception(
        "row_and_column_exchanged",
        lambda dout, x, size, stride: _max_pool(
            dout, x, size, stride, lambda window: _first_mask(window).T
        ),
        title="Row and column in the window are exchanged",
        symptom="Right where the maximum lies on the diagonal of its window.",
        hint="In each window your gradient lies mirrored at the diagonal. Which comes first, row "
        "or column?",
    ),
    Misconception(
        "stride_ignored",
        lambda dout, x, size, stride: max_pool_backward(dout, x, size, 1),
        title="The windows move by one pixel",
        symptom="Right for stride 1; else gradients gather at the top left.",
        hint="Your windows move by one pixel, whatever the stride is. Where does the window of "
        "`dout[..., i, j]` begin?",
        catalog_number=37,
    ),
    Misconception(
        "size_for_stride",
        pool_size_for_stride,
        title="The windows move by their own size",
        symptom="Right where size and stride are equal; else gradients stand in the wrong places.",
        hint="Your windows move by their own size. What is the argument `stride` for?",
    ),
    Misconception(
        "stride_for_size",
        lambda dout, x, size, stride: max_pool_backward(
            dout,
            np.pad(x, ((0, 0), (0, 0), (0, stride), (0, stride)), constant_values=-1e6),
            stride,
            stride,
        )[:, :, : x.shape[2], : x.shape[3]],
        title="The windows are as large as the stride",
        symptom="Right where size and stride are equal.",
        hint="Your windows are as large as the stride. What is the argument `size` for?",
    ),
    Misconception(
        "largest_of_all_channels",
        largest_of_all_channels,
        title="The maximum is taken over all channels",
        symptom="Right for one channel; else most gradients are missing.",
        hint="You look for the largest pixel in all channels together. Pooling treats each channel "
        "by itself.",
        catalog_number=25,
    ),
    Misconception(
        "maximum_of_first_image",
        maximum_of_first_image,
        title="The maxima of the first image are used for all",
        symptom="Right for a batch of one.",
        hint="The first image is right, the others are not. In which image do you look for the "
        "maximum?",
        catalog_number=15,
    ),
    Misconception(
        "sides_exchanged",
        max_pool_sides_exchanged,
        title="Height and width of `dout` are exchanged",
        symptom="Square inputs work; others stop with an index out of bounds.",
        hint="Height and width of `dout` got mixed up. Which of them does its shape name first?",
        catalog_number=7,
    ),
)


def _avg_pool(dout: Array, x: Array, size: int, stride: int, overwrite: bool = False) -> Array:
    """Give each pixel of a window all of the upstream number; maybe not added."""
    dx = np.zeros(x.shape)
    for image, at, area in _places(dout, size, stride):
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


AVG_POOL_BACKWARD = (
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
        hint="All your numbers are too large by the same factor. How many pixels has a window?",
    ),
    Misconception(
        "overwritten",
        lambda dout, x, size, stride: _avg_pool(dout / size**2, x, size, stride, overwrite=True),
        title="Overlapping windows overwrite each other",
        symptom="Right where windows do not overlap.",
        hint="Where windows overlap, your code keeps the last one only. What should happen to the "
        "parts of the others?",
        catalog_number=27,
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

# conv2d_backward


def _padded(x: Array, padding: int) -> Array:
    return np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))


def _conv(
    dout: Array,
    x: Array,
    w: Array,
    strides: tuple[int, int],
    padding: int,
    *,
    overwrite_dx: bool = False,
    overwrite_dw: bool = False,
) -> Gradients:
    """Compute the gradients by scattering; dx is that of the padded input."""
    padded = _padded(x, padding)
    dpadded, dw = np.zeros(padded.shape), np.zeros(w.shape)
    for n, f, i, j in np.ndindex(dout.shape):
        top, left = i * strides[0], j * strides[1]
        area = np.s_[n, :, top : top + w.shape[2], left : left + w.shape[3]]
        to_x, to_w = dout[n, f, i, j] * w[f], dout[n, f, i, j] * padded[area]
        dpadded[area] = to_x if overwrite_dx else dpadded[area] + to_x
        dw[f] = to_w if overwrite_dw else dw[f] + to_w
    return dpadded, dw, dout.sum(axis=(0, 2, 3))


def _inner(dpadded: Array, x: Array, padding: int) -> Array:
    return dpadded[:, :, padding : padding + x.shape[2], padding : padding + x.shape[3]]


def _conv_with(
    dx: Callable[..., Any] | None = None,
    dw: Callable[..., Any] | None = None,
    db: Callable[[Array], Any] | None = None,
) -> Callable[..., Any]:
    """Return the layer's backward function with one of its three results replaced."""

    def wrong(dout: Array, x: Array, w: Array, stride: int, padding: int) -> Any:
        right = conv2d_backward(dout, x, w, stride, padding)
        given = (dout, x, w, stride, padding)
        return (
            right[0] if dx is None else dx(*given),
            right[1] if dw is None else dw(*given),
            right[2] if db is None else db(dout),
        )

    return wrong


def dx_overwritten(dout: Array, x: Array, w: Array, stride: int, padding: int) -> Gradients:
    """Write `=` where `+=` is meant, for dx."""
    dpadded, dw, db = _conv(dout, x, w, (stride, stride), padding, overwrite_dx=True)
    return _inner(dpadded, x, padding), dw, db


def stride_in_rows_only(dout: Array, x: Array, w: Array, stride: int, padding: int) -> Gradients:
    """Forget the stride when going to the right."""
    dpadded, dw, db = _conv(dout, x, w, (stride, 1), padding)
    return _inner(dpadded, x, padding), dw, db


def stride_ignored(dout: Array, x: Array, w: Array, stride: int, padding: int) -> Gradients:
    """Move the window by one pixel."""
    dpadded, dw, db = _conv(dout, x, w, (1, 1), padding)
    return _inner(dpadded, x, padding), dw, db


def _dpadded(dout: Array, x: Array, w: Array, stride: int, padding: int) -> Array:
    return _conv(dout, x, w, (stride, stride), padding)[0]


def unpadded_x(dout: Array, x: Array, w: Array, stride: int, padding: int) -> Gradients:
    """Cut the windows for dw out of the input before padding."""
    dx, _, db = conv2d_backward(dout, x, w, stride, padding)
    dw = np.zeros(w.shape)
    for n, f, i, j in np.ndindex(dout.shape):
        top, left = i * stride, j * stride
        window = x[n, :, top : top + w.shape[2], left : left + w.shape[3]]
        dw[f] += dout[n, f, i, j] * window
    return dx, dw, db


def conv_sides_exchanged(dout: Array, x: Array, w: Array, stride: int, padding: int) -> Gradients:
    """Read the width of dout first, then the height."""
    padded = _padded(x, padding)
    dpadded, dw = np.zeros(padded.shape), np.zeros(w.shape)
    images, filters, width, height = dout.shape
    for n, f, i, j in np.ndindex(images, filters, height, width):
        top, left = i * stride, j * stride
        area = np.s_[n, :, top : top + w.shape[2], left : left + w.shape[3]]
        dpadded[area] += dout[n, f, i, j] * w[f]
        dw[f] += dout[n, f, i, j] * padded[area]
    return _inner(dpadded, x, padding), dw, dout.sum(axis=(0, 2, 3))


def factors_exchanged(dout: Array, x: Array, w: Array, stride: int, padding: int) -> Gradients:
    """Multiply dx by x and dw by w."""
    padded = _padded(x, padding)
    dpadded, dw = np.zeros(padded.shape), np.zeros(w.shape)
    for n, f, i, j in np.ndindex(dout.shape):
        top, left = i * stride, j * stride
        area = np.s_[n, :, top : top + w.shape[2], left : left + w.shape[3]]
        dpadded[area] += dout[n, f, i, j] * padded[area]
        dw[f] += dout[n, f, i, j] * w[f]
    return _inner(dpadded, x, padding), dw, dout.sum(axis=(0, 2, 3))


def _upstream_not_spread(dout: Array, x: Array, w: Array, stride: int, padding: int) -> Array:
    """Slide the turned filter over dout as it is, whatever the stride was."""
    rows, columns = (
        side + size - 1 for side, size in zip(dout.shape[2:], w.shape[2:], strict=True)
    )
    full = _conv(dout, np.zeros((*x.shape[:2], rows, columns)), w, (1, 1), 0)[0]
    return full[:, :, padding : rows - padding, padding : columns - padding]


def _left_over_forgotten(dout: Array, x: Array, w: Array, stride: int, padding: int) -> Array:
    """End dx where the last window ends."""
    rows, columns = (
        (side - 1) * stride + size for side, size in zip(dout.shape[2:], w.shape[2:], strict=True)
    )
    read = _dpadded(dout, x, w, stride, padding)[:, :, :rows, :columns]
    return read[:, :, padding : x.shape[2] + padding, padding : x.shape[3] + padding]


CONV2D_BACKWARD = (
    Misconception(
        "dw_last_window",
        _conv_with(
            dw=lambda dout, x, w, stride, padding: _conv(
                dout, x, w, (stride, stride), padding, overwrite_dw=True
            )[1]
        ),
        title="`dw` knows the last window only",
        symptom="`dx` and `db` are right; `dw` is one window times one upstream number.",
        hint="Your `dw` comes from the last window alone. The filter was used at every place; what "
        "happens to the parts of the others?",
        catalog_number=34,
    ),
    Misconception(
        "dw_last_image",
        _conv_with(
            dw=lambda dout, x, w, stride, padding: conv2d_backward(
                dout[-1:], x[-1:], w, stride, padding
            )[1]
        ),
        title="`dw` knows the last image only",
        symptom="Right for a batch of one.",
        hint="Only the last image counts in your `dw`. Where in your code does `dw` begin at zero?",
        catalog_number=35,
    ),
    Misconception(
        "dx_overwritten",
        dx_overwritten,
        title="Overlapping windows overwrite each other in `dx`",
        symptom="`dw` and `db` are right; `dx` is right only where windows do not overlap.",
        hint="Your `dx` keeps the last window only. A pixel lies in several windows, and has an "
        "effect through each of them.",
        catalog_number=36,
    ),
    Misconception(
        "last_filter_only",
        _conv_with(
            dx=lambda dout, x, w, stride, padding: conv2d_backward(
                dout[:, -1:], x, w[-1:], stride, padding
            )[0]
        ),
        title="`dx` knows the last filter only",
        symptom="Right for a layer with one filter.",
        hint="Only the last filter counts in your `dx`. Every filter has read the same pixel.",
    ),
    Misconception(
        "stride_ignored",
        stride_ignored,
        title="The windows move by one pixel",
        symptom="Right for stride 1.",
        hint="Your windows move by one pixel, whatever the stride is. Where does the window of "
        "`dout[n, f, i, j]` begin?",
        catalog_number=37,
    ),
    Misconception(
        "stride_in_rows_only",
        stride_in_rows_only,
        title="The stride is used downward only",
        symptom="Right for stride 1.",
        hint="Your windows move by the stride downward, but by one pixel to the right.",
        catalog_number=9,
    ),
    Misconception(
        "not_cropped",
        _conv_with(dx=_dpadded),
        title="The padding is not cut away",
        symptom="`dx` is larger than x by twice the padding.",
        hint="Your `dx` is as large as the padded input. Nobody asks for the gradient of the zeros "
        "around it.",
        catalog_number=38,
    ),
    Misconception(
        "cropped_at_one_end",
        _conv_with(
            dx=lambda dout, x, w, stride, padding: _dpadded(dout, x, w, stride, padding)[
                :, :, : x.shape[2], : x.shape[3]
            ]
        ),
        title="The padding is cut away at one end only",
        symptom="`dx` has the right shape but is shifted by the padding.",
        hint="Your `dx` has the right shape but is shifted. On how many sides is the padding?",
        catalog_number=39,
    ),
    Misconception(
        "empty_without_padding",
        _conv_with(
            dx=lambda dout, x, w, stride, padding: _dpadded(dout, x, w, stride, padding)[
                :, :, padding:-padding, padding:-padding
            ]
        ),
        title="Nothing is left when the padding is 0",
        symptom="Right with padding, empty without.",
        hint="With a padding of 0 your `dx` is empty. What does Python make of `-0` as the end of "
        "a slice?",
        catalog_number=40,
    ),
    Misconception(
        "one_pixel_cropped",
        _conv_with(
            dx=lambda dout, x, w, stride, padding: _dpadded(dout, x, w, stride, padding)[
                :, :, 1:-1, 1:-1
            ]
        ),
        title="One pixel is cut away, whatever the padding is",
        symptom="Right for a padding of 1.",
        hint="You cut away one pixel on each side, whatever the padding is.",
    ),
    Misconception(
        "unpadded_x",
        unpadded_x,
        title="`dw` reads the input before padding",
        symptom="Right without padding; else a window is too small, and NumPy complains.",
        hint="For `dw` you cut windows out of x as it came. Which array did the layer read on its "
        "way forward?",
        catalog_number=41,
    ),
    Misconception(
        "filter_turned",
        _conv_with(
            dx=lambda dout, x, w, stride, padding: conv2d_backward(
                dout, x, w[:, :, ::-1, ::-1], stride, padding
            )[0]
        ),
        title="The filter is turned once too often or too seldom",
        symptom="`dx` is right for symmetric filters only.",
        hint="In your `dx` the filter is turned by 180 degrees. Which weight joined the top left "
        "pixel of a window to the output?",
        catalog_number=42,
    ),
    Misconception(
        "dw_turned",
        _conv_with(
            dw=lambda dout, x, w, stride, padding: conv2d_backward(dout, x, w, stride, padding)[1][
                :, :, ::-1, ::-1
            ]
        ),
        title="`dw` is turned by 180 degrees",
        symptom="`dw` has the right numbers in reverse order.",
        hint="Your `dw` holds the right numbers in reverse order. Which pixels did the top left "
        "weight meet?",
    ),
    Misconception(
        "upstream_turned",
        lambda dout, x, w, stride, padding: conv2d_backward(
            dout[:, :, ::-1, ::-1], x, w, stride, padding
        ),
        title="The upstream gradient is turned",
        symptom="Right if all numbers of `dout` are equal.",
        hint="You read `dout` from its last element to its first. Test with a `dout` in which all "
        "numbers differ.",
        catalog_number=55,
    ),
    Misconception(
        "upstream_forgotten",
        lambda dout, x, w, stride, padding: conv2d_backward(
            np.ones(dout.shape), x, w, stride, padding
        ),
        title="The upstream gradient is not used",
        symptom="The result does not depend on `dout`.",
        hint="Your result is the same for every `dout`. What does the chain rule multiply by?",
        catalog_number=29,
    ),
    Misconception(
        "db_mean",
        _conv_with(db=lambda dout: dout.mean(axis=(0, 2, 3))),
        title="Mean instead of sum for the bias",
        symptom="`db` is too small by the number of outputs of a filter.",
        hint="Your `db` is a mean. Every output of a filter uses its bias; what becomes of the "
        "parts?",
        catalog_number=43,
    ),
    Misconception(
        "db_over_images_only",
        _conv_with(db=lambda dout: dout.sum(axis=0)),
        title="`db` adds over the images only",
        symptom="`db` has shape (F, H', W') instead of (F,).",
        hint="Your `db` has a number for every place. A filter has one bias for all places.",
        catalog_number=44,
    ),
    Misconception(
        "db_keeps_axes",
        _conv_with(db=lambda dout: dout.sum(axis=(0, 2, 3), keepdims=True)),
        title="`db` keeps all four axes",
        symptom="`db` has shape (1, F, 1, 1) instead of (F,).",
        hint="The numbers of your `db` are right, but it has axes of length 1. Which shape has b?",
    ),
    Misconception(
        "averaged_over_images",
        lambda dout, x, w, stride, padding: tuple(
            part / len(x) for part in conv2d_backward(dout, x, w, stride, padding)
        ),
        title="Divided by the number of images",
        symptom="Right for a batch of one; else all gradients are too small.",
        hint="All your gradients are too small by the number of images. If the loss is a mean, "
        "`dout` holds that division already.",
        catalog_number=45,
    ),
    Misconception(
        "first_image_for_all",
        _conv_with(
            dw=lambda dout, x, w, stride, padding: conv2d_backward(
                dout, np.broadcast_to(x[:1], x.shape), w, stride, padding
            )[1]
        ),
        title="`dw` reads the first image for all",
        symptom="Right for a batch of one.",
        hint="For `dw` you cut all windows out of the first image.",
        catalog_number=15,
    ),
    Misconception(
        "order_exchanged",
        lambda dout, x, w, stride, padding: tuple(
            conv2d_backward(dout, x, w, stride, padding)[i] for i in (1, 0, 2)
        ),
        title="`dw` comes before `dx`",
        symptom="The first two results are exchanged.",
        hint="The right gradients come in another order. In which order does the task name them?",
    ),
    Misconception(
        "factors_exchanged",
        factors_exchanged,
        title="`dx` is made of x, and `dw` of w",
        symptom="The shapes are right, `dx` and `dw` are wrong.",
        hint="For `dx` you multiply by x and for `dw` by w. In a product, what is the slope with "
        "respect to one factor?",
    ),
    Misconception(
        "sides_exchanged",
        conv_sides_exchanged,
        title="Height and width of `dout` are exchanged",
        symptom="Square outputs work; others stop with an index out of bounds.",
        hint="Height and width of `dout` got mixed up. Which of them does its shape name first?",
        catalog_number=7,
    ),
    Misconception(
        "upstream_not_spread",
        _conv_with(dx=_upstream_not_spread),
        title="`dout` is not spread out for the stride",
        symptom="Right for stride 1; else `dx` is too small.",
        hint="Your `dx` is right for stride 1 and too small otherwise. With stride 2, how far "
        "apart do two neighbors of `dout` lie in the input?",
    ),
    Misconception(
        "left_over_forgotten",
        _conv_with(dx=_left_over_forgotten),
        title="Pixels that no window reaches are forgotten",
        symptom="`dx` lacks the last rows or columns, where the stride does not come out even.",
        hint="Your `dx` lacks the last rows or columns. No window has read these pixels; what is "
        "their gradient?",
    ),
)

# softmax_cross_entropy


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


SOFTMAX_CROSS_ENTROPY = (
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
        hint="Right, until scores are large: the power of 1000 is more than a number can hold. "
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

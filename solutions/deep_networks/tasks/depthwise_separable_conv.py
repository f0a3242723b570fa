"""The task ``depthwise_separable_conv``: reference, cases, mistakes, other right answers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from autograder.problems import Case, Misconception, Problem, Random, Style, quarters
from autograder.values import Value
from solutions.arrays import Array
from solutions.deep_networks.convolution import conv2d
from solutions.deep_networks.drawn_layers import apart_from_zero, per_channel


def depthwise_separable_conv(
    x: Array, depthwise: Array, pointwise: Array, b: Array, stride: int, padding: int
) -> Array:
    """Apply a depthwise separable convolution: each channel by itself, then all at each place.

    x: batch of maps, shape (N, C, H, W).
    depthwise: a filter for each channel, shape (C, 1, HH, WW), with the given stride and padding.
    pointwise: filters of one pixel, shape (F, C, 1, 1), which mix the channels.
    b: biases of the pointwise filters, shape (F,).
    Returns shape (N, F, H', W'). Nothing but the two convolutions is applied.
    """
    ### BEGIN SOLUTION
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    images, channels, rows, columns = padded.shape
    height, width = depthwise.shape[2:]
    filtered = np.zeros(
        (images, channels, (rows - height) // stride + 1, (columns - width) // stride + 1)
    )
    for i in range(filtered.shape[2]):
        for j in range(filtered.shape[3]):
            top, left = i * stride, j * stride
            window = padded[:, :, top : top + height, left : left + width]
            filtered[:, :, i, j] = np.sum(window * depthwise[:, 0], axis=(2, 3))
    maps: Array = np.einsum("fc,nchw->nfhw", pointwise[:, :, 0, 0], filtered)
    return maps + b[:, None, None]
    ### END SOLUTION


# Cases


def _layer(
    rng: Random,
    x: tuple[int, int, int, int],
    window: tuple[int, int],
    filters: int,
    stride: int,
    padding: int,
) -> dict[str, Value]:
    channels = x[1]
    return {
        "x": quarters(rng, *x),
        "depthwise": apart_from_zero(rng, channels, 1, *window, low=0.25),
        "pointwise": apart_from_zero(rng, filters, channels, 1, 1, low=0.25),
        "b": apart_from_zero(rng, filters),
        "stride": stride,
        "padding": padding,
    }


def cases(rng: Random) -> list[Case]:
    """The worked example; padding, stride, as many filters as channels."""
    worked: dict[str, Value] = {
        "x": np.array([[[[1.0, 2.0], [3.0, 4.0]], [[0.0, 1.0], [1.0, 0.0]]]]),
        "depthwise": np.array([[[[1.0, 0.0], [0.0, -1.0]]], [[[1.0, 2.0], [3.0, 4.0]]]]),
        "pointwise": np.array([[1.0, 1.0], [2.0, -1.0], [0.0, 3.0]]).reshape(3, 2, 1, 1),
        "b": np.array([0.5, 1.0, -1.0]),
        "stride": 1,
        "padding": 0,
    }
    return [
        Case("the worked example", worked),
        Case("one channel", _layer(rng, (2, 1, 4, 5), (3, 3), 2, 1, 0)),
        Case("padding", _layer(rng, (1, 3, 3, 4), (3, 3), 2, 1, 1)),
        Case("a stride of 2", _layer(rng, (2, 2, 7, 5), (2, 3), 4, 2, 0)),
        Case("as many filters as channels", _layer(rng, (2, 3, 5, 4), (3, 2), 3, 1, 2)),
        Case(
            "padding and stride",
            _layer(rng, (1, 2, 7, 5), (3, 3), 1, 2, 2),
            finds=("pointwise_not_summed",),
        ),
    ]


def hidden_cases(rng: Random) -> list[Case]:
    """Other sizes."""
    return [
        Case("many channels", _layer(rng, (2, 5, 4, 3), (3, 3), 2, 1, 1)),
        Case("a stride of 3", _layer(rng, (1, 3, 8, 7), (2, 2), 3, 3, 1)),
        Case("a window that is not square", _layer(rng, (3, 2, 5, 6), (1, 4), 3, 2, 0)),
    ]


# Misconceptions


def _by_channel(x: Array, depthwise: Array, stride: int, padding: int) -> Array:
    """Filter each channel by itself."""
    maps = [
        conv2d(x[:, c : c + 1], depthwise[c : c + 1], np.zeros(1), stride, padding)
        for c in range(x.shape[1])
    ]
    return np.concatenate(maps, axis=1)


def _with(
    change: Callable[[Array, Array, Array, Array, int, int], Array],
) -> Callable[..., Array]:
    """Return a wrong convolution, with its arguments in their order."""

    def wrong(
        x: Array, depthwise: Array, pointwise: Array, b: Array, stride: int, padding: int
    ) -> Array:
        return change(x, depthwise, pointwise, b, stride, padding)

    return wrong


def _channels_summed(x: Array, d: Array, p: Array, b: Array, stride: int, padding: int) -> Array:
    total = _by_channel(x, d, stride, padding).sum(axis=1, keepdims=True)
    return conv2d(np.repeat(total, x.shape[1], axis=1), p, b)


def _one_filter_for_all(x: Array, d: Array, p: Array, b: Array, stride: int, padding: int) -> Array:
    return conv2d(_by_channel(x, np.repeat(d[:1], len(d), axis=0), stride, padding), p, b)


def _stride_twice(x: Array, d: Array, p: Array, b: Array, stride: int, padding: int) -> Array:
    return conv2d(_by_channel(x, d, stride, padding), p, b, stride)


def _padding_twice(x: Array, d: Array, p: Array, b: Array, stride: int, padding: int) -> Array:
    return conv2d(_by_channel(x, d, stride, padding), p, b, 1, padding)


def _stride_missing(x: Array, d: Array, p: Array, b: Array, stride: int, padding: int) -> Array:
    return conv2d(_by_channel(x, d, 1, padding), p, b)


def _padding_missing(x: Array, d: Array, p: Array, b: Array, stride: int, padding: int) -> Array:
    return conv2d(_by_channel(x, d, stride, 0), p, b)


def _relu_between(x: Array, d: Array, p: Array, b: Array, stride: int, padding: int) -> Array:
    return conv2d(np.maximum(_by_channel(x, d, stride, padding), 0), p, b)


def _pointwise_transposed(
    x: Array, d: Array, p: Array, b: Array, stride: int, padding: int
) -> Array:
    return conv2d(_by_channel(x, d, stride, padding), p.transpose(1, 0, 2, 3), b)


def _no_pointwise(x: Array, d: Array, p: Array, b: Array, stride: int, padding: int) -> Array:
    return _by_channel(x, d, stride, padding)


def _pointwise_not_summed(
    x: Array, d: Array, p: Array, b: Array, stride: int, padding: int
) -> Array:
    scale = per_channel(p[:, :, 0, 0].sum(axis=1))
    total: Array = _by_channel(x, d, stride, padding).mean(axis=1, keepdims=True)
    return total * scale + per_channel(b)


def _flipped(x: Array, d: Array, p: Array, b: Array, stride: int, padding: int) -> Array:
    return conv2d(_by_channel(x, d[:, :, ::-1, ::-1], stride, padding), p, b)


def _no_bias(x: Array, d: Array, p: Array, b: Array, stride: int, padding: int) -> Array:
    return conv2d(_by_channel(x, d, stride, padding), p, 0 * b)


def _bias_for_each_channel(
    x: Array, d: Array, p: Array, b: Array, stride: int, padding: int
) -> Array:
    return conv2d(_by_channel(x, d, stride, padding), p, len(d) * b)


MISCONCEPTIONS = (
    Misconception(
        "channels_summed",
        _with(_channels_summed),
        title="The channels are added up in the first step",
        symptom="Right for one channel.",
        hint="Your first step adds up the channels, as a standard convolution does. How many maps "
        "should it pass on?",
    ),
    Misconception(
        "one_filter_for_all",
        _with(_one_filter_for_all),
        title="All channels get the first filter",
        symptom="Right for one channel.",
        hint="All your channels meet the same filter. Which filter belongs to the second channel?",
    ),
    Misconception(
        "stride_twice",
        _with(_stride_twice),
        title="Both steps have the stride",
        symptom="The result is too small if the stride is larger than 1.",
        hint="Your result is too small where there is a stride. Which of the two steps has it?",
    ),
    Misconception(
        "padding_twice",
        _with(_padding_twice),
        title="Both steps are padded",
        symptom="The result has a border too many.",
        hint="Your result has a border too many. Does a filter of one pixel need padding?",
    ),
    Misconception(
        "stride_missing",
        _with(_stride_missing),
        title="The stride is not used",
        symptom="The result is too large if the stride is larger than 1.",
        hint="Your windows lie one pixel apart. Which argument says how far apart they should lie?",
        catalog_number=8,
    ),
    Misconception(
        "padding_missing",
        _with(_padding_missing),
        title="The padding is not used",
        symptom="The result is too small if there is padding.",
        hint="Your result is too small. Which argument does not occur in your code?",
    ),
    Misconception(
        "relu_between",
        _with(_relu_between),
        title="A ReLU between the two steps",
        symptom="Negative numbers do not get through.",
        hint="Negative numbers do not get from your first step to the second. MobileNet has a ReLU "
        "there; what does this task say?",
    ),
    Misconception(
        "pointwise_transposed",
        _with(_pointwise_transposed),
        title="Rows and columns of the pointwise filters are exchanged",
        symptom="An error, or wrong maps if there are as many filters as channels.",
        hint="Which axis of the pointwise filters runs over the channels that come in?",
    ),
    Misconception(
        "no_pointwise",
        _with(_no_pointwise),
        title="The second step is missing",
        symptom="There are as many maps as channels.",
        hint="Your result has as many maps as there are channels: the second step is missing.",
    ),
    Misconception(
        "pointwise_not_summed",
        _with(_pointwise_not_summed),
        title="All channels get the mean weight",
        symptom="Right for one channel.",
        hint="Your second step treats all channels alike. Each one has a weight of its own.",
    ),
    Misconception(
        "flipped",
        _with(_flipped),
        title="The filters are turned",
        symptom="The maps have the right size and wrong numbers.",
        hint="Your filters are turned by half a turn. Does deep learning flip them?",
        catalog_number=10,
    ),
    Misconception(
        "no_bias",
        _with(_no_bias),
        title="The bias is forgotten",
        symptom="Every map is off by a constant.",
        hint="Every map is off by a constant. One argument of the function does not occur in your "
        "code.",
        catalog_number=16,
    ),
    Misconception(
        "bias_for_each_channel",
        _with(_bias_for_each_channel),
        title="The bias is added once for each channel",
        symptom="Right for one channel; else every map is off by a constant.",
        hint="Every map is off by a constant, unless there is one channel. How often is the bias "
        "of a filter added?",
        catalog_number=17,
    ),
)


# Alternatives


def separable_in_loops(
    x: Array, depthwise: Array, pointwise: Array, b: Array, stride: int, padding: int
) -> Array:
    """Loop over everything, number by number of the result."""
    n, c, h, w = x.shape
    f, (hh, ww) = len(pointwise), depthwise.shape[2:]
    framed = np.zeros((n, c, h + 2 * padding, w + 2 * padding))
    framed[:, :, padding : padding + h, padding : padding + w] = x
    rows, columns = (h + 2 * padding - hh) // stride + 1, (w + 2 * padding - ww) // stride + 1
    y = np.zeros((n, f, rows, columns))
    for k, m, i, j in np.ndindex(y.shape):
        y[k, m, i, j] = b[m]
        for channel in range(c):
            part = framed[k, channel, i * stride : i * stride + hh, j * stride : j * stride + ww]
            y[k, m, i, j] += pointwise[m, channel, 0, 0] * np.sum(part * depthwise[channel, 0])
    return y


def separable_with_windows(
    x: Array, depthwise: Array, pointwise: Array, b: Array, stride: int, padding: int
) -> Array:
    """All windows at once, and both sums in one line."""
    border = (padding, padding)
    framed = np.pad(x, ((0, 0), (0, 0), border, border))
    windows = sliding_window_view(framed, depthwise.shape[2:], axis=(2, 3))
    windows = windows[:, :, ::stride, ::stride]
    maps: Array = np.einsum("nchwij,cij,fc->nfhw", windows, depthwise[:, 0], pointwise[:, :, 0, 0])
    return maps + b.reshape(-1, 1, 1)


def separable_as_full_filters(
    x: Array, depthwise: Array, pointwise: Array, b: Array, stride: int, padding: int
) -> Array:
    """Multiply both filters: a standard convolution with filters that are products."""
    return conv2d(x, pointwise * depthwise[:, 0], b, stride, padding)


def separable_by_offset(
    x: Array, depthwise: Array, pointwise: Array, b: Array, stride: int, padding: int
) -> Array:
    """Loop over the numbers of a filter, and shift the whole picture."""
    framed = np.pad(x, [(0, 0), (0, 0), (padding, padding), (padding, padding)])
    _, _, hh, ww = depthwise.shape
    rows, columns = framed.shape[2] - hh + 1, framed.shape[3] - ww + 1
    total: Array = np.zeros(1)
    for i in range(hh):
        for j in range(ww):
            shifted = framed[:, :, i : i + rows : stride, j : j + columns : stride]
            total = total + shifted * depthwise[:, :, i, j, None]
    y = np.tensordot(total, pointwise[:, :, 0, 0], axes=(1, 1)) + b
    return np.moveaxis(y, -1, 1)


ALTERNATIVES = (
    separable_in_loops,
    separable_with_windows,
    separable_as_full_filters,
    separable_by_offset,
)

STYLES = (
    Style(
        separable_with_windows,
        "No loops: all windows at once. The letters of the sum say what is joined with what.",
    ),
    Style(
        separable_by_offset,
        "It loops over the few numbers of a filter, and shifts the whole picture: fast, and plain.",
    ),
)

PROBLEM = Problem(
    depthwise_separable_conv,
    cases,
    MISCONCEPTIONS,
    hidden_cases=hidden_cases,
    alternatives=ALTERNATIVES,
    styles=STYLES,
)

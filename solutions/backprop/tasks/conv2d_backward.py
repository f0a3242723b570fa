"""The task ``conv2d_backward``: reference, cases, mistakes, other right answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from autograder.problems import Case, Misconception, Problem, Random, Style
from autograder.values import Value
from solutions.arrays import Array, Shape
from solutions.backprop.gradients import Gradients, drawn_nonzero, positions


def conv2d_backward(
    dout: Array, x: Array, w: Array, stride: int, padding: int
) -> tuple[Array, Array, Array]:
    """Return the gradients of a convolutional layer.

    dout: upstream gradient, shape (N, F, H', W').
    x: input of the layer, before padding, shape (N, C, H, W).
    w: filters, shape (F, C, HH, WW).
    stride: distance from one window to the next, in both directions.
    padding: how many zeros the layer puts around x, on each of the four sides.
    Returns dx (N, C, H, W), dw (F, C, HH, WW) and db (F,).
    """
    ### BEGIN SOLUTION
    height, width = x.shape[2:]
    around = (padding, padding)
    padded = np.pad(x, ((0, 0), (0, 0), around, around))
    dpadded, dw = np.zeros(padded.shape), np.zeros(w.shape)
    for n, f, i, j in np.ndindex(dout.shape):
        rows = slice(i * stride, i * stride + w.shape[2])
        columns = slice(j * stride, j * stride + w.shape[3])
        dpadded[n, :, rows, columns] += dout[n, f, i, j] * w[f]
        dw[f] += dout[n, f, i, j] * padded[n, :, rows, columns]
    dx = dpadded[:, :, padding : padding + height, padding : padding + width]
    return dx, dw, dout.sum(axis=(0, 2, 3))
    ### END SOLUTION


# Cases


def _arguments(rng: Random, x: Shape, w: Shape, stride: int, padding: int) -> dict[str, Value]:
    places = [
        positions(side + 2 * padding, size, stride) for side, size in zip(x[2:], w[2:], strict=True)
    ]
    return {
        "dout": drawn_nonzero(rng, x[0], w[0], *places),
        "x": drawn_nonzero(rng, *x),
        "w": drawn_nonzero(rng, *w),
        "stride": stride,
        "padding": padding,
    }


WORKED_CONV: dict[str, Value] = {
    "dout": np.array([[[[1.0, 2], [0, -1]]]]),
    "x": np.array([[[[1.0, 0, 2], [3, 1, 0], [0, 2, 1]]]]),
    "w": np.array([[[[2.0, 1], [0, 3]]]]),
    "stride": 1,
    "padding": 0,
}
"""The example that the exercise computes by hand."""


def cases(rng: Random) -> list[Case]:
    """The worked example, then one new thing at a time: depth, padding, stride, both, images."""
    return [
        Case("the worked example", WORKED_CONV),
        Case("two channels, three filters", _arguments(rng, (1, 2, 4, 3), (3, 2, 2, 2), 1, 0)),
        Case("padding 2", _arguments(rng, (1, 1, 3, 4), (2, 1, 3, 3), 1, 2)),
        Case("stride 2, a column left over", _arguments(rng, (1, 2, 7, 5), (2, 2, 3, 2), 2, 0)),
        Case("two images, stride 2, padding 1", _arguments(rng, (2, 2, 5, 3), (3, 2, 3, 2), 2, 1)),
        Case("three wide images", _arguments(rng, (3, 1, 3, 5), (3, 1, 2, 4), 1, 0)),
        Case(
            "stride 2, nothing left over",
            _arguments(rng, (1, 2, 5, 8), (1, 2, 3, 4), 2, 0),
            finds=("db_mean",),
        ),
    ]


def hidden_cases(rng: Random) -> list[Case]:
    """More sizes."""
    return [
        Case("filters as large as the images", _arguments(rng, (2, 2, 3, 4), (3, 2, 3, 4), 1, 0)),
        Case("stride 3, padding 2", _arguments(rng, (2, 3, 6, 9), (2, 3, 4, 3), 3, 2)),
        Case("two images, padding 1", _arguments(rng, (2, 3, 4, 6), (2, 3, 3, 3), 1, 1)),
        Case("filters of one pixel", _arguments(rng, (2, 3, 3, 5), (2, 3, 1, 1), 2, 0)),
    ]


# Misconceptions


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


MISCONCEPTIONS = (
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
        section="One weight, used twice",
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
        section="One weight, used twice",
    ),
    Misconception(
        "dx_overwritten",
        dx_overwritten,
        title="Overlapping windows overwrite each other in `dx`",
        symptom="`dw` and `db` are right; `dx` is right only where windows do not overlap.",
        hint="Your `dx` keeps the last window only. A pixel lies in several windows, and has an "
        "effect through each of them.",
        catalog_number=36,
        section="One weight, used twice",
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
        hint="The numbers of your `db` are right, but it has axes of length 1. What is the shape "
        "of b?",
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


# Alternatives


def _windows(x: Array, w: Array, stride: int, padding: int) -> Array:
    """Return all windows of the padded batch, shape (N, C, H', W', HH, WW)."""
    padded = np.pad(x, [(0, 0), (0, 0), (padding, padding), (padding, padding)])
    return sliding_window_view(padded, w.shape[2:], (2, 3))[:, :, ::stride, ::stride]


def _without_padding(dpadded: Array, x: Array, padding: int) -> Array:
    """Cut away what belongs to the padding."""
    last_row, last_column = dpadded.shape[2] - padding, dpadded.shape[3] - padding
    return dpadded[:, :, padding:last_row, padding:last_column]


def _empty_padded(x: Array, padding: int) -> Array:
    n, c, height, width = x.shape
    return np.zeros((n, c, height + 2 * padding, width + 2 * padding))


def conv2d_backward_plain(
    dout: Array, x: Array, w: Array, stride: int, padding: int
) -> tuple[Array, Array, Array]:
    """Follow every path from a pixel to an output, without padding anything."""
    dx, dw, db = np.zeros(x.shape), np.zeros(w.shape), np.zeros(len(w))
    for n, f, i, j in np.ndindex(*dout.shape):
        up = dout[n, f, i, j]
        db[f] += up
        for c, a, b in np.ndindex(*w.shape[1:]):
            row, column = i * stride + a - padding, j * stride + b - padding
            if 0 <= row < x.shape[2] and 0 <= column < x.shape[3]:
                dx[n, c, row, column] += up * w[f, c, a, b]
                dw[f, c, a, b] += up * x[n, c, row, column]
    return dx, dw, db


def conv2d_backward_einsum(
    dout: Array, x: Array, w: Array, stride: int, padding: int
) -> tuple[Array, Array, Array]:
    """Contract all windows for dw; loop over places for dx."""
    dw = np.einsum("nfij,ncijab->fcab", dout, _windows(x, w, stride, padding))
    dpadded = _empty_padded(x, padding)
    for i, j in np.ndindex(*dout.shape[2:]):
        rows = np.s_[i * stride : i * stride + w.shape[2]]
        columns = np.s_[j * stride : j * stride + w.shape[3]]
        dpadded[:, :, rows, columns] += np.einsum("nf,fcab->ncab", dout[:, :, i, j], w)
    return _without_padding(dpadded, x, padding), dw, np.einsum("nfij->f", dout)


def conv2d_backward_offsets(
    dout: Array, x: Array, w: Array, stride: int, padding: int
) -> tuple[Array, Array, Array]:
    """Loop over the filter's elements only."""
    rows, columns = dout.shape[2:]
    padded = np.pad(x, [(0, 0)] * 2 + [(padding, padding)] * 2)
    dpadded, dw = np.zeros_like(padded), np.zeros_like(w)
    for a, b in np.ndindex(*w.shape[2:]):
        down = slice(a, a + (rows - 1) * stride + 1, stride)
        across = slice(b, b + (columns - 1) * stride + 1, stride)
        dpadded[:, :, down, across] += np.einsum("nfij,fc->ncij", dout, w[:, :, a, b])
        dw[:, :, a, b] = np.einsum("nfij,ncij->fc", dout, padded[:, :, down, across])
    return _without_padding(dpadded, x, padding), dw, dout.sum((0, 2, 3))


def conv2d_backward_columns(
    dout: Array, x: Array, w: Array, stride: int, padding: int
) -> tuple[Array, Array, Array]:
    """Lay the windows out as columns of a matrix (im2col, and col2im backward)."""
    windows = _windows(x, w, stride, padding)
    n, c, rows, columns, height, width = windows.shape
    matrix = windows.transpose(1, 4, 5, 0, 2, 3).reshape(c * height * width, -1)
    upstream = dout.transpose(1, 0, 2, 3).reshape(len(w), -1)
    dw = (upstream @ matrix.T).reshape(w.shape)
    dmatrix = (w.reshape(len(w), -1).T @ upstream).reshape(c, height, width, n, rows, columns)
    dpadded = _empty_padded(x, padding)
    for a, b, i, j in np.ndindex(height, width, rows, columns):
        dpadded[:, :, i * stride + a, j * stride + b] += dmatrix[:, a, b, :, i, j].T
    return _without_padding(dpadded, x, padding), dw, upstream.sum(axis=1)


def _spread(dout: Array, stride: int, height: int, width: int) -> Array:
    """Put zeros between the elements of dout, up to the given size."""
    spread = np.zeros((*dout.shape[:2], height, width))
    rows, columns = dout.shape[2:]
    spread[:, :, : rows * stride : stride, : columns * stride : stride] = dout
    return spread


def conv2d_backward_two_correlations(
    dout: Array, x: Array, w: Array, stride: int, padding: int
) -> tuple[Array, Array, Array]:
    """Write dw and dx as correlations with the spread upstream gradient."""
    padded = np.pad(x, [(0, 0)] * 2 + [(padding, padding)] * 2)
    height, width = w.shape[2:]
    places = [side - size + 1 for side, size in zip(padded.shape[2:], (height, width), strict=True)]
    spread = _spread(dout, stride, *places)
    dw = np.einsum("nfij,ncabij->fcab", spread, sliding_window_view(padded, places, (2, 3)))
    framed = np.pad(spread, [(0, 0)] * 2 + [(height - 1, height - 1), (width - 1, width - 1)])
    turned = np.flip(w, (2, 3))
    windows = sliding_window_view(framed, (height, width), (2, 3))
    dpadded = np.einsum("nfijab,fcab->ncij", windows, turned)
    return _without_padding(dpadded, x, padding), dw, np.sum(dout, axis=(0, 2, 3))


def conv2d_backward_fourier(
    dout: Array, x: Array, w: Array, stride: int, padding: int
) -> tuple[Array, Array, Array]:
    """Multiply in Fourier space; right up to rounding."""
    padded = np.pad(x, [(0, 0)] * 2 + [(padding, padding)] * 2)
    size = padded.shape[2:]
    spread = np.fft.rfft2(_spread(dout, stride, *size))
    spectrum = np.einsum("nfij,fcij->ncij", spread, np.fft.rfft2(w, size))
    dpadded = np.fft.irfft2(spectrum, size)
    spectrum = np.einsum("nfij,ncij->fcij", np.conj(spread), np.fft.rfft2(padded))
    dw = np.fft.irfft2(spectrum, size)[:, :, : w.shape[2], : w.shape[3]]
    return _without_padding(dpadded, x, padding), dw, dout.sum(axis=(0, 2, 3))


def conv2d_backward_single_precision(
    dout: Array, x: Array, w: Array, stride: int, padding: int
) -> tuple[Array, Array, Array]:
    """Compute in float32, as networks do."""
    dout, x, w = (array.astype(np.float32) for array in (dout, x, w))
    dx, dw, db = conv2d_backward_offsets(dout, x, w, stride, padding)
    return dx.astype(np.float32), dw, db


ALTERNATIVES = (
    conv2d_backward_plain,
    conv2d_backward_einsum,
    conv2d_backward_offsets,
    conv2d_backward_columns,
    conv2d_backward_two_correlations,
    conv2d_backward_fourier,
    conv2d_backward_single_precision,
)

STYLES = (
    Style(
        conv2d_backward_plain,
        "Clearest, though slow: it follows every path from a pixel to an output, and pads nothing.",
    ),
)


PROBLEM = Problem(
    conv2d_backward,
    cases,
    MISCONCEPTIONS,
    hidden_cases=hidden_cases,
    alternatives=ALTERNATIVES,
    explorer={"kind": "conv backward"},
    results=("dx", "dw", "db"),
    styles=STYLES,
)

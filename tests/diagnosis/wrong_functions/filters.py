"""Wrong answers to the exercise on filters."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from tests.diagnosis.wrong_functions import Form, Kind, wrong


@wrong(
    "width_first",
    Kind.SQUARE,
    "`x.shape` is (height, width), in this order. Your first number is the height, not the width.",
)
def corr2d(x, w):
    width, height = x.shape
    k_width, k_height = w.shape
    result = np.zeros((height - k_height + 1, width - k_width + 1))
    for row in range(height - k_height + 1):
        for col in range(width - k_width + 1):
            patch = x[row : row + k_height, col : col + k_width]
            result[row, col] = np.sum(patch * w)
    return result


@wrong(
    "filter_overwritten",
    Kind.OWN,
    "`h, w = w.shape` overwrites the filter: from then on `w` is its width, a single number.",
)
def corr2d(x, w):
    H, W = x.shape
    h, w = w.shape
    out = np.zeros((H - h + 1, W - w + 1))
    for i in range(H - h + 1):
        for j in range(W - w + 1):
            out[i, j] = (x[i : i + h, j : j + w] * w).sum()
    return out


@wrong(
    "running_total",
    Kind.OWN,
    "The sum is set to 0 once, before all loops. Each position has to begin at 0 again.",
)
def corr2d(x, w):
    HH, WW = w.shape
    rows = x.shape[0] - HH + 1
    cols = x.shape[1] - WW + 1
    r = np.zeros((rows, cols))
    s = 0
    for i in range(rows):
        for j in range(cols):
            for a in range(HH):
                for b in range(WW):
                    s += x[i + a, j + b] * w[a, b]
            r[i, j] = s
    return r


@wrong(
    "last_position_left_out",
    Kind.POSITIONS,
    "There is one position more than you count, downward and to the right: H - HH + 1.",
)
def corr2d(x, w):
    H, W = x.shape
    HH, WW = w.shape
    r = []
    for i in range(H - HH):
        line = []
        for j in range(W - WW):
            line.append(np.vdot(x[i : i + HH, j : j + WW], w))
        r.append(line)
    return np.array(r)


@wrong(
    "map_of_the_pictures_type",
    Kind.NUMBERS,
    "The map takes the type of the picture. A map of whole numbers loses the fractions.",
    Form.OTHER,
)
def corr2d(x, w):
    h, b = w.shape
    r = np.zeros_like(x[h - 1 :, b - 1 :])
    for i in range(r.shape[0]):
        for j in range(r.shape[1]):
            r[i, j] = np.sum(x[i : i + h, j : j + b] * w)
    return r


@wrong(
    "flat_list",
    Kind.OWN,
    "All responses stand in one long row. They have to be arranged as the positions are.",
)
def corr2d(x, w):
    responses = []
    for top in range(x.shape[0] - w.shape[0] + 1):
        for left in range(x.shape[1] - w.shape[1] + 1):
            window = x[top : top + w.shape[0], left : left + w.shape[1]]
            responses.append((window * w).sum())
    return np.array(responses)


@wrong(
    "keeps_the_size",
    Kind.BY_ONE,
    "You put a frame of zeros around the picture. Here the filter must lie wholly inside.",
)
def corr2d(x, w):
    h, k = w.shape
    xp = np.pad(x, ((h // 2, h // 2), (k // 2, k // 2)))
    out = np.zeros((xp.shape[0] - h + 1, xp.shape[1] - k + 1))
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = np.sum(xp[i : i + h, j : j + k] * w)
    return out


@wrong(
    "einsum_turns_the_filter",
    Kind.SQUARE,
    "The letters `ab` of the window meet `ba` of the filter: rows are multiplied by columns.",
    Form.OTHER,
)
def corr2d(x, w):
    return np.einsum("ijab,ba->ij", sliding_window_view(x, w.shape), w)


@wrong(
    "matrix_product",
    Kind.OWN,
    "`@` is the matrix product. A response multiplies element by element, `*`, and adds up.",
    Form.OTHER,
)
def corr2d(x, w):
    rows = x.shape[0] - w.shape[0] + 1
    cols = x.shape[1] - w.shape[1] + 1
    y = np.empty((rows, cols))
    for i in range(rows):
        for j in range(cols):
            y[i, j] = (x[i : i + w.shape[0], j : j + w.shape[1]] @ w).sum()
    return y


@wrong(
    "shape_called",
    Kind.STOPS,
    "`shape` is no function: write `x.shape` without parentheses.",
)
def corr2d(x, w):
    H, W = x.shape()
    HH, WW = w.shape()
    out = np.zeros((H - HH + 1, W - WW + 1))
    for i in range(H - HH + 1):
        for j in range(W - WW + 1):
            out[i, j] = np.sum(x[i : i + HH, j : j + WW] * w)
    return out


@wrong(
    "one_short_and_whole_numbers",
    Kind.SEVERAL,
    "Count the positions again: one is missing each way. And a map of the type `int` cuts off "
    "the fractions.",
    Form.TWO,
)
def corr2d(x, w):
    n_rows = len(x) - len(w)
    n_cols = len(x[0]) - len(w[0])
    result = np.zeros((n_rows, n_cols), dtype=int)
    for i in range(n_rows):
        for j in range(n_cols):
            result[i][j] = sum(
                x[i + k][j + m] * w[k][m] for k in range(len(w)) for m in range(len(w[0]))
            )
    return result


@wrong(
    "rows_only_turned_over",
    Kind.OWN,
    "The rows are flipped, the columns are not. Convolution flips both.",
)
def convolve2d(x, w):
    return corr2d(x, w[::-1])


@wrong(
    "transposed",
    Kind.SQUARE,
    "`w.T` exchanges rows and columns; it does not flip them.",
    Form.OTHER,
)
def convolve2d(x, w):
    flipped = w.T
    h, k = flipped.shape
    out = np.zeros((x.shape[0] - h + 1, x.shape[1] - k + 1))
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            out[i, j] = np.sum(flipped * x[i : i + h, j : j + k])
    return out


@wrong(
    "turned_once",
    Kind.OWN,
    "A quarter turn is not a flip of both axes; that is half a turn.",
)
def convolve2d(x, w):
    kernel = np.rot90(w)
    return corr2d(x, kernel)


@wrong(
    "picture_turned_over",
    Kind.OWN,
    "You flip the picture instead of the filter: the map comes out upside down.",
    Form.OTHER,
)
def convolve2d(x, w):
    x_flipped = np.flipud(np.fliplr(x))
    return corr2d(x_flipped, w)


@wrong(
    "index_one_too_far",
    Kind.STOPS,
    "Counting backward begins at `HH - 1 - a`: `w[HH - a]` lies behind the last row for a = 0.",
)
def convolve2d(x, w):
    H, W = x.shape
    HH, WW = w.shape
    y = np.zeros((H - HH + 1, W - WW + 1))
    for i in range(H - HH + 1):
        for j in range(W - WW + 1):
            for a in range(HH):
                for b in range(WW):
                    y[i, j] += x[i + a, j + b] * w[HH - a, WW - b]
    return y


@wrong(
    "columns_only_and_one_short",
    Kind.SEVERAL,
    "Only the columns are flipped; the rows have to be, too. And the last row and the last column "
    "of positions are missing.",
    Form.TWO,
)
def convolve2d(x, w):
    k = np.fliplr(w)
    height = x.shape[0] - k.shape[0]
    width = x.shape[1] - k.shape[1]
    out = np.zeros((height, width))
    for i in range(height):
        for j in range(width):
            out[i, j] = (x[i : i + k.shape[0], j : j + k.shape[1]] * k).sum()
    return out


@wrong(
    "slice_runs_backward_to_0",
    Kind.OWN,
    "`w[:0:-1]` stops before index 0: the first row and column are lost. Leave the end out.",
    Form.OTHER,
)
def convolve2d(x, w):
    wf = w[:0:-1, :0:-1]
    return corr2d(x, wf)


@wrong(
    "turned_by_90_turns",
    Kind.OWN,
    "`np.rot90(w, k)` takes the number of quarter turns, 0 to 3, not degrees.",
)
def edge_bank(x, w):
    maps = []
    for degrees in [0, 90, 180, 270]:
        maps.append(corr2d(x, np.rot90(w, degrees)))
    return np.array(maps)


@wrong(
    "clockwise",
    Kind.OWN,
    "The filter is turned clockwise: the maps at 90 and 270 degrees are exchanged.",
    Form.OTHER,
)
def edge_bank(x, w):
    w90 = w[::-1].T
    w180 = w90[::-1].T
    w270 = w180[::-1].T
    return np.stack([corr2d(x, v) for v in (w, w90, w180, w270)])


@wrong(
    "orientations_last",
    Kind.OWN,
    "The orientations are on the last axis; they belong on the first.",
)
def edge_bank(x, w):
    return np.dstack([corr2d(x, np.rot90(w, k)) for k in range(4)])


@wrong(
    "picture_turned",
    Kind.SQUARE,
    "You turn the picture instead of the filter; the maps of a picture that is not square then "
    "have different shapes.",
    Form.OTHER,
)
def edge_bank(x, w):
    return np.array([corr2d(np.rot90(x, k), w) for k in range(4)])


@wrong(
    "turns_pile_up",
    Kind.OWN,
    "The turned filter is turned again, by k quarter turns: 0, 1, 3 and 6. Either turn the "
    "original by k or the last one by one.",
    Form.OTHER,
)
def edge_bank(x, w):
    K = w.shape[0]
    bank = np.zeros((4, x.shape[0] - K + 1, x.shape[1] - K + 1))
    for k in range(4):
        w = np.rot90(w, k)
        bank[k] = corr2d(x, w)
    return bank


@wrong(
    "strengths_last",
    Kind.SEVERAL,
    "`abs` loses the signs, which you should keep. And the orientations belong on the first axis.",
    Form.TWO,
)
def edge_bank(x, w):
    out = []
    for k in range(4):
        out.append(np.abs(corr2d(x, np.rot90(w, k))))
    return np.stack(out, axis=2)


@wrong(
    "first_map_empty",
    Kind.ONE_RESULT,
    "The loop begins at 1, so the map of the filter as it is stays zero.",
    Form.OTHER,
)
def edge_bank(x, w):
    first = corr2d(x, w)
    result = np.zeros((4, first.shape[0], first.shape[1]))
    for k in range(1, 4):
        w = np.rot90(w)
        result[k] = corr2d(x, w)
    return result


@wrong(
    "smaller_of_two_arrays",
    Kind.STOPS,
    "Python's `min` compares whole arrays. `np.minimum` compares element by element.",
)
def corner_map(x, w1, w2):
    r1 = np.maximum(corr2d(x, w1), 0)
    r2 = np.maximum(corr2d(x, w2), 0)
    return min(r1, r2)


@wrong(
    "smallest_of_all",
    Kind.OWN,
    "`np.min` without `axis` returns the smallest of all numbers. You want the smaller of the "
    "two at each position.",
)
def corner_map(x, w1, w2):
    r1 = corr2d(x, w1).clip(0)
    r2 = corr2d(x, w2).clip(0)
    return np.min([r1, r2])


@wrong(
    "mask_of_the_other_map",
    Kind.ONE_RESULT,
    "The mask for the second map is taken from the first: its negative numbers stay.",
    Form.OTHER,
)
def corner_map(x, w1, w2):
    a = corr2d(x, w1)
    b = corr2d(x, w2)
    a[a < 0] = 0
    b[a < 0] = 0
    return np.minimum(a, b)


@wrong(
    "product",
    Kind.FORMULA,
    "You multiply the two responses; the task asks for the smaller one.",
    Form.OTHER,
)
def corner_map(x, w1, w2):
    r1, r2 = corr2d(x, w1), corr2d(x, w2)
    return r1 * (r1 > 0) * r2 * (r2 > 0)


@wrong(
    "absolute_values",
    Kind.FORMULA,
    "ReLU sets negative numbers to zero; `abs` makes them positive, so opposite corners show.",
)
def corner_map(x, w1, w2):
    one = np.abs(corr2d(x, w1))
    two = np.abs(corr2d(x, w2))
    return np.where(one < two, one, two)


@wrong(
    "larger_after_relu_of_the_sum",
    Kind.SEVERAL,
    "Take the smaller of the two, not the larger. And the second response has not gone through "
    "ReLU.",
    Form.TWO,
)
def corner_map(x, w1, w2):
    r1 = corr2d(x, w1)
    r2 = corr2d(x, w2)
    out = np.zeros(r1.shape)
    for i in range(r1.shape[0]):
        for j in range(r1.shape[1]):
            p = r1[i, j] if r1[i, j] > 0 else 0
            q = r2[i, j]
            out[i, j] = p if p > q else q
    return out


@wrong(
    "first_image_only",
    Kind.BATCH,
    "Your code reads `x[0]` alone. A batch may hold several images.",
)
def conv2d(x, w, b):
    F, C, HH, WW = w.shape
    H, W = x.shape[2:]
    out = np.zeros((1, F, H - HH + 1, W - WW + 1))
    for f in range(F):
        for c in range(C):
            out[0, f] += corr2d(x[0, c], w[f, c])
        out[0, f] += b[f]
    return out


@wrong(
    "bias_for_every_channel",
    Kind.FORMULA,
    "The bias is added inside the loop over channels, so C times. It belongs there once.",
)
def conv2d(x, w, b):
    N, C, H, W = x.shape
    F, _, HH, WW = w.shape
    y = np.zeros((N, F, H - HH + 1, W - WW + 1))
    for n in range(N):
        for f in range(F):
            for c in range(C):
                y[n, f] += corr2d(x[n, c], w[f, c]) + b[f]
    return y


@wrong(
    "last_channel_stays",
    Kind.ONE_RESULT,
    "`=` puts each channel's map in the place of the one before. The maps are to be added.",
)
def conv2d(x, w, b):
    N, C, H, W = x.shape
    F, C, HH, WW = w.shape
    y = np.zeros((N, F, H - HH + 1, W - WW + 1))
    for n in range(N):
        for f in range(F):
            for c in range(C):
                y[n, f] = corr2d(x[n, c], w[f, c])
            y[n, f] += b[f]
    return y


@wrong(
    "whole_image_to_corr2d",
    Kind.CALLED,
    "`corr2d` takes a picture of two axes; `x[n]` has three, the channels among them.",
)
def conv2d(x, w, b):
    maps = []
    for image in x:
        maps.append([corr2d(image, w[f]) + b[f] for f in range(len(w))])
    return np.array(maps)


@wrong(
    "bias_along_the_width",
    Kind.OWN,
    "NumPy lines up `b` with the last axis, the width. The filters are on axis 1.",
)
def conv2d(x, w, b):
    windows = sliding_window_view(x, w.shape[2:], axis=(2, 3))
    return np.einsum("nchwij,fcij->nfhw", windows, w) + b


@wrong(
    "reshaped_axes",
    Kind.OWN,
    "After `tensordot` the filters come last. `reshape` does not move an axis; `transpose` does.",
    Form.OTHER,
)
def conv2d(x, w, b):
    N, C, H, W = x.shape
    F, C, HH, WW = w.shape
    windows = np.lib.stride_tricks.sliding_window_view(x, (HH, WW), axis=(2, 3))
    y = np.tensordot(windows, w, axes=([1, 4, 5], [1, 2, 3])) + b
    return y.reshape(N, F, H - HH + 1, W - WW + 1)


@wrong(
    "every_channel_with_every_slice",
    Kind.OWN,
    "`c` and `d` are different letters, so each channel meets every slice of the filter. Each "
    "channel has a slice of its own.",
    Form.OTHER,
)
def conv2d(x, w, b):
    windows = sliding_window_view(x, w.shape[2:], axis=(2, 3))
    y = np.einsum("nchwij,fdij->nfhw", windows, w)
    return y + b.reshape(1, -1, 1, 1)


@wrong(
    "squeezed",
    Kind.BATCH,
    "`squeeze` removes every axis of length 1: with one image, or one filter, an axis is gone.",
)
def conv2d(x, w, b):
    N, C, H, W = x.shape
    F, _, h, k = w.shape
    y = np.zeros((N, F, H - h + 1, W - k + 1))
    for i in range(y.shape[2]):
        for j in range(y.shape[3]):
            window = x[:, None, :, i : i + h, j : j + k]
            y[:, :, i, j] = (window * w).sum(axis=(2, 3, 4)) + b
    return np.squeeze(y)


@wrong(
    "two_images",
    Kind.BATCH,
    "The number 2 stands in your code. How many images there are, `x.shape[0]` says.",
    Form.OTHER,
)
def conv2d(x, w, b):
    F, C, HH, WW = w.shape
    Hout = x.shape[2] - HH + 1
    Wout = x.shape[3] - WW + 1
    y = np.zeros((2, F, Hout, Wout))
    for n in range(2):
        for f in range(F):
            y[n, f] = sum(corr2d(x[n, c], w[f, c]) for c in range(C)) + b[f]
    return y


@wrong(
    "result_made_in_the_loop",
    Kind.ONE_RESULT,
    "The result is made anew for each image, so only the last image is left in it.",
    Form.OTHER,
)
def conv2d(x, w, b):
    for n in range(x.shape[0]):
        out = np.zeros(
            (
                x.shape[0],
                w.shape[0],
                x.shape[2] - w.shape[2] + 1,
                x.shape[3] - w.shape[3] + 1,
            )
        )
        for f in range(w.shape[0]):
            for c in range(w.shape[1]):
                out[n, f] += corr2d(x[n, c], w[f, c])
            out[n, f] += b[f]
    return out


@wrong(
    "sum_over_filters_and_no_bias",
    Kind.SEVERAL,
    "The map is set to zero once for each image, so each filter adds to what the filters before it "
    "have left. And the bias is missing.",
    Form.TWO,
)
def conv2d(x, w, b):
    N, C, H, W = x.shape
    F, C, HH, WW = w.shape
    result = np.zeros((N, F, H - HH + 1, W - WW + 1))
    for n in range(N):
        total = np.zeros((H - HH + 1, W - WW + 1))
        for f in range(F):
            for c in range(C):
                total = total + corr2d(x[n, c], w[f, c])
            result[n, f] = total
    return result


@wrong(
    "height_and_width_of_the_filter",
    Kind.SQUARE,
    "The last two axes of `w` are height and width; you take them for width and height.",
)
def conv2d(x, w, b):
    N, C, H, W = x.shape
    F, C, WW, HH = w.shape
    out = np.zeros((N, F, H - HH + 1, W - WW + 1))
    for n in range(N):
        for f in range(F):
            for i in range(H - HH + 1):
                for j in range(W - WW + 1):
                    out[n, f, i, j] = np.sum(x[n, :, i : i + HH, j : j + WW] * w[f]) + b[f]
    return out


@wrong(
    "bias_of_the_channel",
    Kind.SEVERAL,
    "There is one bias per filter, `b[f]`, not per channel, and it is added once, after the "
    "channels.",
    Form.TWO,
)
def conv2d(x, w, b):
    N, C, H, W = x.shape
    F, C, HH, WW = w.shape
    y = np.zeros((N, F, H - HH + 1, W - WW + 1))
    for n in range(N):
        for f in range(F):
            for c in range(C):
                y[n, f] += corr2d(x[n, c], w[f, c]) + b[c]
    return y


@wrong(
    "deep_filter_to_corr2d",
    Kind.CALLED,
    "`corr2d` takes a filter of two axes; `w[f]` has three. Each channel has its slice, `w[f, c]`.",
    Form.OTHER,
)
def conv2d(x, w, b):
    N, C, H, W = x.shape
    F, C, HH, WW = w.shape
    out = np.zeros((N, F, H - HH + 1, W - WW + 1))
    for n in range(N):
        for f in range(F):
            for c in range(C):
                out[n, f] += corr2d(x[n, c], w[f])
            out[n, f] += b[f]
    return out


@wrong(
    "added_into_whole_numbers",
    Kind.STOPS,
    "The result takes the type of the images; fractions cannot be added into whole numbers. Make "
    "it of floats.",
    Form.OTHER,
)
def conv2d(x, w, b):
    N, C, H, W = x.shape
    F, C, HH, WW = w.shape
    Ho, Wo = H - HH + 1, W - WW + 1
    y = np.zeros((N, F, Ho, Wo), x.dtype)
    for a in range(HH):
        for k in range(WW):
            y += np.einsum("ncij,fc->nfij", x[:, :, a : a + Ho, k : k + Wo], w[:, :, a, k])
    return y + b[:, None, None]


@wrong(
    "no_bias",
    Kind.FORMULA,
    "Each filter has a bias, too: one number more for each filter.",
)
def conv_parameters(channels, filters, height, width):
    return channels * filters * height * width


@wrong(
    "flat_filters",
    Kind.FORMULA,
    "A filter is as deep as its input: it has a slice for every channel.",
)
def conv_parameters(channels, filters, height, width):
    weights = filters * height * width
    biases = filters
    return weights + biases


@wrong(
    "bias_per_channel",
    Kind.FORMULA,
    "There is one bias per filter, not one per channel of the input.",
    Form.OTHER,
)
def conv_parameters(channels, filters, height, width):
    w = np.zeros((filters, channels, height, width))
    b = np.zeros(channels)
    return w.size + b.size


@wrong(
    "one_bias_and_height_squared",
    Kind.SEVERAL,
    "Every filter has a bias of its own, not all of them one. And a filter need not be square: "
    "height times width.",
    Form.TWO,
)
def conv_parameters(channels, filters, height, width):
    return filters * channels * height**2 + 1


@wrong(
    "crops_the_end",
    Kind.CROP,
    "Leave out the first rows and columns, not the last ones. And what is `a[:-0]`?",
)
def equivariance_error(f, x, dy, dx):
    a = f(np.roll(x, (dy, dx), axis=(0, 1)))
    b = np.roll(f(x), (dy, dx), axis=(0, 1))
    return np.abs(a - b)[:-dy, :-dx].max()


@wrong(
    "crops_both_ends",
    Kind.CROP,
    "Only the first rows and columns are to be left out; and a slice up to `-0` is empty.",
    Form.OTHER,
)
def equivariance_error(f, x, dy, dx):
    first = f(np.roll(np.roll(x, dy, axis=0), dx, axis=1))
    second = np.roll(np.roll(f(x), dy, axis=0), dx, axis=1)
    d = abs(first - second)
    return float(np.max(d[dy : d.shape[0] - dy, dx:-dx]))


@wrong(
    "largest_without_abs",
    Kind.FORMULA,
    "The largest difference may be a negative one: take absolute values before the maximum.",
)
def equivariance_error(f, x, dy, dx):
    shifted = f(np.roll(x, (dy, dx), (0, 1)))
    mapped = np.roll(f(x), (dy, dx), (0, 1))
    return (shifted - mapped)[dy:, dx:].max()


@wrong(
    "roll_without_axis",
    Kind.OWN,
    "Without `axis`, `np.roll` shifts the flattened picture: pixels move from row to row.",
    Form.OTHER,
)
def equivariance_error(f, x, dy, dx):
    a = f(np.roll(x, (dy, dx)))
    b = np.roll(f(x), (dy, dx))
    return np.abs(a[dy:, dx:] - b[dy:, dx:]).max()


@wrong(
    "up_and_left",
    Kind.FORMULA,
    "A negative shift moves up and to the left; then the border that shows is the other one.",
    Form.OTHER,
)
def equivariance_error(f, x, dy, dx):
    def shift(picture):
        return np.roll(picture, (-dy, -dx), axis=(0, 1))

    difference = f(shift(x)) - shift(f(x))
    return np.abs(difference[dy:, dx:]).max()


@wrong(
    "axes_exchanged_no_crop",
    Kind.SEVERAL,
    "`dy` is a shift along axis 0, `dx` along axis 1; you have exchanged them in the map. And the "
    "first rows and columns are to be left out.",
    Form.TWO,
)
def equivariance_error(f, x, dy, dx):
    before = f(np.roll(np.roll(x, dy, axis=0), dx, axis=1))
    after = np.roll(np.roll(f(x), dy, axis=1), dx, axis=0)
    return np.max(np.abs(before - after))


@wrong(
    "loops_swapped",
    Kind.SQUARE,
    "You loop i over the columns' positions and j over the rows': exchange the two ranges "
    "(only square maps work).",
)
def corr2d(x, w):
    H, W = x.shape
    HH, WW = w.shape
    out = np.zeros((H - HH + 1, W - WW + 1))
    for i in range(W - WW + 1):
        for j in range(H - HH + 1):
            out[i, j] = np.sum(x[i : i + HH, j : j + WW] * w)
    return out


@wrong(
    "while_j_not_reset",
    Kind.OWN,
    "j is set to 0 once, before both loops, so after the first row the inner loop never runs "
    "again: only row 0 is filled.",
    Form.OTHER,
)
def corr2d(x, w):
    rows = x.shape[0] - w.shape[0] + 1
    cols = x.shape[1] - w.shape[1] + 1
    out = np.zeros((rows, cols))
    i = 0
    j = 0
    while i < rows:
        while j < cols:
            out[i, j] = (x[i : i + w.shape[0], j : j + w.shape[1]] * w).sum()
            j += 1
        i += 1
    return out


@wrong(
    "range_short_and_int",
    Kind.SEVERAL,
    "Your loops stop one position early, so the last row and column stay 0; and the map takes "
    "the integer type of x, which loses fractions.",
    Form.TWO,
)
def corr2d(x, w):
    H, W = x.shape
    HH, WW = w.shape
    result = np.zeros((H - HH + 1, W - WW + 1), dtype=x.dtype)
    for i in range(H - HH):
        for j in range(W - WW):
            window = x[i : i + HH, j : j + WW]
            result[i, j] = (window * w).sum()
    return result


@wrong(
    "builtin_sum",
    Kind.OWN,
    "Python's own sum adds only along the first axis, so response is a row, not one number: "
    "use np.sum.",
    Form.OTHER,
)
def corr2d(x, w):
    h, k = w.shape

    def response(r, c):
        patch = x[r : r + h, c : c + k]
        return sum(patch * w)

    height = x.shape[0] - h + 1
    width = x.shape[1] - k + 1
    return np.array([[response(r, c) for c in range(width)] for r in range(height)])


@wrong(
    "picture_flipped",
    Kind.OWN,
    "You flip the picture instead of the filter, so the map comes out upside down and left to "
    "right.",
)
def convolve2d(x, w):
    flipped = x[::-1, ::-1]
    return corr2d(flipped, w)


@wrong(
    "rows_only_and_short",
    Kind.SEVERAL,
    "w[::-1] flips only the rows, the columns must be flipped too; and the map is one row and "
    "one column too small.",
    Form.TWO,
)
def convolve2d(x, w):
    w = w[::-1]
    H, W = x.shape
    HH, WW = w.shape
    y = np.zeros((H - HH, W - WW))
    for i in range(H - HH):
        for j in range(W - WW):
            y[i, j] = np.sum(x[i : i + HH, j : j + WW] * w)
    return y


@wrong(
    "stack_last",
    Kind.OWN,
    "The four maps are stacked along the last axis; the orientation must be the first axis.",
    Form.OTHER,
)
def edge_bank(x, w):
    return np.stack([corr2d(x, np.rot90(w, k)) for k in range(4)], axis=-1)


@wrong(
    "clockwise_and_abs",
    Kind.SEVERAL,
    "You turn clockwise (rot90 with -k), so 90 and 270 degrees are exchanged; and np.abs "
    "throws the signs away.",
    Form.TWO,
)
def edge_bank(x, w):
    maps = []
    for k in range(4):
        turned = np.rot90(w, -k)
        maps.append(np.abs(corr2d(x, turned)))
    return np.array(maps)


@wrong(
    "einsum_fnij",
    Kind.OWN,
    "Filters come before images in the result: the einsum output should be nfij.",
    Form.OTHER,
)
def conv2d(x, w, b):
    HH, WW = w.shape[2:]
    win = np.lib.stride_tricks.sliding_window_view(x, (HH, WW), axis=(2, 3))
    out = np.einsum("ncijuv,fcuv->fnij", win, w)
    return out + b[:, None, None, None]


@wrong(
    "bias_per_channel_first_image",
    Kind.SEVERAL,
    "The bias is added once per channel instead of once; and every image is computed from x[0].",
    Form.TWO,
)
def conv2d(x, w, b):
    N, C, H, W = x.shape
    F, _, HH, WW = w.shape
    out = np.zeros((N, F, H - HH + 1, W - WW + 1))
    for n in range(N):
        for f in range(F):
            for c in range(C):
                out[n, f] += corr2d(x[0, c], w[f, c]) + b[f]
    return out


@wrong(
    "three_axes_to_corr2d",
    Kind.CALLED,
    "corr2d takes one channel, but you hand it x[n], an array of three axes: loop over the "
    "channels and add the maps.",
)
def conv2d(x, w, b):
    N, C, H, W = x.shape
    F, C, HH, WW = w.shape
    y = np.zeros((N, F, H - HH + 1, W - WW + 1))
    for n in range(N):
        for f in range(F):
            y[n, f] = corr2d(x[n], w[f]) + b[f]
    return y


@wrong(
    "roll_axes_swapped",
    Kind.OWN,
    "The shift (dx, dy) goes to axes (0, 1): you move down by dx and right by dy; exchange them.",
)
def equivariance_error(f, x, dy, dx):
    a = f(np.roll(x, (dx, dy), axis=(0, 1)))
    b = np.roll(f(x), (dx, dy), axis=(0, 1))
    return np.max(np.abs(a[dy:, dx:] - b[dy:, dx:]))


@wrong(
    "both_ends_no_abs",
    Kind.CROP_AND_MORE,
    "[dy:-dy] also cuts the far end (and leaves nothing when the shift is 0); and the "
    "difference needs np.abs before max.",
    Form.TWO,
)
def equivariance_error(f, x, dy, dx):
    shifted_first = f(np.roll(np.roll(x, dy, axis=0), dx, axis=1))
    shifted_last = np.roll(np.roll(f(x), dy, axis=0), dx, axis=1)
    diff = shifted_first - shifted_last
    diff = diff[dy:-dy, dx:-dx]
    return diff.max()


@wrong(
    "rows_by_product",
    Kind.OWN,
    "`@` multiplies matrices; a window and a filter are multiplied number by number, `*`.",
    Form.OTHER,
)
def corr2d(x, w):
    hh, ww = w.shape
    return np.array(
        [
            [(x[r : r + hh, c : c + ww] @ w.T).sum() for c in range(x.shape[1] - ww + 1)]
            for r in range(x.shape[0] - hh + 1)
        ]
    )


@wrong(
    "mean_and_turned_result",
    Kind.SEVERAL,
    "The sum is wanted, not the mean; and the result is transposed: row first.",
    Form.TWO,
)
def corr2d(x, w):
    hh, ww = w.shape
    out = []
    for c in range(x.shape[1] - ww + 1):
        out.append([(x[r : r + hh, c : c + ww] * w).mean() for r in range(x.shape[0] - hh + 1)])
    return np.array(out)


@wrong(
    "bias_once_and_last_filter",
    Kind.SEVERAL,
    "The bias of the first filter goes to all; and `w[-1]` is the last filter for all.",
    Form.TWO,
)
def conv2d(x, w, b):
    n, c, h, k = x.shape
    f, _, hh, ww = w.shape
    y = np.zeros((n, f, h - hh + 1, k - ww + 1)) + b[0]
    for i in range(h - hh + 1):
        for j in range(k - ww + 1):
            patch = x[:, None, :, i : i + hh, j : j + ww]
            y[:, :, i, j] += (patch * w[-1]).sum(axis=(2, 3, 4))
    return y


@wrong(
    "half_turns",
    Kind.OWN,
    "`rot90(w, 2 * k)` turns by 180 degrees each time; a quarter is `k`.",
    Form.OTHER,
)
def edge_bank(x, w):
    bank = np.empty((4, x.shape[0] - w.shape[0] + 1, x.shape[1] - w.shape[1] + 1))
    turned = w
    for k in range(4):
        bank[k] = corr2d(x, turned)
        turned = turned[::-1, ::-1]
    return bank


@wrong(
    "last_position_never_reached",
    Kind.POSITIONS,
    "The loops end one position early, so the last row and column stay 0: `H - HH + 1` positions.",
)
def corr2d(x, w):
    H, W = x.shape
    HH, WW = w.shape
    r = np.zeros((H - HH + 1, W - WW + 1))
    for row in range(H - HH):
        for col in range(W - WW):
            r[row, col] = (x[row : row + HH, col : col + WW] * w).sum()
    return r


@wrong(
    "a_quarter_turn_for_a_half",
    Kind.OWN,
    "Flipping along both axes is half a turn; `np.rot90` makes a quarter.",
    Form.OTHER,
)
def convolve2d(x, w):
    return corr2d(x, np.rot90(w))


@wrong(
    "turns_the_answer",
    Kind.OWN,
    "Turn the filter, not the response map.",
    Form.OTHER,
)
def edge_bank(x, w):
    r = corr2d(x, w)
    return np.array([r, np.rot90(r)[: r.shape[0], : r.shape[1]], r[::-1, ::-1], np.rot90(r, 3)])


@wrong(
    "larger_of_the_sizes",
    Kind.SEVERAL,
    "ReLU makes negative numbers 0, it does not take their size; and the smaller response is "
    "kept, not the larger.",
    Form.TWO,
)
def corner_map(x, w1, w2):
    a = abs(corr2d(x, w1))
    b = abs(corr2d(x, w2))
    return np.where(a > b, a, b)


@wrong(
    "bias_for_each_channel_one_image",
    Kind.SEVERAL,
    "The bias is added once for each channel, not once; and each image gets the pixels of the "
    "first one.",
    Form.TWO,
)
def conv2d(x, w, b):
    N, C, H, W = x.shape
    F, _, HH, WW = w.shape
    y = np.zeros((N, F, H - HH + 1, W - WW + 1))
    for n in range(N):
        for f in range(F):
            for c in range(C):
                y[n, f] += corr2d(x[0, c], w[f, c]) + b[f]
    return y


@wrong(
    "mean_of_signed_differences",
    Kind.SEVERAL,
    "The largest difference is asked for, not the mean; and differences of both signs cancel "
    "without the absolute value.",
    Form.TWO,
)
def equivariance_error(f, x, dy, dx):
    first = f(np.roll(np.roll(x, dy, axis=0), dx, axis=1))
    second = np.roll(np.roll(f(x), dy, axis=0), dx, axis=1)
    return float(np.mean((first - second)[dy:, dx:]))


@wrong(
    "matrix_product_of_the_window",
    Kind.OWN,
    "Multiply each pixel by the number that lies on it: `*`. The sign `@` is a matrix product.",
    Form.OTHER,
)
def corr2d(x, w):
    HH, WW = w.shape
    rows = []
    for i in range(x.shape[0] - HH + 1):
        rows.append([np.sum(x[i : i + HH, j : j + WW] @ w) for j in range(x.shape[1] - WW + 1)])
    return np.array(rows)


@wrong(
    "channels_added_before",
    Kind.OWN,
    "Each channel meets its own slice of the filter; you add up the channels of both first.",
    Form.OTHER,
)
def conv2d(x, w, b):
    gray, flat = x.sum(axis=1), w.sum(axis=1)
    return np.array([[corr2d(g, k) + c for k, c in zip(flat, b)] for g in gray])


@wrong(
    "shifts_the_map_the_other_way_round",
    Kind.SEVERAL,
    "The map is rolled by dx along the rows and dy along the columns, the picture the other way "
    "round; and the first rows are left out, not the last.",
    Form.TWO,
)
def equivariance_error(f, x, dy, dx):
    a = f(np.roll(x, (dy, dx), axis=(0, 1)))
    b = np.roll(f(x), (dx, dy), axis=(0, 1))
    gap = np.abs(a - b)
    return gap[: gap.shape[0] - dy, : gap.shape[1] - dx].max()


def corr2d(x, w):
    """Do task 1 right: the later tasks call it."""
    H, W = x.shape
    HH, WW = w.shape
    r = np.zeros((H - HH + 1, W - WW + 1))
    for i in range(r.shape[0]):
        for j in range(r.shape[1]):
            r[i, j] = np.sum(x[i : i + HH, j : j + WW] * w)
    return r

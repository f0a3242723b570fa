"""Wrong answers to the exercise on padding and stride."""

import math

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from tests.diagnosis.wrong_functions import Form, Kind, wrong


@wrong(
    "rounds_up",
    Kind.POSITIONS,
    "A step that does not fit does not count: round down.",
)
def output_size(size, kernel, stride, padding, dilation=1):
    span = dilation * (kernel - 1) + 1
    if span > size + 2 * padding:
        return 0
    return math.ceil((size + 2 * padding - span) / stride) + 1


@wrong(
    "fraction",
    Kind.NUMBERS,
    "Positions are counted in whole numbers: `//`, not `/`.",
)
def output_size(size, kernel, stride, padding, dilation=1):
    span = (kernel - 1) * dilation + 1
    return max(0, (size + 2 * padding - span) / stride + 1)


@wrong(
    "holes_behind_every_element",
    Kind.FORMULA,
    "A filter of 3 elements has 2 gaps: it spans dilation * (kernel - 1) + 1 pixels.",
)
def output_size(size, kernel, stride, padding, dilation=1):
    kernel = kernel * dilation
    positions = (size - kernel + 2 * padding) // stride + 1
    return positions if positions > 0 else 0


@wrong(
    "padding_at_one_end",
    Kind.FORMULA,
    "The padding stands at both ends, so it counts twice.",
    Form.OTHER,
)
def output_size(size, kernel, stride, padding, dilation=1):
    total = size + padding
    reach = 1 + (kernel - 1) * dilation
    count = 0
    start = 0
    while start + reach <= total:
        count += 1
        start += stride
    return count


@wrong(
    "negative_and_holes",
    Kind.SEVERAL,
    "Where the filter does not fit there are 0 positions, not a negative number. And the last "
    "element of a filter has no gap behind it.",
    Form.TWO,
)
def output_size(size, kernel, stride, padding, dilation=1):
    return int(np.floor((size + 2 * padding - kernel * dilation) / stride)) + 1


@wrong(
    "stops_before_the_last_window",
    Kind.POSITIONS,
    "A window that ends exactly at the end fits, too: `<=`, not `<`.",
    Form.OTHER,
)
def output_size(size, kernel, stride, padding, dilation=1):
    end = size + 2 * padding
    windows = []
    for first in range(0, end, stride):
        last = first + (kernel - 1) * dilation
        if last + 1 < end:
            windows.append((first, last))
    return len(windows)


@wrong(
    "frame_around_everything",
    Kind.OWN,
    "A single number pads all four axes: there are more images and channels now. Say for each "
    "axis how much comes before and behind.",
)
def pad2d(x, padding):
    return np.pad(x, padding)


@wrong(
    "writes_up_to_minus_0",
    Kind.CROP,
    "For padding 0 the slice `0:-0` is empty, and the images do not fit into it.",
    Form.OTHER,
)
def pad2d(x, padding):
    N, C, H, W = x.shape
    out = np.zeros((N, C, H + 2 * padding, W + 2 * padding))
    out[:, :, padding:-padding, padding:-padding] = x
    return out


@wrong(
    "always_one",
    Kind.BY_ONE,
    "The frame is one pixel wide whatever `padding` says.",
)
def pad2d(x, padding):
    return np.pad(x, [(0, 0), (0, 0), (1, 1), (1, 1)], mode="constant")


@wrong(
    "below_and_right",
    Kind.ONE_RESULT,
    "Zeros are needed on all four sides; yours are below and to the right only.",
    Form.OTHER,
)
def pad2d(x, padding):
    n, c, h, w = x.shape
    big = np.zeros((n, c, h + 2 * padding, w + 2 * padding))
    for i in range(h):
        for j in range(w):
            big[:, :, i, j] = x[:, :, i, j]
    return big


@wrong(
    "strips_of_the_height",
    Kind.SQUARE,
    "The strips above and below are as wide as the image, not as high: this works for square "
    "images only.",
    Form.OTHER,
)
def pad2d(x, padding):
    N, C, H, W = x.shape
    strip = np.zeros((N, C, padding, H))
    x = np.concatenate([strip, x, strip], axis=2)
    side = np.zeros((N, C, H + 2 * padding, padding))
    return np.concatenate([side, x, side], axis=3)


@wrong(
    "height_for_both_and_minus_0",
    Kind.CROP_AND_MORE,
    "The width of the result comes from the height of the image. And for padding 0 the slice is "
    "empty.",
    Form.TWO,
)
def pad2d(x, padding):
    size = x.shape[2] + 2 * padding
    result = np.zeros((x.shape[0], x.shape[1], size, size))
    for n in range(x.shape[0]):
        for c in range(x.shape[1]):
            result[n, c][padding:-padding, padding:-padding] = x[n, c]
    return result


@wrong(
    "repeats_the_border",
    Kind.FORMULA,
    "The frame is to hold zeros; `mode='edge'` repeats the pixels at the border.",
)
def pad2d(x, padding):
    widths = ((0, 0), (0, 0), (padding, padding), (padding, padding))
    return np.pad(x, widths, mode="edge")


@wrong(
    "pad_of_old_numpy",
    Kind.STOPS,
    "`np.lib.pad` is a name of old versions. It is `np.pad` today.",
)
def pad2d(x, padding):
    p = padding
    return np.lib.pad(x, ((0, 0), (0, 0), (p, p), (p, p)), "constant", constant_values=0)


@wrong(
    "every_window_one_pixel_on",
    Kind.POSITIONS,
    "A window begins at `i * stride`, not at `i`.",
)
def conv2d_forward(x, w, b, stride, padding):
    N, C, H, W = x.shape
    F, C, HH, WW = w.shape
    xp = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    Ho = (H + 2 * padding - HH) // stride + 1
    Wo = (W + 2 * padding - WW) // stride + 1
    out = np.zeros((N, F, Ho, Wo))
    for n in range(N):
        for f in range(F):
            for i in range(Ho):
                for j in range(Wo):
                    out[n, f, i, j] = (xp[n, :, i : i + HH, j : j + WW] * w[f]).sum() + b[f]
    return out


@wrong(
    "places_of_the_picture",
    Kind.STOPS,
    "The result is indexed by the place in the picture. Its own rows count 0, 1, 2, ...",
)
def conv2d_forward(x, w, b, stride, padding):
    N, C, H, W = x.shape
    F, _, HH, WW = w.shape
    x = pad2d(x, padding)
    H_out = output_size(H, HH, stride, padding)
    W_out = output_size(W, WW, stride, padding)
    out = np.zeros((N, F, H_out, W_out))
    for n in range(N):
        for f in range(F):
            for i in range(H_out):
                for j in range(W_out):
                    top, left = i * stride, j * stride
                    patch = x[n, :, top : top + HH, left : left + WW]
                    out[n, f, i * stride, j * stride] = np.sum(patch * w[f]) + b[f]
    return out


@wrong(
    "walks_over_all_pixels",
    Kind.POSITIONS,
    "You visit every pixel where a window could begin; the last windows hang over the border. "
    "Count the positions of the window.",
    Form.OTHER,
)
def conv2d_forward(x, w, b, stride, padding):
    N, C, H, W = x.shape
    F, C, HH, WW = w.shape
    xp = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    result = []
    for n in range(N):
        maps = []
        for f in range(F):
            rows = []
            for i in range(0, H + 2 * padding, stride):
                row = []
                for j in range(0, W + 2 * padding, stride):
                    row.append(np.sum(xp[n, :, i : i + HH, j : j + WW] * w[f]) + b[f])
                rows.append(row)
            maps.append(rows)
        result.append(maps)
    return np.array(result)


@wrong(
    "stride_downward_only",
    Kind.ONE_RESULT,
    "The window moves by the stride downward, but by one pixel to the right.",
)
def conv2d_forward(x, w, b, stride, padding):
    N, C, H, W = x.shape
    F, C, HH, WW = w.shape
    xp = np.pad(x, ((0, 0), (0, 0), (padding,) * 2, (padding,) * 2))
    H2 = 1 + (H + 2 * padding - HH) // stride
    W2 = 1 + (W + 2 * padding - WW) // stride
    y = np.zeros((N, F, H2, W2))
    for i in range(H2):
        for j in range(W2):
            window = xp[:, :, i * stride : i * stride + HH, j : j + WW]
            for f in range(F):
                y[:, f, i, j] = (window * w[f]).sum(axis=(1, 2, 3)) + b[f]
    return y


@wrong(
    "result_inside_the_loop",
    Kind.ONE_RESULT,
    "`np.zeros` stands inside the loop over images: all maps but those of the last image are 0.",
)
def conv2d_forward(x, w, b, stride, padding):
    xp = pad2d(x, padding)
    h = output_size(x.shape[2], w.shape[2], stride, padding)
    k = output_size(x.shape[3], w.shape[3], stride, padding)
    for n in range(x.shape[0]):
        y = np.zeros((x.shape[0], w.shape[0], h, k))
        for f in range(w.shape[0]):
            for i in range(h):
                for j in range(k):
                    r, s = i * stride, j * stride
                    piece = xp[n, :, r : r + w.shape[2], s : s + w.shape[3]]
                    y[n, f, i, j] = np.sum(piece * w[f]) + b[f]
    return y


@wrong(
    "frame_written_up_to_minus_0",
    Kind.CROP,
    "For padding 0 the slice `0:-0` into the padded array is empty.",
    Form.OTHER,
)
def conv2d_forward(x, w, b, stride, padding):
    N, C, H, W = x.shape
    F, C, HH, WW = w.shape
    padded = np.zeros((N, C, H + 2 * padding, W + 2 * padding))
    padded[:, :, padding:-padding, padding:-padding] = x
    rows = (padded.shape[2] - HH) // stride + 1
    cols = (padded.shape[3] - WW) // stride + 1
    out = np.empty((N, F, rows, cols))
    for i in range(rows):
        for j in range(cols):
            win = padded[:, :, i * stride : i * stride + HH, j * stride : j * stride + WW]
            out[:, :, i, j] = np.einsum("ncab,fcab->nf", win, w) + b
    return out


@wrong(
    "minus_0_and_no_stride_in_the_width",
    Kind.CROP_AND_MORE,
    "For padding 0 the slice `0:-0` is empty. And the windows' columns do not move by the stride.",
    Form.TWO,
)
def conv2d_forward(x, w, b, stride, padding):
    N, C, H, W = x.shape
    F, C, HH, WW = w.shape
    padded = np.zeros((N, C, H + 2 * padding, W + 2 * padding))
    for n in range(N):
        for c in range(C):
            padded[n, c, padding:-padding, padding:-padding] = x[n, c]
    Ho = (H + 2 * padding - HH) // stride + 1
    Wo = (W + 2 * padding - WW) // stride + 1
    out = np.zeros((N, F, Ho, Wo))
    for n in range(N):
        for f in range(F):
            for i in range(Ho):
                for j in range(Wo):
                    si = i * stride
                    out[n, f, i, j] = np.sum(padded[n, :, si : si + HH, j : j + WW] * w[f]) + b[f]
    return out


@wrong(
    "pads_by_one",
    Kind.BY_ONE,
    "The frame is always one pixel wide. It should be `padding` pixels wide, also 0 or 2.",
    Form.OTHER,
)
def conv2d_forward(x, w, b, stride, padding):
    N, C, H, W = x.shape
    F, C, HH, WW = w.shape
    xp = np.zeros((N, C, H + 2, W + 2))
    xp[:, :, 1 : H + 1, 1 : W + 1] = x
    Ho = (H + 2 - HH) // stride + 1
    Wo = (W + 2 - WW) // stride + 1
    y = np.zeros((N, F, Ho, Wo))
    for n in range(N):
        for f in range(F):
            for i in range(Ho):
                for j in range(Wo):
                    a = xp[n, :, stride * i : stride * i + HH, stride * j : stride * j + WW]
                    y[n, f, i, j] = (a * w[f]).sum() + b[f]
    return y


@wrong(
    "size_as_a_float",
    Kind.STOPS,
    "`np.floor` returns a float; sizes and ranges need whole numbers: `//`.",
)
def conv2d_forward(x, w, b, stride, padding):
    N, C, H, W = x.shape
    F, _, HH, WW = w.shape
    out_h = np.floor((H - HH + 2 * padding) / stride) + 1
    out_w = np.floor((W - WW + 2 * padding) / stride) + 1
    out = np.zeros((N, F, out_h, out_w))
    x_pad = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)), "constant")
    for n in range(N):
        for f in range(F):
            for i in range(out_h):
                for j in range(out_w):
                    field = x_pad[n, :, i * stride : i * stride + HH, j * stride : j * stride + WW]
                    out[n, f, i, j] = np.sum(field * w[f]) + b[f]
    return out


@wrong(
    "height_of_the_filter_for_both",
    Kind.SQUARE,
    "The filter's height is used for its width, too: right for square filters only.",
)
def conv2d_forward(x, w, b, stride, padding):
    k = w.shape[2]
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    Ho = (x.shape[2] - k) // stride + 1
    Wo = (x.shape[3] - k) // stride + 1
    out = np.zeros((x.shape[0], w.shape[0], Ho, Wo))
    for n, image in enumerate(x):
        for f, kernel in enumerate(w):
            for i in range(Ho):
                for j in range(Wo):
                    top, left = stride * i, stride * j
                    out[n, f, i, j] = (image[:, top : top + k, left : left + k] * kernel).sum()
            out[n, f] += b[f]
    return out


@wrong(
    "window_steps_of_its_size",
    Kind.POSITIONS,
    "The window moves by the size of the filter. It should move by the stride.",
    Form.OTHER,
)
def conv2d_forward(x, w, b, stride, padding):
    N, C, H, W = x.shape
    F, C, HH, WW = w.shape
    xp = pad2d(x, padding)
    Ho, Wo = output_size(H, HH, stride, padding), output_size(W, WW, stride, padding)
    y = np.zeros((N, F, Ho, Wo))
    for i in range(Ho):
        for j in range(Wo):
            win = xp[:, :, i * HH : (i + 1) * HH, j * WW : (j + 1) * WW]
            for f in range(F):
                y[:, f, i, j] = np.sum(win * w[f], axis=(1, 2, 3)) + b[f]
    return y


@wrong(
    "whole_numbers_and_bias_for_every_channel",
    Kind.SEVERAL,
    "The result takes the picture's type; whole numbers lose the fractions. And the bias is added "
    "once per channel.",
    Form.TWO,
)
def conv2d_forward(x, w, b, stride, padding):
    N, C, H, W = x.shape
    F, C, HH, WW = w.shape
    xp = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    Ho = (H + 2 * padding - HH) // stride + 1
    Wo = (W + 2 * padding - WW) // stride + 1
    y = np.zeros((N, F, Ho, Wo), dtype=x.dtype)
    for n in range(N):
        for f in range(F):
            for i in range(Ho):
                for j in range(Wo):
                    total = 0
                    for c in range(C):
                        s, t = i * stride, j * stride
                        total += (xp[n, c, s : s + HH, t : t + WW] * w[f, c]).sum() + b[f]
                    y[n, f, i, j] = total
    return y


@wrong(
    "channel_to_pad2d",
    Kind.CALLED,
    "`pad2d` takes a batch of four axes; you hand it one channel with two.",
)
def conv2d_forward(x, w, b, stride, padding):
    N, C, H, W = x.shape
    F, C, HH, WW = w.shape
    Ho = output_size(H, HH, stride, padding)
    Wo = output_size(W, WW, stride, padding)
    out = np.zeros((N, F, Ho, Wo))
    for n in range(N):
        for f in range(F):
            for c in range(C):
                channel = pad2d(x[n, c], padding)
                for i in range(Ho):
                    for j in range(Wo):
                        part = channel[i * stride : i * stride + HH, j * stride : j * stride + WW]
                        out[n, f, i, j] += np.sum(part * w[f, c])
            out[n, f] += b[f]
    return out


@wrong(
    "insists_that_nothing_is_left_over",
    Kind.STOPS,
    "Your own `assert` stops the function where pixels are left over. That is allowed: they are "
    "read by no window.",
    Form.OTHER,
)
def conv2d_forward(x, w, b, stride, padding):
    N, C, H, W = x.shape
    F, _, HH, WW = w.shape
    assert (W + 2 * padding - WW) % stride == 0, "width does not work"
    assert (H + 2 * padding - HH) % stride == 0, "height does not work"
    Ho = (H + 2 * padding - HH) // stride + 1
    Wo = (W + 2 * padding - WW) // stride + 1
    xp = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    y = np.zeros((N, F, Ho, Wo))
    for i in range(Ho):
        for j in range(Wo):
            h, v = i * stride, j * stride
            y[:, :, i, j] = np.tensordot(xp[:, :, h : h + HH, v : v + WW], w, ((1, 2, 3),) * 2) + b
    return y


@wrong(
    "windows_reshaped",
    Kind.OWN,
    "The windows' axes are (N, C, H', W', HH, WW). `reshape` joins neighbors only: bring the "
    "channels beside the window first, with `transpose`.",
)
def conv2d_forward_fast(x, w, b, stride, padding):
    F, C, HH, WW = w.shape
    xp = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    win = sliding_window_view(xp, (HH, WW), axis=(2, 3))[:, :, ::stride, ::stride]
    N, C, Ho, Wo = win.shape[:4]
    cols = win.reshape(N * Ho * Wo, C * HH * WW)
    out = cols @ w.reshape(F, -1).T + b
    return out.reshape(N, Ho, Wo, F).transpose(0, 3, 1, 2)


@wrong(
    "stride_inside_the_window",
    Kind.OWN,
    "The stride is applied to the last two axes, which are the window's own. The positions are "
    "axes 2 and 3.",
    Form.OTHER,
)
def conv2d_forward_fast(x, w, b, stride, padding):
    xp = pad2d(x, padding)
    windows = sliding_window_view(xp, w.shape[2:], axis=(2, 3))[..., ::stride, ::stride]
    return np.einsum("ncijab,fcab->nfij", windows, w) + b[:, None, None]


@wrong(
    "map_turned_on_its_side",
    Kind.SQUARE,
    "`transpose(0, 3, 2, 1)` exchanges the rows and columns of the maps: (0, 3, 1, 2).",
    Form.OTHER,
)
def conv2d_forward_fast(x, w, b, stride, padding):
    xp = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    v = np.lib.stride_tricks.sliding_window_view(xp, w.shape[2:], (2, 3))[:, :, ::stride, ::stride]
    y = np.tensordot(v, w, axes=((1, 4, 5), (1, 2, 3))) + b
    return y.transpose(0, 3, 2, 1)


@wrong(
    "last_shift_up_to_minus_0",
    Kind.CROP,
    "For the filter's last row and column the slice ends at `-0`, so it is empty. Count from the "
    "beginning: `u : u + H'`.",
    Form.OTHER,
)
def conv2d_forward_fast(x, w, b, stride, padding):
    F, C, HH, WW = w.shape
    xp = pad2d(x, padding)
    y = 0
    for u in range(HH):
        for v in range(WW):
            part = xp[:, :, u : -(HH - 1 - u), v : -(WW - 1 - v)][:, :, ::stride, ::stride]
            y = y + np.einsum("ncij,fc->nfij", part, w[:, :, u, v])
    return y + b.reshape(1, F, 1, 1)


@wrong(
    "squeezed_batch",
    Kind.BATCH,
    "`squeeze` removes every axis of length 1: that of the batch for one image, that of the "
    "channels for gray images.",
)
def conv2d_forward_fast(x, w, b, stride, padding):
    xp = pad2d(x, padding)
    win = sliding_window_view(xp, (x.shape[1], w.shape[2], w.shape[3]), axis=(1, 2, 3))
    win = win.squeeze()[:, ::stride, ::stride]
    return np.einsum("nijcab,fcab->nfij", win, w) + b.reshape(-1, 1, 1)


@wrong(
    "axes_multiplied_by_all",
    Kind.OWN,
    "The letter `d` of the filters is not the `c` of the windows: every channel meets every slice.",
)
def conv2d_forward_fast(x, w, b, stride, padding):
    pad = [(0, 0), (0, 0), (padding, padding), (padding, padding)]
    windows = sliding_window_view(np.pad(x, pad), w.shape[-2:], axis=(-2, -1))
    windows = windows[:, :, ::stride, ::stride]
    return np.einsum("nchwij,fdij->nfhw", windows, w) + b[None, :, None, None]


@wrong(
    "frame_with_images_and_filters_last",
    Kind.SEVERAL,
    "A single number pads all axes: more images, more channels. And the filters belong on axis 1.",
    Form.TWO,
)
def conv2d_forward_fast(x, w, b, stride, padding):
    xp = np.pad(x, padding)
    win = sliding_window_view(xp, w.shape[2:], axis=(2, 3))[:, :, ::stride, ::stride]
    return np.tensordot(win, w, axes=([1, 4, 5], [1, 2, 3])) + b


@wrong(
    "width_of_the_height_in_the_columns",
    Kind.SQUARE,
    "The columns' last column is computed from the height `Ho`: right for square maps only.",
    Form.OTHER,
)
def conv2d_forward_fast(x, w, b, stride, padding):
    N, C, H, W = x.shape
    F, C, HH, WW = w.shape
    xp = pad2d(x, padding)
    Ho = (H + 2 * padding - HH) // stride + 1
    y = np.zeros((N, F, Ho, Ho))
    for u in range(HH):
        for v in range(WW):
            shifted = xp[:, :, u : u + Ho * stride : stride, v : v + Ho * stride : stride]
            y += np.einsum("ncij,fc->nfij", shifted, w[:, :, u, v])
    return y + b[:, None, None]


@wrong(
    "rows_not_apart",
    Kind.OWN,
    "Each layer's window covers units that lie a jump apart: the size grows by (kernel - 1) times "
    "the jump.",
)
def receptive_field(layers):
    size, jump, start = 1, 1, 0
    for kernel, stride, padding in layers:
        size += kernel - 1
        start -= padding * jump
        jump *= stride
    return size, jump, start


@wrong(
    "jump_first",
    Kind.OWN,
    "The units under the window are those of the layer below: use its jump, and change the jump "
    "last.",
)
def receptive_field(layers):
    size = 1
    jump = 1
    start = 0
    for layer in layers:
        jump = jump * layer[1]
        size = size + (layer[0] - 1) * jump
        start = start - layer[2] * jump
    return (size, jump, start)


@wrong(
    "start_in_units",
    Kind.ONE_RESULT,
    "One unit of padding is one unit of the layer below, and that is a jump wide, in pixels.",
)
def receptive_field(layers):
    r, j, s = 1, 1, 0
    for k, st, p in layers:
        r = r + (k - 1) * j
        s = s - p
        j = j * st
    return [r, j, s]


@wrong(
    "from_the_top",
    Kind.OWN,
    "You go through the layers from the last one to the first, as if it were the lowest.",
    Form.OTHER,
)
def receptive_field(layers):
    size, jump, start = 1, 1, 0
    for k, s, p in reversed(layers):
        size += (k - 1) * jump
        start -= p * jump
        jump *= s
    return size, jump, start


@wrong(
    "jump_added_and_start_to_the_right",
    Kind.SEVERAL,
    "Jumps multiply: two layers of stride 2 make a jump of 4, not 3. And padding moves the start "
    "to the left: minus.",
    Form.TWO,
)
def receptive_field(layers):
    size, jump, start = 1, 1, 0
    for k, s, p in layers:
        size += (k - 1) * jump
        start += p * jump
        jump += s - 1
    return size, jump, start


@wrong(
    "unpacks_three_layers",
    Kind.STOPS,
    "`kernel, stride, padding = layers` takes the list of layers apart. Each *layer* has these "
    "three numbers: loop over the layers.",
)
def receptive_field(layers):
    size, jump, start = 1, 1, 0
    for _ in range(len(layers)):
        kernel, stride, padding = layers
        size += (kernel - 1) * jump
        start -= padding * jump
        jump *= stride
    return size, jump, start


@wrong(
    "same_picture_twice",
    Kind.OWN,
    "`up = x` makes no copy: both names belong to one picture, and the two nudges cancel.",
)
def effective_receptive_field(f, x, i, j, h):
    field = np.zeros(x.shape)
    for r in range(x.shape[0]):
        for c in range(x.shape[1]):
            up = x
            down = x
            up[r, c] += h
            down[r, c] -= h
            field[r, c] = abs(f(up)[i, j] - f(down)[i, j]) / (2 * h)
    return field


@wrong(
    "unit_overwritten",
    Kind.OWN,
    "The loops use `i` and `j` again, which are the place of the unit. Call the pixel's place "
    "something else.",
    Form.OTHER,
)
def effective_receptive_field(f, x, i, j, h):
    result = np.zeros(x.shape)
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            plus = x.astype(float)
            minus = x.astype(float)
            plus[i, j] += h
            minus[i, j] -= h
            result[i, j] = np.abs(f(plus)[i, j] - f(minus)[i, j]) / (2 * h)
    return result


@wrong(
    "one_side_only",
    Kind.FORMULA,
    "The pixel is also to be lowered: the difference of both, divided by 2 * h.",
)
def effective_receptive_field(f, x, i, j, h):
    base = f(x)[i, j]
    out = np.zeros_like(x, dtype=float)
    for a, b in np.ndindex(x.shape):
        moved = x.astype(float).copy()
        moved[a, b] += h
        out[a, b] = abs(f(moved)[i, j] - base) / h
    return out


@wrong(
    "whole_map_and_signs",
    Kind.SEVERAL,
    "Only the unit at (i, j) is asked for, not the sum of the map. And take the absolute value.",
    Form.TWO,
)
def effective_receptive_field(f, x, i, j, h):
    influence = np.zeros(x.shape)
    for r in range(len(x)):
        for c in range(len(x[0])):
            step = np.zeros(x.shape)
            step[r, c] = h
            influence[r, c] = (f(x + step) - f(x - step)).sum() / (2 * h)
    return influence


@wrong(
    "pixel_stays_lowered",
    Kind.OWN,
    "After raising the pixel you lower it by h, so it is only back where it was. From there it has "
    "to go down by another h.",
)
def effective_receptive_field(f, x, i, j, h):
    x = x.astype(float)
    result = np.zeros(x.shape)
    for p in range(x.shape[0]):
        for q in range(x.shape[1]):
            x[p, q] += h
            high = f(x)[i, j]
            x[p, q] -= h
            low = f(x)[i, j]
            result[p, q] = abs(high - low) / (2 * h)
    return result


@wrong(
    "divide_positions",
    Kind.POSITIONS,
    "Dividing the number of stride-1 positions by the stride rounds down too far: only the "
    "steps are divided, the first position is free (+1 goes outside).",
)
def output_size(size, kernel, stride, padding, dilation=1):
    span = (kernel - 1) * dilation + 1
    positions = size + 2 * padding - span + 1
    if positions <= 0:
        return 0
    return positions // stride


@wrong(
    "span_and_no_clamp",
    Kind.SEVERAL,
    "A filter with holes spans dilation * (kernel - 1) + 1 pixels, not kernel * dilation; and "
    "where nothing fits the answer must be 0.",
    Form.TWO,
)
def output_size(size, kernel, stride, padding, dilation=1):
    span = kernel * dilation
    return (size + 2 * padding - span) // stride + 1


@wrong(
    "while_strict",
    Kind.POSITIONS,
    "The last window may end exactly at the end: use <= instead of <.",
    Form.OTHER,
)
def output_size(size, kernel, stride, padding, dilation=1):
    total = size + 2 * padding
    span = 1 + dilation * (kernel - 1)
    count = 0
    begin = 0
    while begin + span < total:
        count += 1
        begin += stride
    return count


@wrong(
    "concatenate_sides",
    Kind.STOPS,
    "After you have put the rows on top and below, the picture is H + 2 * padding high, so "
    "the side strips need that height.",
    Form.OTHER,
)
def pad2d(x, padding):
    N, C, H, W = x.shape
    top = np.zeros((N, C, padding, W))
    side = np.zeros((N, C, H, padding))
    x = np.concatenate([top, x, top], axis=2)
    return np.concatenate([side, x, side], axis=3)


@wrong(
    "height_for_width",
    Kind.SQUARE,
    "The slice for the columns uses H; it works for square pictures only.",
)
def pad2d(x, padding):
    N, C, H, W = x.shape
    out = np.zeros((N, C, H + 2 * padding, W + 2 * padding))
    out[:, :, padding : padding + H, padding : padding + H] = x
    return out


@wrong(
    "int_and_minus_p",
    Kind.CROP_AND_MORE,
    "padding:-padding is empty when padding is 0; and an array of int loses the fractions.",
    Form.TWO,
)
def pad2d(x, padding):
    n, c, h, w = x.shape
    padded = np.zeros((n, c, h + 2 * padding, w + 2 * padding), dtype=int)
    padded[:, :, padding:-padding, padding:-padding] = x
    return padded


@wrong(
    "stride_rows_only",
    Kind.POSITIONS,
    "The columns of the window do not use the stride: j * stride.",
)
def conv2d_forward(x, w, b, stride, padding):
    N, C, H, W = x.shape
    F, C, HH, WW = w.shape
    xp = pad2d(x, padding)
    Ho = output_size(H, HH, stride, padding)
    Wo = output_size(W, WW, stride, padding)
    out = np.zeros((N, F, Ho, Wo))
    for n in range(N):
        for f in range(F):
            for i in range(Ho):
                for j in range(Wo):
                    window = xp[n, :, i * stride : i * stride + HH, j : j + WW]
                    out[n, f, i, j] = np.sum(window * w[f]) + b[f]
    return out


@wrong(
    "size_without_padding_no_bias",
    Kind.SEVERAL,
    "The size of the result is computed from the unpadded picture, so rows and columns are "
    "missing; and the bias is never added.",
    Form.TWO,
)
def conv2d_forward(x, w, b, stride, padding):
    N, C, H, W = x.shape
    F, _, HH, WW = w.shape
    h_out = (H - HH) // stride + 1
    w_out = (W - WW) // stride + 1
    x_pad = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    out = np.zeros((N, F, h_out, w_out))
    for n in range(N):
        for f in range(F):
            for i in range(h_out):
                for j in range(w_out):
                    hs = i * stride
                    ws = j * stride
                    out[n, f, i, j] = (x_pad[n, :, hs : hs + HH, ws : ws + WW] * w[f]).sum()
    return out


@wrong(
    "broadcast_wrong_axes",
    Kind.OWN,
    "The product has the axes (N, F, C, HH, WW): sum over the last three, (2, 3, 4), so that "
    "N and F remain.",
    Form.OTHER,
)
def conv2d_forward(x, w, b, stride, padding):
    N, F = len(x), len(w)
    HH, WW = w.shape[-2:]
    xp = pad2d(x, padding)
    Ho = (xp.shape[2] - HH) // stride + 1
    Wo = (xp.shape[3] - WW) // stride + 1
    out = np.empty((N, F, Ho, Wo))
    for i in range(Ho):
        for j in range(Wo):
            window = xp[:, :, i * stride : i * stride + HH, j * stride : j * stride + WW]
            product = window[:, np.newaxis] * w[np.newaxis]
            out[:, :, i, j] = product.sum(axis=(1, 2, 3)) + b
    return out


@wrong(
    "filter_height_for_width",
    Kind.SQUARE,
    "The window is HH wide; its width must be WW.",
)
def conv2d_forward(x, w, b, stride, padding):
    N, C, H, W = x.shape
    F, C, HH, WW = w.shape
    xp = pad2d(x, padding)
    Ho = output_size(H, HH, stride, padding)
    Wo = output_size(W, HH, stride, padding)
    y = np.zeros((N, F, Ho, Wo))
    for n in range(N):
        for f in range(F):
            for i in range(Ho):
                for j in range(Wo):
                    window = xp[n, :, i * stride : i * stride + HH, j * stride : j * stride + WW]
                    y[n, f, i, j] = np.sum(window * w[f]) + b[f]
    return y


@wrong(
    "im2col_back_reshape",
    Kind.OWN,
    "The matrix product has the filters last, (N*Ho*Wo, F): reshape to (N, Ho, Wo, F), then "
    "transpose the filters to axis 1.",
    Form.OTHER,
)
def conv2d_forward_fast(x, w, b, stride, padding):
    xp = pad2d(x, padding)
    F, C, HH, WW = w.shape
    win = np.lib.stride_tricks.sliding_window_view(xp, (HH, WW), axis=(2, 3))
    win = win[:, :, ::stride, ::stride]
    N, _, Ho, Wo = win.shape[:4]
    cols = win.transpose(0, 2, 3, 1, 4, 5).reshape(N * Ho * Wo, C * HH * WW)
    out = cols @ w.reshape(F, -1).T + b
    return out.reshape(N, F, Ho, Wo)


@wrong(
    "as_strided_columns_and_bias",
    Kind.SEVERAL,
    "The strides of the positions must both be multiplied by the stride, yours only in the "
    "rows; and b needs the shape (F, 1, 1).",
    Form.TWO,
)
def conv2d_forward_fast(x, w, b, stride, padding):
    xp = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    N, C, H, W = xp.shape
    F, _, HH, WW = w.shape
    Ho = (H - HH) // stride + 1
    Wo = (W - WW) // stride + 1
    sn, sc, sh, sw = xp.strides
    win = np.lib.stride_tricks.as_strided(
        xp, (N, C, Ho, Wo, HH, WW), (sn, sc, sh * stride, sw, sh, sw)
    )
    return np.einsum("ncijab,fcab->nfij", win, w) + b[:, None]


@wrong(
    "kernel_times_jump",
    Kind.FORMULA,
    "From the first to the last unit of a window there are kernel - 1 steps, not kernel.",
)
def receptive_field(layers):
    size, jump, start = 1, 1, 0
    for kernel, stride, padding in layers:
        size = size + kernel * jump
        start = start - padding * jump
        jump = jump * stride
    return size, jump, start


@wrong(
    "new_jump_and_padding_units",
    Kind.SEVERAL,
    "The size grows by the jump of the layer below, so multiply the jump afterwards; and one "
    "unit of padding is jump pixels.",
    Form.TWO,
)
def receptive_field(layers):
    size = 1
    jump = 1
    start = 0
    for k, s, p in layers:
        jump *= s
        size += (k - 1) * jump
        start -= p
    return (size, jump, start)


@wrong(
    "nudge_in_place",
    Kind.OWN,
    "nudge changes x itself, so the second call starts from the raised pixel and only comes "
    "back to x: copy x in nudge.",
    Form.OTHER,
)
def effective_receptive_field(f, x, i, j, h):
    def nudge(r, c, amount):
        moved = x
        moved[r, c] += amount
        return moved

    field = np.zeros(x.shape)
    for r, c in np.ndindex(x.shape):
        up = f(nudge(r, c, h))[i, j]
        down = f(nudge(r, c, -h))[i, j]
        field[r, c] = abs(up - down) / (2 * h)
    return field


@wrong(
    "no_abs_and_h",
    Kind.SEVERAL,
    "The influence is an absolute value; and the two pixel values are 2 * h apart, so divide "
    "by 2 * h.",
    Form.TWO,
)
def effective_receptive_field(f, x, i, j, h):
    H, W = x.shape
    field = np.zeros((H, W))
    for a in range(H):
        for b in range(W):
            up = x.copy()
            up[a, b] += h
            down = x.copy()
            down[a, b] -= h
            field[a, b] = (f(up)[i, j] - f(down)[i, j]) / h
    return field


@wrong(
    "padding_once_ceil",
    Kind.SEVERAL,
    "There is padding on both sides: 2 * padding; and a last part step is no window: round down.",
    Form.TWO,
)
def output_size(size, kernel, stride, padding, dilation=1):
    reach = dilation * (kernel - 1) + 1
    return max(int(np.ceil((size + padding - reach) / stride)) + 1, 0)


@wrong(
    "edge_mode",
    Kind.OWN,
    "The frame has to hold zeros, yours repeats the border: no `mode='edge'`.",
    Form.OTHER,
)
def pad2d(x, padding):
    sides = (padding, padding)
    return np.pad(x, [(0, 0), (0, 0), sides, sides], mode="edge")


@wrong(
    "height_only_of_ones",
    Kind.SEVERAL,
    "The frame is of ones, not of zeros; and only rows are padded on both sides.",
    Form.TWO,
)
def pad2d(x, padding):
    n, c, h, k = x.shape
    framed = np.ones((n, c, h + 2 * padding, k + padding))
    framed[:, :, padding : padding + h, padding : padding + k] = x
    return framed


@wrong(
    "filters_summed",
    Kind.OWN,
    "`sum()` of the product over all axes adds the filters together: keep the axis of the filters.",
    Form.OTHER,
)
def conv2d_forward(x, w, b, stride, padding):
    xp = pad2d(x, padding)
    hh, ww = w.shape[2:]
    rows = (xp.shape[2] - hh) // stride + 1
    cols = (xp.shape[3] - ww) // stride + 1
    y = np.zeros((len(x), len(w), rows, cols))
    for n in range(len(x)):
        for i in range(rows):
            for j in range(cols):
                top, left = i * stride, j * stride
                y[n, :, i, j] = np.sum(xp[n, :, top : top + hh, left : left + ww] * w) + b
    return y


@wrong(
    "padded_after_and_bias_doubled",
    Kind.SEVERAL,
    "The picture has to be padded, not the result; and the bias is added twice.",
    Form.TWO,
)
def conv2d_forward(x, w, b, stride, padding):
    n, c, h, k = x.shape
    f, _, hh, ww = w.shape
    y = np.zeros((n, f, (h - hh) // stride + 1, (k - ww) // stride + 1))
    y += b[:, None, None]
    for i, j in np.ndindex(*y.shape[2:]):
        patch = x[:, :, i * stride : i * stride + hh, j * stride : j * stride + ww]
        y[:, :, i, j] += np.tensordot(patch, w, ((1, 2, 3), (1, 2, 3))) + b
    return np.pad(y, ((0, 0), (0, 0), (padding, padding), (padding, padding)))


@wrong(
    "one_frame_and_a_wide_filter",
    Kind.SEVERAL,
    "Zeros are added at both ends: twice the padding. And a filter with holes spans "
    "`dilation * (kernel - 1) + 1` pixels.",
    Form.TWO,
)
def output_size(size, kernel, stride, padding, dilation=1):
    wide = kernel * dilation
    room = size + padding
    return 0 if wide > room else (room - wide) // stride + 1


@wrong(
    "all_zeros_above_and_left",
    Kind.OWN,
    "All zeros lie above and to the left; half of them belong below and to the right.",
)
def pad2d(x, padding):
    N, C, H, W = x.shape
    out = np.zeros((N, C, H + 2 * padding, W + 2 * padding), dtype=x.dtype)
    out[:, :, 2 * padding :, 2 * padding :] = x
    return out


@wrong(
    "columns_move_by_one",
    Kind.POSITIONS,
    "The window moves by the stride downward only; to the right it moves by one pixel.",
)
def conv2d_forward(x, w, b, stride, padding):
    xp = pad2d(x, padding)
    N = x.shape[0]
    F, C, HH, WW = w.shape
    Ho = output_size(x.shape[2], HH, stride, padding)
    Wo = output_size(x.shape[3], WW, stride, padding)
    y = np.zeros((N, F, Ho, Wo))
    for n in range(N):
        for f in range(F):
            for i in range(Ho):
                for j in range(Wo):
                    y[n, f, i, j] = np.sum(
                        xp[n, :, i * stride : i * stride + HH, j : j + WW] * w[f]
                    )
            y[n, f] += b[f]
    return y


@wrong(
    "every_other_pixel_first",
    Kind.POSITIONS,
    "The stride chooses among the windows; you leave out pixels before you make windows.",
    Form.OTHER,
)
def conv2d_forward_fast(x, w, b, stride, padding):
    p = np.pad(x, [(0, 0), (0, 0), (padding, padding), (padding, padding)])
    p = p[:, :, ::stride, ::stride]
    v = np.lib.stride_tricks.sliding_window_view(p, w.shape[2:], axis=(2, 3))
    return np.einsum("nchwij,fcij->nfhw", v, w) + b[None, :, None, None]


@wrong(
    "new_jump_for_size_and_start",
    Kind.SEVERAL,
    "Size and start of a layer's fields grow by the jump of the layer below: change the jump last.",
    Form.TWO,
)
def receptive_field(layers):
    size, jump, start = 1, 1, 0
    for k, s, p in layers:
        jump *= s
        size += (k - 1) * jump
        start -= p * jump
    return size, jump, start


@wrong(
    "pixel_stays_moved_half_the_distance",
    Kind.SEVERAL,
    "The pixel is not put back before the next one is nudged; and the distance of the two values "
    "is 2h.",
    Form.TWO,
)
def effective_receptive_field(f, x, i, j, h):
    result = np.zeros(x.shape)
    moved = np.array(x, dtype=float)
    for r in range(x.shape[0]):
        for c in range(x.shape[1]):
            moved[r, c] += h
            up = f(moved)[i, j]
            moved[r, c] -= 2 * h
            down = f(moved)[i, j]
            result[r, c] = abs(up - down) / h
    return result


@wrong(
    "frame_around_the_channels",
    Kind.OWN,
    "The frame lies around height and width, the last two axes; you pad channels and height.",
)
def pad2d(x, padding):
    return np.pad(x, ((0, 0), (padding, padding), (padding, padding), (0, 0)))


@wrong(
    "positions_of_the_bare_image_no_bias",
    Kind.SEVERAL,
    "The positions are counted in the padded image; and the bias is missing.",
    Form.TWO,
)
def conv2d_forward(x, w, b, stride, padding):
    N, C, H, W = x.shape
    F, C, HH, WW = w.shape
    Ho, Wo = (H - HH) // stride + 1, (W - WW) // stride + 1
    x = pad2d(x, padding)
    out = np.zeros((N, F, max(Ho, 0), max(Wo, 0)))
    for i in range(Ho):
        for j in range(Wo):
            part = x[:, :, i * stride : i * stride + HH, j * stride : j * stride + WW]
            out[:, :, i, j] = np.tensordot(part, w, axes=((1, 2, 3), (1, 2, 3)))
    return out


@wrong(
    "from_the_last_layer_down",
    Kind.OWN,
    "The layers come from the input upward; you go through them from the last to the first.",
    Form.OTHER,
)
def receptive_field(layers):
    size, jump, start = 1, 1, 0
    for kernel, stride, padding in reversed(layers):
        size = size + (kernel - 1) * jump
        start = start - padding * jump
        jump = jump * stride
    return size, jump, start


def output_size(size, kernel, stride, padding, dilation=1):
    """Do task 1 right: the later tasks call it."""
    return max(0, (size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1)


def pad2d(x, padding):
    """Do task 2 right: the later tasks call it."""
    N, C, H, W = x.shape
    padded = np.zeros((N, C, H + 2 * padding, W + 2 * padding))
    padded[:, :, padding : padding + H, padding : padding + W] = x
    return padded

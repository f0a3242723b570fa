"""Wrong answers to the exercise on pooling and the other layers."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from tests.diagnosis.wrong_functions import Form, Kind, wrong


@wrong(
    "height_by_size",
    Kind.POSITIONS,
    "H // size counts the windows only while the stride equals the size.",
)
def max_pool_forward(x, size, stride):
    N, C, H, W = x.shape
    out = np.zeros((N, C, H // size, W // size))
    for i in range(H // size):
        for j in range(W // size):
            window = x[:, :, i * stride : i * stride + size, j * stride : j * stride + size]
            out[:, :, i, j] = window.max(axis=(2, 3))
    return out


@wrong(
    "tiles",
    Kind.POSITIONS,
    "Cutting the image into tiles by `reshape` uses the size as the stride, and needs sizes that "
    "divide the image.",
    Form.OTHER,
)
def max_pool_forward(x, size, stride):
    n, c, h, w = x.shape
    x = x[:, :, : h - h % size, : w - w % size]
    tiles = x.reshape(n, c, h // size, size, w // size, size)
    return tiles.max(axis=(3, 5))


@wrong(
    "search_begins_at_0",
    Kind.NUMBERS,
    "The search begins at 0, so windows of negative numbers give 0.",
)
def max_pool_forward(x, size, stride):
    N, C, H, W = x.shape
    Ho = (H - size) // stride + 1
    Wo = (W - size) // stride + 1
    y = np.zeros((N, C, Ho, Wo))
    for n in range(N):
        for c in range(C):
            for i in range(Ho):
                for j in range(Wo):
                    for a in range(size):
                        for b in range(size):
                            v = x[n, c, i * stride + a, j * stride + b]
                            if v > y[n, c, i, j]:
                                y[n, c, i, j] = v
    return y


@wrong(
    "windows_over_the_border",
    Kind.POSITIONS,
    "The last windows hang over the border. Only windows wholly inside count.",
    Form.OTHER,
)
def max_pool_forward(x, size, stride):
    result = []
    for image in x:
        channels = []
        for channel in image:
            rows = []
            for i in range(0, channel.shape[0], stride):
                row = []
                for j in range(0, channel.shape[1], stride):
                    row.append(np.max(channel[i : i + size, j : j + size]))
                rows.append(row)
            channels.append(rows)
        result.append(channels)
    return np.array(result)


@wrong(
    "over_all_channels",
    Kind.OWN,
    "The maximum runs over the channels, too. Every channel is pooled by itself.",
)
def max_pool_forward(x, size, stride):
    N, C, H, W = x.shape
    H2, W2 = (H - size) // stride + 1, (W - size) // stride + 1
    out = np.zeros((N, C, H2, W2))
    for n in range(N):
        for i in range(H2):
            for j in range(W2):
                r, s = i * stride, j * stride
                out[n, :, i, j] = np.max(x[n, :, r : r + size, s : s + size])
    return out


@wrong(
    "size_and_stride_exchanged",
    Kind.POSITIONS,
    "The stride says where a window begins, the size where it ends; you have exchanged them.",
    Form.OTHER,
)
def max_pool_forward(x, size, stride):
    windows = sliding_window_view(x, (stride, stride), axis=(2, 3))
    return windows[:, :, ::size, ::size].max(axis=(4, 5))


@wrong(
    "largest_so_far",
    Kind.OWN,
    "The largest number so far is not forgotten between windows.",
    Form.OTHER,
)
def max_pool_forward(x, size, stride):
    N, C, H, W = x.shape
    out_h = 1 + (H - size) // stride
    out_w = 1 + (W - size) // stride
    out = np.zeros((N, C, out_h, out_w))
    for n in range(N):
        for c in range(C):
            best = -np.inf
            for i in range(out_h):
                for j in range(out_w):
                    for row in x[n, c, i * stride : i * stride + size]:
                        for value in row[j * stride : j * stride + size]:
                            best = max(best, value)
                    out[n, c, i, j] = best
    return out


@wrong(
    "rounds_up_and_height_for_both",
    Kind.SEVERAL,
    "Windows that do not fit wholly do not count: round down. And the width has to come from W.",
    Form.TWO,
)
def max_pool_forward(x, size, stride):
    N, C, H, W = x.shape
    out = int(np.ceil((H - size) / stride)) + 1
    y = np.zeros((N, C, out, out))
    for i in range(out):
        for j in range(out):
            part = x[:, :, i * stride : i * stride + size, j * stride : j * stride + size]
            y[:, :, i, j] = part.max((2, 3))
    return y


@wrong(
    "place_times_stride",
    Kind.STOPS,
    "The result's own rows and columns count 0, 1, 2; `out[..., i * stride, ...]` lies behind it.",
)
def max_pool_forward(x, size, stride):
    N, C, H, W = x.shape
    H1 = (H - size) // stride + 1
    W1 = (W - size) // stride + 1
    out = np.zeros((N, C, H1, W1))
    for n in range(N):
        for c in range(C):
            for i in range(H1):
                for j in range(W1):
                    y0, x0 = i * stride, j * stride
                    out[n, c, y0, x0] = x[n, c, y0 : y0 + size, x0 : x0 + size].max()
    return out


@wrong(
    "slice_of_fractions",
    Kind.STOPS,
    "`size / 2` is a float also where it is whole, and slices need whole numbers. The window "
    "begins at `i * stride`.",
    Form.OTHER,
)
def max_pool_forward(x, size, stride):
    N, C, H, W = x.shape
    out = np.zeros((N, C, (H - size) // stride + 1, (W - size) // stride + 1))
    half = size / 2
    for i in range(out.shape[2]):
        for j in range(out.shape[3]):
            mid_i = i * stride + half
            mid_j = j * stride + half
            window = x[:, :, mid_i - half : mid_i + half, mid_j - half : mid_j + half]
            out[:, :, i, j] = np.amax(window, axis=(2, 3))
    return out


@wrong(
    "divided_by_size",
    Kind.FORMULA,
    "A window of size 3 holds 9 numbers, not 3.",
)
def avg_pool_forward(x, size, stride):
    N, C, H, W = x.shape
    Ho = (H - size) // stride + 1
    Wo = (W - size) // stride + 1
    y = np.zeros((N, C, Ho, Wo))
    for i in range(Ho):
        for j in range(Wo):
            window = x[:, :, i * stride : i * stride + size, j * stride : j * stride + size]
            y[:, :, i, j] = window.sum(axis=(2, 3)) / size
    return y


@wrong(
    "type_of_the_images",
    Kind.NUMBERS,
    "The result takes the type of the images; whole numbers lose the fractions of the mean.",
    Form.OTHER,
)
def avg_pool_forward(x, size, stride):
    windows = sliding_window_view(x, (size, size), axis=(2, 3))[:, :, ::stride, ::stride]
    result = np.empty(windows.shape[:4], dtype=x.dtype)
    np.copyto(result, windows.mean(axis=(4, 5)), casting="unsafe")
    return result


@wrong(
    "mean_of_the_channels_too",
    Kind.OWN,
    "`np.mean` of the window of an image runs over the channels, too.",
)
def avg_pool_forward(x, size, stride):
    N, C, H, W = x.shape
    Ho, Wo = (H - size) // stride + 1, (W - size) // stride + 1
    out = np.zeros((N, C, Ho, Wo))
    for n in range(N):
        for c in range(C):
            for i in range(Ho):
                for j in range(Wo):
                    si, sj = i * stride, j * stride
                    out[n, c, i, j] = np.mean(x[n, :, si : si + size, sj : sj + size])
    return out


@wrong(
    "divided_by_stride_squared",
    Kind.FORMULA,
    "Divide by the number of pixels in a window, size * size; the stride has no part in it.",
    Form.OTHER,
)
def avg_pool_forward(x, size, stride):
    view = sliding_window_view(x, (size, size), axis=(2, 3))[:, :, ::stride, ::stride]
    return np.einsum("ncijab->ncij", view) / stride**2


@wrong(
    "window_moves_by_its_size",
    Kind.POSITIONS,
    "The windows lie `size` pixels apart; they should lie `stride` pixels apart.",
)
def avg_pool_forward(x, size, stride):
    N, C, H, W = x.shape
    Ho = (H - size) // stride + 1
    Wo = (W - size) // stride + 1
    out = np.zeros((N, C, Ho, Wo))
    for n in range(N):
        for c in range(C):
            for i in range(Ho):
                for j in range(Wo):
                    w = x[n, c, i * size : i * size + size, j * size : j * size + size]
                    out[n, c, i, j] = w.mean()
    return out


@wrong(
    "rounded_down_and_height_by_stride",
    Kind.SEVERAL,
    "`//` rounds the mean down: use `/`. And H // stride is not the number of windows when they "
    "overlap.",
    Form.TWO,
)
def avg_pool_forward(x, size, stride):
    N, C, H, W = x.shape
    y = np.zeros((N, C, H // stride, W // stride))
    for i in range(H // stride):
        for j in range(W // stride):
            window = x[:, :, i * stride : i * stride + size, j * stride : j * stride + size]
            y[:, :, i, j] = np.sum(window, axis=(2, 3)) // (size * size)
    return y


@wrong(
    "positive_numbers_selected",
    Kind.OWN,
    "`x[x > 0]` picks the positive numbers out; the others lose their places.",
)
def relu_forward(x):
    return x[x > 0]


@wrong(
    "maximum_of_python",
    Kind.STOPS,
    "Python's `max` compares the whole array with 0; `np.maximum` does it number by number.",
)
def relu_forward(x):
    return max(0, x)


@wrong(
    "rows_and_columns",
    Kind.STOPS,
    "The loops visit two axes. An array may have one, or four: let NumPy do it for all at once.",
    Form.OTHER,
)
def relu_forward(x):
    out = np.zeros(x.shape)
    for i in range(x.shape[0]):
        for j in range(x.shape[1]):
            if x[i, j] > 0:
                out[i, j] = x[i, j]
    return out


@wrong(
    "ones",
    Kind.FORMULA,
    "Positive numbers stay as they are; you turn them into 1.",
)
def relu_forward(x):
    return np.where(x > 0, 1, 0)


@wrong(
    "sign_turned_and_clipped",
    Kind.SEVERAL,
    "Negative numbers become zero, not positive. And large numbers must not be cut off at 1.",
    Form.TWO,
)
def relu_forward(x):
    return np.clip(np.abs(x), 0, 1)


@wrong(
    "bias_in_the_sum",
    Kind.FORMULA,
    "The bias is added in every round of the innermost loop, so D times. Add it once.",
)
def linear_forward(x, w, b):
    N, D = x.shape
    M = w.shape[1]
    y = np.zeros((N, M))
    for n in range(N):
        for m in range(M):
            for d in range(D):
                y[n, m] += x[n, d] * w[d, m] + b[m]
    return y


@wrong(
    "squeezed_row",
    Kind.BATCH,
    "With one image the result still has two axes: (1, M). `squeeze` removes the first.",
)
def linear_forward(x, w, b):
    return (np.dot(x, w) + b).squeeze()


@wrong(
    "element_by_element",
    Kind.STOPS,
    "`*` multiplies element by element. The sum of products over an axis is `@`.",
)
def linear_forward(x, w, b):
    return np.sum(x * w, axis=1) + b


@wrong(
    "bias_as_a_column",
    Kind.OWN,
    "`b[:, None]` adds a bias to each row, that is to each image. Each column, a unit, has one.",
    Form.OTHER,
)
def linear_forward(x, w, b):
    return x @ w + b[:, np.newaxis]


@wrong(
    "first_input_only_and_no_bias",
    Kind.SEVERAL,
    "Only the first input of the batch is computed. And the bias is missing.",
    Form.TWO,
)
def linear_forward(x, w, b):
    D, M = w.shape
    scores = np.zeros((1, M))
    for m in range(M):
        scores[0, m] = np.dot(x[0], w[:, m])
    return scores


@wrong(
    "two_images",
    Kind.BATCH,
    "The number 2 stands in your code. How many inputs there are, `x.shape[0]` says.",
    Form.OTHER,
)
def linear_forward(x, w, b):
    y = np.zeros((2, w.shape[1]))
    for m in range(w.shape[1]):
        for n in range(2):
            y[n, m] = (x[n] * w[:, m]).sum() + b[m]
    return y


@wrong(
    "reshaped_only",
    Kind.OWN,
    "A unit's weights are a column of `w`, and `reshape` reads rows: transpose first.",
)
def linear_to_filters(w, channels, height, width):
    M = w.shape[1]
    return w.reshape(M, channels, height, width)


@wrong(
    "channels_last",
    Kind.OWN,
    "The flat order is channel by channel. You read it as if the channels came last.",
)
def linear_to_filters(w, channels, height, width):
    units = w.shape[1]
    filters = w.T.reshape(units, height, width, channels)
    return filters.transpose(0, 3, 1, 2)


@wrong(
    "all_axes_turned_round",
    Kind.SQUARE,
    "`.T` turns the order of all four axes round: the filters' axes become (M, W, H, C).",
    Form.OTHER,
)
def linear_to_filters(w, channels, height, width):
    return w.reshape(channels, height, width, -1).T


@wrong(
    "index_with_height",
    Kind.SQUARE,
    "A row holds `width` numbers: the place is c * height * width + i * width + j.",
    Form.OTHER,
)
def linear_to_filters(w, channels, height, width):
    D, M = w.shape
    out = np.zeros((M, channels, height, width))
    for m in range(M):
        for c in range(channels):
            for i in range(height):
                for j in range(width):
                    out[m, c, i, j] = w[(c * height + i) * height + j, m]
    return out


@wrong(
    "one_unit_and_axes_exchanged",
    Kind.SEVERAL,
    "Height comes before width. And your loop overwrites the result, so that the last unit stands "
    "everywhere.",
    Form.TWO,
)
def linear_to_filters(w, channels, height, width):
    filters = np.zeros((w.shape[1], channels, height, width))
    for m in range(w.shape[1]):
        filters[:] = w[:, m].reshape(channels, width, height).transpose(0, 2, 1)
    return filters


@wrong(
    "number_instead_of_a_tuple",
    Kind.OWN,
    "`(units)` is a number in parentheses. A tuple of one number needs a comma: `(units,)`.",
    Form.OTHER,
)
def network_shapes(spec):
    shapes = []
    for e in spec:
        if e["kind"] == "image":
            s = (e["channels"], e["height"], e["width"])
        elif e["kind"] == "conv":
            h = (s[1] + 2 * e["padding"] - e["size"]) // e["stride"] + 1
            w = (s[2] + 2 * e["padding"] - e["size"]) // e["stride"] + 1
            s = (e["filters"], h, w)
        elif e["kind"] in ("max_pool", "avg_pool"):
            h = (s[1] - e["size"]) // e["stride"] + 1
            w = (s[2] - e["size"]) // e["stride"] + 1
            s = (s[0], h, w)
        elif e["kind"] == "adaptive_avg_pool":
            s = (s[0], e["size"], e["size"])
        elif e["kind"] == "flatten":
            s = (int(np.prod(s)),)
        elif e["kind"] == "linear":
            s = e["units"]
        shapes.append(s)
    return shapes


@wrong(
    "stride_of_every_pooling",
    Kind.STOPS,
    "`adaptive_avg_pool` has no stride: its result is `size` by `size`, whatever comes in.",
)
def network_shapes(spec):
    out = []
    for layer in spec:
        kind = layer["kind"]
        if kind == "image":
            c, h, w = layer["channels"], layer["height"], layer["width"]
            out.append((c, h, w))
        elif kind == "conv":
            k, s, p = layer["size"], layer["stride"], layer["padding"]
            c = layer["filters"]
            h = (h + 2 * p - k) // s + 1
            w = (w + 2 * p - k) // s + 1
            out.append((c, h, w))
        elif "pool" in kind:
            k, s = layer["size"], layer["stride"]
            h = (h - k) // s + 1
            w = (w - k) // s + 1
            out.append((c, h, w))
        elif kind == "flatten":
            out.append((c * h * w,))
        elif kind == "linear":
            out.append((layer["units"],))
        else:
            out.append(out[-1])
    return out


@wrong(
    "padding_once_and_square",
    Kind.SEVERAL,
    "Padding stands on both sides: 2 * P. And the width is taken from the height.",
    Form.TWO,
)
def network_shapes(spec):
    result = []
    shape = None
    for entry in spec:
        kind = entry["kind"]
        if kind == "image":
            shape = (entry["channels"], entry["height"], entry["width"])
        if kind == "conv":
            side = (shape[1] + entry["padding"] - entry["size"]) // entry["stride"] + 1
            shape = (entry["filters"], side, side)
        if kind == "max_pool" or kind == "avg_pool":
            side = (shape[1] - entry["size"]) // entry["stride"] + 1
            shape = (shape[0], side, side)
        if kind == "adaptive_avg_pool":
            shape = (shape[0], entry["size"], entry["size"])
        if kind == "flatten":
            shape = (shape[0] * shape[1] * shape[2],)
        if kind == "linear":
            shape = (entry["units"],)
        result.append(shape)
    return result


@wrong(
    "pooled_by_division",
    Kind.POSITIONS,
    "H // size counts the windows only while size and stride are equal.",
    Form.OTHER,
)
def network_shapes(spec):
    def step(shape, entry):
        match entry["kind"]:
            case "image":
                return entry["channels"], entry["height"], entry["width"]
            case "conv":
                room = 2 * entry["padding"] - entry["size"]
                return (entry["filters"], *((n + room) // entry["stride"] + 1 for n in shape[1:]))
            case "max_pool" | "avg_pool":
                return shape[0], shape[1] // entry["size"], shape[2] // entry["size"]
            case "adaptive_avg_pool":
                return shape[0], entry["size"], entry["size"]
            case "flatten":
                return (int(np.prod(shape)),)
            case "linear":
                return (entry["units"],)
        return shape

    shapes = []
    for entry in spec:
        shapes.append(step(shapes[-1] if shapes else None, entry))
    return shapes


@wrong(
    "entries_that_hand_on_nothing",
    Kind.OWN,
    "ReLU and dropout hand on the shape they got; you leave them out of the list.",
)
def network_shapes(spec):
    shapes = []
    for s in spec:
        if s["kind"] == "image":
            c, h, w = s["channels"], s["height"], s["width"]
            shapes.append((c, h, w))
        elif s["kind"] == "conv":
            c = s["filters"]
            h = (h - s["size"] + 2 * s["padding"]) // s["stride"] + 1
            w = (w - s["size"] + 2 * s["padding"]) // s["stride"] + 1
            shapes.append((c, h, w))
        elif s["kind"] in ["max_pool", "avg_pool"]:
            h = (h - s["size"]) // s["stride"] + 1
            w = (w - s["size"]) // s["stride"] + 1
            shapes.append((c, h, w))
        elif s["kind"] == "adaptive_avg_pool":
            h = w = s["size"]
            shapes.append((c, h, w))
        elif s["kind"] == "flatten":
            shapes.append((c * h * w,))
        elif s["kind"] == "linear":
            shapes.append((s["units"],))
    return shapes


@wrong(
    "fractions_in_shapes",
    Kind.NUMBERS,
    "`/` makes fractions of the sizes. Windows are counted in whole numbers: `//`.",
)
def network_shapes(spec):
    shapes = [(spec[0]["channels"], spec[0]["height"], spec[0]["width"])]
    for layer in spec[1:]:
        last = shapes[-1]
        new = last
        if layer["kind"] in ("conv", "max_pool", "avg_pool"):
            p = layer.get("padding", 0)
            height = (last[1] + 2 * p - layer["size"]) / layer["stride"] + 1
            width = (last[2] + 2 * p - layer["size"]) / layer["stride"] + 1
            new = (layer.get("filters", last[0]), height, width)
        elif layer["kind"] == "adaptive_avg_pool":
            new = (last[0], layer["size"], layer["size"])
        elif layer["kind"] == "flatten":
            new = (last[0] * last[1] * last[2],)
        elif layer["kind"] == "linear":
            new = (layer["units"],)
        shapes.append(new)
    return shapes


@wrong(
    "product_of_old_numpy",
    Kind.STOPS,
    "`np.product` is a name of old versions. It is `np.prod` today.",
    Form.OTHER,
)
def network_shapes(spec):
    shapes, shape = [], ()
    for e in spec:
        kind = e["kind"]
        if kind == "image":
            shape = (e["channels"], e["height"], e["width"])
        elif kind in ("conv", "max_pool", "avg_pool"):
            pad = e["padding"] if kind == "conv" else 0
            sides = [(n + 2 * pad - e["size"]) // e["stride"] + 1 for n in shape[1:]]
            shape = (e["filters"] if kind == "conv" else shape[0], *sides)
        elif kind == "adaptive_avg_pool":
            shape = (shape[0], e["size"], e["size"])
        elif kind == "flatten":
            shape = (np.product(shape),)
        elif kind == "linear":
            shape = (e["units"],)
        shapes.append(shape)
    return shapes


@wrong(
    "depth_of_its_own_maps",
    Kind.OWN,
    "A filter is as deep as the maps that come in, `shapes[i - 1]`, not those that go out.",
)
def count_parameters(spec, shapes):
    numbers = []
    for i in range(len(spec)):
        if spec[i]["kind"] == "conv":
            depth = shapes[i][0]
            numbers.append(spec[i]["filters"] * (depth * spec[i]["size"] ** 2 + 1))
        elif spec[i]["kind"] == "linear":
            numbers.append((shapes[i - 1][0] + 1) * spec[i]["units"])
        else:
            numbers.append(0)
    return numbers


@wrong(
    "filters_of_the_entry_before",
    Kind.STOPS,
    "The entry before a convolution may be a ReLU, which has no `filters`. How deep the maps are, "
    "`shapes` says.",
    Form.OTHER,
)
def count_parameters(spec, shapes):
    counts = []
    for number, layer in enumerate(spec):
        count = 0
        if layer["kind"] == "conv":
            channels = spec[number - 1]["filters"]
            count = layer["filters"] * channels * layer["size"] * layer["size"] + layer["filters"]
        if layer["kind"] == "linear":
            count = spec[number - 1]["units"] * layer["units"] + layer["units"]
        counts.append(count)
    return counts


@wrong(
    "only_layers_that_learn",
    Kind.OWN,
    "The result has one number per entry: also a 0 for the image and the layers that learn "
    "nothing.",
    Form.OTHER,
)
def count_parameters(spec, shapes):
    return [
        s["filters"] * before[0] * s["size"] ** 2 + s["filters"]
        if s["kind"] == "conv"
        else before[0] * s["units"] + s["units"]
        for s, before in zip(spec[1:], shapes)
        if s["kind"] in ("conv", "linear")
    ]


@wrong(
    "no_bias_and_size_not_squared",
    Kind.SEVERAL,
    "A filter has size * size numbers in each channel. And the biases of the dense layers are "
    "missing.",
    Form.TWO,
)
def count_parameters(spec, shapes):
    out = [0] * len(spec)
    for i in range(1, len(spec)):
        entry = spec[i]
        inputs = shapes[i - 1][0]
        if entry["kind"] == "conv":
            out[i] = entry["filters"] * inputs * entry["size"] + entry["filters"]
        elif entry["kind"] == "linear":
            out[i] = inputs * entry["units"]
    return out


@wrong(
    "one_bias_per_layer",
    Kind.FORMULA,
    "Each filter and each unit has a bias of its own, not the layer as a whole.",
)
def count_parameters(spec, shapes):
    result = []
    for entry, shape, before in zip(spec, shapes, [None, *shapes]):
        if entry["kind"] == "conv":
            result.append(shape[0] * before[0] * entry["size"] ** 2 + 1)
        elif entry["kind"] == "linear":
            result.append(shape[0] * before[0] + 1)
        else:
            result.append(0)
    return result


@wrong(
    "H_over_stride",
    Kind.POSITIONS,
    "H // stride does not count window positions: it should be (H - size) // stride + 1.",
)
def max_pool_forward(x, size, stride):
    N, C, H, W = x.shape
    Ho, Wo = H // stride, W // stride
    out = np.zeros((N, C, Ho, Wo))
    for n in range(N):
        for c in range(C):
            for i in range(Ho):
                for j in range(Wo):
                    out[n, c, i, j] = np.max(
                        x[n, c, i * stride : i * stride + size, j * stride : j * stride + size]
                    )
    return out


@wrong(
    "tiles_by_size",
    Kind.POSITIONS,
    "Cutting the picture into tiles works only while the stride equals the size; you never "
    "use stride.",
    Form.OTHER,
)
def max_pool_forward(x, size, stride):
    N, C, H, W = x.shape
    Ho, Wo = H // size, W // size
    tiles = x[:, :, : Ho * size, : Wo * size].reshape(N, C, Ho, size, Wo, size)
    return tiles.max(axis=(3, 5))


@wrong(
    "starts_at_zero_and_swapped",
    Kind.SEVERAL,
    "The search begins at 0, so negative maxima are lost; and the windows begin at i * size "
    "although stride is the step.",
    Form.TWO,
)
def max_pool_forward(x, size, stride):
    N, C, H, W = x.shape
    Ho = (H - size) // stride + 1
    Wo = (W - size) // stride + 1
    out = np.zeros((N, C, Ho, Wo))
    for n in range(N):
        for c in range(C):
            for i in range(Ho):
                for j in range(Wo):
                    best = 0
                    for value in x[
                        n, c, i * size : i * size + size, j * size : j * size + size
                    ].ravel():
                        if value > best:
                            best = value
                    out[n, c, i, j] = best
    return out


@wrong(
    "divided_by_stride",
    Kind.FORMULA,
    "You divide by stride * stride; the window holds size * size numbers.",
)
def avg_pool_forward(x, size, stride):
    N, C, H, W = x.shape
    H2 = (H - size) // stride + 1
    W2 = (W - size) // stride + 1
    out = np.zeros((N, C, H2, W2))
    for i in range(H2):
        for j in range(W2):
            window = x[:, :, i * stride : i * stride + size, j * stride : j * stride + size]
            out[:, :, i, j] = window.sum(axis=(2, 3)) / (stride * stride)
    return out


@wrong(
    "cumsum_no_zero_row",
    Kind.POSITIONS,
    "The running sums need a row and a column of zeros in front; without them every window is "
    "shifted by one and the first row and column of windows are wrong.",
    Form.OTHER,
)
def avg_pool_forward(x, size, stride):
    H, W = x.shape[2:]
    Ho = (H - size) // stride + 1
    Wo = (W - size) // stride + 1
    s = x.cumsum(axis=2).cumsum(axis=3)
    out = np.zeros((*x.shape[:2], Ho, Wo))
    for i in range(Ho):
        for j in range(Wo):
            t, k = i * stride, j * stride
            d, r = t + size - 1, k + size - 1
            out[:, :, i, j] = s[:, :, d, r] - s[:, :, t, r] - s[:, :, d, k] + s[:, :, t, k]
    return out / size**2


@wrong(
    "row_stride_and_size",
    Kind.SEVERAL,
    "The rows of the window ignore the stride; and the mean divides by size * size, not by size.",
    Form.TWO,
)
def avg_pool_forward(x, size, stride):
    n, c, h, w = x.shape
    ho = int((h - size) / stride) + 1
    wo = int((w - size) / stride) + 1
    res = np.zeros((n, c, ho, wo))
    for i in range(ho):
        for j in range(wo):
            patch = x[:, :, i : i + size, j * stride : j * stride + size]
            res[:, :, i, j] = np.sum(patch, axis=(2, 3)) / size
    return res


@wrong(
    "clip_at_one",
    Kind.NUMBERS,
    "np.clip(x, 0, 1) also cuts numbers above 1; only negative ones should change.",
)
def relu_forward(x):
    return np.clip(x, 0, 1)


@wrong(
    "einsum_mn",
    Kind.OWN,
    "The result is transposed: one row per input, one column per unit, so nm, not mn.",
    Form.OTHER,
)
def linear_forward(x, w, b):
    scores = np.einsum("nd,dm->mn", x, w)
    return scores + b.reshape(-1, 1)


@wrong(
    "bias_sum_and_squeeze",
    Kind.SEVERAL,
    "Each unit has its own bias: add b, not b.sum(); and squeeze removes the axis of a batch "
    "of one.",
    Form.TWO,
)
def linear_forward(x, w, b):
    out = np.dot(x, w) + np.sum(b)
    return np.squeeze(out)


@wrong(
    "channels_last_then_moved",
    Kind.OWN,
    "The flat numbers run channel by channel: reshape to (M, channels, height, width) "
    "directly, the channel is not the fastest axis.",
)
def linear_to_filters(w, channels, height, width):
    M = w.shape[1]
    filters = w.T.reshape(M, height, width, channels)
    return filters.transpose(0, 3, 1, 2)


@wrong(
    "index_by_height",
    Kind.SQUARE,
    "A row holds width numbers, so the index is c * height * width + i * width + j.",
    Form.OTHER,
)
def linear_to_filters(w, channels, height, width):
    units = w.shape[1]
    out = np.zeros((units, channels, height, width))
    for m, c, i, j in np.ndindex(units, channels, height, width):
        d = c * height * width + i * height + j
        out[m, c, i, j] = w[d, m]
    return out


@wrong(
    "width_from_new_height",
    Kind.SQUARE,
    "The width of a convolution is computed from the height, which you have just overwritten.",
)
def network_shapes(spec):
    shapes = []
    for entry in spec:
        kind = entry["kind"]
        if kind == "image":
            shape = (entry["channels"], entry["height"], entry["width"])
        elif kind == "conv":
            c, h, w = shape
            h = (h + 2 * entry["padding"] - entry["size"]) // entry["stride"] + 1
            w = (h + 2 * entry["padding"] - entry["size"]) // entry["stride"] + 1
            shape = (entry["filters"], h, w)
        elif kind in ("max_pool", "avg_pool"):
            c, h, w = shape
            shape = (
                c,
                (h - entry["size"]) // entry["stride"] + 1,
                (w - entry["size"]) // entry["stride"] + 1,
            )
        elif kind == "adaptive_avg_pool":
            shape = (shape[0], entry["size"], entry["size"])
        elif kind == "flatten":
            shape = (int(np.prod(shape)),)
        elif kind == "linear":
            shape = (entry["units"],)
        shapes.append(shape)
    return shapes


@wrong(
    "padding_once_flatten_int",
    Kind.SEVERAL,
    "Padding is put on both sides: 2 * padding; and after flatten the shape must be a tuple, "
    "(D,), not a number.",
    Form.TWO,
)
def network_shapes(spec):
    result = []
    c, h, w = 0, 0, 0
    for layer in spec:
        k = layer["kind"]
        if k == "image":
            c, h, w = layer["channels"], layer["height"], layer["width"]
            result.append((c, h, w))
        elif k == "conv":
            c = layer["filters"]
            h = (h + layer["padding"] - layer["size"]) // layer["stride"] + 1
            w = (w + layer["padding"] - layer["size"]) // layer["stride"] + 1
            result.append((c, h, w))
        elif k == "max_pool" or k == "avg_pool":
            h = (h - layer["size"]) // layer["stride"] + 1
            w = (w - layer["size"]) // layer["stride"] + 1
            result.append((c, h, w))
        elif k == "adaptive_avg_pool":
            h = w = layer["size"]
            result.append((c, h, w))
        elif k == "flatten":
            result.append(c * h * w)
        elif k == "linear":
            result.append((layer["units"],))
        else:
            result.append(result[-1])
    return result


@wrong(
    "units_of_entry_before",
    Kind.STOPS,
    "The entry before a linear layer need not be linear and has no 'units' then: its shape "
    "says how many inputs there are.",
)
def count_parameters(spec, shapes):
    counts = []
    for i, entry in enumerate(spec):
        if entry["kind"] == "conv":
            depth = shapes[i - 1][0]
            counts.append(entry["filters"] * (depth * entry["size"] ** 2 + 1))
        elif entry["kind"] == "linear":
            counts.append((spec[i - 1]["units"] + 1) * entry["units"])
        else:
            counts.append(0)
    return counts


@wrong(
    "one_bias_per_convolution",
    Kind.FORMULA,
    "A convolutional layer has one bias per filter, not one in all: add filters, not 1.",
    Form.OTHER,
)
def count_parameters(spec, shapes):
    learned = {
        "conv": lambda e, before: before[0] * e["size"] * e["size"] * e["filters"] + 1,
        "linear": lambda e, before: before[0] * e["units"] + e["units"],
    }
    previous = [None, *shapes[:-1]]
    return [learned.get(e["kind"], lambda e, s: 0)(e, s) for e, s in zip(spec, previous)]


@wrong(
    "largest_of_the_channels",
    Kind.OWN,
    "`max()` without axes takes the largest number of all channels and images: axis=(2, 3).",
    Form.OTHER,
)
def max_pool_forward(x, size, stride):
    rows = 1 + (x.shape[2] - size) // stride
    cols = 1 + (x.shape[3] - size) // stride
    y = np.zeros((*x.shape[:2], rows, cols))
    for n, image in enumerate(x):
        for i in range(rows):
            for j in range(cols):
                top, left = stride * i, stride * j
                y[n, :, i, j] = image[:, top : top + size, left : left + size].max()
    return y


@wrong(
    "by_hand_and_one_short",
    Kind.SEVERAL,
    "You divide by size, not by size * size; and the last row and column of windows are missing.",
    Form.TWO,
)
def avg_pool_forward(x, size, stride):
    n, c, h, k = x.shape
    y = np.zeros((n, c, (h - size) // stride, (k - size) // stride))
    for i in range(y.shape[2]):
        for j in range(y.shape[3]):
            for a in range(size):
                for e in range(size):
                    y[:, :, i, j] += x[:, :, i * stride + a, j * stride + e] / size
    return y


@wrong(
    "bias_before",
    Kind.FORMULA,
    "The bias is added to the result, not multiplied into it: `x @ w + b`.",
    Form.OTHER,
)
def linear_forward(x, w, b):
    rows = [[sum(p * q for p, q in zip(row, column)) * c for column, c in zip(w.T, b)] for row in x]
    return np.array(rows)


@wrong(
    "pooling_counts_no_bias",
    Kind.SEVERAL,
    "A filter sees all channels of its input, so its number of weights has the factor "
    "channels; and each unit has a bias.",
    Form.TWO,
)
def count_parameters(spec, shapes):
    answer = []
    for n, layer in enumerate(spec):
        number = 0
        if layer["kind"] == "conv":
            number = layer["filters"] * (layer["size"] ** 2 + 1)
        if layer["kind"] == "linear":
            number = layer["units"] * shapes[n - 1][0]
        answer.append(number)
    return answer


@wrong(
    "windows_one_pixel_apart",
    Kind.POSITIONS,
    "Window number i begins at row `i * stride`, not at row i.",
)
def max_pool_forward(x, size, stride):
    N, C, H, W = x.shape
    rows = (H - size) // stride + 1
    cols = (W - size) // stride + 1
    out = np.empty((N, C, rows, cols))
    for r in range(rows):
        for c in range(cols):
            out[:, :, r, c] = np.amax(x[:, :, r : r + size, c : c + size], axis=(-2, -1))
    return out


@wrong(
    "whole_numbers_over_size",
    Kind.SEVERAL,
    "A window has size * size pixels, you divide by size; and the result has the type of the "
    "image, so whole numbers lose their fractions.",
    Form.TWO,
)
def avg_pool_forward(x, size, stride):
    N, C, H, W = x.shape
    out = np.zeros((N, C, (H - size) // stride + 1, (W - size) // stride + 1), dtype=x.dtype)
    for i in range(out.shape[2]):
        for j in range(out.shape[3]):
            part = x[:, :, i * stride : i * stride + size, j * stride : j * stride + size]
            out[:, :, i, j] = part.sum(axis=(2, 3)) / size
    return out


@wrong(
    "weights_read_row_by_row",
    Kind.OWN,
    "`reshape` does not exchange axes: the weights of a unit are a column of w, `w.T[m]`.",
    Form.OTHER,
)
def linear_forward(x, w, b):
    units = w.reshape(w.shape[1], w.shape[0])
    return np.array([[np.dot(row, unit) for unit in units] for row in x]) + b


@wrong(
    "width_before_height",
    Kind.SQUARE,
    "The rows of w are channel by channel, row by row: height comes before width.",
    Form.OTHER,
)
def linear_to_filters(w, channels, height, width):
    units = w.shape[1]
    return w.T.reshape(units, channels, width, height).swapaxes(2, 3)


@wrong(
    "one_frame_and_pools_rounded_up",
    Kind.SEVERAL,
    "Padding lies on both sides, so it counts twice; and windows that do not fit wholly do not "
    "count when pooling.",
    Form.TWO,
)
def network_shapes(spec):
    shapes = []
    for layer in spec:
        kind = layer["kind"]
        if kind == "image":
            shape = (layer["channels"], layer["height"], layer["width"])
        elif kind == "conv":
            k, s, p = layer["size"], layer["stride"], layer["padding"]
            shape = (layer["filters"], *((n + p - k) // s + 1 for n in shape[1:]))
        elif kind in ("max_pool", "avg_pool"):
            k, s = layer["size"], layer["stride"]
            shape = (shape[0], *(-(-(n - k) // s) + 1 for n in shape[1:]))
        elif kind == "adaptive_avg_pool":
            shape = (shape[0], layer["size"], layer["size"])
        elif kind == "flatten":
            shape = (int(np.prod(shape)),)
        elif kind == "linear":
            shape = (layer["units"],)
        shapes.append(shape)
    return shapes


@wrong(
    "one_bias_and_own_shape",
    Kind.SEVERAL,
    "Each filter has a bias of its own; and a fully connected layer reads the shape before it, "
    "not its own.",
    Form.TWO,
)
def count_parameters(spec, shapes):
    counts = []
    for i, layer in enumerate(spec):
        if layer["kind"] == "conv":
            depth = shapes[i - 1][0]
            counts.append(layer["filters"] * depth * layer["size"] ** 2 + 1)
        elif layer["kind"] == "linear":
            counts.append(shapes[i][0] * layer["units"] + layer["units"])
        else:
            counts.append(0)
    return counts


@wrong(
    "mean_of_channels_and_tiles",
    Kind.SEVERAL,
    "The mean runs over all channels, each has its own; and windows lie a stride apart.",
    Form.TWO,
)
def avg_pool_forward(x, size, stride):
    N, C, H, W = x.shape
    Ho, Wo = (H - size) // stride + 1, (W - size) // stride + 1
    out = np.zeros((N, C, Ho, Wo))
    for n in range(N):
        for i in range(Ho):
            for j in range(Wo):
                part = x[n, :, i * size : i * size + size, j * size : j * size + size]
                out[n, :, i, j] = part.sum() / max(part.size, 1)
    return out

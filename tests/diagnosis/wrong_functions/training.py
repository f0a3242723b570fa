"""Wrong answers to the exercise on training."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from tests.diagnosis.wrong_functions import Form, Kind, wrong


@wrong(
    "windows_in_rows",
    Kind.OWN,
    "Your windows lie in rows. They are to run down columns: the matrix is transposed.",
)
def im2col(x, height, width, stride, padding):
    xp = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    N, C, H, W = xp.shape
    rows = []
    for n in range(N):
        for i in range(0, H - height + 1, stride):
            for j in range(0, W - width + 1, stride):
                rows.append(xp[n, :, i : i + height, j : j + width].ravel())
    return np.array(rows)


@wrong(
    "images_innermost",
    Kind.OWN,
    "All windows of the first image come first. In yours the images change fastest.",
    Form.OTHER,
)
def im2col(x, height, width, stride, padding):
    N, C, H, W = x.shape
    xp = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    out_h = (H + 2 * padding - height) // stride + 1
    out_w = (W + 2 * padding - width) // stride + 1
    cols = []
    for i in range(out_h):
        for j in range(out_w):
            for n in range(N):
                y, z = i * stride, j * stride
                cols.append(xp[n, :, y : y + height, z : z + width].flatten())
    return np.stack(cols, axis=1)


@wrong(
    "windows_reshaped_without_moving_axes",
    Kind.OWN,
    "`reshape` does not move an axis. Bring the six axes into the order (C, HH, WW, N, H', W') "
    "first.",
    Form.OTHER,
)
def im2col(x, height, width, stride, padding):
    xp = np.pad(x, [(0, 0), (0, 0), (padding, padding), (padding, padding)])
    win = sliding_window_view(xp, (height, width), axis=(2, 3))[:, :, ::stride, ::stride]
    N, C, Ho, Wo = win.shape[:4]
    return win.reshape(C * height * width, N * Ho * Wo)


@wrong(
    "window_steps_of_its_size",
    Kind.POSITIONS,
    "Windows start `stride` pixels apart, not their own height and width.",
)
def im2col(x, height, width, stride, padding):
    N, C, H, W = x.shape
    xp = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    Ho = (H + 2 * padding - height) // stride + 1
    Wo = (W + 2 * padding - width) // stride + 1
    cols = np.zeros((C * height * width, N * Ho * Wo))
    k = 0
    for n in range(N):
        for i in range(Ho):
            for j in range(Wo):
                part = xp[n, :, i * height : i * height + height, j * width : j * width + width]
                cols[:, k] = part.ravel()
                k += 1
    return cols


@wrong(
    "minus_0_and_height_for_both",
    Kind.CROP_AND_MORE,
    "For padding 0 the slice up to `-0` is empty. And the number of columns of windows comes from "
    "the width.",
    Form.TWO,
)
def im2col(x, height, width, stride, padding):
    N, C, H, W = x.shape
    xp = np.zeros((N, C, H + 2 * padding, W + 2 * padding))
    xp[:, :, padding:-padding, padding:-padding] = x
    positions = (H + 2 * padding - height) // stride + 1
    columns = np.zeros((C * height * width, N * positions * positions))
    k = 0
    for n in range(N):
        for i in range(positions):
            for j in range(positions):
                a, b = i * stride, j * stride
                columns[:, k] = xp[n, :, a : a + height, b : b + width].reshape(-1)
                k += 1
    return columns


@wrong(
    "channels_innermost",
    Kind.OWN,
    "Down a column run the channels one after the other. In yours the channels change fastest.",
    Form.OTHER,
)
def im2col(x, height, width, stride, padding):
    xp = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    xp = np.transpose(xp, (0, 2, 3, 1))
    N, H, W, C = xp.shape
    cols = []
    for n in range(N):
        for i in range(0, H - height + 1, stride):
            for j in range(0, W - width + 1, stride):
                cols.append(xp[n, i : i + height, j : j + width, :].ravel())
    return np.array(cols).T


@wrong(
    "padding_below_and_to_the_right",
    Kind.ONE_RESULT,
    "The zeros stand on all four sides: half of yours are missing above and to the left.",
    Form.OTHER,
)
def im2col(x, height, width, stride, padding):
    N, C, H, W = x.shape
    xp = np.zeros((N, C, H + 2 * padding, W + 2 * padding), dtype=x.dtype)
    xp[:, :, :H, :W] = x
    cols = []
    for n in range(N):
        for i in range((H + 2 * padding - height) // stride + 1):
            for j in range((W + 2 * padding - width) // stride + 1):
                window = xp[n, :, i * stride :, j * stride :][:, :height, :width]
                cols.append(window.ravel())
    return np.column_stack(cols)


@wrong(
    "first_image",
    Kind.BATCH,
    "Only the windows of the first image are copied.",
)
def im2col(x, height, width, stride, padding):
    image = np.pad(x[0], ((0, 0), (padding, padding), (padding, padding)))
    columns = []
    for i in range((image.shape[1] - height) // stride + 1):
        for j in range((image.shape[2] - width) // stride + 1):
            window = image[:, i * stride : i * stride + height, j * stride : j * stride + width]
            columns.append(window.reshape(-1, 1))
    return np.hstack(columns)


@wrong(
    "columns_overwritten",
    Kind.OVERLAP,
    "A pixel of several windows gets the sum of its entries: `+=`.",
)
def col2im(columns, shape, height, width, stride, padding):
    N, C, H, W = shape
    xp = np.zeros((N, C, H + 2 * padding, W + 2 * padding))
    Ho = (H + 2 * padding - height) // stride + 1
    Wo = (W + 2 * padding - width) // stride + 1
    k = 0
    for n in range(N):
        for i in range(Ho):
            for j in range(Wo):
                window = columns[:, k].reshape(C, height, width)
                xp[n, :, i * stride : i * stride + height, j * stride : j * stride + width] = window
                k += 1
    return xp[:, :, padding : padding + H, padding : padding + W]


@wrong(
    "index_array_added_once",
    Kind.OVERLAP,
    "`x[index] += values` adds once where an index occurs several times. `np.add.at` adds all.",
    Form.OTHER,
)
def col2im(columns, shape, height, width, stride, padding):
    N, C, H, W = shape
    padded = np.zeros((N, C, H + 2 * padding, W + 2 * padding))
    numbers = np.arange(padded.size).reshape(padded.shape)
    win = sliding_window_view(numbers, (height, width), axis=(2, 3))[:, :, ::stride, ::stride]
    index = win.transpose(1, 4, 5, 0, 2, 3).reshape(columns.shape)
    flat = padded.ravel()
    flat[index.ravel()] += columns.ravel()
    padded = flat.reshape(padded.shape)
    return padded[:, :, padding : padding + H, padding : padding + W]


@wrong(
    "crop_up_to_minus_0",
    Kind.CROP,
    "`p:-p` is empty for padding 0. Say how long the part is: `p : p + H`.",
)
def col2im(columns, shape, height, width, stride, padding):
    N, C, H, W = shape
    out = np.zeros((N, C, H + 2 * padding, W + 2 * padding))
    column = 0
    for n in range(N):
        for top in range(0, H + 2 * padding - height + 1, stride):
            for left in range(0, W + 2 * padding - width + 1, stride):
                piece = columns[:, column].reshape(C, height, width)
                out[n, :, top : top + height, left : left + width] += piece
                column += 1
    return out[:, :, padding:-padding, padding:-padding]


@wrong(
    "crop_into_a_prepared_array",
    Kind.CROP,
    "For padding 0 the slice up to `-0` is empty, and does not fit into the result.",
    Form.OTHER,
)
def col2im(columns, shape, height, width, stride, padding):
    N, C, H, W = shape
    result = np.zeros(shape)
    Ho = (H + 2 * padding - height) // stride + 1
    Wo = (W + 2 * padding - width) // stride + 1
    parts = columns.reshape(C, height, width, N, Ho, Wo)
    for n in range(N):
        big = np.zeros((C, H + 2 * padding, W + 2 * padding))
        for i in range(Ho):
            for j in range(Wo):
                a, b = i * stride, j * stride
                big[:, a : a + height, b : b + width] += parts[:, :, :, n, i, j]
        result[n] = big[:, padding:-padding, padding:-padding]
    return result


@wrong(
    "crop_and_overwritten",
    Kind.CROP_AND_MORE,
    "`p:-p` is empty for padding 0. And the windows overwrite each other instead of adding up.",
    Form.TWO,
)
def col2im(columns, shape, height, width, stride, padding):
    N, C, H, W = shape
    x = np.zeros((N, C, H + 2 * padding, W + 2 * padding))
    Ho = (H + 2 * padding - height) // stride + 1
    Wo = (W + 2 * padding - width) // stride + 1
    for n in range(N):
        for i in range(Ho):
            for j in range(Wo):
                k = (n * Ho + i) * Wo + j
                for c in range(C):
                    for a in range(height):
                        for b in range(width):
                            row = (c * height + a) * width + b
                            x[n, c, i * stride + a, j * stride + b] = columns[row, k]
    return x[:, :, padding:-padding, padding:-padding]


@wrong(
    "crops_by_one",
    Kind.BY_ONE,
    "One pixel is cut off on each side, whatever the padding is; and without padding nothing may "
    "be cut off.",
)
def col2im(columns, shape, height, width, stride, padding):
    N, C, H, W = shape
    xp = np.zeros((N, C, H + 2 * padding, W + 2 * padding))
    k = 0
    for n in range(N):
        for i in range((H + 2 * padding - height) // stride + 1):
            for j in range((W + 2 * padding - width) // stride + 1):
                y, z = i * stride, j * stride
                xp[n, :, y : y + height, z : z + width] += columns[:, k].reshape(C, height, width)
                k += 1
    if padding:
        xp = xp[:, :, 1:-1, 1:-1]
    return xp


@wrong(
    "mean_of_the_copies",
    Kind.FORMULA,
    "The entries of a pixel are added up. You divide by their number, as if the image were to "
    "come back.",
    Form.OTHER,
)
def col2im(columns, shape, height, width, stride, padding):
    N, C, H, W = shape
    total = np.zeros((N, C, H + 2 * padding, W + 2 * padding))
    count = np.zeros((N, C, H + 2 * padding, W + 2 * padding))
    k = 0
    for n in range(N):
        for i in range((H + 2 * padding - height) // stride + 1):
            for j in range((W + 2 * padding - width) // stride + 1):
                where = (
                    n,
                    slice(None),
                    slice(i * stride, i * stride + height),
                    slice(j * stride, j * stride + width),
                )
                total[where] += columns[:, k].reshape(C, height, width)
                count[where] += 1
                k += 1
    x = total / np.maximum(count, 1)
    return x[:, :, padding : padding + H, padding : padding + W]


@wrong(
    "column_reshaped_as_width_and_height",
    Kind.SQUARE,
    "A column holds (C, height, width), in this order; you exchange height and width.",
)
def col2im(columns, shape, height, width, stride, padding):
    N, C, H, W = shape
    xp = np.zeros((N, C, H + 2 * padding, W + 2 * padding))
    k = 0
    for n in range(N):
        for i in range(0, xp.shape[2] - height + 1, stride):
            for j in range(0, xp.shape[3] - width + 1, stride):
                block = columns[:, k].reshape(C, width, height)
                xp[n, :, i : i + height, j : j + width] += block
                k += 1
    return xp[:, :, padding : padding + H, padding : padding + W]


@wrong(
    "one_image_and_padding_kept",
    Kind.SEVERAL,
    "All columns are added to the first image. And the frame of the padding has to be cut off.",
    Form.TWO,
)
def col2im(columns, shape, height, width, stride, padding):
    N, C, H, W = shape
    image = np.zeros((N, C, H + 2 * padding, W + 2 * padding))
    Ho = (H + 2 * padding - height) // stride + 1
    Wo = (W + 2 * padding - width) // stride + 1
    for k in range(columns.shape[1]):
        i, j = divmod(k % (Ho * Wo), Wo)
        image[0, :, i * stride : i * stride + height, j * stride : j * stride + width] += columns[
            :, k
        ].reshape(C, height, width)
    return image


@wrong(
    "rate_in_the_velocity",
    Kind.FORMULA,
    "The learning rate belongs to the step, not into the velocity: v = momentum * v + g.",
)
def sgd_step(parameters, gradients, velocities, learning_rate, momentum):
    p, v = {}, {}
    for k in parameters:
        v[k] = momentum * velocities[k] + learning_rate * gradients[k]
        p[k] = parameters[k] - v[k]
    return p, v


@wrong(
    "old_velocity",
    Kind.OWN,
    "The step uses the velocity that came in. It has to use the new one.",
)
def sgd_step(parameters, gradients, velocities, learning_rate, momentum):
    new_parameters = {}
    new_velocities = {}
    for name in parameters:
        new_parameters[name] = parameters[name] - learning_rate * velocities[name]
        new_velocities[name] = momentum * velocities[name] + gradients[name]
    return new_parameters, new_velocities


@wrong(
    "local_names_changed",
    Kind.OWN,
    "`p = p - ...` gives a new array to the name `p`; the dictionary still holds the old one.",
    Form.OTHER,
)
def sgd_step(parameters, gradients, velocities, learning_rate, momentum):
    for p, g, v in zip(parameters.values(), gradients.values(), velocities.values()):
        v = momentum * v + g
        p = p - learning_rate * v
    return parameters, velocities


@wrong(
    "uphill_with_averaged_gradients",
    Kind.SEVERAL,
    "A step goes against the gradient: minus. And the gradient is added to the velocity whole, "
    "not times 1 - momentum.",
    Form.TWO,
)
def sgd_step(parameters, gradients, velocities, learning_rate, momentum):
    v = {k: momentum * velocities[k] + (1 - momentum) * gradients[k] for k in gradients}
    return {k: parameters[k] + learning_rate * v[k] for k in parameters}, v


@wrong(
    "dictionaries_multiplied",
    Kind.STOPS,
    "A dictionary cannot be multiplied. Go through its keys, and compute with each array.",
)
def sgd_step(parameters, gradients, velocities, learning_rate, momentum):
    velocities = momentum * velocities + gradients
    parameters = parameters - learning_rate * velocities
    return parameters, velocities


def forward(parameters, x):
    """Compute the small network right, up to the scores, for some of the wrong answers below."""
    w1, b1, w2, b2 = (parameters[name] for name in ("w1", "b1", "w2", "b2"))
    N, C, H, W = x.shape
    windows = sliding_window_view(np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1))), (3, 3), (2, 3))
    maps = np.einsum("ncijab,fcab->nfij", windows, w1) + b1[:, None, None]
    active = np.maximum(maps, 0)
    blocks = active.reshape(N, len(w1), H // 2, 2, W // 2, 2)
    pooled = blocks.max(axis=(3, 5))
    flat = pooled.reshape(N, -1)
    return windows, maps, active, pooled, flat, flat @ w2 + b2


@wrong(
    "mean_over_the_batch_missing",
    Kind.FORMULA,
    "The errors of the scores are divided by N: the loss is a mean. All gradients are N times too "
    "large.",
)
def small_cnn_loss_and_gradients(parameters, x, y):
    windows, maps, active, pooled, flat, z = forward(parameters, x)
    N = len(x)
    p = np.exp(z - z.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    loss = -np.mean(np.log(p[np.arange(N), y]))
    dz = p.copy()
    dz[np.arange(N), y] -= 1
    grads = {"w2": flat.T @ dz, "b2": dz.sum(axis=0)}
    dpool = (dz @ parameters["w2"].T).reshape(pooled.shape)
    up = dpool.repeat(2, axis=2).repeat(2, axis=3)
    largest = pooled.repeat(2, axis=2).repeat(2, axis=3)
    dmaps = up * (active == largest) * (maps > 0)
    grads["b1"] = dmaps.sum(axis=(0, 2, 3))
    grads["w1"] = np.einsum("ncijab,nfij->fcab", windows, dmaps)
    return loss, grads


@wrong(
    "relu_forgotten_on_the_way_back",
    Kind.ONE_RESULT,
    "On the way back the gradient passes through ReLU, too: only where the map was positive.",
    Form.OTHER,
)
def small_cnn_loss_and_gradients(parameters, x, y):
    windows, maps, active, pooled, flat, z = forward(parameters, x)
    N = x.shape[0]
    z = z - z.max(axis=1)[:, None]
    p = np.exp(z) / np.exp(z).sum(axis=1)[:, None]
    loss = -np.log(p[range(N), y]).mean()
    p[range(N), y] -= 1
    dz = p / N
    dflat = dz @ parameters["w2"].T
    dpooled = dflat.reshape(pooled.shape)
    dmaps = np.zeros(maps.shape)
    for n, f, i, j in np.ndindex(pooled.shape):
        block = maps[n, f, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
        a, b = divmod(block.argmax(), 2)
        dmaps[n, f, 2 * i + a, 2 * j + b] = dpooled[n, f, i, j]
    return loss, {
        "w1": np.einsum("ncijab,nfij->fcab", windows, dmaps),
        "b1": dmaps.sum(axis=(0, 2, 3)),
        "w2": flat.T @ dz,
        "b2": dz.sum(axis=0),
    }


@wrong(
    "filters_and_images_exchanged",
    Kind.BATCH,
    "The product of the filters and the columns has the axes (F, N, H, W). `reshape` to "
    "(N, F, H, W) is right for one image only; exchange the axes.",
    Form.OTHER,
)
def small_cnn_loss_and_gradients(parameters, x, y):
    w1, b1, w2, b2 = parameters["w1"], parameters["b1"], parameters["w2"], parameters["b2"]
    N, C, H, W = x.shape
    F = w1.shape[0]
    columns = im2col(x, 3, 3, 1, 1)
    maps = (w1.reshape(F, -1) @ columns + b1[:, None]).reshape(N, F, H, W)
    active = np.maximum(maps, 0)
    blocks = active.reshape(N, F, H // 2, 2, W // 2, 2)
    pooled = blocks.max(axis=(3, 5))
    flat = pooled.reshape(N, -1)
    scores = flat @ w2 + b2
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    loss = -np.log(p[np.arange(N), y]).mean()
    d = p
    d[np.arange(N), y] -= 1
    d = d / N
    dpooled = (d @ w2.T).reshape(pooled.shape)
    dblocks = (blocks == pooled[:, :, :, None, :, None]) * dpooled[:, :, :, None, :, None]
    dmaps = dblocks.reshape(maps.shape) * (maps > 0)
    rows = dmaps.reshape(F, -1)
    return loss, {
        "w1": (rows @ columns.T).reshape(w1.shape),
        "b1": rows.sum(axis=1),
        "w2": flat.T @ d,
        "b2": d.sum(axis=0),
    }


@wrong(
    "bias_gradient_of_the_map",
    Kind.BIAS_AXIS,
    "`b1` is one number per filter: its gradient adds up over the positions of the map, too.",
)
def small_cnn_loss_and_gradients(parameters, x, y):
    windows, maps, active, pooled, flat, z = forward(parameters, x)
    N = x.shape[0]
    e = np.exp(z - z.max(axis=1, keepdims=True))
    prob = e / e.sum(axis=1, keepdims=True)
    loss = -np.mean(np.log(prob[np.arange(N), y]))
    dscores = prob.copy()
    dscores[np.arange(N), y] -= 1
    dscores /= N
    gradients = {}
    gradients["b2"] = dscores.sum(axis=0)
    gradients["w2"] = flat.T.dot(dscores)
    dflat = dscores.dot(parameters["w2"].T)
    dpooled = dflat.reshape(pooled.shape)
    dactive = np.kron(dpooled, np.ones((2, 2)))
    dactive = dactive * (active == np.kron(pooled, np.ones((2, 2))))
    dmaps = dactive * (maps > 0)
    gradients["b1"] = dmaps.sum(axis=0)
    gradients["w1"] = np.einsum("ncijab,nfij->fcab", windows, dmaps)
    return loss, gradients


@wrong(
    "gradient_to_the_whole_window",
    Kind.ONE_RESULT,
    "In max pooling only the largest number of a window gets the gradient, not all four.",
)
def small_cnn_loss_and_gradients(parameters, x, y):
    windows, maps, active, pooled, flat, z = forward(parameters, x)
    N = x.shape[0]
    p = np.exp(z - np.max(z, axis=1, keepdims=True))
    p = p / np.sum(p, axis=1, keepdims=True)
    loss = np.mean(-np.log(p[np.arange(N), y]))
    dz = (p - np.eye(p.shape[1])[y]) / N
    dflat = dz @ parameters["w2"].T
    up = np.repeat(np.repeat(dflat.reshape(pooled.shape), 2, axis=2), 2, axis=3)
    dmaps = np.where(maps > 0, up, 0)
    return loss, {
        "w1": np.einsum("ncijab,nfij->fcab", windows, dmaps),
        "b1": np.einsum("nfij->f", dmaps),
        "w2": flat.T @ dz,
        "b2": np.sum(dz, axis=0),
    }


@wrong(
    "scores_squeezed",
    Kind.BATCH,
    "`squeeze` removes the batch axis of a single image, and then there is no axis 1 left.",
)
def small_cnn_loss_and_gradients(parameters, x, y):
    windows, maps, active, pooled, flat, scores = forward(parameters, x)
    scores = np.squeeze(scores)
    N = scores.shape[0]
    scores = scores - scores.max(axis=1, keepdims=True)
    p = np.exp(scores)
    p = p / p.sum(axis=1, keepdims=True)
    loss = -np.log(p[np.arange(N), y]).mean()
    dz = p - np.eye(p.shape[1])[y]
    dz = dz / N
    up = np.kron((dz @ parameters["w2"].T).reshape(pooled.shape), np.ones((2, 2)))
    dmaps = up * (active == np.kron(pooled, np.ones((2, 2)))) * (maps > 0)
    return loss, {
        "w1": np.einsum("ncijab,nfij->fcab", windows, dmaps),
        "b1": dmaps.sum(axis=(0, 2, 3)),
        "w2": flat.T @ dz,
        "b2": dz.sum(axis=0),
    }


@wrong(
    "overflow_and_summed_loss",
    Kind.SEVERAL,
    "Large scores overflow in `exp`: subtract the largest of each image. And the loss is a mean "
    "over the batch.",
    Form.TWO,
)
def small_cnn_loss_and_gradients(parameters, x, y):
    windows, maps, active, pooled, flat, z = forward(parameters, x)
    N = len(y)
    p = np.exp(z) / np.sum(np.exp(z), axis=1, keepdims=True)
    loss = 0
    for n in range(N):
        loss -= np.log(p[n, y[n]])
    dz = p.copy()
    for n in range(N):
        dz[n, y[n]] -= 1
    dz /= N
    dpool = (dz @ parameters["w2"].T).reshape(pooled.shape)
    dmaps = np.zeros_like(maps)
    for n in range(N):
        for f in range(maps.shape[1]):
            for i in range(pooled.shape[2]):
                for j in range(pooled.shape[3]):
                    win = active[n, f, 2 * i : 2 * i + 2, 2 * j : 2 * j + 2]
                    a, b = np.unravel_index(win.argmax(), (2, 2))
                    if win[a, b] > 0:
                        dmaps[n, f, 2 * i + a, 2 * j + b] = dpool[n, f, i, j]
    return loss, {
        "w1": np.einsum("ncijab,nfij->fcab", windows, dmaps),
        "b1": dmaps.sum(axis=(0, 2, 3)),
        "w2": flat.T @ dz,
        "b2": dz.sum(axis=0),
    }


@wrong(
    "columns_without_padding",
    Kind.SEVERAL,
    "For the gradient of `w1` the windows are those of the padded image; yours are shifted by a "
    "pixel and wrong at the border. And `b2` should be the sum of the errors, not their mean.",
    Form.TWO,
)
def small_cnn_loss_and_gradients(parameters, x, y):
    windows, maps, active, pooled, flat, z = forward(parameters, x)
    N, C, H, W = x.shape
    p = np.exp(z - z.max(axis=1, keepdims=True))
    p = p / p.sum(axis=1, keepdims=True)
    loss = -np.mean(np.log(p[np.arange(N), y]))
    p[np.arange(N), y] -= 1
    dz = p / N
    up = (dz @ parameters["w2"].T).reshape(pooled.shape).repeat(2, 2).repeat(2, 3)
    dmaps = up * (active == pooled.repeat(2, 2).repeat(2, 3)) * (maps > 0)
    dw1 = np.zeros(parameters["w1"].shape)
    for a in range(3):
        for b in range(3):
            part = x[:, :, a : a + H, b : b + W]
            grad = dmaps[:, :, : part.shape[2], : part.shape[3]]
            dw1[:, :, a, b] = np.einsum("ncij,nfij->fc", part, grad)
    return loss, {
        "w1": dw1,
        "b1": dmaps.sum(axis=(0, 2, 3)),
        "w2": flat.T @ dz,
        "b2": dz.mean(axis=0),
    }


@wrong(
    "softmax_over_the_batch",
    Kind.SQUARE,
    "Softmax adds over the classes of an image, axis 1; you add over the images.",
    Form.OTHER,
)
def small_cnn_loss_and_gradients(parameters, x, y):
    windows, maps, active, pooled, flat, z = forward(parameters, x)
    N = x.shape[0]
    e = np.exp(z - z.max())
    p = e / e.sum(axis=0)
    loss = -np.log(p[np.arange(N), y]).mean()
    dz = p
    dz[np.arange(N), y] -= 1
    dz = dz / N
    up = (dz @ parameters["w2"].T).reshape(pooled.shape).repeat(2, 2).repeat(2, 3)
    dmaps = up * (active == pooled.repeat(2, 2).repeat(2, 3)) * (maps > 0)
    return loss, {
        "w1": np.einsum("ncijab,nfij->fcab", windows, dmaps),
        "b1": dmaps.sum(axis=(0, 2, 3)),
        "w2": flat.T @ dz,
        "b2": dz.sum(axis=0),
    }


@wrong(
    "image_by_image_to_im2col",
    Kind.CALLED,
    "`im2col` takes a batch of four axes; `x[n]` is one image, with three.",
    Form.OTHER,
)
def small_cnn_loss_and_gradients(parameters, x, y):
    w1, b1, w2, b2 = parameters.values()
    N, C, H, W = x.shape
    F = w1.shape[0]
    maps = np.zeros((N, F, H, W))
    for n in range(N):
        columns = im2col(x[n], 3, 3, 1, 1)
        maps[n] = (w1.reshape(F, -1) @ columns).reshape(F, H, W) + b1[:, None, None]
    pooled = np.maximum(maps, 0).reshape(N, F, H // 2, 2, W // 2, 2).max(axis=(3, 5))
    z = pooled.reshape(N, -1) @ w2 + b2
    p = np.exp(z - z.max(axis=1, keepdims=True))
    p /= p.sum(axis=1, keepdims=True)
    return -np.log(p[np.arange(N), y]).mean(), {}


@wrong(
    "mask_with_or_equal",
    Kind.ONE_RESULT,
    "Behind ReLU nothing is below 0, so `>= 0` lets every gradient pass. Ask for `> 0`.",
    Form.OTHER,
)
def small_cnn_loss_and_gradients(parameters, x, y):
    windows, maps, active, pooled, flat, z = forward(parameters, x)
    N = x.shape[0]
    e = np.exp(z - z.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    loss = -np.log(p[np.arange(N), y]).mean()
    dz = p - (np.arange(p.shape[1]) == y[:, None])
    dz = dz / N
    dpool = (dz @ parameters["w2"].T).reshape(pooled.shape)
    dactive = np.zeros(active.shape)
    for i in range(2):
        for j in range(2):
            part = active[:, :, i::2, j::2]
            dactive[:, :, i::2, j::2] = dpool * (part == pooled)
    dmaps = dactive * (active >= 0)
    return loss, {
        "w1": np.einsum("ncijab,nfij->fcab", windows, dmaps),
        "b1": dmaps.sum(axis=(0, 2, 3)),
        "w2": flat.T @ dz,
        "b2": dz.sum(axis=0),
    }


@wrong(
    "last_batch_left_out",
    Kind.POSITIONS,
    "`len(row) // batch_size` counts whole batches only. The last one may be smaller, and counts.",
)
def train(loss_and_gradients, parameters, x, y, order, batch_size, learning_rate, momentum):
    velocities = {k: np.zeros_like(v) for k, v in parameters.items()}
    losses = []
    for row in order:
        for b in range(len(row) // batch_size):
            batch = row[b * batch_size : (b + 1) * batch_size]
            loss, gradients = loss_and_gradients(parameters, x[batch], y[batch])
            losses.append(loss)
            parameters, velocities = sgd_step(
                parameters, gradients, velocities, learning_rate, momentum
            )
    return parameters, np.array(losses)


@wrong(
    "velocities_begin_anew",
    Kind.OWN,
    "The velocities are set to zero in every epoch. They begin at zero once.",
)
def train(loss_and_gradients, parameters, x, y, order, batch_size, learning_rate, momentum):
    losses = []
    for row in order:
        velocities = {name: np.zeros(np.shape(p)) for name, p in parameters.items()}
        for start in range(0, len(row), batch_size):
            chosen = row[start : start + batch_size]
            loss, grads = loss_and_gradients(parameters, x[chosen], y[chosen])
            losses.append(loss)
            parameters, velocities = sgd_step(
                parameters, grads, velocities, learning_rate, momentum
            )
    return parameters, np.array(losses)


@wrong(
    "order_ignored",
    Kind.OWN,
    "The examples are taken from left to right. `order` says which ones come when.",
)
def train(loss_and_gradients, parameters, x, y, order, batch_size, learning_rate, momentum):
    v = {k: 0 * p for k, p in parameters.items()}
    losses = []
    for epoch in range(len(order)):
        for i in range(0, len(x), batch_size):
            loss, g = loss_and_gradients(parameters, x[i : i + batch_size], y[i : i + batch_size])
            losses.append(loss)
            parameters, v = sgd_step(parameters, g, v, learning_rate, momentum)
    return parameters, np.array(losses)


@wrong(
    "labels_not_reordered_and_loss_of_the_epoch",
    Kind.SEVERAL,
    "The labels stay in their old order while the examples move. And there is one loss per batch, "
    "not per epoch.",
    Form.TWO,
)
def train(loss_and_gradients, parameters, x, y, order, batch_size, learning_rate, momentum):
    params = dict(parameters)
    vel = {k: np.zeros_like(params[k]) for k in params}
    losses = []
    for epoch in order:
        xs = x[epoch]
        total = []
        for s in range(0, len(xs), batch_size):
            loss, grad = loss_and_gradients(params, xs[s : s + batch_size], y[s : s + batch_size])
            total.append(loss)
            params, vel = sgd_step(params, grad, vel, learning_rate, momentum)
        losses.append(np.mean(total))
    return params, np.array(losses)


@wrong(
    "loss_after_the_step",
    Kind.OWN,
    "The loss of a batch is asked for as it was *before* the step.",
    Form.OTHER,
)
def train(loss_and_gradients, parameters, x, y, order, batch_size, learning_rate, momentum):
    velocity = {k: np.zeros_like(v, dtype=float) for k, v in parameters.items()}
    history = []
    for permutation in order:
        start = 0
        while start < len(permutation):
            idx = permutation[start : start + batch_size]
            _, grads = loss_and_gradients(parameters, x[idx], y[idx])
            parameters, velocity = sgd_step(parameters, grads, velocity, learning_rate, momentum)
            history.append(loss_and_gradients(parameters, x[idx], y[idx])[0])
            start += batch_size
    return parameters, np.array(history)


@wrong(
    "numbers_of_ten_classes",
    Kind.OWN,
    "2.3 is the loss of guessing among ten classes. For other numbers of classes it is log K.",
)
def name_that_bug(train_loss, validation_loss, validation_accuracy, classes):
    if train_loss.max() > 2.5 or validation_loss.max() > 2.5:
        return "step too large"
    if validation_accuracy[-1] < 0.25 and abs(train_loss[-1] - 2.3) < 0.05:
        return "labels mixed up"
    if train_loss[-1] > 1.4 and validation_accuracy[-1] > 0.7:
        return "softmax twice"
    if train_loss[-1] > 1.8:
        return "step too small"
    if validation_loss[-1] > 2 * train_loss[-1] + 0.2:
        return "overfitting"
    return "healthy"


@wrong(
    "looks_at_the_end_only",
    Kind.OWN,
    "You look at the last numbers only. Two kinds end at the same loss: look at the way there, "
    "too.",
    Form.OTHER,
)
def name_that_bug(train_loss, validation_loss, validation_accuracy, classes):
    guess = np.log(classes)
    end = train_loss[-1] / guess
    if end > 1.1:
        return "step too large"
    if end > 0.9:
        return "labels mixed up"
    if end > 0.6:
        return "step too small"
    if validation_loss[-1] > 3 * train_loss[-1]:
        return "overfitting"
    return "healthy"


@wrong(
    "condition_on_the_whole_curve",
    Kind.STOPS,
    "`if` cannot decide over a whole curve. Say which number you mean: the last one, the largest.",
)
def name_that_bug(train_loss, validation_loss, validation_accuracy, classes):
    chance = np.log(classes)
    if train_loss > 1.2 * chance:
        return "step too large"
    if train_loss > 0.95 * chance:
        return "labels mixed up"
    if validation_loss > 2 * train_loss:
        return "overfitting"
    return "healthy"


@wrong(
    "other_words_and_every_gap_is_overfitting",
    Kind.SEVERAL,
    "The texts are to be exactly those of the table. And a validation loss a little above the "
    "training loss is no overfitting.",
    Form.TWO,
)
def name_that_bug(train_loss, validation_loss, validation_accuracy, classes):
    ratio = train_loss / np.log(classes)
    if ratio.max() > 1.3:
        return "Step too large"
    if validation_loss[-1] > train_loss[-1]:
        return "Overfitting"
    if ratio[-1] > 0.95:
        return "Labels mixed up"
    if ratio[-1] > 0.6:
        return "Softmax twice"
    return "Healthy"


# The next nine were written together with the misconceptions of their tasks, by the same hand: they
# show that hints come through, and not how well a check names what it does not know.


@wrong(
    "means_not_stored",
    Kind.ONE_RESULT,
    "You move the parameters rightly, but hand on the old means and squares.",
)
def adam_step(parameters, gradients, means, squares, step, learning_rate, betas, epsilon):
    beta1, beta2 = betas
    moved = {}
    for k in parameters:
        m = beta1 * means[k] + (1 - beta1) * gradients[k]
        v = beta2 * squares[k] + (1 - beta2) * gradients[k] ** 2
        m_hat, v_hat = m / (1 - beta1**step), v / (1 - beta2**step)
        moved[k] = parameters[k] - learning_rate * m_hat / (np.sqrt(v_hat) + epsilon)
    return moved, means, squares


@wrong(
    "correction_of_the_step_before",
    Kind.NUMBERS,
    "Your correction counts steps from 0, so the first one divides by 0. The first one is step 1.",
    Form.OTHER,
)
def adam_step(parameters, gradients, means, squares, step, learning_rate, betas, epsilon):
    t = step - 1
    beta1, beta2 = betas
    m = {k: beta1 * means[k] + (1 - beta1) * g for k, g in gradients.items()}
    v = {k: beta2 * squares[k] + (1 - beta2) * g * g for k, g in gradients.items()}
    p = {}
    for k in parameters:
        fixed_m = m[k] / np.float64(1 - beta1**t)
        fixed_v = v[k] / np.float64(1 - beta2**t)
        p[k] = parameters[k] - learning_rate * fixed_m / (np.sqrt(fixed_v) + epsilon)
    return p, m, v


@wrong(
    "uncorrected_and_whole_gradients",
    Kind.SEVERAL,
    "The gradient counts with 1 - beta only, and both means have to be corrected.",
    Form.TWO,
)
def adam_step(parameters, gradients, means, squares, step, learning_rate, betas, epsilon):
    beta1, beta2 = betas
    m = {k: beta1 * means[k] + gradients[k] for k in parameters}
    v = {k: beta2 * squares[k] + gradients[k] ** 2 for k in parameters}
    p = {k: parameters[k] - learning_rate * m[k] / (v[k] ** 0.5 + epsilon) for k in parameters}
    return p, m, v


@wrong(
    "first_axis_for_every_layer",
    Kind.OWN,
    "The first axis of filters counts the filters. What one of them reads are the other three.",
)
def he_init(noise):
    fan_in = noise.shape[0]
    return np.sqrt(2 / fan_in) * noise


@wrong(
    "deviation_made_exact",
    Kind.FORMULA,
    "You divide by the deviation of these numbers. The rule multiplies what is drawn.",
    Form.OTHER,
)
def he_init(noise):
    fan_in = noise.shape[0] if noise.ndim == 2 else noise[0].size
    return noise / noise.std() * np.sqrt(2 / fan_in)


@wrong(
    "four_axes_only",
    Kind.STOPS,
    "A dense layer has two axes, not four.",
    Form.OTHER,
)
def he_init(noise):
    filters, channels, height, width = noise.shape
    return noise * (2 / (channels * height * width)) ** 0.5


@wrong(
    "rate_kept",
    Kind.FORMULA,
    "The rate is the share to drop. You keep it.",
)
def dropout(x, noise, rate, training):
    if training:
        mask = noise < rate
        return x * mask / rate
    return x * 1


@wrong(
    "one_mask_for_all_rows",
    Kind.BATCH,
    "Each number has its own noise. You use that of the first row for all.",
    Form.OTHER,
)
def dropout(x, noise, rate, training):
    if not training:
        return np.array(x)
    mask = noise[0] >= rate if noise.ndim > 1 else noise >= rate
    return x * mask / (1 - rate)


@wrong(
    "unscaled_and_dropped_when_answering",
    Kind.SEVERAL,
    "What is kept has to be scaled up, and nothing is dropped when the network answers.",
    Form.TWO,
)
def dropout(x, noise, rate, training):
    return np.where(noise >= rate, x, 0.0)


@wrong(
    "kept_below_and_scaled_by_rate",
    Kind.SEVERAL,
    "Dropped is where the noise is below the rate, you keep just these; and the rest is "
    "divided by 1 - rate.",
    Form.TWO,
)
def dropout(x, noise, rate, training):
    if not training:
        return np.array(x)
    keep = noise < rate
    return x * keep / max(rate, 0.125)


@wrong(
    "channels_last_in_a_column",
    Kind.OWN,
    "Down a column the channels come one after the other; in yours they alternate.",
    Form.OTHER,
)
def im2col(x, height, width, stride, padding):
    xp = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    columns = []
    for image in np.moveaxis(xp, 1, -1):
        for i in range(0, image.shape[0] - height + 1, stride):
            for j in range(0, image.shape[1] - width + 1, stride):
                columns.append(image[i : i + height, j : j + width].ravel())
    return np.array(columns).T


@wrong(
    "overwritten_and_cut_to_minus_0",
    Kind.CROP_AND_MORE,
    "Where windows overlap, entries add up: `+=`. And a slice up to `-0` is empty.",
    Form.TWO,
)
def col2im(columns, shape, height, width, stride, padding):
    N, C, H, W = shape
    out = np.zeros((N, C, H + 2 * padding, W + 2 * padding))
    Ho = (H + 2 * padding - height) // stride + 1
    Wo = (W + 2 * padding - width) // stride + 1
    k = 0
    for n in range(N):
        for i in range(Ho):
            for j in range(Wo):
                block = columns[:, k].reshape(C, height, width)
                out[n, :, i * stride : i * stride + height, j * stride : j * stride + width] = block
                k += 1
    return out[:, :, padding:-padding, padding:-padding]


@wrong(
    "short_batch_dropped_velocity_anew",
    Kind.SEVERAL,
    "The last batch of an epoch may be smaller, it still counts; and the velocities go on from "
    "one epoch to the next.",
    Form.TWO,
)
def train(loss_and_gradients, parameters, x, y, order, batch_size, learning_rate, momentum):
    losses = []
    for epoch in order:
        v = {k: np.zeros_like(p) for k, p in parameters.items()}
        for b in range(len(epoch) // batch_size):
            idx = epoch[b * batch_size : (b + 1) * batch_size]
            loss, g = loss_and_gradients(parameters, x[idx], y[idx])
            losses.append(loss)
            parameters, v = sgd_step(parameters, g, v, learning_rate, momentum)
    return parameters, np.array(losses)


@wrong(
    "counts_the_filters",
    Kind.FORMULA,
    "The rule asks how many numbers go into a unit: C * HH * WW for a filter, not F * HH * WW.",
)
def he_init(noise):
    if noise.ndim == 4:
        F, C, HH, WW = noise.shape
        n = F * HH * WW
    else:
        n = noise.shape[0]
    return noise * np.sqrt(2 / n)


@wrong(
    "epsilon_inside_the_root",
    Kind.FORMULA,
    "Epsilon is added to the root, not below it.",
)
def adam_step(parameters, gradients, means, squares, step, learning_rate, betas, epsilon):
    b1, b2 = betas
    new_p, new_m, new_v = {}, {}, {}
    for k in parameters:
        m = b1 * means[k] + (1 - b1) * gradients[k]
        v = b2 * squares[k] + (1 - b2) * gradients[k] ** 2
        mh = m / (1 - b1**step)
        vh = v / (1 - b2**step)
        new_p[k] = parameters[k] - learning_rate * mh / np.sqrt(vh + epsilon)
        new_m[k], new_v[k] = m, v
    return new_p, new_m, new_v


@wrong(
    "relu_forgotten_going_back",
    Kind.ONE_RESULT,
    "On the way back ReLU is left out: where its input was negative, nothing may pass.",
)
def small_cnn_loss_and_gradients(parameters, x, y):
    w1, b1, w2, b2 = (parameters[k] for k in ("w1", "b1", "w2", "b2"))
    N, C, H, W = x.shape
    F = len(w1)
    cols = im2col(x, 3, 3, 1, 1)
    a = (w1.reshape(F, -1) @ cols + b1[:, None]).reshape(F, N, H, W).transpose(1, 0, 2, 3)
    r = np.maximum(a, 0)
    blocks = r.reshape(N, F, H // 2, 2, W // 2, 2).transpose(0, 1, 2, 4, 3, 5)
    blocks = blocks.reshape(N, F, H // 2, W // 2, 4)
    where = blocks.argmax(axis=-1)
    flat = blocks.max(axis=-1).reshape(N, -1)
    z = flat @ w2 + b2
    e = np.exp(z - z.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    loss = -np.log(p[np.arange(N), y]).mean()
    dz = p.copy()
    dz[np.arange(N), y] -= 1
    dz /= N
    dpool = (dz @ w2.T).reshape(N, F, H // 2, W // 2)
    db = np.zeros_like(blocks)
    np.put_along_axis(db, where[..., None], dpool[..., None], axis=-1)
    da = db.reshape(N, F, H // 2, W // 2, 2, 2).transpose(0, 1, 2, 4, 3, 5).reshape(N, F, H, W)
    grads = {
        "w1": (da.transpose(1, 0, 2, 3).reshape(F, -1) @ cols.T).reshape(w1.shape),
        "b1": da.sum(axis=(0, 2, 3)),
        "w2": flat.T @ dz,
        "b2": dz.sum(axis=0),
    }
    return loss, grads


@wrong(
    "divided_by_the_share_counted",
    Kind.FORMULA,
    "Divide by 1 - rate, the share that is kept on average, not by the share of this noise.",
    Form.OTHER,
)
def dropout(x, noise, rate, training):
    if not training:
        return x.copy()
    keep = noise >= rate
    return x * keep / max(keep.mean(), 0.001)


@wrong(
    "moved_by_the_old_means",
    Kind.OWN,
    "The step takes the new means; yours takes those from before this step.",
    Form.OTHER,
)
def adam_step(parameters, gradients, means, squares, step, learning_rate, betas, epsilon):
    new_parameters, new_means, new_squares = {}, {}, {}
    for name, g in gradients.items():
        m_hat = means[name] / (1 - betas[0] ** step)
        new_means[name] = betas[0] * means[name] + (1 - betas[0]) * g
        new_squares[name] = betas[1] * squares[name] + (1 - betas[1]) * g * g
        v_hat = new_squares[name] / (1 - betas[1] ** step)
        new_parameters[name] = parameters[name] - learning_rate * m_hat / (v_hat**0.5 + epsilon)
    return new_parameters, new_means, new_squares


@wrong(
    "one_step_ahead",
    Kind.FORMULA,
    "The parameters move by the velocity; you add the momentum once more to the gradient "
    "(Nesterov).",
    Form.OTHER,
)
def sgd_step(parameters, gradients, velocities, learning_rate, momentum):
    new_p, new_v = {}, {}
    for k in parameters:
        new_v[k] = momentum * velocities[k] + gradients[k]
        new_p[k] = parameters[k] - learning_rate * (gradients[k] + momentum * new_v[k])
    return new_p, new_v


@wrong(
    "loss_after_the_step_in_old_order",
    Kind.SEVERAL,
    "The loss is that before the step; and each epoch takes the examples in its own order.",
    Form.TWO,
)
def train(loss_and_gradients, parameters, x, y, order, batch_size, learning_rate, momentum):
    velocities = {k: 0 * p for k, p in parameters.items()}
    losses = []
    for epoch in range(len(order)):
        for start in range(0, len(x), batch_size):
            xb, yb = x[start : start + batch_size], y[start : start + batch_size]
            _, grads = loss_and_gradients(parameters, xb, yb)
            parameters, velocities = sgd_step(
                parameters, grads, velocities, learning_rate, momentum
            )
            losses.append(loss_and_gradients(parameters, xb, yb)[0])
    return parameters, np.array(losses)


def im2col(x, height, width, stride, padding):
    """Do task 1 right: the later tasks call it."""
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    windows = sliding_window_view(padded, (height, width), axis=(2, 3))[:, :, ::stride, ::stride]
    return windows.transpose(1, 4, 5, 0, 2, 3).reshape(x.shape[1] * height * width, -1)


def sgd_step(parameters, gradients, velocities, learning_rate, momentum):
    """Do task 3 right: task 5 calls it."""
    velocities = {name: momentum * velocities[name] + gradients[name] for name in parameters}
    moved = {name: parameters[name] - learning_rate * velocities[name] for name in parameters}
    return moved, velocities

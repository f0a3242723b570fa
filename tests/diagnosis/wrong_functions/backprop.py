"""Wrong answers to the exercise on backpropagation."""

import numpy as np

from tests.diagnosis.wrong_functions import Form, Kind, wrong


@wrong(
    "forward_difference",
    Kind.FORMULA,
    "Look to both sides: f at x + h minus f at x - h, divided by 2h.",
)
def numerical_gradient(f, x, h):
    x = x.astype(np.float64)
    grad = np.zeros(x.shape)
    fx = f(x)
    for index in np.ndindex(x.shape):
        old = x[index]
        x[index] = old + h
        grad[index] = (f(x) - fx) / h
        x[index] = old
    return grad


@wrong(
    "element_not_put_back",
    Kind.OWN,
    "The element stays lowered when the next one is moved. Put it back.",
)
def numerical_gradient(f, x, h):
    x = np.array(x, dtype=float)
    grad = np.zeros_like(x)
    for k in np.ndindex(*x.shape):
        x[k] += h
        up = f(x)
        x[k] -= 2 * h
        down = f(x)
        grad[k] = (up - down) / (2 * h)
    return grad


@wrong(
    "copies_of_the_type_of_x",
    Kind.NUMBERS,
    "The copies are of the type of `x`: whole numbers cut off the step, and float32 loses it.",
)
def numerical_gradient(f, x, h):
    grad = np.zeros(x.shape)
    for k in np.ndindex(x.shape):
        xp, xm = x.copy(), x.copy()
        xp[k] = xp[k] + h
        xm[k] = xm[k] - h
        grad[k] = (f(xp) - f(xm)) / (2 * h)
    return grad


@wrong(
    "everything_moved_at_once",
    Kind.OWN,
    "You move all elements together. Only one may move at a time.",
    Form.OTHER,
)
def numerical_gradient(f, x, h):
    x = np.asarray(x, np.float64)
    g = (f(x + h) - f(x - h)) / (2 * h)
    return np.full(x.shape, g)


@wrong(
    "rows_and_columns_only",
    Kind.STOPS,
    "The loops visit two axes; `x` may have one or four. `np.ndindex(x.shape)` visits all.",
    Form.OTHER,
)
def numerical_gradient(f, x, h):
    x = x.astype("float64")
    rows, cols = x.shape
    grad = np.zeros((rows, cols))
    for i in range(rows):
        for j in range(cols):
            up = x.copy()
            up[i, j] += h
            down = x.copy()
            down[i, j] -= h
            grad[i, j] = (f(up) - f(down)) / (2 * h)
    return grad


@wrong(
    "half_the_distance_and_flat",
    Kind.SEVERAL,
    "The two points lie 2h apart. And `f` wants the array in its own shape.",
    Form.TWO,
)
def numerical_gradient(f, x, h):
    flat = x.astype(float).ravel()
    grad = np.zeros(flat.size)
    for k in range(flat.size):
        e = np.zeros(flat.size)
        e[k] = h
        grad[k] = (f(flat + e) - f(flat - e)) / h
    return grad.reshape(x.shape)


@wrong(
    "step_added_in_place",
    Kind.STOPS,
    "`+=` cannot add fractions into an array of whole numbers. Turn `x` into floats first.",
    Form.OTHER,
)
def numerical_gradient(f, x, h):
    grad = np.zeros(x.shape)
    for k in np.ndindex(x.shape):
        step = np.zeros(x.shape)
        step[k] = h
        up = x.copy()
        up += step
        down = x.copy()
        down -= step
        grad[k] = (f(up) - f(down)) / (2 * h)
    return grad


@wrong(
    "zero_by_zero",
    Kind.NUMBERS,
    "Where both are 0 you divide 0 by 0. The error is to be 0 there.",
)
def gradient_check(analytic, numeric):
    diff = np.abs(analytic - numeric)
    larger = np.maximum(np.abs(analytic), np.abs(numeric))
    return np.max(diff / larger)


@wrong(
    "divided_by_the_larger_with_its_sign",
    Kind.FORMULA,
    "The divisor is the larger of the two *sizes*: take absolute values first.",
    Form.OTHER,
)
def gradient_check(analytic, numeric):
    worst = 0.0
    for a, n in zip(np.ravel(analytic), np.ravel(numeric)):
        if a == 0 and n == 0:
            continue
        worst = max(worst, abs(a - n) / max(a, n))
    return worst


@wrong(
    "largest_by_largest",
    Kind.OWN,
    "You divide the largest difference by the largest element. Each element is to be compared "
    "with its own size.",
    Form.OTHER,
)
def gradient_check(analytic, numeric):
    top = np.abs(analytic - numeric).max()
    bottom = max(np.abs(analytic).max(), np.abs(numeric).max())
    if bottom == 0:
        return 0.0
    return top / bottom


@wrong(
    "mean_by_the_sum",
    Kind.SEVERAL,
    "Divide by the larger of the two sizes, not by their sum. And the largest error is asked for, "
    "not the mean.",
    Form.TWO,
)
def gradient_check(analytic, numeric):
    total = np.abs(analytic) + np.abs(numeric)
    errors = np.abs(analytic - numeric) / np.where(total == 0, 1, total)
    return errors.mean()


@wrong(
    "larger_of_two_arrays",
    Kind.STOPS,
    "Python's `max` cannot compare two arrays element by element; `np.maximum` does.",
)
def gradient_check(analytic, numeric):
    return np.max(np.abs(analytic - numeric) / max(np.abs(analytic), np.abs(numeric)))


@wrong(
    "bias_gradient_as_a_row",
    Kind.BIAS_AXIS,
    "`db` has the shape of `b`, (M,): the axis that you add over disappears.",
)
def linear_backward(dout, x, w):
    dx = dout @ w.T
    dw = x.T @ dout
    db = np.sum(dout, axis=0, keepdims=True)
    return dx, dw, db


@wrong(
    "bias_gradient_by_a_product_with_ones",
    Kind.BIAS_AXIS,
    "A row of ones times `dout` has shape (1, M). `db` should be (M,).",
    Form.OTHER,
)
def linear_backward(dout, x, w):
    ones = np.ones((1, dout.shape[0]))
    return np.dot(dout, w.T), np.dot(x.T, dout), np.dot(ones, dout)


@wrong(
    "divided_by_the_batch",
    Kind.ONE_RESULT,
    "`dw` is a sum over the examples. Nobody asked for the mean.",
)
def linear_backward(dout, x, w):
    N = x.shape[0]
    dx = dout.dot(w.T)
    dw = x.T.dot(dout) / N
    db = dout.sum(axis=0)
    return dx, dw, db


@wrong(
    "ones_for_the_bias",
    Kind.ONE_RESULT,
    "The slope of the bias is 1, times the upstream gradient, added over the examples.",
)
def linear_backward(dout, x, w):
    dx = np.einsum("nm,dm->nd", dout, w)
    dw = np.einsum("nd,nm->dm", x, dout)
    db = np.ones(w.shape[1])
    return dx, dw, db


@wrong(
    "weights_not_transposed",
    Kind.SQUARE,
    "`dout @ w` adds over the inputs of `w`; the outputs are to vanish: `w.T`. With as many inputs "
    "as outputs nothing stops, and the numbers are wrong.",
)
def linear_backward(dout, x, w):
    dx = dout @ w
    dw = x.T @ dout
    db = dout.sum(0)
    return dx, dw, db


@wrong(
    "last_example",
    Kind.ONE_RESULT,
    "`=` in the loop over examples keeps only the last one; `dw` and `db` are sums.",
    Form.OTHER,
)
def linear_backward(dout, x, w):
    dx = np.zeros(x.shape)
    for n in range(x.shape[0]):
        dx[n] = w @ dout[n]
        dw = np.outer(x[n], dout[n])
        db = dout[n]
    return dx, dw, db


@wrong(
    "mean_bias_and_turned_weights",
    Kind.SEVERAL,
    "`dw` has the shape of `w`, (D, M); yours is transposed. And `db` is a sum, not a mean.",
    Form.TWO,
)
def linear_backward(dout, x, w):
    dx = dout @ w.T
    dw = dout.T @ x
    db = dout.mean(axis=0)
    return dx, dw, db


@wrong(
    "sum_over_outputs",
    Kind.BIAS_AXIS,
    "You add over the outputs. One bias serves all *examples*: add over axis 0.",
)
def linear_backward(dout, x, w):
    dx = np.matmul(dout, np.transpose(w))
    dw = np.matmul(np.transpose(x), dout)
    db = np.sum(dout, axis=1)
    return dx, dw, db


@wrong(
    "sign_of_the_upstream_gradient",
    Kind.OWN,
    "The *input* decides what passes; the upstream gradient may be negative.",
)
def relu_backward(dout, x):
    dx = dout.copy()
    dx[dout < 0] = 0
    return dx


@wrong(
    "slope_only",
    Kind.FORMULA,
    "That is the slope of ReLU. Multiply it by the upstream gradient.",
)
def relu_backward(dout, x):
    return (x > 0).astype(float)


@wrong(
    "times_the_output",
    Kind.FORMULA,
    "The slope above zero is 1, not x.",
)
def relu_backward(dout, x):
    return dout * np.maximum(x, 0)


@wrong(
    "passes_negative_inputs",
    Kind.SEVERAL,
    "The gradient passes where the input was positive; yours passes where it was negative, and "
    "its sign is turned.",
    Form.TWO,
)
def relu_backward(dout, x):
    out = np.zeros(x.shape)
    for k in np.ndindex(x.shape):
        if x[k] < 0:
            out[k] = -dout[k]
    return out


@wrong(
    "condition_on_an_array",
    Kind.STOPS,
    "`if` wants one answer, and `x > 0` has as many as `x` has numbers.",
)
def relu_backward(dout, x):
    if x > 0:
        return dout
    return 0


@wrong(
    "mask_of_the_output",
    Kind.ONE_RESULT,
    "The output of ReLU is nowhere below 0, so `>= 0` lets everything pass. Ask for `> 0`.",
    Form.OTHER,
)
def relu_backward(dout, x):
    out = np.maximum(x, 0)
    return dout * (out >= 0)


@wrong(
    "overlap_overwritten",
    Kind.OVERLAP,
    "A pixel may be the largest of several windows: its gradients add up, `+=`.",
)
def max_pool_backward(dout, x, size, stride):
    dx = np.zeros(x.shape)
    N, C, Ho, Wo = dout.shape
    for n in range(N):
        for c in range(C):
            for i in range(Ho):
                for j in range(Wo):
                    window = x[n, c, i * stride : i * stride + size, j * stride : j * stride + size]
                    a, b = np.unravel_index(np.argmax(window), window.shape)
                    dx[n, c, i * stride + a, j * stride + b] = dout[n, c, i, j]
    return dx


@wrong(
    "overlap_overwritten_by_masks",
    Kind.OVERLAP,
    "The slice of `dx` is replaced by each window: what other windows gave is lost. Add to it.",
    Form.OTHER,
)
def max_pool_backward(dout, x, size, stride):
    dx = np.zeros_like(x, dtype=float)
    for n in range(x.shape[0]):
        for c in range(x.shape[1]):
            for i in range(dout.shape[2]):
                for j in range(dout.shape[3]):
                    s = (slice(i * stride, i * stride + size), slice(j * stride, j * stride + size))
                    w = x[n, c][s]
                    grad = np.zeros(w.size)
                    grad[w.argmax()] = dout[n, c, i, j]
                    dx[n, c][s] = grad.reshape(w.shape)
    return dx


@wrong(
    "all_equals_get_it",
    Kind.OWN,
    "Of several equal largest pixels only the first gets the gradient; the mask gives it to all.",
)
def max_pool_backward(dout, x, size, stride):
    dx = np.zeros(x.shape)
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            h, k = i * stride, j * stride
            win = x[:, :, h : h + size, k : k + size]
            mask = win == win.max(axis=(2, 3), keepdims=True)
            dx[:, :, h : h + size, k : k + size] += mask * dout[:, :, i : i + 1, j : j + 1]
    return dx


@wrong(
    "window_begins_at_i",
    Kind.OWN,
    "The window is cut out at `i * stride`, but the gradient is put at `i + a`.",
    Form.OTHER,
)
def max_pool_backward(dout, x, size, stride):
    N, C, H, W = x.shape
    dx = np.zeros((N, C, H, W))
    for n in range(N):
        for c in range(C):
            for i in range(dout.shape[2]):
                for j in range(dout.shape[3]):
                    win = x[n, c, i * stride : i * stride + size, j * stride : j * stride + size]
                    a, b = divmod(int(win.argmax()), size)
                    dx[n, c, i + a, j + b] += dout[n, c, i, j]
    return dx


@wrong(
    "dims_of_old_numpy",
    Kind.STOPS,
    "The argument of `np.unravel_index` is called `shape` today; `dims` was an old name.",
)
def max_pool_backward(dout, x, size, stride):
    dx = np.zeros(x.shape)
    N, C, H_out, W_out = dout.shape
    for n in range(N):
        for c in range(C):
            for i in range(H_out):
                for j in range(W_out):
                    r, s = i * stride, j * stride
                    block = x[n, c, r : r + size, s : s + size]
                    p, q = np.unravel_index(block.argmax(), dims=block.shape)
                    dx[n, c, r + p, s + q] += dout[n, c, i, j]
    return dx


@wrong(
    "over_the_pixels",
    Kind.POSITIONS,
    "You loop over the pixels and use them as places of `dout`. Loop over the outputs; their "
    "windows begin at i * stride.",
    Form.OTHER,
)
def max_pool_backward(dout, x, size, stride):
    N, C, H, W = x.shape
    dx = np.zeros_like(x)
    for n in range(N):
        for c in range(C):
            for i in range(0, H - size + 1, stride):
                for j in range(0, W - size + 1, stride):
                    window = x[n, c, i : i + size, j : j + size]
                    m = np.argmax(window)
                    dx[n, c, i + m // size, j + m % size] += dout[n, c, i, j]
    return dx


@wrong(
    "tiles_of_the_image",
    Kind.POSITIONS,
    "Repeating `dout` works only where the windows are tiles: stride equal to size, nothing left "
    "over.",
    Form.OTHER,
)
def max_pool_backward(dout, x, size, stride):
    N, C, H, W = x.shape
    tiles = x.reshape(N, C, H // size, size, W // size, size)
    largest = tiles.max(axis=(3, 5), keepdims=True)
    dx = (tiles == largest) * dout[:, :, :, None, :, None]
    return dx.reshape(N, C, H, W)


@wrong(
    "overwritten_and_shared_by_all",
    Kind.SEVERAL,
    "The gradient goes whole to the largest pixel, not a share to every pixel. And overlapping "
    "windows have to add up.",
    Form.TWO,
)
def max_pool_backward(dout, x, size, stride):
    dx = np.zeros(x.shape)
    for n in range(dout.shape[0]):
        for c in range(dout.shape[1]):
            for i in range(dout.shape[2]):
                for j in range(dout.shape[3]):
                    r, s = i * stride, j * stride
                    dx[n, c, r : r + size, s : s + size] = dout[n, c, i, j] / size**2
    return dx


@wrong(
    "last_of_equals_and_height_for_both",
    Kind.SEVERAL,
    "`>=` takes the last of equal pixels; the first is asked for. And the columns of the output "
    "are counted by its rows.",
    Form.TWO,
)
def max_pool_backward(dout, x, size, stride):
    N, C, out, _ = dout.shape
    dx = np.zeros(x.shape)
    for n in range(N):
        for c in range(C):
            for i in range(out):
                for j in range(out):
                    best, place = -np.inf, None
                    for a in range(size):
                        for b in range(size):
                            value = x[n, c, i * stride + a, j * stride + b]
                            if value >= best:
                                best, place = value, (i * stride + a, j * stride + b)
                    dx[n, c][place] += dout[n, c, i, j]
    return dx


@wrong(
    "argmax_of_the_image",
    Kind.OWN,
    "`argmax` counts within the window; you use its answer as a place of the whole image.",
    Form.OTHER,
)
def max_pool_backward(dout, x, size, stride):
    N, C, H, W = x.shape
    dx = np.zeros((N, C, H * W))
    for n in range(N):
        for c in range(C):
            for i in range(dout.shape[2]):
                for j in range(dout.shape[3]):
                    w = x[n, c, i * stride : i * stride + size, j * stride : j * stride + size]
                    dx[n, c, w.argmax()] += dout[n, c, i, j]
    return dx.reshape(x.shape)


@wrong(
    "last_window_of_equals",
    Kind.OWN,
    "`>=` moves on to the next of equal pixels. The first of them gets the gradient: `>`.",
    Form.OTHER,
)
def max_pool_backward(dout, x, size, stride):
    N, C, Ho, Wo = dout.shape
    dx = np.zeros(x.shape)
    for n, c, i, j in np.ndindex(N, C, Ho, Wo):
        top, left = i * stride, j * stride
        bi, bj = top, left
        for a in range(top, top + size):
            for b in range(left, left + size):
                if x[n, c, a, b] >= x[n, c, bi, bj]:
                    bi, bj = a, b
        dx[n, c, bi, bj] += dout[n, c, i, j]
    return dx


@wrong(
    "places_of_the_first_image",
    Kind.SEVERAL,
    "The place of the largest pixel of the first image and channel is used for all of them. And "
    "overlapping windows have to add up.",
    Form.TWO,
)
def max_pool_backward(dout, x, size, stride):
    dx = np.zeros(x.shape)
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            window = x[0, 0, i * stride : i * stride + size, j * stride : j * stride + size]
            a, b = np.unravel_index(window.argmax(), (size, size))
            dx[:, :, i * stride + a, j * stride + b] = dout[:, :, i, j]
    return dx


@wrong(
    "shares_overwritten",
    Kind.OVERLAP,
    "Where windows overlap, the shares add up: `+=`.",
)
def avg_pool_backward(dout, x, size, stride):
    dx = np.zeros(x.shape)
    N, C, Ho, Wo = dout.shape
    for n in range(N):
        for c in range(C):
            for i in range(Ho):
                for j in range(Wo):
                    h0, w0 = i * stride, j * stride
                    dx[n, c, h0 : h0 + size, w0 : w0 + size] = dout[n, c, i, j] / (size * size)
    return dx


@wrong(
    "pixels_repeated",
    Kind.POSITIONS,
    "Repeating each number fills tiles. It fails where windows overlap or pixels are left over.",
    Form.OTHER,
)
def avg_pool_backward(dout, x, size, stride):
    spread = np.repeat(np.repeat(dout, size, axis=2), size, axis=3)
    return spread / size**2


@wrong(
    "by_the_number_of_outputs",
    Kind.FORMULA,
    "Each pixel gets 1 / (size * size) of the window's gradient, however many windows there are.",
)
def avg_pool_backward(dout, x, size, stride):
    dx = np.zeros_like(x, dtype=np.float64)
    share = dout / (dout.shape[2] * dout.shape[3])
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            rows = slice(i * stride, i * stride + size)
            cols = slice(j * stride, j * stride + size)
            dx[:, :, rows, cols] += share[:, :, i, j][:, :, None, None]
    return dx


@wrong(
    "not_shared_and_overwritten",
    Kind.SEVERAL,
    "Each pixel gets its share only, a size * size-th. And overlapping shares add up.",
    Form.TWO,
)
def avg_pool_backward(dout, x, size, stride):
    N, C, H, W = x.shape
    dx = np.zeros((N, C, H, W))
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            for a in range(size):
                for b in range(size):
                    dx[:, :, i * stride + a, j * stride + b] = dout[:, :, i, j]
    return dx


@wrong(
    "square_output",
    Kind.SQUARE,
    "The loop over columns goes as far as there are rows.",
)
def avg_pool_backward(dout, x, size, stride):
    N, C, Ho, Wo = dout.shape
    dx = np.zeros(x.shape)
    for n in range(N):
        for c in range(C):
            for i in range(Ho):
                for j in range(Ho):
                    dx[n, c, i * stride : i * stride + size, j * stride : j * stride + size] += (
                        dout[n, c, i, j] / size / size
                    )
    return dx


@wrong(
    "stride_downward_only",
    Kind.ONE_RESULT,
    "The columns of the windows do not move by the stride.",
)
def avg_pool_backward(dout, x, size, stride):
    dx = np.zeros(x.shape)
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            grad = dout[:, :, i, j].reshape(dout.shape[0], dout.shape[1], 1, 1)
            dx[:, :, i * stride : i * stride + size, j : j + size] += grad / (size * size)
    return dx


@wrong(
    "crop_up_to_minus_0",
    Kind.CROP,
    "`dxp[:, :, p:-p, p:-p]` is empty for padding 0. Say how long the part is: `p : p + H`.",
)
def conv2d_backward(dout, x, w, stride, padding):
    N, F, Ho, Wo = dout.shape
    F, C, HH, WW = w.shape
    xp = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    dxp = np.zeros_like(xp)
    dw = np.zeros_like(w)
    db = np.zeros(F)
    for n in range(N):
        for f in range(F):
            for i in range(Ho):
                for j in range(Wo):
                    si, sj = i * stride, j * stride
                    dw[f] += xp[n, :, si : si + HH, sj : sj + WW] * dout[n, f, i, j]
                    dxp[n, :, si : si + HH, sj : sj + WW] += w[f] * dout[n, f, i, j]
                    db[f] += dout[n, f, i, j]
    return dxp[:, :, padding:-padding, padding:-padding], dw, db


@wrong(
    "crop_stored_in_a_prepared_array",
    Kind.CROP,
    "For padding 0 the slice up to `-0` is empty, and does not fit into `dx`.",
    Form.OTHER,
)
def conv2d_backward(dout, x, w, stride, padding):
    N, C, H, W = x.shape
    F, C, HH, WW = w.shape
    _, _, H1, W1 = dout.shape
    dx, dw = np.zeros((N, C, H, W)), np.zeros((F, C, HH, WW))
    db = dout.sum(axis=(0, 2, 3))
    x_pad = np.pad(x, [(0, 0), (0, 0), (padding, padding), (padding, padding)])
    for n in range(N):
        dx_pad = np.zeros(x_pad.shape[1:])
        for f in range(F):
            for i in range(H1):
                for j in range(W1):
                    h, v = i * stride, j * stride
                    dw[f] += dout[n, f, i, j] * x_pad[n, :, h : h + HH, v : v + WW]
                    dx_pad[:, h : h + HH, v : v + WW] += dout[n, f, i, j] * w[f]
        dx[n] = dx_pad[:, padding:-padding, padding:-padding]
    return dx, dw, db


@wrong(
    "padded_by_a_slice_up_to_minus_0",
    Kind.CROP,
    "For padding 0 the slice into the padded array is empty already when `x` is written into it.",
    Form.OTHER,
)
def conv2d_backward(dout, x, w, stride, padding):
    N, C, H, W = x.shape
    F, C, HH, WW = w.shape
    xp = np.zeros((N, C, H + 2 * padding, W + 2 * padding))
    xp[:, :, padding:-padding, padding:-padding] = x
    dxp = np.zeros(xp.shape)
    dw = np.zeros(w.shape)
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            a, b = i * stride, j * stride
            dw += np.einsum("nf,ncij->fcij", dout[:, :, i, j], xp[:, :, a : a + HH, b : b + WW])
            dxp[:, :, a : a + HH, b : b + WW] += np.einsum("nf,fcij->ncij", dout[:, :, i, j], w)
    dx = dxp[:, :, padding : padding + H, padding : padding + W]
    return dx, dw, dout.sum((0, 2, 3))


@wrong(
    "crop_and_bias_as_a_column",
    Kind.CROP_AND_MORE,
    "The slice up to `-0` is empty for padding 0. And `db` keeps axes of length 1: it should be "
    "(F,).",
    Form.TWO,
)
def conv2d_backward(dout, x, w, stride, padding):
    p = padding
    F, C, HH, WW = w.shape
    xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    dxp, dw = np.zeros(xp.shape), np.zeros(w.shape)
    db = np.sum(dout, axis=(0, 2, 3), keepdims=True)
    for n, f, i, j in np.ndindex(*dout.shape):
        rows = slice(i * stride, i * stride + HH)
        cols = slice(j * stride, j * stride + WW)
        dw[f] += xp[n, :, rows, cols] * dout[n, f, i, j]
        dxp[n, :, rows, cols] += w[f] * dout[n, f, i, j]
    return dxp[:, :, p:-p, p:-p], dw, db


@wrong(
    "crop_and_no_stride_in_the_weights",
    Kind.CROP_AND_MORE,
    "The slice up to `-0` is empty for padding 0. And the windows for `dw` begin at `i`, not at "
    "`i * stride`.",
    Form.TWO,
)
def conv2d_backward(dout, x, w, stride, padding):
    N, F, Ho, Wo = dout.shape
    _, C, HH, WW = w.shape
    xp = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    dxp = np.zeros(xp.shape)
    dw = np.zeros(w.shape)
    db = np.zeros(F)
    for f in range(F):
        db[f] = dout[:, f].sum()
    for n in range(N):
        for f in range(F):
            for i in range(Ho):
                for j in range(Wo):
                    g = dout[n, f, i, j]
                    dw[f] += g * xp[n, :, i : i + HH, j : j + WW]
                    r, c = i * stride, j * stride
                    dxp[n, :, r : r + HH, c : c + WW] += g * w[f]
    dx = dxp[:, :, padding:-padding, padding:-padding]
    return dx, dw, db


@wrong(
    "crop_with_overlap_overwritten",
    Kind.CROP_AND_MORE,
    "The slice up to `-0` is empty for padding 0. And the windows of `dx` overwrite each other.",
    Form.TWO,
)
def conv2d_backward(dout, x, w, stride, padding):
    N, C, H, W = x.shape
    F, _, HH, WW = w.shape
    xp = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    dx = np.zeros(xp.shape)
    dw = np.zeros(w.shape)
    db = np.einsum("nfij->f", dout)
    for n in range(N):
        for i in range(dout.shape[2]):
            for j in range(dout.shape[3]):
                hs, ws = i * stride, j * stride
                part = xp[n, :, hs : hs + HH, ws : ws + WW]
                contribution = 0
                for f in range(F):
                    dw[f] += part * dout[n, f, i, j]
                    contribution = contribution + w[f] * dout[n, f, i, j]
                dx[n, :, hs : hs + HH, ws : ws + WW] = contribution
    return dx[:, :, padding:-padding, padding:-padding], dw, db


@wrong(
    "crops_by_one",
    Kind.BY_ONE,
    "You cut off one pixel on each side, whatever the padding was.",
)
def conv2d_backward(dout, x, w, stride, padding):
    F, C, HH, WW = w.shape
    xp = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    dxp = np.zeros(xp.shape)
    dw = np.zeros(w.shape)
    db = dout.sum(axis=(0, 2, 3))
    for n in range(dout.shape[0]):
        for f in range(F):
            for i in range(dout.shape[2]):
                for j in range(dout.shape[3]):
                    y, z = i * stride, j * stride
                    dw[f] += dout[n, f, i, j] * xp[n, :, y : y + HH, z : z + WW]
                    dxp[n, :, y : y + HH, z : z + WW] += dout[n, f, i, j] * w[f]
    dx = dxp[:, :, 1:-1, 1:-1]
    return dx, dw, db


@wrong(
    "padding_never_cut_off",
    Kind.ONE_RESULT,
    "`dx` still holds the frame of the padding; cut it off at the end.",
    Form.OTHER,
)
def conv2d_backward(dout, x, w, stride, padding):
    F, C, HH, WW = w.shape
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    dx = np.zeros_like(x)
    dw = np.zeros_like(w)
    db = np.zeros(F)
    for n in range(x.shape[0]):
        for f in range(F):
            for i in range(dout.shape[2]):
                for j in range(dout.shape[3]):
                    d = dout[n, f, i, j]
                    window = (
                        slice(i * stride, i * stride + HH),
                        slice(j * stride, j * stride + WW),
                    )
                    dx[n][:, window[0], window[1]] += d * w[f]
                    dw[f] += d * x[n][:, window[0], window[1]]
                    db[f] += d
    return dx, dw, db


@wrong(
    "windows_overwritten",
    Kind.OVERLAP,
    "`dx` is set by each output, so only the last window of a pixel counts. All of them add up.",
)
def conv2d_backward(dout, x, w, stride, padding):
    N, C, H, W = x.shape
    F, C, HH, WW = w.shape
    xp = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    dxp = np.zeros(xp.shape)
    dw = np.zeros(w.shape)
    db = dout.sum(axis=(0, 2, 3))
    for n in range(N):
        for f in range(F):
            for i in range(dout.shape[2]):
                for j in range(dout.shape[3]):
                    a, b = i * stride, j * stride
                    dw[f] += xp[n, :, a : a + HH, b : b + WW] * dout[n, f, i, j]
                    dxp[n, :, a : a + HH, b : b + WW] = w[f] * dout[n, f, i, j]
    return dxp[:, :, padding : padding + H, padding : padding + W], dw, db


@wrong(
    "bias_gradient_per_position",
    Kind.BIAS_AXIS,
    "The bias is added at every position, too: add over the images and both axes of the map.",
)
def conv2d_backward(dout, x, w, stride, padding):
    N, C, H, W = x.shape
    F, C, HH, WW = w.shape
    xp = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    dxp = np.zeros(xp.shape)
    dw = np.zeros(w.shape)
    for n in range(N):
        for f in range(F):
            for i in range(dout.shape[2]):
                for j in range(dout.shape[3]):
                    r, s = i * stride, j * stride
                    dw[f] += xp[n, :, r : r + HH, s : s + WW] * dout[n, f, i, j]
                    dxp[n, :, r : r + HH, s : s + WW] += w[f] * dout[n, f, i, j]
    db = np.sum(dout, axis=0)
    dx = dxp[:, :, padding : H + padding, padding : W + padding]
    return dx, dw, db


@wrong(
    "bias_gradient_as_a_row",
    Kind.BIAS_AXIS,
    "`db` has shape (F, 1): as many numbers as filters, but with an axis too many.",
    Form.OTHER,
)
def conv2d_backward(dout, x, w, stride, padding):
    N, C, H, W = x.shape
    F, C, HH, WW = w.shape
    p = padding
    xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    dxp, dw, db = np.zeros(xp.shape), np.zeros(w.shape), np.zeros((F, 1))
    for f in range(F):
        for n in range(N):
            for i in range(dout.shape[2]):
                for j in range(dout.shape[3]):
                    g = dout[n, f, i, j]
                    db[f] += g
                    dw[f] += (
                        g * xp[n, :, i * stride : i * stride + HH, j * stride : j * stride + WW]
                    )
                    dxp[n, :, i * stride : i * stride + HH, j * stride : j * stride + WW] += (
                        g * w[f]
                    )
    return dxp[:, :, p : p + H, p : p + W], dw, db


@wrong(
    "bias_gradient_of_ones_mean_of_the_weights",
    Kind.SEVERAL,
    "The upstream gradient is missing in `db`: it is a sum of `dout`, not the number of outputs. "
    "And `dw` is a sum over the images, not their mean.",
    Form.TWO,
)
def conv2d_backward(dout, x, w, stride, padding):
    N, C, H, W = x.shape
    F, C, HH, WW = w.shape
    xp = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    dxp = np.zeros(xp.shape)
    dw = np.zeros(w.shape)
    db = np.zeros(F)
    for n in range(N):
        for f in range(F):
            for i in range(dout.shape[2]):
                for j in range(dout.shape[3]):
                    y0, x0 = i * stride, j * stride
                    dw[f] += xp[n, :, y0 : y0 + HH, x0 : x0 + WW] * dout[n, f, i, j] / N
                    dxp[n, :, y0 : y0 + HH, x0 : x0 + WW] += w[f] * dout[n, f, i, j]
                    db[f] += 1
    return dxp[:, :, padding : padding + H, padding : padding + W], dw, db


@wrong(
    "stride_forgotten_in_the_input",
    Kind.ONE_RESULT,
    "For `dw` the window begins at `i * stride`, for `dx` at `i`. Both are the same window.",
)
def conv2d_backward(dout, x, w, stride, padding):
    N, C, H, W = x.shape
    F, C, HH, WW = w.shape
    xp = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    dxp = np.zeros(xp.shape)
    dw = np.zeros(w.shape)
    db = np.sum(dout, axis=(0, 2, 3))
    for n in range(N):
        for f in range(F):
            for i in range(dout.shape[2]):
                for j in range(dout.shape[3]):
                    h, v = i * stride, j * stride
                    dw[f] += xp[n, :, h : h + HH, v : v + WW] * dout[n, f, i, j]
                    dxp[n, :, i : i + HH, j : j + WW] += w[f] * dout[n, f, i, j]
    return dxp[:, :, padding : padding + H, padding : padding + W], dw, db


@wrong(
    "weights_begin_anew_with_each_image",
    Kind.ONE_RESULT,
    "`dw` is set to zero inside the loop over images: only the last image counts.",
)
def conv2d_backward(dout, x, w, stride, padding):
    N, C, H, W = x.shape
    F, C, HH, WW = w.shape
    xp = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    dxp = np.zeros(xp.shape)
    db = np.zeros(F)
    for n in range(N):
        dw = np.zeros((F, C, HH, WW))
        for f in range(F):
            for i in range(dout.shape[2]):
                for j in range(dout.shape[3]):
                    h, v = i * stride, j * stride
                    dw[f] += dout[n, f, i, j] * xp[n, :, h : h + HH, v : v + WW]
                    dxp[n, :, h : h + HH, v : v + WW] += dout[n, f, i, j] * w[f]
                    db[f] += dout[n, f, i, j]
    dx = dxp[:, :, padding : padding + H, padding : padding + W]
    return dx, dw, db


@wrong(
    "height_of_the_filter_for_both",
    Kind.SQUARE,
    "The filter's height stands for its width, too: windows of filters that are not square have "
    "the wrong width.",
)
def conv2d_backward(dout, x, w, stride, padding):
    N, C, H, W = x.shape
    F, C, K, _ = w.shape
    xp = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    dxp = np.zeros(xp.shape)
    dw = np.zeros(w.shape)
    db = dout.sum(axis=(0, 2, 3))
    for n in range(N):
        for f in range(F):
            for i in range(dout.shape[2]):
                for j in range(dout.shape[3]):
                    i0, j0 = i * stride, j * stride
                    dw[f] += xp[n, :, i0 : i0 + K, j0 : j0 + K] * dout[n, f, i, j]
                    dxp[n, :, i0 : i0 + K, j0 : j0 + K] += w[f] * dout[n, f, i, j]
    return dxp[:, :, padding : padding + H, padding : padding + W], dw, db


@wrong(
    "output_axes_exchanged",
    Kind.SQUARE,
    "The last two axes of `dout` are (H', W'); you loop as if they were (W', H').",
    Form.OTHER,
)
def conv2d_backward(dout, x, w, stride, padding):
    N, F, W2, H2 = dout.shape
    C, HH, WW = w.shape[1:]
    H, W = x.shape[2:]
    xp = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    dxp = np.zeros_like(xp)
    dw = np.zeros_like(w)
    db = np.zeros(F)
    for n in range(N):
        for f in range(F):
            for i in range(H2):
                for j in range(W2):
                    dw[f] += (
                        xp[n, :, i * stride : i * stride + HH, j * stride : j * stride + WW]
                        * dout[n, f, i, j]
                    )
                    dxp[n, :, i * stride : i * stride + HH, j * stride : j * stride + WW] += (
                        w[f] * dout[n, f, i, j]
                    )
                    db[f] += dout[n, f, i, j]
    return dxp[:, :, padding : padding + H, padding : padding + W], dw, db


@wrong(
    "filters_flipped",
    Kind.ONE_RESULT,
    "The filter is added as it lies on the window. It is not flipped here: that belongs to the "
    "way of writing `dx` as a convolution.",
    Form.OTHER,
)
def conv2d_backward(dout, x, w, stride, padding):
    N, C, H, W = x.shape
    F, C, HH, WW = w.shape
    xp = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    dxp = np.zeros(xp.shape)
    dw = np.zeros(w.shape)
    db = dout.sum(axis=(0, 2, 3))
    w_flip = w[:, :, ::-1, ::-1]
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            s, t = i * stride, j * stride
            for f in range(F):
                g = dout[:, f, i, j][:, None, None, None]
                dw[f] += (xp[:, :, s : s + HH, t : t + WW] * g).sum(axis=0)
                dxp[:, :, s : s + HH, t : t + WW] += w_flip[f] * g
    return dxp[:, :, padding : padding + H, padding : padding + W], dw, db


@wrong(
    "input_not_padded",
    Kind.STOPS,
    "The layer has read the padded input. `dw` needs the windows of that, not those of `x`.",
)
def conv2d_backward(dout, x, w, stride, padding):
    N, C, H, W = x.shape
    F, C, HH, WW = w.shape
    dxp = np.zeros((N, C, H + 2 * padding, W + 2 * padding))
    dw = np.zeros(w.shape)
    db = np.zeros(F)
    for n in range(N):
        for f in range(F):
            db[f] += dout[n, f].sum()
            for i in range(dout.shape[2]):
                for j in range(dout.shape[3]):
                    r, c = i * stride, j * stride
                    dw[f] += x[n, :, r : r + HH, c : c + WW] * dout[n, f, i, j]
                    dxp[n, :, r : r + HH, c : c + WW] += w[f] * dout[n, f, i, j]
    return dxp[:, :, padding : padding + H, padding : padding + W], dw, db


@wrong(
    "first_image_and_first_filter",
    Kind.SEVERAL,
    "`dw` is taken from the first image alone, and `dx` from the first filter alone. Both are "
    "sums, over images and over filters.",
    Form.TWO,
)
def conv2d_backward(dout, x, w, stride, padding):
    N, C, H, W = x.shape
    F, C, HH, WW = w.shape
    p = padding
    xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    dxp = np.zeros(xp.shape)
    dw = np.zeros(w.shape)
    db = dout.sum(axis=(0, 2, 3))
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            h, k = i * stride, j * stride
            for f in range(F):
                dw[f] += xp[0, :, h : h + HH, k : k + WW] * dout[0, f, i, j]
            for n in range(N):
                dxp[n, :, h : h + HH, k : k + WW] += w[0] * dout[n, 0, i, j]
    return dxp[:, :, p : p + H, p : p + W], dw, db


@wrong(
    "positions_of_the_input",
    Kind.POSITIONS,
    "H // stride is not the number of positions; `dout` has the right shape already.",
    Form.OTHER,
)
def conv2d_backward(dout, x, w, stride, padding):
    N, C, H, W = x.shape
    F, C, HH, WW = w.shape
    xp = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    dxp = np.zeros(xp.shape)
    dw = np.zeros(w.shape)
    db = dout.sum(axis=(0, 2, 3))
    for n in range(N):
        for f in range(F):
            for i in range(H // stride):
                for j in range(W // stride):
                    h, v = i * stride, j * stride
                    dw[f] += xp[n, :, h : h + HH, v : v + WW] * dout[n, f, i, j]
                    dxp[n, :, h : h + HH, v : v + WW] += w[f] * dout[n, f, i, j]
    return dxp[:, :, padding : padding + H, padding : padding + W], dw, db


@wrong(
    "own_assertion_on_the_shape",
    Kind.CROP,
    "Your `assert` is right to stop: for padding 0 the slice up to `-0` is empty.",
    Form.OTHER,
)
def conv2d_backward(dout, x, w, stride, padding):
    F, C, HH, WW = w.shape
    xp = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    dxp, dw = np.zeros(xp.shape), np.zeros(w.shape)
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            part = np.s_[:, :, i * stride : i * stride + HH, j * stride : j * stride + WW]
            dw += np.tensordot(dout[:, :, i, j], xp[part], axes=(0, 0))
            dxp[part] += np.tensordot(dout[:, :, i, j], w, axes=1)
    dx = dxp[:, :, padding:-padding, padding:-padding]
    assert dx.shape == x.shape
    return dx, dw, dout.sum(axis=(0, 2, 3))


@wrong(
    "column_for_every_example",
    Kind.OWN,
    "`p[:, y]` takes whole columns. One probability per row: `p[np.arange(N), y]`.",
)
def softmax_cross_entropy(scores, y):
    N = scores.shape[0]
    s = scores - scores.max(axis=1, keepdims=True)
    p = np.exp(s) / np.exp(s).sum(axis=1, keepdims=True)
    loss = -np.log(p[:, y]).mean()
    dscores = p.copy()
    dscores[np.arange(N), y] -= 1
    return loss, dscores / N


@wrong(
    "gradient_of_the_sum",
    Kind.ONE_RESULT,
    "The loss is a mean, so its gradient is divided by N, too.",
)
def softmax_cross_entropy(scores, y):
    shifted = scores - np.max(scores, axis=1, keepdims=True)
    e = np.exp(shifted)
    p = e / np.sum(e, axis=1, keepdims=True)
    rows = np.arange(len(y))
    loss = -np.mean(np.log(p[rows, y]))
    p[rows, y] -= 1
    return loss, p


@wrong(
    "overflow_in_log_sum_exp",
    Kind.NUMBERS,
    "The logarithm of the sum overflows all the same: subtract the largest score of each row "
    "before `exp`.",
    Form.OTHER,
)
def softmax_cross_entropy(scores, y):
    N = len(scores)
    log_sum = np.log(np.sum(np.exp(scores), axis=1))
    loss = np.mean(log_sum - scores[range(N), y])
    dscores = np.exp(scores - log_sum[:, None])
    dscores[range(N), y] -= 1
    return loss, dscores / N


@wrong(
    "largest_of_the_whole_batch",
    Kind.NUMBERS,
    "The largest score of all is subtracted. A row far below it becomes all zeros: take the "
    "largest of each row.",
)
def softmax_cross_entropy(scores, y):
    e = np.exp(scores - scores.max())
    p = e / e.sum(axis=1, keepdims=True)
    N = scores.shape[0]
    target = np.zeros_like(p)
    target[np.arange(N), y] = 1
    loss = -np.sum(target * np.log(p)) / N
    return loss, (p - target) / N


@wrong(
    "sum_along_the_wrong_axis",
    Kind.SQUARE,
    "The sum of a row is axis 1. `axis=0` adds over the examples.",
)
def softmax_cross_entropy(scores, y):
    N = scores.shape[0]
    z = scores - scores.max(axis=0)
    p = np.exp(z) / np.exp(z).sum(axis=0)
    loss = -np.log(p[np.arange(N), y]).sum() / N
    grad = p.copy()
    grad[np.arange(N), y] -= 1
    grad /= N
    return loss, grad


@wrong(
    "keepdims_forgotten",
    Kind.STOPS,
    "One maximum per row has shape (N,), which does not line up with (N, K): `keepdims=True`.",
)
def softmax_cross_entropy(scores, y):
    scores = scores - np.max(scores, axis=1)
    p = np.exp(scores) / np.sum(np.exp(scores), axis=1)
    loss = -np.mean(np.log(p[np.arange(len(y)), y]))
    dscores = p
    dscores[np.arange(len(y)), y] -= 1
    return loss, dscores / len(y)


@wrong(
    "sum_of_the_losses_and_no_shift",
    Kind.SEVERAL,
    "The loss is a mean, not a sum. And large scores overflow in `exp`.",
    Form.TWO,
)
def softmax_cross_entropy(scores, y):
    N, K = scores.shape
    loss = 0
    grad = np.zeros((N, K))
    for n in range(N):
        e = np.exp(scores[n])
        p = e / e.sum()
        loss -= np.log(p[y[n]])
        grad[n] = p
        grad[n, y[n]] -= 1
    return loss, grad / N


@wrong(
    "loss_after_the_subtraction",
    Kind.OWN,
    "`dscores = p` is no copy: the 1 is subtracted from the probabilities before the loss reads "
    "them.",
    Form.OTHER,
)
def softmax_cross_entropy(scores, y):
    N = scores.shape[0]
    exp = np.exp(scores - scores.max(axis=1, keepdims=True))
    p = exp / exp.sum(axis=1, keepdims=True)
    dscores = p
    dscores[np.arange(N), y] -= 1
    dscores /= N
    loss = -np.log(p[np.arange(N), y]).mean()
    return loss, dscores


@wrong(
    "all_classes_in_the_loss",
    Kind.FORMULA,
    "The loss looks at the probability of the right class only, not of all classes.",
    Form.OTHER,
)
def softmax_cross_entropy(scores, y):
    N = scores.shape[0]
    m = np.amax(scores, axis=1)[:, np.newaxis]
    logp = scores - m - np.log(np.sum(np.exp(scores - m), axis=1))[:, np.newaxis]
    loss = -logp.mean()
    onehot = np.eye(scores.shape[1])[y]
    return loss, (np.exp(logp) - onehot) / N


@wrong(
    "squeezed_scores",
    Kind.BATCH,
    "`squeeze` removes the axis of the examples when there is one; then there is no axis 1.",
)
def softmax_cross_entropy(scores, y):
    scores = scores.squeeze()
    n, k = scores.shape[0], scores.shape[1]
    e = np.exp(scores - scores.max(axis=1).reshape(n, 1))
    p = e / e.sum(axis=1).reshape(n, 1)
    loss = 0.0
    onehot = np.zeros((n, k))
    for row in range(n):
        loss += -np.log(p[row, y[row]]) / n
        onehot[row, y[row]] = 1
    return loss, (p - onehot) / n


@wrong(
    "three_examples",
    Kind.BATCH,
    "The number 3 stands in your code. How many examples there are, `len(y)` says.",
    Form.OTHER,
)
def softmax_cross_entropy(scores, y):
    stable = scores - scores.max(axis=1, keepdims=True)
    log_p = stable - np.log(np.exp(stable).sum(axis=1, keepdims=True))
    loss = -sum(log_p[i, label] for i, label in enumerate(y)) / 3
    grad = np.exp(log_p)
    for i, label in enumerate(y):
        grad[i, label] -= 1
    return loss, grad / 3


@wrong(
    "down_by_h_only",
    Kind.FORMULA,
    "After raising the element by h you lower it by h only, so you are back at x instead of "
    "at x - h.",
)
def numerical_gradient(f, x, h):
    x = x.astype(np.float64)
    grad = np.zeros(x.shape)
    for idx in np.ndindex(*x.shape):
        x[idx] += h
        up = f(x)
        x[idx] -= h
        down = f(x)
        grad[idx] = (up - down) / (2 * h)
    return grad


@wrong(
    "eye_flat",
    Kind.STOPS,
    "f is called with the flattened vector: reshape it to the shape of x before each call.",
    Form.OTHER,
)
def numerical_gradient(f, x, h):
    flat = np.asarray(x, dtype=float).ravel()
    steps = h * np.eye(flat.size)
    slopes = [(f(flat + step) - f(flat - step)) / (2 * h) for step in steps]
    return np.array(slopes).reshape(x.shape)


@wrong(
    "divide_after_max",
    Kind.FORMULA,
    "You divide the largest difference by the largest number of all; divide element by "
    "element, then take the maximum.",
)
def gradient_check(analytic, numeric):
    largest = max(np.abs(analytic).max(), np.abs(numeric).max())
    if largest == 0:
        return 0.0
    return np.abs(analytic - numeric).max() / largest


@wrong(
    "no_abs_and_nan",
    Kind.SEVERAL,
    "The divisor is the larger of the two sizes: take np.abs of both first; and 0/0 gives nan "
    "where both are 0.",
    Form.TWO,
)
def gradient_check(analytic, numeric):
    diff = np.abs(analytic - numeric)
    rel = diff / np.maximum(analytic, numeric)
    return rel.max()


@wrong(
    "einsum_md",
    Kind.ONE_RESULT,
    "dw is transposed: its shape is that of w, (D, M), so the einsum must end in dm.",
    Form.OTHER,
)
def linear_backward(dout, x, w):
    dx = np.einsum("nm,dm->nd", dout, w)
    dw = np.einsum("nm,nd->md", dout, x)
    db = np.einsum("nm->m", dout)
    return dx, dw, db


@wrong(
    "dw_mean_db_keepdims",
    Kind.SEVERAL,
    "dw is a sum over the examples, not a mean: do not divide by N; and db must have the "
    "shape (M,), without keepdims.",
    Form.TWO,
)
def linear_backward(dout, x, w):
    N = x.shape[0]
    dx = dout @ w.T
    dw = x.T @ dout / N
    db = np.sum(dout, axis=0, keepdims=True)
    return dx, dw, db


@wrong(
    "slope_without_dout",
    Kind.FORMULA,
    "You return the slope, 0 or 1, and forget to multiply it by the upstream gradient dout.",
)
def relu_backward(dout, x):
    dx = np.zeros(x.shape)
    dx[x > 0] = 1
    return dx


@wrong(
    "mask_ties",
    Kind.OVERLAP,
    "Where several elements of a window are largest, your mask gives the gradient to all of "
    "them; only the first may get it.",
    Form.OTHER,
)
def max_pool_backward(dout, x, size, stride):
    dx = np.zeros_like(x, dtype=float)
    Ho, Wo = dout.shape[2:]
    for i in range(Ho):
        rows = slice(i * stride, i * stride + size)
        for j in range(Wo):
            cols = slice(j * stride, j * stride + size)
            win = x[:, :, rows, cols]
            mask = win == win.max(axis=(2, 3), keepdims=True)
            dx[:, :, rows, cols] += mask * dout[:, :, i, j][:, :, None, None]
    return dx


@wrong(
    "assign_and_no_offset",
    Kind.OVERLAP,
    "The place inside the window needs the window's own corner added (i * stride); and where "
    "windows overlap gradients add up: += instead of =.",
    Form.TWO,
)
def max_pool_backward(dout, x, size, stride):
    N, C, Ho, Wo = dout.shape
    dx = np.zeros(x.shape)
    for n in range(N):
        for c in range(C):
            for i in range(Ho):
                for j in range(Wo):
                    window = x[n, c, i * stride : i * stride + size, j * stride : j * stride + size]
                    r, s = np.unravel_index(window.argmax(), window.shape)
                    dx[n, c, i + r, j + s] = dout[n, c, i, j]
    return dx


@wrong(
    "repeat",
    Kind.POSITIONS,
    "Repeating dout is right only while stride equals size and the windows fill the picture; "
    "add each share into its own window instead.",
    Form.OTHER,
)
def avg_pool_backward(dout, x, size, stride):
    share = dout / (size * size)
    return share.repeat(size, axis=2).repeat(size, axis=3)


@wrong(
    "dx_unpadded",
    Kind.BY_ONE,
    "dx must collect in an array of the padded size, and the padding is cut off at the end; "
    "yours has the size of x, so windows hang over.",
)
def conv2d_backward(dout, x, w, stride, padding):
    N, C, H, W = x.shape
    F, C, HH, WW = w.shape
    N, F, Ho, Wo = dout.shape
    xp = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    dx = np.zeros((N, C, H, W))
    dw = np.zeros(w.shape)
    db = dout.sum(axis=(0, 2, 3))
    for n in range(N):
        for f in range(F):
            for i in range(Ho):
                for j in range(Wo):
                    r, s = i * stride, j * stride
                    dw[f] += xp[n, :, r : r + HH, s : s + WW] * dout[n, f, i, j]
                    dx[n, :, r : r + HH, s : s + WW] += w[f] * dout[n, f, i, j]
    return dx, dw, db


@wrong(
    "crop_and_db_keepdims",
    Kind.CROP_AND_MORE,
    "padding:-padding is empty when the padding is 0; and db must have the shape (F,).",
    Form.TWO,
)
def conv2d_backward(dout, x, w, stride, padding):
    p = padding
    xp = np.pad(x, ((0, 0), (0, 0), (p, p), (p, p)))
    dxp = np.zeros(xp.shape)
    dw = np.zeros(w.shape)
    F, C, HH, WW = w.shape
    N, F, Ho, Wo = dout.shape
    for n in range(N):
        for f in range(F):
            for i in range(Ho):
                for j in range(Wo):
                    g = dout[n, f, i, j]
                    a = i * stride
                    b = j * stride
                    dw[f] += g * xp[n, :, a : a + HH, b : b + WW]
                    dxp[n, :, a : a + HH, b : b + WW] += g * w[f]
    db = np.sum(dout, axis=(0, 2, 3), keepdims=True)
    return dxp[:, :, p:-p, p:-p], dw, db


@wrong(
    "offsets_exchanged",
    Kind.ONE_RESULT,
    "In dx you take the weight w[:, :, b, a] for the offset a down and b to the right: row "
    "and column of the filter are exchanged.",
    Form.OTHER,
)
def conv2d_backward(dout, x, w, stride, padding):
    N, C, H, W = x.shape
    F, _, HH, WW = w.shape
    Ho, Wo = dout.shape[2:]
    xp = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    dxp = np.zeros(xp.shape)
    dw = np.zeros(w.shape)
    for a in range(HH):
        for b in range(WW):
            rows = slice(a, a + stride * Ho, stride)
            cols = slice(b, b + stride * Wo, stride)
            dw[:, :, a, b] = np.einsum("nfij,ncij->fc", dout, xp[:, :, rows, cols])
            dxp[:, :, rows, cols] += np.einsum("nfij,fc->ncij", dout, w[:, :, b, a])
    db = dout.sum(axis=(0, 2, 3))
    return dxp[:, :, padding : padding + H, padding : padding + W], dw, db


@wrong(
    "eye_of_N",
    Kind.STOPS,
    "The one-hot rows need one column per class: np.eye(K), not np.eye(N).",
)
def softmax_cross_entropy(scores, y):
    shifted = scores - scores.max(axis=1, keepdims=True)
    e = np.exp(shifted)
    p = e / e.sum(axis=1, keepdims=True)
    N = len(y)
    loss = -np.log(p[np.arange(N), y]).mean()
    onehot = np.eye(N)[y]
    return loss, (p - onehot) / N


@wrong(
    "axis0_and_not_divided",
    Kind.SEVERAL,
    "The exponentials are divided by the sums of the columns; each row should add up to 1; "
    "and the gradient is not divided by N.",
    Form.TWO,
)
def softmax_cross_entropy(scores, y):
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    p = e / e.sum(axis=0)
    n = np.arange(len(y))
    loss = np.mean(-np.log(p[n, y]))
    dscores = p.copy()
    dscores[n, y] -= 1
    return loss, dscores


@wrong(
    "rows_no_shift",
    Kind.NUMBERS,
    "The exponential of large scores overflows: subtract the row's maximum first.",
    Form.OTHER,
)
def softmax_cross_entropy(scores, y):
    total = 0.0
    grad = np.zeros(scores.shape)
    for n, (row, label) in enumerate(zip(scores, y)):
        exps = [np.exp(s) for s in row]
        probs = [v / sum(exps) for v in exps]
        total += -np.log(probs[label])
        for k in range(len(row)):
            grad[n, k] = probs[k] - (1 if k == label else 0)
    return total / len(y), grad / len(y)


@wrong(
    "int_copy_one_side",
    Kind.SEVERAL,
    "The copy keeps whole numbers, so the step is cut off: `astype(float)`; and you step to "
    "one side only.",
    Form.TWO,
)
def numerical_gradient(f, x, h):
    z = x.copy()
    g = np.zeros(x.shape)
    start = f(x)
    for k in range(x.size):
        old = z.flat[k]
        z.flat[k] = old + h
        g.flat[k] = (f(z) - start) / h
        z.flat[k] = old
    return g


@wrong(
    "db_mean_dx_of_x",
    Kind.ONE_RESULT,
    "The rows of dx stand in reverse order; and db is the sum over the examples, not the mean.",
    Form.TWO,
)
def linear_backward(dout, x, w):
    dw = np.tensordot(x, dout, axes=(0, 0))
    db = dout.mean(axis=0)
    dx = np.array([w @ row for row in dout])[::-1]
    return dx, dw, db


@wrong(
    "a_tenth_passes",
    Kind.FORMULA,
    "Nothing passes where x is negative; you let a tenth pass.",
    Form.OTHER,
)
def relu_backward(dout, x):
    slope = [1.0 if v > 0 else 0.1 for v in x.flat]
    return dout * np.reshape(slope, x.shape)


@wrong(
    "last_place_of_largest",
    Kind.OVERLAP,
    "Row and column of the place in the window are exchanged: `divmod(spot, size)`.",
    Form.OTHER,
)
def max_pool_backward(dout, x, size, stride):
    dx = np.zeros(x.shape)
    for n, c, i, j in np.ndindex(*dout.shape):
        a, e = i * stride, j * stride
        spot = np.argmax(x[n, c, a : a + size, e : e + size])
        dx[n, c, a + spot % size, e + spot // size] += dout[n, c, i, j]
    return dx


@wrong(
    "dw_of_last_image_no_crop",
    Kind.SEVERAL,
    "dw keeps the last image only: `+=`; and dx still has its frame of padding.",
    Form.TWO,
)
def conv2d_backward(dout, x, w, stride, padding):
    xp = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    dx, dw = np.zeros(xp.shape), np.zeros(w.shape)
    hh, ww = w.shape[2:]
    for n in range(len(x)):
        dw = np.zeros(w.shape)
        for i, j in np.ndindex(*dout.shape[2:]):
            area = (n, slice(None), slice(i * stride, i * stride + hh))
            area = (*area, slice(j * stride, j * stride + ww))
            dw += dout[n, :, i, j][:, None, None, None] * xp[area]
            dx[area] += np.tensordot(dout[n, :, i, j], w, 1)
    return dx, dw, dout.sum((0, 2, 3))


@wrong(
    "log10_of_the_sum",
    Kind.FORMULA,
    "The natural logarithm is wanted, `np.log`, not `np.log10`.",
    Form.OTHER,
)
def softmax_cross_entropy(scores, y):
    z = scores - scores.max(axis=1)[:, None]
    p = np.exp(z) / np.exp(z).sum(axis=1)[:, None]
    loss = -np.log10(p[range(len(y)), y]).mean()
    p[range(len(y)), y] -= 1
    return loss, p / len(y)


@wrong(
    "a_whole_row_moves",
    Kind.OWN,
    "All elements of a row move at once; move one element at a time.",
    Form.OTHER,
)
def numerical_gradient(f, x, h):
    x = np.array(x, dtype=float)
    grad = np.zeros_like(x)
    for i in range(len(x)):
        up, down = x.copy(), x.copy()
        up[i] += h
        down[i] -= h
        grad[i] = (f(up) - f(down)) / (2 * h)
    return grad


@wrong(
    "divided_by_the_largest_of_all",
    Kind.FORMULA,
    "Each difference is divided by the larger of its own two elements, not of all elements.",
)
def gradient_check(analytic, numeric):
    biggest = max(np.abs(analytic).max(), np.abs(numeric).max())
    if biggest == 0:
        return 0.0
    return float(np.abs(analytic - numeric).max() / biggest)


@wrong(
    "dw_turned_db_one_number",
    Kind.SEVERAL,
    "dw has the shape of w: `x.T @ dout`; and db is a sum for each unit, not over all.",
    Form.TWO,
)
def linear_backward(dout, x, w):
    dx = dout.dot(w.T)
    dw = dout.T.dot(x)
    db = dout.sum()
    return dx, dw, db


@wrong(
    "all_ties_no_sum",
    Kind.SEVERAL,
    "Only the first of equal largest elements gets the gradient; and where windows overlap, "
    "gradients add up: `+=`.",
    Form.TWO,
)
def max_pool_backward(dout, x, size, stride):
    dx = np.zeros(x.shape)
    N, C, Ho, Wo = dout.shape
    for n in range(N):
        for c in range(C):
            for i in range(Ho):
                for j in range(Wo):
                    r, s = i * stride, j * stride
                    win = x[n, c, r : r + size, s : s + size]
                    mask = win == win.max()
                    dx[n, c, r : r + size, s : s + size][mask] = dout[n, c, i, j]
    return dx


@wrong(
    "crop_ends_at_the_height",
    Kind.CROP,
    "The padded gradient is cut at H instead of padding + H.",
    Form.OTHER,
)
def conv2d_backward(dout, x, w, stride, padding):
    N, C, H, W = x.shape
    F, _, HH, WW = w.shape
    xp = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    dxp = np.zeros(xp.shape)
    dw = np.zeros(w.shape)
    for i in range(dout.shape[2]):
        for j in range(dout.shape[3]):
            rows = slice(i * stride, i * stride + HH)
            cols = slice(j * stride, j * stride + WW)
            g = dout[:, :, i, j]
            dw += np.einsum("nf,ncab->fcab", g, xp[:, :, rows, cols])
            dxp[:, :, rows, cols] += np.einsum("nf,fcab->ncab", g, w)
    return dxp[:, :, padding:H, padding:W], dw, dout.sum(axis=(0, 2, 3))


@wrong(
    "sums_of_columns_and_no_mean",
    Kind.SEVERAL,
    "Each row is divided by its own sum, not by those of the columns; and the gradient is "
    "divided by N, as the mean is.",
    Form.TWO,
)
def softmax_cross_entropy(scores, y):
    N = len(scores)
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    p = e / e.sum(axis=0)
    loss = -np.log(p[np.arange(N), y]).mean()
    p[np.arange(N), y] -= 1
    return loss, p


@wrong(
    "place_counted_in_the_image",
    Kind.OWN,
    "`argmax` counts in the window, whose rows have `size` numbers, not W.",
    Form.OTHER,
)
def max_pool_backward(dout, x, size, stride):
    N, C, H, W = x.shape
    dx = np.zeros((N, C, H, W))
    for n, c, i, j in np.ndindex(dout.shape):
        k = x[n, c, i * stride : i * stride + size, j * stride : j * stride + size].argmax()
        a, b = divmod(k, W)
        dx[n, c, i * stride + a, j * stride + b] += dout[n, c, i, j]
    return dx


@wrong(
    "turned_filter_and_mean_bias",
    Kind.SEVERAL,
    "The filter goes back as it lay, not turned; and db is the sum over images and places, not "
    "divided by N.",
    Form.TWO,
)
def conv2d_backward(dout, x, w, stride, padding):
    N, C, H, W = x.shape
    F, C, HH, WW = w.shape
    xp = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    dxp, dw = np.zeros(xp.shape), np.zeros(w.shape)
    for n in range(N):
        for f in range(F):
            for i in range(dout.shape[2]):
                for j in range(dout.shape[3]):
                    r, s = i * stride, j * stride
                    dw[f] += dout[n, f, i, j] * xp[n, :, r : r + HH, s : s + WW]
                    dxp[n, :, r : r + HH, s : s + WW] += dout[n, f, i, j] * w[f, :, ::-1, ::-1]
    db = dout.sum(axis=(0, 2, 3)) / N
    return dxp[:, :, padding : padding + H, padding : padding + W], dw, db


@wrong(
    "all_right_classes_of_all_rows",
    Kind.OWN,
    "`p[:, y]` takes the classes of all examples in each row; a row has one right class.",
    Form.OTHER,
)
def softmax_cross_entropy(scores, y):
    s = scores - scores.max(axis=1, keepdims=True)
    p = np.exp(s) / np.exp(s).sum(axis=1, keepdims=True)
    loss = -np.mean(np.log(p[:, y]))
    return loss, (p - np.eye(scores.shape[1])[y]) / len(y)


@wrong(
    "relu_in_a_linear_layer",
    Kind.ONE_RESULT,
    "dx is stopped where x is negative, as with ReLU; a linear layer has none.",
    Form.OTHER,
)
def linear_backward(dout, x, w):
    dx = (dout @ w.T) * (x > 0)
    return dx, x.T @ dout, dout.sum(axis=0)

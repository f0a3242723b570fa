"""Wrong answers to the exercise on deep networks."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from tests.diagnosis.wrong_functions import Form, Kind, wrong


@wrong(
    "each_image_by_itself",
    Kind.OWN,
    "Mean and variance are taken over all images, too: axes 0, 2 and 3.",
)
def batch_norm_forward(x, gamma, beta, running_mean, running_var, momentum, epsilon, training):
    g = gamma.reshape(1, -1, 1, 1)
    b = beta.reshape(1, -1, 1, 1)
    if training:
        mu = x.mean(axis=(2, 3), keepdims=True)
        var = x.var(axis=(2, 3), keepdims=True)
        running_mean = (1 - momentum) * running_mean + momentum * mu.mean(axis=0).ravel()
        running_var = (1 - momentum) * running_var + momentum * var.mean(axis=0).ravel()
    else:
        mu = running_mean.reshape(1, -1, 1, 1)
        var = running_var.reshape(1, -1, 1, 1)
    return g * (x - mu) / np.sqrt(var + epsilon) + b, running_mean, running_var


@wrong(
    "epsilon_beside_the_root",
    Kind.FORMULA,
    "Epsilon is added to the variance, below the root.",
    Form.OTHER,
)
def batch_norm_forward(x, gamma, beta, running_mean, running_var, momentum, epsilon, training):
    out = np.empty(x.shape)
    new_mean, new_var = running_mean.copy(), running_var.copy()
    for c in range(x.shape[1]):
        mu, var = running_mean[c], running_var[c]
        if training:
            mu, var = x[:, c].mean(), x[:, c].var()
            new_mean[c] += momentum * (mu - running_mean[c])
            new_var[c] += momentum * (var - running_var[c])
        out[:, c] = gamma[c] * (x[:, c] - mu) / (var**0.5 + epsilon) + beta[c]
    return out, new_mean, new_var


@wrong(
    "momentum_of_the_old_and_one_less",
    Kind.SEVERAL,
    "The momentum is the share of the new batch, not of the old number; and the variance is the "
    "mean of n squares, not a sum over n - 1.",
    Form.TWO,
)
def batch_norm_forward(x, gamma, beta, running_mean, running_var, momentum, epsilon, training):
    if training:
        mu = x.mean(axis=(0, 2, 3))
        var = x.var(axis=(0, 2, 3), ddof=1)
        running_mean = momentum * running_mean + (1 - momentum) * mu
        running_var = momentum * running_var + (1 - momentum) * var
    else:
        mu, var = running_mean, running_var
    xh = (x - mu[:, None, None]) / np.sqrt(var[:, None, None] + epsilon)
    return gamma[:, None, None] * xh + beta[:, None, None], running_mean, running_var


@wrong(
    "mean_and_variance_stand_still",
    Kind.ONE_RESULT,
    "dx takes mean and variance for constants; each number also moves both of them.",
)
def batch_norm_backward(dout, x, gamma, epsilon):
    mu = x.mean(axis=(0, 2, 3), keepdims=True)
    std = np.sqrt(x.var(axis=(0, 2, 3), keepdims=True) + epsilon)
    xh = (x - mu) / std
    dx = dout * gamma[None, :, None, None] / std
    return dx, (dout * xh).sum(axis=(0, 2, 3)), dout.sum(axis=(0, 2, 3))


@wrong(
    "scale_by_the_raw_numbers",
    Kind.ONE_RESULT,
    "dgamma is the sum of dout times the normalized numbers, not times x.",
    Form.OTHER,
)
def batch_norm_backward(dout, x, gamma, epsilon):
    axes = (0, 2, 3)
    inv = 1 / np.sqrt(x.var(axis=axes, keepdims=True) + epsilon)
    xh = (x - x.mean(axis=axes, keepdims=True)) * inv
    g = dout * gamma.reshape(1, -1, 1, 1)
    middle = g.mean(axis=axes, keepdims=True)
    turn = xh * (g * xh).mean(axis=axes, keepdims=True)
    dgamma = np.einsum("nchw,nchw->c", dout, x)
    dbeta = np.einsum("nchw->c", dout)
    return inv * (g - middle - turn), dgamma, dbeta


@wrong(
    "means_for_the_parameters_no_gamma",
    Kind.SEVERAL,
    "The gradients of gamma and beta are sums, not means; and g in dx is gamma times dout.",
    Form.TWO,
)
def batch_norm_backward(dout, x, gamma, epsilon):
    dx = np.zeros_like(x, dtype=float)
    dgamma, dbeta = np.zeros(x.shape[1]), np.zeros(x.shape[1])
    for c in range(x.shape[1]):
        xc, g = x[:, c], dout[:, c]
        s = np.sqrt(xc.var() + epsilon)
        xh = (xc - xc.mean()) / s
        dx[:, c] = (g - g.mean() - xh * (g * xh).mean()) / s
        dgamma[c] = (g * xh).mean()
        dbeta[c] = g.mean()
    return dx, dgamma, dbeta


@wrong(
    "divides_by_the_variance",
    Kind.FORMULA,
    "The factor divides by the root of variance plus epsilon; the root is missing.",
)
def fold_batch_norm(w, b, gamma, beta, running_mean, running_var, epsilon):
    scale = gamma / (running_var + epsilon)
    return w * scale[:, None, None, None], (b - running_mean) * scale + beta


@wrong(
    "bias_not_scaled",
    Kind.ONE_RESULT,
    "The bias has to be scaled, too: normalization also divides what the bias adds.",
    Form.OTHER,
)
def fold_batch_norm(w, b, gamma, beta, running_mean, running_var, epsilon):
    scale = gamma / np.sqrt(running_var + epsilon)
    new_w = np.array([w[f] * scale[f] for f in range(len(w))])
    new_b = np.array([b[f] - running_mean[f] * scale[f] + beta[f] for f in range(len(w))])
    return new_w, new_b


@wrong(
    "mean_added_and_scale_along_the_channels",
    Kind.SEVERAL,
    "The running mean is subtracted, not added; and the factor belongs to the filters, the first "
    "axis of w, not to its channels.",
    Form.TWO,
)
def fold_batch_norm(w, b, gamma, beta, running_mean, running_var, epsilon):
    std = (running_var + epsilon) ** 0.5
    new_w = w * (gamma / std).reshape(1, -1, 1, 1)
    new_b = (b + running_mean) * gamma / std + beta
    return new_w, new_b


@wrong(
    "relu_before_the_sum",
    Kind.OWN,
    "The last ReLU comes after the shortcut has been added, not before.",
)
def residual_block(x, w1, b1, w2, b2, shortcut, stride):
    h = np.maximum(_conv(x, w1, b1, stride, 1), 0)
    h = np.maximum(_conv(h, w2, b2, 1, 1), 0)
    way = x
    if shortcut is not None:
        way = _conv(x, shortcut, np.zeros(len(shortcut)), stride, 0)
    return way + h


@wrong(
    "shortcut_without_stride",
    Kind.STOPS,
    "The shortcut has the stride, too: else its maps are larger than those of the branch.",
    Form.OTHER,
)
def residual_block(x, w1, b1, w2, b2, shortcut, stride):
    branch = np.clip(_conv(x, w1, b1, stride, 1), 0, None)
    branch = _conv(branch, w2, b2, 1, 1)
    if shortcut is None:
        return np.clip(branch + x, 0, None)
    around = np.einsum("nchw,fc->nfhw", x, shortcut[:, :, 0, 0])
    return np.clip(branch + around, 0, None)


@wrong(
    "bias_on_the_way_around_and_no_last_relu",
    Kind.SEVERAL,
    "The shortcut has no bias; and after the sum comes one more ReLU.",
    Form.TWO,
)
def residual_block(x, w1, b1, w2, b2, shortcut, stride):
    out = _conv(x, w1, b1, stride, 1)
    out[out < 0] = 0
    out = _conv(out, w2, b2, 1, 1)
    if shortcut is None:
        out += x
    else:
        out += _conv(x, shortcut, b2, stride, 0)
    return out


@wrong(
    "channels_added_at_once",
    Kind.OWN,
    "The depthwise step keeps its channels apart; you add them up before the pointwise step.",
)
def depthwise_separable_conv(x, depthwise, pointwise, b, stride, padding):
    xp = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    v = sliding_window_view(xp, depthwise.shape[2:], axis=(2, 3))[:, :, ::stride, ::stride]
    mid = np.einsum("nchwij,cij->nhw", v, depthwise[:, 0])
    return np.einsum("nhw,fc->nfhw", mid, pointwise[:, :, 0, 0]) + b[:, None, None]


@wrong(
    "relu_between_the_steps",
    Kind.OWN,
    "Nothing stands between the two steps, no ReLU either.",
    Form.OTHER,
)
def depthwise_separable_conv(x, depthwise, pointwise, b, stride, padding):
    maps = []
    for c in range(x.shape[1]):
        one = _conv(x[:, c : c + 1], depthwise[c : c + 1], np.zeros(1), stride, padding)
        maps.append(np.maximum(one, 0))
    return _conv(np.concatenate(maps, axis=1), pointwise, b, 1, 0)


@wrong(
    "first_filter_for_all_and_bias_twice",
    Kind.SEVERAL,
    "Each channel has a depthwise filter of its own, you use that of channel 0; and the bias "
    "belongs once to each result, not once to each channel.",
    Form.TWO,
)
def depthwise_separable_conv(x, depthwise, pointwise, b, stride, padding):
    C = x.shape[1]
    out = 0
    for c in range(C):
        m = _conv(x[:, c : c + 1], depthwise[:1], np.zeros(1), stride, padding)
        out = out + m * pointwise[None, :, c] + b.reshape(1, -1, 1, 1)
    return out


@wrong(
    "counts_the_input",
    Kind.POSITIONS,
    "A product counts for every number of the result: take the layer's own height and width, "
    "not those of what comes in.",
)
def count_multiply_adds(spec, shapes):
    result = []
    for k, layer in enumerate(spec):
        if layer["kind"] == "conv":
            c, h, w = shapes[k - 1]
            groups = layer.get("groups", 1)
            result.append(layer["filters"] * h * w * (c // groups) * layer["size"] ** 2)
        elif layer["kind"] == "linear":
            result.append(shapes[k - 1][0] * layer["units"])
        else:
            result.append(0)
    return result


@wrong(
    "groups_overlooked",
    Kind.FORMULA,
    "With groups, a filter reads the channels of its own group only: divide by `groups`.",
    Form.OTHER,
)
def count_multiply_adds(spec, shapes):
    before = None
    out = []
    for layer, shape in zip(spec, shapes):
        n = 0
        if layer["kind"] == "conv":
            n = int(np.prod(shape)) * before[0] * layer["size"] * layer["size"]
        if layer["kind"] == "linear":
            n = before[0] * shape[0]
        out.append(n)
        before = shape
    return out


@wrong(
    "biases_and_sums_count",
    Kind.SEVERAL,
    "Adding biases is not counted; and an `add` multiplies nothing, so it counts 0.",
    Form.TWO,
)
def count_multiply_adds(spec, shapes):
    counts = []
    for i, entry in enumerate(spec):
        kind = entry["kind"]
        numbers = 1
        for length in shapes[i]:
            numbers *= length
        if kind == "conv":
            depth = shapes[i - 1][0] // entry.get("groups", 1)
            counts.append(numbers * (depth * entry["size"] ** 2 + 1))
        elif kind == "linear":
            counts.append(numbers * (shapes[i - 1][0] + 1))
        elif kind == "add":
            counts.append(numbers)
        else:
            counts.append(0)
    return counts


@wrong(
    "training_taken_for_answering",
    Kind.OWN,
    "The two ways are exchanged: in training the batch's own mean is used, else the running one.",
    Form.OTHER,
)
def batch_norm_forward(x, gamma, beta, running_mean, running_var, momentum, epsilon, training):
    mu, var = x.mean((0, 2, 3)), x.var((0, 2, 3))
    if training:
        new_mean = running_mean + momentum * (mu - running_mean)
        new_var = running_var + momentum * (var - running_var)
        mu, var = running_mean, running_var
    else:
        new_mean, new_var = running_mean, running_var
    y = (x.transpose(0, 2, 3, 1) - mu) / np.sqrt(var + epsilon) * gamma + beta
    return y.transpose(0, 3, 1, 2), new_mean, new_var


@wrong(
    "new_running_numbers_at_once",
    Kind.OWN,
    "In training the batch's own mean and variance normalize, not the running numbers.",
    Form.OTHER,
)
def batch_norm_forward(x, gamma, beta, running_mean, running_var, momentum, epsilon, training):
    if training:
        running_mean = running_mean * (1 - momentum) + momentum * np.mean(x, axis=(0, 2, 3))
        running_var = running_var * (1 - momentum) + momentum * np.var(x, axis=(0, 2, 3))
    m, v, g, b = (a[:, None, None] for a in (running_mean, running_var, gamma, beta))
    return (x - m) / np.sqrt(v + epsilon) * g + b, running_mean, running_var


@wrong(
    "relu_before_everything_same_bias",
    Kind.SEVERAL,
    "The block gets x as it is, without a ReLU before; and the second layer has its own bias.",
    Form.TWO,
)
def residual_block(x, w1, b1, w2, b2, shortcut, stride):
    x = np.maximum(x, 0)
    h = np.maximum(_conv(x, w1, b1, stride, 1), 0)
    h = _conv(h, w2, b1, 1, 1)
    if shortcut is not None:
        x = _conv(x, shortcut, np.zeros(len(shortcut)), stride, 0)
    return np.maximum(h + x, 0)


@wrong(
    "mixes_first",
    Kind.STOPS,
    "The depthwise step comes first; you mix the channels before it, so there are F of them.",
    Form.OTHER,
)
def depthwise_separable_conv(x, depthwise, pointwise, b, stride, padding):
    mixed = _conv(x, pointwise, b, 1, 0)
    out = []
    for c in range(mixed.shape[1]):
        one = mixed[:, c : c + 1]
        out.append(_conv(one, depthwise[c : c + 1], np.zeros(1), stride, padding))
    return np.concatenate(out, axis=1)


@wrong(
    "groups_counted_twice_and_units_squared",
    Kind.SEVERAL,
    "Only the channels are divided by the groups, the numbers of the result are not; and a fully "
    "connected layer has inputs times units weights.",
    Form.TWO,
)
def count_multiply_adds(spec, shapes):
    total = []
    for i in range(len(spec)):
        s = spec[i]
        if s["kind"] == "conv":
            g = s.get("groups", 1)
            C = shapes[i - 1][0]
            F, H, W = shapes[i]
            total.append(F // g * H * W * (C // g) * s["size"] ** 2)
        elif s["kind"] == "linear":
            total.append(s["units"] * shapes[i][0])
        else:
            total.append(0)
    return total


def _conv(x, w, b, stride, padding):
    """Do right what the exercise gives: a convolutional layer."""
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    windows = sliding_window_view(padded, w.shape[2:], axis=(2, 3))[:, :, ::stride, ::stride]
    return np.einsum("nchwij,fcij->nfhw", windows, w) + b[:, None, None]

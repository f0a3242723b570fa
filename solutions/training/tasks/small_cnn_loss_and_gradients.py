"""The task ``small_cnn_loss_and_gradients``: reference, cases, mistakes, other right answers."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from autograder.problems import Case, Misconception, Problem, Random, quarters
from autograder.values import Value
from solutions.arrays import Array, Labels
from solutions.training.frames import zero_framed
from solutions.training.network import scores
from solutions.training.parameters import Parameters
from solutions.training.rounding import ROUNDED
from solutions.training.tasks.im2col import im2col


def small_cnn_loss_and_gradients(
    parameters: Parameters, x: Array, y: Labels
) -> tuple[float, Parameters]:
    """Return the loss of the small CNN on a batch, and its gradients.

    parameters: "w1" (F, C, 3, 3) and "b1" (F,), the filters and their biases;
    "w2" (F * H/2 * W/2, K) and "b2" (K,), the dense layer.
    x: batch of images, shape (N, C, H, W), H and W even.
    y: the right class of each image, shape (N,), whole numbers from 0 to K - 1.
    Returns the mean cross-entropy loss, and a dictionary with the same keys and shapes as
    the parameters: the derivative of the loss by each of them.
    """
    ### BEGIN SOLUTION
    w1, b1, w2, b2 = (parameters[name] for name in ("w1", "b1", "w2", "b2"))
    images, _, height, width = x.shape
    filters = len(w1)

    columns = im2col(x, 3, 3, stride=1, padding=1)
    maps = w1.reshape(filters, -1) @ columns + b1[:, np.newaxis]
    quads = (filters, images, height // 2, 2, width // 2, 2)
    windows = maps.reshape(quads).transpose(1, 0, 2, 4, 3, 5)
    windows = windows.reshape(images, filters, height // 2, width // 2, 4)
    winner = windows.argmax(axis=-1)[..., np.newaxis]
    pooled = np.maximum(np.take_along_axis(windows, winner, axis=-1)[..., 0], 0)
    features = pooled.reshape(images, -1)
    scores = features @ w2 + b2

    shifted = scores - scores.max(axis=1, keepdims=True)
    sums = np.exp(shifted).sum(axis=1)
    right = np.arange(images), y
    loss = np.mean(np.log(sums) - shifted[right])

    d_scores = np.exp(shifted) / sums[:, np.newaxis]
    d_scores[right] -= 1
    d_scores /= images
    d_pooled = (d_scores @ w2.T).reshape(pooled.shape) * (pooled > 0)
    d_windows = d_pooled[..., np.newaxis] * (winner == np.arange(4))
    d_windows = d_windows.reshape(images, filters, height // 2, width // 2, 2, 2)
    d_maps = d_windows.transpose(1, 0, 2, 4, 3, 5).reshape(filters, -1)
    gradients = {
        "w1": (d_maps @ columns.T).reshape(w1.shape),
        "b1": d_maps.sum(axis=1),
        "w2": features.T @ d_scores,
        "b2": d_scores.sum(axis=0),
    }
    return float(loss), gradients
    ### END SOLUTION


# Cases


def _drawn_network(
    rng: Random, images: int, channels: int, size: tuple[int, int], filters: int, classes: int
) -> dict[str, Any]:
    features = filters * size[0] * size[1] // 4
    return {
        "parameters": {
            "w1": quarters(rng, filters, channels, 3, 3) / 4,
            "b1": quarters(rng, filters, low=0.25, high=1),
            "w2": quarters(rng, features, classes, low=-1, high=1) / 2,
            "b2": quarters(rng, classes, low=-1, high=1),
        },
        "x": quarters(rng, images, channels, *size) / 4,
        "y": rng.integers(0, classes, size=images),
    }


def _windows(parameters: Parameters, x: Array) -> Array:
    """Return the first maps before ReLU, by pooling windows: those are axes 3 and 5."""
    w1 = parameters["w1"]
    maps = w1.reshape(len(w1), -1) @ im2col(x, 3, 3, 1, 1) + parameters["b1"][:, np.newaxis]
    return maps.reshape(len(w1), len(x), x.shape[2] // 2, 2, x.shape[3] // 2, 2)


def _has_ties(parameters: Parameters, x: Array) -> bool:
    """Whether correct solutions may differ: equal maxima in a pooling window, or a zero in ReLU."""
    return _ties_in(_windows(parameters, x))


def _ties_in(windows: Array) -> bool:
    top = windows.max(axis=(3, 5))
    winners = (windows == top[:, :, :, np.newaxis, :, np.newaxis]).sum(axis=(3, 5))
    return bool((winners > 1)[top > 0].any() or (windows == 0).any())


def _network_and_batch(
    rng: Random,
    images: int,
    channels: int,
    size: tuple[int, int],
    filters: int,
    classes: int,
    large: bool = False,
    apart: bool = False,
    dim: bool = False,
) -> dict[str, Value]:
    """Draw a network and a batch on which all correct solutions agree.

    large: all scores lie near 1024. apart: those of one image lie far above those of the others.
    dim: ReLU silences a window, which is what a network without ReLU is found by; else none.
    """
    while True:
        drawn = _drawn_network(rng, images, channels, size, filters, classes)
        if large:
            drawn["parameters"]["b2"] += 1024
        if apart:
            drawn["x"][0] *= 1024
        all_alike = images > 1 and len(set(drawn["y"].tolist())) == 1
        windows = _windows(drawn["parameters"], drawn["x"])
        silenced = bool((windows.max(axis=(3, 5)) < 0).any())
        if all_alike or silenced != dim or _ties_in(windows):
            continue
        top = scores(drawn["parameters"], drawn["x"]).max(axis=1)
        if not apart or top.max() - top.min() > 800:
            return drawn


def cases(rng: Random) -> list[Case]:
    """From one image with one filter to a batch, then scores that overflow."""
    single = _drawn_network(np.random.default_rng(4), 1, 1, (2, 2), 1, 2)
    single["parameters"] |= {"b1": np.array([0.5]), "b2": np.array([0.0, 0.25])}
    single["x"] = np.array([[[[1.0, 0.0], [0.5, -1.0]]]])
    single["y"] = np.array([1])
    single["parameters"]["w1"] = np.array([[[[0.0, 0, 0], [0, 1, 0.5], [0, 0, 0]]]])
    single["parameters"]["w2"] = np.array([[1.0, -1.0]])
    return [
        Case("the worked example", single),
        Case("three images", _network_and_batch(rng, 3, 1, (4, 6), 2, 3)),
        Case("more of everything", _network_and_batch(rng, 4, 2, (2, 6), 3, 4)),
        Case("very large scores", _network_and_batch(rng, 3, 1, (2, 4), 2, 4, large=True)),
        Case(
            "scores far apart",
            _network_and_batch(rng, 3, 1, (2, 4), 2, 4, apart=True, dim=True),
            finds=("relu_forgotten_backward", "relu_of_the_gradient"),
        ),
        Case("tall images", _network_and_batch(rng, 2, 1, (4, 2), 2, 3)),
        Case("square images", _network_and_batch(rng, 3, 1, (2, 2), 2, 3)),
    ]


def hidden_cases(rng: Random) -> list[Case]:
    """More sizes."""
    return [
        Case(
            "one image",
            _network_and_batch(rng, 1, 2, (4, 2), 2, 3),
            finds=("relu_of_the_gradient",),
        ),
        Case(
            "tall images",
            _network_and_batch(rng, 3, 2, (6, 2), 2, 4),
            finds=("relu_of_the_gradient",),
        ),
        Case(
            "as many images as filters",
            _network_and_batch(rng, 3, 1, (4, 4), 3, 4, dim=True),
        ),
        Case(
            "large scores of large images",
            _network_and_batch(rng, 4, 2, (4, 4), 2, 3, large=True, dim=True),
        ),
    ]


# Misconceptions


def _maps(product: Array, images: int, height: int, width: int) -> Array:
    return product.reshape(len(product), images, height, width).transpose(1, 0, 2, 3)


def _shifted(scores: Array) -> Array:
    result: Array = scores - scores.max(axis=1, keepdims=True)
    return result


def _probabilities(shifted: Array) -> Array:
    powers = np.exp(shifted)
    result: Array = powers / powers.sum(axis=1, keepdims=True)
    return result


def _loss(logarithms: Array, y: Labels) -> float:
    return float(-np.mean(logarithms[np.arange(len(y)), y]))


def _score_errors(p: Array, y: Labels) -> Array:
    return (p - np.eye(p.shape[1])[y]) / len(y)


def _to_the_winner(windows: Array, d_pooled: Array) -> Array:
    winner = windows.argmax(axis=-1)[..., np.newaxis]
    result: Array = d_pooled[..., np.newaxis] * (winner == np.arange(4))
    return result


def _network(
    maps: Callable[[Array, int, int, int], Array] = _maps,
    relu: Callable[[Array], Array] = lambda a: np.maximum(a, 0),
    flat: Callable[[Array], Array] = lambda pooled: pooled.reshape(len(pooled), -1),
    unflat: Callable[[Array, tuple[int, ...]], Array] = lambda flat, shape: flat.reshape(shape),
    shifted: Callable[[Array], Array] = _shifted,
    probabilities: Callable[[Array], Array] = _probabilities,
    loss: Callable[[Array, Labels], float] = _loss,
    score_errors: Callable[[Array, Labels], Array] = _score_errors,
    spread: Callable[[Array, Array], Array] = _to_the_winner,
    mask: Callable[[Array, Array], Array] = lambda d, pooled: d * (pooled > 0),
    filter_gradient: Callable[[Array, Array, int], Array] = lambda d, columns, images: (
        d @ columns.T
    ),
) -> Callable[[Parameters, Array, Labels], tuple[float, Parameters]]:
    """Return the small CNN as a function, with the given steps in place of the right ones."""

    def small_cnn(parameters: Parameters, x: Array, y: Labels) -> tuple[float, Parameters]:
        w1, b1, w2, b2 = (parameters[name] for name in ("w1", "b1", "w2", "b2"))
        images, _, height, width = x.shape
        columns = im2col(x, 3, 3, 1, 1)
        product = w1.reshape(len(w1), -1) @ columns + b1[:, np.newaxis]
        blocks = maps(product, images, height, width).reshape(
            images, len(w1), height // 2, 2, width // 2, 2
        )
        windows = blocks.transpose(0, 1, 2, 4, 3, 5).reshape(*blocks.shape[:3], width // 2, 4)
        pooled = relu(windows.max(axis=-1))
        features = flat(pooled)
        scores = shifted(features @ w2 + b2)
        d_scores = score_errors(probabilities(scores), y)
        d_pooled = mask(unflat(d_scores @ w2.T, pooled.shape), pooled)
        d_windows = spread(windows, d_pooled).reshape(*d_pooled.shape, 2, 2)
        d_maps = d_windows.transpose(1, 0, 2, 4, 3, 5).reshape(len(w1), -1)
        return loss(scores - np.log(np.exp(scores).sum(axis=1, keepdims=True)), y), {
            "w1": filter_gradient(d_maps, columns, images).reshape(w1.shape),
            "b1": d_maps.sum(axis=1),
            "w2": features.T @ d_scores,
            "b2": d_scores.sum(axis=0),
        }

    return small_cnn


def _last_image_only(d_maps: Array, columns: Array, images: int) -> Array:
    """Begin the filters' gradient anew with every image."""
    positions = columns.shape[1] // images
    return d_maps[:, -positions:] @ columns[:, -positions:].T


def _bias_means(parameters: Parameters, x: Array, y: Labels) -> tuple[float, Parameters]:
    """Average the filter biases' gradient over all positions."""
    loss, gradients = small_cnn_loss_and_gradients(parameters, x, y)
    positions = len(x) * x.shape[2] * x.shape[3]
    return loss, {**gradients, "b1": gradients["b1"] / positions}


def _filter_biases_dropped(parameters: Parameters, x: Array, y: Labels) -> tuple[float, Parameters]:
    """Forget the biases of the filters in the forward pass."""
    without = {**parameters, "b1": np.zeros_like(parameters["b1"])}
    return small_cnn_loss_and_gradients(without, x, y)


def _filters_flipped(parameters: Parameters, x: Array, y: Labels) -> tuple[float, Parameters]:
    """Turn the filters by 180 degrees, forward and backward."""
    turned = {**parameters, "w1": parameters["w1"][:, :, ::-1, ::-1]}
    loss, gradients = small_cnn_loss_and_gradients(turned, x, y)
    return loss, {**gradients, "w1": gradients["w1"][:, :, ::-1, ::-1]}


def _nhwc(pooled: Array) -> Array:
    return pooled.transpose(0, 2, 3, 1).reshape(len(pooled), -1)


def _from_nhwc(flat: Array, shape: tuple[int, ...]) -> Array:
    images, filters, height, width = shape
    return flat.reshape(images, height, width, filters).transpose(0, 3, 1, 2)


def _all_labels(logarithms: Array, y: Labels) -> float:
    """Pick the columns of all labels in every row."""
    return float(-np.mean(logarithms[:, y]))


MISCONCEPTIONS = (
    Misconception(
        "not_divided",
        _network(score_errors=lambda p, y: p - np.eye(p.shape[1])[y]),
        title="The gradients are not divided by the number of images",
        symptom="The loss is right, every gradient is N times too large.",
        hint="Your loss is right, and every gradient is N times too large. The loss is a mean: "
        "what does that do to its derivative?",
        catalog_number=49,
    ),
    Misconception(
        "divided_twice",
        _network(score_errors=lambda p, y: _score_errors(p, y) / len(y)),
        title="The gradients are divided by N twice",
        symptom="The loss is right, every gradient is N times too small.",
        hint="Your loss is right, and every gradient is N times too small. Where do you divide "
        "by N?",
        catalog_number=45,
    ),
    Misconception(
        "loss_not_averaged",
        _network(loss=lambda logarithms, y: _loss(logarithms, y) * len(y)),
        title="The loss is the sum over the images",
        symptom="The gradients are right, the loss is N times too large.",
        hint="Your gradients are right, but your loss is N times too large: a sum where the task "
        "wants a mean.",
    ),
    Misconception(
        "all_summed",
        _network(
            loss=lambda logarithms, y: _loss(logarithms, y) * len(y),
            score_errors=lambda p, y: p - np.eye(p.shape[1])[y],
        ),
        title="Loss and gradients are sums over the images",
        symptom="The loss and every gradient are N times too large.",
        hint="Loss and gradients are N times too large, so they fit together: you add up over the "
        "images. The task wants the mean.",
    ),
    Misconception(
        "minus_one_forgotten",
        _network(score_errors=lambda p, y: p / len(y)),
        title="The right class is not treated differently",
        symptom="The loss is right; the gradient of b2 adds up to 1 instead of 0.",
        hint="The gradients of your scores are all positive, as if every score should fall. What "
        "is different for the right class?",
        catalog_number=48,
    ),
    Misconception(
        "wrong_sign",
        _network(score_errors=lambda p, y: -_score_errors(p, y)),
        title="The gradients have the wrong sign",
        symptom="The loss is right, every gradient is the negative of the expected one.",
        hint="Your loss is right, and every gradient has the wrong sign. If the probability of the "
        "right class is too small, should its score rise or fall?",
    ),
    Misconception(
        "loss_of_all_labels",
        _network(loss=_all_labels),
        title="Every image is compared with the labels of all images",
        symptom="The gradients are right, the loss is wrong unless N is 1.",
        hint="For every image you use the labels of the whole batch. An index like `a[:, y]` picks "
        "several numbers from each row; you want one.",
    ),
    Misconception(
        "loss_of_the_wrong_log",
        _network(loss=lambda logarithms, y: _loss(logarithms, y) / float(np.log(10))),
        title="The logarithm to base 10",
        symptom="The gradients are right, the loss is 2.3 times too small.",
        hint="Your loss is too small by a factor of 2.3. Which logarithm belongs to exp?",
    ),
    Misconception(
        "softmax_over_the_batch",
        _network(
            shifted=lambda scores: scores - scores.max(axis=0),
            probabilities=lambda s: np.exp(s) / np.exp(s).sum(axis=0),
        ),
        title="Softmax along the wrong axis",
        symptom="The probabilities of one image do not add up to 1.",
        hint="Your probabilities add up to 1 over the images of the batch. Over what should they "
        "add up to 1?",
    ),
    Misconception(
        "not_shifted",
        _network(shifted=lambda scores: scores),
        title="Scores that are too large for exp",
        symptom="Large scores give nan or inf.",
        hint="exp(1000) is infinity for a computer. Softmax does not change when you subtract the "
        "same number from all scores of an image.",
        catalog_number=50,
        section="backprop/The loss: softmax and cross-entropy",
    ),
    Misconception(
        "shifted_by_one_for_all",
        _network(shifted=lambda scores: scores - scores.max()),
        title="One shift for the whole batch",
        symptom="An image whose scores are far below those of another gives nan or inf.",
        hint="You subtract the largest score of the whole batch. For an image whose scores are all "
        "far below it, every exp becomes 0.",
        catalog_number=51,
    ),
    Misconception(
        "relu_forgotten",
        _network(relu=lambda a: a, mask=lambda d, pooled: d),
        title="There is no ReLU",
        symptom="Negative maxima reach the dense layer.",
        hint="Negative numbers get through to your dense layer. Which step should stop them?",
    ),
    Misconception(
        "relu_forgotten_backward",
        _network(mask=lambda d, pooled: d),
        title="ReLU lets every gradient through",
        symptom="The loss and the dense layer are right, the filters are not.",
        hint="The dense layer is right, the filters are not: gradients go through places where "
        "ReLU gave 0. Does such a place still influence the loss?",
        catalog_number=28,
        section="backprop/Backward through ReLU",
    ),
    Misconception(
        "relu_of_the_gradient",
        _network(mask=lambda d, pooled: d * (d > 0)),
        title="ReLU of the gradient",
        symptom="The filters get positive gradients only.",
        hint="You remove the negative gradients. What decides whether a gradient passes ReLU: its "
        "own sign, or that of the number that went forward?",
        catalog_number=32,
    ),
    Misconception(
        "pool_to_all",
        _network(spread=lambda windows, d: np.repeat(d[..., np.newaxis], 4, axis=-1)),
        title="All four places of a window get the gradient",
        symptom="The filters' gradients are too large.",
        hint="All four places of a pooling window get the gradient. Which of them did the result "
        "depend on?",
        section="backprop/Backward through pooling",
    ),
    Misconception(
        "pool_shared",
        _network(spread=lambda windows, d: np.repeat(d[..., np.newaxis] / 4, 4, axis=-1)),
        title="The gradient is shared among the four places of a window",
        symptom="The loss is right; the filters' gradients are those of a mean.",
        hint="Each place of a pooling window gets a quarter of the gradient. That belongs to a "
        "mean; here the largest number was taken.",
        section="backprop/Backward through pooling",
    ),
    Misconception(
        "maps_not_transposed",
        _network(maps=lambda product, n, h, w: product.reshape(n, len(product), h, w)),
        title="Images and maps are mixed up after the matrix product",
        symptom="One image works, several images fail.",
        hint="One image works, several do not. The matrix product has a row per filter: which "
        "axis comes first after your `reshape`, and which one do you take it for?",
        catalog_number=21,
    ),
    Misconception(
        "flattened_channels_last",
        _network(flat=_nhwc, unflat=_from_nhwc),
        title="The maps are flattened with the channels last",
        symptom="Shapes are right; the dense layer meets its inputs in another order.",
        hint="Your dense layer gets its inputs in another order: the maps of one pixel side by "
        "side. In which order does `reshape` flatten (F, H/2, W/2)?",
        catalog_number=47,
    ),
    Misconception(
        "filter_gradient_scrambled",
        _network(filter_gradient=lambda d, columns, images: columns @ d.T),
        title="The filters' gradient is reshaped from the transposed matrix",
        symptom="All is right but the gradient of w1, whose numbers are scrambled.",
        hint="Everything is right but the gradient of w1: its numbers are there, in a scrambled "
        "order. What is the shape of your product before you reshape it?",
    ),
    Misconception(
        "last_image_only",
        _network(filter_gradient=_last_image_only),
        title="The filters learn from the last image only",
        symptom="One image works, several images fail.",
        hint="The gradient of your filters is that of the last image. What happens to the images "
        "before it?",
        catalog_number=35,
    ),
    Misconception(
        "bias_means",
        _bias_means,
        title="The filter biases get a mean",
        symptom="All is right but the gradient of b1, which is far too small.",
        hint="Everything is right but the gradient of b1: you take the mean over the positions. "
        "The bias is used at every position, and uses add up.",
        catalog_number=43,
    ),
    Misconception(
        "filter_biases_dropped",
        _filter_biases_dropped,
        title="The filter biases are not added",
        symptom="It works while all filter biases are 0.",
        hint="It works only while b1 is 0. Where do the biases of the filters come in?",
        catalog_number=16,
    ),
    Misconception(
        "filters_flipped",
        _filters_flipped,
        title="The filters are turned by 180 degrees",
        symptom="The loss is that of a network with turned filters.",
        hint="You turn the filters, as true convolution does. This layer is a cross-correlation.",
        catalog_number=10,
        section="filters/Cross-correlation or convolution?",
    ),
)


# Alternatives


def _head(pooled: Array, w2: Array, b2: Array, y: Labels) -> tuple[float, Array, Parameters]:
    """Return the loss, its gradient by the pooled maps, and those of the dense layer."""
    features = pooled.reshape(len(pooled), -1)
    z = features @ w2 + b2
    top = z.max(axis=1, keepdims=True)
    logarithms = z - top - np.log(np.exp(z - top).sum(axis=1, keepdims=True))
    one_hot = np.eye(w2.shape[1])[y]
    d_z = (np.exp(logarithms) - one_hot) / len(y)
    loss = -(logarithms * one_hot).sum() / len(y)
    d_pooled = (d_z @ w2.T).reshape(pooled.shape)
    return float(loss), d_pooled, {"w2": features.T @ d_z, "b2": d_z.sum(axis=0)}


def small_cnn_loops(parameters: Parameters, x: Array, y: Labels) -> tuple[float, Parameters]:
    """Visit every pooling window of every map in loops."""
    w1, b1 = parameters["w1"], parameters["b1"]
    framed = zero_framed(x, 1)
    images, _, height, width = x.shape
    pooled = np.zeros((images, len(w1), height // 2, width // 2))
    where = {}
    for n, f, i, j in np.ndindex(*pooled.shape):
        best: Any = -np.inf
        for r in (2 * i, 2 * i + 1):
            for s in (2 * j, 2 * j + 1):
                response = np.sum(framed[n, :, r : r + 3, s : s + 3] * w1[f]) + b1[f]
                if response > best:
                    best, where[n, f, i, j] = response, (r, s)
        pooled[n, f, i, j] = max(best, 0.0)
    loss, d_pooled, gradients = _head(pooled, parameters["w2"], parameters["b2"], y)
    gradients["w1"], gradients["b1"] = np.zeros(w1.shape), np.zeros(b1.shape)
    for place, (r, s) in where.items():
        if pooled[place] > 0:
            n, f = place[:2]
            gradients["w1"][f] += d_pooled[place] * framed[n, :, r : r + 3, s : s + 3]
            gradients["b1"][f] += d_pooled[place]
    return loss, gradients


def small_cnn_einsum(parameters: Parameters, x: Array, y: Labels) -> tuple[float, Parameters]:
    """Contract views of all windows; ReLU comes before pooling."""
    w1 = parameters["w1"]
    views: Any = sliding_window_view
    windows = views(zero_framed(x, 1), (3, 3), axis=(2, 3))
    maps = np.einsum("ncijab,fcab->nfij", windows, w1) + parameters["b1"][:, None, None]
    active = maps * (maps > 0)
    images, filters, height, width = maps.shape
    blocks = active.reshape(images, filters, height // 2, 2, width // 2, 2)
    pooled = blocks.max(axis=(3, 5))
    loss, d_pooled, gradients = _head(pooled, parameters["w2"], parameters["b2"], y)
    large = np.kron(pooled, np.ones((2, 2)))
    d_maps = np.kron(d_pooled, np.ones((2, 2))) * (active == large) * (maps > 0)
    gradients["w1"] = np.einsum("ncijab,nfij->fcab", windows, d_maps)
    gradients["b1"] = np.einsum("nfij->f", d_maps)
    return loss, gradients


def small_cnn_by_offset(parameters: Parameters, x: Array, y: Labels) -> tuple[float, Parameters]:
    """Add up nine shifted images; equal maxima share their gradient."""
    w1, b1 = parameters["w1"], parameters["b1"]
    images, _, height, width = x.shape
    framed = np.pad(x, [(0, 0), (0, 0), (1, 1), (1, 1)])
    maps = np.zeros((images, len(w1), height, width)) + b1.reshape(1, -1, 1, 1)
    for a, b in itertools.product(range(3), repeat=2):
        shifted = framed[:, :, a : a + height, b : b + width]
        maps += np.tensordot(shifted, w1[:, :, a, b], axes=(1, 1)).transpose(0, 3, 1, 2)
    corners = [maps[:, :, a::2, b::2] for a in (0, 1) for b in (0, 1)]
    pooled = np.maximum(np.max(corners, axis=0), 0)
    loss, d_pooled, gradients = _head(pooled, parameters["w2"], parameters["b2"], y)
    hits = [(corner == pooled) & (corner > 0) for corner in corners]
    share = d_pooled / np.maximum(np.sum(hits, axis=0), 1)
    d_maps = np.zeros(maps.shape)
    for number, hit in enumerate(hits):
        d_maps[:, :, number // 2 :: 2, number % 2 :: 2] = share * hit
    gradients["w1"] = np.stack(
        [
            np.tensordot(
                d_maps, framed[:, :, a : a + height, b : b + width], axes=((0, 2, 3), (0, 2, 3))
            )
            for a, b in itertools.product(range(3), repeat=2)
        ],
        axis=-1,
    ).reshape(w1.shape)
    gradients["b1"] = d_maps.sum((0, 2, 3))
    return loss, gradients


def small_cnn_fft(parameters: Parameters, x: Array, y: Labels) -> tuple[float, Parameters]:
    """Convolve through the Fourier transform."""
    w1 = parameters["w1"]
    framed = zero_framed(x, 1)
    _, _, height, width = x.shape
    size = framed.shape[2:]
    spectrum = np.fft.rfft2(framed)
    product = np.einsum("nchw,fchw->nfhw", spectrum, np.conj(np.fft.rfft2(w1, size)))
    maps = np.fft.irfft2(product, size)[:, :, :height, :width] + parameters["b1"][:, None, None]
    corners = np.stack([maps[:, :, a::2, b::2] for a in (0, 1) for b in (0, 1)])
    pooled = np.maximum(corners.max(axis=0), 0)
    loss, d_pooled, gradients = _head(pooled, parameters["w2"], parameters["b2"], y)
    d_corners = d_pooled * (corners.argmax(axis=0) == np.arange(4)[:, None, None, None, None])
    d_maps = np.zeros(maps.shape)
    for number, part in enumerate(d_corners * (corners > 0)):
        d_maps[:, :, number // 2 :: 2, number % 2 :: 2] = part
    errors = np.conj(np.fft.rfft2(d_maps, size))
    dw = np.fft.irfft2(np.einsum("nchw,nfhw->fchw", spectrum, errors), size)
    gradients["w1"] = dw[:, :, :3, :3]
    gradients["b1"] = d_maps.sum(axis=(0, 2, 3))
    return loss, gradients


def small_cnn_image_by_image(
    parameters: Parameters, x: Array, y: Labels
) -> tuple[float, Parameters]:
    """Average loss and gradients over the images, taken one by one."""
    results = [
        small_cnn_loss_and_gradients(parameters, x[n : n + 1], y[n : n + 1]) for n in range(len(x))
    ]
    loss = sum(result[0] for result in results) / len(x)
    gradients = {
        name: np.mean([result[1][name] for result in results], axis=0) for name in parameters
    }
    return loss, gradients


def small_cnn_float32(parameters: Parameters, x: Array, y: Labels) -> tuple[float, Parameters]:
    """Compute in single precision."""
    single: Parameters = {name: value.astype(np.float32) for name, value in parameters.items()}
    loss, gradients = small_cnn_by_offset(single, x.astype(np.float32), y)
    return loss, {name: value.astype(np.float32) for name, value in gradients.items()}


ALTERNATIVES = (
    small_cnn_loops,
    small_cnn_einsum,
    small_cnn_by_offset,
    small_cnn_fft,
    small_cnn_image_by_image,
    small_cnn_float32,
)

PROBLEM = Problem(
    small_cnn_loss_and_gradients,
    cases,
    MISCONCEPTIONS,
    hidden_cases=hidden_cases,
    alternatives=ALTERNATIVES,
    **ROUNDED,
    results=("loss", "gradients"),
)

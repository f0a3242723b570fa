"""Pictures made by a network: gradient ascent on pixels instead of weights.

Class models, filter ascent, deep dream, texture synthesis and style transfer. They need a network
that is a chain of layers (``layers.chain``). All pictures are normalized, shape (1, 3, H, W).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from laboratory.layers import chain, device_of, must_be_ready, not_in_place
from laboratory.networks import Network
from laboratory.occlusion import blur
from laboratory.progress import track

Objective = Callable[[Tensor], Tensor]
"""Gets a picture (1, 3, H, W), gives the number that is to grow."""


class Trunk:
    """The first layers of a network: runs no further than it must."""

    def __init__(self, model: nn.Module, names: Sequence[str]) -> None:
        """Keep the layers up to the last one that is named.

        names: as in ``layers.chain``.

        Raises KeyError, which lists the names there are, if one is unknown.
        """
        must_be_ready(model)
        layers = chain(model)
        known = [layer.name for layer in layers]
        for name in names:
            if name not in known:
                raise KeyError(f'There is no layer "{name}". There are: {", ".join(known)}.')
        self.names = tuple(names)
        self.model = model
        self.layers = layers[: max(known.index(name) for name in names) + 1]

    def __call__(self, x: Tensor) -> dict[str, Tensor]:
        """Return what the named layers give, by name."""
        found = {}
        with not_in_place(self.model):
            for layer in self.layers:
                x = layer.module(x)
                if layer.name in self.names:
                    found[layer.name] = x
        return found


# Ascent.


@dataclass(frozen=True)
class Regularizers:
    """What keeps a picture natural while a score is driven up.

    l2: share of the picture that is taken away in each step: large values cost.
    clip: quantile of the pixels, from 0 to 1, that are set to the mean color in each step, those
        with the smallest norm: what does not help disappears.
    blur: standard deviation of a blur in pixels, every ``blur_every`` steps: no checkered noise.
    jitter: pixels by which the picture is moved at random before each step: no dependence on the
        grid of the strides.

    Simonyan et al. (2014): l2. Yosinski et al. (2015), "Understanding neural networks through deep
    visualization": blur and clip. Mordvintsev et al. (2015), "Inceptionism": jitter.
    """

    l2: float = 0.0
    clip: float = 0.0
    blur: float = 0.0
    blur_every: int = 4
    jitter: int = 0


@dataclass(frozen=True)
class Ascent:
    """Where gradient ascent arrived.

    x: the normalized picture, shape (1, 3, H, W).
    values: of the objective, before each step, shape (steps,).
    """

    x: Tensor
    values: Tensor


def ascend(
    objective: Objective,
    x: Tensor,
    *,
    steps: int,
    rate: float,
    regularizers: Regularizers = Regularizers(),
    bounds: tuple[Tensor, Tensor] | None = None,
    seed: int = 0,
    progress: bool = True,
) -> Ascent:
    """Change a picture so that an objective grows.

    x: where it begins; is not changed.
    rate: root mean square of the change in each step, in normalized units: the gradient only gives
        the direction, since its size differs by orders of magnitude between layers.
    bounds: smallest and largest value of each channel, shape (3, 1, 1).
    seed: of the jitter.
    """
    random = torch.Generator().manual_seed(seed)
    x = x.detach().clone()
    values = []
    for step in track(range(steps), "ascent", progress):
        down, right = (
            int(torch.randint(-regularizers.jitter, regularizers.jitter + 1, (), generator=random))
            for _ in range(2)
        )
        moved = x.roll((down, right), (2, 3)).requires_grad_()
        with torch.enable_grad():
            value = objective(moved)
            (slope,) = torch.autograd.grad(value, moved)
        slope = slope.roll((-down, -right), (2, 3))
        values.append(value.detach())
        x = x + rate * slope / slope.square().mean().sqrt().clamp(min=1e-12)
        x = _regularized(x, regularizers, step)
        if bounds is not None:
            x = x.clamp(*bounds)
    return Ascent(x, torch.stack(values) if values else x.new_zeros(0))


def _regularized(x: Tensor, regularizers: Regularizers, step: int) -> Tensor:
    x = (1 - regularizers.l2) * x
    if regularizers.blur and (step + 1) % regularizers.blur_every == 0:
        x = blur(x, regularizers.blur)
    if regularizers.clip:
        norm = torch.linalg.vector_norm(x, dim=1, keepdim=True)
        x = torch.where(norm > norm.flatten().quantile(regularizers.clip), x, 0)
    return x


def bounds(network: Network) -> tuple[Tensor, Tensor]:
    """Return black and white as the network sees them, shape (3, 1, 1) each."""
    black, white = (
        network.normalize(torch.full((1, 3, 1, 1), value, device=network.device))[0]
        for value in (0.0, 1.0)
    )
    return black, white


def class_model(
    network: Network,
    target: int,
    *,
    steps: int = 200,
    rate: float = 0.05,
    regularizers: Regularizers = Regularizers(l2=0.01, blur=0.5, jitter=4),
    seed: int = 0,
    progress: bool = True,
) -> Ascent:
    """Return a picture that drives the score of a class up, from the mean color on.

    The score before the softmax: a probability can also be driven up by lowering all others.

    Simonyan, Vedaldi, Zisserman (2014). Arguments: see ``ascend``.
    """
    must_be_ready(network.model)

    def score(x: Tensor) -> Tensor:
        with not_in_place(network.model):
            scores: Tensor = network.model(x)
        return scores[0, target]

    return ascend(
        score,
        _noise(network, network.size, seed),
        steps=steps,
        rate=rate,
        regularizers=regularizers,
        bounds=bounds(network),
        seed=seed,
        progress=progress,
    )


def filter_ascent(
    network: Network,
    layer: str,
    channel: int,
    *,
    size: int | None = None,
    steps: int = 100,
    rate: float = 0.05,
    regularizers: Regularizers = Regularizers(l2=0.01, blur=0.5, jitter=4),
    seed: int = 0,
    progress: bool = True,
) -> Ascent:
    """Return a picture that drives the mean answer of one channel up.

    layer: such as "conv4_2"; before ReLU, where a gradient remains when nothing is answered yet.
    size: height and width of the picture; by default the network's.

    Erhan, Bengio, Courville, Vincent (2009), "Visualizing higher-layer features of a deep
    network". Other arguments: see ``ascend``.
    """
    trunk = Trunk(network.model, [layer])
    return ascend(
        lambda x: trunk(x)[layer][0, channel].mean(),
        _noise(network, size or network.size, seed),
        steps=steps,
        rate=rate,
        regularizers=regularizers,
        bounds=bounds(network),
        seed=seed,
        progress=progress,
    )


def _noise(network: Network, size: int, seed: int) -> Tensor:
    """Return the mean color with a trace of noise, so that no gradient is zero by symmetry."""
    random = torch.Generator().manual_seed(seed)
    return 0.01 * torch.randn(1, 3, size, size, generator=random).to(network.device)


def deep_dream(
    network: Network,
    x: Tensor,
    layer: str,
    *,
    octaves: int = 3,
    ratio: float = 1.4,
    steps: int = 20,
    rate: float = 0.03,
    jitter: int = 8,
    seed: int = 0,
    progress: bool = True,
) -> Tensor:
    """Return the picture with more of whatever a layer sees in it, shape (1, 3, H, W).

    Begins with a small picture and ends with the whole one, so that what is seen comes in several
    sizes. From one octave to the next goes only what was added; the details of the picture itself
    come from the original.

    layer: whose answers grow, all of them, by the mean of their squares.
    octaves, ratio: number of sizes, and from one to the next.

    Mordvintsev, Olah, Tyka (2015), "Inceptionism". Other arguments: see ``ascend``.
    """
    trunk = Trunk(network.model, [layer])
    height, width = x.shape[2:]
    added = torch.zeros_like(x)
    for octave in reversed(range(octaves)):
        size = (round(height / ratio**octave), round(width / ratio**octave))
        base = _resized(x, size)
        begin = base + _resized(added, size)
        grown = ascend(
            lambda picture: trunk(picture)[layer].square().mean(),
            begin,
            steps=steps,
            rate=rate,
            regularizers=Regularizers(jitter=jitter),
            bounds=bounds(network),
            seed=seed + octave,
            progress=progress,
        )
        added = grown.x - base
    return (x + added).clamp(*bounds(network))


def _resized(x: Tensor, size: tuple[int, int]) -> Tensor:
    if x.shape[2:] == size:
        return x
    return functional.interpolate(x, size, mode="bilinear", align_corners=False, antialias=True)


# Textures and styles.

STYLE = ("relu1_1", "relu2_1", "relu3_1", "relu4_1", "relu5_1")
"""Layers whose Gram matrices are a style (Gatys et al. 2016)."""

CONTENT = "relu4_2"
"""The layer whose answers are the content (Gatys et al. 2016: conv4_2)."""


_ITERATIONS = 10  # of L-BFGS between two losses that are kept


def gram(activation: Tensor) -> Tensor:
    """Return which channels answer together, and how much, shape (N, C, C).

    activation: shape (N, C, H, W). Each entry is the mean product of two channels over all
    places, so that the size of the picture does not matter, nor where anything stands.
    """
    flat = activation.flatten(2)
    return flat @ flat.transpose(1, 2) / flat.shape[2]


@dataclass(frozen=True)
class Synthesis:
    """Where a synthesis arrived.

    x: the normalized picture, shape (1, 3, H, W).
    losses: at the beginning, after every ten iterations, and of the picture itself.
    """

    x: Tensor
    losses: Tensor


def texture(
    network: Network,
    example: Tensor,
    *,
    layers: Sequence[str] = STYLE,
    size: tuple[int, int] | None = None,
    steps: int = 100,
    seed: int = 0,
    progress: bool = True,
) -> Synthesis:
    """Return a picture with the Gram matrices of an example, from noise on.

    example: normalized, shape (1, 3, H, W).
    size: height and width of the new picture; by default the example's.
    steps: iterations of L-BFGS.

    Gatys, Ecker, Bethge (2015), "Texture synthesis using convolutional neural networks".
    """
    return _match(
        network,
        styles=dict.fromkeys(layers, 1.0),
        example=example,
        content=None,
        begin=_faint_noise(network, size or (example.shape[2], example.shape[3]), seed),
        steps=steps,
        progress=progress,
    )


def style_transfer(
    network: Network,
    content: Tensor,
    style: Tensor,
    *,
    weight: float = 10.0,
    style_layers: Sequence[str] = STYLE,
    content_layer: str = CONTENT,
    steps: int = 100,
    progress: bool = True,
) -> Synthesis:
    """Return the content of one picture in the style of another, from the content on.

    content, style: normalized, shape (1, 3, H, W); their sizes may differ.
    weight: how much the style counts, against 1 for the content. Both losses are relative: 1 means
        as far away as zero answers would be.
    steps: iterations of L-BFGS.

    Gatys, Ecker, Bethge (2016), "Image style transfer using convolutional neural networks".
    """
    return _match(
        network,
        styles=dict.fromkeys(style_layers, weight),
        example=style,
        content=(content_layer, content),
        begin=content.detach().clone(),
        steps=steps,
        progress=progress,
    )


def _faint_noise(network: Network, size: tuple[int, int], seed: int) -> Tensor:
    random = torch.Generator().manual_seed(seed)
    return 0.1 * torch.randn(1, 3, *size, generator=random).to(network.device)


def _match(
    network: Network,
    *,
    styles: Mapping[str, float],
    example: Tensor,
    content: tuple[str, Tensor] | None,
    begin: Tensor,
    steps: int,
    progress: bool,
) -> Synthesis:
    """Change a picture until its Gram matrices, and its content, are those that are wanted."""
    where = device_of(network.model)
    trunk = Trunk(network.model, [*styles, *([content[0]] if content else [])])
    with torch.no_grad():
        wanted = {name: gram(trunk(example.to(where))[name]) for name in styles}
        kept = trunk(content[1].to(where))[content[0]] if content else None
    x = begin.to(where).requires_grad_()
    low, high = bounds(network)
    optimizer = torch.optim.LBFGS(
        [x],
        max_iter=_ITERATIONS,
        history_size=20,
        tolerance_grad=0,
        tolerance_change=0,
        line_search_fn="strong_wolfe",
    )

    def loss() -> Tensor:
        found = trunk(x)
        # Pixels beyond black and white cost: a hard bound would confuse L-BFGS.
        total = (x - x.clamp(low, high)).square().mean()
        for name, factor in styles.items():
            total = total + factor * _relative(gram(found[name]), wanted[name]) / len(styles)
        if content is not None and kept is not None:
            total = total + _relative(found[content[0]], kept)
        return total

    def closure() -> float:
        value = loss()
        (slope,) = torch.autograd.grad(value, x)
        x.grad = slope.contiguous()
        return float(value.detach())

    losses = []
    for _ in track(range(math.ceil(steps / _ITERATIONS)), "synthesis", progress):
        losses.append(float(optimizer.step(closure)))
    x = x.detach().clamp(low, high)
    losses.append(float(loss().detach()))
    return Synthesis(x, torch.tensor(losses))


def _relative(got: Tensor, wanted: Tensor) -> Tensor:
    """Return the squared distance, relative to the square of what is wanted."""
    return (got - wanted).square().sum() / wanted.square().sum().clamp(min=1e-12)

"""Demonstrations of the page "Pictures that a network likes"."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import torch
from skimage import data
from torch import Tensor, nn

from book import plots
from book.visualization import demo
from laboratory import drawn_pictures
from laboratory.layers import chain
from laboratory.networks import Network
from laboratory.synthesis.ascent import Regularizers, ascend, bounds
from laboratory.synthesis.gram_matching import CONTENT, STYLE, gram
from laboratory.synthesis.trunk import Trunk

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]

REGULARIZERS = {
    "none": Regularizers(),
    "L2": Regularizers(l2=0.05),
    "clipping": Regularizers(clip=0.5),
    "blur": Regularizers(blur=0.7),
    "jitter": Regularizers(jitter=8),
    "all": Regularizers(l2=0.02, clip=0.2, blur=0.7, jitter=8),
}
"""One regularizer at a time, strong enough to be seen, and all together, each a little weaker."""

CHANNELS = Regularizers(l2=0.02, blur=0.6, jitter=8)
"""For pictures that a single channel likes."""

TEXTURE_SIDE = 128
"""Height and width of the textures and of the pictures that get a style."""

DREAM_SIDE = 192
"""Height and width of the dreams that are compared."""


def is_small(network: Network) -> bool:
    """Return whether a network was trained on the drawn pictures."""
    return network.classes == drawn_pictures.CLASSES


def described(network: Network, words: str) -> str:
    """Return the alternative text of a figure.

    words: what there is to see if the small VGG made it. Of another network's figure only the first
    sentence is sure, which says what was drawn.
    """
    if is_small(network):
        return words
    return f"{words.split('. ')[0].rstrip('.')}. The network that made them is {network.name}."


def steps(network: Network, count: int) -> int:
    """Return how many steps a page can afford.

    On a CPU, a step of VGG16 takes a hundred times as long as one of the small VGG.
    """
    return count if is_small(network) or network.device.type != "cpu" else count // 5


def classes(network: Network) -> list[int]:
    """Return the classes that are drawn: all ten, or four that are known well from photographs."""
    if is_small(network):
        return list(range(len(network.classes)))
    return [network.classes.index(name) for name in ("goose", "ostrich", "bell pepper", "lemon")]


def favorite(network: Network) -> int:
    """Return the class for which the regularizers are compared."""
    return network.classes.index("star" if is_small(network) else "bell pepper")


def known_pictures(network: Network) -> tuple[Tensor, list[int]]:
    """Return pictures of a network's classes, shape (N, 3, H, W), and which these are.

    200 drawn pictures for the small VGG; for VGG16 the photographs, with their likeliest classes.
    """
    if is_small(network):
        x, labels, _ = demo.inputs(demo.drawn(200), network)
        return x, labels.tolist()
    examples = [demo.example(network, number) for number in range(len(demo.PHOTOGRAPHS))]
    return torch.cat([example.x for example in examples]), [example.target for example in examples]


def known_scores(network: Network) -> Tensor:
    """Return the scores that the known pictures get for their own classes, shape (N,)."""
    x, labels = known_pictures(network)
    with torch.inference_mode():
        return torch.cat([network.model(part) for part in x.split(50)])[range(len(x)), labels]


def score(network: Network, x: Tensor, target: int) -> float:
    """Return the score of a class for one picture (1, 3, H, W)."""
    with torch.inference_mode():
        return float(network.model(x)[0, target])


def probability(network: Network, x: Tensor, target: int) -> float:
    """Return the probability of a class for one picture (1, 3, H, W)."""
    with torch.inference_mode():
        return float(network.model(x)[0].softmax(0)[target])


def likeness_of_neighbors(x: Tensor) -> float:
    """Return the correlation of each pixel with the one to its right: 0 for noise."""
    return correlation(x[..., :-1], x[..., 1:])


def correlation(one: Tensor, other: Tensor) -> float:
    """Return the correlation of the numbers of two tensors of one shape."""
    return float(torch.corrcoef(torch.stack([one.flatten(), other.flatten()]))[0, 1])


def tied_windows(network: Network, x: Tensor) -> float:
    """Return the share of the first pooling's windows in which the maximum is there twice."""
    layers = chain(network.model)
    pooled = next(i for i, layer in enumerate(layers) if isinstance(layer.module, nn.MaxPool2d))
    before = layers[pooled - 1].name
    with torch.inference_mode():
        maps = Trunk(network.model, [before])(x)[before]
        windows = nn.functional.unfold(maps.transpose(0, 1), 2, stride=2)
    tied = (windows == windows.amax(1, keepdim=True)).sum(1) > 1
    return float(tied.float().mean())


def added_by_ascent(
    network: Network, x: Tensor, layer: str, number: Callable[[Tensor], Tensor]
) -> Tensor:
    """Return what ascent adds to a picture where a number of a layer's answers grows."""
    trunk = Trunk(network.model, [layer])
    grown = ascend(
        lambda picture: number(trunk(picture)[layer]),
        x,
        steps=steps(network, 20),
        rate=0.03,
        regularizers=Regularizers(jitter=8),
        bounds=bounds(network),
        progress=False,
    )
    return grown.x - x


def field_side(network: Network, layer: str) -> int:
    """Return the side of the receptive field of a layer's units, in pixels."""
    return demo.receptive_field_of(network, layer)[0]


def distances(network: Network, x: Tensor, content: Tensor, style: Tensor) -> tuple[float, float]:
    """Return how far a picture is from a content and from a style, relative to their sizes."""
    trunk = Trunk(network.model, [*STYLE, CONTENT])
    with torch.inference_mode():
        got, content_outputs, style_outputs = trunk(x), trunk(content), trunk(style)
    away = [_relative(gram(got[name]), gram(style_outputs[name])) for name in STYLE]
    return _relative(got[CONTENT], content_outputs[CONTENT]), sum(away) / len(away)


def _relative(got: Tensor, target: Tensor) -> float:
    return float((got - target).square().sum() / target.square().sum())


# Pictures to begin with.


def photograph(network: Network, name: str, side: int) -> Tensor:
    """Return a photograph of scikit-image, normalized, shape (1, 3, side, side)."""
    return demo.prepared(network, demo.photograph(name), side)


def textures() -> dict[str, Array]:
    """Return textures, shape (H, W, 3) or (H, W), uint8: one photographed and two drawn."""
    rows, columns = np.mgrid[:TEXTURE_SIDE, :TEXTURE_SIDE]
    along = columns * np.cos(0.5) + rows * np.sin(0.5)
    stripes = along // 6 % 2 == 0
    away = (along % 14 - 7) ** 2 + ((rows * np.cos(0.5) - columns * np.sin(0.5)) % 14 - 7) ** 2
    return {
        "gravel": data.gravel()[:256, :256],
        "stripes": _two_colors(stripes, (230, 160, 30), (40, 60, 140)),
        "dots": _two_colors(away < 18, (250, 220, 60), (40, 110, 90)),
    }


def _two_colors(chosen: Array, color: tuple[int, ...], other: tuple[int, ...]) -> Array:
    return np.where(chosen[..., None], color, other).astype(np.uint8)


# Panels.


def as_it_is(
    network: Network, x: Tensor, title: str = "", note: str = "", width: int = 150
) -> plots.Panel:
    """Draw a picture (1, 3, H, W) in its own colors."""
    return plots.picture(
        network.unnormalize(x)[0].permute(1, 2, 0).cpu().numpy(), title, note, high=1, width=width
    )


def with_contrast(x: Tensor, title: str = "", note: str = "", width: int = 150) -> plots.Panel:
    """Draw a picture (1, 3, H, W) so that three standard deviations are black and white.

    Pictures made by ascent are pale: their numbers lie near the mean color.
    """
    values = x[0].permute(1, 2, 0)
    return plots.picture(
        (values / (6 * values.std()) + 0.5).clamp(0, 1).cpu().numpy(),
        title,
        note,
        high=1,
        width=width,
    )

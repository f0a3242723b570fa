"""All methods side by side on drawn pictures, where it is known what they should find.

    python -m laboratory.method_table

Each method gives one map per picture. The table has a mean and its 95 % interval per measure.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch import Tensor
from torch.nn import functional

from laboratory import evaluation
from laboratory.attribution.grad_cam import grad_cam
from laboratory.attribution.gradient import strongest
from laboratory.attribution.guided_backprop import guided_backprop
from laboratory.attribution.input_x_gradient import input_x_gradient
from laboratory.attribution.integrated_gradients import integrated_gradients
from laboratory.attribution.occlusion import occlusion
from laboratory.attribution.saliency import saliency
from laboratory.attribution.smoothgrad import smoothgrad, vargrad
from laboratory.baselines import blur
from laboratory.drawn_pictures import Pictures, draw
from laboratory.evaluation import Mean, mean_with_interval
from laboratory.networks import Network, load_network

Method: TypeAlias = Callable[[Network, Tensor, Tensor], Tensor]

SEED = 7
"""Of the pictures: neither those of the training nor those of its test."""

SOFTNESS = 3.0
"""Standard deviation, in pixels, of the blur that makes a map of single pixels readable."""

CENTER_WIDTH = 1 / 3
"""Standard deviation of the center prior, in units of half the side of a picture."""


def _soft(maps: Tensor) -> Tensor:
    return blur(maps[:, None], SOFTNESS)[:, 0]


def _random(_network: Network, x: Tensor, _labels: Tensor) -> Tensor:
    """Return noise: what a method must beat."""
    # Other noise for other pictures, and the same again for the same: on every machine, since
    # sums of whole numbers have no rounding errors.
    generator = torch.Generator().manual_seed(int((1000 * x).round().abs().long().sum()))
    return torch.rand((len(x), *x.shape[2:]), generator=generator).to(x)


def _center_prior(_network: Network, x: Tensor, _labels: Tensor) -> Tensor:
    """Return a Gaussian in the middle of the picture, as wide as a sixth of its side.

    It knows nothing of the picture: where objects lie in the middle, this is the level of chance.
    """
    height, width = x.shape[2:]
    down, across = (
        torch.linspace(1 / side - 1, 1 - 1 / side, side, device=x.device)
        for side in (height, width)
    )
    squares = down[:, None].square() + across.square()
    return torch.exp(-squares / (2 * CENTER_WIDTH**2)).expand(len(x), height, width)


def _edges(_network: Network, x: Tensor, _labels: Tensor) -> Tensor:
    """Return the largest Sobel gradient over the channels: it knows the picture, no network."""
    sobel = x.new_tensor([[1, 0, -1], [2, 0, -2], [1, 0, -1]])
    filters = torch.stack([sobel, sobel.T])[:, None].repeat(x.shape[1], 1, 1, 1)
    slopes = functional.conv2d(
        functional.pad(x, (1,) * 4, mode="replicate"), filters, groups=x.shape[1]
    )
    return slopes.unflatten(1, (-1, 2)).norm(dim=2).amax(1)


def _saliency(network: Network, x: Tensor, labels: Tensor) -> Tensor:
    """Return the largest absolute derivative of each pixel."""
    return saliency(network.model, x, labels)


def _soft_saliency(network: Network, x: Tensor, labels: Tensor) -> Tensor:
    """Return saliency, blurred: how much of the other methods' lead is only their softness?"""
    return _soft(saliency(network.model, x, labels))


def _input_x_gradient(network: Network, x: Tensor, labels: Tensor) -> Tensor:
    """Return the absolute sum over the channels, blurred."""
    return _soft(input_x_gradient(network.model, x, labels).sum(1).abs())


def _integrated_gradients(network: Network, x: Tensor, labels: Tensor) -> Tensor:
    """Return the absolute sum over the channels, blurred."""
    attributions = integrated_gradients(network.model, x, labels, n_steps=25, progress=False)
    return _soft(attributions.sum(1).abs())


def _guided_backprop(network: Network, x: Tensor, labels: Tensor) -> Tensor:
    """Return the largest absolute value of each pixel."""
    return strongest(guided_backprop(network.model, x, labels))


def _smoothgrad(network: Network, x: Tensor, labels: Tensor) -> Tensor:
    """Return the largest absolute value of the mean of 25 noisy gradients."""
    return strongest(smoothgrad(network.model, x, labels, n_samples=25, progress=False))


def _vargrad(network: Network, x: Tensor, labels: Tensor) -> Tensor:
    """Return the largest variance of 25 noisy gradients."""
    return vargrad(network.model, x, labels, n_samples=25, progress=False).amax(1)


def _grad_cam(layer: str) -> Method:
    """Return the method Grad-CAM for one layer."""

    def method(network: Network, x: Tensor, labels: Tensor) -> Tensor:
        return grad_cam(network.model, x, labels, layer=layer)

    return method


def _occlusion(network: Network, x: Tensor, labels: Tensor) -> Tensor:
    """Return the mean drop of the score where a patch of a sixth of the side covers a pixel."""
    patch = x.shape[-1] // 6
    maps = [
        occlusion(
            network.model, image[None], patch=patch, stride=patch // 2, progress=False
        ).pixel_map(int(label))
        for image, label in zip(x, labels, strict=True)
    ]
    return torch.stack(maps)


METHODS: dict[str, Method] = {
    "random": _random,
    "center prior": _center_prior,
    "edges": _edges,
    "saliency": _saliency,
    "saliency, blurred": _soft_saliency,
    "gradient x input": _input_x_gradient,
    "integrated gradients": _integrated_gradients,
    "guided backprop": _guided_backprop,
    "SmoothGrad": _smoothgrad,
    "VarGrad": _vargrad,
    "Grad-CAM, relu4_3": _grad_cam("relu4_3"),
    "Grad-CAM, relu5_3": _grad_cam("relu5_3"),
    "occlusion": _occlusion,
}
"""Every method, by the name that stands in the table."""

KNOW_NOTHING = ("random", "center prior", "edges")
"""Those of ``METHODS`` that never ask the network: what the others must beat."""


@dataclass(frozen=True)
class Row:
    """What one method reaches.

    pointing, iou, energy: does it find the object? See ``evaluation``.
    deletion, insertion: areas under the curves: does it find what the network uses?
    seconds: per picture, on this machine.
    """

    method: str
    pointing: Mean
    iou: Mean
    energy: Mean
    deletion: Mean
    insertion: Mean
    seconds: float


def compare(
    network: Network,
    pictures: Pictures,
    methods: Mapping[str, Method] = METHODS,
    *,
    batch_size: int = 50,
) -> Iterable[Row]:
    """Give one row per method, for the true classes of the pictures.

    network: one for drawn pictures, whose classes are those of ``drawn_pictures.CLASSES``.
    """
    images = torch.from_numpy(pictures.images).to(network.device).float() / 255
    x = network.normalize(images)
    labels = torch.from_numpy(pictures.labels).to(network.device)
    masks = torch.from_numpy(pictures.masks).to(network.device)
    for name, method in methods.items():
        begin = time.perf_counter()
        parts = zip(x.split(batch_size), labels.split(batch_size), strict=True)
        maps = torch.cat([method(network, *part) for part in parts])
        seconds = (time.perf_counter() - begin) / len(x)
        yield Row(
            name,
            pointing=mean_with_interval(evaluation.pointing_game(maps, masks).cpu()),
            iou=mean_with_interval(evaluation.iou_at_equal_area(maps, masks).cpu()),
            energy=mean_with_interval(evaluation.energy_in_mask(maps, masks).cpu()),
            deletion=mean_with_interval(_areas(network, x, labels, maps, "deletion")),
            insertion=mean_with_interval(_areas(network, x, labels, maps, "insertion")),
            seconds=seconds,
        )


def insertion(network: Network, x: Tensor, labels: Tensor, maps: Tensor) -> Mean:
    """Return the mean area under the insertion curves of any maps (N, H, W), as in the table."""
    return mean_with_interval(_areas(network, x, labels, maps, "insertion"))


def _areas(
    network: Network, x: Tensor, labels: Tensor, maps: Tensor, kind: evaluation.Removal
) -> Tensor:
    """Return the areas under the curves, shape (N,).

    What is deleted becomes the mean color; what is inserted comes into the blurred picture.
    """
    areas = []
    for image, label, importance in zip(x, labels, maps, strict=True):
        picture = image[None]
        missing = 0.0 if kind == "deletion" else blur(picture, 2 * SOFTNESS)[0]
        curve = evaluation.removal_curve(
            network.model,
            picture,
            int(label),
            importance,
            kind=kind,
            steps=24,
            baselines=missing,
        )
        areas.append(evaluation.area_under_curve(curve))
    return torch.tensor(areas)


def line(row: Row) -> str:
    """Return a row as a line of text."""
    cells = [
        f"{mean.value:.2f} [{mean.low:.2f}, {mean.high:.2f}]"
        for mean in (row.pointing, row.iou, row.energy, row.deletion, row.insertion)
    ]
    return f"{row.method:22}" + "".join(f"{cell:20}" for cell in cells) + f"{row.seconds:.3f}"


HEADER = f"{'':22}" + "".join(
    f"{name:20}"
    for name in ("pointing game", "IoU at equal area", "energy in mask", "deletion", "insertion")
)
HEADER += "s a picture"


def main(arguments: list[str]) -> None:
    """Print the table for both small networks."""
    parser = argparse.ArgumentParser(description="Compare the methods on drawn pictures.")
    parser.add_argument("--pictures", type=int, default=200)
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--device", default="cpu")
    options = parser.parse_args(arguments)
    pictures = draw(options.pictures, seed=options.seed)
    for name in ("small_vgg", "small_vgg_noise"):
        network = load_network(name, device=options.device)
        print(f"\n{network.caption} {len(pictures)} pictures, seed {options.seed}.\n\n{HEADER}")
        for row in compare(network, pictures):
            print(line(row), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])

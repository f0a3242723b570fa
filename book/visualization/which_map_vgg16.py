"""What the page "Which map is right?" measures on VGG16, where its weights are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from book.visualization import demo, transfer_demo
from laboratory import drawn_pictures, evaluation, method_table, transfer
from laboratory.baselines import blur
from laboratory.evaluation import Mean, SanityCheck, mean_with_interval
from laboratory.layers import chain
from laboratory.networks import Network

PICTURES = 24
"""Drawn pictures whose maps are measured; as large as they are drawn, 96 x 96 pixels."""

PHOTOGRAPH_SIDE = 112
"""Height and width of the photographs: half of what VGG16 was trained on, to save time."""

STEPS = 12
"""Steps of deletion and insertion on photographs."""

ON_PHOTOGRAPHS = (
    "random",
    "edges",
    "saliency",
    "guided backprop",
    "SmoothGrad",
    "Grad-CAM, relu5_3",
    "occlusion",
)
"""Methods that are measured on photographs."""

RANDOMIZED_METHODS = ("saliency", "guided backprop", "Grad-CAM, relu5_3")
"""Methods whose maps are looked at while VGG16's weights become random."""

RANDOMIZED = ("fc8", "fc6", "conv5_1", "conv3_1", "conv1_1")
"""Layers down to which they do."""


@dataclass(frozen=True)
class OnDrawnPictures:
    """What the methods reach on VGG16 with a new head, by method.

    network: with the new head. right: the share of fresh pictures that it classifies correctly.
    pointing, iou, energy: does it find the object?
    """

    network: Network
    right: Mean
    pointing: Mapping[str, Mean]
    iou: Mapping[str, Mean]
    energy: Mapping[str, Mean]

    def against(self, method: str, other: str) -> Mean:
        """Return the paired difference of two methods in the pointing game."""
        return evaluation.paired_difference(self.pointing[method], self.pointing[other])


def methods_for(model: nn.Module) -> dict[str, method_table.Method]:
    """Return the methods of the table, without Grad-CAM of layers that a network does not have."""
    layers = {layer.name for layer in chain(model)}
    return {
        name: method
        for name, method in method_table.METHODS.items()
        if not name.startswith("Grad-CAM") or name.split(", ")[1] in layers
    }


def with_new_head(network: Network) -> Network:
    """Return a network whose linear layers are trained anew, on drawn pictures.

    The pictures and the recipe are those of the page "Transfer learning".
    """
    learned, checked = transfer_demo.TRAINING, transfer_demo.VALIDATION
    pictures = drawn_pictures.draw(learned + checked, seed=transfer_demo.SEED)
    images = torch.from_numpy(pictures.images).float() / 255
    x, labels = network.normalize(images), torch.from_numpy(pictures.labels)
    new, _ = transfer.transfer(
        network,
        x[:learned],
        labels[:learned],
        x[learned:],
        labels[learned:],
        drawn_pictures.CLASSES,
        layers=transfer.blocks(network.model)[-2:],
        progress=False,
    )
    return new


def on_drawn_pictures(network: Network, count: int = PICTURES) -> OnDrawnPictures:
    """Measure the maps of a network with a new head against the masks of drawn pictures."""
    x, labels, masks = demo.inputs(demo.drawn(count), network)
    measures = {
        "pointing": evaluation.pointing_game,
        "iou": evaluation.iou_at_equal_area,
        "energy": evaluation.energy_in_mask,
    }
    reached: dict[str, dict[str, Mean]] = {measure: {} for measure in measures}
    for name, method in methods_for(network.model).items():
        # A few pictures at a time: SmoothGrad makes 25 copies of each.
        parts = zip(x.split(6), labels.split(6), strict=True)
        maps = torch.cat([method(network, *part) for part in parts])
        for measure, function in measures.items():
            reached[measure][name] = mean_with_interval(function(maps, masks).cpu())
    with torch.inference_mode():
        right = mean_with_interval((network.model(x).argmax(1) == labels).float().cpu())
    return OnDrawnPictures(network, right, **reached)


def photographs(network: Network) -> tuple[Tensor, Tensor]:
    """Return photographs for a network, (N, 3, H, W), and the classes it thinks likeliest, (N,)."""
    smaller = replace(network, size=PHOTOGRAPH_SIDE, resize=PHOTOGRAPH_SIDE * 8 // 7)
    x = torch.cat([smaller.prepare(demo.photograph(name)) for name in demo.PHOTOGRAPHS])
    with torch.no_grad():  # not inference_mode: gradients are taken with these labels
        labels: Tensor = network.model(x).argmax(1)
    return x, labels


def removal_on_photographs(network: Network) -> dict[str, dict[evaluation.Removal, float]]:
    """Return for each method the mean areas under the curves of deletion and insertion."""
    x, labels = photographs(network)
    areas: dict[str, dict[evaluation.Removal, float]] = {}
    kinds: tuple[evaluation.Removal, ...] = ("deletion", "insertion")
    for name in ON_PHOTOGRAPHS:
        maps = method_table.METHODS[name](network, x, labels)
        areas[name] = {}
        for kind in kinds:
            curves = [
                evaluation.removal_curve(
                    network.model,
                    picture[None],
                    int(label),
                    importance,
                    kind=kind,
                    steps=STEPS,
                    baselines=0.0
                    if kind == "deletion"
                    else blur(picture[None], 2 * method_table.SOFTNESS)[0],
                )
                for picture, label, importance in zip(x, labels, maps, strict=True)
            ]
            areas[name][kind] = float(
                torch.tensor([evaluation.area_under_curve(curve) for curve in curves]).mean()
            )
    return areas


def randomization_on_photographs(network: Network, count: int = 2) -> dict[str, SanityCheck]:
    """Return the sanity check of some methods, by name; all see the same random weights."""
    x, labels = (part[:count] for part in photographs(network))

    def maps_of(model: nn.Module) -> Tensor:
        changed = replace(network, model=model)
        return torch.cat(
            [method_table.METHODS[name](changed, x, labels) for name in RANDOMIZED_METHODS]
        )

    check = evaluation.sanity_check(network.model, maps_of, layers=RANDOMIZED, progress=False)
    return {
        name: SanityCheck(check.layers, check.correlations[:, number * count :][:, :count])
        for number, name in enumerate(RANDOMIZED_METHODS)
    }


def about_photographs() -> str:
    """Return what the table and the charts of the photographs show, as Markdown."""
    return (
        f"Photographs of {PHOTOGRAPH_SIDE} x {PHOTOGRAPH_SIDE} pixels, half of VGG16's own size. "
        f"Above: mean areas under the curves for {len(demo.PHOTOGRAPHS)} of them, without "
        "intervals, since so few are an anecdote. Low is good for deletion, high for insertion. "
        "Below: how similar the maps of two of them stay (rank correlation) when the layers are "
        "random from the top down to the one that is named."
    )

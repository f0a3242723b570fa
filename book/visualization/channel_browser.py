"""The figure "channel browser": all maps of a layer, one of them enlarged."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import torch
import traitlets
from torch import Tensor

from book.figures import embedded
from book.figures.figure import Figure
from book.visualization import demo
from laboratory import activations
from laboratory.layers import find

EXAMPLES = ((13, "A triangle"), (8, "A blob with checks"))
"""Numbers of drawn pictures, and what a reader is told about them."""

LAYERS = ("conv1_1", "conv2_2", "conv3_3", "conv4_3", "conv5_3")

FULL_COLOR = 0.005
"""The share of a layer's values that are drawn in full color: those farthest from zero."""


@functools.cache
def outputs() -> dict[str, Tensor]:
    """Return what the layers give, before ReLU, by layer: shape (pictures, C, H, W)."""
    network = demo.small_network()
    outputs_per_picture = [
        activations.layer_outputs(network.model, demo.example(network, number).x, layers=LAYERS)
        for number, _ in EXAMPLES
    ]
    return {
        layer: torch.cat([picture_outputs[layer] for picture_outputs in outputs_per_picture])
        for layer in LAYERS
    }


@functools.cache
def scenes() -> list[dict[str, Any]]:
    """Return the pictures, each with one image per layer that holds all its maps.

    ``channels`` has mean, largest and smallest value of each map, and the share of its places that
    are above zero, which ReLU lets pass.
    """
    network = demo.small_network()
    return [
        {
            "name": f"picture-{number}",
            "label": label,
            "picture": embedded.picture(demo.example(network, number).picture),
            "layers": [
                {
                    "maps": embedded.responses(outputs()[layer][i].cpu().numpy(), limit(layer)),
                    "channels": [summary(maps) for maps in outputs()[layer][i]],
                }
                for layer in LAYERS
            ],
        }
        for i, (number, label) in enumerate(EXAMPLES)
    ]


def limit(layer: str) -> float:
    """Return the absolute value that is drawn in full color, with all beyond it.

    A few maps of deep layers have values far above all others, which would be pale beside them.
    """
    return float(outputs()[layer].abs().flatten().quantile(1 - FULL_COLOR))


def summary(channel: Tensor) -> list[float]:
    """Return mean, largest and smallest value of a map, and the share of places above zero."""
    numbers = channel.mean(), channel.max(), channel.min(), (channel > 0).double().mean()
    return [round(float(number), 4) for number in numbers]


@functools.cache
def layers() -> list[dict[str, Any]]:
    """Return the layers: name, size of the maps, scale, filters if they are colors, and slices."""
    model = demo.small_network().model
    entries = []
    for name in LAYERS:
        filters = activations.filters(model, name).maps.cpu().numpy()
        colored = filters.ndim == 4
        entries.append(
            {
                "name": name,
                "side": outputs()[name].shape[-1],
                "limit": limit(name),
                "slices": find(model, name).in_channels,
                "filters": embedded.picture(np.reshape(filters, (-1, *filters.shape[2:])))
                if colored
                else "",
            }
        )
    return entries


class ChannelBrowser(embedded.KnownScene, Figure):
    """All maps of a layer as small pictures, and one of them enlarged, with its numbers.

    ``scene`` names one of ``scenes``, ``layer`` one of ``layers``; ``channel`` is the number of a
    map; in a layer with fewer maps it is the last one.
    """

    scenes = traitlets.List(traitlets.Dict()).tag(sync=True)
    layers = traitlets.List(traitlets.Dict()).tag(sync=True)
    scene = traitlets.Unicode(f"picture-{EXAMPLES[0][0]}").tag(sync=True)
    layer = traitlets.Enum(LAYERS, "conv1_1").tag(sync=True)
    channel = traitlets.Int(0, min=0).tag(sync=True)

    @traitlets.default("scenes")
    def _scenes(self) -> list[dict[str, Any]]:
        return scenes()

    @traitlets.default("layers")
    def _layers(self) -> list[dict[str, Any]]:
        return layers()

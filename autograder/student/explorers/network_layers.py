"""Explorers over what lies inside a trained network: its layers' outputs and filters."""

from __future__ import annotations

from typing import ClassVar

import ipywidgets as widgets
import numpy as np

from autograder.student.explorers.base import Array, Explorer, map_problem, whole_slider
from autograder.student.explorers.drawing import figure, picture_colors, signed_colors
from autograder.student.explorers.options import TrainedNetworkOptions
from autograder.student.explorers.trained_network import TrainedNetworkExplorer, material
from autograder.values import Tensor, Value, describe


class LayerOutputsExplorer(TrainedNetworkExplorer):
    """What a layer makes of the picture, channel by channel.

    ``fn(model, x)`` returns a list with one tensor per layer.
    """

    prompts: ClassVar[tuple[str, ...]] = (
        "Go through the channels of an early layer. Which of them look for edges, which for color?",
        "In which layer can you no longer tell what was in the picture?",
    )

    def build(self) -> list[widgets.Widget]:
        """Make the controls; the class is of no importance here."""
        picture, _ = super().build()
        known = self.material
        layers = [*known.of_kind("conv"), *known.of_kind("relu")[:-2], *known.of_kind("pool")]
        layers.sort(key=lambda layer: layer[1])
        self.layer = widgets.Dropdown(options=layers, description="layer")
        self.channel = whole_slider("channel", 0, 0, self._channels() - 1)
        self.follow(self.layer, self._bound)
        self.watch(self.channel)
        return [picture, self.layer, self.channel]

    def _channels(self) -> int:
        weights = [
            layer["weight"]
            for layer in self.material.network.layers[: self.layer.value + 1]
            if "weight" in layer
        ]
        return len(weights[-1])

    def _bound(self) -> None:
        self.channel.max = self._channels() - 1

    def arguments(self) -> tuple[Value, ...]:
        """Return the network and a batch of one picture."""
        return self.material.network, Tensor(self.x[None])

    def problem(self, result: Value) -> str | None:
        """Say why a result is not a list with one batch of maps for each layer."""
        if not isinstance(result, list | tuple) or len(result) != len(self.material.names):
            return (
                f"A list of {len(self.material.names)} tensors was expected, but the result is: "
                f"{describe(result)}."
            )
        return map_problem(result[self.layer.value], axes=4)

    def draw(self, result: Value) -> str:
        """Show the picture, the chosen channel, and all channels in small."""
        maps = np.asarray(result[self.layer.value][0], dtype=float)
        channel = min(self.channel.value, len(maps) - 1)
        title = f"{self.layer.label}, channel {channel} of {len(maps)}"
        small = "".join(
            figure(signed_colors(values, float(np.abs(values).max())), str(i), f"Channel {i}", 44)
            for i, values in enumerate(maps)
        )
        return (
            self.image_figure()
            + self.map_figure(maps[channel], title)
            + f'<div style="max-height:260px;overflow:auto">{small}</div>'
        )


class FilterGridExplorer(Explorer):
    """The filters of a layer of a trained network.

    ``fn(w, channel, columns)`` returns a picture (H, W) from 0 to 1.
    """

    options: TrainedNetworkOptions
    prompts: ClassVar[tuple[str, ...]] = (
        "The first layer: which filters are edges, which react to a color? Compare its channels.",
        "A deeper layer has many slices per filter. Does one of them alone mean anything?",
    )

    def build(self) -> list[widgets.Widget]:
        """Make the controls."""
        self.material = material(self.options)
        self.layer = widgets.Dropdown(options=self.material.of_kind("conv"), description="layer")
        self.slice = whole_slider("channel", 0, 0, 2)
        self.columns = whole_slider("columns", 4, 1, 12)
        self.follow(self.layer, self._bound)
        self.watch(self.slice, self.columns)
        return [self.layer, self.slice, self.columns]

    def _weights(self) -> Array:
        weights: Array = self.material.network.layers[self.layer.value]["weight"]
        return weights

    def _bound(self) -> None:
        self.slice.max = self._weights().shape[1] - 1

    def arguments(self) -> tuple[Value, ...]:
        """Return the filters of the layer, the slice, and the columns."""
        return Tensor(self._weights()), self.slice.value, self.columns.value

    def problem(self, result: Value) -> str | None:
        """Say why a result is not a picture."""
        return map_problem(result, axes=2)

    def draw(self, result: Value) -> str:
        """Show the grid."""
        shape = " × ".join(map(str, self._weights().shape))
        caption = f"{self.layer.label}, {shape}: channel {self.slice.value} of every filter"
        width = min(40 * self.columns.value, 420)
        return figure(picture_colors(result), caption, f"A grid of filters: {caption}", width)

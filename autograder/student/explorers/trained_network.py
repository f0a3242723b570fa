"""The kinds of explorers over a trained network and the pictures that an exercise comes with."""

from __future__ import annotations

import dataclasses
import functools
import html
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import ipywidgets as widgets
import numpy as np

from autograder.student.check import check
from autograder.student.explorers.base import (
    Array,
    Explorer,
    map_problem,
    slider,
    whole_slider,
)
from autograder.student.explorers.drawing import (
    figure,
    number,
    outline,
    picture_colors,
    scale_bar,
    signed_colors,
)
from autograder.values import Network, Tensor, Value, describe

MARK = np.array([224, 112, 0], np.uint8)
CHANNELS = (("red", "#d03030"), ("green", "#2e8b2e"), ("blue", "#2676d4"))
BATCH_SIZE = 64


@dataclasses.dataclass(frozen=True)
class Material:
    """A trained network, and pictures with masks.

    network: as cases hold it; names: of its layers, such as "conv 3" or "pool 2", in order.
    images: (N, 3, H, W), from 0 to 1. masks: (N, H, W), True at the object. labels: (N,).
    classes: the names of the classes.
    """

    network: Network
    names: tuple[str, ...]
    images: Array
    masks: Array
    labels: Array
    classes: tuple[str, ...]

    def of_kind(self, kind: str) -> list[tuple[str, int]]:
        """Return name and number of the layers of one kind."""
        return [(name, i) for i, name in enumerate(self.names) if name.split()[0] == kind]


def material(options: Mapping[str, Any]) -> Material:
    """Return what the options "network" and "pictures" name; files that are the same, only once."""
    files = [check.folder() / str(options[name]) for name in ("network", "pictures")]
    return _read(*files, *(path.stat().st_mtime_ns for path in files))


@functools.lru_cache(maxsize=1)
def _read(network: Path, pictures: Path, *changed: int) -> Material:
    """Read weights, under the names that torchvision gives them for a VGG, and pictures."""
    weights = dict(np.load(network).items())
    layers = _layers({name: one for name, one in weights.items() if name != "metadata"})
    found = np.load(pictures)
    return Material(
        Network(tuple(layers)),
        _names([layer["kind"] for layer in layers]),
        found["images"].transpose(0, 3, 1, 2) / 255,
        found["masks"],
        found["labels"],
        tuple(found["classes"].tolist()),
    )


def _layers(weights: dict[str, Array]) -> list[dict[str, Any]]:
    """Return the layers of a VGG: what lies between two weights follows from their numbers."""
    numbers = [int(name.split(".")[1]) for name in weights if name.endswith("weight")]
    layers: list[dict[str, Any]] = []
    for position, name in enumerate(one for one in weights if one.endswith("weight")):
        part = name.split(".")[0]
        both = {
            "weight": weights[name].astype(np.float32),
            "bias": weights[name.replace("weight", "bias")].astype(np.float32),
        }
        if part == "features":
            layers += [{"kind": "conv", "padding": 1, **both}, {"kind": "relu", "inplace": True}]
            if numbers[position + 1] - numbers[position] != 2:
                layers.append({"kind": "max_pool", "size": 2})
            if numbers[position + 1] < numbers[position]:
                layers.append({"kind": "flatten"})
        else:
            layers += [{"kind": "linear", **both}, {"kind": "relu", "inplace": True}]
    return layers[:-1]  # no ReLU behind the scores


def _names(kinds: list[str]) -> tuple[str, ...]:
    """Return "conv 1", "relu 1", ..., "pool 1": ReLUs count with the layer before them."""
    weighted, pools, names = 0, 0, []
    for kind in kinds:
        weighted += kind in ("conv", "linear")
        pools += kind == "max_pool"
        short = {"max_pool": f"pool {pools}", "flatten": "flatten"}
        names.append(short.get(kind, f"{kind} {weighted}"))
    return tuple(names)


class TrainedNetworkExplorer(Explorer):
    """An explorer over one picture and one class of a trained network."""

    width: ClassVar[int] = 190
    title: ClassVar[str] = "the map"

    def build(self) -> list[widgets.Widget]:
        """Make the controls of picture and class, and of the kind."""
        self.material = material(self.options)
        known = self.material
        self.picture = widgets.Dropdown(
            options=[
                (f"{i + 1}: {known.classes[label]}", i) for i, label in enumerate(known.labels)
            ],
            description="picture",
        )
        self.target = widgets.Dropdown(
            options=[(name, i) for i, name in enumerate(known.classes)],
            value=int(known.labels[0]),
            description="class",
        )
        self.follow(self.picture, self._its_own_class)
        self.watch(self.target)
        return [self.picture, self.target, *self.more_controls()]

    def more_controls(self) -> list[widgets.Widget]:
        """Make the controls of the kind."""
        return []

    def _its_own_class(self) -> None:
        self.target.value = int(self.material.labels[self.picture.value])

    @property
    def image(self) -> Array:
        """The picture, (3, H, W), from 0 to 1."""
        chosen: Array = self.material.images[self.picture.value]
        return chosen

    @property
    def x(self) -> Array:
        """The picture as the network wants it."""
        normalized: Array = (self.image - self.options["mean"]) / self.options["std"]
        return normalized.astype(np.float32)

    def class_name(self) -> str:
        """Return the name of the class."""
        name: str = self.material.classes[self.target.value]
        return name

    def image_figure(self, place: tuple[slice, slice] | None = None) -> str:
        """Return the picture, with a frame around a place."""
        colors = picture_colors(self.image)
        if place is not None:
            colors[outline(colors.shape, place)] = MARK
        caption = f"picture {self.picture.value + 1}"
        return figure(colors, caption, f"A drawn picture: {self.picture.label}", self.width)

    def map_figure(self, one: Array, title: str) -> str:
        """Return a map in the colors of signed numbers, and their scale."""
        scale = float(np.abs(one).max())
        shape = " × ".join(map(str, one.shape))
        extent = f"{number(float(one.min()))} to {number(float(one.max()))}"
        caption = f"{title}, {shape}: {extent}"
        return (
            figure(signed_colors(one, scale), caption, f"Map: {caption}", self.width)
            + "<div>"
            + scale_bar(scale)
            + "</div>"
        )

    def hit(self, one: Array) -> str:
        """Say whether a map is largest inside the object."""
        mask = self.material.masks[self.picture.value]
        row, column = np.unravel_index(int(one.argmax()), one.shape)
        # The middle of the map's cell, in pixels of the picture.
        down = int((row + 0.5) * mask.shape[0] / one.shape[0])
        right = int((column + 0.5) * mask.shape[1] / one.shape[1])
        where = "inside" if mask[down, right] else "outside"
        return f"<p>The map is largest at row {down}, column {right}: {where} the object.</p>"


class OcclusionExplorer(TrainedNetworkExplorer):
    """A patch over the picture, and the score of a class for every place of it."""

    prompts: ClassVar[tuple[str, ...]] = (
        "Where is the score lowest? Make the patch smaller: does the place stay?",
        "Set the color of the patch to -2 (black) and to 2 (white). Is the map the same?",
        "Ask for a class that is not in the picture. What does its map show?",
    )

    def more_controls(self) -> list[widgets.Widget]:
        """Make the controls of the patch."""
        self.patch = whole_slider("patch", 16, 4, 40)
        self.stride = whole_slider("stride", 8, 6, 24)
        self.fill = slider("color", 0.0, -2.0, 2.0, 0.25)
        self.watch(self.patch, self.stride, self.fill)
        return [self.patch, self.stride, self.fill]

    def arguments(self) -> tuple[Value, ...]:
        """Return what occlusion_map takes."""
        patch = self.patch.value, self.stride.value, self.fill.value
        return self.material.network, Tensor(self.x), self.target.value, *patch, BATCH_SIZE

    def problem(self, result: Value) -> str | None:
        """Say why a result is not a map."""
        return map_problem(result, axes=2)

    def draw(self, result: Value) -> str:
        """Show the picture with the patch where the score is lowest, and the map."""
        row, column = np.unravel_index(int(result.argmin()), result.shape)
        top, left = int(row) * self.stride.value, int(column) * self.stride.value
        place = slice(top, top + self.patch.value), slice(left, left + self.patch.value)
        lowest, highest = float(result.min()), float(result.max())
        return (
            self.image_figure(place)
            + self.map_figure(result, f"score of “{self.class_name()}”")
            + f"<p>Lowest, {number(lowest)}, where the frame is; highest {number(highest)}.</p>"
        )


class SaliencyExplorer(TrainedNetworkExplorer):
    """The gradient of a class's score, pixel by pixel."""

    prompts: ClassVar[tuple[str, ...]] = (
        "Can you tell from the map alone where the object is?",
        "Choose another class. How much of the map changes?",
    )

    def arguments(self) -> tuple[Value, ...]:
        """Return the network, a batch of one picture, and its class."""
        targets = Tensor(np.array([self.target.value]))
        return self.material.network, Tensor(self.x[None]), targets

    def problem(self, result: Value) -> str | None:
        """Say why a result is not a batch of maps."""
        return map_problem(result, axes=3)

    def draw(self, result: Value) -> str:
        """Show picture and map."""
        title = f"gradient of “{self.class_name()}”"
        return self.image_figure() + self.map_figure(result[0], title) + self.hit(result[0])


class GradCamExplorer(SaliencyExplorer):
    """Where in a layer's output lies what speaks for a class."""

    prompts: ClassVar[tuple[str, ...]] = (
        "Go from the last layer to earlier ones. When does the map stop being about the object?",
        "Choose a class that is not in the picture. Is there anything left of the map?",
    )

    def more_controls(self) -> list[widgets.Widget]:
        """Make the control of the layer."""
        layers = self.material.of_kind("relu")[:-2]  # those behind linear layers have no maps
        self.layer = widgets.Dropdown(options=layers, value=layers[-1][1], description="layer")
        self.watch(self.layer)
        return [self.layer]

    def arguments(self) -> tuple[Value, ...]:
        """Return the network, a batch of one picture, its class, and the layer."""
        return (*super().arguments(), self.layer.value)

    def draw(self, result: Value) -> str:
        """Show picture and map."""
        title = f"Grad-CAM of “{self.class_name()}”, {self.layer.label}"
        words = self.hit(result[0]) if result.any() else "<p>Nothing speaks for the class.</p>"
        return self.image_figure() + self.map_figure(result[0], title) + words


class SmoothGradExplorer(TrainedNetworkExplorer):
    """The mean gradient over noisy copies."""

    prompts: ClassVar[tuple[str, ...]] = (
        "Raise n from 1. From when on does the map hardly change any more?",
        "Keep n and raise the level. What do you lose when it is too high?",
        "Set the level to 0. Why does n no longer matter?",
    )

    def more_controls(self) -> list[widgets.Widget]:
        """Make the controls of the noise."""
        self.samples = whole_slider("n", 10, 1, 50)
        self.level = slider("level", 0.15, 0.0, 0.6, 0.05)
        self.watch(self.samples, self.level)
        return [self.samples, self.level]

    def arguments(self) -> tuple[Value, ...]:
        """Return what smoothgrad takes; the same numbers of noise every time."""
        draws = np.random.default_rng(0).standard_normal((self.samples.value, *self.x.shape))
        noise = Tensor(draws.astype(np.float32))
        return (
            self.material.network,
            Tensor(self.x),
            self.target.value,
            noise,
            self.level.value,
        )

    def problem(self, result: Value) -> str | None:
        """Say why a result is not a gradient."""
        return map_problem(result, axes=3)

    def draw(self, result: Value) -> str:
        """Show the picture, and the largest absolute value among the channels."""
        strongest = np.abs(result).max(axis=0)
        title = f"SmoothGrad of “{self.class_name()}”, n = {self.samples.value}"
        return self.image_figure() + self.map_figure(strongest, title) + self.hit(strongest)


class GradientPathExplorer(TrainedNetworkExplorer):
    """The derivatives at one pixel while the picture changes a little."""

    prompts: ClassVar[tuple[str, ...]] = (
        "Lower the size of the change. Do the lines become straight?",
        "Move the pixel out of the object. Do the derivatives become calmer?",
    )
    points: ClassVar[int] = 61

    def more_controls(self) -> list[widgets.Widget]:
        """Make the controls of pixel and change."""
        height, width = self.material.images.shape[2:]
        self.row = whole_slider("row", height // 2, 0, height - 1)
        self.column = whole_slider("column", width // 2, 0, width - 1)
        self.size = slider("change", 0.05, 0.01, 0.3, 0.01)
        self.watch(self.row, self.column, self.size)
        return [self.row, self.column, self.size]

    def arguments(self) -> tuple[Value, ...]:
        """Return what gradient_path takes."""
        draw = np.random.default_rng(0).standard_normal(self.x.shape)
        step = self.size.value * (self.x.max() - self.x.min()) * draw
        times = np.linspace(0, 1, self.points, dtype=np.float32)
        return (
            self.material.network,
            Tensor(self.x),
            self.target.value,
            self.row.value,
            self.column.value,
            Tensor(step.astype(np.float32)),
            Tensor(times),
        )

    def problem(self, result: Value) -> str | None:
        """Say why a result is not one line per channel."""
        problem = map_problem(result, axes=2)
        if problem is None and result.shape != (self.points, 3):
            return f"The shape ({self.points}, 3) was expected, but the shape is {result.shape}."
        return problem

    def draw(self, result: Value) -> str:
        """Show the pixel in the picture, and three lines over t."""
        row, column = self.row.value, self.column.value
        place = slice(max(row - 2, 0), row + 3), slice(max(column - 2, 0), column + 3)
        scale = float(np.abs(result).max()) or 1.0
        across = np.linspace(0, 300, len(result))
        lines = ""
        for values, (_, color) in zip(result.T, CHANNELS, strict=True):
            down = 100 - 95 * values / scale
            points = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(across, down, strict=True))
            lines += f'<polyline points="{points}" fill="none" stroke="{color}" stroke-width="2"/>'
        words = (
            f"derivatives of “{self.class_name()}” at row {row}, column {column}, for t from 0 to "
            f"1; the scale ends at {number(scale)}"
        )
        legend = ", ".join(f'<span style="color:{color}">{name}</span>' for name, color in CHANNELS)
        return (
            self.image_figure(place)
            + '<figure style="margin:0;display:inline-block">'
            + f'<svg viewBox="0 0 300 200" width="330" role="img" aria-label="{html.escape(words)}"'
            + ' style="border:1px solid #888;max-width:100%"><line x1="0" x2="300" y1="100" '
            + f'y2="100" stroke="currentColor" stroke-opacity=".5"/>{lines}</svg>'
            + f"<figcaption>{html.escape(words)}: {legend}</figcaption></figure>"
        )


class LayerOutputsExplorer(TrainedNetworkExplorer):
    """What a layer makes of the picture, channel by channel."""

    prompts: ClassVar[tuple[str, ...]] = (
        "Go through the channels of an early layer. Which of them look for edges, which for color?",
        "In which layer can you no longer tell what was in the picture?",
    )

    def build(self) -> list[widgets.Widget]:
        """Make the controls; the class is of no importance here."""
        picture, _ = super().build()
        known = self.material
        layers = [*known.of_kind("conv"), *known.of_kind("relu")[:-2], *known.of_kind("pool")]
        layers.sort(key=lambda one: one[1])
        self.layer = widgets.Dropdown(options=layers, description="layer")
        self.channel = whole_slider("channel", 0, 0, self._channels() - 1)
        self.follow(self.layer, self._bound)
        self.watch(self.channel)
        return [picture, self.layer, self.channel]

    def _channels(self) -> int:
        weights = [
            one["weight"]
            for one in self.material.network.layers[: self.layer.value + 1]
            if "weight" in one
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
            figure(signed_colors(one, float(np.abs(one).max())), str(i), f"Channel {i}", 44)
            for i, one in enumerate(maps)
        )
        return (
            self.image_figure()
            + self.map_figure(maps[channel], title)
            + f'<div style="max-height:260px;overflow:auto">{small}</div>'
        )


class FilterGridExplorer(Explorer):
    """The filters of a layer of a trained network."""

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


KINDS: dict[str, type[Explorer]] = {
    "layer outputs": LayerOutputsExplorer,
    "filter grid": FilterGridExplorer,
    "occlusion": OcclusionExplorer,
    "saliency": SaliencyExplorer,
    "gradient path": GradientPathExplorer,
    "smoothgrad": SmoothGradExplorer,
    "grad-cam": GradCamExplorer,
}

"""A trained network and pictures that come with an exercise, and the controls over them."""

from __future__ import annotations

import dataclasses
import functools
from pathlib import Path
from typing import Any, ClassVar

import ipywidgets as widgets
import numpy as np

from autograder.student.check import check
from autograder.student.explorers.base import Array, Explorer
from autograder.student.explorers.drawing import (
    figure,
    number,
    outline,
    picture_colors,
    scale_bar,
    signed_colors,
)
from autograder.student.explorers.options import TrainedNetworkOptions
from autograder.values import SequentialNetwork

MARK = np.array([224, 112, 0], np.uint8)


@dataclasses.dataclass(frozen=True)
class Material:
    """A trained network, and pictures with masks.

    network: as cases hold it; names: of its layers, such as "conv 3" or "pool 2", in order.
    images: (N, 3, H, W), from 0 to 1. masks: (N, H, W), True at the object. labels: (N,).
    classes: the names of the classes.
    """

    network: SequentialNetwork
    names: tuple[str, ...]
    images: Array
    masks: Array
    labels: Array
    classes: tuple[str, ...]

    def of_kind(self, kind: str) -> list[tuple[str, int]]:
        """Return name and number of the layers of one kind."""
        return [(name, i) for i, name in enumerate(self.names) if name.split()[0] == kind]


def material(options: TrainedNetworkOptions) -> Material:
    """Return what the options "network" and "pictures" name; files that are the same, only once."""
    files = [check.folder() / name for name in (options.network, options.pictures)]
    return _read(*files, *(path.stat().st_mtime_ns for path in files))


@functools.lru_cache(maxsize=1)
def _read(network: Path, pictures: Path, *changed: int) -> Material:
    """Read weights, under the names that torchvision gives them for a VGG, and pictures."""
    weights = dict(np.load(network).items())
    layers = _layers({name: array for name, array in weights.items() if name != "metadata"})
    drawn = np.load(pictures)
    return Material(
        SequentialNetwork(tuple(layers)),
        _names([layer["kind"] for layer in layers]),
        drawn["images"].transpose(0, 3, 1, 2) / 255,
        drawn["masks"],
        drawn["labels"],
        tuple(drawn["classes"].tolist()),
    )


def _layers(weights: dict[str, Array]) -> list[dict[str, Any]]:
    """Return the layers of a VGG: what lies between two weights follows from their numbers."""
    numbers = [int(name.split(".")[1]) for name in weights if name.endswith("weight")]
    layers: list[dict[str, Any]] = []
    for position, name in enumerate(key for key in weights if key.endswith("weight")):
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

    options: TrainedNetworkOptions
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
        image: Array = self.material.images[self.picture.value]
        return image

    @property
    def x(self) -> Array:
        """The picture as the network wants it."""
        normalized: Array = (self.image - self.options.mean) / self.options.std
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

    def map_figure(self, values: Array, title: str) -> str:
        """Return a map in the colors of signed numbers, and their scale."""
        scale = float(np.abs(values).max())
        shape = " × ".join(map(str, values.shape))
        extent = f"{number(float(values.min()))} to {number(float(values.max()))}"
        caption = f"{title}, {shape}: {extent}"
        return (
            figure(signed_colors(values, scale), caption, f"Map: {caption}", self.width)
            + "<div>"
            + scale_bar(scale)
            + "</div>"
        )

    def hit(self, values: Array) -> str:
        """Say whether a map is largest inside the object."""
        mask = self.material.masks[self.picture.value]
        row, column = np.unravel_index(int(values.argmax()), values.shape)
        # The middle of the map's cell, in pixels of the picture.
        down = int((row + 0.5) * mask.shape[0] / values.shape[0])
        right = int((column + 0.5) * mask.shape[1] / values.shape[1])
        where = "inside" if mask[down, right] else "outside"
        return f"<p>The map is largest at row {down}, column {right}: {where} the object.</p>"

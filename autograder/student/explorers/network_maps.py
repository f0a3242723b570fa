"""Explorers over maps of what a trained network looks at."""

from __future__ import annotations

from typing import ClassVar

import ipywidgets as widgets
import numpy as np

from autograder.student.explorers.base import map_problem, slider, whole_slider
from autograder.student.explorers.drawing import number
from autograder.student.explorers.trained_network import TrainedNetworkExplorer
from autograder.values import Tensor, Value

BATCH_SIZE = 64


class OcclusionExplorer(TrainedNetworkExplorer):
    """A patch over the picture, and the score of a class for every place of it.

    ``fn(model, x, target, patch, stride, fill, batch_size)`` returns a map.
    """

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
    """The gradient of a class's score, pixel by pixel.

    ``fn(model, x, targets)`` returns maps (N, H, W).
    """

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
    """Where in a layer's output lies what speaks for a class.

    ``fn(model, x, targets, layer)`` returns maps (N, H', W').
    """

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
    """The mean gradient over noisy copies.

    ``fn(model, x, target, noise, level)`` returns a gradient (3, H, W).
    """

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

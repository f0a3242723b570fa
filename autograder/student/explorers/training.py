"""The kinds of explorers of the chapter "training": windows as columns, and steps downhill."""

from __future__ import annotations

import html
from typing import ClassVar

import ipywidgets as widgets
import numpy as np

from autograder.student.explorers.base import (
    Array,
    Explorer,
    PictureExplorer,
    map_problem,
    slider,
    whole_slider,
)
from autograder.student.explorers.drawing import EDGE, POSITIVE, figure, number, picture_colors
from autograder.student.explorers.options import ColumnsOptions
from autograder.values import Value, describe


class ColumnsExplorer(PictureExplorer):
    """The matrix that ``fn(x, height, width, stride, padding)`` makes of a picture."""

    options: ColumnsOptions
    prompts: ClassVar[tuple[str, ...]] = (
        "Each row of the matrix is the picture, a little shifted. Find the row without a shift.",
        "Raise the stride. What happens to the number of columns?",
        "How many times as many numbers does the matrix have as the picture?",
    )

    def build(self) -> list[widgets.Widget]:
        """Make the controls."""
        self.height = whole_slider("height", 3, 1, 6)
        self.across = whole_slider("width", 3, 1, 6)
        self.stride = whole_slider("stride", 1, 1, 4)
        self.padding = whole_slider("padding", 0, 0, 3)
        settings = [self.height, self.across, self.stride, self.padding]
        self.watch(*settings)
        return [*self.picture_controls(), *settings]

    def arguments(self) -> tuple[Value, ...]:
        """Return the picture as a batch of one, and the settings of the windows."""
        settings = (self.height, self.across, self.stride, self.padding)
        return (self.current_picture()[None, None], *(int(control.value) for control in settings))

    def problem(self, result: Value) -> str | None:
        """Say why a result is not a matrix."""
        return map_problem(result, axes=2)

    def draw(self, result: Value) -> str:
        """Show the picture and the matrix."""
        pixels = self.current_picture()
        rows, columns = result.shape
        words = f"{rows} × {columns} = {result.size} numbers from {pixels.size} pixels"
        return self.picture_figure(pixels) + figure(
            picture_colors(result), f"the matrix of your function, {words}", f"Matrix: {words}", 520
        )


class UsesExplorer(Explorer):
    """How often ``fn(columns, shape, height, width, stride, padding)`` comes back to each pixel."""

    side: ClassVar[int] = 14
    prompts: ClassVar[tuple[str, ...]] = (
        "The numbers sent back are all 1, so a pixel shows in how many windows it lies.",
        "Which stride uses every pixel equally often? Which pixels are never used?",
        "Add padding. Do the corners catch up with the middle?",
    )

    def build(self) -> list[widgets.Widget]:
        """Make the controls."""
        self.height = whole_slider("height", 3, 1, 6)
        self.across = whole_slider("width", 3, 1, 6)
        self.stride = whole_slider("stride", 2, 1, 6)
        self.padding = whole_slider("padding", 0, 0, 3)
        controls = [self.height, self.across, self.stride, self.padding]
        self.watch(*controls)
        return controls

    def arguments(self) -> tuple[Value, ...]:
        """Return a matrix of ones, as large as it has to be, and the settings."""
        height, width, stride, padding = (
            int(control.value) for control in (self.height, self.across, self.stride, self.padding)
        )
        counts = [(self.side + 2 * padding - window) // stride + 1 for window in (height, width)]
        ones = np.ones((height * width, counts[0] * counts[1]))
        return ones, (1, 1, self.side, self.side), height, width, stride, padding

    def problem(self, result: Value) -> str | None:
        """Say why a result is not a batch."""
        return map_problem(result, axes=4)

    def draw(self, result: Value) -> str:
        """Show how often each pixel is used."""
        uses = np.asarray(result[0, 0], dtype=float)
        low, high = number(float(uses.min())), number(float(uses.max()))
        words = f"each pixel is used {low} to {high} times; white is {high}, black is 0"
        return figure(picture_colors(uses / (uses.max() or 1)), words, words, 320)


class DescentExplorer(Explorer):
    """The path that ``fn(parameters, gradients, velocities, learning_rate, momentum)`` takes."""

    steps: ClassVar[int] = 40
    curvatures: ClassVar[tuple[float, float]] = (1.0, 25.0)
    prompts: ClassVar[tuple[str, ...]] = (
        "Without momentum: which is the largest learning rate that does not fly away?",
        "Add momentum. How much faster can you arrive?",
        "What does a momentum close to 1 do, and why?",
    )

    def build(self) -> list[widgets.Widget]:
        """Make the controls."""
        self.rate = slider("learning rate", 0.03, 0.005, 0.15, 0.005)
        self.rate.readout_format = ".3f"
        self.momentum = slider("momentum", 0.0, 0.0, 0.95, 0.05)
        self.watch(self.rate, self.momentum)
        return [self.rate, self.momentum]

    def arguments(self) -> tuple[Value, ...]:
        """Return what the first step gets."""
        point = np.array([-9.0, 1.5])
        gradient = np.array(self.curvatures) * point
        names = [{"point": point}, {"point": gradient}, {"point": np.zeros(2)}]
        return (*names, float(self.rate.value), float(self.momentum.value))

    def problem(self, result: Value) -> str | None:
        """Say why a result is not a pair of dictionaries."""
        pair = isinstance(result, tuple | list) and len(result) == 2
        if pair and all(isinstance(part, dict) and "point" in part for part in result):
            return None
        return f"Two dictionaries were expected, but the result is: {describe(result)}."

    def draw(self, result: Value) -> str:
        """Walk on from the first step, and show the path from above."""
        curvatures = np.array(self.curvatures)
        points: list[Array] = [np.array([-9.0, 1.5])]
        for _ in range(self.steps):
            parameters, velocities = result
            points.append(np.asarray(parameters["point"], dtype=float))
            gradient = {"point": curvatures * points[-1]}
            result = self._function(
                parameters, gradient, velocities, self.rate.value, self.momentum.value
            )
        losses = [float(np.sum(curvatures * point**2) / 2) for point in points]
        words = f"after {self.steps} steps the loss is {number(losses[-1])}; it began at "
        words += number(losses[0])
        return _path(points, words) + f'<div role="status">{html.escape(words)}</div>'


def _path(points: list[Array], words: str) -> str:
    """Return the path in the valley as a drawing; what lies far outside is drawn at its edge."""
    inside = np.clip(np.array(points), -100, 100)
    places = [f"{210 + 20 * x:.1f},{105 - 40 * y:.1f}" for x, y in inside.tolist()]
    rings = "".join(
        f'<ellipse cx="210" cy="105" rx="{40 * r}" ry="{16 * r}" fill="none" stroke="{EDGE}"/>'
        for r in (1, 2, 3, 4, 5)
    )
    dots = "".join(
        f'<circle cx="{place.split(",")[0]}" cy="{place.split(",")[1]}" r="2.5" fill="{POSITIVE}"/>'
        for place in places
    )
    return (
        f'<svg viewBox="0 0 420 210" style="width:420px;max-width:100%;border:1px solid {EDGE}" '
        f'role="img" aria-label="Path in a valley: {html.escape(words)}">{rings}'
        f'<path d="M204 105h12M210 99v12" stroke="currentColor" stroke-width="2"/>'
        f'<polyline points="{" ".join(places)}" fill="none" stroke="{POSITIVE}"/>{dots}</svg>'
    )

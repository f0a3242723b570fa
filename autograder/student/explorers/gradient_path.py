"""An explorer over derivatives at one pixel while the picture changes."""

from __future__ import annotations

import html
from typing import ClassVar

import ipywidgets as widgets
import numpy as np

from autograder.student.explorers.base import map_problem, slider, whole_slider
from autograder.student.explorers.drawing import CHANNELS, EDGE, number
from autograder.student.explorers.trained_network import TrainedNetworkExplorer
from autograder.values import Tensor, Value


class GradientPathExplorer(TrainedNetworkExplorer):
    """The derivatives at one pixel while the picture changes a little.

    ``fn(model, x, target, row, column, step, times)`` returns derivatives (T, 3).
    """

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
            + f' style="border:1px solid {EDGE};max-width:100%"><line x1="0" x2="300" y1="100" '
            + f'y2="100" stroke="currentColor" stroke-opacity=".5"/>{lines}</svg>'
            + f"<figcaption>{html.escape(words)}: {legend}</figcaption></figure>"
        )

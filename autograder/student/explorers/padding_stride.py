"""The explorers of padding, stride and receptive fields."""

from __future__ import annotations

import html
import numbers
from typing import ClassVar

import ipywidgets as widgets
import numpy as np

from autograder.student.explorers.base import (
    Array,
    Explorer,
    PictureExplorer,
    map_problem,
    whole_slider,
)
from autograder.student.explorers.drawing import (
    POSITIVE,
    figure,
    number,
    picture_colors,
    signed_colors,
)
from autograder.student.explorers.options import FieldOptions, PaddingOptions, StackOptions
from autograder.student.explorers.picture_choice import PictureChoice
from autograder.student.explorers.pictures import GRAY_PICTURES
from autograder.values import Formula, Value, describe

STACKS = {
    "LeNet-5": [(5, 1, 0), (2, 2, 0), (5, 1, 0), (2, 2, 0), (5, 1, 0)],
    "AlexNet": [
        *[(11, 4, 2), (3, 2, 0), (5, 1, 2), (3, 2, 0)],
        *[(3, 1, 1), (3, 1, 1), (3, 1, 1), (3, 2, 0)],
    ],
    "VGG16": [
        *[(3, 1, 1), (3, 1, 1), (2, 2, 0)],
        *[(3, 1, 1), (3, 1, 1), (2, 2, 0)],
        *[(3, 1, 1), (3, 1, 1), (3, 1, 1), (2, 2, 0)],
        *[(3, 1, 1), (3, 1, 1), (3, 1, 1), (2, 2, 0)],
        *[(3, 1, 1), (3, 1, 1), (3, 1, 1), (2, 2, 0)],
    ],
    "eight times 3 × 3": [(3, 1, 1)] * 8,
}
"""The stacks that the kind "stack" offers: (kernel, stride, padding), pooling layers included."""

_BLUR = "(np.eye(len(x)) + np.eye(len(x), k=1) + np.eye(len(x), k=-1)) / 3"

FIELD_FUNCTIONS = {
    "one layer of 3 × 3": Formula(("x",), f"({_BLUR}) @ x @ ({_BLUR}).T"),
    "five layers of 3 × 3": Formula(
        ("x",),
        f"np.linalg.matrix_power({_BLUR}, 5) @ x @ np.linalg.matrix_power({_BLUR}, 5).T",
    ),
    "edges, then ReLU": Formula(
        ("x",), "np.maximum(np.pad(x, 1)[1:-1, :-2] - np.pad(x, 1)[1:-1, 2:], 0)"
    ),
    "mean of the whole picture": Formula(("x",), "np.full(x.shape, x.mean())"),
}
"""The maps that the kind "field" offers by default; all keep the size of the picture."""


class PaddingExplorer(PictureExplorer):
    """A picture and the same picture with a frame.

    ``fn(x, padding)`` for images (1, 1, H, W) returns them with a frame.
    """

    options: PaddingOptions
    prompts: ClassVar[tuple[str, ...]] = (
        "Raise the padding by one. By how much do height and width grow?",
        "Make the picture darker. From when on can you no longer see where it ends?",
    )

    def build(self) -> list[widgets.Widget]:
        """Make the controls."""
        self.padding = whole_slider("padding", 2, 0, 8)
        self.watch(self.padding)
        return [*self.picture_controls(), self.padding]

    def arguments(self) -> tuple[Value, ...]:
        """Return a batch of one gray image, and the padding."""
        return self.current_picture()[None, None], self.padding.value

    def problem(self, result: Value) -> str | None:
        """Say why a result is not a batch of images."""
        return map_problem(result, axes=4)

    def draw(self, result: Value) -> str:
        """Show the picture and the padded picture, pixel for pixel at the same scale."""
        plain = self.current_picture()
        framed = np.asarray(result[0, 0], dtype=float)
        height, width = framed.shape
        pixel = self.figure_width / plain.shape[1]
        return self.picture_figure(plain) + figure(
            picture_colors(framed),
            f"the answer of your function, {height} × {width}",
            f"{self.picture.words}, padded, {height} by {width} pixels",
            round(pixel * width),
        )


class StackExplorer(Explorer):
    """A stack of layers: which pixels a unit on top of it can see.

    ``fn(layers)`` takes (kernel, stride, padding) for each layer and returns (size, jump, start).
    """

    options: StackOptions
    prompts: ClassVar[tuple[str, ...]] = (
        "Add one layer at a time. Which layers make the field grow fastest, and why?",
        "VGG16 looks at 224 pixels. From which layer on does a unit in the middle see more than "
        "half of them?",
        "Where is the field of unit 0 still completely inside the picture?",
    )

    def build(self) -> list[widgets.Widget]:
        """Make the controls."""
        self._stacks = dict(self.options.stacks or STACKS)
        names = list(self._stacks)
        self.stack = widgets.Dropdown(options=names, description="network")
        self.depth = whole_slider("layers", 3, 0, len(self._stacks[names[0]]))
        self.follow(self.stack, self._fit)
        self.watch(self.depth)
        return [self.stack, self.depth]

    def _fit(self) -> None:
        self.depth.max = len(self._stacks[self.stack.value])

    def _layers(self) -> list[tuple[int, int, int]]:
        return [tuple(layer) for layer in self._stacks[self.stack.value][: self.depth.value]]

    def arguments(self) -> tuple[Value, ...]:
        """Return the layers."""
        return (self._layers(),)

    def problem(self, result: Value) -> str | None:
        """Say why a result is not (size, jump, start)."""
        if (
            isinstance(result, tuple | list)
            and len(result) == 3
            and all(isinstance(entry, numbers.Real | np.integer) for entry in result)
        ):
            return None
        return f"Three numbers (size, jump, start) were expected, but got: {describe(result)}."

    def draw(self, result: Value) -> str:
        """Show the numbers, the layers, and the fields of the first three units as bars."""
        size, jump, start = map(float, result)
        fields = [(start + unit * jump, start + unit * jump + size - 1) for unit in range(3)]
        lowest = min(0.0, *(first for first, _ in fields))
        span = max(1.0, *(last for _, last in fields)) + 1 - lowest
        bars = "".join(
            f'<div>unit {unit}: pixels {number(first)} to {number(last)}<div style="height:.7em;'
            f"margin-left:{100 * (first - lowest) / span:.2f}%;"
            f"width:{max(100 * (last - first + 1) / span, 0):.2f}%;"
            f'background:{POSITIVE}"></div></div>'
            for unit, (first, last) in enumerate(fields)
        )
        edge = 100 * (0 - lowest) / span
        ruler = (
            f'<div style="margin-left:{edge:.2f}%;border-left:2px solid;padding-left:.3em">'
            "pixel 0; to the left of it lies the padding</div>"
        )
        rows = "".join(
            f"<tr><td>{at}</td>" + "".join(f"<td>{value}</td>" for value in layer) + "</tr>"
            for at, layer in enumerate(self._layers(), 1)
        )
        return (
            '<div style="font-size:1.5em;line-height:1.4" role="status">'
            f"size {number(size)}, jump {number(jump)}, start {number(start)}</div>"
            f'<div style="max-width:420px;line-height:1.5">{bars}{ruler}</div>'
            '<table style="text-align:right;border-spacing:1em .1em"><caption '
            f'style="text-align:left">{html.escape(self.stack.value)}</caption><thead><tr>'
            "<th>layer</th><th>kernel</th><th>stride</th><th>padding</th></tr></thead>"
            f"<tbody>{rows}</tbody></table>"
        )


class FieldExplorer(Explorer):
    """How strongly each pixel of a picture moves one unit of a map.

    ``fn(f, x, i, j, h)`` returns a map of the picture's shape.
    """

    options: FieldOptions
    prompts: ClassVar[tuple[str, ...]] = (
        "Five layers can see 11 × 11 pixels. How many of them matter?",
        "Move the unit to a border. What happens to its field?",
        "Edges, then ReLU: find a unit that no pixel moves. What does the picture show there?",
    )

    def build(self) -> list[widgets.Widget]:
        """Make the controls."""
        self._functions = dict(self.options.functions or FIELD_FUNCTIONS)
        size = self.options.size
        names = list(self.options.pictures or GRAY_PICTURES)
        chosen = list(self._functions)
        self.chosen = widgets.Dropdown(
            options=chosen, value=chosen[min(1, len(chosen) - 1)], description="f"
        )
        self.picture = PictureChoice(names, self.options.size, self.change_together)
        self.row = whole_slider("row i", size // 2, 0, size - 1)
        self.column = whole_slider("column j", size // 2, 0, size - 1)
        controls = [self.chosen, self.row, self.column]
        self.watch(self.picture.menu, *controls)
        return [self.chosen, self.picture.widget, self.row, self.column]

    def arguments(self) -> tuple[Value, ...]:
        """Return f, the picture, the unit and the step."""
        x = self.picture.gray
        return self._functions[self.chosen.value], x, self.row.value, self.column.value, 0.01

    def problem(self, result: Value) -> str | None:
        """Say why a result is not a map."""
        return map_problem(result, axes=2)

    def draw(self, result: Value) -> str:
        """Show the picture, the map with its unit marked, and the field."""
        f, x, i, j, _ = self.arguments()
        answer = np.asarray(f(x), dtype=float)
        colors = signed_colors(answer, float(np.abs(answer).max()))
        colors[i, j] = (224, 0, 140)
        field: Array = np.asarray(result, dtype=float)
        largest = float(np.abs(field).max())
        moving = int((np.abs(field) > 1e-6 * (largest or 1.0)).sum()) if largest else 0
        pixels = "1 pixel moves" if moving == 1 else f"{moving} pixels move"
        figures = [
            figure(picture_colors(x), "x", self.picture.words, 170),
            figure(colors, f"f(x), unit ({i}, {j}) in pink", "The map with the unit marked", 170),
            figure(
                signed_colors(field, largest),
                f"the answer of your function: {pixels} the unit, the largest number is "
                f"{number(largest)}",
                f"The field of unit {i}, {j}: {pixels} it",
                170,
            ),
        ]
        return "".join(figures)

"""Explorers over functions of numbers, and over functions that take a function."""

from __future__ import annotations

import html
import numbers
from typing import ClassVar

import ipywidgets as widgets
import numpy as np

from autograder.student.explorers.base import Explorer, signed_maps, whole_slider
from autograder.student.explorers.drawing import figure, number, picture_colors
from autograder.student.explorers.options import ShiftOptions, ValuesOptions
from autograder.student.explorers.picture_choice import PictureChoice
from autograder.student.explorers.pictures import GRAY_PICTURES
from autograder.values import Formula, Value, describe


class ValuesExplorer(Explorer):
    """A function of numbers: sliders, the result, and the last tries.

    ``fn`` takes and returns numbers.
    """

    options: ValuesOptions
    rows: ClassVar[int] = 6
    prompts: ClassVar[tuple[str, ...]] = (
        "Move one slider at a time. Which one changes the result most?",
    )

    def build(self) -> list[widgets.Widget]:
        """Make one slider per parameter."""
        ranges = self.options.ranges
        self.sliders = {}
        for name, first in self.first_case.items():
            lowest, highest = ranges.get(name, (1, 64))
            whole = isinstance(lowest, int) and isinstance(highest, int)
            kind = widgets.IntSlider if whole else widgets.FloatSlider
            start = first if isinstance(first, int | float) else lowest
            self.sliders[name] = kind(
                value=min(max(start, lowest), highest),
                min=lowest,
                max=highest,
                description=name,
                continuous_update=False,
            )
        self.watch(*self.sliders.values())
        self._tries: list[tuple[tuple[Value, ...], str]] = []
        return list(self.sliders.values())

    def arguments(self) -> tuple[Value, ...]:
        """Return the numbers of the sliders."""
        return tuple(slider.value for slider in self.sliders.values())

    def problem(self, result: Value) -> str | None:
        """Say why a result is not a number."""
        if isinstance(result, np.ndarray) and result.ndim == 0:
            return None
        if isinstance(result, numbers.Number | np.generic | str):
            return None
        return f"A number was expected, but the result is: {describe(result)}."

    def draw(self, result: Value) -> str:
        """Show the result and the last tries, the newest on top."""
        plain = result.item() if isinstance(result, np.generic | np.ndarray) else result
        text = f"{plain:,}" if isinstance(plain, int) else str(plain)
        self._tries = [(self.arguments(), text), *self._tries][: self.rows]
        head = "".join(f"<th>{html.escape(name)}</th>" for name in self.sliders)
        rows = "".join(
            "<tr>"
            + "".join(f"<td>{value}</td>" for value in (*values, html.escape(outcome)))
            + "</tr>"
            for values, outcome in self._tries
        )
        return (
            f'<div style="font-size:2em;line-height:1.3" role="status">{html.escape(text)}</div>'
            f'<table style="text-align:right;border-spacing:1em .1em"><caption '
            f'style="text-align:left">your last tries</caption><thead><tr>{head}<th>result</th>'
            f"</tr></thead><tbody>{rows}</tbody></table>"
        )


SHIFT_FUNCTIONS = {
    "edge filter": Formula(("x",), "x - np.roll(x, 1, axis=1)"),
    "blur": Formula(
        ("x",), "sum(np.roll(x, (i, j), axis=(0, 1)) for i in range(3) for j in range(3)) / 9"
    ),
    "threshold": Formula(("x",), "np.where(x > 0.5, 1.0, 0.0)"),
    "fade to the right": Formula(("x",), "x * np.linspace(1, 0, x.shape[1])"),
    "mirror": Formula(("x",), "x[:, ::-1]"),
}
"""The functions that the kind "shift" offers by default: three that commute, two that do not."""


class ShiftExplorer(Explorer):
    """How far a function is from commuting with a shift: pictures, and the student's number.

    ``fn(f, x, dy, dx)`` returns a number.
    """

    options: ShiftOptions
    prompts: ClassVar[tuple[str, ...]] = (
        "Which functions give 0 for every shift?",
        "Find the shift at which the error of a function is largest.",
    )

    def build(self) -> list[widgets.Widget]:
        """Make the controls."""
        self._functions = dict(self.options.functions or SHIFT_FUNCTIONS)
        names = list(self.options.pictures or GRAY_PICTURES)
        self.chosen = widgets.Dropdown(options=list(self._functions), description="f")
        self.picture = PictureChoice(names, self.options.size, self.change_together)
        self.dy = self._shift("dy (down)")
        self.dx = self._shift("dx (right)")
        self.dx.value = 8
        controls = [self.chosen, self.dy, self.dx]
        self.watch(self.picture.menu, *controls)
        return [self.chosen, self.picture.widget, self.dy, self.dx]

    @staticmethod
    def _shift(name: str) -> widgets.IntSlider:
        return whole_slider(name, 0, 0, 20)

    def arguments(self) -> tuple[Value, ...]:
        """Return f, the picture and the shift."""
        x = self.picture.gray
        return self._functions[self.chosen.value], x, self.dy.value, self.dx.value

    def problem(self, result: Value) -> str | None:
        """Say why a result is not a number."""
        if isinstance(result, numbers.Real) or (
            isinstance(result, np.ndarray) and result.ndim == 0 and result.dtype.kind in "iuf"
        ):
            return None
        return f"A number was expected, but the result is: {describe(result)}."

    def draw(self, result: Value) -> str:
        """Show the number, the picture before and after the shift, and f of both."""
        f, x, dy, dx = self.arguments()
        moved = np.roll(x, (dy, dx), axis=(0, 1))
        answers = [np.asarray(f(x), dtype=float), np.asarray(f(moved), dtype=float)]
        pictures = "".join(
            figure(picture_colors(pixels), caption, caption, width=150)
            for pixels, caption in ((x, "x"), (moved, "x, shifted"))
        )
        return (
            f'<div style="font-size:2em;line-height:1.3" role="status">'
            f"{number(float(result))}</div>"
            f"<div>{pictures}</div>"
            + signed_maps(answers, ["f of x", "f of x, shifted"], relu=False, width=150)
        )

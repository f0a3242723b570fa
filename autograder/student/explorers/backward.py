"""Explorers over backward functions: where a gradient goes, and what it is made of."""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import ClassVar

import ipywidgets as widgets
import numpy as np

from autograder.student.explorers.base import (
    Array,
    Explorer,
    map_problem,
    slider,
    whole_slider,
)
from autograder.student.explorers.drawing import (
    EDGE,
    POSITIVE,
    figure,
    number,
    picture_colors,
    scale_bar,
    signed_colors,
)
from autograder.student.explorers.filter_editor import FilterEditor
from autograder.student.explorers.filters import FILTERS
from autograder.student.explorers.options import (
    ConvBackwardOptions,
    PoolBackwardOptions,
    SlopeOptions,
)
from autograder.student.explorers.picture_choice import PictureChoice
from autograder.student.explorers.pictures import PICTURES
from autograder.values import Formula, Value, describe

SLOPE_FUNCTIONS = {
    "square": Formula(("x",), "np.sum(x * x)"),
    "cube": Formula(("x",), "np.sum(x * x * x)"),
    "sine": Formula(("x",), "np.sum(np.sin(2 * x))"),
    "ReLU": Formula(("x",), "np.sum(np.maximum(x, 0))"),
    "absolute value": Formula(("x",), "np.sum(np.abs(x))"),
}
"""The functions of one number that the kind "slope" offers by default."""


def _middle(shape: tuple[int, int]) -> Array:
    dout = np.zeros(shape)
    dout[shape[0] // 2, shape[1] // 2] = 1.0
    return dout


def _halves(shape: tuple[int, int]) -> Array:
    dout = np.ones(shape)
    dout[(shape[0] + 1) // 2 :] = -1.0
    return dout


UPSTREAM: dict[str, Callable[[tuple[int, int]], Array]] = {
    "one output in the middle": _middle,
    "all ones": np.ones,
    "ones above, minus ones below": _halves,
}
"""The upstream gradients that the kinds "pool backward" and "conv backward" offer."""


def _signed(values: Array, title: str, width: int) -> str:
    """Return a signed map with its extent, and the scale of its colors."""
    scale = float(np.abs(values).max())
    extent = f"{number(float(values.min()))} to {number(float(values.max()))}"
    shape = " × ".join(map(str, values.shape))
    caption = f"{title}, {shape}: {extent}, sum {number(float(values.sum()))}"
    return figure(signed_colors(values, scale), caption, f"Signed map: {caption}", width)


def _picture_and_places(words: str, dout: Array, x: Array) -> str:
    """Return the picture, with the sizes of picture and upstream gradient below it."""
    sizes = " × ".join(map(str, x.shape[2:])), " × ".join(map(str, dout.shape[2:]))
    caption = f"x, {sizes[0]}; dout has {sizes[1]} numbers"
    return figure(picture_colors(x[0, 0]), caption, words, 200)


class SlopeExplorer(Explorer):
    """A function of one number, and a line with the slope that the student's function measures.

    ``fn(f, x, h)`` returns the gradient of f at x.
    """

    options: SlopeOptions
    prompts: ClassVar[tuple[str, ...]] = (
        "Choose the cube and make h larger. Does the line still touch the curve's direction at x?",
        "Does the size of h matter for the square? Look at the formula and say why.",
        "Choose ReLU and bring x closer to 0 than h. Which slope is measured at the kink?",
    )
    reach: ClassVar[float] = 2.0

    def build(self) -> list[widgets.Widget]:
        """Make the controls."""
        self._functions = dict(self.options.functions or SLOPE_FUNCTIONS)
        self.chosen = widgets.Dropdown(options=list(self._functions), description="f")
        self.x = slider("x", 0.75, -self.reach, self.reach, 0.05)
        self.h = slider("h", 0.5, 0.05, 1.0, 0.05)
        controls = [self.chosen, self.x, self.h]
        self.watch(*controls)
        return controls

    def arguments(self) -> tuple[Value, ...]:
        """Return f, x as an array of one element, and h."""
        return self._functions[self.chosen.value], np.array([self.x.value]), self.h.value

    def problem(self, result: Value) -> str | None:
        """Say why a result is not a gradient of one element."""
        problem = map_problem(result, axes=1)
        if problem is None and result.shape != (1,):
            return f"An array of shape (1,) was expected, but the shape is {result.shape}."
        return problem

    def draw(self, result: Value) -> str:
        """Show the slope as a number and as a line on the curve."""
        f, x, h = self.arguments()
        at, slope = float(x[0]), float(result[0])
        places = np.linspace(-self.reach - 1, self.reach + 1, 241)
        heights = [float(f(np.array([place]))) for place in places]
        here = float(f(x))
        low, high = min(heights), max(heights)
        ends = [(at + side, here + side * slope) for side in (-1.0, 1.0)]
        marks = [(at + side, float(f(x + side))) for side in (-h, h)]

        def to_drawing(place: float, height: float) -> str:
            across = 300 * (place - places[0]) / (places[-1] - places[0])
            return f"{across:.1f},{190 - 180 * (height - low) / (high - low):.1f}"

        curve = " ".join(map(to_drawing, places, heights))
        line = " ".join(to_drawing(*end) for end in ends)
        dots = "".join(
            '<circle cx="{}" cy="{}" r="{}" fill="currentColor"/>'.format(
                *to_drawing(*point).split(","), radius
            )
            for point, radius in (((at, here), 5), (marks[0], 3), (marks[1], 3))
        )
        words = f"measured slope of the {self.chosen.value} at {number(at)}: {number(slope)}"
        return (
            f'<div style="font-size:2em;line-height:1.3" role="status">{number(slope)}</div>'
            f'<svg viewBox="0 0 300 200" width="330" role="img" aria-label="{html.escape(words)}" '
            f'style="overflow:hidden;border:1px solid {EDGE}">'
            f'<polyline points="{curve}" fill="none" stroke="currentColor" stroke-width="1.5"/>'
            f'<polyline points="{line}" fill="none" stroke="{POSITIVE}" stroke-width="3"/>'
            f"{dots}</svg><div>the curve, x (large dot), x − h and x + h (small dots), and "
            "a line with the measured slope</div>"
        )


class PoolBackwardExplorer(Explorer):
    """Where pooling sends the gradient: the picture, and the gradient of each of its pixels.

    ``fn(dout, x, size, stride)`` returns the gradient of x, (1, 1, H, W).
    """

    options: PoolBackwardOptions
    prompts: ClassVar[tuple[str, ...]] = (
        "One output in the middle: which pixels of the picture get its gradient?",
        "All ones: make the windows overlap. Which pixels collect most, and why?",
        "Compare the sum of the gradient with the number of windows.",
    )

    def build(self) -> list[widgets.Widget]:
        """Make the controls."""
        names = list(self.options.pictures or PICTURES)
        self.picture = PictureChoice(names, self.options.size, self.change_together)
        self.upstream = widgets.Dropdown(
            options=list(UPSTREAM), value="all ones", description="dout"
        )
        self.window = whole_slider("size", 3, 1, 6)
        self.stride = whole_slider("stride", 2, 1, 6)
        controls = [self.upstream, self.window, self.stride]
        self.watch(self.picture.menu, *controls)
        return [self.picture.widget, *controls]

    def arguments(self) -> tuple[Value, ...]:
        """Return the upstream gradient, a batch of one picture, size and stride."""
        x = self.picture.gray
        places = (len(x) - self.window.value) // self.stride.value + 1
        dout = UPSTREAM[self.upstream.value]((places, places))
        return dout[None, None], x[None, None], self.window.value, self.stride.value

    def problem(self, result: Value) -> str | None:
        """Say why a result is not a batch of one picture."""
        problem = map_problem(result, axes=4)
        if problem is None and result.shape[:2] != (1, 1):
            return f"One picture with one channel was expected, but the shape is {result.shape}."
        return problem

    def draw(self, result: Value) -> str:
        """Show the picture and its gradient."""
        pictures = _picture_and_places(self.picture.words, *self.arguments()[:2])
        dx = np.asarray(result[0, 0], dtype=float)
        return pictures + _signed(dx, "dx", 200) + scale_bar(float(np.abs(dx).max()))


class ConvBackwardExplorer(Explorer):
    """Backward through one filter: the gradients of the picture and of the filter.

    ``fn(dout, x, w, stride, padding)`` returns the gradients of picture, filter and bias.
    """

    options: ConvBackwardOptions
    prompts: ClassVar[tuple[str, ...]] = (
        "One output in the middle: where in dx do you find the filter? Is it turned?",
        "One output in the middle: which part of the picture do you see in dw?",
        "All ones: make the stride larger than the filter. Which pixels get nothing?",
        "Add padding. What does it change along the border of dx?",
    )

    def build(self) -> list[widgets.Widget]:
        """Make the controls."""
        names = list(self.options.pictures or PICTURES)
        self.picture = PictureChoice(names, self.options.size, self.change_together)
        self.upstream = widgets.Dropdown(options=list(UPSTREAM), description="dout")
        self.stride = whole_slider("stride", 1, 1, 4)
        self.padding = whole_slider("padding", 0, 0, 3)
        self.filter = FilterEditor(self.options.presets or FILTERS, self.change_together)
        controls = [self.upstream, self.stride, self.padding]
        self.watch(self.picture.menu, *controls)
        return [self.picture.widget, *controls, self.filter.widget]

    def arguments(self) -> tuple[Value, ...]:
        """Return the upstream gradient, a batch of one picture, one filter, stride, padding."""
        x = self.picture.gray
        w, stride, padding = self.filter.value, self.stride.value, self.padding.value
        places = (len(x) + 2 * padding - len(w)) // stride + 1
        dout = UPSTREAM[self.upstream.value]((places, places))
        return dout[None, None], x[None, None], w[None, None], stride, padding

    def problem(self, result: Value) -> str | None:
        """Say why a result is not the three gradients."""
        if not isinstance(result, tuple | list) or len(result) != 3:
            return f"Three gradients were expected, but the result is: {describe(result)}."
        return map_problem(result[0], axes=4) or map_problem(result[1], axes=4)

    def draw(self, result: Value) -> str:
        """Show the picture and the gradients of picture and filter, each in its own scale."""
        pictures = _picture_and_places(self.picture.words, *self.arguments()[:2])
        dx, dw = (np.asarray(part, dtype=float)[0, 0] for part in result[:2])
        return (
            pictures
            + _signed(dx, "dx", 200)
            + _signed(dw, "dw", 120)
            + "<div>Blue is negative, white zero, orange positive. Each map has colors of its own."
            "</div>"
        )

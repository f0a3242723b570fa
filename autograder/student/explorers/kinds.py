"""The kinds of explorers. What each needs and offers is written in the package's docstring."""

from __future__ import annotations

import html
import numbers
from typing import Any, ClassVar

import ipywidgets as widgets
import numpy as np

from autograder.student.explorers import trained_network, training
from autograder.student.explorers.backward import (
    ConvBackwardExplorer,
    PoolBackwardExplorer,
    ScoresExplorer,
    SlopeExplorer,
)
from autograder.student.explorers.base import (
    Array,
    Explorer,
    PictureExplorer,
    map_problem,
    slider,
    whole_slider,
)
from autograder.student.explorers.drawing import (
    figure,
    number,
    picture_colors,
    scale_bar,
    signed_colors,
)
from autograder.student.explorers.filters import COLOR_FILTERS, FILTERS, FilterEditor
from autograder.student.explorers.layers import (
    ActivationExplorer,
    NetworkExplorer,
    PoolExplorer,
)
from autograder.student.explorers.padding_stride import (
    FieldExplorer,
    PaddingExplorer,
    StackExplorer,
)
from autograder.student.explorers.pictures import picture
from autograder.values import Formula, Value, describe


class FilterExplorer(PictureExplorer):
    """One picture, one filter, one response map."""

    prompts: ClassVar[tuple[str, ...]] = (
        "Move the brightness. Which filters answer, and which do not? Add up their entries.",
        "Add noise, then compare an edge filter with the blur.",
        "Shift the picture. What does the map do?",
        "Type a filter of your own that answers to one line of the picture only.",
    )

    def build(self) -> list[widgets.Widget]:
        """Make the controls."""
        self.filter = FilterEditor(self.options.get("presets", FILTERS), self.change_together)
        self.relu = widgets.Checkbox(value=False, description="after ReLU", indent=True)
        self.watch(self.relu)
        return [*self.picture_controls(), self.filter.widget, self.relu]

    def arguments(self) -> tuple[Value, ...]:
        """Return the picture and the filter."""
        return self.shown_picture(), self.filter.value

    def problem(self, result: Value) -> str | None:
        """Say why a result is not a map."""
        return map_problem(result, axes=2)

    def draw(self, result: Value) -> str:
        """Show the picture and the map."""
        maps = _maps([result], ["the answer of your function"], self.relu.value)
        return self.picture_figure(self.shown_picture()) + maps


class BankExplorer(FilterExplorer):
    """One picture, one filter, several response maps."""

    shown_width: ClassVar[int] = 150
    prompts: ClassVar[tuple[str, ...]] = (
        "Which map answers most to the roof, and which to the wall?",
        "Maps 0 and 2 look alike. What is the difference? Switch on ReLU.",
        "Choose a filter whose four maps are all the same.",
    )

    def problem(self, result: Value) -> str | None:
        """Say why a result is not a stack of maps."""
        return map_problem(result, axes=3)

    def draw(self, result: Value) -> str:
        """Show the picture and the maps."""
        titles = list(self.options.get("titles", ()))
        titles += [f"map {i}" for i in range(len(titles), len(result))]
        maps = _maps(list(result), titles, self.relu.value, self.shown_width)
        return self.picture_figure(self.shown_picture()) + maps


class CornerExplorer(PictureExplorer):
    """One picture, two filters, one map; its strongest places are marked in the picture."""

    default_picture: ClassVar[str] = "letter F"
    prompts: ClassVar[tuple[str, ...]] = (
        "Which corners are found, and which are not? Look at the signs of the two filters.",
        "Change both filters so that the opposite corner is found.",
        "Choose the picture with the shapes. Which marked places are no corners, and why?",
    )

    def build(self) -> list[widgets.Widget]:
        """Make the controls."""
        presets = self.options.get("presets", FILTERS)
        first, second = self.options.get("first", tuple(presets)[:2])
        self.first = FilterEditor(presets, self.change_together, "filter 1", first)
        self.second = FilterEditor(presets, self._change_second, "filter 2", second)
        self.first.size.observe(self._same_size, names="value")
        self.second.size.layout.display = "none"  # both have the size of the first
        self.threshold = slider("threshold", 0.7, 0.05, 1.0, 0.05)
        self.watch(self.threshold)
        return [*self.picture_controls(), self.first.widget, self.second.widget, self.threshold]

    def _same_size(self, change: dict[str, Any]) -> None:
        self.second.size.value = change["new"]

    def _change_second(self, change: Any) -> None:
        def apply() -> None:
            change()
            self.first.size.value = self.second.size.value

        self.change_together(apply)

    def arguments(self) -> tuple[Value, ...]:
        """Return the picture and the two filters."""
        return self.shown_picture(), self.first.value, self.second.value

    def problem(self, result: Value) -> str | None:
        """Say why a result is not a map."""
        return map_problem(result, axes=2)

    def draw(self, result: Value) -> str:
        """Show the picture with the strongest places marked, and the map."""
        shown = self.shown_picture()
        pixels = picture_colors(shown)
        strongest = float(result.max())
        marked = (result >= self.threshold.value * strongest) & (result > 0)
        top = (shown.shape[0] - result.shape[0]) // 2
        left = (shown.shape[1] - result.shape[1]) // 2
        inside = pixels[top : top + result.shape[0], left : left + result.shape[1]]
        wide = marked.copy()  # a cross per place: a single pixel is easily overlooked
        wide[1:] |= marked[:-1]
        wide[:-1] |= marked[1:]
        wide[:, 1:] |= marked[:, :-1]
        wide[:, :-1] |= marked[:, 1:]
        inside[wide] = (224, 0, 140)
        count = int(marked.sum())
        places = "1 place" if count == 1 else f"{count} places"
        caption = (
            f"pink: {places} where the answer reaches {self.threshold.value:.0%} of the largest"
        )
        return figure(
            pixels, caption, f"The picture {self.picture.value} with {places} marked"
        ) + _maps([result], ["the answer of your function"], relu=False)


class LayerExplorer(PictureExplorer):
    """A color picture through a layer of several filters, each with a bias."""

    color: ClassVar[bool] = True
    size: ClassVar[int] = 40
    shown_width: ClassVar[int] = 150
    default_picture: ClassVar[str] = "balls"
    prompts: ClassVar[tuple[str, ...]] = (
        "Choose the filters so that each map finds one of the balls.",
        "Lower a bias until ReLU leaves only the ball. What does the bias do to a map?",
        "A filter over three channels gives one map. Where has the color gone?",
    )

    def build(self) -> list[widgets.Widget]:
        """Make the controls."""
        presets = self.options.get("presets", COLOR_FILTERS)
        self._presets = {key: np.array(rows, dtype=float) for key, rows in presets.items()}
        names = list(self._presets)
        self.filters = []
        self.biases = []
        for i in range(int(self.options.get("filters", 3))):
            self.filters.append(
                widgets.Dropdown(
                    options=names, value=names[i % len(names)], description=f"filter {i}"
                )
            )
            self.biases.append(slider(f"bias {i}", 0.0, -1.0, 1.0, 0.05))
        self.relu = widgets.Checkbox(value=False, description="after ReLU", indent=True)
        self.watch(*self.filters, *self.biases, self.relu)
        pairs = [one for pair in zip(self.filters, self.biases, strict=True) for one in pair]
        return [*self.picture_controls(), *pairs, self.relu]

    def arguments(self) -> tuple[Value, ...]:
        """Return a batch of one image, the filters and the biases."""
        filters = np.stack([self._presets[one.value] for one in self.filters])
        biases = np.array([one.value for one in self.biases], dtype=float)
        return self.shown_picture()[None], filters, biases

    def problem(self, result: Value) -> str | None:
        """Say why a result is not a batch of maps."""
        return map_problem(result, axes=4)

    def draw(self, result: Value) -> str:
        """Show the picture and one map per filter."""
        titles = [f"map {i}: {one.value}" for i, one in enumerate(self.filters)]
        titles += [f"map {i}" for i in range(len(titles), result.shape[1])]
        maps = _maps(list(result[0]), titles, self.relu.value, self.shown_width)
        return self.picture_figure(self.shown_picture()) + maps


class StridedLayerExplorer(LayerExplorer):
    """As "layer", with stride and padding."""

    prompts: ClassVar[tuple[str, ...]] = (
        "Raise the stride. What is lost, and what is still there?",
        "Choose a filter for edges, and pad. Which edges are not in the picture?",
        "Find two settings of stride and padding with maps of the same size.",
    )

    def build(self) -> list[widgets.Widget]:
        """Make the controls."""
        self.stride = whole_slider("stride", 1, 1, 5)
        self.padding = whole_slider("padding", 1, 0, 4)
        self.watch(self.stride, self.padding)
        return [self.stride, self.padding, *super().build()]

    def arguments(self) -> tuple[Value, ...]:
        """Return a batch of one image, the filters, the biases, the stride and the padding."""
        return *super().arguments(), self.stride.value, self.padding.value


class ValuesExplorer(Explorer):
    """A function of numbers: sliders, the result, and the last tries."""

    kept = 6
    prompts: ClassVar[tuple[str, ...]] = (
        "Move one slider at a time. Which one changes the result most?",
    )

    def build(self) -> list[widgets.Widget]:
        """Make one slider per parameter."""
        ranges = self.options.get("ranges", {})
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
        return tuple(one.value for one in self.sliders.values())

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
        self._tries = [(self.arguments(), text), *self._tries][: self.kept]
        head = "".join(f"<th>{html.escape(name)}</th>" for name in self.sliders)
        rows = "".join(
            "<tr>" + "".join(f"<td>{value}</td>" for value in (*values, shown)) + "</tr>"
            for values, shown in ((v, html.escape(s)) for v, s in self._tries)
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
    """How far a function is from commuting with a shift: pictures, and the student's number."""

    prompts: ClassVar[tuple[str, ...]] = (
        "Which functions give 0 for every shift?",
        "Find the shift at which the error of a function is largest.",
    )

    def build(self) -> list[widgets.Widget]:
        """Make the controls."""
        self._functions = dict(self.options.get("functions", SHIFT_FUNCTIONS))
        names = list(self.options.get("pictures", ("house", "letter F", "shapes", "stripes")))
        self.chosen = widgets.Dropdown(options=list(self._functions), description="f")
        self.picture = widgets.Dropdown(options=names, description="picture")
        self.dy = self._shift("dy (down)")
        self.dx = self._shift("dx (right)")
        self.dx.value = 8
        controls = [self.chosen, self.picture, self.dy, self.dx]
        self.watch(*controls)
        return controls

    @staticmethod
    def _shift(name: str) -> widgets.IntSlider:
        return whole_slider(name, 0, 0, 20)

    def arguments(self) -> tuple[Value, ...]:
        """Return f, the picture and the shift."""
        shown = picture(self.picture.value, int(self.options.get("size", 56)))
        return self._functions[self.chosen.value], shown, self.dy.value, self.dx.value

    def problem(self, result: Value) -> str | None:
        """Say why a result is not a number."""
        if isinstance(result, numbers.Real) or (
            isinstance(result, np.ndarray) and result.ndim == 0 and result.dtype.kind in "iuf"
        ):
            return None
        return f"A number was expected, but the result is: {describe(result)}."

    def draw(self, result: Value) -> str:
        """Show the number, the picture before and after the shift, and f of both."""
        f, shown, dy, dx = self.arguments()
        moved = np.roll(shown, (dy, dx), axis=(0, 1))
        answers = [np.asarray(f(shown), dtype=float), np.asarray(f(moved), dtype=float)]
        pictures = "".join(
            figure(picture_colors(one), caption, caption, width=150)
            for one, caption in ((shown, "x"), (moved, "x, shifted"))
        )
        return (
            f'<div style="font-size:2em;line-height:1.3" role="status">'
            f"{number(float(result))}</div>"
            f"<div>{pictures}</div>"
            + _maps(answers, ["f of x", "f of x, shifted"], relu=False, width=150)
        )


def _maps(maps: list[Array], titles: list[str], relu: bool, width: int = 200) -> str:
    """Show signed maps, all in the same colors, with their smallest and largest values."""
    shown = [np.asarray(one, dtype=float) for one in maps]
    if relu:
        shown = [np.maximum(one, 0) for one in shown]
    scale = max(float(np.abs(one).max()) for one in shown)
    figures = []
    for one, title in zip(shown, titles, strict=False):
        height, across = one.shape
        extent = f"{number(float(one.min()))} to {number(float(one.max()))}"
        figures.append(
            figure(
                signed_colors(one, scale),
                f"{title}, {height} × {across}: {extent}",
                f"Signed map: {title}, values from {extent}",
                width,
            )
        )
    return "".join(figures) + scale_bar(scale)


KINDS: dict[str, type[Explorer]] = {
    "filter": FilterExplorer,
    "bank": BankExplorer,
    "corner": CornerExplorer,
    "layer": LayerExplorer,
    "strided layer": StridedLayerExplorer,
    "padding": PaddingExplorer,
    "stack": StackExplorer,
    "field": FieldExplorer,
    "values": ValuesExplorer,
    "shift": ShiftExplorer,
    "pool": PoolExplorer,
    "activation": ActivationExplorer,
    "network": NetworkExplorer,
    "slope": SlopeExplorer,
    "pool backward": PoolBackwardExplorer,
    "conv backward": ConvBackwardExplorer,
    "scores": ScoresExplorer,
    **training.KINDS,
    **trained_network.KINDS,
}
"""The explorers by the name that ``Problem.explorer["kind"]`` gives."""

"""Explorers over filters: one, several, two that find corners, a layer over colors."""

from __future__ import annotations

import itertools
from typing import Any, ClassVar

import ipywidgets as widgets
import numpy as np

from autograder.student.explorers.base import (
    PictureExplorer,
    map_problem,
    signed_maps,
    slider,
    whole_slider,
)
from autograder.student.explorers.drawing import figure, picture_colors
from autograder.student.explorers.filter_editor import FilterEditor
from autograder.student.explorers.filters import COLOR_FILTERS, FILTERS
from autograder.student.explorers.options import (
    BankOptions,
    CornerOptions,
    FilterOptions,
    LayerOptions,
)
from autograder.values import Value


class FilterExplorer(PictureExplorer):
    """One picture, one filter, one response map.

    ``fn(x, w)`` returns one map.
    """

    options: FilterOptions
    prompts: ClassVar[tuple[str, ...]] = (
        "Move the brightness. Which filters answer, and which do not? Add up their entries.",
        "Add noise, then compare an edge filter with the blur.",
        "Shift the picture. What does the map do?",
        "Type a filter of your own that answers to one line of the picture only.",
    )

    def build(self) -> list[widgets.Widget]:
        """Make the controls."""
        self.filter = FilterEditor(self.options.presets or FILTERS, self.change_together)
        self.relu = widgets.Checkbox(value=False, description="after ReLU", indent=True)
        self.watch(self.relu)
        return [*self.picture_controls(), self.filter.widget, self.relu]

    def arguments(self) -> tuple[Value, ...]:
        """Return the picture and the filter."""
        return self.current_picture(), self.filter.value

    def problem(self, result: Value) -> str | None:
        """Say why a result is not a map."""
        return map_problem(result, axes=2)

    def draw(self, result: Value) -> str:
        """Show the picture and the map."""
        maps = signed_maps([result], ["the answer of your function"], self.relu.value)
        return self.picture_figure(self.current_picture()) + maps


class BankExplorer(FilterExplorer):
    """One picture, one filter, several response maps.

    ``fn(x, w)`` returns several maps, shape (K, H', W').
    """

    options: BankOptions
    figure_width: ClassVar[int] = 150
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
        titles = list(self.options.titles)
        titles += [f"map {i}" for i in range(len(titles), len(result))]
        maps = signed_maps(list(result), titles, self.relu.value, self.figure_width)
        return self.picture_figure(self.current_picture()) + maps


class CornerExplorer(PictureExplorer):
    """One picture, two filters, one map; its strongest places are marked in the picture.

    ``fn(x, w1, w2)`` returns one map.
    """

    options: CornerOptions
    default_picture: ClassVar[str] = "letter F"
    prompts: ClassVar[tuple[str, ...]] = (
        "Which corners are found, and which are not? Look at the signs of the two filters.",
        "Change both filters so that the opposite corner is found.",
        "Choose the picture with the shapes. Which marked places are no corners, and why?",
    )

    def build(self) -> list[widgets.Widget]:
        """Make the controls."""
        presets = self.options.presets or FILTERS
        first, second = self.options.first or tuple(presets)[:2]
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
        return self.current_picture(), self.first.value, self.second.value

    def problem(self, result: Value) -> str | None:
        """Say why a result is not a map."""
        return map_problem(result, axes=2)

    def draw(self, result: Value) -> str:
        """Show the picture with the strongest places marked, and the map."""
        values = self.current_picture()
        pixels = picture_colors(values)
        strongest = float(result.max())
        marked = (result >= self.threshold.value * strongest) & (result > 0)
        top = (values.shape[0] - result.shape[0]) // 2
        left = (values.shape[1] - result.shape[1]) // 2
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
        return figure(pixels, caption, f"{self.picture.words} with {places} marked") + signed_maps(
            [result], ["the answer of your function"], relu=False
        )


class LayerExplorer(PictureExplorer):
    """A color picture through a layer of several filters, each with a bias.

    ``fn(x, w, b)`` for images (1, 3, H, W), filters (F, 3, HH, WW) and biases (F,).
    """

    options: LayerOptions
    color: ClassVar[bool] = True
    figure_width: ClassVar[int] = 150
    default_picture: ClassVar[str] = "balls"
    prompts: ClassVar[tuple[str, ...]] = (
        "Choose the filters so that each map finds one of the balls.",
        "Lower a bias until ReLU leaves only the ball. What does the bias do to a map?",
        "A filter over three channels gives one map. Where has the color gone?",
    )

    def build(self) -> list[widgets.Widget]:
        """Make the controls."""
        presets = self.options.presets or COLOR_FILTERS
        self._presets = {key: np.array(rows, dtype=float) for key, rows in presets.items()}
        names = list(self._presets)
        self.filters = []
        self.biases = []
        for i in range(self.options.filters):
            self.filters.append(
                widgets.Dropdown(
                    options=names, value=names[i % len(names)], description=f"filter {i}"
                )
            )
            self.biases.append(slider(f"bias {i}", 0.0, -1.0, 1.0, 0.05))
        self.relu = widgets.Checkbox(value=False, description="after ReLU", indent=True)
        self.watch(*self.filters, *self.biases, self.relu)
        pairs = zip(self.filters, self.biases, strict=True)
        return [*self.picture_controls(), *itertools.chain.from_iterable(pairs), self.relu]

    def arguments(self) -> tuple[Value, ...]:
        """Return a batch of one image, the filters and the biases."""
        filters = np.stack([self._presets[choice.value] for choice in self.filters])
        biases = np.array([bias.value for bias in self.biases], dtype=float)
        return self.current_picture()[None], filters, biases

    def problem(self, result: Value) -> str | None:
        """Say why a result is not a batch of maps."""
        return map_problem(result, axes=4)

    def draw(self, result: Value) -> str:
        """Show the picture and one map per filter."""
        titles = [f"map {i}: {choice.value}" for i, choice in enumerate(self.filters)]
        titles += [f"map {i}" for i in range(len(titles), result.shape[1])]
        maps = signed_maps(list(result[0]), titles, self.relu.value, self.figure_width)
        return self.picture_figure(self.current_picture()) + maps


class StridedLayerExplorer(LayerExplorer):
    """As "layer", with stride and padding.

    ``fn(x, w, b, stride, padding)``.
    """

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

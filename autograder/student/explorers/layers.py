"""The kinds of explorers over layers without filters, and over a network as a whole."""

from __future__ import annotations

import html
import math
from typing import Any, ClassVar

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
from autograder.student.explorers.drawing import (
    EDGE,
    figure,
    number,
    picture_colors,
    scale_bar,
    signed_colors,
)
from autograder.values import Value, describe


class PoolExplorer(PictureExplorer):
    """One gray picture, pooled.

    ``fn(x, size, stride)`` for a batch of one gray picture (1, 1, H, W).
    """

    prompts: ClassVar[tuple[str, ...]] = (
        "Make the window larger, with stride 1. What becomes of light things, what of dark ones?",
        "Stripes: which window makes them disappear?",
        "Add noise. Is the result brighter or darker than the picture, and why?",
        "Set the stride above the size of the window. What is missing from the result?",
    )

    def build(self) -> list[widgets.Widget]:
        """Make the controls."""
        self.window = whole_slider("size", 2, 1, 8)
        self.stride = whole_slider("stride", 2, 1, 8)
        self.watch(self.window, self.stride)
        return [*self.picture_controls(), self.window, self.stride]

    def arguments(self) -> tuple[Value, ...]:
        """Return a batch of one picture, the size and the stride of the window."""
        return self.current_picture()[None, None], self.window.value, self.stride.value

    def problem(self, result: Value) -> str | None:
        """Say why a result is not a batch of maps."""
        return map_problem(result, axes=4)

    def draw(self, result: Value) -> str:
        """Show the picture and what is left of it, in the same size."""
        pooled = np.asarray(result[0, 0], dtype=float)
        height, width = pooled.shape
        share = pooled.size / self.current_picture().size
        caption = f"pooled, {height} × {width}: {share:.0%} of the numbers"
        means = (number(float(pixels.mean())) for pixels in (self.current_picture(), pooled))
        return (
            self.picture_figure(self.current_picture())
            + figure(picture_colors(pooled), caption, caption, self.figure_width)
            + "<p>Mean brightness before and after: {} and {}.</p>".format(*means)
        )


class ActivationExplorer(PictureExplorer):
    """A map of edges with a bias, before and after the student's function.

    ``fn(x)`` returns an array of the shape of x.
    """

    figure_width: ClassVar[int] = 150
    prompts: ClassVar[tuple[str, ...]] = (
        "Which edges survive, and which are gone?",
        "Lower the bias. What happens to weak edges?",
        "Raise the bias until almost everything is positive. What does the function do now?",
    )

    def build(self) -> list[widgets.Widget]:
        """Make the controls."""
        self.bias = slider("bias", 0.0, -1.0, 1.0, 0.05)
        self.watch(self.bias)
        return [*self.picture_controls(), self.bias]

    def arguments(self) -> tuple[Value, ...]:
        """Return a batch of one map."""
        return (self._edges()[None, None],)

    def _edges(self) -> Array:
        pixels = self.current_picture()
        edges: Array = pixels[:, :-1] - pixels[:, 1:] + self.bias.value
        return edges

    def problem(self, result: Value) -> str | None:
        """Say why a result is not a batch of maps."""
        return map_problem(result, axes=4)

    def draw(self, result: Value) -> str:
        """Show the picture, and the map before and after, in the same colors."""
        before, after = self._edges(), np.asarray(result[0, 0], dtype=float)
        scale = float(max(np.abs(before).max(), np.abs(after).max()))
        figures = self.picture_figure(self.current_picture())
        for values, title in ((before, "edges, plus the bias"), (after, "the answer")):
            zeros = f"{title}: {np.mean(values == 0):.0%} are 0"
            figures += figure(signed_colors(values, scale), zeros, zeros, self.figure_width)
        return figures + scale_bar(scale)


class NetworkExplorer(Explorer):
    """A small network: its settings, and the shapes that the student's function finds.

    ``fn(spec)`` returns one shape per entry of a small network.
    """

    prompts: ClassVar[tuple[str, ...]] = (
        "Which setting changes the number of inputs of the last layer, and which does not?",
        "Find settings for which no pixel is lost at the right border.",
        "Take adaptive pooling to size 1. Then change the image. What stays as it is?",
    )

    def build(self) -> list[widgets.Widget]:
        """Make the controls."""
        self.settings = {
            "height": whole_slider("height", 32, 12, 64),
            "width": whole_slider("width", 40, 12, 64),
            "filters": whole_slider("filters", 8, 1, 64),
            "size": whole_slider("filter size", 5, 1, 7),
            "stride": whole_slider("stride", 1, 1, 3),
            "padding": whole_slider("padding", 0, 0, 3),
            "pool": whole_slider("pool size", 2, 1, 3),
            "pool_stride": whole_slider("pool stride", 2, 1, 3),
        }
        self.adaptive = widgets.Checkbox(value=False, description="adaptive pooling to 1")
        controls = [*self.settings.values(), self.adaptive]
        self.watch(*controls)
        return controls

    def spec(self) -> list[dict[str, Any]]:
        """Return the network that the controls describe."""
        chosen = {name: control.value for name, control in self.settings.items()}
        image = {"kind": "image", "channels": 3}
        image |= {name: chosen[name] for name in ("height", "width")}
        filters = {name: chosen[name] for name in ("size", "stride", "padding")}
        return [
            image,
            {"kind": "conv", "filters": chosen["filters"], **filters},
            {"kind": "relu"},
            {"kind": "max_pool", "size": chosen["pool"], "stride": chosen["pool_stride"]},
            *([{"kind": "adaptive_avg_pool", "size": 1}] if self.adaptive.value else []),
            {"kind": "flatten"},
            {"kind": "linear", "units": 10},
        ]

    def arguments(self) -> tuple[Value, ...]:
        """Return the network."""
        return (self.spec(),)

    def problem(self, result: Value) -> str | None:
        """Say why a result is not a list of shapes."""
        whole = (int, np.integer)
        if (
            isinstance(result, list | tuple)
            and len(result) == len(self.spec())
            and all(isinstance(shape, list | tuple) and shape for shape in result)
            and all(isinstance(side, whole) for shape in result for side in shape)
        ):
            return None
        return f"A list of one shape per entry was expected, but the result is: {describe(result)}."

    def draw(self, result: Value) -> str:
        """Show a table of the entries, their shapes, and how many numbers they hand on."""
        sizes = [math.prod(int(side) for side in shape) for shape in result]
        rows = ""
        for entry, shape, size in zip(self.spec(), result, sizes, strict=True):
            settings = ", ".join(f"{key} {value}" for key, value in entry.items() if key != "kind")
            sides = str(tuple(int(side) for side in shape))
            rows += (
                f"<tr><td>{html.escape(str(entry['kind']))}</td><td>{html.escape(settings)}</td>"
                f"<td>{sides}</td><td>{size:,}</td><td>{_bar(size / max(sizes))}</td></tr>"
            )
        return (
            '<table style="border-spacing:.8em .1em;text-align:left">'
            '<caption style="text-align:left">the shapes that your function returns</caption>'
            "<thead><tr><th>entry</th><th>settings</th><th>shape</th><th>numbers</th><th></th></tr></thead>"
            f"<tbody>{rows}</tbody></table>"
        )


def _bar(share: float) -> str:
    width = max(1, round(120 * share))
    style = f"display:inline-block;height:.8em;width:{width}px;background:{EDGE}"
    return f'<span style="{style}"></span>'

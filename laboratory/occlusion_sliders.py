"""Occlusion in a notebook: sliders move the patch, and the map follows.

Needs ipywidgets and a running kernel. The page "Hiding a part" of the book has a figure that needs
neither, with maps that were computed before.
"""

from __future__ import annotations

import html
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import ipywidgets as widgets
import numpy as np
import torch
from torch import Tensor

from autograder.student.explorers.base import whole_slider
from autograder.student.explorers.drawing import (
    figure,
    number,
    outline,
    picture_colors,
    scale_bar,
    signed_colors,
)
from laboratory.layers import must_be_ready
from laboratory.live_occlusion import LiveOcclusion
from laboratory.networks import Network
from laboratory.occlusion import Fill, Occlusion, filling

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]

LIVE = 100
"""A slider is followed while it moves if the last answer took less, in milliseconds."""

FILLS: dict[str, Fill] = {
    "mean color": "mean",
    "black": "zero",
    "white": "white",
    "blurred": "blur",
}
"""What may be seen through the patch: names for readers, and for ``occlusion.filling``."""

_WIDTH = 240  # of picture and map on the screen, in pixels
_MOST_PLACES = 56  # per axis of a map: with fewer pixels a step, a map takes seconds on a CPU
_DASH = 2  # pixels of the map and the picture; black and white in turn can be seen on every color


@dataclass(frozen=True)
class _Timed:
    """A map on the CPU, and how long it took, in milliseconds.

    planning: of the patch and the stride; 0 if that had been done before.
    """

    found: Occlusion
    milliseconds: float
    planning: float


class OcclusionSliders:
    """Controls over a patch on a picture; beside them the picture, the score and the whole map.

    ``widget`` is the whole; a notebook shows it if a cell ends with the object. ``map`` is the
    occlusion map that is shown, on the CPU, and ``scores`` holds the scores of all classes, shape
    (K,), for the patch where the sliders have it.

    The map is made of the places that the stride gives. The sliders reach every pixel: for the
    place that they name, the network is run once on the very picture that is shown. That costs one
    pass, where the nearest place of the map would be another question's answer. Moving the patch
    makes no new map, and neither does another class.
    """

    def __init__(
        self,
        network: Network,
        pictures: Tensor,
        labels: Sequence[int] | None = None,
        *,
        stride: int = 8,
        fill: Fill = "mean",
        delta_dtype: torch.dtype | None = None,
        kept: int = 4,
    ) -> None:
        """Make the controls and the first map, and put the patch where the score falls most.

        network: see ``networks.load_network``; the maps are computed on the device that it is on.
        pictures: normalized, shape (N, 3, H, W), as ``Network.prepare`` gives them.
        labels: what the pictures show, as positions in ``network.classes``; for their names only.
            The class that is asked about is at first the one that the network says.
        stride: of the map, in pixels.
        fill: what is seen through the patch, see ``occlusion.filling``.
        delta_dtype: see ``LiveOcclusion``; by default torch.float16 on a GPU, else torch.float32.
        kept: how many plans, each for one patch and stride, are kept for the next time. Where more
            than one is kept, they share the prepared weights; on a GPU, each keeps the memory that
            its map takes.

        Raises ValueError if pictures, labels, stride or kept are not such, or if the network is in
        training mode; UnsupportedLayerError if the network is no chain of layers.
        """
        must_be_ready(network.model)
        _check_pictures(pictures)
        names = _names(network, len(pictures), labels)
        if kept < 1:
            raise ValueError(f"At least 1 plan must be kept; {kept} was given.")
        if fill not in FILLS.values():
            raise ValueError(f"fill is one of {', '.join(FILLS.values())}; not {fill}.")
        height, width = pictures.shape[2:]
        shorter = min(height, width)
        least = -(-max(height, width) // _MOST_PLACES)
        most = max(shorter // 4, least)
        if not least <= stride <= most:
            raise ValueError(
                f"For pictures of {height} x {width} pixels, the stride is from {least} to {most}; "
                f"{stride} was given."
            )
        self._network = network
        self._device = network.device
        self._pictures = pictures.detach().to(self._device, torch.float32)
        self._type = delta_dtype or (
            torch.float16 if self._device.type == "cuda" else torch.float32
        )
        self._kept = kept
        self._plans: OrderedDict[tuple[int, int], LiveOcclusion] = OrderedDict()
        # JupyterLab may hand every control's messages to a thread of its own.
        self._one_at_a_time = threading.RLock()
        self._changing = False
        self._failure: str | None = None

        self.picture = widgets.Dropdown(
            options=[(name, i) for i, name in enumerate(names)], description="picture"
        )
        self.target = widgets.Dropdown(
            options=[(name, i) for i, name in enumerate(network.classes)], description="class"
        )
        self.fill = widgets.Dropdown(options=list(FILLS.items()), value=fill, description="filling")
        self.patch = whole_slider("patch", max(shorter // 6, 1), 1, shorter // 2)
        self.stride = whole_slider("stride", stride, least, most)
        self.row = whole_slider("row", 0, 0, height - self.patch.value)
        self.column = whole_slider("column", 0, 0, width - self.patch.value)
        self.view = widgets.HTML(layout={"flex": "1 1 240px", "min_width": "240px"})

        self._see()
        self.target.value = int(self._clean.argmax())
        self._make_map()
        if self._failure is None:
            self._go_where_it_falls_most()
        self._ask()
        self._draw()
        self._listen()
        controls = [
            self.picture,
            self.target,
            self.fill,
            self.patch,
            self.stride,
            self.row,
            self.column,
        ]
        self.widget = widgets.VBox(
            [
                widgets.HTML(
                    '<div style="line-height:1.45"><strong>Occlusion</strong><br>'
                    f"{html.escape(network.caption)}</div>"
                ),
                widgets.HBox(
                    [
                        widgets.VBox(controls, layout={"flex": "0 0 auto", "margin": "0 1em 0 0"}),
                        self.view,
                    ],
                    layout={"align_items": "flex-start", "overflow": "auto"},
                ),
            ]
        )

    def _repr_mimebundle_(self, **options: Any) -> Any:
        return self.widget._repr_mimebundle_(**options)

    @property
    def map(self) -> Occlusion:
        """The occlusion map that is shown, on the CPU.

        Raises RuntimeError if there is none, because the memory does not suffice.
        """
        if self._failure is not None:
            raise RuntimeError(self._failure)
        return self._timed.found

    @property
    def clean(self) -> Tensor:
        """The scores of the picture without patch, on the CPU, shape (K,)."""
        return self._clean

    # What follows when a control changes.

    def _listen(self) -> None:
        def follow(controls: Sequence[widgets.Widget], *steps: Callable[[], None]) -> None:
            def changed(_: object) -> None:
                with self._one_at_a_time:
                    if self._changing:
                        return  # by a step, which is followed by what it needs
                    self._changing = True
                    try:
                        for step in steps:
                            step()
                    finally:
                        self._changing = False
                    self._draw()

            for control in controls:
                control.observe(changed, names="value")

        follow([self.picture], self._see, self._ask_for_what_it_says, self._make_map, self._ask)
        follow([self.target])
        follow([self.fill], self._see, self._make_map, self._ask)
        follow([self.patch], self._limit, self._make_map, self._ask)
        follow([self.stride], self._make_map)
        follow([self.row, self.column], self._ask)

    def _see(self) -> None:
        """Take the picture and the filling that were chosen."""
        number_of_picture = self.picture.value
        self._x = self._pictures[number_of_picture : number_of_picture + 1]
        self._filling = filling(self._network, self._x, self.fill.value)
        self._clean = self._scores(self._x)

    def _ask_for_what_it_says(self) -> None:
        self.target.value = int(self._clean.argmax())

    def _limit(self) -> None:
        """Let the patch stay within the picture; where it would not, it is moved."""
        height, width = self._x.shape[2:]
        self.row.max = height - self.patch.value
        self.column.max = width - self.patch.value

    def _make_map(self) -> None:
        """Compute the map, and let the sliders of patch and stride be as live as it is fast."""
        self._failure = None
        try:
            self._timed = self._computed()
        except torch.OutOfMemoryError:
            self._failure = (
                f"There is not enough memory on {self._device_name()} for a map with a patch of "
                f"{self.patch.value} and a stride of {self.stride.value}. Choose a larger stride "
                "or a smaller patch."
            )
            live = False
        else:
            live = self._timed.milliseconds + self._timed.planning < LIVE
        self.patch.continuous_update = self.stride.continuous_update = live

    def _computed(self) -> _Timed:
        try:
            return self._map_by_plan()
        except torch.OutOfMemoryError:
            if not self._plans:
                raise
            self._plans.clear()  # what was kept for later may be in the way
        return self._map_by_plan()

    def _map_by_plan(self) -> _Timed:
        began = time.perf_counter()
        try:
            plan = self._plan()
            planned = time.perf_counter()
            found = plan(self._x, self._filling)
        except RuntimeError as error:
            # A GPU's allocator has an error of its own for this; that of the CPU has not.
            if "DefaultCPUAllocator" in str(error):
                raise torch.OutOfMemoryError(str(error)) from error
            raise
        # Copying also waits for the device.
        found = replace(found, logits=found.logits.cpu(), clean=found.clean.cpu())
        ended = time.perf_counter()
        return _Timed(found, 1e3 * (ended - planned), 1e3 * (planned - began))

    def _plan(self) -> LiveOcclusion:
        """Return the plan for this patch and stride, a new one if it is not kept."""
        key = self.patch.value, self.stride.value
        if key in self._plans:
            self._plans.move_to_end(key)
            return self._plans[key]
        while len(self._plans) >= self._kept:
            self._plans.popitem(last=False)  # first, so that the new one finds the memory
        known = next(iter(self._plans.values()), None)
        if known is not None:
            plan = known.again(patch=key[0], stride=key[1])
        else:
            plan = LiveOcclusion(
                self._network.model,
                (self._x.shape[1], self._x.shape[2], self._x.shape[3]),
                patch=key[0],
                stride=key[1],
                device=self._device,
                delta_dtype=self._type,
            )
        self._plans[key] = plan
        return plan

    def _ask(self) -> None:
        """Run the network on the picture with the patch where the sliders have it."""
        began = time.perf_counter()
        self._covered = self._x.clone()
        window = (..., *self._window())
        self._covered[window] = self._filling[window]
        self.scores = self._scores(self._covered)
        live = 1e3 * (time.perf_counter() - began) < LIVE
        self.row.continuous_update = self.column.continuous_update = live

    def _scores(self, x: Tensor) -> Tensor:
        with torch.inference_mode():
            scores: Tensor = self._network.model(x)[0].float().cpu()
        return scores

    def _window(self) -> tuple[slice, slice]:
        top, left, side = self.row.value, self.column.value, self.patch.value
        return slice(top, top + side), slice(left, left + side)

    def _go_where_it_falls_most(self) -> None:
        drop = self.map.drop(self.target.value)
        row, column = divmod(int(drop.argmax()), drop.shape[1])
        self.row.value, self.column.value = self.map.tops[row], self.map.lefts[column]

    # What is shown.

    def _draw(self) -> None:
        failure = self._failure
        map_or_why_not = (
            self._map_figure() if failure is None else _paragraph(failure, role="alert")
        )
        self.view.value = self._picture_figure() + map_or_why_not + self._words()

    def _class_name(self) -> str:
        return self._network.classes[self.target.value]

    def _picture_figure(self) -> str:
        image = self._network.unnormalize(self._covered)[0].cpu().numpy()
        pixels = _marked(picture_colors(image), self._window())
        side = self.patch.value
        where = f"row {self.row.value}, column {self.column.value}"
        return figure(
            pixels,
            f"picture {self.picture.label} with a patch of {side} × {side} pixels at {where}",
            f"Picture {self.picture.label}. A patch of {side} by {side} pixels, "
            f"{self.fill.label}, covers it from {where} on.",
            _WIDTH,
        )

    def _map_figure(self) -> str:
        drop = self.map.drop(self.target.value).numpy()
        rows, columns = drop.shape
        scale = float(np.abs(drop).max())
        # Large squares, so that a mark leaves the color of its square visible.
        side = max(_WIDTH // max(rows, columns), 3 * _DASH)
        here = _nearest(self.map.tops, self.row.value), _nearest(self.map.lefts, self.column.value)
        square = tuple(slice(i * side, (i + 1) * side) for i in here)
        pixels = signed_colors(drop, scale).repeat(side, axis=0).repeat(side, axis=1)
        most = np.unravel_index(int(drop.argmax()), drop.shape)
        extent = f"{number(float(drop.min()))} to {number(float(drop.max()))}"
        shape = f"{rows} × {columns}"
        return (
            figure(
                _marked(pixels, (square[0], square[1])),
                f"fall of the score of “{self._class_name()}” at {shape} places: {extent}; "
                "dashed: the place nearest to the patch",
                f"Map: fall of the score of {self._class_name()} at {rows} by {columns} places of "
                f"the patch, {extent}. It is largest with the patch at row "
                f"{self.map.tops[int(most[0])]}, column {self.map.lefts[int(most[1])]}. At the "
                f"place nearest to the patch it is {number(float(drop[here]))}.",
                _WIDTH,
            )
            + "<div>"
            + scale_bar(scale)
            + "</div>"
        )

    def _words(self) -> str:
        """Say what the network answers, and what the map cost."""
        target = self.target.value
        clean, covered = float(self._clean[target]), float(self.scores[target])
        change = (
            f"it falls by {number(clean - covered)}"
            if covered <= clean
            else f"it rises by {number(covered - clean)}"
        )
        says = [self._network.classes[int(one.argmax())] for one in (self._clean, self.scores)]
        words = (
            f"Score of “{self._class_name()}”: {number(clean)} without the patch, "
            f"{number(covered)} with it: {change}. The network says {says[1]}"
            + (", as before." if says[0] == says[1] else f"; without the patch, {says[0]}.")
        )
        cost = "" if self._failure is not None else _paragraph(self._cost())
        return _paragraph(words, role="status") + cost

    def _cost(self) -> str:
        found = self.map
        planning = self._timed.planning
        also = f"; planning it took another {_milliseconds(planning)}" if planning >= 1 else ""
        return (
            f"The map: {len(found.tops) * len(found.lefts)} places in "
            f"{_milliseconds(self._timed.milliseconds)} on {self._device_name()}{also}."
        )

    def _device_name(self) -> str:
        if self._device.type == "cuda":
            return torch.cuda.get_device_name(self._device)
        return {"cpu": "the CPU"}.get(self._device.type, self._device.type)


def _check_pictures(pictures: Tensor) -> None:
    """Raise ValueError if there are no normalized pictures of a size that a patch can move in."""
    if pictures.ndim != 4 or pictures.shape[1] != 3 or not len(pictures):
        raise ValueError(
            "pictures has the shape (N, 3, H, W), with at least one picture; it has "
            f"{tuple(pictures.shape)}."
        )
    if min(pictures.shape[2:]) < 2:
        raise ValueError(
            f"A picture of {pictures.shape[2]} x {pictures.shape[3]} pixels is too small for a "
            "patch to move in."
        )
    if not pictures.is_floating_point() or not pictures.isfinite().all():
        raise ValueError(
            "pictures must be normalized, so floating-point and finite: take what "
            "network.prepare(picture) gives for each, and join them with torch.cat."
        )


def _names(network: Network, count: int, labels: Sequence[int] | None) -> list[str]:
    """Return what the pictures are called in the list.

    Raises ValueError if labels do not fit.
    """
    if labels is None:
        return [f"{i + 1}" for i in range(count)]
    labels = [int(label) for label in labels]
    if len(labels) != count:
        raise ValueError(f"There are {count} pictures, but {len(labels)} labels.")
    wrong = [label for label in labels if not 0 <= label < len(network.classes)]
    if wrong:
        raise ValueError(
            f"Labels are from 0 to {len(network.classes) - 1} for this network; not {wrong[0]}."
        )
    return [f"{i + 1}: {network.classes[label]}" for i, label in enumerate(labels)]


def _nearest(places: Sequence[int], place: int) -> int:
    """Return the position of the place that is nearest; of two, the first."""
    return min(range(len(places)), key=lambda i: abs(places[i] - place))


def _marked(pixels: Array, place: tuple[slice, slice]) -> Array:
    """Return pixels, shape (H, W, 3), with a dashed line on the edge of a place."""
    marked = pixels.copy()
    edge = outline(pixels.shape, place)
    rows, columns = np.nonzero(edge)
    dark = ((rows + columns) // _DASH) % 2 == 0
    marked[edge] = np.where(dark[:, None], np.uint8(0), np.uint8(255))
    return marked


def _paragraph(words: str, role: str = "note") -> str:
    """Return words as HTML; a screen reader reads the roles "status" and "alert" by itself."""
    return f'<p role="{role}" style="line-height:1.45;margin:.4em 0">{html.escape(words)}</p>'


def _milliseconds(value: float) -> str:
    return f"{value:.0f} ms" if value >= 10 else f"{value:.1f} ms"

"""Occlusion in a notebook: sliders move the patch, and the map follows.

Needs ipywidgets and a running kernel. The page "Hiding a part" of the book has a figure that needs
neither, with maps that were computed before.
"""

from __future__ import annotations

import html
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets as widgets
import torch
from torch import Tensor

from autograder.student.explorers.base import whole_slider
from book.visualization.occlusion_plans import OcclusionPlans, check_pictures
from book.visualization.occlusion_view import (
    Patch,
    cost_words,
    map_figure,
    paragraph,
    picture_figure,
    score_words,
)
from laboratory.baselines import Kind, baseline_picture
from laboratory.layers import must_be_ready
from laboratory.networks import Network
from laboratory.occlusion_map import OcclusionMap

LIVE = 100
"""A slider is followed while it moves if the last answer took less, in milliseconds."""

BASELINES: dict[str, Kind] = {
    "mean color": "mean",
    "black": "zero",
    "white": "white",
    "blurred": "blur",
}
"""What may be seen through the patch: names for readers, and for ``baselines.baseline_picture``."""

_MOST_PLACES = 56  # per axis of a map: with fewer pixels a step, a map takes seconds on a CPU


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
        baseline: Kind = "mean",
        delta_dtype: torch.dtype | None = None,
        plans: int = 4,
    ) -> None:
        """Make the controls and the first map, and put the patch where the score falls most.

        network: see ``networks.load_network``; the maps are computed on the device that it is on.
        pictures: normalized, shape (N, 3, H, W), as ``Network.prepare`` gives them.
        labels: what the pictures show, as positions in ``network.classes``; for their names only.
            The class that is asked about is at first the one that the network says.
        stride: of the map, in pixels.
        baseline: what is seen through the patch, see ``baselines.baseline_picture``.
        delta_dtype: see ``LiveOcclusion``; by default torch.float16 on a GPU, else torch.float32.
        plans: how many plans are kept for the next time, see ``OcclusionPlans``.

        Raises ValueError if pictures, labels, stride or plans are not such, or if the network is in
        training mode; UnsupportedLayerError if the network is no chain of layers.
        """
        must_be_ready(network.model)
        check_pictures(pictures)
        names = _names(network, len(pictures), labels)
        if plans < 1:
            raise ValueError(f"At least 1 plan must be kept; {plans} was given.")
        if baseline not in BASELINES.values():
            raise ValueError(f"baseline is one of {', '.join(BASELINES.values())}; not {baseline}.")
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
        self._plans = OcclusionPlans(
            network.model,
            (3, height, width),
            device=self._device,
            delta_dtype=delta_dtype
            or (torch.float16 if self._device.type == "cuda" else torch.float32),
            most=plans,
        )
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
        self.baseline = widgets.Dropdown(
            options=list(BASELINES.items()), value=baseline, description="filling"
        )
        self.patch = whole_slider("patch", max(shorter // 6, 1), 1, shorter // 2)
        self.stride = whole_slider("stride", stride, least, most)
        self.row = whole_slider("row", 0, 0, height - self.patch.value)
        self.column = whole_slider("column", 0, 0, width - self.patch.value)
        self.view = widgets.HTML(layout={"flex": "1 1 240px", "min_width": "240px"})

        self._choose_picture()
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
            self.baseline,
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
    def map(self) -> OcclusionMap:
        """The occlusion map that is shown, on the CPU.

        Raises RuntimeError if there is none, because the memory does not suffice.
        """
        if self._failure is not None:
            raise RuntimeError(self._failure)
        return self._timed.occlusion

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

        follow(
            [self.picture],
            self._choose_picture,
            self._ask_for_what_it_says,
            self._make_map,
            self._ask,
        )
        follow([self.target])
        follow([self.baseline], self._choose_picture, self._make_map, self._ask)
        follow([self.patch], self._limit, self._make_map, self._ask)
        follow([self.stride], self._make_map)
        follow([self.row, self.column], self._ask)

    def _choose_picture(self) -> None:
        """Take the picture and the baseline that were chosen."""
        first = self.picture.value
        self._x = self._pictures[first : first + 1]
        self._baseline = baseline_picture(self._network, self._x, self.baseline.value)
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
            self._timed = self._plans.timed_map(
                self._x, self._baseline, self.patch.value, self.stride.value
            )
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

    def _ask(self) -> None:
        """Run the network on the picture with the patch where the sliders have it."""
        began = time.perf_counter()
        self._covered = self._x.clone()
        window = (..., *self._patch().window)
        self._covered[window] = self._baseline[window]
        self.scores = self._scores(self._covered)
        live = 1e3 * (time.perf_counter() - began) < LIVE
        self.row.continuous_update = self.column.continuous_update = live

    def _scores(self, x: Tensor) -> Tensor:
        with torch.inference_mode():
            scores: Tensor = self._network.model(x)[0].float().cpu()
        return scores

    def _patch(self) -> Patch:
        return Patch(self.row.value, self.column.value, self.patch.value)

    def _go_where_it_falls_most(self) -> None:
        drop = self.map.drop(self.target.value)
        row, column = divmod(int(drop.argmax()), drop.shape[1])
        self.row.value, self.column.value = self.map.tops[row], self.map.lefts[column]

    # What is drawn.

    def _draw(self) -> None:
        target, classes = self.target.value, self._network.classes
        image = self._network.unnormalize(self._covered)[0].cpu().numpy()
        parts = [picture_figure(image, self.picture.label, self._patch(), self.baseline.label)]
        if self._failure is not None:
            parts.append(paragraph(self._failure, role="alert"))
        else:
            parts.append(map_figure(self.map, target, classes[target], self._patch()))
        parts.append(score_words(classes, target, self._clean, self.scores))
        if self._failure is None:
            parts.append(cost_words(self._timed, self._device_name()))
        self.view.value = "".join(parts)

    def _device_name(self) -> str:
        if self._device.type == "cuda":
            return torch.cuda.get_device_name(self._device)
        return {"cpu": "the CPU"}.get(self._device.type, self._device.type)


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

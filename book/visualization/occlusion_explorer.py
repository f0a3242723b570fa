"""The figure "occlusion explorer": a patch to drag over a picture, and the map that grows."""

from __future__ import annotations

import functools
from typing import Any

import traitlets

from book.figures import embedded
from book.figures.figure import Figure
from book.visualization import demo
from laboratory.attribution.occlusion import occlusion

EXAMPLES = (
    (13, "A triangle"),
    (11, "A large ring"),
    (21, "A ring, taken for stripes"),
)
"""Numbers of drawn pictures, and what a reader is told about them."""

PATCHES = (8, 16, 24)
"""Sides of the patch, in pixels."""

STRIDE = 4
"""From one place of the patch to the next, in pixels."""

STEP = 0.001
"""Scores come to the page as multiples of this."""


@functools.cache
def scenes() -> list[dict[str, Any]]:
    """Return the pictures with the scores of all classes for every place of every patch.

    Computed with the small network; hidden pixels get the mean color. Scores are base64 of 16-bit
    multiples of ``STEP``, shape (rows, columns, classes); ``clean`` are those of the whole picture.
    """
    network = demo.small_network()
    entries = []
    for number, label in EXAMPLES:
        example = demo.example(network, number)
        sweeps = []
        for patch in PATCHES:
            swept = occlusion(network.model, example.x, patch=patch, stride=STRIDE, progress=False)
            if swept.tops != swept.lefts:
                raise ValueError("the figure wants square pictures")
            sweeps.append(
                {
                    "patch": patch,
                    "starts": list(swept.tops),
                    "clean": embedded.numbers(swept.clean.cpu().numpy(), STEP),
                    "scores": embedded.numbers(swept.logits.cpu().numpy(), STEP),
                }
            )
        entries.append(
            {
                "name": f"picture-{number}",
                "label": label,
                "side": example.x.shape[-1],
                "picture": embedded.picture(example.picture),
                "target": example.target,
                "sweeps": sweeps,
            }
        )
    return entries


class OcclusionExplorer(embedded.KnownScene, Figure):
    """A picture with a patch to drag; what the network says; the map of the places seen so far.

    ``scene`` names one of ``scenes``; ``patch`` is the side of the patch, ``top`` and ``left`` its
    upper left corner, in pixels: the nearest place is taken. ``measure`` says what is asked for,
    "score" or "probability". With ``swept``, the map starts with all places before the patch, in
    reading order.
    """

    scenes = traitlets.List(traitlets.Dict()).tag(sync=True)
    classes = traitlets.List(traitlets.Unicode()).tag(sync=True)
    step = traitlets.Float(STEP).tag(sync=True)
    color = traitlets.Unicode().tag(sync=True)
    scene = traitlets.Unicode(f"picture-{EXAMPLES[0][0]}").tag(sync=True)
    patch = traitlets.Enum(PATCHES, 16).tag(sync=True)
    measure = traitlets.Enum(["score", "probability"], "score").tag(sync=True)
    top = traitlets.Int(48, min=0).tag(sync=True)
    left = traitlets.Int(24, min=0).tag(sync=True)
    swept = traitlets.Bool(True).tag(sync=True)

    @traitlets.default("scenes")
    def _scenes(self) -> list[dict[str, Any]]:
        return scenes()

    @traitlets.default("classes")
    def _classes(self) -> list[str]:
        return list(demo.small_network().classes)

    @traitlets.default("color")
    def _color(self) -> str:
        parts = (round(255 * value) for value in demo.small_network().mean)
        return f"rgb({' '.join(map(str, parts))})"

"""The figure "occlusion explorer": a patch to drag over a picture, and the map that grows."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch
import traitlets
from torch import Tensor

from book.figures import embedded
from book.figures.figure import Figure
from book.visualization import demo
from laboratory.attribution.occlusion import occlusion
from laboratory.networks import Network
from laboratory.occlusion_map import OcclusionMap

EXAMPLES = (
    (13, "A triangle"),
    (11, "A large ring"),
    (21, "A ring, taken for stripes"),
)
"""Numbers of drawn pictures, and what a reader is told about them."""

PATCHES = (8, 16, 24)
"""Sides of the patch on a drawn picture, in pixels."""

STRIDE = 4
"""From one place of the patch on a drawn picture to the next, in pixels."""

BEGIN = {"patch": 16, "top": 48, "left": 24}
"""The place of the patch that the page tells of, on the first drawn picture."""

PHOTOGRAPHS = 1
"""How many photographs there are where VGG16 is: on a CPU, each takes it half a minute."""

PHOTOGRAPH_PATCHES = (32, 56)
"""Sides of the patch on a photograph, in pixels."""

PHOTOGRAPH_STRIDE = 8
"""From one place of the patch on a photograph to the next, in pixels."""

SHARP = 2
"""How many pixels on the page a pixel of the network has, along each side of a photograph."""

ALL_CLASSES = 10
"""Up to so many classes, the scores of all come to the page."""

STEP = 0.001
"""Scores come to the page as multiples of this; of twice as much where they are large, or more."""


@functools.cache
def scenes() -> list[dict[str, Any]]:
    """Return the pictures with the scores for every place of every patch; photographs come first.

    Drawn pictures are shown to the small network; photographs to VGG16, where it is the network of
    the pages. Hidden pixels get the mean color.

    Scores are base64 of 16-bit multiples of ``step``, shape (rows, columns, classes); ``clean`` are
    those of the whole picture. Of many classes come those in ``classes``, see ``answers``, and last
    one number for all others, see ``with_rest``. ``begin`` is where the patch stands at first.
    """
    small, network = demo.small_network(), demo.network()
    entries = []
    if network.name != small.name:
        for number in range(PHOTOGRAPHS):
            example = demo.example(network, number)
            entry = _scene(network, example, PHOTOGRAPH_PATCHES, PHOTOGRAPH_STRIDE)
            sharp = sharper(network).crop(demo.example_photograph(number))
            pixels = sharp.permute(0, 2, 3, 1).clamp(0, 1).cpu().numpy()
            look = {"picture": embedded.pictures(pixels, 70), "photograph": True}
            entries.append({"name": f"photograph-{number}", "label": "A photograph"} | entry | look)
    for number, label in EXAMPLES:
        example = demo.example(small, number)
        entry = _scene(small, example, PATCHES, STRIDE, BEGIN)
        look = {"picture": embedded.picture(example.picture), "photograph": False}
        entries.append({"name": f"picture-{number}", "label": label} | entry | look)
    return entries


def sharper(network: Network) -> Network:
    """Return a network that wants the same pictures with more pixels."""
    return replace(network, size=SHARP * network.size, resize=SHARP * network.resize)


def _scene(
    network: Network,
    example: demo.Example,
    patches: Sequence[int],
    stride: int,
    begin: dict[str, int] | None = None,
) -> dict[str, Any]:
    """Return what a scene says of the network: see ``scenes``.

    begin: by default the place where the largest patch costs the most.
    """
    maps = [
        occlusion(network.model, example.x, patch=patch, stride=stride, progress=False)
        for patch in patches
    ]
    if any(swept.tops != swept.lefts for swept in maps):
        raise ValueError("the figure wants square pictures")
    classes = answers(maps, example.target)
    step = step_for(maps)

    def numbers(logits: Tensor) -> str:
        return embedded.numbers(with_rest(logits, classes).cpu().numpy(), step)

    row, column = divmod(int(maps[-1].drop(example.target).argmax()), len(maps[-1].lefts))
    worst = {"patch": patches[-1], "top": maps[-1].tops[row], "left": maps[-1].lefts[column]}
    return {
        "network": network.name,
        "side": example.x.shape[-1],
        "classes": [network.classes[index] for index in classes],
        "target": classes.index(example.target),
        "step": step,
        "color": _color(network),
        "begin": begin or worst,
        "sweeps": [
            {
                "patch": patch,
                "starts": list(swept.tops),
                "clean": numbers(swept.clean),
                "scores": numbers(swept.logits),
            }
            for patch, swept in zip(patches, maps, strict=True)
        ],
    }


def step_for(maps: Sequence[OcclusionMap]) -> float:
    """Return the step in which the scores fit into 16 bits."""
    largest = 1 + max(float(swept.logits.abs().max()) for swept in maps)  # 1: room for the rest
    return STEP * float(2 ** max(0, math.ceil(math.log2(largest / (STEP * 2**15)))))


def answers(maps: Sequence[OcclusionMap], target: int) -> list[int]:
    """Return the classes whose scores come to the page.

    All, if there are few; else the one that is asked about, and each that is likeliest for some
    place of some patch, or with nothing hidden.
    """
    count = maps[0].clean.shape[0]
    if count <= ALL_CLASSES:
        return list(range(count))
    likeliest = [swept.logits.argmax(-1).flatten() for swept in maps]
    likeliest += [maps[0].clean.argmax()[None], torch.tensor([target])]
    return [int(index) for index in torch.cat([part.cpu() for part in likeliest]).unique()]


def with_rest(logits: Tensor, classes: Sequence[int]) -> Tensor:
    """Return the scores of some classes (..., K) and, last, what is left of the softmax, if any.

    A class with that last score would have the probability of all other classes together.
    """
    if len(classes) == logits.shape[-1]:
        return logits
    rest = logits.clone()
    rest[..., classes] = -torch.inf
    return torch.cat([logits[..., classes], rest.logsumexp(-1, keepdim=True)], -1)


def _color(network: Network) -> str:
    return f"rgb({' '.join(str(round(255 * value)) for value in network.mean)})"


class OcclusionExplorer(embedded.KnownScene, Figure):
    """A picture with a patch to drag; what the network says; the map of the places seen so far.

    ``scene`` names one of ``scenes``; ``patch`` is the side of the patch, ``top`` and ``left`` its
    upper left corner, in pixels: the nearest place is taken. ``measure`` says what is asked for,
    "score" or "probability". With ``swept``, the map starts with all places before the patch, in
    reading order.
    """

    scenes = traitlets.List(traitlets.Dict()).tag(sync=True)
    scene = traitlets.Unicode().tag(sync=True)
    patch = traitlets.Enum(sorted({*PATCHES, *PHOTOGRAPH_PATCHES})).tag(sync=True)
    measure = traitlets.Enum(["score", "probability"], "score").tag(sync=True)
    top = traitlets.Int(min=0).tag(sync=True)
    left = traitlets.Int(min=0).tag(sync=True)
    swept = traitlets.Bool(True).tag(sync=True)

    @traitlets.default("scenes")
    def _scenes(self) -> list[dict[str, Any]]:
        return scenes()

    @traitlets.default("scene")
    def _scene(self) -> str:
        return str(self.scenes[0]["name"])

    @traitlets.default("patch")
    def _patch(self) -> int:
        return self._begin("patch")

    @traitlets.default("top")
    def _top(self) -> int:
        return self._begin("top")

    @traitlets.default("left")
    def _left(self) -> int:
        return self._begin("left")

    def _begin(self, name: str) -> int:
        """Return where the patch stands at first."""
        [scene] = [scene for scene in self.scenes if scene["name"] == self.scene]
        return int(scene["begin"][name])

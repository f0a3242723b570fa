"""The figure "SmoothGrad explorer": how the map changes with the number of draws and the noise."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import torch
import traitlets
from skimage import segmentation
from torch import Tensor

from book.figures import embedded
from book.figures.figure import Figure
from book.visualization import demo
from laboratory import evaluation
from laboratory.attribution.gradient import strongest
from laboratory.attribution.saliency import saliency
from laboratory.attribution.smoothgrad import smoothgrad

EXAMPLES = ((7, "A blob with stripes"), (5, "A star"))
"""Numbers of drawn pictures, and what a reader is told about them."""

COUNTS = (1, 2, 5, 10, 25, 100)
"""How many noisy copies are averaged."""

LEVELS = (0.0, 0.05, 0.1, 0.2, 0.5)
"""Standard deviations of the noise, as shares of the picture's range; 0 is the plain gradient."""


@functools.cache
def scenes() -> list[dict[str, Any]]:
    """Return the pictures with the maps of all levels and counts, and their measures.

    Computed with the small network. ``maps`` is one image: the plain map, then for each level
    above 0 those of all counts; each map is scaled to its own largest value. ``noisy`` has one
    copy of the picture for each level. ``measures[level][count]`` is measured by
    ``laboratory.evaluation``.
    """
    network = demo.small_network()
    found = []
    for number, label in EXAMPLES:
        shown = demo.example(network, number)
        if shown.mask is None:
            raise ValueError("a drawn picture has a mask")
        maps = {
            (level, count): smooth_map(shown, level, count) for level in LEVELS for count in COUNTS
        }
        mask = torch.from_numpy(shown.mask)
        sprite = [maps[0.0, COUNTS[0]]]
        sprite += [maps[level, count] for level in LEVELS[1:] for count in COUNTS]
        outline: Any = segmentation.find_boundaries
        found.append(
            {
                "name": f"picture-{number}",
                "label": label,
                "object": shown.label,
                "share": round(float(mask.double().mean()), 4),
                "noisy": embedded.pictures(np.stack([noisy(shown, level) for level in LEVELS])),
                "maps": embedded.responses(
                    torch.stack([one / one.max() for one in sprite]).numpy(), 1.0
                ),
                "outline": embedded.masks(outline(shown.mask, mode="outer")[None]),
                "measures": [
                    [
                        measured(maps[level, count], maps[level, COUNTS[-1]], mask)
                        for count in COUNTS
                    ]
                    for level in LEVELS
                ],
            }
        )
    return found


def noisy(shown: demo.Shown, level: float) -> embedded.Array:
    """Return the first of SmoothGrad's noisy copies as a reader sees it, shape (H, W, 3)."""
    random = torch.Generator().manual_seed(0)
    deviation = level * (shown.x.max() - shown.x.min())
    noise = torch.randn(shown.x.shape[1:], generator=random)
    copy: embedded.Array = (
        demo.small_network().unnormalize(shown.x + deviation * noise)[0].permute(1, 2, 0).numpy()
    )
    return copy


def smooth_map(shown: demo.Shown, level: float, count: int) -> Tensor:
    """Return the map of SmoothGrad, shape (H, W)."""
    model = demo.small_network().model
    if level == 0:  # all copies are the picture
        return saliency(model, shown.x, shown.target)[0]
    mean = smoothgrad(
        model, shown.x, shown.target, n_samples=count, noise_level=level, progress=False
    )
    return strongest(mean)[0]


def measured(found: Tensor, best: Tensor, mask: Tensor) -> dict[str, Any]:
    """Return what is told about a map.

    Its correlation with the map of the most draws, which share of it lies on the object, where its
    highest value is, and whether that lies on the object.
    """
    pair = torch.stack([found.flatten(), best.flatten()])
    return {
        "correlation": round(float(torch.corrcoef(pair)[0, 1]), 4),
        "energy": round(float(evaluation.energy_in_mask(found[None], mask[None])), 4),
        "peak": list(divmod(int(found.argmax()), found.shape[1])),
        "hit": bool(evaluation.pointing_game(found[None], mask[None]) == 1),
    }


class SmoothgradExplorer(embedded.KnownScene, Figure):
    """A noisy picture, the map of SmoothGrad, and what it is worth.

    ``scene`` names one of ``scenes``. ``level`` and ``count`` are places in ``levels`` and
    ``counts``. ``outline`` draws where the object ends.
    """

    scenes = traitlets.List(traitlets.Dict()).tag(sync=True)
    levels = traitlets.List(traitlets.Float(), list(LEVELS)).tag(sync=True)
    counts = traitlets.List(traitlets.Int(), list(COUNTS)).tag(sync=True)
    side = traitlets.Int().tag(sync=True)
    scene = traitlets.Unicode(f"picture-{EXAMPLES[0][0]}").tag(sync=True)
    level = traitlets.Int(LEVELS.index(0.2), min=0, max=len(LEVELS) - 1).tag(sync=True)
    count = traitlets.Int(COUNTS.index(5), min=0, max=len(COUNTS) - 1).tag(sync=True)
    outline = traitlets.Bool(True).tag(sync=True)

    @traitlets.default("scenes")
    def _scenes(self) -> list[dict[str, Any]]:
        return scenes()

    @traitlets.default("side")
    def _side(self) -> int:
        return demo.small_network().size

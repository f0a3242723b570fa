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
    entries = []
    for number, label in EXAMPLES:
        example = demo.example(network, number)
        if example.mask is None:
            raise ValueError("a drawn picture has a mask")
        maps = {
            (level, count): smooth_map(example, level, count)
            for level in LEVELS
            for count in COUNTS
        }
        mask = torch.from_numpy(example.mask).to(network.device)
        sprite = [maps[0.0, COUNTS[0]]]
        sprite += [maps[level, count] for level in LEVELS[1:] for count in COUNTS]
        outline: Any = segmentation.find_boundaries
        entries.append(
            {
                "name": f"picture-{number}",
                "label": label,
                "object": example.label,
                "share": round(float(mask.double().mean()), 4),
                "noisy": embedded.pictures(np.stack([noisy(example, level) for level in LEVELS])),
                "maps": embedded.responses(
                    torch.stack([saliency / saliency.max() for saliency in sprite]).cpu().numpy(),
                    1.0,
                ),
                "outline": embedded.masks(outline(example.mask, mode="outer")[None]),
                "measures": [
                    [
                        measured(maps[level, count], maps[level, COUNTS[-1]], mask)
                        for count in COUNTS
                    ]
                    for level in LEVELS
                ],
            }
        )
    return entries


def noisy(example: demo.Example, level: float) -> embedded.Array:
    """Return the first of SmoothGrad's noisy copies as a reader sees it, shape (H, W, 3)."""
    random = torch.Generator().manual_seed(0)
    deviation = level * (example.x.max() - example.x.min())
    noise = torch.randn(example.x.shape[1:], generator=random).to(example.x.device)
    copy: embedded.Array = (
        demo.small_network()
        .unnormalize(example.x + deviation * noise)[0]
        .permute(1, 2, 0)
        .cpu()
        .numpy()
    )
    return copy


def smooth_map(example: demo.Example, level: float, count: int) -> Tensor:
    """Return the map of SmoothGrad, shape (H, W)."""
    model = demo.small_network().model
    if level == 0:  # all copies are the picture
        return saliency(model, example.x, example.target)[0]
    mean = smoothgrad(
        model, example.x, example.target, n_samples=count, noise_level=level, progress=False
    )
    return strongest(mean)[0]


def measured(saliency: Tensor, best: Tensor, mask: Tensor) -> dict[str, Any]:
    """Return what is told about a map.

    Its correlation with the map of the most draws, which share of it lies on the object, where its
    highest value is, and whether that lies on the object.
    """
    pair = torch.stack([saliency.flatten(), best.flatten()])
    return {
        "correlation": round(float(torch.corrcoef(pair)[0, 1]), 4),
        "energy": round(float(evaluation.energy_in_mask(saliency[None], mask[None])), 4),
        "peak": list(divmod(int(saliency.argmax()), saliency.shape[1])),
        "hit": bool(evaluation.pointing_game(saliency[None], mask[None]) == 1),
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

"""The figure "GrabCut explorer": seeds from a map, and the mask that GrabCut makes of them."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import torch
import traitlets

from book.figures import embedded
from book.figures.figure import Figure
from book.visualization import demo
from laboratory import method_table, segmentation

EXAMPLES = ((9, "A blob with dots"), (5, "A star"), (23, "A triangle"))
"""Numbers of drawn pictures, and what a reader is told about them."""

METHODS = ("SmoothGrad", "occlusion", "saliency")
"""Maps that give the seeds, by their names in the table of methods."""

FOREGROUND = (0.6, 0.7, 0.8, 0.85, 0.9, 0.925, 0.95, 0.97, 0.98, 0.99)
BACKGROUND = (0.1, 0.3, 0.5)
"""Quantiles above which and below which a pixel of the map is a seed."""


@functools.cache
def scenes() -> list[dict[str, Any]]:
    """Return the pictures, and for each of ``METHODS`` the seeds and masks of all quantiles.

    Computed with the small network. Seeds and masks come as images to cut with, one below the
    other; ``masks`` in the order of ``BACKGROUND``, and within it of ``FOREGROUND``.
    """
    network = demo.small_network()
    entries = []
    for number, label in EXAMPLES:
        example = demo.example(network, number)
        if example.mask is None:
            raise ValueError("a drawn picture has a mask")
        image = np.rint(255 * example.picture).astype(np.uint8)
        target = torch.tensor([example.target], device=network.device)
        maps = []
        for method in METHODS:
            importance = method_table.METHODS[method](network, example.x, target)[0].cpu().numpy()
            given = [
                [
                    segmentation.seeds(importance, foreground=high, background=low)
                    for high in FOREGROUND
                ]
                for low in BACKGROUND
            ]
            cut = [[segmentation.grabcut(image, seeds) for seeds in row] for row in given]
            maps.append(
                {
                    "foreground": embedded.masks(
                        np.stack([seeds.foreground for seeds in given[0]])
                    ),
                    "background": embedded.masks(np.stack([row[0].background for row in given])),
                    "masks": embedded.masks(np.concatenate(cut)),
                    "seeds": [judged(seeds.foreground, example.mask) for seeds in given[0]],
                    "cut": [[judged(mask, example.mask) for mask in row] for row in cut],
                }
            )
        entries.append(
            {
                "name": f"picture-{number}",
                "label": label,
                "picture": embedded.picture(example.picture),
                "truth": embedded.masks(example.mask[None]),
                "maps": maps,
            }
        )
    return entries


def judged(mask: embedded.Array, truth: embedded.Array) -> dict[str, Any]:
    """Return how many pixels were found, how many of them lie on the object, and the IoU."""
    return {
        "count": int(mask.sum()),
        "right": int((mask & truth).sum()),
        "iou": round(segmentation.iou(mask, truth), 4),
    }


class GrabcutExplorer(embedded.KnownScene, Figure):
    """A picture with seeds of both sides, the mask made of them, and the true one.

    ``scene`` names one of ``scenes``, ``method`` one of ``methods``; ``foreground`` and
    ``background`` are places in ``above`` and ``below``, the quantiles.
    """

    scenes = traitlets.List(traitlets.Dict()).tag(sync=True)
    methods = traitlets.List(traitlets.Unicode(), list(METHODS)).tag(sync=True)
    above = traitlets.List(traitlets.Float(), list(FOREGROUND)).tag(sync=True)
    below = traitlets.List(traitlets.Float(), list(BACKGROUND)).tag(sync=True)
    scene = traitlets.Unicode(f"picture-{EXAMPLES[0][0]}").tag(sync=True)
    method = traitlets.Enum(METHODS, METHODS[0]).tag(sync=True)
    foreground = traitlets.Int(4, min=0, max=len(FOREGROUND) - 1).tag(sync=True)
    background = traitlets.Int(1, min=0, max=len(BACKGROUND) - 1).tag(sync=True)

    @traitlets.default("scenes")
    def _scenes(self) -> list[dict[str, Any]]:
        return scenes()

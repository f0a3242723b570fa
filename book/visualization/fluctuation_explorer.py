"""The figure "fluctuation explorer": the derivatives at one pixel while the picture changes."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import torch
import traitlets

from book.figures import embedded
from book.figures.figure import Figure
from book.visualization import demo
from laboratory.attribution.fluctuation import Fluctuation, fluctuation
from laboratory.attribution.saliency import saliency

EXAMPLE = 0
"""Number of the drawn picture: the one that the page begins with."""

LEVEL = 0.05
"""Standard deviation of the noise at t = 1, as a share of the picture's range."""

POINTS = 101
"""Values of t, from 0 to 1."""

PICTURES = 11
"""Values of t for which the page carries the picture."""

WINDOW = 25
"""Height and width of the part of the map that is shown."""


def pixel() -> tuple[int, int]:
    """Return row and column of the pixel with the largest saliency."""
    network = demo.small_network()
    example = demo.example(network, EXAMPLE)
    plain = saliency(network.model, example.x, example.target)[0]
    return divmod(int(plain.argmax()), plain.shape[1])


@functools.cache
def path() -> Fluctuation:
    """Return the derivatives at that pixel on the way from the picture to its noisy copy."""
    network = demo.small_network()
    example = demo.example(network, EXAMPLE)
    return fluctuation(
        network.model, example.x, example.target, pixel=pixel(), noise_level=LEVEL, points=POINTS
    )


@functools.cache
def way() -> dict[str, Any]:
    """Return what the page carries.

    Computed with the small network. ``derivatives`` is base64 of 16-bit multiples of ``step``,
    shape (points, 3). ``maps`` has the saliency of the window at each t, one below the other, in
    one scale up to the largest; ``pictures`` has the picture at some t.
    """
    network = demo.small_network()
    example = demo.example(network, EXAMPLE)
    side = example.x.shape[-1]
    row, column = pixel()
    top, left = (min(max(place - WINDOW // 2, 0), side - WINDOW) for place in (row, column))
    # The same way once more, now for all pixels of the window.
    random = torch.Generator().manual_seed(0)
    noise = (
        LEVEL
        * (example.x.max() - example.x.min())
        * torch.randn(example.x.shape, generator=random).to(network.device)
    )
    along = example.x + path().t[:, None, None, None] * noise
    maps = saliency(network.model, along, example.target)
    maps = maps[:, top : top + WINDOW, left : left + WINDOW]
    step = float(path().derivatives.abs().max()) / 30_000
    some = along[:: (POINTS - 1) // (PICTURES - 1)]
    return {
        "label": example.label,
        "side": side,
        "pixel": [row, column],
        "window": [top, left, WINDOW],
        "points": POINTS,
        "step": step,
        "derivatives": embedded.numbers(path().derivatives.cpu().numpy(), step),
        "maps": embedded.responses(maps.cpu().numpy(), float(maps.max())),
        "frames": PICTURES,
        "pictures": embedded.pictures(
            np.moveaxis(network.unnormalize(some).cpu().numpy(), 1, -1), quality=90
        ),
    }


class FluctuationExplorer(Figure):
    """Three curves against t, and the picture and a part of its saliency map at the chosen t.

    ``at`` is the place in the values of t.
    """

    way = traitlets.Dict().tag(sync=True)
    at = traitlets.Int(30, min=0, max=POINTS - 1).tag(sync=True)

    @traitlets.default("way")
    def _way(self) -> dict[str, Any]:
        return way()

"""Deep dream: a picture with more of whatever a layer sees in it.

Mordvintsev, Olah, Tyka (2015), "Inceptionism".
"""

from __future__ import annotations

import torch
from torch import Tensor

from laboratory.networks import Network
from laboratory.synthesis.ascent import Regularizers, ascend, bounds, octave_sizes, resized
from laboratory.synthesis.trunk import Trunk


def deep_dream(
    network: Network,
    x: Tensor,
    layer: str,
    *,
    octaves: int = 3,
    ratio: float = 1.4,
    steps: int = 20,
    rate: float = 0.03,
    jitter: int = 8,
    seed: int = 0,
    progress: bool = True,
) -> Tensor:
    """Return the picture with more of whatever a layer sees in it, shape (1, 3, H, W).

    Begins with a small picture and ends with the whole one, so that what is seen comes in several
    sizes. From one octave to the next goes only what was added; the details of the picture itself
    come from the original.

    layer: whose answers grow, all of them, by the mean of their squares.
    octaves, ratio: number of sizes, and from one to the next.

    Other arguments: see ``ascent.ascend``.
    """
    trunk = Trunk(network.model, [layer])
    added = torch.zeros_like(x)
    sizes = octave_sizes((x.shape[2], x.shape[3]), octaves, ratio)
    for octave, size in zip(reversed(range(octaves)), sizes, strict=True):
        base = resized(x, size)
        begin = base + resized(added, size)
        grown = ascend(
            lambda picture: trunk(picture)[layer].square().mean(),
            begin,
            steps=steps,
            rate=rate,
            regularizers=Regularizers(jitter=jitter),
            bounds=bounds(network),
            seed=seed + octave,
            progress=progress,
        )
        added = grown.x - base
    return (x + added).clamp(*bounds(network))

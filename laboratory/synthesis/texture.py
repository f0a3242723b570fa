"""Texture synthesis: the Gram matrices of an example, and nothing else of it.

Gatys, Ecker, Bethge (2015), "Texture synthesis using convolutional neural networks".
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from laboratory.networks import Network
from laboratory.synthesis.ascent import faint_noise
from laboratory.synthesis.gram_matching import STYLE, Synthesis, match_grams


def texture(
    network: Network,
    example: Tensor,
    *,
    layers: Sequence[str] = STYLE,
    size: tuple[int, int] | None = None,
    steps: int = 100,
    seed: int = 0,
    progress: bool = True,
) -> Synthesis:
    """Return a picture with the Gram matrices of an example, from noise on.

    example: normalized, shape (1, 3, H, W).
    size: height and width of the new picture; by default the example's.
    steps: iterations of L-BFGS.
    """
    return match_grams(
        network,
        styles=dict.fromkeys(layers, 1.0),
        example=example,
        content=None,
        begin=faint_noise(network, size or (example.shape[2], example.shape[3]), seed, amount=0.1),
        steps=steps,
        progress=progress,
    )

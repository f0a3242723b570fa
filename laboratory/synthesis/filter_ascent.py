"""Filter ascent: a picture that drives one channel of a layer up.

Erhan, Bengio, Courville, Vincent (2009), "Visualizing higher-layer features of a deep network".
"""

from __future__ import annotations

from collections.abc import Sequence

from laboratory.networks import Network
from laboratory.synthesis.ascent import (
    USUAL,
    Ascent,
    Regularizers,
    climb,
)
from laboratory.synthesis.trunk import Trunk


def filter_ascent(
    network: Network,
    layer: str,
    channel: int | Sequence[int],
    *,
    size: int | None = None,
    steps: int = 100,
    octaves: int = 1,
    rate: float = 0.05,
    regularizers: Regularizers = USUAL,
    seed: int = 0,
    progress: bool = True,
) -> Ascent:
    """Return a picture that drives the mean answer of one channel up.

    layer: such as "conv4_2"; before ReLU, where a gradient remains when nothing is answered yet.
    channel: its number, or several: then there is one picture for each, all made together.
    size: height and width of the picture; by default the network's.
    octaves: sizes, from a small picture to this one; see ``ascent.climb``.

    Other arguments: see ``ascent.ascend``.
    """
    trunk = Trunk(network.model, [layer])
    channels = [channel] if isinstance(channel, int) else list(channel)
    return climb(
        network,
        lambda x: trunk(x)[layer][range(len(channels)), channels].mean((1, 2)),
        count=len(channels),
        side=size or network.size,
        octaves=octaves,
        steps=steps,
        rate=rate,
        regularizers=regularizers,
        seed=seed,
        progress=progress,
    )

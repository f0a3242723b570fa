"""Filter ascent: a picture that drives one channel of a layer up.

Erhan, Bengio, Courville, Vincent (2009), "Visualizing higher-layer features of a deep network".
"""

from __future__ import annotations

from laboratory.networks import Network
from laboratory.synthesis.ascent import (
    NATURAL,
    Ascent,
    Regularizers,
    ascend,
    bounds,
    faint_noise,
)
from laboratory.synthesis.trunk import Trunk


def filter_ascent(
    network: Network,
    layer: str,
    channel: int,
    *,
    size: int | None = None,
    steps: int = 100,
    rate: float = 0.05,
    regularizers: Regularizers = NATURAL,
    seed: int = 0,
    progress: bool = True,
) -> Ascent:
    """Return a picture that drives the mean answer of one channel up.

    layer: such as "conv4_2"; before ReLU, where a gradient remains when nothing is answered yet.
    size: height and width of the picture; by default the network's.

    Other arguments: see ``ascent.ascend``.
    """
    side = size or network.size
    trunk = Trunk(network.model, [layer])
    return ascend(
        lambda x: trunk(x)[layer][0, channel].mean(),
        faint_noise(network, (side, side), seed),
        steps=steps,
        rate=rate,
        regularizers=regularizers,
        bounds=bounds(network),
        seed=seed,
        progress=progress,
    )

"""Class models: a picture that drives the score of a class up.

Simonyan, Vedaldi, Zisserman (2014), "Deep inside convolutional networks".
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from laboratory.layers import must_be_ready, not_in_place
from laboratory.networks import Network
from laboratory.synthesis.ascent import (
    USUAL,
    Ascent,
    Regularizers,
    climb,
)


def class_model(
    network: Network,
    target: int | Sequence[int],
    *,
    steps: int = 200,
    octaves: int = 1,
    rate: float = 0.05,
    regularizers: Regularizers = USUAL,
    seed: int = 0,
    progress: bool = True,
) -> Ascent:
    """Return a picture that drives the score of a class up, from the mean color on.

    The score before the softmax: a probability can also be driven up by lowering all others.

    target: a class, or several: then there is one picture for each, all made together.
    octaves: sizes, from a small picture to the network's; see ``ascent.climb``.

    Other arguments: see ``ascent.ascend``.
    """
    must_be_ready(network.model)
    targets = [target] if isinstance(target, int) else list(target)

    def score(x: Tensor) -> Tensor:
        with not_in_place(network.model):
            scores: Tensor = network.model(x.clone())  # which the network may overwrite
        return scores[range(len(targets)), targets]

    return climb(
        network,
        score,
        count=len(targets),
        side=network.size,
        octaves=octaves,
        steps=steps,
        rate=rate,
        regularizers=regularizers,
        seed=seed,
        progress=progress,
    )

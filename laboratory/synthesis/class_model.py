"""Class models: a picture that drives the score of a class up.

Simonyan, Vedaldi, Zisserman (2014), "Deep inside convolutional networks".
"""

from __future__ import annotations

from torch import Tensor

from laboratory.layers import must_be_ready, not_in_place
from laboratory.networks import Network
from laboratory.synthesis.ascent import (
    NATURAL,
    Ascent,
    Regularizers,
    ascend,
    bounds,
    faint_noise,
)


def class_model(
    network: Network,
    target: int,
    *,
    steps: int = 200,
    rate: float = 0.05,
    regularizers: Regularizers = NATURAL,
    seed: int = 0,
    progress: bool = True,
) -> Ascent:
    """Return a picture that drives the score of a class up, from the mean color on.

    The score before the softmax: a probability can also be driven up by lowering all others.

    Arguments: see ``ascent.ascend``.
    """
    must_be_ready(network.model)

    def score(x: Tensor) -> Tensor:
        with not_in_place(network.model):
            scores: Tensor = network.model(x.clone())  # which the network may overwrite
        return scores[0, target]

    return ascend(
        score,
        faint_noise(network, (network.size, network.size), seed),
        steps=steps,
        rate=rate,
        regularizers=regularizers,
        bounds=bounds(network),
        seed=seed,
        progress=progress,
    )

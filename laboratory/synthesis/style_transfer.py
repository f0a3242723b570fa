"""Style transfer: the content of one picture in the style of another.

Gatys, Ecker, Bethge (2016), "Image style transfer using convolutional neural networks".
"""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor

from laboratory.networks import Network
from laboratory.synthesis.gram_matching import CONTENT, STYLE, Synthesis, match_grams


def style_transfer(
    network: Network,
    content: Tensor,
    style: Tensor,
    *,
    weight: float = 10.0,
    style_layers: Sequence[str] = STYLE,
    content_layer: str = CONTENT,
    steps: int = 100,
    begin: Tensor | None = None,
    progress: bool = True,
) -> Synthesis:
    """Return the content of one picture in the style of another.

    content, style: normalized, shape (1, 3, H, W); their sizes may differ.
    weight: how much the style counts, against 1 for the content. Both losses are relative: 1 means
        as far away as zero answers would be.
    steps: iterations of L-BFGS.
    begin: the picture that is changed, by default the content; for a large picture, a smaller
        result that was enlarged (``ascent.resized``) saves most of the time.
    """
    return match_grams(
        network,
        styles=dict.fromkeys(style_layers, weight),
        example=style,
        content=(content_layer, content),
        begin=(content if begin is None else begin).detach().clone(),
        steps=steps,
        progress=progress,
    )

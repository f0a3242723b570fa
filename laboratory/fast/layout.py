"""Where the channels lie in memory: last, as fast convolutions want them."""

from __future__ import annotations

from torch import Tensor


def to_nchw(x: Tensor) -> Tensor:
    """Return a view (N, C, H, W) of (N, H, W, C)."""
    return x.permute(0, 3, 1, 2)


def to_nhwc(x: Tensor) -> Tensor:
    """Return (N, H, W, C), contiguous, of (N, C, H, W); as a rule nothing has to be moved."""
    return x.permute(0, 2, 3, 1).contiguous()

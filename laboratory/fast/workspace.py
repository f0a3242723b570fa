"""Memory that is used again."""

from __future__ import annotations

import math
import threading

import torch
from torch import Tensor


class Workspace(threading.local):
    """Memory for short whiles: on a CPU, fresh memory costs as much as what is done with it.

    Every thread has its own.
    """

    def __init__(self) -> None:
        self._blocks: dict[tuple[str, torch.dtype], Tensor] = {}

    def take(self, use: str, shape: tuple[int, ...], like: Tensor) -> Tensor:
        """Return memory of the type of ``like``; the next call for the same use overwrites it."""
        count = math.prod(shape)
        block = self._blocks.get((use, like.dtype))
        if block is None or block.numel() < count:
            block = self._blocks[use, like.dtype] = like.new_empty(count)
        return block[:count].view(shape)

"""A chain of layers that a clean picture went through, and what a patch on it can reach."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor, nn

from laboratory.fast.deltas import DeltaLayer
from laboratory.fast.sliding import Interval


@dataclass
class CleanRun:
    """The layers of maps after a clean picture went through them.

    difference: what is seen through the patch minus the picture, (H, W, C), in the deltas' type.
    layers: up to the one whose maps are flattened.
    flattened: the shape (H, W, C) of what is flattened.
    fused: whether the course's own kernels for a GPU can be used.
    """

    difference: Tensor
    layers: list[DeltaLayer]
    flattened: tuple[int, int, int]
    fused: bool

    def windows(self, changed: Interval, axis: int) -> list[Interval]:
        """Return what changes along an axis: in the picture, and then after every layer."""
        intervals = [changed]
        for layer in self.layers:
            intervals.append(layer.reach(intervals[-1], axis))
        return intervals

    def window_sizes(self, starts: Sequence[int], patch: int, axis: int) -> list[list[int]]:
        """Return how large the windows of each place are along an axis, after every layer."""
        return [
            [stop - first for first, stop in self.windows((start, start + patch), axis)[1:]]
            for start in starts
        ]

    def multiply_adds(
        self, tops: Sequence[int], lefts: Sequence[int], patch: tuple[int, int]
    ) -> float:
        """Return the multiply-adds of the convolutions in the windows of all places."""
        heights = self.window_sizes(tops, patch[0], 0)
        widths = self.window_sizes(lefts, patch[1], 1)
        total = 0.0
        for number, layer in enumerate(self.layers):
            if isinstance(layer.module, nn.Conv2d):
                high = sum(sizes[number] for sizes in heights)
                wide = sum(sizes[number] for sizes in widths)
                total += layer.work() * high * wide
        return total

    def full_multiply_adds(self) -> float:
        """Return the multiply-adds of the convolutions in whole maps."""
        return sum(
            layer.work() * layer.result.shape[0] * layer.result.shape[1]
            for layer in self.layers
            if isinstance(layer.module, nn.Conv2d)
        )

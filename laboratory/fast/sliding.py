"""Which outputs of a layer that slides depend on which inputs: receptive fields, along one axis."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from torch import nn

Interval: TypeAlias = tuple[int, int]
"""First index, and the one after the last."""


@dataclass(frozen=True)
class Sliding:
    """How a layer slides along one axis."""

    kernel: int
    stride: int
    padding: int
    dilation: int

    @classmethod
    def of(cls, module: nn.Module, axis: int) -> Sliding:
        """Return how a layer slides along the height (axis 0) or the width (axis 1).

        module: with paddings in pixels. Raises TypeError if it does not slide.
        """

        def along(value: int | tuple[int, ...] | str) -> int:
            assert not isinstance(value, str)  # paddings by name are refused before
            return value if isinstance(value, int) else value[axis]

        match module:
            case nn.Conv2d() | nn.MaxPool2d():
                return cls(
                    along(module.kernel_size),
                    along(module.stride),
                    along(module.padding),
                    along(module.dilation),
                )
            case nn.AvgPool2d():
                return cls(
                    along(module.kernel_size), along(module.stride), along(module.padding), 1
                )
        raise TypeError(f"{type(module).__name__} does not slide.")

    def reach(self, changed: Interval, size: int) -> Interval:
        """Return which of the ``size`` outputs depend on changed inputs."""
        span = self.dilation * (self.kernel - 1)
        first = -((-(changed[0] + self.padding - span)) // self.stride)
        last = (changed[1] - 1 + self.padding) // self.stride
        return max(first, 0), min(last + 1, size)

    def needed(self, count: int) -> int:
        """Return how many inputs lie under ``count`` outputs."""
        return (count - 1) * self.stride + self.dilation * (self.kernel - 1) + 1

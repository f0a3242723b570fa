"""Windows of equal size in a map: where a delta is known, and how it moves from one to another."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from laboratory.fast.sliding import Sliding

Known = TypeVar("Known")


class Windows:
    """Windows of equal size in a map.

    rows, columns: where they begin, shape (N,).
    size: height and width.
    remember: whether what is computed from them is kept for the next time. It takes memory, but a
        CUDA graph can hold nothing that is copied from the host.
    """

    def __init__(
        self, rows: Tensor, columns: Tensor, size: tuple[int, int], remember: bool = False
    ) -> None:
        self.rows = rows
        self.columns = columns
        self.size = size
        self._known: dict[object, Any] | None = {} if remember else None

    @property
    def count(self) -> int:
        """The number of windows."""
        return len(self.rows)

    def under(self, module: nn.Module) -> Windows:
        """Return the inputs that a layer takes for these windows of its output."""
        down, across = Sliding.of(module, 0), Sliding.of(module, 1)
        return self._once(
            (down, across),
            lambda: self._moved(
                self.rows * down.stride - down.padding,
                self.columns * across.stride - across.padding,
                (down.needed(self.size[0]), across.needed(self.size[1])),
            ),
        )

    def whole(self, shape: Sequence[int]) -> Windows:
        """Return as many windows that are each a whole map (H, W, C)."""
        size = (shape[0], shape[1])

        def corner() -> Windows:
            zero = torch.zeros_like(self.rows)
            return self._moved(zero, zero, size)

        return self._once(("whole", size), corner)

    def flat_positions(self, height: int, width: int) -> Tensor:
        """Return which rows of a flat map (height * width, C) the windows hold, shape (N, h, w).

        What lies outside of the map gets the number height * width.
        """
        return self._once((height, width), lambda: self._flat_positions(height, width))

    def flat_positions_in(self, larger: Windows) -> Tensor:
        """Return which rows of all larger windows, laid out flat, these hold, shape (N * h * w,).

        What lies outside of its larger window gets the number of all rows.
        """
        return self._once(larger, lambda: self._flat_positions_in(larger))

    def _once(self, key: object, make: Callable[[], Known]) -> Known:
        """Return what ``make`` gives, or gave when it was remembered under this key."""
        if self._known is None:
            return make()
        if key not in self._known:
            self._known[key] = make()
        known: Known = self._known[key]
        return known

    def _moved(self, rows: Tensor, columns: Tensor, size: tuple[int, int]) -> Windows:
        return Windows(rows, columns, size, remember=self._known is not None)

    def _flat_positions(self, height: int, width: int) -> Tensor:
        rows = self.rows[:, None] + torch.arange(self.size[0], device=self.rows.device)
        columns = self.columns[:, None] + torch.arange(self.size[1], device=self.rows.device)
        inside_rows = (rows >= 0) & (rows < height)
        inside_columns = (columns >= 0) & (columns < width)
        inside = inside_rows[:, :, None] & inside_columns[:, None, :]
        positions = rows[:, :, None] * width + columns[:, None, :]
        return torch.where(inside, positions, height * width)

    def _flat_positions_in(self, larger: Windows) -> Tensor:
        area = math.prod(larger.size)
        shifted = Windows(self.rows - larger.rows, self.columns - larger.columns, self.size)
        positions = shifted.flat_positions(*larger.size).view(self.count, -1)
        first = area * torch.arange(self.count, device=self.rows.device)[:, None]
        return torch.where(positions < area, first + positions, self.count * area).flatten()


def gather(
    source: Tensor, windows: Windows, *, outside: float | None = None, out: Tensor | None = None
) -> Tensor:
    """Return windows (N, h, w, C) of a map (H, W, C).

    outside: what stands beyond the border; None if no window goes there.
    out: memory for the result.
    """
    height, width, channels = source.shape
    flat = source.reshape(height * width, channels)
    if outside is not None:
        flat = torch.cat([flat, flat.new_full((1, channels), outside)])
    positions = windows.flat_positions(height, width).flatten()
    if out is None:
        return flat.index_select(0, positions).view(windows.count, *windows.size, channels)
    torch.index_select(flat, 0, positions, out=out.view(-1, channels))
    return out


def place(delta: Tensor, windows: Windows, larger: Windows, out: Tensor | None = None) -> Tensor:
    """Put windows (N, h, w, C) into larger ones, with zeros around; what does not fit is cut off.

    out: memory for the result, one row of C numbers longer: it takes up what is cut off.
    """
    channels = delta.shape[-1]
    rows = windows.count * math.prod(larger.size)
    if out is None:
        out = delta.new_empty(rows + 1, channels)
    out.zero_().index_copy_(0, windows.flat_positions_in(larger), delta.reshape(-1, channels))
    return out[:-1].view(windows.count, *larger.size, channels)

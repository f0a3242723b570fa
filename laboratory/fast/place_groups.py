"""Places of the patch that go through the network together."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from laboratory.fast import triton_kernels
from laboratory.fast.clean_run import CleanRun
from laboratory.fast.deltas import DeltaLayer
from laboratory.fast.sliding import Sliding
from laboratory.fast.windows import Windows, gather, place
from laboratory.layers import pools_2x2


class PlaceGroup:
    """Places whose windows are given the same sizes in every layer."""

    def __init__(
        self, clean: CleanRun, tops: Sequence[int], lefts: Sequence[int], patch: tuple[int, int]
    ) -> None:
        """Work out the windows of all rows and columns of places.

        tops, lefts: first rows and first columns under the patch.
        """
        device = clean.difference.device
        shapes = [clean.difference.shape, *(layer.result.shape for layer in clean.layers)]
        # By axis, in the picture and after each layer: size, and first index by place.
        sizes: list[list[int]] = [[], []]
        firsts: list[list[list[int]]] = [[], []]
        for axis, starts in enumerate((tops, lefts)):
            places = [clean.windows((start, start + patch[axis]), axis) for start in starts]
            for number, shape in enumerate(shapes):
                intervals = [place[number] for place in places]
                size = max(max(stop - first for first, stop in intervals), 1)
                sizes[axis].append(size)
                # Inside of the map, also where a window is smaller than those of its class.
                firsts[axis].append(
                    [min(max(first, 0), shape[axis] - size) for first, _ in intervals]
                )
        self._sizes = list(zip(*sizes, strict=True))
        self._firsts = [torch.tensor(along, device=device) for along in firsts]
        self._paddings = [
            _padding(layer.module, number, sizes, firsts)
            for number, layer in enumerate(clean.layers)
        ]

    def windows(self, places: Sequence[tuple[int, int]], remember: bool) -> list[Windows]:
        """Return the windows of some places, in the picture and then after every layer.

        places: by number of row and column in this group.
        remember: see ``Windows``.
        """
        rows, columns = torch.tensor(places, device=self._firsts[0].device).T
        return [
            Windows(of_rows, of_columns, size, remember)
            for of_rows, of_columns, size in zip(
                self._firsts[0][:, rows], self._firsts[1][:, columns], self._sizes, strict=True
            )
        ]

    def flattened_deltas(self, clean: CleanRun, windows: list[Windows]) -> Tensor:
        """Return the deltas of what is flattened, shape (N, H, W, C).

        windows: of some places, see ``windows``.
        """
        layers = clean.layers
        end = windows[-1].whole(clean.flattened)
        delta, known = gather(clean.difference, windows[0]), windows[0]
        number = 0
        while number < len(layers):
            layer, after = layers[number], windows[number + 1]
            if clean.fused and isinstance(layer.module, nn.ReLU):
                pooled = number + 1 < len(layers) and pools_2x2(layers[number + 1].module)
                number += 2 if pooled else 1
                after = self._windows_for(number, clean, windows, end)
                below = layers[number - 1].reference if pooled else None
                delta = _rectified(layer, below, delta, known, after)
            else:
                padding = self._paddings[number]
                unpadded = isinstance(layer.module, nn.Conv2d) and padding is None
                if unpadded and known is windows[number]:  # else ``_windows_for`` took care of it
                    delta = layer.placed(delta, known, after.under(layer.module))
                delta = layer.output_delta(delta, known, after, padding)
                number += 1
            known = after
        return delta if known.size == end.size else place(delta, known, end)

    def _windows_for(
        self, number: int, clean: CleanRun, windows: list[Windows], end: Windows
    ) -> Windows:
        """Return the windows that suit the layer of this number, or what comes after all layers."""
        if number == len(clean.layers):
            return end
        module = clean.layers[number].module
        if isinstance(module, nn.Conv2d) and self._paddings[number] is None:
            return windows[number + 1].under(module)
        return windows[number]


def _rectified(
    layer: DeltaLayer, below: Tensor | None, delta: Tensor, before: Windows, after: Windows
) -> Tensor:
    """Go through a ReLU, and through the pooling after it, in one step."""
    assert layer.reference is not None
    return triton_kernels.rectified(
        delta,
        (before.rows, before.columns),
        layer.reference,
        (after.rows, after.columns),
        after.size,
        below,
    )


class PlaceBatch:
    """Places that are computed together.

    targets: their numbers in the map, row by row, shape (N,).
    """

    def __init__(
        self,
        group: PlaceGroup,
        places: list[tuple[int, int]],
        targets: list[int],
        device: torch.device,
        remember: bool,
    ) -> None:
        """Name the places.

        places: by number of row and column in the group.
        remember: whether the windows are made once and kept; see ``Windows``.
        """
        self.targets = torch.tensor(targets, device=device)
        self._group = group
        self._places = places
        self._windows = group.windows(places, remember=True) if remember else None

    def flattened_deltas(self, clean: CleanRun) -> Tensor:
        """Return the deltas of what is flattened, shape (N, H, W, C)."""
        windows = self._windows or self._group.windows(self._places, remember=False)
        return self._group.flattened_deltas(clean, windows)


def _padding(
    module: nn.Module,
    number: int,
    sizes: Sequence[Sequence[int]],
    firsts: Sequence[Sequence[Sequence[int]]],
) -> tuple[int, int] | None:
    """Return how to pad all windows so that a convolution gives just those of its output.

    number: of the layer.
    sizes, firsts: by axis, in the picture and after each layer: the size of the windows, and the
        first index of each.
    None stands for other layers, and where some windows lie otherwise than others, as at a border.
    """
    if not isinstance(module, nn.Conv2d):
        return None
    padding = []
    for axis in (0, 1):
        sliding = Sliding.of(module, axis)
        needed = sliding.needed(sizes[axis][number + 1])
        margins = {
            (before - origin, needed - sizes[axis][number] - (before - origin))
            for before, after in zip(*firsts[axis][number : number + 2], strict=True)
            for origin in [after * sliding.stride - sliding.padding]
        }
        low, high = margins.pop()
        if margins or low != high or low < 0:
            return None
        padding.append(low)
    return padding[0], padding[1]

"""Occlusion maps fast enough to follow a slider: on a GPU, a whole map is one launch.

What stands in the recording (see ``recording``) is fixed: the network, the size of the pictures,
the patch, the stride. The picture and what is seen through the patch may change from map to map.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from solutions.visualization.incremental_occlusion import IncrementalOcclusion
from solutions.visualization.occlusion import Occlusion, checked, pair, starts
from solutions.visualization.recording import recorded


class LiveOcclusion:
    """Occlusion maps of picture after picture, for one patch and stride.

    Gives what ``incremental_occlusion.occlude`` gives. On a CPU nothing is recorded, but the plan
    of the map is made only once.
    """

    def __init__(
        self,
        model: nn.Module,
        shape: tuple[int, int, int],
        *,
        patch: int | tuple[int, int],
        stride: int | tuple[int, int],
        batch_size: int = 1024,
        device: torch.device | str | None = None,
        delta_dtype: torch.dtype = torch.float32,
        size_classes: int | None = None,
    ) -> None:
        """Plan the map and, on a GPU, record it.

        shape: of the pictures, (C, H, W).
        Other arguments: see ``incremental_occlusion.occlude``. On a GPU, torch.float16 as
        delta_dtype is as fast as torch.bfloat16, and more accurate.

        Raises what ``incremental_occlusion.occlude`` raises.
        """
        (self._height, self._width), (down, right) = pair(patch), pair(stride)
        self._tops = starts(shape[1], self._height, down)
        self._lefts = starts(shape[2], self._width, right)
        blank = torch.zeros(1, *shape)
        self._engine = IncrementalOcclusion(model, blank, device=device, delta_dtype=delta_dtype)
        self._x = blank.to(self._engine.device)
        self._fill = torch.zeros_like(self._x[0])
        self._work = self._engine.work(
            self._tops,
            self._lefts,
            (self._height, self._width),
            batch_size,
            size_classes,
            kept=self._engine.device.type == "cuda",
        )
        self._recorded = recorded(self._compute, self._engine.device)

    def _compute(self) -> tuple[Tensor, Tensor]:
        """Return the scores (rows, columns, K), and those of the clean picture (K,)."""
        self._engine.see(self._x, self._fill)
        shape = (len(self._tops), len(self._lefts))
        return self._engine.logits_of(self._work, shape), self._engine.clean

    def __call__(self, x: Tensor, fill: Tensor | float = 0.0) -> Occlusion:
        """Return the map of a normalized picture (1, C, H, W).

        fill: what is seen through the patch: a picture (C, H, W), or one number.

        Raises ValueError if the picture has another shape than was planned for.
        """
        if x.shape != self._x.shape:
            raise ValueError(
                f"This map was planned for pictures of shape {tuple(self._x.shape)}; x has the "
                f"shape {tuple(x.shape)}."
            )
        x, filled = checked(x.to(self._x), fill)
        self._x.copy_(x)
        self._fill.copy_(filled)
        logits, clean = self._recorded()
        patch = (self._height, self._width)
        return Occlusion(logits, clean, self._tops, self._lefts, patch, self._engine.size)

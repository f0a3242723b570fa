"""Occlusion maps fast enough to follow a slider: on a GPU, a whole map is one launch.

What stands in the recording (see ``recording``) is fixed: the network, the size of the pictures,
the patch, the stride. The picture and what is seen through the patch may change from map to map.
"""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn

from laboratory.baselines import picture_and_baseline
from laboratory.fast.incremental_occlusion import IncrementalOcclusion
from laboratory.fast.recording import recorded
from laboratory.layers import pair
from laboratory.occlusion_map import OcclusionMap, patch_starts


class LiveOcclusion:
    """Occlusion maps of picture after picture, for one patch and stride.

    Gives what ``attribution.occlusion`` gives. On a CPU nothing is recorded, but the plan of the
    map is made only once. When the network's weights have changed, make a new one.
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

        model, device, delta_dtype: see ``IncrementalOcclusion``.
        shape: of the pictures, (C, H, W).
        patch, stride: in pixels; one number, or one for the height and one for the width.
        batch_size, size_classes: see ``IncrementalOcclusion.logits``.

        Raises UnsupportedLayerError if the network is no chain; ValueError if sizes do not fit or
        the network is in training mode.
        """
        self._batch_size, self._size_classes = batch_size, size_classes
        blank = torch.zeros(1, *shape)
        engine = IncrementalOcclusion(model, blank, device=device, delta_dtype=delta_dtype)
        self._plan(engine, blank, pair(patch), pair(stride))

    def again(
        self, *, patch: int | tuple[int, int], stride: int | tuple[int, int]
    ) -> LiveOcclusion:
        """Return one for another patch and stride; all else is the same.

        Both use the same prepared weights: of VGG16 in float32 on a CPU, half a gigabyte.
        """
        other = copy.copy(self)
        engine = self._engine.with_same_weights()
        other._plan(engine, torch.zeros_like(self._x), pair(patch), pair(stride))
        return other

    def _plan(
        self,
        engine: IncrementalOcclusion,
        blank: Tensor,
        patch: tuple[int, int],
        stride: tuple[int, int],
    ) -> None:
        self._engine, self._patch = engine, patch
        self._tops = patch_starts(blank.shape[2], patch[0], stride[0])
        self._lefts = patch_starts(blank.shape[3], patch[1], stride[1])
        self._x = blank.to(engine.device)
        self._baseline = torch.zeros_like(self._x[0])
        self._batches = engine.plan(
            self._tops,
            self._lefts,
            patch,
            self._batch_size,
            self._size_classes,
            remember=engine.device.type == "cuda",
        )
        self._launch = recorded(self._compute, engine.device)

    def _compute(self) -> tuple[Tensor, Tensor]:
        """Return the scores (rows, columns, K), and those of the clean picture (K,)."""
        self._engine.run_clean(self._x, self._baseline)
        shape = (len(self._tops), len(self._lefts))
        return self._engine.planned_logits(self._batches, shape), self._engine.clean

    def __call__(self, x: Tensor, baselines: Tensor | float = 0.0) -> OcclusionMap:
        """Return the map of a normalized picture (1, C, H, W).

        baselines: what is seen through the patch: a picture (C, H, W), or one number.

        Raises ValueError if the picture has another shape than was planned for.
        """
        if x.shape != self._x.shape:
            raise ValueError(
                f"This map was planned for pictures of shape {tuple(self._x.shape)}; x has the "
                f"shape {tuple(x.shape)}."
            )
        x, baseline = picture_and_baseline(x.to(self._x), baselines)
        with torch.inference_mode():
            self._x.copy_(x)
            self._baseline.copy_(baseline)
        logits, clean = (self._launch or self._compute)()
        return OcclusionMap(logits, clean, self._tops, self._lefts, self._patch, self._engine.size)

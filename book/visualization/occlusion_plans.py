"""Occlusion maps for sliders: plans that are kept for the next time, and how long a map takes."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from laboratory.fast.live_occlusion import LiveOcclusion
from laboratory.occlusion_map import OcclusionMap


@dataclass(frozen=True)
class TimedMap:
    """A map on the CPU, and how long it took, in milliseconds.

    planning: of the patch and the stride; 0 if that had been done before.
    """

    occlusion: OcclusionMap
    milliseconds: float
    planning: float


class OcclusionPlans:
    """Plans for maps of one network and size of pictures, each for one patch and stride.

    Where more than one is kept, they share the prepared weights; on a GPU, each keeps the memory
    that its map takes.
    """

    def __init__(
        self,
        model: nn.Module,
        shape: tuple[int, int, int],
        *,
        device: torch.device,
        delta_dtype: torch.dtype,
        most: int,
    ) -> None:
        """Make no plan yet.

        most: how many plans are kept for the next time.
        Other arguments: see ``LiveOcclusion``.
        """
        self._model = model
        self._shape = shape
        self._device = device
        self._dtype = delta_dtype
        self._most = most
        self._plans: OrderedDict[tuple[int, int], LiveOcclusion] = OrderedDict()

    def timed_map(self, x: Tensor, baselines: Tensor, patch: int, stride: int) -> TimedMap:
        """Return the map of a picture (1, C, H, W), and how long it took.

        Raises torch.OutOfMemoryError if the memory does not suffice, even without other plans.
        """
        try:
            return self._timed_map(x, baselines, patch, stride)
        except torch.OutOfMemoryError:
            if not self._plans:
                raise
            self._plans.clear()  # what was kept for later may be in the way
        return self._timed_map(x, baselines, patch, stride)

    def _timed_map(self, x: Tensor, baselines: Tensor, patch: int, stride: int) -> TimedMap:
        began = time.perf_counter()
        try:
            plan = self._plan(patch, stride)
            planned = time.perf_counter()
            occlusion = plan(x, baselines)
        except RuntimeError as error:
            # A GPU's allocator has an error of its own for this; that of the CPU has not.
            if "DefaultCPUAllocator" in str(error):
                raise torch.OutOfMemoryError(str(error)) from error
            raise
        # Copying also waits for the device.
        occlusion = replace(occlusion, logits=occlusion.logits.cpu(), clean=occlusion.clean.cpu())
        ended = time.perf_counter()
        return TimedMap(occlusion, 1e3 * (ended - planned), 1e3 * (planned - began))

    def _plan(self, patch: int, stride: int) -> LiveOcclusion:
        """Return the plan for this patch and stride, a new one if it is not kept."""
        key = patch, stride
        if key in self._plans:
            self._plans.move_to_end(key)
            return self._plans[key]
        while len(self._plans) >= self._most:
            self._plans.popitem(last=False)  # first, so that the new one finds the memory
        other = next(iter(self._plans.values()), None)
        if other is not None:
            plan = other.again(patch=patch, stride=stride)
        else:
            plan = LiveOcclusion(
                self._model,
                self._shape,
                patch=patch,
                stride=stride,
                device=self._device,
                delta_dtype=self._dtype,
            )
        self._plans[key] = plan
        return plan


def check_pictures(pictures: Tensor) -> None:
    """Raise ValueError if there are no normalized pictures of a size that a patch can move in."""
    if pictures.ndim != 4 or pictures.shape[1] != 3 or not len(pictures):
        raise ValueError(
            "pictures has the shape (N, 3, H, W), with at least one picture; it has "
            f"{tuple(pictures.shape)}."
        )
    if min(pictures.shape[2:]) < 2:
        raise ValueError(
            f"A picture of {pictures.shape[2]} x {pictures.shape[3]} pixels is too small for a "
            "patch to move in."
        )
    if not pictures.is_floating_point() or not pictures.isfinite().all():
        raise ValueError(
            "pictures must be normalized, so floating-point and finite: take what "
            "network.prepare(picture) gives for each, and join them with torch.cat."
        )

"""Exact occlusion maps that recompute only what the patch can reach.

The clean picture goes through the network once, and what every layer gave is kept. For a place of
the patch, each layer then only needs its *delta*: what it gives minus what it gave for the clean
picture (``deltas``). A delta differs from zero only in a window (``windows``), which
receptive-field arithmetic (``sliding``) knows before anything is computed.

Places whose windows have the same size in every layer are computed together (``place_groups``), so
the places are divided per axis into a few classes (``size_classes``), each with the window sizes
of its largest member. On a CPU, each thread computes places of its own (``one_core``).
"""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from laboratory.baselines import picture_and_baseline
from laboratory.batches import batch_starts, track
from laboratory.fast import triton_kernels
from laboratory.fast.clean_run import CleanRun
from laboratory.fast.delta_units import DeltaUnits
from laboratory.fast.deltas import DeltaLayer, apply, must_have_windows
from laboratory.fast.layout import to_nchw, to_nhwc
from laboratory.fast.one_core import OneCoreThreads
from laboratory.fast.place_groups import PlaceBatch, PlaceGroup
from laboratory.fast.size_classes import Classes, best_classes
from laboratory.fast.sliding import Interval
from laboratory.fast.winograd import WinogradConvolution, pays
from laboratory.fast.workspace import Workspace
from laboratory.layers import chain, device_of, must_be_ready
from laboratory.occlusion_map import must_be_exact_enough

_LINEAR_ROWS = 512  # places whose linear layers are computed together


class IncrementalOcclusion:
    """A network that has seen a clean picture, and answers for covered ones at once.

    Keep it where several patches or places of the same picture are wanted: the clean picture goes
    through the network only once. When the network's weights have changed, make a new one.

    device: where it computes.
    size: height and width of the picture.
    clean: scores of the clean picture, shape (K,).
    layers: those of maps, see ``deltas.DeltaLayer``.
    """

    def __init__(
        self,
        model: nn.Module,
        x: Tensor,
        *,
        baselines: Tensor | float = 0.0,
        device: torch.device | str | None = None,
        delta_dtype: torch.dtype = torch.float32,
    ) -> None:
        """Run the clean picture.

        model: a chain of layers (see ``layers.chain``), in evaluation mode.
        x: the normalized picture, shape (1, C, H, W).
        baselines: what is seen through the patch: a picture (C, H, W), or one number.
        device: where to compute; by default where the network is.
        delta_dtype: type of the deltas and of the weights that they meet: torch.float32, or, on a
            GPU, torch.float16. The clean picture is always computed in float32.

        Raises UnsupportedLayerError if the network is no chain, ValueError if shapes do not fit or
        the type is too inexact.
        """
        must_be_ready(model)
        must_be_exact_enough(delta_dtype)
        self.device = torch.device(device) if device is not None else device_of(model)
        model.to(self.device)
        self._dtype = delta_dtype
        self._workspace = Workspace()
        self._chain = chain(model)
        # A recorded map reads the weights where they are now, wherever the network goes.
        self._read = [tensor.detach() for tensor in (*model.parameters(), *model.buffers())]
        self._threads = OneCoreThreads(self.device)
        with torch.inference_mode():
            self._prepare_weights()
        self.run_clean(x, baselines)

    def with_same_weights(self) -> IncrementalOcclusion:
        """Return one for the same network, to which ``run_clean`` gives pictures of its own."""
        other = copy.copy(self)
        # A recorded map must find its memory as it left it.
        other._workspace = Workspace()
        return other

    def run_clean(self, x: Tensor, baselines: Tensor | float = 0.0) -> None:
        """Run another clean picture, of any size; for the arguments see the constructor."""
        x, baseline = picture_and_baseline(x.to(self.device, torch.float32), baselines)
        self.size = (x.shape[2], x.shape[3])
        difference = to_nhwc((baseline - x[0])[None])[0].to(self._dtype)
        flattened = (*self.size, x.shape[1])
        layers: list[DeltaLayer] = []
        self._units: list[DeltaUnits] = []
        with torch.inference_mode():
            for layer in self._chain:
                y = apply(layer.module, x)
                if isinstance(layer.module, nn.Flatten):
                    flattened = (x.shape[2], x.shape[3], x.shape[1])
                elif x.ndim == 4:
                    must_have_windows(layer)
                    weight = self._filters.get(layer.name)
                    layers.append(
                        DeltaLayer(
                            layer,
                            x,
                            y,
                            dtype=self._dtype,
                            weight=weight,
                            workspace=self._workspace,
                        )
                    )
                else:
                    self._units.append(DeltaUnits(layer.module, layer.name, x[0], y[0]))
                x = y
        if x.ndim != 2:
            raise ValueError(f"The network must give scores of shape (N, K), not {tuple(x.shape)}.")
        self.clean = x[0]
        fused = triton_kernels.available(self.device)
        self._clean_run = CleanRun(difference, layers, flattened, fused)

    def _prepare_weights(self) -> None:
        """Bring the weights to the form in which they are used, by layer."""
        self._filters: dict[str, Tensor | WinogradConvolution] = {}
        self._weights: dict[str, Tensor] = {}
        for layer in self._chain:
            module = layer.module
            if isinstance(module, nn.Conv2d) and pays(module, self._dtype):
                convolution = WinogradConvolution(module.weight, None, self._workspace)
                self._filters[layer.name] = convolution
            elif isinstance(module, nn.Conv2d):
                weight = module.weight.to(self._dtype)
                self._filters[layer.name] = weight.contiguous(memory_format=torch.channels_last)
            elif isinstance(module, nn.Linear):
                self._weights[layer.name] = module.weight.to(self._dtype)

    @property
    def layers(self) -> list[DeltaLayer]:
        """The layers of maps, with what they got and gave for the clean picture."""
        return self._clean_run.layers

    def windows(self, changed: Interval, axis: int) -> list[Interval]:
        """Return what changes along an axis: in the picture, and then after every layer."""
        return self._clean_run.windows(changed, axis)

    def multiply_adds(
        self, tops: Sequence[int], lefts: Sequence[int], patch: tuple[int, int]
    ) -> float:
        """Return the multiply-adds of all places if nothing is computed in vain.

        Of convolutions and linear layers; the least that this method can do.
        """
        maps = self._clean_run.multiply_adds(tops, lefts, patch)
        return maps + self._unit_multiply_adds() * len(tops) * len(lefts)

    def full_multiply_adds(self) -> float:
        """Return the multiply-adds of one run of the whole network."""
        return self._clean_run.full_multiply_adds() + self._unit_multiply_adds()

    def _unit_multiply_adds(self) -> float:
        return sum(units.multiply_adds() for units in self._units)

    def logits(
        self,
        tops: Sequence[int],
        lefts: Sequence[int],
        patch: tuple[int, int],
        *,
        batch_size: int = 32,
        size_classes: int | None = None,
        progress: bool = False,
    ) -> Tensor:
        """Return the scores for every place of the patch, shape (rows, columns, K).

        tops, lefts: first rows and first columns under the patch.
        batch_size: places that are computed together; bounds the memory.
        size_classes: classes of windows per axis; by default as many as pay.
        """
        plan = self.plan(tops, lefts, patch, batch_size, size_classes)
        return self.planned_logits(plan, (len(tops), len(lefts)), progress=progress)

    def plan(
        self,
        tops: Sequence[int],
        lefts: Sequence[int],
        patch: tuple[int, int],
        batch_size: int = 32,
        size_classes: int | None = None,
        remember: bool = False,
    ) -> list[PlaceBatch]:
        """Return the batches into which a map is divided. They fit every picture of this size.

        remember: whether the batches keep their indices, which takes memory; see
            ``windows.Windows``.
        Other arguments: see ``logits``.
        """
        batch_starts(0, batch_size)  # or an error
        batch_size = max(1, batch_size // self._threads.count)  # all threads' together
        batches = []
        of_rows, of_columns = self.classes(tops, lefts, patch, size_classes)
        for rows in of_rows:
            for columns in of_columns:
                group = PlaceGroup(
                    self._clean_run, [tops[i] for i in rows], [lefts[j] for j in columns], patch
                )
                places = [(i, j) for i in range(len(rows)) for j in range(len(columns))]
                targets = [i * len(lefts) + j for i in rows for j in columns]
                for first in batch_starts(len(places), batch_size):
                    some = slice(first, first + batch_size)
                    batches.append(
                        PlaceBatch(group, places[some], targets[some], self.device, remember)
                    )
        return batches

    def classes(
        self,
        tops: Sequence[int],
        lefts: Sequence[int],
        patch: tuple[int, int],
        size_classes: int | None = None,
    ) -> tuple[Classes, Classes]:
        """Return which rows and which columns of places get windows of one size."""
        return best_classes(
            self._clean_run.window_sizes(tops, patch[0], 0),
            self._clean_run.window_sizes(lefts, patch[1], 1),
            [layer.work() for layer in self.layers],
            self.device.type,
            size_classes,
        )

    def planned_logits(
        self, plan: Sequence[PlaceBatch], shape: tuple[int, int], *, progress: bool = False
    ) -> Tensor:
        """Return the scores for the batches of a map of ``shape``, shape (rows, columns, K)."""
        logits = self.clean.new_empty(math.prod(shape), len(self.clean))
        results = self._threads.map(self._flat_deltas, plan)
        waiting: list[Tensor] = []
        waiting_for: list[Tensor] = []
        with torch.inference_mode():
            for number, batch in enumerate(track(plan, "occlusion", progress), 1):
                waiting.append(next(results))
                waiting_for.append(batch.targets)
                if sum(map(len, waiting_for)) >= _LINEAR_ROWS or number == len(plan):
                    delta = torch.cat(waiting)
                    for units in self._units:
                        delta = units.output_delta(delta, self._weights)
                    logits.index_copy_(0, torch.cat(waiting_for), self.clean + delta)
                    waiting, waiting_for = [], []
        return logits.view(*shape, -1)

    def _flat_deltas(self, batch: PlaceBatch) -> Tensor:
        """Return the deltas of what the first linear layer gets, shape (N, F)."""
        with torch.inference_mode():
            # Flattening counts channel by channel.
            return to_nchw(batch.flattened_deltas(self._clean_run)).flatten(1)

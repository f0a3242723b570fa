"""Exact occlusion maps that recompute only what the patch can reach.

The clean picture goes through the network once, and what every layer gave is kept. For a place of
the patch, each layer then only needs its *delta*: what it gives minus what it gave for the clean
picture. A delta differs from zero only in a window, which receptive-field arithmetic knows before
anything is computed:

* a linear layer (convolution, average pooling, the units at the end) turns the delta of its input
  into the delta of its output, without its bias;
* any other layer f gives f(clean + delta) - f(clean). For ReLU and max pooling this is written so
  that clean and delta are never added: relu(c + d) - relu(c) = max(d, -c) - relu(-c).

Where a delta is padded, zeros are right, and rounding errors are proportional to the deltas, not
to the activations: hence the bfloat16 mode is accurate.

Places whose windows have the same size in every layer are computed together, so the places are
divided per axis into a few classes, each with the window sizes of its largest member.
Multiplications grow with the area of the windows, and a dynamic program finds the division with
the fewest.
"""

from __future__ import annotations

import copy
import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, TypeVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from laboratory import triton_kernels
from laboratory.batches import batch_starts
from laboratory.layers import (
    ELEMENTWISE,
    Layer,
    UnsupportedLayerError,
    chain,
    device_of,
    divides,
    halves,
    must_be_ready,
    pair,
)
from laboratory.occlusion import Occlusion, checked, starts
from laboratory.progress import track
from laboratory.winograd import WinogradConvolution, Workspace, pays

MOST_CLASSES = 5
"""Into how many classes the places are divided at most, per axis."""

CLASS_COSTS = {"cpu": 3.5e8, "cuda": 1e11}
"""What a class more costs on a device, as the number of multiply-adds that take the same time.

On a GPU, small batches waste more than large windows do.
"""

_LINEAR_ROWS = 512  # places whose linear layers are computed together

Known = TypeVar("Known")

Interval = tuple[int, int]
"""First changed index, and the one after the last."""


@dataclass(frozen=True)
class _Sliding:
    """How a layer slides along one axis."""

    kernel: int
    stride: int
    padding: int
    dilation: int

    def reach(self, changed: Interval, size: int) -> Interval:
        """Return which of the ``size`` outputs depend on changed inputs."""
        span = self.dilation * (self.kernel - 1)
        first = -((-(changed[0] + self.padding - span)) // self.stride)
        last = (changed[1] - 1 + self.padding) // self.stride
        return max(first, 0), min(last + 1, size)

    def needed(self, count: int) -> int:
        """Return how many inputs lie under ``count`` outputs."""
        return (count - 1) * self.stride + self.dilation * (self.kernel - 1) + 1


def _sliding(module: nn.Module, axis: int) -> _Sliding:
    def along(value: int | tuple[int, ...] | str) -> int:
        assert not isinstance(value, str)  # see _must_have_window
        return value if isinstance(value, int) else value[axis]

    match module:
        case nn.Conv2d() | nn.MaxPool2d():
            return _Sliding(
                along(module.kernel_size),
                along(module.stride),
                along(module.padding),
                along(module.dilation),
            )
        case nn.AvgPool2d():
            return _Sliding(
                along(module.kernel_size), along(module.stride), along(module.padding), 1
            )
    raise TypeError(f"{type(module).__name__} does not slide.")


class _Windows:
    """Windows of equal size in a map.

    rows, columns: where they begin, shape (N,).
    size: height and width.
    kept: whether what is computed from them is kept for the next time. It takes memory, but a
        CUDA graph can hold nothing that is copied from the host.
    """

    def __init__(
        self, rows: Tensor, columns: Tensor, size: tuple[int, int], kept: bool = False
    ) -> None:
        self.rows = rows
        self.columns = columns
        self.size = size
        self._known: dict[object, Any] | None = {} if kept else None

    @property
    def count(self) -> int:
        """The number of windows."""
        return len(self.rows)

    def once(self, key: object, make: Callable[[], Known]) -> Known:
        """Return what ``make`` gives, or gave when it was kept under this key."""
        if self._known is None:
            return make()
        if key not in self._known:
            self._known[key] = make()
        found: Known = self._known[key]
        return found

    def _moved(self, rows: Tensor, columns: Tensor, size: tuple[int, int]) -> _Windows:
        return _Windows(rows, columns, size, self._known is not None)

    def under(self, module: nn.Module) -> _Windows:
        """Return the inputs that a layer takes for these windows of its output."""
        down, across = _sliding(module, 0), _sliding(module, 1)
        return self.once(
            (down, across),
            lambda: self._moved(
                self.rows * down.stride - down.padding,
                self.columns * across.stride - across.padding,
                (down.needed(self.size[0]), across.needed(self.size[1])),
            ),
        )

    def whole(self, shape: Sequence[int]) -> _Windows:
        """Return as many windows that are each a whole map (H, W, C)."""
        size = (shape[0], shape[1])

        def corner() -> _Windows:
            zero = torch.zeros_like(self.rows)
            return self._moved(zero, zero, size)

        return self.once(("whole", size), corner)

    def places(self, height: int, width: int) -> Tensor:
        """Return which rows of a flat map (height * width, C) the windows hold, shape (N, h, w).

        What lies outside of the map gets the number height * width.
        """
        return self.once((height, width), lambda: self._places(height, width))

    def _places(self, height: int, width: int) -> Tensor:
        rows = self.rows[:, None] + torch.arange(self.size[0], device=self.rows.device)
        columns = self.columns[:, None] + torch.arange(self.size[1], device=self.rows.device)
        inside_rows = (rows >= 0) & (rows < height)
        inside_columns = (columns >= 0) & (columns < width)
        inside = inside_rows[:, :, None] & inside_columns[:, None, :]
        places = rows[:, :, None] * width + columns[:, None, :]
        return torch.where(inside, places, height * width)

    def within(self, larger: _Windows) -> Tensor:
        """Return which rows of all larger windows, laid out flat, these hold, shape (N * h * w,).

        What lies outside of its larger window gets the number of all rows.
        """
        return self.once(larger, lambda: self._within(larger))

    def _within(self, larger: _Windows) -> Tensor:
        area = math.prod(larger.size)
        shifted = _Windows(self.rows - larger.rows, self.columns - larger.columns, self.size)
        places = shifted.places(*larger.size).view(self.count, -1)
        first = area * torch.arange(self.count, device=self.rows.device)[:, None]
        return torch.where(places < area, first + places, self.count * area).flatten()


class _Step:
    """A layer with what it got and gave for the clean picture, H, W and C last."""

    def __init__(self, layer: Layer, given: Tensor, result: Tensor, dtype: torch.dtype) -> None:
        self.module = layer.module
        self.name = layer.name
        self.given = given
        self.result = result
        self.reference: Tensor | None = None
        """What a delta is compared with, in its type: see ``run``."""
        if isinstance(layer.module, nn.ReLU):
            self.reference = _narrowed(-given, dtype)
        elif isinstance(layer.module, nn.MaxPool2d) and divides(layer.module):
            highest = result
            for axis, sliding in enumerate((_sliding(layer.module, 0), _sliding(layer.module, 1))):
                highest = highest.repeat_interleave(sliding.kernel, dim=axis)
            height, width = highest.shape[:2]
            self.reference = _narrowed(given[:height, :width] - highest, dtype)

    def reach(self, changed: Interval, axis: int) -> Interval:
        """Return which outputs along an axis depend on changed inputs."""
        if isinstance(self.module, nn.AdaptiveAvgPool2d):
            # Sizes may differ from window to window: everything counts as changed, unless the
            # layer changes nothing, as in VGG16 at its own size.
            same = self.given.shape == self.result.shape
            return changed if same else (0, self.result.shape[axis])
        if isinstance(self.module, nn.Conv2d | nn.MaxPool2d | nn.AvgPool2d):
            return _sliding(self.module, axis).reach(changed, self.result.shape[axis])
        return changed

    def work(self) -> float:
        """Return the multiply-adds for one place of the output, of all its channels."""
        if isinstance(self.module, nn.Conv2d | nn.Linear):
            return float(self.module.weight.numel())
        return float(self.result.shape[-1])


class IncrementalOcclusion:
    """A network that has seen a clean picture, and answers for covered ones at once.

    Keep it where several patches or places of the same picture are wanted: the clean picture goes
    through the network only once. When the network's weights have changed, make a new one.
    """

    def __init__(
        self,
        model: nn.Module,
        x: Tensor,
        *,
        fill: Tensor | float = 0.0,
        device: torch.device | str | None = None,
        delta_dtype: torch.dtype = torch.float32,
    ) -> None:
        """Run the clean picture.

        model: a chain of layers (see ``layers.chain``), in evaluation mode.
        x: the normalized picture, shape (1, C, H, W).
        fill: what is seen through the patch: a picture (C, H, W), or one number.
        device: where to compute; by default where the network is.
        delta_dtype: type of the deltas and of the weights that they meet. The clean picture is
            always computed in float32.

        Raises UnsupportedLayerError if the network is no chain, ValueError if shapes do not fit.
        """
        must_be_ready(model)
        self.device = torch.device(device) if device is not None else device_of(model)
        model.to(self.device)
        self.delta_dtype = delta_dtype
        self.workspace = Workspace()
        self.fused = triton_kernels.available(self.device)
        self._chain = chain(model)
        # A recorded map reads the weights where they are now, wherever the network goes.
        self._read = [one.detach() for one in (*model.parameters(), *model.buffers())]
        self.see(x, fill)
        with torch.inference_mode():
            self._quick = {
                step.name: WinogradConvolution(step.module.weight, None, self.workspace)
                for step in self.steps
                if isinstance(step.module, nn.Conv2d) and pays(step.module, delta_dtype)
            }
            self._weights = self._prepared_weights()

    def twin(self) -> IncrementalOcclusion:
        """Return one for the same network that sees pictures of its own; the weights are shared."""
        other = copy.copy(self)
        # A recorded map must find its memory as it left it.
        other.workspace = Workspace()
        return other

    def see(self, x: Tensor, fill: Tensor | float = 0.0) -> None:
        """Run another clean picture, of any size; for the arguments see the constructor."""
        x, filled = checked(x.to(self.device, torch.float32), fill)
        self.size = (x.shape[2], x.shape[3])
        self.difference = _last(filled - x[0]).to(self.delta_dtype)
        self.steps: list[_Step] = []
        self.units: list[_Step] = []
        with torch.inference_mode():
            for layer in self._chain:
                y = _apply(layer.module, x)
                if isinstance(layer.module, nn.Flatten):
                    self.flat = (x.shape[2], x.shape[3], x.shape[1])
                elif x.ndim == 4:
                    _must_have_window(layer)
                    self.steps.append(_Step(layer, _last(x[0]), _last(y[0]), self.delta_dtype))
                else:
                    self.units.append(_Step(layer, x[0], y[0], torch.float32))
                x = y
            if x.ndim != 2:
                raise ValueError(
                    f"The network must give scores of shape (N, K), not {tuple(x.shape)}."
                )
            self.clean = x[0]

    def _prepared_weights(self) -> dict[str, Tensor]:
        """Return the weights as they are used, by layer, apart from those in ``_quick``."""
        found = {}
        for step in (*self.steps, *self.units):
            module = step.module
            if isinstance(module, nn.Conv2d) and step.name not in self._quick:
                weight = module.weight.to(self.delta_dtype)
                found[step.name] = weight.contiguous(memory_format=torch.channels_last)
            elif isinstance(module, nn.Linear):
                found[step.name] = module.weight.to(self.delta_dtype)
        return found

    def windows(self, changed: Interval, axis: int) -> list[Interval]:
        """Return what changes along an axis: in the picture, and then after every layer."""
        found = [changed]
        for step in self.steps:
            found.append(step.reach(found[-1], axis))
        return found

    def _divided(self, sizes: Sequence[Sequence[int]], most: int) -> list[list[list[int]]]:
        """Divide places along an axis so that there is as little as possible to compute.

        sizes: of the windows of each place, see ``_sizes``.
        Returns the divisions into at most 1, 2, ..., ``most`` classes, each of places by number.
        """
        # What a row more costs: the work of a place times the length of a typical row.
        middle = sorted(sizes, key=sum)[len(sizes) // 2]
        rows = [step.work() * length for step, length in zip(self.steps, middle, strict=True)]

        def cost(members: Sequence[int]) -> float:
            total = 0.0
            for number, row in enumerate(rows):
                total += row * max(sizes[i][number] for i in members)
            return len(members) * total

        order = sorted(range(len(sizes)), key=lambda i: cost([i]))
        return [
            [[order[i] for i in part] for part in division]
            for division in _divisions(len(order), most, lambda a, b: cost(order[a:b]))
        ]

    def _sizes(self, places: Sequence[int], patch: int, axis: int) -> list[list[int]]:
        """Return how large the windows of each place are along an axis, after every layer."""
        return [
            [stop - start for start, stop in self.windows((place, place + patch), axis)[1:]]
            for place in places
        ]

    def _best_division(
        self,
        tops: Sequence[int],
        lefts: Sequence[int],
        patch: tuple[int, int],
        size_classes: int | None,
    ) -> tuple[list[list[int]], list[list[int]]]:
        """Return classes of rows and of columns; as many as pay, if no number is given."""
        most = MOST_CLASSES if size_classes is None else size_classes
        if most < 1:
            raise ValueError(f"size_classes must be at least 1; {size_classes} was given.")
        high, wide = self._sizes(tops, patch[0], 0), self._sizes(lefts, patch[1], 1)
        both = list(zip(self._divided(high, most), self._divided(wide, most), strict=True))
        if size_classes is not None:
            return both[-1]
        work = [step.work() for step in self.steps]
        more = CLASS_COSTS.get(self.device.type, CLASS_COSTS["cpu"])

        def cost(division: tuple[list[list[int]], list[list[int]]]) -> float:
            total = 0.0
            for rows, columns in itertools.product(*division):
                heights = (max(one) for one in zip(*(high[i] for i in rows), strict=True))
                widths = (max(one) for one in zip(*(wide[j] for j in columns), strict=True))
                area = sum(map(math.prod, zip(work, heights, widths, strict=True)))
                total += len(rows) * len(columns) * area + more
            return total

        return min(both, key=cost)

    def _unit_multiply_adds(self) -> float:
        linear = [step for step in self.units if isinstance(step.module, nn.Linear)]
        return sum((step.work() for step in linear), 0.0)

    def multiply_adds(
        self, tops: Sequence[int], lefts: Sequence[int], patch: tuple[int, int]
    ) -> float:
        """Return the multiply-adds of all places if nothing is computed in vain.

        Of convolutions and linear layers; the least that this method can do.
        """
        total = 0.0
        rows = [self.windows((top, top + patch[0]), 0) for top in tops]
        columns = [self.windows((left, left + patch[1]), 1) for left in lefts]
        for number, step in enumerate(self.steps, 1):
            if isinstance(step.module, nn.Conv2d):
                high = sum(window[number][1] - window[number][0] for window in rows)
                wide = sum(window[number][1] - window[number][0] for window in columns)
                total += step.work() * high * wide
        return total + self._unit_multiply_adds() * len(tops) * len(lefts)

    def full_multiply_adds(self) -> float:
        """Return the multiply-adds of one run of the whole network."""
        total = self._unit_multiply_adds()
        for step in self.steps:
            if isinstance(step.module, nn.Conv2d):
                total += step.work() * step.result.shape[0] * step.result.shape[1]
        return total

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
        work = self.work(tops, lefts, patch, batch_size, size_classes)
        return self.logits_of(work, (len(tops), len(lefts)), progress=progress)

    def work(
        self,
        tops: Sequence[int],
        lefts: Sequence[int],
        patch: tuple[int, int],
        batch_size: int = 32,
        size_classes: int | None = None,
        kept: bool = False,
    ) -> list[Part]:
        """Return the parts into which a map is divided. They fit every picture of this size.

        kept: whether the parts keep their indices, which takes memory; see ``_Windows``.
        Other arguments: see ``logits``.
        """
        parts = []
        of_rows, of_columns = self._best_division(tops, lefts, patch, size_classes)
        for rows in of_rows:
            for columns in of_columns:
                group = _Group(self, [tops[i] for i in rows], [lefts[j] for j in columns], patch)
                places = [(i, j) for i in range(len(rows)) for j in range(len(columns))]
                targets = [i * len(lefts) + j for i in rows for j in columns]
                for first in batch_starts(len(places), batch_size):
                    some = slice(first, first + batch_size)
                    parts.append(Part(group, places[some], targets[some], kept))
        return parts

    def logits_of(
        self, work: Sequence[Part], shape: tuple[int, int], *, progress: bool = False
    ) -> Tensor:
        """Return the scores for the parts of a map of ``shape``, shape (rows, columns, K)."""
        logits = self.clean.new_empty(math.prod(shape), len(self.clean))
        waiting: list[Tensor] = []
        waiting_for: list[Tensor] = []
        with torch.inference_mode():
            for number, part in enumerate(track(work, "occlusion", progress), 1):
                # Flattening counts channel by channel.
                waiting.append(_first(part.deltas()).flatten(1))
                waiting_for.append(part.targets)
                if sum(map(len, waiting_for)) >= _LINEAR_ROWS or number == len(work):
                    scores = self._units_for(torch.cat(waiting))
                    logits.index_copy_(0, torch.cat(waiting_for), scores)
                    waiting, waiting_for = [], []
        return logits.view(*shape, -1)

    def _units_for(self, delta: Tensor) -> Tensor:
        """Return the scores (N, K) for deltas of what the first linear layer gets."""
        for step in self.units:
            if isinstance(step.module, nn.Linear):
                weight = self._weights[step.name]
                delta = (delta.to(weight.dtype) @ weight.T).float()
            elif isinstance(step.module, ELEMENTWISE):
                delta = _apply(step.module, step.given + delta) - step.result
        return self.clean + delta


class _Group:
    """Places whose windows are given the same sizes in every layer."""

    def __init__(
        self,
        engine: IncrementalOcclusion,
        tops: list[int],
        lefts: list[int],
        patch: tuple[int, int],
    ) -> None:
        self.engine = engine
        shapes = [engine.difference.shape, *(step.result.shape for step in engine.steps)]
        # By axis, after each layer: size of the windows, and their first index by place.
        sizes: list[list[int]] = [[], []]
        firsts: list[list[list[int]]] = [[], []]
        for axis, places in enumerate((tops, lefts)):
            windows = [engine.windows((place, place + patch[axis]), axis) for place in places]
            for number, shape in enumerate(shapes):
                intervals = [window[number] for window in windows]
                size = max(max(stop - start for start, stop in intervals), 1)
                sizes[axis].append(size)
                firsts[axis].append(
                    [min(max(start, 0), shape[axis] - size) for start, _ in intervals]
                )
        self.sizes = list(zip(*sizes, strict=True))
        self.firsts = [torch.tensor(along, device=engine.device) for along in firsts]
        self.paddings = [
            self._padding(step.module, number, sizes, firsts)
            for number, step in enumerate(engine.steps)
        ]

    @staticmethod
    def _padding(
        module: nn.Module, number: int, sizes: list[list[int]], firsts: list[list[list[int]]]
    ) -> tuple[int, int] | None:
        """Return how to pad all windows so that a convolution gives just those of its output.

        Returns None if some windows lie otherwise than others, as at a border.
        """
        if not isinstance(module, nn.Conv2d):
            return None
        found = []
        for axis in (0, 1):
            sliding = _sliding(module, axis)
            needed = sliding.needed(sizes[axis][number + 1])
            margins = {
                (before - origin, needed - sizes[axis][number] - (before - origin))
                for before, after in zip(*firsts[axis][number : number + 2], strict=True)
                for origin in [after * sliding.stride - sliding.padding]
            }
            low, high = margins.pop()
            if margins or low != high or low < 0:
                return None
            found.append(low)
        return found[0], found[1]

    def windows(self, places: list[tuple[int, int]], kept: bool) -> list[_Windows]:
        """Return the windows of some places, in the picture and then after every layer."""
        which = torch.tensor(places, device=self.engine.device).T
        return [
            _Windows(rows, columns, size, kept)
            for rows, columns, size in zip(
                self.firsts[0][:, which[0]], self.firsts[1][:, which[1]], self.sizes, strict=True
            )
        ]

    def run(self, windows: list[_Windows]) -> Tensor:
        """Return the deltas of what the first linear layer gets, shape (N, H, W, C)."""
        engine, steps = self.engine, self.engine.steps
        end = windows[-1].whole(engine.flat)
        delta, held = _gather(engine.difference, windows[0]), windows[0]
        number = 0
        while number < len(steps):
            done = 1  # how many steps at once
            if engine.fused and isinstance(steps[number].module, nn.ReLU):
                done = 2 if number + 1 < len(steps) and halves(steps[number + 1].module) else 1
                wanted = self._wanted(number + done, windows, end)
                delta = self._rectified(number, delta, held, wanted, pooled=done == 2)
                held = wanted
            else:
                delta, held = self._applied(number, delta, held, windows), windows[number + 1]
            number += done
        return delta if held.size == end.size else _place(delta, held, end)

    def _wanted(self, number: int, windows: list[_Windows], end: _Windows) -> _Windows:
        """Return the windows that suit the step of this number, or what comes after all steps."""
        if number == len(self.engine.steps):
            return end
        module = self.engine.steps[number].module
        if isinstance(module, nn.Conv2d) and self.paddings[number] is None:
            return windows[number + 1].under(module)
        return windows[number]

    def _rectified(
        self, number: int, delta: Tensor, held: _Windows, wanted: _Windows, pooled: bool
    ) -> Tensor:
        """Go through a ReLU, and through the pooling after it, in one step."""
        reference = self.engine.steps[number].reference
        assert reference is not None
        return triton_kernels.rectified(
            delta,
            (held.rows, held.columns),
            reference,
            (wanted.rows, wanted.columns),
            wanted.size,
            self.engine.steps[number + 1].reference if pooled else None,
        )

    def _applied(
        self, number: int, delta: Tensor, held: _Windows, windows: list[_Windows]
    ) -> Tensor:
        """Return what a layer makes of a delta, which may be overwritten.

        held: the windows of the delta.
        """
        engine, step, after = self.engine, self.engine.steps[number], windows[number + 1]
        module = step.module
        if isinstance(module, nn.ReLU):
            assert step.reference is not None
            other = self._gathered(step.reference, held)
            delta = torch.maximum(delta, other, out=delta)
            delta -= other.relu_()
        elif isinstance(module, ELEMENTWISE):
            delta = _apply(module, _gather(step.given, held) + delta)
            delta = (delta - _gather(step.result, after)).to(engine.delta_dtype)
        elif isinstance(module, nn.Conv2d):
            delta = self._convolved(number, delta, held, windows)
        elif isinstance(module, nn.MaxPool2d):
            delta = self._pooled(step, delta, held, after)
        elif isinstance(module, nn.AvgPool2d):
            inputs = self._placed(delta, held, after.under(module))
            total = functional.avg_pool2d(
                _first(inputs), module.kernel_size, module.stride, divisor_override=1
            )
            delta = (_back(total) / _gather(_divisors(step), after)).to(delta.dtype)
        elif isinstance(module, nn.AdaptiveAvgPool2d):
            if step.given.shape != step.result.shape:
                whole = self._placed(delta, held, held.whole(step.given.shape))
                delta = _back(_apply(module, _first(whole)))
        elif isinstance(module, nn.BatchNorm2d):
            delta = delta * _slope(module).to(delta.dtype)
        return delta

    def _convolved(
        self, number: int, delta: Tensor, held: _Windows, windows: list[_Windows]
    ) -> Tensor:
        step, padding = self.engine.steps[number], self.paddings[number]
        module = step.module
        assert isinstance(module, nn.Conv2d)
        if padding is None and held is windows[number]:  # else it is where ``_wanted`` said
            delta = self._placed(delta, held, windows[number + 1].under(module))
        quick = self.engine._quick.get(step.name)
        if quick is not None:
            return _back(quick(_first(delta), padding or (0, 0)))
        return _back(
            functional.conv2d(
                _first(delta),
                self.engine._weights[step.name],
                stride=module.stride,
                padding=padding or 0,
                dilation=module.dilation,
                groups=module.groups,
            )
        )

    def _pooled(self, step: _Step, delta: Tensor, before: _Windows, after: _Windows) -> Tensor:
        module = step.module
        assert isinstance(module, nn.MaxPool2d)
        under = after.under(module)
        placed = self._placed(delta, before, under)
        if step.reference is not None:
            # Each input minus the maximum of its own window: the new maximum is the delta.
            inputs = self._gathered(step.reference, under).add_(placed)
        else:
            inputs = _gather(step.given, under, outside=-torch.inf).add_(placed)
        highest = _back(
            functional.max_pool2d(
                _first(inputs), module.kernel_size, module.stride, dilation=module.dilation
            )
        )
        if step.reference is None:
            highest = highest - _gather(step.result, after)
        return highest.to(delta.dtype)

    def _gathered(self, source: Tensor, windows: _Windows) -> Tensor:
        """Gather into memory that the next call overwrites."""
        shape = (windows.count, *windows.size, source.shape[-1])
        return _gather(source, windows, out=self.engine.workspace.take("read", shape, source))

    def _placed(self, delta: Tensor, before: _Windows, larger: _Windows) -> Tensor:
        """Place into memory that the next call overwrites."""
        shape = (larger.count * math.prod(larger.size) + 1, delta.shape[-1])
        memory = self.engine.workspace.take("placed", shape, delta)
        return _place(delta, before, larger, memory)


class Part:
    """Places that are computed together.

    targets: their numbers in the map, row by row, shape (N,).
    """

    def __init__(
        self, group: _Group, places: list[tuple[int, int]], targets: list[int], kept: bool
    ) -> None:
        self.targets = torch.tensor(targets, device=group.engine.device)
        self._group = group
        self._places = places
        self._windows = group.windows(places, kept) if kept else None

    def deltas(self) -> Tensor:
        """Return the deltas of what the first linear layer gets, shape (N, H, W, C)."""
        return self._group.run(self._windows or self._group.windows(self._places, False))


def occlude(
    model: nn.Module,
    x: Tensor,
    *,
    patch: int | tuple[int, int],
    stride: int | tuple[int, int],
    fill: Tensor | float = 0.0,
    batch_size: int = 32,
    device: torch.device | str | None = None,
    delta_dtype: torch.dtype = torch.float32,
    size_classes: int | None = None,
    progress: bool = True,
) -> Occlusion:
    """Slide a patch over a picture, and recompute only what it changes.

    Gives the scores of ``occlusion.occlude``, up to rounding.

    model: a chain of layers (see ``layers.chain``), in evaluation mode.
    x: the normalized picture, shape (1, C, H, W).
    patch, stride: in pixels; one number, or one for the height and one for the width.
    fill: what is seen through the patch: a picture (C, H, W) such as ``occlusion.filling`` gives,
        or one number, in normalized units: 0 is the mean color.
    batch_size: places that are computed together; bounds the memory.
    device: where to compute; by default where the network is.
    delta_dtype: torch.bfloat16 is faster where the hardware has it. Of VGG16 with random weights,
        the relative L2 error is then below 1 % in ``Occlusion.pixel_map``, and about 1.5 % in
        ``Occlusion.drop`` (``benchmarks/laboratory/occlusion.py``).
    size_classes: classes of windows per axis; more waste less, but make smaller batches. By default
        as many as pay.

    Raises UnsupportedLayerError if the network is no chain; ValueError if sizes do not fit or the
    network is in training mode.
    """
    (height, width), (down, right) = pair(patch), pair(stride)
    engine = IncrementalOcclusion(model, x, fill=fill, device=device, delta_dtype=delta_dtype)
    tops = starts(x.shape[2], height, down)
    lefts = starts(x.shape[3], width, right)
    logits = engine.logits(
        tops,
        lefts,
        (height, width),
        batch_size=batch_size,
        size_classes=size_classes,
        progress=progress,
    )
    return Occlusion(logits, engine.clean, tops, lefts, (height, width), engine.size)


def _must_have_window(layer: Layer) -> None:
    """Raise UnsupportedLayerError if it is not known what a layer does to the window of a delta."""
    module = layer.module
    reason = ""
    if isinstance(module, nn.Linear):
        reason = "it stands before the network's Flatten"
    elif isinstance(module, nn.Conv2d) and module.padding_mode != "zeros":
        reason = f'its padding_mode is "{module.padding_mode}"; only "zeros" is supported'
    elif isinstance(module, nn.Conv2d) and isinstance(module.padding, str):
        reason = f'its padding is "{module.padding}"; give it in pixels'
    elif isinstance(module, nn.BatchNorm2d) and module.running_var is None:
        reason = "it keeps no running statistics, so that pictures in a batch change each other"
    if reason:
        raise UnsupportedLayerError(
            f'The layer "{layer.path or layer.name}" cannot be used: {reason}.'
        )


def _apply(module: nn.Module, x: Tensor) -> Tensor:
    """Return what a layer gives, and leave what it gets as it is."""
    y: Tensor = module(x.clone() if getattr(module, "inplace", False) else x)
    return y


def _last(x: Tensor) -> Tensor:
    """Return (C, H, W) as (H, W, C)."""
    return x.permute(1, 2, 0).contiguous()


def _divisions(length: int, most: int, cost: Callable[[int, int], float]) -> list[list[range]]:
    """Cut 0 ... length into at most 1, 2, ..., ``most`` pieces of least total cost.

    By a dynamic program. cost: of the piece from its first number to the one after its last.
    """
    price = {(a, b): cost(a, b) for a in range(length) for b in range(a + 1, length + 1)}
    best = [price[0, b] if b else 0.0 for b in range(length + 1)]
    cuts: list[list[int]] = [[0] * (length + 1)]
    for _ in range(1, most):
        options = [
            min((best[a] + (price[a, b] if a < b else 0.0), a) for a in range(b + 1))
            for b in range(length + 1)
        ]
        best = [total for total, _ in options]
        cuts.append([a for _, a in options])
    found = []
    for parts in range(1, most + 1):
        ends = [length]
        for cut in reversed(cuts[:parts]):
            ends.append(cut[ends[-1]])
        found.append([range(a, b) for b, a in pairwise(ends) if a < b])
    return found


def _narrowed(x: Tensor, dtype: torch.dtype) -> Tensor:
    """Return numbers in a type whose range may be smaller: none of them gets infinite."""
    limit = torch.finfo(dtype).max
    return x if x.dtype == dtype else x.clamp(-limit, limit).to(dtype)


def _first(x: Tensor) -> Tensor:
    """Return a view (N, C, H, W) of (N, H, W, C)."""
    return x.permute(0, 3, 1, 2)


def _back(x: Tensor) -> Tensor:
    """Return (N, H, W, C), contiguous, of (N, C, H, W); as a rule nothing has to be moved."""
    return x.permute(0, 2, 3, 1).contiguous()


def _gather(
    source: Tensor, windows: _Windows, *, outside: float | None = None, out: Tensor | None = None
) -> Tensor:
    """Return windows (N, h, w, C) of a map (H, W, C).

    outside: what stands beyond the border; None if no window goes there.
    out: memory for the result.
    """
    height, width, channels = source.shape
    flat = source.reshape(height * width, channels)
    if outside is not None:
        flat = torch.cat([flat, flat.new_full((1, channels), outside)])
    places = windows.places(height, width).flatten()
    if out is None:
        return flat.index_select(0, places).view(windows.count, *windows.size, channels)
    torch.index_select(flat, 0, places, out=out.view(-1, channels))
    return out


def _place(delta: Tensor, windows: _Windows, larger: _Windows, out: Tensor | None = None) -> Tensor:
    """Put windows (N, h, w, C) into larger ones, with zeros around; what does not fit is cut off.

    out: memory for the result, one row of C numbers longer: it takes up what is cut off.
    """
    channels = delta.shape[-1]
    rows = windows.count * math.prod(larger.size)
    if out is None:
        out = delta.new_empty(rows + 1, channels)
    out.zero_().index_copy_(0, windows.within(larger), delta.reshape(-1, channels))
    return out[:-1].view(windows.count, *larger.size, channels)


def _divisors(step: _Step) -> Tensor:
    """Return by what average pooling divides each sum, shape (H, W, 1)."""
    ones = step.given.new_ones(1, 1, *step.given.shape[:2])
    module = step.module
    assert isinstance(module, nn.AvgPool2d)
    mean = _apply(module, ones)
    total = functional.avg_pool2d(
        ones,
        module.kernel_size,
        module.stride,
        module.padding,
        ceil_mode=module.ceil_mode,
        divisor_override=1,
    )
    return _last((total / mean)[0])


def _slope(module: nn.BatchNorm2d) -> Tensor:
    """Return the factor that batch normalization gives each channel, shape (C,)."""
    assert module.running_var is not None
    slope: Tensor = torch.rsqrt(module.running_var + module.eps)
    return slope * module.weight if module.affine else slope

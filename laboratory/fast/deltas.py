"""How a layer turns the change of its input into the change of its output.

A *delta* is what a layer gets, or gives, minus what it gets or gives for the clean picture:

* a linear layer (convolution, average pooling, the units at the end) turns the delta of its input
  into the delta of its output, without its bias;
* any other layer f gives f(clean + delta) - f(clean). For ReLU and max pooling this is written so
  that clean and delta are never added: relu(c + d) - relu(c) = max(d, -c) - relu(-c).

Where a delta is padded, zeros are right, and rounding errors are proportional to the deltas, not
to the activations: hence float16 is accurate.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from laboratory.fast.layout import to_nchw, to_nhwc
from laboratory.fast.sliding import Interval, Sliding
from laboratory.fast.windows import Windows, gather, place
from laboratory.fast.winograd import WinogradConvolution
from laboratory.fast.workspace import Workspace
from laboratory.layers import ELEMENTWISE, Layer, UnsupportedLayerError, is_disjoint


class DeltaLayer:
    """A layer of maps, with what it got and gave for the clean picture.

    given, result: shape (H, W, C).
    reference: what a delta is compared with, in its type; of ReLU, minus what it got; of disjoint
        max pooling, what it got minus the maximum of the own window. None for other layers.
    """

    def __init__(
        self,
        layer: Layer,
        given: Tensor,
        result: Tensor,
        *,
        dtype: torch.dtype,
        weight: Tensor | WinogradConvolution | None,
        workspace: Workspace,
    ) -> None:
        """Keep the clean activations.

        given, result: of the clean picture, shape (1, C, H, W).
        dtype: of the deltas.
        weight: of a convolution, in that type, channels last; or the convolution as ``winograd``
            computes it.
        workspace: for what is needed for a short while; may be shared with other layers.
        """
        self.module = layer.module
        self.name = layer.name
        self.given = to_nhwc(given)[0]
        self.result = to_nhwc(result)[0]
        self.reference = _reference(layer.module, self.given, self.result, dtype)
        self._dtype = dtype
        self._weight = weight
        self._workspace = workspace

    def reach(self, changed: Interval, axis: int) -> Interval:
        """Return which outputs along an axis depend on changed inputs."""
        if isinstance(self.module, nn.AdaptiveAvgPool2d):
            # Sizes may differ from window to window: everything counts as changed, unless the
            # layer changes nothing, as in VGG16 at its own size.
            same = self.given.shape == self.result.shape
            return changed if same else (0, self.result.shape[axis])
        if isinstance(self.module, nn.Conv2d | nn.MaxPool2d | nn.AvgPool2d):
            return Sliding.of(self.module, axis).reach(changed, self.result.shape[axis])
        return changed

    def work(self) -> float:
        """Return the multiply-adds for one place of the output, of all its channels."""
        if isinstance(self.module, nn.Conv2d):
            return float(self.module.weight.numel())
        return float(self.result.shape[-1])

    def output_delta(
        self, delta: Tensor, before: Windows, after: Windows, padding: tuple[int, int] | None
    ) -> Tensor:
        """Return the delta of the output; that of the input may be overwritten.

        delta: of the input, shape (N, h, w, C).
        before, after: the windows of the input's delta and of the output's.
        padding: with which a convolution gives just the windows ``after`` for ``before``; None if
            it gives them without padding, for the windows under them.
        """
        module = self.module
        if isinstance(module, nn.ReLU):
            assert self.reference is not None
            threshold = self._gathered(self.reference, before)
            delta = torch.maximum(delta, threshold, out=delta)
            delta -= threshold.relu_()
        elif isinstance(module, ELEMENTWISE):
            delta = apply(module, gather(self.given, before) + delta)
            delta = (delta - gather(self.result, after)).to(self._dtype)
        elif isinstance(module, nn.Conv2d):
            delta = self._convolved(module, delta, padding)
        elif isinstance(module, nn.MaxPool2d):
            delta = self._max_pooled(module, delta, before, after)
        elif isinstance(module, nn.AvgPool2d):
            inputs = self.placed(delta, before, after.under(module))
            total = functional.avg_pool2d(
                to_nchw(inputs), module.kernel_size, module.stride, divisor_override=1
            )
            divisors = gather(_divisors(module, self.given), after)
            delta = (to_nhwc(total) / divisors).to(delta.dtype)
        elif isinstance(module, nn.AdaptiveAvgPool2d):
            if self.given.shape != self.result.shape:
                whole = self.placed(delta, before, before.whole(self.given.shape))
                delta = to_nhwc(apply(module, to_nchw(whole)))
        elif isinstance(module, nn.BatchNorm2d):
            delta = delta * _slope(module).to(delta.dtype)
        return delta

    def placed(self, delta: Tensor, windows: Windows, larger: Windows) -> Tensor:
        """Place a delta in larger windows, in memory that the next call overwrites."""
        shape = (larger.count * math.prod(larger.size) + 1, delta.shape[-1])
        memory = self._workspace.take("placed", shape, delta)
        return place(delta, windows, larger, memory)

    def _gathered(self, source: Tensor, windows: Windows) -> Tensor:
        """Gather into memory that the next call overwrites."""
        shape = (windows.count, *windows.size, source.shape[-1])
        return gather(source, windows, out=self._workspace.take("gathered", shape, source))

    def _convolved(
        self, module: nn.Conv2d, delta: Tensor, padding: tuple[int, int] | None
    ) -> Tensor:
        if isinstance(self._weight, WinogradConvolution):
            return to_nhwc(self._weight(to_nchw(delta), padding or (0, 0)))
        assert self._weight is not None
        return to_nhwc(
            functional.conv2d(
                to_nchw(delta),
                self._weight,
                stride=module.stride,
                padding=padding or 0,
                dilation=module.dilation,
                groups=module.groups,
            )
        )

    def _max_pooled(
        self, module: nn.MaxPool2d, delta: Tensor, before: Windows, after: Windows
    ) -> Tensor:
        under = after.under(module)
        placed = self.placed(delta, before, under)
        if self.reference is not None:
            # Each input minus the maximum of its own window: the new maximum is the delta.
            inputs = self._gathered(self.reference, under).add_(placed)
        else:
            inputs = gather(self.given, under, outside=-torch.inf).add_(placed)
        highest = to_nhwc(
            functional.max_pool2d(
                to_nchw(inputs), module.kernel_size, module.stride, dilation=module.dilation
            )
        )
        if self.reference is None:
            highest = highest - gather(self.result, after)
        return highest.to(delta.dtype)


def must_have_windows(layer: Layer) -> None:
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


def apply(module: nn.Module, x: Tensor) -> Tensor:
    """Return what a layer gives, and leave what it gets as it is."""
    y: Tensor = module(x.clone() if getattr(module, "inplace", False) else x)
    return y


def _reference(
    module: nn.Module, given: Tensor, result: Tensor, dtype: torch.dtype
) -> Tensor | None:
    if isinstance(module, nn.ReLU):
        return _narrowed(-given, dtype)
    if isinstance(module, nn.MaxPool2d) and is_disjoint(module):
        highest = result
        for axis in (0, 1):
            highest = highest.repeat_interleave(Sliding.of(module, axis).kernel, dim=axis)
        height, width = highest.shape[:2]
        return _narrowed(given[:height, :width] - highest, dtype)
    return None


def _narrowed(x: Tensor, dtype: torch.dtype) -> Tensor:
    """Return numbers in a type whose range may be smaller: none of them gets infinite."""
    limit = torch.finfo(dtype).max
    return x if x.dtype == dtype else x.clamp(-limit, limit).to(dtype)


def _divisors(module: nn.AvgPool2d, given: Tensor) -> Tensor:
    """Return by what average pooling divides each sum, shape (H, W, 1)."""
    ones = given.new_ones(1, 1, *given.shape[:2])
    mean = apply(module, ones)
    total = functional.avg_pool2d(
        ones,
        module.kernel_size,
        module.stride,
        module.padding,
        ceil_mode=module.ceil_mode,
        divisor_override=1,
    )
    return to_nhwc(total / mean)[0]


def _slope(module: nn.BatchNorm2d) -> Tensor:
    """Return the factor that batch normalization gives each channel, shape (C,)."""
    assert module.running_var is not None
    slope: Tensor = torch.rsqrt(module.running_var + module.eps)
    return slope * module.weight if module.affine else slope

"""Layers of a chain forward, and their derivatives back to the pixels, written by hand.

Each gives, beside its result, the little that its derivative needs:

* a convolution's derivative by its input needs its weights, and nothing of the forward pass;
* ReLU needs to know where its result is positive, max pooling where the maximum stood.

Activations and derivatives have the shape (N, C, H, W), with the channels last in memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional

from laboratory.fast import triton_kernels
from laboratory.fast.layout import to_nchw, to_nhwc
from laboratory.fast.winograd import WinogradConvolution, pays
from laboratory.fast.workspace import Workspace
from laboratory.layers import Layer, UnsupportedLayerError, pair, pools_2x2

_aten = torch.ops.aten


@dataclass(frozen=True)
class Precision:
    """In which types, and by which means, layers are computed.

    forward, backward: of the numbers on the way forward, and of the maps' derivatives.
    own_kernels: whether the course's own kernels for a GPU can be used.
    """

    forward: torch.dtype
    backward: torch.dtype
    own_kernels: bool


class DifferentiableLayer(Protocol):
    """A layer and its derivative."""

    def forward(self, x: Tensor) -> tuple[Tensor, Any]:
        """Return the layer's result, and what ``backward`` needs; may overwrite ``x``."""

    def backward(self, upstream: Tensor, memory: Any) -> Tensor:
        """Return the derivative by the layer's input; may overwrite ``upstream``.

        memory: what ``forward`` gave.
        """


def differentiable(layer: Layer, precision: Precision, workspace: Workspace) -> DifferentiableLayer:
    """Return a layer with its derivative.

    workspace: may be shared with layers that do not compute at the same time.

    Raises UnsupportedLayerError, which names the layer, if its derivative is not known here.
    """
    match layer.module:
        case nn.Conv2d() as module if module.padding_mode == "zeros" and not isinstance(
            module.padding, str
        ):
            return Convolution(module, precision, workspace)
        case nn.ReLU():
            return Rectifier(precision.backward)
        case nn.MaxPool2d() as module:
            return MaxPooling(module, workspace, precision.own_kernels)
        case nn.AdaptiveAvgPool2d() as module:
            return _AdaptiveMean(module, workspace)
        case nn.Flatten() as module:
            return _Flattened(module)
        case nn.Linear() as module:
            return _Units(module, precision.forward)
    raise UnsupportedLayerError(
        f'The derivative of the layer "{layer.path or layer.name}", a '
        f"{type(layer.module).__name__}, is not known here."
    )


class Convolution:
    """A convolution; wide ones on a CPU are computed as ``winograd`` describes.

    rectifies: whether it applies the ReLU that comes after it, too.
    """

    def __init__(self, module: nn.Conv2d, precision: Precision, workspace: Workspace) -> None:
        assert not isinstance(module.padding, str)
        self.module = module
        self.rectifies = False
        self._workspace = workspace
        self._padding = (module.padding[0], module.padding[1])
        weight = module.weight.detach()
        self._winograd: WinogradConvolution | None = None
        if pays(module, precision.forward):
            self._winograd = WinogradConvolution(weight, module.bias, workspace)
        else:
            self._weight = _channels_last(weight.to(precision.forward))
        self._bias = None if module.bias is None else module.bias.detach().to(precision.forward)
        # Derivatives spread through the turned filters, with channels and filters exchanged.
        self._margin = (
            weight.shape[2] - 1 - self._padding[0],
            weight.shape[3] - 1 - self._padding[1],
        )
        turned = weight.flip(2, 3).transpose(0, 1)
        simple = module.stride == (1, 1) == module.dilation and module.groups == 1
        self._winograd_back: WinogradConvolution | None = None
        self._turned: Tensor | None = None
        if pays(module, precision.backward):
            self._winograd_back = WinogradConvolution(turned, None, workspace)
        elif simple and min(self._margin) >= 0:
            self._turned = _channels_last(turned.to(precision.backward))
        else:
            self._weight_back = weight.to(precision.backward)

    def forward(self, x: Tensor) -> tuple[Tensor, torch.Size]:
        """Return the responses, and the shape of the input."""
        if self._winograd is not None:
            return self._winograd(x, self._padding), x.shape
        module = self.module
        sliding = (module.stride, self._padding, module.dilation, module.groups)
        if self.rectifies and _cudnn_rectifies(x, self._weight, module):
            y: Tensor = torch.cudnn_convolution_relu(x, self._weight, self._bias, *sliding)
            return y, x.shape
        y = functional.conv2d(x, self._weight, self._bias, *sliding)
        return (y.relu_() if self.rectifies else y), x.shape

    def backward(self, upstream: Tensor, memory: torch.Size) -> Tensor:
        """Return the derivative by the input."""
        if self._winograd_back is not None:
            return self._winograd_back(upstream, self._margin)
        if self._turned is not None:
            return functional.conv2d(upstream, self._turned, padding=self._margin)
        module = self.module
        derivative: Tensor = _aten.convolution_backward(
            upstream,
            _shape_only(memory, upstream, self._workspace),
            self._weight_back,
            None,
            module.stride,
            module.padding,
            module.dilation,
            False,
            (0, 0),
            module.groups,
            (True, False, False),
        )[0]
        return derivative


class Rectifier:
    """ReLU, whose derivative is 0 at 0, as PyTorch's.

    done: whether the layers before have applied it already.
    """

    def __init__(self, dtype: torch.dtype) -> None:
        self.done = False
        self._dtype = dtype

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return what is positive, twice: the second in the type of the derivatives."""
        if not self.done:
            x = x.relu_()
        # Nothing is added for it where the type stays: the next layer gets the same memory.
        return x, x.to(self._dtype)

    def backward(self, upstream: Tensor, memory: Tensor) -> Tensor:
        """Return the derivative by the input."""
        _aten.threshold_backward.grad_input(upstream, memory, 0, grad_input=upstream)
        return upstream


class MaxPooling:
    """Max pooling; on a GPU with maps of even size, by the course's own kernels."""

    def __init__(self, module: nn.MaxPool2d, workspace: Workspace, own_kernels: bool) -> None:
        self._module = module
        self._workspace = workspace
        self._own_kernels = own_kernels and pools_2x2(module)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor | tuple[torch.Size, Tensor]]:
        """Return the maxima, and the maps, or their shape and where the maxima stood."""
        if self._own_kernels and x.shape[2] % 2 == 0 == x.shape[3] % 2:
            maps = to_nhwc(x)
            return to_nchw(triton_kernels.halved(maps)), maps
        module = self._module
        y, places = functional.max_pool2d_with_indices(
            x,
            pair(module.kernel_size),
            pair(module.stride),
            pair(module.padding),
            pair(module.dilation),
            module.ceil_mode,
        )
        return y, (x.shape, places)

    def backward(self, upstream: Tensor, memory: Tensor | tuple[torch.Size, Tensor]) -> Tensor:
        """Return the derivative by the input."""
        if isinstance(memory, Tensor):
            return to_nchw(triton_kernels.doubled(to_nhwc(upstream), memory))
        shape, places = memory
        module = self._module
        derivative: Tensor = _aten.max_pool2d_with_indices_backward(
            upstream,
            _shape_only(shape, upstream, self._workspace),
            pair(module.kernel_size),
            pair(module.stride),
            pair(module.padding),
            pair(module.dilation),
            module.ceil_mode,
            places,
        )
        return derivative


class _AdaptiveMean:
    def __init__(self, module: nn.AdaptiveAvgPool2d, workspace: Workspace) -> None:
        self._module = module
        self._workspace = workspace

    def forward(self, x: Tensor) -> tuple[Tensor, torch.Size]:
        y = self._module(x)
        # As in VGG16 at its own size, it may change nothing.
        return (x if y.shape == x.shape else y), x.shape

    def backward(self, upstream: Tensor, memory: torch.Size) -> Tensor:
        if upstream.shape == memory:
            return upstream
        given = _shape_only(memory, upstream, self._workspace)
        derivative: Tensor = _aten._adaptive_avg_pool2d_backward(upstream, given)
        return derivative


class _Flattened:
    def __init__(self, module: nn.Flatten) -> None:
        self._module = module

    def forward(self, x: Tensor) -> tuple[Tensor, torch.Size]:
        return self._module(x), x.shape

    def backward(self, upstream: Tensor, memory: torch.Size) -> Tensor:
        return upstream.reshape(memory)


class _Units:
    def __init__(self, module: nn.Linear, dtype: torch.dtype) -> None:
        self._weight = module.weight.detach().to(dtype)
        self._bias = None if module.bias is None else module.bias.detach().to(dtype)

    def forward(self, x: Tensor) -> tuple[Tensor, None]:
        return functional.linear(x, self._weight, self._bias), None

    def backward(self, upstream: Tensor, _memory: None) -> Tensor:
        return upstream @ self._weight


def _cudnn_rectifies(x: Tensor, weight: Tensor, module: nn.Conv2d) -> bool:
    """Return whether cuDNN can convolve and apply ReLU in one step."""
    largest = len(x) * max(weight.shape[:2]) * x.shape[2] * x.shape[3]  # roughly, of numbers
    return (
        torch.version.hip is None
        and torch.backends.cudnn.enabled
        and x.dtype in (torch.float32, torch.bfloat16, torch.float16)
        and module.groups == 1
        and largest < 2**30
    )


def _shape_only(shape: torch.Size, like: Tensor, workspace: Workspace) -> Tensor:
    """Return what stands for a layer's input where only its shape matters: its numbers are any."""
    number, channels, height, width = shape
    given = workspace.take("shape only", (number, height, width, channels), like)
    return to_nchw(given)


def _channels_last(x: Tensor) -> Tensor:
    return x.contiguous(memory_format=torch.channels_last)

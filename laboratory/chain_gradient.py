"""Gradients of a chain of layers with respect to the pixels, written by hand.

Automatic differentiation keeps what every layer got, and takes fresh memory for whatever it
computes. For the pixels' derivatives alone less will do:

* a convolution's derivative by its input needs its weights, and nothing of the forward pass;
* ReLU needs to know where its result is positive, max pooling where the maximum stood;
* ReLU and max pooling can change places, max(relu(x)) = relu(max(x)): three quarters of the
  numbers that ReLU would change are never looked at.

On a CPU, from one pooling to the next, so many pictures are computed together that their
activations fit into the processor's cache: two at VGG16's beginning, all of them in its linear
layers, where the weights are what takes time to read. Wide 3 x 3 convolutions are computed as
``winograd`` describes. On a GPU all pictures go together, and cuDNN applies ReLU while it still
holds the results of a convolution.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional

from laboratory import triton_kernels
from laboratory.layers import (
    Layer,
    UnsupportedLayerError,
    chain,
    device_of,
    halves,
    must_be_ready,
    pair,
)
from laboratory.winograd import WinogradConvolution, Workspace, pays

TOGETHER = 2 * 64 * 224 * 224
"""How many numbers the largest activation of pictures that are computed together has at most.

In float32 these are 26 MB: below 32 MiB, the C library uses memory again that was given back.
"""

_IDENTITIES = (nn.Dropout, nn.Dropout2d, nn.Identity)  # in evaluation mode

_aten = torch.ops.aten


class _Step(Protocol):
    """A layer and its derivative; activations have the channels last in memory."""

    def forward(self, x: Tensor) -> tuple[Tensor, Any]:
        """Return the layer's result, and what ``backward`` needs; may overwrite ``x``."""

    def backward(self, upstream: Tensor, kept: Any) -> Tensor:
        """Return the derivative by the layer's input; may overwrite ``upstream``."""


class _Convolution:
    """A convolution; forward and backward are each computed in one of several ways."""

    def __init__(self, module: nn.Conv2d, ways: _Ways, workspace: Workspace) -> None:
        assert not isinstance(module.padding, str)
        self.module = module
        self.workspace = workspace
        self.padding = (module.padding[0], module.padding[1])
        weight = module.weight.detach()
        self.winograd: WinogradConvolution | None = None
        self.bias = None if module.bias is None else module.bias.detach().to(ways.forward)
        self.rectifies = False
        if pays(module, ways.forward):
            self.winograd = WinogradConvolution(weight, module.bias, workspace)
        else:
            self.weight = _channels_last(weight.to(ways.forward))

        # Derivatives spread through the turned filters, with channels and filters exchanged.
        turned = weight.flip(2, 3).transpose(0, 1)
        self.margin = (
            weight.shape[2] - 1 - self.padding[0],
            weight.shape[3] - 1 - self.padding[1],
        )
        simple = module.stride == (1, 1) == module.dilation and module.groups == 1
        self.winograd_back: WinogradConvolution | None = None
        self.turned: Tensor | None = None
        if pays(module, ways.backward):
            self.winograd_back = WinogradConvolution(turned, None, workspace)
        elif simple and min(self.margin) >= 0:
            self.turned = _channels_last(turned.to(ways.backward))
        else:
            self.weight_back = weight.to(ways.backward)

    def forward(self, x: Tensor) -> tuple[Tensor, Any]:
        module = self.module
        if self.winograd is not None:
            return self.winograd(x, self.padding), x.shape
        sliding = (module.stride, self.padding, module.dilation, module.groups)
        if self.rectifies and _joins(x, self.weight, module):
            y: Tensor = torch.cudnn_convolution_relu(x, self.weight, self.bias, *sliding)
            return y, x.shape
        y = functional.conv2d(x, self.weight, self.bias, *sliding)
        return (y.relu_() if self.rectifies else y), x.shape

    def backward(self, upstream: Tensor, kept: torch.Size) -> Tensor:
        module = self.module
        if self.winograd_back is not None:
            return self.winograd_back(upstream, self.margin)
        if self.turned is not None:
            return functional.conv2d(upstream, self.turned, padding=self.margin)
        found: Tensor = _aten.convolution_backward(
            upstream,
            _shape_only(kept, upstream, self.workspace),
            self.weight_back,
            None,
            module.stride,
            module.padding,
            module.dilation,
            False,
            (0, 0),
            module.groups,
            (True, False, False),
        )[0]
        return found


class _Rectifier:
    """ReLU, whose derivative is 0 at 0, as PyTorch's.

    done: whether the layers before have applied it already.
    """

    def __init__(self, dtype: torch.dtype) -> None:
        self.dtype = dtype
        self.done = False

    def forward(self, x: Tensor) -> tuple[Tensor, Any]:
        if not self.done:
            x = x.relu_()
        # Nothing is added for it where the type stays: the next layer gets the same memory.
        return x, x.to(self.dtype)

    def backward(self, upstream: Tensor, kept: Tensor) -> Tensor:
        _aten.threshold_backward.grad_input(upstream, kept, 0, grad_input=upstream)
        return upstream


class _MaxPooling:
    """Max pooling; ``quick``: by the course's own kernels for a GPU, where maps are even."""

    def __init__(self, module: nn.MaxPool2d, workspace: Workspace, quick: bool) -> None:
        self.module = module
        self.workspace = workspace
        self.quick = quick and halves(module)

    def forward(self, x: Tensor) -> tuple[Tensor, Any]:
        if self.quick and x.shape[2] % 2 == 0 == x.shape[3] % 2:
            maps = x.permute(0, 2, 3, 1).contiguous()
            return triton_kernels.halved(maps).permute(0, 3, 1, 2), maps
        y, places = functional.max_pool2d_with_indices(x, *self._options())
        return y, (x.shape, places)

    def backward(self, upstream: Tensor, kept: Tensor | tuple[torch.Size, Tensor]) -> Tensor:
        if isinstance(kept, Tensor):
            above = upstream.permute(0, 2, 3, 1).contiguous()
            return triton_kernels.doubled(above, kept).permute(0, 3, 1, 2)
        shape, places = kept
        given = _shape_only(shape, upstream, self.workspace)
        found: Tensor = _aten.max_pool2d_with_indices_backward(
            upstream, given, *(pair(one) for one in self._options()[:4]), self._options()[4], places
        )
        return found

    def _options(self) -> tuple[Any, Any, Any, Any, bool]:
        one = self.module
        return one.kernel_size, one.stride, one.padding, one.dilation, one.ceil_mode


class _AdaptiveMean:
    def __init__(self, module: nn.AdaptiveAvgPool2d, workspace: Workspace) -> None:
        self.module = module
        self.workspace = workspace

    def forward(self, x: Tensor) -> tuple[Tensor, Any]:
        y = self.module(x)
        # As in VGG16 at its own size, it may change nothing.
        return (x if y.shape == x.shape else y), x.shape

    def backward(self, upstream: Tensor, kept: torch.Size) -> Tensor:
        if upstream.shape == kept:
            return upstream
        given = _shape_only(kept, upstream, self.workspace)
        found: Tensor = _aten._adaptive_avg_pool2d_backward(upstream, given)
        return found


class _Flattened:
    def __init__(self, module: nn.Flatten) -> None:
        self.module = module

    def forward(self, x: Tensor) -> tuple[Tensor, Any]:
        return self.module(x), x.shape

    def backward(self, upstream: Tensor, kept: torch.Size) -> Tensor:
        return upstream.reshape(kept)


class _Units:
    def __init__(self, module: nn.Linear, dtype: torch.dtype) -> None:
        self.weight = module.weight.detach().to(dtype)
        self.bias = None if module.bias is None else module.bias.detach().to(dtype)

    def forward(self, x: Tensor) -> tuple[Tensor, Any]:
        return functional.linear(x, self.weight, self.bias), None

    def backward(self, upstream: Tensor, kept: None) -> Tensor:
        return upstream @ self.weight


@dataclass(frozen=True)
class _Ways:
    """In which types, and by which means, a chain is computed.

    forward, backward: of the numbers on the way forward, and of the maps' derivatives.
    quick: whether the course's own kernels for a GPU can be used.
    """

    forward: torch.dtype
    backward: torch.dtype
    quick: bool


def _step(layer: Layer, ways: _Ways, workspace: Workspace) -> _Step:
    """Return a layer with its derivative."""
    match layer.module:
        case nn.Conv2d() as module if module.padding_mode == "zeros" and not isinstance(
            module.padding, str
        ):
            return _Convolution(module, ways, workspace)
        case nn.ReLU():
            return _Rectifier(ways.backward)
        case nn.MaxPool2d() as module:
            return _MaxPooling(module, workspace, ways.quick)
        case nn.AdaptiveAvgPool2d() as module:
            return _AdaptiveMean(module, workspace)
        case nn.Flatten() as module:
            return _Flattened(module)
        case nn.Linear() as module:
            return _Units(module, ways.forward)
    raise UnsupportedLayerError(
        f'The derivative of the layer "{layer.path or layer.name}", a '
        f"{type(layer.module).__name__}, is not known here."
    )


def _shape_only(shape: torch.Size, like: Tensor, workspace: Workspace) -> Tensor:
    """Return what stands for a layer's input where only its shape matters: its numbers are any."""
    number, channels, height, width = shape
    given = workspace.take("shape only", (number, height, width, channels), like)
    return given.permute(0, 3, 1, 2)


class ChainGradient:
    """The derivatives of scores with respect to pixels, for one network.

    device: where the network is.
    """

    def __init__(self, model: nn.Module, *, dtype: torch.dtype = torch.float32) -> None:
        """Prepare the weights. Most are copied: make a new one when they have changed.

        model: a chain of layers (see ``layers.chain``), in evaluation mode.
        dtype: torch.bfloat16 or torch.float16 for a quicker way. On a CPU only the way back is
            computed in it: the way forward decides which ReLU lets pass.

        Raises UnsupportedLayerError if there is a layer whose derivative is not known here.
        """
        must_be_ready(model)
        workspace = Workspace()
        layers = [layer for layer in chain(model) if not isinstance(layer.module, _IDENTITIES)]
        for i in range(len(layers) - 1):
            first, second = layers[i : i + 2]
            if isinstance(first.module, nn.ReLU) and isinstance(second.module, nn.MaxPool2d):
                layers[i : i + 2] = second, first
        kinds = [isinstance(layer.module, nn.Flatten) for layer in layers]
        cut = kinds.index(True) if any(kinds) else len(layers)
        weights = next(model.parameters(), None)
        exact = torch.get_default_dtype() if weights is None else weights.dtype
        narrow = exact if dtype == torch.float32 else dtype
        self.device = device_of(model)
        on_gpu = _is_gpu(self.device)
        ways = _Ways(narrow if on_gpu else exact, narrow, triton_kernels.available(self.device))
        # Behind the maps there is nothing to gain from another type on the way back.
        behind = replace(ways, backward=ways.forward)
        steps = [
            _step(layer, ways if i < cut else behind, workspace) for i, layer in enumerate(layers)
        ]
        if on_gpu:
            _join(steps)
        ends = [i for i, step in enumerate(steps[:cut], 1) if isinstance(step, _MaxPooling)]
        self._ways = ways
        self._stages = [steps[a:b] for a, b in pairwise([0, *ends, cut])]
        self._units = steps[cut:]
        self._most = math.inf if on_gpu else TOGETHER

    def __call__(self, x: Tensor, labels: Tensor) -> Tensor:
        """Return the derivatives of the pictures' scores, shape (N, C, H, W).

        x: normalized pictures, shape (N, C, H, W), in the type of the weights.
        labels: a class for each, shape (N,).
        """
        with torch.no_grad():
            # A copy, which may be overwritten.
            maps = x.to(self._ways.forward, copy=True, memory_format=torch.channels_last)
            kept: list[list[list[Any]]] = []
            for stage in self._stages:
                through = [
                    _forward(stage, part) for part in maps.split(_together(stage, maps, self._most))
                ]
                maps = _joined([result for result, _ in through])
                kept.append([one for _, one in through])
            scores, kept_by_units = _forward(self._units, maps)
            upstream = torch.zeros_like(scores).scatter_(1, labels[:, None], 1)
            upstream = _backward(self._units, upstream, kept_by_units)
            scale = _scale(upstream, self._ways.backward)
            upstream = (upstream * scale).to(self._ways.backward, memory_format=torch.channels_last)
            for stage in reversed(self._stages):
                parts = kept.pop()
                sizes = upstream.split(-(-len(upstream) // len(parts)))
                upstream = _joined(
                    [_backward(stage, *both) for both in zip(sizes, parts, strict=True)]
                )
            return upstream.to(x.dtype, memory_format=torch.contiguous_format) / scale


def _together(stage: list[_Step], maps: Tensor, most_numbers: float) -> int:
    """Return how many pictures go through a stage together."""
    channels = [step.module.out_channels for step in stage if isinstance(step, _Convolution)]
    numbers = max(channels, default=1) * maps.shape[2] * maps.shape[3]
    most = max(1, int(min(len(maps), most_numbers / numbers)))
    # Groups of equal size.
    return -(-len(maps) // -(-len(maps) // most))


def _is_gpu(device: torch.device) -> bool:
    return device.type == "cuda"


def _joins(x: Tensor, weight: Tensor, module: nn.Conv2d) -> bool:
    """Return whether cuDNN can convolve and apply ReLU in one step."""
    largest = len(x) * max(weight.shape[:2]) * x.shape[2] * x.shape[3]  # roughly, of numbers
    return (
        torch.version.hip is None
        and torch.backends.cudnn.enabled
        and x.dtype in (torch.float32, torch.bfloat16, torch.float16)
        and module.groups == 1
        and largest < 2**30
    )


def _join(steps: list[_Step]) -> None:
    """Let convolutions apply the ReLU that comes next, also if pooling stands in between."""
    for i, step in enumerate(steps):
        after = [one for one in steps[i + 1 : i + 3] if not isinstance(one, _MaxPooling)]
        if isinstance(step, _Convolution) and after and isinstance(after[0], _Rectifier):
            step.rectifies = after[0].done = True


def _scale(upstream: Tensor, dtype: torch.dtype) -> Tensor | float:
    """Return by what derivatives are multiplied on their way back in ``dtype``.

    Halves range from 6e-8 to 65504. For each picture, a power of two brings the largest derivative
    of the last maps to between 1 and 2, where there is room above and below.
    """
    if dtype != torch.float16:
        return 1.0
    largest = upstream.abs().amax((1, 2, 3), keepdim=True).float()
    return torch.exp2(-largest.clamp(min=torch.finfo(torch.float32).tiny).log2().floor())


def _joined(parts: list[Tensor]) -> Tensor:
    return torch.cat(parts) if len(parts) > 1 else parts[0]


def _channels_last(x: Tensor) -> Tensor:
    return x.contiguous(memory_format=torch.channels_last)


def _forward(steps: list[_Step], x: Tensor) -> tuple[Tensor, list[Any]]:
    kept = []
    for step in steps:
        x, one = step.forward(x)
        kept.append(one)
    return x, kept


def _backward(steps: list[_Step], upstream: Tensor, kept: list[Any]) -> Tensor:
    for step, one in zip(reversed(steps), reversed(kept), strict=True):
        upstream = step.backward(upstream, one)
    return upstream

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

from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional

from solutions.visualization.layers import (
    Layer,
    UnsupportedLayerError,
    chain,
    device_of,
    must_be_ready,
)
from solutions.visualization.occlusion import pair
from solutions.visualization.winograd import WinogradConvolution, Workspace, pays

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

    def __init__(self, module: nn.Conv2d, types: _Types, workspace: Workspace) -> None:
        assert not isinstance(module.padding, str)
        self.module = module
        self.workspace = workspace
        self.padding = (module.padding[0], module.padding[1])
        weight = module.weight.detach()
        self.winograd: WinogradConvolution | None = None
        self.bias = None if module.bias is None else module.bias.detach().to(types.forward)
        self.rectifies = False
        if pays(module, types.forward):
            self.winograd = WinogradConvolution(weight, module.bias, workspace)
        else:
            self.weight = _last(weight.to(types.forward))

        # Derivatives spread through the turned filters, with channels and filters exchanged.
        turned = weight.flip(2, 3).transpose(0, 1)
        self.margin = (
            weight.shape[2] - 1 - self.padding[0],
            weight.shape[3] - 1 - self.padding[1],
        )
        simple = module.stride == (1, 1) == module.dilation and module.groups == 1
        self.winograd_back: WinogradConvolution | None = None
        self.turned: Tensor | None = None
        if pays(module, types.backward):
            self.winograd_back = WinogradConvolution(turned, None, workspace)
        elif simple and min(self.margin) >= 0:
            self.turned = _last(turned.to(types.backward))
        else:
            self.weight_back = weight.to(types.backward)

    def forward(self, x: Tensor) -> tuple[Tensor, Any]:
        module = self.module
        if self.winograd is not None:
            return self.winograd(x, self.padding), x.shape
        sliding = module.stride, module.padding, module.dilation, module.groups
        if self.rectifies:
            return torch.cudnn_convolution_relu(x, self.weight, self.bias, *sliding), x.shape
        return functional.conv2d(x, self.weight, self.bias, *sliding), x.shape

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
    def __init__(self, module: nn.MaxPool2d, workspace: Workspace) -> None:
        self.module = module
        self.workspace = workspace

    def forward(self, x: Tensor) -> tuple[Tensor, Any]:
        y, places = functional.max_pool2d_with_indices(x, *self._options())
        return y, (x.shape, places)

    def backward(self, upstream: Tensor, kept: tuple[torch.Size, Tensor]) -> Tensor:
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
class _Types:
    """Of the numbers on the way forward, and of the maps' derivatives on the way back."""

    forward: torch.dtype
    backward: torch.dtype


def _step(layer: Layer, types: _Types, workspace: Workspace) -> _Step:
    """Return a layer with its derivative."""
    match layer.module:
        case nn.Conv2d() as module if module.padding_mode == "zeros" and not isinstance(
            module.padding, str
        ):
            return _Convolution(module, types, workspace)
        case nn.ReLU():
            return _Rectifier(types.backward)
        case nn.MaxPool2d() as module:
            return _MaxPooling(module, workspace)
        case nn.AdaptiveAvgPool2d() as module:
            return _AdaptiveMean(module, workspace)
        case nn.Flatten() as module:
            return _Flattened(module)
        case nn.Linear() as module:
            return _Units(module, types.forward)
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
    """The derivatives of scores with respect to pixels, for one network."""

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
        self._together = _together if device_of(model).type == "cpu" else _all_of_them
        narrow = exact if dtype == torch.float32 else dtype
        types = _Types(exact if device_of(model).type == "cpu" else narrow, narrow)
        steps = [_step(layer, types, workspace) for layer in layers]
        if device_of(model).type == "cuda":
            _join(steps)
        ends = [i for i, step in enumerate(steps[:cut], 1) if isinstance(step, _MaxPooling)]
        self._types = types
        self._stages = [steps[a:b] for a, b in pairwise([0, *ends, cut])]
        self._units = steps[cut:]

    def __call__(self, x: Tensor, labels: Tensor) -> Tensor:
        """Return the derivatives of the pictures' scores, shape (N, C, H, W).

        x: normalized pictures, shape (N, C, H, W), in the type of the weights.
        labels: a class for each, shape (N,).
        """
        with torch.no_grad():
            # A copy, which may be overwritten.
            maps = x.to(self._types.forward, copy=True, memory_format=torch.channels_last)
            kept: list[list[list[Any]]] = []
            for stage in self._stages:
                through = [
                    _forward(stage, part) for part in maps.split(self._together(stage, maps))
                ]
                maps = torch.cat([result for result, _ in through])
                kept.append([one for _, one in through])
            scores, kept_by_units = _forward(self._units, maps)
            upstream = torch.zeros_like(scores).scatter_(1, labels[:, None], 1)
            upstream = _backward(self._units, upstream, kept_by_units)
            upstream = upstream.to(self._types.backward, memory_format=torch.channels_last)
            for stage in reversed(self._stages):
                parts = kept.pop()
                sizes = upstream.split(-(-len(upstream) // len(parts)))
                upstream = torch.cat(
                    [_backward(stage, *both) for both in zip(sizes, parts, strict=True)]
                )
            return upstream.to(x.dtype, memory_format=torch.contiguous_format)


def _together(stage: list[_Step], maps: Tensor) -> int:
    """Return how many pictures go through a stage together."""
    channels = [step.module.out_channels for step in stage if isinstance(step, _Convolution)]
    numbers = max(channels, default=1) * maps.shape[2] * maps.shape[3]
    most = max(1, TOGETHER // numbers)
    # Groups of equal size.
    return -(-len(maps) // -(-len(maps) // most))


def _all_of_them(stage: list[_Step], maps: Tensor) -> int:
    return len(maps)


def _join(steps: list[_Step]) -> None:
    """Let convolutions apply the ReLU that comes next, also if pooling stands in between."""
    for i, step in enumerate(steps):
        after = [one for one in steps[i + 1 : i + 3] if not isinstance(one, _MaxPooling)]
        if isinstance(step, _Convolution) and after and isinstance(after[0], _Rectifier):
            step.rectifies = after[0].done = True


def _last(x: Tensor) -> Tensor:
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

"""Gradients of a chain of layers with respect to the pixels, without automatic differentiation.

Automatic differentiation keeps what every layer got, and takes fresh memory for whatever it
computes. For the pixels' derivatives alone less will do: see ``differentiable_layers``. And ReLU
and max pooling can change places, max(relu(x)) = relu(max(x)): three quarters of the numbers that
ReLU would change are never looked at.

On a CPU, each thread computes pictures of its own (``one_core``), those with wide layers as
``winograd`` describes. From one pooling to the next, so many of them go together that their
activations fit into the processor's cache: two at VGG16's beginning, all of them in its linear
layers, where the weights are what takes time to read. On a GPU all pictures go together, and cuDNN
applies ReLU while it still holds the results of a convolution.
"""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn

from laboratory.fast import triton_kernels
from laboratory.fast.differentiable_layers import (
    Convolution,
    DifferentiableLayer,
    MaxPooling,
    Precision,
    Rectifier,
    differentiable,
)
from laboratory.fast.one_core import OneCoreThreads
from laboratory.fast.workspace import Workspace
from laboratory.layers import Layer, chain, device_of, must_be_ready

TOGETHER = 2 * 64 * 224 * 224
"""How many numbers the largest activation of pictures that are computed together has at most.

In float32 these are 26 MB: below 32 MiB, the C library uses memory again that was given back.
"""

Memories: TypeAlias = list[Any]
"""What each layer of a stage needs for its derivative."""

_IDENTITIES = (nn.Dropout, nn.Dropout2d, nn.Identity)  # in evaluation mode


class ChainGradient:
    """The derivatives of scores with respect to pixels, for one network.

    device: where the network is.
    precision: in which types the maps and their derivatives are computed.
    """

    def __init__(self, model: nn.Module, *, dtype: torch.dtype = torch.float32) -> None:
        """Prepare the weights. Most are copied: make a new one when they have changed.

        model: a chain of layers (see ``layers.chain``), in evaluation mode.
        dtype: torch.bfloat16 or torch.float16 for a quicker way. On a CPU only the way back is
            computed in it: the way forward decides which ReLU lets pass.

        Raises UnsupportedLayerError if there is a layer whose derivative is not known here.
        """
        must_be_ready(model)
        self.device = device_of(model)
        weights = next(model.parameters(), None)
        exact = torch.get_default_dtype() if weights is None else weights.dtype
        narrow = exact if dtype == torch.float32 else dtype
        on_gpu = _is_gpu(self.device)
        self.precision = Precision(
            forward=narrow if on_gpu else exact,
            backward=narrow,
            own_kernels=triton_kernels.available(self.device),
        )
        # Behind the maps there is nothing to gain from another type on the way back.
        behind = replace(self.precision, backward=self.precision.forward)
        listed = _pooling_first(
            [layer for layer in chain(model) if not isinstance(layer.module, _IDENTITIES)]
        )
        flattening = [isinstance(layer.module, nn.Flatten) for layer in listed]
        cut = flattening.index(True) if any(flattening) else len(listed)
        workspace = Workspace()
        layers = [
            differentiable(layer, self.precision if i < cut else behind, workspace)
            for i, layer in enumerate(listed)
        ]
        if on_gpu:
            _let_convolutions_rectify(layers)
        ends = [i for i, layer in enumerate(layers[:cut], 1) if isinstance(layer, MaxPooling)]
        self._stages = [layers[a:b] for a, b in pairwise([0, *ends, cut])]
        self._units = layers[cut:]
        self._most = math.inf if on_gpu else TOGETHER
        self._threads = OneCoreThreads(self.device)

    def __call__(self, x: Tensor, targets: Tensor) -> Tensor:
        """Return the derivatives of the pictures' scores, shape (N, C, H, W).

        x: normalized pictures, shape (N, C, H, W), in the type of the weights.
        targets: a class for each, shape (N,).
        """
        size = -(-len(x) // self._threads.count)
        parts = zip(x.split(size), targets.split(size), strict=True)
        return _joined(list(self._threads.map(self._computed, parts)))

    def _computed(self, part: tuple[Tensor, Tensor]) -> Tensor:
        """Return the derivatives of the scores of pictures for their classes."""
        x, targets = part
        with torch.no_grad():
            maps, memories = self._forward(x)
            scores, unit_memories = _forward(self._units, maps)
            upstream = torch.zeros_like(scores).scatter_(1, targets[:, None], 1)
            upstream = _backward(self._units, upstream, unit_memories)
            scale = _scale(upstream, self.precision.backward)
            upstream = (upstream * scale).to(
                self.precision.backward, memory_format=torch.channels_last
            )
            for stage in reversed(self._stages):
                parts = memories.pop()
                groups = upstream.split(-(-len(upstream) // len(parts)))
                upstream = _joined(
                    [_backward(stage, *group) for group in zip(groups, parts, strict=True)]
                )
            return upstream.to(x.dtype, memory_format=torch.contiguous_format) / scale

    def _forward(self, x: Tensor) -> tuple[Tensor, list[list[Memories]]]:
        """Return the last maps, and for every stage and group of pictures what is needed."""
        # A copy, which may be overwritten.
        maps = x.to(self.precision.forward, copy=True, memory_format=torch.channels_last)
        memories = []
        for stage in self._stages:
            groups = [
                _forward(stage, group) for group in maps.split(_together(stage, maps, self._most))
            ]
            maps = _joined([result for result, _ in groups])
            memories.append([memory for _, memory in groups])
        return maps, memories


def _pooling_first(layers: list[Layer]) -> list[Layer]:
    """Let max pooling and a ReLU before it change places."""
    layers = list(layers)
    for i in range(len(layers) - 1):
        first, second = layers[i : i + 2]
        if isinstance(first.module, nn.ReLU) and isinstance(second.module, nn.MaxPool2d):
            layers[i : i + 2] = second, first
    return layers


def _together(stage: list[DifferentiableLayer], maps: Tensor, most_numbers: float) -> int:
    """Return how many pictures go through a stage together."""
    channels = [layer.module.out_channels for layer in stage if isinstance(layer, Convolution)]
    numbers = max(channels, default=1) * maps.shape[2] * maps.shape[3]
    most = max(1, int(min(len(maps), most_numbers / numbers)))
    # Groups of equal size.
    return -(-len(maps) // -(-len(maps) // most))


def _is_gpu(device: torch.device) -> bool:
    return device.type == "cuda"


def _let_convolutions_rectify(layers: list[DifferentiableLayer]) -> None:
    """Let convolutions apply the ReLU that comes next, also if pooling stands in between."""
    for i, layer in enumerate(layers):
        after = [other for other in layers[i + 1 : i + 3] if not isinstance(other, MaxPooling)]
        if isinstance(layer, Convolution) and after and isinstance(after[0], Rectifier):
            layer.rectifies = after[0].done = True


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


def _forward(layers: list[DifferentiableLayer], x: Tensor) -> tuple[Tensor, Memories]:
    memories = []
    for layer in layers:
        x, memory = layer.forward(x)
        memories.append(memory)
    return x, memories


def _backward(layers: list[DifferentiableLayer], upstream: Tensor, memories: Memories) -> Tensor:
    for layer, memory in zip(reversed(layers), reversed(memories), strict=True):
        upstream = layer.backward(upstream, memory)
    return upstream

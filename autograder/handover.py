"""What a graded function is handed, and what is taken back from it.

Cases hold plain data. A student's function may work on PyTorch tensors and networks instead:
they are made from :class:`~autograder.values.Tensor` and
:class:`~autograder.values.SequentialNetwork` right before the call, and results are turned into
arrays right after it. This happens where the function runs: in the notebook, and in the sandbox.
PyTorch is loaded only where a case needs it.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import numpy as np

from autograder.values import LAYERS, SequentialNetwork, Tensor, Value, copy_of, plain, same


def hand_over(value: Value) -> Any:
    """Return what a function gets for an argument: a copy that it may do with as it likes."""
    if isinstance(value, Tensor):
        return _tensor(value)
    if isinstance(value, SequentialNetwork):
        return _network(value)
    if isinstance(value, tuple | list):
        return type(value)(hand_over(item) for item in value)
    if isinstance(value, Mapping):
        return {key: hand_over(item) for key, item in value.items()}
    return copy_of(value)


def take_back(value: Any) -> Value:
    """Return a result as the plain value that it behaves as (:func:`autograder.values.plain`).

    All PyTorch tensors in it become arrays.
    """
    torch = sys.modules.get("torch")
    if torch is None:
        return plain(value)
    return plain(value, lambda item: _array(item) if isinstance(item, torch.Tensor) else item)


def changed(arguments: Mapping[str, Value], handed: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the arguments that a call has changed in place."""
    return tuple(name for name, value in arguments.items() if not _unchanged(value, handed[name]))


def _unchanged(value: Value, handed: Any) -> bool:
    if isinstance(value, Tensor):
        return same(value.array, _array(handed))
    if isinstance(value, SequentialNetwork):
        now = [_array(parameter) for parameter in handed.parameters()]
        return same(_parameters(value), now)
    if isinstance(value, tuple | list):
        return len(value) == len(handed) and all(map(_unchanged, value, handed))
    if isinstance(value, Mapping):
        keys = value.keys() == handed.keys()
        return keys and all(_unchanged(value[key], handed[key]) for key in value)
    return same(value, handed)


def _parameters(network: SequentialNetwork) -> list[np.ndarray]:
    weighted = [layer for layer in network.layers if "weight" in layer]
    return [layer[name] for layer in weighted for name in ("weight", "bias")]


def _array(tensor: Any) -> Value:
    """Return a tensor's numbers; NumPy has no bfloat16, so those become float32."""
    plain = tensor.detach().resolve_conj().resolve_neg().cpu()
    if str(plain.dtype) == "torch.bfloat16":
        plain = plain.float()
    return plain.numpy().copy()


def _tensor(value: Tensor) -> Any:
    import torch

    tensor = torch.from_numpy(value.array.copy())
    if value.gradient is not None:
        tensor.requires_grad_()
        tensor.grad = torch.from_numpy(value.gradient.copy())
    return tensor


def _network(network: SequentialNetwork) -> Any:
    from torch import nn

    model = nn.Sequential(*map(_layer, network.layers))
    model.train(network.training)
    if network.max_calls is not None:
        model.register_forward_pre_hook(_Allowance(network.max_calls))
    return model


class _Allowance:
    """Refuses further calls of a network; says why."""

    def __init__(self, calls: int) -> None:
        self._calls = calls
        self._left = calls

    def __call__(self, _module: Any, _inputs: Any) -> None:
        self._left -= 1
        if self._left < 0:
            raise RuntimeError(too_many_calls(self._calls))


def too_many_calls(calls: int) -> str:
    """Say that a network has been called more often than so many times."""
    return (
        f"the network has been called more often than {calls} {'time' if calls == 1 else 'times'}. "
        "Put many pictures into one batch, and call it once for the batch."
    )


def _layer(layer: Mapping[str, Value]) -> Any:
    from torch import nn

    match layer["kind"]:
        case "conv":
            filters, channels, height, width = layer["weight"].shape
            stride, padding = layer.get("stride", 1), layer.get("padding", 0)
            return _with_weights(
                nn.Conv2d(channels, filters, (height, width), stride, padding), layer
            )
        case "linear":
            units, inputs = layer["weight"].shape
            return _with_weights(nn.Linear(inputs, units), layer)
        case "relu":
            return nn.ReLU(inplace=layer.get("inplace", False))
        case "max_pool":
            return nn.MaxPool2d(layer["size"], layer.get("stride"))
        case "avg_pool":
            return nn.AvgPool2d(layer["size"], layer.get("stride"))
        case "adaptive_avg_pool":
            return nn.AdaptiveAvgPool2d(layer["size"])
        case "flatten":
            return nn.Flatten()
        case "dropout":
            return nn.Dropout(layer["p"])
        case kind:
            known = ", ".join(LAYERS)
            raise ValueError(f"there is no layer of the kind {kind!r}; there are {known}")


def _with_weights(module: Any, layer: Mapping[str, Value]) -> Any:
    from torch import nn

    module.weight, module.bias = (
        nn.Parameter(_tensor(Tensor(layer[name]))) for name in ("weight", "bias")
    )
    return module

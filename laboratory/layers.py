"""The layers of a network, by the names that the literature gives them."""

from __future__ import annotations

import operator
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, fx, nn
from torch.nn import functional

ELEMENTWISE = (
    nn.ReLU,
    nn.ReLU6,
    nn.LeakyReLU,
    nn.ELU,
    nn.GELU,
    nn.SiLU,
    nn.Sigmoid,
    nn.Softplus,
    nn.Tanh,
    nn.Hardtanh,
)
"""Layers that change every number by itself."""

SUPPORTED = (
    *ELEMENTWISE,
    nn.Conv2d,
    nn.MaxPool2d,
    nn.AvgPool2d,
    nn.AdaptiveAvgPool2d,
    nn.BatchNorm2d,
    nn.Flatten,
    nn.Linear,
    nn.Dropout,
    nn.Dropout2d,
    nn.Identity,
)
"""The layers that a chain may consist of."""


@dataclass(frozen=True)
class Layer:
    """One layer of a chain.

    name: the literature's name, such as "conv3_2", "relu3_2", "pool3" or "fc6".
    path: where the module stands in the network, such as "features.12"; empty where the network
        calls a function instead.
    module: the layer itself.
    """

    name: str
    path: str
    module: nn.Module


class UnsupportedLayerError(ValueError):
    """A network is not a chain of the layers that are supported."""


def chain(model: nn.Module) -> tuple[Layer, ...]:
    """Return the layers of a network in which each gets what the one before it gave.

    Convolutions are named as in the paper of the network. Where all are 3 x 3, as in VGG: by stage
    and number, "conv3_2", with "fc6" after the fifth stage. Else by number, as in AlexNet: "conv2".
    The layers that follow one take its number: "relu3_2", "pool3", "dropout6".

    Raises UnsupportedLayerError, which names the layer, if the network branches or has a layer of
    another kind.
    """
    try:
        graph = fx.symbolic_trace(model).graph
    except Exception as error:
        raise UnsupportedLayerError(
            f"The layers of {type(model).__name__} cannot be listed ({error}). The network must "
            "be a chain of layers, without branches."
        ) from error
    modules = dict(model.named_modules())
    modules_in_order: list[tuple[str, nn.Module]] = []
    before: fx.Node | None = None
    for node in graph.nodes:
        if node.op == "placeholder":
            if before is not None:
                raise UnsupportedLayerError("The network has more than one input.")
            before = node
            continue
        if node.all_input_nodes != [before]:
            raise UnsupportedLayerError(
                f'"{node.name}" does not only get what the layer before it gave. The network '
                "must be a chain of layers, without branches."
            )
        before = node
        if node.op == "output":
            break
        if node.op == "call_module":
            module = modules[str(node.target)]
            modules_in_order.append((str(node.target), module))
        else:
            module = _called_function(node)
            modules_in_order.append(("", module))
        if not isinstance(module, SUPPORTED):
            names = ", ".join(kind.__name__ for kind in SUPPORTED)
            raise UnsupportedLayerError(
                f'The layer "{node.target}" is a {type(module).__name__}. Supported are: {names}.'
            )
    return _named(modules_in_order)


def _called_function(node: fx.Node) -> nn.Module:
    """Return the module that does what a called function does."""
    target = node.target
    rest = (*node.args[1:], *node.kwargs.values())
    if target in (torch.flatten, "flatten") and rest in ((1,), (1, -1)):
        return nn.Flatten()
    if target in (torch.relu, functional.relu, "relu"):
        return nn.ReLU()
    name = target if isinstance(target, str) else getattr(target, "__name__", str(target))
    hint = (
        " Use torch.flatten(x, 1) instead."
        if target in ("view", "reshape", "size", operator.getitem)
        else ""
    )
    raise UnsupportedLayerError(
        f'The network calls "{name}", which is not supported; make it a layer of its own.{hint}'
    )


def _named(modules: list[tuple[str, nn.Module]]) -> tuple[Layer, ...]:
    kernels = {tuple(module.kernel_size) for _, module in modules if isinstance(module, nn.Conv2d)}
    by_stage = kernels == {(3, 3)}
    stage, number, units = 1, 0, 0  # of pooling, of convolutions in the stage, of linear layers
    convolutions = 0
    suffix = ""
    layers = []
    for path, module in modules:
        match module:
            case nn.Conv2d():
                number, convolutions = number + 1, convolutions + 1
                suffix = f"{stage}_{number}" if by_stage else f"{convolutions}"
                name = f"conv{suffix}"
            case nn.MaxPool2d() | nn.AvgPool2d():
                name = f"pool{stage if by_stage else suffix}"
                stage, number = stage + 1, 0
            case nn.Linear():
                units += 1
                suffix = str((stage - 1 if by_stage else convolutions) + units)
                name = f"fc{suffix}"
            case nn.AdaptiveAvgPool2d():
                name = "avgpool"
            case nn.Flatten():
                name = "flatten"
            case nn.BatchNorm2d():
                name = f"norm{suffix}"
            case nn.Dropout() | nn.Dropout2d():
                name = f"dropout{suffix}"
            case _:
                name = f"{type(module).__name__.lower()}{suffix}"
        layers.append(Layer(name, path, module))
    return tuple(_distinct(layers))


def _distinct(layers: list[Layer]) -> Iterator[Layer]:
    """Mark names that stand twice."""
    counts: dict[str, int] = {}
    for layer in layers:
        count = counts[layer.name] = counts.get(layer.name, 0) + 1
        name = layer.name if count == 1 else f"{layer.name}#{count}"
        yield Layer(name, layer.path, layer.module)


def find(model: nn.Module, name: str) -> nn.Module:
    """Return the layer of a network by the literature's name or by its path.

    Raises KeyError, which lists the names there are, if there is none.
    """
    modules: dict[str, nn.Module] = dict(model.named_modules(remove_duplicate=False))
    if name in modules and name:
        return modules[name]
    try:
        layers = chain(model)
    except UnsupportedLayerError:
        layers = ()
    for layer in layers:
        if layer.name == name and layer.path:
            return layer.module
    names = [layer.name for layer in layers if layer.path] or [path for path in modules if path]
    raise KeyError(f'There is no layer "{name}". There are: {", ".join(names)}.')


def pair(value: int | tuple[int, int]) -> tuple[int, int]:
    """Return a number twice, or the two numbers that were given."""
    return (value, value) if isinstance(value, int) else value


def is_disjoint(module: nn.MaxPool2d) -> bool:
    """Return whether the windows of a pooling layer are disjoint."""
    return (
        pair(module.kernel_size) == pair(module.stride)
        and pair(module.padding) == (0, 0)
        and pair(module.dilation) == (1, 1)
        and not module.ceil_mode
    )


def pools_2x2(module: nn.Module) -> bool:
    """Return whether a layer is max pooling in 2 x 2 windows side by side, as in VGG."""
    return (
        isinstance(module, nn.MaxPool2d)
        and pair(module.kernel_size) == (2, 2)
        and is_disjoint(module)
    )


@contextmanager
def not_in_place(model: nn.Module) -> Iterator[None]:
    """Keep layers from overwriting what they get, as nn.ReLU(inplace=True) does."""
    changed = [module for module in model.modules() if getattr(module, "inplace", False)]
    for module in changed:
        module.inplace = False  # type: ignore[assignment]
    try:
        yield
    finally:
        for module in changed:
            module.inplace = True  # type: ignore[assignment]


def has_hooks(model: nn.Module) -> bool:
    """Return whether somebody else has a say in what the layers compute."""
    return any(
        hooks
        for module in model.modules()
        for name, hooks in vars(module).items()
        if name.endswith("_hooks") and "state_dict" not in name
    )


def must_be_ready(model: nn.Module) -> None:
    """Raise ValueError if a network is still in training mode: its dropout would be random."""
    if any(module.training for module in model.modules()):
        raise ValueError("The network is in training mode. Call model.eval() first.")


def device_of(model: nn.Module) -> torch.device:
    """Return the device that a network's weights are on."""
    first: Tensor | None = next(model.parameters(), None)
    return torch.device("cpu") if first is None else first.device


def autocast(device: torch.device, dtype: torch.dtype) -> torch.autocast:
    """Return the context in which a network computes in ``dtype``.

    dtype: torch.bfloat16, torch.float16, or torch.float32, which changes nothing.

    Raises ValueError for any other.
    """
    if dtype not in (torch.float32, torch.bfloat16, torch.float16):
        raise ValueError(f"dtype is torch.float32, bfloat16 or float16, not {dtype}.")
    if dtype == torch.float32:
        return torch.autocast(device.type, enabled=False)
    return torch.autocast(device.type, dtype)

"""What a layer gives while a network runs: once, or as often as the network uses it.

The blocks of a ResNet use one ReLU twice, and some networks use one ReLU for all of their layers.
"relu#2" is the second use of the layer "relu" in a run.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from laboratory.layers import UnsupportedLayerError, chain, find


@dataclass(frozen=True)
class Use:
    """One use of a layer in a run.

    name: by which it was asked for.
    module: the layer.
    number: which of its uses, from 1; None if the layer was asked for as if it had only one.
    """

    name: str
    module: nn.Module
    number: int | None


def find_uses(model: nn.Module, names: Sequence[str]) -> list[Use]:
    """Return the uses of layers by their names; see ``layers.find``.

    names: of layers, or, of a layer that is used several times, its path and which use: "relu#2".

    Raises KeyError, which lists the names there are, if there is no such layer.
    """
    modules = dict(model.named_modules(remove_duplicate=False))
    try:
        layers = chain(model)
    except UnsupportedLayerError:
        layers = ()
    times: Counter[nn.Module] = Counter()
    in_chain = {}
    for layer in layers:
        times[layer.module] += 1
        if layer.path:
            in_chain[layer.name] = Use(layer.name, layer.module, times[layer.module])

    def use(name: str) -> Use:
        path, _, number = name.partition("#")
        if path and path in modules and (number.isdecimal() or name == path):
            return Use(name, modules[path], int(number) if number else None)
        return in_chain.get(name) or Use(name, find(model, name), None)

    return [use(name) for name in names]


def used_names(model: nn.Module, x: Tensor) -> list[str]:
    """Return the names of all layers that a network uses for pictures, each use by itself.

    x: normalized pictures, on the device of the network. Where the network branches, its layers'
        uses are counted in a run with the first picture.
    """
    try:
        return [layer.name for layer in chain(model) if layer.path]
    except UnsupportedLayerError:
        pass
    leaves = {module: path for path, module in model.named_modules() if not [*module.children()]}
    counts: Counter[nn.Module] = Counter()

    def count(module: nn.Module, _inputs: object, output: object) -> None:
        counts[module] += isinstance(output, Tensor)

    with ExitStack() as hooks, torch.inference_mode():
        for module in leaves:
            hooks.callback(module.register_forward_hook(count).remove)
        model(x[:1].clone())
    return [
        f"{path}#{number}" if counts[module] > 1 else path
        for module, path in leaves.items()
        for number in range(1, counts[module] + 1)
    ]


@contextmanager
def watched(uses: Sequence[Use], look: Callable[[str, Tensor], Tensor | None]) -> Iterator[None]:
    """Let ``look`` have what layers give in one run of their network.

    look: gets the name and what the layer gives, which later steps of the network may overwrite;
        what it returns, if anything, the network goes on with.

    Raises ValueError if a layer is used more often than was asked for, or not at all, or gives no
    tensor.
    """
    counts = dict.fromkeys((use.name for use in uses), 0)

    def hook_of(use: Use) -> Callable[[nn.Module, object, object], Tensor | None]:
        def hook(_module: nn.Module, _inputs: object, output: object) -> Tensor | None:
            counts[use.name] += 1
            if use.number is None and counts[use.name] > 1:
                raise ValueError(
                    f'The network uses the layer "{use.name}" several times in a run. Ask for '
                    f'"{use.name}#1", the first time, "{use.name}#2", the second, and so on.'
                )
            if counts[use.name] != (use.number or 1):
                return None
            if not isinstance(output, Tensor):
                raise ValueError(
                    f'The layer "{use.name}" gives a {type(output).__name__}, not a tensor. Ask '
                    "for a layer inside of it."
                )
            return look(use.name, output)

        return hook

    with ExitStack() as hooks:
        for use in uses:
            hooks.callback(use.module.register_forward_hook(hook_of(use)).remove)
        yield
    for use in uses:
        if counts[use.name] < (use.number or 1):
            raise ValueError(
                f'The network uses the layer "{use.name.partition("#")[0]}" '
                f"{counts[use.name]} times in a run: it has no output to look at under the name "
                f'"{use.name}".'
            )

"""The first layers of a network, which run no further than they must."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from laboratory.layers import chain, must_be_ready, not_in_place


class Trunk:
    """The first layers of a network: runs no further than it must."""

    def __init__(self, model: nn.Module, names: Sequence[str]) -> None:
        """Keep the layers up to the last one that is named.

        names: as in ``layers.chain``.

        Raises KeyError, which lists the names there are, if one is unknown.
        """
        must_be_ready(model)
        layers = chain(model)
        known_names = [layer.name for layer in layers]
        for name in names:
            if name not in known_names:
                raise KeyError(f'There is no layer "{name}". There are: {", ".join(known_names)}.')
        self.names = tuple(names)
        self.model = model
        self.layers = layers[: max(known_names.index(name) for name in names) + 1]

    def __call__(self, x: Tensor) -> dict[str, Tensor]:
        """Return what the named layers give, by name."""
        outputs = {}
        with not_in_place(self.model):
            for layer in self.layers:
                x = layer.module(x)
                if layer.name in self.names:
                    outputs[layer.name] = x
        return outputs

"""The layers behind the maps: from the change of the flattened maps to the change of the scores."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor, nn

from laboratory.fast.deltas import apply
from laboratory.layers import ELEMENTWISE


@dataclass(frozen=True)
class DeltaUnits:
    """A layer behind the maps, with what it got and gave for the clean picture, shape (F,)."""

    module: nn.Module
    name: str
    given: Tensor
    result: Tensor

    def output_delta(self, delta: Tensor, weights: Mapping[str, Tensor]) -> Tensor:
        """Return the delta of the output, shape (N, F), for that of the input.

        weights: of linear layers by name, in the type in which they are multiplied.
        """
        if isinstance(self.module, nn.Linear):
            weight = weights[self.name]
            return (delta.to(weight.dtype) @ weight.T).float()
        if isinstance(self.module, ELEMENTWISE):
            return apply(self.module, self.given + delta) - self.result
        return delta

    def multiply_adds(self) -> float:
        """Return the multiply-adds for one picture, of linear layers."""
        return float(self.module.weight.numel()) if isinstance(self.module, nn.Linear) else 0.0

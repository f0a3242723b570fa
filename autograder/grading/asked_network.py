"""Networks that the grader itself computes, so that it counts how often they are used.

Where a case says how often a network may be called, the submission gets one that looks the same,
with other numbers in it. Each of its layers asks the grader for what it makes of its input: that is
computed here, with the real numbers, and counted.
"""

from __future__ import annotations

import copy
import dataclasses
from collections import Counter
from collections.abc import Mapping
from typing import Any

import numpy as np

from autograder.handover import hand_over, too_many_calls
from autograder.values import SequentialNetwork, Value

MAX_NUMBERS = 1_000_000
"""In what a layer is given at once."""


class AskedNetworks:
    """The networks among the arguments of one call whose calls are counted.

    ``arguments`` are those of the call with stand-ins for these networks, and ``names`` say where.
    """

    def __init__(self, arguments: Mapping[str, Value]) -> None:
        self.arguments = dict(arguments)
        self._networks: dict[str, SequentialNetwork] = {}
        for name, value in arguments.items():
            if isinstance(value, SequentialNetwork) and value.max_calls is not None:
                self._networks[name] = value
                self.arguments[name] = _stand_in(value)
        self._models: dict[str, Any] = {}
        self._uses: Counter[tuple[str, int, bool]] = Counter()

    @property
    def names(self) -> list[str]:
        """The names of the arguments that are such networks."""
        return list(self._networks)

    def answer(self, question: Mapping[str, Any]) -> dict[str, Value]:
        """Return what a layer makes of an input, or why it is refused; the question may be bad.

        With a ``gradient`` by what it makes, the gradient by the input is returned.
        """
        name, number = question.get("asked"), question.get("layer")
        given: Any = question.get("input")
        gradient = question.get("gradient")
        network = self._networks.get(name) if isinstance(name, str) else None
        if network is None or type(number) is not int or not 0 <= number < len(network.layers):
            return {"refused": "there is no such layer"}
        assert isinstance(name, str)
        assert network.max_calls is not None
        use = (name, number, gradient is not None)
        self._uses[use] += 1
        if self._uses[use] > network.max_calls:
            return {"refused": too_many_calls(network.max_calls)}
        for array in (given,) if gradient is None else (given, gradient):
            if not isinstance(array, np.ndarray) or array.dtype not in (np.float32, np.float64):
                return {"refused": "the network takes a tensor of floats"}
            if array.size > MAX_NUMBERS:
                return {"refused": "the batch is far too large"}
        return self._computed(name, number, bool(question.get("training")), given, gradient)

    def _computed(
        self, name: str, number: int, training: bool, given: np.ndarray, gradient: Any
    ) -> dict[str, Value]:
        import torch

        if name not in self._models:
            self._models[name] = hand_over(
                dataclasses.replace(self._networks[name], max_calls=None)
            )
        pictures = torch.from_numpy(given)
        layer = copy.deepcopy(self._models[name][number]).to(pictures.dtype).train(training)
        try:
            if gradient is None:
                with torch.no_grad():
                    return {"output": layer(pictures).numpy()}
            # A copy: a layer may write into its input.
            layer(pictures.requires_grad_().clone()).backward(torch.from_numpy(gradient))
            return {"output": pictures.grad.numpy()}  # type: ignore[union-attr]
        except (RuntimeError, ValueError, IndexError) as error:  # shapes that do not fit
            return {"refused": str(error)[:1000]}


def _stand_in(network: SequentialNetwork) -> SequentialNetwork:
    """Return a network of the same layers with other weights."""
    rng = np.random.default_rng(0)

    def drawn(value: Value) -> Value:
        if not isinstance(value, np.ndarray):
            return value
        return np.asarray(rng.normal(size=value.shape), value.dtype)

    layers = ({key: drawn(value) for key, value in layer.items()} for layer in network.layers)
    return dataclasses.replace(network, layers=tuple(layers), max_calls=None)

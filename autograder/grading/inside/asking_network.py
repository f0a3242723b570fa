"""A network whose layers ask the grader what they make of their input."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Ask = Callable[[dict[str, Any]], dict[str, Any]]


def ask_for_layers(model: Any, name: str, ask: Ask) -> None:
    """Let every layer of a network, the argument ``name``, ask the grader instead of computing."""
    for number, layer in enumerate(model):
        layer.forward = _forward(layer, name, number, ask)


def _forward(layer: Any, name: str, number: int, ask: Ask) -> Callable[[Any], Any]:
    import torch

    def answer(question: dict[str, Any]) -> Any:
        reply = ask({"asked": name, "layer": number, "training": layer.training, **question})
        if "refused" in reply:
            raise RuntimeError(reply["refused"])
        return torch.from_numpy(reply["output"])

    class Asking(torch.autograd.Function):
        """What a layer computes, and how gradients come back through it."""

        @staticmethod
        def forward(context: Any, pictures: Any) -> Any:
            context.save_for_backward(pictures)
            return answer({"input": _numbers(pictures)})

        @staticmethod
        def backward(context: Any, *gradients: Any) -> Any:
            (pictures,) = context.saved_tensors
            return answer({"input": _numbers(pictures), "gradient": _numbers(gradients[0])})

    # A function, which a copy of the network shares: there is nothing in it to be copied.
    def forward(pictures: Any) -> Any:
        return Asking.apply(pictures)

    return forward


def _numbers(tensor: Any) -> Any:
    return tensor.detach().contiguous().numpy()

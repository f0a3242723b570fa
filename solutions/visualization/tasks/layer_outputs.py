"""The task ``layer_outputs``: reference, cases, mistakes, other right answers."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from autograder.problems import Case, Misconception, Problem, Random
from autograder.values import SequentialNetwork
from solutions.visualization.drawn_networks import (
    CLASSES,
    EXPLORED,
    FLATTEN,
    POOL,
    RELU,
    SECONDS,
    conv,
    drawn_network,
    drawn_pictures,
    linear,
)


def layer_outputs(model: nn.Sequential, x: Tensor) -> list[Tensor]:
    """Return what every layer of a network makes of a batch of pictures.

    model: network, a sequence of layers: model[0] is the first one.
    x: pictures, shape (N, C, H, W).
    Returns a list with one tensor per layer, in the order of the layers. No later layer may have
    changed it.
    """
    ### BEGIN SOLUTION
    outputs = []
    with torch.no_grad():
        for layer in model:
            x = layer(x)
            outputs.append(x)
            x = x.clone()
    return outputs
    ### END SOLUTION


# Cases


def _small_network(
    rng: Random, height: int, width: int, max_calls: int | None = None
) -> SequentialNetwork:
    """Draw a network with a single convolution."""
    layers = (conv(rng, 3, 2), RELU, FLATTEN, linear(rng, 2 * height * width, CLASSES))
    return SequentialNetwork(layers, max_calls)


def cases(rng: Random) -> list[Case]:
    """A network without surprises, one that overwrites, one picture alone."""
    gentle = {"kind": "relu"}
    plain = SequentialNetwork((conv(rng, 3, 2), gentle, POOL, FLATTEN, linear(rng, 8, 3)))
    return [
        Case(
            "every layer makes a new tensor", {"model": plain, "x": drawn_pictures(rng, 2, 3, 4, 4)}
        ),
        Case(
            "ReLUs that overwrite their input",
            {"model": drawn_network(rng, 4, 6), "x": drawn_pictures(rng, 2, 3, 4, 6)},
        ),
        Case(
            "a single picture",
            {"model": _small_network(rng, 3, 5), "x": drawn_pictures(rng, 1, 3, 3, 5)},
        ),
        Case(
            "three square pictures",
            {"model": drawn_network(rng, 4, 4), "x": drawn_pictures(rng, 3, 3, 4, 4)},
        ),
    ]


def hidden_cases(rng: Random) -> list[Case]:
    """More sizes."""
    return [
        Case(
            "tall pictures",
            {"model": drawn_network(rng, 8, 4), "x": drawn_pictures(rng, 3, 3, 8, 4)},
        ),
        Case(
            "a network of one layer",
            {"model": SequentialNetwork((conv(rng, 3, 4),)), "x": drawn_pictures(rng, 2, 3, 5, 4)},
        ),
    ]


# Misconceptions


def overwritten_outputs(model: nn.Sequential, x: Tensor) -> list[Tensor]:
    """Keep the outputs themselves, which a ReLU may overwrite afterward."""
    outputs = []
    with torch.no_grad():
        for layer in model:
            x = layer(x)
            outputs.append(x)
    return outputs


def every_layer_sees_the_picture(model: nn.Sequential, x: Tensor) -> list[Tensor]:
    """Feed the picture to every layer instead of the output of the layer before."""
    with torch.no_grad():
        return [layer(x.clone()) for layer in model]


def with_the_picture(model: nn.Sequential, x: Tensor) -> list[Tensor]:
    """Note the tensor before the layer instead of after it."""
    return [x, *layer_outputs(model, x)[:-1]]


def convolutions_only(model: nn.Sequential, x: Tensor) -> list[Tensor]:
    """Keep the outputs of the convolutions and leave out all others."""
    outputs = layer_outputs(model, x)
    return [out for layer, out in zip(model, outputs, strict=True) if isinstance(layer, nn.Conv2d)]


MISCONCEPTIONS = (
    Misconception(
        "overwritten_outputs",
        overwritten_outputs,
        title="A later layer overwrites what was kept",
        symptom="The outputs of the convolutions hold no negative number: they equal those of the "
        "ReLUs behind them.",
        hint="The outputs that you kept of convolutions no longer have negative numbers. Some "
        "ReLUs write their result into the tensor that they are given.",
    ),
    Misconception(
        "every_layer_sees_the_picture",
        every_layer_sees_the_picture,
        title="Every layer is given the picture",
        symptom="The first output is right; then PyTorch complains about channels or sizes.",
        hint="The second layer does not look at the picture. What is it given in a network?",
    ),
    Misconception(
        "with_the_picture",
        with_the_picture,
        title="The tensor before the layer is kept",
        symptom="The list begins with the picture and lacks the scores.",
        hint="Your list begins with the picture itself and lacks the last output. When in the loop "
        "do you keep the tensor?",
    ),
    Misconception(
        "last_output_only",
        lambda model, x: layer_outputs(model, x)[-1:],
        title="Only the last output is returned",
        symptom="The list has one entry, the scores.",
        hint="Only the scores are in your list. Each layer's output belongs into it.",
    ),
    Misconception(
        "convolutions_only",
        convolutions_only,
        title="Only convolutions are listed",
        symptom="The list is too short.",
        hint="Your list holds the outputs of convolutions only. ReLU and pooling are layers, too.",
    ),
    Misconception(
        "first_picture_only",
        lambda model, x: [out[:1] for out in layer_outputs(model, x)],
        title="Only the first picture of the batch is looked at",
        symptom="A single picture works, a batch comes back as one picture.",
        hint="With one picture you are right, with two the second is gone. What does the first "
        "axis of each output count?",
    ),
    Misconception(
        "squeezed",
        lambda model, x: [out.squeeze(0) for out in layer_outputs(model, x)],
        title="The axis of the batch is squeezed away",
        symptom="Several pictures work; with a single one an axis is missing.",
        hint="A batch of one picture is still a batch. Which of your steps removes axes of "
        "length 1?",
    ),
)


# Alternatives


def layer_outputs_hooks(model: nn.Sequential, x: Tensor) -> list[Tensor]:
    """Let hooks copy the outputs while the whole network runs."""
    outputs: list[Tensor] = []

    def keep(layer: nn.Module, given: Any, out: Tensor) -> None:
        outputs.append(out.detach().clone())

    handles = [layer.register_forward_hook(keep) for layer in model]
    try:
        model(x.clone())
    finally:
        for handle in handles:
            handle.remove()
    return outputs


def layer_outputs_prefixes(model: nn.Sequential, x: Tensor) -> list[Tensor]:
    """Run the network up to each layer, every time from the beginning."""
    return [model[: i + 1](x.clone()).detach() for i in range(len(model))]


def layer_outputs_named(model: nn.Sequential, x: Tensor) -> list[Tensor]:
    """Walk through the children by name; outputs keep their gradients' history."""
    outputs = {}
    for name, layer in model.named_children():
        x = layer(x.clone())
        outputs[name] = x
    return list(outputs.values())


def layer_outputs_single_precision(model: nn.Sequential, x: Tensor) -> list[Tensor]:
    """Compute in double, keep in single precision, as tuples do."""
    outputs: tuple[Tensor, ...] = ()
    for layer in model.children():
        x = layer(x.clone())
        outputs = (*outputs, x.float())
    return list(outputs)


ALTERNATIVES = (
    layer_outputs_hooks,
    layer_outputs_prefixes,
    layer_outputs_named,
    layer_outputs_single_precision,
)

PROBLEM = Problem(
    layer_outputs,
    cases,
    MISCONCEPTIONS,
    hidden_cases=hidden_cases,
    alternatives=ALTERNATIVES,
    time_limit=SECONDS,
    explorer={"kind": "layer outputs", **EXPLORED},
)

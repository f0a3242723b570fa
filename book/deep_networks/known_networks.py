"""Networks that made history, and what each costs: measured on torchvision's own modules.

The networks are built on PyTorch's device "meta": all shapes are computed and no numbers, so that
the largest takes half a second and no memory.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode
from torchvision import models

from solutions.networks import LENET5, Spec

BYTES = 4
"""Of a number in 32 bits."""

_BATCH = 2  # batch normalization refuses a single image where maps have one pixel


@dataclass(frozen=True)
class KnownNetwork:
    """A network, as it is built today.

    name: as people call it. year: of its first publication. source: its entry in the bibliography.
    idea: what was new. kind: "chain", "branches", "residual" or "transformer".
    build: makes the network, untrained. shape: of an image (C, H, W).
    weights: the first weights of torchvision, and its newest ones if they were trained by another
    recipe on the same pictures; none for LeNet-5, which reads digits.
    """

    name: str
    year: int
    source: str
    idea: str
    kind: str
    build: Callable[[], nn.Module]
    shape: tuple[int, int, int] = (3, 224, 224)
    weights: tuple[models.Weights, ...] = ()

    def accuracies(self) -> list[float]:
        """Return the top-1 accuracy on ImageNet in per cent that torchvision states."""
        return [w.meta["_metrics"]["ImageNet-1K"]["acc@1"] for w in self.weights]


@dataclass(frozen=True)
class Costs:
    """What a network costs for one image.

    parameters: numbers that are learned. multiply_adds: multiplications, each with an addition, in
    convolutions and matrix products. activations: bytes that training keeps for the way back.
    """

    parameters: int
    multiply_adds: int
    activations: int


def sequential(spec: Spec) -> nn.Sequential:
    """Build a network from its list, for LeNet-5; see ``solutions/networks.py``.

    Raises ValueError for a kind of layer that LeNet-5 does not have.
    """
    layers: list[nn.Module] = []
    channels = 0
    for layer in spec:
        match layer["kind"]:
            case "image":
                channels = layer["channels"]
            case "conv":
                size, stride, padding = (layer[key] for key in ("size", "stride", "padding"))
                layers.append(nn.Conv2d(channels, layer["filters"], size, stride, padding))
                channels = layer["filters"]
            case "avg_pool":
                layers.append(nn.AvgPool2d(layer["size"], layer["stride"]))
            case "relu":
                layers.append(nn.ReLU())
            case "flatten":
                layers.append(nn.Flatten())
            case "linear":
                layers.append(nn.LazyLinear(layer["units"]))
            case kind:
                raise ValueError(f"LeNet-5 has no layer of the kind {kind!r}")
    return nn.Sequential(*layers)


NETWORKS = (
    KnownNetwork(
        "LeNet-5",
        1998,
        "lecun1998",
        "convolution, pooling, and all of it learned",
        "chain",
        lambda: sequential(LENET5),
        (1, 32, 32),
    ),
    KnownNetwork(
        "AlexNet",
        2012,
        "krizhevsky2012",
        "ReLU, dropout, augmentation, and a graphics card",
        "chain",
        models.alexnet,
        weights=(models.AlexNet_Weights.IMAGENET1K_V1,),
    ),
    KnownNetwork(
        "VGG16",
        2014,
        "simonyan2015",
        "nothing but small filters, in many layers",
        "chain",
        models.vgg16,
        weights=(models.VGG16_Weights.IMAGENET1K_V1,),
    ),
    KnownNetwork(
        "GoogLeNet",
        2014,
        "szegedy2015",
        "filters of several sizes side by side, behind filters of 1 × 1",
        "branches",
        functools.partial(models.googlenet, aux_logits=False, init_weights=False),
        weights=(models.GoogLeNet_Weights.IMAGENET1K_V1,),
    ),
    KnownNetwork(
        "ResNet-18",
        2015,
        "he2016",
        "shortcuts around every two layers",
        "residual",
        models.resnet18,
        weights=(models.ResNet18_Weights.IMAGENET1K_V1,),
    ),
    KnownNetwork(
        "ResNet-50",
        2015,
        "he2016",
        "shortcuts around bottlenecks",
        "residual",
        models.resnet50,
        weights=(
            models.ResNet50_Weights.IMAGENET1K_V1,
            models.ResNet50_Weights.IMAGENET1K_V2,
        ),
    ),
    KnownNetwork(
        "ResNet-152",
        2015,
        "he2016",
        "the same, three times as deep",
        "residual",
        models.resnet152,
        weights=(
            models.ResNet152_Weights.IMAGENET1K_V1,
            models.ResNet152_Weights.IMAGENET1K_V2,
        ),
    ),
    KnownNetwork(
        "MobileNetV2",
        2018,
        "sandler2018",
        "depthwise convolutions between wide layers, for phones",
        "residual",
        models.mobilenet_v2,
        weights=(
            models.MobileNet_V2_Weights.IMAGENET1K_V1,
            models.MobileNet_V2_Weights.IMAGENET1K_V2,
        ),
    ),
    KnownNetwork(
        "EfficientNet-B0",
        2019,
        "tan2019",
        "depth, width and picture size chosen together",
        "residual",
        models.efficientnet_b0,
        weights=(models.EfficientNet_B0_Weights.IMAGENET1K_V1,),
    ),
    KnownNetwork(
        "ViT-B/16",
        2020,
        "dosovitskiy2021",
        "a transformer that reads the picture as 196 patches",
        "transformer",
        models.vit_b_16,
        weights=(models.ViT_B_16_Weights.IMAGENET1K_V1,),
    ),
    KnownNetwork(
        "ViT-L/16",
        2020,
        "dosovitskiy2021",
        "the same, wider and twice as deep",
        "transformer",
        models.vit_l_16,
        weights=(models.ViT_L_16_Weights.IMAGENET1K_V1,),
    ),
    KnownNetwork(
        "ConvNeXt-T",
        2022,
        "liu2022",
        "a ResNet, rebuilt with what transformers had taught",
        "residual",
        models.convnext_tiny,
        weights=(models.ConvNeXt_Tiny_Weights.IMAGENET1K_V1,),
    ),
    KnownNetwork(
        "ConvNeXt-B",
        2022,
        "liu2022",
        "the same, wider and deeper",
        "residual",
        models.convnext_base,
        weights=(models.ConvNeXt_Base_Weights.IMAGENET1K_V1,),
    ),
)
"""The networks of the page, by year."""


def known(name: str) -> KnownNetwork:
    """Return a network by its name. Raises KeyError if there is none."""
    by_name = {network.name: network for network in NETWORKS}
    return by_name[name]


def costs_of(build: Callable[[], nn.Module], shape: tuple[int, int, int]) -> Costs:
    """Measure what a network costs for one image of shape (C, H, W)."""
    with torch.device("meta"):
        model, x = build(), torch.empty(_BATCH, *shape)
        model.eval()(x)  # layers that wait for their input's size get it
    model.train()
    learned = {
        tensor.untyped_storage()._cdata for tensor in [*model.parameters(), *model.buffers()]
    }
    storages = {}

    def note(tensor: Tensor) -> Tensor:
        storage = tensor.untyped_storage()
        if storage._cdata not in learned:
            storages[storage._cdata] = storage  # kept, so that no other gets its address
        return tensor

    counter = FlopCounterMode(display=False)
    with counter, torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
        model(x)
    return Costs(
        sum(parameter.numel() for parameter in model.parameters()),
        counter.get_total_flops() // (2 * _BATCH),  # PyTorch counts both operations
        sum(storage.nbytes() for storage in storages.values()) // _BATCH,
    )


@functools.cache
def costs(name: str) -> Costs:
    """Measure what one of the networks costs, by its name."""
    network = known(name)
    return costs_of(network.build, network.shape)

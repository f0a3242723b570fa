"""Transfer learning: a trained network's convolutions, and a new linear layer for a new task.

What the convolutions answer to a picture, its *features*, is computed once; they are not trained
any further. On the features a linear classifier is trained (softmax regression), and put behind the
convolutions in place of the layers that stood there.

The recipe: the answers of a layer are averaged over all places. The mean over the training pictures
is subtracted, and all features are divided by one number, so that a picture's features have the
mean squared length 1. Minimized is the cross-entropy plus half of the weight decay times the sum of
the squared weights, by L-BFGS in float64, from zero weights. The loss has a single minimum, so that
no random number has a say.

Donahue et al. (2014), "DeCAF: a deep convolutional activation feature for generic visual
recognition". Sharif Razavian et al. (2014), "CNN features off-the-shelf: an astounding baseline for
recognition". Yosinski et al. (2014), "How transferable are features in deep neural networks?".
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn
from torch.nn import functional

from laboratory.batches import batch_starts, track
from laboratory.layers import chain, must_be_ready, not_in_place
from laboratory.networks import Network

WEIGHT_DECAYS = (1e-6, 1e-5, 1e-4)
"""Weight decays that are tried: which is best, a validation set has to say."""

STEPS = 100
"""Largest number of steps of L-BFGS."""

GRADIENT = 1e-4
"""Where no derivative of the loss is larger, the minimum has been reached."""


@dataclass(frozen=True)
class Head:
    """A trained linear layer, and how it was chosen.

    linear: gets features (N, D) and gives scores (N, K); on the CPU, frozen.
    weight_decay: the best of those that were tried.
    validation_accuracy: the share of the validation set that it classifies correctly.
    """

    linear: nn.Linear
    weight_decay: float
    validation_accuracy: float

    def correct(self, features: Tensor, labels: Tensor) -> Tensor:
        """Return which pictures are classified correctly, shape (N,), bool."""
        return self.linear(features).argmax(1) == labels


def blocks(model: nn.Module) -> tuple[str, ...]:
    """Return the names of the max pooling layers, each at the end of a block of convolutions."""
    return tuple(layer.name for layer in chain(model) if isinstance(layer.module, nn.MaxPool2d))


def features(
    model: nn.Module,
    x: Tensor,
    layers: Sequence[str],
    *,
    batch_size: int = 32,
    progress: bool = True,
) -> dict[str, Tensor]:
    """Return the answers of layers, averaged over all places, by name: shape (N, C) each.

    All layers are read in one pass, on the device of the network, and what stands behind the last
    of them is not computed. The results come to the CPU.

    model: a chain of layers, in evaluation mode; see ``layers.chain``.
    x: normalized pictures, shape (N, 3, H, W).
    layers: names of layers that give maps, such as "pool5".

    Raises ValueError if a layer does not exist or gives no maps, or there is no picture.
    """
    must_be_ready(model)
    if not len(x):
        raise ValueError("x holds no picture; its shape is (N, 3, H, W) with N of at least 1.")
    trunk = _until(model, layers)
    device = next(model.parameters()).device
    means: dict[str, list[Tensor]] = {name: [] for name in layers}
    starts = batch_starts(len(x), batch_size)
    with torch.inference_mode(), not_in_place(model):
        for first in track(starts, "features", progress):
            maps = x[first : first + batch_size].to(device, memory_format=torch.channels_last)
            for name, module in trunk:
                maps = module(maps)
                if name in means:
                    if maps.ndim != 4:
                        raise ValueError(f'"{name}" gives no maps: choose a layer before flatten.')
                    means[name].append(maps.mean((2, 3)).cpu())
    return {name: torch.cat(parts).clone() for name, parts in means.items()}


def _until(model: nn.Module, layers: Sequence[str]) -> list[tuple[str, nn.Module]]:
    """Return the layers of a chain, by name, up to the last of those that are named."""
    steps = [(layer.name, layer.module) for layer in chain(model)]
    names = [name for name, _ in steps]
    unknown = [name for name in layers if name not in names]
    if unknown or not layers:
        raise ValueError(
            f"There is no layer named {', '.join(unknown) or '(none was given)'}. There are: "
            f"{', '.join(names)}."
        )
    return steps[: max(map(names.index, layers)) + 1]


def train_linear(
    features: Tensor, labels: Tensor, classes: int, *, weight_decay: float
) -> nn.Linear:
    """Return a linear layer, trained by the recipe above, on the CPU.

    features: of the training pictures, shape (N, D). labels: shape (N,), from 0 to classes - 1.
    weight_decay: how much large weights cost, above 0.

    Raises ValueError if labels and features do not fit, or a number is out of range.
    """
    return _Regression(features, labels, classes).minimum(weight_decay)


class _Regression:
    """Softmax regression on given features, for any weight decay.

    The weights are sought along the principal axes of the training pictures, each in units of its
    own, in which the loss is about equally curved in all directions: the minimum is the same, and
    it is reached in a few steps.
    """

    def __init__(self, features: Tensor, labels: Tensor, classes: int) -> None:
        if features.ndim != 2 or labels.shape != features.shape[:1] or not len(labels):
            raise ValueError(
                f"features must be (N, D) and labels (N,); they are {tuple(features.shape)} and "
                f"{tuple(labels.shape)}."
            )
        if int(labels.min()) < 0 or int(labels.max()) >= classes:
            raise ValueError(
                f"labels must lie from 0 to {classes - 1}; they reach from {int(labels.min())} to "
                f"{int(labels.max())}."
            )
        self.labels, self.classes = labels.cpu(), classes
        given = features.cpu().double()
        self.middle = given.mean(0)
        centered = given - self.middle
        self.size = centered.square().sum(1).mean().sqrt().clamp(min=1e-12)
        left, lengths, axes = torch.linalg.svd(centered / self.size, full_matrices=False)
        real = lengths > 1e-10 * lengths[0]
        self.coordinates, self.axes = (left * lengths)[:, real], axes[real]
        self.variances = lengths[real].square() / len(given)

    def minimum(self, weight_decay: float) -> nn.Linear:
        """Return the linear layer with the smallest loss."""
        if not weight_decay > 0:
            raise ValueError(f"weight_decay must be above 0; {weight_decay} was given.")
        # How curved the loss is along each axis: softmax gives p (1 - p), with p = 1 / classes.
        share = 1 / self.classes
        units = (share * (1 - share) * self.variances + weight_decay).rsqrt()
        scaled = self.coordinates * units
        shape = (self.classes, len(units))
        weight = torch.zeros(shape, dtype=torch.float64, requires_grad=True)
        bias = torch.zeros(self.classes, dtype=torch.float64, requires_grad=True)
        optimizer = torch.optim.LBFGS(
            [weight, bias],
            max_iter=STEPS,
            tolerance_grad=GRADIENT,
            history_size=20,
            line_search_fn="strong_wolfe",
        )

        def loss() -> Tensor:
            optimizer.zero_grad()
            scores = functional.linear(scaled, weight, bias)
            total = functional.cross_entropy(scores, self.labels)
            total = total + weight_decay / 2 * (weight * units).square().sum()
            total.backward()
            return total

        optimizer.step(loss)
        linear = nn.Linear(len(self.middle), self.classes)
        with torch.no_grad():  # for features as they come: what was done to them, the layer does
            whole = (weight * units) @ self.axes / self.size
            linear.weight.copy_(whole)
            linear.bias.copy_(bias - whole @ self.middle)
        return linear.requires_grad_(False).eval()


def choose_head(
    training: Tensor,
    labels: Tensor,
    validation: Tensor,
    validation_labels: Tensor,
    classes: int,
    *,
    weight_decays: Sequence[float] = WEIGHT_DECAYS,
) -> Head:
    """Return the linear layer with the weight decay that is best on a validation set.

    training, validation: features, shape (N, D) and (M, D), of different pictures.
    Of equally good ones, the first counts.

    Raises ValueError as ``train_linear`` does, and if there is nothing to choose from.
    """
    if not weight_decays or not len(validation):
        raise ValueError("To choose takes at least one weight decay and one validation picture.")
    regression = _Regression(training, labels, classes)
    best: Head | None = None
    for weight_decay in weight_decays:
        linear = regression.minimum(weight_decay)
        accuracy = float((linear(validation).argmax(1) == validation_labels).double().mean())
        if best is None or accuracy > best.validation_accuracy:
            best = Head(linear, weight_decay, accuracy)
    assert best is not None
    return best


def with_head(network: Network, layer: str, linear: nn.Linear, classes: Sequence[str]) -> Network:
    """Return a network with the layers up to ``layer``, a mean over all places, and a linear layer.

    Its model is an ``nn.Sequential`` without branches, for any height and width of the pictures.
    It shares the weights of the layers with ``network``, and is on the same device.

    linear: trained on what ``features`` gives for that layer.
    classes: their names.

    Raises ValueError if the layer does not exist, or the sizes do not fit.
    """
    if len(classes) != linear.out_features:
        raise ValueError(
            f"The linear layer gives {linear.out_features} scores, but there are {len(classes)} "
            "names of classes."
        )
    trunk = _until(network.model, [layer])
    widths = [module.out_channels for _, module in trunk if isinstance(module, nn.Conv2d)]
    if not widths or widths[-1] != linear.in_features:
        raise ValueError(
            f"{layer} gives {widths[-1] if widths else 'no'} channels, and the linear layer gets "
            f"{linear.in_features} features."
        )
    # A copy: on its way to a graphics card it must not take the caller's with it.
    head = (nn.AdaptiveAvgPool2d(1), nn.Flatten(), copy.deepcopy(linear))
    model = nn.Sequential(*(module for _, module in trunk), *head)
    return replace(
        network,
        name=f"{network.name} with a new head",
        caption=f"{network.name} up to {layer}, with a linear layer trained anew.",
        model=model.to(network.device).eval(),
        classes=tuple(classes),
    )


def transfer(
    network: Network,
    x: Tensor,
    labels: Tensor,
    validation_x: Tensor,
    validation_labels: Tensor,
    classes: Sequence[str],
    *,
    layers: Sequence[str] | None = None,
    batch_size: int = 32,
    progress: bool = True,
) -> tuple[Network, Head]:
    """Return a network for a new task, and how its last layer was chosen.

    Two hyperparameters are chosen on the validation set: the layer whose answers are the features,
    and the weight decay.

    x, validation_x: normalized pictures of the new task, shape (N, 3, H, W) and (M, 3, H, W).
    labels, validation_labels: shape (N,) and (M,), positions in ``classes``.
    layers: to choose from; by default the ends of all blocks.

    Raises ValueError where ``features`` and ``choose_head`` do.
    """
    names = list(layers) if layers is not None else list(blocks(network.model))
    labels, validation_labels = labels.cpu(), validation_labels.cpu()
    learned, validated = (
        features(network.model, part, names, batch_size=batch_size, progress=progress)
        for part in (x, validation_x)
    )
    heads = {
        name: choose_head(learned[name], labels, validated[name], validation_labels, len(classes))
        for name in names
    }
    best = max(names, key=lambda name: heads[name].validation_accuracy)
    head = heads[best]
    small = replace(network, size=x.shape[-1], resize=x.shape[-1])
    return with_head(small, best, head.linear, classes), head

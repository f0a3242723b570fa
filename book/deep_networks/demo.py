"""Demonstrations of the page "Networks that go deep": small experiments, and the drawing."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models import resnet18

from book import plots
from book.deep_networks.depth_study import fitted, tensors
from book.deep_networks.digit_networks import Pair, network
from solutions.arrays import Array
from solutions.deep_networks.tasks.fold_batch_norm import fold_batch_norm


def asked_in_both_modes() -> dict[str, float]:
    """Train a network of six layers with batch normalization, and ask it in four ways.

    Returns the share of the test digits that is read right, by the way in words.
    """
    model, _ = fitted("batch norm", 6, rate=0.1, seed=0, epochs=6)
    x, y = tensors()[2]
    mixed = torch.arange(len(x)).split(36)
    ways = {
        "in inference": (False, mixed),
        "in training mode, batches of mixed digits": (True, mixed),
        "in training mode, batches of equal digits": (
            True,
            [torch.nonzero(y == digit)[:, 0] for digit in range(10)],
        ),
        "in training mode, one digit at a time": (True, torch.arange(len(x)).split(1)),
    }
    shares = {}
    for way, (training, batches) in ways.items():
        model.train(training)
        with torch.no_grad():
            right = sum(int((model(x[b]).argmax(dim=1) == y[b]).sum()) for b in batches)
        shares[way] = right / len(x)
    return shares


@dataclass(frozen=True)
class Folding:
    """A network before and after its normalizations were folded away.

    layers: how many there were. difference: the largest between scores before and after.
    apart: the largest between the scores of two pictures.
    """

    layers: int
    difference: float
    apart: float


def normalized_convolutions(model: nn.Module) -> Iterator[tuple[nn.Module, str, str]]:
    """Yield the module that holds a convolution and the normalization behind it, and their names.

    Children are taken in the order in which they are declared, which in torchvision's ResNet is
    that of computing.
    """
    for parent in model.modules():
        children = list(parent.named_children())
        for (name, child), (norm_name, norm) in itertools.pairwise(children):
            if isinstance(child, nn.Conv2d) and isinstance(norm, nn.BatchNorm2d):
                yield parent, name, norm_name


def fold_all(model: nn.Module) -> int:
    """Fold each normalization of a network into the convolution before it, in place.

    Returns how many there were.
    """
    places = list(normalized_convolutions(model))
    for parent, name, norm_name in places:
        layer, norm = getattr(parent, name), getattr(parent, norm_name)
        w, gamma, beta, mean, var = (
            tensor.detach().numpy()
            for tensor in (
                layer.weight,
                norm.weight,
                norm.bias,
                norm.running_mean,
                norm.running_var,
            )
        )
        b = np.zeros(len(w)) if layer.bias is None else layer.bias.detach().numpy()
        folded_w, folded_b = fold_batch_norm(w, b, gamma, beta, mean, var, norm.eps)
        layer.weight.data = torch.from_numpy(folded_w)
        layer.bias = nn.Parameter(torch.from_numpy(folded_b))
        setattr(parent, norm_name, nn.Identity())
    return len(places)


def folded_resnet18(seed: int) -> Folding:
    """Fold a ResNet-18 with random weights and running statistics; compare its scores."""
    torch.manual_seed(seed)
    model = resnet18(weights=None).double().eval()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            assert module.running_mean is not None
            assert module.running_var is not None
            module.running_mean.uniform_(-0.5, 0.5)
            module.running_var.uniform_(0.5, 1.5)
            module.weight.data.uniform_(0.5, 1.5)
    x = torch.randn(2, 3, 64, 64, dtype=torch.float64)
    with torch.no_grad():
        before = model(x)
        layers = fold_all(model)
        after = model(x)
    apart = (before[0] - before[1]).abs().max().item()
    return Folding(layers, (after - before).abs().max().item(), apart)


@dataclass(frozen=True)
class Flow:
    """What goes through the blocks of an untrained residual network.

    growth: how many times larger the gradient is before the first block than behind the last.
    squares: the mean square of the maps before the first block, and after each.
    """

    growth: float
    squares: Array


def gradient_at_blocks(x: Tensor, y: Tensor, depth: int, seed: int) -> Flow:
    """Follow a batch through a residual network, and its gradient back."""
    model = network("residual", depth, seed)
    maps, at_blocks = x, []
    for layer in model:
        maps = layer(maps)
        if isinstance(layer, nn.ReLU | Pair):
            maps.retain_grad()
            at_blocks.append(maps)
    functional.cross_entropy(maps, y).backward()
    first, last = (_gradient(at_blocks[place]).norm().item() for place in (0, -1))
    return Flow(first / last, np.array([m.detach().square().mean().item() for m in at_blocks]))


def _gradient(tensor: Tensor) -> Tensor:
    assert tensor.grad is not None
    return tensor.grad


@dataclass(frozen=True)
class FirstStep:
    """The largest gradient in the branches of a network: of all filters, and of the last gammas."""

    filters: float
    gamma: float


def first_step_with_zero_gamma(x: Tensor, y: Tensor) -> FirstStep:
    """Start each branch of a residual network with a scale of 0, and look at the gradients."""
    model = network("residual", 20)
    pairs = [layer for layer in model if isinstance(layer, Pair)]
    scales = [pair.second_norm.get_parameter("weight") for pair in pairs]
    for scale in scales:
        nn.init.zeros_(scale)
    functional.cross_entropy(model(x), y).backward()
    filters = [layer.weight for pair in pairs for layer in (pair.first, pair.second)]
    return FirstStep(
        *(max(_gradient(p).abs().max().item() for p in part) for part in (filters, scales))
    )


BOXES = ("conv", "batch norm", "ReLU", "conv", "batch norm")
"""The branch of a residual block."""


def residual_drawing() -> plots.Drawing:
    """Draw a residual block from top to bottom: its branch, the way around, and the sum."""
    width, height, gap, middle, around = 120, 30, 20, 80, 190
    line = 'stroke="currentColor" stroke-width="1.6" fill="none"'
    parts, y = [f'<text x="{middle}" y="14">x</text>'], 24

    def arrow(length: float) -> str:
        tip = 'marker-end="url(#res-tip)"'
        return f'<path d="M{middle} {y:g}v{length:g}" {line} {tip}/>'

    def box(name: str) -> str:
        left, center = middle - width / 2, y + gap + height / 2
        return (
            f'<rect x="{left:g}" y="{y + gap:g}" width="{width}" height="{height}" rx="5" {line}/>'
            f'<text x="{middle}" y="{center + 5:g}">{name}</text>'
        )

    start = y + gap / 2
    for name in BOXES:
        parts += [arrow(gap), box(name)]
        y += gap + height
    plus = y + gap + 12
    parts.append(
        f"{arrow(gap)}"
        f'<circle cx="{middle}" cy="{plus}" r="12" {line}/>'
        f'<text x="{middle}" y="{plus + 6}">+</text>'
        f'<path d="M{middle} {start}H{around - 12}Q{around} {start} {around} {start + 12}'
        f'V{plus - 12}Q{around} {plus} {around - 12} {plus}H{middle + 13}" '
        f'stroke="{plots.POSITIVE_COLOR}" stroke-width="3" fill="none" '
        'marker-end="url(#res-tip-around)"/>'
        f'<text x="{around + 12}" y="{(start + plus) / 2 - 4}" text-anchor="start">shortcut:</text>'
        f'<text x="{around + 12}" y="{(start + plus) / 2 + 16}" text-anchor="start">'
        "x as it is</text>"
    )
    y = plus + 12
    parts += [arrow(gap), box("ReLU")]
    y += gap + height
    parts += [arrow(gap), f'<text x="{middle}" y="{y + gap + 16}">y</text>']
    tips = "".join(
        f'<marker id="{name}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="{size}" '
        f'markerHeight="{size}" orient="auto"><path d="M0 0L8 4L0 8z" fill="{color}"/></marker>'
        for name, size, color in (
            ("res-tip", 5, "currentColor"),
            ("res-tip-around", 4, plots.POSITIVE_COLOR),
        )
    )
    body = (
        f'<svg viewBox="0 0 280 {y + gap + 24:g}" font-family="inherit" font-size="15" '
        'text-anchor="middle" fill="currentColor">'
        f"<defs>{tips}</defs>{''.join(parts)}</svg>"
    )
    return plots.show(
        plots.Panel(body, width=280),
        alt="A chain of boxes: x, convolution, batch normalization, ReLU, convolution, batch "
        "normalization, a plus sign, ReLU, y. A thick line leads from x around the first five "
        "boxes to the plus sign.",
    )

"""What helps in the challenge: `python -m solutions.challenge.study`, five minutes, needs PyTorch.

Small networks are trained on the pictures that students get, and measured on pictures that nobody
has trained on. What comes out stands in ``study.json``, for the page about the challenge.
"""

from __future__ import annotations

import copy
import itertools
import json
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

from solutions.challenge.declared import CHALLENGE

OUTCOMES = Path(__file__).with_name("study.json")
SEED, COUNT = 2026, 5000
"""Of the pictures on which networks are measured: other ones than those of any test."""

WIDTHS = (1, 16, 24, 32)
"""Channels: of the picture, and behind each convolution."""

EPOCHS, BATCH, LEARNING_RATE, DECAY = 60, 50, 5e-3, 0.05
TEMPERATURE = 3.0
"""Divides the scores of teacher and student in distillation (Hinton et al., 2015)."""


class Network(nn.Module):
    """Three convolutions with batch norm and ReLU, two max poolings, the mean over all places.

    ``separable``: all but the first are depthwise convolutions, followed by 1 x 1 ones.
    """

    def __init__(self, separable: bool = False) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for place, (before, after) in enumerate(itertools.pairwise(WIDTHS)):
            if separable and place:
                layers.append(nn.Conv2d(before, before, 3, padding=1, groups=before, bias=False))
                layers.append(nn.Conv2d(before, after, 1, bias=False))
            else:
                layers.append(nn.Conv2d(before, after, 3, padding=1, bias=False))
            layers += [nn.BatchNorm2d(after), nn.ReLU()]
            layers += [nn.MaxPool2d(2)] if place < 2 else [nn.AdaptiveAvgPool2d(1), nn.Flatten()]
        self.layers = nn.Sequential(*layers, nn.Linear(WIDTHS[-1], 10))

    def forward(self, x: Tensor) -> Tensor:
        """Return scores (N, 10) for pictures (N, 1, H, W)."""
        scores: Tensor = self.layers(x)
        return scores


def augmented(x: Tensor) -> Tensor:
    """Turn, slant, stretch and shift pictures (N, 1, H, W) at random."""
    turn, slant = (torch.rand(2, len(x)) * 2 - 1) * torch.tensor([[0.3], [0.2]])
    across, down = 0.85 + 0.3 * torch.rand(2, len(x))
    matrix = torch.zeros(len(x), 2, 3)
    matrix[:, 0, 0], matrix[:, 0, 1] = turn.cos() * across, slant - turn.sin() * down
    matrix[:, 1, 0], matrix[:, 1, 1] = turn.sin() * across, turn.cos() * down
    matrix[:, :, 2] = (torch.rand(len(x), 2) * 2 - 1) * 0.2
    grid = functional.affine_grid(matrix, list(x.shape), align_corners=False)
    return functional.grid_sample(x, grid, align_corners=False)


def train(network: Network, augment: bool, teacher: Network | None = None) -> Network:
    """Train by AdamW on the training set; with a teacher, on its softened answers as well."""
    data = CHALLENGE.handout()
    pictures, labels = as_tensor(data.training_pictures), torch.tensor(data.training_labels)
    steps = EPOCHS * len(labels) // BATCH
    optimizer = torch.optim.AdamW(network.parameters(), LEARNING_RATE, weight_decay=DECAY)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, total_steps=steps)
    network.train()
    for _ in range(EPOCHS):
        for batch in torch.randperm(len(labels)).reshape(-1, BATCH):
            x = augmented(pictures[batch]) if augment else pictures[batch]
            scores = network(x)
            loss = functional.cross_entropy(scores, labels[batch])
            if teacher is not None:
                with torch.no_grad():
                    goal = (teacher(x) / TEMPERATURE).softmax(dim=1)
                soft = functional.cross_entropy(scores / TEMPERATURE, goal)
                loss = 0.3 * loss + 0.7 * TEMPERATURE**2 * soft
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return network.eval()


def as_tensor(pictures: np.ndarray) -> Tensor:
    """Return pictures (N, H, W), uint8, as a tensor (N, 1, H, W) of numbers from 0 to 1."""
    return torch.tensor(pictures / 255, dtype=torch.float32)[:, None]


def folded(network: Network) -> nn.Sequential:
    """Return the same network without batch norms: they are folded into the convolutions."""
    layers: list[nn.Module] = []
    for layer in copy.deepcopy(network).layers:
        if isinstance(layer, nn.BatchNorm2d):
            layers[-1] = fuse_conv_bn_eval(cast(nn.Conv2d, layers[-1]), layer)
        else:
            layers.append(layer)
    return nn.Sequential(*layers)


def in_eight_bits(network: nn.Sequential) -> tuple[nn.Sequential, int]:
    """Round the weights of each layer to whole multiples of 1/127 of its largest one.

    Returns the network, and its bytes: one for each weight, four for a bias and a layer's scale.
    """
    rounded, size = copy.deepcopy(network), 0
    for layer in rounded:
        if isinstance(layer, nn.Conv2d | nn.Linear):
            unit = layer.weight.abs().max() / 127
            layer.weight.data = (layer.weight.data / unit).round() * unit
            size += layer.weight.numel() + 4
            size += 4 * (layer.bias.numel() if layer.bias is not None else 0)
    return rounded, size


def measured(network: nn.Sequential, size: int | None = None) -> dict[str, Any]:
    """Return what the page says of a network, whose numbers take 4 bytes each unless ``size``."""
    held_out = CHALLENGE.draw(COUNT, np.random.default_rng(SEED))
    with torch.no_grad():
        answers = network(as_tensor(held_out[0])).argmax(dim=1).numpy()
    parameters = sum(parameter.numel() for parameter in network.parameters())
    right = int((answers == held_out[1]).sum())
    return {
        "parameters": parameters,
        "bytes": 4 * parameters if size is None else size,
        "right": right,
        "count": COUNT,
    }


def main() -> None:
    """Train everything and write what came of it."""
    torch.manual_seed(1)
    torch.set_num_threads(1)
    plain = train(Network(), augment=False)
    teacher = train(Network(), augment=True)
    separable = train(Network(separable=True), augment=True)
    distilled = train(Network(separable=True), augment=True, teacher=teacher)
    outcomes = {
        "three convolutions": measured(folded(plain)),
        "with augmentation": measured(folded(teacher)),
        "the same in 8 bits": measured(*in_eight_bits(folded(teacher))),
        "depthwise separable": measured(folded(separable)),
        "the same, distilled": measured(folded(distilled)),
    }
    OUTCOMES.write_text(json.dumps(outcomes, indent=1) + "\n")
    for name, outcome in outcomes.items():
        print(name, outcome)


if __name__ == "__main__":
    main()

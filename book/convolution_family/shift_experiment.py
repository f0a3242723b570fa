"""Two small networks that differ in how they pool, and what a shift by a pixel does to each.

The digits stand in a frame with room on all sides, the borders are periodic, and the last maps are
averaged over all places. Without subsampling such a network would answer a shifted picture exactly
as the original. Whatever changes, the pooling has changed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from autograder.torch_threads import one_thread
from book.convolution_family.demo import BLUR
from book.training.handwriting import digits
from solutions.arrays import Array, Labels

FRAME, ROOM = 16, 4
"""Height and width of the frame, and how much of it is left on each side of a digit."""

SHIFTS = tuple((down, right) for down in range(4) for right in range(4))
"""Shifts in pixels. The network halves its maps twice: a shift by 4 changes nothing."""

EPOCHS, BATCH, RATE = 15, 64, 0.01
"""With three times this rate, rounding errors decide how good a network becomes."""


class Network(nn.Module):
    """Three convolutions with two poolings between them, a mean over all places, a linear layer."""

    def __init__(self, *, blur: bool) -> None:
        """Make an untrained network; ``blur``: between the maximum and the subsampling."""
        super().__init__()
        self.blur = blur
        self.convolutions = nn.ModuleList(
            nn.Conv2d(channels, filters, 3, padding=1, padding_mode="circular")
            for channels, filters in ((1, 16), (16, 32), (32, 32))
        )
        self.linear = nn.Linear(32, 10)

    def forward(self, x: Tensor) -> Tensor:
        """Return the scores (N, 10) of pictures (N, 1, H, W)."""
        for number, convolution in enumerate(self.convolutions):
            x = functional.relu(convolution(x))
            if number < 2:
                x = self.pooled(x)
        scores: Tensor = self.linear(x.mean((2, 3)))
        return scores

    def pooled(self, x: Tensor) -> Tensor:
        """Return maps of half the size."""
        if not self.blur:
            return functional.max_pool2d(x, 2)
        dense = functional.max_pool2d(functional.pad(x, (0, 1, 0, 1), mode="circular"), 2, 1)
        framed = functional.pad(dense, (1, 1, 1, 1), mode="circular")
        weights = torch.from_numpy(BLUR).to(x).expand(x.shape[1], 1, 3, 3)
        return functional.conv2d(framed, weights, stride=2, groups=x.shape[1])


def framed(images: Array, down: int, right: int) -> Tensor:
    """Return digits (N, 1, 8, 8) in the middle of their frame, moved by some pixels."""
    pictures = np.zeros((len(images), 1, FRAME, FRAME), np.float32)
    top, left = ROOM + down, ROOM + right
    pictures[:, :, top : top + 8, left : left + 8] = images
    return torch.from_numpy(pictures)


@dataclass(frozen=True)
class Outcome:
    """What a network answers: classes (shifts, N), and the probability of the right one."""

    answers: Labels
    right: Array
    labels: Labels

    @property
    def accuracy(self) -> float:
        """The share that is right where the digit is not moved."""
        return float(np.mean(self.answers[0] == self.labels))

    @property
    def accuracy_moved(self) -> float:
        """The share that is right, over all shifts."""
        return float(np.mean(self.answers == self.labels))

    @property
    def consistency(self) -> float:
        """The share of answers to moved digits that are those to the same digit, not moved."""
        return float(np.mean(self.answers[1:] == self.answers[0]))


@one_thread()  # several only wait for each other where maps are this small
def trained(*, blur: bool, seed: int = 0) -> Network:
    """Return a network that has learned the digits in the middle of their frames."""
    data = digits()
    torch.manual_seed(seed)
    network = Network(blur=blur)
    optimizer = torch.optim.Adam(network.parameters(), RATE)
    x, y = framed(data.x, 0, 0), torch.from_numpy(data.y).long()
    steps = EPOCHS * -(-len(x) // BATCH)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps)
    for _ in range(EPOCHS):
        for batch in torch.randperm(len(x)).split(BATCH):
            loss = functional.cross_entropy(network(x[batch]), y[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
    return network.eval()


@one_thread()
def measured(network: Network) -> Outcome:
    """Return what a network answers to the validation digits, moved in all ways."""
    data = digits()
    with torch.inference_mode():
        scores = torch.stack([network(framed(data.validation_x, *shift)) for shift in SHIFTS])
    probabilities = scores.softmax(2).numpy()
    right = probabilities[:, np.arange(len(data.validation_y)), data.validation_y]
    return Outcome(probabilities.argmax(2), right, data.validation_y)

"""Which parts of pictures excite a channel most: what its units saw there.

Zeiler, Fergus (2014), "Visualizing and understanding convolutional networks", figure 2: there, too,
a channel is shown by the patches of several pictures.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch import Tensor

ReceptiveField: TypeAlias = tuple[int, int, int]
"""Along one axis: pixels that a unit sees; from one unit's to the next one's; first of unit 0."""


@dataclass(frozen=True)
class Patch:
    """What the unit saw that answers most strongly in one picture.

    picture: its number.
    row, column: of the unit.
    answer: of the unit.
    top, bottom, left, right: pixels that it sees, as far as they lie in the picture; bottom and
        right are the first that it does not see.
    """

    picture: int
    row: int
    column: int
    answer: float
    top: int
    bottom: int
    left: int
    right: int


def exciting_patches(
    maps: Tensor, field: ReceptiveField, size: tuple[int, int], count: int
) -> list[Patch]:
    """Return the most exciting patches of one channel, the strongest first, one of a picture.

    maps: of the channel, one for each picture, shape (N, H', W').
    field: the receptive field of its units.
    size: height and width of the pictures.
    count: of the patches; at most N.

    Raises ValueError if there are not so many pictures.
    """
    if not 0 < count <= len(maps):
        raise ValueError(f"{len(maps)} pictures have no {count} patches: each gives one.")
    answers, places = maps.flatten(1).max(1)
    patches = []
    for picture in answers.argsort(descending=True)[:count].tolist():
        row, column = divmod(int(places[picture]), maps.shape[2])
        top, bottom = seen(row, field, size[0])
        left, right = seen(column, field, size[1])
        answer = float(answers[picture])
        patches.append(Patch(picture, row, column, answer, top, bottom, left, right))
    return patches


def seen(unit: int, field: ReceptiveField, length: int) -> tuple[int, int]:
    """Return the first pixel of an axis that a unit sees, and the first behind those.

    length: of the axis. The padding around the picture does not count.
    """
    extent, jump, start = field
    first = start + jump * unit
    return max(0, first), min(length, first + extent)


def outstanding_channels(maps: Tensor, count: int) -> list[int]:
    """Return channels whose strongest answer stands out most, each in a picture of its own.

    maps: of all channels, shape (N, C, H', W').
    count: of the channels; at most N.

    How much an answer stands out is counted in standard deviations of all of the channel's answers.

    Raises ValueError if there are not so many pictures.
    """
    if not 0 < count <= len(maps):
        raise ValueError(f"{len(maps)} pictures do not give {count} channels: each gives one.")
    spread, mean = torch.std_mean(maps, dim=(0, 2, 3))
    outstanding = (maps.amax((2, 3)) - mean) / spread.clamp(min=1e-12)
    channels = []
    for _ in range(count):
        picture, channel = divmod(int(outstanding.argmax()), maps.shape[1])
        channels.append(channel)
        outstanding[picture] = outstanding[:, channel] = -torch.inf
    return channels

"""The task ``pointing_game``: reference, cases, mistakes, other right answers."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from autograder import values
from autograder.problems import Case, Misconception, Problem, Random, quarters
from solutions.visualization.drawn_networks import DIGITS, SECONDS


def pointing_game(maps: Tensor, masks: Tensor) -> float:
    """Return the share of maps that are largest at a place inside the object.

    maps: one map per picture, shape (N, H, W).
    masks: True where the object is, shape (N, H, W).
    Where a map has its largest number at several places, the first counts, row by row.
    """
    ### BEGIN SOLUTION
    hits = 0
    for one, mask in zip(maps, masks, strict=True):
        hits += int(mask.flatten()[one.flatten().argmax()])
    return hits / len(maps)
    ### END SOLUTION


# Cases


FINDS = (
    "0",
    "batch_maximum",
    "misses_counted",
    "height_for_width",
    "smallest_place",
    "magnitude",
    "every_largest_place",
)
"""Mistakes that happen to give the right share now and then."""


def _game(rng: Random, name: str, count: int, height: int, width: int, offset: float = 0.0) -> Case:
    """Draw maps and masks.

    Every second map has its largest number at two places; in every third one it is also the
    largest in magnitude, unless an ``offset`` makes all numbers negative.
    """
    maps = quarters(rng, count, height, width, low=-9.0)
    maps[::3] = np.maximum(maps[::3], -4.0)
    masks = rng.random((count, height, width)) < 0.4
    for n in range(count):
        places = rng.choice(height * width, size=1 + n % 2, replace=False)
        maps[n].flat[places] = 5.0
    given = {"maps": values.Tensor(maps + offset), "masks": values.Tensor(masks)}
    return Case(name, given, finds=FINDS)


def cases(rng: Random) -> list[Case]:
    """Small maps, then maps of one sign."""
    return [
        _game(rng, "hits and misses", 29, 3, 6),
        _game(rng, "tall maps", 31, 5, 2),
        _game(rng, "maps without a positive number", 33, 4, 5, offset=-20.0),
    ]


def hidden_cases(rng: Random) -> list[Case]:
    """More sizes."""
    return [
        _game(rng, "many maps", 30, 5, 4),
        _game(rng, "wide maps", 20, 2, 9),
    ]


# Misconceptions


def pointing_by_batch(maps: Tensor, masks: Tensor) -> float:
    """Look for the largest number of all maps together."""
    return float(masks.flatten()[maps.flatten().argmax()])


def height_for_width(maps: Tensor, masks: Tensor) -> float:
    """Turn the place into row and column with the height instead of the width."""
    hits = 0
    for single_map, mask in zip(maps, masks, strict=True):
        place = int(single_map.argmax())
        row, column = divmod(place, single_map.shape[0])
        hits += int(mask[row % mask.shape[0], column % mask.shape[1]])
    return hits / len(maps)


def every_largest_place(maps: Tensor, masks: Tensor) -> float:
    """Count a hit if any of the largest places is inside."""
    largest = maps.flatten(1).amax(dim=1)[:, None, None]
    return float(((maps == largest) & masks).flatten(1).any(dim=1).double().mean())


MISCONCEPTIONS = (
    Misconception(
        "hits_counted",
        lambda maps, masks: pointing_game(maps, masks) * len(maps),
        title="The number of hits instead of their share",
        symptom="The result is a whole number, often larger than 1.",
        hint="You count the hits. A share lies between 0 and 1.",
    ),
    Misconception(
        "batch_maximum",
        pointing_by_batch,
        title="One maximum for all maps",
        symptom="The result is 0 or 1.",
        hint="You look for the largest number of all maps together. Each map has a place of its "
        "own.",
    ),
    Misconception(
        "height_for_width",
        height_for_width,
        title="Row and column are taken from the wrong side",
        symptom="Square maps work, others do not.",
        hint="Square maps work, others do not. How many places lie in one row?",
        catalog_number=84,
    ),
    Misconception(
        "misses_counted",
        lambda maps, masks: 1 - pointing_game(maps, masks),
        title="The share of misses",
        symptom="Good maps get a low number.",
        hint="Good maps get a low number from you: you count the misses.",
    ),
    Misconception(
        "smallest_place",
        lambda maps, masks: pointing_game(-maps, masks),
        title="The smallest number instead of the largest",
        symptom="The map points at where it is darkest.",
        hint="Your maps point at their smallest number.",
    ),
    Misconception(
        "magnitude",
        lambda maps, masks: pointing_game(maps.abs(), masks),
        title="The largest magnitude instead of the largest number",
        symptom="Maps without negative numbers work, others do not.",
        hint="You ignore the sign. A strongly negative place is not the largest one.",
    ),
    Misconception(
        "energy_in_the_mask",
        lambda maps, masks: ((maps * masks).sum() / maps.sum()).item(),
        title="The share of the map that lies inside",
        symptom="The result changes with every number of a map.",
        hint="You compare how much of a map lies inside. The game asks only where it is largest.",
    ),
    Misconception(
        "every_largest_place",
        every_largest_place,
        title="Any of the largest places counts",
        symptom="Maps with two largest places count as hits too often.",
        hint="A map may be largest at two places. Which of them counts?",
    ),
)


# Alternatives


def pointing_game_flat(maps: Tensor, masks: Tensor) -> float:
    """Gather the masks at the places of the maxima."""
    places = maps.flatten(1).argmax(dim=1, keepdim=True)
    return masks.flatten(1).gather(1, places).double().mean().item()


def pointing_game_unravel(maps: Tensor, masks: Tensor) -> float:
    """Turn each place into row and column."""
    hits = []
    for single_map, mask in zip(maps.numpy(), masks.numpy(), strict=True):
        hits.append(mask[np.unravel_index(single_map.argmax(), single_map.shape)])
    return float(np.mean(hits))


def pointing_game_loops(maps: Tensor, masks: Tensor) -> float:
    """Look at every pixel."""
    hits = 0
    for n in range(maps.shape[0]):
        best, inside = -math.inf, False
        for i in range(maps.shape[1]):
            for j in range(maps.shape[2]):
                if maps[n, i, j].item() > best:
                    best, inside = maps[n, i, j].item(), bool(masks[n, i, j])
        hits += inside
    return hits / maps.shape[0]


def pointing_game_divmod(maps: Tensor, masks: Tensor) -> Tensor:
    """Return a tensor without axes; rows and columns by division."""
    place = maps.reshape(len(maps), -1).argmax(1)
    rows = torch.div(place, maps.shape[2], rounding_mode="floor")
    return masks[torch.arange(len(maps)), rows, place % maps.shape[2]].float().mean()


ALTERNATIVES = (
    pointing_game_flat,
    pointing_game_unravel,
    pointing_game_loops,
    pointing_game_divmod,
)

PROBLEM = Problem(
    pointing_game,
    cases,
    MISCONCEPTIONS,
    hidden_cases=hidden_cases,
    alternatives=ALTERNATIVES,
    time_limit=SECONDS,
    digits=DIGITS,
)

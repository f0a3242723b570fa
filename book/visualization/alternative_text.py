"""Parts of alternative texts that follow the network which made a figure.

A page shows VGG16 or the small VGG. What its figures say in words is computed, as its numbers are.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
import torch
from torch import Tensor

from book.visualization.demo import Example

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]


def subject(example: Example) -> str:
    """Return what kind of picture it is, and which class is asked about."""
    kind = "photograph" if example.mask is None else "drawn picture"
    return f'{kind} ("{example.label}")'


def peak(example: Example, values: Array | Tensor) -> str:
    """Return where a map (H, W) of a picture is largest, as in "it is largest at the top left".

    values: may be smaller than the picture, and covers all of it.
    """
    array = torch.as_tensor(values).detach().cpu().numpy()
    row, column = np.unravel_index(int(array.argmax()), array.shape)
    down, across = (row + 0.5) / array.shape[0], (column + 0.5) / array.shape[1]
    vertical = ("top", "", "bottom")[int(3 * down)]
    horizontal = ("left", "", "right")[int(3 * across)]
    place = f"{vertical} {horizontal}".strip()
    words = f"at the {place}" if place else "in the middle"
    if example.mask is None:
        return words
    height, width = example.mask.shape
    hit = example.mask[int(down * height), int(across * width)]
    return f"{words}, {'on' if hit else 'beside'} the object"

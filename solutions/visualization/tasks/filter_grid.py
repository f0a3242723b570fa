"""The task ``filter_grid``: reference, cases, mistakes, other right answers."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from autograder import values
from autograder.problems import Case, Misconception, Problem, Random, quarters
from solutions.visualization.drawn_networks import EXPLORED, SECONDS


def filter_grid(w: Tensor, channel: int, columns: int) -> Tensor:
    """Draw one slice of every filter into a single picture.

    w: filters of a layer, shape (F, C, HH, WW).
    channel: which of the C slices is drawn.
    columns: how many slices stand side by side; the first row is filled first.
    Each slice is stretched so that its smallest number is 0 and its largest 1; a slice whose
    numbers are all equal becomes 0. Between neighbors lies a line of zeros, one pixel wide.
    Returns a picture with two axes; places behind the last filter are 0.
    """
    ### BEGIN SOLUTION
    filters, _, height, width = w.shape
    rows = -(-filters // columns)
    picture = torch.zeros(rows * (height + 1) - 1, columns * (width + 1) - 1, dtype=w.dtype)
    for f in range(filters):
        piece = w[f, channel] - w[f, channel].min()
        if piece.max() > 0:
            piece = piece / piece.max()
        top, left = (f // columns) * (height + 1), (f % columns) * (width + 1)
        picture[top : top + height, left : left + width] = piece
    return picture
    ### END SOLUTION


# Cases


def _filters(rng: Random, *shape: int) -> values.Tensor:
    """Draw filters whose slices have different ranges."""
    w = quarters(rng, *shape)
    return values.Tensor(w * 2.0 ** rng.integers(-1, 3, size=(shape[0], 1, 1, 1)))


def cases(rng: Random) -> list[Case]:
    """Full rows, then a row that is not full, then the special slices."""
    flat = _filters(rng, 3, 2, 2, 3)
    flat.array[1, 0] = -1.5
    return [
        Case("two full rows", {"w": _filters(rng, 6, 2, 3, 3), "channel": 0, "columns": 3}),
        Case(
            "the last row is not full",
            {"w": _filters(rng, 5, 3, 2, 2), "channel": 2} | {"columns": 3},
        ),
        Case("a slice of equal numbers", {"w": flat, "channel": 0, "columns": 2}),
        Case(
            "a single row of wide filters",
            {"w": _filters(rng, 4, 3, 2, 4), "channel": 1} | {"columns": 4},
        ),
    ]


def hidden_cases(rng: Random) -> list[Case]:
    """More sizes."""
    return [
        Case("many filters", {"w": _filters(rng, 11, 4, 3, 2), "channel": 3, "columns": 4}),
        Case(
            "more columns than filters",
            {"w": _filters(rng, 3, 2, 3, 4), "channel": 1} | {"columns": 5},
        ),
        Case("one column", {"w": _filters(rng, 3, 2, 3, 2), "channel": 0, "columns": 1}),
    ]


# Misconceptions


def _grid(w: Tensor, channel: int, columns: int, stretch: Callable[[Tensor], Tensor]) -> Tensor:
    """Lay out slices that are stretched in another way than the reference does."""
    slices = stretch(w[:, channel])
    picture = filter_grid(w, channel, columns).to(slices.dtype)
    height, width = w.shape[2] + 1, w.shape[3] + 1
    for f, piece in enumerate(slices):
        top, left = f // columns * height, f % columns * width
        picture[top : top + w.shape[2], left : left + w.shape[3]] = piece
    return picture


def stretched_together(slices: Tensor) -> Tensor:
    """Stretch all slices by the smallest and the largest number of all."""
    low, high = slices.min(), slices.max()
    return (slices - low) / (high - low)


def divided_by_zero(w: Tensor, channel: int, columns: int) -> Tensor:
    """Divide by the range even where it is zero."""

    def stretch(slices: Tensor) -> Tensor:
        low, high = slices.amin((1, 2), keepdim=True), slices.amax((1, 2), keepdim=True)
        return (slices - low) / (high - low)

    return _grid(w, channel, columns, stretch)


def column_by_column(w: Tensor, channel: int, columns: int) -> Tensor:
    """Fill the first column first."""
    filters = len(w)
    rows = -(-filters // columns)
    blank = torch.zeros_like(w[:1, channel : channel + 1])
    order = [c * rows + r for r in range(rows) for c in range(columns)]
    moved = [w[f : f + 1, channel : channel + 1] if f < filters else blank for f in order]
    return filter_grid(torch.cat(moved), 0, columns)


def last_row_lost(w: Tensor, channel: int, columns: int) -> Tensor:
    """Round the number of rows down."""
    rows = max(len(w) // columns, 1)
    return filter_grid(w[: rows * columns], channel, columns)


def no_lines(w: Tensor, channel: int, columns: int) -> Tensor:
    """Leave out the lines between the slices."""
    picture = filter_grid(w, channel, columns)
    rows = [r for r in range(picture.shape[0]) if (r + 1) % (w.shape[2] + 1)]
    places = [c for c in range(picture.shape[1]) if (c + 1) % (w.shape[3] + 1)]
    return picture[rows][:, places]


MISCONCEPTIONS = (
    Misconception(
        "channel_mean",
        lambda w, channel, columns: filter_grid(w.mean(1, keepdim=True), 0, columns),
        title="The mean of all slices is drawn",
        symptom="The layout is right, the pictures are grayer than they should be.",
        hint="You draw a mixture of all slices of a filter. The task asks for one of them.",
        catalog_number=68,
    ),
    Misconception(
        "first_slice",
        lambda w, channel, columns: filter_grid(w, 0, columns),
        title="Always the first slice",
        symptom="Right for channel 0 only.",
        hint="Only for channel 0 are you right. Which argument have you not used?",
    ),
    Misconception(
        "channel_and_filter_exchanged",
        lambda w, channel, columns: filter_grid(w.transpose(0, 1), channel, columns),
        title="Filters and slices are exchanged",
        symptom="The picture shows the slices of one filter instead of one slice of every filter.",
        hint="You show all slices of one filter. Which axis of `w` counts the filters?",
    ),
    Misconception(
        "stretched_together",
        lambda w, channel, columns: _grid(w, channel, columns, stretched_together),
        title="All slices are stretched together",
        symptom="The layout is right; weak filters are gray all over.",
        hint="You stretch all slices by the same two numbers. A weak filter then shows nothing. "
        "Whose smallest and largest number count?",
    ),
    Misconception(
        "not_stretched",
        lambda w, channel, columns: _grid(w, channel, columns, lambda slices: slices),
        title="The numbers are not stretched",
        symptom="The picture holds the numbers of the filters, also negative ones.",
        hint="Your picture holds the numbers of the filters as they are. What range should each "
        "slice have?",
    ),
    Misconception(
        "divided_by_zero",
        divided_by_zero,
        title="The range is zero and is divided by",
        symptom="A slice of equal numbers becomes NaN.",
        hint="A slice whose numbers are all equal has no range to divide by. What does the "
        "docstring ask for then?",
    ),
    Misconception(
        "column_by_column",
        column_by_column,
        title="The first column is filled first",
        symptom="The slices are right, but in another order.",
        hint="The slices are right, but the second one is below the first. Which comes first: to "
        "the right, or downward?",
    ),
    Misconception(
        "last_row_lost",
        last_row_lost,
        title="A row that is not full is lost",
        symptom="With five filters in rows of three, the last two are missing.",
        hint="The last row is missing when it is not full. How does your division round?",
    ),
    Misconception(
        "no_lines",
        no_lines,
        title="There are no lines between the slices",
        symptom="The picture is smaller by a pixel for every line.",
        hint="The slices touch each other. A line of zeros should lie between neighbors.",
    ),
    Misconception(
        "line_at_the_border",
        lambda w, channel, columns: nn.functional.pad(filter_grid(w, channel, columns), (0, 1) * 2),
        title="There is a line behind the last slice, too",
        symptom="The picture has one row and one column too many.",
        hint="Your picture has one row and one column too many. How many lines lie between four "
        "neighbors?",
    ),
    Misconception(
        "slices_transposed",
        lambda w, channel, columns: filter_grid(w.transpose(2, 3), channel, columns),
        title="Each slice lies on its side",
        symptom="Square filters look mirrored at the diagonal, others give the wrong shape.",
        hint="Each slice lies on its side. Which axis of `w` is the height?",
    ),
)


# Alternatives


def filter_grid_numpy(w: Tensor, channel: int, columns: int) -> np.ndarray:
    """Work in NumPy with index arithmetic."""
    slices = w.detach().cpu().numpy()[:, channel]
    count, height, width = slices.shape
    rows = math.ceil(count / columns)
    image = np.zeros((rows * (height + 1) - 1, columns * (width + 1) - 1))
    for number, tile in enumerate(slices):
        r, c = divmod(number, columns)
        span = np.ptp(tile)
        image[
            r * (height + 1) : r * (height + 1) + height, c * (width + 1) : c * (width + 1) + width
        ] = (tile - tile.min()) / (span if span > 0 else 1)
    return image


def filter_grid_padded(w: Tensor, channel: int, columns: int) -> Tensor:
    """Pad every slice at its right and lower side, join them, cut the last line off."""
    slices = w[:, channel]
    low, high = slices.amin((1, 2), keepdim=True), slices.amax((1, 2), keepdim=True)
    span = torch.where(high > low, high - low, torch.ones_like(high))
    tiles = nn.functional.pad((slices - low) / span, (0, 1, 0, 1))
    missing = -len(tiles) % columns
    tiles = torch.cat([tiles, tiles.new_zeros(missing, *tiles.shape[1:])])
    rows = [torch.cat(list(part), dim=1) for part in tiles.split(columns)]
    return torch.cat(rows)[:-1, :-1]


def filter_grid_reshaped(w: Tensor, channel: int, columns: int) -> Tensor:
    """Move axes of a five-dimensional block instead of looping."""
    count, _, height, width = w.shape
    rows = (count + columns - 1) // columns
    block = torch.zeros(rows * columns, height + 1, width + 1, dtype=torch.float64)
    flat = w[:, channel].flatten(1)
    flat = flat - flat.min(dim=1, keepdim=True).values
    flat = flat / flat.max(dim=1, keepdim=True).values.masked_fill(flat.amax(1)[:, None] == 0, 1)
    block[:count, :height, :width] = flat.reshape(count, height, width)
    block = block.reshape(rows, columns, height + 1, width + 1).transpose(1, 2)
    return block.reshape(rows * (height + 1), columns * (width + 1))[:-1, :-1]


def filter_grid_rows(w: Tensor, channel: int, columns: int) -> Tensor:
    """Collect rows of pieces and lines in lists."""

    def stretched(piece: Tensor) -> Tensor:
        span = (piece.max() - piece.min()).item()
        return (piece - piece.min()) / span if span else torch.zeros_like(piece)

    height, width = w.shape[-2:]
    pieces = [stretched(kernel[channel]) for kernel in w]
    while len(pieces) % columns:
        pieces.append(torch.zeros(height, width))
    bands: list[Tensor] = []
    for start in range(0, len(pieces), columns):
        band: list[Tensor] = []
        for piece in pieces[start : start + columns]:
            band += [piece, torch.zeros(height, 1)]
        if bands:
            bands.append(torch.zeros(1, columns * (width + 1) - 1))
        bands.append(torch.hstack(band[:-1]))
    return torch.vstack(bands)


ALTERNATIVES = (filter_grid_numpy, filter_grid_padded, filter_grid_reshaped, filter_grid_rows)

PROBLEM = Problem(
    filter_grid,
    cases,
    MISCONCEPTIONS,
    hidden_cases=hidden_cases,
    alternatives=ALTERNATIVES,
    time_limit=SECONDS,
    explorer={"kind": "filter grid", **EXPLORED},
)

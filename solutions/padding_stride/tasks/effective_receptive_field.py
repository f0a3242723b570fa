"""The task ``effective_receptive_field``: reference, cases, mistakes, other right answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np

from autograder.problems import Case, Misconception, Problem, Random, Style, quarters
from autograder.values import Formula, Value
from solutions.arrays import Array

Map: TypeAlias = Callable[[Array], Array]


def effective_receptive_field(
    f: Callable[[Array], Array], x: Array, i: int, j: int, h: float
) -> Array:
    """Measure how strongly each pixel of the picture x moves one unit of the map f(x).

    f: function from a picture to a map, such as a network.
    x: picture, shape (H, W).
    i, j: row and column of the unit in the map.
    h: how far a pixel is nudged, above 0.
    Returns shape (H, W): for every pixel, the absolute difference between the unit's values
    with this pixel raised by h and with it lowered by h, divided by 2 * h.
    """
    ### BEGIN SOLUTION
    field = np.zeros(x.shape)
    for row in range(x.shape[0]):
        for column in range(x.shape[1]):
            nudge = np.zeros(x.shape)
            nudge[row, column] = h
            change = f(x + nudge)[i, j] - f(x - nudge)[i, j]
            field[row, column] = abs(change) / (2 * h)
    return field
    ### END SOLUTION


# Cases

BLUR = "x[:-2] + 2 * x[1:-1] + x[2:]"
EDGES_SKIPPED = "(x[:, :-1] - 2 * x[:, 1:])[::2, ::2]"
EDGES_RELU = "np.maximum(x[1:, 1:] - 2 * x[:-1, :-1] + 0.5, 0)"
TWO_LAYERS = "np.maximum(x[:-1] - x[1:], 0)[:, :-1] - 2 * np.maximum(x[1:] - x[:-1], 0)[:, 1:]"
SQUARES = "x[:-1, 1:] ** 2 - x[1:, :-1] * x[:-1, :-1]"
PADDED = "np.pad(x, 1)[:-2, 1:-1] - 3 * np.pad(x, 1)[1:-1, 2:]"


def _unit(x: np.ndarray, source: str, i: int, j: int, h: float = 0.25) -> dict[str, Value]:
    return {"f": Formula(("x",), source), "x": x, "i": i, "j": j, "h": h}


def _edge_awake(rng: Random, rows: int, columns: int, i: int, j: int) -> dict[str, Value]:
    """Draw a picture on which the unit of EDGES_RELU answers, before a nudge and after it."""
    x = quarters(rng, rows, columns)
    x[i + 1, j + 1] = 2 * x[i, j] + quarters(rng, low=0.5)
    return _unit(x, EDGES_RELU, i, j)


def _both_awake(rng: Random, rows: int, columns: int, i: int, j: int) -> dict[str, Value]:
    """Draw a picture on which both filters of TWO_LAYERS answer, before a nudge and after it."""
    while True:
        x = quarters(rng, rows, columns)
        if min(x[i, j] - x[i + 1, j], x[i + 1, j + 1] - x[i, j + 1]) >= 0.5:
            return _unit(x, TWO_LAYERS, i, j)


def cases(rng: Random) -> list[Case]:
    """Filters first, then stride, then maps that are not linear."""
    return [
        Case("a filter of one column", _unit(quarters(rng, 5, 4), BLUR, 1, 2, 0.5)),
        Case("a filter with stride 2", _unit(quarters(rng, 5, 7), EDGES_SKIPPED, 1, 2)),
        Case(
            "padding",
            _unit(quarters(rng, 4, 5), PADDED, 0, 3, 0.5),
            finds=("weighted_by_the_picture",),
        ),
        Case("products of pixels", _unit(quarters(rng, 4, 5, low=0.5), SQUARES, 2, 1)),
        Case("two filters with ReLU", _both_awake(rng, 5, 6, 2, 1)),
    ]


def hidden_cases(rng: Random) -> list[Case]:
    """More pictures and units."""
    return [
        Case(
            "a large step",
            _unit(quarters(rng, 4, 6, low=1.0), SQUARES, 1, 3, 2.0),
            finds=("picture_left_changed",),
        ),
        Case("a filter with ReLU", _edge_awake(rng, 6, 5, 3, 2)),
        Case("two filters with ReLU, wide", _both_awake(rng, 4, 8, 1, 4)),
    ]


# Misconceptions


def only_upward(f: Map, x: Array, i: int, j: int, h: float) -> Array:
    """Compare the raised pixel with the picture as it is."""
    field = np.zeros(x.shape)
    for place in np.ndindex(*x.shape):
        nudge = np.zeros(x.shape)
        nudge[place] = h
        field[place] = abs(f(x + nudge)[i, j] - f(x)[i, j]) / h
    return field


def _signed(f: Map, x: Array, i: int, j: int, h: float) -> Array:
    """Measure without taking absolute values."""
    field = np.zeros(x.shape)
    for place in np.ndindex(*x.shape):
        nudge = np.zeros(x.shape)
        nudge[place] = h
        field[place] = (f(x + nudge)[i, j] - f(x - nudge)[i, j]) / (2 * h)
    return field


def picture_left_changed(f: Map, x: Array, i: int, j: int, h: float) -> Array:
    """Nudge the pixels in place, and do not bring them back."""
    field, changed = np.zeros(x.shape), x.copy()
    for place in np.ndindex(*x.shape):
        changed[place] += h
        above = f(changed)[i, j]
        changed[place] -= 2 * h
        field[place] = abs(above - f(changed)[i, j]) / (2 * h)
    return field


def same_array_twice(f: Map, x: Array, i: int, j: int, h: float) -> Array:
    """Believe that `raised = x` makes a copy."""
    field, changed = np.zeros(x.shape), x.copy()
    for place in np.ndindex(*x.shape):
        raised, lowered = changed, changed
        raised[place] += h
        lowered[place] -= h
        field[place] = abs(f(raised)[i, j] - f(lowered)[i, j]) / (2 * h)
    return field


def whole_map_summed(f: Map, x: Array, i: int, j: int, h: float) -> Array:
    """Watch the sum of the map, not one unit."""
    return effective_receptive_field(lambda p: np.array([[f(p).sum()]]), x, 0, 0, h)


def whole_rows(f: Map, x: Array, i: int, j: int, h: float) -> Array:
    """Nudge a whole row at a time."""
    field = np.zeros(x.shape)
    for row in range(x.shape[0]):
        nudge = np.zeros(x.shape)
        nudge[row] = h
        field[row] = abs(f(x + nudge)[i, j] - f(x - nudge)[i, j]) / (2 * h)
    return field


def nothing_but_the_pixel(f: Map, x: Array, i: int, j: int, h: float) -> Array:
    """Light one pixel in a black picture."""
    return effective_receptive_field(f, np.zeros(x.shape), i, j, h)


def unit_of_the_map_only(f: Map, x: Array, i: int, j: int, h: float) -> Array:
    """Loop over the map's positions instead of the pixels."""
    right = effective_receptive_field(f, x, i, j, h)
    field = np.zeros(x.shape)
    rows, columns = f(x).shape
    field[:rows, :columns] = right[:rows, :columns]
    return field


MISCONCEPTIONS = (
    Misconception(
        "only_upward",
        only_upward,
        title="The pixel is raised, but not lowered",
        symptom="Right for filters; wrong for maps that are not linear.",
        hint="You compare the raised pixel with the picture as it is. The task compares it with "
        "something else.",
        catalog_number=53,
    ),
    Misconception(
        "sign_kept",
        _signed,
        title="The sign is kept",
        symptom="Some numbers are negative.",
        hint="Some of your numbers are negative. The question is how strongly a pixel matters, "
        "not in which direction.",
    ),
    Misconception(
        "negative_removed",
        lambda f, x, i, j, h: np.maximum(_signed(f, x, i, j, h), 0),
        title="Negative influence counts as none",
        symptom="Pixels with a negative weight get 0.",
        hint="Pixels that lower the unit get 0 from you. Do they have no influence?",
    ),
    Misconception(
        "half_forgotten",
        lambda f, x, i, j, h: 2 * effective_receptive_field(f, x, i, j, h),
        title="Divided by h only",
        symptom="Every number is twice as large as it should be.",
        hint="All your numbers are twice too large. How far apart are the raised and the lowered "
        "pixel?",
    ),
    Misconception(
        "step_forgotten",
        lambda f, x, i, j, h: effective_receptive_field(f, x, i, j, h) * 2 * h,
        title="The difference is not divided",
        symptom="The numbers depend on h.",
        hint="Your numbers grow with the size of the nudge. Influence is change per nudge.",
    ),
    Misconception(
        "picture_left_changed",
        picture_left_changed,
        title="The picture is not restored",
        symptom="Right for filters; for other maps the error grows from pixel to pixel.",
        hint="The first pixel is right, later ones are not. Is the picture as it was when you come "
        "to the next pixel?",
        catalog_number=57,
    ),
    Misconception(
        "same_array_twice",
        same_array_twice,
        title="Two names for one array",
        symptom="All numbers are 0.",
        hint="All your numbers are 0: the raised and the lowered picture are one and the same "
        "array. `=` gives it a second name, and no copy.",
    ),
    Misconception(
        "whole_map_summed",
        whole_map_summed,
        title="The whole map is watched",
        symptom="Nearly all pixels have the same influence.",
        hint="You watch all units of the map together. The task asks for a single one.",
    ),
    Misconception(
        "unit_zero",
        lambda f, x, i, j, h: effective_receptive_field(f, x, 0, 0, h),
        title="The unit in the top left corner is watched",
        symptom="The pattern is right and lies in the corner.",
        hint="Your field belongs to the unit in the top left corner. Which unit is asked for?",
    ),
    Misconception(
        "unit_exchanged",
        lambda f, x, i, j, h: effective_receptive_field(f, x, j, i, h),
        title="Row and column of the unit are exchanged",
        symptom="The pattern is right and lies elsewhere, or an index is out of bounds.",
        hint="Your field belongs to another unit. Which of `i` and `j` is the row?",
    ),
    Misconception(
        "field_transposed",
        lambda f, x, i, j, h: effective_receptive_field(f, x, i, j, h).T,
        title="The field is transposed",
        symptom="The field lies on its side.",
        hint="Your field lies on its side. In which order do you use row and column when you "
        "write a number down?",
    ),
    Misconception(
        "whole_rows",
        whole_rows,
        title="A whole row is nudged",
        symptom="All numbers of a row are equal.",
        hint="All numbers of a row are equal: you nudge the whole row at once. How many indices "
        "does a pixel have?",
    ),
    Misconception(
        "nothing_but_the_pixel",
        nothing_but_the_pixel,
        title="The picture itself is not used",
        symptom="Right for filters; wrong where ReLU or a product depends on the picture.",
        hint="You nudge pixels of a black picture. How much a pixel matters may depend on the "
        "other pixels of `x`.",
    ),
    Misconception(
        "unit_of_the_map_only",
        unit_of_the_map_only,
        title="The loops run over the map instead of the picture",
        symptom="The last rows and columns are 0 where the map is smaller than the picture.",
        hint="Your last rows and columns are 0. Do your loops visit the pixels of the picture, or "
        "the units of the map?",
    ),
    Misconception(
        "yes_or_no",
        lambda f, x, i, j, h: (effective_receptive_field(f, x, i, j, h) > 0).astype(float),
        title="Only yes or no",
        symptom="The field holds zeros and ones.",
        hint="You say which pixels matter, but not how much.",
    ),
    Misconception(
        "weighted_by_the_picture",
        lambda f, x, i, j, h: effective_receptive_field(f, x, i, j, h) * np.abs(x),
        title="The influence is multiplied by the pixel",
        symptom="Dark pixels seem to have no influence.",
        hint="Dark pixels have no influence in your result. Changing a dark pixel may change the "
        "unit all the same.",
    ),
)


# Alternatives


def effective_field_copies(f: Map, x: Array, i: int, j: int, h: float) -> Array:
    """Nudge copies of the picture."""
    field = np.zeros(x.shape)
    for place in np.ndindex(*x.shape):
        up, down = x.astype(float), x.astype(float)
        up[place] += h
        down[place] -= h
        field[place] = np.abs((f(up)[i, j] - f(down)[i, j]) / (2 * h))
    return field


def effective_field_restored(f: Map, x: Array, i: int, j: int, h: float) -> Array:
    """Nudge in place, and bring the pixel back."""
    field, changed = np.empty(x.shape), np.array(x, dtype=float)
    for place in np.ndindex(*x.shape):
        before = changed[place]
        changed[place] = before + h
        above = f(changed)[i, j]
        changed[place] = before - h
        below = f(changed)[i, j]
        changed[place] = before
        field[place] = abs(above - below) / 2 / h
    return field


def effective_field_lists(f: Map, x: Array, i: int, j: int, h: float) -> Array:
    """Make the nudges from rows of the identity."""
    nudges = (h * np.eye(x.size)).reshape(x.size, *x.shape)
    changes = [(f(x + nudge) - f(x - nudge))[i, j] for nudge in nudges]
    field: Array = np.abs(np.array(changes).reshape(x.shape)) / (2 * h)
    return field


def effective_field_single_precision(f: Map, x: Array, i: int, j: int, h: float) -> Array:
    """Keep the field in float32."""
    return effective_field_copies(f, x, i, j, h).astype(np.float32)


def effective_field_larger_minus_smaller(f: Map, x: Array, i: int, j: int, h: float) -> Array:
    """Subtract the smaller value from the larger."""
    field = np.zeros(x.shape)
    rows, columns = x.shape
    for row in range(rows):
        for column in range(columns):
            mask = (np.arange(rows)[:, None] == row) & (np.arange(columns) == column)
            values = [f(np.where(mask, x + step, x))[i, j] for step in (h, -h)]
            field[row, column] = (max(values) - min(values)) / (h + h)
    return field


ALTERNATIVES = (
    effective_field_copies,
    effective_field_restored,
    effective_field_lists,
    effective_field_single_precision,
    effective_field_larger_minus_smaller,
)

STYLES = (
    Style(
        effective_field_copies,
        "Clear: both nudged pictures are copies, so nothing has to be restored.",
    ),
    Style(
        effective_field_lists,
        "Short: the rows of an identity matrix are all the nudges.",
    ),
)


PROBLEM = Problem(
    effective_receptive_field,
    cases,
    MISCONCEPTIONS,
    hidden_cases=hidden_cases,
    alternatives=ALTERNATIVES,
    explorer={"kind": "field"},
    styles=STYLES,
)

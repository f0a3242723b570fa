"""The task ``iou``: reference, cases, mistakes, other right answers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from autograder.problems import Case, Misconception, Problem, Random, Style
from solutions.arrays import Array


def iou(boxes: Array, others: Array) -> Array:
    """Return the intersection over union of every box with every other box.

    boxes: shape (N, 4); a row holds left, top, right and bottom of a box, in pixels.
    others: shape (M, 4), in the same form.
    Left is smaller than right, and top is smaller than bottom.
    Returns shape (N, M): row n holds what box n has in common with each of the others.
    """
    ### BEGIN SOLUTION
    result = np.zeros((len(boxes), len(others)))
    for n, (left, top, right, bottom) in enumerate(boxes):
        for m, (other_left, other_top, other_right, other_bottom) in enumerate(others):
            width = max(0, min(right, other_right) - max(left, other_left))
            height = max(0, min(bottom, other_bottom) - max(top, other_top))
            area = (right - left) * (bottom - top)
            other_area = (other_right - other_left) * (other_bottom - other_top)
            result[n, m] = width * height / (area + other_area - width * height)
    return result
    ### END SOLUTION


# Cases

WORKED_BOXES = np.array([[0.0, 0, 6, 4]])
WORKED_OTHERS = np.array([[2.0, 1, 8, 5], [6, 0, 9, 4], [1, 1, 3, 3]])
"""The example that the exercise computes by hand: it overlaps, touches and lies inside."""


def _box(rng: Random, left: int, top: int) -> list[float]:
    """Draw a box from a corner on, wider than high."""
    width, height = int(rng.integers(10, 14)), int(rng.integers(7, 10))
    return [float(left), float(top), float(left + width), float(top + height)]


def _moved(box: list[float], right: float, down: float) -> list[float]:
    return [box[0] + right, box[1] + down, box[2] + right, box[3] + down]


def _overlapping(rng: Random, boxes: int, others: int) -> tuple[Array, Array]:
    """Draw boxes that overlap in part: neither inside of one another nor apart."""
    base = _box(rng, int(rng.integers(3, 9)), int(rng.integers(12, 20)))
    first = [_moved(base, float(n), float(-n)) for n in range(boxes)]
    second = [_moved(base, 3.0 - m, 2.0 + m / 2) for m in range(others)]
    return np.array(first), np.array([[*box[:2], box[2] + 1, box[3]] for box in second])


def cases(rng: Random) -> list[Case]:
    """The worked example, then one way to lie at a time, and several boxes on both sides."""
    box = _box(rng, int(rng.integers(3, 9)), int(rng.integers(12, 20)))
    width, height = box[2] - box[0], box[3] - box[1]
    inner = [box[0] + 2, box[1] + 1, box[2] - 1, box[3] - 1]
    diagonal = _moved(box, width + 2, height + 3)
    beside, above = _moved(box, width + 1, 1), _moved(box, 2, -height - 1)
    pair, several = _overlapping(rng, 1, 1), _overlapping(rng, 3, 2)
    return [
        Case("the worked example", {"boxes": WORKED_BOXES, "others": WORKED_OTHERS}),
        Case("two boxes overlap", {"boxes": pair[0], "others": pair[1]}),
        Case("one box inside the other", {"boxes": np.array([box]), "others": np.array([inner])}),
        Case(
            "apart along both axes",
            {"boxes": np.array([box, diagonal]), "others": np.array([diagonal, box])},
        ),
        Case(
            "apart along one axis",
            {"boxes": np.array([box]), "others": np.array([beside, above, inner])},
        ),
        Case("three boxes and two", {"boxes": several[0], "others": several[1]}),
    ]


def hidden_cases(rng: Random) -> list[Case]:
    """More boxes; fractions of pixels."""
    many, fractions = _overlapping(rng, 4, 3), _overlapping(rng, 2, 3)
    far = _box(rng, 40, 50)
    return [
        Case("four boxes and three", {"boxes": many[0], "others": many[1]}),
        Case("fractions of pixels", {"boxes": fractions[0] / 4, "others": fractions[1] / 4}),
        Case("two of them far away", {"boxes": np.array([far, *many[0]]), "others": many[1]}),
    ]


# Misconceptions


def _parts(boxes: Array, others: Array) -> tuple[Array, Array, Array, Array]:
    """Return width and height of all intersections, not cut off at 0, and the areas."""
    a, b = boxes[:, np.newaxis], others[np.newaxis]
    sides = np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2])
    area_a, area_b = ((x[..., 2] - x[..., 0]) * (x[..., 3] - x[..., 1]) for x in (a, b))
    return sides[..., 0], sides[..., 1], area_a, area_b


def _shared(boxes: Array, others: Array) -> tuple[Array, Array, Array]:
    """Return all intersections, and the areas."""
    width, height, area, other_area = _parts(boxes, others)
    return np.maximum(width, 0) * np.maximum(height, 0), area, other_area


def _divided_by(divisor: Callable[[Array, Array, Array], Array]) -> Callable[..., Array]:
    """Return a wrong function that divides the intersection by something else."""

    def wrong(boxes: Array, others: Array) -> Array:
        shared, area, other_area = _shared(boxes, others)
        return shared / divisor(shared, area, other_area)

    return wrong


def not_cut_off(boxes: Array, others: Array) -> Array:
    """Multiply negative sides."""
    width, height, area, other_area = _parts(boxes, others)
    shared: Array = width * height
    return shared / (area + other_area - shared)


def product_cut_off(boxes: Array, others: Array) -> Array:
    """Cut off the product at 0, not the sides."""
    width, height, area, other_area = _parts(boxes, others)
    shared = np.maximum(width * height, 0)
    result: Array = shared / (area + other_area - shared)
    return result


def pixels_counted(boxes: Array, others: Array) -> Array:
    """Add 1 to each side, as if right and bottom were pixels of the box."""
    longer = np.array([0.0, 0, 1, 1])
    return iou(boxes + longer, others + longer)


def sizes_read(boxes: Array, others: Array) -> Array:
    """Read the last two numbers of a box as width and height."""

    def corners(x: Array) -> Array:
        return np.concatenate([x[:, :2], x[:, :2] + x[:, 2:]], axis=1)

    return iou(corners(boxes), corners(others))


def enclosing_box(boxes: Array, others: Array) -> Array:
    """Divide by the smallest box around both."""
    a, b = boxes[:, np.newaxis], others[np.newaxis]
    sides = np.maximum(a[..., 2:], b[..., 2:]) - np.minimum(a[..., :2], b[..., :2])
    shared, _, _ = _shared(boxes, others)
    result: Array = shared / (sides[..., 0] * sides[..., 1])
    return result


def pairs_only(boxes: Array, others: Array) -> Array:
    """Compare the first box with the first, the second with the second, and so on."""
    return iou(boxes, others).diagonal().copy()


def last_pair_only(boxes: Array, others: Array) -> Array:
    """Return from inside the loop: the number of one pair for all."""
    result = iou(boxes, others)
    return np.full_like(result, result[0, 0])


MISCONCEPTIONS = (
    Misconception(
        "not_cut_off",
        not_cut_off,
        title="Boxes that lie apart have something in common",
        symptom="Boxes apart along both axes get a positive number, along one axis a negative one.",
        hint="Boxes that lie apart get a number other than 0. What are the width and the height of "
        "their intersection in your code?",
    ),
    Misconception(
        "product_cut_off",
        product_cut_off,
        title="The product of two negative sides",
        symptom="Boxes that are apart along both axes get a positive number.",
        hint="Boxes that are apart along both axes get a positive number. What is the product of "
        "two negative numbers?",
    ),
    Misconception(
        "intersection_counted_twice",
        _divided_by(lambda shared, area, other_area: area + other_area),
        title="The union counts the intersection twice",
        symptom="A box and itself get 1/2.",
        hint="You divide by the sum of both areas. Which pixels have you counted twice?",
    ),
    Misconception(
        "twice_the_intersection",
        _divided_by(lambda shared, area, other_area: (area + other_area) / 2),
        title="The Dice coefficient",
        symptom="Too large wherever boxes overlap in part; right for 0 and 1.",
        hint="You return twice the intersection over the sum of the areas. That is the Dice "
        "coefficient, another measure.",
    ),
    Misconception(
        "smaller_area",
        _divided_by(lambda shared, area, other_area: np.minimum(area, other_area)),
        title="Divided by the smaller box",
        symptom="A box inside another gets 1.",
        hint="A box inside another gets 1 from you. How many pixels lie in at least one of them?",
    ),
    Misconception(
        "first_area",
        _divided_by(lambda shared, area, other_area: area),
        title="Divided by the first box",
        symptom="The numbers change when the two boxes are exchanged.",
        hint="Your numbers change when two boxes are exchanged. Which of the two do you divide by?",
    ),
    Misconception(
        "other_area",
        _divided_by(lambda shared, area, other_area: other_area),
        title="Divided by the second box",
        symptom="The numbers change when the two boxes are exchanged.",
        hint="You divide by the area of the other box. How many pixels lie in at least one of the "
        "two?",
    ),
    Misconception(
        "enclosing_box",
        enclosing_box,
        title="The box around both instead of the union",
        symptom="Too small wherever boxes overlap in part.",
        hint="You divide by the box around both. Some of its pixels lie in neither of the two.",
    ),
    Misconception(
        "pixels_counted",
        pixels_counted,
        title="One is added to each side",
        symptom="Boxes that touch have something in common.",
        hint="Your boxes are wider and higher by 1 than they are. Does a box from 0 to 6 have 6 or "
        "7 pixels along this axis here?",
    ),
    Misconception(
        "sizes_read",
        sizes_read,
        title="Corners are read as sizes",
        symptom="Boxes that lie far from the origin come out far too large.",
        hint="You read the last two numbers of a box as its width and height. What does the "
        "docstring call them?",
    ),
    Misconception(
        "intersection_only",
        lambda boxes, others: _shared(boxes, others)[0],
        title="The intersection itself",
        symptom="The numbers are larger than 1.",
        hint="You return how many pixels are in both boxes. Out of how many?",
    ),
    Misconception(
        "union_upside_down",
        _divided_by(lambda shared, area, other_area: area + other_area + shared),
        title="The intersection is added to the union",
        symptom="A box and itself get 1/3.",
        hint="A box and itself get 1/3 from you. Do you add or subtract what was counted twice?",
    ),
    Misconception(
        "transposed",
        lambda boxes, others: iou(boxes, others).T,
        title="Rows and columns are exchanged",
        symptom="The result has as many rows as there are other boxes.",
        hint="Your result lies on its side. Which boxes are its rows to stand for?",
    ),
    Misconception(
        "pairs_only",
        pairs_only,
        title="Only boxes of the same number are compared",
        symptom="The result has one axis.",
        hint="You compare box n with the other box of the same number only. The result has a "
        "number for every pair.",
    ),
    Misconception(
        "last_pair_only",
        last_pair_only,
        title="One number for all pairs",
        symptom="Right for one box on each side.",
        hint="All pairs get the same number from you. Where in your loops do you write, and where "
        "do you return?",
    ),
)


# Alternatives


def iou_broadcast(boxes: Array, others: Array) -> Array:
    """Let NumPy pair the boxes."""
    corners = np.maximum(boxes[:, np.newaxis, :2], others[:, :2])
    ends = np.minimum(boxes[:, np.newaxis, 2:], others[:, 2:])
    shared = np.clip(ends - corners, 0, None).prod(axis=2)
    areas = [np.prod(x[:, 2:] - x[:, :2], axis=1) for x in (boxes, others)]
    result: Array = shared / (np.add.outer(*areas) - shared)
    return result


def iou_by_axis(boxes: Array, others: Array) -> Array:
    """Measure what is shared along each axis; the area is the product."""
    shared = np.ones((len(boxes), len(others)))
    for first, last in ((0, 2), (1, 3)):
        starts = np.maximum.outer(boxes[:, first], others[:, first])
        ends = np.minimum.outer(boxes[:, last], others[:, last])
        shared = shared * np.where(ends > starts, ends - starts, 0)
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    other_area = (others[:, 2] - others[:, 0]) * (others[:, 3] - others[:, 1])
    return shared / (area.reshape(-1, 1) + other_area.reshape(1, -1) - shared)


def iou_rows(boxes: Array, others: Array) -> Array:
    """Compare one box with all others at once, and stack the rows."""
    rows = []
    sizes = (others[:, 2] - others[:, 0]) * (others[:, 3] - others[:, 1])
    for box in boxes:
        across = np.minimum(others[:, 2], box[2]) - np.maximum(others[:, 0], box[0])
        down = np.minimum(others[:, 3], box[3]) - np.maximum(others[:, 1], box[1])
        both = np.where((across > 0) & (down > 0), across * down, 0.0)
        either = sizes + (box[2] - box[0]) * (box[3] - box[1]) - both
        rows.append(both / either)
    return np.stack(rows)


def iou_counted(boxes: Array, others: Array) -> Array:
    """Cut the plane along all sides of the two boxes, and add up the cells of each."""
    result = np.empty((len(boxes), len(others)))
    for n, m in np.ndindex(*result.shape):
        pair = np.array([boxes[n], others[m]])
        xs, ys = np.unique(pair[:, 0::2]), np.unique(pair[:, 1::2])
        cells = np.outer(np.diff(ys), np.diff(xs))
        inside = [
            np.outer(
                (ys[:-1] >= box[1]) & (ys[1:] <= box[3]), (xs[:-1] >= box[0]) & (xs[1:] <= box[2])
            )
            for box in pair
        ]
        result[n, m] = cells[inside[0] & inside[1]].sum() / cells[inside[0] | inside[1]].sum()
    return result


ALTERNATIVES = (iou_broadcast, iou_by_axis, iou_rows, iou_counted)

STYLES = (
    Style(
        iou_broadcast,
        "No loop: a new axis pairs every box with every other one, as in torchvision.",
    ),
    Style(
        iou_by_axis,
        "Clearest: what two boxes share along one axis, and then the product of both axes.",
    ),
)


PROBLEM = Problem(
    iou,
    cases,
    MISCONCEPTIONS,
    hidden_cases=hidden_cases,
    alternatives=ALTERNATIVES,
    styles=STYLES,
)

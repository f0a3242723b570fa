"""The task ``nms``: reference, cases, mistakes, other right answers."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from autograder.problems import Case, Misconception, Problem, Random
from autograder.values import Value
from solutions.arrays import Array, Labels
from solutions.convolution_family.tasks.iou import iou


def nms(boxes: Array, confidences: Array, threshold: float) -> list[int]:
    """Return which boxes are left after non-maximum suppression, the best one first.

    boxes: shape (N, 4); a row holds left, top, right and bottom of a box.
    confidences: shape (N,), all different; the score of each box.
    threshold: a box goes if its IoU with a better box that stays is larger than this.
    Returns a list of positions in `boxes`.
    """
    ### BEGIN SOLUTION
    overlaps = iou(boxes, boxes)
    remaining: list[int] = []
    for n in np.argsort(confidences)[::-1]:
        if all(overlaps[n, better] <= threshold for better in remaining):
            remaining.append(int(n))
    return remaining
    ### END SOLUTION


# Cases

SIDE = 12.0
"""Height and width of all boxes that are drawn: a shift alone decides how much two overlap."""


def _row(*lefts: float, top: float = 0.0) -> list[list[float]]:
    """Return boxes of one size in a row. A shift by 4 of 12 pixels gives an IoU of 1/2."""
    return [[left, top, left + SIDE, top + SIDE] for left in lefts]


def _case(
    rng: Random, boxes: list[list[float]], ranks: list[int], threshold: float
) -> dict[str, Value]:
    """Move all boxes together, and draw confidences that rank as asked for: 0 is the best.

    Neither changes which boxes stay, nor what a mistake makes of them.
    """
    right, down = rng.integers(0, 9, size=2)
    confidences = np.linspace(0.93, 0.11, len(boxes)) + rng.integers(-3, 4, size=len(boxes)) / 256
    return {
        "boxes": np.array(boxes) + np.array([right, down, right, down]),
        "confidences": confidences[ranks],
        "threshold": threshold,
    }


WORKED_NMS: dict[str, Value] = {
    "boxes": np.array([*_row(0, 3, 6, 30)]),
    "confidences": np.array([0.5, 0.875, 0.75, 0.25]),
    "threshold": 0.5,
}
"""The example that the exercise computes by hand."""


def cases(rng: Random) -> list[Case]:
    """The worked example, a chain, the threshold itself, heights, and several objects."""
    return [
        Case("the worked example", WORKED_NMS),
        Case(
            "a chain: the second goes, so the third stays",
            _case(rng, _row(6, 3, 0), [2, 1, 0], 0.5),
        ),
        Case(
            "an overlap that is exactly the threshold",
            _case(rng, _row(40, 0, 43, 4), [2, 1, 3, 0], 0.5),
        ),
        Case("a low threshold", _case(rng, _row(0, 6, 12, 18, 50), [2, 0, 3, 1, 4], 0.25)),
        Case(
            "one above the other",
            _case(rng, [*_row(5, top=40), *_row(5), *_row(5, top=3)], [2, 1, 0], 0.5),
        ),
        Case(
            "one box",
            {"boxes": np.array(_row(7)), "confidences": np.array([0.5]), "threshold": 0.5},
        ),
        Case("nothing overlaps", _case(rng, _row(0, 20, 40, 60), [1, 3, 0, 2], 0.5)),
        Case(
            "two objects, three boxes each",
            _case(rng, [*_row(0, 2, 3), *_row(40, 42, 43, top=9)], [2, 1, 4, 5, 0, 3], 0.5),
        ),
    ]


def hidden_cases(rng: Random) -> list[Case]:
    """A longer chain, a high threshold, more objects."""
    return [
        Case("a chain of five", _case(rng, _row(12, 9, 6, 3, 0), [4, 3, 2, 1, 0], 0.5)),
        Case("a high threshold", _case(rng, _row(5, 1, 4, 0, 60), [3, 1, 2, 0, 4], 0.75)),
        Case(
            "three objects",
            _case(
                rng,
                [*_row(0, 3), *_row(50, 52, 53), *_row(0, 2, top=40)],
                [5, 1, 2, 0, 6, 4, 3],
                0.5,
            ),
        ),
    ]


# Misconceptions


def _suppressed(
    boxes: Array,
    confidences: Array,
    order: Labels,
    goes: Callable[[float], bool],
    among: Callable[[list[int], list[int]], list[int]] = lambda remaining, earlier: remaining,
) -> list[int]:
    """Go through the boxes in an order; ``among`` says which ones a box is compared with."""
    overlaps = iou(boxes, boxes)
    remaining: list[int] = []
    earlier: list[int] = []
    for n in order.tolist():
        if not any(goes(overlaps[n, other]) for other in among(remaining, earlier)):
            remaining.append(n)
        earlier.append(n)
    return remaining


def _best_first(confidences: Array) -> Labels:
    return np.argsort(-confidences)


def compared_with_all(boxes: Array, confidences: Array, threshold: float) -> list[int]:
    """Let boxes that are gone suppress others."""
    return _suppressed(
        boxes,
        confidences,
        _best_first(confidences),
        lambda overlap: overlap > threshold,
        lambda remaining, earlier: earlier,
    )


def compared_with_last(boxes: Array, confidences: Array, threshold: float) -> list[int]:
    """Compare with the box that was accepted last, and with no other."""
    return _suppressed(
        boxes,
        confidences,
        _best_first(confidences),
        lambda overlap: overlap > threshold,
        lambda remaining, earlier: remaining[-1:],
    )


def compared_with_best(boxes: Array, confidences: Array, threshold: float) -> list[int]:
    """Compare with the best box of all, and with no other."""
    return _suppressed(
        boxes,
        confidences,
        _best_first(confidences),
        lambda overlap: overlap > threshold,
        lambda remaining, earlier: remaining[:1],
    )


def removed_while_looping(boxes: Array, confidences: Array, threshold: float) -> list[int]:
    """Remove from the list that the loop goes through: it skips the box behind each removed one."""
    candidates: list[int] = _best_first(confidences).tolist()
    remaining = []
    while candidates:
        best = candidates.pop(0)
        remaining.append(best)
        for other in candidates:
            if iou(boxes[[best]], boxes[[other]])[0, 0] > threshold:
                candidates.remove(other)
    return remaining


def positions_in_order(boxes: Array, confidences: Array, threshold: float) -> list[int]:
    """Return positions among the sorted boxes."""
    order = _best_first(confidences)
    return [int(np.flatnonzero(order == n)[0]) for n in nms(boxes, confidences, threshold)]


def scores_cut_off(boxes: Array, confidences: Array, threshold: float) -> list[int]:
    """Compare the confidences with the threshold."""
    return [n for n in nms(boxes, confidences, threshold) if confidences[n] > threshold]


MISCONCEPTIONS = (
    Misconception(
        "given_order",
        lambda boxes, confidences, threshold: _suppressed(
            boxes, confidences, np.arange(len(boxes)), lambda overlap: overlap > threshold
        ),
        title="The confidences are not used",
        symptom="The first box of each object stays, not the best one.",
        hint="Which box of an object stays depends on the order in which they are given to you. "
        "What are the confidences for?",
    ),
    Misconception(
        "worst_first",
        lambda boxes, confidences, threshold: _suppressed(
            boxes, confidences, np.argsort(confidences), lambda overlap: overlap > threshold
        ),
        title="The worst box comes first",
        symptom="The worst box of each object stays.",
        hint="The worst box of each object stays. In which order does `argsort` sort?",
    ),
    Misconception(
        "threshold_included",
        lambda boxes, confidences, threshold: _suppressed(
            boxes, confidences, _best_first(confidences), lambda overlap: overlap >= threshold
        ),
        title="An overlap equal to the threshold is too much",
        symptom="A box goes whose overlap is exactly the threshold.",
        hint="A box goes whose overlap is exactly the threshold. What does the docstring say about "
        "it?",
    ),
    Misconception(
        "compared_with_all",
        compared_with_all,
        title="Boxes that are gone suppress others",
        symptom="In a chain of boxes only the best one stays.",
        hint="A box that is gone takes others with it. With which boxes is a box to be compared?",
    ),
    Misconception(
        "compared_with_last",
        compared_with_last,
        title="Compared with the last box only",
        symptom="Boxes of one object stay, once a box of another object came between them.",
        hint="You compare a box only with the one that you accepted last. There may be several "
        "objects.",
    ),
    Misconception(
        "compared_with_best",
        compared_with_best,
        title="Compared with the best box only",
        symptom="Right for a single object; all boxes of the others stay.",
        hint="You compare every box with the best one of all. What about the boxes of a second "
        "object?",
    ),
    Misconception(
        "removed_while_looping",
        removed_while_looping,
        title="A list that changes while a loop goes through it",
        symptom="Of several boxes to be removed, every second one stays.",
        hint="Of the boxes to be removed, some stay. If you remove an element while a loop goes "
        "through the list, which one comes next?",
    ),
    Misconception(
        "opposite",
        lambda boxes, confidences, threshold: _suppressed(
            boxes, confidences, _best_first(confidences), lambda overlap: overlap <= threshold
        ),
        title="Boxes that overlap little are removed",
        symptom="Boxes of one object stay, and those of the others go.",
        hint="The boxes that overlap little are gone. Are two boxes of the same object alike or "
        "far apart?",
    ),
    Misconception(
        "best_only",
        lambda boxes, confidences, threshold: [int(np.argmax(confidences))],
        title="A single box",
        symptom="Right for one object.",
        hint="You return a single box. How many objects may a picture hold?",
    ),
    Misconception(
        "nothing_removed",
        lambda boxes, confidences, threshold: _best_first(confidences).tolist(),
        title="Nothing is removed",
        symptom="All boxes stay.",
        hint="All boxes stay, sorted by their confidences. Where do you compare their overlap?",
    ),
    Misconception(
        "positions_in_order",
        positions_in_order,
        title="Positions among the sorted boxes",
        symptom="The first number is always 0.",
        hint="Your numbers are places in the sorted list. Where are these boxes in `boxes`?",
    ),
    Misconception(
        "sorted_positions",
        lambda boxes, confidences, threshold: sorted(nms(boxes, confidences, threshold)),
        title="Sorted by position",
        symptom="The right boxes, in the order of `boxes`.",
        hint="These are the right boxes. In which order does the docstring want them?",
    ),
    Misconception(
        "scores_cut_off",
        scores_cut_off,
        title="Boxes with a low score are removed",
        symptom="Boxes that overlap with no other are missing.",
        hint="Boxes with a low score are missing, though nothing overlaps with them. What is the "
        "threshold compared with?",
    ),
    Misconception(
        "boxes_returned",
        lambda boxes, confidences, threshold: boxes[nms(boxes, confidences, threshold)],
        title="The boxes instead of their positions",
        symptom="The result is an array of numbers of pixels.",
        hint="You return the boxes themselves. The docstring asks for their positions.",
    ),
    Misconception(
        "scores_returned",
        lambda boxes, confidences, threshold: confidences[
            nms(boxes, confidences, threshold)
        ].tolist(),
        title="The confidences instead of the positions",
        symptom="The result holds fractions.",
        hint="You return the confidences of the boxes that stay. The docstring asks for their "
        "positions.",
    ),
)


# Alternatives


def nms_candidates(boxes: Array, confidences: Array, threshold: float) -> list[int]:
    """Take the best candidate, strike out what overlaps with it, and begin again."""
    candidates = np.argsort(-confidences)
    remaining = []
    while len(candidates):
        best, candidates = candidates[0], candidates[1:]
        remaining.append(int(best))
        overlap = iou(boxes[[best]], boxes[candidates])[0]
        candidates = candidates[overlap <= threshold]
    return remaining


def nms_marked(boxes: Array, confidences: Array, threshold: float) -> list[int]:
    """Mark what is gone in an array of truth values."""
    overlap = iou(boxes, boxes) > threshold
    gone = np.zeros(len(confidences), dtype=bool)
    order = sorted(range(len(confidences)), key=lambda n: -confidences[n])
    remaining = []
    for n in order:
        if not gone[n]:
            remaining.append(n)
            gone |= overlap[n]
    return remaining


def nms_scores_erased(boxes: Array, confidences: Array, threshold: float) -> list[int]:
    """Erase the confidences of what is done, and look for the maximum again and again."""
    left = confidences.astype(float).copy()
    remaining = []
    while left.max() > -np.inf:
        best = int(left.argmax())
        remaining.append(best)
        left[iou(boxes, boxes[best : best + 1])[:, 0] > threshold] = -np.inf
    return remaining


def nms_recursive(boxes: Array, confidences: Array, threshold: float) -> tuple[int, ...]:
    """The best box, and then the same for what does not overlap with it."""

    def after(candidates: list[int]) -> tuple[int, ...]:
        if not candidates:
            return ()
        best = max(candidates, key=lambda n: float(confidences[n]))
        apart = [n for n in candidates if iou(boxes[[best]], boxes[[n]])[0, 0] <= threshold]
        return (best, *after([n for n in apart if n != best]))

    return after(list(range(len(confidences))))


ALTERNATIVES = (nms_candidates, nms_marked, nms_scores_erased, nms_recursive)

PROBLEM = Problem(
    nms,
    cases,
    MISCONCEPTIONS,
    hidden_cases=hidden_cases,
    alternatives=ALTERNATIVES,
)

"""The task ``edge_bank``: reference, cases, mistakes, other right answers."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from autograder.problems import Case, Misconception, Problem, Random, Style, quarters
from solutions.arrays import Array
from solutions.filters.pictures import SOBEL, picture_and_filter
from solutions.filters.tasks.corr2d import corr2d


def edge_bank(x: Array, w: Array) -> Array:
    """Return the responses of the picture x to the filter w in four orientations.

    x: picture, shape (H, W).
    w: square filter, shape (K, K).
    Returns shape (4, H - K + 1, W - K + 1): first w as it is, then turned counterclockwise
    by 90, 180 and 270 degrees.
    """
    ### BEGIN SOLUTION
    return np.stack([corr2d(x, np.rot90(w, turns)) for turns in range(4)])
    ### END SOLUTION


# Cases


def cases(rng: Random) -> list[Case]:
    """Sobel's filter first, then filters without any symmetry."""
    return [
        Case("Sobel filter", {"x": quarters(rng, 5, 5), "w": SOBEL}),
        Case("square picture", picture_and_filter(rng, (5, 5), (3, 3))),
        Case("tall picture", picture_and_filter(rng, (6, 4), (3, 3))),
        Case(
            "wide picture, small filter",
            picture_and_filter(rng, (3, 5), (2, 2)),
            finds=("sign_removed",),
        ),
    ]


def hidden_cases(rng: Random) -> list[Case]:
    """More sizes."""
    return [
        Case("wide picture", picture_and_filter(rng, (5, 8), (3, 3))),
        Case(
            "filter as large as the picture",
            picture_and_filter(rng, (4, 4), (4, 4)),
            finds=("sign_removed",),
        ),
        Case("larger filter", picture_and_filter(rng, (8, 7), (5, 5))),
    ]


# Misconceptions


def turned_again_and_again(x: Array, w: Array) -> Array:
    """Turn the filter by `turns` steps, but from where the last round has left it."""
    responses = []
    for turns in range(4):
        w = np.rot90(w, turns)
        responses.append(corr2d(x, w))
    return np.stack(responses)


MISCONCEPTIONS = (
    Misconception(
        "clockwise",
        lambda x, w: edge_bank(x, w)[[0, 3, 2, 1]],
        title="Turned clockwise",
        symptom="The second and the fourth map are exchanged.",
        hint="Your second and fourth map are exchanged. In which direction do you turn the filter?",
    ),
    Misconception(
        "first_turn_too_early",
        lambda x, w: edge_bank(x, w)[[1, 2, 3, 0]],
        title="The unturned filter comes last",
        symptom="All maps are right, but each stands one place too early.",
        hint="All four maps are right, but each stands one place too early. By how much is the "
        "first filter turned?",
    ),
    Misconception(
        "turned_again_and_again",
        turned_again_and_again,
        title="The turns add up",
        symptom="The last two maps are exchanged.",
        hint="Your last two maps are exchanged. Does each round turn the original filter, or the "
        "one that the round before has left?",
    ),
    Misconception(
        "never_turned",
        lambda x, w: edge_bank(x, w)[[0, 0, 0, 0]],
        title="The filter never turns",
        symptom="All four maps are equal.",
        hint="All four maps are equal. NumPy returns the turned filter and leaves the original "
        "as it was.",
    ),
    Misconception(
        "transposed_and_negated",
        lambda x, w: np.stack([corr2d(x, k) for k in (w, -w.T, -w, w.T)]),
        title="Transposed and negated instead of turned",
        symptom="Right for Sobel's filter, wrong for filters whose elements all differ.",
        hint="With Sobel's filter you are right. But exchanging rows and columns or changing the "
        "sign is not a turn: draw a filter with nine different numbers and turn it on paper.",
    ),
    Misconception(
        "flipped",
        lambda x, w: np.stack([corr2d(x, k) for k in (w, w[:, ::-1], w[::-1], w[::-1, ::-1])]),
        title="Flipped instead of turned",
        symptom="Only the first map is right, and the half turn stands last.",
        hint="A flip is a mirror image, not a turn. Draw a filter with four different numbers and "
        "turn it on paper.",
    ),
    Misconception(
        "map_turned",
        lambda x, w: np.stack([np.rot90(corr2d(x, w), turns) for turns in range(4)]),
        title="The map is turned instead of the filter",
        symptom="Square pictures give turned copies of one map, others cannot be stacked.",
        hint="You turn the map of a single filter. It is the filter that has to turn, before it "
        "slides.",
    ),
    Misconception(
        "picture_turned",
        lambda x, w: np.stack([corr2d(np.rot90(x, turns), w) for turns in range(4)]),
        title="The picture is turned instead of the filter",
        symptom="Square pictures give wrong maps, others cannot be stacked.",
        hint="You turn the picture. It stays as it is: only the filter turns.",
    ),
    Misconception(
        "stacked_last",
        lambda x, w: np.moveaxis(edge_bank(x, w), 0, -1),
        title="The orientations are the last axis",
        symptom="The shape ends in 4 instead of beginning with it.",
        hint="Your four maps lie along the last axis. Compare with the order of axes that the "
        "docstring promises.",
    ),
    Misconception(
        "strongest_only",
        lambda x, w: edge_bank(x, w).max(axis=0),
        title="Only the strongest response is returned",
        symptom="One map comes back instead of four.",
        hint="You merged the four maps into one. Each orientation keeps a map of its own.",
    ),
    Misconception(
        "sign_removed",
        lambda x, w: np.abs(edge_bank(x, w)),
        title="The sign is removed",
        symptom="All numbers are positive.",
        hint="The sign is lost. It tells an edge from its opposite, which is why the bank has "
        "four orientations and not two.",
        section="Signed responses, and what ReLU removes",
    ),
)


# Alternatives


def edge_bank_preallocated(x: Array, w: Array) -> Array:
    """Fill an array map by map."""
    size = w.shape[0]
    bank = np.zeros((4, x.shape[0] - size + 1, x.shape[1] - size + 1))
    for turns in range(4):
        bank[turns] = corr2d(x, np.rot90(w, turns))
    return bank


def edge_bank_step_by_step(x: Array, w: Array) -> Array:
    """Turn the filter a little further in every round."""
    maps = []
    for _ in range(4):
        maps.append(corr2d(x, w))
        w = np.rot90(w)
    return np.array(maps)


def edge_bank_transposed_and_flipped(x: Array, w: Array) -> Array:
    """Write each turn as a transposition and a flip."""
    turned = (w, w.T[::-1], w[::-1, ::-1], w.T[:, ::-1])
    return np.array([corr2d(x, kernel) for kernel in turned])


def edge_bank_windows(x: Array, w: Array) -> Array:
    """Contract all windows with all four filters at once."""
    turned = np.stack([np.rot90(w, turns) for turns in range(4)])
    result: Array = np.einsum("ijab,tab->tij", sliding_window_view(x, w.shape), turned)
    return result


def edge_bank_from_maps(x: Array, w: Array) -> Array:
    """Turn the picture one way and the map back the other way."""
    return np.stack([np.rot90(corr2d(np.rot90(x, -turns), w), turns) for turns in range(4)]).astype(
        np.float32
    )


ALTERNATIVES = (
    edge_bank_preallocated,
    edge_bank_step_by_step,
    edge_bank_transposed_and_flipped,
    edge_bank_windows,
    edge_bank_from_maps,
)

STYLES = (
    Style(
        edge_bank_preallocated,
        "The shape of the result stands in the code, and each map is written where it belongs.",
    ),
    Style(
        edge_bank_windows,
        "Faster: the windows are cut out once, and all four filters meet them together.",
    ),
)


PROBLEM = Problem(
    edge_bank,
    cases,
    MISCONCEPTIONS,
    hidden_cases=hidden_cases,
    alternatives=ALTERNATIVES,
    explorer={
        "kind": "bank",
        "titles": ("as it is", "turned by 90°", "turned by 180°", "turned by 270°"),
    },
    styles=STYLES,
)

"""The task ``equivariance_error``: reference, cases, mistakes, other right answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np

from autograder.problems import Case, Misconception, Problem, Random, Style, quarters
from autograder.values import Formula, Value
from solutions.arrays import Array
from solutions.filters.pictures import drawn_positive

Map: TypeAlias = Callable[[Array], Array]


def equivariance_error(f: Callable[[Array], Array], x: Array, dy: int, dx: int) -> float:
    """Return how far f is from commuting with a shift of the picture x.

    f: function from a picture to a map, such as a filter.
    x: picture, shape (H, W).
    dy, dx: shift downward and to the right, in pixels, both >= 0. Pixels that leave
    the picture come back on the other side (np.roll).
    Returns the largest absolute difference between "shift, then f" and "f, then shift",
    without the first dy rows and the first dx columns of the map, where the pixels that
    came back may show.
    """
    ### BEGIN SOLUTION
    shift_first = f(np.roll(x, (dy, dx), axis=(0, 1)))
    shift_last = np.roll(f(x), (dy, dx), axis=(0, 1))
    difference = np.abs(shift_first - shift_last)[dy:, dx:]
    return float(difference.max())
    ### END SOLUTION


# Cases


def _maps(x: np.ndarray, source: str, dy: int, dx: int) -> dict[str, Value]:
    return {"f": Formula(("x",), source), "x": x, "dy": dy, "dx": dx}


def _spots(rng: Random, x: np.ndarray, **places: tuple[int, int]) -> np.ndarray:
    """Put pixels into a picture that outshine all others.

    Where they lie decides where the largest difference is, and so which mistakes overlook it,
    whatever numbers are drawn: a bright and a dark one meet inside, the brightest at the border.
    """
    for kind, place in places.items():
        low, high = SPOTS[kind]
        x[place] = quarters(rng, low=low, high=high)
    return x


SPOTS = {"bright": (20.0, 30.0), "dark": (-30.0, -20.0), "brightest": (80.0, 100.0)}
NEIGHBORS = "x[:, :-1] - x[:, 1:]"
PADDED_NEIGHBORS = "x - np.pad(x, ((0, 0), (0, 1)))[:, 1:]"
DARKER = "x * (5 - np.arange(x.shape[1]))"
BRIGHTER = "(x.T * np.arange(x.shape[0])).T"
SECOND_PIXELS = "x[::2, ::2]"
UPSIDE_DOWN = "x[::-1]"


def cases(rng: Random) -> list[Case]:
    """One map that moves along with the picture, and four that do not."""
    return [
        Case("difference of neighbors", _maps(quarters(rng, 5, 6), NEIGHBORS, 1, 2)),
        Case(
            "darker from left to right",
            _maps(_spots(rng, drawn_positive(rng, 5, 6), bright=(1, 0)), DARKER, 2, 1),
        ),
        Case(
            "every second pixel",
            _maps(
                _spots(rng, quarters(rng, 10, 8), bright=(2, 0), dark=(4, 1), brightest=(0, 1)),
                SECOND_PIXELS,
                2,
                1,
            ),
        ),
        Case(
            "difference of neighbors, zeros beyond the border",
            _maps(
                _spots(rng, quarters(rng, 5, 6), bright=(0, 4), dark=(0, 5), brightest=(2, 0)),
                PADDED_NEIGHBORS,
                0,
                1,
            ),
        ),
        Case(
            "turned upside down",
            _maps(_spots(rng, quarters(rng, 6, 5), bright=(1, 0), dark=(5, 0)), UPSIDE_DOWN, 1, 0),
        ),
    ]


def hidden_cases(rng: Random) -> list[Case]:
    """More functions and larger shifts."""
    return [
        Case(
            "brighter from top to bottom",
            _maps(_spots(rng, quarters(rng, 6, 7), dark=(1, 0)), BRIGHTER, 1, 3),
        ),
        Case("ReLU", _maps(quarters(rng, 6, 5), "np.maximum(x, 0)", 2, 3)),
        Case(
            "transposed",
            _maps(
                _spots(rng, quarters(rng, 6, 6), bright=(2, 0), dark=(3, 5), brightest=(0, 5)),
                "x.T",
                1,
                2,
            ),
        ),
        Case(
            "every second row",
            _maps(
                _spots(rng, quarters(rng, 12, 5), bright=(0, 0), dark=(3, 0), brightest=(0, 4)),
                "x[::2]",
                3,
                1,
            ),
        ),
    ]


# Misconceptions


def _error(
    f: Map,
    x: Array,
    shift: tuple[int, int],
    back: tuple[int, int],
    crop: tuple[slice, slice],
) -> Array:
    """Return |f(x shifted by shift) - f(x) shifted by back|, cropped."""
    moved = np.roll(f(x), back, axis=(0, 1))
    difference: Array = np.abs(f(np.roll(x, shift, axis=(0, 1))) - moved)[crop]
    return difference


def _signed(f: Map, x: Array, dy: int, dx: int) -> Array:
    moved = np.roll(f(x), (dy, dx), axis=(0, 1))
    return (f(np.roll(x, (dy, dx), axis=(0, 1))) - moved)[dy:, dx:]


def _from(dy: int, dx: int) -> tuple[slice, slice]:
    return np.s_[dy:, dx:]


def axes_forgotten(f: Map, x: Array, dy: int, dx: int) -> float:
    """Call np.roll without `axis`, which shifts the flattened picture by dy + dx."""
    difference = np.abs(f(np.roll(x, (dy, dx))) - np.roll(f(x), (dy, dx)))
    return float(difference[dy:, dx:].max())


MISCONCEPTIONS = (
    Misconception(
        "border_included",
        lambda f, x, dy, dx: _error(f, x, (dy, dx), (dy, dx), np.s_[:, :]).max(),
        title="The wrapped border is included",
        symptom="Even a plain filter seems to have an error.",
        hint="Pixels that came back on the other side still count in your answer. Which rows and "
        "columns does the task leave out?",
    ),
    Misconception(
        "mean_for_largest",
        lambda f, x, dy, dx: _error(f, x, (dy, dx), (dy, dx), _from(dy, dx)).mean(),
        title="Mean instead of largest difference",
        symptom="Zero where it should be, else too small.",
        hint="You average the differences, so one large error can hide among many small ones.",
    ),
    Misconception(
        "sum_for_largest",
        lambda f, x, dy, dx: _error(f, x, (dy, dx), (dy, dx), _from(dy, dx)).sum(),
        title="Sum instead of largest difference",
        symptom="Zero where it should be, else too large.",
        hint="You add the differences, so the answer grows with the picture. The task asks for "
        "one of them.",
    ),
    Misconception(
        "signed",
        lambda f, x, dy, dx: _signed(f, x, dy, dx).max(),
        title="The sign is kept",
        symptom="Sometimes right, sometimes too small, sometimes below zero.",
        hint="A difference of -5 is as bad as one of 5, but your answer overlooks it.",
    ),
    Misconception(
        "absolute_value_too_late",
        lambda f, x, dy, dx: abs(_signed(f, x, dy, dx).max()),
        title="The absolute value comes too late",
        symptom="Sometimes right, sometimes too small.",
        hint="You take the largest difference first and its absolute value after that. Which "
        "differences get lost?",
    ),
    Misconception(
        "absolute_value_too_early",
        lambda f, x, dy, dx: np.abs(
            np.abs(f(np.roll(x, (dy, dx), (0, 1)))) - np.abs(np.roll(f(x), (dy, dx), (0, 1)))
        )[dy:, dx:].max(),
        title="The absolute value comes too early",
        symptom="Too small where the two maps differ in sign.",
        hint="You compare absolute values, so 5 and -5 count as equal.",
    ),
    Misconception(
        "axes_exchanged",
        lambda f, x, dy, dx: _error(f, x, (dx, dy), (dx, dy), _from(dy, dx)).max(),
        title="Down and right are exchanged",
        symptom="Right where both shifts are equal.",
        hint="Your picture moves to the right by `dy` and down by `dx`. Which axis of `x` runs "
        "downward?",
    ),
    Misconception(
        "opposite_direction",
        lambda f, x, dy, dx: _error(f, x, (-dy, -dx), (-dy, -dx), _from(dy, dx)).max(),
        title="Shifted up and to the left",
        symptom="Even a plain filter seems to have an error.",
        hint="Your picture moves up and to the left. Which sign moves it the other way?",
    ),
    Misconception(
        "shifted_back",
        lambda f, x, dy, dx: _error(f, x, (dy, dx), (-dy, -dx), _from(dy, dx)).max(),
        title="Picture and map move in opposite directions",
        symptom="Even a plain filter has a large error.",
        hint="Your map moves against the picture. Both should make the same step.",
    ),
    Misconception(
        "map_not_shifted",
        lambda f, x, dy, dx: _error(f, x, (dy, dx), (0, 0), _from(dy, dx)).max(),
        title="Only the picture is shifted",
        symptom="Even a plain filter has a large error.",
        hint="You measure how much the map changes. The map is allowed to move: it should move "
        "along with the picture.",
    ),
    Misconception(
        "axes_forgotten",
        axes_forgotten,
        title="`np.roll` without axes",
        symptom="Right where `dy` is 0 and the rows do not matter; else wrong.",
        hint="Without being told the axes, `np.roll` shifts the picture as one long row of pixels.",
    ),
    Misconception(
        "other_end_left_out",
        lambda f, x, dy, dx: _error(
            f, x, (dy, dx), (dy, dx), np.s_[: len(f(x)) - dy, : f(x).shape[1] - dx]
        ).max(),
        title="Rows and columns are left out at the wrong end",
        symptom="Even a plain filter seems to have an error.",
        hint="You leave out rows and columns at the bottom and at the right. Where do the pixels "
        "that left the picture come back?",
    ),
    Misconception(
        "empty_for_zero",
        lambda f, x, dy, dx: _error(f, x, (dy, dx), (dy, dx), np.s_[:-dy, :-dx]).max(),
        title="Rows and columns are left out at the wrong end, all of them for a shift of 0",
        symptom="Even a plain filter seems to have an error, and a shift of 0 stops with "
        "a zero-size array.",
        hint="You leave out rows and columns at the bottom and at the right, and `[:-0]` is empty. "
        "Where do the pixels that left the picture come back?",
    ),
    Misconception(
        "both_ends_left_out",
        lambda f, x, dy, dx: _error(f, x, (dy, dx), (dy, dx), np.s_[dy:-dy, dx:-dx]).max(),
        title="Rows and columns are left out at both ends",
        symptom="Errors at the far border are missed, and a shift of 0 stops with a zero-size "
        "array.",
        hint="You leave out rows and columns at both ends. Pixels come back at one end only; and "
        "what is left of `[0:-0]`?",
    ),
    Misconception(
        "crop_exchanged",
        lambda f, x, dy, dx: _error(f, x, (dy, dx), (dy, dx), _from(dx, dy)).max(),
        title="Rows and columns left out are exchanged",
        symptom="Right where both shifts are equal.",
        hint="You leave out `dx` rows and `dy` columns. Compare with the directions of the shift.",
    ),
)


# Alternatives


def equivariance_error_two_rolls(f: Map, x: Array, dy: int, dx: int) -> Any:
    """Shift one axis after the other; return a NumPy number."""

    def shift(picture: Array) -> Array:
        return np.roll(np.roll(picture, dy, axis=0), dx, axis=1)

    return np.max(np.abs(f(shift(x)) - shift(f(x)))[dy:, dx:])


def equivariance_error_uncropped_parts(f: Map, x: Array, dy: int, dx: int) -> float:
    """Shift the map by slicing: what is cropped need never be computed."""
    before, after = f(x), f(np.roll(x, (dy, dx), (0, 1)))
    rows, columns = before.shape[0] - dy, before.shape[1] - dx
    return float(abs(after[dy:, dx:] - before[:rows, :columns]).max())


def equivariance_error_loops(f: Map, x: Array, dy: int, dx: int) -> float:
    """Look at one position after the other."""
    before, after = f(x), f(np.roll(x, shift=(dy, dx), axis=(0, 1)))
    largest = 0.0
    for i in range(dy, after.shape[0]):
        for j in range(dx, after.shape[1]):
            largest = max(largest, abs(after[i, j] - before[i - dy, j - dx]))
    return largest


def equivariance_error_by_index(f: Map, x: Array, dy: int, dx: int) -> float:
    """Shift by indexing with remainders."""

    def shift(picture: Array) -> Array:
        rows, columns = np.indices(picture.shape)
        result: Array = picture[(rows - dy) % picture.shape[0], (columns - dx) % picture.shape[1]]
        return result

    difference = (f(shift(x)) - shift(f(x)))[dy:, dx:]
    return float(max(difference.max(), -difference.min()))


def equivariance_error_norm(f: Map, x: Array, dy: int, dx: int) -> Any:
    """Take the maximum norm."""
    moved = np.roll(f(x), (dy, dx), (-2, -1))
    difference = f(np.roll(x, (dy, dx), (-2, -1))) - moved
    return np.linalg.norm(difference[dy:, dx:].ravel(), ord=np.inf)


ALTERNATIVES = (
    equivariance_error_two_rolls,
    equivariance_error_uncropped_parts,
    equivariance_error_loops,
    equivariance_error_by_index,
    equivariance_error_norm,
)

STYLES = (
    Style(
        equivariance_error_uncropped_parts,
        "It needs no roll of the map: two slices of the same size lie on each other.",
    ),
    Style(
        equivariance_error_norm,
        "The largest absolute value has a name: the maximum norm.",
    ),
)


PROBLEM = Problem(
    equivariance_error,
    cases,
    MISCONCEPTIONS,
    hidden_cases=hidden_cases,
    alternatives=ALTERNATIVES,
    explorer={"kind": "shift"},
    styles=STYLES,
)

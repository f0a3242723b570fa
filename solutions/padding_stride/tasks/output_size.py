"""The task ``output_size``: reference, cases, mistakes, other right answers."""

from __future__ import annotations

import math

import numpy as np

from autograder.problems import Case, Misconception, Problem, Random, Style
from autograder.values import Value


def output_size(size: int, kernel: int, stride: int, padding: int, dilation: int = 1) -> int:
    """Return how many positions a filter has along one axis.

    size: pixels of the input along this axis.
    kernel: elements of the filter along this axis.
    stride: pixels from one position to the next.
    padding: zeros added at each of the two ends.
    dilation: pixels from one element of the filter to the next; 1 means no holes.
    Returns the number of positions at which the filter lies completely inside the padded input;
    0 if there is none.
    """
    ### BEGIN SOLUTION
    reach = dilation * (kernel - 1) + 1
    room = size + 2 * padding - reach
    if room < 0:
        return 0
    return room // stride + 1
    ### END SOLUTION


# Cases


def _axis(size: int, kernel: int, stride: int, padding: int, dilation: int) -> dict[str, Value]:
    return {
        "size": size,
        "kernel": kernel,
        "stride": stride,
        "padding": padding,
        "dilation": dilation,
    }


def _fitting(
    rng: Random, stride: int, left_over: int, *, padded: bool, dilation: int = 1
) -> dict[str, Value]:
    """Draw an axis on which a window with this stride leaves so many pixels over at the end."""
    kernel, positions = int(rng.integers(3, 6)), int(rng.integers(4, 21))
    padding = int(rng.integers(1, kernel)) if padded else 0
    room = (positions - 1) * stride + left_over
    size = room + dilation * (kernel - 1) + 1 - 2 * padding
    return _axis(size, kernel, stride, padding, dilation)


EXCHANGED = ("stride_and_dilation_exchanged",)


def cases(rng: Random) -> list[Case]:
    """One new argument at a time, and a filter that fits nowhere."""
    small, stride = int(rng.integers(4, 30)), int(rng.integers(2, 5))
    return [
        Case("stride 1, no padding", _fitting(rng, 1, 0, padded=False)),
        Case(
            "stride 1, padding",
            _fitting(rng, 1, 0, padded=True),
            finds=("the first argument",),
        ),
        Case("stride 3, one pixel left over", _fitting(rng, 3, 1, padded=False)),
        Case(
            "stride 3, two pixels left over",
            _fitting(rng, 3, 2, padded=True),
            finds=("padding_ignored", *EXCHANGED),
            overlooks=("one_padding",),
        ),
        Case(
            "dilation",
            _fitting(rng, 1, 0, padded=False, dilation=int(rng.integers(2, 4))),
            finds=EXCHANGED,
        ),
        Case(
            "everything at once",
            _fitting(rng, 2, 1, padded=True, dilation=3),
            finds=EXCHANGED,
            overlooks=("one_padding",),
        ),
        # Seldom met, and seldom thought of: each is worth a little more than one of the others.
        Case("the filter is a little too large", _axis(small, small + 3, stride, 1, 1), 1.4),
        Case("the filter is far too large", _axis(small, small + 9, stride, 1, 1), 1.4),
        Case("gaps between the windows, nothing left over", _axis(2 + 3 * 4, 2, 3, 0, 1)),
    ]


def hidden_cases(rng: Random) -> list[Case]:
    """More of the same, larger."""
    size = int(rng.integers(50, 300))
    return [
        Case(
            "stride 5, four pixels left over",
            _fitting(rng, 5, 4, padded=True),
            finds=("padding_ignored", *EXCHANGED),
        ),
        Case(
            "stride 4, one pixel left over",
            _fitting(rng, 4, 1, padded=True),
            finds=("one_padding", *EXCHANGED),
        ),
        Case(
            "stride 2 and dilation",
            _fitting(rng, 2, 1, padded=True, dilation=2),
            finds=("one_padding",),
        ),
        Case("a large input", _axis(3 * size, 4, 3, 1, 1)),
    ]


# Misconceptions


def ceiling(size: int, kernel: int, stride: int, padding: int, dilation: int) -> int:
    """Round up, so that a last window hangs over the border."""
    room = size + 2 * padding - dilation * (kernel - 1) - 1
    return max(0, -(-room // stride) + 1)


def rounded(size: int, kernel: int, stride: int, padding: int, dilation: int) -> int:
    """Round to the nearest whole number."""
    room = size + 2 * padding - dilation * (kernel - 1) - 1
    return max(0, math.floor(room / stride + 0.5) + 1)


def fraction(size: int, kernel: int, stride: int, padding: int, dilation: int) -> float:
    """Divide with `/`."""
    room = size + 2 * padding - dilation * (kernel - 1) - 1
    return max(0, room / stride + 1)


def cut_toward_zero(size: int, kernel: int, stride: int, padding: int, dilation: int) -> int:
    """Use int(), which moves negative numbers up."""
    room = size + 2 * padding - dilation * (kernel - 1) - 1
    return max(0, int(room / stride) + 1)


def negative_size(size: int, kernel: int, stride: int, padding: int, dilation: int) -> int:
    """Trust the formula where the filter fits nowhere."""
    return (size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1


MISCONCEPTIONS = (
    Misconception(
        "no_plus_one",
        lambda size, kernel, stride, padding, dilation: max(
            0, output_size(size, kernel, stride, padding, dilation) - 1
        ),
        title="The first position is not counted",
        symptom="Every size is too small by one.",
        hint="Your sizes are too small by one. A filter as large as the input has one position. "
        "What does your formula say about it?",
        catalog_number=5,
    ),
    Misconception(
        "ceiling",
        ceiling,
        title="Rounded up",
        symptom="One too large, but only where pixels are left over at the end.",
        hint="Your last window hangs over the end of the input. What happens to pixels that are "
        "left over and do not make up a whole step?",
        catalog_number=6,
    ),
    Misconception(
        "rounded",
        rounded,
        title="Rounded to the nearest whole number",
        symptom="One too large where more than half a step is left over.",
        hint="You round to the nearest number. Does half a step more give the window another "
        "place?",
    ),
    Misconception(
        "fraction",
        fraction,
        title="A fraction of a position",
        symptom="The result is not a whole number where pixels are left over.",
        hint="A number of positions is whole. Look at your division: Python has two of them.",
    ),
    Misconception(
        "one_padding",
        lambda size, kernel, stride, padding, dilation: output_size(
            size + padding, kernel, stride, 0, dilation
        ),
        title="Padding is counted once",
        symptom="Right without padding, else too small.",
        hint="Without padding you are right, with padding you are short. At how many ends of the "
        "axis are zeros added?",
        catalog_number=4,
    ),
    Misconception(
        "padding_ignored",
        lambda size, kernel, stride, padding, dilation: output_size(
            size, kernel, stride, 0, dilation
        ),
        title="Padding is ignored",
        symptom="Right without padding, else too small.",
        hint="Your result does not change with the padding. Where does it come in?",
    ),
    Misconception(
        "stride_ignored",
        lambda size, kernel, stride, padding, dilation: output_size(
            size, kernel, 1, padding, dilation
        ),
        title="Stride is ignored",
        symptom="Right for stride 1, else far too large.",
        hint="Your window visits every position. How far does it move from one to the next?",
        section="Stride: longer steps",
    ),
    Misconception(
        "plus_one_inside",
        lambda size, kernel, stride, padding, dilation: (
            output_size(size, kernel, 1, padding, dilation) // stride
        ),
        title="The first position is counted before the division",
        symptom="Right for stride 1; else sometimes one too small.",
        hint="With stride 1 you are right. The first position costs no step: when do you count "
        "it, before or after you divide by the stride?",
    ),
    Misconception(
        "dilation_ignored",
        lambda size, kernel, stride, padding, dilation: output_size(size, kernel, stride, padding),
        title="Dilation is ignored",
        symptom="Right without holes, else too large.",
        hint="Your result does not change with the dilation. How many pixels lie between the "
        "first and the last element of a filter with holes?",
        section="Dilation: a filter with holes",
    ),
    Misconception(
        "dilated_as_a_product",
        lambda size, kernel, stride, padding, dilation: output_size(
            size, kernel * dilation, stride, padding
        ),
        title="A filter with holes as long as kernel times dilation",
        symptom="Right without holes, else too small.",
        hint="Draw 3 elements with a dilation of 2: how many pixels do they span? Count the gaps, "
        "not the elements.",
        section="Dilation: a filter with holes",
    ),
    Misconception(
        "stride_and_dilation_exchanged",
        lambda size, kernel, stride, padding, dilation: output_size(
            size, kernel, dilation, padding, stride
        ),
        title="Stride and dilation are exchanged",
        symptom="Right where both are 1.",
        hint="Your stride spreads the elements of the filter, and your dilation moves the window. "
        "Which is which?",
        section="Dilation: a filter with holes",
    ),
    Misconception(
        "negative_size",
        negative_size,
        title="A negative number of positions",
        symptom="Below zero where the filter is much larger than the input.",
        hint="There cannot be fewer than no positions. What does your function say if the filter "
        "is larger than the padded input?",
    ),
    Misconception(
        "cut_toward_zero",
        cut_toward_zero,
        title="A position that does not exist",
        symptom="1 where the filter is a little too large.",
        hint="You find a position for a filter that is a little too large. What does `int` do to "
        "a negative fraction?",
    ),
)


# Alternatives


def output_size_counted(
    size: int, kernel: int, stride: int, padding: int, dilation: int = 1
) -> int:
    """Walk along the padded axis and count."""
    end = size + 2 * padding
    position, count = 0, 0
    while position + dilation * (kernel - 1) < end:
        count += 1
        position += stride
    return count


def output_size_range(size: int, kernel: int, stride: int, padding: int, dilation: int = 1) -> int:
    """Let a range count the starts."""
    reach = kernel + (kernel - 1) * (dilation - 1)
    return len(range(0, size + 2 * padding - reach + 1, stride))


def output_size_formula(
    size: int, kernel: int, stride: int, padding: int, dilation: int = 1
) -> int:
    """Write it in one line; never below zero."""
    return max(0, (size + 2 * padding - dilation * (kernel - 1) - 1) // stride + 1)


def output_size_floor(
    size: int, kernel: int, stride: int, padding: int, dilation: int = 1
) -> float:
    """Round down with NumPy, which gives a float."""
    steps = np.floor((size + 2 * padding - dilation * (kernel - 1) - 1) / stride)
    return float(max(steps + 1, 0))


def output_size_ceiling(
    size: int, kernel: int, stride: int, padding: int, dilation: int = 1
) -> int:
    """Divide the positions of stride 1 by the stride, and round up."""
    positions = size + 2 * padding - dilation * (kernel - 1)
    return math.ceil(max(positions, 0) / stride)


ALTERNATIVES = (
    output_size_counted,
    output_size_range,
    output_size_formula,
    output_size_floor,
    output_size_ceiling,
)

STYLES = (
    Style(
        output_size_range,
        "Clearest: the starts of the windows are a `range`, and Python counts it.",
    ),
    Style(
        output_size_formula,
        "One line: the formula, and never below zero.",
    ),
)


PROBLEM = Problem(
    output_size,
    cases,
    MISCONCEPTIONS,
    hidden_cases=hidden_cases,
    alternatives=ALTERNATIVES,
    explorer={
        "kind": "values",
        "ranges": {
            "size": (1, 64),
            "kernel": (1, 11),
            "stride": (1, 5),
            "padding": (0, 5),
            "dilation": (1, 4),
        },
        "try": (
            "Stride 1: which padding keeps the size for kernels of 3, 5 and 7?",
            "Stride 2: move the size up by one at a time. What happens?",
            "Raise the dilation until nothing fits. Which slider helps?",
        ),
    },
    styles=STYLES,
)

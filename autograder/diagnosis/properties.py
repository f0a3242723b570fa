"""Properties of a case, read off its arguments, in words for a beginner."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import TypeGuard

import numpy as np

from autograder.checks import CheckedCase
from autograder.diagnosis.quantities import (
    Quantities,
    arrays_of,
    as_examples,
    is_whole,
    layers_of,
    plain,
    quantities,
)
from autograder.values import Value


@dataclasses.dataclass(frozen=True)
class Property:
    """What may be true of a case; ``otherwise`` says the opposite, unless it means nothing.

    Both follow "when". ``of`` returns whether it is true of quantities, and raises KeyError where
    it makes no sense. ``ask`` is what to ask when exactly the cases fail of which it is true,
    ``ask_otherwise`` for the opposite; empty where there is nothing to ask.
    """

    words: str
    otherwise: str
    of: Callable[[Quantities], bool]
    ask: str = ""
    ask_otherwise: str = ""


_HEIGHT_OR_WIDTH = "Are height and width exchanged somewhere, or is one taken for both?"

SIZES: tuple[Property, ...] = (
    Property(
        "the padding is 0",
        "there is padding",
        lambda q: q["padding"] == 0,
        "A slice such as `a[p:-p]` is empty when `p` is 0, since -0 is 0.",
    ),
    Property(
        "the padding is larger than 1",
        "the padding is at most 1",
        lambda q: q["padding"] > 1,
        "Where does your code take the padding for 1?",
    ),
    Property(
        "the stride is larger than 1",
        "the stride is 1",
        lambda q: q["stride"] > 1,
        "Follow the second window: where does it begin?",
    ),
    Property(
        "there is one image only",
        "there are several images",
        lambda q: q["N"] == 1,
        "Print the shapes in your function: which axis has length 1 then?",
        "What in your code is the same for all images, and should not be?",
    ),
    Property(
        "there is one channel only",
        "there are several channels",
        lambda q: q["C"] == 1,
        "Print the shapes in your function: which axis has length 1 then?",
        "What does your code do with the second channel?",
    ),
    Property(
        "there is one filter only",
        "there are several filters",
        lambda q: q["F"] == 1,
        "Print the shapes in your function: which axis has length 1 then?",
        "What does your code do with the second filter?",
    ),
    Property(
        "the images are not square",
        "the images are square",
        lambda q: q["H"] != q["W"],
        _HEIGHT_OR_WIDTH,
    ),
    Property(
        "the window is not square",
        "the window is square",
        lambda q: q["HH"] != q["WW"],
        _HEIGHT_OR_WIDTH,
    ),
    Property(
        "the map has not as many rows as columns",
        "the map has as many rows as columns",
        lambda q: q["Ho"] != q["Wo"],
        _HEIGHT_OR_WIDTH,
    ),
    Property(
        "pixels are left over that no window reaches",
        "the windows reach every pixel",
        lambda q: _left_over(q, "H", "HH") or _left_over(q, "W", "WW"),
        "How many windows fit, and what becomes of the rest?",
    ),
    Property(
        "windows overlap",
        "no windows overlap",
        lambda q: q["stride"] < max(q["HH"], q["WW"]),
        "Then the windows begin closer together than they are wide: where does the second one "
        "begin, and what becomes of a pixel that lies in both?",
    ),
    Property(
        "there are gaps between the windows",
        "there are no gaps between the windows",
        lambda q: q["stride"] > min(q["HH"], q["WW"]),
        "Where does the second window begin?",
    ),
    Property(
        "the stride is not the size of the window",
        "the stride is the size of the window",
        lambda q: (q["stride"], q["stride"]) != (q["HH"], q["WW"]),
        "Where does your code take the stride for the size of the window, or cut the image into "
        "tiles?",
    ),
    Property(
        "the window is a single pixel",
        "the window has several pixels",
        lambda q: q["HH"] == q["WW"] == 1,
    ),
    Property(
        "there are not as many filters as channels",
        "",
        lambda q: q["F"] != q["C"],
        "Which of the two numbers does your code take for the other?",
    ),
    Property(
        "there are not as many images as filters",
        "",
        lambda q: q["N"] != q["F"],
        "Which of the two numbers does your code take for the other?",
    ),
    Property(
        "there is dilation",
        "there is no dilation",
        lambda q: q["dilation"] > 1,
        "How many pixels does the filter span then?",
    ),
    Property(
        "the filter does not fit into the image",
        "the filter fits into the image",
        lambda q: q["span"] > q["room"],
        "What is the result when no window fits?",
    ),
    Property(
        "there are not as many examples as classes",
        "",
        lambda q: q["N"] != q["K"],
        "Over which axis do you go: that of the examples, or that of the classes?",
    ),
    Property(
        "the last batch is smaller than the others",
        "all batches are equally large",
        lambda q: q["N"] % q["batch_size"] != 0,
        "Which examples does your last batch hold?",
    ),
)
"""Properties of the quantities of a case."""


def _left_over(q: Quantities, length: str, window: str) -> bool:
    rest: int = (q[length] + 2 * q.get("padding", 0) - q[window]) % q["stride"]
    return rest != 0


def _of_arrays(case: CheckedCase) -> dict[tuple[str, str, str], bool]:
    """Return the properties of the numbers in the arguments, as far as they matter in the task."""
    arrays = [array for _, array in arrays_of(case)]
    numbers = [array for array in arrays if array.dtype.kind in "iuf" and array.size]
    if not numbers:
        return {}
    first, given = numbers[0], case.arguments.keys()
    known = {
        (
            "the input holds whole numbers",
            "",
            "Of which type are the arrays that you make?",
        ): first.dtype.kind in "iu"
    }
    if given & {"scores", "y"}:
        largest = max(float(np.abs(array).max()) for array in numbers)
        ask = "`exp` of more than 709 is infinite."
        known["the input holds very large numbers", "", ask] = largest > 300
    if given & {"size", "maps"}:
        ask = "Does something in your code begin at 0 that should begin at the first number?"
        known["no number of the input is positive", "", ask] = float(first.max()) <= 0
    if given <= {"x", "dout", "analytic", "numeric", "h", "f"}:
        ask = "Which axes does your code take for granted?"
        known["the input has a single axis", "the input has several axes", ask] = first.ndim == 1
        known["the input has not exactly 2 axes", "the input has 2 axes", ask] = first.ndim != 2
        known["the input has fewer than 3 axes", "the input has more than 2 axes", ask] = (
            first.ndim < 3
        )
    if given <= {"analytic", "numeric"}:
        zeros = any((array == 0).any() for array in numbers)
        known["the input holds zeros", "", "What does your code do with a 0?"] = zeros
    return known


def _of_layers(case: CheckedCase) -> dict[tuple[str, str, str], bool]:
    """Return the properties of the layers in the arguments."""
    layers = layers_of(case)
    if not layers:
        return {}
    kinds = [str(layer["kind"]) for layer in layers]
    known: dict[tuple[str, str, str], bool] = {}
    if "spec" in case.arguments:
        for kind in ("max_pool", "avg_pool", "adaptive_avg_pool", "linear"):
            known[f"there is a layer `{kind}`", f"there is no layer `{kind}`", ""] = kind in kinds
    windows = [layer for layer in layers if layer["kind"] in ("conv", "max_pool", "avg_pool")]
    known["a layer has padding", "no layer has padding", ""] = any(
        layer.get("padding", 0) > 0 for layer in windows
    )
    known["a convolution has a stride", "all convolutions have stride 1", ""] = any(
        layer.get("stride", 1) > 1 for layer in windows if layer["kind"] == "conv"
    )
    known["a convolution has groups", "no convolution has groups", ""] = any(
        layer.get("groups", 1) > 1 for layer in windows
    )
    known["a ReLU overwrites its input", "no ReLU overwrites its input", ""] = any(
        layer.get("inplace", False) for layer in layers
    )
    known["a pooling window is not as large as its stride", "pooling windows are tiles", ""] = any(
        layer.get("stride", layer["size"]) != layer["size"]
        for layer in windows
        if "pool" in str(layer["kind"])
    )
    return known


def _of_numbers(case: CheckedCase) -> dict[tuple[str, str, str], bool]:
    """Return the properties of plain numbers among the arguments."""
    known: dict[tuple[str, str, str], bool] = {}
    given = case.arguments
    for name in ("momentum", "dy", "dx", "channel", "fill"):
        value = given.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool):
            known[f"`{name}` is 0", f"`{name}` is not 0", ""] = value == 0
    for name, value in given.items():
        if isinstance(value, bool):
            known[f"`{name}` is True", f"`{name}` is False", ""] = value
    if "shortcut" in given:
        known["`shortcut` is None", "`shortcut` is not None", ""] = given["shortcut"] is None
    entries = given.get("layers")
    if _are_triples(entries):
        known["there is one layer only", "there are several layers", ""] = len(entries) == 1
        known["a layer has a stride", "all strides are 1", ""] = any(s > 1 for _, s, _ in entries)
        known["a layer has padding", "there is no padding", ""] = any(p > 0 for *_, p in entries)
    order = given.get("order")
    if isinstance(order, np.ndarray) and order.ndim:
        known["there are several epochs", "there is one epoch", ""] = len(order) > 1
    targets = plain(given.get("targets"))
    if isinstance(targets, np.ndarray) and targets.ndim == 1:
        known["the pictures have different classes", "all pictures have one class", ""] = (
            len(set(targets.tolist())) > 1
        )
    return known


def _are_triples(entries: Value) -> TypeGuard[list[tuple[int, int, int]]]:
    """Whether a list holds layers as (size, stride, padding)."""
    return isinstance(entries, list) and all(
        isinstance(entry, tuple | list) and len(entry) == 3 and all(map(is_whole, entry))
        for entry in entries
    )


@dataclasses.dataclass(frozen=True)
class Statement:
    """What is true of a case, such as "the padding is 0", and what to ask about it."""

    words: str
    ask: str


def statements(case: CheckedCase) -> Mapping[Statement, bool]:
    """Return all that may be said of a case, and of each whether it is true."""
    sizes = quantities(case)
    sizes |= _of_kernel(case.arguments)
    known: dict[Statement, bool] = {}
    for entry in SIZES:
        try:
            holds = entry.of(sizes)
        except KeyError:
            continue
        words, otherwise = (as_examples(text, case) for text in (entry.words, entry.otherwise))
        known[Statement(words, as_examples(entry.ask, case))] = holds
        if otherwise:
            known[Statement(otherwise, as_examples(entry.ask_otherwise, case))] = not holds
    for described in (_of_arrays(case), _of_layers(case), _of_numbers(case)):
        for (words, otherwise, ask), holds in described.items():
            known[Statement(words, ask)] = holds
            if otherwise:
                known[Statement(otherwise, "")] = not holds
    return known


def _of_kernel(given: Mapping[str, Value]) -> dict[str, int]:
    """Return the quantities of a task about one axis: the filter's span, and the room for it."""
    dilation = given.get("dilation", 1)
    if not all(map(is_whole, [dilation, *map(given.get, ("kernel", "size", "padding"))])):
        return {}
    span = (given["kernel"] - 1) * dilation + 1
    room = given["size"] + 2 * given["padding"]
    return {
        "span": span,
        "room": room,
        "H": given["size"],
        "HH": span,
        "W": given["size"],
        "WW": span,
    }

"""The numbers that describe a case: how many images, rows, filters ..., read off its arguments."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from autograder.checks import CheckedCase
from autograder.values import Formula, SequentialNetwork, Tensor, Value

Quantities = Mapping[str, int]

NAMES = {
    "N": "the number of images",
    "C": "the number of channels",
    "F": "the number of filters",
    "H": "the height of the images",
    "W": "the width of the images",
    "HH": "the height of the window",
    "WW": "the width of the window",
    "area": "the number of pixels in a window",
    "stride": "the stride",
    "padding": "the padding",
    "K": "the number of classes",
    "places": "the number of places in a map",
    "draws": "the number of draws",
    "batch_size": "the batch size",
}
"""What a quantity is called."""


def quantities(case: CheckedCase) -> dict[str, int]:
    """Return the quantities of a case by the letters of `NAMES`; absent ones do not apply."""
    given = {name: plain(value) for name, value in case.arguments.items()}
    sizes = dict(_of_inputs(given)) | dict(_of_windows(given)) | dict(_of_other_layers(given))
    sizes |= {
        name: value
        for name, value in given.items()
        if name in ("stride", "padding", "dilation", "batch_size") and is_whole(value)
    }
    outer = given.get("dout", None if "columns" in given else case.expected)
    if "HH" in sizes and isinstance(outer, np.ndarray) and outer.ndim in (2, 4):
        sizes["Ho"], sizes["Wo"] = outer.shape[-2:]
        if outer.ndim == 4:
            sizes["places"] = sizes["Ho"] * sizes["Wo"]
    if "HH" in sizes and "WW" in sizes:
        sizes["area"] = sizes["HH"] * sizes["WW"]
    return sizes


def name_of(letter: str, case: CheckedCase) -> str:
    """Return what a quantity is called in a task."""
    return as_examples(NAMES[letter], case)


def as_examples(text: str, case: CheckedCase) -> str:
    """Speak of examples where the rows of a task's arrays are no images."""
    x = plain(case.arguments.get("x"))
    flat = isinstance(x, np.ndarray) and x.ndim == 2 and {"b", "dout", "y"} & case.arguments.keys()
    return text.replace("image", "example") if flat or "scores" in case.arguments else text


def plain(value: Value) -> Value:
    """Return the array of a tensor, and any other value as it is."""
    return value.array if isinstance(value, Tensor) else value


def is_whole(value: Value) -> bool:
    """Return whether a value is a whole number."""
    return isinstance(value, int) and not isinstance(value, bool)


def _of_inputs(given: Mapping[str, Value]) -> Iterator[tuple[str, int]]:
    x = given.get("x", given.get("maps"))
    shape = x.shape if isinstance(x, np.ndarray) else given.get("shape")
    if not isinstance(shape, tuple):
        shape = ()
    if len(shape) == 4:
        yield from zip("NCHW", shape, strict=True)
    elif len(shape) == 3:
        yield from zip("NHW" if "maps" in given else "CHW", shape, strict=True)
    elif len(shape) == 2 and ("b" in given or "dout" in given or "order" in given):
        yield "N", shape[0]
    elif len(shape) == 2:
        yield from zip("HW", shape, strict=True)
    for name in ("channels", "filters"):
        if is_whole(given.get(name)):
            yield name[0].upper(), given[name]
    scores = given.get("scores")
    if isinstance(scores, np.ndarray) and scores.ndim == 2:
        yield from zip("NK", scores.shape, strict=True)
    noise = given.get("noise")
    if isinstance(noise, np.ndarray) and noise.ndim and "x" in given:
        yield "draws", len(noise)


def _of_windows(given: Mapping[str, Value]) -> Iterator[tuple[str, int]]:
    w = given.get("w", given.get("w1"))
    if isinstance(w, np.ndarray) and w.ndim == 4:
        yield from zip(("F", "C", "HH", "WW"), w.shape, strict=True)
    elif isinstance(w, np.ndarray) and w.ndim == 2 and not {"b", "dout", "channels"} & given.keys():
        yield from zip(("HH", "WW"), w.shape, strict=True)
    size = given.get("size") if "x" in given else given.get("patch")
    if isinstance(size, int):
        yield "HH", size
        yield "WW", size
    if is_whole(given.get("height")) and is_whole(given.get("width")):
        image = "w" in given  # there they are those of the image
        yield ("H" if image else "HH"), given["height"]
        yield ("W" if image else "WW"), given["width"]


def _of_other_layers(given: Mapping[str, Value]) -> Iterator[tuple[str, int]]:
    """Read depthwise and pointwise filters, and the maps of a transposed convolution."""
    for name, letters in (
        ("y", ("N",)),
        ("pointwise", ("F",)),
        ("depthwise", ("C", "", "HH", "WW")),
        ("filters", ("C", "F", "HH", "WW")),
    ):
        value = given.get(name)
        if isinstance(value, np.ndarray) and value.ndim == 4:
            yield from zip(letters, value.shape, strict=False)


def axis_names(case: CheckedCase, part: str, axes: int) -> tuple[str, ...]:
    """Return what the axes of a result are called, one name each."""
    given = {name: plain(value) for name, value in case.arguments.items()}
    rows = ("row", "column")
    if axes == 4:
        weights = part in ("dw", "w") or part.endswith("['w1']") or given.keys() == {"noise"}
        if weights or "channels" in given:
            return ("filter", "channel", *rows)
        maps = "w" in given and not part
        return ("image", "filter" if maps else "channel", *rows)
    if axes == 3:
        x = given.get("x", given.get("maps"))
        if isinstance(x, np.ndarray) and x.ndim == 4:
            return ("image", *rows)
        return ("channel" if isinstance(x, np.ndarray) and x.ndim == 3 else "map", *rows)
    if axes == 2:
        return rows
    return ("entry",) if axes == 1 else tuple(f"axis {axis}" for axis in range(axes))


def arrays_of(case: CheckedCase) -> Iterator[tuple[str, np.ndarray]]:
    """Yield the arrays among the arguments with their names."""
    for name, value in case.arguments.items():
        array = plain(value)
        if isinstance(array, np.ndarray):
            yield name, array
        elif isinstance(array, Mapping):
            for key, part in array.items():
                if isinstance(part, np.ndarray):
                    yield f"{name}[{key!r}]", part


def layers_of(case: CheckedCase) -> list[Mapping[str, Value]]:
    """Return the layers that a case describes, as dictionaries with a ``kind``; often none."""
    for value in case.arguments.values():
        if isinstance(value, SequentialNetwork):
            return list(value.layers)
        if (
            isinstance(value, list)
            and value
            and all(isinstance(entry, Mapping) and "kind" in entry for entry in value)
        ):
            return value
    return []


def formula_of(case: CheckedCase) -> Formula | None:
    """Return the function among the arguments, if there is one."""
    return next((v for v in case.arguments.values() if isinstance(v, Formula)), None)

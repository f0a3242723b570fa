"""The task ``network_shapes``: reference, cases, mistakes, other right answers."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from autograder.problems import Case, Misconception, Problem, Random, Style
from solutions.arrays import Shape
from solutions.networks import Layer, Spec
from solutions.pooling.drawn_networks import hidden_networks, networks


def network_shapes(spec: list[Layer]) -> list[Shape]:
    """Return the shape of what every entry of a network passes on, for one image.

    spec: the image and the layers, one dictionary each, in the order of computing.
    Returns as many tuples: (C, H, W) for the image and for maps, (D,) after "flatten" and
    after "linear".
    """
    ### BEGIN SOLUTION
    shapes: list[Shape] = []
    shape: Shape = ()
    for layer in spec:
        kind = layer["kind"]
        if kind == "image":
            shape = (layer["channels"], layer["height"], layer["width"])
        elif kind in ("conv", "max_pool", "avg_pool"):
            depth = layer["filters"] if kind == "conv" else shape[0]
            padding = layer["padding"] if kind == "conv" else 0
            height, width = (
                (side + 2 * padding - layer["size"]) // layer["stride"] + 1 for side in shape[1:]
            )
            shape = (depth, height, width)
        elif kind == "adaptive_avg_pool":
            shape = (shape[0], layer["size"], layer["size"])
        elif kind == "flatten":
            shape = (int(np.prod(shape)),)
        elif kind == "linear":
            shape = (layer["units"],)
        elif kind not in ("relu", "dropout"):
            raise ValueError(f"no layer of kind {kind!r} is known")
        shapes.append(shape)
    return shapes
    ### END SOLUTION


# Cases


FINDS = {"AlexNet on a wide image": ("pool_divides_by_stride", "pool_always_halves")}
OVERLOOKS = {"strides that do not divide": ("padding_on_one_side",)}
"""What depends on whether the numbers drawn are even, by the names of networks."""


def _case(name: str, spec: Spec) -> Case:
    finds, overlooks = FINDS.get(name, ()), OVERLOOKS.get(name, ())
    return Case(name, {"spec": spec}, finds=finds, overlooks=overlooks)


def cases(rng: Random) -> list[Case]:
    """Return the worked example, known networks, and networks with one special thing each."""
    return [_case(name, spec) for name, spec in networks(rng)]


def hidden_cases(rng: Random) -> list[Case]:
    """More networks."""
    return [_case(name, spec) for name, spec in hidden_networks(rng)]


# Misconceptions


def _walk(spec: list[Layer], step: Callable[[Layer, Shape], Shape | None]) -> list[Shape]:
    """Follow a network; where ``step`` returns a shape, take it instead of the right one."""
    shapes: list[Shape] = []
    shape: Shape = ()
    for layer in spec:
        if layer["kind"] not in ("relu", "dropout"):
            before = [] if layer["kind"] == "image" else [_as_image(shape)]
            shape = step(layer, shape) or network_shapes([*before, layer])[-1]
        shapes.append(shape)
    return shapes


def _as_image(shape: Shape) -> Layer:
    """Describe an image of a shape; a flat one becomes an image of single pixels."""
    channels, height, width = (*shape, 1, 1)[:3]
    return {"kind": "image", "channels": channels, "height": height, "width": width}


def _slides(layer: Layer) -> bool:
    return layer["kind"] in ("conv", "max_pool", "avg_pool")


def _slid(layer: Layer, shape: Shape, count: Callable[[int, int, int, int], Any]) -> Shape:
    """Return the shape after a layer that slides, by a formula of (side, size, stride, padding)."""
    depth = layer.get("filters", shape[0])
    padding = layer.get("padding", 0)
    height, width = (count(side, layer["size"], layer["stride"], padding) for side in shape[1:])
    return depth, height, width


def _by_formula(
    count: Callable[[int, int, int, int], Any], *kinds: str
) -> Callable[[list[Layer]], list[Shape]]:
    """Return a wrong network_shapes with a wrong formula for layers of some kinds, or for all."""

    def shapes(spec: list[Layer]) -> list[Shape]:
        return _walk(
            spec,
            lambda layer, shape: (
                _slid(layer, shape, count)
                if _slides(layer) and (not kinds or layer["kind"] in kinds)
                else None
            ),
        )

    return shapes


def _by_kind(
    kind: str, own: Callable[[Layer, Shape], Shape]
) -> Callable[[list[Layer]], list[Shape]]:
    """Return a wrong network_shapes with a wrong rule for one kind of layer."""

    def shapes(spec: list[Layer]) -> list[Shape]:
        return _walk(
            spec, lambda layer, shape: own(layer, shape) if layer["kind"] == kind else None
        )

    return shapes


def _always_square(spec: list[Layer]) -> list[Shape]:
    """Compute the height of every layer, and use it for the width, too."""
    squared = [{**spec[0], "width": spec[0]["height"]}, *spec[1:]]
    return [network_shapes(spec)[0], *network_shapes(squared)[1:]]


def padding_looked_up(spec: list[Layer]) -> list[Shape]:
    """Ask pooling layers for their padding."""
    return _by_formula(
        lambda side, size, stride, padding: (side + 2 * padding - size) // stride + 1
    )([{**layer, "padding": layer["padding"]} if _slides(layer) else layer for layer in spec])


MISCONCEPTIONS = (
    Misconception(
        "ceil_for_floor",
        _by_formula(
            lambda side, size, stride, padding: -((size - side - 2 * padding) // stride) + 1
        ),
        title="Rounded up",
        symptom="One too many where the stride does not divide.",
        hint="Where the stride does not divide, you get one row too many. What happens to a window "
        "that no longer fits?",
        catalog_number=6,
    ),
    Misconception(
        "not_whole",
        _by_formula(lambda side, size, stride, padding: (side + 2 * padding - size) / stride + 1),
        title="Sizes that are not whole",
        symptom="Some sizes have a fractional part.",
        hint="Some of your sizes are not whole. A window either fits or it does not.",
    ),
    Misconception(
        "no_plus_one",
        _by_formula(lambda side, size, stride, padding: (side + 2 * padding - size) // stride),
        title="One row and one column too few",
        symptom="Every size is too small by one, and the error grows from layer to layer.",
        hint="Each layer loses one row and one column too many. How many positions does a window "
        "as large as the whole image have?",
        catalog_number=5,
    ),
    Misconception(
        "padding_on_one_side",
        _by_formula(
            lambda side, size, stride, padding: (side + padding - size) // stride + 1, "conv"
        ),
        title="Padding on one side only",
        symptom="Layers with padding are too small.",
        hint="Your padded layers shrink. How many borders does a row of pixels have?",
        catalog_number=4,
    ),
    Misconception(
        "padding_forgotten",
        _by_formula(lambda side, size, stride, padding: (side - size) // stride + 1, "conv"),
        title="The padding is ignored",
        symptom="Layers with padding are too small.",
        hint="Your padded layers shrink as if there were no padding. Which key says how much there "
        "is?",
    ),
    Misconception(
        "stride_forgotten",
        _by_formula(lambda side, size, stride, padding: side + 2 * padding - size + 1, "conv"),
        title="The stride of convolutional layers is ignored",
        symptom="Convolutional layers with a stride above 1 are too large.",
        hint="Your convolutional layers move by one pixel. Pooling is not the only layer with a "
        "stride.",
        catalog_number=62,
    ),
    Misconception(
        "padding_looked_up",
        padding_looked_up,
        title="Pooling is asked for its padding",
        symptom="Python stops with a KeyError: 'padding'.",
        hint="Not every entry has every key: which kinds of entries have a padding? The table of "
        "the task says so.",
    ),
    Misconception(
        "pool_moves_by_its_size",
        _by_formula(lambda side, size, stride, padding: side // size, "max_pool", "avg_pool"),
        title="Pooling divides by the size of its window",
        symptom="Right where size and stride are equal.",
        hint="Your pooling is right as long as size and stride are equal. Windows may overlap.",
    ),
    Misconception(
        "pool_divides_by_stride",
        _by_formula(lambda side, size, stride, padding: side // stride, "max_pool", "avg_pool"),
        title="Pooling divides by the stride",
        symptom="Right where size and stride are equal; else sometimes one too many.",
        hint="You divide by the stride, whatever the size of the window. Count the positions of a "
        "window of 3 in a row of 8 pixels, in steps of 2.",
    ),
    Misconception(
        "pool_always_halves",
        _by_formula(lambda side, size, stride, padding: side // 2, "max_pool", "avg_pool"),
        title="Pooling always halves",
        symptom="Right for windows of 2 by 2 and stride 2.",
        hint="Your pooling always halves. Which keys say what it really does?",
    ),
    Misconception(
        "depth_kept",
        _by_kind(
            "conv",
            lambda layer, shape: (
                shape[0],
                *network_shapes([_as_image(shape), layer])[-1][1:],
            ),
        ),
        title="Convolutional layers keep the number of channels",
        symptom="The number of channels never changes.",
        hint="Your number of channels never changes. How many maps does a layer with 6 filters "
        "give?",
    ),
    Misconception(
        "depth_multiplied",
        _by_kind(
            "conv",
            lambda layer, shape: (
                shape[0] * layer["filters"],
                *network_shapes([_as_image(shape), layer])[-1][1:],
            ),
        ),
        title="Every filter runs on every channel by itself",
        symptom="The number of channels explodes.",
        hint="Your channels multiply from layer to layer. One filter reads all channels: how many "
        "maps does it give?",
    ),
    Misconception(
        "height_and_width_swapped",
        lambda spec: network_shapes(
            [{**spec[0], "height": spec[0]["width"], "width": spec[0]["height"]}, *spec[1:]]
        ),
        title="Height and width are exchanged",
        symptom="Right for square images.",
        hint="Height and width got mixed up. Which comes first in (C, H, W)?",
        catalog_number=7,
    ),
    Misconception(
        "always_square",
        _always_square,
        title="The maps are taken to be square",
        symptom="Right for square images.",
        hint="You compute one side and use it twice. Not all images are square.",
    ),
    Misconception(
        "channels_last",
        lambda spec: [
            (*shape[1:], shape[0]) if len(shape) == 3 else shape for shape in network_shapes(spec)
        ],
        title="The channels come last",
        symptom="The right numbers are in another order.",
        hint="Your numbers are right, their order is not. Where does this course put the channels?",
    ),
    Misconception(
        "flatten_forgets_channels",
        _by_kind("flatten", lambda layer, shape: (math.prod(shape[1:]),)),
        title="Flattening forgets the channels",
        symptom='The number after "flatten" is too small.',
        hint='After "flatten" you have too few numbers. How many maps go in?',
    ),
    Misconception(
        "flatten_keeps_channels",
        _by_kind("flatten", lambda layer, shape: (shape[0], math.prod(shape[1:]))),
        title="Flattening keeps the channels apart",
        symptom='After "flatten" there are two sizes.',
        hint='After "flatten" all numbers of an image lie in one row.',
    ),
    Misconception(
        "units_added_to_shape",
        _by_kind("linear", lambda layer, shape: (*shape, layer["units"])),
        title="The inputs stay in the shape",
        symptom="The shapes of fully connected layers grow longer and longer.",
        hint="The shapes of your fully connected layers grow longer. How many numbers does such a "
        "layer pass on?",
    ),
    Misconception(
        "adaptive_ignored",
        _by_kind("adaptive_avg_pool", lambda layer, shape: shape),
        title="Adaptive pooling changes nothing",
        symptom="Right where the maps have the wanted size already.",
        hint="Your adaptive pooling changes nothing. What does its `size` mean?",
    ),
    Misconception(
        "adaptive_removes_axes",
        _by_kind("adaptive_avg_pool", lambda layer, shape: (shape[0],)),
        title="Adaptive pooling removes the axes of the maps",
        symptom="One number where three are expected.",
        hint="After adaptive pooling maps are still maps, if small ones. How many axes does a map "
        "of one pixel have?",
    ),
    Misconception(
        "adaptive_as_window",
        _by_kind(
            "adaptive_avg_pool",
            lambda layer, shape: (
                shape[0],
                *(max(side - layer["size"] + 1, 1) for side in shape[1:]),
            ),
        ),
        title="Adaptive pooling is taken for a window",
        symptom="Right where the maps have one pixel.",
        hint="You take the `size` of adaptive pooling for the size of a window. It says something "
        "else: read its line in the table.",
    ),
    Misconception(
        "image_left_out",
        lambda spec: network_shapes(spec)[1:],
        title="The image is left out",
        symptom="One entry too few.",
        hint="One entry is missing, the first. What does the image pass on?",
    ),
    Misconception(
        "only_learning_layers",
        lambda spec: [
            shape
            for layer, shape in zip(spec, network_shapes(spec), strict=True)
            if layer["kind"] not in ("relu", "dropout")
        ],
        title="ReLU and dropout are left out",
        symptom="Too few entries.",
        hint="Layers that do not change the shape are missing in your list. They pass on "
        "something, too.",
    ),
    Misconception(
        "last_shape_only",
        lambda spec: network_shapes(spec)[-1],
        title="Only the last shape is returned",
        symptom="One shape comes back instead of a list of them.",
        hint="One shape came back. The task asks for all of them, in a list.",
    ),
    Misconception(
        "inputs_for_outputs",
        lambda spec: [network_shapes(spec)[0], *network_shapes(spec)[:-1]],
        title="The shape before each layer instead of after it",
        symptom="All shapes stand one place too late.",
        hint="All your shapes stand one place too late. Do you note a shape before or after the "
        "layer has worked?",
    ),
)


# Alternatives


def _positions(side: int, layer: Layer) -> int:
    """Count the positions of a window one by one."""
    padded = side + layer.get("padding", 0) * 2
    return len(
        [start for start in range(0, padded, layer["stride"]) if start + layer["size"] <= padded]
    )


def shapes_by_counting(spec: list[Layer]) -> list[Shape]:
    """Count positions with a loop; keep the sizes in three variables."""
    shapes: list[Shape] = []
    c, h, w = 0, 0, 0
    for layer in spec:
        kind = layer["kind"]
        if kind == "image":
            c, h, w = layer["channels"], layer["height"], layer["width"]
        if "stride" in layer:
            h, w = _positions(h, layer), _positions(w, layer)
        if kind == "conv":
            c = layer["filters"]
        if kind.startswith("adaptive"):
            h = w = layer["size"]
        if kind == "flatten":
            c, h, w = c * h * w, 0, 0
        if kind == "linear":
            c = layer["units"]
        shapes.append((c, h, w) if h else (c,))
    return shapes


def shapes_from_the_last(spec: list[Layer]) -> list[Shape]:
    """Always look at the last entry of the list."""
    shapes: list[Shape] = [(spec[0]["channels"], spec[0]["height"], spec[0]["width"])]
    for layer in spec[1:]:
        before = shapes[-1]
        match layer["kind"]:
            case "conv":
                size, stride, padding = layer["size"], layer["stride"], layer["padding"]
                height = (before[1] - size + 2 * padding + stride) // stride
                width = (before[2] - size + 2 * padding + stride) // stride
                shapes.append((layer["filters"], height, width))
            case "max_pool" | "avg_pool":
                size, stride = layer["size"], layer["stride"]
                height = 1 + (before[1] - size) // stride
                width = 1 + (before[2] - size) // stride
                shapes.append((before[0], height, width))
            case "adaptive_avg_pool":
                shapes.append((before[0], layer["size"], layer["size"]))
            case "flatten":
                shapes.append((before[0] * before[1] * before[2],))
            case "linear":
                shapes.append((layer["units"],))
            case _:
                shapes.append(before)
    return shapes


def shapes_as_lists(spec: list[Layer]) -> Any:
    """Use lists for tuples, and NumPy numbers."""
    shapes: list[Any] = []
    shape: Any = []
    for layer in spec:
        if layer["kind"] == "image":
            shape = [layer[key] for key in ("channels", "height", "width")]
        elif layer["kind"] in {"conv", "max_pool", "avg_pool"}:
            sides = np.array(shape[1:]) + 2 * layer.get("padding", 0)
            positions = np.floor((sides - layer["size"]) / layer["stride"]).astype(int) + 1
            shape = [layer.get("filters", shape[0]), *positions]
        elif layer["kind"] == "adaptive_avg_pool":
            shape = [shape[0]] + [layer["size"]] * 2
        elif layer["kind"] == "flatten":
            shape = [np.prod(shape)]
        elif layer["kind"] == "linear":
            shape = [layer["units"]]
        shapes.append(list(shape))
    return shapes


def shapes_by_running(spec: list[Layer]) -> list[Shape]:
    """Send an array of the right size through and ask for its shape."""
    shapes: list[Shape] = []
    x: Any = None
    for layer in spec:
        if layer["kind"] == "image":
            x = np.zeros((layer["channels"], layer["height"], layer["width"]), dtype=bool)
        elif layer["kind"] in ("conv", "max_pool", "avg_pool"):
            p = layer.get("padding", 0)
            padded = np.pad(x, ((0, 0), (p, p), (p, p)))
            windows = sliding_window_view(padded, (layer["size"],) * 2, axis=(1, 2))
            maps = windows[:, :: layer["stride"], :: layer["stride"], 0, 0]
            x = np.repeat(maps[:1], layer["filters"], axis=0) if "filters" in layer else maps
        elif layer["kind"] == "adaptive_avg_pool":
            x = np.zeros((len(x), layer["size"], layer["size"]), dtype=bool)
        elif layer["kind"] == "flatten":
            x = x.reshape(-1)
        elif layer["kind"] == "linear":
            x = np.zeros(layer["units"], dtype=bool)
        shapes.append(x.shape)
    return shapes


def shapes_by_table(spec: list[Layer]) -> tuple[Shape, ...]:
    """Look the rule up in a table of functions; return a tuple."""

    def slide(layer: Layer, shape: Shape) -> Shape:
        sides = (s + 2 * layer.get("padding", 0) for s in shape[1:])
        count = tuple(int((s - layer["size"]) / layer["stride"] + 1) for s in sides)
        return (layer.get("filters", shape[0]), *count)

    rules: dict[str, Any] = {
        "image": lambda layer, shape: (layer["channels"], layer["height"], layer["width"]),
        "conv": slide,
        "max_pool": slide,
        "avg_pool": slide,
        "adaptive_avg_pool": lambda layer, shape: (shape[0], layer["size"], layer["size"]),
        "flatten": lambda layer, shape: (math.prod(shape),),
        "linear": lambda layer, shape: (layer["units"],),
    }
    shape: Shape = ()
    shapes: tuple[Shape, ...] = ()
    for layer in spec:
        shape = rules.get(layer["kind"], lambda layer, shape: shape)(layer, shape)
        shapes += (shape,)
    return shapes


ALTERNATIVES = (
    shapes_by_counting,
    shapes_from_the_last,
    shapes_as_lists,
    shapes_by_running,
    shapes_by_table,
)

STYLES = (
    Style(
        shapes_from_the_last,
        "Clearer: `match` has one branch for each kind of layer, and the last shape is always at "
        "hand.",
    ),
)


PROBLEM = Problem(
    network_shapes,
    cases,
    MISCONCEPTIONS,
    hidden_cases=hidden_cases,
    alternatives=ALTERNATIVES,
    explorer={"kind": "network"},
    styles=STYLES,
)

"""The figure "kernel explorer": an editable kernel slides over a picture."""

from __future__ import annotations

import base64
import math
from typing import Any

import numpy as np
import traitlets
from skimage import color, data, transform

from book.figures.figure import Figure

SIDE = 72
"""Height and width of the photographs, in pixels: small enough to see single pixels."""

CAMERA_CREDIT = "Photograph: Lav Varshney, CC0"
BRICK_CREDIT = "Photograph: CC0Textures, CC0"
COINS_CREDIT = "Photograph: Brooklyn Museum, no known copyright restrictions"
COFFEE_CREDIT = "Photograph: Rachel Michetti, CC0"


def photograph(pixels: Any, top: int, left: int, side: int) -> np.ndarray[Any, Any]:
    """Cut a square out of a photograph and make it small and gray.

    pixels: (H, W) gray or (H, W, 3) color, uint8.
    top, left, side: the square, in pixels of the photograph.
    Returns (SIDE, SIDE), uint8.
    """
    square = np.asarray(pixels)[top : top + side, left : left + side]
    if square.ndim == 3:
        square = color.rgb2gray(square) * 255
    resize: Any = transform.resize
    small = resize(square.astype(float), (SIDE, SIDE), anti_aliasing=True, preserve_range=True)
    return np.asarray(np.rint(small), dtype=np.uint8)


def step() -> np.ndarray[Any, Any]:
    """Return the 6 x 6 picture of a light left half (10) and a dark right half (0)."""
    picture = np.zeros((6, 6), dtype=np.uint8)
    picture[:, :3] = 10
    return picture


def square() -> np.ndarray[Any, Any]:
    """Return the 8 x 8 picture of a light square (10) on dark ground (0)."""
    picture = np.zeros((8, 8), dtype=np.uint8)
    picture[2:6, 2:6] = 10
    return picture


def pictures() -> list[dict[str, Any]]:
    """Return the pictures to choose from, each with its pixels as base64 of uint8, row by row.

    ``white`` is the number that is drawn as white; zero is black.
    """
    samples: Any = data
    pictures = [
        ("step", "Light | dark, 6 × 6", 10, "", step()),
        ("square", "Light square, 8 × 8", 10, "", square()),
        ("camera", "Photographer", 255, CAMERA_CREDIT, photograph(samples.camera(), 0, 0, 512)),
        ("coffee", "Cup", 255, COFFEE_CREDIT, photograph(samples.coffee(), 0, 100, 400)),
        ("coins", "Coins", 255, COINS_CREDIT, photograph(samples.coins(), 0, 60, 240)),
        ("brick", "Brick wall", 255, BRICK_CREDIT, photograph(samples.brick(), 0, 0, 320)),
    ]
    return [
        {
            "name": name,
            "label": label,
            "white": white,
            "credit": credit,
            "height": pixels.shape[0],
            "width": pixels.shape[1],
            "data": base64.b64encode(pixels.tobytes()).decode("ascii"),
        }
        for name, label, white, credit, pixels in pictures
    ]


def presets() -> list[dict[str, Any]]:
    """Return the kernels to choose from: name, label, what it answers to, and its numbers."""
    three = np.array([1, 2, 1])
    middle = np.zeros((3, 3))
    middle[1, 1] = 1
    right = np.zeros((3, 3))
    right[1, 2] = 1
    kernels: list[tuple[str, str, str, Any]] = [
        (
            "vertical",
            "Vertical edge",
            "Left column minus right column: positive where light turns to dark on the way to "
            "the right, negative where dark turns to light.",
            [[1, 0, -1]] * 3,
        ),
        (
            "horizontal",
            "Horizontal edge",
            "Top row minus bottom row: positive where light turns to dark on the way down, "
            "negative where dark turns to light.",
            [[1, 1, 1], [0, 0, 0], [-1, -1, -1]],
        ),
        (
            "diagonal",
            "Diagonal edge",
            "Upper left minus lower right: answers to edges that rise to the right.",
            [[1, 1, 0], [1, 0, -1], [0, -1, -1]],
        ),
        (
            "sobel-vertical",
            "Sobel, vertical edge",
            "A vertical edge detector that trusts the middle row more, so noise counts less.",
            [[1, 0, -1], [2, 0, -2], [1, 0, -1]],
        ),
        (
            "sobel-horizontal",
            "Sobel, horizontal edge",
            "A horizontal edge detector that trusts the middle column more.",
            [[1, 2, 1], [0, 0, 0], [-1, -2, -1]],
        ),
        (
            "laplacian",
            "Laplacian",
            "The four neighbors minus four times the middle: answers to edges of every "
            "direction, with one sign on each side; zero on even slopes.",
            [[0, 1, 0], [1, -4, 1], [0, 1, 0]],
        ),
        (
            "sharpen",
            "Sharpen",
            "The pixel itself plus its differences from its four neighbors.",
            [[0, -1, 0], [-1, 5, -1], [0, -1, 0]],
        ),
        (
            "emboss",
            "Emboss",
            "The pixel itself plus the slope from upper left to lower right: looks lit from "
            "one side.",
            [[-2, -1, 0], [-1, 1, 1], [0, 1, 2]],
        ),
        ("box", "Box blur", "The mean of the nine pixels.", np.full((3, 3), 1 / 9)),
        (
            "gauss",
            "Gaussian blur",
            "A weighted mean: near pixels count more than far ones.",
            np.outer(three, three) / 16,
        ),
        ("identity", "Identity", "One times the middle pixel: the picture itself.", middle),
        (
            "shift",
            "Shift",
            "One times the right neighbor: the picture moves left by a pixel. With true "
            "convolution it moves right.",
            right,
        ),
        (
            "vertical-5",
            "Vertical edge",
            "The two left columns minus the two right ones: sees wide, soft edges better.",
            [[1, 1, 0, -1, -1]] * 5,
        ),
        (
            "spot",
            "Bright spot",
            "The middle minus its surroundings: answers to light spots and thin light lines.",
            [
                [0, 0, -1, 0, 0],
                [0, -1, -2, -1, 0],
                [-1, -2, 16, -2, -1],
                [0, -1, -2, -1, 0],
                [0, 0, -1, 0, 0],
            ],
        ),
        ("box-5", "Box blur", "The mean of the 25 pixels.", np.full((5, 5), 1 / 25)),
    ]
    return [
        {
            "name": name,
            "label": label,
            "about": about,
            "kernel": np.asarray(kernel, dtype=float).tolist(),
        }
        for name, label, about, kernel in kernels
    ]


class KernelExplorer(Figure):
    """An editable kernel over a picture: window, products, their sum and the whole response.

    ``figure.kernel = [[...], ...]`` sets the kernel from Python; ``picture`` names one of
    ``pictures``; ``row`` and ``column`` say where the window's upper left corner is.
    """

    pictures = traitlets.List(traitlets.Dict()).tag(sync=True)
    picture = traitlets.Unicode("step").tag(sync=True)
    presets = traitlets.List(traitlets.Dict()).tag(sync=True)
    kernel = traitlets.List(traitlets.List(traitlets.Float())).tag(sync=True)
    convolution = traitlets.Bool(False).tag(sync=True)
    relu = traitlets.Bool(False).tag(sync=True)
    row = traitlets.Int(1, min=0).tag(sync=True)
    column = traitlets.Int(1, min=0).tag(sync=True)

    @traitlets.default("pictures")
    def _pictures(self) -> list[dict[str, Any]]:
        return pictures()

    @traitlets.default("presets")
    def _presets(self) -> list[dict[str, Any]]:
        return presets()

    @traitlets.default("kernel")
    def _kernel(self) -> list[list[float]]:
        first: list[list[float]] = presets()[0]["kernel"]
        return first

    @traitlets.validate("picture")
    def _known_picture(self, proposal: dict[str, Any]) -> str:
        names = [picture["name"] for picture in self.pictures]
        if proposal["value"] not in names:
            raise traitlets.TraitError(
                f"no picture {proposal['value']!r}; there are {', '.join(names)}"
            )
        return str(proposal["value"])

    @traitlets.validate("kernel")
    def _square_kernel(self, proposal: dict[str, Any]) -> list[list[float]]:
        kernel: list[list[float]] = proposal["value"]
        side = len(kernel)
        if side not in (3, 5) or any(len(row) != side for row in kernel):
            raise traitlets.TraitError("a kernel has 3 rows of 3 numbers, or 5 rows of 5")
        if not all(math.isfinite(number) for row in kernel for number in row):
            raise traitlets.TraitError("a kernel has no NaN and no infinity")
        return kernel

"""Pictures, maps and numbers of the laboratory in a form that a page can carry.

A published figure computes nothing that needs the network: its page holds the results. Many maps
of one size become one image, one below the other, of which a figure shows one at a time.
"""

from __future__ import annotations

import base64
import io
from typing import Any, TypeAlias

import numpy as np
import traitlets
from PIL import Image

from book import plots

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]


class KnownScene(traitlets.HasTraits):
    """A figure of several pictures, ``scenes``; ``scene`` is the name of the one that is shown."""

    scenes: Any

    @traitlets.validate("scene")
    def _known_scene(self, proposal: dict[str, Any]) -> str:
        names = [scene["name"] for scene in self.scenes]
        if proposal["value"] not in names:
            raise traitlets.TraitError(
                f"no picture {proposal['value']!r}; there are {', '.join(names)}"
            )
        return str(proposal["value"])


def picture(pixels: Array) -> str:
    """Return a picture as the address of an image that holds all of it.

    pixels: shape (H, W, 3), from 0 to 1.
    """
    return _address(_color_image(pixels))


def pictures(several: Array, quality: int = 75) -> str:
    """Return pictures, one below the other, as a JPEG: a tenth of the bytes, not quite exact.

    several: shape (N, H, W, 3), from 0 to 1.
    """
    image = _color_image(np.reshape(several, (-1, *np.shape(several)[2:])))
    return _address(image, "jpeg", quality=quality, subsampling=0)


def responses(maps: Array, limit: float) -> str:
    """Return maps, one below the other, in the colors of the book's signed maps.

    maps: shape (N, H, W).
    limit: the absolute value drawn in full color.
    """
    return _address(plots.response_image(_below_each_other(maps), limit))


def masks(several: Array) -> str:
    """Return masks, one below the other: opaque where they are true, else transparent.

    found: shape (N, H, W), bool.
    """
    image = Image.fromarray(_below_each_other(several).astype(np.uint8), mode="P")
    image.putpalette([255, 255, 255, 0, 0, 0])
    image.info["transparency"] = b"\x00\xff"
    return _address(image)


def numbers(values: Array, step: float) -> str:
    """Return numbers as base64 of 16 bits each, little-endian: multiples of ``step``, row by row.

    Raises ValueError if a number is too large for that.
    """
    counts = np.rint(np.asarray(values, float) / step)
    if not np.all(np.abs(counts) < 2**15):
        raise ValueError(f"a number does not fit into 16 bits in steps of {step}")
    return base64.b64encode(counts.astype("<i2").tobytes()).decode("ascii")


def _below_each_other(maps: Array) -> Array:
    if np.ndim(maps) != 3:
        raise ValueError(f"maps have the shape (N, H, W); these have {np.shape(maps)}")
    return np.reshape(maps, (-1, maps.shape[2]))


def _color_image(pixels: Array) -> Image.Image:
    values = np.rint(np.asarray(pixels, float) * 255)
    if values.min() < 0 or values.max() > 255:
        raise ValueError("a picture has values from 0 to 1")
    return Image.fromarray(values.astype(np.uint8))


def _address(image: Image.Image, kind: str = "png", **how: Any) -> str:
    buffer = io.BytesIO()
    image.save(buffer, format=kind, optimize=True, **how)
    return f"data:image/{kind};base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}"

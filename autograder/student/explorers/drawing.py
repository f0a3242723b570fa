"""Pictures and response maps as HTML, without matplotlib: a kernel draws them in milliseconds."""

from __future__ import annotations

import base64
import html
import struct
import zlib
from typing import Any, TypeAlias

import numpy as np

from autograder import palette

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]

NEGATIVE = palette.EXPLORER_NEGATIVE
ZERO = palette.EXPLORER_ZERO
POSITIVE = palette.EXPLORER_POSITIVE
EDGE = palette.EXPLORER_EDGE
CHANNELS = palette.EXPLORER_CHANNELS


def png(pixels: Array) -> bytes:
    """Return ``pixels``, shape (H, W, 3) and dtype uint8, as a PNG file."""
    height, width, _ = pixels.shape
    rows = b"".join(b"\0" + row.tobytes() for row in np.ascontiguousarray(pixels))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    )


def picture_colors(picture: Array) -> Array:
    """Return the colors of a picture, (H, W) in gray or (3, H, W), whose 0 to 1 is shown."""
    if picture.ndim == 2:
        picture = np.stack([picture] * 3)
    levels = np.clip(picture.transpose(1, 2, 0), 0, 1) * 255
    return np.round(levels).astype(np.uint8)


def signed_colors(response: Array, scale: float) -> Array:
    """Return the colors of signed numbers, shape (H, W): zero is white, ``scale`` is full color."""
    share = np.clip(response / (scale or 1.0), -1, 1)[..., None]
    below, middle, above = (np.array(palette.rgb(color)) for color in (NEGATIVE, ZERO, POSITIVE))
    mixed = np.where(
        share < 0, middle + (middle - below) * share, middle + (above - middle) * share
    )
    colors: Array = np.round(mixed).astype(np.uint8)
    return colors


def outline(shape: tuple[int, ...], place: tuple[slice, slice]) -> Array:
    """Return which pixels of a picture lie on the edge of a place, shape (H, W), bool.

    shape: of the picture, (H, W, ...).
    place: rows and columns, each with start and stop.
    """
    edge = np.zeros(shape[:2], bool)
    edge[place] = True
    edge[tuple(slice(extent.start + 1, extent.stop - 1) for extent in place)] = False
    return edge


def figure(pixels: Array, caption: str, alternative: str, width: int = 200) -> str:
    """Return an HTML figure: the pixels as sharp squares, a caption, an alternative text."""
    data = base64.b64encode(png(pixels)).decode()
    return (
        '<figure style="margin:0 1em .6em 0;display:inline-block;vertical-align:top">'
        f'<img src="data:image/png;base64,{data}" alt="{html.escape(alternative)}" '
        f'style="width:{width}px;image-rendering:pixelated;border:1px solid {EDGE};margin:0">'
        f'<figcaption style="max-width:{width}px;line-height:1.35">{html.escape(caption)}'
        "</figcaption></figure>"
    )


def scale_bar(scale: float) -> str:
    """Return the legend of signed colors: from -scale through 0 to scale."""
    end = number(scale)
    return (
        '<div style="display:flex;align-items:center;gap:.5em;margin:.2em 0 .6em" role="img" '
        f'aria-label="Colors: blue is negative down to -{end}, white is zero, orange is positive '
        f'up to {end}"><span>\N{MINUS SIGN}{end}</span>'
        f'<span style="width:160px;height:.8em;border:1px solid {EDGE};'
        f'background:linear-gradient(to right,{NEGATIVE},{ZERO},{POSITIVE})"></span>'
        f"<span>{end}</span>"
        "<span>(white is 0)</span></div>"
    )


def number(value: float) -> str:
    """Write a number short, as in 0.25 or 1.2e+05."""
    return f"{value:.3g}".replace("-", "\N{MINUS SIGN}", 1) if value < 0 else f"{value:.3g}"

"""A picture of the reader's own, beside the photographs that come with the course.

The environment variable ``PICTURE`` (``make site PICTURE=me.jpg``) names a file; VGG16's pages show
it in place of their first photograph.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from laboratory import chosen_network

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]

VARIABLE = "PICTURE"
"""The environment variable that names the file."""

SMALLEST, LARGEST = 64, 1024
"""Pixels that the shorter side has: a larger picture is scaled down, a smaller one refused."""


class PictureError(ValueError):
    """The file cannot be shown; the message says why and what to do."""


def path() -> Path | None:
    """Return the file that the variable names, None without it.

    Raises PictureError if there is no such file.
    """
    given = os.environ.get(VARIABLE)
    if not given:
        return None
    file = Path(given).expanduser().absolute()
    if not file.is_file():
        raise PictureError(f"{VARIABLE} names the file {file}, which does not exist.")
    return file


def own_picture() -> Array | None:
    """Return the picture that the variable names, shape (H, W, 3), uint8; None without it.

    Raises PictureError if it cannot be shown, or if there is no VGG16 to see it.
    """
    file = path()
    if file is None:
        return None
    if not chosen_network.available("vgg16"):
        raise PictureError(
            f"{VARIABLE} is for VGG16, which has learned from photographs. The network is the "
            "course's small VGG now, which knows drawn pictures only: add "
            f"{chosen_network.VARIABLE}=vgg16, or leave {VARIABLE} out."
        )
    return read_picture(file)


def read_picture(file: Path | str) -> Array:
    """Return the picture in a file as a person sees it, shape (H, W, 3), uint8.

    Photographs of a telephone are turned upright, as their EXIF data say. What is transparent
    becomes white. Of several pictures in a file, the first is taken.

    Raises PictureError if the file holds no picture that can be read, or too small a one.
    """
    try:
        with Image.open(file) as opened:
            image = ImageOps.exif_transpose(opened)
            if image.mode.startswith("I;16"):  # 16 bits of gray: without this, nearly all is white
                image = Image.fromarray((np.asarray(image) // 257).astype(np.uint8))
            if image.mode in ("I", "F"):
                raise ValueError("its numbers have no known white")
            image = image.convert("RGBA")
    except UnidentifiedImageError as error:
        raise PictureError(
            f"{file} is no picture that can be read. Save it as JPEG or PNG."
        ) from error
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise PictureError(
            f"The picture {file} cannot be read: {error}. Save it again as JPEG or PNG."
        ) from error
    if min(image.size) < SMALLEST:
        raise PictureError(
            f"The picture {file} has {image.width} x {image.height} pixels; each side "
            f"needs at least {SMALLEST}."
        )
    image = ImageOps.scale(image, min(1.0, LARGEST / min(image.size)))
    white = Image.new("RGBA", image.size, "white")
    return np.array(Image.alpha_composite(white, image).convert("RGB"))


def fingerprint() -> str:
    """Return a text that changes when pages that show the picture have to."""
    file = path()
    if file is None:
        return ""
    return f"{file.resolve()} {file.stat().st_size} {file.stat().st_mtime_ns}"

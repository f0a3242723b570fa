"""Pictures of code cells become files, and styles stand on a page once."""

from __future__ import annotations

import base64
import hashlib
import io
import re
from pathlib import Path

import numpy as np
from PIL import Image

from book import plots
from book.extensions import page_images


def png(height: int, width: int) -> bytes:
    out = io.BytesIO()
    noise = np.random.default_rng(0).integers(0, 256, (height, width), np.uint8)
    Image.fromarray(noise).save(out, "PNG")
    return out.getvalue()


def test_a_large_picture_becomes_a_file_of_the_same_bytes(tmp_path: Path) -> None:
    data = png(40, 60)
    text = base64.b64encode(data).decode()
    body = f'<img class="dark-light" alt="noise" src="data:image/png;base64,{text}">'
    mended = page_images.with_files(body, tmp_path, "../../_images")
    name = f"{hashlib.sha256(data).hexdigest()[:16]}.png"
    assert (tmp_path / name).read_bytes() == data
    assert mended == (
        f'<img class="dark-light" alt="noise" src="../../_images/{name}" width="60" height="40" '
        'loading="lazy" decoding="async">'
    )


def test_a_small_picture_stays_in_the_page(tmp_path: Path) -> None:
    body = f'<img src="data:image/png;base64,{base64.b64encode(png(4, 4)).decode()}">'
    assert page_images.with_files(body, tmp_path, "_images") == body
    assert list(tmp_path.iterdir()) == []


def test_a_picture_keeps_the_width_that_it_has(tmp_path: Path) -> None:
    text = base64.b64encode(png(40, 60)).decode()
    body = f'<img src="data:image/png;base64,{text}" width="30">'
    assert "height" not in page_images.with_files(body, tmp_path, "_images")


def test_pictures_of_the_book_become_files(tmp_path: Path) -> None:
    """What ``plots`` writes is what the extension looks for, gray pictures and signed maps."""
    noise = np.random.default_rng(0).normal(size=(80, 80))
    drawing = plots.show(plots.picture(noise), plots.response(noise), alt="Noise.")
    body = page_images.with_files(drawing._repr_html_(), tmp_path, "_images")
    assert "data:image" not in body
    assert len(list(tmp_path.iterdir())) == 2


def test_a_style_stands_on_a_page_once() -> None:
    drawing = plots.show(plots.numbers(np.eye(2)), alt="Numbers.")._repr_html_()
    other = "<style>p{color:red}</style>"
    body = page_images.with_each_style_once(f"{drawing}<p></p>{other}{drawing}")
    assert body.startswith(drawing)
    assert len(re.findall("<style>", body)) == 2
    assert other in body

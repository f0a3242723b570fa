"""Pictures that code cells have drawn become files, which a browser loads as they come into view.

Cells write them into the page as text, as a notebook needs it: a third larger, and all of them
ahead of the first word. Their style, which each of them brings, stands on a page once.
"""

from __future__ import annotations

import base64
import hashlib
import io
import re
from pathlib import Path
from typing import Any

from PIL import Image
from sphinx.application import Sphinx

FOLDER = "_images"
SMALLEST = 1500
"""From how many characters on a picture is worth a request."""

PICTURE = re.compile(r'<img\b([^>]*?)\bsrc="data:image/(png|jpeg);base64,([^"]+)"([^>]*)>')
STYLE = re.compile(r"<style>.*?</style>\n?", re.DOTALL)


def with_files(body: str, folder: Path, address: str) -> str:
    """Return the HTML of a page with its large pictures in files.

    folder: where these are written. address: that of the folder, from the page.
    """

    def in_file(match: re.Match[str]) -> str:
        before, kind, text, after = match.groups()
        if len(text) < SMALLEST:
            return match[0]
        data = base64.b64decode(text)
        name = f"{hashlib.sha256(data).hexdigest()[:16]}.{kind}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)
        width, height = Image.open(io.BytesIO(data)).size
        size = "" if "width=" in before + after else f' width="{width}" height="{height}"'
        return f'<img{before}src="{address}/{name}"{size} loading="lazy" decoding="async"{after}>'

    return PICTURE.sub(in_file, body)


def with_each_style_once(body: str) -> str:
    """Return the HTML of a page without styles that it has had already."""
    known = set()

    def first(match: re.Match[str]) -> str:
        repeated = match[0] in known
        known.add(match[0])
        return "" if repeated else match[0]

    return STYLE.sub(first, body)


def mend(
    app: Sphinx, _pagename: str, _templatename: str, context: dict[str, Any], _doctree: Any
) -> None:
    """Put the pictures of a page into files, and its styles into one place each."""
    if "body" in context:
        address = context["pathto"](FOLDER, resource=True)
        body = with_files(context["body"], Path(app.outdir, FOLDER), address)
        context["body"] = with_each_style_once(body)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension."""
    app.connect("html-page-context", mend)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

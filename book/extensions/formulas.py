"""Serve MathJax from the site itself, so that a page asks no other host for anything.

MathJax comes with the Python package ``django-static-mathjax`` (nothing of Django is used). The
files a page needs are copied into the built site: the program, its fonts, and the TeX packages
that it loads on demand.
"""

from __future__ import annotations

import shutil
from importlib import metadata
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

PACKAGE = "django-static-mathjax"
PROGRAM = "tex-chtml.js"
FOLDERS = ("output/chtml/fonts/woff-v2", "input/tex/extensions")


def mathjax_folder() -> Path:
    """Return the folder of MathJax's ready-made programs in the installed package."""
    try:
        package = metadata.distribution(PACKAGE)
    except metadata.PackageNotFoundError as error:
        raise ExtensionError(
            f"the package that brings MathJax is not installed: pip install {PACKAGE}"
        ) from error
    return Path(str(package.locate_file("mathjax/static/mathjax/es5")))


def copy_mathjax(app: Sphinx) -> None:
    """Copy MathJax into the site, before pages are written: they carry a digest of the program."""
    if app.builder.format != "html":
        return
    source, target = mathjax_folder(), Path(app.outdir, "_static", "mathjax")
    for folder in FOLDERS:
        shutil.copytree(source / folder, target / folder, dirs_exist_ok=True)
    shutil.copy2(source / PROGRAM, target / PROGRAM)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension."""
    mathjax_folder()
    app.connect("builder-inited", copy_mathjax)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

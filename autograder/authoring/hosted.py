"""Notebooks on machines of others: Colab and Binder open them from a public repository at GitHub.

``repository`` in ``course.toml`` is its address. Without one, and for a chapter that needs more
than NumPy, a notebook is as it is elsewhere.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection
from pathlib import Path
from urllib.parse import urlsplit

from autograder.checks import FILE_NAME
from autograder.course_settings import load_course_settings
from autograder.packages import DEFAULT_PACKAGES

CELL = """\
# On Colab and Binder, this gets what the exercise needs. Elsewhere it does nothing.
import os

if {{"COLAB_RELEASE_TAG", "BINDER_SERVICE_HOST"}} & set(os.environ):
    import subprocess
    import sys
    import urllib.request

    packages = ["anywidget", "{package} @ git+{repository}"]
    subprocess.run([sys.executable, "-m", "pip", "install", "--quiet", *packages], check=True)
    urllib.request.urlretrieve("{checks}", "{file_name}")"""
"""The first cell of a notebook that such a host may open."""


def github_name(address: str) -> str:
    """Return the name ``owner/name`` of a repository at GitHub; "" for one elsewhere, or none."""
    parts = urlsplit(address)
    return parts.path.strip("/").removesuffix(".git") if parts.netloc == "github.com" else ""


def hosted_cell(course: Path, chapter: str, packages: Collection[str]) -> str:
    """Return the code of a notebook's first cell; "" where it needs none.

    packages: what the chapter's notebook imports.
    """
    name = github_name(load_course_settings(course).repository)
    if not name or not set(packages) <= set(DEFAULT_PACKAGES):
        return ""
    project = tomllib.loads((course / "pyproject.toml").read_text("utf-8"))["project"]
    raw = f"https://raw.githubusercontent.com/{name}/HEAD"
    return CELL.format(
        package=project["name"],
        repository=f"https://github.com/{name}",
        checks=f"{raw}/exercises/{chapter}/{FILE_NAME}",
        file_name=FILE_NAME,
    )

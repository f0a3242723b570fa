"""Building the static site with Jupyter Book."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

SITE = Path("_build") / "html"
"""Where the site is built, below the root of the course."""


class SiteError(Exception):
    """Jupyter Book could not build the site; the message holds the end of its output."""


def build_site(course: Path, progress: Callable[[str], None] = lambda line: None) -> Path:
    """Build the site of the course and return the path of its first page.

    Every warning is an error. ``progress`` is called with each line that Jupyter Book prints;
    all of them are kept in ``_build/site.log``. Raises :class:`SiteError`.
    """
    jupyter_book = Path(sys.executable).with_name("jupyter-book")
    command = [str(jupyter_book), "build", "-n", "-W", "--keep-going"]
    path = course / "_build" / "site.log"
    path.parent.mkdir(exist_ok=True)
    lines = []
    with (
        path.open("w", encoding="utf-8") as log,
        subprocess.Popen(
            [*command, str(course)],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
        ) as build,
    ):
        assert build.stdout is not None
        for line in build.stdout:
            log.write(line)
            lines.append(line.rstrip())
            progress(line.strip())
    if build.returncode:
        end = "\n".join(lines[-30:])
        raise SiteError(f"Jupyter Book failed; all of its output is in {path}. Its end:\n{end}")
    return course / SITE / "index.html"

"""Building the static site with Jupyter Book."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

SITE = Path("_build") / "html"
"""Where the site is built, below the root of the course."""


SAYS_NETWORK = "Network: "
"""How the line begins in which the build says with which network and device it was made."""


class SiteError(Exception):
    """Jupyter Book could not build the site; the message holds the end of its output."""


@dataclasses.dataclass(frozen=True)
class Site:
    """A site that was built: its first page, and with which network and device (or "")."""

    first_page: Path
    network: str


def build_site(course: Path, progress: Callable[[str], None] = lambda line: None) -> Site:
    """Build the site of the course.

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
    network = [line.removeprefix(SAYS_NETWORK) for line in lines if line.startswith(SAYS_NETWORK)]
    return Site(course / SITE / "index.html", "".join(network))

"""Work in parts: so the memory it takes is bounded, and a bar shows how far it is."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import TypeVar

from rich.console import Console
from rich.progress import track as rich_track

Step = TypeVar("Step")

QUIET = "CNN_COURSE_QUIET"
"""Where this environment variable is set, no progress is shown: pages of the book are notebooks."""


def batch_starts(total: int, batch_size: int) -> range:
    """Return at which of ``total`` pictures, samples or places each batch begins.

    Raises ValueError if a batch would hold nothing.
    """
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1; {batch_size} was given.")
    return range(0, total, batch_size)


def track(steps: Sequence[Step], title: str, progress: bool = True) -> Iterable[Step]:
    """Go through steps, with a progress bar where somebody can see it: a terminal, a notebook.

    Nothing is shown where the output is a file or a pipe, and where QUIET is set.
    """
    console = Console(stderr=True)
    watched = console.is_terminal or console.is_jupyter
    visible = progress and len(steps) > 1 and watched and QUIET not in os.environ
    return rich_track(steps, title, console=console, disable=not visible, transient=True)

"""Work in parts: so the memory it takes is bounded, and a bar shows how far it is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from rich.console import Console
from rich.progress import track as rich_track

Step = TypeVar("Step")


def batch_starts(total: int, batch_size: int) -> range:
    """Return at which of ``total`` pictures, samples or places each batch begins.

    Raises ValueError if a batch would hold nothing.
    """
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1; {batch_size} was given.")
    return range(0, total, batch_size)


def track(steps: Sequence[Step], title: str, progress: bool = True) -> Iterable[Step]:
    """Go through steps, with a progress bar where somebody can see it.

    Nothing is shown where the output is a file, a pipe or a page, as when the book is built.
    """
    console = Console(stderr=True)
    visible = progress and len(steps) > 1 and console.is_terminal
    return rich_track(steps, title, console=console, disable=not visible, transient=True)

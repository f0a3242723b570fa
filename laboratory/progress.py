"""Progress bars: in a terminal, and silent elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypeVar

from rich.console import Console
from rich.progress import track as rich_track

Step = TypeVar("Step")


def track(steps: Sequence[Step], title: str, shown: bool = True) -> Iterable[Step]:
    """Go through steps, with a bar where somebody can see it.

    Nothing is shown where the output is a file, a pipe or a page, as when the book is built.
    """
    console = Console(stderr=True)
    visible = shown and len(steps) > 1 and console.is_terminal
    return rich_track(steps, title, console=console, disable=not visible, transient=True)

"""A progress bar stands where somebody can see it, and nowhere else."""

from __future__ import annotations

from typing import Any

import pytest
from rich.console import Console

from laboratory import batches


@pytest.mark.parametrize(
    ("terminal", "jupyter", "quiet", "visible"),
    [
        (True, False, False, True),
        (False, True, False, True),
        (False, False, False, False),
        (False, True, True, False),
    ],
    ids=["terminal", "notebook", "file", "page of the book"],
)
def test_where_progress_is_shown(
    monkeypatch: pytest.MonkeyPatch, terminal: bool, jupyter: bool, quiet: bool, visible: bool
) -> None:
    bars: list[bool] = []

    def rich_track(steps: Any, title: str, *, disable: bool, **options: Any) -> Any:
        bars.append(not disable)
        return steps

    def console(**options: Any) -> Console:
        return Console(force_terminal=terminal, force_jupyter=jupyter, **options)

    monkeypatch.setattr(batches, "rich_track", rich_track)
    monkeypatch.setattr(batches, "Console", console)
    monkeypatch.delenv(batches.QUIET, raising=False)
    if quiet:
        monkeypatch.setenv(batches.QUIET, "1")
    assert list(batches.track([1, 2], "steps")) == [1, 2]
    batches.track([1], "one step")
    batches.track([1, 2], "steps", progress=False)
    assert bars == [visible, False, False]

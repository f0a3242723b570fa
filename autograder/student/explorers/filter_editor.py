"""The widget in which a filter is chosen and edited."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import ipywidgets as widgets
import numpy as np

from autograder.student.explorers.filters import Array

OWN = "your own"
SIZES = (2, 3, 4, 5)


class FilterEditor:
    """Presets, a size, and one number field per entry. ``value`` is the filter."""

    def __init__(
        self,
        presets: Mapping[str, Any],
        changed: Callable[[Callable[[], None]], None],
        name: str = "filter",
        first: str | None = None,
    ) -> None:
        """``changed`` is called with the change to make; it makes it and then refreshes once."""
        self._presets = {key: np.array(rows, dtype=float) for key, rows in presets.items()}
        self._changed = changed
        self._busy = True
        chosen = first or next(iter(self._presets))
        self.preset = widgets.Dropdown(
            options=[*self._presets, OWN], value=chosen, description=name
        )
        sizes = sorted({*SIZES, *(len(rows) for rows in self._presets.values())})
        self.size = widgets.Dropdown(
            options=[(f"{n} × {n}", n) for n in sizes],
            value=len(self._presets[chosen]),
            description="size",
        )
        self.entries: list[Any] = []
        self.grid = widgets.GridBox([], layout={"margin": "0 0 0 90px"})
        self.widget = widgets.VBox([self.preset, self.size, self.grid])
        self._fill(self._presets[chosen])
        self.preset.observe(self._choose_preset, names="value")
        self.size.observe(self._choose_size, names="value")
        self._busy = False

    @property
    def value(self) -> Array:
        """The filter, shape (size, size)."""
        numbers = [entry.value for entry in self.entries]
        return np.array(numbers, dtype=float).reshape(self.size.value, self.size.value)

    def _fill(self, rows: Array) -> None:
        size = len(rows)
        if len(self.entries) != rows.size:
            self.entries = [
                widgets.FloatText(
                    step=0.25,
                    layout={"width": "4.2em", "margin": "1px"},
                    tooltip=f"row {i // size}, column {i % size}",
                )
                for i in range(rows.size)
            ]
            for entry in self.entries:
                entry.observe(self._edit, names="value")
            self.grid.children = self.entries
            self.grid.layout.grid_template_columns = f"repeat({size}, max-content)"
        for entry, number in zip(self.entries, rows.flat, strict=True):
            entry.value = float(number)

    def _make(self, change: Callable[[], None]) -> None:
        if self._busy:
            return
        self._busy = True
        try:
            self._changed(change)
        finally:
            self._busy = False

    def _choose_preset(self, change: Mapping[str, Any]) -> None:
        if change["new"] == OWN:
            return
        rows = self._presets[change["new"]]

        def apply() -> None:
            self.size.value = len(rows)
            self._fill(rows)

        self._make(apply)

    def _choose_size(self, change: Mapping[str, Any]) -> None:
        before = np.array([entry.value for entry in self.entries]).reshape(change["old"], -1)
        rows = np.zeros((change["new"], change["new"]))
        common = min(change["old"], change["new"])
        rows[:common, :common] = before[:common, :common]

        def apply() -> None:
            self.preset.value = OWN
            self._fill(rows)

        self._make(apply)

    def _edit(self, _change: Mapping[str, Any]) -> None:
        def apply() -> None:
            self.preset.value = OWN

        self._make(apply)

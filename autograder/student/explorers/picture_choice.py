"""The control by which a picture is chosen: one of those that are drawn, or the reader's own."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterable

import ipywidgets as widgets

from autograder.student.explorers.pictures import Array, color_picture, gray_levels

OWN_PICTURE = "your own"


class PictureChoice:
    """A menu of pictures, and where anywidget is installed, ways to add one of the reader's own.

    ``menu`` is the dropdown, ``widget`` the whole.
    """

    def __init__(
        self,
        names: Iterable[str],
        size: int,
        changed: Callable[[Callable[[], None]], None],
        first: str | None = None,
    ) -> None:
        """``changed`` is called with the change to make; it makes it and then refreshes once."""
        self._drawn = list(names)
        self._size = size
        self._changed = changed
        self.menu = widgets.Dropdown(
            options=self._drawn, value=first or self._drawn[0], description="picture"
        )
        parts: list[widgets.Widget] = [self.menu]
        if importlib.util.find_spec("anywidget"):
            from autograder.student.explorers.own_picture import OwnPicture

            parts.append(OwnPicture(size, self.take))
        self.widget = widgets.VBox(parts)

    def take(self, colors: Array) -> None:
        """Show a picture of the reader's own, (3, size, size), in place of the one before it."""

        def apply() -> None:
            self._own = colors
            self.menu.options = [*self._drawn, OWN_PICTURE]
            self.menu.value = OWN_PICTURE

        self._changed(apply)

    @property
    def color(self) -> Array:
        """The picture in color, shape (3, size, size), from 0 to 1."""
        if self.menu.value == OWN_PICTURE:
            return self._own
        return color_picture(self.menu.value, self._size)

    @property
    def gray(self) -> Array:
        """The picture in gray, shape (size, size), from 0 (black) to 1 (white)."""
        return gray_levels(self.color)

    @property
    def words(self) -> str:
        """What the picture is called at the beginning of a sentence."""
        if self.menu.value == OWN_PICTURE:
            return "Your own picture"
        return f"The picture {self.menu.value}"

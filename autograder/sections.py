"""Sections of the book, as reports and exercises name them."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class Section:
    """A section of the book: its chapter, its title, and where it is.

    ``path`` leads to it from the site's first folder, as ``book/filters/filters.html#channels``
    does. ``site`` is the address of that folder; "" where nobody has named it.
    """

    chapter: str
    title: str
    path: str
    site: str = ""

    @property
    def name(self) -> str:
        """The section in words."""
        return f"“{self.title}” in {self.chapter}"

    @property
    def address(self) -> str:
        """The address of the section; "" where the site has none."""
        return f"{self.site.rstrip('/')}/{self.path}" if self.site else ""

"""The base class of all live figures: it joins what they share to what each has of its own."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import anywidget

from autograder import palette
from book.figures.joining import joined_module

SHARED_SHEET = Path(__file__).with_suffix(".css")
COMMENT = re.compile(r"/\*.*?\*/\s*", re.DOTALL)


class Figure(anywidget.AnyWidget):
    """A figure whose module and style sheet stand beside its Python file, under the same name.

    The module may import from others, and the sheet builds on ``figure.css``. All of it is joined:
    a figure then is one module and one sheet, which need no other file, in a notebook and on a
    page.
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Read the files of a figure. Raises ValueError for imports that cannot be joined."""
        if not hasattr(cls, "_esm"):  # a class derived from a figure has what that figure has
            own = Path(inspect.getfile(cls))
            cls._esm = joined_module(own.with_suffix(".mjs"))
            cls._css = joined_sheet(own.with_suffix(".css"), cls._esm)
        super().__init_subclass__(**kwargs)


def joined_sheet(own: Path, module: str) -> str:
    """Return a figure's style sheet behind its colors and the sheet that all figures share.

    module: the text of the figure's module, which may use colors, too.
    """
    sheets = [path.read_text(encoding="utf-8") for path in (SHARED_SHEET, own)]
    used = set(re.findall(r"--lf-color-(\w+)", "".join([*sheets, module])))
    return "\n".join([color_rules(used), *(COMMENT.sub("", sheet) for sheet in sheets)])


def color_rules(names: set[str]) -> str:
    """Return the rules that set the named colors of ``palette.FIGURE`` as variables.

    Raises ValueError for a name that the palette does not have.
    """
    if unknown := sorted(names - set(palette.FIGURE)):
        raise ValueError(
            f"no color {', '.join(unknown)}; there are {', '.join(sorted(palette.FIGURE))}"
        )
    rules = []
    for selector, colors in (
        (".lf", palette.FIGURE),
        ('.lf[data-dark="true"]', palette.FIGURE_ON_DARK),
    ):
        lines = [f"  --lf-color-{name}: {colors[name]};" for name in colors if name in names]
        rules.append("\n".join([f"{selector} {{", *lines, "}"]))
    return "\n".join(rules) + "\n"

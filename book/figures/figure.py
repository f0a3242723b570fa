"""The base class of all live figures: it joins what they share to what each has of its own."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import anywidget

SHARED = Path(__file__)
IMPORT = re.compile(r'^import \{([^}]*)\} from "\.\./figures/figure\.mjs";\n', re.MULTILINE)
EXPORT = re.compile(r"^export function (\w+)", re.MULTILINE)


class Figure(anywidget.AnyWidget):
    """A figure whose module and style sheet stand beside its Python file, under the same name.

    What all figures share, ``figure.mjs`` and ``figure.css``, is put in front of both: a figure
    then is one module and one sheet, which need no other file, in a notebook and on a page.
    """

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Read the files of a figure. Raises ValueError if it imports what is not shared."""
        if not hasattr(cls, "_esm"):  # a class derived from a figure has what that figure has
            own = Path(inspect.getfile(cls))
            cls._esm = joined_module(own.with_suffix(".mjs"))
            cls._css = joined_sheet(own.with_suffix(".css"))
        super().__init_subclass__(**kwargs)


def joined_module(own: Path) -> str:
    """Return a figure's module with the text of ``figure.mjs`` in place of its import.

    Raises ValueError if it imports a name that ``figure.mjs`` does not export.
    """
    shared = SHARED.with_suffix(".mjs").read_text(encoding="utf-8")
    exported = EXPORT.findall(shared)

    def text_for(match: re.Match[str]) -> str:
        unknown = {name.strip() for name in match[1].split(",")} - {*exported, ""}
        if unknown:
            raise ValueError(
                f"{own.name} imports {', '.join(sorted(unknown))} from figure.mjs, "
                f"which exports {', '.join(exported)}"
            )
        return f"{shared}\n"

    return IMPORT.sub(text_for, own.read_text(encoding="utf-8"))


def joined_sheet(own: Path) -> str:
    """Return a figure's style sheet behind the one that all figures share."""
    shared = SHARED.with_suffix(".css").read_text(encoding="utf-8")
    return f"{shared}\n{own.read_text(encoding='utf-8')}"

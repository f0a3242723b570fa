"""Live figures of the book.

A figure is one ES module in anywidget's format, a style sheet and a Python class, in files of the
same name in the folder of the chapter that shows it. The class holds what the figure starts with.
In a notebook it is a widget; on the published page the same module runs without Python, started
with ``figure_state``.
"""

from __future__ import annotations

import pkgutil
from pathlib import Path
from typing import Any

import anywidget

BOOK = Path(__file__).parents[1]


def figures_in(book: Path) -> dict[str, str]:
    """Return where the figure classes are, under the names by which pages ask for them.

    A module ``book/<chapter>/<name>.mjs`` beside a Python file of the same name is a figure; its
    class has the same name in CamelCase.
    """
    names = {
        path.stem: f"book.{path.parent.name}.{path.stem}:{path.stem.title().replace('_', '')}"
        for path in book.glob("*/*.mjs")
        if path.parent.name != "figures" and path.with_suffix(".py").exists()
    }
    return dict(sorted(names.items()))


FIGURES = figures_in(BOOK)
"""The classes are not imported here: some figures need PyTorch, which takes seconds."""


def figure_class(name: str) -> type[anywidget.AnyWidget]:
    """Return the class of a figure, imported when it is first asked for.

    name: a key of ``FIGURES``. Raises KeyError for another one.
    """
    figure: type[anywidget.AnyWidget] = pkgutil.resolve_name(FIGURES[name])
    return figure


def figure_state(figure: anywidget.AnyWidget) -> dict[str, Any]:
    """Return what a figure's module needs to start: its own synced traits, ready for JSON.

    figure: an instance of the class of a figure.
    Returns trait names and values. The module, the style sheet and the traits that only Jupyter
    needs (layout and the like) are left out.
    """
    jupyter = set(anywidget.AnyWidget.class_trait_names())
    state: dict[str, Any] = figure.get_state()
    return {
        name: value
        for name, value in state.items()
        if name not in jupyter and not name.startswith("_")
    }

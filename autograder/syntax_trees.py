"""Source as a syntax tree, from any thread.

CPython before 3.11.8 and 3.12.2 counts the depth of all trees that are being built in one place:
where two threads parse at a time, one of them may get a ``SystemError`` about nothing (gh-106905).
"""

from __future__ import annotations

import ast
import threading

NO_PYTHON = (SyntaxError, ValueError, RecursionError, MemoryError)
"""What is raised where source is not Python: null bytes and half characters are ValueErrors."""

one_at_a_time = threading.RLock()
"""Held while a tree is built; by others who call what parses, too."""


def syntax_tree(source: str | bytes) -> ast.Module:
    """Return the tree of some source.

    Raises one of :data:`NO_PYTHON` where it is none.
    """
    with one_at_a_time:
        return ast.parse(source)

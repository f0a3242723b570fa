"""Source as a syntax tree, from any thread.

CPython before 3.11.8 and 3.12.2 counts the depth of all trees that are being built in one place:
where two threads parse at a time, one of them may get a ``SystemError`` about nothing (gh-106905).
"""

from __future__ import annotations

import ast
import threading

one_at_a_time = threading.RLock()
"""Held while a tree is built; by others who call what parses, too."""


def syntax_tree(source: str | bytes) -> ast.Module:
    """Return the tree of some source.

    Raises what :func:`ast.parse` raises, a ``SyntaxError`` first of all.
    """
    with one_at_a_time:
        return ast.parse(source)

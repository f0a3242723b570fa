"""Which files of a course an import runs: read from the source, nothing has to be run.

Imports inside functions count, too: a module that something else has imported before is found here
all the same.
"""

from __future__ import annotations

import ast
import functools
import hashlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from autograder.syntax_trees import syntax_tree


def imported_files(
    root: Path, files: Iterable[Path], counts: Callable[[Path], bool] = lambda path: True
) -> set[Path]:
    """Return some modules and the modules below ``root`` that they import, however indirectly.

    Those that do not count are left out, with what only they import.
    """
    reached: set[Path] = set()
    ahead = list(files)
    while ahead:
        path = ahead.pop()
        if path not in reached and counts(path):
            reached.add(path)
            name = ".".join(path.relative_to(root).with_suffix("").parts)
            # With the packages that it lies in; of a package's __init__, the package.
            ahead += located(root, name)
            ahead += imported_by(root, path.read_bytes(), name.split(".")[:-1])
    return reached


def imported_by(root: Path, source: str | bytes, package: list[str]) -> Iterator[Path]:
    """Yield the files below ``root`` that some code imports.

    package: names of the packages that the code lies in, for relative imports.
    """
    for name in _imported_names(source, tuple(package)):
        yield from located(root, name)


@functools.lru_cache(maxsize=1024)  # a module's source is read again for all that import it
def _imported_names(source: str | bytes, package: tuple[str, ...]) -> tuple[str, ...]:
    names = []
    for node in ast.walk(syntax_tree(source)):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else ()
            origin = [*above, *([node.module] if node.module else [])]
            names += [".".join([*origin, alias.name]) for alias in node.names]
    return tuple(names)


def located(root: Path, name: str) -> Iterator[Path]:
    """Yield the files below ``root`` that importing a name runs: its packages, then its module."""
    parts = name.split(".")
    for end in range(1, len(parts) + 1):
        place = root.joinpath(*parts[:end])
        yield from filter(Path.is_file, (place / "__init__.py", place.with_suffix(".py")))


def add_files(digest: hashlib._Hash, root: Path, files: Iterable[Path]) -> None:
    """Add the names, from ``root`` on, and the contents of files to a digest, in their order."""
    for path in sorted(files):
        digest.update(f"{path.relative_to(root).as_posix()}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())

"""Small books, built by Sphinx in processes of their own that have its modules already."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests import COURSE

EXTENSIONS = sorted(path.stem for path in (COURSE / "book" / "extensions").glob("[a-z]*.py"))
# Importing these takes four times as long as a small book. A server has them, and is cloned.
_SERVER = multiprocessing.get_context("forkserver")
_SERVER.set_forkserver_preload(
    [
        *("sphinx.cmd.build", "myst_nb", "sphinx_book_theme"),
        *(f"book.extensions.{name}" for name in EXTENSIONS),
    ]
)


def sphinx_build(
    folder: Path,
    *options: str,
    source: str = ".",
    environment: Mapping[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run Sphinx on the book of a folder, into ``out``, as ``python -m sphinx`` does.

    ``environment`` takes the place of this process's.
    """
    arguments = [*options, source, "out"]
    given = dict(os.environ if environment is None else environment)
    with tempfile.TemporaryDirectory() as place:
        printed = [Path(place, name) for name in ("output", "errors")]
        process = _SERVER.Process(target=_run, args=(folder, arguments, given, printed))
        process.start()
        process.join()
        assert process.exitcode is not None
        texts = [path.read_text("utf-8") for path in printed]
    return subprocess.CompletedProcess(arguments, process.exitcode, *texts)


def _run(
    folder: Path, arguments: Sequence[str], environment: dict[str, str], printed: Sequence[Path]
) -> None:
    from sphinx.cmd.build import main

    for number, path in enumerate(printed, 1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT), number)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.exit(main(arguments))

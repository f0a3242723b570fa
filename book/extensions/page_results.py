"""Which pages have to be executed again: those whose results would be others now.

Jupyter Book keeps the results of executed pages, and looks at the text of a page only. This
extension also looks at the code that a page imports, at the data beside that code, and, where the
page shows a network, at the weights, the device and the picture that a reader gives (``PICTURE``).
It gets the weights that the setting ``NETWORK`` asks for before the first page is executed, and
says at the end which network it was.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from pathlib import Path
from typing import Any

import jupytext
from jupyter_cache import get_cache
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.errors import ExtensionError
from sphinx.util import logging

from autograder.authoring.site import SAYS_NETWORK
from autograder.imported_files import add_files, imported_by, imported_files
from book.extensions.course_setup import COURSE_ROOT
from book.figures import FIGURES
from laboratory import chosen_network, own_picture
from laboratory.batches import QUIET
from laboratory.weights import WeightsError

PACKAGES = ("autograder", "book", "laboratory", "solutions")
DATA = {".npz", ".json", ".csv", ".png", ".jpg"}
SETTINGS = {
    Path("laboratory") / "chosen_network.py": chosen_network,
    Path("laboratory") / "own_picture.py": own_picture,
}
"""Pages that import one of these modules show a network, or a picture of the reader's own."""

LIVE_FIGURE = re.compile(r"^```\{live-figure\} (\w+)", re.MULTILINE)


def files_behind(root: Path, page: str) -> set[Path]:
    """Return the files that the results of a page depend on.

    page: its text. Figures that the page shows are made with it, too.
    """
    cells = [
        cell.source for cell in jupytext.reads(page, "md:myst").cells if cell.cell_type == "code"
    ]
    figures = [
        FIGURES[name].partition(":")[0] for name in LIVE_FIGURE.findall(page) if name in FIGURES
    ]
    code = "\n".join([*cells, *(f"import {module}" for module in figures)])
    modules = imported_files(root, imported_by(root, code, []))
    data = {
        path
        for folder in {module.parent for module in modules}
        for path in folder.iterdir()
        if path.suffix in DATA
    }
    return modules | data


def shows_network(page: Path, root: Path = COURSE_ROOT) -> bool:
    """Return whether a page shows a network, or a picture of the reader's own."""
    files = files_behind(root, page.read_text("utf-8"))
    return any(root / module in files for module in SETTINGS)


def digest_of(root: Path, files: set[Path]) -> str:
    """Return a digest of the names and contents of files; of network and picture, where shown."""
    digest = hashlib.sha256()
    add_files(digest, root, files)
    for module, setting in SETTINGS.items():
        if root / module in files:
            digest.update(setting.fingerprint().encode())
    return digest.hexdigest()


def digests(env: BuildEnvironment, root: Path = COURSE_ROOT) -> dict[str, str]:
    """Return the digest of each page, and under "" that of all code: extensions use it, too."""
    code = {path for package in PACKAGES for path in (root / package).rglob("*.py")}
    pages = {page: Path(env.doc2path(page)).read_text("utf-8") for page in env.found_docs}
    behind = {page: files_behind(root, text) for page, text in pages.items()}
    return {"": digest_of(root, code)} | {
        page: digest_of(root, files) for page, files in behind.items()
    }


def outdated_pages(
    app: Sphinx, env: BuildEnvironment, _added: set[str], _changed: set[str], _removed: set[str]
) -> list[str]:
    """Forget the results of pages that would be others now, and read these pages again.

    After any change of code all pages are read again, most of them with the results that are kept.
    """
    now = env.course_digests = digests(env)  # type: ignore[attr-defined]
    try:
        before = json.loads(record(app).read_text("utf-8"))
    except (OSError, ValueError):
        shutil.rmtree(record(app).parent, ignore_errors=True)
        return sorted(env.found_docs)
    outdated = {page for page in env.found_docs if before.get(page) != now[page]}
    forget(record(app).parent, {Path(env.doc2path(page)) for page in outdated})
    return sorted(outdated if before.get("") == now[""] else env.found_docs)


def forget(cache: Path, pages: set[Path]) -> None:
    """Remove the results of pages from Jupyter Book's cache."""
    results = get_cache(cache)
    for result in results.list_cache_records():
        if Path(result.uri) in pages:
            results.remove_cache(result.pk)


def record(app: Sphinx) -> Path:
    """Return the file beside the kept results that says what they depend on."""
    cache = app.config.nb_execution_cache_path or Path(app.outdir).parent / ".jupyter_cache"
    return Path(cache, "depends_on.json")


def get_ready(_app: Sphinx) -> None:
    """Get the weights that the setting asks for, and check the reader's picture.

    No page shows a progress bar.
    """
    os.environ[QUIET] = "1"
    try:
        chosen_network.get_weights()
        if file := own_picture.path():
            os.environ[own_picture.VARIABLE] = str(file)  # pages are executed in another folder
            own_picture.own_picture()
    except (ValueError, WeightsError) as error:
        raise ExtensionError(str(error)) from error


def finish(app: Sphinx, error: Exception | None) -> None:
    """Note what the results of this build depend on; say which network and picture it was."""
    if error is None and hasattr(app.env, "course_digests"):
        record(app).parent.mkdir(parents=True, exist_ok=True)
        record(app).write_text(json.dumps(app.env.course_digests, indent=1), "utf-8")
        file = own_picture.path()
        picture = f" Your picture: {file}." if file else ""
        logging.getLogger(__name__).info(SAYS_NETWORK + chosen_network.description() + picture)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension."""
    app.connect("builder-inited", get_ready)
    app.connect("env-get-outdated", outdated_pages)
    app.connect("build-finished", finish)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

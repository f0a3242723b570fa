"""What the build of the course needs and ``_config.yml`` cannot say.

The pages import ``solutions``, ``book`` and ``autograder`` when they are executed. This extension
makes them importable, however ``jupyter-book`` was started, and runs the pages again after
that code has changed: the execution cache of Jupyter Book looks at the pages only.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

from book.extensions.logo import ICON

COURSE_ROOT = Path(__file__).resolve().parents[2]
IMPORTED_PACKAGES = ("autograder", "book", "laboratory", "solutions")

REDIRECT = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="refresh" content="0; url={target}">
<title>{title}</title>
<link rel="icon" href="{icon}">
</head>
<body><main><h1>{title}</h1><p><a href="{target}">Go to the first page</a></p></main></body>
</html>
"""


def make_importable(root: Path) -> None:
    """Put ``root`` first on the import path of this process and of the kernels it starts."""
    if str(root) not in sys.path[:1]:
        sys.path.insert(0, str(root))
    paths = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    if str(root) not in paths:
        os.environ["PYTHONPATH"] = os.pathsep.join([str(root), *filter(None, paths)])


def fingerprint(root: Path) -> str:
    """Return a digest of all Python code that the executed pages may import."""
    digest = hashlib.sha256()
    for package in IMPORTED_PACKAGES:
        for path in sorted((root / package).rglob("*.py")):
            digest.update(path.relative_to(root).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()


def outdated_pages(
    app: Sphinx, env: BuildEnvironment, _added: set[str], _changed: set[str], _removed: set[str]
) -> list[str]:
    """Drop the execution cache and read every page again if imported code has changed."""
    if stamp(app).exists() and stamp(app).read_text() == fingerprint(COURSE_ROOT):
        return []
    shutil.rmtree(stamp(app).parent, ignore_errors=True)
    return sorted(env.found_docs)


def stamp(app: Sphinx) -> Path:
    """Return the file beside the cached results that holds the digest of the code behind them."""
    cache = app.config.nb_execution_cache_path or Path(app.outdir).parent / ".jupyter_cache"
    return Path(cache, "imported_code.sha256")


def write_stamp(app: Sphinx, error: Exception | None) -> None:
    """Note which code the pages of this build have used."""
    if error is None:
        stamp(app).parent.mkdir(parents=True, exist_ok=True)
        stamp(app).write_text(fingerprint(COURSE_ROOT))


def mend_roles(
    _app: Sphinx, _pagename: str, _templatename: str, context: dict[str, Any], _doctree: Any
) -> None:
    """Call the entries of a bibliography list items: their list may hold nothing else.

    Docutils calls them ``doc-biblioentry``, a role that its standard has withdrawn.
    """
    if "body" in context:
        context["body"] = context["body"].replace('role="doc-biblioentry"', 'role="listitem"')


def write_redirect(app: Sphinx, error: Exception | None) -> None:
    """Send visitors of the site's root to the first page."""
    if error is None and app.builder.format == "html" and app.config.root_doc != "index":
        page = REDIRECT.format(
            target=app.builder.get_target_uri(app.config.root_doc),
            title=app.config.html_title,
            icon=ICON,
        )
        Path(app.outdir, "index.html").write_text(page, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension."""
    make_importable(COURSE_ROOT)
    app.connect("env-get-outdated", outdated_pages)
    app.connect("html-page-context", mend_roles)
    app.connect("build-finished", write_stamp)
    app.connect("build-finished", write_redirect)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

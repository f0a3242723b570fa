"""The directive ``task-cell``: a task of an exercise, to be solved on the page.

::

    ```{task-cell} filters corr2d
    ```

Without a script, and on a page from a file, it shows the function as the exercise hands it out, and
the way to the download. ``task-cell.js`` puts an editor in its place, and checks the reader's code
with the course's own ``check``: in the browser, by Pyodide. Nothing of that is loaded before the
reader asks for a check. A task that needs more than NumPy stays as it is without a script.

The section in which a task stands is the one that explains it: exercises, reports and the list of
common mistakes lead there (see :mod:`autograder.authoring.book_sections`).

Where Pyodide comes from is one setting, the environment variable ``PYODIDE``: an address, or a
folder that holds a release of Pyodide, whose files the site then serves itself. Without it, pages
ask Pyodide's own host, and say so.
"""

from __future__ import annotations

import hashlib
import html
import json
import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from docutils import nodes
from packaging.utils import canonicalize_name
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective

from autograder.authoring.archive import (
    ARCHIVE_NAME,
    PAGE_PACKAGE_NAME,
    make_page_package,
)
from autograder.authoring.source import TaskCell as ExerciseTask
from autograder.chapter import SourceError, load_chapter
from autograder.checks import FILE_NAME
from autograder.course_settings import chapters_in_use
from autograder.packages import DEFAULT_PACKAGES
from book.extensions.course_setup import COURSE_ROOT, course_book
from book.extensions.exercise_facts import count, exercise_of
from book.extensions.live_figure import json_script

logger = logging.getLogger(__name__)

VARIABLE = "PYODIDE"
PYODIDE = "https://cdn.jsdelivr.net/pyodide/v0.27.7/full/"
"""The release that the tests run, where Pyodide's makers publish it."""

MEGABYTES = 9
"""What the first check loads: Python, its library, NumPy; compressed, as hosts send it."""

FOLDER = "tasks"
"""The folder of ``_static`` that holds what tasks load."""

SCRIPT = "task-cell.js"
STATIC = Path(__file__).parents[1] / "_static"
SCRIPTS = {
    "work": STATIC / "chapter-work.mjs",
    "worker": STATIC / "task-worker.mjs",
    "editor": STATIC / "code-editor.js",
}
"""What the script loads, by the names under which it knows the addresses."""

TASKS = "tasks.json"
"""By chapter and task, where the task's section is: for the marks in the table of contents."""

PROGRESS_SCRIPT = "course-progress.js"

CORE = ("pyodide.mjs", "pyodide.js", "pyodide.asm.js", "pyodide.asm.wasm", "python_stdlib.zip")
LOCK = "pyodide-lock.json"


class task_cell(nodes.General, nodes.Element):
    """A task on a page: what stands there without a script."""


class TaskCell(SphinxDirective):
    """The directive ``task-cell``."""

    required_arguments = 2

    def run(self) -> list[nodes.Node]:
        """Return the task: its name, its function's head, and a link to the download."""
        chapter, task = self.arguments
        try:
            parts = exercise_of(self.env, chapter).parts
        except SourceError as error:
            raise self.error(str(error)) from error
        tasks = {part.function: part for part in parts if isinstance(part, ExerciseTask)}
        if task not in tasks:
            known = ", ".join(tasks)
            raise self.error(f"the chapter {chapter!r} has no task {task!r}; it has {known}")
        # The page holds digests of them.
        for path in (released(chapter), released(chapter, FILE_NAME), *SCRIPTS.values()):
            self.env.note_dependency(str(path))
        size = f", {count(tasks[task].points, 'point')}, about {tasks[task].minutes} minutes"
        title = nodes.paragraph("", "", nodes.literal(text=task), nodes.Text(size))
        title["classes"] = ["task-cell-title"]
        code = nodes.literal_block("", stub(chapter, task), language="python")
        above = up(self.env.docname)
        link = nodes.reference("", "the exercises", refuri=above + ARCHIVE_NAME, internal=True)
        download = nodes.paragraph(
            "", "", nodes.Text("Write it in the notebook: download "), link, nodes.Text(".")
        )
        download["classes"] = ["task-cell-download"]
        inside: list[nodes.Node] = [
            title,
            nodes.container("", code, classes=["task-cell-stub"]),
            download,
        ]
        mistakes = course_book().mistakes.get((chapter, task))
        if mistakes:
            self.env.note_dependency(str(COURSE_ROOT / f"{mistakes}.md"))
            uri = f"{above}{mistakes}.html#mistakes-{task}"
            way = nodes.reference("", "Common mistakes", refuri=uri, internal=True)
            inside.append(nodes.paragraph("", "", way, classes=["task-cell-links"]))
        on_page = set(load_chapter(COURSE_ROOT, chapter).packages) <= set(DEFAULT_PACKAGES)
        cell = task_cell("", *inside, chapter=chapter, task=task, above=above, on_page=on_page)
        cell["ids"].append(f"task-{task}")
        self.set_source_info(cell)
        return [cell]


def up(document: str) -> str:
    """Return the way from a document to the first folder of the site."""
    return "../" * document.count("/")


def check_section(app: Sphinx, doctree: nodes.document) -> None:
    """Warn of a task whose section has another anchor than everything that leads there."""
    for cell in doctree.findall(task_cell):
        section = course_book().tasks.get((cell["chapter"], cell["task"]))
        page, _, anchor = section.path.partition(".html#") if section else ("", "", "")
        around: nodes.Node | None = cell
        while around is not None and not isinstance(around, nodes.section):
            around = around.parent
        ids = around["ids"] if around is not None else []
        if page == app.env.docname and anchor not in ids:
            logger.warning(
                "the section of the task %s has the anchors %s, and links lead to %s: is a heading "
                "of the same words above it?",
                *(cell["task"], ", ".join(ids), anchor),
                location=cell,
            )


def released(chapter: str, name: str = "") -> Path:
    """Return a file of a chapter's exercise that students get; its notebook by default."""
    return COURSE_ROOT / "exercises" / chapter / (name or f"{chapter}.ipynb")


def stub(chapter: str, task: str) -> str:
    """Return the code cell of a task as students get it."""
    cells = json.loads(released(chapter).read_text("utf-8"))["cells"]
    (source,) = (
        cell["source"]
        for cell in cells
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == task
    )
    return "".join(source)


def settings(app: Sphinx, node: task_cell) -> dict[str, str]:
    """Return what the script has to know: addresses from the page, and words that depend on them.

    Addresses end with a digest of what they lead to, so that no browser mixes two releases.
    """
    chapter, static = node["chapter"], f"{node['above']}_static"
    parts = {name: (f"{static}/{path.name}", path) for name, path in SCRIPTS.items()} | {
        "modules": (f"{static}/{FOLDER}/{PAGE_PACKAGE_NAME}", folder_of(app) / PAGE_PACKAGE_NAME),
        "checks": (f"{static}/{FOLDER}/{chapter}/{FILE_NAME}", released(chapter, FILE_NAME)),
        "notebook": (f"{static}/{FOLDER}/{chapter}/{chapter}.ipynb", released(chapter)),
    }
    addresses = {name: f"{place}?v={digest(path)}" for name, (place, path) in parts.items()}
    host = host_of_pyodide(app.config.pyodide)
    pyodide = app.config.pyodide.rstrip("/") if host else f"{static}/{FOLDER}/pyodide"
    origin = f" from {host}" if host else ""
    return {
        "chapter": chapter,
        "task": node["task"],
        "site": node["above"],
        "pyodide": f"{pyodide}/",
        "note": f"The first check loads Python, {MEGABYTES} MB{origin}. Nothing is sent anywhere.",
        "loading": f"Loading Python{origin} …",
        **addresses,
    }


def digest(path: Path) -> str:
    """Return a short digest of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()[:8]


def host_of_pyodide(pyodide: str) -> str:
    """Return the host that pages ask for Pyodide; "" where it is the site's own."""
    address = urlsplit(pyodide)
    return address.netloc if address.scheme in ("http", "https") else ""


def folder_of(app: Sphinx) -> Path:
    """Return the folder of the built site that holds what tasks load."""
    return Path(app.outdir, "_static", FOLDER)


def pyodide_folder(site: Path) -> Path:
    """Return the folder of a built site that holds Pyodide, where the site serves it itself."""
    return site / "_static" / FOLDER / "pyodide"


def write_files(app: Sphinx) -> None:
    """Put what tasks load into the site, before pages are written: they carry digests of it."""
    if app.builder.format != "html":
        return
    make_page_package(COURSE_ROOT, folder_of(app) / PAGE_PACKAGE_NAME)
    places: dict[str, dict[str, str]] = {}
    for (chapter, task), section in course_book().tasks.items():
        places.setdefault(chapter, {})[task] = section.path
    (folder_of(app) / TASKS).write_text(json.dumps(places), "utf-8")
    in_use = chapters_in_use(COURSE_ROOT)
    for checks in (COURSE_ROOT / "exercises").glob(f"*/{FILE_NAME}"):
        chapter = checks.parent.name
        target = folder_of(app) / chapter
        if chapter in in_use:
            target.mkdir(exist_ok=True)
            shutil.copy2(checks, target)
            shutil.copy2(released(chapter), target)
        else:
            shutil.rmtree(target, ignore_errors=True)  # of an earlier build
    if not host_of_pyodide(app.config.pyodide):
        copy_pyodide(Path(app.config.pyodide), pyodide_folder(Path(app.outdir)))


def copy_pyodide(release: Path, target: Path, names: Iterable[str] = ("numpy",)) -> None:
    """Copy a release of Pyodide: its core, and packages of these names with what they need.

    Raises ExtensionError if it is not there.
    """
    try:
        packages = json.loads((release / LOCK).read_text("utf-8"))["packages"]
        needed, ahead = set(), list(names)
        while ahead:
            package = packages[canonicalize_name(ahead.pop())]
            needed.add(package["file_name"])
            ahead += package["depends"]
        target.mkdir(parents=True, exist_ok=True)
        for name in (*CORE, LOCK, *sorted(needed)):
            shutil.copy2(release / name, target)
    except (OSError, KeyError, ValueError) as error:
        raise ExtensionError(
            f"{VARIABLE} is {str(release)!r}, which is neither an address (https://...) nor a "
            f"folder with a release of Pyodide: {error}"
        ) from error


def visit_html(translator: Any, node: task_cell) -> None:
    """Open the custom element."""
    label = html.escape(node["task"], quote=True)
    tag = "task-cell" if node["on_page"] else "div"
    translator.body.append(
        f'<{tag} role="group" aria-label="Task {label}" class="task-cell" id="{node["ids"][0]}">\n'
    )


def depart_html(translator: Any, node: task_cell) -> None:
    """Write its settings, and close it."""
    if not node["on_page"]:
        translator.body.append("</div>\n")
        return
    text = json_script(json.dumps(settings(translator.builder.app, node)))
    translator.body.append(f'<script type="application/json">{text}</script></task-cell>\n')


def leave(_translator: Any, _node: task_cell) -> None:
    """Show what is inside, and nothing else, where no script can run."""


def add_script(
    app: Sphinx,
    _pagename: str,
    _templatename: str,
    _context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Load the script on pages that have a task, and that for the table of contents on all."""
    app.add_js_file(PROGRESS_SCRIPT, loading_method="defer")
    if doctree is not None and any(cell["on_page"] for cell in doctree.findall(task_cell)):
        app.add_js_file(SCRIPT, loading_method="defer")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directive."""
    app.add_config_value("pyodide", lambda _: os.environ.get(VARIABLE) or PYODIDE, "html", str)
    plain = (leave, leave)
    app.add_node(task_cell, html=(visit_html, depart_html), text=plain, latex=plain, man=plain)
    app.add_directive("task-cell", TaskCell)
    app.connect("builder-inited", write_files)
    app.connect("doctree-read", check_section)
    app.connect("html-page-context", add_script)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

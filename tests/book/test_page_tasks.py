"""Tasks that are solved on a page: in Chromium, and every known answer in Pyodide under Node.js."""

from __future__ import annotations

import functools
import http.server
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Browser, Download, Page, expect

from autograder import grading
from autograder.authoring.archive import make_page_package
from autograder.authoring.notebook import plain_source
from autograder.authoring.standalone import standalone_source
from autograder.chapter import chapters, load_chapter, load_problems
from autograder.checks import FILE_NAME, load_checks
from autograder.course_settings import chapters_left_out
from autograder.packages import DEFAULT_PACKAGES
from autograder.student import page as page_module
from autograder.student.check import check
from book.extensions import task_cell
from tests import COURSE
from tests.book.barriers import violations
from tests.book.sphinx_build import sphinx_build

CONF = """\
import sys
sys.path[:0] = [{course!r}]
extensions = [
    "myst_parser",
    "book.extensions.palette_sheet",
    "book.extensions.live_figure",
    "book.extensions.common_mistakes",
    "book.extensions.task_cell",
    "book.extensions.open_notebook",
]
html_theme = "sphinx_book_theme"
html_static_path = [{static!r}]
html_css_files = ["course.css"]
html_context = {{"default_mode": "auto"}}
"""

pytestmark = pytest.mark.skipif(
    "filters" in chapters_left_out(COURSE),
    reason="left out: the tasks that are solved here are those of filters, which is not in use",
)

CASES = len(load_checks(task_cell.released("filters", FILE_NAME))["corr2d"].cases)
CORR2D = '''\
def corr2d(x, w):
    """Return the cross-correlation."""
    height, width = x.shape[0] - w.shape[0] + 1, x.shape[1] - w.shape[1] + 1
    y = np.zeros((height, width))
    for i in range(height):
        for j in range(width):
            y[i, j] = np.sum(x[i : i + w.shape[0], j : j + w.shape[1]] * w)
    return y'''
CONVOLVE2D = "def convolve2d(x, w):\n    return corr2d(x, w[::-1, ::-1])"


Build = subprocess.CompletedProcess[str]


class Book:
    """A small book of one page."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.site = folder / "out"
        static = str(COURSE / "book" / "_static")
        (folder / "conf.py").write_text(CONF.format(course=str(COURSE), static=static))

    def build(self, text: str, pyodide: str = "", chapter: str = "") -> Build:
        """Build the book with a text on its page, and the page of a chapter, if there is one."""
        (self.folder / "index.md").write_text(f"# Page\n\n{text}")
        if chapter:
            page = self.folder / "book" / "filters" / "filters.md"
            page.parent.mkdir(parents=True)
            page.write_text(chapter)
            with (self.folder / "index.md").open("a") as index:
                index.write("\n```{toctree}\nbook/filters/filters\n```\n")
        environment = {**os.environ, task_cell.VARIABLE: pyodide}
        return sphinx_build(self.folder, "-W", "-n", "-q", environment=environment)

    @property
    def page(self) -> str:
        return (self.site / "index.html").read_text("utf-8")


def cells(chapter: str, *tasks: str) -> str:
    return "\n".join(f"```{{task-cell}} {chapter} {task}\n```\n" for task in tasks)


CHAPTER = f"""\
# Filters

## A filter is a sliding dot product

{cells("filters", "corr2d")}

## Cross-correlation or convolution?

{cells("filters", "convolve2d")}

## Common mistakes

```{{common-mistakes}} filters corr2d convolve2d
```
"""
"""The page of the chapter, in short: tasks under the headings of the course's own page."""


@pytest.fixture(scope="module")
def book(pyodide: Path, tmp_path_factory: pytest.TempPathFactory) -> Book:
    """A book with the tasks of the chapter "filters", and with the chapter's page."""
    book = Book(tmp_path_factory.mktemp("book"))
    tasks = load_chapter(COURSE, "filters").tasks
    done = book.build(cells("filters", *tasks), str(pyodide), CHAPTER)
    assert done.returncode == 0, done.stderr
    return book


@pytest.fixture(scope="module")
def address(book: Book) -> Iterator[str]:
    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments: object) -> None:
            pass

    handler = functools.partial(Handler, directory=str(book.site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/index.html"
        server.shutdown()


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """The page of the book, in a browser that holds nothing yet."""
    context = browser.new_context()
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    page.goto(address)
    yield page
    context.close()
    assert complaints == []


class Task:
    """A task on a page."""

    def __init__(self, page: Page, name: str, address: str = "") -> None:
        self.page = page
        if address:
            page.goto(address)
        self.cell = page.get_by_role("group", name=f"Task {name}", exact=True)
        self.cell.scroll_into_view_if_needed()
        self.editor = self.cell.get_by_role("textbox")
        self.state = self.cell.locator(".task-cell-state")
        self.answer = self.cell.locator(".task-cell-answer")
        expect(self.editor).to_be_visible()

    def write(self, code: str) -> None:
        """Put code into the editor at once, as from the clipboard: no key indents it further."""
        self.editor.click()
        self.page.keyboard.press("Control+a")
        self.page.keyboard.insert_text(code)

    def press(self, name: str) -> None:
        self.cell.get_by_role("button", name=name).click()

    def check(self, code: str | None = None) -> str:
        """Check; return the title of the report."""
        if code is not None:
            self.write(code)
        self.press("Check")
        expect(self.answer.locator(".sample-feedback")).to_be_visible(timeout=90_000)
        return self.state.inner_text()


# One task, from the stub to the notebook.


def test_a_task_is_solved_on_the_page(page: Page) -> None:
    loaded: list[str] = []
    page.on("request", lambda request: loaded.append(request.url))
    task = Task(page, "corr2d")
    assert not any("pyodide" in url or "tasks/" in url for url in loaded)
    assert task.check() == "corr2d: not done yet."
    assert task.check(CORR2D.replace("np.sum", "np.mean")) == f"corr2d: 1 of {CASES} cases passed."
    assert "too small by the same factor" in task.answer.inner_text()
    assert "print(corr2d(*check.case(corr2d, 1)))" in task.answer.inner_text()
    assert task.check(CORR2D) == f"corr2d: {CASES} of {CASES} cases passed."
    assert any("pyodide.asm.wasm" in url for url in loaded)
    with_case = f"{CORR2D}\n\nprint(corr2d(*check.case(corr2d, 1)))"
    assert task.check(with_case) == f"corr2d: {CASES} of {CASES} cases passed."
    assert "6." in task.answer.locator("pre").first.inner_text()
    # As in the notebook's next cell: one piece of code with a limit runs another.
    passed = f"corr2d: {CASES} of {CASES} cases passed."
    assert task.check(f"{CORR2D}\n\ncheck(corr2d)") == passed
    assert passed in task.answer.locator("pre").first.inner_text()
    assert "stopped" not in task.answer.inner_text()


def test_work_stays_and_later_tasks_use_it(page: Page) -> None:
    Task(page, "corr2d").write(CORR2D)
    page.reload()
    assert Task(page, "corr2d").cell.locator(".cm-content").inner_text().startswith(CORR2D[:80])
    later = Task(page, "convolve2d")
    assert later.check(CONVOLVE2D).endswith("cases passed.")
    assert "✔" in later.answer.inner_text()


def test_what_an_earlier_task_lacks_is_said(page: Page) -> None:
    task = Task(page, "convolve2d")
    task.check(CONVOLVE2D)
    assert "It calls corr2d, which is not done yet. Do that task first." in task.answer.inner_text()


def test_an_endless_loop_ends_by_itself(page: Page) -> None:
    task = Task(page, "corr2d")
    title = task.check(
        "def corr2d(x, w):\n    while True:\n        try:\n            x + 1\n"
        "        except BaseException:\n            pass"
    )
    assert title == f"corr2d: 0 of {CASES} cases passed."
    assert "did not come back within 5 seconds" in task.answer.inner_text()
    assert task.check(CORR2D) == f"corr2d: {CASES} of {CASES} cases passed."


def test_stop_ends_what_python_cannot_stop(page: Page) -> None:
    task = Task(page, "corr2d")
    task.check(CORR2D)
    task.write("def corr2d(x, w):\n    return sum(iter(int, 1))")
    task.press("Check")
    expect(task.state).to_have_text("Checking …")
    task.press("Stop")
    expect(task.state).to_have_text("Stopped. The next check starts Python again.")
    assert task.check(CORR2D) == f"corr2d: {CASES} of {CASES} cases passed."


def test_start_over_and_back(page: Page) -> None:
    task = Task(page, "corr2d")
    content = task.cell.locator(".cm-content")
    task.write(CORR2D)
    task.press("Start over")
    assert "raise NotImplementedError()" in content.inner_text()
    task.press("Start over")
    assert "np.sum" in content.inner_text()


def downloaded(page: Page, task: Task) -> Download:
    with page.expect_download() as download:
        task.press("Download notebook")
    return download.value


@pytest.mark.sandbox
def test_a_chapter_is_solved_on_the_page_and_graded_as_any_other(
    page: Page, tmp_path: Path
) -> None:
    problems = load_problems(COURSE, "filters")
    for name, problem in problems.items():
        task = Task(page, name)
        # As a student would write it: with the names of the notebook.
        title = task.check(plain_source(problem.reference))
        count = len(problem.visible_checks().cases)
        assert title == f"{name}: {count} of {count} cases passed."
    download = downloaded(page, task)
    assert download.suggested_filename == "filters.ipynb"
    path = tmp_path / "submitted" / "ada" / "filters" / "filters.ipynb"
    path.parent.mkdir(parents=True)
    download.save_as(path)
    outcome = grading.grade(COURSE, "filters", classroom=tmp_path)
    (submission,) = outcome.submissions
    assert submission.state == "graded"
    assert [task.function for task in submission.tasks] == list(problems)
    assert all(task.points == task.max_points for task in submission.tasks)


def test_the_downloaded_notebook_differs_in_the_readers_code_alone(
    page: Page, tmp_path: Path
) -> None:
    task = Task(page, "corr2d")
    task.write(CORR2D)
    path = tmp_path / "filters.ipynb"
    downloaded(page, task).save_as(path)
    own = json.loads(path.read_text("utf-8"))
    released = json.loads(task_cell.released("filters").read_text("utf-8"))
    changed = [
        new["metadata"]["nbgrader"]["grade_id"]
        for new, old in zip(own["cells"], released["cells"], strict=True)
        if new != old
    ]
    assert changed == ["corr2d"]
    assert {**own, "cells": []} == {**released, "cells": []}


def uploaded(page: Page, task: Task, path: Path) -> None:
    with page.expect_file_chooser() as chooser:
        task.press("Upload notebook")
    chooser.value.set_files(path)


def test_a_notebook_is_taken_back(page: Page, tmp_path: Path) -> None:
    notebook = json.loads(task_cell.released("filters").read_text("utf-8"))
    at = next(
        i
        for i, cell in enumerate(notebook["cells"])
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == "corr2d"
    )
    notebook["cells"][at]["source"] = "def corr2d(x, w):\n    return helper(x, w)"
    helper = CORR2D.replace("corr2d", "helper")
    notebook["cells"].insert(at, {"cell_type": "code", "metadata": {}, "source": helper})
    path = tmp_path / "mine.ipynb"
    path.write_text(json.dumps(notebook), "utf-8")
    task = Task(page, "corr2d")
    uploaded(page, task, path)
    expect(task.state).to_contain_text("is now that of mine.ipynb")
    assert "helper(x, w)" in task.cell.locator(".cm-content").inner_text()
    assert task.check() == f"corr2d: {CASES} of {CASES} cases passed."


def test_a_notebook_without_the_tasks_cell_gets_one(page: Page, tmp_path: Path) -> None:
    notebook = json.loads(task_cell.released("filters").read_text("utf-8"))
    notebook["cells"] = [cell for cell in notebook["cells"] if "def corr2d" not in str(cell)]
    path = tmp_path / "mine.ipynb"
    path.write_text(json.dumps(notebook), "utf-8")
    task = Task(page, "corr2d")
    uploaded(page, task, path)
    expect(task.state).to_have_text(re.compile("^Your code of convolve2d, edge_bank"))
    assert task.check(CORR2D) == f"corr2d: {CASES} of {CASES} cases passed."
    downloaded(page, task).save_as(path)
    assert json.loads(path.read_text("utf-8"))["cells"][-1]["source"][0] == "def corr2d(x, w):\n"
    nbformat.validate(nbformat.read(path, as_version=4))


def test_a_browser_that_keeps_no_more(page: Page) -> None:
    """What it has kept before is older than what is checked; that it keeps no more is said."""
    task = Task(page, "corr2d")
    task.write("def corr2d(x, w):\n    return 0")
    page.evaluate("() => { Storage.prototype.setItem = () => { throw new Error('no room') } }")
    task.write(CORR2D)
    expect(task.state).to_contain_text("This browser keeps nothing of this page: download")
    assert task.check() == f"corr2d: {CASES} of {CASES} cases passed."


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ('{"cells": []}', "mine.ipynb was not taken: it has none of this chapter's tasks corr2d,"),
        ('{"cells": [null]}', "mine.ipynb was not taken: it is no notebook."),
        ("[]", "mine.ipynb was not taken: it is no notebook."),
        ("def corr2d(x, w):", "mine.ipynb was not taken: it is no notebook."),
    ],
)
def test_what_is_no_notebook_is_refused(
    page: Page, tmp_path: Path, content: str, words: str
) -> None:
    path = tmp_path / "mine.ipynb"
    path.write_text(content)
    task = Task(page, "corr2d")
    uploaded(page, task, path)
    expect(task.state).to_contain_text(words)


def test_two_tabs_of_a_page_do_not_write_over_each_other(page: Page) -> None:
    """What one tab has kept comes into the other, which does not keep it again."""
    task = Task(page, "corr2d")
    other = Task(page.context.new_page(), "corr2d", page.url)
    task.write("")
    expect(other.cell.locator(".cm-content")).to_have_text("")
    other.page.evaluate(
        "() => { window.kept = []; Storage.prototype.setItem = (key) => kept.push(key) }"
    )
    page.keyboard.type("def corr2d(x, w): return 0")
    expect(other.cell.locator(".cm-content")).to_have_text("def corr2d(x, w): return 0")
    assert other.page.evaluate("kept") == []


def test_a_network_that_is_gone(browser: Browser, address: str) -> None:
    """Pyodide waits for ever for a file of its own that does not come."""
    context = browser.new_context()
    page = context.new_page()
    page.on("pageerror", lambda error: pytest.fail(str(error)))
    page.goto(address)
    task = Task(page, "corr2d")
    context.route("**/pyodide.asm.wasm", lambda route: route.abort())
    task.write(CORR2D)
    task.press("Check")
    expect(task.state).to_contain_text("Python does not load. Is there a network?")
    context.unroute("**/pyodide.asm.wasm")
    assert task.check() == f"corr2d: {CASES} of {CASES} cases passed."
    context.close()


def test_a_report_brings_no_script_into_the_page(page: Page) -> None:
    """Code may hand back any report: it runs in the worker, where JavaScript can be reached."""
    task = Task(page, "corr2d")
    task.check(
        'import js\njs.postMessage(js.JSON.parse(\'{"result": {"title": "t", "html": '
        '"<img src=x onerror=alert(1)><a href=javascript:alert(1) onclick=alert(1)>a</a>'
        '<b>gone</b><p>there</p>", "printed": ""}}\'))\n'
        "def corr2d(x, w):\n    return 0"
    )
    report = task.answer.locator(".sample-feedback").inner_html()
    assert report == "<a>a</a><p>there</p>"


# Progress, and the ways between tasks and sections.


@pytest.fixture
def chapter(page: Page, address: str) -> Page:
    """The page of the chapter, in a browser that holds nothing yet."""
    page.goto(address.replace("index.html", "book/filters/filters.html"))
    return page


SECTION_LINK = 'nav.page-toc a[href="#a-filter-is-a-sliding-dot-product"]'


def test_what_has_passed_is_kept_and_ticked(chapter: Page) -> None:
    task = Task(chapter, "corr2d")
    task.check(CORR2D)
    assert "5 of 30 points, next: convolve2d, explained in" in task.answer.inner_text()
    styles = task.answer.locator("details")
    expect(styles).to_have_count(3)
    styles.first.locator("summary").click()
    expect(styles.first.locator("pre")).to_contain_text("def corr2d_by_element(x, w):")
    task.answer.get_by_role("link", name="Cross-correlation or convolution?").click()
    assert chapter.url.endswith("/book/filters/filters.html#cross-correlation-or-convolution")
    expect(task.cell).to_contain_text("✔ passed")
    loaded: list[str] = []
    chapter.on("request", lambda request: loaded.append(request.url))
    chapter.reload()
    task = Task(chapter, "corr2d")
    expect(task.cell).to_contain_text("✔ passed")
    assert not any("pyodide" in url for url in loaded)
    expect(chapter.locator(SECTION_LINK)).to_have_accessible_name(
        "A filter is a sliding dot product (1 of 1 task passed)"
    )
    expect(chapter.locator("nav.bd-links a", has_text="Filters")).to_have_accessible_name(
        "Filters (1 of 7 tasks passed)"
    )
    expect(chapter.locator("nav.page-toc .course-tick")).to_have_count(1)
    task.write(CORR2D.replace("np.sum", "np.mean"))
    expect(task.cell).to_contain_text("✔ passed before your last change")
    task.check()
    expect(task.cell).not_to_contain_text("✔ passed")
    expect(chapter.locator(".course-tick")).to_have_count(0)


def test_notes_of_another_program_do_no_harm(chapter: Page) -> None:
    chapter.evaluate("localStorage.setItem('course/filters/passed', 'rubbish')")
    chapter.reload()
    task = Task(chapter, "corr2d")
    assert "✔" not in task.cell.inner_text()
    expect(chapter.locator(".course-tick")).to_have_count(0)


def test_ways_from_task_to_mistakes_to_section_and_back(chapter: Page) -> None:
    task = Task(chapter, "convolve2d")
    task.cell.get_by_role("link", name="Common mistakes").click()
    mistakes = chapter.locator("#mistakes-convolve2d")
    expect(mistakes).to_have_attribute("open", "")
    mistakes.get_by_role("link", name="Cross-correlation or convolution?").click()
    assert chapter.url.endswith("filters.html#cross-correlation-or-convolution")
    mistakes.get_by_role("link", name="Write it").click()
    assert chapter.url.endswith("filters.html#task-convolve2d")


# For everybody.


def test_by_keyboard_alone(page: Page) -> None:
    task = Task(page, "corr2d")
    task.editor.focus()
    page.keyboard.press("Control+a")
    page.keyboard.press("Backspace")
    page.keyboard.type("def corr2d(x, w):\nreturn 1")  # Enter indents
    page.keyboard.press("Shift+Enter")
    expect(task.state).to_have_text(f"corr2d: 0 of {CASES} cases passed.", timeout=90_000)
    page.keyboard.press("Escape")
    page.keyboard.press("Tab")
    expect(task.cell.get_by_role("button", name="Check")).to_be_focused()
    page.keyboard.press("Enter")
    expect(task.state).to_have_text(f"corr2d: 0 of {CASES} cases passed.", timeout=90_000)
    expect(task.cell.get_by_role("button", name="Check")).to_be_focused()


def test_no_barriers(page: Page) -> None:
    Task(page, "corr2d").check(CORR2D.replace("np.sum", "np.mean"))
    for width, theme in itertools.product((1280, 390), ("light", "dark")):
        page.set_viewport_size({"width": width, "height": 900})
        page.evaluate(
            "(theme) => document.documentElement.setAttribute('data-theme', theme)", theme
        )
        barriers = [
            f"{width}, {theme}: {violation['id']}: {node['failureSummary']}\n{node['html']}"
            for violation in violations(page)
            if violation["impact"] in ("serious", "critical")
            for node in violation["nodes"]
            if "task-cell" in node["html"] or "cm-" in node["html"]
        ]
        assert barriers == [], "\n\n".join(barriers)
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_without_scripts_and_from_a_file(browser: Browser, address: str, book: Book) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address)
    check_fallback(page)
    context.close()
    page = browser.new_page()
    page.on("pageerror", lambda error: pytest.fail(str(error)))
    page.on("console", lambda m: pytest.fail(m.text) if m.type == "error" else None)
    page.goto((book.site / "index.html").as_uri())
    check_fallback(page)
    page.close()


def check_fallback(page: Page) -> None:
    cell = page.get_by_role("group", name="Task corr2d")
    expect(cell.locator("pre")).to_contain_text("raise NotImplementedError()")
    expect(cell.get_by_role("link", name="the exercises")).to_have_attribute(
        "href", "cnn-course-exercises.zip"
    )


# The directive.


def test_pages_say_which_host_they_ask(tmp_path: Path) -> None:
    book = Book(tmp_path)
    done = book.build(cells("filters", "corr2d"))
    assert done.returncode == 0, done.stderr
    assert "MB from cdn.jsdelivr.net." in book.page
    assert task_cell.PYODIDE in book.page
    assert not (book.site / "_static" / "tasks" / "pyodide").exists()
    book.build(cells("filters", "corr2d"), "https://python.example.org/release")
    assert '"https://python.example.org/release/"' in book.page


@pytest.mark.parametrize(
    ("text", "pyodide", "words"),
    [
        (cells("filters", "blur"), "", "no task 'blur'; it has corr2d,"),
        (cells("nothing", "corr2d"), "", "nothing"),
        (cells("filters", "corr2d"), "/nowhere", "folder with a release of Pyodide"),
    ],
)
def test_mistakes_of_authors_are_named(tmp_path: Path, text: str, pyodide: str, words: str) -> None:
    done = Book(tmp_path).build(text, pyodide)
    assert done.returncode != 0
    assert words in done.stderr


def test_a_section_that_links_would_miss_is_named(tmp_path: Path) -> None:
    """Two headings of the same words: the second has another anchor."""
    twice = CHAPTER.replace("# Filters", "# Filters\n\n## A filter is a sliding dot product\n", 1)
    done = Book(tmp_path).build("", "", twice)
    assert done.returncode != 0
    assert "links lead to a-filter-is-a-sliding-dot-product" in done.stderr


def test_a_task_that_needs_more_than_numpy_is_a_stub(tmp_path: Path) -> None:
    book = Book(tmp_path)
    done = book.build(cells("visualization", "saliency_map"))
    assert done.returncode == 0, done.stderr
    assert "Write it in the notebook" in book.page
    assert "<task-cell" not in book.page
    assert task_cell.SCRIPT not in book.page


def test_release_of_the_setting_is_the_one_that_is_tested(pyodide: Path) -> None:
    lock = json.loads((pyodide / task_cell.LOCK).read_text())
    assert f"/v{lock['info']['version']}/" in task_cell.PYODIDE


# What checks: the student side alone.


def test_package_for_pages_holds_the_student_side_alone(tmp_path: Path) -> None:
    path = make_page_package(COURSE, tmp_path / "package.zip")
    with zipfile.ZipFile(path) as archive:
        names = archive.namelist()
        archive.extractall(tmp_path / "package")
    assert "autograder/student/page.py" in names
    assert not [name for name in names if "explorers" in name or "grading" in name]
    assert path.stat().st_size < 110_000
    code = (
        "import sys, autograder.student.page\n"
        "heavy = {'IPython', 'typer', 'rich', 'matplotlib', 'ipywidgets', 'nbformat', 'torch'}\n"
        "print(autograder.__file__, heavy & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path / "package", text=True, capture_output=True
    )
    assert done.stdout.strip() == f"{tmp_path / 'package' / 'autograder' / '__init__.py'} set()"


NUMPY_CHAPTERS = [
    chapter
    for chapter in chapters(COURSE)
    if tuple(load_chapter(COURSE, chapter).packages) == DEFAULT_PACKAGES
]


def known_answers(chapter: str) -> list[tuple[str, str, str]]:
    """Return task, kind and code of all references, alternatives and misconceptions."""
    return [
        (task, kind, standalone_source(function, task))
        for task, problem in load_problems(COURSE, chapter).items()
        for kind, function in (
            ("right", problem.reference),
            *(("right", function) for function in problem.alternatives),
            *((wrong.name, wrong.wrong) for wrong in problem.misconceptions),
        )
    ]


@pytest.mark.filterwarnings("ignore:.*encountered:RuntimeWarning")  # wrong answers may overflow
@pytest.mark.parametrize("chapter", NUMPY_CHAPTERS)
def test_every_known_answer_is_judged_as_natively(
    pyodide: Path, tmp_path: Path, chapter: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check, "_path", None)  # the page sets it, here too
    answers = known_answers(chapter)
    first = "import numpy as np\nimport matplotlib.pyplot as plt\nfrom autograder import check"
    tasks = [(task, [(first, False), (code, True)]) for task, _, code in answers]
    checks = task_cell.released(chapter, "checks.npz")
    job = {
        "pyodide": str(pyodide),
        "modules": str(make_page_package(COURSE, tmp_path / "package.zip")),
        "checks": str(checks),
        "tasks": tasks,
    }
    node = shutil.which("node")
    assert node, "Node.js is missing: install nodejs"
    script = str(Path(__file__).with_name("check_in_pyodide.mjs"))
    done = subprocess.run([node, script], input=json.dumps(job), text=True, capture_output=True)
    assert done.returncode == 0, done.stderr[-2000:]
    in_browser = json.loads(done.stdout)
    natively = [page_module.check_task(*task, checks).for_page() for task in tasks]
    different = [
        (task, kind, here["text"], there["text"])
        for (task, kind, _), here, there in zip(answers, natively, in_browser, strict=True)
        if (here["passed"], here["misconception"]) != (there["passed"], there.get("misconception"))
    ]
    assert different == []
    for (task, kind, _), there in zip(answers, in_browser, strict=True):
        assert there["passed"] == (kind == "right"), (task, kind, there["text"])

"""Whole notebooks in the browser: the site of JupyterLite, and a notebook solved and handed in."""

from __future__ import annotations

import contextlib
import functools
import gzip
import http.server
import re
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from autograder import grading
from autograder.authoring.notebook import plain_source
from autograder.chapter import load_problems
from book.extensions.open_notebook import (
    FOLDER,
    PYODIDE_MEGABYTES,
    SITE_MEGABYTES,
    addresses,
    runs_in_browser,
)
from book.extensions.task_cell import pyodide_folder
from book.lite.build import LiteError, build
from tests import COURSE
from tests.book.test_page_tasks import CASES, NUMPY_CHAPTERS, Book, pytestmark

__all__ = ["pytestmark"]  # it needs the chapter filters, too

ENVIRONMENT = COURSE / "_build" / "lite"
MISSING = "The tests of JupyterLite need it in an environment of its own. Make it with:  make lite"
ELSEWHERE = re.compile(r"^https?://(?!127\.0\.0\.1)")


@pytest.fixture(scope="module")
def site(pyodide: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site that serves Pyodide itself, and JupyterLite in its folder."""
    if not (ENVIRONMENT / "ready").exists():
        pytest.skip(MISSING)
    site = tmp_path_factory.mktemp("site")
    build(COURSE, site, ENVIRONMENT, str(pyodide))
    return site


@pytest.fixture(scope="module")
def sent() -> set[Path]:
    """The files that the server has sent so far."""
    return set()


@pytest.fixture(scope="module")
def address(site: Path, sent: set[Path]) -> Iterator[str]:
    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_request(self, code: object = "-", size: object = "-") -> None:
            path = Path(self.translate_path(self.path))
            if path.is_file():
                sent.add(path)

        def log_message(self, *arguments: object) -> None:
            pass

    handler = functools.partial(Handler, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/{FOLDER}"
        server.shutdown()


def megabytes(paths: Iterable[Path]) -> float:
    """Return the size of files as hosts send them: compressed."""
    return sum(len(gzip.compress(path.read_bytes(), 6)) for path in paths) / 1e6


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page in a browser that holds nothing yet, and reaches no other host."""
    context = browser.new_context()
    asked: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    context.route(ELSEWHERE, lambda route: route.abort())
    yield context.new_page()
    context.close()
    assert [url for url in asked if ELSEWHERE.match(url)] == []


def cell(page: Page, text: str) -> Locator:
    """Return the first code cell that begins with a text."""
    code = page.locator(".cm-content", has_text=re.compile(rf"^{re.escape(text)}"))
    return page.locator(".jp-CodeCell", has=code).first


def run(page: Page, in_cell: Locator, code: str | None = None) -> Locator:
    """Run a cell, after putting code into it; return where its output appears."""
    prompt = in_cell.locator(".jp-InputPrompt")
    before = prompt.inner_text()
    in_cell.locator(".cm-content").click()
    if code is not None:
        page.keyboard.press("Control+a")
        page.keyboard.insert_text(code)
    for _ in range(10):
        # The keys do nothing while the notebook has no session yet.
        page.keyboard.press("Control+Enter")
        with contextlib.suppress(AssertionError):
            expect(prompt).not_to_have_text(before, timeout=3_000)
            return in_cell.locator(".jp-OutputArea")
    raise AssertionError(f"The cell does not run: {in_cell.inner_text()}")


@pytest.mark.slow
@pytest.mark.sandbox
def test_a_notebook_is_solved_in_the_browser_and_graded_as_any_other(
    page: Page, address: str, site: Path, sent: set[Path], tmp_path: Path
) -> None:
    page.goto(f"{address}/notebooks/index.html?path=exercises/filters/filters.ipynb")
    code = plain_source(load_problems(COURSE, "filters")["corr2d"].reference)
    wrong = f"{code}\n\nsums = corr2d\n\ndef corr2d(x, w):\n    return sums(x, w) / w.size"
    task, check = cell(page, "def corr2d(x, w):"), cell(page, "check(corr2d)")
    expect(check).to_be_visible(timeout=60_000)
    run(page, cell(page, "import matplotlib"))
    run(page, task, wrong)
    report = run(page, check)
    # The first run waits for Python.
    expect(report).to_contain_text(f"corr2d: 1 of {CASES} cases passed.", timeout=120_000)
    expect(report).to_contain_text("too small by the same factor")
    from_pyodide = {path for path in sent if pyodide_folder(site) in path.parents}
    assert megabytes(from_pyodide) == pytest.approx(PYODIDE_MEGABYTES, abs=0.5)
    assert megabytes(sent - from_pyodide) == pytest.approx(SITE_MEGABYTES, abs=0.5)
    run(page, task, code)
    run(page, check)
    expect(report).to_contain_text(f"corr2d: {CASES} of {CASES} cases passed.", timeout=30_000)
    explorer = run(page, cell(page, "explore(corr2d)"))
    expect(explorer.get_by_role("combobox").first).to_be_visible(timeout=60_000)
    with page.expect_download() as download:
        page.get_by_role("button", name="Download").click()
    assert download.value.suggested_filename == "filters.ipynb"
    path = tmp_path / "submitted" / "ada" / "filters" / "filters.ipynb"
    path.parent.mkdir(parents=True)
    download.value.save_as(path)
    (submission,) = grading.grade(COURSE, "filters", classroom=tmp_path).submissions
    assert submission.state == "graded"
    points = {task.function: task.points for task in submission.tasks}
    assert points.pop("corr2d") == 5
    assert set(points.values()) == {0}


def test_the_site_has_the_released_notebooks_unchanged(site: Path) -> None:
    files = site / FOLDER / "files" / "exercises"
    chapters = [path.name for path in files.iterdir()]
    assert "filters" in chapters
    assert "visualization" not in chapters  # it needs PyTorch
    for chapter in chapters:
        for path in (files / chapter).iterdir():
            assert path.read_bytes() == (COURSE / "exercises" / chapter / path.name).read_bytes()


def test_a_missing_environment_is_named(tmp_path: Path) -> None:
    with pytest.raises(LiteError, match="run `make lite`"):
        build(COURSE, tmp_path / "site", tmp_path / "nothing", "https://host.example/")


def test_only_pytorch_keeps_a_notebook_out_of_the_browser() -> None:
    assert runs_in_browser("filters")
    assert not runs_in_browser("visualization")


# The links on pages.

TEXT = "```{open-notebook} filters\n```\n\n```{only} lite\nThere is Lite.\n```\n"


def test_a_site_with_jupyterlite_links_it_and_says_what_it_loads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = Book(tmp_path)
    done = book.build(TEXT)
    assert done.returncode == 0, done.stderr
    assert "open-notebook" not in book.page
    assert "There is Lite." not in book.page
    monkeypatch.setenv("LITE", "1")
    done = book.build(TEXT)
    assert done.returncode == 0, done.stderr
    link = 'href="lite/notebooks/index.html?path=exercises/filters/filters.ipynb"'
    assert f"{link}>Open the notebook in the browser</a>" in book.page
    assert "loads 27 MB the first time, 24 MB of it from cdn.jsdelivr.net." in book.page
    assert "There is Lite." in book.page


def test_all_chapters_are_named_and_an_unknown_one_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LITE", "1")
    book = Book(tmp_path)
    done = book.build("```{open-notebook}\n```\n")
    assert done.returncode == 0, done.stderr
    places = [
        book.page.index(f"{title}: <a")
        for title in ("Filters", "Padding and stride", "Backpropagation")
    ]
    assert places == sorted(places)
    assert book.page.count("Open the notebook in the browser") == len(NUMPY_CHAPTERS)
    done = book.build("```{open-notebook} visualization\n```\n")
    assert "'visualization' is no chapter that runs there; these: backprop," in done.stderr


@pytest.mark.parametrize("end", ["", "/", ".git"])
def test_a_repository_at_github_has_links_to_colab_and_binder(end: str) -> None:
    ways = addresses("filters", "../../", False, f"https://github.com/somebody/course{end}")
    notebook = "exercises/filters/filters.ipynb"
    assert ways == {
        "Open in Colab": "https://colab.research.google.com/github/somebody/course/blob/HEAD/"
        + notebook,
        "Open in Binder": f"https://mybinder.org/v2/gh/somebody/course/HEAD?labpath={notebook}",
    }


def test_without_a_repository_at_github_there_are_none() -> None:
    assert addresses("filters", "", False, "") == {}
    assert addresses("filters", "", False, "https://gitlab.example/somebody/course") == {}

"""What a page says of itself, and what other programs and lost readers find."""

from __future__ import annotations

import collections
import io
import re
import subprocess
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest
from docutils import nodes
from docutils.utils import new_document
from PIL import Image
from playwright.sync_api import Browser

from book.extensions import finding_pages, page_facts
from book.extensions.task_cell import task_cell
from tests.book.test_extensions import Book

EXTENSIONS = 'extensions += ["book.extensions.page_facts", "book.extensions.finding_pages"]\n'
PAGE = "# A page\n\nThe *first* paragraph & its words.\n\n```python\nsome code here\n```\n"
SITE = "https://example.org/course"


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Book:
    folder = tmp_path_factory.mktemp("book")
    book = Book(folder)
    with (folder / "conf.py").open("a") as conf:
        conf.write(EXTENSIONS)
    return book


def page_of(words: int) -> nodes.document:
    page = new_document("page")
    section = nodes.section("", nodes.title(text="A title"))
    section += nodes.paragraph(text="word " * words)
    section += nodes.literal_block(text="code " * 5000)
    section += task_cell("", nodes.paragraph(text="word " * 5000))
    page += section
    return page


def test_words_are_those_that_one_reads() -> None:
    assert page_facts.words_in(page_of(100)) == 102


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (100, None),
        (page_facts.WORDS_A_MINUTE * 20 - 2, "About 20 minutes to read"),
        (page_facts.WORDS_A_MINUTE * 20 - 1, "About 21 minutes to read"),
    ],
)
def test_a_long_page_says_how_long_it_is(words: int, line: str | None) -> None:
    page = page_of(words)
    env = SimpleNamespace(docname="page", metadata=collections.defaultdict(dict))
    page_facts.add_reading_time(SimpleNamespace(env=env), page)  # type: ignore[arg-type]
    minutes = env.metadata["page"][page_facts.READING_MINUTES]
    assert line == (f"About {minutes} minutes to read" if minutes >= page_facts.SHORTEST else None)
    lines = [p for p in page.findall(nodes.paragraph) if "reading-time" in p["classes"]]
    assert [p.astext() for p in lines] == ([line] if line else [])
    if line:
        assert isinstance(page[0][1], nodes.paragraph)


def test_the_day_of_change_is_that_of_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page_facts, "COURSE_ROOT", tmp_path)
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_DATE", "2025-03-04T12:00:00")
        monkeypatch.setenv(f"GIT_{name}_NAME", "name")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "name@example.org")
    page = tmp_path / "page.md"
    page.write_text("text")
    assert page_facts.day_of_change(page) == ""  # no repository
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "a page"]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    assert page_facts.day_of_change(page) == "2025-03-04"
    assert page_facts.day_of_change(tmp_path / "other.md") == ""


def test_without_an_address_nothing_needs_one(book: Book, browser: Browser) -> None:
    html = book.build(PAGE)
    assert '<meta name="description" content="The first paragraph &amp; its words." />' in html
    assert "og:image" not in html
    assert not (book.page.parent / "sitemap.xml").exists()
    missing = (book.page.parent / "404.html").read_text()
    assert '<base href="/">' in missing
    leads_back(browser, missing)


def leads_back(browser: Browser, missing: str) -> None:
    """The page 404 needs no other file, at whatever address a host shows it."""
    page = browser.new_page()
    page.route(
        "https://example.org/**",
        lambda route: route.fulfill(
            body=missing if route.request.url.endswith("/no/such/page") else "<h1>First</h1>",
            content_type="text/html",
        ),
    )
    page.goto("https://example.org/no/such/page")
    assert page.get_by_role("heading").inner_text() == "There is no such page"
    page.get_by_role("link", name="first page").click()
    page.wait_for_url("https://example.org/index.html")
    page.close()


def test_pages_and_the_map_know_the_address_of_the_site(book: Book) -> None:
    with (book.folder / "conf.py").open("a") as conf:
        conf.write(f'html_baseurl = "{SITE}"\n')
    html = book.build(PAGE)
    assert f'<meta property="og:url" content="{SITE}/index.html" />' in html
    assert f'<meta property="og:image" content="{SITE}/{finding_pages.CARD}" />' in html
    (place,) = ElementTree.parse(book.page.parent / "sitemap.xml").iter(
        f"{{{finding_pages.SITEMAP}}}loc"
    )
    assert place.text == f"{SITE}/index.html"
    missing = (book.page.parent / "404.html").read_text()
    assert '<base href="/course/">' in missing
    assert re.findall(r'<a href="([^"]+)"', missing) == ["index.html", "search.html"]


def test_the_card_shows_the_drawing_and_is_the_same_every_time(tmp_path: Path) -> None:
    data = finding_pages.card("A title")
    assert data == finding_pages.card("A title")
    picture = Image.open(io.BytesIO(data))
    assert picture.size == finding_pages.CARD_SIZE
    assert len(picture.convert("RGB").getcolors(1 << 20) or ()) > 50

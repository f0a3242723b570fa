"""Words of the glossary are explained where they are used; it is sorted, and says where."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests import COURSE
from tests.book.test_extensions import Book

GLOSSARY = """\
# Glossary

```{glossary}
stride
  How far the *window* moves.

max pooling
  The largest number. [Page](../index.md).
```
"""
PAGE = """\
# Page

## One

The Strides of `stride`, **stride**, and max pooling. Another stride; a bestride.

```{admonition} Answer
:class: dropdown
Folded max pooling.
```

## Two

Again: stride.

```{toctree}
book/glossary
```
"""


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Book:
    """A book of a page and a glossary, built once."""
    folder = tmp_path_factory.mktemp("book")
    book = Book(folder)
    with (folder / "conf.py").open("a") as conf:
        conf.write('extensions += ["book.extensions.glossary_terms"]\n')
        conf.write('html_css_files = ["course.css"]\n')
    (folder / "book").mkdir()
    (folder / "book" / "glossary.md").write_text(GLOSSARY)
    book.build(PAGE)
    return book


def words(html: str) -> list[tuple[str, str, str]]:
    """Return the addresses, meanings and texts of the words that a page explains."""
    pattern = r'<a class="explained-word" href="([^"]*)" data-meaning="([^"]*)">([^<]*)</a>'
    return re.findall(pattern, html)


STRIDE = ("book/glossary.html#term-stride", "How far the window moves.")
POOLING = ("book/glossary.html#term-max-pooling", "The largest number.")


def test_the_first_use_on_a_page_is_explained(book: Book) -> None:
    assert words(book.page.read_text()) == [(*STRIDE, "Strides"), (*POOLING, "max pooling")]
    glossary = (book.page.parent / "book" / "glossary.html").read_text()
    assert words(glossary) == []
    assert set(re.findall(r'<dt id="([^"]+)"', glossary)) == {"term-stride", "term-max-pooling"}


@pytest.fixture
def page(book: Book, browser: Browser) -> Page:
    page = browser.new_page()
    page.goto(book.page.as_uri())
    return page


def test_the_meaning_appears_for_pointer_and_keyboard(page: Page) -> None:
    note, word = page.get_by_role("tooltip"), page.get_by_role("link", name="max pooling")
    expect(note).to_be_hidden()
    word.hover()
    expect(note).to_have_text("The largest number.")
    assert word.get_attribute("aria-describedby") == note.get_attribute("id")
    note.hover()  # it may be read with a magnifier
    expect(note).to_be_visible()
    page.get_by_role("heading").first.hover()
    expect(note).to_be_hidden()
    word.focus()
    expect(note).to_be_visible()
    page.keyboard.press("Escape")
    expect(note).to_be_hidden()
    assert word.get_attribute("aria-describedby") is None
    page.close()


@pytest.mark.parametrize("width", [1280, 320])
def test_the_meaning_stays_on_the_screen(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 300})
    for word in page.locator(".explained-word").all():
        word.focus()
        box = page.get_by_role("tooltip").bounding_box()
        assert box is not None
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        assert box["y"] >= 0
        assert box["y"] + box["height"] <= 300
    page.close()


def test_a_changed_meaning_reaches_all_pages(book: Book) -> None:
    path = book.folder / "book" / "glossary.md"
    path.write_text(GLOSSARY.replace("largest", "greatest"))
    assert words(book.build())[1][1] == "The greatest number."


GLOSSARY_PAGE = COURSE / "book" / "glossary.md"


def entries() -> dict[str, str]:
    """Return the definition of each term."""
    inside = GLOSSARY_PAGE.read_text(encoding="utf-8").split(":::{glossary}\n")[1].split("\n:::")[0]
    matches = re.findall(r"^(\S.*)\n((?: +.*\n?)+)", inside, re.MULTILINE)
    assert len(matches) == inside.count("\n\n") + 1
    return dict(matches)


def test_terms_are_sorted() -> None:
    terms = list(entries())
    assert len(terms) > 30
    assert terms == sorted(terms, key=str.lower)


def test_each_term_stands_on_the_page_that_explains_it() -> None:
    for term, definition in entries().items():
        pages = re.findall(r"\]\((.*?\.md)\)", definition)
        assert pages or "{term}" in definition, term
        for page in pages:
            text = " ".join((GLOSSARY_PAGE.parent / page).read_text(encoding="utf-8").split())
            assert term.lower() in text.lower(), f"{page} does not mention {term!r}"

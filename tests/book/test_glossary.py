"""Words of the glossary are explained where they are used."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from book.extensions import glossary_terms
from tests import COURSE
from tests.book.test_extensions import Book

GLOSSARY = """\
# Glossary

```{glossary}
stride
  How far the *window* moves.

max pooling
  The largest number.
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


def test_the_first_use_in_each_section_is_explained(book: Book) -> None:
    assert words(book.page.read_text()) == [
        (*STRIDE, "Strides"),
        (*POOLING, "max pooling"),
        (*STRIDE, "stride"),
    ]
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


def test_every_word_of_the_glossary_is_used_in_the_book() -> None:
    """Else it explains nothing. The words stand in the order of the alphabet."""
    text = (COURSE / "book" / "glossary.md").read_text()
    listed = re.findall(r"^([A-Za-z][\w -]*)\n  \S", text.split("```{glossary}")[1], re.MULTILINE)
    assert len(listed) > 30
    assert listed == sorted(listed, key=str.lower)
    pages = "\n".join(path.read_text() for path in (COURSE / "book").glob("*/*.md"))
    pattern = glossary_terms.pattern_for(frozenset(word.lower() for word in listed))
    used = {match[1].lower() for match in pattern.finditer(pages)}
    assert {word.lower() for word in listed} - used == set()

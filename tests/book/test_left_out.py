"""A chapter that is left out: its pages are not made, and nothing on the others leads there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests import COURSE
from tests.book.sphinx_build import sphinx_build

CONF = """\
import sys
sys.path[:0] = [{course!r}]
extensions = ["myst_parser", "sphinx_external_toc", "sphinx_design", "book.extensions.left_out"]
myst_enable_extensions = ["colon_fence"]
external_toc_exclude_missing = True
left_out_pages = {pages!r}
"""
CONTENTS = """\
root: index
subtrees:
  - caption: Chapters
    numbered: true
    entries:
      - file: book/filters/filters
      - file: book/pooling/pooling
      - file: book/training/training
      - file: book/training/optimizers
  - caption: More
    entries:
      - file: book/visualization/visualization
  - caption: Reference
    entries:
      - file: book/glossary
"""
INDEX = """\
# The book

:::{div} start-row
[Start with filters](book/filters/filters.md)
[The words](book/glossary.md)
:::

## Chapters

:::{div} chapter-map
1. [Filters](book/filters/filters.md)

   They find edges, unlike [pooling](book/pooling/pooling.md).

2. [Pooling](book/pooling/pooling.md)

   It makes maps smaller.

3. [Training](book/training/training.md)
4. [Optimizers](book/training/optimizers.md)
:::

### Seeing inside

What a network sees.

:::{div} chapter-map
5. [Pictures](book/visualization/visualization.md)
:::

## For teachers

Read [how training goes](book/training/training.md) first. See [](book/pooling/pooling.md).
"""
GLOSSARY = """\
# Glossary

:::{glossary}
epoch
  One round through the training set. [Training](training/training.md).

pooling
  Making a map smaller. [Pooling](pooling/pooling.md).
:::
"""


def built(folder: Path, *pages: str) -> Path:
    """Build a book without these pages; any warning is an error."""
    (folder / "conf.py").write_text(CONF.format(course=str(COURSE), pages=list(pages)))
    (folder / "_toc.yml").write_text(CONTENTS)
    (folder / "index.md").write_text(INDEX)
    (folder / "book").mkdir(exist_ok=True)
    (folder / "book" / "glossary.md").write_text(GLOSSARY)
    for page in re.findall(r"file: (book/\w+/\w+)", CONTENTS):
        path = folder / f"{page}.md"
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"# The page on {path.stem}\n\nText.\n")
    done = sphinx_build(folder, "-W", "-n", "-q")
    assert done.returncode == 0, done.stderr
    return folder / "out"


def text_of(page: Path) -> str:
    """Return the words of a page, without its margins."""
    (body,) = re.findall(
        r'<div class="body" role="main">(.*?)<div class="sphinxsidebar"',
        page.read_text("utf-8"),
        re.DOTALL,
    )
    return " ".join(re.sub(r"<[^>]*>", " ", body).split())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("book")


def test_pages_go_with_all_that_leads_there(folder: Path) -> None:
    out = built(folder)
    everything = text_of(out / "index.html")
    assert "Start with filters" in everything
    assert (out / "book" / "training" / "optimizers.html").exists()

    # The same folder once more: what the first build has made does not stay.
    training = ("book/training/training", "book/training/optimizers")
    out = built(folder, "book/filters/filters", *training, "book/visualization/visualization")
    left = {path.relative_to(out).as_posix() for path in out.glob("book/**/*.html")}
    assert left == {"book/pooling/pooling.html", "book/glossary.html"}
    assert not (out / "_sources" / "book" / "training").exists()
    for page in out.rglob("*.html"):
        assert not re.search(
            r'href="[^"]*(training|filters|visualization)', page.read_text("utf-8")
        )
    index = text_of(out / "index.html")
    assert "Start with pooling and the other layers The words" in index
    assert "Read how training goes first. See The page on pooling ." in index
    # Entries and a whole section are gone; what stays is counted from 1.
    for words in (
        "Filters",
        "They find edges",
        "Optimizers",
        "Seeing inside",
        "What a network sees",
    ):
        assert words not in index
        assert words in everything
    (numbers,) = re.findall(r"<ol[^>]*>", (out / "index.html").read_text("utf-8"))
    assert 'start="2"' not in numbers
    glossary = text_of(out / "book" / "glossary.html")
    assert "One round through the training set. pooling" in re.sub(r" [#¶]", "", glossary)
    assert "Making a map smaller. Pooling ." in glossary


def test_numbers_go_on_from_list_to_list(folder: Path) -> None:
    out = built(folder, "book/pooling/pooling")
    lists = re.findall(r"<ol([^>]*)>", (out / "index.html").read_text("utf-8"))
    assert [re.findall(r'start="(\d+)"', attributes) for attributes in lists][1] == ["4"]
    # A sentence that is nothing but the way there goes; another one keeps its words.
    index = text_of(out / "index.html")
    assert "unlike pooling ." in index
    assert "Start with filters" in index

"""Documents of the repository that are pages, too: said once, and their links lead somewhere."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from book.extensions.included_documents import INCLUDE
from tests import COURSE
from tests.book.sphinx_build import sphinx_build

PAGES = {"for-instructors": "docs/teaching.md", "for-maintainers": "CONTRIBUTING.md"}
CONF = """\
import sys
from pathlib import Path
from types import SimpleNamespace
sys.path[:0] = [{course!r}]
import book.extensions.included_documents as documents
documents.COURSE_ROOT = Path(__file__).resolve().parent
documents.load_course_settings = lambda root: SimpleNamespace(repository={repository!r})
extensions = ["myst_parser", "book.extensions.included_documents"]
exclude_patterns = ["docs"]
"""
TEXT = """\
# A document

Read [the *guide*](teaching.md), [its end](teaching.md#end) and [a site](https://example.org).
"""


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_its_document(page: str) -> None:
    path = COURSE / "book" / f"{page}.md"
    include = INCLUDE.match(path.read_text("utf-8"))
    assert include is not None
    assert (path.parent / include[1]).resolve() == COURSE / PAGES[page]
    assert f"- file: book/{page}\n" in (COURSE / "_toc.yml").read_text()


def build(folder: Path, text: str, repository: str = "") -> subprocess.CompletedProcess[str]:
    """Build a book of one page, which includes a document with this text."""
    (folder / "docs").mkdir()
    (folder / "docs" / "document.md").write_text(text)
    (folder / "docs" / "teaching.md").write_text("# Guide\n")
    (folder / "index.md").write_text("```{include} docs/document.md\n```\n")
    (folder / "conf.py").write_text(CONF.format(course=str(COURSE), repository=repository))
    return sphinx_build(folder, "-W", "-n", "-q")


@pytest.mark.parametrize("repository", ["", "https://github.com/somebody/course/"])
def test_links_lead_to_the_repository_or_are_texts(tmp_path: Path, repository: str) -> None:
    done = build(tmp_path, TEXT, repository)
    assert done.returncode == 0, done.stderr
    html = (tmp_path / "out" / "index.html").read_text("utf-8")
    targets = re.findall(r'<a class="reference[^"]*" href="([^"#][^"]*)"', html)
    place = "https://github.com/somebody/course/blob/HEAD/docs/teaching.md"
    expected = [place, f"{place}#end"] if repository else []
    assert [target for target in targets if "teaching" in target] == expected
    assert "https://example.org" in targets
    assert "Read the guide, its end and a site." in re.sub(r"<[^>]*>", "", html)


def test_a_link_that_leads_nowhere_is_told(tmp_path: Path) -> None:
    done = build(tmp_path, "# A document\n\n[Lost](missing.md)\n")
    assert done.returncode != 0
    assert "links to missing.md, which is not there" in done.stderr

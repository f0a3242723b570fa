"""The glossary: sorted, and each term stands on the page that is said to explain it."""

from __future__ import annotations

import re

from tests import COURSE

PAGE = COURSE / "book" / "glossary.md"


def entries() -> dict[str, str]:
    """Return the definition of each term."""
    inside = PAGE.read_text(encoding="utf-8").split(":::{glossary}\n")[1].split("\n:::")[0]
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
            text = " ".join((PAGE.parent / page).read_text(encoding="utf-8").split())
            assert term.lower() in text.lower(), f"{page} does not mention {term!r}"

"""Words of the glossary are explained where they are used.

On each page, the first use of a word leads to the glossary, and carries its meaning:
``glossary.js`` shows it to whoever points at the word, or reaches it with the keyboard.
"""

from __future__ import annotations

import functools
import html
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

from book.extensions.common_mistakes import folded
from book.extensions.task_cell import task_cell

PAGE = "book/glossary"
SCRIPT = "glossary.js"


class Meaning(NamedTuple):
    """What the glossary says of a word, and the anchor where it says it."""

    text: str
    anchor: str


class explained_word(nodes.Inline, nodes.TextElement):
    """A word of the glossary in a text."""


def meanings_in(page: nodes.document) -> dict[str, Meaning]:
    """Return the words of a glossary, in lower case, with their meanings."""
    meanings = {}
    for item in page.findall(nodes.definition_list_item):
        text = meaning_of(item)
        for term in item.findall(nodes.term):
            meanings[term.astext().lower()] = Meaning(text, term["ids"][0])
    return meanings


def meaning_of(item: nodes.definition_list_item) -> str:
    """Return the definition of an entry, without the links to pages at its end."""
    definition = next(iter(item.findall(nodes.definition))).deepcopy()
    for link in list(definition.findall(addnodes.pending_xref)):
        if link["reftype"] != "term":
            link.parent.remove(link)
    return " ".join(definition.astext().split()).rstrip(" .") + "."


@functools.cache
def pattern_for(words: frozenset[str]) -> re.Pattern[str]:
    """Return what finds the words in a text, the longest first; in the plural, too."""
    longest_first = sorted(words, key=lambda word: (-len(word), word))
    return re.compile(rf"\b({'|'.join(map(re.escape, longest_first))})(?:s|es)?\b", re.IGNORECASE)


def plain_texts(page: nodes.document) -> Iterator[nodes.Text]:
    """Yield the texts of a page's paragraphs that are no part of something else.

    What is folded is left out: nobody sees the first use of a word there.
    """
    for text in list(page.findall(nodes.Text)):
        if isinstance(text.parent, nodes.paragraph) and not in_folded(text):
            yield text


def in_folded(node: nodes.Node) -> bool:
    """Whether a node lies in what opens on demand, or in a task."""
    parent = node.parent
    while parent is not None:
        if isinstance(parent, folded | task_cell) or "dropdown" in parent.get("classes", []):
            return True
        parent = parent.parent
    return False


def explain(page: nodes.document, meanings: dict[str, Meaning], address: str) -> None:
    """Explain the first use of each word on a page."""
    if not meanings:
        return
    pattern = pattern_for(frozenset(meanings))
    known: set[str] = set()
    for text in plain_texts(page):
        parts: list[nodes.Node] = []
        end = 0
        for match in pattern.finditer(text):
            word = match[1].lower()
            if word in known:
                continue
            known.add(word)
            meaning = meanings[word]
            link = explained_word("", match[0], meaning=meaning.text)
            link["address"] = f"{address}#{meaning.anchor}"
            parts += [nodes.Text(text[end : match.start()]), link]
            end = match.end()
        if parts:
            text.parent.replace(text, [*parts, nodes.Text(text[end:])])


def explain_page(app: Sphinx, page: nodes.document, name: str) -> None:
    """Explain the words of a page."""
    if app.builder.format != "html" or name == PAGE or PAGE not in app.env.found_docs:
        return
    meanings = meanings_in(app.env.get_doctree(PAGE))
    explain(page, meanings, app.builder.get_relative_uri(name, PAGE))


def pages_to_read(
    _app: Sphinx, env: BuildEnvironment, added: set[str], changed: set[str], _removed: set[str]
) -> list[str]:
    """Read all pages again when the glossary has changed."""
    return sorted(env.found_docs) if PAGE in added | changed else []


def visit_html(translator: Any, node: explained_word) -> None:
    """Open the link to the glossary."""
    meaning = html.escape(node["meaning"], quote=True)
    translator.body.append(
        f'<a class="explained-word" href="{node["address"]}" data-meaning="{meaning}">'
    )


def leave(_translator: Any, _node: explained_word) -> None:
    """Show the word alone."""


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension."""
    plain = (leave, leave)
    close = (visit_html, lambda translator, node: translator.body.append("</a>"))
    app.add_node(explained_word, html=close, text=plain, latex=plain, man=plain)
    app.add_js_file(SCRIPT, loading_method="defer")
    app.connect("doctree-resolved", explain_page)
    app.connect("env-get-outdated", pages_to_read)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

"""Questions that take an answer on the page, and that later chapters ask again.

::

    ````{question} dense-camera
    :answer: number
    :unit: parameters

    How many parameters does a dense layer of 100 units have on 36,000,000 numbers?

    - [x] {glue:text}`dense_camera:,d`
    - [ ] 3,600,000,000
      > Each unit has a bias, too.

    36,000,000 weights and one bias for each of 100 units.
    ````


A list of answers is a place for an answer. ``answer`` says of which kind it is, one for each list:

``choice``
    One of the list is chosen; exactly one is right. This is the default.
``number``
    A number is typed; the list is not shown. It has what is right, one or more, and known mistakes.
    ``tolerance`` says how far off a right one may be, ``unit`` what stands behind the field.
``text``
    The same with words: each right one is a spelling that is accepted.

What is quoted below an answer is said to whoever gives it. The paragraph above a list asks for it,
and what stands below the last list is the explanation: it is folded, and opens when the answer is
right. Without a script it opens by hand, and nothing can be typed.

What a reader has answered is kept in the browser by ``questions.js``.
"""

from __future__ import annotations

import html
import json
from fractions import Fraction
from typing import Any, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from book.extensions.common_mistakes import folded

SCRIPT = "questions.js"
KINDS = ("choice", "number", "text")


class question(nodes.General, nodes.Element):
    """A question with its places for answers, and its explanation."""


class answer_place(folded):
    """A place for an answer. Like what is folded, it is no part of the text that one reads."""


class possible_answer(nodes.General, nodes.Element):
    """An answer, right or wrong: its words, and what is said to whoever gives it."""


class answer_words(nodes.General, nodes.TextElement):
    """The words of an answer; a number or a text is not shown."""


class answer_feedback(nodes.General, nodes.Element):
    """What is said to whoever gives an answer."""


class explanation(folded):
    """What is shown once a question is answered."""


def number(text: str) -> float:
    """Return the number that a text of the author's writes, such as 3,600 or −1/3.

    Raises ValueError if it is none.
    """
    return float(Fraction(text.replace("−", "-").replace(",", "").replace(" ", "")))


def kinds(text: str) -> list[str]:
    """Return the kinds of the places for answers, in their order."""
    return [directives.choice(kind, KINDS) for kind in text.split(",")]


def tolerance(text: str) -> float:
    """Return how far off a right number may be."""
    if (value := number(text)) <= 0:
        raise ValueError("a tolerance is larger than 0")
    return value


class Question(SphinxDirective):
    """The directive ``question``."""

    required_arguments = 1
    has_content = True
    option_spec: ClassVar[dict[str, Any]] = {
        "answer": kinds,
        "tolerance": tolerance,
        "unit": directives.unchanged_required,
    }

    def run(self) -> list[nodes.Node]:
        """Return the question."""
        label = self.arguments[0]
        if nodes.make_id(label) != label:
            raise self.error(f"the label {label!r} may have small letters, digits and hyphens only")
        parsed = nodes.Element()
        self.state.nested_parse(self.content, self.content_offset, parsed)
        blocks = list(parsed.children)
        lists = [n for n, block in enumerate(blocks) if is_answers(block)]
        if not lists:
            raise self.error("a question needs a list of answers, such as '- [x] 12'")
        if lists[-1] == len(blocks) - 1:
            raise self.error("a question needs an explanation below its answers")
        of_lists = self.options.get("answer", ["choice"] * len(lists))
        if len(of_lists) != len(lists):
            raise self.error(f"{len(lists)} lists of answers, and {len(of_lists)} kinds of them")
        if "number" not in of_lists and {"tolerance", "unit"} & set(self.options):
            raise self.error("a tolerance and a unit belong to a number")
        for place, kind in zip(lists, of_lists, strict=True):
            blocks[place] = self.place(blocks[place], kind)
        title = nodes.paragraph("", "Question", classes=["admonition-title"])
        answer = explanation("", *blocks[lists[-1] + 1 :])
        node = question("", title, *blocks[: lists[-1] + 1], answer, label=label, key=label)
        node["ids"] = [f"question-{label}"]
        self.set_source_info(node)
        return [node]

    def place(self, answers: nodes.Node, kind: str) -> answer_place:
        """Return a place for an answer of a kind."""
        place = answer_place("", kind=kind, unit="", tolerance=0.0)
        if kind == "number":
            place.attributes.update(
                {name: self.options[name] for name in ("unit", "tolerance") if name in self.options}
            )
        possible = [self.possible(item, kind) for item in answers.children]
        place += possible
        right = [answer for answer in possible if answer["right"]]
        if not right or (kind == "choice" and len(right) > 1):
            few = "exactly one" if kind == "choice" else "at least one"
            raise self.error(f"{few} answer of a {kind} is right, marked by [x]: not {len(right)}")
        if kind == "choice" and len(possible) < 2:
            raise self.error("a choice needs two answers at least")
        values = [answer["value"] for answer in possible]
        if len(set(values)) < len(values):
            raise self.error(f"an answer is listed twice: {', '.join(map(str, values))}")
        if kind == "number":
            for wrong in (answer["value"] for answer in possible if not answer["right"]):
                if any(abs(wrong - answer["value"]) <= place["tolerance"] for answer in right):
                    raise self.error(
                        f"{wrong:g} is wrong, and within the tolerance of what is right"
                    )
        return place

    def possible(self, item: nodes.Node, kind: str) -> possible_answer:
        """Return an answer of a list."""
        words = item.children[0] if item.children else None
        box = words.children[0] if isinstance(words, nodes.paragraph) and words.children else None
        if not isinstance(words, nodes.paragraph) or box is None or not is_box(box):
            raise self.error(f"an answer begins with [x] or [ ]: {item.astext()!r}")
        said = item.children[1:]
        if len(said) > 1 or not all(isinstance(block, nodes.block_quote) for block in said):
            raise self.error(f"below an answer stands one quote (>), or nothing: {item.astext()!r}")
        text = "".join(child.astext() for child in words.children[1:]).strip()
        named = any(
            part.astext().strip() and not isinstance(part, nodes.math)
            for part in words.children[1:]
        )
        if kind == "choice" and not named:
            raise self.error(f"a choice needs words: a formula is no name for a field: {text!r}")
        answer = possible_answer("", answer_words("", "", *words.children[1:]))
        answer["right"] = "checked" in box.astext()
        answer["value"] = self.number(text) if kind == "number" else text
        if said:
            answer += answer_feedback("", *said[0].children)
        return answer

    def number(self, text: str) -> float:
        """Return a number of the list."""
        try:
            return number(text)
        except ValueError as error:
            raise self.error(f"this answer is no number: {text!r}") from error


def is_box(node: nodes.Node | None) -> bool:
    """Whether a node is the box in front of an item of a task list."""
    return isinstance(node, nodes.raw) and "task-list-item-checkbox" in node.astext()


def is_answers(block: nodes.Node) -> bool:
    """Whether a block is a list of answers; one item with a box makes it one."""
    return isinstance(block, nodes.bullet_list) and any(map(is_box, block.findall(nodes.raw)))


# As HTML.


def visit_question(translator: Any, node: question) -> None:
    """Open the form, and give names to what its places for answers refer to."""
    name = node["ids"][0]
    for n, place in enumerate(node.findall(answer_place), 1):
        place["name"] = f"{name}-{n}"
        place["asked-by"] = f"{name}-{n}-text"
        above = node.children[node.index(place) - 1]
        if isinstance(above, nodes.Element):
            above["ids"] = [place["asked-by"]]
    attributes = {"data-key": node["key"], "method": "dialog"}  # which goes nowhere
    translator.body.append(
        translator.starttag(
            node, "form", CLASS="admonition admonition-question question", **attributes
        )
    )


def visit_place(translator: Any, node: answer_place) -> None:
    """Open a place for an answer: a field that a script shows, or a choice."""
    asked_by = node["asked-by"]
    facts = f'class="answer-place" data-kind="{node["kind"]}" data-tolerance="{node["tolerance"]}"'
    if node["kind"] == "choice":
        translator.body.append(
            f'<fieldset {facts} aria-describedby="{asked_by}">\n'
            '<legend class="visually-hidden">Your choice</legend>\n'
        )
        return
    values = [answer["value"] for answer in node.findall(possible_answer)]
    plain = all(isinstance(value, float) and value >= 0 for value in values)
    keys = "decimal" if plain else "text"  # some keyboards of decimals have no minus
    translator.body.append(
        f'<div {facts}>\n<p class="answer-field" hidden><label for="{node["name"]}">Your answer'
        f'</label> <input id="{node["name"]}" aria-describedby="{asked_by}" inputmode="{keys}" '
        f'autocomplete="off" autocapitalize="off" spellcheck="false"> {html.escape(node["unit"])}'
        "</p>\n"
    )


def depart_place(translator: Any, node: answer_place) -> None:
    """Close it, with the place for the verdict."""
    tag = "fieldset" if node["kind"] == "choice" else "div"
    translator.body.append(f'<div class="answer-verdict" role="status"></div>\n</{tag}>\n')


def visit_answer(translator: Any, node: possible_answer) -> None:
    """Open an answer; a number or a text only has its value."""
    right = " data-right" if node["right"] else ""
    hidden = "" if node.parent["kind"] == "choice" else " hidden"
    value = html.escape(json.dumps(node["value"]), quote=True)
    translator.body.append(f'<div class="possible-answer" data-value="{value}"{right}{hidden}>')


def visit_words(translator: Any, node: answer_words) -> None:
    """Open the words of a choice; others are not shown."""
    place = node.parent.parent
    if place["kind"] != "choice":
        raise nodes.SkipNode
    translator.body.append(f'<label><input type="radio" name="{place["name"]}"> <span>')


def depart_words(translator: Any, _node: answer_words) -> None:
    """Close the words of a choice."""
    translator.body.append("</span></label>")


def visit_explanation(translator: Any, _node: explanation) -> None:
    """Write the button, and open the explanation below it."""
    translator.body.append(
        '<p class="answer-check" hidden><button type="submit">Check</button></p>\n'
        '<details class="question-explanation"><summary>Answer</summary>\n'
    )


def element(before: str, after: str) -> tuple[Any, Any]:
    """Return what writes a node between two texts."""
    return (
        lambda translator, _node: translator.body.append(before),
        lambda translator, _node: translator.body.append(after),
    )


def leave(_translator: Any, _node: nodes.Node) -> None:
    """Write what is inside, and nothing else."""


def skip(_translator: Any, _node: nodes.Node) -> None:
    """Write nothing: where nothing can be answered, feedback to answers is none."""
    raise nodes.SkipNode


def add_script(
    app: Sphinx,
    _pagename: str,
    _templatename: str,
    _context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """Load the script on pages that have a question."""
    if doctree is not None and next(iter(doctree.findall(question)), None) is not None:
        app.add_js_file(SCRIPT, loading_method="defer")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the directives."""
    plain = (leave, leave)
    for node, written in {
        question: (visit_question, element("", "</form>\n")[1]),
        answer_place: (visit_place, depart_place),
        possible_answer: (visit_answer, element("", "</div>\n")[1]),
        answer_words: (visit_words, depart_words),
        answer_feedback: element('<div class="answer-feedback" hidden>\n', "</div>"),
        explanation: (visit_explanation, element("", "</details>\n")[1]),
    }.items():
        text = (skip, leave) if node in (answer_place, answer_feedback) else plain
        app.add_node(node, html=written, text=text, latex=text, man=text)
    app.add_directive("question", Question)
    app.connect("html-page-context", add_script)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}

"""Questions that take an answer: in a browser, on a small book, and what may stand in a page."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from playwright.sync_api import Browser, Locator, Page, expect

from tests import COURSE
from tests.book.barriers import violations
from tests.book.sphinx_build import sphinx_build

CONF = """\
import sys
sys.path[:0] = [{course!r}]
extensions = ["myst_parser"]
extensions += [f"book.extensions.{{name}}" for name in ("palette_sheet", "questions", "reviews")]
myst_enable_extensions = ["tasklist", "dollarmath"]
html_theme = "sphinx_book_theme"
html_static_path = [{static!r}]
html_css_files = ["course.css"]
html_js_files = [["printing.js", {{"defer": "defer"}}]]
html_context = {{"default_mode": "auto"}}
"""

NUMBER = """\
````{question} bias-count
:answer: number
:unit: parameters

How many parameters have 100 units on 12 inputs?

- [x] 1,300
- [ ] 1200
  > Each unit has a *bias*, too.

12 · 100 weights and 100 biases, see [](later.md).
````
"""
CHOICE = """\
````{question} bar-lies

What does the bar give?

- [ ] 3
  > That is one row.
- [x] 0
- [ ] −3

The row adds up to 0.
````
"""
TWO = """\
````{question} two-places
:answer: number, text
:tolerance: 0.05

How large is the mean?

- [x] -20/3

And which function is it?

- [x] cross-correlation
- [x] correlation
- [ ] convolution
  > Nothing is turned here.

Both.
````
"""
PART = """\
````{question} part
:answer: number

Which part is read?

- [x] 1/4

A half of a half.
````
"""
PAGES = {
    "index.md": f"# Page\n\n```{{toctree}}\nlater\n```\n\n## One\n\n{NUMBER}\n## Two\n\n{CHOICE}\n",
    "later.md": "# Later\n\n```{review} bias-count bar-lies\n```\n\n"
    f"## Three\n\n{TWO}\n\n{PART}\n",
}


class Book:
    """A small book of two pages."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        static = str(COURSE / "book" / "_static")
        (folder / "conf.py").write_text(CONF.format(course=str(COURSE), static=static))

    def build(self, pages: dict[str, str]) -> subprocess.CompletedProcess[str]:
        for name, text in pages.items():
            (self.folder / name).write_text(text)
        return sphinx_build(self.folder, "-W", "--keep-going", "-n", "-q")

    def address(self, name: str = "index") -> str:
        return (self.folder / "out" / f"{name}.html").as_uri()


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Book:
    book = Book(tmp_path_factory.mktemp("book"))
    done = book.build(PAGES)
    assert done.returncode == 0, done.stderr
    return book


@pytest.fixture
def page(browser: Browser, book: Book) -> Iterator[Page]:
    """The first page of the book, in a browser that has kept nothing."""
    context = browser.new_context()
    page = context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(book.address())
    yield page
    context.close()
    assert complaints == []


class Asked:
    """A question on a page."""

    def __init__(self, page: Page, label: str) -> None:
        self.form = page.locator(f"#{label}")
        self.field = self.form.get_by_label("Your answer")
        self.verdict = self.form.get_by_role("status")
        self.explanation = self.form.locator("details")

    def answer(self, text: str) -> str:
        """Type an answer and press Enter; return the verdict."""
        self.field.first.fill(text)
        self.field.first.press("Enter")
        return self.verdict.first.inner_text()

    def is_open(self) -> bool:
        return self.explanation.get_attribute("open") is not None


def test_a_number_is_answered(page: Page) -> None:
    asked = Asked(page, "question-bias-count")
    assert asked.answer("1,200") == "✗ Not yet. Each unit has a bias, too."
    assert asked.verdict.locator("em").inner_text() == "bias"
    assert asked.field.get_attribute("aria-invalid") == "true"
    assert not asked.is_open()
    assert asked.answer("7") == "✗ Not yet. Try again, or open the answer below."
    assert asked.answer("-1300") == "✗ Not yet. The size is right, and the sign is not."
    assert asked.answer("") == "Nothing is answered here yet."
    assert asked.answer("1300") == "✔ Right."
    assert asked.is_open()
    assert asked.field.get_attribute("aria-invalid") is None


RIGHT = """\
1300|1,300|1.300|1 300|1'300|1’300|1\u202f300|1.3e3|1,3e3|13·10^2|13 * 100|13 × 10**2|2600/2|\
= 1300|about 1,300 parameters|1300.|1300,0|+1300|1.3·10^3|1300 and 1300"""


@pytest.mark.parametrize("text", RIGHT.split("|"))
def test_the_form_of_a_number_does_not_count(page: Page, text: str) -> None:
    assert Asked(page, "question-bias-count").answer(text) == "✔ Right."


@pytest.mark.parametrize("text", ["many", "1½", "1 1/2", "12 34", "-", "1.2.3"])
def test_what_is_no_number_is_not_called_wrong(page: Page, text: str) -> None:
    said = Asked(page, "question-bias-count").answer(text)
    assert said.startswith("This cannot be read as a number.")


@pytest.mark.parametrize("text", ["-6.7", "−6,667", "-20/3", "- 20 / 3", "–6.65", "-40:6"])
def test_negative_fractions_with_a_tolerance(page: Page, book: Book, text: str) -> None:
    page.goto(book.address("later"))
    assert Asked(page, "question-two-places").answer(text) == "✔ Right."


@pytest.mark.parametrize("text", ["1/4", "0.25", "0,25", "25 %", "25%", "a quarter", ".25", "¼"])
def test_a_part_of_the_whole(page: Page, book: Book, text: str) -> None:
    page.goto(book.address("later"))
    assert Asked(page, "question-part").answer(text) == "✔ Right."


def test_two_places_are_judged_by_themselves(page: Page, book: Book) -> None:
    page.goto(book.address("later"))
    asked = Asked(page, "question-two-places")
    asked.field.last.fill("a Cross correlation")
    assert asked.answer("-6.5").startswith("✗")
    assert asked.verdict.last.inner_text() == "✔ Right."
    assert not asked.is_open()
    asked.field.last.fill("Convolution")
    assert asked.answer("-6.67") == "✔ Right."
    assert asked.verdict.last.inner_text() == "✗ Not yet. Nothing is turned here."
    asked.field.last.fill("blur")
    asked.answer("-6.67")
    assert asked.verdict.last.inner_text().startswith("These words are not known here.")
    asked.field.last.fill("correlation")
    asked.answer("-6.67")
    assert asked.is_open()


def test_a_choice_by_the_keyboard(page: Page) -> None:
    asked = Asked(page, "question-bar-lies")
    choices = asked.form.get_by_role("radio")
    assert [choices.nth(n).get_attribute("name") for n in range(3)] == ["question-bar-lies-1"] * 3
    choices.first.focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    assert asked.verdict.inner_text() == "✗ Not yet. That is one row."
    page.keyboard.press("ArrowDown")
    assert asked.verdict.inner_text() == ""
    page.keyboard.press("Tab")
    expect(asked.form.get_by_role("button", name="Check")).to_be_focused()
    page.keyboard.press("Enter")
    assert asked.verdict.inner_text() == "✔ Right."
    assert asked.is_open()


def test_answers_are_kept(page: Page, book: Book) -> None:
    Asked(page, "question-bias-count").answer("1300")
    choice = Asked(page, "question-bar-lies")
    choice.form.get_by_label("−3").check()
    choice.form.get_by_role("button").click()
    page.reload()
    reloaded = Asked(page, "question-bias-count")
    assert reloaded.field.input_value() == "1300"
    assert reloaded.verdict.inner_text() == "✔ Right."
    assert not reloaded.is_open()
    assert choice.form.get_by_label("−3").is_checked()
    assert choice.verdict.inner_text().startswith("✗")


def test_what_is_kept_and_damaged_does_no_harm(page: Page) -> None:
    page.evaluate("localStorage.setItem('course-questions/bias-count', '{no')")
    page.evaluate("localStorage.setItem('course-questions/bar-lies', '[\"gone\"]')")
    page.reload()
    assert Asked(page, "question-bias-count").answer("1300") == "✔ Right."
    assert Asked(page, "question-bar-lies").form.locator(":checked").count() == 0


def test_a_review_asks_again(page: Page, book: Book) -> None:
    Asked(page, "question-bias-count").answer("1300")
    page.goto(book.address("later"))
    asked = Asked(page, "review-bias-count")
    title = asked.form.locator(".admonition-title")
    assert title.inner_text() == "From “One”"
    assert asked.field.input_value() == ""
    assert asked.answer("1200") == "✗ Not yet. Each unit has a bias, too."
    page.reload()
    assert asked.field.input_value() == "1200"
    link = asked.form.locator("details a")
    assert link.get_attribute("href") == "#"  # written on the first page, it led to this one
    title.get_by_role("link").click()
    expect(page).to_have_url(book.address() + "#question-bias-count")
    assert Asked(page, "question-bias-count").field.input_value() == "1300"


def test_no_barrier(page: Page, book: Book) -> None:
    for name in ("index", "later"):
        page.goto(book.address(name))
        for asked in page.locator("form.question").all():
            submit(asked)
        # The theme's, of a book of two pages: its sidebar is no landmark.
        assert [v["id"] for v in violations(page) if v["id"] != "region"] == []


def submit(form: Locator) -> None:
    form.get_by_role("button", name="Check").click()


def test_without_a_script_the_answer_is_folded(browser: Browser, book: Book) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(book.address())
    form = page.locator("#question-bias-count")
    assert not form.get_by_label("Your answer").is_visible()
    assert not form.get_by_role("button").is_visible()
    assert not form.get_by_text("12 · 100 weights").is_visible()
    form.locator("summary").click()
    assert form.get_by_text("12 · 100 weights").is_visible()
    assert page.get_by_text("That is one row.").is_visible() is False
    context.close()


def test_on_paper_question_and_answer_are_shown(page: Page) -> None:
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    asked = Asked(page, "question-bias-count")
    assert asked.form.get_by_text("12 · 100 weights").is_visible()
    assert asked.form.get_by_text("How many parameters").is_visible()
    assert not asked.field.is_visible()


# What an author may write.


MISTAKES = [
    ("question} two-places", "question} Two_Places", "may have small letters, digits"),
    (":answer: number, text", ":answer: number", "2 lists of answers, and 1 kinds"),
    (":answer: number, text", ":answer: number, guess", "Invalid option value for 'answer'"),
    (":answer: number, text", ":answer: text, text", "a tolerance and a unit belong to a n"),
    (":tolerance: 0.05", ":tolerance: 0", "a tolerance is larger than 0"),
    ("- [x] -20/3", "- [x] many", "this answer is no number: 'many'"),
    ("- [x] -20/3", "- [ ] -20/3", "at least one answer of a number is right"),
    ("- [x] -20/3", "- [x] -20/3\n- [ ] -6.7", "-6.7 is wrong, and within the tolerance of what"),
    ("- [x] correlation", "- [x] convolution", "an answer is listed twice: cross-corr"),
    ("- [x] correlation", "- correlation", "an answer begins with [x] or [ ]: 'correlation'"),
    ("  > Nothing", "\n  Nothing", "below an answer stands one quote (>), or nothing"),
    ("Both.\n", "", "a question needs an explanation below its answers"),
    ("review} bias-count", "review} no-such", "no other page asks the question 'no-such'"),
    ("review} bias-count", "review} two-places", "no other page asks the question 'two"),
]
CHOICES = [
    ("[ ] 3", "[x] 3", "exactly one answer of a choice is right, marked by [x]: not 2"),
    ("[ ] 3", "[ ] $3$", "a choice needs words: a formula is no name for a field: '3'"),
    ("[x] 0", "[ ] 0", "exactly one answer of a choice is right, marked by [x]: not 0"),
]


@pytest.fixture(scope="module")
def complaints(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What is said of a book in which each page has one mistake, and two the same question."""
    pages = {"index.md": f"# Page\n\n{NUMBER}\n{CHOICE}", "z.md": f"# Page\n\n{CHOICE}"}
    for n, (old, new, _) in enumerate(MISTAKES):
        later = PAGES["later.md"]
        assert old in later
        page = later.replace(old, new).replace("two-places", f"two-places-{n}")
        pages[f"m{n}.md"] = page.replace(PART, "")
    for n, (old, new, _) in enumerate(CHOICES, len(MISTAKES)):
        assert old in CHOICE
        pages[f"m{n}.md"] = "# Page\n\n" + CHOICE.replace(old, new).replace("lies", f"lies-{n}")
    done = Book(tmp_path_factory.mktemp("mistakes")).build(pages)
    assert done.returncode != 0
    return done.stderr


@pytest.mark.parametrize(
    ("number", "message"), list(enumerate(message for *_, message in [*MISTAKES, *CHOICES]))
)
def test_a_mistake_of_the_author_is_explained(complaints: str, number: int, message: str) -> None:
    said = [line for line in complaints.splitlines() if f"/m{number}.md:" in line]
    assert any(message in line for line in said), said


def test_two_questions_with_one_label_are_refused(complaints: str) -> None:
    assert "the label 'bar-lies' belongs to 2 questions: index, z" in complaints


def test_a_review_follows_its_question(tmp_path: Path) -> None:
    """Where the question changes, the page that asks it again is made again."""
    book = Book(tmp_path)
    assert book.build(PAGES).returncode == 0
    page = PAGES["index.md"].replace("How many parameters have", "How many numbers have")
    assert book.build({"index.md": page}).returncode == 0
    assert "How many numbers have" in (tmp_path / "out" / "later.html").read_text()


def test_questions_of_a_page_that_is_left_out_are_not_asked_again(tmp_path: Path) -> None:
    book = Book(tmp_path)
    with (tmp_path / "conf.py").open("a") as conf:
        conf.write('exclude_patterns = ["gone.md"]\n')
        conf.write('def setup(app): app.add_config_value("left_out_pages", ["gone"], "env")\n')
    first, second = "```{review} bias-count bar-lies\n```", "```{review} bias-count\n```"
    pages = {
        "index.md": f"# Page\n\n```{{toctree}}\nlater\nlast\n```\n\n{CHOICE}",
        "gone.md": f"# Gone\n\n{NUMBER}",
        "later.md": f"# Later\n\n{first}\n",
        "last.md": f"# Last\n\n{second}\n",
    }
    done = book.build(pages)
    assert done.returncode == 0, done.stderr
    later, last = ((tmp_path / "out" / f"{name}.html").read_text() for name in ("later", "last"))
    assert 'id="review-bar-lies"' in later
    assert "review-bias-count" not in later
    assert "Do you remember?" in later
    assert "Do you remember?" not in last


# The course's own pages.

CONTENTS = yaml.safe_load((COURSE / "_toc.yml").read_text())
CHAPTERS = [
    entry["file"]
    for part in CONTENTS["parts"]
    if part.get("numbered")
    for entry in part["chapters"]
]
TEXTS = {page: (COURSE / f"{page}.md").read_text("utf-8") for page in CHAPTERS}
QUESTIONS = {
    page: dict(re.findall(r"^````\{question\} (.+)\n((?:.*\n)*?)````$", text, re.MULTILINE))
    for page, text in TEXTS.items()
}


@pytest.mark.parametrize("page", CHAPTERS)
def test_most_questions_take_an_answer(page: str) -> None:
    folded = TEXTS[page].count("{admonition} Question")
    assert len(QUESTIONS[page]) >= 3
    assert TEXTS[page].count("{question}") == len(QUESTIONS[page]) >= folded - 1


@pytest.mark.parametrize("page", CHAPTERS)
def test_a_right_number_is_computed(page: str) -> None:
    for label, text in QUESTIONS[page].items():
        kinds = re.search(r"^:answer: (.+)$", text, re.MULTILINE)
        if kinds is None:
            continue
        lists = re.findall(r"(?:^(?:- \[|  >).*\n)+", text, re.MULTILINE)
        for kind, answers in zip(kinds[1].split(", "), lists, strict=True):
            if kind == "number":
                right = re.findall(r"^- \[x\] (.+)$", answers, re.MULTILINE)
                assert right, label
                assert all(answer.startswith("{glue:text}") for answer in right), label


@pytest.mark.parametrize("page", CHAPTERS[1:])
def test_a_chapter_begins_with_three_questions_from_earlier_ones(page: str) -> None:
    start, *_ = TEXTS[page].split("\n## ")
    (labels,) = re.findall(r"^```\{review\} (.+)$", start, re.MULTILINE)
    before = CHAPTERS[: CHAPTERS.index(page)]
    asked = {label for earlier in before for label in QUESTIONS[earlier]}
    assert len(set(labels.split())) == 3
    assert set(labels.split()) <= asked

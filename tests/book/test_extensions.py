"""The book's own Sphinx extensions, on small books made for the purpose."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from autograder.authoring.source import read_exercise_source
from autograder.chapter import load_problems
from autograder.palette import Theme
from book.extensions import course_setup, cover_drawing, exercise_facts
from book.extensions.logo import logo
from tests import COURSE
from tests.book.sphinx_build import sphinx_build

CONF = """\
import sys
sys.path[:0] = [{course!r}, {here!r}]
import book.figures
book.figures.FIGURES.update(tiny="tiny:Tiny", strange="tiny:Strange")
extensions = [
    "myst_parser",
    "book.extensions.palette_sheet",
    "book.extensions.logo",
    "book.extensions.cover_drawing",
    "book.extensions.live_figure",
    "book.extensions.common_mistakes",
]
numfig = True
html_static_path = [{static!r}]
"""

TINY_PY = """\
import math
from pathlib import Path
import anywidget
import traitlets

class Tiny(anywidget.AnyWidget):
    _esm = Path(__file__).with_name("tiny.mjs")
    _css = Path(__file__).with_name("tiny.css")
    count = traitlets.Int(3).tag(sync=True)
    words = traitlets.List(["a <b>", "</script>"]).tag(sync=True)
    private = traitlets.Int(7)

class Strange(Tiny):
    ratio = traitlets.Float(math.nan).tag(sync=True)
"""

TINY_MJS = """\
// A comment with </script> and <!-- in it.
export default {
  render({ model, el }) {
    const button = document.createElement("button");
    const show = () => { button.textContent = `${model.get("count")} ${model.get("words")}`; };
    model.on("change:count", show);
    button.addEventListener("click", () => {
      model.set("count", model.get("count") + 1);
      model.save_changes();
    });
    show();
    el.append(button);
  },
};
"""

TWO_FIGURES = """\
# Page

See {numref}`fig-first` and {numref}`fig-second`.

```{live-figure} tiny
:name: fig-first
:alt: A button that counts <upward>.

The *first* caption.

A legend.
```

```{live-figure} tiny
:name: fig-second
:alt: The same button.

The second caption.
```
"""


class Book:
    """A small book of one page."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.page = folder / "out" / "index.html"
        (folder / "tiny.py").write_text(TINY_PY)
        (folder / "tiny.mjs").write_text(TINY_MJS)
        (folder / "tiny.css").write_text("button { color: rgb(1, 2, 3); }")
        static = str(COURSE / "book" / "_static")
        conf = CONF.format(course=str(COURSE), here=str(folder), static=static)
        (folder / "conf.py").write_text(conf)

    def build(self, text: str | None = None) -> str:
        """Build the book, with ``text`` as its page, and return the page; warnings are errors."""
        done = self.try_build(text)
        assert done.returncode == 0, done.stderr
        return self.page.read_text()

    def try_build(self, text: str | None = None) -> subprocess.CompletedProcess[str]:
        if text is not None:
            (self.folder / "index.md").write_text(text)
        return sphinx_build(self.folder, "-W", "-n", "-q")


@pytest.fixture
def small_book(tmp_path: Path) -> Book:
    return Book(tmp_path)


# Live figures.


def test_the_site_takes_its_title_from_the_courses_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = 'title = "Nets & filters"\nrepository = "https://example.org/a?b=1&c=2"\n'
    (tmp_path / "course.toml").write_text(text)
    monkeypatch.setattr(course_setup, "COURSE_ROOT", tmp_path)
    config = SimpleNamespace(html_theme_options={"logo": {"image_light": "a.svg"}})
    course_setup.use_settings(None, config)  # type: ignore[arg-type]
    assert (config.project, config.html_title) == ("Nets & filters", "Nets & filters")
    assert config.html_theme_options == {
        "logo": {"image_light": "a.svg", "text": "Nets & filters"},
        "extra_footer": '<p><a href="https://example.org/a?b=1&amp;c=2">Its files</a></p>',
    }


def test_live_figure_on_the_page(small_book: Book) -> None:
    html = small_book.build(TWO_FIGURES)
    assert html.count('id="live-figure-module-tiny"') == 1  # used twice, written once
    assert html.count("<live-figure ") == 2
    assert html.count("live-figure.js") == 1
    assert "A button that counts &lt;upward&gt;." in html
    assert 'href="#fig-first"><span class="std std-numref">Fig. 1</span>' in html
    assert 'href="#fig-second"><span class="std std-numref">Fig. 2</span>' in html
    assert re.search(r'<figure class="[^"]*live-figure[^"]*" id="fig-first">', html)
    assert "The <em>first</em> caption." in html
    assert '<div class="legend">' in html
    scripts = re.findall(r'<script type="application/json"[^>]*>(.*?)</script>', html, re.S)
    module, state, other_state = map(json.loads, scripts)
    assert module["esm"] == TINY_MJS
    assert state == other_state == {"count": 3, "words": ["a <b>", "</script>"]}


def test_page_without_live_figure_loads_no_script(small_book: Book) -> None:
    assert "live-figure.js" not in small_book.build("# Page\n\nText.\n")


def test_live_figure_runs_from_a_file(small_book: Book, browser: Browser) -> None:
    small_book.build(TWO_FIGURES)
    page = browser.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(small_book.page.as_uri())
    first, second = page.locator("#fig-first button"), page.locator("#fig-second button")
    first.wait_for()
    assert first.inner_text() == "3 a <b>,</script>"
    first.press("Enter")
    assert first.inner_text().startswith("4")
    assert second.inner_text().startswith("3")  # each figure has values of its own
    assert first.evaluate("(one) => getComputedStyle(one).color") == "rgb(1, 2, 3)"
    styles = page.evaluate("[...document.querySelectorAll('style')].map((s) => s.innerHTML)")
    assert len([style for style in styles if "rgb(1, 2, 3)" in style]) == 1
    assert errors == []
    page.close()


def test_page_is_made_again_when_a_module_changes(small_book: Book) -> None:
    small_book.build(TWO_FIGURES)
    changed = small_book.folder / "tiny.mjs"
    changed.write_text(TINY_MJS.replace("A comment", "Another comment"))
    later = changed.stat().st_mtime + 10
    os.utime(changed, (later, later))
    assert "Another comment" in small_book.build()


@pytest.mark.parametrize(
    ("directive", "message"),
    [
        ("```{live-figure} nowhere\n:alt: Text.\n```", "no live figure 'nowhere'; there are "),
        ("```{live-figure} tiny\n\nCaption.\n```", "'tiny' needs an alternative text"),
        ("```{live-figure} tiny\n:alt: Text.\n\n- a\n```", "has to start with a paragraph"),
        ("```{live-figure} strange\n:alt: Text.\n```", "'strange' cannot be written as JSON"),
        ("```{common-mistakes} nowhere\n```", "the chapter 'nowhere' has no problems"),
        ("```{common-mistakes} filters corr3d\n```", "has no task corr3d; its tasks are corr2d"),
        ("```{other-mistakes}\n- No bold.\n```", "has to start with what one sees, in bold"),
        ("```{sample-feedback} filters corr2d nowhere\n```", "has no misconception 'nowhere'"),
    ],
)
def test_wrong_use_is_an_error(small_book: Book, directive: str, message: str) -> None:
    done = small_book.try_build(f"# Page\n\n{directive}\n")
    assert done.returncode != 0
    assert message in done.stderr
    assert "index.md:3" in done.stderr


# Common mistakes.


def test_common_mistakes(small_book: Book) -> None:
    html = small_book.build("# Page\n\n```{common-mistakes} filters corr2d\n```\n")
    problem = load_problems(COURSE, "filters")["corr2d"]
    text = re.sub(r"<[^>]*>", "", html).replace("&#39;", "'")
    for misconception in problem.misconceptions:
        for part in (misconception.title, misconception.symptom, misconception.hint):
            assert re.sub(r"`", "", part) in re.sub(r"[’]", "'", text)
    assert html.count("<details") == len(problem.misconceptions)


def test_common_mistakes_of_several_tasks_are_folded_by_task(small_book: Book) -> None:
    html = small_book.build("# Page\n\n```{common-mistakes} filters corr2d conv2d\n```\n")
    assert len(re.findall(r'<details class="task', html)) == 2
    problems = load_problems(COURSE, "filters")
    for problem in (problems["corr2d"], problems["conv2d"]):
        assert f'<span class="number"> {len(problem.misconceptions)}</span>' in html


def test_other_mistakes_are_folded_like_those_of_tasks(small_book: Book) -> None:
    html = small_book.build(
        "# Page\n\n```{other-mistakes}\n- **The mask is *inverted*.** It is `low` there.\n"
        "- **The colors are wrong.** Pass bytes.\n```\n"
    )
    assert "Common mistakes, by what you see" in html
    lines = re.findall(r"<summary[^>]*>\s*(.*?)\s*</summary>", html)
    assert lines == ["The mask is <em>inverted</em>.", "The colors are wrong."]
    assert re.search(r"<p>\s*Pass bytes\.</p>\s*</details>", html)


def test_sample_feedback(small_book: Book) -> None:
    html = small_book.build(
        "# Page\n\n```{sample-feedback} filters corr2d\n```\n\n"
        "```{sample-feedback} filters corr2d mean_for_sum\n```\n"
    )
    good, bad = html.split('class="sample-feedback"')[1:]
    assert "cases passed" in good
    assert "Hint:" not in good
    assert "Hint:" in bad


# Facts about exercises.


def test_size_of_an_exercise(toy_course: Path) -> None:
    exercise = read_exercise_source(toy_course / "solutions" / "toy" / "toy.md")
    assert exercise_facts.size(exercise) == "2 tasks and 1 question, 9 points, about 20 minutes"


@pytest.mark.parametrize(
    ("minutes", "text"),
    [(1, "1 minute"), (45, "45 minutes"), (60, "1 hour"), (80, "1.5 hours"), (150, "2.5 hours")],
)
def test_duration(minutes: int, text: str) -> None:
    assert exercise_facts.duration(minutes) == text


# Logo and cover drawing.


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_drawings_are_the_same_every_time(theme: Theme) -> None:
    assert logo(theme) == logo(theme)
    ElementTree.fromstring(logo(theme))
    ElementTree.fromstring(cover_drawing.filter_at_work())


def test_picture_of_the_first_page_shows_true_numbers() -> None:
    response = cover_drawing.responses(cover_drawing.PICTURE, cover_drawing.EDGE_FILTER)
    assert response.shape == (5, 5)
    for row in range(5):
        for column in range(5):
            window = cover_drawing.PICTURE[row : row + 3, column : column + 3]
            assert response[row, column] == sum((window * cover_drawing.EDGE_FILTER).flat)


def numbers(page: Page, part: str) -> list[int]:
    texts = page.locator(f".cover-{part} text").all_text_contents()
    return [int(text.replace("−", "-")) for text in texts]


def check_drawing(page: Page, row: int, column: int) -> None:
    """The drawing shows what its own picture and filter give, with the window at a place."""
    picture = np.reshape(numbers(page, "picture"), (7, 7))
    weights = np.reshape(numbers(page, "filter"), (3, 3))
    expected = cover_drawing.responses(picture, weights)
    assert np.array_equal(np.reshape(numbers(page, "responses"), expected.shape), expected)
    said = cover_drawing.minus(int(expected[row, column]))
    assert page.locator(".sum").inner_text().endswith(f"= {said}")
    place = f"row {row + 1}, column {column + 1}, response {said}"
    assert page.get_by_role("slider").get_attribute("aria-valuetext") == place


def test_the_drawing_of_the_first_page_answers(small_book: Book, browser: Browser) -> None:
    small_book.build("# Page\n\n```{filter-at-work}\n```\n")
    page = browser.new_page()
    page.goto(small_book.page.as_uri())
    window, weights = page.get_by_role("slider"), page.get_by_role("spinbutton")
    check_drawing(page, *cover_drawing.WINDOW)
    for key in ("ArrowRight", "ArrowRight", "ArrowRight", "ArrowUp"):  # it stops at the border
        window.press(key)
    check_drawing(page, 1, 4)
    weights.first.click()
    assert numbers(page, "filter")[0] == 0
    weights.nth(1).press("3")
    weights.nth(2).press("ArrowUp")
    weights.nth(3).press("-")
    assert numbers(page, "filter") == [0, 3, 0, -1, 0, -1, 1, 0, -1]
    check_drawing(page, 1, 4)
    cells = page.locator(".cover-picture rect")
    cells.nth(8).hover(force=True)
    page.mouse.down()
    check_drawing(page, 0, 0)
    cells.nth(24).hover(force=True)
    page.mouse.up()
    check_drawing(page, 2, 2)
    page.close()


# Setup.


def test_course_can_be_imported_by_kernels(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setenv("PYTHONPATH", "elsewhere")
    course_setup.make_importable(tmp_path)
    course_setup.make_importable(tmp_path)
    assert os.environ["PYTHONPATH"] == f"{tmp_path}{os.pathsep}elsewhere"
    assert sys.path[0] == str(tmp_path)
    assert sys.path.count(str(tmp_path)) == 1


# Line breaks.


def test_a_number_stays_with_what_belongs_to_it(small_book: Book) -> None:
    with (small_book.folder / "conf.py").open("a") as conf:
        conf.write('extensions += ["book.extensions.line_breaks"]\n')
    text = "A filter of 3 × 3 × 2, *16* %, **5** × 4, 16 % of it, `3 × 3`, 5 %d and 100 % sure."
    html = small_book.build(f"# Page\n\n{text}\n")
    paragraph = re.search(r"<p>(A filter.*?)</p>", html, re.DOTALL)
    assert paragraph
    words = re.sub(r"<[^>]+>", "", paragraph[1]).replace("\xa0", "~").replace("&#160;", "~")
    assert words == "A filter of 3~×~3~×~2, 16~%, 5~×~4, 16~% of it, 3 × 3, 5 %d and 100~% sure."

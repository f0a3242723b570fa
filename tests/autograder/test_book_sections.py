"""A task says once, by its place on a page, which section explains it; the rest is generated."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from autograder.authoring.book_sections import anchor, pages_in_use, pages_left_out, read_book
from autograder.authoring.generate import write_source
from autograder.authoring.source import read_exercise_source
from autograder.chapter import SourceError, chapters, load_chapter
from autograder.checks import FILE_NAME, load_checks, load_facts
from autograder.course_settings import chapters_in_use
from autograder.grading.course import Course
from tests import COURSE

TOC = """\
format: jb-book
root: book/index
parts:
  - caption: Chapters
    chapters:
      - file: book/first/first
      - file: book/toy/toy
      - file: book/toy/more
"""
PAGE = """\
# Toys

```{code-cell} python
# No heading: a comment
```

## How to `double`

````{admonition} Text
## No heading either
```
```{task-cell} toy nothing
```
````

```{task-cell} toy double
```

## Sums, in Zürich

:::{task-cell} toy total
:::

```{common-mistakes} toy double total
```
"""
SITE = "https://example.org/course"


@pytest.fixture
def course(toy_course: Path) -> Path:
    """The small course with a book of two chapters; the pages stand in the order of the TOC."""
    pages = {"first/first": "# First\n", "toy/toy": PAGE, "toy/more": "# More\n\n## Beyond\n"}
    for name, text in pages.items():
        (toy_course / "book" / name).parent.mkdir(parents=True, exist_ok=True)
        (toy_course / "book" / f"{name}.md").write_text(text, "utf-8")
    (toy_course / "_toc.yml").write_text(TOC)
    return toy_course


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), "utf-8")


def test_the_place_of_a_task_is_its_section(course: Path) -> None:
    book = read_book(course)
    assert {name: section.path for name, section in book.tasks.items()} == {
        ("toy", "double"): "book/toy/toy.html#how-to-double",
        ("toy", "total"): "book/toy/toy.html#sums-in-zurich",
    }
    assert book.tasks["toy", "double"].name == "“How to double” in Toys"
    assert book.mistakes == {("toy", "double"): "book/toy/toy", ("toy", "total"): "book/toy/toy"}
    assert list(book.titles.items()) == [("first", "First"), ("toy", "Toys")]


def test_a_course_without_a_book_has_no_sections(toy_course: Path) -> None:
    assert read_book(toy_course).tasks == {}
    write_source(toy_course, "toy")
    checks = load_checks(toy_course / "solutions" / "toy" / FILE_NAME)
    assert {name: (task.points, task.sections) for name, task in checks.items()} == {
        "double": (4.0, {}),
        "total": (2.0, {}),
    }
    assert load_facts(toy_course / "solutions" / "toy" / FILE_NAME).title == "Toy exercise"


@pytest.mark.parametrize("site", ["", SITE])
def test_notebook_and_checks_name_the_section(course: Path, site: str) -> None:
    (course / "course.toml").write_text(f'site = "{site}"')
    write_source(course, "toy")
    folder = course / "solutions" / "toy"
    section = load_checks(folder / FILE_NAME)["double"].section()
    assert section is not None
    address = f"{SITE}/book/toy/toy.html#how-to-double" if site else ""
    assert section.address == address
    cells = json.loads((folder / "toy.ipynb").read_text("utf-8"))["cells"]
    (facts,) = ("".join(c["source"]) for c in cells if "**`double`**" in "".join(c["source"]))
    name = f"[{section.name}]({address})" if site else section.name
    assert facts.endswith(f"minutes · explained in {name}")
    chapter = load_facts(folder / FILE_NAME)
    assert (chapter.title, chapter.number, chapter.points_by_hand) == ("Toys", 2, 3.0)


def give_a_section(course: Path, title: str) -> None:
    """Let a misconception of `double` be explained in a section of its own."""
    task = course / "solutions" / "toy" / "tasks" / "double.py"
    edit(task, '"Look at the exponent."', f'"Look at the exponent.", section="{title}"')


def test_a_misconception_may_have_a_section_of_its_own(course: Path) -> None:
    give_a_section(course, "Beyond")
    write_source(course, "toy")
    checks = load_checks(course / "solutions" / "toy" / FILE_NAME)["double"]
    assert checks.section("square").title == "Beyond"
    assert checks.section("once").title == checks.section().title == "How to double"


def test_a_section_that_does_not_exist_is_refused(course: Path) -> None:
    give_a_section(course, "Nowhere")
    with pytest.raises(SourceError, match=r"double\.py:\d+: square: the book has no section"):
        write_source(course, "toy")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("# Toys", "```{task-cell} toy double\n```\n", r"toy\.md:1: double of toy stands above"),
        ("toy total\n:::", "toy double\n:::", r"double is in book/toy/toy\.html#how-to-double"),
    ],
)
def test_tasks_out_of_place_are_refused(course: Path, old: str, new: str, words: str) -> None:
    edit(course / "book" / "toy" / "toy.md", old, new)
    with pytest.raises(SourceError, match=words):
        read_book(course)


def leave_out(course: Path, chapter: str) -> None:
    (course / "course.toml").write_text(f"[chapters.{chapter}]\nuse = false\n")


def test_nothing_leads_to_a_chapter_that_is_left_out(course: Path) -> None:
    give_a_section(course, "first/Beside")
    first = course / "solutions" / "first"
    first.mkdir()
    (first / "chapter.py").touch()
    page = course / "book" / "first" / "first.md"
    page.write_text(f"{page.read_text()}\n## Beside\n")
    assert read_book(course).facts(read_exercise_source(source_of(course))).number == 2
    assert "book/first/first" in pages_in_use(course)
    write_source(course, "toy")
    checks = course / "solutions" / "toy" / FILE_NAME
    assert load_checks(checks)["double"].section("square").title == "Beside"
    leave_out(course, "first")
    assert pages_left_out(course) == ["book/first/first"]
    assert "book/first/first" not in pages_in_use(course)
    # Its place in the order stays, so that no other exercise changes.
    assert read_book(course).facts(read_exercise_source(source_of(course))).number == 2
    write_source(course, "toy")
    assert load_checks(checks)["double"].section("square").title == "How to double"


def source_of(course: Path) -> Path:
    return course / "solutions" / "toy" / "toy.md"


def test_anchors_are_those_of_docutils() -> None:
    from docutils.nodes import make_id

    titles = [section.title for section in read_book(COURSE).sections.values()]
    assert len(titles) > 50
    assert [anchor(title) for title in titles] == [make_id(title) for title in titles]


def test_every_task_has_a_section_and_its_common_mistakes() -> None:
    book = read_book(COURSE)
    tasks = {
        (chapter, task)
        for chapter in chapters_in_use(COURSE)
        for task in load_chapter(COURSE, chapter).tasks
    }
    assert set(book.tasks) == tasks
    assert set(book.mistakes) == tasks
    assert set(book.titles) == set(chapters(COURSE))


def test_grading_names_the_sections_of_the_exercise() -> None:
    chapter = Course.at(COURSE).chapter("filters")
    released = load_checks(COURSE / "exercises" / "filters" / FILE_NAME)
    for task in chapter.tasks:
        assert task.checks(1).sections == released[task.function].sections != {}

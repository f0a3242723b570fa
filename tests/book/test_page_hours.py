"""The first page says how long each page takes: to read it, and to do its tasks."""

from __future__ import annotations

from pathlib import Path

import pytest

from autograder.authoring.source import QuestionCell, TaskCell, read_exercise_source
from book.extensions import page_facts, page_hours
from book.extensions.course_setup import course_book
from tests import COURSE
from tests.book.test_extensions import Book

EXTENSIONS = 'extensions += ["book.extensions.page_facts", "book.extensions.page_hours"]\n'
WORDS = "word " * (page_facts.WORDS_A_MINUTE * 25)


def parts_of(chapter: str) -> list[TaskCell | QuestionCell]:
    exercise = read_exercise_source(COURSE / "solutions" / chapter / f"{chapter}.md")
    return [part for part in exercise.parts if isinstance(part, TaskCell | QuestionCell)]


@pytest.fixture
def book(tmp_path: Path) -> Book:
    book = Book(tmp_path)
    with (tmp_path / "conf.py").open("a") as conf:
        conf.write(EXTENSIONS)
    for page in ("filters/filters", "training/optimizers", "visualization/synthesis"):
        path = tmp_path / "book" / f"{page}.md"
        path.parent.mkdir(parents=True)
        path.write_text(f"---\norphan: true\n---\n\n# Page\n\n{WORDS}\n")
    return book


def test_hours_are_those_of_the_page_and_its_tasks(book: Book) -> None:
    text = "# Contents\n\n- {page-hours}`filters/filters`.\n- {page-hours}`training/optimizers`.\n"
    html = book.build(text + "- {page-hours}`visualization/synthesis`.\n")
    read = "About 26 minutes to read"
    filters = page_hours.work(parts_of("filters"))
    assert filters.endswith("hours for 7 tasks and 1 question, 30 points")
    assert f"{read}; {filters}." in html
    here = [
        p for p in parts_of("training") if page_hours.home("training", p).endswith("optimizers")
    ]
    assert [part.function for part in here if isinstance(part, TaskCell)] == [
        "he_init",
        "adam_step",
        "dropout",
    ]
    assert f"{read}; 55 minutes for 3 tasks, 8 points." in html
    assert f"{read}." in html  # a page without tasks


def test_a_page_that_is_not_there_is_named(book: Book) -> None:
    done = book.try_build("# Contents\n\n{page-hours}`filters/missing`\n")
    assert done.returncode != 0
    assert "there is no page book/filters/missing" in done.stderr


def test_the_first_page_lists_the_hours_of_every_page_and_counts_each_part_once() -> None:
    index = (COURSE / "book" / "index.md").read_text()
    homes = {
        page_hours.home(chapter, part)
        for chapter in {chapter for chapter, _ in course_book().tasks}
        for part in parts_of(chapter)
    }
    assert all(f"{{page-hours}}`{home.removeprefix('book/')}`" in index for home in homes)
    assert "" not in homes

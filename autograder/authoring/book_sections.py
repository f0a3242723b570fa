"""Which section of the book explains a task: the one in which the task stands on a page.

The pages are read as text; nothing of them runs. When the site is built, ``task-cell`` compares
what is found here with the page as Sphinx has made it.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
import unicodedata
from collections.abc import Iterator, Mapping
from pathlib import Path

from autograder import __version__
from autograder.authoring.source import Exercise
from autograder.challenge.declaration import in_use as has_challenge
from autograder.chapter import SourceError, line_of
from autograder.checks import ChapterFacts, Checks
from autograder.course_settings import chapters_left_out, load_course_settings
from autograder.problems import Problem
from autograder.sections import Section

CHALLENGE_PAGE = "book/challenge"
"""The page about the challenge, which belongs to no chapter."""

_FENCE = re.compile(r"(`{3,}|:{3,})(.*)")
_TASKS = re.compile(r"\{(task-cell|common-mistakes)\}\s+(\w+)\s+([\w ]+)")
_HEADING = re.compile(r"(#{1,6})\s+(.+)")


@dataclasses.dataclass(frozen=True)
class Book:
    """What the pages say: the tasks' sections, all sections, and the chapters in their order.

    ``tasks`` is by chapter and task, and so is ``mistakes``: the pages with the common mistakes.
    ``sections`` is by folder and title. ``titles`` are those of the chapters, in the order of the
    table of contents. Of chapters ``left_out``, these are all that is known.
    """

    tasks: Mapping[tuple[str, str], Section]
    mistakes: Mapping[tuple[str, str], str]
    sections: Mapping[tuple[str, str], Section]
    titles: Mapping[str, str]
    left_out: frozenset[str] = frozenset()

    def facts(self, exercise: Exercise) -> ChapterFacts:
        """Return what ``checks.npz`` says of a chapter."""
        name = exercise.path.stem
        by_hand = sum(question.points for question in exercise.questions)
        chapters = list(self.titles)
        number = chapters.index(name) + 1 if name in chapters else 0
        return ChapterFacts(self.titles.get(name, exercise.title), number, by_hand, __version__)

    def with_exercise(self, checks: Checks, exercise: Exercise, problem: Problem) -> Checks:
        """Add what the exercise and the book say of a task to its checks.

        Raises SourceError where a misconception names a section that does not exist.
        """
        (points,) = (task.points for task in exercise.tasks if task.function == problem.name)
        return dataclasses.replace(
            checks, points=points, sections=self.of_problem(exercise.path.stem, problem)
        )

    def of_problem(self, chapter: str, problem: Problem) -> dict[str, Section]:
        """Return the sections of a problem: see :class:`~autograder.checks.Checks`.

        Raises SourceError where a misconception names a section that does not exist.
        """
        sections = {}
        if (chapter, problem.name) in self.tasks:
            sections[""] = self.tasks[chapter, problem.name]
        for wrong in problem.misconceptions:
            if not wrong.section:
                continue
            folder, _, title = wrong.section.rpartition("/")
            if (folder or chapter) in self.left_out:
                continue
            if (folder or chapter, title) not in self.sections:
                path = Path(inspect.getsourcefile(problem.reference) or "?")
                message = f"{wrong.name}: the book has no section {wrong.section!r}"
                raise SourceError(path, line_of(path, wrong.name), message)
            sections[wrong.name] = self.sections[folder or chapter, title]
        return sections


def read_book(course: Path) -> Book:
    """Read the pages of the course's table of contents; a course without one has no sections.

    Raises SourceError for a task that stands on the pages twice, or above all headings.
    """
    left_out, site = chapters_left_out(course), load_course_settings(course).site
    book = Book({}, {}, {}, {}, frozenset(left_out))
    for page in _contents(course):
        longer = _with_page(book, course / f"{page}.md", page, site)
        is_left_out = chapter_of(page) in left_out
        book = dataclasses.replace(book, titles=longer.titles) if is_left_out else longer
    return book


def pages_in_use(course: Path) -> list[str]:
    """Return the pages below the first one, in their order, without those of chapters left out."""
    left_out = set(pages_left_out(course))
    return [page for page in _contents(course) if page not in left_out]


def pages_left_out(course: Path) -> list[str]:
    """Return the pages of the table of contents whose chapters are left out this term."""
    left_out = chapters_left_out(course)
    without = set() if has_challenge(course) else {CHALLENGE_PAGE}
    return [page for page in _contents(course) if chapter_of(page) in left_out or page in without]


def chapter_of(page: str) -> str:
    """Return the chapter that a page belongs to: the folder that it lies in."""
    return Path(page).parent.name


def _contents(course: Path) -> list[str]:
    contents = course / "_toc.yml"
    text = contents.read_text("utf-8") if contents.is_file() else ""
    return re.findall(r"^ *- file: *(\S+)$", text, re.MULTILINE)


def _with_page(book: Book, path: Path, page: str, site: str) -> Book:
    """Add what a page says to what the pages before it say."""
    tasks, mistakes = dict(book.tasks), dict(book.mistakes)
    sections, titles = dict(book.sections), dict(book.titles)
    section: Section | None = None
    for line, part in _parts(path.read_text(encoding="utf-8")):
        if isinstance(part, str):
            chapter = section.chapter if section else part
            section = Section(chapter, part, f"{page}.html#{anchor(part)}", site)
            sections[path.parent.name, part] = section
            continue
        name, chapter, names = part
        if section is None:
            raise SourceError(path, line, f"{names} of {chapter} stands above all headings")
        for task in names.split():
            if name == "common-mistakes":
                mistakes[chapter, task] = page
            elif (chapter, task) in tasks:
                place = tasks[chapter, task].path
                raise SourceError(path, line, f"the task {task} is in {place}, too")
            else:
                tasks[chapter, task] = section
    if section and path.parent.name == path.stem:
        titles[path.stem] = section.chapter
    return Book(tasks, mistakes, sections, titles, book.left_out)


def _parts(text: str) -> Iterator[tuple[int, str | tuple[str, str, str]]]:
    """Yield, each with its line, headings and the directives with a chapter's tasks.

    Of these: the name, the chapter, and the tasks.
    """
    closing = ""
    for number, line in enumerate(text.splitlines(), 1):
        fence = _FENCE.match(line)
        if closing:
            if fence and not fence[2].strip() and fence[1].startswith(closing):
                closing = ""
        elif fence:
            closing = fence[1]
            if match := _TASKS.fullmatch(fence[2]):
                yield number, (match[1], match[2], match[3])
        elif match := _HEADING.fullmatch(line.rstrip()):
            yield number, re.sub(r"[`*]", "", match[2])


def anchor(title: str) -> str:
    """Return the anchor that docutils gives to a section with that title."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).lstrip("-0123456789").rstrip("-")

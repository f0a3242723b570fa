"""The class report: one page for the lecturer, and tables for a spreadsheet."""

from __future__ import annotations

import dataclasses
import functools
import json
import statistics
from collections.abc import Iterable, Iterator
from pathlib import Path

from autograder.grading.batch import students_of
from autograder.grading.course import Course
from autograder.grading.explained import rule_counts
from autograder.grading.private_files import REPORTS
from autograder.teaching import report_numbers as numbers
from autograder.teaching import report_words as words
from autograder.teaching.class_record import StudentRecord, read_class
from autograder.teaching.feedback import outdated_feedback
from autograder.teaching.pages import environment, write_page
from autograder.teaching.report_material import Material
from autograder.teaching.report_numbers import Group
from autograder.teaching.report_tables import tables

LESSON = 6
"""So many misconceptions are for the next lesson."""

CASES = 15
"""So many of the cases that were failed most are listed."""

PAIRS = 30
"""So many pairs of similar answers are shown with their code."""

DETAILS = 2000
"""Of so many students, the page shows what they have written; the tables have all."""

LISTED = 200
"""So many students stand in one list of the page, at most."""

CONTENTS = (
    ("lesson", "For the next lesson"),
    ("points", "Points"),
    ("tasks", "Tasks"),
    ("causes", "What explained wrong answers"),
    ("unexplained", "What nothing explained"),
    ("cases", "Cases"),
    ("look", "To be looked at"),
    ("alike", "Strikingly alike"),
    ("changes", "Changes"),
    ("students", "Students"),
)
"""The sections of the page."""

Entries = dict[str, list[str]]
"""Students, by what is said of them."""


def write_report(course: Course, chapter: str) -> list[Path]:
    """Write the report of a class: the page first, then the tables; return where they are.

    Raises :class:`~autograder.grading.course.CourseError` if nothing has been graded.
    """
    loaded = course.chapter(chapter)
    folders = frozenset(students_of(course, chapter))
    record = read_class(course, chapter, folders)
    material = Material(course, loaded, record, folders)
    place = course.classroom / REPORTS / chapter
    files = {f"{chapter}.html": Report(material).page, **tables(material)}
    for name, text in files.items():
        write_page(place / name, text)
    return [place / name for name in files]


@dataclasses.dataclass(frozen=True)
class Answer:
    """An answer of a student: its title with the points, what explained it, and the source."""

    title: str
    words: str
    source: str


@dataclasses.dataclass(frozen=True)
class Row:
    """A student in the report: marks as texts, remarks, and answers with what was said of them."""

    record: StudentRecord
    marks: list[str]
    total: str
    state: str
    remarks: list[str]
    answers: list[Answer]


class Report:
    """The page of a class report."""

    def __init__(self, material: Material) -> None:
        self._material = material
        self._students = material.record.students
        self._problems = {task.function: task.problem for task in material.chapter.tasks}

    @property
    def page(self) -> str:
        """The page, as HTML."""
        material, wrong = self._material, self._material.wrong
        named = numbers.misconceptions(wrong, self._problems)
        tasks = numbers.task_numbers(material.record)
        bars = numbers.distribution([record for record in self._students if record.graded])
        changes, first = self._changes
        detailed = self._students[:DETAILS]
        return (
            environment()
            .get_template("report.html")
            .render(
                chapter=material.chapter.name,
                facts=list(self._facts()),
                contents=CONTENTS,
                anchors={r.student: f"student-{n}" for n, r in enumerate(detailed, 1)},
                most=LISTED,
                lesson=named[:LESSON],
                more=named[LESSON:],
                bars=bars,
                bars_in_words=words.bars(bars),
                tasks=tasks,
                tasks_in_words=words.shares(tasks),
                rules=rule_counts(answer.result for answer in wrong),
                observed=numbers.observations(wrong),
                nameless=numbers.unexplained(wrong),
                cases=numbers.failed_cases(material.record, self._problems)[:CASES],
                look=[(title, entries) for title, entries in self._look() if entries],
                pairs=material.pairs[:PAIRS],
                pairs_left_out=len(material.pairs[PAIRS:]),
                same_texts=material.same_texts,
                changes=changes,
                first=first,
                columns=material.columns,
                rows=list(map(self._row, detailed)),
                rows_left_out=len(self._students[DETAILS:]),
                source_of=material.source,
                example_of=self._example,
                failing_of=self._failing,
                count=words.count,
            )
        )

    def _facts(self) -> Iterator[tuple[str, str]]:
        """Yield what stands at the top of the page."""
        graded = [record for record in self._students if record.graded]
        handed_in = [r for r in self._students if not self._material.is_absent(r)]
        yield "in the class", str(len(self._students))
        yield "handed in", str(len(handed_in))
        yield "graded", str(len(graded))
        if graded:
            most = max(record.most for record in graded)
            totals = [record.total for record in graded]
            yield f"mean of {most:g}", f"{statistics.mean(totals):.1f}"
            yield "median", f"{statistics.median(totals):.1f}"
        yield "late", str(sum(bool(record.late) for record in self._students))
        yield "wait for a person", str(sum(map(len, self._waiting().values())))

    def _example(self, group: Group) -> str:
        """Return the shortest answer of a group, without what could name its author."""
        sources = (self._material.source(student, group.task) for student in group.students)
        anonymous = [text for text in map(words.anonymous_code, sources) if text]
        return min(anonymous, key=lambda text: (len(text), text), default="")

    def _failing(self, group: Group) -> str:
        return words.failing(group.answers[0].result, self._problems.get(group.task))

    def _look(self) -> Iterator[tuple[str, Entries]]:
        """Yield what a person has to look at."""
        students, material = self._students, self._material
        seconds = material.chapter.limits.total_seconds
        yield "Wait for a person", self._waiting()
        ungraded = [r for r in students if r.absent and not material.is_absent(r)]
        yield "Not graded yet", _entries((r.student, "") for r in ungraded)
        outdated = outdated_feedback(material.course, material.record)
        yield "Feedback is older than the marks", _entries((name, "") for name in outdated)
        yield "Late", _entries((r.student, r.lateness) for r in students if r.late)
        flagged = [(r.student, r.result.flags) for r in students if r.result is not None]
        yield "Remarks of the grader", _entries((name, "; ".join(f)) for name, f in flagged if f)
        slow = [r for r in students if numbers.is_slow(r, seconds)]
        yield "Slow or crashed", _entries((r.student, words.slow(r)) for r in slow)
        absent = filter(material.is_absent, students)
        yield "Nothing handed in", _entries((r.student, "") for r in absent)

    def _waiting(self) -> Entries:
        waiting = []
        for record in self._students:
            if record.result is not None and record.result.for_a_person:
                waiting.append((record.student, record.result.for_a_person))
            elif record.waiting:
                cells = ", ".join(cell.removeprefix("check-") for cell in record.waiting)
                waiting.append((record.student, f"{cells}, in formgrader"))
        return _entries(waiting)

    @functools.cached_property
    def _changes(self) -> tuple[Entries, bool]:
        """What has changed since the last report, and whether this is the first one.

        A report that is made again without a change says what the last one said.
        """
        material = self._material
        path = material.course.notes / f"report-{material.chapter.name}.json"
        after = numbers.snapshot(material.record)
        try:
            marks = json.loads(path.read_text(encoding="utf-8"))
            before, latest = marks["before"], marks["latest"]
        except (OSError, ValueError, TypeError, KeyError):
            before, latest = None, None  # no report yet, or none that we know
        if latest != after:
            before, latest = latest, after
            write_page(path, json.dumps({"before": before, "latest": latest}))
        if before is None:
            return {}, True
        return _entries(numbers.changes(before, latest)), False

    def _row(self, record: StudentRecord) -> Row:
        return Row(
            record,
            [words.mark(record, column.cell) for column in self._material.columns],
            f"{record.total:g}" if record.marks else "",
            self._material.state(record),
            list(_remarks(record)),
            list(self._answers(record)) if record.graded else [],
        )

    def _answers(self, record: StudentRecord) -> Iterator[Answer]:
        results = {task.function: task for task in record.result.tasks} if record.result else {}
        for column in self._material.columns:
            name, mark = column.name, record.marks.get(column.cell)
            said = mark.comment if mark is not None else ""
            if name in results:
                said = words.cause(results[name], self._problems.get(name)) or said
            title = f"{name}: {words.mark(record, column.cell)} of {column.most:g}"
            source = self._material.source(record.student, name)
            yield Answer(title, said, "" if self._material.is_as_released(name, source) else source)


def _entries(said: Iterable[tuple[str, str]]) -> Entries:
    """Put together of whom the same is said."""
    entries: Entries = {}
    for student, text in said:
        entries.setdefault(text, []).append(student)
    return entries


def _remarks(record: StudentRecord) -> Iterator[str]:
    if record.late:
        yield record.lateness
    result = record.result
    if result is not None:
        yield from filter(None, (result.for_a_person, *result.flags, *result.stopped))
        if result.seconds:
            yield f"its code took {result.seconds:g} s or more"

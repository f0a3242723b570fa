"""What a class report says, worked out: counts, groups of wrong answers, what has changed."""

from __future__ import annotations

import dataclasses
import statistics
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from autograder.grading.explained import ENDED, RULES, UNTRIED, is_tried, is_unexplained, rule_of
from autograder.grading.results import TaskResult
from autograder.problems import Misconception, Problem
from autograder.teaching.class_record import ClassRecord, StudentRecord

SLOW = 0.2
"""From this share of the time that a submission has on, it is called slow."""

BARS = 10
"""Into so many bars the points of a class are put, at most."""


@dataclasses.dataclass(frozen=True)
class WrongAnswer:
    """A task that a student has not solved, and what the grader noted of it."""

    student: str
    result: TaskResult


@dataclasses.dataclass(frozen=True)
class Group:
    """Wrong answers to a task that go together. ``explained`` by ``clue``, where there is one.

    ``entry`` is the misconception of the catalog that they are, if they are one.
    """

    task: str
    answers: tuple[WrongAnswer, ...]
    clue: str = ""
    entry: Misconception | None = None

    @property
    def students(self) -> list[str]:
        """Who gave these answers."""
        return [answer.student for answer in self.answers]


@dataclasses.dataclass(frozen=True)
class TaskNumbers:
    """How a class did in one task: how many earned all points, some, and none."""

    task: str
    most: float
    mean: float
    solved: int
    partly: int
    failed: int
    untried: int

    @property
    def count(self) -> int:
        """How many answers were graded."""
        return self.solved + self.partly + self.failed + self.untried


@dataclasses.dataclass(frozen=True)
class CaseNumbers:
    """How many of the answers that were tried fail one case."""

    task: str
    number: int
    name: str
    hidden: bool
    failed: int
    tried: int


@dataclasses.dataclass(frozen=True)
class Bar:
    """So many students have from ``low`` to ``high`` points."""

    low: float
    high: float
    count: int


def wrong_answers(record: ClassRecord) -> Iterator[WrongAnswer]:
    """Yield what was answered and is not all right, by task and student."""
    for student in record.students:
        if student.result is not None and student.graded:
            for result in student.result.tasks:
                if not result.passed:
                    yield WrongAnswer(student.student, result)


def misconceptions(answers: Sequence[WrongAnswer], problems: Mapping[str, Problem]) -> list[Group]:
    """Return the misconceptions of a class, the most frequent first."""
    named: dict[tuple[str, str], list[WrongAnswer]] = {}
    for answer in answers:
        if answer.result.misconception is not None:
            key = answer.result.function, answer.result.misconception
            named.setdefault(key, []).append(answer)
    groups = []
    for (task, name), those in named.items():
        catalog = problems[task].misconceptions if task in problems else ()
        entry = next((wrong for wrong in catalog if wrong.name == name), None)
        groups.append(Group(task, tuple(those), "" if entry else name, entry))
    return _by_size(groups)


def observations(answers: Sequence[WrongAnswer]) -> list[Group]:
    """Return what was observed and the catalog does not know, by task and words."""
    observed: dict[tuple[str, str], list[WrongAnswer]] = {}
    for answer in answers:
        result = answer.result
        if is_tried(result) and result.rule and result.misconception is None:
            key = result.function, result.clue or RULES.get(result.rule, result.rule)
            observed.setdefault(key, []).append(answer)
    return _by_size(Group(task, tuple(those), clue) for (task, clue), those in observed.items())


def unexplained(answers: Sequence[WrongAnswer]) -> list[Group]:
    """Return the wrong answers that nothing explained: of a task, those alike in one group.

    Alike are answers that fail the same visible cases in the same way, and of those results at
    least half are the same. A mistake that several students make shows as a large group.
    """
    groups: list[list[WrongAnswer]] = []
    for answer in answers:
        if not is_unexplained(answer.result):
            continue
        for group in groups:
            if _alike(group[0].result, answer.result):
                group.append(answer)
                break
        else:
            groups.append([answer])
    return _by_size(Group(those[0].result.function, tuple(those)) for those in groups)


def _alike(first: TaskResult, second: TaskResult) -> bool:
    mine, theirs = first.results.split(), second.results.split()
    if first.function != second.function or len(mine) != len(theirs):
        return False
    if first.cases[: len(mine)] != second.cases[: len(theirs)]:
        return False
    wrong = [(a, b) for a, b in zip(mine, theirs, strict=True) if a != "." or b != "."]
    return 2 * sum(a == b for a, b in wrong) >= len(wrong)


def _by_size(groups: Iterable[Group]) -> list[Group]:
    return sorted(groups, key=lambda group: -len(group.answers))


def task_numbers(record: ClassRecord) -> list[TaskNumbers]:
    """Return how the class did in each task, in the order of the exercise."""
    by_task: dict[str, list[TaskResult]] = {}
    for student in record.students:
        if student.result is not None and student.graded:
            for result in student.result.tasks:
                by_task.setdefault(result.function, []).append(result)
    return [_numbers(task, results) for task, results in by_task.items()]


def _numbers(task: str, results: Sequence[TaskResult]) -> TaskNumbers:
    untried = sum(not r.passed and rule_of(r) in UNTRIED for r in results)
    solved = sum(result.passed for result in results)
    partly = sum(0 < result.points < result.max_points for result in results)
    return TaskNumbers(
        task,
        results[0].max_points,
        statistics.mean(result.points for result in results),
        solved,
        partly,
        len(results) - solved - partly - untried,
        untried,
    )


def failed_cases(record: ClassRecord, problems: Mapping[str, Problem]) -> list[CaseNumbers]:
    """Return the cases that were failed, the most often failed first."""
    counts: dict[tuple[str, int], list[bool]] = {}
    for student in record.students:
        for result in student.result.tasks if student.result is not None else ():
            if "0" not in result.cases:
                for number, letter in enumerate(result.cases):
                    if letter != "-":
                        counts.setdefault((result.function, number), []).append(letter != ".")
    names = {
        task: [(case.name, case.hidden) for case in problem.hidden_checks(0).cases]
        for task, problem in problems.items()
    }
    numbers = []
    for (task, number), failed in counts.items():
        known = names.get(task, [])
        name, hidden = known[number] if number < len(known) else ("", False)
        numbers.append(CaseNumbers(task, number + 1, name, hidden, sum(failed), len(failed)))
    return sorted(
        (case for case in numbers if case.failed), key=lambda case: -case.failed / case.tried
    )


def distribution(records: Sequence[StudentRecord]) -> list[Bar]:
    """Return how many students have how many points, in bars of equal width."""
    if not records:
        return []
    most = max(record.most for record in records)
    width = next((w for w in (1, 2, 3, 4, 5, 10, 20, 50) if most / w <= BARS), most / BARS)
    count = max(1, -int(-most // width))
    places = Counter(min(int(record.total // width), count - 1) for record in records)
    return [
        Bar(width * place, min(width * (place + 1), most), places[place]) for place in range(count)
    ]


def is_slow(record: StudentRecord, seconds: float) -> bool:
    """Whether a submission took much of the ``seconds`` that it has, or had to be stopped."""
    result = record.result
    if result is None:
        return False
    ended = any(rule_of(task) in ENDED for task in result.tasks)
    return ended or bool(result.stopped) or result.seconds >= SLOW * seconds


def snapshot(record: ClassRecord) -> dict[str, dict[str, float | None]]:
    """Return the marks of a class as plain data, to be compared with later ones."""
    return {
        student.student: {
            **{mark.cell: mark.points for mark in student.marks.values()},
            "penalty": student.penalty,
        }
        for student in record.students
        if student.marks
    }


def changes(
    before: Mapping[str, Mapping[str, float | None]],
    after: Mapping[str, Mapping[str, float | None]],
) -> list[tuple[str, str]]:
    """Return what has changed between two snapshots: students, each with words."""
    listed = []
    for student in sorted({*before, *after}):
        if student not in before:
            listed.append((student, "new"))
        elif student not in after:
            listed.append((student, "no marks any more"))
        else:
            old, new = before[student], after[student]
            words = [
                f"{cell.removeprefix('check-')} {_mark(old.get(cell))} → {_mark(new.get(cell))}"
                for cell in dict.fromkeys([*old, *new])
                if old.get(cell) != new.get(cell)
            ]
            if words:
                listed.append((student, ", ".join(words)))
    return listed


def _mark(points: float | None) -> str:
    return "not graded" if points is None else f"{points:g}"

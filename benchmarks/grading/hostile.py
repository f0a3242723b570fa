"""What hostile submissions cost, and that they cost nobody else a point."""

from __future__ import annotations

import os
import time
from collections import Counter

from rich.console import Console
from rich.table import Table

from autograder import grading
from autograder.chapter import load_problems
from autograder.grading.course import Course
from autograder.grading.sample_class import SampleStudent, write_sample_class
from benchmarks.grading.processes import adopt_orphans, cpu_of_children, wait_for_orphans
from benchmarks.grading.submissions import HOSTILE, honest_class, hostile_class

WORKERS = 2


def show(console: Console, course: Course, chapter: str, students: int) -> None:
    """Grade a class without and with hostile students; print the cost, compare the marks."""
    problems = load_problems(course.root, chapter)
    limits = course.chapter(chapter).limits
    honest = honest_class(problems, students)
    mixed = hostile_class(problems, students)
    adopt_orphans()
    peaceful, before = _graded(course, chapter, honest)
    disturbed, after = _graded(course, chapter, mixed)
    kinds = Counter(member.story for member in mixed if member.story in HOSTILE)
    others = [member.name for member in mixed if member.story not in HOSTILE]
    changed = [name for name in others if peaceful.of(name).tasks != disturbed.of(name).tasks]
    assert not changed, f"the marks of honest students changed: {', '.join(changed)}"
    assert all(submission.state == "graded" for submission in disturbed.submissions)
    table = Table(title=f"{students} submissions of {chapter}, {WORKERS} workers")
    for column in ("", "wall s", "CPU s", "graded"):
        table.add_column(column, justify="left" if not column else "right")
    for name, (wall, cpu), result in (
        ("honest", before, peaceful),
        (f"with {sum(kinds.values())} hostile", after, disturbed),
    ):
        graded = sum(submission.state == "graded" for submission in result.submissions)
        table.add_row(name, f"{wall:.1f}", f"{cpu:.1f}", str(graded))
    console.print(table)
    console.print(f"The {len(others)} honest students have the same marks in both.")
    alone = Table(title="One hostile submission alone")
    for column in ("", "in the class", "wall s", "CPU s", "points"):
        alone.add_column(column, justify="left" if not column else "right")
    for kind, count in kinds.items():
        member = next(student for student in mixed if student.story == kind)
        result, (wall, cpu) = _graded(course, chapter, [member])
        points = result.submissions[0]
        alone.add_row(kind, str(count), f"{wall:.1f}", f"{cpu:.1f}", f"{points.points:g}")
        assert max(wall, cpu) < limits.total_seconds, f"{kind} costs more than its limit"
    console.print(alone)
    console.print(
        f"Limits of a submission: {limits.cell_seconds:g} s a cell, {limits.total_seconds:g} s in "
        f"all, {limits.memory} MiB. Start and end of the sandbox are in these figures."
    )


def _graded(
    course: Course, chapter: str, members: list[SampleStudent]
) -> tuple[grading.ClassResult, tuple[float, float]]:
    """Grade a class anew; return the result, and the wall and CPU seconds that it took."""
    submitted = course.root / "submitted"
    submitted.mkdir(exist_ok=True)
    write_sample_class(course.root / "exercises" / chapter, members, submitted)
    started, used = time.monotonic(), _cpu()
    options = grading.GradingOptions(workers=min(WORKERS, len(members)), force=True)
    result = grading.grade(course.root, chapter, options=options)
    wall = time.monotonic() - started
    wait_for_orphans()
    return result, (wall, _cpu() - used)


def _cpu() -> float:
    own = os.times()
    return own.user + own.system + cpu_of_children()

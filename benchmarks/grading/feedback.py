"""What feedback costs: a page for each student, ours beside nbgrader's, of the same class."""

from __future__ import annotations

import shutil
import statistics
import sys

from rich.console import Console
from rich.table import Table

from autograder import grading
from autograder.chapter import load_problems
from autograder.grading.course import Course
from autograder.grading.sample_class import write_sample_class
from benchmarks.grading.processes import Cost, measured
from benchmarks.grading.submissions import honest_class

STOCK = "nbgrader generate_feedback"
OURS = "autograder feedback"
COMMANDS = {
    STOCK: [sys.executable, "-m", "nbgrader", "generate_feedback"],
    OURS: [sys.executable, "-m", "autograder", "feedback"],
}


def show(console: Console, course: Course, chapter: str, students: int, rounds: int) -> None:
    """Grade a class, let both commands make its feedback in turn, and print what that cost."""
    members = honest_class(load_problems(course.root, chapter), students)
    write_sample_class(course.root / "exercises" / chapter, members, course.root / "submitted")
    grading.grade(course.root, chapter, options=grading.GradingOptions(figures="own"))
    costs: dict[str, list[Cost]] = {name: [] for name in COMMANDS}
    sizes: dict[str, float] = {}
    names = list(COMMANDS)
    for turn in range(rounds):
        for name in names[turn % 2 :] + names[: turn % 2]:
            cost, sizes[name] = _run(name, course, chapter, students)
            costs[name].append(cost)
    table = Table(title=f"Feedback for {students} students; medians of {rounds} rounds")
    for column in ("", "CPU s", "ratio", "wall s", "kB a page"):
        table.add_column(column, justify="right" if column else "left")
    for name, runs in costs.items():
        ratios = [theirs.cpu / mine.cpu for theirs, mine in zip(costs[STOCK], runs, strict=True)]
        table.add_row(
            name,
            f"{statistics.median(cost.cpu for cost in runs):.2f}",
            f"{statistics.median(ratios):.1f} ({min(ratios):.1f}-{max(ratios):.1f})",
            f"{statistics.median(cost.wall for cost in runs):.1f}",
            f"{sizes[name]:.0f}",
        )
    console.print(table)


def _run(name: str, course: Course, chapter: str, students: int) -> tuple[Cost, float]:
    """Make all pages from nothing; return the cost, and the mean size of a page in kB."""
    folder = course.root / "feedback"
    shutil.rmtree(folder, ignore_errors=True)
    pages = f"*/{chapter}/{chapter}.html"
    cost = measured([*COMMANDS[name], chapter], course.root, {}, lambda: any(folder.glob(pages)))
    sizes = [path.stat().st_size / 1000 for path in folder.glob(pages)]
    assert len(sizes) == students, f"{name} made {len(sizes)} of {students} pages"
    return cost, statistics.mean(sizes)

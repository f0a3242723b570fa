"""Grading a class: ours beside stock nbgrader, in one run, on the same submissions.

    python -m benchmarks.grading.speed               the comparison, 60 submissions
    python -m benchmarks.grading.speed --stages      where the time goes
    python -m benchmarks.grading.speed --hostile     endless loops, memory hogs, floods among others
    python -m benchmarks.grading.speed --memory      the grader's memory over 1,000 submissions
    python -m benchmarks.grading.speed --feedback    a page for each of 30 students

See ``benchmarks/README.md`` for what is measured and how.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import json
import os
import platform
import shutil
import statistics
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from nbgrader.api import Gradebook
from rich.console import Console
from rich.table import Table

from autograder.authoring.generate import generate
from autograder.chapter import load_problems
from autograder.grading.course import SECRET_VARIABLE, Course
from autograder.grading.sample_class import write_sample_class
from benchmarks.grading import feedback, hostile, memory, stages, stock
from benchmarks.grading.processes import Cost, measured
from benchmarks.grading.submissions import honest_class

ROOT = Path(__file__).resolve().parents[2]
CHAPTER = "filters"
NBGRADER = [sys.executable, "-m", "nbgrader", "autograde", CHAPTER]
OURS = [sys.executable, "-m", "autograder", "grade", CHAPTER]
STOCK = "nbgrader autograde, stock"
DROP_IN = "nbgrader autograde, with ours in it"
CONTENDERS: dict[str, list[str]] = {
    STOCK: NBGRADER,
    DROP_IN: NBGRADER,
    "autograder grade, 1 worker": OURS,
    "autograder grade, 2 workers": [*OURS, "--workers", "2"],
    "autograder grade, 2 workers, all figures": [*OURS, "--workers", "2", "--figures", "all"],
}
FLOOR = "floor: the same cells in one warm process"

Points = dict[str, dict[str, float]]


def main(
    students: Annotated[
        int | None,
        typer.Option(
            min=12, help="Submissions in the class: 60, for memory 1000, for feedback 30."
        ),
    ] = None,
    rounds: Annotated[int, typer.Option(min=1, help="Every contender runs this often.")] = 2,
    only_stages: Annotated[bool, typer.Option("--stages", help="Where the time goes.")] = False,
    only_hostile: Annotated[bool, typer.Option("--hostile", help="A hostile class.")] = False,
    only_memory: Annotated[bool, typer.Option("--memory", help="Memory over time.")] = False,
    only_feedback: Annotated[bool, typer.Option("--feedback", help="Pages for students.")] = False,
) -> None:
    """Measure the grading of the chapter "filters"."""
    console = Console(width=150)
    os.environ[SECRET_VARIABLE] = "a secret for benchmarks"
    with tempfile.TemporaryDirectory(prefix="grading-") as name:
        course = make_course(Path(name) / "course")
        console.print(conditions(), highlight=False)
        if only_stages:
            stages.show(console, course, CHAPTER, students or 60)
        elif only_hostile:
            hostile.show(console, course, CHAPTER, students or 60)
        elif only_memory:
            memory.show(console, course, CHAPTER, students or 1000)
        elif only_feedback:
            feedback.show(console, course, CHAPTER, students or 30, rounds)
        else:
            compare(console, course, students or 60, rounds)
        console.print(load(), highlight=False)


def make_course(folder: Path) -> Course:
    """Copy the course to ``folder``, with only the chapter that is measured, and generate it."""
    folder.mkdir(parents=True)
    for name in ("nbgrader_config.py", "_toc.yml"):
        shutil.copy(ROOT / name, folder)
    (folder / "solutions").mkdir()
    for shared in (ROOT / "solutions").glob("*.py"):
        shutil.copy(shared, folder / "solutions")
    shutil.copytree(ROOT / "solutions" / CHAPTER, folder / "solutions" / CHAPTER)
    # A hint links to the section of the book that explains it.
    for page in (ROOT / "book").rglob("*.md"):
        place = folder / page.relative_to(ROOT)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(page, place)
    generate(folder, CHAPTER)
    return Course.at(folder)


def conditions() -> str:
    """Say what everything was measured on."""
    versions = ", ".join(
        f"{name} {importlib.metadata.version(name)}"
        for name in ("nbgrader", "ipykernel", "matplotlib", "numpy")
    )
    return (
        f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}, {versions}\n{load()}"
    )


def load() -> str:
    """Say how busy the machine is with other things."""
    return "load averages: " + " ".join(f"{average:.1f}" for average in os.getloadavg())


class Room:
    """One class, ready to be graded by stock nbgrader and by ours, again and again."""

    def __init__(self, course: Course, folder: Path, students: int) -> None:
        self.students = students
        self.ours = folder / "ours"
        self.stock = folder / "stock"
        self.modules = folder / "modules"
        loaded = course.chapter(CHAPTER)
        members = honest_class(load_problems(course.root, CHAPTER), students)
        shutil.copytree(course.root, self.ours)
        write_sample_class(self.ours / "exercises" / CHAPTER, members, self.ours / "submitted")
        source = course.root / "solutions" / CHAPTER / f"{CHAPTER}.ipynb"
        stock.make_course(self.stock, source, loaded.tasks)
        stock.write_class(Course.at(course.root, self.ours), CHAPTER, members, self.stock)
        stock.make_modules(self.modules)
        for place in (self.ours, self.stock):
            shutil.copy(place / "gradebook.db", place / "gradebook.before")

    def run(self, contender: str) -> tuple[Cost, Points]:
        """Grade the class from the beginning; return what it cost, and the points."""
        if contender == FLOOR:
            return self._floor("own")
        place = self.stock if contender == STOCK else self.ours
        for old in ("autograded", ".grading"):
            shutil.rmtree(place / old, ignore_errors=True)
        shutil.copy(place / "gradebook.before", place / "gradebook.db")
        environment = {"PYTHONPATH": str(self.modules)} if contender == STOCK else {}
        pattern = f"*/{CHAPTER}/{CHAPTER}.ipynb"
        cost = measured(
            CONTENDERS[contender],
            place,
            environment,
            lambda: any((place / "autograded").glob(pattern)),
        )
        return cost, saved_points(place)

    def _floor(self, figures: str) -> tuple[Cost, Points]:
        script = Path(__file__).parent / "floor.py"
        command = [sys.executable, str(script), str(self.stock), CHAPTER, figures]
        threads = {f"{name}_NUM_THREADS": "1" for name in ("OMP", "OPENBLAS", "MKL")}
        environment = {"PYTHONPATH": str(self.modules), "MPLBACKEND": "agg", **threads}
        cost = measured(command, self.stock, environment, lambda: True)
        last = (self.stock / "output.txt").read_text().splitlines()[-1]
        return cost, json.loads(last)["points"]


def saved_points(course: Path) -> Points:
    """Return the automatic points in a gradebook, by student and test cell."""
    with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
        return {
            submission.student.id: {
                grade.name: grade.auto_score
                for grade in submission.notebooks[0].grades
                if grade.name.startswith("check-")
            }
            for submission in gradebook.find_assignment(CHAPTER).submissions
        }


def compare(console: Console, course: Course, students: int, rounds: int) -> None:
    """Let all contenders grade a small and the whole class, in turn, and print what it cost."""
    folder = course.root.parent
    small, whole = (Room(course, folder / str(n), n) for n in (students // 6, students))
    costs: dict[str, list[tuple[Cost, Cost]]] = {name: [] for name in (*CONTENDERS, FLOOR)}
    names = list(costs)
    expected: Points | None = None
    for turn in range(rounds):
        # Each round begins with another contender: a machine may get slower by and by.
        for name in names[turn % len(names) :] + names[: turn % len(names)]:
            with _status(console, f"round {turn + 1} of {rounds}: {name}"):
                few, _ = small.run(name)
                all_, points = whole.run(name)
            costs[name].append((few, all_))
            expected = expected or points
            assert_same(name, points, expected, students)
    total = sum(sum(points.values()) for points in (expected or {}).values())
    console.print(_table(costs, small.students, whole.students))
    console.print(
        f"All contenders gave the same points for each of {7 * students} tasks of {students} "
        f"submissions: {total / students:.2f} of {course.chapter(CHAPTER).max_points:g} points "
        "on average.",
        highlight=False,
    )


def assert_same(contender: str, points: Points, expected: Points, students: int) -> None:
    """Raise an AssertionError if two gradings differ in any point."""
    assert len(points) == students, f"{contender} graded {len(points)} of {students} submissions"
    differences = [
        f"{student} {task}: {points[student].get(task)} instead of {theirs}"
        for student, tasks in expected.items()
        for task, theirs in tasks.items()
        if points[student].get(task) != theirs
    ]
    assert not differences, f"{contender}: " + "; ".join(differences[:10])


def _table(costs: dict[str, list[tuple[Cost, Cost]]], few: int, many: int) -> Table:
    table = Table(title=f"{many} submissions of the chapter {CHAPTER}; medians of the rounds")
    table.add_column("", no_wrap=True)
    for column in ("CPU s", "ratio", "wall s", "ratio", "first result s", "CPU s per further one"):
        table.add_column(column, justify="right")
    stock_costs = [all_ for _, all_ in costs[STOCK]]
    for name, runs in costs.items():
        whole = [all_ for _, all_ in runs]
        marginal = statistics.median((b.cpu - a.cpu) / (many - few) for a, b in runs)
        table.add_row(
            name,
            f"{statistics.median(cost.cpu for cost in whole):.1f}",
            _ratio([cost.cpu for cost in stock_costs], [cost.cpu for cost in whole]),
            f"{statistics.median(cost.wall for cost in whole):.1f}",
            _ratio([cost.wall for cost in stock_costs], [cost.wall for cost in whole]),
            "" if name == FLOOR else f"{statistics.median(cost.first for cost in whole):.1f}",
            f"{marginal:.3f}",
        )
    return table


def _ratio(theirs: list[float], ours: list[float]) -> str:
    """Return how many times less ours is, round by round: the median, and the range."""
    ratios = sorted(a / b for a, b in zip(theirs, ours, strict=True))
    text = f"{statistics.median(ratios):.2f}"
    return text if len(ratios) == 1 else f"{text} ({ratios[0]:.2f}-{ratios[-1]:.2f})"


@contextlib.contextmanager
def _status(console: Console, text: str) -> Iterator[None]:
    with console.status(text):
        yield
    if not console.is_terminal:
        print(text, file=sys.stderr)


if __name__ == "__main__":
    typer.run(main)

"""The benchmarks measure what they say: cost with all descendants, equal marks, every solution."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.chapter import load_problems
from benchmarks.grading import speed
from tests import COURSE

FOLDER = COURSE / "benchmarks"

MEASURE = """
import sys
from pathlib import Path
from benchmarks.grading.processes import CommandFailed, measured

burn = "import time\\nwhile time.process_time() < 0.6: pass"
leave = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {burn!r}])"
folder = Path(sys.argv[1])
for code in (burn, leave):
    cost = measured([sys.executable, "-c", code], folder, {}, lambda: True)
    assert 0.6 <= cost.cpu < 5, cost
idle = measured([sys.executable, "-c", "import time; time.sleep(1)"], folder, {}, lambda: True)
assert idle.cpu < 0.5, idle
assert idle.wall >= 1, idle
assert idle.first < 0.5, idle
for code in ("raise SystemExit('no luck')", "print('no luck')"):
    try:
        measured([sys.executable, "-c", code], folder, {}, lambda: False)
    except CommandFailed as error:
        assert "no luck" in str(error)
    else:
        raise AssertionError("a command without a result was measured")
"""


def test_costs_are_those_of_all_descendants(tmp_path: Path) -> None:
    # In a process of its own: orphans are adopted, and all children waited for.
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(tmp_path)], cwd=COURSE, text=True, capture_output=True
    )
    assert done.returncode == 0, done.stderr


def test_what_notebooks_for_stock_nbgrader_import_is_there(tmp_path: Path) -> None:
    from benchmarks.grading import stock

    stock.make_modules(tmp_path)
    program = "import autograder, course_tests\nimport autograder.grading.inside.shell"
    command = [sys.executable, "-P", "-c", f"import sys; sys.path.insert(0, '.'); {program}"]
    subprocess.run(command, cwd=tmp_path, check=True)


def test_every_solution_and_every_mistake_has_its_turn() -> None:
    from benchmarks.grading.submissions import honest_class

    problems = load_problems(COURSE, "filters")
    members = honest_class(
        problems, 4 * max(len(problem.misconceptions) for problem in problems.values())
    )
    turns = {answer for member in members for answer in member.answers.values()}
    for problem in problems.values():
        wrong = {misconception.wrong for misconception in problem.misconceptions}
        assert {problem.reference, *problem.alternatives, *wrong} <= turns


def test_hostile_students_are_as_many_as_announced() -> None:
    from benchmarks.grading.submissions import HOSTILE, honest_class, hostile_class

    problems = load_problems(COURSE, "filters")
    mixed, honest = hostile_class(problems, 60), honest_class(problems, 60)
    stories = [member.story for member in mixed]
    assert [stories.count(kind) for kind in HOSTILE] == [3, 3, 3, 3]
    for member, other in zip(mixed, honest, strict=True):
        assert member.name == other.name
        assert member.story in HOSTILE or (member.story, member.answers) == (
            other.story,
            other.answers,
        )


def test_different_marks_are_no_comparison() -> None:
    from benchmarks.grading.speed import assert_same

    marks = {"ada": {"check-f": 2.0, "check-g": 1.0}}
    assert_same("ours", marks, marks, 1)
    with pytest.raises(AssertionError, match=r"ada check-g: 0\.5 instead of 1\.0"):
        assert_same("ours", {"ada": {"check-f": 2.0, "check-g": 0.5}}, marks, 1)
    with pytest.raises(AssertionError, match="0 of 1 submissions"):
        assert_same("ours", {}, marks, 1)


def test_the_gpu_script_runs_on_a_cpu() -> None:
    command = [
        "benchmarks.laboratory.gpu",
        "--device",
        "cpu",
        "--network",
        "small_vgg",
        "--rounds",
        "1",
    ]
    command += ["--patch", "32", "--stride", "24"]
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=COURSE, text=True, capture_output=True
    )
    assert done.returncode == 0, done.stderr
    for section in ("ceilings", "throughput", "occlusion", "smoothgrad", "agreement", "chapter"):
        assert f"\n## {section} (" in done.stdout
    for name in ("incremental", "live, chosen size classes"):
        (row,) = re.findall(rf"^\| {name}, float32 \|.*\| (\S+) \|$", done.stdout, re.M)
        assert float(row) < 1e-4


def test_the_course_of_the_comparison_is_complete(tmp_path: Path) -> None:
    course = speed.make_course(tmp_path / "course")
    tasks = [task.function for task in course.chapter(speed.CHAPTER).tasks]
    assert tasks == list(load_problems(COURSE, speed.CHAPTER))

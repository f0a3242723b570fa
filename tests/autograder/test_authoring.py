"""From a chapter's sources to the exercise: what is generated, and what is refused."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from autograder.authoring import book_sections
from autograder.authoring.chapter_source import read_chapter_source
from autograder.authoring.generate import generate
from autograder.authoring.notebook import source_notebook
from autograder.authoring.proof import prove
from autograder.authoring.source import read_exercise_source
from autograder.challenge.declaration import NAME as CHALLENGE
from autograder.chapter import (
    DEFAULT_PACKAGES,
    Chapter,
    Limits,
    SourceError,
    chapters,
    load_chapter,
    load_problems,
)
from autograder.checks import load_checks
from autograder.course_settings import chapters_left_out
from tests import COURSE

CHAPTERS = chapters(COURSE)


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def load_and_prove(root: Path) -> None:
    for problem in read_chapter_source(root, "toy").problems.values():
        prove(problem)


@pytest.fixture
def toy(toy_course: Path) -> Path:
    return toy_course / "solutions" / "toy"


def texts_of_source_notebook(toy: Path) -> list[str]:
    notebook = source_notebook(read_chapter_source(toy.parents[1], "toy"))
    return [cell.source for cell in notebook.cells]


def test_reads_every_kind_of_part(toy: Path) -> None:
    exercise = read_exercise_source(toy / "toy.md")
    assert exercise.title == "Toy exercise"
    assert [task.function for task in exercise.tasks] == ["double", "total"]
    assert [question.name for question in exercise.questions] == ["why"]
    assert exercise.points == 9


def test_hints_become_folded_blocks(toy: Path) -> None:
    texts = texts_of_source_notebook(toy)
    folded = next(text for text in texts if "<details>" in text)
    assert "<summary>First step</summary>\n\nThink of 2 & 3." in folded
    assert "{hint}" not in "".join(texts)


def test_each_task_states_points_difficulty_and_minutes(toy: Path) -> None:
    texts = texts_of_source_notebook(toy)
    assert "**`double`** · 4 points · easy · about 5 minutes" in texts
    assert "**Graded by hand** · 3 points · hard · about 10 minutes" in texts


def test_student_notebook_has_no_solution_and_all_points(toy_course: Path) -> None:
    folder = generate(toy_course, "toy")
    assert folder == toy_course / "exercises" / "toy"
    assert sorted(path.name for path in folder.iterdir()) == ["checks.npz", "toy.ipynb"]
    notebook = nbformat.read(folder / "toy.ipynb", as_version=4)
    everything = (folder / "toy.ipynb").read_text()
    for secret in ("SOLUTION", "2 * x", "np.sum", "model answer", "x**2"):
        assert secret not in everything
    cells = {c.metadata.nbgrader.grade_id: c for c in notebook.cells if "nbgrader" in c.metadata}
    assert list(cells) == ["double", "check-double", "total", "check-total", "why"]
    assert [c.metadata.nbgrader.get("points") for c in cells.values()] == [None, 4, None, 2, 3]
    assert cells["double"].source.startswith("def double(x, times=1):\n")
    assert "raise NotImplementedError()" in cells["double"].source
    assert cells["check-double"].source == "check(double)"
    assert cells["why"].source == "YOUR ANSWER HERE"


def test_source_notebook_holds_the_solution(toy_course: Path) -> None:
    generate(toy_course, "toy")
    text = (toy_course / "solutions" / "toy" / "toy.ipynb").read_text()
    assert "x = 2 * x" in text
    assert "Because of the model answer." in text


def test_same_sources_give_the_same_bytes(toy_course: Path, tmp_path: Path) -> None:
    def digest(folder: Path) -> list[str]:
        return [hashlib.sha256(p.read_bytes()).hexdigest() for p in sorted(folder.iterdir())]

    first = digest(generate(toy_course, "toy"))
    second = generate(
        toy_course, "toy", release=tmp_path / "b", gradebook=f"sqlite:///{tmp_path}/b.db"
    )
    assert digest(second) == first


def test_every_chapter_has_its_exercise() -> None:
    assert CHAPTERS, "the course has no chapter"
    folders = {path.name for path in (COURSE / "exercises").iterdir() if path.is_dir()}
    assert folders == {*CHAPTERS, CHALLENGE}


@pytest.mark.parametrize("name", CHAPTERS)
def test_committed_exercises_are_what_the_sources_give(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def differing() -> set[str]:
        gradebook = f"sqlite:///{tmp_path}/gradebook.db"
        fresh = contents(generate(COURSE, name, release=tmp_path, gradebook=gradebook))
        committed = contents(COURSE / "exercises" / name)
        return {file for file, _ in fresh.items() ^ committed.items()}

    files = differing()
    if files and chapters_left_out(COURSE):
        # They may still name sections of what is left out.
        monkeypatch.setattr(book_sections, "chapters_left_out", lambda course: set())
        files = differing()
    assert not files, f"exercises/{name} is not up to date: run `make exercises`"


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_checks_are_stored_in_task_order_without_code(toy_course: Path) -> None:
    checks = load_checks(generate(toy_course, "toy") / "checks.npz")
    assert list(checks) == ["double", "total"]
    case = checks["double"].cases[1]
    assert case.arguments["times"] == 2
    assert (case.expected == 4 * case.arguments["x"]).all()
    assert set(case.wrong) == {"square", "once"}


@pytest.mark.parametrize(
    ("file", "old", "new", "near", "message"),
    [
        (
            "toy.md",
            ":points: 4\n",
            "",
            "```{code-cell} python\n:task: double",
            "lacks the option 'points'",
        ),
        (
            "toy.md",
            ":points: 4",
            ":points: none",
            "```{code-cell} python\n:task: double",
            "points of double must be",
        ),
        (
            "toy.md",
            ":points: 4",
            ":points: -1",
            "```{code-cell} python\n:task: double",
            "points of double must be",
        ),
        (
            "toy.md",
            "Because of the model answer.",
            "**1 (2.5 points).** Because.\n\n**2 (1 point, half of it for a word).** So.",
            '+++ {"question": "why"',
            "the parts of the model answer are worth 3.5 points together",
        ),
        (
            "toy.md",
            ":difficulty: 1",
            ":difficulty: 7",
            "```{code-cell} python\n:task: double",
            "must be 1, 2 or 3",
        ),
        (
            "toy.md",
            ":minutes: 5",
            ":minutes: soon",
            "```{code-cell} python\n:task: double",
            "minutes of double",
        ),
        (
            "toy.md",
            ":minutes: 5",
            ":minute: 5",
            "```{code-cell} python\n:task: double",
            "unknown option 'minute'",
        ),
        (
            "toy.md",
            ":task: total",
            ":task: double",
            "```{code-cell} python\n:task: double\n:points: 2",
            "double is used twice",
        ),
        ("toy.md", '"question": "why"', '"question": "double"', "+++ ", "used twice"),
        (
            "toy.md",
            ":task: total",
            ":task: totals",
            "```{code-cell} python\n:task: totals",
            "unknown function totals",
        ),
        ("toy.md", "Think of 2 & 3.\n```", "Think.", "```{hint}", "swallows a code cell"),
        ("toy.md", "Think of 2 & 3.\n", "", "```{hint}", "this {hint} is empty"),
        ("toy.md", "# Toy exercise", "Toy exercise", "---", "begin with a title"),
        ("toy.md", '"points": 3,', '"points": 3', "+++ ", "could not be read"),
        (
            "tasks/total.py",
            "    ### BEGIN SOLUTION\n    return",
            "    return",
            "def total",
            "total needs exactly one line '### BEGIN SOLUTION'",
        ),
        (
            "tasks/total.py",
            "return float(np.sum(x))",
            "return float(np.sum(x) / 0)",
            "def total",
            "the reference of total returns NaN or infinity",
        ),
        (
            "tasks/total.py",
            "return float(np.sum(x))",
            "raise RuntimeError('broken')",
            "def total",
            "the reference of total raises RuntimeError",
        ),
        (
            "tasks/total.py",
            "return float(np.sum(x))",
            "x += 1; return float(np.sum(x))",
            "def total",
            "total fails the checks",
        ),
        (
            "tasks/total.py",
            "return x.sum(axis=0)",
            "return x.sum()",
            "def of_rows",
            "misconception of_rows passes every visible case",
        ),
        ("tasks/total.py", '{"x": quarters(rng, 5)}', "{}", "def total", "but total takes"),
        (
            "tasks/total.py",
            "    cases,\n",
            '    cases, results=("rows", "sum"), misconceptions=\n',
            "def total",
            "the reference of total does not return rows, sum",
        ),
    ],
)
def test_bad_sources_name_file_and_line(
    toy: Path, file: str, old: str, new: str, near: str, message: str
) -> None:
    edit(toy / file, old, new)
    with pytest.raises(SourceError, match=re.escape(message)) as refused:
        load_and_prove(toy.parents[1])
    text = (toy / file).read_text()
    line = text[: text.index(near)].count("\n") + 1
    assert f"{toy / file}:{line}: " in str(refused.value)


def test_a_problem_without_a_task_is_refused(toy: Path) -> None:
    text = (toy / "toy.md").read_text()
    start = text.index("## Total")
    (toy / "toy.md").write_text(text[:start] + text[text.index("Why?") :])
    with pytest.raises(SourceError, match=r"total has no task in toy\.md"):
        read_chapter_source(toy.parents[1], "toy")


def test_a_missing_source_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"toy\.md:1: cannot be read"):
        read_exercise_source(tmp_path / "toy.md")


def test_the_settings_of_a_chapter(toy_course: Path) -> None:
    assert chapters(toy_course) == ["toy"]
    assert load_chapter(toy_course, "toy") == Chapter(tasks=("double", "total"))
    assert list(load_problems(toy_course, "toy")) == ["double", "total"]
    assert Chapter(tasks=()).packages == DEFAULT_PACKAGES
    assert Chapter(tasks=()).limits == Limits()


@pytest.mark.parametrize(
    ("file", "old", "new", "near", "message"),
    [
        (
            "chapter.py",
            "Chapter(tasks",
            "Chapter(package=(), tasks",
            "CHAPTER",
            "unexpected keyword argument 'package'",
        ),
        (
            "chapter.py",
            "Chapter(tasks",
            "Chapter(limits={'memory': 9}, tasks",
            "CHAPTER",
            "limits must be Limits(...)",
        ),
        (
            "chapter.py",
            '("double", "total")',
            '"total"',
            "CHAPTER",
            "tasks must be a tuple of strings",
        ),
        (
            "chapter.py",
            '"double", "total"',
            '"total", "total"',
            "CHAPTER",
            "tasks names total twice",
        ),
        ("chapter.py", '"total"', '"sum"', "CHAPTER", "there is no file tasks/sum.py"),
        ("chapter.py", "CHAPTER =", "SETTINGS =", "from", "it has no CHAPTER = Chapter(...)"),
        ("tasks/total.py", "PROBLEM =", "TASK =", "import", "it has no PROBLEM = Problem(...)"),
        (
            "tasks/total.py",
            "def total",
            "def triple(x):\n    return 3 * x\n\n\ntotal = triple\n\n\ndef _",
            "def triple",
            "it is about total, but its problem is triple",
        ),
        ("tasks/total.py", "PROBLEM =", "1 +* 1\nPROBLEM =", "1 +* 1", "SyntaxError"),
        ("tasks/total.py", "PROBLEM =", "1 / 0\nPROBLEM =", "1 / 0", "ZeroDivisionError"),
    ],
)
def test_bad_settings_name_file_and_line(
    toy: Path, file: str, old: str, new: str, near: str, message: str
) -> None:
    edit(toy / file, old, new)
    with pytest.raises(SourceError, match=re.escape(message)) as refused:
        load_problems(toy.parents[1], "toy")
    text = (toy / file).read_text()
    line = text[: text.index(near)].count("\n") + 1
    assert f"{toy / file}:{line}: " in str(refused.value)


def test_unknown_limits_are_refused(toy: Path) -> None:
    edit(toy / "chapter.py", "import Chapter", "import Chapter, Limits")
    edit(toy / "chapter.py", "Chapter(tasks", "Chapter(limits=Limits(seconds=5), tasks")
    with pytest.raises(SourceError, match=r"chapter\.py:3: .*argument 'seconds'"):
        load_chapter(toy.parents[1], "toy")


@pytest.mark.parametrize("value", ["'5'", "0", "-1", "True", "None"])
def test_limits_are_numbers_above_zero(toy: Path, value: str) -> None:
    edit(toy / "chapter.py", "import Chapter", "import Chapter, Limits")
    edit(toy / "chapter.py", "Chapter(tasks", f"Chapter(limits=Limits(memory={value}), tasks")
    message = rf"chapter\.py:3: TypeError: memory must be a number above 0, not {value}"
    with pytest.raises(SourceError, match=message):
        load_chapter(toy.parents[1], "toy")


@pytest.mark.parametrize("command", ["generate", "explain", "mutation-table", "sample-class"])
def test_commands_say_what_is_wrong_in_the_sources(toy_course: Path, command: str) -> None:
    edit(toy_course / "solutions" / "toy" / "chapter.py", "tasks=", "task=")
    arguments = [command, "toy", *(["ada"] if command == "explain" else [])]
    if command == "explain":  # it looks for the released exercise first
        (toy_course / "exercises" / "toy").mkdir(parents=True)
        notebook = nbformat.v4.new_notebook()
        nbformat.write(notebook, toy_course / "exercises" / "toy" / "toy.ipynb")
    done = subprocess.run(
        [sys.executable, "-m", "autograder", *arguments],
        cwd=toy_course,
        env={**os.environ, "PYTHONPATH": str(COURSE)},
        text=True,
        capture_output=True,
    )
    assert done.returncode == 1
    assert "chapter.py:3: TypeError" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr


def test_a_task_that_the_chapter_does_not_name_is_refused(toy: Path) -> None:
    edit(toy / "chapter.py", '"double", "total"', '"double",')
    with pytest.raises(SourceError, match=r"tasks/total\.py:1: total is not among the tasks"):
        load_chapter(toy.parents[1], "toy")


def test_tasks_in_another_order_are_refused(toy: Path) -> None:
    edit(toy / "chapter.py", '"double", "total"', '"total", "double"')
    line = (toy / "toy.md").read_text().split(":task: double")[0].count("\n")
    message = rf"toy\.md:{line}: double stands where chapter\.py has total"
    with pytest.raises(SourceError, match=message):
        read_chapter_source(toy.parents[1], "toy")


def test_files_that_the_chapter_names_are_handed_out(toy_course: Path) -> None:
    settings = toy_course / "solutions" / "toy" / "chapter.py"
    edit(settings, "Chapter(tasks", 'Chapter(files=("data/numbers.npz",), tasks')
    with pytest.raises(SourceError, match=r"chapter\.py:3: there is no file data/numbers\.npz"):
        generate(toy_course, "toy")
    (toy_course / "data").mkdir()
    (toy_course / "data" / "numbers.npz").write_bytes(b"numbers")
    folder = generate(toy_course, "toy")
    assert (folder / "numbers.npz").read_bytes() == b"numbers"


def test_nothing_of_the_tasks_is_handed_out(toy_course: Path, course: Path) -> None:
    released = [generate(toy_course, "toy")]
    released += [course / "exercises" / name for name in chapters(course)]
    for folder in released:
        for path in folder.rglob("*"):
            assert path.suffix != ".py"
            assert path.name != "tasks"


def test_the_course_may_give_other_points(toy_course: Path) -> None:
    settings = toy_course / "course.toml"
    settings.write_text("[chapters.toy.points]\ntotal = 5\nwhy = 1.5\n")
    exercise = read_exercise_source(toy_course / "solutions" / "toy" / "toy.md")
    assert [task.points for task in exercise.tasks] == [4, 5]
    assert [question.points for question in exercise.questions] == [1.5]
    released = generate(toy_course, "toy")
    notebook = nbformat.read(released / "toy.ipynb", as_version=4)
    points = {
        cell.metadata.nbgrader.grade_id: cell.metadata.nbgrader.points
        for cell in notebook.cells
        if cell.metadata.get("nbgrader", {}).get("grade")
    }
    assert points == {"check-double": 4, "check-total": 5, "why": 1.5}
    assert load_checks(released / "checks.npz")["total"].points == 5
    settings.write_text("[chapters.toy]\npoints = { totl = 5 }\n")
    with pytest.raises(SourceError, match=r"course.toml:2: toy has no task and no question 'totl'"):
        generate(toy_course, "toy")

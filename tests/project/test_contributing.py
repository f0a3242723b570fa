"""The recipes in CONTRIBUTING.md, followed to the letter in a copy of the course."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import nbformat
import pytest

from autograder.checks import FILE_NAME, load_checks
from tests import COURSE

pytestmark = pytest.mark.slow  # each generates a chapter, and most build a page

COPIED = ["autograder", "book", "laboratory", "solutions"]
COPIED += ["_config.yml", "_toc.yml", "nbgrader_config.py", "pyproject.toml", "LICENSE"]
GENERATED = shutil.ignore_patterns("__pycache__", "*.ipynb", FILE_NAME)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for name in COPIED:
        source, target = COURSE / name, tmp_path / name
        if source.is_dir():
            shutil.copytree(source, target, ignore=GENERATED)
        else:
            shutil.copy(source, target)
    return tmp_path


def recipe(title: str) -> list[str]:
    """The blocks of code in a recipe, in their order."""
    text = (COURSE / "CONTRIBUTING.md").read_text()
    section = text.split(f"\n## {title}\n")[1].split("\n## ")[0]
    blocks = re.finditer(r"^( *)(`{3,})\w*\n(.*?)^\1\2$", section, re.MULTILINE | re.DOTALL)
    return [textwrap.dedent(block[3]) for block in blocks]


def add(path: Path, text: str, *, before: str = "", after: str = "") -> None:
    """Add text to a file: before or after a line that is there already, else at its end."""
    old = path.read_text() if path.exists() else ""
    anchor = before or after
    if anchor:
        assert old.count(anchor) == 1, f"{path.name} has no single line {anchor!r}"
        new = old.replace(anchor, f"{text}\n\n{anchor}" if before else f"{anchor}{text}")
    else:
        new = f"{old}\n\n{text}"
    path.write_text(new)


def generate(course: Path, chapter: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "autograder", "generate", chapter],
        cwd=course,
        env={**os.environ, "PYTHONPATH": str(course)},
        text=True,
        capture_output=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def build_page(course: Path, page: str) -> str:
    """Build a site that has only this page, and return its HTML."""
    (course / "_toc.yml").write_text(f"format: jb-book\nroot: book/{page}\n")
    jupyter_book = Path(sys.executable).with_name("jupyter-book")
    done = subprocess.run(
        [jupyter_book, "build", "-n", "-W", "--keep-going", "."],
        cwd=course,
        env={**os.environ, "PYTHONPATH": str(course)},
        text=True,
        capture_output=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return (course / "_build" / "html" / "book" / f"{page}.html").read_text()


def student_cells(course: Path, chapter: str) -> list[str]:
    path = course / "exercises" / chapter / f"{chapter}.ipynb"
    return [cell.source for cell in nbformat.read(path, as_version=4).cells]


def test_add_a_misconception_and_a_task(copy: Path) -> None:
    folder = copy / "solutions" / "filters"
    function, entry = recipe("Add a misconception")
    task = folder / "tasks" / "corr2d.py"
    add(task, function, before="MISCONCEPTIONS = (\n")
    add(task, textwrap.indent(entry, "    "), after="MISCONCEPTIONS = (\n")

    source, line, cell, directive = recipe("Add a task")
    (folder / "tasks" / "mean_filter.py").write_text(source)
    add(folder / "chapter.py", textwrap.indent(line, " " * 8), before="    ),\n")
    add(folder / "filters.md", cell, before="## Question: ")

    generate(copy, "filters")
    checks = load_checks(copy / "exercises" / "filters" / FILE_NAME)
    assert "one_for_all" in checks["corr2d"].hints
    assert list(checks)[-1] == "mean_filter"
    cells = student_cells(copy, "filters")
    assert "check(mean_filter)" in cells
    assert any("def mean_filter(size):" in cell for cell in cells)
    assert not any("1 / size**2" in cell for cell in cells)
    asked, _ = recipe("Ask a question")
    (copy / "book" / "filters" / "mean.md").write_text(f"# Mean\n\n{directive}\n\n{asked}")
    page = build_page(copy, "filters/mean")
    assert 'aria-label="Task mean_filter"' in page
    assert 'id="question-mean-weights"' in page


def test_add_a_chapter(copy: Path) -> None:
    _, settings, imports, question, mistakes = recipe("Add a chapter")
    source, _, cell, _ = recipe("Add a task")
    folder = copy / "solutions" / "attention"
    for package in (folder, folder / "tasks"):
        package.mkdir()
        (package / "__init__.py").write_text('"""The exercise "attention"."""\n')
    (folder / "chapter.py").write_text(settings)
    (folder / "tasks" / "mean_filter.py").write_text(source)
    filters = (copy / "solutions" / "filters" / "filters.md").read_text()
    header = filters.split("\n# ")[0]
    parts = [header, "# Exercise: attention", imports, cell, question, "Because."]
    (folder / "attention.md").write_text("\n\n".join(parts))
    page = copy / "book" / "attention" / "attention.md"
    page.parent.mkdir()
    page.write_text(f"{header}\n\n# Attention\n\n{mistakes}")

    generate(copy, "attention")
    assert "check(mean_filter)" in student_cells(copy, "attention")
    assert "Sum instead of mean" in build_page(copy, "attention/attention")


def test_add_a_live_figure(copy: Path) -> None:
    module, style, figure, directive = recipe("Add a live figure")
    room = copy / "book" / "filters"
    (room / "dial.mjs").write_text(module)
    (room / "dial.css").write_text(style)
    (room / "dial.py").write_text(figure)
    (room / "dial.md").write_text(f"# Dial\n\n{directive}")
    for name in ("package.json", "biome.jsonc", "tsconfig.json"):
        shutil.copy(COURSE / name, copy)
    (copy / "node_modules").symlink_to(COURSE / "node_modules")
    checked = subprocess.run(
        ["npm", "run", "--silent", "check"], cwd=copy, capture_output=True, text=True
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    page = build_page(copy, "filters/dial")
    assert '<live-figure figure="dial">' in page
    assert "the number follows" in page


def test_add_an_explorer(copy: Path) -> None:
    options, name, explorer, kind, choice = recipe("Add an explorer")
    folder = copy / "autograder" / "student" / "explorers"
    add(folder / "options.py", options, before="OPTIONS: dict[str, type[Options]] = {\n")
    add(folder / "options.py", name, after="OPTIONS: dict[str, type[Options]] = {\n")
    (folder / "threshold.py").write_text(explorer)
    imported = "from autograder.student.explorers.threshold import ThresholdExplorer"
    add(folder / "kinds.py", imported, before="KINDS: dict[str, type[Explorer]] = {\n")
    add(folder / "kinds.py", kind, after="KINDS: dict[str, type[Explorer]] = {\n")
    opened = f"""
import numpy as np
from autograder.problems import Case, Problem
from autograder.student.explorers import open_explorer

def cut(x, threshold):
    return np.where(x > threshold, x, 0.0)

def cases(rng):
    return [Case("a case", {{"x": np.ones((3, 3)), "threshold": 0.5}})]

problem = Problem(cut, cases, (), {choice})
explorer = open_explorer(cut, problem.visible_checks())
assert explorer.threshold.max == 2.0
before = explorer.view.value
explorer.threshold.value = 0.9
assert explorer.view.value != before
assert "the answer of your function" in before
"""
    environment = {**os.environ, "PYTHONPATH": str(copy)}
    subprocess.run([sys.executable, "-c", opened], check=True, cwd=copy, env=environment)

"""What docs/architecture.md promises: dependencies point one way, and it names what is there."""

from __future__ import annotations

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
import yaml

from tests import COURSE

TEXT = (COURSE / "docs" / "architecture.md").read_text(encoding="utf-8")
CODE = {".py", ".mjs", ".js", ".css"}
PACKAGES = ("autograder", "benchmarks", "book", "laboratory", "solutions")


def test_dependencies_point_one_way() -> None:
    """The contracts in pyproject.toml: layers, no circles, students apart from instructors."""
    program = Path(sys.executable).with_name("lint-imports")
    linted = subprocess.run(
        [program, "--no-logo", "--no-cache"], cwd=COURSE, text=True, capture_output=True
    )
    assert linted.returncode == 0, linted.stdout


def test_the_student_side_loads_numpy_and_nothing_heavier() -> None:
    heavy = ("torch", "matplotlib", "IPython", "ipywidgets", "nbformat", "nbgrader", "pandas")
    code = (
        "import sys; from autograder import check, explore; "
        f"print(*[name for name in {heavy!r} if name in sys.modules])"
    )
    loaded = subprocess.run(
        [sys.executable, "-c", code], cwd=COURSE, text=True, capture_output=True, check=True
    )
    assert loaded.stdout.split() == []


def lines_by_folder(depth: int) -> Counter[str]:
    """Lines of code below each folder of so many names."""
    lines: Counter[str] = Counter()
    for package in PACKAGES:
        for path in (COURSE / package).rglob("*"):
            if path.suffix in CODE and "node_modules" not in path.parts:
                folder = path.relative_to(COURSE).parent
                lines["/".join(folder.parts[:depth])] += len(path.read_text().splitlines())
    return lines


def test_no_folder_holds_a_quarter_of_the_code() -> None:
    lines = lines_by_folder(depth=2)
    folder, largest = lines.most_common(1)[0]
    assert largest < sum(lines.values()) / 4, folder


def named(cell: str) -> set[str]:
    return set(re.findall(rf"^\| `({cell})`", TEXT, re.MULTILINE))


def test_every_folder_of_the_course_is_named() -> None:
    tracked = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "*/*"],
        cwd=COURSE,
        text=True,
        capture_output=True,
        check=True,
    ).stdout.splitlines()
    folders = {path.split("/")[0] + "/" for path in tracked if not path.startswith(".")}
    assert folders <= named("[^`]+/")


@pytest.mark.parametrize("package", ["laboratory", "autograder"])
def test_every_module_is_named(package: str) -> None:
    for path in (COURSE / package).iterdir():
        if not path.name.startswith("_") and (path.suffix == ".py" or path.is_dir()):
            name = path.stem if path.suffix else f"{path.name}/"
            assert f"`{name}`" in TEXT, f"docs/architecture.md does not name {package}'s {name}"


def test_a_chapter_has_the_same_name_everywhere() -> None:
    """book/<chapter>/<chapter>.md, solutions/<chapter>/<chapter>.md, exercises/<chapter>/."""
    toc = yaml.safe_load((COURSE / "_toc.yml").read_text())
    pages = [page["file"] for part in toc["parts"] for page in part["chapters"]]
    folders = {page.split("/")[1] for page in pages if page.count("/") == 2}
    exercises = {path.parent.name for path in COURSE.glob("exercises/*/*.ipynb")}
    assert folders == exercises
    for chapter in sorted(folders):
        assert f"book/{chapter}/{chapter}" in pages
        assert (COURSE / "solutions" / chapter / f"{chapter}.md").is_file()


def test_the_words_of_the_project_are_in_its_code() -> None:
    """What the column "where" names is defined somewhere; paths in it exist."""
    table = TEXT.split("## Words of this project")[1].split("\n## ")[0]
    places = [row.split("|")[3] for row in table.splitlines() if row.startswith("| ")][1:]
    assert len(places) >= 10
    code = "\n".join(
        path.read_text(encoding="utf-8") for path in (COURSE / "autograder").rglob("*.py")
    )
    for name in re.findall(r"`([^`]+)`", "".join(places)):
        if "/" in name:
            pattern = re.sub("<[a-z]+>", "*", name)
            assert any(any(COURSE.glob(f"{top}{pattern}")) for top in ("", "autograder/")), name
        else:
            name = name.removeprefix("Problem.").removeprefix("Course.")
            defined = rf"^\s*(class|def) {name}\b|^\s*{name}:|= \"{re.escape(name)}\""
            assert re.search(defined, code, re.MULTILINE), name

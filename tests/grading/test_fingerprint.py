"""What a mark depends on: which edits have a class graded again, and which do not."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from autograder.chapter import load_problems
from autograder.checks import FILE_NAME
from autograder.grading import cluster_worker
from autograder.grading import fingerprint as fingerprint_module
from autograder.grading.course import Course
from autograder.grading.fingerprint import PACKAGE, fingerprint, package_digest, source_files
from tests import COURSE
from tests.grading.grading_class import Grader

CHAPTERS = ("filters", "pooling", "training", "visualization")


REGRADED = {
    # What hidden cases use, shared with another chapter or not.
    "solutions/networks.py": {"pooling"},
    "solutions/arrays.py": {"filters", "pooling", "training"},
    "solutions/pooling/windows.py": {"pooling"},
    "solutions/__init__.py": set(CHAPTERS),
    "solutions/filters/tasks/corr2d.py": {"filters"},
    "solutions/filters/chapter.py": {"filters"},
    "solutions/training/network.py": {"training"},
    "solutions/training/runs.json": {"training"},
    "laboratory/small_vgg.py": {"visualization"},
    "laboratory/small_vgg_noise.npz": {"visualization"},
    "exercises/filters/filters.ipynb": {"filters"},
    "exercises/pooling/checks.npz": {"pooling"},
    # What no problem is loaded with.
    "solutions/training/draw_runs.py": set(),
    "solutions/training/training.md": set(),
    "solutions/backprop/tasks/relu_backward.py": set(),
}
"""The chapters that are graded again after an edit of a file."""


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the course, without its package and its pages."""
    ignored = shutil.ignore_patterns("__pycache__", "*.ipynb", FILE_NAME)
    for name in ("solutions", "laboratory"):
        shutil.copytree(COURSE / name, tmp_path / name, ignore=ignored)
    shutil.copytree(COURSE / "exercises", tmp_path / "exercises")
    return tmp_path


def fingerprints(root: Path) -> dict[str, str]:
    return {chapter: fingerprint(root, chapter) for chapter in CHAPTERS}


def comment(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"\n# Edited.\n")


def test_an_edit_regrades_the_chapters_that_import_the_file(copy: Path) -> None:
    before = fingerprints(copy)
    for edited, chapters in REGRADED.items():
        assert (copy / edited).is_file()
        comment(copy / edited)
        after = fingerprints(copy)
        assert {name for name in CHAPTERS if after[name] != before[name]} == chapters, edited
        before = after


def test_no_edit_of_what_is_not_imported_regrades(copy: Path) -> None:
    before = fingerprints(copy)
    imported = set().union(*(source_files(copy, chapter) for chapter in CHAPTERS))
    others = [path for path in copy.glob("laboratory/**/*.py") if path not in imported]
    assert len(others) > 10
    for path in others:
        comment(path)
    assert fingerprints(copy) == before


def test_what_was_imported_before_counts_all_the_same(copy: Path) -> None:
    """In one process, the modules that two chapters share are imported for the first only."""
    for chapter in ("pooling", "filters"):
        load_problems(copy, chapter)
    assert copy / "solutions" / "arrays.py" in source_files(copy, "filters")


def test_imports_are_found_wherever_they_stand(tmp_path: Path) -> None:
    sources = {
        "solutions/__init__.py": "",
        "solutions/inside.py": "import numpy",
        "solutions/relative.py": "x = 1",
        "solutions/late.py": "from data.numbers import ONE",
        "solutions/one/__init__.py": "from . import sibling",
        "solutions/one/sibling.py": "from ..relative import x",
        "solutions/one/unused.py": "",
        "solutions/one/chapter.py": "from autograder.chapter import Chapter\n"
        "CHAPTER = Chapter(tasks=('task',))",
        "solutions/one/tasks/__init__.py": "",
        "solutions/one/tasks/task.py": "import solutions.inside\n"
        "def cases(rng):\n    from solutions import late\n",
        "data/__init__.py": "",
        "data/numbers.py": "ONE = 1",
        "autograder/__init__.py": "",
    }
    for name, text in sources.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    files = {str(path.relative_to(tmp_path)) for path in source_files(tmp_path, "one")}
    assert files == sources.keys() - {"solutions/one/unused.py", "autograder/__init__.py"}


def test_the_fingerprint_covers_chapter_and_package(
    grader: Grader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "course"
    shutil.copytree(grader.course.root, root)
    assert fingerprint(root, "probe") == grader.chapter.fingerprint
    known = {grader.chapter.fingerprint}
    for name in ("probe.ipynb", "checks.npz"):
        (root / "solutions" / "probe" / name).write_text("generated")
    (root / "exercises" / "probe" / "notes.txt").write_text("of no influence")
    assert fingerprint(root, "probe") in known
    for name in ("solutions/probe/tasks/total.py", "exercises/probe/checks.npz"):
        with (root / name).open("ab") as file:
            file.write(b"\n")
        assert fingerprint(root, "probe") not in known
        known.add(fingerprint(root, "probe"))
    monkeypatch.setattr(fingerprint_module, "package_digest", lambda: b"another version")
    assert fingerprint(root, "probe") not in known


@pytest.fixture
def edited_package(tmp_path: Path) -> Callable[[str], bytes]:
    """A function that edits a file of a copy of this package and returns the copy's digest."""
    package = tmp_path / PACKAGE.name
    shutil.copytree(PACKAGE, package, ignore=shutil.ignore_patterns("__pycache__"))

    def edited(name: str) -> bytes:
        with (package / name).open("a") as file:
            file.write("\n# Edited.\n")
        package_digest.cache_clear()
        return package_digest(package)

    return edited


def test_the_graders_own_modules_count(edited_package: Callable[[str], bytes]) -> None:
    digests = [package_digest()]
    for name in (
        "chapter.py",
        "problems.py",
        "comparison.py",
        "grading/engine.py",
        "grading/inside/session.py",
        "grading/cluster_worker.py",
        "grading/fingerprint.py",
    ):
        digests.append(edited_package(name))
    assert len(set(digests)) == len(digests)


def test_modules_without_influence_do_not_count(edited_package: Callable[[str], bytes]) -> None:
    before = package_digest()
    for name in (
        "__main__.py",
        "instructor.py",
        "authoring/generate.py",
        "authoring/site.py",
        "student/check.py",
        "student/explorers/base.py",
        "grading/sample_class.py",
    ):
        assert edited_package(name) == before


def test_workers_get_all_that_a_chapter_imports(copy: Path, tmp_path: Path) -> None:
    for chapter in CHAPTERS:
        files = cluster_worker.chapter_files(Course.at(copy), chapter)
        there = tmp_path / "workers" / chapter
        for name, content in files.items():
            (there / name).parent.mkdir(parents=True, exist_ok=True)
            (there / name).write_bytes(content)
        assert fingerprint(there, chapter) == fingerprint(copy, chapter)
        assert list(load_problems(there, chapter)) == list(load_problems(copy, chapter))
        assert not any(name.startswith(("autograder", "submitted")) for name in files)
    assert "laboratory/small_vgg.py" in files


def test_two_courses_in_one_process_do_not_share_modules(tmp_path: Path) -> None:
    for number in (1, 2):
        root = tmp_path / str(number)
        shutil.copytree(COURSE / "solutions" / "filters", root / "solutions" / "filters")
        for name in ("__init__.py", "arrays.py"):
            shutil.copy(COURSE / "solutions" / name, root / "solutions")
        (root / "laboratory").mkdir()
        (root / "laboratory" / "__init__.py").write_text(f"NUMBER = {number}\n")
        task = root / "solutions" / "filters" / "tasks" / "conv_parameters.py"
        text = task.read_text().replace("alternatives=ALTERNATIVES", "time_limit=laboratory.NUMBER")
        task.write_text(text.replace("\nimport numpy", "\nimport laboratory\nimport numpy", 1))
    for number in (1, 2, 1):
        problems = load_problems(tmp_path / str(number), "filters")
        assert problems["conv_parameters"].time_limit == number

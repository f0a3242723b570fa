"""The fast lane, `make check`: lint, types, spelling, and the tests of what has changed.

Changed is what differs from where this branch left `main`; with `make check CHAPTER=filters`, all
files of that chapter count as changed instead. Tests marked slow are left to `make test`.
"""

from __future__ import annotations

import functools
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import PurePath, PurePosixPath

import pytest

from autograder.imported_files import imported_by
from tests import COURSE

PACKAGES = ("autograder", "benchmarks", "book", "laboratory", "solutions", "tests")
TESTS = sorted(path.relative_to(COURSE).as_posix() for path in COURSE.glob("tests/*/**/test_*.py"))
GENERATED = "tests/autograder/test_authoring.py::test_committed_exercises_are_what_the_sources_give"


def git(*arguments: str) -> list[str]:
    command = ["git", "-c", "safe.directory=*", "-c", "core.quotePath=false", *arguments]
    return subprocess.run(command, cwd=COURSE, text=True, capture_output=True).stdout.splitlines()


def changed_files() -> set[str]:
    """Return the files that differ from the last commit in common with `main`, or are new."""
    base = git("merge-base", "HEAD", "main") or ["HEAD"]
    changed = git("diff", "--name-only", "--no-renames", *base)
    return {*changed, *git("ls-files", "--others", "--exclude-standard")}


def chapter_of(file: str) -> str | None:
    """Return the chapter in whose folder a file lies: solutions/filters/... is of filters."""
    top, chapter, *rest = (*PurePosixPath(file).parts, "", "")
    folders = ("book", "exercises", "solutions")
    return chapter if rest[0] and top in folders and chapter in chapters() else None


@functools.cache
def chapters() -> set[str]:
    return {path.parent.name for path in COURSE.glob("solutions/*/*.md")}


def tests_of(file: str) -> set[str]:
    """Return the tests of a file, as arguments for pytest.

    Those of a chapter bear its name. Of other modules, they are the files of tests that import it
    or bear its name; where there are none, the folder of tests that bears its package's name.
    """
    path = PurePosixPath(file)
    if file in TESTS:
        return {file}
    if chapter := chapter_of(file):
        return {test for test in TESTS if chapter in test} | {"tests/solutions", GENERATED}
    if path.suffix != ".py" or path.parts[0] not in PACKAGES:
        beside = f"tests/{path.parts[0]}"
        return {beside if (COURSE / beside).is_dir() else "tests/project"}
    direct = {
        test
        for test in TESTS
        # Every import runs the __init__ of the packages around it.
        if (path.stem != "__init__" and COURSE / file in imports(test))
        or test.endswith(f"_{path.stem}.py")
    }
    return direct or {
        "/".join(path.parts[:2]) if path.parts[0] == "tests" else f"tests/{path.parts[0]}"
    }


@functools.cache
def imports(test: str) -> set[PurePath]:
    """Return the files that a file of tests imports."""
    source = (COURSE / test).read_bytes()
    return set(imported_by(COURSE, source, list(PurePath(test).parts[:-1])))


def commands(files: set[str], names: set[str]) -> tuple[list[list[str]], list[list[str]]]:
    """Return the commands for these files: those that only read the code, and pytest.

    ``names`` are those of chapters: of tests made for each chapter, only theirs are run.
    """
    python = [sys.executable, "-m"]
    reading = [[*python, "ruff", "check", "."], [*python, "ruff", "format", "--check", "."]]
    reading.append([*python, "mypy"])
    if spelled := sorted(file for file in files if (COURSE / file).is_file()):
        reading.append([*python, "codespell_lib", *spelled])
        reading.append([*python, "tests.project.prose", *spelled])
    if (COURSE / "node_modules").is_dir():
        reading.append(["npm", "run", "--silent", "check"])
    running = []
    if tests := sorted(set().union(*map(tests_of, files))):
        options = ["-q", "-n", "auto", "--dist", "loadfile", "--no-loadscope-reorder"]
        options += ["-m", "not slow", *(f"--chapter={name}" for name in sorted(names))]
        running.append([*python, "pytest", *options, *tests])
    return reading, running


def passes(command: list[str]) -> bool:
    """Run a command, tell how it ended, and show what it printed unless all is well."""
    started = time.monotonic()
    done = subprocess.run(
        command,
        cwd=COURSE,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    name = " ".join(command[2:4] if command[0] == sys.executable else command)
    # All tests of the files may be slow: then none is left, and that is no failure.
    nothing_left = pytest.ExitCode.NO_TESTS_COLLECTED if name.startswith("pytest") else 0
    passed = done.returncode in (0, nothing_left)
    seconds = f"{time.monotonic() - started:.0f} s"
    summary = done.stdout.strip().rpartition("\n")[2] if passed else f"failed\n{done.stdout}"
    print(f"{name} ({seconds}): {summary}", flush=True)
    return passed


def main(names: set[str]) -> int:
    """Check what has changed, or the chapters that are named; return 1 if anything fails."""
    if unknown := names - chapters():
        there = ", ".join(sorted(chapters()))
        sys.exit(f"There is no chapter {', '.join(sorted(unknown))}; there are: {there}.")
    files = {file for file in git("ls-files") if chapter_of(file) in names}
    files = files or changed_files()
    about = {chapter for file in files if (chapter := chapter_of(file))}
    lanes = commands(files, about)
    with ThreadPoolExecutor(len(lanes)) as pool:
        failures = pool.map(lambda lane: [step for step in lane if not passes(step)], lanes)
        return int(any(failures))


if __name__ == "__main__":
    sys.exit(main(set(sys.argv[1:])))

"""Fixtures of several test files, and the system parts without which no run may pass."""

from __future__ import annotations

import functools
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import pytest

from tests import COURSE
from tests.small_course import write_course

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.grading.grading_class import Grader

OWN_MODULES = pytest.StashKey[dict[str, dict[str, ModuleType]]]()
# The first is Chromium without the browser around it: a page costs a fifth, and looks the same.
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
# What a test uses says what it needs, and that it takes long: the marker of each fixture.
MARKERS = {
    "browser": ("browser",),
    "sandbox": ("grader", "sandbox", "graded", "machines"),
    "slow": ("site", "graded", "machines", "pyodide"),
}
# The order of the folders of tests: what takes long first, so that no process ends last, alone.
ORDER = (
    "solutions",
    "grading",
    "teaching",
    "book",
    "project",
    "autograder",
    "laboratory",
    "benchmarks",
)
# Chromium itself would ask its maker's hosts for updates and the like.
BROWSER_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_sessionstart(session: pytest.Session) -> None:
    """Stop before the first test if a system part is missing: nothing is skipped silently.

    A run of named test files is the caller's own choice: on macOS and Windows, the tests of the
    student side run without these parts.
    """
    if session.config.args_source is pytest.Config.ArgsSource.ARGS:
        return
    missing = []
    if not any(shutil.which(name) for name in BROWSERS):
        missing.append("chromium")
    if sys.platform == "linux" and shutil.which("bwrap") is None:
        missing.append("bubblewrap")
    if missing:
        install = "sudo apt-get install -y" if sys.platform == "linux" else "brew install --cask"
        pytest.exit(
            f"The tests need {' and '.join(missing)}. Install with:  {install} {' '.join(missing)}",
            returncode=3,
        )


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a run be about some chapters: of tests that are made for each chapter, only theirs."""
    parser.addoption("--chapter", action="append", default=[], metavar="NAME")


def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark each test by the fixtures that it uses."""
    for marker, fixtures in MARKERS.items():
        if not set(fixtures).isdisjoint(getattr(item, "fixturenames", ())):
            item.add_marker(marker)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out other chapters' tests, and put files with slow tests first, then by ORDER."""
    others = {path.name for path in (COURSE / "solutions").iterdir() if path.is_dir()}
    others -= set(config.getoption("chapter"))
    if config.getoption("chapter"):
        config.hook.pytest_deselected(
            items=[item for item in items if others & parts_of_name(item)]
        )
        items[:] = [item for item in items if not others & parts_of_name(item)]
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    order = {name: place for place, name in enumerate(ORDER)}
    items.sort(key=lambda i: (i.path not in slow, order.get(i.nodeid.split("/")[1], len(ORDER))))


def parts_of_name(item: pytest.Item) -> set[str]:
    """Return what a test is about: of `test_x[filters-corr2d]` in test_y.py: filters, corr2d, y."""
    in_brackets = item.name.partition("[")[2].rstrip("]").split("-")
    return {*in_brackets, item.path.stem.removeprefix("test_")}


@pytest.fixture(scope="session")
def course() -> Path:
    """The root of the repository."""
    return COURSE


SOURCE = """\
---
kernelspec:
  name: python3
  display_name: Python 3
---

# Toy exercise

Some prose.

```{code-cell} python
import numpy as np
from autograder import check, explore
```

## Double it

```{hint} First step
Think of 2 & 3.
```

```{code-cell} python
:task: double
:points: 4
:difficulty: 1
:minutes: 5
```

## Total

```{code-cell} python
:task: total
:points: 2
:difficulty: 2
:minutes: 5
```

Why?

+++ {"question": "why", "points": 3, "difficulty": 3, "minutes": 10}

Because of the model answer.
"""

CHAPTER_PY = """\
from autograder.chapter import Chapter

CHAPTER = Chapter(tasks=("double", "total"))
"""

DOUBLE_PY = '''\
import numpy as np

from autograder.problems import Case, Misconception, Problem, quarters


def double(x: np.ndarray, times: int = 1) -> np.ndarray:
    """Return twice x.

    x: array of any shape.
    """
    ### BEGIN SOLUTION
    for _ in range(times):
        x = 2 * x
    return x
    ### END SOLUTION


def cases(rng):
    return [
        Case("a vector, once", {"x": quarters(rng, 3), "times": 1}),
        Case("a matrix, twice", {"x": quarters(rng, 2, 3), "times": 2}),
    ]


def square(x, times):
    return x**2


def once(x, times):
    return 2 * x


PROBLEM = Problem(
    double,
    cases,
    (
        Misconception("square", square, "squares", "grows too fast", "Look at the exponent."),
        Misconception("once", once, "once", "right only for times=1", "What is times for?"),
    ),
)
'''

TOTAL_PY = '''\
import numpy as np

from autograder.problems import Case, Misconception, Problem, quarters


def total(x: np.ndarray) -> float:
    """Return the sum of x."""
    ### BEGIN SOLUTION
    return float(np.sum(x))
    ### END SOLUTION


def cases(rng):
    return [
        Case("a vector", {"x": quarters(rng, 5)}),
        Case("a matrix", {"x": quarters(rng, 2, 3)}, weight=3),
    ]


def of_rows(x):
    return x.sum(axis=0)


PROBLEM = Problem(
    total,
    cases,
    (Misconception("of_rows", of_rows, "rows", "an array", "Sum over all axes."),),
)
'''


def _modules_of(package: str) -> dict[str, ModuleType]:
    return {name: module for name, module in sys.modules.items() if name.split(".")[0] == package}


def pytest_collection_finish(session: pytest.Session) -> None:
    """Remember the course's own packages, before a fixture loads another's.

    And let nbgrader start Alembic once, not for each gradebook that a test makes.
    """
    session.config.stash[OWN_MODULES] = {
        package: _modules_of(package) for package in ("laboratory", "solutions")
    }
    if nbgrader := sys.modules.get("nbgrader.api"):
        nbgrader.get_alembic_version = functools.cache(nbgrader.get_alembic_version)


@pytest.fixture(autouse=True)
def own_packages(request: pytest.FixtureRequest) -> Iterator[None]:
    """Bring back the course's own packages after a test that has loaded another's."""
    yield
    for package, own in request.config.stash[OWN_MODULES].items():
        loaded = sys.modules.get(package)
        if own:
            changed = loaded is not own[package]
        else:
            changed = loaded is not None and COURSE not in Path(loaded.__file__ or "").parents
        if changed:
            for name in _modules_of(package):
                del sys.modules[name]
            sys.modules.update(own)


@pytest.fixture
def toy_course(tmp_path: Path) -> Path:
    """A course with one small chapter, "toy": two tasks and a question; 9 points."""
    root = tmp_path / "course"
    write_course(root, "toy", SOURCE, CHAPTER_PY, {"double": DOUBLE_PY, "total": TOTAL_PY})
    return root


@pytest.fixture(scope="session")
def grader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Grader]:
    """A grader with an open sandbox for the small course of `grading_class`."""
    from autograder.grading.pool import open_sandbox
    from tests.grading import grading_class

    root = tmp_path_factory.mktemp("probe")
    course = grading_class.make_course(root)
    chapter = course.chapter("probe")
    with open_sandbox(chapter) as sandbox:
        yield grading_class.Grader(course, chapter, sandbox)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, without a window: one for each file of tests, which takes less than a second.

    Not for the whole run: as long as it is open, no other test can have an event loop of its own.
    """
    from playwright.sync_api import sync_playwright

    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    assert program, "The tests need Chromium: sudo apt-get install -y chromium"
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=program, args=BROWSER_OPTIONS)
        yield running
        running.close()


@pytest.fixture(scope="module")
def modules(browser: Browser) -> Iterator[Page]:
    """A page with the modules of all live figures, each under its figure's name."""
    from book.figures import FIGURES
    from tests.book.figure_pages import MODEL, source

    page = browser.new_page()
    page.set_content(f"<script>{MODEL}</script>")
    for name in FIGURES:
        page.evaluate(
            "async ([name, source]) => { window[name] = await load(source); }", [name, source(name)]
        )
    yield page
    page.close()

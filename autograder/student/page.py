"""Checking a task on a page of the book, where Python runs in the reader's browser (Pyodide).

The page hands over the code cells of the chapter's notebook, with the reader's own code in them, up
to the cell of a task. They run as grading runs them: of the course's own cells that part which an
answer needs, and all that the reader has written.
"""

from __future__ import annotations

import ast
import builtins
import contextlib
import dataclasses
import io
import linecache
import re
import sys
import types
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from autograder.advice import first_line
from autograder.checks import SECONDS_PER_CALL, Checks
from autograder.failures import failure
from autograder.missing_function import defines
from autograder.needed_code import is_python, needed_code
from autograder.report_lines import Line, Report
from autograder.student.calls import PrintAllowance, limited_printing
from autograder.student.check import CannotCheck, check
from autograder.student.limits import run_within
from autograder.student.notebook import missing_function, other_functions
from autograder.student.other_styles import other_styles
from autograder.student.progress import after_a_pass

WORDS = (
    (r", run the cell, and check again\.$", ", and check again."),
    (
        r"^To try this case yourself: `(.*)`$",
        r"To try this case yourself, write this line below your function, and check again: "
        r"`print(\1)`",
    ),
    (
        r"^Run the first code cell of the notebook: it has `import numpy as np`\.$",
        "Write `import numpy as np` above your function.",
    ),
    (r" If another cell defines it, run that cell first\.$", " Is it the name of an earlier task?"),
)
"""What a report says in a notebook, and what it says on a page instead."""

NOTEBOOK_LINE = re.compile(r"^([ \t]*)[%!].*", re.MULTILINE)
"""A line that Python does not know and notebooks do, such as ``%time`` or ``!pip``."""


@dataclasses.dataclass(frozen=True)
class PageReport:
    """What came of a check: the report, what the code printed, and the misconception's name."""

    report: Report
    printed: str = ""
    misconception: str | None = None

    def for_page(self) -> dict[str, Any]:
        """Return what the page needs, in types that JavaScript knows."""
        return {
            "passed": self.report.tone == "good",
            "title": self.report.title,
            "html": self.report._repr_html_(),
            "text": self.report.text,
            "printed": self.printed,
            "misconception": self.misconception,
        }


def check_task(
    task: str,
    cells: Sequence[tuple[str, bool]],
    checks: str | Path,
    passed: Iterable[str] = (),
    site: str = "",
) -> PageReport:
    """Run cells of a notebook and check a task, whose code stands in the last of them.

    cells: source, and whether the reader wrote it, in the order of the notebook.
    checks: the file ``checks.npz`` of the chapter.
    passed: the tasks of the chapter that have passed on its pages.
    site: the way from the page to the first folder of the site.
    """
    check.use(checks)
    sources = needed_code([(source, not own) for source, own in cells], [task])
    printed = io.StringIO()
    error = ""
    with _notebook() as names:
        for number, (source, (_, own)) in enumerate(zip(sources, cells, strict=True)):
            last = number == len(cells) - 1
            with _printing_to(printed if last else io.StringIO()):
                code = _own_cell if own else _course_cell
                error = _run(source, code, "your code" if last else f"cell {number + 1}", names)
        with _printing_to(printed):
            report, misconception = _examine(task, names, cells[-1][0])
        styles = other_styles(check.checks()[task], names[task]) if report.tone == "good" else []
    lines = list(report.lines)
    if report.tone == "good":
        by_hand = check.facts().points_by_hand
        lines += [*after_a_pass(check.checks(), by_hand, {*passed, task}, task), *styles]
    lines = [_on_page(line, site) for line in lines]
    if error:
        lines = [*(lines if callable(names.get(task)) else []), *_stopped(error)]
    if cells[-1][0] != _python(cells[-1][0]):
        lines.append(Line("Lines that begin with % or ! are for notebooks: none of them ran here."))
    report = dataclasses.replace(report, lines=tuple(lines))
    return PageReport(report, printed.getvalue(), misconception)


def _examine(task: str, names: dict[str, Any], source: str) -> tuple[Report, str | None]:
    """Check a function; return the report, and the name of the misconception.

    source: of the cell where the task is.
    """
    known: dict[str, Checks] = check.checks()
    function = names.get(task)
    if task not in names:
        others = [other for other in known if defines(source, other)]
        if others:
            line = Line(f"This is the place of `{task}`, and `{others[0]}` stands here.")
            return Report(f"{task} is not defined.", "bad", (line,)), None
        return missing_function(task, other_functions(names, known), in_notebook=False), None
    if not callable(function):
        return CannotCheck(f"{task} is not a function any more.").report, None
    report, examination = check.report_on(known[task], function)
    return report, examination.misconception if examination else None


Code = Callable[[str, str, dict[str, Any]], None]


def _own_cell(source: str, file: str, names: dict[str, Any]) -> None:
    exec(compile(_python(source), file, "exec"), names)


def _python(source: str) -> str:
    """Return a cell without what only notebooks know."""
    return source if is_python(source) else NOTEBOOK_LINE.sub(r"\1pass", source)


def _course_cell(source: str, file: str, names: dict[str, Any]) -> None:
    for statement in ast.parse(source).body:
        with contextlib.suppress(ModuleNotFoundError):  # it is for plots, which no answer needs
            exec(compile(ast.Module([statement], []), file, "exec"), names)


def _run(source: str, code: Code, file: str, names: dict[str, Any]) -> str:
    """Run a cell; return what ended it before its end, or ""."""
    # Reports quote the lines of a function from here.
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    errors: list[str] = []

    def run() -> None:
        try:
            code(source, file, names)
        except KeyboardInterrupt:
            raise
        except BaseException as error:
            failed = failure(error)
            errors.append(first_line(failed) + (f" (at {failed.line})" if failed.line else ""))

    allowance = PrintAllowance()
    with limited_printing(allowance):
        stopped = run_within(SECONDS_PER_CALL, run)
    if allowance.left_out:
        print(f"… and {allowance.left_out:,} characters more, which are left out")
    if stopped is not None:
        return f"after {stopped.seconds:g} seconds it was still running"
    return errors[0] if errors else ""


def _stopped(error: str) -> Iterator[Line]:
    yield Line(f"Your code stopped: {error}", strong=True)
    if error.startswith("ModuleNotFoundError"):
        yield Line(
            "Pages have NumPy and Python's own library. For plots, download the notebook: what you "
            "write here is in it."
        )


def _on_page(line: Line, site: str) -> Line:
    """Say a line as it is right on a page, and link its section from there."""
    text = line.text
    for pattern, words in WORDS:
        text = re.sub(pattern, words, text)
    section = dataclasses.replace(line.section, site=site) if line.section else None
    return dataclasses.replace(line, text=text, section=section)


@contextlib.contextmanager
def _printing_to(stream: io.StringIO) -> Iterator[None]:
    """Collect what is printed, warnings too."""
    with contextlib.redirect_stdout(stream), contextlib.redirect_stderr(stream):
        yield


@contextlib.contextmanager
def _notebook() -> Iterator[dict[str, Any]]:
    """Let a new module be the main one, as a notebook's is; yield its names."""
    before = sys.modules["__main__"], builtins.input
    module = types.ModuleType("__main__")
    sys.modules["__main__"], builtins.input = module, _no_answer
    try:
        yield vars(module)
    finally:
        sys.modules["__main__"], builtins.input = before


def _no_answer(_prompt: object = "") -> str:
    raise EOFError("nobody can answer input() here: write the value into your code")

"""What a report says in words: of marks, lateness, causes, and of its own pictures."""

from __future__ import annotations

import ast
from collections.abc import Sequence

from autograder.grading.explained import ENDED, RULES
from autograder.grading.results import TaskResult
from autograder.problems import Problem
from autograder.syntax_trees import syntax_tree
from autograder.teaching import report_numbers as numbers
from autograder.teaching.class_record import StudentRecord

WORDS = {
    "0": "not done",
    "o": "took too long",
    "c": "changes from call to call",
    "-": "not tried",
    "e": "exception",
    "t": "wrong type",
    "s": "wrong shape",
    "n": "NaN or infinity",
    "v": "wrong numbers",
    "p": "too few digits",
}
"""What came of a failed case, by its letter."""


def count(number: int, noun: str) -> str:
    """Return a number with its noun: 1 student, 2 students."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def mark(record: StudentRecord, cell: str) -> str:
    """Return the points of a cell; ``?`` says that a person has to look at it."""
    given = record.marks.get(cell)
    if given is None:
        return ""
    points = "" if given.points is None else f"{given.points:g}"
    return points + ("?" if given.waiting or given.points is None else "")


def slow(record: StudentRecord) -> str:
    """Say how long a submission took, and what had to be stopped."""
    result = record.result
    assert result is not None
    ended = [f"{task.function}: {RULES[task.rule]}" for task in result.tasks if task.rule in ENDED]
    took = [f"it took {result.seconds:g} s or more"] if result.seconds else []
    return "; ".join((*took, *result.stopped, *ended))


def cause(result: TaskResult, problem: Problem | None) -> str:
    """Say what explains a wrong answer; nothing where it is right or nobody has noted it."""
    if result.passed:
        return ""
    if result.misconception:
        entries = problem.misconceptions if problem is not None else ()
        titles = {wrong.name: wrong.title for wrong in entries}
        return f"Misconception: {titles.get(result.misconception, result.misconception)}."
    if result.clue:
        return result.clue
    if result.rule:
        return f"Explained by: {RULES.get(result.rule, result.rule)}."
    return "Nothing explained it." if result.cases else ""


def failing(result: TaskResult, problem: Problem | None) -> str:
    """Say which visible cases an answer fails, and how."""
    visible = result.cases[: len(result.results.split())]
    known = problem.visible_checks().cases if problem is not None else ()
    names = [case.name for case in known] if len(known) == len(visible) else [""] * len(visible)
    failed = [
        f"{number} {name} ({WORDS.get(letter, letter)})"
        for number, (name, letter) in enumerate(zip(names, visible, strict=True), 1)
        if letter != "."
    ]
    if not failed:
        return "All visible cases are passed, and hidden ones are not."
    return f"Fails {len(failed)} of {len(visible)} visible cases: {'; '.join(failed)}."


def anonymous_code(source: str) -> str:
    """Return code without comments and texts that stand alone; nothing if it is no Python."""
    try:
        tree = syntax_tree(source)
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module):
                node.body = [part for part in node.body if not _is_text(part)] or [ast.Pass()]
        return ast.unparse(tree)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ""


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def bars(numbers_of_students: Sequence[numbers.Bar]) -> str:
    """Say what the histogram of points shows."""
    parts = [
        f"{bar.low:g} to {bar.high:g}: {bar.count}" for bar in numbers_of_students if bar.count
    ]
    return f"How many students have how many points. {'; '.join(parts)}."


def shares(tasks: Sequence[numbers.TaskNumbers]) -> str:
    """Say what the bars of all tasks show."""
    parts = [
        f"{task.task}: {task.solved} all points, {task.partly} some, {task.failed} none, "
        f"{task.untried} not tried"
        for task in tasks
    ]
    return f"How the class did in each task. {'; '.join(parts)}."

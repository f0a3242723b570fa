"""The proof that the checks of a problem are worth something."""

from __future__ import annotations

from autograder.authoring.chapter_source import location
from autograder.chapter import SourceError
from autograder.examination import examine
from autograder.problems import Misconception, Problem
from autograder.report import report
from autograder.student.calls import in_notebook
from autograder.student.explorers.options import ExplorerError, read_options


def prove(problem: Problem, seed: int = 0) -> None:
    """Check that the checks of a problem are worth something.

    The reference and every alternative must pass, every misconception must fail a visible
    case, and the explorer must exist. Raises :class:`SourceError` that names the function at
    fault.
    """
    if problem.explorer is not None:
        try:
            read_options(problem.explorer)
        except ExplorerError as error:
            raise SourceError(*location(problem.reference), str(error)) from error
    for function in (problem.reference, *problem.alternatives):
        path, line = location(function)
        try:
            checks = problem.hidden_checks(seed)
        except ValueError as error:
            raise SourceError(*location(problem.reference), str(error)) from error
        examination = examine(checks, in_notebook(function, problem.time_limit))
        changed = report(examination).lines if examination.passed else ()
        if not examination.passed or (changed and function is problem.reference):
            raise SourceError(
                path,
                line,
                f"{function.__name__} fails the checks of {problem.name}:\n"
                f"{report(examination, show_hidden=True)}",
            )
    for wrong in problem.misconceptions:
        _prove_wrong(problem, wrong)


def _prove_wrong(problem: Problem, wrong: Misconception) -> None:
    if all(wrong.name not in case.wrong for case in problem.visible_checks().cases):
        path, line = location(wrong.wrong)
        raise SourceError(
            path, line, f"misconception {wrong.name} passes every visible case of {problem.name}"
        )

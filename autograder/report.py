"""What a student reads after a check, and after a grading."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping

from autograder.advice import advice, first_line, speaks_for_itself
from autograder.case_list import case_lines, case_map
from autograder.checks import CheckedCase
from autograder.comparison import Difference, first_difference
from autograder.examination import Examination
from autograder.failures import Failed
from autograder.outcomes import Outcome, Returned, TimedOut
from autograder.report_lines import Line, Report
from autograder.tables import side_by_side, table_of
from autograder.values import SequentialNetwork, Tensor, Value, describe_argument

MAX_LINE = 1000
"""Characters of one line in the report of a grading."""

MOST_PARTS = 12
"""Lists and dicts with more entries than this are described in a line."""


def report(examination: Examination, show_hidden: bool = False, listed: bool = False) -> Report:
    """Tell a student what came of a check.

    Of hidden cases only the name is shown, unless ``show_hidden``: never a value. With ``listed``
    a list of all cases follows elsewhere; else one line says what came of each.
    """
    checks = examination.checks
    passed = sum(outcome.passed for outcome in examination.outcomes)
    count = f"{passed} of {len(examination.outcomes)} cases"
    failure = examination.shown_failure
    section = checks.section(examination.misconception)
    explained = (Line("Explained in", section=section),) if section else ()
    if failure is None:
        changed = sorted(
            {
                name
                for outcome in examination.outcomes
                if isinstance(outcome.ending, Returned)
                for name in outcome.ending.changed
            }
        )
        lines = tuple(_changed_note(changed)) if changed else ()
        return Report(f"{checks.function}: {count} passed.", "good", lines)
    if failure.verdict == "not done":
        return Report(
            f"{checks.function}: not done yet.",
            "bad",
            (
                Line(
                    "Replace `raise NotImplementedError()` by your own code, run the cell, "
                    "and check again."
                ),
                *explained,
            ),
        )
    lines = (*_failure(examination, failure, show_hidden), *explained)
    if not listed and len(examination.outcomes) > 1:
        lines = (Line(f"Cases: {case_map(examination.outcomes)}"), *lines)
    return Report(f"{checks.function}: {count} passed.", "bad", lines)


def graded_report(
    examination: Examination, points: float, max_points: float, show_hidden: bool = False
) -> Report:
    """Tell a student what a task was graded with: the points, the report, and every case.

    Of hidden cases only the names are shown, unless ``show_hidden``: never a value.
    """
    summary = report(examination, show_hidden, listed=True)
    title = f"{points:g} of {max_points:g} points. {summary.title}"
    # A result may have been made to be described at any length.
    lines = [dataclasses.replace(line, text=line.text[:MAX_LINE]) for line in summary.lines]
    if examination.constant:
        lines.append(Line("One answer to everything earns nothing, even where it is right.", True))
    tried = (Line(text, code=True) for text in case_lines(examination.outcomes))
    heading = Line("What was tried:", strong=True)
    return Report(title, summary.tone, (*lines, heading, *tried))


def _failure(examination: Examination, failure: Outcome, show_hidden: bool) -> Iterator[Line]:
    case = failure.case
    # By identity: cases of the same name hold arrays, which have no single answer to ==.
    number = next(n for n, outcome in enumerate(examination.outcomes, 1) if outcome is failure)
    # A hidden case's inputs come from the secret seed: the student gets its name alone.
    secret = case.hidden and not show_hidden
    yield Line(f"Case {number}: {case.name}", strong=True)
    if not secret:
        for name, value in case.arguments.items():
            yield from _argument(name, value)
    yield from _verdict(examination, failure, secret)
    if examination.finding is not None:
        yield Line(f"{examination.finding.label}: {examination.finding.words}", strong=True)
        yield from _advice_behind(examination, failure, secret)
        if examination.finding.remains:
            yield Line(examination.finding.remains)
    if isinstance(failure.ending, Returned) and failure.ending.changed:
        if examination.finding is not None:
            yield from _changed_note(failure.ending.changed)
        else:
            yield from _changed_cause(failure.ending.changed)
    if not case.hidden:
        yield Line(
            f"To try this case yourself: `{examination.checks.function}"
            f"(*check.case({examination.checks.function}, {number}))`"
        )


def _argument(name: str, value: Value, depth: int = 0) -> Iterator[Line]:
    """Say what an argument is; of lists and dicts what their parts are, if they are few."""
    indent = "    " * depth
    described = describe_argument(value, longest=100 if depth else 60)
    parts: list[tuple[str, Value]] = []
    if isinstance(value, Mapping):
        parts = [(repr(key), part) for key, part in value.items()]
    elif isinstance(value, list | tuple):
        parts = [(f"[{i}]", part) for i, part in enumerate(value)]
    if described == repr(value) or len(parts) > MOST_PARTS:
        parts = []
    if parts:
        kind = "dict" if isinstance(value, Mapping) else type(value).__name__
        described = f"{kind} of {len(parts)}"
    yield Line(f"{indent}{name}: {described}", code=True)
    yield from (Line(f"{indent}    {row}", code=True) for row in table_of(value, 16))
    for part in parts:
        yield from _argument(*part, depth + 1)


def _verdict(examination: Examination, failure: Outcome, secret: bool) -> Iterator[Line]:
    ending, name = failure.ending, examination.checks.function
    difference, value = _what_is_found(examination, failure)
    if failure.verdict == "different" and difference is not None:
        if secret:
            yield Line(
                {
                    "type": "The result has the wrong type.",
                    "shape": "The result has the wrong shape.",
                    "not a number": "The result contains NaN or infinity.",
                    "value": "The result has the right shape, but wrong values.",
                    "precision": "The result is right to two or three digits only: float16 and "
                    "bfloat16 keep no more. Compute in float64 or float32.",
                }[difference.kind]
            )
            return
        yield Line(in_words_of(failure.case, difference.message))
        if difference.kind != "type":
            if difference.total > 1:
                yield Line(f"The first that differs: {difference.where}")
            yield Line(f"got      {difference.got}", code=True)
            yield Line(f"expected {difference.expected}", code=True)
        if difference.kind == "value" and isinstance(ending, Returned):
            checks, expected = examination.checks, failure.case.expected
            for row in side_by_side(value, expected, checks.tolerance, checks.results):
                yield Line(row, code=True)
    elif failure.verdict == "changing":
        yield Line(
            f"Called twice with the same input, {name} gave two different results. Look for "
            "random numbers, for `np.empty` that is not filled, and for values kept from an "
            "earlier call (a global variable, a default argument)."
        )
        if isinstance(ending, Failed) and not secret:
            yield Line(f"The second call stopped with {first_line(ending)}")
    elif isinstance(ending, Failed | TimedOut):
        parameters = tuple(failure.case.arguments)
        yield from ending_lines(ending, name, parameters, secret, _advises(examination))


def _what_is_found(examination: Examination, failure: Outcome) -> tuple[Difference | None, Value]:
    """Return the difference that a finding is about, and the result with no other difference."""
    ending, finding, checks = failure.ending, examination.finding, examination.checks
    value = ending.value if isinstance(ending, Returned) else None
    expected = failure.case.expected
    if finding is None or not finding.path or not isinstance(value, tuple | list):
        return failure.difference, value
    only = tuple(
        mine if place == finding.path[0] else due
        for place, (mine, due) in enumerate(zip(value, expected, strict=False))
    )
    difference = first_difference(only, expected, checks.tolerance, names=checks.results)
    return (difference, only) if difference else (failure.difference, value)


def in_words_of(case: CheckedCase, message: str) -> str:
    """Speak of tensors, not of arrays, where a case hands over PyTorch's."""
    if not any(isinstance(v, Tensor | SequentialNetwork) for v in case.arguments.values()):
        return message
    return (
        message.replace("a NumPy array", "a tensor")
        .replace("an array with `np.array(...)`", "a tensor, with `torch.stack(...)`")
        .replace("array", "tensor")
        .replace("(`np.empty`)", "(`torch.empty`)")
    )


def _advises(examination: Examination) -> bool:
    """Whether the general advice on an exception is given at once: not beside a hint or a clue."""
    return examination.finding is None


def _advice_behind(examination: Examination, failure: Outcome, secret: bool) -> Iterator[Line]:
    """Give the general advice on an exception behind a clue, without a question of its own."""
    ending = failure.ending
    if isinstance(ending, Failed) and not examination.misconception and not ending.caller:
        general = advice(ending, examination.checks.function, tuple(failure.case.arguments), secret)
        statements = re.sub(r"(?:^|(?<=[.:])) *[^.:?]*\?$", "", general or "").strip()
        if statements:
            yield Line(re.sub(r":$", ".", statements))


def ending_lines(
    ending: Failed | TimedOut,
    function: str,
    parameters: tuple[str, ...],
    secret: bool = False,
    advise: bool = True,
) -> Iterator[Line]:
    """Say how a call ended that did not come back, and what usually helps.

    ``function`` and ``parameters`` are those of the task. Of a ``secret`` case no message is
    shown, since it may quote the inputs. Without ``advise`` the general advice on such
    exceptions is left out: a hint that knows the mistake follows.
    """
    if isinstance(ending, TimedOut):
        yield Line(_timed_out(ending))
        return
    if ending.kind == "NotImplementedError" and ending.function not in ("", function):
        yield Line(f"It calls `{ending.function}`, which is not done yet. Do that task first.")
        return
    yield Line(f"Your function stopped with {ending.kind if secret else first_line(ending)}")
    if ending.caller:
        yield Line(f"at {ending.caller}", code=True)
        yield Line(f"in its call of {ending.function}, {ending.line}", code=True)
        if advise and not speaks_for_itself(ending):
            yield Line(
                f"What does your function hand to `{ending.function}` there, and what does "
                f"`{ending.function}` take? Print the shapes."
            )
            return
    elif ending.line:
        yield Line(f"at {ending.line}", code=True)
    help_with_it = advice(ending, function, parameters, secret) if advise else None
    if help_with_it is not None:
        yield Line(help_with_it)


def _timed_out(ending: TimedOut) -> str:
    if ending.loops:
        return (
            "Your function is not clearly faster than Python loops: on this input it may compute "
            "for an eighth of the time that loops over all images, filters and positions take. "
            "Let NumPy do the loop."
        )
    loop = "Look for a loop that never ends: does its condition ever become false?"
    if ending.running:
        return (
            f"Your function did not come back within {ending.seconds:g} seconds and could not be "
            f"stopped. Restart the kernel (menu Kernel). {loop}"
        )
    if ending.interrupted:
        return f"You interrupted your function after {ending.seconds:g} seconds. {loop}"
    return (
        f"Your function did not come back within {ending.seconds:g} seconds, so it was "
        f"stopped. {loop}"
    )


def _changed_note(names: tuple[str, ...] | list[str]) -> Iterator[Line]:
    listed = " and ".join(f"`{name}`" for name in names)
    yield Line(
        f"Note: your function changes its input {listed} in place. The caller still needs it: "
        "work on a copy."
    )


def _changed_cause(names: tuple[str, ...] | list[str]) -> Iterator[Line]:
    listed = " and ".join(f"`{name}`" for name in names)
    yield Line(
        f"Probable cause: your function changes its input {listed} in place, and then goes on "
        "with the changed numbers. Work on a copy."
    )

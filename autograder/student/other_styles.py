"""Other right answers to a task that has passed: opened by the student's own function."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

from autograder.checks import CheckedCase, Checks
from autograder.outcomes import Returned
from autograder.report_lines import Line
from autograder.sealed import key_of, opened
from autograder.student.calls import PrintAllowance, StudentCaller
from autograder.values import Value

MOST_SECONDS = 3.0
"""A function that takes longer for all questions gets to see nothing."""


def other_styles(checks: Checks, function: Callable[..., Value]) -> list[Line]:
    """Return lines with other right answers to a task, each folded below what is good about it.

    Nothing comes back where there are none, or where the function is not right after all.
    """
    sealed = checks.other_styles
    if sealed is None:
        return []
    call = StudentCaller(function, checks.time_limit, PrintAllowance(characters=0))
    answers, begin = [], time.monotonic()
    for question in sealed.questions:
        ending = call(CheckedCase("", question, None, {}))
        if not isinstance(ending, Returned) or time.monotonic() - begin > MOST_SECONDS:
            return []
        answers.append(ending.value)
    text = opened(sealed, key_of(answers, sealed.scales))
    if text is None:
        return []
    styles = [Line(style["code"], code=True, folded=style["why"]) for style in json.loads(text)]
    return [Line("Other right answers, to compare with yours:", strong=True), *styles]

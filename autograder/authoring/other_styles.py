"""Sealing other right answers to a task: which questions open them, and the proof that they do."""

from __future__ import annotations

import ast
import json
import re
import types
from collections.abc import Mapping, Sequence

from autograder.authoring.chapter_source import location
from autograder.authoring.notebook import plain_source
from autograder.chapter import SourceError
from autograder.checks import Raised
from autograder.problems import Case, Function, Problem, result_of
from autograder.sealed import Sealed, is_clear, key_of, numbers, scale_of, seal, words_of
from autograder.values import Value

FEWEST_NUMBERS = 6
"""The answers hold at least so many numbers, of six bits or more each."""

MOST_NUMBERS = 1000
"""Questions whose arguments hold more numbers are not asked: they would make the file large."""


def sealed_styles(problem: Problem) -> Sealed | None:
    """Return the other styles of a problem, sealed; None if there are none.

    Raises SourceError where a right answer does not open them, or guessing would do.
    """
    if not problem.styles:
        return None
    questions: list[Mapping[str, Value]] = []
    answers: list[Value] = []
    for case in problem.fresh_cases():
        if _size(case.arguments) > MOST_NUMBERS:
            continue
        (answer,) = _answers(problem.reference, [case.arguments])
        if is_clear(answer, scale_of(answer)):
            questions.append(case.arguments)
            answers.append(answer)
    place = location(problem.reference)
    if _count(answers) < FEWEST_NUMBERS:
        message = f"too few numbers to seal the other styles of {problem.name}: add hidden cases"
        raise SourceError(*place, message)
    scales = [scale_of(answer) for answer in answers]
    right = words_of(answers, scales)
    for function in problem.alternatives:
        if words_of(_answers(function, questions), scales) != right:
            message = f"{function.__name__} is right, and does not open the other styles"
            raise SourceError(*location(function), message)
    styles = [{"why": style.why, "code": _code(style.function)} for style in problem.styles]
    text = json.dumps(styles, ensure_ascii=False)
    return seal(questions, scales, key_of(answers, scales), text)


def _code(function: Function) -> str:
    """Return a function as a student would write it, with the imports that it takes.

    Raises SourceError where it calls a helper of its file: the student would not have that.
    """
    assert isinstance(function, types.FunctionType)
    source = re.sub(
        r"^( +\w+): [\w\[\], ]+ = ", r"\1 = ", plain_source(function), flags=re.MULTILINE
    )
    inner = re.compile(r"^( +def \w+)\((.*)\) -> .*:$", re.MULTILINE)
    source = inner.sub(_without_annotations, source)
    names = {node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)}
    imports = []
    for name in sorted(names & set(function.__globals__) - {"np"}):
        value = function.__globals__[name]
        package, _, place = getattr(value, "__module__", "").partition(".")
        if isinstance(value, types.ModuleType):
            imports.append(f"import {value.__name__}")
        elif package != "solutions":
            imports.append(f"from {value.__module__} import {name}")
        elif value is not function and not place.endswith(f"tasks.{name}"):
            message = f"a style is read by itself, and this one needs {name}"
            raise SourceError(*location(function), message)
    return "\n".join([*imports, *([""] * 2 if imports else []), source])


def _without_annotations(head: re.Match[str]) -> str:
    names = ", ".join(part.split(":")[0].strip() for part in head[2].split(","))
    return f"{head[1]}({names}):"


def _answers(function: Function, questions: Sequence[Mapping[str, Value]]) -> list[Value]:
    """Return what a function answers; an exception is an answer that is right nowhere."""
    results = (result_of(function, Case("", question)) for question in questions)
    return [str(result) if isinstance(result, Raised) else result for result in results]


def _count(answers: Sequence[Value]) -> int:
    return sum(1 for answer in answers for _ in numbers(answer))


def _size(arguments: Mapping[str, Value]) -> int:
    """Return how many numbers there are in some arguments."""
    return sum(1 for value in arguments.values() for _ in numbers(value))

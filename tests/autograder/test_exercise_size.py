"""What exercises say of their own size is counted."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

from autograder.authoring.exercise_size import size_in_words, time_in_words, with_facts
from autograder.authoring.source import Exercise, QuestionCell, TaskCell, read_exercise_source
from autograder.chapter import chapters
from tests import COURSE


def sized(exercise: Exercise, minutes: tuple[int, ...], questions: int = 0) -> Exercise:
    """An exercise with a task for each number of minutes."""
    tasks = [part for part in exercise.parts if isinstance(part, TaskCell)]
    asked = [part for part in exercise.parts if isinstance(part, QuestionCell)]
    parts: list[TaskCell | QuestionCell] = [
        dataclasses.replace(tasks[0], minutes=time, points=1) for time in minutes
    ]
    parts += [dataclasses.replace(asked[0], minutes=0, points=2.5)] * questions
    return dataclasses.replace(exercise, parts=tuple(parts))


@pytest.fixture(scope="module")
def exercise() -> Exercise:
    return read_exercise_source(COURSE / "solutions" / "filters" / "filters.md")


def test_sizes_in_words(exercise: Exercise) -> None:
    assert size_in_words(sized(exercise, (5,))) == "one function, for 1 point"
    two = sized(exercise, (5, 5), questions=1)
    assert size_in_words(two) == "two functions and one question, for 4.5 points"
    assert size_in_words(sized(exercise, (1,) * 12, 2)).startswith("12 functions and two questions")


@pytest.mark.parametrize(
    ("minutes", "words"),
    [
        (20, "half an hour"),
        (60, "one hour"),
        (100, "one and a half hours"),
        (160, "two and a half hours"),
        (235, "four hours"),
    ],
)
def test_times_in_words(exercise: Exercise, minutes: int, words: str) -> None:
    assert time_in_words(sized(exercise, (minutes,))) == words


@pytest.mark.parametrize("name", chapters(COURSE))
def test_no_exercise_counts_by_hand(name: str) -> None:
    path: Path = COURSE / "solutions" / name / f"{name}.md"
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"\bThere are \w+ (functions|tasks)\b", text)
    released = (COURSE / "exercises" / name / f"{name}.ipynb").read_text(encoding="utf-8")
    assert "{{" not in "".join(re.findall(r"There are .*", released))
    assert size_in_words(read_exercise_source(path)) in released
    assert with_facts("{{ size }}", read_exercise_source(path)) in released

"""How large an exercise is, in words: written by hand in no exercise, so never out of date."""

from __future__ import annotations

from autograder.authoring.source import Exercise, QuestionCell, TaskCell

SIZE, TIME = "{{ size }}", "{{ time }}"
"""What an exercise's text says in place of these facts."""

_NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def with_facts(text: str, exercise: Exercise) -> str:
    """Return a text of an exercise with the facts that it asks for."""
    return text.replace(SIZE, size_in_words(exercise)).replace(TIME, time_in_words(exercise))


def size_in_words(exercise: Exercise) -> str:
    """Return, for example, "seven functions and one question, for 30 points"."""
    counts = [_count(len(exercise.tasks), "function")]
    if exercise.questions:
        counts.append(_count(len(exercise.questions), "question"))
    return f"{' and '.join(counts)}, for {exercise.points:g} point{'s' * (exercise.points != 1)}"


def time_in_words(exercise: Exercise) -> str:
    """Return how long an exercise takes, in half hours: "two and a half hours"."""
    parts = [part for part in exercise.parts if isinstance(part, TaskCell | QuestionCell)]
    hours, half = divmod(round(sum(part.minutes for part in parts) / 30), 2)
    if not hours:
        return "half an hour"
    if half:
        return f"{_number(hours)} and a half hours"
    return _count(hours, "hour")


def _count(number: int, what: str) -> str:
    return f"{_number(number)} {what}{'s' * (number != 1)}"


def _number(number: int) -> str:
    return _NUMBERS[number] if number < len(_NUMBERS) else str(number)

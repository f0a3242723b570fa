"""Classes of any size, made from what a chapter's authors wrote: right, half right and hostile."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell

from autograder.grading.sample_class import SampleStudent
from autograder.problems import Problem

OWN_CELLS = (
    "print('my picture has', house.size, 'pixels')",
    "plt.figure(figsize=(4, 3))\nplt.plot(corr2d(house, vertical_edge)[20])\nplt.grid()",
)
"""What one student in four adds before task 2: a print, and a figure of their own."""


def honest_class(problems: Mapping[str, Problem], count: int) -> list[SampleStudent]:
    """Return ``count`` honest students, in turn: all right, right in another style, wrong, mixed.

    Every alternative and every misconception of the chapter has its turn, if there are four times
    as many students.
    """

    def student(number: int) -> SampleStudent:
        kind, turn = number % 4, number // 4
        answers = {}
        for position, (name, problem) in enumerate(problems.items()):
            alternatives = problem.alternatives or (problem.reference,)
            right = alternatives[turn % len(alternatives)] if kind == 1 else problem.reference
            wrong = problem.misconceptions[turn % len(problem.misconceptions)].wrong
            answers[name] = wrong if kind == 2 or (kind == 3 and position % 2) else right
        story = ("all right", "right, in another style", "misconceptions", "half and half")[kind]
        change = _adding("convolve2d", *OWN_CELLS) if turn % 4 == kind else None
        return SampleStudent(f"s{number:04}", story, answers, change)

    return [student(number) for number in range(count)]


HOSTILE: dict[str, str] = {
    "endless loop in a cell": "while True: pass",
    "endless loop in a function": "def {first}(*arguments):\n    while True: pass",
    "memory hog": "hoard = []\nwhile True: hoard.append(bytearray(50_000_000))",
    "output flood": "while True: print('x' * 10_000)",
}
"""What each kind of hostile student does in a cell before the first test."""


def hostile_class(problems: Mapping[str, Problem], count: int) -> list[SampleStudent]:
    """Return an honest class with hostile students among them.

    Of twenty, one has an endless loop in a cell and one in functions, one takes all memory, one
    floods the output. The others are as in :func:`honest_class`.
    """
    students = honest_class(problems, count)
    first = next(iter(problems))
    for place, (story, source) in zip((3, 8, 12, 17), HOSTILE.items(), strict=True):
        change = _adding(f"check-{first}", source.replace("{first}", first))
        for number in range(place, count, 20):
            students[number] = dataclasses.replace(students[number], story=story, change=change)
    return students


def _adding(before: str, *sources: str) -> Callable[[NotebookNode], None]:
    """Return a change that puts cells before the one of the given name."""

    def change(notebook: NotebookNode) -> None:
        names = [cell.metadata.get("nbgrader", {}).get("grade_id") for cell in notebook.cells]
        place = names.index(before)
        notebook.cells[place:place] = [new_code_cell(source) for source in sources]

    return change

"""Wrong answers to the graded functions, written as beginners of NumPy and PyTorch write them.

Whoever wrote them knew the exercises as students see them and the kinds of mistakes below, and
did not know the misconceptions that the checks know. Each chapter has a module. A function bears
the name of its task, as in a notebook, so a module defines the same name many times; what a task
may call of the tasks before it stands, right, at the end of the module.
"""

from __future__ import annotations

import dataclasses
import enum
import importlib
import inspect
from collections.abc import Callable
from typing import Any

CHAPTERS = (
    "filters",
    "padding_stride",
    "pooling",
    "backprop",
    "training",
    "visualization",
    "deep_networks",
    "convolution_family",
)


class Kind(enum.Enum):
    """What a mistake is about."""

    CROP = "a slice up to -0"
    CROP_AND_MORE = "a slice up to -0, and another mistake"
    BY_ONE = "pads or crops by one, whatever the padding"
    SQUARE = "right for square pictures or filters only"
    POSITIONS = "windows counted or placed wrongly"
    BATCH = "one picture, or a number of pictures that is taken for granted"
    SEVERAL = "two or three mistakes at once"
    ONE_RESULT = "one result or one part of it is wrong"
    OVERLAP = "overlapping windows overwrite each other"
    BIAS_AXIS = "the gradient of the bias has the wrong axes"
    OWN = "a slip of its own: names, indices, sums, turns, axes"
    CALLED = "an array with too many axes for a function that is called"
    STOPS = "an exception that tells little"
    NUMBERS = "overflow, whole numbers, division by zero, a list"
    FORMULA = "a factor, a sign, a term of the formula"


class Form(enum.Enum):
    """How a mistake is written."""

    PLAIN = "plain"
    OTHER = "another form"
    TWO = "two mistakes"


@dataclasses.dataclass(frozen=True)
class WrongFunction:
    """A wrong answer; ``mistakes`` is what a good tutor would say of it."""

    name: str
    function: Callable[..., Any]
    kind: Kind
    form: Form
    mistakes: str

    @property
    def task(self) -> str:
        """The graded function that it should be."""
        return self.function.__name__

    @property
    def source(self) -> str:
        """The function's own lines."""
        lines = inspect.getsource(self.function).splitlines()
        return "\n".join(lines[next(i for i, line in enumerate(lines) if line[:4] == "def ") :])


_REGISTERED: dict[str, list[WrongFunction]] = {chapter: [] for chapter in CHAPTERS}


def wrong(
    name: str, kind: Kind, mistakes: str, form: Form = Form.PLAIN
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Register a function of a chapter's module as a wrong answer to the task of its name."""

    def register(function: Callable[..., Any]) -> Callable[..., Any]:
        chapter = function.__module__.rpartition(".")[2]
        _REGISTERED[chapter].append(WrongFunction(name, function, kind, form, mistakes))
        return function

    return register


def wrong_functions(chapter: str) -> tuple[WrongFunction, ...]:
    """Return the wrong answers to the tasks of a chapter; those of visualization load PyTorch."""
    importlib.import_module(f"{__name__}.{chapter}")
    return tuple(_REGISTERED[chapter])

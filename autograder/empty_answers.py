"""Answers that take no idea: what they earn, nobody has worked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from autograder.values import Value

EmptyAnswer = Callable[[Sequence[Value], Value], Value]


def zeros_like(value: Value) -> Value:
    """Return a value of the same form that holds zeros only; a text becomes empty.

    None in place of an array without numbers: all that is asked for there is its shape.
    """
    if isinstance(value, np.ndarray):
        return np.zeros_like(value) if value.size else None
    if isinstance(value, tuple | list):
        return type(value)(zeros_like(item) for item in value)
    if isinstance(value, Mapping):
        return {key: zeros_like(item) for key, item in value.items()}
    return None if value is None else type(value)()


CONSTANTS: Mapping[str, EmptyAnswer] = {
    "None": lambda arguments, expected: None,
    "0": lambda arguments, expected: 0,
    # Of the right shape, which no constant can know: more than anyone gets for nothing.
    "zeros": lambda arguments, expected: zeros_like(expected),
}

EMPTY_ANSWERS: Mapping[str, EmptyAnswer] = {
    **CONSTANTS,
    "the first argument": lambda arguments, expected: arguments[0],
}
"""Empty answers by name, made from the arguments of a call and its expected result."""

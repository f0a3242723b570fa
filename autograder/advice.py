"""What an exception usually means, in a beginner's words, and how to mend it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from autograder.failures import Failed

_NEW_NAMES = {
    "int": "int",
    "float": "float",
    "bool": "bool",
    "complex": "complex",
    "object": "object",
    "str": "str",
    "bool8": "np.bool_",
    "float_": "np.float64",
    "Inf": "np.inf",
    "Infinity": "np.inf",
    "infty": "np.inf",
    "NaN": "np.nan",
    "product": "np.prod",
    "cumproduct": "np.cumprod",
    "alltrue": "np.all",
    "sometrue": "np.any",
    "round_": "np.round",
    "trapz": "np.trapezoid",
    "in1d": "np.isin",
    "asfarray": "np.asarray(..., dtype=float)",
    "msort": "np.sort(..., axis=0)",
    "row_stack": "np.vstack",
}
"""Names that NumPy 2 no longer has, and what stands in for them."""

_TOO_LARGE = (
    "The function asked for far more memory than the task needs. Print the shape of the "
    "array before you make it."
)

_ADVICE: tuple[tuple[str, str, str], ...] = (
    (
        "TypeError",
        r"only (0-dimensional|length-1|size-1) arrays can be converted",
        "`float(...)` and `int(...)` take one number, not an array. Pick one element, as in "
        "`a[0, 0]`, or sum first: `np.sum(a)`.",
    ),
    (
        "TypeError",
        r"float' object cannot be interpreted as an integer|expected a sequence of integers",
        "Sizes and counts must be whole numbers. Use `//` instead of `/`.",
    ),
    (
        "IndexError",
        r"only integers, slices",
        "A position in an array must be a whole number. Use `//` instead of `/`.",
    ),
    (
        "IndexError",
        r"out of bounds",
        "Positions are counted from 0, so the last one is the size minus 1. Does a loop run one "
        "step too far?",
    ),
    (
        "IndexError",
        r"too many indices",
        "The array has fewer axes than you think. Print its `.shape`.",
    ),
    (
        "ValueError",
        r"could not be broadcast|could not broadcast|mismatch in its core dimension|not aligned",
        "The two arrays have shapes that do not go together. Print both shapes just before this "
        "line. A window at the border may be cut off.",
    ),
    (
        "ValueError",
        r"setting an array element with a sequence",
        "One place of the array was to take several numbers. Did you forget to sum?",
    ),
    (
        "ValueError",
        r"truth value of an array",
        "`if` needs one True or False, and here it got many. Compare single elements, or use "
        "`np.all(...)` or `np.any(...)`. For the larger of two arrays, use `np.maximum`.",
    ),
    (
        "ValueError",
        r"assignment destination is read-only|output array is read-only",
        "This array must not be changed. Work on a copy: `x = x.copy()`.",
    ),
    (
        "UFuncTypeError|_UFuncOutputCastingError|UFuncOutputCastingError",
        r"Cannot cast ufunc .* output",
        "An array of integers cannot take fractions. Make it with `np.zeros(...)`, which holds "
        "floats.",
    ),
    (
        "UnboundLocalError",
        r"",
        "The name gets its value only later in the function, or only in an `if` or a loop that "
        "was not entered.",
    ),
    (
        "NameError",
        r"name 'np' is not defined",
        "Run the first code cell of the notebook: it has `import numpy as np`.",
    ),
    (
        "NameError",
        r"",
        "Look for a typing error in the name. If another cell defines it, run that cell first.",
    ),
    (
        "RecursionError",
        r"",
        "Your function calls itself again and again. Did you mean to call another function? Is "
        "there a case in which it stops?",
    ),
    ("MemoryError", r"", _TOO_LARGE),
    ("ValueError", r"^array is too big", _TOO_LARGE),  # in the browser: addresses have 32 bits
    (
        "SystemExit",
        r"",
        "`exit()`, `quit()` and `sys.exit()` end Python itself. Leave a function with `return`.",
    ),
    (
        "ModuleNotFoundError",
        r"",
        "The task can be solved with NumPy alone.",
    ),
    (
        "AttributeError",
        r"'NoneType' object has no attribute",
        "Something is None here. Is there a function without `return`?",
    ),
    (
        "TypeError",
        r"NoneType",
        "Something is None here. Is there a function without `return`?",
    ),
    (
        "TypeError",
        r"'numpy.ndarray' object is not callable",
        "An array is read with square brackets: `x[i, j]`, not `x(i, j)`.",
    ),
    (
        "AttributeError",
        r"'numpy.ndarray' object has no attribute 'append'",
        "An array has a fixed size. Make it whole with `np.zeros(...)` and fill it.",
    ),
)


def advice(failed: Failed, function: str, parameters: Sequence[str]) -> str | None:
    """Return a sentence that helps with an exception, or None where we have none to give.

    ``function`` and ``parameters`` are those that the task asks for.
    """
    call = re.match(
        r"(?:\w+\.)*(\w+)\(\) (?:takes \d+|takes from|missing \d+|got an unexpected keyword)",
        failed.message,
    )
    if failed.kind == "TypeError" and call is not None:
        if call[1] == function and not failed.line:
            return (
                f"The task gives {function} the parameters ({', '.join(parameters)}). "
                "Keep the `def` line as it was."
            )
        return f"Look at the call of `{call[1]}`: it gives too many or too few values."
    if failed.kind == "AttributeError":
        old = re.search(
            r"np\.(\w+)` was removed|module 'numpy' has no attribute '(\w+)'", failed.message
        )
        if old is not None:
            name = old[1] or old[2]
            if name in _NEW_NAMES:
                return f"NumPy 2 has no `np.{name}`. Write `{_NEW_NAMES[name]}` instead."
            return f"NumPy has no `np.{name}`. Look for a typing error in the name."
    for kind, pattern, text in _ADVICE:
        if re.fullmatch(kind, failed.kind) and re.search(pattern, failed.message):
            return text
    return None


def first_line(failed: Failed, longest: int = 300) -> str:
    """Return the exception as one line, such as ``IndexError: index 5 is out of bounds``."""
    message = failed.message.strip().split("\n")[0]
    if len(message) > longest:
        message = message[: longest - 3] + "..."
    return f"{failed.kind}: {message}" if message else failed.kind

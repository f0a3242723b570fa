"""The values a graded function may take and return.

Arguments, results and wrong results are stored in ``checks.npz`` and sent between
processes. Only plain data may do that: arrays of numbers, Python numbers, text, and
tuples, lists and dictionaries of these. What students get in another form is an argument
that stands for it: a function is a :class:`Formula`, a PyTorch tensor a :class:`Tensor`, a
PyTorch network a :class:`SequentialNetwork`. :mod:`autograder.handover` makes the one into the
other.
"""

from __future__ import annotations

import copy
import dataclasses
import functools
import math
import numbers
from collections.abc import Callable, KeysView, Mapping, Sequence, ValuesView
from decimal import Decimal
from typing import Any, TypeAlias

import numpy as np

Value: TypeAlias = Any
"""An array of booleans, integers or floats; ``bool``, ``int``, ``float``, ``str``, ``None``;
a tuple, list or ``str``-keyed dictionary of values; or, among the arguments of a case, a
:class:`Formula`, :class:`Tensor` or :class:`SequentialNetwork`."""

ARRAY_KINDS = "biuf"
"""NumPy dtype kinds that count as numbers here: boolean, signed, unsigned, floating."""


@dataclasses.dataclass(frozen=True)
class Formula:
    """A function handed to a student's function as an argument, kept as its source.

    ``source`` is one Python expression in the names of ``parameters`` and ``np``, such as
    ``Formula(("x",), "np.sum(x ** 2)")``. It is written by the course, never by a student.
    """

    parameters: tuple[str, ...]
    source: str

    @functools.cached_property
    def _function(self) -> Callable[..., Value]:
        header = f"lambda {', '.join(self.parameters)}: "
        function: Callable[..., Value] = eval(header + self.source, {"np": np})
        return function

    def __call__(self, *arguments: Value) -> Value:
        """Evaluate the expression."""
        return self._function(*arguments)

    def __deepcopy__(self, memo: dict[int, Any]) -> Formula:
        return self


@dataclasses.dataclass(frozen=True, eq=False)
class Tensor:
    """An array that students get as a PyTorch tensor, of the same shape and dtype.

    ``gradient``, an array of the same shape, makes it a leaf that has been used before: it
    requires gradients, and its ``.grad`` is not empty.
    """

    array: np.ndarray
    gradient: np.ndarray | None = None


@dataclasses.dataclass(frozen=True, eq=False)
class SequentialNetwork:
    """A network that students get as a ``torch.nn.Sequential``, in evaluation mode.

    Each layer is a dictionary: its ``kind`` (one of :data:`LAYERS`), and what that needs.
    ``conv``: ``weight`` (F, C, HH, WW), ``bias`` (F,), and if they are not 1 and 0, ``stride``
    and ``padding``. ``linear``: ``weight`` (M, D), ``bias`` (M,). ``max_pool``, ``avg_pool``:
    ``size``, and ``stride`` if it is another. ``adaptive_avg_pool``: ``size``. ``dropout``: ``p``.
    ``relu``: ``inplace`` if it overwrites its input, as those of torchvision's VGG16 do.

    With ``max_calls``, the network refuses to be called more often, in words: the task is to
    use batches. With ``training`` it is handed over in training mode.
    """

    layers: tuple[Mapping[str, Value], ...]
    max_calls: int | None = None
    training: bool = False


LAYERS = (
    "conv",
    "linear",
    "relu",
    "max_pool",
    "avg_pool",
    "adaptive_avg_pool",
    "flatten",
    "dropout",
)
"""The kinds of layers that a :class:`SequentialNetwork` may have."""


def plain(value: Any, convert: Callable[[Any], Any] = lambda item: item, depth: int = 20) -> Value:
    """Return the plain value that ``value`` behaves as, so that one way of saying it is as good.

    Text of any type becomes ``str`` (NumPy's, that of an ``Enum``), a number that is none of
    NumPy's ``int`` or ``float`` (also ``Fraction`` and ``Decimal``), a named tuple a tuple, other
    sequences lists, mappings dictionaries. ``convert`` comes before, for each value in it. What is
    nested deeper than ``depth``, and everything else, stays as it is.
    """
    value = convert(value)
    if isinstance(value, np.ndarray | np.generic) and value.dtype.kind == "U" and not value.ndim:
        return str(value.item())
    if value is None or isinstance(value, bool | np.ndarray | np.generic | bytes) or not depth:
        return value
    if isinstance(value, str):
        return str.__str__(value)
    if isinstance(value, int):
        return int.__index__(value)
    if isinstance(value, float | numbers.Real | Decimal):
        return float(value)
    if isinstance(value, Mapping):
        return {plain(key): plain(item, convert, depth - 1) for key, item in value.items()}
    if isinstance(value, tuple | list) or (
        # A range can be longer than any memory.
        isinstance(value, Sequence | KeysView | ValuesView) and len(value) <= 10_000
    ):
        items = [plain(item, convert, depth - 1) for item in value]
        return tuple(items) if isinstance(value, tuple) else items
    return value


def copy_of(value: Value) -> Value:
    """Return an independent copy of ``value``; arrays keep their dtype and memory order."""
    return copy.deepcopy(value)


def describe(value: Value, depth: int = 2) -> str:  # noqa: C901 (one case per type)
    """Say in a few words what ``value`` is: its type, and its shape or size.

    Of nested lists and tuples ``depth`` levels are described.
    """
    if isinstance(value, np.ndarray):
        kind = "array" if type(value) is np.ndarray else f"array of type {type(value).__name__}"
        if value.ndim == 0:
            return f"{value.dtype} {kind} without axes (shape ())"
        return f"{value.dtype} {kind} of shape {value.shape}"
    if isinstance(value, np.generic):
        return f"NumPy {value.dtype} number"
    if value is None:
        return "None"
    if isinstance(value, Tensor):
        return describe(value.array).replace(" array", " tensor", 1)
    if isinstance(value, SequentialNetwork):
        return f"network: {', '.join(map(_describe_layer, value.layers))}"
    if isinstance(value, Formula):
        return f"function of ({', '.join(value.parameters)}): {value.source}"
    if isinstance(value, bool | int | float):
        return f"{type(value).__name__} {value!r}"
    if isinstance(value, str):
        return f"text {value!r}" if len(value) <= 40 else f"text of {len(value)} characters"
    if isinstance(value, tuple | list):
        kind = type(value).__name__
        if not value or not depth:
            return f"{kind} of {len(value)}" if value else f"empty {kind}"
        inner = ", ".join(describe(item, depth - 1) for item in value[:4])
        more = ", ..." if len(value) > 4 else ""
        return f"{kind} of {len(value)} ({inner}{more})"
    if isinstance(value, Mapping):
        return f"dict with keys {', '.join(map(repr, list(value)[:8]))}"
    return f"object of type {type(value).__name__}"


def _describe_layer(layer: Mapping[str, Value]) -> str:
    kind = str(layer["kind"]).replace("_", " ")
    if "weight" in layer:
        return f"{kind} {' x '.join(map(str, layer['weight'].shape))}"
    return f"{kind} {layer['size']}" if "size" in layer else kind


def describe_argument(value: Value, longest: int = 60) -> str:
    """Say what an argument of a case is; plain values up to so many characters are shown whole."""
    if isinstance(value, np.ndarray | Formula | Tensor | SequentialNetwork):
        return describe(value)
    text = repr(value)
    return text if len(text) <= longest else describe(value)


def same(a: Value, b: Value) -> bool:
    """Whether two values are equal bit for bit, in type, shape and every element."""
    if isinstance(a, np.ndarray) or isinstance(b, np.ndarray):
        return (
            isinstance(a, np.ndarray)
            and isinstance(b, np.ndarray)
            and a.dtype == b.dtype
            and a.shape == b.shape
            and bool(np.array_equal(a, b, equal_nan=a.dtype.kind == "f"))
        )
    if type(a) is not type(b):
        return False
    if isinstance(a, Tensor | SequentialNetwork):
        return all(same(getattr(a, f.name), getattr(b, f.name)) for f in dataclasses.fields(a))
    if isinstance(a, tuple | list):
        return len(a) == len(b) and all(same(i, j) for i, j in zip(a, b, strict=True))
    if isinstance(a, Mapping):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    return bool(a == b) or (isinstance(a, float) and math.isnan(a) and math.isnan(b))


def is_finite(value: Value) -> bool:
    """Whether no number in ``value`` is NaN or infinite."""
    if isinstance(value, np.ndarray | float):
        return bool(np.isfinite(value).all())
    if isinstance(value, tuple | list):
        return all(is_finite(item) for item in value)
    if isinstance(value, Mapping):
        return all(is_finite(item) for item in value.values())
    return True

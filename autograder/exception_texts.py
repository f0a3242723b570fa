"""What exceptions mean, in a beginner's words: by their type and message, the first that fits."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class Advice:
    """What to say of an exception whose type and message match the two patterns.

    In ``text``, ``{0}``, ``{1}`` ... are the groups of the message's pattern. ``certain``: the text
    names the mistake itself, whatever the cases are; else it says what was seen.
    """

    kind: str
    message: str
    text: str
    certain: bool = True


TOO_LARGE = (
    "The function asked for far more memory than the task needs. Print the shape of the array "
    "before you make it."
)

NEW_NAMES = {
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
    "lib.pad": "np.pad",
    "lib.sliding_window_view": "np.lib.stride_tricks.sliding_window_view",
    "sliding_window_view": "np.lib.stride_tricks.sliding_window_view",
}
"""Names that NumPy 2 no longer has, and what stands in for them."""


_NO_NUMBER = "A position or a size has to be a whole number."

_WHOLE = (
    f"{_NO_NUMBER} `/` and `np.floor` give a float, even where nothing is left over. Use `//` "
    "instead of `/`, or turn the number into a whole one by `int(...)`."
)

_EMPTY = (
    "An array is empty here. A slice is empty when it ends at `-0`, which is 0, or begins behind "
    "the end: print the shape just before this line."
)

_SHAPES = (
    "Print both shapes just before this line, and compare them axis by axis, from the last to the "
    "first: which length is not the one that you expect?"
)

ADVICE: tuple[Advice, ...] = (
    # Whole numbers
    Advice(
        "TypeError",
        r"only (?:0-dimensional|length-1|size-1) arrays can be converted",
        "`float(...)`, `int(...)` and places of an array take one number, not an array. Pick one "
        "element, as in `a[0, 0]`, or sum first: `np.sum(a)`.",
    ),
    Advice(
        "TypeError",
        r"only integer scalar arrays can be converted",
        f"{_NO_NUMBER} Here it is an array of several numbers.",
    ),
    Advice("TypeError", r"float\d*' object cannot be interpreted as an integer", _WHOLE),
    Advice("TypeError", r"expected a sequence of integers", _WHOLE),
    Advice("TypeError", r"slice indices must be integers", _WHOLE),
    Advice("TypeError", r"list indices must be integers or slices, not float", _WHOLE),
    Advice("IndexError", r"only integers, slices", _WHOLE),
    Advice(
        "TypeError",
        r"list indices must be integers or slices, not tuple",
        "A list has no axes: write `a[i][j]`, or make it an array first, with `np.array(a)`.",
    ),
    Advice(
        ".*Error",
        r"Cannot cast (?:ufunc .* output|array data|.* from)",
        "An array of whole numbers cannot take fractions. Make it with `np.zeros(...)`, which "
        "holds floats, or turn it into floats by `.astype(float)`.",
    ),
    Advice(
        "RuntimeError",
        r"result type \w+ can't be cast to the desired output type",
        "A tensor of whole numbers cannot take fractions. Make it of the type of the input: "
        "`dtype=x.dtype`.",
    ),
    # Empty arrays
    Advice("ValueError", r"zero-size array to reduction|of an empty sequence", _EMPTY, False),
    Advice(
        "IndexError|RuntimeError",
        r"Expected reduction dim|non-zero size|numel\(\) == 0",
        _EMPTY,
        False,
    ),
    Advice("ValueError", r"broadcast.*[(,]0[,)]", _EMPTY, False),
    Advice("IndexError", r"axis (\d) with size 0$", _EMPTY, False),
    # Positions
    Advice(
        "IndexError",
        r"index (-?\d+) is out of bounds for (?:axis|dimension) (\d+) with size (\d+)",
        "Positions are counted from 0: axis {1} has length {2}, so its last position is {last}, "
        "and your code asks for {0}. Is it the axis that you mean, and the array that you mean?",
        False,
    ),
    Advice(
        "IndexError",
        r"tuple index out of range",
        "A tuple is shorter than your code expects. If it is a `.shape`, the array has fewer axes "
        "than you think: print it.",
        False,
    ),
    Advice(
        "IndexError",
        r"list index out of range",
        "A list is shorter than your code expects. Print its length, `len(...)`, and the position "
        "that you ask for.",
        False,
    ),
    Advice(
        "IndexError",
        r"too many indices",
        "The array has fewer axes than the positions that you give. Print its `.shape`.",
        False,
    ),
    Advice(
        "IndexError",
        r"invalid index to scalar variable",
        "This is a single number already: there is nothing to pick from.",
        False,
    ),
    Advice(
        "AxisError",
        r"axis (-?\d+) is out of bounds for array of dimension (\d+)",
        "The array has {1} axes, counted from 0, and there is no axis {0}. Print its `.shape`.",
        False,
    ),
    Advice(
        "IndexError",
        r"Dimension out of range.*got (-?\d+)",
        "The tensor has fewer axes: there is no axis {0}. Print its `.shape`.",
        False,
    ),
    Advice(
        "IndexError",
        r"boolean index did not match|shape of the mask",
        "The mask has another shape than the array that it chooses from. Print both shapes.",
        False,
    ),
    # Shapes
    Advice(
        "ValueError",
        r"could not broadcast input array from shape (\([\d,]*\)) into shape (\([\d,]*\))",
        "An array of shape {0} does not fit into the place of shape {1}. Which of the two "
        "is not as you expect?",
        False,
    ),
    Advice(
        "ValueError|RuntimeError",
        r"could not be broadcast|mismatch in its core dimension|not aligned|must match the size of "
        r"tensor|cannot be multiplied|shape-mismatch for sum|expanded size of the tensor",
        f"Two arrays do not go together. {_SHAPES}",
        False,
    ),
    Advice(
        "ValueError",
        r"except for the concatenation axis .* along dimension (\d+), the array at index (\d+) has "
        r"size (\d+) and the array at index (\d+) has size (\d+)",
        "Arrays that are joined along one axis must be equally long along all others. Along axis "
        "{0} the array at position {1} has length {2}, and the one at position {3} has {4}: which "
        "of the two is not as you expect?",
        False,
    ),
    Advice(
        "ValueError|RuntimeError",
        r"except for the concatenation axis|must have the same shape|Sizes of tensors must match|"
        r"stack expects each tensor",
        "Arrays that are joined may differ along that one axis only. Print the shapes of all of "
        "them.",
        False,
    ),
    Advice(
        "ValueError|RuntimeError",
        r"subscripts string contains|subscripts for operand|number of subscripts",
        "In `einsum` each letter is one axis. The array has not as many axes as you give it "
        "letters: print its `.shape`.",
        False,
    ),
    Advice(
        "ValueError",
        r"axes don't match array",
        "`transpose` has to be given each axis of the array once. Print its `.shape`.",
        False,
    ),
    Advice(
        "ValueError",
        r"cannot reshape array of size (\d+) into shape (\([\d,]*\))",
        "The shape {1} has room for {product} numbers, and the array has {0}. Which of the "
        "lengths is not what you expect?",
        False,
    ),
    Advice(
        "RuntimeError",
        r"shape '.*' is invalid for input of size",
        "The new shape has not as many places as the tensor has numbers. Which of the lengths is "
        "not what you expect?",
        False,
    ),
    Advice(
        "ValueError",
        r"negative dimensions|contain negative values",
        "A size has come out negative. Print the numbers that you give.",
        False,
    ),
    Advice(
        "ValueError",
        r"inhomogeneous shape",
        "The rows of the list are not equally long, so they make no array. Print their lengths.",
        False,
    ),
    Advice(
        "ValueError",
        r"setting an array element with a sequence",
        "One place of the array was to take several numbers. Did you forget to sum?",
    ),
    # Taking apart
    Advice(
        "ValueError",
        r"not enough values to unpack \(expected (?:at least )?(\d+), got (\d+)\)",
        "On the left of `=` are {0} names, and on the right there is not so much: {1}. Print what "
        "is on the right; of a `.shape`, count the axes.",
        False,
    ),
    Advice(
        "ValueError",
        r"too many values to unpack \(expected (\d+)",
        "On the left of `=` are {0} names, and on the right are more values. Print what is on "
        "the right; of a `.shape`, count the axes.",
        False,
    ),
    Advice(
        "TypeError",
        r"cannot unpack non-iterable (\w+)|'(\w+)' object is not iterable",
        "A single value has no parts to go through. To count up to a number, write `range(n)`.",
    ),
    # Calls
    Advice(
        "TypeError",
        r"'tuple' object is not callable",
        "A tuple stands before parentheses, as if it were a function. `x.shape` is a tuple: write "
        "it without parentheses, or `x.shape[0]` for one of its numbers.",
    ),
    Advice(
        "TypeError",
        r"'(?:numpy\.ndarray|Tensor|list)' object is not callable",
        "An array or a list is read with square brackets: `x[i, j]`, not `x(i, j)`.",
    ),
    Advice(
        "TypeError",
        r"'(?:int|float|numpy\.\w+)' object is not callable",
        "A number stands before parentheses, as if it were a function. Is a `*` missing, or does "
        "a variable have the name of a function?",
    ),
    Advice(
        "TypeError",
        r"'(?:builtin_)?function\w*' object is not subscriptable|'method' object is not subscript",
        "A function stands before square brackets. Call it with parentheses: `f(x)`.",
    ),
    Advice(
        "TypeError",
        r"'(?:int|float|numpy\.\w+)' object (?:is not subscriptable|does not support item)",
        "This is a single number, and you treat it as an array. Where did it get its value?",
    ),
    Advice(
        "TypeError",
        r"'tuple' object does not support item assignment",
        "A tuple cannot be changed. Make a list or an array, and change that.",
    ),
    Advice(
        "TypeError",
        r"unravel_index\(\) got an unexpected keyword argument 'dims'",
        "`np.unravel_index` of today calls this argument `shape`.",
    ),
    Advice(
        "TypeError",
        r"(\w+)\(\) got an unexpected keyword argument '(\w+)'",
        "`{0}` has no argument that is called `{1}`. Look its arguments up: `help({0})`.",
    ),
    Advice(
        "TypeError",
        r"unsupported operand type\(s\) for (\S+): '(\w+)' and '(\w+)'",
        "`{0}` cannot join a value of type {1} with one of type {2}. Print both: is one of them "
        "still a list or a tuple, and should be a number or an array?",
        False,
    ),
    Advice(
        "TypeError",
        r"can't multiply sequence|can only concatenate",
        "A list is no array: `+` joins lists, and `*` repeats them. Make it an array first, with "
        "`np.array(...)`.",
    ),
    # PyTorch
    Advice(
        "RuntimeError",
        r"only for scalar outputs",
        "A gradient is taken of one number, and here there are several. Which single number has "
        "the gradient that you want?",
    ),
    Advice(
        "RuntimeError",
        r"leaf Variable that requires grad|modified by an inplace operation",
        "A tensor is overwritten that gradients are asked for: by a ReLU that works in place, or "
        "by `+=`. Let it work on a copy: `.clone()`.",
    ),
    Advice(
        "RuntimeError",
        r"does not require grad",
        "Nothing was recorded for gradients. Was `requires_grad_()` called before the network "
        "ran, and does no `torch.no_grad()` or `.detach()` stand in between?",
    ),
    Advice(
        "RuntimeError",
        r"not to have been used in the graph|not have been used in the graph",
        "The scores were not computed from this tensor. Did a copy of it go into the network?",
    ),
    Advice(
        "RuntimeError",
        r"backward through the graph a second time",
        "A recorded computation serves for one gradient. Let the network run again before the "
        "next one, or add the scores up first.",
    ),
    Advice(
        "RuntimeError",
        r"Can't call numpy\(\) on Tensor that requires grad",
        "Take the numbers out of the recording first: `.detach().numpy()`.",
    ),
    Advice(
        "RuntimeError",
        r"should be the same|expected scalar type|must have the same dtype|same dtype",
        "Two tensors hold numbers of different types. Make yours of the input's type: "
        "`dtype=x.dtype`.",
    ),
    Advice(
        "RuntimeError",
        r"Expected 3D \(unbatched\) or 4D|expected input\[",
        "The network gets a tensor of another shape than its first layer takes. Print its "
        "`.shape`: pictures are (N, C, H, W).",
        False,
    ),
    # Names and values
    Advice(
        "ValueError",
        r"truth value of an array",
        "`if` needs one True or False, and here it got many. Compare single elements, or use "
        "`np.all(...)` or `np.any(...)`. For the larger of two arrays, use `np.maximum`.",
    ),
    Advice(
        "RuntimeError",
        r"Boolean value of Tensor with more than one value",
        "`if` needs one True or False, and here it got many. Compare single elements.",
    ),
    Advice(
        "ValueError",
        r"assignment destination is read-only|output array is read-only",
        "This array must not be changed. Work on a copy: `x = x.copy()`.",
    ),
    Advice(
        "UnboundLocalError",
        r"",
        "The name gets its value only later in the function, or only in an `if` or a loop that "
        "was not entered.",
    ),
    Advice(
        "NameError",
        r"name 'np' is not defined",
        "Run the first code cell of the notebook: it has `import numpy as np`.",
    ),
    Advice(
        "NameError",
        r"",
        "Look for a typing error in the name. If another cell defines it, run that cell first.",
    ),
    Advice(
        "KeyError",
        r"(.+)",
        "There is no entry {0} in this dictionary. Print its keys: not every dictionary has the "
        "same ones.",
        False,
    ),
    Advice(
        "AssertionError",
        r"",
        "Your own `assert` has stopped the function: what it claims is not true here. Print both "
        "sides of it.",
        False,
    ),
    Advice(
        "ZeroDivisionError",
        r"",
        "You divide by 0 here. Print the number below the line, and ask when it can be 0.",
        False,
    ),
    Advice(
        "ValueError|OverflowError",
        r"cannot convert float (?:NaN|infinity)",
        "A number became NaN or infinite. Look for a division by zero or an overflow before it.",
        False,
    ),
    Advice(
        "ValueError",
        r"(?:step cannot be zero|arg 3 must not be zero)",
        "A step is 0 here. Print it.",
        False,
    ),
    Advice(
        "RecursionError",
        r"",
        "Your function calls itself again and again. Did you mean to call another function? Is "
        "there a case in which it stops?",
    ),
    Advice("MemoryError", r"", TOO_LARGE),
    Advice("ValueError", r"^array is too big", TOO_LARGE),  # in browsers: addresses have 32 bits
    Advice(
        "SystemExit",
        r"",
        "`exit()`, `quit()` and `sys.exit()` end Python itself. Leave a function with `return`.",
    ),
    Advice("ModuleNotFoundError", r"", "The task can be solved with NumPy alone."),
    Advice(
        "AttributeError",
        r"'NoneType' object has no attribute",
        "Something is None here. Is there a function without `return`?",
    ),
    Advice(
        "TypeError", r"NoneType", "Something is None here. Is there a function without `return`?"
    ),
    Advice(
        "AttributeError",
        r"'numpy.ndarray' object has no attribute 'append'",
        "An array has a fixed size. Make it whole with `np.zeros(...)` and fill it.",
    ),
    Advice(
        "AttributeError",
        r"'([\w.]+)' object has no attribute '(\w+)'",
        "A value of type {0} has nothing that is called `{1}`. Print the value: is it what you "
        "expect? Or look for a typing error.",
    ),
)
"""Asked from the first to the last."""

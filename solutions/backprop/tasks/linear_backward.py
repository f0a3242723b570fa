"""The task ``linear_backward``: reference, cases, mistakes, other right answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.problems import Case, Misconception, Problem, Random, Style, quarters
from autograder.values import Value
from solutions.arrays import Array
from solutions.backprop.gradients import Gradients, drawn_nonzero


def linear_backward(dout: Array, x: Array, w: Array) -> tuple[Array, Array, Array]:
    """Return the gradients of a linear layer, out = x @ w + b.

    dout: upstream gradient, shape (N, M).
    x: input of the layer, shape (N, D).
    w: weights, shape (D, M).
    Returns dx (N, D), dw (D, M) and db (M,).
    """
    ### BEGIN SOLUTION
    dx = dout @ w.T
    dw = x.T @ dout
    db = dout.sum(axis=0)
    return dx, dw, db
    ### END SOLUTION


# Cases


def _linear(rng: Random, examples: int, inputs: int, outputs: int) -> dict[str, Value]:
    return {
        "dout": drawn_nonzero(rng, examples, outputs),
        "x": quarters(rng, examples, inputs),
        "w": quarters(rng, inputs, outputs),
    }


def cases(rng: Random) -> list[Case]:
    """The worked example, then sizes that differ, then sizes that are equal."""
    worked = {
        "dout": np.array([[1.0, 2.0], [3.0, -1.0]]),
        "x": np.array([[1.0, 2.0, 0.0], [0.0, 1.0, 3.0]]),
        "w": np.array([[2.0, 0.0], [1.0, -1.0], [0.0, 3.0]]),
    }
    return [
        Case("the worked example", worked),
        Case("all sizes differ", _linear(rng, 3, 4, 2)),
        Case("as many inputs as outputs", _linear(rng, 2, 3, 3)),
        Case("one example", _linear(rng, 1, 3, 2)),
    ]


def hidden_cases(rng: Random) -> list[Case]:
    """More sizes."""
    return [
        Case("all three sizes equal", _linear(rng, 3, 3, 3)),
        Case("one output", _linear(rng, 4, 3, 1), finds=("db_mean",)),
        Case("more outputs than inputs", _linear(rng, 5, 2, 6)),
        Case("a larger layer", _linear(rng, 8, 7, 5)),
    ]


# Misconceptions


def _linear_with_dw(change: Callable[[Array], Array]) -> Callable[..., Gradients]:
    def wrong(dout: Array, x: Array, w: Array) -> Gradients:
        right = linear_backward(dout, x, w)
        return right[0], change(right[1]), right[2]

    return wrong


def _linear_with_db(db: Callable[[Array], Any]) -> Callable[..., Any]:
    def wrong(dout: Array, x: Array, w: Array) -> Any:
        right = linear_backward(dout, x, w)
        return right[0], right[1], db(dout)

    return wrong


def linear_last_example(dout: Array, x: Array, w: Array) -> Gradients:
    """Write `=` where `+=` is meant in the loop over the examples."""
    dx, _, _ = linear_backward(dout, x, w)
    return dx, np.outer(x[-1], dout[-1]), dout[-1]


def weights_not_transposed(dout: Array, x: Array, w: Array) -> Gradients:
    """Multiply by w as it is."""
    return dout @ w, x.T @ dout, dout.sum(axis=0)


MISCONCEPTIONS = (
    Misconception(
        "dw_transposed",
        _linear_with_dw(lambda dw: dw.T),
        title="`dw` is transposed",
        symptom="Wrong shape, or, with as many inputs as outputs, wrong numbers only.",
        hint="Your `dw` lies on its side. `dw[d, m]` says how the loss answers to `w[d, m]`, so "
        "which shape must it have?",
        catalog_number=46,
    ),
    Misconception(
        "weights_not_transposed",
        weights_not_transposed,
        title="The weights are not transposed",
        symptom="`matmul` complains of sizes; with as many inputs as outputs `dx` is wrong.",
        hint="For `dx` the gradient goes back through the weights, from outputs to inputs. In "
        "which direction does your matrix product lead?",
    ),
    Misconception(
        "db_mean",
        _linear_with_db(lambda dout: dout.mean(axis=0)),
        title="Mean instead of sum for the bias",
        symptom="`db` is too small by the number of examples.",
        hint="Your `db` is too small by the number of examples. Each example uses the bias; what "
        "becomes of the parts?",
        catalog_number=43,
    ),
    Misconception(
        "averaged_over_examples",
        lambda dout, x, w: tuple(part / len(x) for part in linear_backward(dout, x, w)),
        title="Divided by the number of examples",
        symptom="All gradients are too small by the number of examples.",
        hint="All your gradients are too small by the number of examples. If the loss is a mean, "
        "`dout` holds that division already.",
        catalog_number=45,
    ),
    Misconception(
        "db_is_a_row",
        _linear_with_db(lambda dout: dout.sum(axis=0, keepdims=True)),
        title="`db` keeps the axis of the examples",
        symptom="`db` has shape (1, M) instead of (M,).",
        hint="Your `db` has an axis too many. Broadcasting forgives that for a while. Compare its "
        "shape with that of the bias.",
    ),
    Misconception(
        "db_of_examples",
        _linear_with_db(lambda dout: dout.sum(axis=1)),
        title="The bias adds along the wrong axis",
        symptom="`db` has one number per example.",
        hint="Your `db` has one number per example. The bias has one per output; which axis of "
        "`dout` has to go?",
    ),
    Misconception(
        "db_one_number",
        _linear_with_db(lambda dout: dout.sum()),
        title="One number for all biases",
        symptom="`db` is a single number.",
        hint="Your `db` is a single number. How many biases does the layer have?",
    ),
    Misconception(
        "db_not_summed",
        _linear_with_db(lambda dout: dout),
        title="The bias is not summed",
        symptom="`db` is the whole upstream gradient.",
        hint="Your `db` has a row for every example. All examples share one bias.",
    ),
    Misconception(
        "upstream_forgotten",
        lambda dout, x, w: linear_backward(np.ones(dout.shape), x, w),
        title="The upstream gradient is not used",
        symptom="The result does not depend on `dout`, as if it held only ones.",
        hint="Your result is the same for every `dout`. What does the chain rule multiply by?",
        catalog_number=29,
    ),
    Misconception(
        "order_exchanged",
        lambda dout, x, w: tuple(linear_backward(dout, x, w)[i] for i in (1, 0, 2)),
        title="`dw` comes before `dx`",
        symptom="The first two results are exchanged.",
        hint="The right gradients come in another order. In which order does the task name them?",
    ),
    Misconception(
        "db_left_out",
        lambda dout, x, w: linear_backward(dout, x, w)[:2],
        title="The bias is forgotten",
        symptom="Two results instead of three.",
        hint="You return two gradients. The layer has three inputs: x, w and b.",
    ),
    Misconception(
        "last_example_only",
        linear_last_example,
        title="Only the last example counts",
        symptom="Right for a batch of one.",
        hint="Only the last example counts in `dw` and `db`. What happens to the parts of the "
        "examples before it?",
        catalog_number=35,
    ),
)


# Alternatives


def linear_backward_loops(dout: Array, x: Array, w: Array) -> Gradients:
    """Follow every path from an input to an output."""
    dx, dw, db = np.zeros(x.shape), np.zeros(w.shape), np.zeros(w.shape[1])
    for n, m in np.ndindex(*dout.shape):
        db[m] += dout[n, m]
        for d in range(x.shape[1]):
            dx[n, d] += dout[n, m] * w[d, m]
            dw[d, m] += dout[n, m] * x[n, d]
    return dx, dw, db


def linear_backward_einsum(dout: Array, x: Array, w: Array) -> Any:
    """Name the axes; return a list."""
    return [
        np.einsum("nm,dm->nd", dout, w),
        np.einsum("nd,nm->dm", x, dout),
        np.einsum("nm->m", dout),
    ]


def linear_backward_outer(dout: Array, x: Array, w: Array) -> Gradients:
    """Add an outer product for each example."""
    dw = sum(np.outer(row, up) for row, up in zip(x, dout, strict=True))
    dx = np.stack([w @ up for up in dout])
    return dx, np.asarray(dw), np.ones(len(dout)) @ dout


def linear_backward_single_precision(dout: Array, x: Array, w: Array) -> Gradients:
    """Compute in float32, as networks do."""
    dout, x, w = (array.astype(np.float32) for array in (dout, x, w))
    return np.dot(dout, w.T), np.dot(x.T, dout), np.sum(dout, 0)


ALTERNATIVES = (
    linear_backward_loops,
    linear_backward_einsum,
    linear_backward_outer,
    linear_backward_single_precision,
)

STYLES = (
    Style(
        linear_backward_einsum,
        "The letters show which axis disappears in each of the three sums.",
    ),
    Style(
        linear_backward_outer,
        "It shows where `dw` comes from: each example adds an outer product.",
    ),
)


PROBLEM = Problem(
    linear_backward,
    cases,
    MISCONCEPTIONS,
    hidden_cases=hidden_cases,
    alternatives=ALTERNATIVES,
    results=("dx", "dw", "db"),
    styles=STYLES,
)

"""Demonstrations of the chapter "Backpropagation": graphs, measurements and a small network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from matplotlib.patches import FancyBboxPatch

from autograder.comparison import Tolerance, first_difference
from book import plots
from solutions.backprop.tasks.conv2d_backward import MISCONCEPTIONS as KNOWN_MISTAKES
from solutions.backprop.tasks.conv2d_backward import conv2d_backward
from solutions.backprop.tasks.gradient_check import gradient_check
from solutions.backprop.tasks.linear_backward import linear_backward
from solutions.backprop.tasks.max_pool_backward import max_pool_backward
from solutions.backprop.tasks.numerical_gradient import numerical_gradient
from solutions.backprop.tasks.relu_backward import relu_backward
from solutions.backprop.tasks.softmax_cross_entropy import softmax_cross_entropy
from solutions.filters.tasks.corr2d import corr2d
from solutions.padding_stride.tasks.conv2d_forward_fast import conv2d_forward_fast
from solutions.pooling.tasks.linear_forward import linear_forward
from solutions.pooling.tasks.max_pool_forward import max_pool_forward
from solutions.pooling.tasks.relu_forward import relu_forward

Array: TypeAlias = np.ndarray[Any, np.dtype[np.floating[Any]]]
Labels: TypeAlias = np.ndarray[Any, np.dtype[np.integer[Any]]]

# ------------------------------------------------------------------------------------- graphs


@dataclass(frozen=True)
class Chain:
    """The graph of L = (ReLU(w x1 + b) + ReLU(w x2 + b) - t)^2: one weight, used twice."""

    x1: float
    x2: float
    w: float
    b: float
    t: float

    def values(self) -> dict[str, float]:
        """Return the number in every box of the graph, by its name."""
        p1, p2 = self.w * self.x1, self.w * self.x2
        q1, q2 = p1 + self.b, p2 + self.b
        r1, r2 = max(q1, 0.0), max(q2, 0.0)
        s = r1 + r2
        return {
            **{name: float(getattr(self, name)) for name in ("x1", "x2", "w", "b", "t")},
            "p1": p1,
            "p2": p2,
            "q1": q1,
            "q2": q2,
            "r1": r1,
            "r2": r2,
            "s": s,
            "L": (s - self.t) ** 2,
        }

    def gradients(self) -> dict[str, float]:
        """Return the derivative of L with respect to every box but t, by its name.

        At exactly 0 the slope of ReLU is taken to be 0.
        """
        values = self.values()
        s = 2 * (values["s"] - self.t)
        q1, q2 = (s if values[name] > 0 else 0.0 for name in ("q1", "q2"))
        return {
            "L": 1.0,
            "s": s,
            "r1": s,
            "r2": s,
            "q1": q1,
            "q2": q2,
            "p1": q1,
            "p2": q2,
            "b": q1 + q2,
            "x1": q1 * self.w,
            "w": q1 * self.x1 + q2 * self.x2,
            "x2": q2 * self.w,
        }


def drawn_path(
    names: Sequence[str], values: Sequence[float], slopes: Sequence[float], width: int = 520
) -> plots.Panel:
    """Draw a path of boxes: values forward, slopes on the arrows, gradients below.

    names, values: one for each box, from the input to the loss.
    slopes: one for each arrow, the slope of the right box with respect to the left one.
    """
    figure, axes = plots.chart(4.6, 1.75)
    axes.axis("off")
    axes.set(xlim=(-0.4, len(names) - 0.6), ylim=(-1.0, 0.7))
    gradients = [float(np.prod(slopes[i:])) for i in range(len(names))]

    def write(x: float, y: float, text: str, size: int = 12, weight: str = "normal") -> None:
        style: dict[str, Any] = {"ha": "center", "va": "center", "color": plots.INK}
        axes.text(x, y, text.replace("-", "−"), fontsize=size, fontweight=weight, **style)

    for i, (name, value, gradient) in enumerate(zip(names, values, gradients, strict=True)):
        box = FancyBboxPatch(
            (i - 0.21, -0.2), 0.42, 0.4, boxstyle="round,pad=0.05", fc="none", ec=plots.INK
        )
        axes.add_patch(box)
        write(i, 0, f"{value:g}")
        write(i, 0.48, name, size=11)
        write(i, -0.6, f"{gradient:g}", weight="bold")
    for i, slope in enumerate(slopes):
        forward = {"arrowstyle": "->", "color": plots.INK}
        axes.annotate("", (i + 0.74, 0), (i + 0.26, 0), arrowprops=forward)
        backward = {"arrowstyle": "->", "color": plots.POSITIVE_COLOR, "lw": 2}
        axes.annotate("", (i + 0.2, -0.6), (i + 0.8, -0.6), arrowprops=backward)
        write(i + 0.5, -0.87, f"× {slope:g}", size=11)
    return plots.drawn_chart(figure, width=width)


# ------------------------------------------------------------------------------- measurements


def sine_errors(steps: Sequence[float], x: float = 1.0) -> dict[str, list[float]]:
    """Measure the slope of the sine at x with many steps, and return how far off each is.

    Returns the absolute errors of forward differences and of central differences in float64, and
    of central differences in float32, one per step.
    """
    right = np.cos(x)
    errors: dict[str, list[float]] = {"forward": [], "central": [], "central, float32": []}
    small = np.float32(x)
    for h in steps:
        forward = (np.sin(x + h) - np.sin(x)) / h
        central = (np.sin(x + h) - np.sin(x - h)) / (2 * h)
        step = np.float32(h)
        up, down = np.sin(small + step), np.sin(small - step)
        errors["forward"].append(abs(float(forward - right)))
        errors["central"].append(abs(float(central - right)))
        errors["central, float32"].append(abs(float((up - down) / (2 * step)) - float(right)))
    return errors


def kink_slope(x: float, h: float) -> float:
    """Measure the slope of ReLU at x by central differences with step h."""
    return float(numerical_gradient(lambda v: float(np.maximum(v, 0)[0]), np.array([x]), h)[0])


@dataclass(frozen=True)
class Trial:
    """One test of a convolution's backward function: shapes, stride, padding, upstream."""

    x: tuple[int, int, int, int]
    w: tuple[int, int, int, int]
    stride: int
    padding: int
    ones: bool = False

    def arguments(self) -> tuple[Array, Array, Array, int, int]:
        """Draw the arguments of ``conv2d_backward``, always the same ones."""
        rng = np.random.default_rng(0)
        x, w = rng.standard_normal(self.x), rng.standard_normal(self.w)
        shape = conv2d_forward_fast(x, w, np.zeros(len(w)), self.stride, self.padding).shape
        dout: Array = np.ones(shape) if self.ones else np.asarray(rng.standard_normal(shape))
        return dout, x, w, self.stride, self.padding

    def notices(self, wrong: Callable[..., Any]) -> bool:
        """Whether the wrong function gives another result than the reference, or none."""
        arguments = self.arguments()
        try:
            result = wrong(*arguments)
        except (ValueError, IndexError):
            return True
        return first_difference(result, conv2d_backward(*arguments), Tolerance()) is not None


TRIALS: tuple[tuple[str, tuple[Trial, ...]], ...] = (
    (
        "square, stride 1, padding 1, one image, dout of ones",
        (Trial((1, 1, 5, 5), (1, 1, 3, 3), 1, 1, ones=True),),
    ),
    (
        "the same with a random dout",
        (Trial((1, 1, 5, 5), (1, 1, 3, 3), 1, 1),),
    ),
    (
        "and two images, two channels, three filters",
        (Trial((2, 2, 5, 5), (3, 2, 3, 3), 1, 1),),
    ),
    (
        "and stride 2, not square, a column left over",
        (Trial((2, 2, 7, 6), (3, 2, 3, 2), 2, 1),),
    ),
    (
        "and once more with padding 0",
        (
            Trial((2, 2, 7, 6), (3, 2, 3, 2), 2, 1),
            Trial((2, 2, 7, 5), (3, 2, 3, 2), 2, 0),
        ),
    ),
)
"""Tests of ``conv2d_backward``, from a weak one to a strong one, each with its description."""


def noticed(trials: Sequence[Trial]) -> list[str]:
    """Return the titles of the known mistakes in ``conv2d_backward`` that a test notices."""
    return [
        mistake.title
        for mistake in KNOWN_MISTAKES
        if any(trial.notices(mistake.wrong) for trial in trials)
    ]


# --------------------------------------------------------------------------------- convolution


def spread(dout: Array, stride: int) -> Array:
    """Put stride - 1 zeros between neighbors of the map dout, shape (H', W')."""
    rows, columns = dout.shape
    result = np.zeros(((rows - 1) * stride + 1, (columns - 1) * stride + 1))
    result[::stride, ::stride] = dout
    return result


def two_correlations(dout: Array, x: Array, w: Array, stride: int) -> tuple[Array, Array]:
    """Return dx and dw of one filter on one picture without padding, as cross-correlations.

    dout (H', W'), x (H, W), w (HH, WW). Pixels that no window reads get the gradient 0.
    """
    wide = spread(dout, stride)
    rows, columns = wide.shape[0] + w.shape[0] - 1, wide.shape[1] + w.shape[1] - 1
    dw = corr2d(x[:rows, :columns], wide)
    border = [(side - 1, side - 1) for side in w.shape]
    dx = np.zeros(x.shape)
    dx[:rows, :columns] = corr2d(np.pad(wide, border), w[::-1, ::-1])
    return dx, dw


# ------------------------------------------------------------------------------- whole network


@dataclass(frozen=True)
class SmallNetwork:
    """A convolutional layer, ReLU, max pooling, a linear layer and the softmax loss.

    ``weights`` holds w1 (F, C, 3, 3), b1 (F,), w2 (D, K) and b2 (K,) by name.
    """

    weights: dict[str, Array]

    @classmethod
    def random(
        cls, seed: int = 0, side: int = 8, filters: int = 4, classes: int = 3
    ) -> SmallNetwork:
        """Draw a network for one-channel pictures with ``side`` rows and columns."""
        rng = np.random.default_rng(seed)
        inputs = filters * (side // 2) ** 2
        return cls(
            {
                "w1": 0.3 * rng.standard_normal((filters, 1, 3, 3)),
                "b1": 0.1 * rng.standard_normal(filters),
                "w2": 0.3 * rng.standard_normal((inputs, classes)),
                "b2": 0.1 * rng.standard_normal(classes),
            }
        )

    def loss_and_gradients(self, x: Array, y: Labels) -> tuple[float, dict[str, Array]]:
        """Return the loss on a batch x (N, 1, H, W) with right classes y, and its gradients."""
        w1, b1, w2, b2 = (self.weights[name] for name in ("w1", "b1", "w2", "b2"))
        hidden = conv2d_forward_fast(x, w1, b1, 1, 1)
        active = relu_forward(hidden)
        pooled = max_pool_forward(active, 2, 2)
        flat = pooled.reshape(len(x), -1)
        loss, dscores = softmax_cross_entropy(linear_forward(flat, w2, b2), y)
        dflat, dw2, db2 = linear_backward(dscores, flat, w2)
        dactive = max_pool_backward(dflat.reshape(pooled.shape), active, 2, 2)
        dhidden = relu_backward(dactive, hidden)
        _, dw1, db1 = conv2d_backward(dhidden, x, w1, 1, 1)
        return loss, {"w1": dw1, "b1": db1, "w2": dw2, "b2": db2}

    def measured(self, name: str, x: Array, y: Labels, h: float = 1e-5) -> Array:
        """Return the numerical gradient of the loss with respect to the weights ``name``."""

        def loss(moved: Array) -> float:
            return SmallNetwork({**self.weights, name: moved}).loss(x, y)

        return numerical_gradient(loss, self.weights[name], h)

    def loss(self, x: Array, y: Labels) -> float:
        """Return the loss on a batch, forward only."""
        w1, b1, w2, b2 = (self.weights[name] for name in ("w1", "b1", "w2", "b2"))
        pooled = max_pool_forward(relu_forward(conv2d_forward_fast(x, w1, b1, 1, 1)), 2, 2)
        return softmax_cross_entropy(linear_forward(pooled.reshape(len(x), -1), w2, b2), y)[0]

    def errors(self, x: Array, y: Labels) -> dict[str, float]:
        """Return the largest relative error of every gradient against the measured one."""
        _, gradients = self.loss_and_gradients(x, y)
        return {
            name: gradient_check(gradient, self.measured(name, x, y))
            for name, gradient in gradients.items()
        }

"""An explorer over the loss of one example."""

from __future__ import annotations

from typing import ClassVar

import ipywidgets as widgets
import numpy as np

from autograder.student.explorers.base import Explorer, map_problem, slider
from autograder.student.explorers.drawing import NEGATIVE, POSITIVE, number
from autograder.student.explorers.options import ScoresOptions
from autograder.values import Value, describe


class ScoresExplorer(Explorer):
    """The loss of one example: its scores, the loss, and the gradient of every score.

    ``fn(scores, y)`` returns a loss and the gradient of the scores, (1, K).
    """

    options: ScoresOptions
    prompts: ClassVar[tuple[str, ...]] = (
        "Make the right class's score larger. When does the gradient stop pulling?",
        "Raise all scores by the same amount. What changes?",
        "Find scores with a loss of more than 10. How large is the gradient there?",
    )

    def build(self) -> list[widgets.Widget]:
        """Make a slider for each score."""
        count = self.options.classes
        self.scores = [
            slider(f"score {k}", 1.0 if k == 1 else 0.0, -10.0, 10.0, 0.5) for k in range(count)
        ]
        self.right = widgets.Dropdown(options=list(range(count)), value=1, description="right")
        self.watch(*self.scores, self.right)
        return [*self.scores, self.right]

    def arguments(self) -> tuple[Value, ...]:
        """Return scores, shape (1, K), and the right class, shape (1,)."""
        scores = np.array([[score.value for score in self.scores]])
        return scores, np.array([self.right.value])

    def problem(self, result: Value) -> str | None:
        """Say why a result is not a loss and a gradient."""
        if not isinstance(result, tuple | list) or len(result) != 2:
            return f"A loss and a gradient were expected, but the result is: {describe(result)}."
        if not np.isscalar(result[0]) or not np.isfinite(result[0]):
            return f"A number was expected for the loss, but it is: {describe(result[0])}."
        return map_problem(result[1], axes=2)

    def draw(self, result: Value) -> str:
        """Show the loss and one bar per score."""
        loss, gradient = result
        rows = []
        for k, value in enumerate(np.asarray(gradient, dtype=float)[0]):
            width = 120 * min(abs(float(value)), 1)
            side, color = ("right", NEGATIVE) if value < 0 else ("left", POSITIVE)
            bar = (
                f'<span style="position:absolute;{side}:50%;width:{width:.0f}px;height:1em;'
                f'background:{color}"></span>'
            )
            name = f"{k}, right" if k == self.right.value else str(k)
            rows.append(
                f'<tr><td style="text-align:left">{name}</td><td style="position:relative;'
                f'width:250px">{bar}</td><td>{number(float(value))}</td></tr>'
            )
        return (
            f'<div style="font-size:2em;line-height:1.3" role="status">'
            f"loss {number(float(loss))}</div>"
            '<table style="text-align:right;border-spacing:.5em .1em"><thead><tr><th>class</th>'
            f"<th>gradient of the score</th><th></th></tr></thead><tbody>{''.join(rows)}</tbody>"
            "</table>"
        )

"""What all explorers share: calling the student's function and showing what came of it."""

from __future__ import annotations

import html
import threading
from collections.abc import Callable
from typing import Any, ClassVar, TypeAlias

import ipywidgets as widgets
import numpy as np

from autograder.checks import CheckedCase, Checks
from autograder.outcomes import Returned
from autograder.report import ending_lines
from autograder.report_lines import Line, Report
from autograder.student.calls import PrintAllowance, StudentCaller
from autograder.student.explorers.drawing import (
    figure,
    number,
    picture_colors,
    scale_bar,
    signed_colors,
)
from autograder.student.explorers.options import Options, PictureOptions
from autograder.student.explorers.picture_choice import PictureChoice
from autograder.student.explorers.pictures import PICTURES
from autograder.values import Value, describe

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]
Function: TypeAlias = Callable[..., Value]


class Explorer:
    """Controls over a student's function. A kind says what they are and how to draw.

    ``widget`` is the whole, ``view`` the part that shows the result as HTML. A kind fills
    ``controls`` in :meth:`build`, makes the arguments of a call from them in :meth:`arguments`,
    and draws the result in :meth:`draw`.
    """

    prompts: ClassVar[tuple[str, ...]] = ()
    options: Options

    def __init__(self, function: Function, checks: Checks, options: Options) -> None:
        self.name = checks.function
        self.options = options
        self.first_case = checks.cases[0].arguments
        self.view = widgets.HTML(layout={"flex": "1 1 240px", "min_width": "240px"})
        self._function = function
        self._time_limit = checks.time_limit
        # JupyterLab may hand every control's messages to a thread of its own.
        self._one_at_a_time = threading.RLock()
        self._changing = False
        controls = self.build()
        self.widget = widgets.VBox(
            [
                widgets.HTML(self._introduction()),
                widgets.HBox(
                    [
                        widgets.VBox(controls, layout={"flex": "0 0 auto", "margin": "0 1em 0 0"}),
                        self.view,
                    ],
                    layout={"align_items": "flex-start", "overflow": "auto"},
                ),
            ]
        )
        self.refresh()

    def build(self) -> list[widgets.Widget]:
        """Make the controls; every one that matters is handed to :meth:`watch`."""
        raise NotImplementedError

    def arguments(self) -> tuple[Value, ...]:
        """Return the arguments for the student's function."""
        raise NotImplementedError

    def problem(self, result: Value) -> str | None:
        """Say what is wrong with a result that cannot be drawn, or return None."""
        raise NotImplementedError

    def draw(self, result: Value) -> str:
        """Return the HTML that shows a result."""
        raise NotImplementedError

    def watch(self, *controls: widgets.Widget) -> None:
        """Refresh the view whenever the value of one of ``controls`` changes."""
        for control in controls:
            control.observe(self.refresh, names="value")

    def refresh(self, _change: object = None) -> None:
        """Call the student's function and show what came of it."""
        with self._one_at_a_time:
            if not self._changing:  # else the view is refreshed after all changes
                self._show()

    def _show(self) -> None:
        arguments = self.arguments()
        names = [*self.first_case, *map(str, range(len(arguments)))]
        case = CheckedCase("explore", dict(zip(names, arguments, strict=False)), None, {})
        caller = StudentCaller(self._function, self._time_limit, PrintAllowance(characters=0))
        ending = caller(case)
        if not isinstance(ending, Returned):
            lines = tuple(ending_lines(ending, self.name, tuple(case.arguments)))
            self._say(f"{self.name} fails on this input.", lines)
            return
        problem = self.problem(ending.value)
        if problem is not None:
            self._say(f"{self.name} gives a result that cannot be shown.", (Line(problem),))
            return
        self.view.value = self.draw(ending.value)

    def follow(self, control: widgets.Widget, change: Callable[[], None]) -> None:
        """Change other controls whenever ``control`` changes, and refresh the view once."""
        control.observe(lambda _: self.change_together(change), names="value")

    def change_together(self, change: Callable[[], None]) -> None:
        """Change several controls and refresh the view once."""
        with self._one_at_a_time:
            within_another = self._changing
            self._changing = True
            try:
                change()
            finally:
                self._changing = within_another
            self.refresh()

    def _say(self, title: str, lines: tuple[Line, ...]) -> None:
        self.view.value = Report(title, "bad", lines)._repr_html_()

    def _introduction(self) -> str:
        prompts = self.prompts if self.options.prompts is None else self.options.prompts
        items = "".join(f"<li>{html.escape(prompt)}</li>" for prompt in prompts)
        listed = f'<ul style="margin:.2em 0 .4em 1.2em;padding:0">{items}</ul>' if items else ""
        return (
            f'<div style="line-height:1.45"><strong>Your {html.escape(self.name)} at work</strong>'
            f"{listed}</div>"
        )


class PictureExplorer(Explorer):
    """An explorer over a picture, with brightness, noise and shift."""

    options: PictureOptions
    color: ClassVar[bool] = False
    default_picture: ClassVar[str] = "house"
    figure_width: ClassVar[int] = 200

    def picture_controls(self) -> list[widgets.Widget]:
        """Make the controls of the picture."""
        names = self.options.pictures
        self.picture = PictureChoice(
            names or PICTURES,
            self.options.size,
            self.change_together,
            names[0] if names else self.default_picture,
        )
        self.brightness = slider("brightness", 0.0, -0.5, 0.5, 0.05)
        self.noise = slider("noise", 0.0, 0.0, 0.5, 0.05)
        self.shift = whole_slider("shift right", 0, 0, 20)
        sliders = [self.brightness, self.noise, self.shift]
        self.watch(self.picture.menu, *sliders)
        return [self.picture.widget, *sliders]

    def current_picture(self) -> Array:
        """Return the picture as the controls have it; values may leave 0 to 1."""
        chosen = self.picture.color if self.color else self.picture.gray
        shifted = np.roll(chosen, self.shift.value, axis=-1)
        grain = np.random.default_rng(0).standard_normal(shifted.shape)
        brightened: Array = shifted + self.brightness.value + self.noise.value * grain
        return brightened

    def picture_figure(self, pixels: Array) -> str:
        """Return the HTML figure of the picture."""
        height, width = pixels.shape[-2:]
        return figure(
            picture_colors(pixels),
            f"the picture, {height} × {width}",
            f"{self.picture.words}, {height} by {width} pixels",
            self.figure_width,
        )


def slider(
    name: str, value: float, lowest: float, highest: float, step: float
) -> widgets.FloatSlider:
    """Return a slider that tells its value when it is let go, so that slow functions can follow."""
    return widgets.FloatSlider(
        value=value,
        min=lowest,
        max=highest,
        step=step,
        description=name,
        continuous_update=False,
        readout_format=".2f",
    )


def whole_slider(name: str, value: int, lowest: int, highest: int) -> widgets.IntSlider:
    """Return a slider of whole numbers that tells its value when it is let go."""
    return widgets.IntSlider(
        value=value, min=lowest, max=highest, description=name, continuous_update=False
    )


def map_problem(result: Value, axes: int) -> str | None:
    """Say why a result is not a drawable array with ``axes`` axes, or return None."""
    if not isinstance(result, np.ndarray) or result.dtype.kind not in "biuf":
        return f"An array of numbers was expected, but the result is: {describe(result)}."
    if result.ndim != axes or 0 in result.shape:
        return f"An array with {axes} axes was expected, but the shape is {result.shape}."
    if not np.isfinite(result).all():
        return "The result contains NaN or infinity."
    return None


def signed_maps(maps: list[Array], titles: list[str], relu: bool, width: int = 200) -> str:
    """Show signed maps, all in the same colors, with their smallest and largest values."""
    numbers = [np.asarray(values, dtype=float) for values in maps]
    if relu:
        numbers = [np.maximum(values, 0) for values in numbers]
    scale = max(float(np.abs(values).max()) for values in numbers)
    figures = []
    for values, title in zip(numbers, titles, strict=False):
        height, across = values.shape
        extent = f"{number(float(values.min()))} to {number(float(values.max()))}"
        figures.append(
            figure(
                signed_colors(values, scale),
                f"{title}, {height} × {across}: {extent}",
                f"Signed map: {title}, values from {extent}",
                width,
            )
        )
    return "".join(figures) + scale_bar(scale)

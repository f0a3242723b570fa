"""`explore`: controls over the student's own function, tried without a browser."""

from __future__ import annotations

import base64
import dataclasses
import importlib.util
import io
import re
import threading
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ipywidgets as widgets
import numpy as np
import pytest

from autograder.authoring.proof import prove
from autograder.chapter import SourceError, load_problems
from autograder.checks import FILE_NAME, Checks, save_checks
from autograder.handover import hand_over
from autograder.problems import Case, Problem
from autograder.student import explore as explore_module
from autograder.student.check import Check
from autograder.student.explorers import open_explorer, trained_network
from autograder.student.explorers.drawing import (
    figure,
    number,
    picture_colors,
    png,
    scale_bar,
    signed_colors,
)
from autograder.student.explorers.filter_editor import OWN
from autograder.student.explorers.filters import COLOR_FILTERS, FILTERS
from autograder.student.explorers.functions import SHIFT_FUNCTIONS
from autograder.student.explorers.kinds import KINDS
from autograder.student.explorers.options import (
    OPTIONS,
    ExplorerError,
    TrainedNetworkOptions,
    read_options,
)
from autograder.student.explorers.own_picture import OwnPicture
from autograder.student.explorers.picture_choice import OWN_PICTURE
from autograder.student.explorers.pictures import PICTURES, color_picture, picture
from autograder.values import Formula, Tensor
from solutions.backprop.tasks.conv2d_backward import conv2d_backward
from solutions.backprop.tasks.max_pool_backward import max_pool_backward
from solutions.backprop.tasks.numerical_gradient import numerical_gradient
from solutions.backprop.tasks.softmax_cross_entropy import softmax_cross_entropy
from solutions.training.tasks.col2im import col2im
from solutions.training.tasks.im2col import im2col
from solutions.training.tasks.sgd_step import sgd_step
from solutions.visualization.drawn_networks import EXPLORED
from tests import COURSE

X = np.arange(30.0).reshape(5, 6)
W = np.ones((3, 3))


def slide(x, w):
    windows = np.lib.stride_tricks.sliding_window_view(x, w.shape)
    return np.einsum("ijkl,kl->ij", windows, w)


def bank(x, w):
    return np.stack([slide(x, np.rot90(w, turns)) for turns in range(4)])


def corner(x, w1, w2):
    return np.minimum(np.maximum(slide(x, w1), 0), np.maximum(slide(x, w2), 0))


def layer(x, w, b):
    maps = [sum(slide(x[0, c], weights[c]) for c in range(3)) + bias for weights, bias in zip(w, b)]  # noqa: B905
    return np.stack(maps)[None]


def product(channels, share):
    return channels * share


def difference(f, x, dy, dx):
    return float(np.abs(f(np.roll(x, (dy, dx), (0, 1))) - f(x)).max())


def strided_layer(x, w, b, stride, padding):
    framed = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    return layer(framed, w, b)[:, :, ::stride, ::stride]


def frame(x, padding):
    return np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))


def field_of_stack(layers):
    return 1 + sum(kernel - 1 for kernel, _, _ in layers), len(layers), -len(layers)


def influence(f, x, i, j, h):
    values = np.zeros(x.shape)
    for place in np.ndindex(*x.shape):
        nudge = np.zeros(x.shape)
        nudge[place] = h
        values[place] = (f(x + nudge) - f(x))[i, j] / h
    return values


def pool(x, size, stride):
    windows = np.lib.stride_tricks.sliding_window_view(x, (size, size), axis=(2, 3))
    return windows[:, :, ::stride, ::stride].max(axis=(4, 5))


def activation(x):
    return np.maximum(x, 0)


def shapes(spec):
    sizes = [value for entry in spec for value in entry.values() if isinstance(value, int)]
    return [(1 + sum(sizes), 1)] * len(spec)


FUNCTIONS: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {
    "filter": (slide, {"x": X, "w": W}),
    "bank": (bank, {"x": X, "w": W}),
    "corner": (corner, {"x": X, "w1": W, "w2": W}),
    "layer": (layer, {"x": np.ones((1, 3, 5, 5)), "w": np.ones((2, 3, 3, 3)), "b": np.ones(2)}),
    "strided layer": (
        strided_layer,
        {
            "x": np.ones((1, 3, 5, 5)),
            "w": np.ones((2, 3, 3, 3)),
            "b": np.ones(2),
            "stride": 2,
            "padding": 1,
        },
    ),
    "padding": (frame, {"x": np.ones((1, 1, 4, 4)), "padding": 1}),
    "stack": (field_of_stack, {"layers": [(3, 1, 1)]}),
    "field": (influence, {"f": Formula(("x",), "2 * x"), "x": X, "i": 1, "j": 2, "h": 0.5}),
    "values": (product, {"channels": 3, "share": 0.5}),
    "pool": (pool, {"x": np.ones((1, 1, 6, 6)), "size": 2, "stride": 2}),
    "activation": (activation, {"x": X}),
    "network": (shapes, {"spec": [{"kind": "image", "channels": 3, "height": 9, "width": 9}]}),
    "shift": (difference, {"f": Formula(("x",), "2 * x"), "x": X, "dy": 1, "dx": 2}),
    "slope": (
        numerical_gradient,
        {"f": Formula(("x",), "np.sum(x)"), "x": np.ones(1), "h": 0.5},
    ),
    "pool backward": (
        max_pool_backward,
        {"dout": np.ones((1, 1, 2, 2)), "x": np.ones((1, 1, 4, 4)), "size": 2, "stride": 2},
    ),
    "conv backward": (
        conv2d_backward,
        {
            "dout": np.ones((1, 1, 2, 2)),
            "x": np.ones((1, 1, 4, 4)),
            "w": np.ones((1, 1, 3, 3)),
            "stride": 1,
            "padding": 0,
        },
    ),
    "scores": (
        softmax_cross_entropy,
        {"scores": np.zeros((1, 4)), "y": np.array([1])},
    ),
    "columns": (im2col, {"x": X[None, None], "height": 2, "width": 2, "stride": 1, "padding": 0}),
    "uses": (
        col2im,
        {
            "columns": np.ones((4, 20)),
            "shape": (1, 1, 5, 6),
            "height": 2,
            "width": 2,
            "stride": 1,
            "padding": 0,
        },
    ),
    "descent": (
        sgd_step,
        {
            "parameters": {"p": X},
            "gradients": {"p": X},
            "velocities": {"p": X},
            "learning_rate": 0.5,
            "momentum": 0.5,
        },
    ),
}


# Kinds over a trained network: the functions and the files of the exercise "visualization".
EXERCISE = Path(__file__).parents[2] / "exercises" / "visualization"
TRAINED = {
    str(problem.explorer["kind"]): (problem.reference, problem.cases(np.random.default_rng(0))[0])
    for problem in load_problems(COURSE, "visualization").values()
    if problem.explorer
}
FUNCTIONS |= {kind: (function, dict(case.arguments)) for kind, (function, case) in TRAINED.items()}


@pytest.fixture(autouse=True)
def exercise_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run in the folder of the exercise whose files some kinds need."""
    monkeypatch.chdir(EXERCISE)


def checks_of(kind: str, **options: Any) -> Checks:
    function, arguments = FUNCTIONS[kind]
    if kind in TRAINED:
        options = {**EXPLORED, **options}
    return Problem(
        function,
        lambda rng: [Case("the case", arguments)],
        (),
        time_limit=30.0 if kind in TRAINED else 0.5,
        explorer={"kind": kind, **options},
    ).visible_checks()


def opened(kind: str, function: Callable[..., Any] | None = None, **options: Any) -> Any:
    return open_explorer(function or FUNCTIONS[kind][0], checks_of(kind, **options))


def exercise_material() -> trained_network.Material:
    options = read_options({"kind": "saliency", **EXPLORED})[1]
    assert isinstance(options, TrainedNetworkOptions)
    return trained_network.material(options)


def pictures(explorer: Any) -> list[bytes]:
    matches = re.findall(r'src="data:image/png;base64,([^"]+)"', explorer.view.value)
    return [base64.b64decode(match) for match in matches]


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_opens_over_the_students_function(kind: str) -> None:
    calls = []
    function = FUNCTIONS[kind][0]

    def own(*arguments: Any) -> Any:
        calls.append(arguments)
        return function(*arguments)

    explorer = opened(kind, own)
    assert calls
    assert "cannot be shown" not in explorer.view.value
    assert "fails" not in explorer.view.value
    assert explorer.widget.get_view_spec()


def _descendants(widget: Any) -> list[Any]:
    descendants = [widget]
    for child in getattr(widget, "children", ()):
        descendants += _descendants(child)
    return descendants


def _controls(explorer: Any) -> list[Any]:
    """Return all that can be turned."""
    return [
        control
        for control in _descendants(explorer.widget)
        if isinstance(getattr(control, "value", None), bool | int | float | str)
        and control.description
        and control.layout.display != "none"
    ] + [
        control
        for control in _descendants(explorer.widget)
        if isinstance(control, widgets.FloatText)
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_every_control_changes_what_is_shown(kind: str) -> None:
    number_of_controls = len(_controls(opened(kind)))
    assert number_of_controls >= 2
    for i in range(number_of_controls):
        explorer = opened(kind)
        control = _controls(explorer)[i]
        before = explorer.view.value
        _turn(control)
        assert explorer.view.value != before, control


def _turn(control: Any) -> None:
    """Give a control another value."""
    if hasattr(control, "options"):
        choices = [o[1] if isinstance(o, tuple) else o for o in control.options]
        control.value = next(choice for choice in choices if choice not in (control.value, OWN))
    elif isinstance(control.value, bool):
        control.value = not control.value
    elif hasattr(control, "max"):
        control.value = control.max if control.value != control.max else control.min
    else:
        control.value = control.value + 3


@pytest.mark.parametrize("kind", KINDS)
def test_sliders_wait_until_they_are_let_go(kind: str) -> None:
    for control in _descendants(opened(kind).widget):
        assert getattr(control, "continuous_update", False) is False


@pytest.mark.parametrize("kind", KINDS)
def test_an_exception_is_a_report_and_not_the_end(kind: str) -> None:
    fails = [True]
    function = FUNCTIONS[kind][0]

    def own(*arguments: Any) -> Any:
        if fails[0]:
            return arguments[99]
        return function(*arguments)

    explorer = opened(kind, own)
    assert "fails on this input" in explorer.view.value
    assert "IndexError" in explorer.view.value
    fails[0] = False
    explorer.refresh()
    assert "fails" not in explorer.view.value


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("result", [None, "text", np.ones((2, 0)), np.full((3, 3), np.nan), [[1]]])
def test_an_odd_result_is_a_report(kind: str, result: Any) -> None:
    if kind == "values" and isinstance(result, str):
        return  # a text is a value, too
    explorer = opened(kind, lambda *arguments: result)
    assert "gives a result that cannot be shown" in explorer.view.value


def test_an_endless_loop_is_a_report() -> None:
    def endless(x, w):
        while True:
            pass

    assert "did not come back within 0.5 seconds" in opened("filter", endless).view.value


def test_the_function_cannot_change_the_picture_and_prints_nothing(capsys) -> None:
    def rude(x, w):
        print("hello")
        x[:] = 0
        return slide(x, w)

    explorer = opened("filter", rude)
    assert pictures(explorer)[0] == pictures(opened("filter"))[0]
    assert capsys.readouterr().out == ""


# The kinds


def test_controls_in_several_threads() -> None:
    """A control that is changed while the function works on an older value of another one."""
    entered, go_on = threading.Event(), threading.Event()
    waiting = [False]

    def slow(x, padding):
        if waiting.pop():
            entered.set()
            assert go_on.wait(30)
        waiting.append(False)
        return frame(x, padding)

    explorer = opened("padding", slow)
    controls = _controls(explorer)
    expected = opened("padding", frame)
    waiting[:] = [True]
    threads = []
    for control, likewise in zip(controls[:2], _controls(expected)[:2], strict=True):
        thread = threading.Thread(target=_turn, args=(control,))
        threads.append(thread)
        thread.start()
        assert entered.wait(30)
        _turn(likewise)
    threads[1].join(0.3)  # it has to wait
    go_on.set()
    for thread in threads:
        thread.join(30)
    assert explorer.view.value == expected.view.value


def test_filter_presets_sizes_and_own_entries() -> None:
    filters: list[np.ndarray] = []

    def own(x, w):
        filters.append(w)
        return slide(x, w)

    explorer = opened("filter", own)
    editor = explorer.filter
    assert np.array_equal(filters[-1], next(iter(FILTERS.values())))
    editor.preset.value = "blur"
    assert np.array_equal(filters[-1], FILTERS["blur"])
    calls = len(filters)
    editor.preset.value = "sharpen"  # nine entries change, the function is called once
    assert len(filters) == calls + 1
    editor.entries[0].value = 7
    assert filters[-1][0, 0] == 7
    assert editor.preset.value == OWN
    editor.size.value = 4
    assert filters[-1].shape == (4, 4)
    assert np.array_equal(filters[-1][:3, :3], np.array([[7, -1, 0], [-1, 5, -1], [0, -1, 0]]))
    editor.size.value = 2
    assert filters[-1].shape == (2, 2)
    editor.preset.value = "vertical edges"
    assert filters[-1].shape == (3, 3)


def test_filter_options() -> None:
    explorer = opened(
        "filter",
        presets={"step": [[1.0, -1.0], [1.0, -1.0]]},
        pictures=("letter F",),
        size=30,
        **{"try": ("Look <here>.",)},
    )
    assert explorer.arguments()[0].shape == (30, 30)
    assert explorer.picture.menu.options == ("letter F",)
    assert np.array_equal(explorer.arguments()[1], [[1, -1], [1, -1]])
    assert "Look &lt;here&gt;." in explorer.widget.children[0].value


def test_pool_hands_over_one_picture_and_shows_what_is_left() -> None:
    calls: list[tuple[Any, ...]] = []

    def own(x, size, stride):
        calls.append((x.shape, size, stride))
        return pool(x, size, stride)

    explorer = opened("pool", own)
    assert calls[-1] == ((1, 1, 56, 56), 2, 2)
    assert "28 × 28: 25% of the numbers" in explorer.view.value
    explorer.window.value, explorer.stride.value = 3, 1
    assert calls[-1] == ((1, 1, 56, 56), 3, 1)
    assert "54 × 54" in explorer.view.value


def test_activation_counts_zeros_before_and_after() -> None:
    explorer = opened("activation")
    edges = explorer.arguments()[0]
    assert edges.shape == (1, 1, 56, 55)
    assert f"the answer: {np.mean(edges <= 0):.0%} are 0" in explorer.view.value


def test_network_follows_its_controls_and_shows_what_the_function_returns() -> None:
    explorer = opened("network")
    explorer.settings["filters"].value = 5
    explorer.settings["padding"].value = 2
    explorer.adaptive.value = True
    kinds = [entry["kind"] for entry in explorer.spec()]
    assert kinds[3:6] == ["max_pool", "adaptive_avg_pool", "flatten"]
    assert explorer.spec()[1] == {
        "kind": "conv",
        "filters": 5,
        "size": 5,
        "stride": 1,
        "padding": 2,
    }
    own = opened("network", lambda spec: [(7, np.int64(3))] * len(spec))
    assert own.view.value.count("(7, 3)") == 6
    assert "<td>21</td>" in own.view.value


def test_brightness_noise_and_shift() -> None:
    explorer = opened("filter")
    plain = explorer.arguments()[0]
    explorer.brightness.value = 0.25
    assert np.allclose(explorer.arguments()[0], plain + 0.25)
    explorer.brightness.value = 0
    explorer.shift.value = 3
    assert np.array_equal(explorer.arguments()[0], np.roll(plain, 3, axis=1))
    explorer.shift.value = 0
    explorer.noise.value = 0.5
    noisy = explorer.arguments()[0]
    assert not np.allclose(noisy, plain)
    assert np.array_equal(noisy, explorer.arguments()[0])


@pytest.mark.parametrize("kind", ["filter", "layer", "field", "shift", "conv backward"])
def test_a_picture_of_the_readers_own(kind: str) -> None:
    """It takes its place behind the drawn ones, in color or in gray; another one takes it over."""
    calls: list[tuple[Any, ...]] = []

    def own(*arguments: Any) -> Any:
        calls.append(arguments)
        return FUNCTIONS[kind][0](*arguments)

    explorer = opened(kind, own)
    drawn = explorer.picture.menu.options
    (widget,) = [part for part in _descendants(explorer.widget) if isinstance(part, OwnPicture)]
    for level in (255, 51):
        before = len(calls)
        rgba = np.full((widget.side, widget.side, 4), level, np.uint8)
        widget._handle_custom_msg({"rgba": base64.b64encode(rgba.tobytes()).decode()}, [])
        x = next(value for value in calls[-1] if np.ndim(value) >= 2 and widget.side in value.shape)
        assert np.allclose(x, level / 255)
        assert explorer.picture.menu.options == (*drawn, OWN_PICTURE)
        assert "our own picture" in explorer.view.value or kind == "shift"
        assert len(calls) == before + 1
    assert "rgba" not in widget.get_state()
    explorer.picture.menu.value = drawn[0]
    assert "our own picture" not in explorer.view.value


def test_without_anywidget_there_are_the_drawn_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    explorer = opened("filter")
    assert not [part for part in _descendants(explorer.widget) if isinstance(part, OwnPicture)]
    assert explorer.picture.menu.options == tuple(PICTURES)


def test_bank_titles() -> None:
    explorer = opened("bank", titles=("upright", "turned"))
    assert len(pictures(explorer)) == 5
    assert "upright" in explorer.view.value
    assert "map 3" in explorer.view.value


def test_corner_filters_keep_one_size() -> None:
    explorer = opened("corner", first=("blur", "sharpen"))
    assert np.array_equal(explorer.arguments()[1], FILTERS["blur"])
    explorer.first.size.value = 5
    assert [weights.shape for weights in explorer.arguments()[1:]] == [(5, 5), (5, 5)]
    explorer.second.preset.value = "vertical edges"
    assert [weights.shape for weights in explorer.arguments()[1:]] == [(3, 3), (3, 3)]
    assert "fails" not in explorer.view.value


def test_corner_marks_the_strongest_places() -> None:
    explorer = opened("corner")
    explorer.threshold.value = 1.0
    few = int(re.findall(r"pink: (\d+) place", explorer.view.value)[0])
    explorer.threshold.value = 0.05
    many = int(re.findall(r"pink: (\d+) place", explorer.view.value)[0])
    assert 0 < few < many


def test_layer_filters_and_biases() -> None:
    explorer = opened("layer", filters=2)
    x, w, b = explorer.arguments()
    assert (x.shape, w.shape, b.shape) == ((1, 3, 40, 40), (2, 3, 3, 3), (2,))
    explorer.filters[1].value = "blur"
    explorer.biases[1].value = -0.5
    _, w, b = explorer.arguments()
    assert np.array_equal(w[1], COLOR_FILTERS["blur"])
    assert list(b) == [0, -0.5]
    assert "map 1: blur" in explorer.view.value


def test_values_keep_the_last_tries() -> None:
    explorer = opened("values", ranges={"channels": (1, 20), "share": (0.0, 1.0)})
    assert ">1.5<" in explorer.view.value
    assert (explorer.sliders["channels"].max, explorer.sliders["share"].max) == (20, 1.0)
    for channels in range(4, 14):
        explorer.sliders["channels"].value = channels
    assert ">6.5<" in explorer.view.value
    assert explorer.view.value.count("<tr>") == 1 + explorer.rows


def test_shift_functions() -> None:
    explorer = opened("shift", functions={"same": Formula(("x",), "x")}, size=24)
    assert explorer.arguments()[1].shape == (24, 24)
    assert len(pictures(explorer)) == 4
    explorer.dx.value = 0
    assert ">0<" in explorer.view.value


def test_the_default_functions_of_shift_keep_the_size() -> None:
    x = picture("house", 20)
    assert all(f(x).shape == x.shape for f in SHIFT_FUNCTIONS.values())


def test_slope_shows_what_the_function_measures() -> None:
    explorer = opened("slope")
    explorer.chosen.value = "cube"
    explorer.change_together(lambda: (_set(explorer.x, 0.0), _set(explorer.h, 0.5)))
    assert ">0.25</div>" in explorer.view.value  # h squared, for a cube at its flat place
    explorer.chosen.value = "ReLU"
    assert ">0.5</div>" in explorer.view.value
    assert "measured slope of the ReLU at 0: 0.5" in explorer.view.value


def _set(control: Any, value: Any) -> None:
    control.value = value


@pytest.mark.parametrize("kind", ["pool backward", "conv backward"])
def test_upstream_gradients_fit_the_layer(kind: str) -> None:
    explorer = opened(kind)
    for choice, total in (("one output in the middle", 1), ("all ones", None)):
        explorer.upstream.value = choice
        for stride in (1, 3, 4):
            explorer.stride.value = stride
            dout = explorer.arguments()[0]
            assert dout.sum() == (dout.size if total is None else total)
            assert "fails" not in explorer.view.value
            side = "24" if kind == "pool backward" else "16"
            sizes = f"x, {side} × {side}; dout has {dout.shape[2]} × {dout.shape[3]} numbers"
            assert sizes in explorer.view.value


def test_scores_show_loss_and_gradient() -> None:
    explorer = opened("scores", classes=3)
    assert len(explorer.scores) == 3
    for score in explorer.scores:
        score.value = 2.0
    assert "loss 1.1<" in explorer.view.value
    assert "0.333" in explorer.view.value
    assert "\N{MINUS SIGN}0.667" in explorer.view.value
    assert "1, right" in explorer.view.value


def test_options_survive_the_checks_file(tmp_path: Path) -> None:
    from autograder.checks import load_checks

    options = {"functions": {"same": Formula(("x",), "x")}, "try": ("One.", "Two.")}
    save_checks(tmp_path / FILE_NAME, "test", [checks_of("shift", **options)])
    checks = load_checks(tmp_path / FILE_NAME)["difference"]
    explorer = open_explorer(difference, checks)
    assert explorer.chosen.options == ("same",)


def test_every_kind_has_options() -> None:
    assert list(OPTIONS) == list(KINDS)


@pytest.mark.parametrize(
    ("explorer", "message"),
    [
        ({}, "There is no kind of explorer None. The kinds are: filter, bank, "),
        ({"kind": "filters"}, "There is no kind of explorer 'filters'. The kinds are: filter, "),
        (
            {"kind": "filter", "picture": ("house",)},
            "The explorer 'filter' has no option 'picture'. Its options are: pictures, presets, "
            "size, try.",
        ),
        ({"kind": "uses", "prompts": ("Look.",)}, "has no option 'prompts'. Its options are: try."),
        ({"kind": "pool", "pictures": ("cat",)}, "There is no picture 'cat'. The pictures are: "),
        ({"kind": "saliency", "pictures": "p.npz"}, "'saliency' needs the option 'network'."),
    ],
)
def test_an_explorer_that_does_not_exist_is_refused(explorer: dict[str, Any], message: str) -> None:
    with pytest.raises(ExplorerError) as refusal:
        read_options(explorer)
    assert message in str(refusal.value)


def test_an_explorer_that_does_not_exist_is_refused_when_an_exercise_is_generated() -> None:
    function, arguments = FUNCTIONS["filter"]
    problem = Problem(
        function, lambda rng: [Case("the case", arguments)], (), explorer={"kind": "filters"}
    )
    with pytest.raises(SourceError, match="There is no kind of explorer 'filters'"):
        prove(problem)


# Pictures and drawing


@pytest.mark.parametrize("name", PICTURES)
def test_pictures_are_deterministic_and_not_flat(name: str) -> None:
    gray, color = picture(name, 48), color_picture(name, 48)
    assert (gray.shape, color.shape) == ((48, 48), (3, 48, 48))
    assert np.array_equal(gray, picture(name, 48))
    assert color.min() >= 0
    assert color.max() <= 1
    assert gray.std() > 0.1


def test_png_is_what_was_drawn() -> None:
    pixels = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3)
    data = png(pixels)
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    start = data.index(b"IDAT") + 4
    rows = zlib.decompress(data[start : data.index(b"IEND") - 8])
    assert rows == b"\0" + pixels[0].tobytes() + b"\0" + pixels[1].tobytes()


def _pixels(data: bytes) -> np.ndarray:
    import matplotlib.image

    return np.round(matplotlib.image.imread(io.BytesIO(data)) * 255).astype(np.uint8)


def test_png_can_be_read_by_others() -> None:
    pixels = picture_colors(color_picture("house", 32))
    assert np.array_equal(_pixels(png(pixels)), pixels)


def test_signed_colors_are_centered_at_zero() -> None:
    colors = signed_colors(np.array([[-2.0, 0.0, 2.0, 9.0]]), 2.0)
    assert colors[0, 1].tolist() == [255, 255, 255]
    assert colors[0, 0].tolist() == [0x26, 0x76, 0xD4]
    assert colors[0, 2].tolist() == colors[0, 3].tolist() == [0xE0, 0x70, 0x00]
    assert (signed_colors(np.zeros((2, 2)), 0.0) == 255).all()


def test_figures_have_alternative_texts() -> None:
    assert 'alt="a &quot;b&quot;"' in figure(np.zeros((2, 2, 3), np.uint8), "c", 'a "b"')
    assert 'role="img"' in scale_bar(2.0)
    assert [number(-0.25), number(3.0)] == ["\N{MINUS SIGN}0.25", "3"]


# explore(fn) itself


@pytest.fixture
def exercise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    nothing = dataclasses.replace(checks_of("bank"), explorer=None)
    save_checks(tmp_path / FILE_NAME, "test", [checks_of("filter"), nothing])
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(explore_module, "check", Check())
    return tmp_path


def said(function: Any, capsys: pytest.CaptureFixture[str]) -> str:
    explore_module.explore(function)
    return capsys.readouterr().out.strip()


def test_explore_opens_only_after_the_check_passes(exercise: Path, capsys) -> None:
    def fails(x, w):
        print("nobody reads this")

    fails.__name__ = "slide"
    assert said(fails, capsys) == "[note] slide: explore opens once check(slide) passes."
    assert said(slide, capsys) == "[note] slide: explore needs a notebook."
    assert "nothing to explore" in said(bank, capsys)
    assert "It got a result" in said(3, capsys)
    assert "There is no task named corner" in said(corner, capsys)


def test_explore_without_ipywidgets(exercise: Path, capsys, monkeypatch) -> None:
    monkeypatch.setattr(explore_module, "running_shell", lambda: object())
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setattr(explore_module, "show", lambda report: print(report.text))
    assert "%pip install ipywidgets" in said(slide, capsys)


def test_explore_displays_the_controls(exercise: Path, monkeypatch) -> None:
    displayed = []
    monkeypatch.setattr(explore_module, "running_shell", lambda: object())
    monkeypatch.setattr("IPython.display.display", displayed.append)
    explore_module.explore(slide)
    assert "Your slide at work" in displayed[0].children[0].value


def test_uses_counts_the_windows_of_each_pixel() -> None:
    explorer = opened("uses")
    assert "used 0 to 4 times" in explorer.view.value
    explorer.stride.value = 1
    assert "used 1 to 9 times" in explorer.view.value
    explorer.stride.value = 5
    assert "used 0 to 1 times" in explorer.view.value


def test_columns_say_how_large_the_matrix_is() -> None:
    explorer = opened("columns")
    assert "9 × 100 = 900 numbers from 144 pixels" in explorer.view.value
    explorer.padding.value = 1
    assert "9 × 144 = 1296 numbers from 144 pixels" in explorer.view.value


def test_descent_walks_with_the_students_steps() -> None:
    explorer = opened("descent")
    point, loss = np.array([-9.0, 1.5]), 0.0
    for _ in range(40):
        point = point - 0.03 * np.array([1.0, 25.0]) * point
    loss = float(np.sum(np.array([1.0, 25.0]) * point**2) / 2)
    assert f"after 40 steps the loss is {number(loss)}; it began at 68.6" in explorer.view.value
    explorer.rate.value = 0.15
    assert "nan" not in explorer.view.value


# Kinds over a trained network


def test_the_network_of_the_exercise_knows_its_pictures() -> None:
    known = exercise_material()
    model = hand_over(known.network)
    assert len(model) == len(known.names) == 37
    assert known.names[:5] == ("conv 1", "relu 1", "conv 2", "relu 2", "pool 1")
    assert known.names[-6:] == (
        "flatten",
        "linear 14",
        "relu 14",
        "linear 15",
        "relu 15",
        "linear 16",
    )
    x = hand_over(Tensor(((known.images - 0.5) / 0.25).astype(np.float32)))
    assert (model(x).argmax(dim=1).numpy() == known.labels).mean() > 0.9


def test_the_frame_is_where_the_score_is_lowest() -> None:
    calls = []

    def own(model, x, target, patch, stride, fill, batch_size):
        scores = np.full(((96 - patch) // stride + 1,) * 2, 2.0)
        scores[3, 5] = -1.0
        calls.append((target, patch, stride, fill))
        return scores

    explorer = opened("occlusion", own)
    assert calls[-1] == (int(explorer.material.labels[0]), 16, 8, 0.0)
    assert "Lowest, −1" in explorer.view.value
    colors = _pixels(pictures(explorer)[0])
    framed = (colors == trained_network.MARK).all(axis=2)
    assert framed[24:40, 40].all()
    assert framed[24, 40:56].all()
    assert not framed[25:39, 41:55].any()
    explorer.picture.value = 4  # its own class comes with it, in one call
    assert calls[-1][0] == explorer.target.value == explorer.material.labels[4]
    assert len(calls) == 2


def test_whether_a_map_points_at_the_object_is_said() -> None:
    mask = exercise_material().masks[0]
    for inside in (True, False):
        spot = np.zeros(mask.shape)
        spot[tuple(np.argwhere(mask == inside)[100])] = 1.0
        explorer = opened("saliency", lambda model, x, targets, spot=spot: spot[None])
        assert f": {'inside' if inside else 'outside'} the object" in explorer.view.value


def test_channels_and_slices_follow_the_layer() -> None:
    outputs = opened("layer outputs")
    outputs.channel.value = 7
    outputs.layer.value = outputs.material.names.index("conv 13")
    assert outputs.channel.max == 63
    outputs.channel.value = 63
    outputs.layer.value = 0
    assert (outputs.channel.max, outputs.channel.value) == (7, 7)
    assert "channel 7 of 8" in outputs.view.value
    grid = opened("filter grid")
    assert grid.slice.max == 2
    grid.layer.value = outputs.material.names.index("conv 4")
    assert grid.slice.max == 15
    assert "16 × 16 × 3 × 3" in grid.view.value

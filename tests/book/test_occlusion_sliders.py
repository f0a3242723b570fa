"""Occlusion with sliders: the widget's numbers and pictures, without a browser."""

from __future__ import annotations

import ast
import base64
import dataclasses
import html
import io
import re
import threading
import weakref
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image

from autograder.student.explorers.drawing import number, outline, picture_colors, signed_colors
from book.visualization import occlusion_plans, occlusion_sliders
from book.visualization.occlusion_sliders import OcclusionSliders
from laboratory.attribution.occlusion import plain_occlusion
from laboratory.baselines import baseline_picture
from laboratory.fast.live_occlusion import LiveOcclusion
from laboratory.networks import Network, load_network
from tests.laboratory import lab_networks

PAGE = Path(__file__).parents[2] / "book" / "visualization" / "occlusion.md"


@pytest.fixture(scope="module")
def network() -> Network:
    return load_network("small_vgg_noise")


@pytest.fixture(scope="module")
def drawn() -> tuple[torch.Tensor, torch.Tensor]:
    x, labels, _ = lab_networks.drawn(3, seed=94)
    return x, labels


@pytest.fixture
def sliders(network, drawn) -> OcclusionSliders:
    return OcclusionSliders(network, drawn[0], drawn[1].tolist(), stride=16)


def turn(sliders: OcclusionSliders, **settings: object) -> None:
    for name, value in settings.items():
        getattr(sliders, name).value = value


def images(sliders: OcclusionSliders) -> list[np.ndarray]:
    """The picture and the map, as they are shown."""
    encoded = re.findall(r'src="data:image/png;base64,([^"]+)"', sliders.view.value)
    return [np.array(Image.open(io.BytesIO(base64.b64decode(picture)))) for picture in encoded]


def alternatives(sliders: OcclusionSliders) -> list[str]:
    tags = re.findall(r"<img [^>]*>", sliders.view.value)
    return [html.unescape(re.search(r'alt="([^"]+)"', tag)[1]) for tag in tags]


def status(sliders: OcclusionSliders) -> str:
    return html.unescape(re.search(r'<p role="status"[^>]*>([^<]*)</p>', sliders.view.value)[1])


def relative(got: torch.Tensor, expected: torch.Tensor) -> float:
    return float((got - expected).norm() / expected.norm())


def plain(sliders: OcclusionSliders, network: Network, pictures: torch.Tensor):
    """The map by the plain version, for what the controls say."""
    x = pictures[sliders.picture.value][None]
    return plain_occlusion(
        network.model,
        x,
        patch=sliders.patch.value,
        stride=sliders.stride.value,
        baselines=baseline_picture(network, x, sliders.baseline.value),
        progress=False,
    )


def covered(sliders: OcclusionSliders, network: Network, pictures: torch.Tensor) -> torch.Tensor:
    """The picture with the patch, pixel by pixel."""
    x = pictures[sliders.picture.value][None].clone()
    filling = baseline_picture(network, x, sliders.baseline.value)
    for i in range(sliders.row.value, sliders.row.value + sliders.patch.value):
        for j in range(sliders.column.value, sliders.column.value + sliders.patch.value):
            x[0, :, i, j] = filling[:, i, j]
    return x


class Clock:
    """A clock that only goes on when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def perf_counter(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch) -> Clock:
    """A clock on which a map takes 0.04 s, a plan 0.5 s, and one run of the network nothing."""
    clock = Clock()
    clock.map = 0.04

    class Timed(LiveOcclusion):
        def _plan(self, *arguments):
            super()._plan(*arguments)
            clock.now += 0.5

        def __call__(self, *arguments):
            clock.now += clock.map
            return super().__call__(*arguments)

    for module in (occlusion_plans, occlusion_sliders):
        monkeypatch.setattr(module, "time", SimpleNamespace(perf_counter=clock.perf_counter))
    monkeypatch.setattr(occlusion_plans, "LiveOcclusion", Timed)
    return clock


@pytest.fixture
def maps(monkeypatch) -> list[tuple[int, int]]:
    """Patch and stride of every map that is computed."""
    computed = []

    class Counted(LiveOcclusion):
        def _plan(self, engine, blank, patch, stride):
            super()._plan(engine, blank, patch, stride)
            self.key = patch[0], stride[0]

        def __call__(self, *arguments):
            computed.append(self.key)
            return super().__call__(*arguments)

    monkeypatch.setattr(occlusion_plans, "LiveOcclusion", Counted)
    return computed


class TestNumbers:
    @pytest.mark.parametrize(
        "settings",
        [
            {},
            {"patch": 33, "row": 5, "column": 41},
            {"picture": 2, "baseline": "white", "stride": 11},
            {"baseline": "blur", "picture": 1, "patch": 48, "row": 48, "column": 0},
            {"patch": 1, "stride": 24, "row": 95, "column": 95, "baseline": "zero"},
        ],
    )
    def test_those_of_the_plain_version(self, sliders, network, drawn, settings):
        turn(sliders, **settings)
        expected = plain(sliders, network, drawn[0])
        assert (sliders.map.tops, sliders.map.lefts) == (expected.tops, expected.lefts)
        assert relative(sliders.map.logits, expected.logits) < 1e-5
        assert relative(sliders.map.clean, expected.clean) < 1e-5
        assert relative(sliders.clean, expected.clean) < 1e-5
        with torch.inference_mode():
            scores = network.model(covered(sliders, network, drawn[0]))[0]
        assert torch.equal(sliders.scores, scores)
        assert {name: getattr(sliders, name).value for name in settings} == settings

    def test_pictures_from_anywhere(self, network, drawn):
        """In float64, made in inference mode, or on their way to a gradient."""
        with torch.inference_mode():
            made = drawn[0].clone()
        expected = OcclusionSliders(network, drawn[0], stride=24)
        for pictures in (drawn[0].double(), made, drawn[0].clone().requires_grad_()):
            sliders = OcclusionSliders(network, pictures, stride=24)
            turn(sliders, row=4, column=9)
            assert torch.equal(sliders.map.logits, expected.map.logits)

    def test_start_where_the_score_falls_most(self, sliders):
        drop = sliders.map.drop(sliders.target.value)
        place = (
            sliders.map.tops.index(sliders.row.value),
            sliders.map.lefts.index(sliders.column.value),
        )
        assert drop[place] == drop.max()

    def test_words_are_the_numbers(self, sliders, network):
        turn(sliders, row=40, column=20)
        target = sliders.target.value
        clean, now = float(sliders.clean[target]), float(sliders.scores[target])
        change = (
            f"falls by {number(clean - now)}" if now < clean else f"rises by {number(now - clean)}"
        )
        name = network.classes[target]
        assert status(sliders).startswith(
            f"Score of “{name}”: {number(clean)} without the patch, {number(now)} with it: it "
            f"{change}."
        )

    def test_falls_and_rises(self, sliders):
        """Both words occur: at some place a class loses what another one gains."""
        said = set()
        for target in range(10):
            turn(sliders, target=target)
            lost = float(sliders.clean[target] - sliders.scores[target])
            word = re.search(r"it (falls|rises) by ([\d.e+-]+)", status(sliders))
            assert word[1] == ("falls" if lost >= 0 else "rises")
            assert float(word[2].rstrip(".")) == pytest.approx(abs(lost), rel=0.01)
            said.add(word[1])
        assert said == {"falls", "rises"}

    def test_what_the_network_says(self, sliders, network):
        """Before and after, where the patch changes it and where not."""
        unchanged = set()
        for settings in (
            {"patch": 48, "row": 20, "column": 20},
            {"patch": 1, "row": 0, "column": 0},
        ):
            turn(sliders, **settings)
            before, after = (
                network.classes[int(scores.argmax())] for scores in (sliders.clean, sliders.scores)
            )
            unchanged.add(before == after)
            expected = "as before." if before == after else f"without the patch, {before}."
            assert status(sliders).endswith(expected)
            assert f"The network says {after}" in status(sliders)
        assert unchanged == {True, False}


class TestClasses:
    def test_at_first_what_the_network_says(self, network):
        """Not what the picture shows: this ring is taken for stripes."""
        x, labels, _ = lab_networks.drawn(22, seed=1966)
        with torch.inference_mode():
            said = network.model(x).argmax(1)
        wrong = int((said != labels).nonzero()[0])
        right = int((said == labels).nonzero()[0])
        two = [right, wrong]
        sliders = OcclusionSliders(network, x[two], labels[two].tolist(), stride=24)
        assert sliders.target.value == said[right]
        turn(sliders, target=(int(said[right]) + 1) % 10, picture=1)
        assert sliders.target.value == said[wrong] != labels[wrong]

    def test_names(self, sliders, network, drawn):
        assert [name for name, _ in sliders.target.options] == list(network.classes)
        names = [f"{i + 1}: {network.classes[label]}" for i, label in enumerate(drawn[1])]
        assert [name for name, _ in sliders.picture.options] == names
        unnamed = OcclusionSliders(network, drawn[0], stride=24)
        assert [name for name, _ in unnamed.picture.options] == ["1", "2", "3"]

    def test_two_classes_of_one_name(self, network, drawn):
        """As in ImageNet, where "crane" is a bird and a machine."""
        classes = ("crane",) * 2 + network.classes[2:]
        twice = dataclasses.replace(network, classes=classes)
        sliders = OcclusionSliders(twice, drawn[0], stride=24)
        before = sliders.view.value
        for target in (0, 1):
            turn(sliders, target=target)
            assert number(float(sliders.clean[target])) in status(sliders)
        assert sliders.target.value == 1
        assert sliders.view.value != before

    def test_names_are_words_not_html(self, network, drawn):
        classes = tuple(f"<b>{name}</b>" for name in network.classes)
        sliders = OcclusionSliders(
            dataclasses.replace(network, classes=classes, caption="<b>A</b>"), drawn[0], stride=24
        )
        html = sliders.view.value + sliders.widget.children[0].value
        assert "<b>" not in html
        assert "&lt;b&gt;" in html


class TestWork:
    def test_moving_makes_no_map(self, maps, sliders, network):
        maps.clear()  # of the first map
        before = sliders.map
        runs = []
        hook = network.model.register_forward_hook(lambda *_: runs.append(1))
        try:
            turn(sliders, row=3, column=60)
            assert len(runs) == 2  # the network sees each place once
            turn(sliders, target=4)
            assert len(runs) == 2  # of another class, all scores are known
        finally:
            hook.remove()
        assert not maps
        assert sliders.map is before

    def test_controls_that_follow_cost_nothing(self, maps, sliders, network):
        """One map and one run each, though other sliders are moved, and the class is changed."""
        turn(sliders, row=80, column=80, target=(int(sliders.clean.argmax()) + 1) % 10)
        maps.clear()
        runs = []
        hook = network.model.register_forward_hook(lambda *_: runs.append(1))
        try:
            turn(sliders, patch=40)
            assert (sliders.row.value, len(maps), len(runs)) == (56, 1, 1)
            turn(sliders, picture=1)
            assert len(maps) == 2
            assert len(runs) == 3  # the new picture, without the patch and with it
        finally:
            hook.remove()

    def test_what_makes_a_map(self, network, drawn, maps):
        sliders = OcclusionSliders(network, drawn[0], stride=16)
        for settings in ({"patch": 20}, {"stride": 24}, {"baseline": "zero"}, {"picture": 1}):
            maps.clear()
            turn(sliders, **settings)
            assert maps == [(sliders.patch.value, sliders.stride.value)]

    def test_few_plans_are_kept(self, network, drawn, monkeypatch):
        made, alive_then = [], []

        class Watched(LiveOcclusion):
            def _plan(self, engine, blank, patch, stride):
                alive_then.append([number for number, plan in made if plan() is not None])
                super()._plan(engine, blank, patch, stride)
                made.append((patch[0], weakref.ref(self)))

        monkeypatch.setattr(occlusion_plans, "LiveOcclusion", Watched)
        sliders = OcclusionSliders(network, drawn[0], stride=24, plans=2)
        turn(sliders, patch=20)
        turn(sliders, patch=16)  # kept, and now the one that was used last
        turn(sliders, patch=30)
        turn(sliders, patch=16)
        turn(sliders, patch=20)
        assert [patch for patch, _ in made] == [16, 20, 30, 20]
        # Room is made before a plan is made.
        assert alive_then == [[], [16], [16], [16]]
        assert [patch for patch, plan in made if plan() is not None] == [16, 20]

    def test_slow_maps_wait_for_the_slider(self, network, drawn, clock):
        sliders = OcclusionSliders(network, drawn[0], stride=24)
        of_map, of_place = (sliders.patch, sliders.stride), (sliders.row, sliders.column)
        assert not any(slider.continuous_update for slider in of_map)  # the plan took half a second
        assert all(slider.continuous_update for slider in of_place)
        assert "in 40 ms on the CPU; planning it took another 500 ms." in sliders.view.value
        turn(sliders, baseline="zero")
        assert all(slider.continuous_update for slider in of_map)
        assert "in 40 ms on the CPU.</p>" in sliders.view.value
        clock.map = 0.11
        turn(sliders, baseline="mean")
        assert not any(slider.continuous_update for slider in of_map)
        assert all(slider.continuous_update for slider in of_place)

    def test_slow_networks_wait_for_the_slider(self, network, drawn, clock):
        sliders = OcclusionSliders(network, drawn[0], stride=24)

        def slow(*_: object) -> None:
            clock.now += 0.2

        hook = network.model.register_forward_hook(slow)
        try:
            turn(sliders, row=1)
        finally:
            hook.remove()
        assert not sliders.row.continuous_update
        assert not sliders.column.continuous_update

    def test_type_of_the_deltas(self, network, drawn, monkeypatch):
        types = []

        class Typed(LiveOcclusion):
            def __init__(self, *arguments, delta_dtype, **keywords):
                super().__init__(*arguments, delta_dtype=delta_dtype, **keywords)
                types.append(delta_dtype)

        monkeypatch.setattr(occlusion_plans, "LiveOcclusion", Typed)
        OcclusionSliders(network, drawn[0], stride=24)
        OcclusionSliders(network, drawn[0], stride=24, delta_dtype=torch.float16)
        assert types == [torch.float32, torch.float16]

    def test_controls_in_several_threads(self, network, drawn, monkeypatch):
        """A patch that is changed while a map is computed: the picture and the map still agree.

        JupyterLab sends the messages of one control to the main thread and those of another to a
        second one.
        """
        entered, go_on = threading.Event(), threading.Event()

        class Held(LiveOcclusion):
            held = False

            def __call__(self, *arguments):
                if Held.held:
                    Held.held = False
                    entered.set()
                    assert go_on.wait(60)
                return super().__call__(*arguments)

        monkeypatch.setattr(occlusion_plans, "LiveOcclusion", Held)
        sliders = OcclusionSliders(network, drawn[0], stride=24)
        Held.held = True
        first = threading.Thread(target=turn, args=(sliders,), kwargs={"picture": 1})
        first.start()
        assert entered.wait(60)
        second = threading.Thread(target=turn, args=(sliders,), kwargs={"patch": 30})
        second.start()
        second.join(0.3)  # it has to wait, or it has been turned away
        go_on.set()
        first.join(60)
        second.join(60)
        assert sliders.map.patch == (30, 30)
        expected = plain(sliders, network, drawn[0])
        assert relative(sliders.map.logits, expected.logits) < 1e-5
        assert "30 by 30 pixels" in alternatives(sliders)[0]


class TestLimits:
    def test_the_patch_stays_in_the_picture(self, sliders, network, drawn):
        turn(sliders, row=80, column=70, patch=1000)
        assert sliders.patch.value == 48
        assert (sliders.row.value, sliders.column.value) == (48, 48)
        turn(sliders, row=1000, column=-3)
        assert (sliders.row.value, sliders.column.value) == (48, 0)
        with torch.inference_mode():
            scores = network.model(covered(sliders, network, drawn[0]))[0]
        assert torch.equal(sliders.scores, scores)
        turn(sliders, patch=2, row=94)
        assert sliders.row.value == 94

    def test_a_map_never_has_too_many_places(self, sliders):
        turn(sliders, stride=0)
        assert sliders.stride.value == 2
        assert len(sliders.map.tops) <= 56

    def test_pictures_that_are_wider_than_high(self):
        model = lab_networks.tiny()
        network = Network("tiny", "Random.", model, tuple("abcde"), (0.5,) * 3, (2.0,) * 3, 20, 20)
        pictures = lab_networks.tiny_pictures(2)
        sliders = OcclusionSliders(network, pictures, stride=3)
        turn(sliders, patch=10, picture=1, row=10, column=14)
        assert (sliders.row.max, sliders.column.max) == (10, 14)
        assert relative(sliders.map.logits, plain(sliders, network, pictures).logits) < 1e-5

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"pictures": torch.zeros(3, 96, 96)}, r"\(N, 3, H, W\).*\(3, 96, 96\)"),
            ({"pictures": torch.zeros(0, 3, 96, 96)}, "at least one picture"),
            ({"pictures": torch.zeros(1, 1, 96, 96)}, r"\(1, 1, 96, 96\)"),
            ({"pictures": torch.zeros(1, 3, 1, 96)}, "1 x 96 pixels is too small"),
            ({"pictures": torch.zeros(1, 3, 96, 96, dtype=torch.uint8)}, r"network\.prepare"),
            ({"pictures": torch.full((1, 3, 96, 96), torch.nan)}, "finite"),
            ({"labels": [1, 2]}, "3 pictures, but 2 labels"),
            ({"labels": [1, 2, 10]}, "from 0 to 9 for this network; not 10"),
            ({"labels": [-1, 2, 3]}, "not -1"),
            ({"stride": 1}, "the stride is from 2 to 24; 1 was given"),
            ({"stride": 25}, "the stride is from 2 to 24; 25 was given"),
            ({"baseline": "gray"}, "baseline is one of mean, zero, white, blur; not gray"),
            ({"plans": 0}, "At least 1 plan must be kept; 0 was given"),
        ],
    )
    def test_what_is_refused(self, network, drawn, change, message):
        arguments = {"pictures": drawn[0], "labels": None, **change}
        with pytest.raises(ValueError, match=message):
            OcclusionSliders(network, **arguments)

    def test_training_mode_is_refused(self, network, drawn):
        network = dataclasses.replace(network, model=lab_networks.tiny().train())
        with pytest.raises(ValueError, match="training mode"):
            OcclusionSliders(network, drawn[0])


class TestMemory:
    """A GPU that is too small, played by plans that run out of memory."""

    @pytest.fixture
    def tight(self, monkeypatch) -> SimpleNamespace:
        """How many plans there is memory for; of a patch of 40, for none."""
        state = SimpleNamespace(room=9, alive=weakref.WeakSet())

        class Tight(LiveOcclusion):
            def _plan(self, engine, blank, patch, stride):
                if patch == (40, 40) or len(state.alive) >= state.room:
                    raise torch.OutOfMemoryError("CUDA out of memory.")
                super()._plan(engine, blank, patch, stride)
                state.alive.add(self)

        monkeypatch.setattr(occlusion_plans, "LiveOcclusion", Tight)
        return state

    def test_kept_plans_give_way(self, network, drawn, tight):
        tight.room = 2
        sliders = OcclusionSliders(network, drawn[0], stride=24)
        for patch in (20, 30):
            turn(sliders, patch=patch)
            assert sliders.map.patch == (patch, patch)
        assert len(tight.alive) == 1
        assert relative(sliders.map.logits, plain(sliders, network, drawn[0]).logits) < 1e-5

    def test_too_little_is_said_in_words(self, network, drawn, tight):
        sliders = OcclusionSliders(network, drawn[0], stride=24)
        turn(sliders, patch=40, row=7)
        assert len(alternatives(sliders)) == 1  # the picture, and no map of another patch
        message = (
            "not enough memory on the CPU for a map with a patch of 40 and a stride of 24. "
            "Choose a larger stride or a smaller patch."
        )
        assert message in re.search(r'<p role="alert"[^>]*>([^<]*)<', sliders.view.value)[1]
        assert "Score of" in status(sliders)
        assert "places in" not in sliders.view.value
        assert not sliders.patch.continuous_update
        with pytest.raises(RuntimeError, match="not enough memory"):
            _ = sliders.map
        turn(sliders, patch=20)
        assert "alert" not in sliders.view.value
        assert sliders.map.patch == (20, 20)

    def test_already_at_the_start(self, network, drawn, tight):
        tight.room = 0
        sliders = OcclusionSliders(network, drawn[0], stride=24)
        assert "not enough memory" in sliders.view.value
        tight.room = 1
        turn(sliders, stride=20)
        assert "alert" not in sliders.view.value


class TestPictures:
    def test_picture_shows_what_the_network_sees(self, sliders, network, drawn):
        turn(sliders, picture=1, baseline="white", patch=20, row=30, column=9)
        image = images(sliders)[0]
        colors = picture_colors(network.unnormalize(covered(sliders, network, drawn[0]))[0].numpy())
        edge = np.zeros((96, 96), bool)
        edge[30:50, 9:29] = True
        edge[31:49, 10:28] = False
        assert np.array_equal(image[~edge], colors[~edge])
        assert {tuple(color) for color in image[edge]} == {(0, 0, 0), (255, 255, 255)}

    @pytest.mark.parametrize(("place", "square"), [((39, 41), (2, 3)), ((0, 80), (0, 5))])
    def test_map_and_mark(self, sliders, place, square):
        turn(sliders, row=place[0], column=place[1])
        assert sliders.map.tops == (0, 16, 32, 48, 64, 80)
        image = images(sliders)[1]
        drop = sliders.map.drop(sliders.target.value).numpy()
        side = len(image) // 6
        middle = slice(side // 2, None, side)
        assert np.array_equal(image[middle, middle], signed_colors(drop, float(np.abs(drop).max())))
        corners = image[::side, ::side]
        different = (corners != image[middle, middle]).any(-1)
        assert [tuple(index) for index in np.argwhere(different)] == [square]

    def test_outline(self):
        edge = outline((4, 5, 3), (slice(1, 4), slice(0, 5)))
        assert edge.astype(int).tolist() == [
            [0, 0, 0, 0, 0],
            [1, 1, 1, 1, 1],
            [1, 0, 0, 0, 1],
            [1, 1, 1, 1, 1],
        ]
        assert outline((2, 2), (slice(0, 1), slice(1, 2))).tolist() == [[False, True], [False] * 2]

    def test_words_for_who_does_not_see(self, sliders, network, drawn):
        turn(sliders, picture=2, baseline="zero", patch=18, row=33, column=6)
        picture, map_ = alternatives(sliders)
        name = network.classes[drawn[1][2]]
        assert picture == (
            f"Picture 3: {name}. A patch of 18 by 18 pixels, black, covers it from row 33, "
            "column 6 on."
        )
        drop = sliders.map.drop(sliders.target.value)
        i, j = divmod(int(drop.argmax()), drop.shape[1])
        assert f"at {drop.shape[0]} by {drop.shape[1]} places" in map_
        assert f"{number(float(drop.min()))} to {number(float(drop.max()))}" in map_
        assert f"at row {sliders.map.tops[i]}, column {sliders.map.lefts[j]}." in map_
        assert map_.endswith(f"it is {number(float(drop[2, 0]))}.")
        for control in (sliders.patch, sliders.stride, sliders.row, sliders.column):
            assert control.description
        assert "small VGG" in sliders.widget.children[0].value


def test_the_code_on_the_page():
    """The page's block runs as it stands, and its question has the answer that it gives."""
    (block,) = re.findall(r"^```python\n(.*?)^```$", PAGE.read_text(), re.M | re.S)
    module = ast.parse(block)
    last = module.body.pop()
    assert isinstance(last, ast.Expr)
    names: dict[str, object] = {}
    exec(compile(module, PAGE.name, "exec"), names)
    sliders = eval(compile(ast.Expression(last.value), PAGE.name, "eval"), names)
    assert "application/vnd.jupyter.widget-view+json" in sliders._repr_mimebundle_()
    turn(sliders, picture=7, patch=8, stride=24)
    assert sliders.picture.label == "8: stripes"
    assert sliders.map.drop(sliders.target.value).max() < 0.3
    turn(sliders, row=42, column=10)
    assert sliders.target.label == "stripes"
    assert float(sliders.clean[7] - sliders.scores[7]) > 2.5
    assert "The network says dots; without the patch, stripes." in status(sliders)

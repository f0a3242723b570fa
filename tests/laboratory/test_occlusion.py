"""Occlusion: the plain version against loops, the incremental one against the plain one."""

from __future__ import annotations

import itertools

import pytest
import torch
import torchvision
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from laboratory import incremental_occlusion, layers, occlusion, small_vgg
from laboratory.live_occlusion import LiveOcclusion
from laboratory.networks import load_network
from laboratory.occlusion import Occlusion, starts
from tests.laboratory import lab_networks


def relative(got: torch.Tensor, expected: torch.Tensor) -> float:
    """Relative L2 distance of two whole maps."""
    return float((got - expected).norm() / expected.norm())


def exact(model: nn.Module, x: torch.Tensor, patch, stride, fill: torch.Tensor) -> torch.Tensor:
    """Scores in float64, one place after the other."""
    model, x = model.double(), x.double()
    model.requires_grad_(False)
    rows = []
    for top in starts(x.shape[2], patch[0], stride[0]):
        row = []
        for left in starts(x.shape[3], patch[1], stride[1]):
            covered = x.clone()
            for i, j in itertools.product(range(patch[0]), range(patch[1])):
                covered[0, :, top + i, left + j] = fill[:, top + i, left + j]
            row.append(model(covered)[0])
        rows.append(torch.stack(row))
    model.float()
    return torch.stack(rows)


class TestPlaces:
    def test_by_hand(self):
        assert starts(10, 4, 3) == (0, 3, 6)
        assert starts(10, 4, 4) == (0, 4, 6)  # the last one ends at the border
        assert starts(4, 4, 9) == (0,)

    @pytest.mark.parametrize(("length", "patch"), [(11, 3), (96, 16), (7, 7)])
    @pytest.mark.parametrize("stride", [1, 2, 3])
    def test_every_pixel_is_covered(self, length, patch, stride):
        covered = {start + i for start in starts(length, patch, stride) for i in range(patch)}
        assert covered == set(range(length))

    def test_wrong_sizes(self):
        with pytest.raises(ValueError, match="does not fit"):
            starts(10, 11, 1)
        with pytest.raises(ValueError, match="stride"):
            starts(10, 2, 0)


PATCHES = [((6, 6), (4, 4)), ((5, 9), (7, 3)), ((1, 1), (9, 11)), ((20, 24), (1, 1))]


class TestPlain:
    @pytest.mark.parametrize(("patch", "stride"), PATCHES)
    def test_against_one_by_one_in_double(self, patch, stride):
        model, x = lab_networks.tiny(), lab_networks.tiny_pictures(1)
        fill = torch.randn(3, 20, 24)
        expected = exact(model, x, patch, stride, fill)
        for size in (1, 5, 1000):
            got = occlusion.occlude(
                model, x, patch=patch, stride=stride, fill=fill, batch_size=size
            )
            assert got.logits.shape == expected.shape
            assert relative(got.logits.double(), expected) < 1e-5
        assert torch.allclose(got.clean, model(x)[0], atol=1e-5)

    def test_the_picture_stays_as_it_is(self):
        model, x = lab_networks.tiny(), lab_networks.tiny_pictures(1)
        before = x.clone()
        occlusion.occlude(model, x, patch=5, stride=5)
        assert torch.equal(x, before)

    def test_patch_of_the_picture_itself_changes_nothing(self):
        model, x = lab_networks.tiny(), lab_networks.tiny_pictures(1)
        for engine in (occlusion, incremental_occlusion):
            got = engine.occlude(model, x, patch=5, stride=5, fill=x[0])
            assert got.drop(2).abs().max() < 1e-5

    @pytest.mark.parametrize("engine", [occlusion, incremental_occlusion])
    def test_bad_input(self, engine):
        model, x = lab_networks.tiny(), lab_networks.tiny_pictures(1)
        with pytest.raises(ValueError, match="one picture"):
            engine.occlude(model, x[0], patch=5, stride=5)
        with pytest.raises(ValueError, match="fill must be"):
            engine.occlude(model, x, patch=5, stride=5, fill=torch.zeros(3))
        with pytest.raises(ValueError, match="does not fit"):
            engine.occlude(model, x, patch=21, stride=5)
        with pytest.raises(ValueError, match="batch_size must be at least 1; -2 was given"):
            engine.occlude(model, x, patch=5, stride=5, batch_size=-2)
        with pytest.raises(ValueError, match=r"model\.eval"):
            engine.occlude(model.train(), x, patch=5, stride=5)


class TestMap:
    """What is read off the scores."""

    def occluded(self) -> Occlusion:
        logits = torch.tensor([[[1.0, 0.0], [2.0, 0.0]]])  # places (1, 2), two classes
        return Occlusion(logits, torch.tensor([4.0, 0.0]), (0,), (0, 1), (2, 2), (2, 3))

    def test_score_and_drop(self):
        found = self.occluded()
        assert found.score(0).tolist() == [[1, 2]]
        assert found.drop(0).tolist() == [[3, 2]]
        probability = 1 / (1 + torch.exp(torch.tensor([-1.0, -2.0])))
        assert torch.allclose(found.score(0, "probability")[0], probability)
        clean = torch.tensor([4.0, 0.0]).softmax(0)[0]
        assert torch.allclose(found.drop(0, "probability")[0], clean - probability)
        with pytest.raises(ValueError, match='"logit" or "probability"'):
            found.score(0, "loss")

    def test_pixels_get_the_mean_of_what_covers_them(self):
        assert self.occluded().pixel_map(0).tolist() == [[3, 2.5, 2]] * 2

    def test_pixel_map_against_loops(self):
        model, x = lab_networks.tiny(), lab_networks.tiny_pictures(1)
        found = occlusion.occlude(model, x, patch=(6, 5), stride=(4, 3))
        drop = found.drop(1)
        total, times = torch.zeros(20, 24), torch.zeros(20, 24)
        for (i, top), (j, left) in itertools.product(enumerate(found.tops), enumerate(found.lefts)):
            total[top : top + 6, left : left + 5] += drop[i, j]
            times[top : top + 6, left : left + 5] += 1
        assert torch.allclose(found.pixel_map(1), total / times, atol=1e-5)


class TestFill:
    def test_kinds(self):
        network = load_network("small_vgg")
        x, _, _ = lab_networks.drawn(1)
        assert not occlusion.filling(network, x, "mean").any()
        black = network.unnormalize(occlusion.filling(network, x, "zero")[None])
        assert black.abs().max() < 1e-6
        white = network.unnormalize(occlusion.filling(network, x, "white")[None])
        assert (white - 1).abs().max() < 1e-6
        with pytest.raises(ValueError, match='"mean", "zero", "white" or "blur"'):
            occlusion.filling(network, x, "gray")

    def test_blur_has_no_details(self):
        network = load_network("small_vgg")
        x, _, _ = lab_networks.drawn(1)
        blurred = occlusion.filling(network, x, "blur")
        assert blurred.shape == x.shape[1:]
        assert float(blurred.mean()) == pytest.approx(float(x.mean()), abs=0.05)
        roughness = [one.diff(dim=-1).abs().mean() for one in (blurred, x[0])]
        assert roughness[0] < 0.2 * roughness[1]

    def test_blur_is_gaussian(self):
        impulse = torch.zeros(1, 1, 41, 41)
        impulse[..., 20, 20] = 1
        away = torch.arange(-20.0, 21)
        one = torch.exp(-(away**2) / (2 * 3**2))
        one = torch.where(away.abs() <= 12, one, 0)
        expected = torch.outer(one, one) / one.sum() ** 2
        assert torch.allclose(occlusion.blur(impulse, 3.0)[0, 0], expected, atol=1e-6)


def alexnet_like() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(3, 8, 11, 4, 2),
        nn.ReLU(inplace=True),
        nn.MaxPool2d(3, 2),
        nn.Conv2d(8, 12, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(3, 2),
        nn.AdaptiveAvgPool2d(6),
        nn.Flatten(),
        nn.Dropout(),
        nn.Linear(12 * 36, 20),
        nn.ReLU(),
        nn.Linear(20, 5),
    )


def everything_odd() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(3, 8, (3, 5), (1, 2), (0, 2)),
        nn.BatchNorm2d(8),
        nn.Tanh(),
        nn.MaxPool2d(3, 2, 1, ceil_mode=True),
        nn.Conv2d(8, 8, 3, padding=2, dilation=2, groups=4),
        nn.GELU(),
        nn.AvgPool2d(3, 2, 1, ceil_mode=True, count_include_pad=False),
        nn.Conv2d(8, 8, 2, 3),
        nn.Sigmoid(),
        nn.Identity(),
        nn.Flatten(),
        nn.Tanh(),
        nn.LazyLinear(5),
    )


def global_average() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(3, 8, 3, padding=1),
        nn.ReLU(),
        nn.AvgPool2d(2),
        nn.MaxPool2d((2, 3), ceil_mode=True),
        nn.Conv2d(8, 6, 1),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
    )


class TestIncremental:
    @pytest.mark.parametrize(("patch", "stride"), PATCHES)
    def test_against_one_by_one_in_double(self, patch, stride):
        model, x = lab_networks.tiny(), lab_networks.tiny_pictures(1)
        fill = torch.randn(3, 20, 24)
        expected = exact(model, x, patch, stride, fill)
        got = incremental_occlusion.occlude(
            model, x, patch=patch, stride=stride, fill=fill, batch_size=7
        )
        assert relative(got.logits.double(), expected) < 1e-5

    @pytest.mark.parametrize("fill", ["mean", "zero", "blur"])
    @pytest.mark.parametrize("patch", [16, 45])
    def test_small_vgg(self, fill, patch):
        """The promise: scores within 1e-4 of the full computation."""
        network = load_network("small_vgg")
        x, _, _ = lab_networks.drawn(1, seed=91)
        options = {"patch": patch, "stride": 16, "fill": occlusion.filling(network, x, fill)}
        expected = occlusion.occlude(network.model, x, **options)
        got = incremental_occlusion.occlude(network.model, x, **options)
        assert relative(got.logits, expected.logits) < 1e-5
        assert (got.logits - expected.logits).abs().max() < 1e-4 * expected.logits.abs().max()
        assert relative(got.drop(0), expected.drop(0)) < 1e-4
        assert (got.tops, got.lefts, got.size) == (expected.tops, expected.lefts, expected.size)

    @pytest.mark.parametrize("make", [alexnet_like, everything_odd, global_average])
    @pytest.mark.parametrize(
        ("patch", "stride"), [(16, 13), ((7, 13), (11, 17)), (1, (10, 13)), ((61, 9), (1, 25))]
    )
    def test_other_networks(self, make, patch, stride):
        torch.manual_seed(0)
        model, x = make(), torch.randn(1, 3, 61, 83)
        model(torch.randn(4, 3, 61, 83))  # makes lazy weights and the statistics of batch norm
        model.eval()
        got = incremental_occlusion.occlude(
            model, x, patch=patch, stride=stride, fill=1.5, batch_size=7
        )
        both = occlusion.pair(patch), occlusion.pair(stride)
        expected = exact(model, x, *both, torch.full(x.shape[1:], 1.5))
        clean = model.double()(x.double())[0]
        # Deltas are right, however small they are beside the scores.
        assert relative(got.logits.double() - got.clean.double(), expected - clean) < 1e-3
        assert relative(got.logits.double(), expected) < 1e-6

    def test_vgg16_itself(self):
        """Two places of a network of full width, with random weights."""
        torch.manual_seed(0)
        features = torchvision.models.vgg.make_layers(torchvision.models.vgg.cfgs["D"])
        model = nn.Sequential(features, nn.Flatten(), nn.Linear(512 * 7 * 7, 10)).eval()
        x = torch.randn(1, 3, 224, 224)
        options = {"patch": 32, "stride": (192, 224), "fill": 0.0}
        expected = occlusion.occlude(model, x, **options)
        got = incremental_occlusion.occlude(model, x, **options)
        assert relative(got.logits, expected.logits) < 1e-4

    def test_result_does_not_depend_on_batches_and_classes(self):
        model, x = lab_networks.tiny(), lab_networks.tiny_pictures(1)
        maps = [
            incremental_occlusion.occlude(
                model, x, patch=5, stride=2, batch_size=batch, size_classes=classes
            ).logits
            for batch, classes in [(32, 3), (1, 3), (32, 1), (9, 50)]
        ]
        for other in maps[1:]:
            assert relative(other, maps[0]) < 1e-5

    def test_one_clean_run_serves_many_patches(self):
        model, x = lab_networks.tiny(), lab_networks.tiny_pictures(1)
        engine = incremental_occlusion.IncrementalOcclusion(model, x)
        for patch in (3, 8):
            places = starts(20, patch, 6)
            got = engine.logits(places, places, (patch, patch))
            whole = incremental_occlusion.occlude(model, x, patch=patch, stride=6)
            rows = [whole.tops.index(place) for place in places]
            columns = [j for j, left in enumerate(whole.lefts) if left in places]
            shared = [places.index(whole.lefts[j]) for j in columns]
            assert torch.allclose(
                got[:, shared], whole.logits[rows][:, columns], rtol=1e-4, atol=1e-5
            )

    def test_bfloat16_is_nearly_as_exact(self):
        network = load_network("small_vgg")
        x, labels, _ = lab_networks.drawn(2, seed=92)
        for picture, label in zip(x, labels, strict=True):
            options = {"patch": 16, "stride": 16}
            expected = occlusion.occlude(network.model, picture[None], **options)
            got = incremental_occlusion.occlude(
                network.model, picture[None], delta_dtype=torch.bfloat16, **options
            )
            error = relative(got.logits, expected.logits)
            assert 1e-6 < error < 1e-2  # it is bfloat16, and good enough
            plain = occlusion.occlude(network.model, picture[None], dtype=torch.bfloat16, **options)
            assert error < relative(plain.logits, expected.logits)
            drops = got.drop(int(label)), expected.drop(int(label))
            assert relative(*drops) < 3e-2

    def test_bfloat16_at_full_width(self):
        """Over all classes. Of a map, where places overlap, it is half: see the benchmark."""
        torch.manual_seed(0)
        model = torchvision.models.vgg16(weights=None).eval().requires_grad_(False)
        x, places = torch.randn(1, 3, 224, 224), (0, 80, 192)

        def drops(dtype: torch.dtype) -> torch.Tensor:
            engine = incremental_occlusion.IncrementalOcclusion(model, x, delta_dtype=dtype)
            return engine.clean - engine.logits(places, places, (32, 32))

        assert 1e-3 < relative(drops(torch.bfloat16), drops(torch.float32)) < 2.5e-2

    def test_activations_beyond_the_range_of_halves(self):
        model, x = lab_networks.tiny(), lab_networks.tiny_pictures(1)
        with torch.no_grad():
            model[0].bias[0] = -70000.0  # a unit that is always off
        options = {"patch": 6, "stride": 6}
        expected = occlusion.occlude(model, x, **options)
        got = incremental_occlusion.occlude(model, x, delta_dtype=torch.float16, **options)
        assert relative(got.drop(1), expected.drop(1)) < 2e-2

    def test_weights_are_kept_where_a_recorded_map_reads_them(self):
        model = small_vgg.load()
        live = LiveOcclusion(model, (3, 96, 96), patch=48, stride=48)
        places = {one.data_ptr() for one in model.parameters()}
        for one in model.parameters():
            one.data = one.data.clone()  # as moving a network to another device does
        kept = live.again(patch=32, stride=48)._engine._read
        assert places == {one.data_ptr() for one in kept}

    def test_network_and_picture_stay_as_they_are(self):
        model, x = lab_networks.tiny(), lab_networks.tiny_pictures(1)
        before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
        kept = x.clone()
        incremental_occlusion.occlude(model, x, patch=5, stride=5)
        assert torch.equal(x, kept)
        assert all(torch.equal(tensor, before[n]) for n, tensor in model.state_dict().items())
        assert all(module.inplace for module in model if isinstance(module, nn.ReLU))

    @pytest.mark.parametrize(
        ("layer", "message"),
        [
            (nn.InstanceNorm2d(4), '"1" is a InstanceNorm2d'),
            (nn.Conv2d(4, 4, 3, padding=1, padding_mode="reflect"), 'padding_mode is "reflect"'),
            (nn.Conv2d(4, 4, 3, padding="same"), 'padding is "same"'),
            (nn.BatchNorm2d(4, track_running_stats=False), "no running statistics"),
            (nn.Linear(24, 24), "before the network's Flatten"),
        ],
    )
    def test_unsupported_layers_are_named(self, layer, message):
        model = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), layer, nn.Flatten(), nn.LazyLinear(2))
        x = lab_networks.tiny_pictures(1)
        model(x)
        with pytest.raises(layers.UnsupportedLayerError, match=message):
            incremental_occlusion.occlude(model.eval(), x, patch=5, stride=5)


class TestWindows:
    """What the engine believes to change is just what changes."""

    @pytest.mark.parametrize("patch", [1, 6])
    def test_against_what_really_changes(self, patch):
        model, x = lab_networks.tiny(torch.float64), lab_networks.tiny_pictures(1, torch.float64)
        engine = incremental_occlusion.IncrementalOcclusion(model.float(), x.float())
        model.double()
        for top in (0, 3, 11, 20 - patch):
            windows = engine.windows((top, top + patch), 0)
            for number in range(1, len(engine.steps) + 1):
                with layers.not_in_place(model):
                    clean = model[:number](x)
                    changed = torch.zeros(clean.shape[2], dtype=torch.bool)
                    for shift in (-40.0, 40.0):  # ReLU may hide one of them
                        covered = x.clone()
                        covered[:, :, top : top + patch] += shift
                        difference = (model[:number](covered) - clean).abs()
                        changed |= difference.amax((0, 1, 3)) > 1e-12
                rows = changed.nonzero().flatten().tolist()
                assert (rows[0], rows[-1] + 1) == windows[number]

    def test_vgg16_reaches_what_its_receptive_field_says(self):
        """196 pixels at conv5_3: one pixel in the middle reaches all it can, and no more."""
        engine = incremental_occlusion.IncrementalOcclusion(
            small_vgg.load(), torch.zeros(1, 3, 96, 96)
        )
        names = [step.name for step in engine.steps]
        middle = engine.windows((48, 49), 0)
        assert middle[names.index("conv1_2") + 1] == (46, 51)
        assert middle[names.index("pool1") + 1] == (23, 26)
        assert middle[names.index("conv5_3") + 1] == (0, 6)

    def test_division_is_the_best_one(self):
        weights = [1.0, 5, 6, 2, 9, 9, 1]

        def cost(a: int, b: int) -> float:
            return (b - a) * max(weights[a:b])

        for parts in (1, 2, 3, 7, 9):
            found = incremental_occlusion._divisions(len(weights), parts, cost)[-1]
            assert [i for part in reversed(found) for i in part] == list(range(len(weights)))
            cuts = itertools.chain.from_iterable(
                itertools.combinations(range(1, len(weights)), count)
                for count in range(min(parts, len(weights)))
            )
            best = min(
                sum(cost(a, b) for a, b in itertools.pairwise((0, *cut, len(weights))))
                for cut in cuts
            )
            assert sum(cost(part.start, part.stop) for part in found) == best

    def test_as_many_classes_as_pay(self, monkeypatch):
        model, x = lab_networks.tiny(), lab_networks.tiny_pictures(1)
        engine = incremental_occlusion.IncrementalOcclusion(model, x)
        tops, lefts = starts(20, 5, 2), starts(24, 5, 2)

        def classes(cost: float) -> tuple[int, int]:
            monkeypatch.setitem(incremental_occlusion.CLASS_COSTS, "cpu", cost)
            rows, columns = engine._best_division(tops, lefts, (5, 5), None)
            assert sorted(itertools.chain(*rows)) == list(range(len(tops)))
            assert sorted(itertools.chain(*columns)) == list(range(len(lefts)))
            return len(rows), len(columns)

        assert classes(1e12) == (1, 1)
        free = classes(0.0)
        assert min(free) > 1
        assert (1, 1) <= classes(300.0) <= free
        with pytest.raises(ValueError, match="at least 1; 0 was given"):
            incremental_occlusion.occlude(model, x, patch=5, stride=5, size_classes=0)

    def test_multiply_adds(self):
        model, x = lab_networks.tiny(), lab_networks.tiny_pictures(1)
        engine = incremental_occlusion.IncrementalOcclusion(model, x)
        convolutions = 20 * 24 * (6 * 27 + 6 * 54) + 10 * 12 * 8 * 54
        linear = 240 * 16 + 16 * 5
        assert engine.full_multiply_adds() == convolutions + linear
        assert engine.multiply_adds([0], [0], (20, 24)) == convolutions + linear
        # One pixel in the corner: 2 x 2, 3 x 3, then (pool: 2 x 2) 3 x 3 places.
        corner = 4 * 6 * 27 + 9 * 6 * 54 + 9 * 8 * 54
        assert engine.multiply_adds([0], [0], (1, 1)) == corner + linear


class TestLive:
    """The same maps again and again; recording needs a GPU: ``benchmarks/laboratory/gpu.py``."""

    def test_picture_after_picture(self):
        model = small_vgg.load()
        live = LiveOcclusion(model, (3, 96, 96), patch=(16, 24), stride=(20, 9), batch_size=7)
        random = torch.Generator().manual_seed(3)
        for fill in (0.5, torch.randn(3, 96, 96, generator=random)):
            x = torch.randn(1, 3, 96, 96, generator=random)
            got = live(x, fill)
            expected = incremental_occlusion.occlude(
                model, x, patch=(16, 24), stride=(20, 9), fill=fill
            )
            assert relative(got.logits, expected.logits) < 1e-5
            assert torch.equal(got.clean, expected.clean)
            assert (got.tops, got.lefts, got.patch) == (expected.tops, expected.lefts, (16, 24))

    def test_again_with_the_same_weights(self):
        model, x = small_vgg.load(), torch.randn(1, 3, 96, 96)
        first = LiveOcclusion(model, (3, 96, 96), patch=16, stride=40, size_classes=1)
        before = first(x)
        second = first.again(patch=(20, 32), stride=(40, 32))
        for live, patch, stride in ((second, (20, 32), (40, 32)), (first, 16, 40)):
            expected = incremental_occlusion.occlude(model, x, patch=patch, stride=stride)
            got = live(x)
            assert (got.tops, got.lefts) == (expected.tops, expected.lefts)
            assert relative(got.logits, expected.logits) < 1e-5
        assert torch.equal(first(x).logits, before.logits)
        one, other = first._engine, second._engine
        assert one._weights is other._weights
        assert one.steps is not other.steps
        assert one.workspace is not other.workspace

    def test_kept_indices_change_nothing(self):
        x, other = torch.randn(2, 1, 3, 96, 96, generator=torch.Generator().manual_seed(4))
        engine = incremental_occlusion.IncrementalOcclusion(small_vgg.load(), x)
        tops, lefts = starts(96, 13, 11), starts(96, 20, 17)
        shape = (len(tops), len(lefts))
        once = engine.logits_of(engine.work(tops, lefts, (13, 20)), shape)
        kept = engine.work(tops, lefts, (13, 20), kept=True)
        assert torch.equal(engine.logits_of(kept, shape), once)
        engine.see(other)
        again = engine.logits_of(kept, shape)
        assert torch.equal(again, engine.logits(tops, lefts, (13, 20)))
        assert not torch.equal(again, once)

    def test_a_graph_could_hold_it(self):
        """A CUDA graph may not hold numbers copied from the host, nor ask for any."""

        class Watch(TorchDispatchMode):
            def __init__(self):
                super().__init__()
                self.seen = set()

            def __torch_dispatch__(self, function, types, arguments=(), keywords=None):
                self.seen.add(function.overloadpacket)
                return function(*arguments, **(keywords or {}))

        forbidden = {torch.ops.aten.lift_fresh, torch.ops.aten._local_scalar_dense}
        engine = incremental_occlusion.IncrementalOcclusion(
            small_vgg.load(), torch.zeros(1, 3, 96, 96)
        )
        x, fill = torch.zeros(1, 3, 96, 96), torch.ones(3, 96, 96)
        for kept in (True, False):
            work = engine.work((0, 40), (0, 40), (16, 16), kept=kept)
            engine.logits_of(work, (2, 2))
            with Watch() as watch:
                engine.see(x, fill)
                engine.logits_of(work, (2, 2))
            assert torch.ops.aten.conv2d in watch.seen
            assert bool(forbidden & watch.seen) == (not kept)

    def test_another_size_is_refused(self):
        live = LiveOcclusion(small_vgg.load(), (3, 96, 96), patch=32, stride=32)
        with pytest.raises(
            ValueError, match=r"planned for .*\(1, 3, 96, 96\); x has .*\(1, 3, 64, 64\)"
        ):
            live(torch.zeros(1, 3, 64, 64))

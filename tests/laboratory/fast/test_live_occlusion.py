"""The same maps again and again; recording needs a GPU: ``benchmarks/laboratory/gpu.py``."""

from __future__ import annotations

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from laboratory import small_vgg
from laboratory.attribution.occlusion import occlusion
from laboratory.fast.incremental_occlusion import IncrementalOcclusion
from laboratory.fast.live_occlusion import LiveOcclusion
from laboratory.occlusion_map import patch_starts
from tests.laboratory import lab_networks


class TestLive:
    def test_picture_after_picture(self):
        model = small_vgg.load()
        live = LiveOcclusion(model, (3, 96, 96), patch=(16, 24), stride=(20, 9), batch_size=7)
        random = torch.Generator().manual_seed(3)
        for baseline in (0.5, torch.randn(3, 96, 96, generator=random)):
            x = torch.randn(1, 3, 96, 96, generator=random)
            got = live(x, baseline)
            expected = occlusion(model, x, patch=(16, 24), stride=(20, 9), baselines=baseline)
            assert lab_networks.relative(got.logits, expected.logits) < 1e-5
            assert torch.equal(got.clean, expected.clean)
            assert (got.tops, got.lefts, got.patch) == (expected.tops, expected.lefts, (16, 24))

    def test_again_with_the_same_weights(self):
        model, x = small_vgg.load(), torch.randn(1, 3, 96, 96)
        first = LiveOcclusion(model, (3, 96, 96), patch=16, stride=40, size_classes=1)
        before = first(x)
        second = first.again(patch=(20, 32), stride=(40, 32))
        for live, patch, stride in ((second, (20, 32), (40, 32)), (first, 16, 40)):
            expected = occlusion(model, x, patch=patch, stride=stride)
            got = live(x)
            assert (got.tops, got.lefts) == (expected.tops, expected.lefts)
            assert lab_networks.relative(got.logits, expected.logits) < 1e-5
        assert torch.equal(first(x).logits, before.logits)
        engines = first._engine, second._engine
        assert engines[0]._weights is engines[1]._weights
        assert engines[0].layers is not engines[1].layers
        assert engines[0]._workspace is not engines[1]._workspace

    def test_remembered_indices_change_nothing(self):
        x, other = torch.randn(2, 1, 3, 96, 96, generator=torch.Generator().manual_seed(4))
        engine = IncrementalOcclusion(small_vgg.load(), x)
        tops, lefts = patch_starts(96, 13, 11), patch_starts(96, 20, 17)
        shape = (len(tops), len(lefts))
        once = engine.planned_logits(engine.plan(tops, lefts, (13, 20)), shape)
        plan = engine.plan(tops, lefts, (13, 20), remember=True)
        assert torch.equal(engine.planned_logits(plan, shape), once)
        engine.run_clean(other)
        again = engine.planned_logits(plan, shape)
        assert torch.equal(again, engine.logits(tops, lefts, (13, 20)))
        assert not torch.equal(again, once)

    def test_a_graph_could_hold_it(self):
        """A CUDA graph may not hold numbers copied from the host, nor ask for any."""

        class Watch(TorchDispatchMode):
            def __init__(self):
                super().__init__()
                self.called = set()

            def __torch_dispatch__(self, function, types, arguments=(), keywords=None):
                self.called.add(function.overloadpacket)
                return function(*arguments, **(keywords or {}))

        forbidden = {torch.ops.aten.lift_fresh, torch.ops.aten._local_scalar_dense}
        engine = IncrementalOcclusion(small_vgg.load(), torch.zeros(1, 3, 96, 96))
        x, baseline = torch.zeros(1, 3, 96, 96), torch.ones(3, 96, 96)
        for remember in (True, False):
            plan = engine.plan((0, 40), (0, 40), (16, 16), remember=remember)
            engine.planned_logits(plan, (2, 2))
            with Watch() as watch:
                engine.run_clean(x, baseline)
                engine.planned_logits(plan, (2, 2))
            assert torch.ops.aten.conv2d in watch.called
            assert bool(forbidden & watch.called) == (not remember)

    def test_another_size_is_refused(self):
        live = LiveOcclusion(small_vgg.load(), (3, 96, 96), patch=32, stride=32)
        with pytest.raises(
            ValueError, match=r"planned for .*\(1, 3, 96, 96\); x has .*\(1, 3, 64, 64\)"
        ):
            live(torch.zeros(1, 3, 64, 64))

    def test_weights_are_kept_where_a_recorded_map_reads_them(self):
        model = small_vgg.load()
        live = LiveOcclusion(model, (3, 96, 96), patch=48, stride=48)
        places = {weights.data_ptr() for weights in model.parameters()}
        for weights in model.parameters():
            weights.data = weights.data.clone()  # as moving a network to another device does
        read = live.again(patch=32, stride=48)._engine._read
        assert places == {weights.data_ptr() for weights in read}

    def test_made_and_called_in_other_modes(self):
        """Nothing is remembered for autograd, and inference mode may end in between."""
        x = lab_networks.drawn(1)[0].requires_grad_()
        with torch.inference_mode():
            live = LiveOcclusion(small_vgg.load(), (3, 96, 96), patch=48, stride=48)
        for _ in range(2):
            assert not live(x).logits.requires_grad

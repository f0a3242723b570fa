"""The engine of incremental occlusion: what it believes to change is just what changes."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from laboratory import layers, small_vgg
from laboratory.attribution.occlusion import occlusion
from laboratory.fast import incremental_occlusion
from laboratory.fast.incremental_occlusion import IncrementalOcclusion
from laboratory.occlusion_map import patch_starts
from tests.laboratory import lab_networks


def difference_filters() -> nn.Sequential:
    """Three wide convolutions; of each channel's nine weights, little is left in the sum."""
    torch.manual_seed(0)
    layers = []
    for channels in (3, 64, 64):
        convolution = nn.Conv2d(channels, 64, 3, padding=1)
        with torch.no_grad():
            weight = convolution.weight
            weight -= 0.9 * weight.mean((2, 3), keepdim=True)
            weight *= 2
        layers += [convolution, nn.ReLU()]
    model = nn.Sequential(*layers, nn.AvgPool2d(16), nn.Flatten(), nn.Linear(64 * 16, 10))
    return model.eval().requires_grad_(False)


class TestEngine:
    def test_result_does_not_depend_on_batches_and_classes(self):
        model, x = lab_networks.tiny(), lab_networks.tiny_pictures(1)
        maps = [
            IncrementalOcclusion(model, x).logits(
                patch_starts(20, 5, 2),
                patch_starts(24, 5, 2),
                (5, 5),
                batch_size=batch,
                size_classes=classes,
            )
            for batch, classes in [(32, 3), (1, 3), (32, 1), (9, 50)]
        ]
        for other in maps[1:]:
            assert lab_networks.relative(other, maps[0]) < 1e-5

    def test_one_clean_run_serves_many_patches(self):
        model, x = lab_networks.tiny(), lab_networks.tiny_pictures(1)
        engine = IncrementalOcclusion(model, x)
        for patch in (3, 8):
            places = patch_starts(20, patch, 6)
            got = engine.logits(places, places, (patch, patch))
            whole = occlusion(model, x, patch=patch, stride=6)
            rows = [whole.tops.index(place) for place in places]
            columns = [j for j, left in enumerate(whole.lefts) if left in places]
            shared = [places.index(whole.lefts[j]) for j in columns]
            assert torch.allclose(
                got[:, shared], whole.logits[rows][:, columns], rtol=1e-4, atol=1e-5
            )

    def test_float16_where_filters_take_differences(self, monkeypatch):
        """Filters whose weights nearly cancel, as trained ones, and how wrong bfloat16 would be."""
        model = difference_filters()
        x = torch.randn(1, 3, 64, 64)
        bump = torch.linspace(0, torch.pi, 64).sin().square()
        covered = x[0] + 2 * bump * bump[:, None]  # changes nowhere suddenly

        def drops(dtype: torch.dtype) -> torch.Tensor:
            engine = IncrementalOcclusion(model, x, baselines=covered, delta_dtype=dtype)
            return engine.clean - engine.logits([0], [0], (64, 64))

        exact = drops(torch.float32)
        assert 1e-5 < lab_networks.relative(drops(torch.float16), exact) < 5e-3
        with pytest.raises(ValueError, match=r"3 % wrong in bfloat16. Take torch\.float32"):
            drops(torch.bfloat16)
        monkeypatch.setattr(incremental_occlusion, "must_be_exact_enough", lambda dtype: None)
        assert lab_networks.relative(drops(torch.bfloat16), exact) > 1e-2

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
            IncrementalOcclusion(model.eval(), x)


class TestWindows:
    """The engine of incremental occlusion: what it believes to change is just what changes."""

    @pytest.mark.parametrize("patch", [1, 6])
    def test_against_what_really_changes(self, patch):
        model, x = lab_networks.tiny(torch.float64), lab_networks.tiny_pictures(1, torch.float64)
        engine = IncrementalOcclusion(model.float(), x.float())
        model.double()
        for top in (0, 3, 11, 20 - patch):
            windows = engine.windows((top, top + patch), 0)
            for number in range(1, len(engine.layers) + 1):
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
        engine = IncrementalOcclusion(small_vgg.load(), torch.zeros(1, 3, 96, 96))
        names = [step.name for step in engine.layers]
        middle = engine.windows((48, 49), 0)
        assert middle[names.index("conv1_2") + 1] == (46, 51)
        assert middle[names.index("pool1") + 1] == (23, 26)
        assert middle[names.index("conv5_3") + 1] == (0, 6)

    def test_multiply_adds(self):
        model, x = lab_networks.tiny(), lab_networks.tiny_pictures(1)
        engine = IncrementalOcclusion(model, x)
        convolutions = 20 * 24 * (6 * 27 + 6 * 54) + 10 * 12 * 8 * 54
        linear = 240 * 16 + 16 * 5
        assert engine.full_multiply_adds() == convolutions + linear
        assert engine.multiply_adds([0], [0], (20, 24)) == convolutions + linear
        # One pixel in the corner: 2 x 2, 3 x 3, then (pool: 2 x 2) 3 x 3 places.
        corner = 4 * 6 * 27 + 9 * 6 * 54 + 9 * 8 * 54
        assert engine.multiply_adds([0], [0], (1, 1)) == corner + linear

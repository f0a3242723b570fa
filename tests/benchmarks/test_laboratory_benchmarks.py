"""The laboratory's benchmarks compare like with like, and count what they say they count."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch
import torchvision

from benchmarks.laboratory import load, peers, smoothgrad
from benchmarks.laboratory import occlusion as occlusion_benchmark
from laboratory import layers
from laboratory.attribution.smoothgrad import smoothgrad as our_smoothgrad
from tests.laboratory import lab_networks  # one thread


def small() -> tuple[torch.nn.Module, torch.Tensor]:
    _, model, _ = occlusion_benchmark.network_and_picture("small_vgg", torch.device("cpu"))
    return model.requires_grad_(False), lab_networks.drawn(1)[0]


def test_maps_of_peers_are_ours():
    """All methods of the peers that are installed; Captum always is."""
    model, x = small()
    with layers.not_in_place(model):
        table = peers.table(model, x, 3)
        assert len(table) == 6
        for method, others in table.items():
            assert any(peer.startswith("captum") for peer in others), method
            for peer, (ours, theirs) in others.items():
                got, expected = ours(), theirs().detach()
                assert got.shape == expected.shape, (method, peer)
                difference = float((got - expected).abs().max() / got.abs().max())
                assert difference < (0.2 if "other points" in peer else 2e-3), (method, peer)


@pytest.mark.parametrize("batch", [1, 3, 8])
def test_captum_gets_our_noise(batch):
    model, x = small()
    got = smoothgrad.captum_smoothgrad(model, x, 2, 8, 0.2, 5, batch)
    expected = our_smoothgrad(model, x, 2, n_samples=8, noise_level=0.2, seed=5, progress=False)
    assert occlusion_benchmark.relative(got, expected) < 2e-3
    other = our_smoothgrad(model, x, 2, n_samples=8, noise_level=0.2, seed=6, progress=False)
    assert occlusion_benchmark.relative(other, expected) > 0.05


def test_multiply_adds_of_vgg16():
    model = torchvision.models.vgg16(weights=None).eval()
    written, left = smoothgrad.multiply_adds(model, torch.zeros(1, 3, 224, 224))
    assert written == pytest.approx(2 * 15.47e9, rel=1e-3)  # as the literature says, twice
    # All from conv3_1 on with a quarter of the multiplications.
    convolutions = [layer for layer in layers.chain(model) if layer.name.startswith("conv")]
    wide = 2 * 56**2 * 9 * (128 * 256 + 2 * 256**2)
    wide += 2 * 28**2 * 9 * (256 * 512 + 2 * 512**2) + 2 * 14**2 * 9 * 3 * 512**2
    assert len(convolutions) == 13
    assert left == written - 0.75 * wide


@pytest.mark.parametrize("patch", [32, 45])
def test_strides_that_do_not_divide_are_compared_where_both_have_the_same_places(patch, capsys):
    options = f"--network small_vgg --patch {patch} --stride 8 --rounds 1 --captum-batch 8"
    occlusion_benchmark.main([*options.split(), "--threads", "1"])
    lines = {line.split("  ")[0]: line for line in capsys.readouterr().out.splitlines()}
    assert float(lines["float32"].split()[-1]) < 1e-4


def test_cpu_time_is_for_one_thread():
    with pytest.raises(SystemExit, match="--threads 1"):
        occlusion_benchmark.main(["--threads", "2", "--cpu-time"])


def test_beside_a_busy_process(capsys):
    options = "--network small_vgg --rounds 1 --captum-batch 2 --threads 1 --busy"
    smoothgrad.main([*options.split(), "--samples", "2"])
    printed = capsys.readouterr().out
    assert "1 busy processes beside it" in printed
    assert "float32" in printed
    (children,) = Path("/proc/self/task").glob(f"{os.getpid()}/children")
    before = set(children.read_text().split())
    with load.busy_cores(2):
        busy = set(children.read_text().split()) - before
    assert len(busy) == 2
    assert not any(Path("/proc", child).exists() for child in busy)

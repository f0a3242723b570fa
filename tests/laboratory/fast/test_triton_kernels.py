"""What only a GPU uses, as far as it can be tried without one.

Triton's interpreter computes the kernels on the CPU, and its compiler makes machine code of them
for a GPU that is not there. ``benchmarks/laboratory/gpu.py`` compares the results on a real one.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional

from laboratory import small_vgg
from laboratory.attribution.gradient import gradient
from laboratory.attribution.occlusion import occlusion, plain_occlusion
from laboratory.fast import chain_gradient, differentiable_layers, triton_kernels
from laboratory.fast.chain_gradient import ChainGradient
from laboratory.layers import find
from tests.laboratory import lab_networks

triton = pytest.importorskip("triton")


@pytest.fixture(scope="class")
def interpreted() -> Iterator[None]:
    """The kernels as if this machine had a GPU."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("TRITON_INTERPRET", "1")
        importlib.reload(triton_kernels)
        patched.setattr(triton_kernels, "available", lambda device: True)
        yield
    importlib.reload(triton_kernels)


def cut(maps: Tensor, rows: Tensor, columns: Tensor, size: tuple[int, int]) -> Tensor:
    """Return windows of maps (N, H, W, C), with zeros beyond the border, one by one."""
    windows = maps.new_zeros(len(maps), *size, maps.shape[3])
    for n, (top, left) in enumerate(zip(rows.tolist(), columns.tolist(), strict=True)):
        for i in range(size[0]):
            for j in range(size[1]):
                if 0 <= top + i < maps.shape[1] and 0 <= left + j < maps.shape[2]:
                    windows[n, i, j] = maps[n, top + i, left + j]
    return windows


def pooled(maps: Tensor) -> Tensor:
    return functional.max_pool2d(maps.permute(0, 3, 1, 2), 2).permute(0, 2, 3, 1)


@pytest.mark.usefixtures("interpreted")
class TestKernels:
    @settings(max_examples=40, deadline=None)
    @given(data=st.data())
    def test_rectified(self, data):
        """ReLU and pooling of whole maps, and then windows of the differences."""
        number, channels = data.draw(st.integers(1, 4)), data.draw(st.sampled_from([1, 3, 16]))
        height, width = data.draw(st.integers(3, 9)), data.draw(st.integers(3, 9))
        high, wide = data.draw(st.integers(1, height)), data.draw(st.integers(1, width))
        halve = data.draw(st.booleans())
        random = torch.Generator().manual_seed(data.draw(st.integers(0, 99)))

        def first(least: int, most: int) -> Tensor:
            return torch.randint(least, most + 1, (number,), generator=random)

        clean = torch.randn(height, width, channels, generator=random)
        delta = torch.randn(number, high, wide, channels, generator=random)
        known = first(0, height - high), first(0, width - wide)
        changed = clean.repeat(number, 1, 1, 1)
        for n in range(number):
            changed[n, known[0][n] :, known[1][n] :][:high, :wide] += delta[n]
        difference, below = changed.relu() - clean.relu(), None
        if halve:
            small = pooled(clean.relu()[None])[0]
            difference = pooled(changed.relu()) - small
            below = small.repeat_interleave(2, 0).repeat_interleave(2, 1)
            below = clean.relu()[: below.shape[0], : below.shape[1]] - below
        origins = first(-2, height), first(-2, width)
        size = data.draw(st.integers(1, 6)), data.draw(st.integers(1, 6))
        got = triton_kernels.rectified(delta, known, -clean, origins, size, below)
        assert torch.allclose(got, cut(difference, *origins, size), atol=1e-6)

    @pytest.mark.parametrize("shape", [(1, 2, 2, 1), (3, 4, 10, 5), (2, 6, 4, 32)])
    def test_pooling_and_back(self, shape):
        """Among equal numbers, the first one gets the derivative, as PyTorch has it."""
        random = torch.Generator().manual_seed(5)
        x = torch.randint(0, 3, shape, generator=random).float().requires_grad_()
        expected = pooled(x)
        upstream = torch.randn(expected.shape, generator=random)
        (back,) = torch.autograd.grad(expected, x, upstream)
        assert torch.equal(triton_kernels.halved(x.detach()), expected)
        assert torch.equal(triton_kernels.doubled(upstream, x.detach()), back)


@pytest.mark.usefixtures("interpreted")
class TestOcclusion:
    @pytest.mark.parametrize(
        ("patch", "stride"), [((6, 6), (4, 4)), ((5, 9), (7, 3)), ((1, 1), (9, 11)), ((20, 24), 1)]
    )
    def test_against_the_plain_version(self, patch, stride):
        model, x = lab_networks.tiny(), lab_networks.tiny_pictures(1)
        options = {"patch": patch, "stride": stride, "baselines": torch.randn(3, 20, 24)}
        got = occlusion(model, x, batch_size=7, **options)
        expected = plain_occlusion(model, x, **options)
        assert lab_networks.relative(got.logits, expected.logits) < 1e-5
        assert lab_networks.relative(got.drop(1), expected.drop(1)) < 1e-4

    def test_between_other_layers(self):
        """ReLU before what is no 2 x 2 pooling, pooling of odd maps, ReLU at the end."""
        torch.manual_seed(0)
        model = nn.Sequential(
            nn.Conv2d(3, 8, 3),
            nn.ReLU(),
            nn.MaxPool2d(3, 2),
            nn.ReLU(),
            nn.Conv2d(8, 6, 3, padding=2),
            nn.ReLU(),
            nn.AvgPool2d(2, 1),
            nn.BatchNorm2d(6),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.ReLU(),
            nn.Flatten(),
            nn.LazyLinear(5),
        )
        x = torch.randn(1, 3, 31, 27)
        model(torch.randn(4, 3, 31, 27))
        model.eval()
        options = {"patch": 7, "stride": 5, "baselines": 1.5}
        got = occlusion(model, x, **options)
        expected = plain_occlusion(model, x, **options)
        assert lab_networks.relative(got.drop(3), expected.drop(3)) < 1e-4

    def test_small_vgg_in_halves(self):
        x, labels, _ = lab_networks.drawn(1, seed=91)
        options = {"patch": 24, "stride": 24}
        expected = plain_occlusion(small_vgg.load(), x, **options)
        label = int(labels[0])
        got = occlusion(small_vgg.load(), x, dtype=torch.float16, **options)
        assert 1e-5 < lab_networks.relative(got.drop(label), expected.drop(label)) < 5e-3

    def test_it_was_really_this_way(self, monkeypatch):
        calls = []
        ours = triton_kernels.rectified
        monkeypatch.setattr(
            triton_kernels, "rectified", lambda *all_of_it: calls.append(1) or ours(*all_of_it)
        )
        x, _, _ = lab_networks.drawn(1, seed=91)
        occlusion(small_vgg.load(), x, patch=96, stride=96)
        assert len(calls) == 13  # one per convolution; poolings go along


@pytest.mark.usefixtures("interpreted")
class TestGradients:
    @pytest.fixture
    def joined(self, monkeypatch) -> list[int]:
        """Gradients by hand go the ways of a GPU. Returns the channels of each joint step."""
        widths: list[int] = []

        def convolve(x, weight, bias, *sliding):
            widths.append(len(weight))
            return functional.conv2d(x, weight, bias, *sliding).relu()

        monkeypatch.setattr(torch, "cudnn_convolution_relu", convolve)
        monkeypatch.setattr(chain_gradient, "_is_gpu", lambda device: True)
        monkeypatch.setattr(differentiable_layers, "pays", lambda *_: False)
        return widths

    @pytest.mark.parametrize(
        ("dtype", "least"),
        [(torch.float32, 0.99999), (torch.float16, 0.99), (torch.bfloat16, 0.9)],
    )
    def test_against_autograd(self, joined, dtype, least):
        model, x = small_vgg.load(), lab_networks.drawn(3)[0]
        labels = torch.tensor([1, 4, 4])
        got = ChainGradient(model, dtype=dtype)(x, labels)
        assert len(joined) == 13
        expected = gradient(model, x, labels)
        cosine = functional.cosine_similarity(got.flatten(1), expected.flatten(1))
        assert cosine.min() > least

    @pytest.mark.parametrize("factor", [1e-2, 1.0, 1e4])
    def test_halves_have_range_enough(self, joined, factor):
        """Large and small scores: their derivatives are those of the others, times the factor."""
        model, x = small_vgg.load(), lab_networks.drawn(2)[0]
        labels = torch.tensor([1, 4])
        expected = factor * ChainGradient(model, dtype=torch.float16)(x, labels)
        with torch.no_grad():
            find(model, "fc8").weight.mul_(factor)
        assert (
            lab_networks.relative(ChainGradient(model, dtype=torch.float16)(x, labels), expected)
            < 0.05
        )

    def test_where_cudnn_cannot(self, joined, monkeypatch):
        x, labels = lab_networks.tiny_pictures(2), torch.tensor([1, 4])
        grouped = nn.Sequential(
            nn.Conv2d(3, 6, 3, groups=3), nn.ReLU(), nn.Flatten(), nn.LazyLinear(5)
        ).eval()
        grouped(x)

        def right(model: nn.Module) -> bool:
            expected = gradient(model, x, labels)
            return lab_networks.relative(ChainGradient(model)(x, labels), expected) < 1e-5

        assert right(grouped)
        with torch.backends.cudnn.flags(enabled=False):
            assert right(lab_networks.tiny())
        with monkeypatch.context() as patched:
            patched.setattr(torch.version, "hip", "7.0")
            assert right(lab_networks.tiny())
        assert not joined
        assert right(lab_networks.tiny())
        assert joined

    def test_odd_maps(self):
        model = nn.Sequential(
            nn.Conv2d(3, 4, 3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.LazyLinear(5)
        ).eval()
        x = torch.randn(2, 3, 9, 13)
        model(x)
        labels = torch.tensor([3, 0])
        got = ChainGradient(model)(x, labels)
        assert lab_networks.relative(got, gradient(model, x, labels)) < 1e-6


class TestCompiled:
    """A graphics processor of the generation 9.0 (Hopper), without one."""

    POINTERS = ("delta", "reference", "below", "out", "x", "upstream")
    ORIGINS = ("known_row", "known_column", "result_row", "result_column")

    @pytest.mark.parametrize("numbers", ["fp32", "bf16", "fp16"])
    @pytest.mark.parametrize(
        ("kernel", "option"),
        [
            ("_rectify", {"POOL": 1}),
            ("_rectify", {"POOL": 2}),
            ("_pool", {"BACK": 0}),
            ("_pool", {"BACK": 1}),
        ],
    )
    def test_numbers_move_sixteen_bytes_at_a_time(self, kernel, option, numbers):
        from triton.backends.compiler import GPUTarget
        from triton.compiler import ASTSource

        function = getattr(triton_kernels, kernel)
        known = {**triton_kernels._options(64), **option}

        def kind(name: str) -> str:
            if name in known:
                return "constexpr"
            if name in self.POINTERS:
                return f"*{numbers}"
            return "*i64" if name in self.ORIGINS else "i32"

        names = function.arg_names
        source = ASTSource(
            function,
            {name: kind(name) for name in names},
            constexprs={(names.index(name),): value for name, value in known.items()},
            attrs={  # as Triton finds them for a multiple of 16, and for PyTorch's memory
                (i,): [["tt.divisibility", 16]]
                for i, name in enumerate(names)
                if name == "channels" or kind(name).startswith("*")
            },
        )
        code = triton.compile(source, target=GPUTarget("cuda", 90, 32)).asm["ptx"]
        assert "st.global.v4.b32" in code
        assert "ld.global.v4.b32" in code
        assert "st.global.b16" not in code


class TestAvailable:
    def test_not_without_triton(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "triton", None)
        importlib.reload(triton_kernels)
        try:
            assert not triton_kernels.available(torch.device("cuda"))
        finally:
            monkeypatch.undo()
            importlib.reload(triton_kernels)

    def test_a_gpu_without_a_compiler_is_named(self, monkeypatch):
        """Triton finds out when the first kernel runs. Asked once, it is not asked again."""

        def fail(x):
            raise RuntimeError("Failed to find C compiler.")

        triton_kernels.available.cache_clear()
        monkeypatch.setattr(triton_kernels, "halved", fail)
        monkeypatch.setattr(torch, "zeros", lambda *_, **__: None)
        with pytest.warns(UserWarning, match="on cuda:1.*Failed to find C compiler"):
            assert not triton_kernels.available(torch.device("cuda", 1))
        assert not triton_kernels.available(torch.device("cuda", 1))
        monkeypatch.setattr(triton_kernels, "halved", lambda x: x)
        assert triton_kernels.available(torch.device("cuda", 0))
        assert not triton_kernels.available(torch.device("cpu"))
        triton_kernels.available.cache_clear()

"""The laboratory on a GPU: ceilings, speed beside Captum, agreement with the CPU.

    python -m benchmarks.laboratory.gpu                        # everything, in about five minutes
    python -m benchmarks.laboratory.gpu --sections occlusion
    python -m benchmarks.laboratory.gpu --device cpu --network small_vgg --rounds 1 \
        --patch 32 --stride 24

The last one is a trial without a GPU. Runs with the course's own PyTorch and with those back to
2.11. Needs the packages torch, torchvision, numpy, scipy and rich; ``captum`` for its rows, which
are left out without it.

The network is VGG16 with random weights: the arithmetic is that of the trained one. Contenders
take turns, round by round; a time is the median over the rounds, after a warm-up; who takes long
has fewer rounds, at least two. What a row is
compared with, and in which precision, stands above each table. "Share" is the part of the fastest
matrix product of the same type, measured in the same run, that the necessary arithmetic reaches.
"""

from __future__ import annotations

import argparse
import dataclasses
import importlib.util
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import torch
import torchvision
from torch import Tensor, nn

from benchmarks.laboratory.occlusion import (
    NETWORKS,
    captum_drop,
    measured,
    network_and_picture,
    relative,
)
from benchmarks.laboratory.smoothgrad import captum_smoothgrad
from laboratory import activations, evaluation
from laboratory.attribution.grad_cam import grad_cam
from laboratory.attribution.gradient import gradient
from laboratory.attribution.guided_backprop import guided_backprop
from laboratory.attribution.integrated_gradients import integrated_gradients
from laboratory.attribution.occlusion import occlusion, plain_occlusion
from laboratory.attribution.smoothgrad import smoothgrad, vargrad
from laboratory.fast.incremental_occlusion import IncrementalOcclusion
from laboratory.fast.live_occlusion import LiveOcclusion
from laboratory.layers import autocast
from laboratory.networks import Network, load_network
from laboratory.occlusion_map import patch_starts
from laboratory.synthesis.class_model import class_model
from laboratory.synthesis.deep_dream import deep_dream
from laboratory.synthesis.filter_ascent import filter_ascent
from laboratory.synthesis.style_transfer import style_transfer
from laboratory.synthesis.texture import texture

Work = Callable[[], Tensor]

SECTIONS = ("ceilings", "throughput", "occlusion", "smoothgrad", "agreement", "chapter")
PRECISIONS = {
    "float32": (torch.float32, False),
    "TF32": (torch.float32, True),
    "bfloat16": (torch.bfloat16, True),
    "float16": (torch.float16, True),
}
"""Type, and whether float32 convolutions and products may use TF32."""

CAPTUM = importlib.util.find_spec("captum") is not None
CAPTUM_BATCHES = (64, 128, 256)
CAPTUM_BATCH = 128
"""Where the best one is not looked for: for patch 32 and stride 8, they differ by 3 %."""
SAMPLES = 50
WARM_UP, PATIENCE = 0.05, 1.0
"""Seconds of warm-up, and after how many seconds a contender has had enough rounds."""


@contextmanager
def tf32(allowed: bool) -> Iterator[None]:
    before = torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = allowed
    try:
        yield
    finally:
        torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32 = before


class Bench:
    """One network and picture, on one device."""

    def __init__(self, options: argparse.Namespace) -> None:
        self.device = torch.device(options.device)
        self.rounds = options.rounds
        self.patches, self.strides = options.patch, options.stride
        self.on_gpu = self.device.type == "cuda"
        self.precisions = PRECISIONS if self.on_gpu else {"float32": PRECISIONS["float32"]}
        caption, self.model, self.x = network_and_picture(options.network, self.device)
        _, channels, height, width = self.x.shape
        self.shape = channels, height, width
        with torch.inference_mode():
            self.target = int(self.model(self.x).argmax())
        engine = IncrementalOcclusion(self.model, self.x)
        self.full_macs = engine.full_multiply_adds()
        self.peak: dict[str, float] = {}
        name = torch.cuda.get_device_name(self.device) if self.on_gpu else "CPU"
        print(f"{caption} {name}, torch {torch.__version__}, {options.rounds} rounds.")
        print(f"One pass: {self.full_macs / 1e9:.2f} billion multiply-adds.")

    def seconds(self, contenders: Mapping[str, Work]) -> dict[str, float]:
        """Let contenders take turns; return each one's median."""
        for work in contenders.values():
            self._warm_up(work)
        spent: dict[str, list[float]] = {name: [] for name in contenders}
        for _ in range(self.rounds):
            for name, work in contenders.items():
                if len(spent[name]) < 2 or sum(spent[name]) < PATIENCE:
                    spent[name].append(measured(work, self.device)[0])
        return {name: statistics.median(all_of_it) for name, all_of_it in spent.items()}

    def _warm_up(self, work: Work) -> None:
        """Compute until a GPU has its working clock."""
        spent, _ = measured(work, self.device)
        while self.on_gpu and spent < WARM_UP:
            spent += measured(work, self.device)[0]

    def share(self, macs: float, seconds: float, precision: str) -> str:
        """Return which part of the fastest matrix product ``macs`` multiply-adds reach."""
        if precision not in self.peak:
            self.peak[precision] = matrix_peak(self, precision)
        return f"{2 * macs / seconds / self.peak[precision]:.0%}"


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> None:
    print(f"\n| {' | '.join(head)} |\n|{'---|' * len(head)}")
    for row in rows:
        print(f"| {' | '.join(row)} |")
    sys.stdout.flush()


def matrix_peak(bench: Bench, precision: str) -> float:
    """Return operations a second of a large matrix product of random numbers."""
    dtype, allowed = PRECISIONS[precision]
    size = 8192 if bench.on_gpu else 1024
    a, b = torch.randn(2, size, size, device=bench.device, dtype=dtype)
    with tf32(allowed):
        return 2 * size**3 / bench.seconds({"": lambda: a @ b})[""]


def ceilings(bench: Bench) -> None:
    rows = []
    for precision in bench.precisions:
        bench.peak[precision] = matrix_peak(bench, precision)
        rows.append((f"matrix product, {precision}", f"{bench.peak[precision] / 1e12:.1f} TFLOP/s"))
    source = torch.randn(2**28 if bench.on_gpu else 2**22, device=bench.device)
    copy = torch.empty_like(source)
    spent = bench.seconds({"": lambda: copy.copy_(source)})[""]
    rows.append(("copy, read and written", f"{2 * source.nbytes / spent / 1e12:.2f} TB/s"))
    table(("ceiling", "measured"), rows)


def throughput(bench: Bench) -> None:
    """How many pictures go through the network in a second."""
    rows = []
    for layout in (torch.contiguous_format, torch.channels_last):
        for precision, (dtype, allowed) in bench.precisions.items():
            for count in (1, 32, 256) if bench.on_gpu else (1, 8):
                model = bench.model.to(memory_format=layout)
                batch = torch.randn(count, *bench.shape, device=bench.device)
                batch = batch.to(memory_format=layout)

                def run(
                    model: nn.Module = model, batch: Tensor = batch, dtype: torch.dtype = dtype
                ) -> Tensor:
                    with torch.inference_mode(), autocast(bench.device, dtype):
                        answer: Tensor = model(batch)
                    return answer

                with tf32(allowed):
                    spent = bench.seconds({"": run})[""]
                share = bench.share(bench.full_macs * count, spent, precision)
                name = "NHWC" if layout == torch.channels_last else "NCHW"
                rows.append((name, precision, str(count), f"{count / spent:.0f}", share))
    bench.model.to(memory_format=torch.contiguous_format)
    table(("layout", "precision", "batch", "pictures a second", "share"), rows)


def occlusion_maps(bench: Bench) -> None:
    """Captum, the plain version, and the incremental one, as it is and as a CUDA graph."""
    size = bench.shape[1]
    for patch in bench.patches:
        for stride in bench.strides:
            places = patch_starts(size, patch, stride)
            engine = IncrementalOcclusion(bench.model, bench.x)
            least = engine.multiply_adds(places, places, (patch, patch))
            full = bench.full_macs * len(places) ** 2
            print(
                f"\nOcclusion, patch {patch}, stride {stride}: {len(places)} x {len(places)} "
                f"places; arithmetic limit {full / least:.2f}."
            )
            _occlusion_table(bench, patch, stride, full, least, sweep=(patch, stride) == (32, 8))


def _occlusion_table(
    bench: Bench, patch: int, stride: int, full: float, least: float, sweep: bool
) -> None:
    """sweep: whether to look for the best number of size classes."""

    def captum(dtype: torch.dtype) -> Callable[[int], Work]:
        def work(batch: int) -> Tensor:
            with autocast(bench.device, dtype):
                return captum_drop(bench.model, bench.x, patch, stride, bench.target, batch)

        return lambda batch: lambda: work(batch)

    def plain(dtype: torch.dtype, batch_size: int = 128) -> Work:
        return lambda: plain_occlusion(
            bench.model,
            bench.x,
            patch=patch,
            stride=stride,
            batch_size=batch_size,
            dtype=dtype,
            progress=False,
        ).drop(bench.target)

    def incremental(dtype: torch.dtype) -> Work:
        return lambda: occlusion(
            bench.model,
            bench.x,
            patch=patch,
            stride=stride,
            batch_size=1024,
            dtype=dtype,
            progress=False,
        ).drop(bench.target)

    def live(dtype: torch.dtype, size_classes: int | None) -> Work:
        recorded = LiveOcclusion(
            bench.model,
            bench.shape,
            patch=patch,
            stride=stride,
            delta_dtype=dtype,
            size_classes=size_classes,
        )
        return lambda: recorded(bench.x).drop(bench.target)

    with tf32(False):
        expected = plain(torch.float32)()
    rows = []
    exact_enough = {name: it for name, it in bench.precisions.items() if name != "bfloat16"}
    for precision, (dtype, allowed) in exact_enough.items():
        with tf32(allowed):
            contenders: dict[str, Work] = {}
            if CAPTUM:
                batch = _best_captum_batch(bench, captum(dtype)) if sweep else CAPTUM_BATCH
                contenders[f"Captum, batch {batch}, {precision}"] = captum(dtype)(batch)
            contenders |= {
                f"plain, {precision}": plain(dtype),
                f"incremental, {precision}": incremental(dtype),
            }
            for size_classes in (None, 1, 2, 3, 5) if sweep else (None,):
                name = f"live, {size_classes or 'chosen'} size classes, {precision}"
                contenders[name] = live(dtype, size_classes)
            spent = bench.seconds(contenders)
            for name, work in contenders.items():
                of_captum = name.startswith("Captum")
                macs = full if of_captum or name.startswith("plain") else least
                rows.append(
                    (
                        name,
                        f"{1e3 * spent[name]:.2f}",
                        bench.share(macs, spent[name], precision),
                        "" if of_captum else f"{relative(work(), expected):.1e}",
                    )
                )
    table(("contender", "ms a map", "share", "relative L2 of drops"), rows)


def _best_captum_batch(bench: Bench, captum: Callable[[int], Work]) -> int:
    spent = bench.seconds({str(batch): captum(batch) for batch in CAPTUM_BATCHES})
    return int(min(spent, key=spent.__getitem__))


def smoothgrad_maps(bench: Bench) -> None:
    """SmoothGrad with 50 samples; the floor counts a forward and a backward pass to the pixels."""
    macs = 2 * bench.full_macs * SAMPLES
    batch_size = SAMPLES if bench.on_gpu else 10

    def ours(dtype: torch.dtype, seed: int | torch.Generator = 0) -> Tensor:
        return smoothgrad(
            bench.model,
            bench.x,
            bench.target,
            n_samples=SAMPLES,
            seed=seed,
            batch_size=batch_size,
            dtype=dtype,
            progress=False,
        )

    def captum(dtype: torch.dtype) -> Tensor:
        with autocast(bench.device, dtype):
            return captum_smoothgrad(
                bench.model, bench.x, bench.target, SAMPLES, level=0.2, seed=0, batch=batch_size
            )

    rows = []
    with tf32(False):
        expected, other = ours(torch.float32), ours(torch.float32, seed=1)
    for precision, (dtype, allowed) in bench.precisions.items():
        with tf32(allowed):
            error = f"{relative(ours(dtype), expected):.1e}"
            random = torch.Generator(bench.device)
            contenders: dict[str, tuple[Work, str]] = {
                f"noise drawn on the CPU, {precision}": (partial(ours, dtype), error),
                f"noise drawn on the device, {precision}": (partial(ours, dtype, random), error),
            }
            if CAPTUM:
                contenders[f"Captum, {precision}"] = (partial(captum, dtype), "other noise")
            spent = bench.seconds({name: work for name, (work, _) in contenders.items()})
        rows += [
            (
                name,
                f"{1e3 * spent[name]:.2f}",
                bench.share(macs, spent[name], precision),
                contenders[name][1],
            )
            for name in contenders
        ]
    print(
        f"\nSmoothGrad, {SAMPLES} samples. Two float32 runs with other noise differ by "
        f"{relative(other, expected):.0%} (relative L2)."
    )
    table(("contender", "ms", "share", "relative L2"), rows)
    trained(bench)


def trained(bench: Bench) -> None:
    """Rounding errors of SmoothGrad where the weights are not random: of the small VGG."""
    network = load_network("small_vgg_noise")
    model = network.model.to(bench.device)
    x = torch.randn(1, 3, 96, 96, generator=torch.Generator().manual_seed(1)).to(bench.device)

    def run(dtype: torch.dtype, seed: int = 0) -> Tensor:
        return smoothgrad(model, x, 0, n_samples=SAMPLES, seed=seed, dtype=dtype, progress=False)

    with tf32(False):
        expected = run(torch.float32)
        rows = [("other noise", f"{relative(run(torch.float32, 1), expected):.1e}")]
    for precision, (dtype, allowed) in bench.precisions.items():
        with tf32(allowed):
            rows.append((precision, f"{relative(run(dtype), expected):.1e}"))
    table(("SmoothGrad of the trained small VGG", "relative L2"), rows)


def methods(network: Network, x: Tensor, target: int) -> dict[str, Work]:
    """Every method of the laboratory whose result does not amplify rounding errors."""
    model = network.model
    return {
        "layer outputs": lambda: list(activations.layer_outputs(model, x).values())[-1],
        "gradient": lambda: gradient(model, x, target),
        "integrated gradients": lambda: integrated_gradients(model, x, target, progress=False),
        "guided backpropagation": lambda: guided_backprop(model, x, target),
        "SmoothGrad": lambda: smoothgrad(model, x, target, n_samples=10, progress=False),
        "VarGrad": lambda: vargrad(model, x, target, n_samples=10, progress=False),
        "Grad-CAM, relu5_3": lambda: grad_cam(model, x, target, layer="relu5_3"),
        "occlusion": lambda: occlusion(model, x, patch=32, stride=16, progress=False).pixel_map(
            target
        ),
        "deletion curve": lambda: evaluation.removal_curve(model, x, target, x[0].abs().sum(0)),
    }


def agreement(bench: Bench) -> None:
    """The same methods in float32 on the CPU and on the device."""
    if not bench.on_gpu:
        print("\nAgreement of CPU and GPU: there is no GPU.")
        return
    here = methods(_network(bench), bench.x, bench.target)
    with tf32(False):
        got = {name: work().cpu() for name, work in here.items()}
    bench.model.cpu()
    there = methods(_network(bench), bench.x.cpu(), bench.target)
    rows = []
    for name, work in there.items():
        expected = work()
        cosine = torch.cosine_similarity(got[name].flatten(), expected.flatten(), dim=0)
        rows.append((name, f"{relative(got[name], expected):.1e}", f"{float(cosine):.6f}"))
    bench.model.to(bench.device)
    table(("CPU against GPU, float32", "relative L2", "cosine"), rows)


def _network(bench: Bench) -> Network:
    """The network of the benchmark with everything that synthesis needs to know of it."""
    like = load_network("small_vgg")
    return dataclasses.replace(like, model=bench.model, size=bench.shape[1])


def chapter(bench: Bench) -> None:
    """Every kind of figure of the chapter, once, with the laboratory's default settings."""
    network = _network(bench)
    x = bench.x
    steps: dict[str, Any] = {} if bench.on_gpu else {"steps": 2}
    other = x.flip(-1)
    figures: dict[str, Work] = {
        **methods(network, x, bench.target),
        "occlusion, stride 8": lambda: (
            occlusion(bench.model, x, patch=32, stride=8, batch_size=1024, progress=False).logits
        ),
        "class model": lambda: class_model(network, bench.target, **steps, progress=False).x,
        "filter ascent": lambda: filter_ascent(network, "conv4_2", 0, **steps, progress=False).x,
        "deep dream": lambda: deep_dream(network, x, "conv4_2", **steps, progress=False),
        "texture": lambda: texture(network, x, **steps, progress=False).x,
        "style transfer": lambda: style_transfer(network, x, other, **steps, progress=False).x,
    }
    rows = []
    total = 0.0
    for name, work in figures.items():
        if bench.on_gpu:
            torch.cuda.reset_peak_memory_stats(bench.device)
        spent, _ = measured(work, bench.device)
        total += spent
        memory = torch.cuda.max_memory_allocated(bench.device) / 2**30 if bench.on_gpu else None
        rows.append((name, f"{spent:.2f}", "" if memory is None else f"{memory:.1f}"))
    rows.append(("all", f"{total:.1f}", ""))
    table(("figure, once, float32", "seconds", "peak memory on the GPU, GiB"), rows)


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--network", default="random_vgg16", choices=NETWORKS)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--patch", type=int, nargs="+", default=[32, 45], help="occlusion")
    parser.add_argument("--stride", type=int, nargs="+", default=[8, 4], help="occlusion")
    parser.add_argument("--sections", nargs="+", choices=SECTIONS, default=SECTIONS)
    options = parser.parse_args(arguments)
    if options.device == "cuda" and not torch.cuda.is_available():
        parser.error("PyTorch finds no GPU here. For a trial on the CPU: --device cpu.")
    begin = time.perf_counter()
    print(f"torchvision {torchvision.__version__}; Captum: {'yes' if CAPTUM else 'not installed'}.")
    bench = Bench(options)
    run: dict[str, Callable[[Bench], None]] = {
        "ceilings": ceilings,
        "throughput": throughput,
        "occlusion": occlusion_maps,
        "smoothgrad": smoothgrad_maps,
        "agreement": agreement,
        "chapter": chapter,
    }
    for section in options.sections:
        print(f"\n## {section} ({time.perf_counter() - begin:.0f} s)")
        run[section](bench)


if __name__ == "__main__":
    main(sys.argv[1:])

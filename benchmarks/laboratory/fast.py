"""What each part of ``laboratory/fast`` gains: plain, fast, ratio and difference, in one table.

    python -m benchmarks.laboratory.fast                 # VGG16 at 224, about ten minutes
    python -m benchmarks.laboratory.fast --network small_vgg --rounds 1
    python -m benchmarks.laboratory.fast --rows SmoothGrad occlusion

The table in docs/visualization-speed.md is this one. Plain and fast take turns, round by round,
with the same network, picture and noise. Seconds are medians, by the clock and of the CPU; a ratio
is the median of the rounds' ratios. The CPU's seconds count the work of all threads, also that of
waiting busily: on a busy machine they say more than the clock. The difference is the relative L2
distance.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest import mock

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.laboratory.occlusion import NETWORKS, network_and_picture, relative
from laboratory.attribution import many_gradients
from laboratory.attribution.gradient import gradient_of_batch
from laboratory.attribution.integrated_gradients import integrated_gradients
from laboratory.attribution.occlusion import occlusion, plain_occlusion
from laboratory.attribution.smoothgrad import smoothgrad
from laboratory.fast import one_core, triton_kernels
from laboratory.fast.chain_gradient import ChainGradient
from laboratory.fast.incremental_occlusion import IncrementalOcclusion
from laboratory.fast.live_occlusion import LiveOcclusion
from laboratory.fast.winograd import WinogradConvolution
from laboratory.fast.workspace import Workspace
from laboratory.occlusion_map import patch_starts

Work = Callable[[], Tensor]


@dataclass(frozen=True)
class Row:
    """Two ways to the same numbers."""

    name: str
    plain: Work
    fast: Work


@contextmanager
def automatic() -> Iterator[None]:
    """Let PyTorch differentiate, whatever the network."""
    with mock.patch.dict(many_gradients.BY_HAND, clear=True):
        yield


def attribution_rows(model: nn.Module, x: Tensor, options: argparse.Namespace) -> Iterator[Row]:
    """The public functions, as they are called."""
    half = x.shape[-1] // 7 // 2
    sweep: dict[str, Any] = {"patch": 2 * half, "stride": options.stride, "progress": False}
    samples: dict[str, Any] = {"n_samples": options.samples, "progress": False}

    def plain_map() -> Tensor:
        return plain_occlusion(model, x, **sweep).drop(0)

    def plain_mean() -> Tensor:
        with automatic():
            return smoothgrad(model, x, 0, **samples)

    def plain_path() -> Tensor:
        with automatic():
            return integrated_gradients(model, x, 0, n_steps=options.samples, progress=False)

    yield Row("occlusion", plain_map, lambda: occlusion(model, x, **sweep).drop(0))
    _, channels, height, width = x.shape
    live = LiveOcclusion(
        model,
        (channels, height, width),
        patch=sweep["patch"],
        stride=sweep["stride"],
        batch_size=32,
    )
    yield Row(
        "occlusion, the next picture (`live_occlusion`)",
        lambda: occlusion(model, x, **sweep).drop(0),
        lambda: live(x).drop(0),
    )
    yield Row("SmoothGrad", plain_mean, lambda: smoothgrad(model, x, 0, **samples))
    yield Row(
        "SmoothGrad, backward in bfloat16",
        plain_mean,
        lambda: smoothgrad(model, x, 0, dtype=torch.bfloat16, **samples),
    )
    yield Row(
        "integrated gradients",
        plain_path,
        lambda: integrated_gradients(model, x, 0, n_steps=options.samples, progress=False),
    )


def part_rows(model: nn.Module, x: Tensor, options: argparse.Namespace) -> Iterator[Row]:
    """The parts that they are made of."""
    size = x.shape[-1]
    patch = 2 * (size // 7 // 2)
    starts = patch_starts(size, patch, options.stride)
    engine = IncrementalOcclusion(model, x)

    def divided(size_classes: int | None) -> Tensor:
        logits = engine.logits(starts, starts, (patch, patch), size_classes=size_classes)
        return logits - engine.clean

    yield Row(
        "size classes, against one (`size_classes`)", lambda: divided(1), lambda: divided(None)
    )

    pictures = x + 0.5 * torch.randn(8, *x.shape[1:], generator=torch.Generator().manual_seed(2))
    targets = torch.zeros(len(pictures), dtype=torch.long)
    prepared = ChainGradient(model)
    yield Row(
        "8 gradients, prepared (`chain_gradient`)",
        lambda: gradient_of_batch(model, pictures, targets),
        lambda: prepared(pictures, targets),
    )
    with mock.patch.object(one_core, "_threads_differ", return_value=False):
        shared = ChainGradient(model)
    yield Row(
        "the same, against threads that share operations (`one_core`)",
        lambda: shared(pictures, targets),
        lambda: prepared(pictures, targets),
    )
    yield _winograd_row()
    if x.device.type == "cuda":
        with mock.patch.object(triton_kernels, "available", return_value=False):
            unfused = IncrementalOcclusion(model, x)
        yield Row(
            "joined steps between convolutions (`triton_kernels`)",
            lambda: unfused.logits(starts, starts, (patch, patch)) - unfused.clean,
            lambda: divided(None),
        )


def _winograd_row() -> Row:
    random = torch.Generator().manual_seed(3)
    weight = torch.randn(256, 256, 3, 3, generator=random)
    maps = torch.randn(2, 256, 56, 56, generator=random)
    maps, direct = (t.contiguous(memory_format=torch.channels_last) for t in (maps, weight))
    convolve = WinogradConvolution(weight, None, Workspace())

    def one_thread(work: Work) -> Tensor:
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            with torch.inference_mode():
                return work()
        finally:
            torch.set_num_threads(threads)

    return Row(
        "a convolution, 256 channels, one thread (`winograd`)",
        lambda: one_thread(lambda: functional.conv2d(maps, direct, padding=1)),
        lambda: one_thread(lambda: convolve(maps, (1, 1))),
    )


def measured(work: Work, device: torch.device) -> tuple[float, float, Tensor]:
    """Return the seconds by the clock and those of the CPU that work takes, and its result."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    clock, cpu = time.perf_counter(), time.process_time()
    result = work()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - clock, time.process_time() - cpu, result


def line(row: Row, rounds: int, device: torch.device) -> str:
    """Measure a row, and return it as a line of a Markdown table."""
    spent: list[tuple[float, float, float, float]] = []
    row.fast()  # warm-up
    for _ in range(rounds):
        plain_clock, plain_cpu, expected = measured(row.plain, device)
        fast_clock, fast_cpu, got = measured(row.fast, device)
        spent.append((plain_clock, fast_clock, plain_cpu, fast_cpu))
    plain_clock, fast_clock, plain_cpu, fast_cpu = map(statistics.median, zip(*spent, strict=True))
    ratio = statistics.median(plain / fast for plain, fast, _, _ in spent)
    cpu_ratio = statistics.median(plain / fast for _, _, plain, fast in spent)
    return (
        f"| {row.name} | {plain_clock:.3g} | {fast_clock:.3g} | {ratio:.2f} | {plain_cpu:.3g} | "
        f"{fast_cpu:.3g} | {cpu_ratio:.2f} | {relative(got, expected):.1e} |"
    )


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--network", default="random_vgg16", choices=NETWORKS)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--samples", type=int, default=16)
    parser.add_argument("--stride", type=int, default=32, help="of the occlusion maps")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--rows", nargs="+", default=[""], help="only those that contain a word")
    options = parser.parse_args(arguments)
    torch.set_num_threads(options.threads)
    device = torch.device(options.device)
    caption, model, x = network_and_picture(options.network, device)
    print(
        f"{caption} {options.device}, {options.threads} threads, torch {torch.__version__}, "
        f"{options.samples} samples or steps, stride {options.stride}, {options.rounds} rounds, "
        f"load average {os.getloadavg()[0]:.1f}."
    )
    print("| what | plain, s | fast, s | ratio | plain, CPU s | fast, CPU s | ratio | difference |")
    print("|---|---|---|---|---|---|---|---|")
    for rows in (attribution_rows, part_rows):
        for row in rows(model, x, options):
            if any(word in row.name for word in options.rows):
                print(line(row, options.rounds, device), flush=True)
    print(f"load average {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main(sys.argv[1:])

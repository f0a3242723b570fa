"""Occlusion maps of VGG16: the laboratory's incremental engine against Captum.

    python -m benchmarks.laboratory.occlusion  # on the CPU, in about five minutes
    python -m benchmarks.laboratory.occlusion --device cuda --whole
    python -m benchmarks.laboratory.occlusion --network small_vgg --patch 16 --stride 4
    python -m benchmarks.laboratory.occlusion --busy  # beside a process that keeps a core busy

Captum is an optional peer: ``pip install captum``. Both get the same network, the same picture and
the same patch; they take turns, round by round, and the ratio of a round is one number. Captum
runs with its best batch size. Without --whole, Captum's time for a map is extrapolated: every
place costs it the same, so it computes a coarser grid of places, and scores are compared there.
With --whole it computes every place of every map.

The error is the relative L2 distance of our pixel map from Captum's, for the places that Captum
computed.

The arithmetic limit is the ratio of multiply-adds: the whole network for every place, against the
windows that a place can change. A ratio above it means that Captum's arithmetic is slower.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Literal, TypeAlias

import torch
import torchvision
from torch import Tensor, nn

from benchmarks.laboratory import load
from laboratory.attribution.occlusion import occlusion
from laboratory.fast.incremental_occlusion import IncrementalOcclusion
from laboratory.networks import Name, load_network
from laboratory.occlusion_map import patch_starts

NetworkName: TypeAlias = Literal["random_vgg16"] | Name
NETWORKS = ("random_vgg16", "vgg16", "small_vgg", "small_vgg_noise")

CAPTUM_BATCHES = (1, 4, 8, 16, 32)
CAPTUM_BATCHES_CUDA = (32, 64, 128, 256)


clock: Callable[[], float] = time.perf_counter


def use_cpu_time(threads: int) -> None:
    """Measure the CPU's time from now on: with one thread, other processes hardly disturb it."""
    global clock
    if threads != 1:
        raise SystemExit("--cpu-time adds up the threads' times: use it with --threads 1.")
    clock = time.process_time


def measured(work: Callable[[], Tensor], device: torch.device) -> tuple[float, Tensor]:
    """Return the seconds that work takes, and its result."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    begin = clock()
    result = work()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return clock() - begin, result


def relative(got: Tensor, expected: Tensor) -> float:
    return float((got - expected).norm() / expected.norm())


def network_and_picture(name: NetworkName, device: torch.device) -> tuple[str, nn.Module, Tensor]:
    """A trained network, or VGG16 with random weights: the arithmetic is the same."""
    if name == "random_vgg16":
        torch.manual_seed(0)
        model = torchvision.models.vgg16(weights=None).eval().requires_grad_(False)
        caption, size = "VGG16 with random weights.", 224
    else:
        network = load_network(name, download=False, fallback=False)
        model, caption, size = network.model, network.caption, network.size
    x = torch.randn(1, 3, size, size, generator=torch.Generator().manual_seed(1))
    return caption, model.to(device), x.to(device)


def captum_drop(
    model: nn.Module, x: Tensor, patch: int, stride: int, target: int, batch: int
) -> Tensor:
    """The mean drop per pixel."""
    from captum.attr import Occlusion

    with torch.inference_mode():
        attributions = Occlusion(model).attribute(
            x,
            (x.shape[1], patch, patch),
            strides=(x.shape[1], stride, stride),
            baselines=0,
            target=target,
            perturbations_per_eval=batch,
        )
    return attributions[0, 0]


def ours_drop(
    model: nn.Module,
    x: Tensor,
    patch: int,
    stride: int,
    target: int,
    batch: int,
) -> Tensor:
    swept = occlusion(model, x, patch=patch, stride=stride, batch_size=batch, progress=False)
    return swept.pixel_map(target)


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--network", default="random_vgg16", choices=NETWORKS)
    parser.add_argument("--patch", type=int, nargs="+", default=[32])
    parser.add_argument("--stride", type=int, nargs="+", default=[8])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--batch", type=int, default=32, help="places per batch, ours")
    parser.add_argument("--captum-batch", type=int, help="instead of the best of several")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--cpu-time", action="store_true", help="for a busy machine; one thread")
    parser.add_argument("--whole", action="store_true", help="let Captum compute whole maps")
    load.add_option(parser)
    options = parser.parse_args(arguments)
    if options.cpu_time:
        use_cpu_time(options.threads)
    torch.set_num_threads(options.threads)
    device = torch.device(options.device)
    caption, model, x = network_and_picture(options.network, device)
    hardware = torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"
    print(f"{caption} {hardware}, {options.threads} threads, torch {torch.__version__}.")
    print(f"TF32 in convolutions: {torch.backends.cudnn.allow_tf32}, both sides.")
    with torch.inference_mode():
        target = int(model(x).argmax())

    with load.busy_cores(options.busy):
        for patch in options.patch:
            for stride in options.stride:
                compare(model, x, target, patch, stride, options, device)


def compare(
    model: nn.Module,
    x: Tensor,
    target: int,
    patch: int,
    stride: int,
    options: argparse.Namespace,
    device: torch.device,
) -> None:
    size = x.shape[-1]
    places = patch_starts(size, patch, stride)
    engine = IncrementalOcclusion(model, x)
    limit = (
        engine.full_multiply_adds()
        * len(places) ** 2
        / engine.multiply_adds(places, places, (patch, patch))
    )
    del engine
    # The coarser grid: a multiple of the stride, but Captum's patches must leave no gaps.
    coarse = stride if options.whole else patch // stride * stride
    share = len(patch_starts(size, patch, coarse)) ** 2 / len(places) ** 2
    # Where the stride does not divide, our last patch ends at the border, and Captum's hangs over
    # it: pixels that only the others cover are compared.
    common = size - patch if (size - patch) % coarse else size
    batches: tuple[int, ...] = CAPTUM_BATCHES_CUDA if device.type == "cuda" else CAPTUM_BATCHES
    if options.captum_batch:
        batches = (options.captum_batch,)
    trial = {
        batch: measured(partial(captum_drop, model, x, patch, coarse, target, batch), device)[0]
        for batch in batches
    }
    best = min(trial, key=trial.__getitem__)
    print(
        f"\nPatch {patch}, stride {stride}: {len(places)} x {len(places)} places; arithmetic limit "
        f"{limit:.2f}; Captum's batch: {best}"
        + ("" if coarse == stride else f"; Captum's time extrapolated from {share:.0%} of them")
    )
    captum_seconds, seconds, ratios = [], [], []
    ours_drop(model, x, patch, coarse, target, options.batch)  # warm-up
    for _ in range(options.rounds):
        spent, expected = measured(
            lambda: captum_drop(model, x, patch, coarse, target, best), device
        )
        captum_seconds.append(spent / share)
        spent, _ = measured(
            lambda: ours_drop(model, x, patch, stride, target, options.batch), device
        )
        seconds.append(spent)
        ratios.append(captum_seconds[-1] / spent)
    got = ours_drop(model, x, patch, coarse, target, options.batch)
    error = relative(got[:common, :common], expected[:common, :common])
    print(f"{'':8}{'s a map':>10}{'ms a place':>12}   ratio, by round; error")
    for name, by_round, text in (
        ("Captum", captum_seconds, ""),
        ("float32", seconds, ", ".join(f"{ratio:.2f}" for ratio in ratios) + f"; {error:.1e}"),
    ):
        middle = statistics.median(by_round)
        print(f"{name:8}{middle:10.2f}{1e3 * middle / len(places) ** 2:12.2f}   {text}")


if __name__ == "__main__":
    main(sys.argv[1:])

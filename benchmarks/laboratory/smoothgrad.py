"""SmoothGrad of VGG16: the laboratory's own gradients against Captum's NoiseTunnel, on the CPU.

    python -m benchmarks.laboratory.smoothgrad                    # in about five minutes
    python -m benchmarks.laboratory.smoothgrad --samples 8 --rounds 1 --threads 1
    python -m benchmarks.laboratory.smoothgrad --network small_vgg
    python -m benchmarks.laboratory.smoothgrad --busy --samples 8  # beside a process that computes

Captum is an optional peer: ``pip install captum``. Both get the same network, picture and noise,
number by number, and Captum runs with its best batch size. They take turns, round by round, and
the ratio of a round is one number. Captum is measured twice: with the network as it was loaded,
and with weights and picture in the memory format that suits convolutions on a CPU
(``channels_last``), which its user has to know about.

The error of bfloat16 stands beside the Monte Carlo error, which no precision removes: how much two
float32 maps differ that were made with different noise.

The limit is what the convolutions would take if nothing else took any time, at the rate that was
measured for the best of them: as written, and with the multiplications that Winograd's way leaves.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.laboratory import load, occlusion
from benchmarks.laboratory.occlusion import (
    NETWORKS,
    measured,
    network_and_picture,
    relative,
    use_cpu_time,
)
from laboratory.attribution.smoothgrad import smoothgrad
from laboratory.fast import winograd
from laboratory.layers import chain

Work = Callable[[], Tensor]

CAPTUM_BATCHES = (1, 2, 4, 8)
SHAPES = ((64, 224), (128, 112), (256, 56), (512, 28))
"""Channels and size of the convolutions that the best rate is looked for in."""


def captum_smoothgrad(
    model: nn.Module, x: Tensor, target: int, samples: int, level: float, seed: int, batch: int
) -> Tensor:
    from captum.attr import NoiseTunnel, Saliency

    # Captum draws from the global generator; the same numbers as ours, in the same order.
    torch.manual_seed(seed)
    mean = NoiseTunnel(Saliency(model)).attribute(
        x,
        nt_type="smoothgrad",
        nt_samples=samples,
        nt_samples_batch_size=batch,
        stdevs=level * float(x.max() - x.min()),
        target=target,
        abs=False,
    )
    return mean.detach()


def multiply_adds(model: nn.Module, x: Tensor) -> tuple[float, float]:
    """Return the multiply-adds of a forward and a backward pass: as written, and with Winograd."""
    written = left = 0.0
    with torch.inference_mode():
        for layer in chain(model):
            x = layer.module(x)
            module = layer.module
            if isinstance(module, nn.Conv2d):
                count = 2.0 * module.weight.numel() * x.shape[2] * x.shape[3]
                pays = winograd.pays(module, module.weight.dtype)
                written, left = written + count, left + count / (4 if pays else 1)
            elif isinstance(module, nn.Linear):
                written += 2.0 * module.weight.numel()
                left += 2.0 * module.weight.numel()
    return written, left


def best_rate(dtype: torch.dtype) -> float:
    """Return the highest rate of a 3 x 3 convolution, in multiply-adds per second."""
    rates = []
    for channels, size in SHAPES:
        x = torch.randn(2, channels, size, size).to(dtype)
        weight = torch.randn(channels, channels, 3, 3).to(dtype)
        x, weight = (t.contiguous(memory_format=torch.channels_last) for t in (x, weight))
        count = 2 * weight.numel() * size**2
        for _ in range(4):
            begin = occlusion.clock()
            with torch.inference_mode():
                functional.conv2d(x, weight, padding=1)
            rates.append(count / (occlusion.clock() - begin))
    return max(rates)


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--network", default="random_vgg16", choices=NETWORKS)
    parser.add_argument("--samples", type=int, default=50)
    parser.add_argument("--level", type=float, default=0.2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--batch", type=int, default=32, help="pictures per batch, ours")
    parser.add_argument("--captum-batch", type=int, help="instead of the best of several")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--cpu-time", action="store_true", help="for a busy machine; one thread")
    load.add_option(parser)
    options = parser.parse_args(arguments)
    if options.cpu_time:
        use_cpu_time(options.threads)
    torch.set_num_threads(options.threads)
    device = torch.device("cpu")
    caption, model, x = network_and_picture(options.network, device)
    print(
        f"{caption} CPU, {options.threads} threads, torch {torch.__version__}, "
        f"{options.samples} samples, noise {options.level}."
    )
    with torch.inference_mode():
        target = int(model(x).argmax())

    def ours(dtype: torch.dtype = torch.float32, seed: int = 0) -> Tensor:
        return smoothgrad(
            model,
            x,
            target,
            n_samples=options.samples,
            noise_level=options.level,
            seed=seed,
            batch_size=options.batch,
            dtype=dtype,
            progress=False,
        )

    batches = (options.captum_batch,) if options.captum_batch else CAPTUM_BATCHES
    with load.busy_cores(options.busy):
        contenders = {
            **captum_contenders(model, x, target, options, batches),
            "float32": ours,
            "bfloat16 backward": lambda: ours(torch.bfloat16),
        }
        seconds, maps, rates = take_turns(contenders, options.rounds)
    show_times(seconds, options.samples)
    first, *_ = contenders
    show_limits(multiply_adds(model, x), rates, options.samples, statistics.median(seconds[first]))
    show_errors(maps, first, ours(seed=1))


def captum_contenders(
    model: nn.Module,
    x: Tensor,
    target: int,
    options: argparse.Namespace,
    batches: Sequence[int],
) -> dict[str, Work]:
    """Return Captum with its best batch size: as the network was loaded, and channels last."""

    def captum(batch: int, samples: int) -> Tensor:
        return captum_smoothgrad(model, x, target, samples, options.level, 0, batch)

    def captum_last(batch: int, samples: int) -> Tensor:
        model.to(memory_format=torch.channels_last)
        try:
            suited = x.contiguous(memory_format=torch.channels_last)
            return captum_smoothgrad(model, suited, target, samples, options.level, 0, batch)
        finally:
            model.to(memory_format=torch.contiguous_format)

    contenders: dict[str, Work] = {}
    for work, layout in ((captum, ""), (captum_last, ", channels_last")):
        trial = {
            batch: min(measured(partial(work, batch, max(batches)), x.device)[0] for _ in range(2))
            for batch in batches
        }
        best = min(trial, key=trial.__getitem__)
        contenders[f"Captum, batch {best}{layout}"] = partial(work, best, options.samples)
    return contenders


def take_turns(
    contenders: Mapping[str, Work], rounds: int
) -> tuple[dict[str, list[float]], dict[str, Tensor], dict[torch.dtype, float]]:
    """Return each contender's seconds by round and its map, and the best rate of each type."""
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    maps: dict[str, Tensor] = {}
    rates = {torch.float32: 0.0, torch.bfloat16: 0.0}
    for _ in range(rounds):
        for name, work in contenders.items():
            spent, maps[name] = measured(work, torch.device("cpu"))
            seconds[name].append(spent)
        for dtype in rates:
            rates[dtype] = max(rates[dtype], best_rate(dtype))
    return seconds, maps, rates


def show_times(seconds: Mapping[str, list[float]], samples: int) -> None:
    """Print each contender's median, and its ratios to the first two, which are Captum's."""
    as_loaded, last, *_ = seconds.values()
    print(
        f"{'':34}{'s a map':>9}{'ms a sample':>13}   ratio to Captum's, by round; as loaded / last"
    )
    for name, by_round in seconds.items():
        middle = statistics.median(by_round)
        ratios = ", ".join(
            f"{slow / spent:.2f} / {slow_last / spent:.2f}"
            for spent, slow, slow_last in zip(by_round, as_loaded, last, strict=True)
        )
        print(f"{name:34}{middle:9.2f}{1e3 * middle / samples:13.1f}   {ratios}")


def show_limits(
    counts: tuple[float, float], rates: Mapping[torch.dtype, float], samples: int, captum: float
) -> None:
    """Print what the convolutions alone would take.

    counts: multiply-adds of a sample, as written and with Winograd.
    captum: seconds that Captum takes, as loaded.
    """
    written, left = counts
    print(
        f"\nLimits: {written / 1e9:.1f} billion multiply-adds a sample, {left / 1e9:.1f} with "
        "Winograd; ratio to Captum's as loaded"
    )
    for rate, count, way in (
        (rates[torch.float32], written, "float32 as written"),
        (rates[torch.float32], left, "float32, Winograd"),
        (rates[torch.bfloat16], written, "bfloat16 as written, both ways"),
    ):
        limit = samples * count / rate
        ratio = captum / limit
        print(f"  {way:32}{2 * rate / 1e9:6.0f} GFLOP/s{limit:8.2f} s a map   ratio {ratio:.2f}")


def show_errors(maps: dict[str, Tensor], first: str, other_noise: Tensor) -> None:
    """Print how the maps differ from Captum's, and from one with other noise."""
    print(f"\n{'difference':42}{'cosine':>10}{'relative L2':>14}")
    exact, rough = maps["float32"], maps["bfloat16 backward"]
    for name, map_, other in (
        ("float32 and Captum's", exact, maps[first]),
        ("bfloat16 and Captum's", rough, maps[first]),
        ("bfloat16 and float32", rough, exact),
        ("float32 with two seeds (Monte Carlo)", exact, other_noise),
    ):
        cosine = functional.cosine_similarity(map_.flatten(), other.flatten(), dim=0)
        print(f"{name:42}{float(cosine):10.6f}{relative(map_, other):14.1e}")


if __name__ == "__main__":
    main(sys.argv[1:])

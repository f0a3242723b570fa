"""Peak memory of the laboratory's functions, by batch size.

    python -m benchmarks.laboratory.memory                           # VGG16 at 224
    python -m benchmarks.laboratory.memory --network small_vgg --batch 4 16
    python -m benchmarks.laboratory.memory --device cuda

Each number comes from a process of its own: how much the function raised the highest resident
memory that the system has counted, above what the network and the pictures already took; with
CUDA, the highest memory that PyTorch had allocated, above what it had before. Each batch size is
measured twice, with as many pictures, samples or places as fill one batch, and with four times as
many: the second number must not grow by more than what the function gives back.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor, nn

from benchmarks.laboratory.occlusion import network_and_picture
from laboratory import activations, evaluation
from laboratory.attribution.fluctuation import fluctuation
from laboratory.attribution.grad_cam import grad_cam
from laboratory.attribution.gradient import gradient
from laboratory.attribution.guided_backprop import guided_backprop
from laboratory.attribution.integrated_gradients import integrated_gradients
from laboratory.attribution.occlusion import plain_occlusion
from laboratory.attribution.smoothgrad import smoothgrad, vargrad
from laboratory.fast.incremental_occlusion import IncrementalOcclusion
from laboratory.occlusion_map import patch_starts

Work = Callable[[nn.Module, Tensor, int, int], object]
"""A function of the network, a picture, the batch size, and how many batches to fill."""


def _many(x: Tensor, count: int) -> Tensor:
    return x.repeat(count, 1, 1, 1)


def _stride(x: Tensor, count: int) -> int:
    """Return a stride with which a patch of half the picture has at least ``count`` places."""
    axis = max(2, round(count**0.5 + 0.5))
    return max(1, (x.shape[-1] // 2) // (axis - 1))


def _incremental(model: nn.Module, x: Tensor, batch: int, stride: int) -> Tensor:
    patch = x.shape[-1] // 2
    starts = patch_starts(x.shape[-1], patch, stride)
    engine = IncrementalOcclusion(model, x)
    # One class, so that batches get filled.
    return engine.logits(starts, starts, (patch, patch), batch_size=batch, size_classes=1)


FUNCTIONS: dict[str, Work] = {
    "gradient": lambda model, x, batch, batches: gradient(
        model, _many(x, batch * batches), 0, batch_size=batch
    ),
    "guided_backprop": lambda model, x, batch, batches: guided_backprop(
        model, _many(x, batch * batches), 0, batch_size=batch
    ),
    "grad_cam": lambda model, x, batch, batches: grad_cam(
        model, _many(x, batch * batches), 0, layer="relu5_3", batch_size=batch
    ),
    "integrated_gradients": lambda model, x, batch, batches: integrated_gradients(
        model, x, 0, n_steps=batch * batches, batch_size=batch, progress=False
    ),
    "smoothgrad": lambda model, x, batch, batches: smoothgrad(
        model, x, 0, n_samples=batch * batches, batch_size=batch, progress=False
    ),
    "smoothgrad, bfloat16": lambda model, x, batch, batches: smoothgrad(
        model,
        x,
        0,
        n_samples=batch * batches,
        batch_size=batch,
        dtype=torch.bfloat16,
        progress=False,
    ),
    "vargrad": lambda model, x, batch, batches: vargrad(
        model, x, 0, n_samples=batch * batches, batch_size=batch, progress=False
    ),
    "fluctuation": lambda model, x, batch, batches: fluctuation(
        model, x, 0, pixel=(9, 9), points=batch * batches, batch_size=batch
    ),
    "occlusion, plain": lambda model, x, batch, batches: plain_occlusion(
        model,
        x,
        patch=x.shape[-1] // 2,
        stride=_stride(x, batch * batches),
        batch_size=batch,
        progress=False,
    ),
    "occlusion, incremental": lambda model, x, batch, batches: _incremental(
        model, x, batch, _stride(x, batch * batches)
    ),
    "layer_outputs": lambda model, x, batch, batches: activations.layer_outputs(
        model, _many(x, batch * batches), ["pool5"], batch_size=batch
    ),
    "removal_curve": lambda model, x, batch, batches: evaluation.removal_curve(
        model, x, 0, x[0, 0], steps=batch * batches, batch_size=batch
    ),
}


def allocated_peak(work: Callable[[], object]) -> int:
    """Return the highest number of bytes that PyTorch had allocated on the CPU during some work.

    Above what was allocated before; it is the same on every run.
    """
    activities = [torch.profiler.ProfilerActivity.CPU]
    with torch.profiler.profile(activities=activities, profile_memory=True) as profile:
        work()
    assert profile.profiler is not None
    results = profile.profiler.kineto_results
    assert results is not None
    changes = sorted(
        (event.start_ns(), event.nbytes())
        for event in results.events()
        if event.name() == "[memory]"
    )
    now = peak = 0
    for _, change in changes:
        now += change
        peak = max(peak, now)
    return peak


def measure(name: str, network: str, device: torch.device, batch: int, batches: int) -> float:
    """Return by how many MiB a function raises the peak memory of this process."""
    _, model, x = network_and_picture(network, device)
    work = FUNCTIONS[name]
    if device.type == "cuda":
        before = torch.cuda.memory_allocated(device)
        torch.cuda.reset_peak_memory_stats(device)
        work(model, x, batch, batches)
        return (torch.cuda.max_memory_allocated(device) - before) / 2**20
    before = _resident_peak()
    work(model, x, batch, batches)
    return (_resident_peak() - before) / 2**20


def _resident_peak() -> int:
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return kilobytes if sys.platform == "darwin" else kilobytes * 1024


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--network",
        default="random_vgg16",
        choices=["random_vgg16", "vgg16", "small_vgg", "small_vgg_noise"],
    )
    parser.add_argument("--batch", type=int, nargs="+", default=[2, 8])
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--function", choices=FUNCTIONS, nargs="+", default=list(FUNCTIONS))
    parser.add_argument("--batches", type=int, help="measure in this process, print a number")
    options = parser.parse_args(arguments)
    device = torch.device(options.device)
    if options.batches:
        found = measure(
            options.function[0], options.network, device, options.batch[0], options.batches
        )
        print(found)
        return
    columns = [f"{batch} of {count}" for batch in options.batch for count in (batch, 4 * batch)]
    print(f"MiB above network and picture, {options.network}, {device}: batch size of how many")
    print(f"{'':24}" + "".join(f"{column:>12}" for column in columns))
    for name in options.function:
        row = [
            _in_a_process(name, options, batch, batches)
            for batch in options.batch
            for batches in (1, 4)
        ]
        print(f"{name:24}" + "".join(f"{one:12.0f}" for one in row), flush=True)


def _in_a_process(name: str, options: argparse.Namespace, batch: int, batches: int) -> float:
    command = [sys.executable, "-m", "benchmarks.laboratory.memory", "--function", name]
    command += ["--network", options.network, "--device", options.device]
    command += ["--batch", str(batch), "--batches", str(batches)]
    done = subprocess.run(
        command, cwd=Path(__file__).parents[2], text=True, capture_output=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{name} failed:\n{done.stderr}")
    return float(done.stdout)


if __name__ == "__main__":
    main(sys.argv[1:])

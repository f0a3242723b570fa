"""The course's NumPy convolution against PyTorch on the CPU, forward and backward.

    python -m benchmarks.training.numpy_convolution  # the shape of the chapter "training"
    python -m benchmarks.training.numpy_convolution --shape 8 256 256 28 --rounds 40
    python -m benchmarks.training.numpy_convolution --openblas SKYLAKEX --skip-loops

Each side runs in a process of its own, with the same number of threads and the same numbers: in
one process, the thread pools of NumPy and PyTorch slow each other down. The processes wait for
each other and take turns, one call each, so that a busy moment of the machine hits all of them.
Results are compared with PyTorch's in float64 before anything is timed. The loops are measured
once, on one image, and multiplied by the number of images.

Times are the best of all rounds: on the clock, and the processor time of the process, which also
holds on a busy machine. With one thread the ratio to PyTorch is that of processor times, with
more threads that of the clock.

NumPy's wheels bring OpenBLAS, which chooses its inner loops by the processor. A processor that it
does not know gets the loops of an older one; the table says which. --openblas sets another choice
(OPENBLAS_CORETYPE), such as SKYLAKEX for processors with AVX-512.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
TARGET = 1.4
FORWARD = ["windows", "im2col", "shifted copies", "torch"]
BACKWARD = ["shifted copies", "torch"]
VARIABLES = ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"]


def settings() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--shape",
        nargs=4,
        type=int,
        default=[8, 64, 64, 56],
        metavar=("N", "C", "F", "SIDE"),
        help="images, channels, filters, height and width; filters are 3 x 3, padding 1",
    )
    parser.add_argument("--stride", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--skip-loops", action="store_true")
    parser.add_argument("--openblas", metavar="CORE", help="inner loops that OpenBLAS shall take")
    parser.add_argument("--worker", metavar="WAY", help=argparse.SUPPRESS)
    return parser.parse_args()


# In the processes that are measured


def calls(way: str, given: argparse.Namespace) -> dict[str, Callable[[], object]]:
    """Return what a worker can be asked to run. Checks the results first."""
    import numpy as np
    import torch

    torch.set_num_threads(given.threads)
    images, channels, filters, side = given.shape
    rng = np.random.default_rng(0)
    x = rng.standard_normal((images, channels, side, side))
    w = rng.standard_normal((filters, channels, 3, 3)) / np.sqrt(9 * channels)
    b = rng.standard_normal(filters)
    tx, tw, tb = map(torch.tensor, (x, w, b))
    out = torch.nn.functional.conv2d(tx, tw, tb, given.stride, padding=1)
    dout = rng.standard_normal(tuple(out.shape))

    def torch_backward(
        dout: torch.Tensor, x: torch.Tensor, w: torch.Tensor
    ) -> tuple[torch.Tensor, ...]:
        gradients: tuple[torch.Tensor, ...] = torch.ops.aten.convolution_backward(
            dout, x, w, [filters], [given.stride] * 2, [1, 1], [1, 1], False, [0, 0], 1, [True] * 3
        )
        return gradients

    exact = [out, *torch_backward(torch.tensor(dout), tx, tw)]
    x32, w32, b32, dout32 = (part.astype(np.float32) for part in (x, w, b, dout))
    ways: dict[str, Callable[[], Any]]
    if way == "torch":
        tx, tw, tb, td = map(torch.tensor, (x32, w32, b32, dout32))
        ways = {
            "forward": lambda: torch.nn.functional.conv2d(tx, tw, tb, given.stride, padding=1),
            "backward": lambda: torch_backward(td, tx, tw),
        }
    else:
        sys.path.insert(0, str(ROOT))
        from solutions.training import convolution, plain_convolutions

        plain = {
            "windows": plain_convolutions.conv2d_windows,
            "im2col": plain_convolutions.conv2d_im2col,
            "loops": plain_convolutions.conv2d_loops,
        }
        forward = plain.get(way, convolution.conv2d_forward)
        if way == "loops":
            x32, exact = x32[:1], [exact[0][:1]]
        ways = {"forward": lambda: forward(x32, w32, b32, given.stride, 1)}
        if way == "shifted copies":
            ways["backward"] = lambda: convolution.conv2d_backward(
                dout32, x32, w32, given.stride, 1
            )
    if way != "loops":  # they are run once only
        first = [ways["forward"](), *(ways["backward"]() if "backward" in ways else ())]
        for got, expected in zip(first, exact, strict=False):
            error = np.abs(np.asarray(got) - expected.numpy()).max()
            scale = np.abs(expected.numpy()).max()
            assert error < 1e-4 * scale, f"{way} is wrong by {error / scale:.1e}"
    return ways


def work(given: argparse.Namespace) -> None:
    """Answer each line "forward" or "backward" with the seconds of the call: clock, processor."""
    import time

    import numpy  # noqa: F401  (loads OpenBLAS)
    from threadpoolctl import threadpool_info

    ways = calls(given.worker, given)
    cores = [
        library.get("architecture", "?")
        for library in threadpool_info()
        if library["prefix"] != "libgomp"
    ]
    print("ready", " ".join(cores), flush=True)
    for line in sys.stdin:
        call = ways[line.strip()]
        clock, processor = time.perf_counter(), time.process_time()
        call()
        print(time.perf_counter() - clock, time.process_time() - processor, flush=True)


# In the process that asks


Times = dict[tuple[str, str], list[tuple[float, float]]]


class Worker:
    """A process that computes the layer in one way."""

    def __init__(self, way: str, given: argparse.Namespace) -> None:
        environment = {**os.environ, **dict.fromkeys(VARIABLES, str(given.threads))}
        if given.openblas:
            environment["OPENBLAS_CORETYPE"] = given.openblas
        self.process = subprocess.Popen(
            [sys.executable, __file__, *sys.argv[1:], "--worker", way],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdin
        assert self.process.stdout
        self.requests, self.answers = self.process.stdin, self.process.stdout
        ready, *self.cores = self.answers.readline().split() or [""]
        if ready != "ready":
            raise SystemExit(f"The process for {way!r} stopped; its message stands above.")

    def seconds(self, call: str) -> tuple[float, float]:
        self.requests.write(f"{call}\n")
        self.requests.flush()
        clock, processor = self.answers.readline().split()
        return float(clock), float(processor)

    def stop(self) -> None:
        self.requests.close()
        self.process.wait()


def measure(given: argparse.Namespace) -> tuple[Times, str]:
    """Return the seconds of every call, by way and direction, and which loops OpenBLAS took."""
    workers = {way: Worker(way, given) for way in FORWARD}
    times: Times = {}
    for _ in range(given.rounds):
        for call, ways in (("forward", FORWARD), ("backward", BACKWARD)):
            for way in ways:
                times.setdefault((way, call), []).append(workers[way].seconds(call))
    cores = " ".join(workers["im2col"].cores) or "unknown"
    for worker in workers.values():
        worker.stop()
    if not given.skip_loops:
        loops = Worker("loops", given)
        clock, processor = loops.seconds("forward")
        times["loops", "forward"] = [(clock * given.shape[0], processor * given.shape[0])]
        loops.stop()
    return times, cores


def report(given: argparse.Namespace, times: Times, cores: str) -> bool:
    """Print the table and say whether the target is met."""
    import numpy
    import torch

    images, channels, filters, side = given.shape
    out = (side - 1) // given.stride + 1
    billions = 2 * images * filters * channels * 9 * out * out / 1e9
    decides = 1 if given.threads == 1 else 0
    print(
        f"\n3 x 3 convolution, N = {images}, C = {channels}, F = {filters}, {side} x {side}, "
        f"stride {given.stride}, padding 1,\nfloat32, {given.threads} thread(s), best of "
        f"{given.rounds} rounds; OpenBLAS runs its loops for {cores}."
    )
    print(
        f"Python {platform.python_version()}, NumPy {numpy.__version__}, torch "
        f"{torch.__version__}, {platform.machine()}, {os.cpu_count()} cores, "
        f"load {os.getloadavg()[0]:.1f}\n"
    )
    print(f"{'':10}{'way':16}{'clock ms':>10}{'processor ms':>14}{'GFLOP/s':>9}{'x torch':>9}")
    met = True
    for call in ("forward", "backward"):
        fastest = min(timing[decides] for timing in times["torch", call])
        for way in ("loops", *FORWARD):
            if (way, call) not in times:
                continue
            clock, processor = (min(column) for column in zip(*times[way, call], strict=True))
            best = (clock, processor)[decides]
            work = billions * (1 if call == "forward" else 2)
            print(
                f"{call:10}{way:16}{1e3 * clock:10.1f}{1e3 * processor:14.1f}"
                f"{work / best:9.1f}{best / fastest:9.2f}"
            )
            if way == "shifted copies":
                met = met and best <= TARGET * fastest
    print(f"\nTarget, shifted copies within {TARGET} times torch: {'met' if met else 'NOT met'}")
    return met


def main() -> None:
    given = settings()
    if given.worker:
        work(given)
    else:
        sys.exit(not report(given, *measure(given)))


if __name__ == "__main__":
    main()

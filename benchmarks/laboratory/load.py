"""Other work for the machine's cores, as a student's laptop always has some."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager


def add_option(parser: argparse.ArgumentParser) -> None:
    """Let the command take ``--busy``, and how many cores are to be busy."""
    parser.add_argument(
        "--busy",
        type=int,
        nargs="?",
        const=1,
        default=0,
        metavar="CORES",
        help="so many other processes keep a core busy meanwhile; 1 where no number is given",
    )


@contextmanager
def busy_cores(count: int) -> Iterator[None]:
    """Let processes compute without end, and print what the machine has to do at both ends."""
    command = [sys.executable, "-c", "while True: pass"]
    processes = [subprocess.Popen(command) for _ in range(count)]
    print(f"{count} busy processes beside it; load average {os.getloadavg()[0]:.1f}.", flush=True)
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()
        print(f"load average {os.getloadavg()[0]:.1f}")

"""How long the pages of the book take to build, page by page.

    python -m benchmarks.book.pages               # with the network that is there
    python -m benchmarks.book.pages --vgg16       # with VGG16 in a file, of random weights

Builds the whole book into a folder of its own, so that nothing comes from an earlier build. With
``--vgg16``, torchvision's VGG16 is written to a file with random weights, as somebody would put the
trained ones there: the pages are the same, their pictures mean nothing.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

import torch
import torchvision

from laboratory.weights import UNCHECKED, VARIABLES

ROOT = Path(__file__).parents[2]
EXECUTED = re.compile(r"/book/(\w[\w-]*)\.md: Executed notebook in ([\d.]+) seconds")


def place_random_vgg16(folder: Path) -> dict[str, str]:
    """Write a file of random weights; return the environment in which the course takes it."""
    torch.manual_seed(0)
    path = folder / "vgg16.pth"
    torch.save(torchvision.models.vgg16(weights=None).state_dict(), path)
    return {VARIABLES["vgg16"]: str(path), UNCHECKED: "1"}


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--vgg16", action="store_true", help="with VGG16 of random weights")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        environment = place_random_vgg16(folder) if options.vgg16 else {}
        program = str(Path(sys.executable).with_name("jupyter-book"))
        command = [program, "build", "-W", "-n", "--keep-going", f"--path-output={folder}", "."]
        begin = time.perf_counter()
        done = subprocess.run(
            command, cwd=ROOT, env=os.environ | environment, text=True, capture_output=True
        )
        spent = time.perf_counter() - begin
    if done.returncode:
        sys.exit(f"The book could not be built:\n{(done.stdout + done.stderr)[-5000:]}")
    said = re.sub(r"\x1b\[[\d;]*m", "", done.stdout + done.stderr)
    pages = {page: float(seconds) for page, seconds in EXECUTED.findall(said)}
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, torch {torch.__version__}")
    print_seconds("page", pages | {"**all, with everything else**": spent})


def print_seconds(column: str, seconds: Mapping[str, float]) -> None:
    """Print a table of seconds, by what is in the column."""
    print(f"\n| {column} | seconds |\n|---|---|")
    for name, spent in seconds.items():
        print(f"| {name} | {spent:.1f} |")


if __name__ == "__main__":
    main(sys.argv[1:])

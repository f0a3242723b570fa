"""Files of trained weights: where they are, whether they are the right ones, how to get them.

torchvision's weights for ImageNet come from, in this order: the file that an environment variable
names, torch's cache, the internet. A download that breaks off goes on where it stopped.
"""

from __future__ import annotations

import functools
import hashlib
import os
import re
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias

import torch
import torchvision
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

Pretrained: TypeAlias = Literal["vgg16", "alexnet"]

VARIABLES: dict[Pretrained, str] = {"vgg16": "CNN_COURSE_VGG16", "alexnet": "CNN_COURSE_ALEXNET"}
"""Environment variables that name a file of weights."""

UNCHECKED = "CNN_COURSE_UNCHECKED_WEIGHTS"
"""Set to 1, this environment variable lets files pass that are not torchvision's own."""

CHUNK = 1 << 20  # bytes


class WeightsError(RuntimeError):
    """A file of weights cannot be used; the message says why and what to do."""


class WeightsMissingError(WeightsError):
    """The weights are not on this machine and cannot be had from the internet."""


@dataclass(frozen=True)
class WeightsFile:
    """A file of weights.

    official: whether it is torchvision's own, by the hash that stands in its name.
    """

    path: Path
    official: bool


def torchvision_weights(name: Pretrained) -> Any:
    """Return torchvision's entry for a network: address, classes, preparation of pictures."""
    return {
        "vgg16": torchvision.models.VGG16_Weights.IMAGENET1K_V1,
        "alexnet": torchvision.models.AlexNet_Weights.IMAGENET1K_V1,
    }[name]


def size_in_mib(name: Pretrained) -> int:
    """Return how much there is to download."""
    return round(torchvision_weights(name).meta["_file_size"])


def find_weights(name: Pretrained, *, download: bool = False) -> WeightsFile:
    """Return the file with a network's weights.

    download: get it from the internet where it is nowhere else.

    Raises WeightsMissingError if there is none, WeightsError if there is a wrong one.
    """
    url = torchvision_weights(name).url
    filename = url.rsplit("/", 1)[1]
    variable = VARIABLES[name]
    given = os.environ.get(variable)
    if given:
        path = Path(given).expanduser()
        if not path.is_file():
            raise WeightsError(
                f"The variable {variable} names the file {path}, which does not exist. Unset it, "
                f"or let it name torchvision's {filename}."
            )
        if os.environ.get(UNCHECKED) == "1":
            return WeightsFile(path, _hash_fits(path, filename))
        _must_fit(path, filename, f"Set {UNCHECKED}=1 to use it all the same.")
        return WeightsFile(path, True)
    path = Path(torch.hub.get_dir()) / "checkpoints" / filename
    if not path.is_file():
        if not download:
            raise WeightsMissingError(
                f"{filename} is not on this machine. Let the variable {variable} name the file, "
                "or allow the download."
            )
        try:
            fetch(url, path)
        except OSError as error:
            raise WeightsMissingError(
                f"{filename} is not on this machine and cannot be downloaded ({error}). Let the "
                f"variable {variable} name the file."
            ) from error
    _must_fit(path, filename, "Delete it, and it is downloaded again.")
    return WeightsFile(path, True)


def fetch(url: str, path: Path) -> None:
    """Download a file whose name holds the first digits of its hash, under a progress bar.

    What has arrived of it is kept beside ``path`` (``.part``), and the next call goes on there.

    Raises OSError if there is no connection or no space, WeightsError if what has come is not the
    file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    there = part.stat().st_size if part.is_file() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={there}-"} if there else {})
    try:
        answer = urllib.request.urlopen(request, timeout=60)
    except urllib.error.HTTPError as error:
        if error.code != 416:  # nothing is left to be sent
            raise
    else:
        with answer, part.open("ab" if answer.status == 206 else "wb") as file, _bar() as bar:
            done = file.tell()
            length = answer.headers.get("Content-Length")
            total = done + int(length) if length else None
            task = bar.add_task(path.name, total=total, completed=done)
            while chunk := answer.read(CHUNK):
                file.write(chunk)
                bar.advance(task, len(chunk))
            if total is not None and file.tell() < total:
                raise ConnectionError("the connection broke off; try again, and it goes on there")
    if not _hash_fits(part, path.name):
        part.unlink()
        raise WeightsError(
            f"The download of {path.name} went wrong: its SHA-256 does not begin with "
            f"{hash_in(path.name)}. Try again."
        )
    part.rename(path)


def _bar() -> Progress:
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    return Progress(
        *columns,
        TimeRemainingColumn(),
        console=console,
        disable=not (console.is_terminal or console.is_jupyter),
    )


def hash_in(filename: str) -> str:
    """Return the first digits of the SHA-256, which torchvision writes into the names of files."""
    match = re.search(r"-([0-9a-f]{8,})\.", filename)
    if match is None:
        raise ValueError(f'The name "{filename}" holds no hash.')
    return match[1]


def _hash_fits(path: Path, filename: str) -> bool:
    return _sha256(path, path.stat().st_mtime_ns).startswith(hash_in(filename))


@functools.cache  # half a gigabyte takes more than a second
def _sha256(path: Path, _modified: int) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _must_fit(path: Path, filename: str, advice: str) -> None:
    if not _hash_fits(path, filename):
        raise WeightsError(
            f"{path} is not torchvision's {filename}: its SHA-256 does not begin with "
            f"{hash_in(filename)}. {advice}"
        )

"""Which network the pages and notebooks show, and on which device: one setting decides.

The environment variable ``NETWORK`` (``make course NETWORK=vgg16``) is one of

- ``auto``: VGG16 where its weights are on this machine, else the course's small VGG,
- ``vgg16``: VGG16; its weights are downloaded where they are not there,
- ``small``: the small VGG.

    python -m laboratory.chosen_network

gets what the setting needs, and says what it comes to.
"""

from __future__ import annotations

import os
import sys
from typing import Literal, TypeAlias, get_args

import torch

from laboratory.networks import Network, load_network
from laboratory.weights import (
    Pretrained,
    WeightsError,
    WeightsMissingError,
    find_weights,
    size_in_mib,
)

Choice: TypeAlias = Literal["auto", "vgg16", "small"]

VARIABLE = "NETWORK"
"""The environment variable that chooses."""


def choice() -> Choice:
    """Return what the environment variable says; "auto" without it.

    Raises ValueError if it says something else.
    """
    chosen = os.environ.get(VARIABLE) or "auto"
    choices: tuple[Choice, ...] = get_args(Choice)
    for possible in choices:
        if chosen == possible:
            return possible
    raise ValueError(f'{VARIABLE} is one of {", ".join(choices)}, not "{chosen}".')


def device() -> torch.device:
    """Return the device that computes: a graphics card (CUDA or MPS) where there is one."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def available(name: Pretrained) -> bool:
    """Return whether the setting allows a network and its weights are on this machine."""
    if choice() == "small":
        return False
    try:
        find_weights(name)
    except WeightsMissingError:
        return False
    return True


def chosen_network() -> Network:
    """Return VGG16 or the small VGG, as the setting says, on the device that computes."""
    return load_network("vgg16", device=device()) if available("vgg16") else small_network()


def small_network() -> Network:
    """Return the small VGG that has seen noise on its pictures, as SmoothGrad will show it."""
    return load_network("small_vgg_noise", device=device())


def get_weights() -> None:
    """Download what the setting needs and is not there: nothing, but for "vgg16".

    Raises WeightsError if that cannot be had.
    """
    if choice() == "vgg16":
        for name in get_args(Pretrained):
            find_weights(name, download=True)


def fingerprint() -> str:
    """Return a text that changes when pictures made with the chosen networks have to."""
    files = [find_weights(name).path for name in get_args(Pretrained) if available(name)]
    marks = [f"{file.resolve()} {file.stat().st_size} {file.stat().st_mtime_ns}" for file in files]
    return "\n".join([device().type, *marks])


def description() -> str:
    """Return which network and device it comes to, and how to get the other."""
    if available("vgg16"):
        other = f"{VARIABLE}=small takes the course's small VGG instead."
        return f"VGG16 on {device_name()}. {other}"
    size = sum(map(size_in_mib, get_args(Pretrained)))
    other = f"{VARIABLE}=vgg16 takes VGG16 (downloads {size} MiB once)."
    return f"the course's small VGG on {device_name()}. {other}"


def device_name() -> str:
    """Return what computes, in words."""
    kind = device().type
    if kind == "cuda":
        return f"the GPU ({torch.cuda.get_device_properties(0).name})"
    return {"mps": "the GPU (MPS)", "cpu": "the CPU"}[kind]


def main() -> None:
    """Get what the setting needs, and say what it comes to."""
    try:
        get_weights()
    except (ValueError, WeightsError) as error:
        sys.exit(str(error))
    print(f"Network: {description()}")


if __name__ == "__main__":
    main()

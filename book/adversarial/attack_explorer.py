"""The figure "attack explorer": a picture under attack, the change magnified, the probabilities."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import torch
import traitlets
from torch import Tensor

from book.adversarial.attack_study import NETWORKS
from book.figures import embedded
from book.figures.figure import Figure
from book.visualization import demo
from laboratory import attacks, drawn_pictures
from laboratory.attacks import FromPixels
from laboratory.networks import load_network

PICTURE = 6
"""Number of the drawn picture, a crescent."""

LEVELS = (0, 1, 2, 3, 4, 6, 8)
"""Epsilons, in steps of the 255 that a byte can tell apart, so that every change is exact."""

STEPS = 10
"""Steps of PGD, each by one of the 255."""

MIDDLE = 128
"""The byte that stands for no change; ``attack_explorer.mjs`` knows it, too."""

WORDS = {
    "noise": "trained with noise",
    "robust": "trained on attacks",
}
"""Networks, as a reader is told of them."""

ATTACKS = {
    "random": "random signs",
    "fgsm": "FGSM",
    "pgd": f"PGD, {STEPS} steps",
}


@functools.cache
def scenes() -> list[dict[str, Any]]:
    """Return what the attacks make of the picture, for each network.

    ``sheet`` is one image: the picture; then, around middle gray, the change of the attacks that
    take one step, for an epsilon of 1, and that of PGD for each level above 0.
    ``chances[attack][level]`` are the probabilities of the classes.
    """
    drawn = demo.drawn(1, PICTURE)
    label = int(drawn.labels[0])
    x = torch.from_numpy(drawn.images).float() / 255
    entries = []
    for name, words in WORDS.items():
        model = FromPixels(load_network(NETWORKS[name]))
        made = attacked(model, x, torch.tensor([label]))
        changes = [made[attack][1] for attack in ("random", "fgsm")]
        changes += [made["pgd"][level] for level in LEVELS[1:]]
        frames = [_bytes(x), *(_bytes(after) - _bytes(x) + MIDDLE for after in changes)]
        entries.append(
            {
                "name": name,
                "label": words,
                "object": label,
                "sheet": embedded.picture(np.concatenate(frames) / 255),
                "chances": {
                    attack: [_chances(model, made[attack][level]) for level in LEVELS]
                    for attack in ATTACKS
                },
            }
        )
    return entries


def attacked(model: FromPixels, x: Tensor, labels: Tensor) -> dict[str, dict[int, Tensor]]:
    """Return the pictures of all attacks, by name and level; every number is a byte / 255."""
    made: dict[str, dict[int, Tensor]] = {attack: {0: x} for attack in ATTACKS}
    for level in LEVELS[1:]:
        epsilon = level / 255
        random = torch.Generator().manual_seed(0)
        made["random"][level] = attacks.random_signs(x, epsilon, random)
        made["fgsm"][level] = attacks.fgsm(model, x, labels, epsilon)
        made["pgd"][level] = attacks.pgd(model, x, labels, epsilon, step=1 / 255, steps=STEPS)
    return made


def _bytes(x: Tensor) -> embedded.Array:
    pixels: embedded.Array = np.rint(x[0].permute(1, 2, 0).numpy() * 255)
    return pixels


def _chances(model: FromPixels, x: Tensor) -> list[float]:
    with torch.no_grad():
        return [round(chance, 4) for chance in model(x).softmax(1)[0].tolist()]


class AttackExplorer(embedded.KnownScene, Figure):
    """A picture after an attack, the change magnified, and the probabilities of the classes.

    ``scene`` names the network, one of ``scenes``; ``attack`` one of ``attacks``; ``level`` is a
    place in ``levels``.
    """

    scenes = traitlets.List(traitlets.Dict()).tag(sync=True)
    classes = traitlets.List(traitlets.Unicode(), list(drawn_pictures.CLASSES)).tag(sync=True)
    attacks = traitlets.List(traitlets.List(), [list(pair) for pair in ATTACKS.items()]).tag(
        sync=True
    )
    levels = traitlets.List(traitlets.Int(), list(LEVELS)).tag(sync=True)
    side = traitlets.Int(drawn_pictures.SIZE).tag(sync=True)
    scene = traitlets.Unicode("noise").tag(sync=True)
    attack = traitlets.Enum(list(ATTACKS), "fgsm").tag(sync=True)
    level = traitlets.Int(LEVELS.index(2), min=0, max=len(LEVELS) - 1).tag(sync=True)

    @traitlets.default("scenes")
    def _scenes(self) -> list[dict[str, Any]]:
        return scenes()

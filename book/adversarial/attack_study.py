"""How robust are the three small networks? Attacks on held-out pictures, and maps before and after.

    python -m book.adversarial.attack_study

Attacks each network, shows what comes out to all three, measures maps on it, and writes all that to
``attack_study.json`` beside this file: about ten minutes on one core.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from autograder.challenge.judging import interval
from laboratory import attacks, evaluation
from laboratory.attacks import FromPixels
from laboratory.attribution.grad_cam import grad_cam
from laboratory.attribution.occlusion import occlusion
from laboratory.attribution.saliency import saliency
from laboratory.drawn_pictures import draw
from laboratory.networks import Name, Network, load_network

FILE = Path(__file__).with_name("attack_study.json")
"""What has been measured."""

NETWORKS: dict[str, Name] = {
    "plain": "small_vgg",
    "noise": "small_vgg_noise",
    "robust": "small_vgg_robust",
}
"""The course's small networks, by the last thing that they learned from."""

SEED, PICTURES = 41, 200
"""Pictures of no training, of no test while training, and of no other study."""

LEVELS = (0, 1, 2, 3, 4, 6, 8, 12, 16)
"""Epsilons, in steps of the 255 that a byte can tell apart."""

STEPS = 10
"""Steps of PGD; each goes a quarter of epsilon far."""

MAP_LEVELS = (0, 2, 4)
MAP_PICTURES = 60
"""What maps are measured on: attacks by PGD at these levels, on the first pictures."""

WORST_LEVEL = 4
"""Where several attacks are tried on each picture."""

Map = Callable[[Network, Tensor, Tensor], Tensor]


def _occlusion(network: Network, x: Tensor, labels: Tensor) -> Tensor:
    patch = network.size // 6
    maps = [
        occlusion(
            network.model, picture[None], patch=patch, stride=patch // 2, progress=False
        ).pixel_map(int(label))
        for picture, label in zip(x, labels, strict=True)
    ]
    return torch.stack(maps)


MAPS: dict[str, Map] = {
    "saliency": lambda network, x, labels: saliency(network.model, x, labels),
    "Grad-CAM": lambda network, x, labels: grad_cam(network.model, x, labels, layer="relu4_3"),
    "occlusion": _occlusion,
}
"""Maps by name, for normalized pictures and a class for each."""


@dataclass(frozen=True)
class Share:
    """A share of pictures with its 95 % interval (Wilson)."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Study:
    """What has been measured, picture by picture.

    right: by source, attack, level and judge, such as ("noise", "pgd", 4, "plain"): which pictures,
    attacked at the first network, the last one names right.
    maps: by network, level, whose class ("true" or "named"), and map: the share of each map that
    lies on the object; and whether its highest value does.
    object_share: the share of the picture that the object covers, of those with maps.
    """

    right: Mapping[tuple[str, str, int, str], tuple[bool, ...]]
    energy: Mapping[tuple[str, int, str, str], tuple[float, ...]]
    hits: Mapping[tuple[str, int, str, str], tuple[float, ...]]
    object_share: tuple[float, ...]

    def accuracy(self, source: str, attack: str, level: int, judge: str = "") -> Share:
        """Return the accuracy under an attack; of the attacked network, unless another judges."""
        attack = attack if level else "none"
        return share(self.right[source, attack, level, judge or source])

    def worst_case(self, network: str, attempts: tuple[str, ...]) -> Share:
        """Return the share of the pictures that withstand all attempts at the level of these."""
        outcomes = [self.right[network, "none", 0, network]]
        outcomes += [self.right[network, name, WORST_LEVEL, network] for name in attempts]
        return share(tuple(map(all, zip(*outcomes, strict=True))))


def share(outcomes: tuple[bool, ...]) -> Share:
    """Return the share of outcomes that are true, with its interval."""
    return Share(sum(outcomes) / len(outcomes), *interval(sum(outcomes), len(outcomes)))


def pictures(count: int = PICTURES) -> tuple[Tensor, Tensor, Tensor]:
    """Return held-out pictures from 0 to 1, labels and masks."""
    drawn = draw(count, seed=SEED)
    images = torch.from_numpy(drawn.images).float() / 255
    return images, torch.from_numpy(drawn.labels), torch.from_numpy(drawn.masks)


def attempts(model: FromPixels, x: Tensor, labels: Tensor, level: int) -> dict[str, Tensor]:
    """Return what the attacks make of pictures at one level, by name."""
    epsilon = level / 255
    if not level:
        return {"none": x}
    random = torch.Generator().manual_seed(level)
    step = epsilon / 4
    made = {
        "random": attacks.random_signs(x, epsilon, random),
        "fgsm": attacks.fgsm(model, x, labels, epsilon),
        "pgd": attacks.pgd(model, x, labels, epsilon, step=step, steps=STEPS),
    }
    if level == WORST_LEVEL:
        start = x + epsilon * (2 * torch.rand(x.shape, generator=random) - 1)
        made["pgd from elsewhere"] = attacks.pgd(
            model, x, labels, epsilon, step=step, steps=STEPS, start=start
        )
        made["pgd on the margin"] = attacks.pgd(
            model, x, labels, epsilon, step=step, steps=STEPS, objective=attacks.margin
        )
    return made


def settings() -> dict[str, Any]:
    """Return what the outcomes depend on, besides the networks."""
    return {"seed": SEED, "pictures": PICTURES, "levels": list(LEVELS), "steps": STEPS}


def measured(count: int = PICTURES, levels: tuple[int, ...] = LEVELS) -> dict[str, Any]:
    """Attack the networks, and return what is stored: texts of 0 and 1, and lists."""
    x, labels, masks = pictures(count)
    networks = {name: load_network(file) for name, file in NETWORKS.items()}
    models = {name: FromPixels(network) for name, network in networks.items()}
    stored: dict[str, Any] = {"settings": settings(), "right": {}, "energy": {}, "hits": {}}
    stored["object_share"] = _rounded(masks[:MAP_PICTURES].flatten(1).float().mean(1))
    for source, model in models.items():
        for level in levels:
            for attack, tried in attempts(model, x, labels, level).items():
                for judge, judging in models.items():
                    right = attacks.correct(judging, tried, labels)
                    key = "/".join((source, attack, str(level), judge))
                    stored["right"][key] = "".join(str(int(outcome)) for outcome in right)
                if level in MAP_LEVELS and attack in ("none", "pgd"):
                    _measure_maps(stored, source, networks[source], level, tried, labels, masks)
            print(f"{source}, level {level}", flush=True)
    return stored


def _measure_maps(
    stored: dict[str, Any],
    name: str,
    network: Network,
    level: int,
    tried: Tensor,
    labels: Tensor,
    masks: Tensor,
) -> None:
    """Store how much of each map lies on the object, and whether its highest value does."""
    part = slice(MAP_PICTURES)
    x, masks = network.normalize(tried[part]), masks[part]
    with torch.no_grad():
        named = network.model(x).argmax(1)
    for whose, classes in {"true": labels[part], "named": named}.items():
        for method, make in MAPS.items():
            maps = make(network, x, classes)
            key = "/".join((name, str(level), whose, method))
            stored["energy"][key] = _rounded(evaluation.energy_in_mask(maps, masks))
            stored["hits"][key] = _rounded(evaluation.pointing_game(maps, masks))


def _rounded(values: Tensor) -> list[float]:
    return [round(value, 4) for value in values.tolist()]


def read(path: Path = FILE) -> Study:
    """Return what has been measured.

    Raises ValueError if that was with other settings than the present ones.
    """
    stored = json.loads(path.read_text(encoding="utf-8"))
    if stored["settings"] != settings():
        raise ValueError(
            f"{path.name} was made with other settings. Run "
            "python -m book.adversarial.attack_study."
        )

    def keyed(name: str, convert: Callable[[Any], Any]) -> dict[Any, tuple[Any, ...]]:
        def key(text: str) -> tuple[str | int, ...]:
            return tuple(int(part) if part.isdigit() else part for part in text.split("/"))

        return {key(text): tuple(map(convert, row)) for text, row in stored[name].items()}

    return Study(
        right=keyed("right", lambda digit: digit == "1"),
        energy=keyed("energy", float),
        hits=keyed("hits", float),
        object_share=tuple(stored["object_share"]),
    )


def save(path: Path, stored: Mapping[str, Any]) -> None:
    """Write what was measured, one row a line."""
    parts = []
    for name, value in stored.items():
        if isinstance(value, dict) and name != "settings":
            rows = ",\n".join(f"{json.dumps(key)}: {json.dumps(row)}" for key, row in value.items())
            parts.append(f"{json.dumps(name)}: {{\n{rows}\n}}")
        else:
            parts.append(f"{json.dumps(name)}: {json.dumps(value)}")
    path.write_text("{" + ",\n".join(parts) + "}\n", encoding="utf-8")


if __name__ == "__main__":
    save(FILE, measured())

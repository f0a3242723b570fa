"""How many masks does it take to beat GrabCut? A small U-Net, trained on more and more of them.

    python -m laboratory.unet_study

Trains U-Nets with the same number of steps on 40 to 2,560 drawn pictures with their masks, and the
one with most of them once more without its skip connections. Then GrabCut, which has learned from
no mask: its seeds come from the maps of the small VGG, and, as a limit, from the blurred true mask.
The intersection over union of every test picture, and the weights of the two networks with most
masks, go to ``unet_study.npz`` beside this file. About three minutes of a core for each training;
what is stored is not done again.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from laboratory import method_table, segmentation
from laboratory.baselines import blur
from laboratory.drawn_pictures import Pictures, draw
from laboratory.networks import load_network
from laboratory.unet import UNet, normalize

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]

FILE = Path(__file__).with_name("unet_study.npz")
"""What has been measured, and the weights of the networks with most masks."""

MASKS = (40, 160, 640, 2560)
"""Numbers of pictures with masks that a U-Net learned from."""

STEPS, BATCH, RATE = 1000, 16, 1e-2
TRAINING_SEED, TEST_SEED, TEST_PICTURES = 31, 32, 200
SEED_QUANTILE = 0.98  # of GrabCut's seeds: what the page on masks found best
MAP = "occlusion"  # the best of the maps there
SOFTNESS = 1.5  # pixels; of the blur of the true mask


def settings() -> dict[str, Any]:
    """Return what the outcomes depend on."""
    return {
        "steps": STEPS,
        "batch": BATCH,
        "rate": RATE,
        "training_seed": TRAINING_SEED,
        "test_seed": TEST_SEED,
        "test_pictures": TEST_PICTURES,
        "seed_quantile": SEED_QUANTILE,
        "map": MAP,
    }


@dataclass(frozen=True)
class Study:
    """What came of it: the IoU of each test picture, by method, each of shape (N,).

    The methods are called "40 masks" to "2560 masks", "no skips", "GrabCut", "GrabCut, true seeds".
    weights: of the two networks with most masks, by method.
    """

    iou: Mapping[str, Array]
    weights: Mapping[str, Mapping[str, Array]]

    def network(self, method: str) -> UNet:
        """Return a trained network, ready to be used."""
        network = UNet(skips=method != NO_SKIPS)
        stored = self.weights[method]
        network.load_state_dict(
            {name: torch.from_numpy(array.astype(np.float32)) for name, array in stored.items()},
            strict=False,  # the counts of batches are not stored
        )
        return network.requires_grad_(False).eval()


NO_SKIPS = "no skips"
MOST = f"{max(MASKS)} masks"
GRABCUT, GRABCUT_TRUE = "GrabCut", "GrabCut, true seeds"


def train(pictures: Pictures, *, skips: bool = True, steps: int = STEPS, seed: int = 0) -> UNet:
    """Train a U-Net on pictures and their masks, with all their flips and quarter turns."""
    torch.manual_seed(seed)
    network = UNet(skips=skips).to(memory_format=torch.channels_last).train()
    optimizer = torch.optim.AdamW(network.parameters(), RATE)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, RATE, total_steps=steps)
    images, masks = torch.from_numpy(pictures.images), torch.from_numpy(pictures.masks)
    order = torch.empty(0, dtype=torch.int64)
    for _ in range(steps):
        while len(order) < BATCH:
            order = torch.cat([order, torch.randperm(len(images))])
        chosen, order = order[:BATCH], order[BATCH:]
        turns, flip = int(torch.randint(4, ())), bool(torch.randint(2, ()))
        x, y = (_turned(array[chosen], turns, flip=flip) for array in (images, masks))
        scores = network(normalize(x).contiguous(memory_format=torch.channels_last))
        loss = functional.binary_cross_entropy_with_logits(scores, y.float())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return network.eval()


def _turned(array: Tensor, turns: int, *, flip: bool) -> Tensor:
    turned = torch.rot90(array, turns, (-2, -1))
    return turned.flip(-1) if flip else turned


def masks(network: UNet, images: Array) -> Array:
    """Return the masks (N, H, W), bool, of pictures (N, 3, H, W), uint8."""
    with torch.inference_mode():
        parts = [network(normalize(part)) > 0 for part in torch.from_numpy(images).split(BATCH)]
    return torch.cat(parts).numpy()


def grabcut_masks(pictures: Pictures, importance: Array) -> Array:
    """Return what GrabCut makes of the seeds of maps (N, H, W)."""
    cut = [
        segmentation.grabcut(image, segmentation.seeds(single, foreground=SEED_QUANTILE))
        for image, single in zip(pictures.images, importance, strict=True)
    ]
    return np.array(cut)


def ious(made: Array, truth: Array) -> Array:
    """Return the intersection over union of masks (N, H, W), shape (N,)."""
    return np.array([segmentation.iou(*pair) for pair in zip(made, truth, strict=True)])


def baselines(pictures: Pictures) -> dict[str, Array]:
    """Return the masks of GrabCut, from the maps of the small VGG and from the true masks."""
    network = load_network("small_vgg")
    x = network.normalize(torch.from_numpy(pictures.images).float() / 255)
    labels = torch.from_numpy(pictures.labels)
    importance = method_table.METHODS[MAP](network, x, labels).numpy()
    soft = blur(torch.from_numpy(pictures.masks)[:, None].float(), SOFTNESS)[:, 0].numpy()
    return {
        GRABCUT: grabcut_masks(pictures, importance),
        GRABCUT_TRUE: grabcut_masks(pictures, soft),
    }


def read(path: Path = FILE) -> Study:
    """Return what is stored.

    Raises ValueError if it was made with other settings than the present ones.
    """
    with np.load(path, allow_pickle=False) as stored:
        if json.loads(str(stored["settings"])) != settings():
            raise ValueError(
                f"{path.name} was made with other settings. Delete it and run "
                "python -m laboratory.unet_study."
            )
        iou: dict[str, Array] = {}
        weights: dict[str, dict[str, Array]] = {}
        for name in stored.files:
            kind, _, method = name.partition("/")
            if kind == "iou":
                iou[method] = stored[name].astype(float)
            elif kind == "weights":
                method, _, parameter = method.partition("/")
                weights.setdefault(method, {})[parameter] = stored[name]
        return Study(iou, weights)


def save(path: Path, study: Study) -> None:
    """Write a study to a file without pickles."""
    arrays = {f"iou/{method}": values.astype(np.float16) for method, values in study.iou.items()}
    for method, stored in study.weights.items():
        arrays |= {f"weights/{method}/{name}": array for name, array in stored.items()}
    text = np.array(json.dumps(settings()))
    np.savez_compressed(path, allow_pickle=False, settings=text, **arrays)


def half_weights(network: UNet) -> dict[str, Array]:
    """Return the weights of a network as float16 arrays, by name."""
    return {
        name: tensor.detach().half().numpy()
        for name, tensor in network.state_dict().items()
        if tensor.is_floating_point()
    }


def main(arguments: list[str]) -> None:
    """Train and measure what the file lacks."""
    parser = argparse.ArgumentParser(description="Train U-Nets on more and more masks.")
    parser.add_argument("--masks", type=int, nargs="+", default=sorted(MASKS, reverse=True))
    parser.add_argument("--file", type=Path, default=FILE, help="what is measured goes there")
    parser.add_argument("--steps", type=int, default=STEPS, help="of each training")
    options = parser.parse_args(arguments)

    study = read(options.file) if options.file.exists() else Study({}, {})
    tested = draw(TEST_PICTURES, seed=TEST_SEED)
    most = max(options.masks)
    plan = [(f"{count} masks", count, True) for count in options.masks]
    plan.insert(1, (NO_SKIPS, most, False))
    for method, count, skips in plan:
        if method in study.iou:
            continue
        learned = draw(count, seed=TRAINING_SEED)
        network = train(learned, skips=skips, steps=options.steps)
        weights = dict(study.weights)
        if count == most:
            weights[method] = half_weights(network)
            network = Study({}, weights).network(method)  # rounded, as it is stored
        outcome = ious(masks(network, tested.images), tested.masks)
        study = Study({**study.iou, method: outcome}, weights)
        save(options.file, study)
    if GRABCUT not in study.iou:
        cut = {name: ious(made, tested.masks) for name, made in baselines(tested).items()}
        study = Study({**study.iou, **cut}, study.weights)
        save(options.file, study)
    for method, values in study.iou.items():
        print(f"{method}: mean IoU {values.mean():.3f}")


if __name__ == "__main__":
    main(sys.argv[1:])

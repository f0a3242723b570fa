"""Do the maps get worse while the network gets better? The recipe at several lengths of training.

    python -m laboratory.training_study --lengths 2 4 7 14 28 --seeds 0 1

Trains the small VGG anew for each length, with a whole cycle of the learning rate each time, and
writes what its maps reach, picture by picture, to ``training_study.npz`` beside this file: so that
two lengths can be compared on the same pictures. About half a minute of a core for each epoch. Each
training is stored as soon as it is measured, and what is stored is not done again.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np
import torch

from laboratory import evaluation, method_table, small_vgg, train_small_vgg
from laboratory.drawn_pictures import Pictures, draw
from laboratory.evaluation import Mean, mean_with_interval
from laboratory.networks import load_network

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]
Measure: TypeAlias = Literal["pointing", "iou", "energy"]

FILE = Path(__file__).with_name("training_study.npz")
"""What has been measured."""

METHODS = ("saliency", "SmoothGrad", "guided backprop", "Grad-CAM, relu5_3", "occlusion")
"""Methods that are measured, from ``method_table.METHODS``."""

MEASURES = {
    "pointing": evaluation.pointing_game,
    "iou": evaluation.iou_at_equal_area,
    "energy": evaluation.energy_in_mask,
}
"""What is measured of a map, by name."""

SEED, PICTURES = 21, 200
"""Pictures of the maps: neither of the training nor of its test, nor those of the method table."""

_BATCH = 50


@dataclass(frozen=True)
class Run:
    """One training of the small VGG, and what came of it, picture by picture.

    epochs: its length. seed: of the training.
    correct: which test pictures it classifies correctly, shape (T,), bool.
    outcomes: by measure, shape (methods, N), in the order of ``METHODS``.
    """

    epochs: int
    seed: int
    correct: Array
    outcomes: Mapping[str, Array]

    def accuracy(self) -> Mean:
        """Return the share of the test pictures that are classified correctly."""
        return mean_with_interval(self.correct)

    def reached(self, measure: Measure, method: str) -> Mean:
        """Return the mean of a measure over the pictures."""
        return mean_with_interval(self.outcomes[measure][METHODS.index(method)])


def difference(
    runs: Iterable[Run], longer: int, shorter: int, measure: Measure, method: str
) -> Mean:
    """Return how much more a measure is after longer training, with the paired interval.

    longer, shorter: epochs. Picture by picture, and averaged over the seeds that have both lengths.

    Raises ValueError if no seed has both.
    """
    by_training = {(run.epochs, run.seed): run for run in runs}
    row = METHODS.index(method)
    differences = [
        run.outcomes[measure][row] - by_training[shorter, seed].outcomes[measure][row]
        for (epochs, seed), run in by_training.items()
        if epochs == longer and (shorter, seed) in by_training
    ]
    if not differences:
        raise ValueError(f"No seed was trained for both {longer} and {shorter} epochs.")
    return mean_with_interval(np.mean(differences, axis=0))


def settings() -> dict[str, Any]:
    """Return what the outcomes depend on, besides length and seed."""
    return {
        "recipe": train_small_vgg.recipe(),
        "test_seed": train_small_vgg.TEST_SEED,
        "test_pictures": train_small_vgg.TEST_PICTURES,
        "methods": list(METHODS),
        "seed": SEED,
        "pictures": PICTURES,
    }


def read(path: Path = FILE) -> list[Run]:
    """Return the stored trainings, by seed and length.

    Raises ValueError if they were made with other settings than the present ones.
    """
    with np.load(path, allow_pickle=False) as stored:
        metadata = json.loads(str(stored["metadata"]))
        if metadata["settings"] != settings():
            raise ValueError(
                f"{path.name} was made by another recipe, or measured otherwise. Delete it and run "
                "python -m laboratory.training_study."
            )
        count = metadata["settings"]["test_pictures"]
        return [
            Run(
                epochs,
                seed,
                np.unpackbits(stored[f"{epochs}/{seed}/correct"], count=count).astype(bool),
                {name: stored[f"{epochs}/{seed}/{name}"].astype(float) for name in MEASURES},
            )
            for epochs, seed in metadata["trainings"]
        ]


def save(path: Path, runs: Iterable[Run]) -> None:
    """Write trainings to a file, by seed and length."""
    runs = sorted(runs, key=lambda run: (run.seed, run.epochs))
    metadata = {
        "settings": settings(),
        "trainings": [(run.epochs, run.seed) for run in runs],
        "torch_version": torch.__version__,
        "numpy_version": np.__version__,
    }
    arrays = {}
    for run in runs:
        name = f"{run.epochs}/{run.seed}"
        arrays[f"{name}/correct"] = np.packbits(run.correct)
        arrays |= {f"{name}/{key}": run.outcomes[key].astype(np.float16) for key in MEASURES}
    text = np.array(json.dumps(metadata, indent=1))
    np.savez_compressed(path, allow_pickle=False, metadata=text, **arrays)


def outcomes(model: small_vgg.SmallVGG, pictures: Pictures) -> dict[str, Array]:
    """Return what the maps of a trained network reach, by measure, shape (methods, N)."""
    network = replace(load_network("small_vgg"), model=model)
    x = network.normalize(torch.from_numpy(pictures.images).float() / 255)
    labels, masks = torch.from_numpy(pictures.labels), torch.from_numpy(pictures.masks)
    by_measure: dict[str, list[Array]] = {name: [] for name in MEASURES}
    for method in METHODS:
        parts = zip(x.split(_BATCH), labels.split(_BATCH), strict=True)
        maps = torch.cat([method_table.METHODS[method](network, *part) for part in parts])
        for name, measure in MEASURES.items():
            by_measure[name].append(measure(maps, masks).numpy())
    return {name: np.array(rows) for name, rows in by_measure.items()}


def trained(epochs: int, seed: int, folder: Path) -> small_vgg.SmallVGG:
    """Return the network of a length and seed: stored before, or trained now and stored.

    The committed network is one of them, and is not trained again.
    """
    committed = small_vgg.read_metadata()
    if (committed.epochs, committed.seed) == (epochs, seed):
        return small_vgg.load()
    path = folder / f"plain_{epochs}_epochs_seed_{seed}.npz"
    if not path.exists():
        learned = draw(train_small_vgg.TRAINING_PICTURES, seed=train_small_vgg.TRAINING_SEED)
        network, _ = train_small_vgg.train_plain(
            learned, epochs=epochs, seed=seed, device=torch.device("cpu")
        )
        tested = draw(train_small_vgg.TEST_PICTURES, seed=train_small_vgg.TEST_SEED)
        folder.mkdir(parents=True, exist_ok=True)
        train_small_vgg.store(
            path, small_vgg.fold_batch_norm(network), "plain", seed, epochs, tested
        )
    return small_vgg.load(path)


def main(arguments: list[str]) -> None:
    """Train and measure what the file lacks."""
    parser = argparse.ArgumentParser(description="Train the small VGG for several lengths.")
    parser.add_argument("--lengths", type=int, nargs="+", default=[2, 4, 7, 14, 28])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    parser.add_argument("--file", type=Path, default=FILE, help="what is measured goes there")
    parser.add_argument(
        "--folder",
        type=Path,
        default=Path("_build/training_study"),
        help="trained networks go there",
    )
    options = parser.parse_args(arguments)

    runs = read(options.file) if options.file.exists() else []
    done = {(run.epochs, run.seed) for run in runs}
    tested = draw(train_small_vgg.TEST_PICTURES, seed=train_small_vgg.TEST_SEED)
    pictures = draw(PICTURES, seed=SEED)
    for seed in options.seeds:
        for epochs in options.lengths:
            if (epochs, seed) not in done:
                model = trained(epochs, seed, options.folder)
                correct = train_small_vgg.correct(model, tested, torch.device("cpu")).numpy()
                runs.append(Run(epochs, seed, correct, outcomes(model, pictures)))
                save(options.file, runs)
    for run in sorted(runs, key=lambda run: (run.epochs, run.seed)):
        means = ", ".join(f"{name} {run.reached('pointing', name).value:.2f}" for name in METHODS)
        accuracy = 100 * run.accuracy().value
        print(f"{run.epochs} epochs, seed {run.seed}: {accuracy:.1f} % correct; pointing: {means}")


if __name__ == "__main__":
    main(sys.argv[1:])

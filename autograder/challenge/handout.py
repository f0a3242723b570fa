"""What students get of the challenge in one file: pictures, labels, and the rules."""

from __future__ import annotations

import dataclasses
import io
from pathlib import Path

import numpy as np

from autograder.challenge.entry import Rules

HANDOUT = "challenge.npz"


@dataclasses.dataclass(frozen=True)
class Handout:
    """Pictures (N, H, W), uint8, and labels (N,) for training and for validation; the rules."""

    training_pictures: np.ndarray
    training_labels: np.ndarray
    validation_pictures: np.ndarray
    validation_labels: np.ndarray
    rules: Rules

    def packed(self) -> bytes:
        """Return the file."""
        file = io.BytesIO()
        arrays = {
            field.name: getattr(self, field.name)
            for field in dataclasses.fields(self)
            if field.name != "rules"
        }
        np.savez_compressed(file, allow_pickle=False, **arrays, **dataclasses.asdict(self.rules))
        return file.getvalue()


def load_handout(path: Path) -> Handout:
    """Read the file that students get."""
    with np.load(path, allow_pickle=False) as arrays:
        rules = Rules(
            **{field.name: arrays[field.name].item() for field in dataclasses.fields(Rules)}
        )
        names = (field.name for field in dataclasses.fields(Handout) if field.name != "rules")
        return Handout(**{name: arrays[name] for name in names}, rules=rules)

"""The drawn pictures that the exercise "visualization" comes with.

``python -m solutions.visualization.exercise_pictures`` writes ``pictures.npz`` beside this file;
the exercise is generated with it. The pictures are none of those that the network was trained on.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from laboratory import drawn_pictures

FILE = Path(__file__).with_name("pictures.npz")
SEED = 2013
COUNT = 12


def arrays() -> dict[str, np.ndarray]:
    """Return what the file holds.

    images: (12, 96, 96, 3), whole numbers from 0 to 255. masks: (12, 96, 96), True at the object.
    labels: (12,), indices into classes, the names of the classes.
    """
    drawn = drawn_pictures.draw(COUNT, seed=SEED)
    return {
        "images": np.ascontiguousarray(drawn.images.transpose(0, 2, 3, 1)),
        "masks": drawn.masks,
        "labels": drawn.labels.astype(np.int64),
        "classes": np.array(drawn_pictures.CLASSES),
    }


if __name__ == "__main__":
    np.savez_compressed(FILE, allow_pickle=False, **arrays())

"""The challenge "drawn digits": how many pictures there are, and what an entry may use."""

from pathlib import Path

from autograder.challenge.declaration import Challenge
from autograder.challenge.entry import Rules
from solutions.challenge.digits import draw

CHALLENGE = Challenge(
    folder=Path(__file__).parent,
    draw=draw,
    rules=Rules(size=40_000, seconds=10.0, pictures=2000),
    training=2000,
    validation=500,
    baselines={
        "nearest_centroid": "nearest centroid",
        "linear": "linear classifier",
        "small_cnn": "small CNN",
    },
)

"""Real training runs, one healthy and five broken kinds, for the task ``name_that_bug``.

They are stored in ``runs.json`` because a run with too large a step amplifies the last bit of
every sum: computed anew, its curves would be others on another machine.
``solutions.training.draw_runs`` computes them.
"""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

FILE = Path(__file__).with_name("runs.json")
KINDS = (
    "healthy",
    "step too large",
    "step too small",
    "labels mixed up",
    "softmax twice",
    "overfitting",
)

Run: TypeAlias = dict[str, Any]
"""The arguments of ``name_that_bug``: three arrays or lists, and the number of classes."""


@functools.cache
def stored_runs() -> dict[str, list[Run]]:
    """Return the runs of ``runs.json`` by kind, the curves as arrays."""
    stored = json.loads(FILE.read_text())
    return {
        kind: [
            {name: np.array(part) if isinstance(part, list) else part for name, part in run.items()}
            for run in runs
        ]
        for kind, runs in stored.items()
    }

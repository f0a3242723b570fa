"""What several tests of the laboratory use."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from laboratory import chosen_network, weights


@pytest.fixture
def no_weights(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No variable chooses or names a network, and torch's cache is empty."""
    for variable in (*weights.VARIABLES.values(), weights.UNCHECKED, chosen_network.VARIABLE):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "hub"))

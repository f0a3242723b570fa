"""One setting decides which network is shown."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from laboratory import chosen_network, weights
from tests import COURSE

pytestmark = pytest.mark.usefixtures("no_weights")


@pytest.fixture
def file_of_vgg16(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A file in the place of VGG16's weights; nothing in it is read here."""
    path = tmp_path / "vgg16.pth"
    path.write_bytes(b"weights")
    monkeypatch.setenv(weights.VARIABLES["vgg16"], str(path))
    monkeypatch.setenv(weights.UNCHECKED, "1")
    return path


def test_automatic_without_weights() -> None:
    assert chosen_network.choice() == "auto"
    assert chosen_network.chosen_network().name == "small VGG"
    assert "NETWORK=vgg16 takes VGG16 (downloads 761 MiB once)" in chosen_network.description()


def test_automatic_with_weights(file_of_vgg16: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert chosen_network.available("vgg16")
    assert not chosen_network.available("alexnet")
    assert chosen_network.description().startswith("VGG16 on ")
    monkeypatch.setenv(chosen_network.VARIABLE, "small")
    assert chosen_network.description().startswith("the course's small VGG on ")
    assert chosen_network.chosen_network().name == "small VGG"


def test_fingerprint_follows_weights_and_setting(
    file_of_vgg16: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    marks = [chosen_network.fingerprint()]
    file_of_vgg16.write_bytes(b"other weights")
    marks.append(chosen_network.fingerprint())
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    marks.append(chosen_network.fingerprint())
    monkeypatch.setenv(chosen_network.VARIABLE, "small")
    marks.append(chosen_network.fingerprint())
    assert len(set(marks)) == 4
    monkeypatch.delenv(weights.VARIABLES["vgg16"])
    monkeypatch.delenv(chosen_network.VARIABLE)
    assert chosen_network.fingerprint() == marks[-1]


@pytest.mark.parametrize(
    ("cuda", "mps", "kind"), [(True, False, "cuda"), (False, True, "mps"), (False, False, "cpu")]
)
def test_device(monkeypatch: pytest.MonkeyPatch, cuda: bool, mps: bool, kind: str) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)
    assert chosen_network.device().type == kind


def test_vgg16_is_downloaded_or_it_is_said_why_not(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    monkeypatch.setattr(
        chosen_network, "find_weights", lambda name, **how: asked.append((name, how))
    )
    chosen_network.get_weights()
    assert asked == []
    monkeypatch.setenv(chosen_network.VARIABLE, "vgg16")
    chosen_network.get_weights()
    assert asked == [("vgg16", {"download": True}), ("alexnet", {"download": True})]


def test_from_the_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def said(setting: str) -> str:
        monkeypatch.setenv(chosen_network.VARIABLE, setting)
        command = [sys.executable, "-m", "laboratory.chosen_network"]
        done = subprocess.run(command, cwd=COURSE, text=True, capture_output=True)
        return done.stdout + done.stderr

    assert said("small").startswith("Network: the course's small VGG on ")
    assert said("large") == 'NETWORK is one of auto, vgg16, small, not "large".\n'

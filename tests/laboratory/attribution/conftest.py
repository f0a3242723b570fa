"""A small network in float64, and pictures for it."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from tests.laboratory import lab_networks

TARGET = [4, 0, 2]  # not what the network finds most likely


@pytest.fixture
def model() -> nn.Sequential:
    return lab_networks.tiny(torch.float64)


@pytest.fixture
def x() -> Tensor:
    return lab_networks.tiny_pictures(3, torch.float64)

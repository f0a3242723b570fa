"""The network that makes the pictures."""

from __future__ import annotations

import pytest

from laboratory.networks import Network, load_network


@pytest.fixture(scope="session")
def network() -> Network:
    return load_network("small_vgg_noise")

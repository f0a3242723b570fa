"""Pictures made under torch.inference_mode, and calls under it: the result is the same."""

from __future__ import annotations

import pytest
import torch

from laboratory.synthesis.class_model import class_model
from laboratory.synthesis.deep_dream import deep_dream
from laboratory.synthesis.filter_ascent import filter_ascent
from laboratory.synthesis.style_transfer import style_transfer
from laboratory.synthesis.texture import texture

QUIET = {"steps": 3, "progress": False}
KINDS = {
    "class model": lambda network, x: class_model(network, 1, **QUIET).x,
    "filter ascent": lambda network, x: filter_ascent(network, "conv3_1", 2, **QUIET).x,
    "deep dream": lambda network, x: deep_dream(network, x, "relu3_1", octaves=2, **QUIET),
    "texture": lambda network, x: texture(network, x, **QUIET).x,
    "style transfer": lambda network, x: style_transfer(network, x, x.flip(3), **QUIET).x,
}


@pytest.mark.parametrize("make", KINDS.values(), ids=KINDS)
def test_the_result_is_the_same(make, network):
    x = torch.randn(1, 3, 48, 48, generator=torch.Generator().manual_seed(0)).clamp(-1, 1)
    expected = make(network, x)
    with torch.inference_mode():
        made_there = x.clone()
        called_there = make(network, made_there)
    assert torch.equal(called_there, expected)
    assert torch.equal(make(network, made_there), expected)

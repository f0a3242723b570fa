"""Style transfer: style against content."""

from __future__ import annotations

import pytest
import torch
from skimage import data

from laboratory.synthesis.gram_matching import CONTENT, STYLE, _relative, gram
from laboratory.synthesis.style_transfer import style_transfer
from laboratory.synthesis.trunk import Trunk


class TestStyleTransfer:
    def test_style_against_content(self, network):
        content = network.prepare(data.astronaut())
        style = network.prepare(data.gravel()[:256, :256])
        trunk = Trunk(network.model, [*STYLE, CONTENT])
        distances = []
        for weight in (0.01, 100.0):
            x = style_transfer(network, content, style, weight=weight, steps=20, progress=False).x
            with torch.no_grad():
                got, of_content, of_style = trunk(x), trunk(content), trunk(style)
            away = _relative(got[CONTENT], of_content[CONTENT])
            other = sum(_relative(gram(got[name]), gram(of_style[name])) for name in STYLE)
            distances.append((float(away), float(other)))
        (near, far_style), (far, near_style) = distances
        assert near < far
        assert near_style < far_style

    def test_it_goes_on_from_what_is_given(self, network):
        content = network.prepare(data.astronaut())
        style = network.prepare(data.gravel()[:256, :256])
        first = style_transfer(network, content, style, steps=20, progress=False)
        second = style_transfer(network, content, style, steps=10, begin=first.x, progress=False)
        assert float(second.losses[0]) == pytest.approx(float(first.losses[-1]), rel=1e-3)
        assert second.losses[-1] < first.losses[-1]

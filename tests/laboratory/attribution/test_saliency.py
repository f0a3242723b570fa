"""Saliency against loops over pixels."""

from __future__ import annotations

import itertools

import pytest

from laboratory.attribution.saliency import saliency
from tests.laboratory import lab_networks
from tests.laboratory.attribution.conftest import TARGET


class TestSaliency:
    def test_against_loops(self, model, x):
        got = saliency(model, x, TARGET)
        for picture, (image, label) in enumerate(zip(x, TARGET, strict=True)):
            derivative = lab_networks.plain_gradient(model, image, label)
            for i, j in itertools.product((0, 9, 19), (0, 12, 23)):
                expected = max(abs(float(derivative[c, i, j])) for c in range(3))
                assert float(got[picture, i, j]) == pytest.approx(expected)

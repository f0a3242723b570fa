"""Derivative times pixel."""

from __future__ import annotations

from laboratory.attribution.gradient import gradient
from laboratory.attribution.input_x_gradient import input_x_gradient
from tests.laboratory import lab_networks
from tests.laboratory.attribution.conftest import TARGET


def test_by_hand(model, x):
    got = input_x_gradient(model, x, TARGET)
    lab_networks.agree(got, gradient(model, x, TARGET) * x)

"""Gram matrices by hand."""

from __future__ import annotations

import torch

from laboratory.synthesis.gram_matching import gram


class TestGram:
    def test_by_hand(self):
        activation = torch.tensor([[[1.0, 2]], [[0, -1]]])[None]  # two channels, two places
        assert gram(activation).tolist() == [[[2.5, -1], [-1, 0.5]]]

    def test_it_does_not_know_places(self):
        activation = torch.randn(2, 4, 5, 6)
        mixed = activation.flatten(2)[:, :, torch.randperm(30)].view(2, 4, 5, 6)
        assert torch.allclose(gram(mixed), gram(activation), atol=1e-5)
        twice = torch.cat([activation, activation], dim=2)
        assert torch.allclose(gram(twice), gram(activation), atol=1e-5)

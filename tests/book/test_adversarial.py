"""The page on adversarial examples: the study, and what its cells compute."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from torch import nn

from book.adversarial import attack_study, demo
from book.adversarial.attack_study import LEVELS, MAP_LEVELS, MAP_PICTURES, MAPS, NETWORKS, Study
from laboratory import attacks, evaluation
from laboratory.attacks import FromPixels


def study(right: dict[tuple[str, str, int, str], tuple[bool, ...]]) -> Study:
    return Study(right=right, energy={}, hits={}, object_share=())


class TestStudy:
    def test_the_committed_file_is_complete(self) -> None:
        stored = attack_study.read()
        for source in NETWORKS:
            for judge in NETWORKS:
                for level in LEVELS:
                    for attack in ("random", "fgsm", "pgd") if level else ("none",):
                        outcomes = stored.right[source, attack, level, judge]
                        assert len(outcomes) == attack_study.PICTURES
            for level in MAP_LEVELS:
                for whose in ("true", "named"):
                    for method in MAPS:
                        for values in (stored.energy, stored.hits):
                            row = values[source, level, whose, method]
                            assert len(row) == MAP_PICTURES
                            assert 0 <= min(row) <= max(row) <= 1
        assert len(stored.object_share) == MAP_PICTURES

    def test_what_is_stored_is_what_comes_out_today(self) -> None:
        """Another version of PyTorch may add up in another order: two pictures may differ."""
        stored, count = attack_study.read(), 12
        x, labels, masks = attack_study.pictures(count)
        network = demo.network("robust")
        tried = attack_study.attempts(FromPixels(network), x, labels, 3)
        for attack in ("fgsm", "pgd"):
            for judge in NETWORKS:
                today = attacks.correct(FromPixels(demo.network(judge)), tried[attack], labels)
                before = torch.tensor(stored.right["robust", attack, 3, judge][:count])
                assert (today != before).sum() <= 2
        maps = MAPS["saliency"](network, network.normalize(x), labels)
        energy = evaluation.energy_in_mask(maps, masks).tolist()
        assert energy == pytest.approx(
            stored.energy["robust", 0, "true", "saliency"][:count], abs=0.02
        )

    def test_what_is_measured_can_be_saved_and_read(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(attack_study, "MAP_PICTURES", 1)
        monkeypatch.setattr(attack_study, "NETWORKS", {"plain": "small_vgg"})
        measured = attack_study.measured(count=2, levels=(0, 4))
        path = tmp_path / "study.json"
        attack_study.save(path, measured)
        assert json.loads(path.read_text()) == measured
        stored = attack_study.read(path)
        assert set(stored.right) == {
            ("plain", "none", 0, "plain"),
            *(
                ("plain", attack, 4, "plain")
                for attack in ("random", "fgsm", "pgd", "pgd from elsewhere", "pgd on the margin")
            ),
        }
        assert len(stored.energy) == 2 * 2 * len(MAPS)

    def test_other_settings_are_refused(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(attack_study, "STEPS", attack_study.STEPS + 1)
        with pytest.raises(ValueError, match="made with other settings"):
            attack_study.read()

    def test_wilsons_interval(self) -> None:
        """5 of 10: a textbook value; and none of 200 is no proof of nothing."""
        half = attack_study.share((True, False) * 5)
        assert (half.value, half.low, half.high) == pytest.approx((0.5, 0.2366, 0.7634), abs=1e-4)
        nothing = attack_study.share((False,) * 200)
        assert nothing.low == pytest.approx(0, abs=1e-12)
        assert 0.01 < nothing.high < 0.02

    def test_the_worst_case_is_that_of_each_picture(self) -> None:
        right = {
            ("a", "none", 0, "a"): (True, True, True, False),
            ("a", "fgsm", 4, "a"): (True, False, True, True),
            ("a", "pgd", 4, "a"): (False, True, True, True),
        }
        assert study(right).worst_case("a", ("fgsm", "pgd")).value == 0.25
        assert study(right).accuracy("a", "pgd", 4).value == 0.75
        assert study(right).accuracy("a", "pgd", 0).value == 0.75


class TestDemo:
    def test_the_page_says_whose_pictures_it_shows(self) -> None:
        assert demo.captions().startswith(demo.network("plain").caption)
        assert "attacked" in demo.network("robust").caption
        assert set(demo.WORDS) == set(NETWORKS)

    def test_slopes_along_signs_and_at_random(self) -> None:
        gradients = torch.tensor([3.0, -4, 0, 0]).view(1, 1, 2, 2)
        slopes = demo.slopes(gradients)
        assert (slopes.steepest.item(), slopes.by_chance.item()) == (7, 5)
        coins = torch.randint(2, (20_000, 4), generator=torch.Generator().manual_seed(0)) * 2 - 1
        changes = coins.float() @ gradients.flatten()
        assert changes.std().item() == pytest.approx(5, rel=0.02)

    def test_a_sharpened_network_names_the_same_classes_and_hides_its_gradient(self) -> None:
        torch.manual_seed(0)
        model = nn.Sequential(nn.Flatten(), nn.Linear(48, 5))
        sharp, x = demo.Sharpened(model, 1e5), torch.rand(30, 3, 4, 4)
        named = model(x).argmax(1)
        assert torch.equal(sharp(x).argmax(1), named)
        assert not attacks.input_gradient(sharp, x, named).any()
        assert attacks.input_gradient(sharp, x, named, attacks.margin).flatten(1).any(1).all()

    def test_the_loss_step_by_step_ends_where_pgd_ends(self) -> None:
        model = FromPixels(demo.network("noise"))
        x, labels, _ = (part[:3] for part in attack_study.pictures(3))
        epsilon = 2 / 255
        means = demo.loss_by_step(model, x, labels, epsilon, steps=3)
        ended = attacks.pgd(model, x, labels, epsilon, step=epsilon / 4, steps=3)
        assert means[-1] == pytest.approx(demo.losses(model, ended, labels).mean().item())
        assert means == sorted(means)

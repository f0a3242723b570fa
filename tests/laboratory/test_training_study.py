"""Longer training: the committed outcomes, and the script that adds to them."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from laboratory import drawn_pictures, small_vgg, train_small_vgg, training_study
from laboratory.training_study import Run


@pytest.fixture
def tiny(monkeypatch):
    """Few pictures, so that a training takes seconds."""
    monkeypatch.setattr(train_small_vgg, "TRAINING_PICTURES", 64)
    monkeypatch.setattr(train_small_vgg, "TEST_PICTURES", 20)
    monkeypatch.setattr(training_study, "PICTURES", 4)


class TestCommittedFile:
    def test_is_of_the_present_recipe_and_compares_lengths(self):
        runs = training_study.read()
        lengths = {run.epochs for run in runs}
        assert train_small_vgg.EPOCHS in lengths
        assert max(lengths) > train_small_vgg.EPOCHS > min(lengths)
        for run in runs:
            assert run.correct.shape == (train_small_vgg.TEST_PICTURES,)
            for values in run.outcomes.values():
                assert values.shape == (len(training_study.METHODS), training_study.PICTURES)
                assert values.min() >= 0
                assert values.max() <= 1

    def test_fits_the_committed_network(self):
        """Measured again, the first pictures reach what is stored of them."""
        metadata = small_vgg.read_metadata()
        (run,) = [
            run
            for run in training_study.read()
            if (run.epochs, run.seed) == (metadata.epochs, metadata.seed)
        ]
        assert abs(run.correct.sum() - metadata.test_correct) <= 1
        pictures = drawn_pictures.draw(6, seed=training_study.SEED)
        again = training_study.outcomes(small_vgg.load(), pictures)
        for measure, values in again.items():
            assert values == pytest.approx(run.outcomes[measure][:, :6], abs=0.02), measure

    def test_another_recipe_is_refused(self, monkeypatch):
        monkeypatch.setattr(train_small_vgg, "RATE", 1e-3)
        with pytest.raises(ValueError, match="another recipe"):
            training_study.read()


class TestScript:
    def test_trains_what_the_file_lacks(self, tiny, tmp_path, capsys, monkeypatch):
        file, folder = tmp_path / "study.npz", tmp_path / "networks"
        options = ["--seeds", "0", "--file", str(file), "--folder", str(folder)]
        training_study.main([*options, "--lengths", "1"])
        (first,) = training_study.read(file)
        assert (first.epochs, first.seed) == (1, 0)
        assert [path.name for path in folder.iterdir()] == ["plain_1_epochs_seed_0.npz"]
        stored = small_vgg.read_metadata(next(folder.iterdir()))
        assert stored.test_correct == first.correct.sum()

        training_study.main([*options, "--lengths", "2", "1"])
        runs = training_study.read(file)
        assert [run.epochs for run in runs] == [1, 2]
        for measure, values in first.outcomes.items():
            assert np.array_equal(runs[0].outcomes[measure], values)
        # Everything is there: nothing is trained again.
        monkeypatch.setattr(train_small_vgg, "train", None)
        capsys.readouterr()
        training_study.main([*options, "--lengths", "1", "2"])
        assert "2 epochs, seed 0:" in capsys.readouterr().out

    def test_the_length_of_the_recipe_is_the_committed_network(self, tmp_path):
        metadata = small_vgg.read_metadata()
        network = training_study.trained(metadata.epochs, metadata.seed, tmp_path)
        assert small_vgg.digest(small_vgg.half_weights(network)) == metadata.sha256

    def test_same_seed_same_network(self, tiny):
        learned = drawn_pictures.draw(64, seed=3)
        networks = [
            train_small_vgg.train_plain(learned, epochs=1, seed=seed, device=torch.device("cpu"))[0]
            for seed in (5, 5, 6)
        ]
        first, again, other = (small_vgg.digest(small_vgg.half_weights(n)) for n in networks)
        assert first == again
        assert first != other


class TestDifference:
    def make(self, epochs: int, seed: int, value: float) -> Run:
        values = np.full((len(training_study.METHODS), 6), value)
        values[:, ::2] += 0.25
        return Run(epochs, seed, np.ones(3, bool), dict.fromkeys(training_study.MEASURES, values))

    def test_is_paired_by_picture_and_seed(self):
        runs = [self.make(2, 0, 0.5), self.make(4, 0, 0.25), self.make(4, 1, 0.75)]
        change = training_study.difference(runs, 4, 2, "iou", "saliency")
        # The pictures differ, but not in how much they lose.
        assert (change.low, change.value, change.high) == (-0.25, -0.25, -0.25)
        both = [*runs, self.make(2, 1, 0.5)]
        assert training_study.difference(both, 4, 2, "iou", "saliency").value == 0

    def test_without_a_common_seed(self):
        with pytest.raises(ValueError, match="both 4 and 2"):
            training_study.difference(
                [self.make(2, 0, 0.5), self.make(4, 1, 0.5)], 4, 2, "iou", "saliency"
            )

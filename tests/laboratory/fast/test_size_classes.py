"""Classes of places with windows of one size: the best division, as many as pay."""

from __future__ import annotations

import itertools

import pytest

from laboratory.fast import size_classes
from laboratory.fast.incremental_occlusion import IncrementalOcclusion
from laboratory.fast.size_classes import divisions
from laboratory.occlusion_map import patch_starts
from tests.laboratory import lab_networks


class TestSizeClasses:
    def test_division_is_the_best_one(self):
        weights = [1.0, 5, 6, 2, 9, 9, 1]

        def cost(a: int, b: int) -> float:
            return (b - a) * max(weights[a:b])

        for parts in (1, 2, 3, 7, 9):
            division = divisions(len(weights), parts, cost)[-1]
            assert [i for part in reversed(division) for i in part] == list(range(len(weights)))
            cuts = itertools.chain.from_iterable(
                itertools.combinations(range(1, len(weights)), count)
                for count in range(min(parts, len(weights)))
            )
            best = min(
                sum(cost(a, b) for a, b in itertools.pairwise((0, *cut, len(weights))))
                for cut in cuts
            )
            assert sum(cost(part.start, part.stop) for part in division) == best

    def test_as_many_classes_as_pay(self, monkeypatch):
        model, x = lab_networks.tiny(), lab_networks.tiny_pictures(1)
        engine = IncrementalOcclusion(model, x)
        tops, lefts = patch_starts(20, 5, 2), patch_starts(24, 5, 2)

        def classes(cost: float) -> tuple[int, int]:
            monkeypatch.setitem(size_classes.CLASS_COSTS, "cpu", cost)
            rows, columns = engine.classes(tops, lefts, (5, 5))
            assert sorted(itertools.chain(*rows)) == list(range(len(tops)))
            assert sorted(itertools.chain(*columns)) == list(range(len(lefts)))
            return len(rows), len(columns)

        assert classes(1e12) == (1, 1)
        free = classes(0.0)
        assert min(free) > 1
        assert (1, 1) <= classes(300.0) <= free
        with pytest.raises(ValueError, match="at least 1; 0 was given"):
            engine.logits(tops, lefts, (5, 5), size_classes=0)

"""Captum in the words of the exercise: the same as the references, on their own cases."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from autograder.chapter import load_problems
from autograder.handover import hand_over
from laboratory import captum_methods
from tests import COURSE

PROBLEMS = load_problems(COURSE, "visualization")
NOT_CAPTUM = ("filter_grid", "pointing_game")


def not_in_place(model: nn.Module) -> nn.Module:
    for module in model.modules():
        if isinstance(module, nn.ReLU):
            module.inplace = False
    return model


def results(name: str, arguments: dict) -> list[np.ndarray]:
    """Return what reference and Captum make of arguments; lists as their parts."""
    made = []
    for function in (PROBLEMS[name].reference, captum_methods.METHODS[name]):
        given = {key: hand_over(value) for key, value in arguments.items()}
        if isinstance(given.get("model"), nn.Module):
            given["model"] = not_in_place(given["model"])
        made.append(function(**given))
    return made


def test_one_for_each_task() -> None:
    assert list(captum_methods.METHODS) == list(PROBLEMS)


@pytest.mark.filterwarnings("ignore:Setting forward, backward hooks:UserWarning")
@pytest.mark.filterwarnings("ignore:Input Tensor 0 did not already require gradients:UserWarning")
@pytest.mark.parametrize(
    "name", [name for name in PROBLEMS if name not in ("occlusion_map", *NOT_CAPTUM)]
)
def test_the_same_as_the_reference(name: str) -> None:
    for case in PROBLEMS[name].hidden_checks(0).cases:
        ours, theirs = results(name, dict(case.arguments))
        parts = zip(ours, theirs, strict=True) if isinstance(ours, list) else [(ours, theirs)]
        for ours_part, theirs_part in parts:
            first, second = (torch.as_tensor(part).double() for part in (ours_part, theirs_part))
            assert torch.allclose(first, second, rtol=1e-4, atol=1e-5), case.name


def test_what_stands_in_where_captum_has_nothing() -> None:
    random = torch.Generator().manual_seed(0)
    filters = torch.randn(7, 3, 3, 4, generator=random)
    maps, masks = torch.randn(9, 5, 6, generator=random), torch.rand(9, 5, 6) < 0.5
    for name, arguments in (("filter_grid", (filters, 1, 3)), ("pointing_game", (maps, masks))):
        expected = torch.as_tensor(PROBLEMS[name].reference(*arguments)).double()
        got = torch.as_tensor(captum_methods.METHODS[name](*arguments)).double()
        assert torch.allclose(got, expected, atol=1e-5), name


def test_occlusion_where_places_do_not_overlap() -> None:
    [case, *_] = PROBLEMS["occlusion_map"].hidden_checks(0).cases
    # A new sequence: the case counts how often its own is called.
    model = nn.Sequential(*not_in_place(hand_over(case.arguments["model"])))
    side = hand_over(case.arguments["x"]).shape[1:]
    x = hand_over(case.arguments["x"])[:, : side[0], : side[1]]
    patch = next(size for size in (3, 2, 1) if not side[0] % size and not side[1] % size)
    given = {"model": model, "x": x, "target": 1, "patch": patch, "stride": patch}
    given |= {"fill": 0.5, "batch_size": 4}
    expected = PROBLEMS["occlusion_map"].reference(**given)
    got = captum_methods.occlusion_map(**given)
    assert torch.allclose(got.double(), expected.double(), atol=1e-5)
    with pytest.raises(ValueError, match="do not overlap"):
        captum_methods.occlusion_map(**{**given, "stride": patch + 1})

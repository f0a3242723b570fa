"""What the page "Which map is right?" draws and computes beside the laboratory."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch

from book.visualization import demo
from book.visualization import which_map_demo as page
from laboratory import evaluation, method_table
from laboratory.evaluation import Mean, SanityCheck
from laboratory.layers import chain


def test_pixels_are_put_back_in_the_order_of_the_map():
    x, blurred = torch.ones(1, 3, 2, 2), torch.zeros(1, 3, 2, 2)
    importance = torch.tensor([[0.1, 0.9], [0.5, 0.2]])
    half = page.put_back(x, blurred, importance, 0.5)
    assert half[0, 0].tolist() == [[0, 1], [1, 0]]
    assert torch.equal(page.put_back(x, blurred, importance, 0), blurred)
    assert torch.equal(page.put_back(x, blurred, importance, 1), x)


def test_put_back_is_a_step_of_the_insertion_curve():
    network = demo.small_network()
    x, labels, _ = demo.inputs(demo.drawn(1), network)
    importance = method_table.METHODS["edges"](network, x, labels)[0]
    blurred = method_table.blur(x, 6.0)
    curve = evaluation.removal_curve(
        network.model, x, int(labels), importance, kind="insertion", baselines=blurred[0], steps=4
    )
    quarter = page.put_back(x, blurred, importance, 0.25)
    with torch.inference_mode():
        probability = network.model(quarter).softmax(1)[0, labels]
    assert float(probability) == pytest.approx(float(curve[1]), abs=1e-5)


def test_sanity_checks_look_at_layers_that_exist(monkeypatch):
    network = demo.small_network()
    names = [layer.name for layer in chain(network.model)]
    assert [names.index(name) for name in page.RANDOMIZED] == sorted(
        (names.index(name) for name in page.RANDOMIZED), reverse=True
    )
    some = {name: method_table.METHODS[name] for name in ("edges", "saliency")}
    monkeypatch.setattr(method_table, "METHODS", some)
    x, labels, _ = demo.inputs(demo.drawn(2), network)
    checks = page.sanity_checks(network, x, labels)
    assert list(checks) == list(some)
    for check in checks.values():
        assert check.layers == ("none", *page.RANDOMIZED)
    assert np.allclose(checks["edges"].correlations, 1)
    assert checks["saliency"].correlations[-1].max() < 0.6


def test_fresh_noise_resembles_nothing():
    assert abs(page.fresh_noise((64, 64))) < 0.05


def test_panels_say_what_they_show():
    check = SanityCheck(("none", "fc8"), np.array([[1.0, 1.0], [-0.25, -0.25]]))
    panel = page.sanity_panel("saliency", check)
    assert (panel.title, panel.note) == ("saliency", "at the end −0.25")
    assert "fc8" in panel.body
    means = {
        0: [(2, Mean(0.2, 0.1, 0.3)), (14, Mean(0.9, 0.8, 0.95))],
        1: [(14, Mean(0.8, 0.7, 0.9))],
    }
    panel = page.lengths_panel("accuracy", means)
    for text in (">2<", ">14<", "seed 0", "seed 1"):
        assert text in panel.body
    alone = page.lengths_panel("accuracy", {0: means[0]})
    assert "seed" not in alone.body


def test_intervals_are_written_as_readers_write_them():
    mean = Mean(0.304, -0.051, 0.5)
    assert page.interval(mean) == "0.30 [−0.05,\N{NO-BREAK SPACE}0.50]"
    assert page.interval(mean, signed=True).startswith("+0.30 ")
    assert page.interval(dataclasses.replace(mean, value=-0.004), signed=True).startswith("0.00 ")
    assert page.number(-0.0004, 3) == "0.000"
    assert page.number(-0.0006, 3) == "−0.001"


def test_recorded_methods_give_the_same_and_remember():
    network = demo.small_network()
    x, labels, _ = demo.inputs(demo.drawn(3), network)
    maps: dict[str, torch.Tensor] = {}
    method = page.recorded({"saliency": method_table.METHODS["saliency"]}, maps)["saliency"]
    parts = [method(network, x[:2], labels[:2]), method(network, x[2:], labels[2:])]
    assert torch.equal(maps["saliency"], torch.cat(parts))
    assert torch.equal(parts[0], method_table.METHODS["saliency"](network, x[:2], labels[:2]))


def test_insertion_from_gray_begins_without_the_picture():
    network = demo.small_network()
    x, labels, masks = demo.inputs(demo.drawn(2), network)
    objects = page.insertion_from_gray(network, x, labels, masks.float())
    rest = page.insertion_from_gray(network, x, labels, -masks.float())
    assert (objects.values > rest.values).all()
    assert len(objects.values) == 2

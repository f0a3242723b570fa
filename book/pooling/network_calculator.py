"""The figure "network calculator": a network as text; its shapes, parameters and multiply-adds."""

from __future__ import annotations

from typing import Any

import traitlets

from book.figures.figure import Figure
from solutions.networks import (
    ALEXNET,
    LENET5,
    VGG16,
    Layer,
    Spec,
    adaptive_avg_pool,
    linear,
    plain,
)

NAMELESS = {"image": ("channels", "height", "width"), "linear": ("units",), "conv": ("filters",)}
"""The settings that are written as bare numbers, right after the kind."""


def line_of(layer: Layer) -> str:
    """Write one entry of a network as a line: ``conv 64 size 3 stride 1 padding 1``."""
    kind = str(layer["kind"])
    bare = NAMELESS.get(kind, ())
    words = [kind, *(str(layer[key]) for key in bare)]
    for key, value in layer.items():
        if key != "kind" and key not in bare:
            words += [key, str(value)]
    return " ".join(words)


def text_of(spec: Spec) -> str:
    """Write a network as text, one entry a line."""
    return "\n".join(map(line_of, spec))


def vgg16_with_global_average() -> Spec:
    """Return VGG16 with global average pooling and one fully connected layer at its end."""
    end = VGG16.index(adaptive_avg_pool(7))
    return [*VGG16[:end], adaptive_avg_pool(1), plain("flatten"), linear(1000)]


def presets() -> list[dict[str, str]]:
    """Return the networks to choose from: name, label and text."""
    networks = [
        ("lenet5", "LeNet-5", LENET5),
        ("alexnet", "AlexNet", ALEXNET),
        ("vgg16", "VGG16", VGG16),
        ("vgg16_global", "VGG16, global average pooling", vgg16_with_global_average()),
    ]
    return [{"name": name, "label": label, "text": text_of(spec)} for name, label, spec in networks]


class NetworkCalculator(Figure):
    """A network that can be edited, and what it costs, layer by layer.

    ``text`` has one line for each entry: the kind, then its settings, as in
    ``conv 64 size 3 stride 1 padding 1``. The kinds are those of ``solutions/networks.py``.
    """

    presets = traitlets.List(traitlets.Dict()).tag(sync=True)
    text = traitlets.Unicode().tag(sync=True)

    @traitlets.default("presets")
    def _presets(self) -> list[dict[str, Any]]:
        return list(presets())

    @traitlets.default("text")
    def _text(self) -> str:
        return text_of(LENET5)

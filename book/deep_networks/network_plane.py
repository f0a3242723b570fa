"""The figure "network plane": known networks by what they cost and how much they read right."""

from __future__ import annotations

from typing import Any

import traitlets

from book.deep_networks.known_networks import NETWORKS, costs
from book.figures.figure import Figure


def network_facts() -> list[dict[str, Any]]:
    """Return what the figure knows of each network.

    ``accuracy`` holds one number for each recipe of training, in per cent; none for LeNet-5.
    ``activations`` are bytes.
    """
    return [
        {
            "name": network.name,
            "year": network.year,
            "idea": network.idea,
            "kind": network.kind,
            "parameters": costs(network.name).parameters,
            "multiply_adds": costs(network.name).multiply_adds,
            "activations": costs(network.name).activations,
            "accuracy": network.accuracies(),
        }
        for network in NETWORKS
    ]


class NetworkPlane(Figure):
    """Networks in a plane of two quantities; two of them are compared.

    across, up: "year", "parameters", "multiply_adds", "activations"; up may be "accuracy", too.
    chosen, other: names of networks. newest: whether accuracies are those of the newest recipe.
    """

    networks = traitlets.List(traitlets.Dict()).tag(sync=True)
    across = traitlets.Unicode("multiply_adds").tag(sync=True)
    up = traitlets.Unicode("accuracy").tag(sync=True)
    chosen = traitlets.Unicode("ResNet-50").tag(sync=True)
    other = traitlets.Unicode("VGG16").tag(sync=True)
    newest = traitlets.Bool(False).tag(sync=True)

    @traitlets.default("networks")
    def _networks(self) -> list[dict[str, Any]]:
        return network_facts()

"""Live figures of the book.

A figure is one ES module in anywidget's format, a style sheet and a Python class of the same
name. The class holds what the figure starts with. In a notebook it is a widget; on the published
page the same module runs without Python, started with ``figure_state``.
"""

from __future__ import annotations

from typing import Any

import anywidget

from book.figures.chain_rule_graph import ChainRuleGraph
from book.figures.channel_browser import ChannelBrowser
from book.figures.column_explorer import ColumnExplorer
from book.figures.conv_layer import ConvLayer
from book.figures.descent import Descent
from book.figures.fluctuation_explorer import FluctuationExplorer
from book.figures.grabcut_explorer import GrabcutExplorer
from book.figures.gradient_explorer import GradientExplorer
from book.figures.kernel_explorer import KernelExplorer
from book.figures.network_calculator import NetworkCalculator
from book.figures.occlusion_explorer import OcclusionExplorer
from book.figures.pooling_explorer import PoolingExplorer
from book.figures.receptive_field_explorer import ReceptiveFieldExplorer
from book.figures.size_explorer import SizeExplorer
from book.figures.smoothgrad_explorer import SmoothgradExplorer

FIGURES: dict[str, type[anywidget.AnyWidget]] = {
    "chain_rule_graph": ChainRuleGraph,
    "channel_browser": ChannelBrowser,
    "column_explorer": ColumnExplorer,
    "conv_layer": ConvLayer,
    "descent": Descent,
    "fluctuation_explorer": FluctuationExplorer,
    "grabcut_explorer": GrabcutExplorer,
    "gradient_explorer": GradientExplorer,
    "kernel_explorer": KernelExplorer,
    "network_calculator": NetworkCalculator,
    "occlusion_explorer": OcclusionExplorer,
    "pooling_explorer": PoolingExplorer,
    "receptive_field_explorer": ReceptiveFieldExplorer,
    "size_explorer": SizeExplorer,
    "smoothgrad_explorer": SmoothgradExplorer,
}
"""The figure classes under the names by which pages ask for them."""


def figure_state(figure: anywidget.AnyWidget) -> dict[str, Any]:
    """Return what a figure's module needs to start: its own synced traits, ready for JSON.

    figure: an instance of one of the classes in ``FIGURES``.
    Returns trait names and values. The module, the style sheet and the traits that only Jupyter
    needs (layout and the like) are left out.
    """
    jupyter = set(anywidget.AnyWidget.class_trait_names())
    state: dict[str, Any] = figure.get_state()
    return {
        name: value
        for name, value in state.items()
        if name not in jupyter and not name.startswith("_")
    }


__all__ = [
    "FIGURES",
    "ChainRuleGraph",
    "ChannelBrowser",
    "ColumnExplorer",
    "ConvLayer",
    "Descent",
    "FluctuationExplorer",
    "GrabcutExplorer",
    "GradientExplorer",
    "KernelExplorer",
    "NetworkCalculator",
    "OcclusionExplorer",
    "PoolingExplorer",
    "ReceptiveFieldExplorer",
    "SizeExplorer",
    "SmoothgradExplorer",
    "figure_state",
]

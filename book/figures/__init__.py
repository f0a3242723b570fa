"""Live figures of the book.

A figure is one ES module in anywidget's format, a style sheet and a Python class, in files of the
same name. The class holds what the figure starts with. In a notebook it is a widget; on the
published page the same module runs without Python, started with ``figure_state``.
"""

from __future__ import annotations

import pkgutil
from typing import Any

import anywidget

FIGURES: dict[str, str] = {
    "chain_rule_graph": "book.figures.chain_rule_graph:ChainRuleGraph",
    "channel_browser": "book.figures.channel_browser:ChannelBrowser",
    "column_explorer": "book.figures.column_explorer:ColumnExplorer",
    "conv_layer": "book.figures.conv_layer:ConvLayer",
    "descent": "book.figures.descent:Descent",
    "fluctuation_explorer": "book.figures.fluctuation_explorer:FluctuationExplorer",
    "grabcut_explorer": "book.figures.grabcut_explorer:GrabcutExplorer",
    "gradient_explorer": "book.figures.gradient_explorer:GradientExplorer",
    "kernel_explorer": "book.figures.kernel_explorer:KernelExplorer",
    "network_calculator": "book.figures.network_calculator:NetworkCalculator",
    "occlusion_explorer": "book.figures.occlusion_explorer:OcclusionExplorer",
    "pooling_explorer": "book.figures.pooling_explorer:PoolingExplorer",
    "receptive_field_explorer": "book.figures.receptive_field_explorer:ReceptiveFieldExplorer",
    "size_explorer": "book.figures.size_explorer:SizeExplorer",
    "smoothgrad_explorer": "book.figures.smoothgrad_explorer:SmoothgradExplorer",
}
"""Where the figure classes are, under the names by which pages ask for them.

They are not imported here: some figures need PyTorch, which takes seconds, and most pages do not.
"""


def figure_class(name: str) -> type[anywidget.AnyWidget]:
    """Return the class of a figure, imported when it is first asked for.

    name: a key of ``FIGURES``. Raises KeyError for another one.
    """
    found: type[anywidget.AnyWidget] = pkgutil.resolve_name(FIGURES[name])
    return found


def figure_state(figure: anywidget.AnyWidget) -> dict[str, Any]:
    """Return what a figure's module needs to start: its own synced traits, ready for JSON.

    figure: an instance of the class of a figure.
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

"""The figure "receptive field explorer": which units and pixels a unit sees, layer by layer."""

from __future__ import annotations

from typing import Any

import traitlets

from book.figures.figure import Figure

PRESETS: dict[str, list[list[int]]] = {
    "three layers of 3": [[3, 1, 0]] * 3,
    "with padding": [[3, 1, 1]] * 3,
    "stride 2 in the middle": [[3, 1, 0], [3, 2, 0], [3, 1, 0]],
    "beginning of VGG16": [[3, 1, 1], [3, 1, 1], [2, 2, 0], [3, 1, 1], [3, 1, 1]],
    "stride 3, windows of 2": [[2, 3, 0], [2, 2, 0]],
}
"""Stacks to begin with: [kernel, stride, padding] of every layer, from the input upward."""


class ReceptiveFieldExplorer(Figure):
    """A stack of one-dimensional layers in which any unit can be chosen.

    ``layers`` holds [kernel, stride, padding] for up to five layers over ``pixels`` inputs;
    ``layer`` and ``unit`` say which unit is chosen (layer 0 is the input).
    A layer without units is refused in words by the figure itself.
    """

    pixels = traitlets.Int(17, min=5, max=31).tag(sync=True)
    layers: Any = traitlets.List([list(layer) for layer in PRESETS["stride 2 in the middle"]]).tag(
        sync=True
    )
    layer = traitlets.Int(3, min=0, max=5).tag(sync=True)
    unit = traitlets.Int(2, min=0).tag(sync=True)
    presets: Any = traitlets.List(
        [{"name": name, "layers": layers} for name, layers in PRESETS.items()]
    ).tag(sync=True)

    @traitlets.validate("layers")
    def _possible(self, proposal: Any) -> list[list[int]]:
        layers = [[int(number) for number in layer] for layer in proposal["value"]]
        if not 1 <= len(layers) <= 5:
            raise traitlets.TraitError(f"1 to 5 layers are possible, not {len(layers)}")
        for layer in layers:
            if len(layer) != 3:
                raise traitlets.TraitError(f"a layer is [kernel, stride, padding], not {layer}")
            kernel, stride, padding = layer
            if not (1 <= kernel <= 7 and 1 <= stride <= 4 and 0 <= padding <= 3):
                raise traitlets.TraitError(
                    f"kernel 1 to 7, stride 1 to 4 and padding 0 to 3 are possible, not {layer}"
                )
        return layers

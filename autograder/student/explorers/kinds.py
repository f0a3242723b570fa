"""Every kind of explorer by its name. What a kind may be told is in :mod:`options`."""

from __future__ import annotations

from autograder.student.explorers.backward import (
    ConvBackwardExplorer,
    PoolBackwardExplorer,
    SlopeExplorer,
)
from autograder.student.explorers.base import Explorer
from autograder.student.explorers.convolution import (
    BankExplorer,
    CornerExplorer,
    FilterExplorer,
    LayerExplorer,
    StridedLayerExplorer,
)
from autograder.student.explorers.functions import ShiftExplorer, ValuesExplorer
from autograder.student.explorers.gradient_path import GradientPathExplorer
from autograder.student.explorers.layers import (
    ActivationExplorer,
    NetworkExplorer,
    PoolExplorer,
)
from autograder.student.explorers.network_layers import FilterGridExplorer, LayerOutputsExplorer
from autograder.student.explorers.network_maps import (
    GradCamExplorer,
    OcclusionExplorer,
    SaliencyExplorer,
    SmoothGradExplorer,
)
from autograder.student.explorers.padding_stride import (
    FieldExplorer,
    PaddingExplorer,
    StackExplorer,
)
from autograder.student.explorers.scores import ScoresExplorer
from autograder.student.explorers.training import (
    ColumnsExplorer,
    DescentExplorer,
    UsesExplorer,
)

KINDS: dict[str, type[Explorer]] = {
    "filter": FilterExplorer,
    "bank": BankExplorer,
    "corner": CornerExplorer,
    "layer": LayerExplorer,
    "strided layer": StridedLayerExplorer,
    "padding": PaddingExplorer,
    "stack": StackExplorer,
    "field": FieldExplorer,
    "values": ValuesExplorer,
    "shift": ShiftExplorer,
    "pool": PoolExplorer,
    "activation": ActivationExplorer,
    "network": NetworkExplorer,
    "slope": SlopeExplorer,
    "pool backward": PoolBackwardExplorer,
    "conv backward": ConvBackwardExplorer,
    "scores": ScoresExplorer,
    "columns": ColumnsExplorer,
    "uses": UsesExplorer,
    "descent": DescentExplorer,
    "layer outputs": LayerOutputsExplorer,
    "filter grid": FilterGridExplorer,
    "occlusion": OcclusionExplorer,
    "saliency": SaliencyExplorer,
    "gradient path": GradientPathExplorer,
    "smoothgrad": SmoothGradExplorer,
    "grad-cam": GradCamExplorer,
}
"""The explorers by the name that ``Problem.explorer["kind"]`` gives."""

"""The options of each kind of explorer, and how they are read from a problem.

A problem chooses its explorer with the mapping ``Problem.explorer``, which travels in
``checks.npz``. ``kind`` is required, everything else has a default that fits most problems::

    explorer={"kind": "filter", "pictures": ("house", "letter F"), "try": ("Slide ...",)}

Read here, and not beside the widgets: whoever generates exercises needs no ipywidgets.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from autograder.student.explorers.pictures import PICTURES
from autograder.values import Formula, Value


class ExplorerError(ValueError):
    """An explorer that a problem asks for does not exist; the message says what does."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Options:
    """Options of every kind.

    ``prompts`` say what to try and stand above the controls, in place of the kind's own. In the
    mapping they are called "try".
    """

    prompts: tuple[str, ...] | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class PictureOptions(Options):
    """Options of every kind that has a drawn picture.

    ``pictures`` are names of :data:`~autograder.student.explorers.pictures.PICTURES`; the first is
    shown first. ``size``: height and width in pixels.
    """

    pictures: tuple[str, ...] | None = None
    size: int = 56

    def __post_init__(self) -> None:
        """Refuse pictures that there are not."""
        for name in self.pictures or ():
            if name not in PICTURES:
                raise ExplorerError(
                    f"There is no picture {name!r}. The pictures are: {', '.join(PICTURES)}."
                )


@dataclasses.dataclass(frozen=True, kw_only=True)
class FilterOptions(PictureOptions):
    """``presets``: filters by name, each a square array or nested lists."""

    presets: Mapping[str, Value] | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class BankOptions(FilterOptions):
    """``titles`` name the maps."""

    titles: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True, kw_only=True)
class CornerOptions(FilterOptions):
    """``first``: the names of the two filters that are shown first."""

    first: tuple[str, str] | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class LayerOptions(PictureOptions):
    """``presets``: filters by name, each (3, HH, WW). ``filters``: how many the layer has."""

    size: int = 40
    presets: Mapping[str, Value] | None = None
    filters: int = 3


@dataclasses.dataclass(frozen=True, kw_only=True)
class PaddingOptions(PictureOptions):
    """A smaller picture: its frame can be seen pixel by pixel."""

    size: int = 24


@dataclasses.dataclass(frozen=True, kw_only=True)
class ColumnsOptions(PictureOptions):
    """A picture so small that its windows can be read from the matrix."""

    size: int = 12


@dataclasses.dataclass(frozen=True, kw_only=True)
class StackOptions(Options):
    """``stacks``: layers (kernel, stride, padding) by the network's name."""

    stacks: Mapping[str, Value] | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class ShiftOptions(PictureOptions):
    """``functions``: formulas by name, which must keep the picture's size."""

    functions: Mapping[str, Formula] | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class FieldOptions(ShiftOptions):
    """A picture so small that single pixels can be seen."""

    size: int = 17


@dataclasses.dataclass(frozen=True, kw_only=True)
class SlopeOptions(Options):
    """``functions``: formulas of one number by name."""

    functions: Mapping[str, Formula] | None = None


@dataclasses.dataclass(frozen=True, kw_only=True)
class ValuesOptions(Options):
    """``ranges``: (lowest, highest) for each parameter by name, else 1 to 64.

    Whole numbers give whole steps.
    """

    ranges: Mapping[str, Value] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, kw_only=True)
class PoolBackwardOptions(PictureOptions):
    """A picture whose windows can be told apart."""

    size: int = 24


@dataclasses.dataclass(frozen=True, kw_only=True)
class ConvBackwardOptions(FilterOptions):
    """A picture whose pixels can be told apart."""

    size: int = 16


@dataclasses.dataclass(frozen=True, kw_only=True)
class ScoresOptions(Options):
    """``classes``: how many scores there are."""

    classes: int = 4


@dataclasses.dataclass(frozen=True, kw_only=True)
class TrainedNetworkOptions(Options):
    """Files beside ``checks.npz``, and how a picture from 0 to 1 is normalized.

    ``network``: weights of a VGG under torchvision's names. ``pictures``: images, masks, labels,
    classes. ``mean``, ``std``: numbers, or arrays (3, 1, 1).
    """

    network: str
    pictures: str
    mean: Value
    std: Value


OPTIONS: dict[str, type[Options]] = {
    "filter": FilterOptions,
    "bank": BankOptions,
    "corner": CornerOptions,
    "layer": LayerOptions,
    "strided layer": LayerOptions,
    "padding": PaddingOptions,
    "stack": StackOptions,
    "field": FieldOptions,
    "values": ValuesOptions,
    "shift": ShiftOptions,
    "pool": PictureOptions,
    "activation": PictureOptions,
    "network": Options,
    "slope": SlopeOptions,
    "pool backward": PoolBackwardOptions,
    "conv backward": ConvBackwardOptions,
    "scores": ScoresOptions,
    "columns": ColumnsOptions,
    "uses": Options,
    "descent": Options,
    "layer outputs": TrainedNetworkOptions,
    "filter grid": TrainedNetworkOptions,
    "occlusion": TrainedNetworkOptions,
    "saliency": TrainedNetworkOptions,
    "gradient path": TrainedNetworkOptions,
    "smoothgrad": TrainedNetworkOptions,
    "grad-cam": TrainedNetworkOptions,
}
"""The options by the name of the kind; the kinds themselves are in
:data:`~autograder.student.explorers.kinds.KINDS`."""

_IN_THE_MAPPING = {"prompts": "try"}
"""What an option is called in the mapping, where that is no name in Python."""


def read_options(explorer: Mapping[str, Value]) -> tuple[str, Options]:
    """Return the kind of an explorer and its options.

    Raises :class:`ExplorerError` for a kind, an option or a picture that does not exist, and for an
    option that is missing.
    """
    given: dict[str, Any] = dict(explorer)
    kind = given.pop("kind", None)
    if kind not in OPTIONS:
        raise ExplorerError(
            f"There is no kind of explorer {kind!r}. The kinds are: {', '.join(OPTIONS)}."
        )
    fields = {_IN_THE_MAPPING.get(f.name, f.name): f for f in dataclasses.fields(OPTIONS[kind])}
    unknown = [name for name in given if name not in fields]
    if unknown:
        raise ExplorerError(
            f"The explorer {kind!r} has no option {unknown[0]!r}. Its options are: "
            f"{', '.join(sorted(fields))}."
        )
    missing = [
        name
        for name, field in fields.items()
        if name not in given
        and field.default is dataclasses.MISSING
        and field.default_factory is dataclasses.MISSING
    ]
    if missing:
        raise ExplorerError(f"The explorer {kind!r} needs the option {missing[0]!r}.")
    return kind, OPTIONS[kind](**{fields[name].name: value for name, value in given.items()})

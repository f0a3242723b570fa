"""Demonstrations of the page "Which map is right?"."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
import torch
from torch import Tensor, nn

from book import plots
from laboratory import evaluation, method_table
from laboratory.evaluation import Mean, SanityCheck
from laboratory.networks import Network

if TYPE_CHECKING:
    from book.visualization.which_map_vgg16 import OnDrawnPictures

Array: TypeAlias = np.ndarray[Any, np.dtype[Any]]

RANDOMIZED = ("fc8", "fc6", "conv5_1", "conv3_1", "conv1_1")
"""Layers down to which the sanity check makes weights random, of the page's small network."""

RIVAL = "center prior"
"""What methods are compared with on VGG16: it never looks at the picture."""


def recorded(
    methods: Mapping[str, method_table.Method], maps: dict[str, Tensor]
) -> dict[str, method_table.Method]:
    """Return methods that write down their maps, by name, one picture after the other.

    maps: where they are written; shape (N, H, W) each.
    """

    def remember(name: str, method: method_table.Method) -> method_table.Method:
        def recording(network: Network, x: Tensor, labels: Tensor) -> Tensor:
            new = method(network, x, labels)
            maps[name] = torch.cat([maps[name], new]) if name in maps else new
            return new

        return recording

    return {name: remember(name, method) for name, method in methods.items()}


def insertion_from_gray(network: Network, x: Tensor, labels: Tensor, maps: Tensor) -> Mean:
    """Return the mean area under the insertion curves that begin with the mean color."""
    return evaluation.mean_with_interval(
        np.array(
            [
                evaluation.area_under_curve(
                    evaluation.removal_curve(
                        network.model,
                        picture[None],
                        int(label),
                        importance,
                        kind="insertion",
                        steps=24,
                    )
                )
                for picture, label, importance in zip(x, labels, maps, strict=True)
            ]
        )
    )


def put_back(x: Tensor, blurred: Tensor, importance: Tensor, share: float) -> Tensor:
    """Return a blurred picture with some pixels of the sharp one, as insertion does it.

    x, blurred: shape (1, C, H, W). importance: the map, shape (H, W).
    share: of the pixels, the most important first.
    """
    count = round(share * importance.numel())
    chosen = torch.zeros(importance.numel(), dtype=torch.bool, device=importance.device)
    chosen[importance.flatten().argsort(descending=True, stable=True)[:count]] = True
    return torch.where(chosen.view(importance.shape), x, blurred)


def sanity_checks(network: Network, x: Tensor, labels: Tensor) -> dict[str, SanityCheck]:
    """Return the sanity check of every method of the table, by name."""

    def maps_of(method: method_table.Method) -> Callable[[nn.Module], Tensor]:
        def maps(model: nn.Module) -> Tensor:
            return method(replace(network, model=model), x, labels)

        return maps

    return {
        name: evaluation.sanity_check(
            network.model, maps_of(method), layers=RANDOMIZED, progress=False
        )
        for name, method in method_table.METHODS.items()
    }


def fresh_noise(shape: Sequence[int]) -> float:
    """Return the rank correlation of two maps of noise that have nothing in common."""
    noise = torch.Generator().manual_seed(0)

    def maps(_model: nn.Module) -> Tensor:
        return torch.rand((1, *shape), generator=noise)

    model = nn.Sequential(nn.Conv2d(1, 1, 1))
    check = evaluation.sanity_check(model, maps, progress=False)
    return float(check.correlations[-1].mean())


def sanity_panel(name: str, check: SanityCheck) -> plots.Panel:
    """Draw the sanity check of one method as a small chart."""
    similarity = check.correlations.mean(axis=1)
    figure, axes = plots.chart(1.7, 1.6)
    axes.axhline(0, color=plots.INK, linewidth=0.6)
    axes.plot(check.layers, similarity, color=plots.POSITIVE_COLOR, marker="o", markersize=3)
    axes.set(ylim=(-0.25, 1.08), yticks=(0, 0.5, 1))
    axes.tick_params(axis="x", labelrotation=90, labelsize=7)
    axes.tick_params(axis="y", labelsize=8)
    return plots.drawn_chart(figure, name, f"at the end {number(similarity[-1])}", width=150)


def lengths_panel(title: str, means: dict[int, list[tuple[int, Mean]]]) -> plots.Panel:
    """Draw a measure, from 0 to 1, against the length of training: a line for each seed.

    means: for each seed, epochs and the mean, which is drawn with its interval.
    """
    figure, axes = plots.chart(2.3, 2.0)
    colors = (plots.POSITIVE_COLOR, plots.NEGATIVE_COLOR)
    every_length = sorted({epochs for line in means.values() for epochs, _ in line})
    for order, (seed, line) in enumerate(sorted(means.items())):
        values = np.array([mean.value for _, mean in line])
        reach = [
            values - [mean.low for _, mean in line],
            np.array([mean.high for _, mean in line]) - values,
        ]
        axes.errorbar(
            [epochs for epochs, _ in line],
            values,
            np.abs(reach),
            color=colors[order % 2],
            linestyle=("-", "--")[order % 2],
            marker="os"[order % 2],
            markersize=4,
            capsize=2,
            linewidth=1.5,
            label=f"seed {seed}",
        )
    axes.set(xscale="log", ylim=(0, 1.05), xlabel="epochs")
    axes.set_xticks(every_length, [str(epochs) for epochs in every_length])
    axes.minorticks_off()
    axes.tick_params(axis="x", labelsize=8)
    if len(means) > 1:
        axes.legend(frameon=False, fontsize=8, labelcolor=plots.INK)
    return plots.drawn_chart(figure, title, width=205)


# VGG16 with a new head, and on photographs.


def masks_on_vgg16(measured: OnDrawnPictures) -> plots.Table:
    """Return the table of all methods against exact masks."""
    measures = (measured.pointing, measured.iou, measured.energy)
    return plots.table(
        ["method", "pointing game", "IoU", "energy", f"pointing against the {RIVAL}"],
        [
            [
                name,
                *(interval(measure[name]) for measure in measures),
                "" if name == RIVAL else interval(measured.against(name, RIVAL), signed=True),
            ]
            for name in measured.pointing
        ],
        label="How well each method does on VGG16 with a new head",
    )


def story_of_vgg16(measured: OnDrawnPictures) -> str:
    """Return what the table says, as Markdown, in words that fit its numbers."""
    groups: dict[str, list[str]] = {"ahead": [], "equal": [], "behind": []}
    for name in measured.pointing:
        if name != RIVAL:
            difference = measured.against(name, RIVAL)
            place = "ahead" if difference.low > 0 else "behind" if difference.high < 0 else "equal"
            groups[place].append(name)
    best = max(measured.pointing, key=lambda name: measured.pointing[name].value)
    count = len(measured.right.values)
    told = {place: "; ".join(names) or "no method" for place, names in groups.items()}
    return (
        f"Means over {count} drawn pictures, with 95 % intervals, and paired differences. "
        f"The new network classifies {100 * measured.right.value:.0f} % of them correctly. The "
        f"best pointer is {best}, with {number(measured.pointing[best].value)}; the {RIVAL}, which "
        f"never looks, has {number(measured.pointing[RIVAL].value)}. Better than that, by an "
        f"interval without zero: {told['ahead']}. Not told apart from it: {told['equal']}. Worse: "
        f"{told['behind']}. One thing to know: behind the last convolution of this network stand "
        f"only pooling, a mean over all places and one linear layer, so that the score is nearly "
        f"the sum of Grad-CAM's map there. No other method has it so easy. And the pictures are "
        f"much smaller than the photographs that VGG16's filters know."
    )


def removal_table(areas: Mapping[str, Mapping[evaluation.Removal, float]]) -> plots.Table:
    """Return the table of deletion and insertion on photographs."""
    return plots.table(
        ["method", "deletion", "insertion"],
        [
            [name, number(kinds["deletion"], 3), number(kinds["insertion"], 3)]
            for name, kinds in areas.items()
        ],
        label="Deletion and insertion on photographs",
    )


def number(value: float, digits: int = 2) -> str:
    """Return a number with so many decimals and a true minus, but none before zero."""
    text = f"{value:.{digits}f}"
    return text.replace("-", "−") if float(text) else text.lstrip("-")


def interval(mean: Mean, *, signed: bool = False) -> str:
    """Return a mean and its interval for a table; signed writes a plus too."""
    plus = "+" if signed and float(f"{mean.value:.2f}") > 0 else ""
    return f"{plus}{number(mean.value)} [{number(mean.low)},\N{NO-BREAK SPACE}{number(mean.high)}]"

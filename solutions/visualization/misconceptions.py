"""Wrong implementations of the exercise "visualization", as beginners write them.

Each is as short as it can be. The hints point at the mistake and never state the solution.
Catalog numbers are those of the course's catalog of wrong implementations.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from autograder.problems import Misconception
from solutions.visualization.reference import (
    filter_grid,
    grad_cam,
    gradient_path,
    layer_outputs,
    occlusion_map,
    pointing_game,
    saliency_map,
    smoothgrad,
)

# layer_outputs


def overwritten_outputs(model: nn.Sequential, x: Tensor) -> list[Tensor]:
    """Keep the outputs themselves, which a ReLU may overwrite afterward."""
    outputs = []
    with torch.no_grad():
        for layer in model:
            x = layer(x)
            outputs.append(x)
    return outputs


def every_layer_sees_the_picture(model: nn.Sequential, x: Tensor) -> list[Tensor]:
    """Feed the picture to every layer instead of the output of the layer before."""
    with torch.no_grad():
        return [layer(x.clone()) for layer in model]


def with_the_picture(model: nn.Sequential, x: Tensor) -> list[Tensor]:
    """Note the tensor before the layer instead of after it."""
    return [x, *layer_outputs(model, x)[:-1]]


def convolutions_only(model: nn.Sequential, x: Tensor) -> list[Tensor]:
    """Keep the outputs of the convolutions and leave out all others."""
    outputs = layer_outputs(model, x)
    return [out for layer, out in zip(model, outputs, strict=True) if isinstance(layer, nn.Conv2d)]


LAYER_OUTPUTS = (
    Misconception(
        "overwritten_outputs",
        overwritten_outputs,
        title="A later layer overwrites what was kept",
        symptom="The outputs of the convolutions hold no negative number: they equal those of the "
        "ReLUs behind them.",
        hint="What you kept of a convolution has no negative numbers any more. Some ReLUs write "
        "their result into the tensor that they are given.",
    ),
    Misconception(
        "every_layer_sees_the_picture",
        every_layer_sees_the_picture,
        title="Every layer is given the picture",
        symptom="The first output is right; then PyTorch complains about channels or sizes.",
        hint="The second layer does not look at the picture. What is it given in a network?",
    ),
    Misconception(
        "with_the_picture",
        with_the_picture,
        title="The tensor before the layer is kept",
        symptom="The list begins with the picture and lacks the scores.",
        hint="Your list begins with the picture itself and lacks the last output. When in the loop "
        "do you keep the tensor?",
    ),
    Misconception(
        "last_output_only",
        lambda model, x: layer_outputs(model, x)[-1:],
        title="Only the last output is returned",
        symptom="The list has one entry, the scores.",
        hint="Only the scores are in your list. Each layer's output belongs into it.",
    ),
    Misconception(
        "convolutions_only",
        convolutions_only,
        title="Only convolutions are listed",
        symptom="The list is too short.",
        hint="Your list holds the outputs of convolutions only. ReLU and pooling are layers, too.",
    ),
    Misconception(
        "first_picture_only",
        lambda model, x: [out[:1] for out in layer_outputs(model, x)],
        title="Only the first picture of the batch is looked at",
        symptom="A single picture works, a batch comes back as one picture.",
        hint="With one picture you are right, with two the second is gone. What does the first "
        "axis of each output count?",
    ),
    Misconception(
        "squeezed",
        lambda model, x: [out.squeeze(0) for out in layer_outputs(model, x)],
        title="The axis of the batch is squeezed away",
        symptom="Several pictures work; with a single one an axis is missing.",
        hint="A batch of one picture is still a batch. Which of your steps removes axes of "
        "length 1?",
    ),
)

# filter_grid


def _grid(w: Tensor, channel: int, columns: int, stretch: Callable[[Tensor], Tensor]) -> Tensor:
    """Lay out slices that are stretched in another way than the reference does."""
    slices = stretch(w[:, channel])
    picture = filter_grid(w, channel, columns).to(slices.dtype)
    height, width = w.shape[2] + 1, w.shape[3] + 1
    for f, piece in enumerate(slices):
        top, left = f // columns * height, f % columns * width
        picture[top : top + w.shape[2], left : left + w.shape[3]] = piece
    return picture


def stretched_together(slices: Tensor) -> Tensor:
    """Stretch all slices by the smallest and the largest number of all."""
    low, high = slices.min(), slices.max()
    return (slices - low) / (high - low)


def divided_by_zero(w: Tensor, channel: int, columns: int) -> Tensor:
    """Divide by the range even where it is zero."""

    def stretch(slices: Tensor) -> Tensor:
        low, high = slices.amin((1, 2), keepdim=True), slices.amax((1, 2), keepdim=True)
        return (slices - low) / (high - low)

    return _grid(w, channel, columns, stretch)


def column_by_column(w: Tensor, channel: int, columns: int) -> Tensor:
    """Fill the first column first."""
    filters = len(w)
    rows = -(-filters // columns)
    blank = torch.zeros_like(w[:1, channel : channel + 1])
    order = [c * rows + r for r in range(rows) for c in range(columns)]
    moved = [w[f : f + 1, channel : channel + 1] if f < filters else blank for f in order]
    return filter_grid(torch.cat(moved), 0, columns)


def last_row_lost(w: Tensor, channel: int, columns: int) -> Tensor:
    """Round the number of rows down."""
    rows = max(len(w) // columns, 1)
    return filter_grid(w[: rows * columns], channel, columns)


def no_lines(w: Tensor, channel: int, columns: int) -> Tensor:
    """Leave out the lines between the slices."""
    picture = filter_grid(w, channel, columns)
    rows = [r for r in range(picture.shape[0]) if (r + 1) % (w.shape[2] + 1)]
    places = [c for c in range(picture.shape[1]) if (c + 1) % (w.shape[3] + 1)]
    return picture[rows][:, places]


FILTER_GRID = (
    Misconception(
        "channel_mean",
        lambda w, channel, columns: filter_grid(w.mean(1, keepdim=True), 0, columns),
        title="The mean of all slices is drawn",
        symptom="The layout is right, the pictures are grayer than they should be.",
        hint="You draw a mixture of all slices of a filter. The task asks for one of them.",
        catalog_number=68,
    ),
    Misconception(
        "first_slice",
        lambda w, channel, columns: filter_grid(w, 0, columns),
        title="Always the first slice",
        symptom="Right for channel 0 only.",
        hint="Only for channel 0 are you right. Which argument have you not used?",
    ),
    Misconception(
        "channel_and_filter_exchanged",
        lambda w, channel, columns: filter_grid(w.transpose(0, 1), channel, columns),
        title="Filters and slices are exchanged",
        symptom="The picture shows the slices of one filter instead of one slice of every filter.",
        hint="You show all slices of one filter. Which axis of `w` counts the filters?",
    ),
    Misconception(
        "stretched_together",
        lambda w, channel, columns: _grid(w, channel, columns, stretched_together),
        title="All slices are stretched together",
        symptom="The layout is right; weak filters are gray all over.",
        hint="You stretch all slices by the same two numbers. A weak filter then shows nothing. "
        "Whose smallest and largest number count?",
    ),
    Misconception(
        "not_stretched",
        lambda w, channel, columns: _grid(w, channel, columns, lambda slices: slices),
        title="The numbers are not stretched",
        symptom="The picture holds the numbers of the filters, also negative ones.",
        hint="Your picture holds the numbers of the filters as they are. What range should each "
        "slice have?",
    ),
    Misconception(
        "divided_by_zero",
        divided_by_zero,
        title="The range is zero and is divided by",
        symptom="A slice of equal numbers becomes NaN.",
        hint="A slice whose numbers are all equal has no range to divide by. What does the "
        "docstring ask for then?",
    ),
    Misconception(
        "column_by_column",
        column_by_column,
        title="The first column is filled first",
        symptom="The slices are right, but in another order.",
        hint="The slices are right, but the second one is below the first. Which comes first: to "
        "the right, or downward?",
    ),
    Misconception(
        "last_row_lost",
        last_row_lost,
        title="A row that is not full is lost",
        symptom="With five filters in rows of three, the last two are missing.",
        hint="The last row is missing when it is not full. How does your division round?",
    ),
    Misconception(
        "no_lines",
        no_lines,
        title="There are no lines between the slices",
        symptom="The picture is smaller by a pixel for every line.",
        hint="The slices touch each other. A line of zeros should lie between neighbors.",
    ),
    Misconception(
        "line_at_the_border",
        lambda w, channel, columns: nn.functional.pad(filter_grid(w, channel, columns), (0, 1) * 2),
        title="There is a line behind the last slice, too",
        symptom="The picture has one row and one column too many.",
        hint="Your picture has one row and one column too many. How many lines lie between four "
        "neighbors?",
    ),
    Misconception(
        "slices_transposed",
        lambda w, channel, columns: filter_grid(w.transpose(2, 3), channel, columns),
        title="Each slice lies on its side",
        symptom="Square filters look mirrored at the diagonal, others give the wrong shape.",
        hint="Each slice lies on its side. Which axis of `w` is the height?",
    ),
)

# occlusion_map

Occluded = Callable[..., Any]


def _occluded(
    model: nn.Module,
    x: Tensor,
    patch: int,
    stride: int,
    batch_size: int,
    hide: Callable[[Tensor, int, int], Any],
    score: Callable[[Tensor], Tensor],
) -> Tensor:
    """Do everything right but for what ``hide`` does to a picture and ``score`` to its scores."""
    rows, columns = ((size - patch) // stride + 1 for size in x.shape[1:])
    pictures = x.repeat(rows * columns, 1, 1, 1)
    for number, picture in enumerate(pictures):
        hide(picture, number // columns * stride, number % columns * stride)
    with torch.no_grad():
        scores = torch.cat([score(model(part)) for part in pictures.split(batch_size)])
    return scores.reshape(rows, columns)


def _patched(
    change: Callable[[Tensor, slice, slice, float], Any],
) -> Occluded:
    """Return an occlusion map whose patch is filled by ``change(picture, rows, columns, fill)``."""

    def wrong(
        model: nn.Module,
        x: Tensor,
        target: int,
        patch: int,
        stride: int,
        fill: float,
        batch_size: int,
    ) -> Tensor:
        def hide(picture: Tensor, top: int, left: int) -> None:
            change(picture, slice(top, top + patch), slice(left, left + patch), fill)

        return _occluded(model, x, patch, stride, batch_size, hide, lambda s: s[:, target])

    return wrong


def _scored(score: Callable[[Tensor, int], Tensor]) -> Occluded:
    """Return an occlusion map that reads another number off the scores."""

    def wrong(
        model: nn.Module,
        x: Tensor,
        target: int,
        patch: int,
        stride: int,
        fill: float,
        batch_size: int,
    ) -> Tensor:
        def hide(picture: Tensor, top: int, left: int) -> None:
            picture[:, top : top + patch, left : left + patch] = fill

        return _occluded(model, x, patch, stride, batch_size, hide, lambda s: score(s, target))

    return wrong


def patches_pile_up(
    model: nn.Module, x: Tensor, target: int, patch: int, stride: int, fill: float, batch_size: int
) -> Tensor:
    """Hide one place after the other in the same picture, and never bring one back."""
    picture = x.clone()

    def hide(copy: Tensor, top: int, left: int) -> None:
        picture[:, top : top + patch, left : left + patch] = fill
        copy[:] = picture

    return _occluded(model, x, patch, stride, batch_size, hide, lambda s: s[:, target])


def one_by_one(
    model: nn.Module, x: Tensor, target: int, patch: int, stride: int, fill: float, batch_size: int
) -> Tensor:
    """Send every picture through the network by itself."""
    return occlusion_map(model, x, target, patch, stride, fill, 1)


def last_batch_lost(
    model: nn.Module, x: Tensor, target: int, patch: int, stride: int, fill: float, batch_size: int
) -> Tensor:
    """Forget the last batch if it is not full; its positions stay zero."""
    scores = occlusion_map(model, x, target, patch, stride, fill, batch_size)
    kept = scores.numel() // batch_size * batch_size
    scores.flatten()[kept:] = 0
    return scores


def positions_not_pixels(
    model: nn.Module, x: Tensor, target: int, patch: int, stride: int, fill: float, batch_size: int
) -> Tensor:
    """Use the number of the position as if it were the pixel."""

    def hide(picture: Tensor, top: int, left: int) -> None:
        i, j = top // stride, left // stride
        picture[:, i : i + patch, j : j + patch] = fill

    return _occluded(model, x, patch, stride, batch_size, hide, lambda s: s[:, target])


def drop_of_the_score(
    model: nn.Module, x: Tensor, target: int, patch: int, stride: int, fill: float, batch_size: int
) -> Tensor:
    """Return by how much the score falls; the whole picture joins the first batch."""
    layers = list(model.children())
    with torch.no_grad():
        clean = nn.Sequential(*layers)(x[None].clone())[0, target]
    return clean - occlusion_map(model, x, target, patch, stride, fill, batch_size)


def _set_first_channel(picture: Tensor, rows: slice, columns: slice, fill: float) -> None:
    picture[0, rows, columns] = fill


def _set_zero(picture: Tensor, rows: slice, columns: slice, fill: float) -> None:
    picture[:, rows, columns] = 0


def _set_smaller(picture: Tensor, rows: slice, columns: slice, fill: float) -> None:
    picture[:, rows.start : rows.stop - 1, columns.start : columns.stop - 1] = fill


def _set_larger(picture: Tensor, rows: slice, columns: slice, fill: float) -> None:
    picture[:, rows.start : rows.stop + 1, columns.start : columns.stop + 1] = fill


def _set_exchanged(picture: Tensor, rows: slice, columns: slice, fill: float) -> None:
    picture[:, columns, rows] = fill


def _multiply(picture: Tensor, rows: slice, columns: slice, fill: float) -> None:
    picture[:, rows, columns] *= fill


def _keep_the_patch(picture: Tensor, rows: slice, columns: slice, fill: float) -> None:
    inside = picture[:, rows, columns].clone()
    picture[:] = fill
    picture[:, rows, columns] = inside


OCCLUSION_MAP = (
    Misconception(
        "one_by_one",
        one_by_one,
        title="One picture at a time",
        symptom="The network refuses: it is called too often.",
        hint="Each call takes a whole batch. Collect pictures with the patch at different places "
        "before you call the network.",
    ),
    Misconception(
        "patches_pile_up",
        patches_pile_up,
        title="The patch is never taken away again",
        symptom="The first number is right; at the end the whole picture is hidden.",
        hint="The first number is right, then more and more of the picture is hidden. Does each "
        "position begin with the whole picture?",
        catalog_number=82,
    ),
    Misconception(
        "zero_fill",
        _patched(_set_zero),
        title="The patch is always zero",
        symptom="Right only where the task asks for zeros.",
        hint="Only for patches of zeros are you right. Which argument have you not used?",
        catalog_number=81,
    ),
    Misconception(
        "map_transposed",
        lambda model, x, target, patch, stride, fill, batch_size: (
            occlusion_map(model, x, target, patch, stride, fill, batch_size).T
        ),
        title="The map is transposed",
        symptom="The map lies on its side: its rows are the expected columns.",
        hint="Your map lies on its side. Which index of the result counts the steps downward?",
        catalog_number=84,
    ),
    Misconception(
        "patch_transposed",
        _patched(_set_exchanged),
        title="The patch moves downward where it should move to the right",
        symptom="The numbers on the diagonal are right, the others belong to another place.",
        hint="The numbers on the diagonal are right. Which axis of the picture do you cut with "
        "the row?",
        catalog_number=84,
    ),
    Misconception(
        "drop_of_the_score",
        drop_of_the_score,
        title="The drop of the score instead of the score",
        symptom="Large numbers become small and small ones large.",
        hint="You return by how much the score falls. Here the score itself is asked for.",
        catalog_number=83,
    ),
    Misconception(
        "probability",
        _scored(lambda scores, target: scores.softmax(dim=1)[:, target]),
        title="The probability instead of the score",
        symptom="All numbers lie between 0 and 1.",
        hint="All your numbers lie between 0 and 1: those are probabilities. The task asks for "
        "what the network returns.",
        catalog_number=85,
    ),
    Misconception(
        "largest_score",
        _scored(lambda scores, target: scores.amax(dim=1)),
        title="The largest score instead of the target's",
        symptom="The class may change from position to position.",
        hint="You take the largest score, whichever class it belongs to. Which class does the task "
        "ask about?",
    ),
    Misconception(
        "first_channel_only",
        _patched(_set_first_channel),
        title="Only the first channel is hidden",
        symptom="The picture shows through the patch in two of its three channels.",
        hint="The patch hides one channel, and the network still sees the others. How many axes "
        "has the picture, and which of them do you cut?",
    ),
    Misconception(
        "patch_too_small",
        _patched(_set_smaller),
        title="The patch is one pixel too small",
        symptom="The shape is right; the patch lacks its last row and column.",
        hint="Your patch lacks its last row and column. Where does a slice end?",
    ),
    Misconception(
        "patch_too_large",
        _patched(_set_larger),
        title="The patch is one pixel too large",
        symptom="The shape is right; the patch has one row and one column too many.",
        hint="Your patch has one row and one column too many. Where does a slice end?",
    ),
    Misconception(
        "positions_not_pixels",
        positions_not_pixels,
        title="The stride is forgotten when the patch is placed",
        symptom="The shape is right, but all patches lie at the top left.",
        hint="Your map has the right shape, but the patch moves by one pixel only. At which pixel "
        "does the patch number 2 begin?",
        catalog_number=8,
    ),
    Misconception(
        "one_too_few",
        lambda model, x, target, patch, stride, fill, batch_size: occlusion_map(
            model, x, target, patch, stride, fill, batch_size
        )[:-1, :-1],
        title="One row and one column too few",
        symptom="The numbers are right, but the map lacks its last row and its last column.",
        hint="Your map lacks its last row and column. Count by hand the positions of a patch of "
        "2 pixels in 6 pixels, with stride 2.",
        catalog_number=5,
    ),
    Misconception(
        "last_batch_lost",
        last_batch_lost,
        title="The last batch is lost if it is not full",
        symptom="The last numbers of the map are zero.",
        hint="The last numbers of your map are zero. What happens to a batch that is not full?",
    ),
    Misconception(
        "multiplied",
        _patched(_multiply),
        title="The patch is multiplied instead of filled",
        symptom="Right for zeros; otherwise the picture shows through.",
        hint="The picture still shows through the patch. Should its pixels depend on what they "
        "were before?",
    ),
    Misconception(
        "patch_kept",
        _patched(_keep_the_patch),
        title="Everything but the patch is hidden",
        symptom="The numbers tell how much the patch alone does for the score.",
        hint="You hide the picture and leave the patch. It is the other way round.",
    ),
)

# saliency_map


def _gradient(model: nn.Module, x: Tensor, of: Callable[[Tensor], Tensor]) -> Tensor:
    """Return the derivatives of one number made from the scores."""
    x = x.detach().clone().requires_grad_()
    # A copy: the first layer may be a ReLU that overwrites what it is given.
    return torch.autograd.grad(of(model(x.clone())), x)[0]


def _target_gradient(model: nn.Module, x: Tensor, targets: Tensor) -> Tensor:
    return _gradient(model, x, lambda scores: scores.gather(1, targets[:, None]).sum())


def gradients_pile_up(model: nn.Module, x: Tensor, targets: Tensor) -> Tensor:
    """Use the given tensor, whose old gradient is still there, and add to it."""
    x.requires_grad_()
    model(x).gather(1, targets[:, None]).sum().backward()
    assert x.grad is not None
    return x.grad.abs().amax(dim=1)


def loss_instead_of_score(model: nn.Module, x: Tensor, targets: Tensor) -> Tensor:
    """Differentiate the cross-entropy, as in training."""

    def loss(scores: Tensor) -> Tensor:
        return nn.functional.cross_entropy(scores, targets)

    return _gradient(model, x, loss).abs().amax(dim=1)


def probability_instead_of_score(model: nn.Module, x: Tensor, targets: Tensor) -> Tensor:
    """Differentiate the probability, behind a softmax."""

    def probability(scores: Tensor) -> Tensor:
        return scores.softmax(dim=1).gather(1, targets[:, None]).sum()

    return _gradient(model, x, probability).abs().amax(dim=1)


SALIENCY_MAP = (
    Misconception(
        "no_absolute_value",
        lambda model, x, targets: _target_gradient(model, x, targets).amax(dim=1),
        title="The absolute value is missing",
        symptom="Some numbers are negative, none is too large.",
        hint="Some of your numbers are negative. A pixel that lowers the score when it gets "
        "brighter matters, too.",
        catalog_number=65,
    ),
    Misconception(
        "negative_to_zero",
        lambda model, x, targets: _target_gradient(model, x, targets).clamp(min=0).amax(dim=1),
        title="Negative derivatives become zero",
        symptom="Zeros appear where all derivatives are negative.",
        hint="Zeros appear where the derivatives are negative. Is a pixel without importance if "
        "the score falls when it gets brighter?",
        catalog_number=66,
    ),
    Misconception(
        "maximum_first",
        lambda model, x, targets: _target_gradient(model, x, targets).amax(dim=1).abs(),
        title="First the maximum, then the absolute value",
        symptom="Pixels with one strongly negative channel get too small a number.",
        hint="Take the derivatives -5, 1 and 2 of one pixel. What does your code say, and what "
        "should it say?",
        catalog_number=67,
    ),
    Misconception(
        "signed_mean",
        lambda model, x, targets: _target_gradient(model, x, targets).mean(dim=1),
        title="The mean of the signed derivatives",
        symptom="Channels of opposite sign cancel each other.",
        hint="You average derivatives of different sign, and they cancel each other. The docstring "
        "asks for something else than a mean.",
        catalog_number=68,
    ),
    Misconception(
        "mean_of_absolute_values",
        lambda model, x, targets: _target_gradient(model, x, targets).abs().mean(dim=1),
        title="The mean over the channels instead of the maximum",
        symptom="No number is too large, most are too small.",
        hint="You take the mean over the channels. How does the docstring make one number of "
        "three?",
    ),
    Misconception(
        "sum_of_absolute_values",
        lambda model, x, targets: _target_gradient(model, x, targets).abs().sum(dim=1),
        title="The sum over the channels instead of the maximum",
        symptom="No number is too small, most are too large.",
        hint="You add the channels. How does the docstring make one number of three?",
    ),
    Misconception(
        "gradients_pile_up",
        gradients_pile_up,
        title="The gradient of an earlier call is still there",
        symptom="The first call is right, the second is not.",
        hint="A picture that has a gradient from before gives other numbers. What does PyTorch do "
        "with a gradient that is there already?",
        catalog_number=70,
    ),
    Misconception(
        "all_scores",
        lambda model, x, targets: _gradient(model, x, torch.sum).abs().amax(dim=1),
        title="The sum of all scores is differentiated",
        symptom="The map is the same for every class.",
        hint="Your map does not depend on the class. Which argument have you not used?",
        catalog_number=71,
    ),
    Misconception(
        "probability_instead_of_score",
        probability_instead_of_score,
        title="The probability is differentiated",
        symptom="The map depends on the scores of the other classes, and is tiny where the network "
        "is sure.",
        hint="You differentiate a probability: it also rises when other classes become less "
        "likely. The score is what the network returns.",
        catalog_number=72,
    ),
    Misconception(
        "loss_instead_of_score",
        loss_instead_of_score,
        title="The loss is differentiated",
        symptom="The map shows what makes the network less wrong, not what makes the class.",
        hint="You differentiate the loss, as in training. Here the score of a class is asked for.",
        catalog_number=73,
    ),
    Misconception(
        "one_class_for_all",
        lambda model, x, targets: saliency_map(model, x, targets[:1].expand(len(x))),
        title="The first picture's class for all pictures",
        symptom="The first map is right, the others are not.",
        hint="The first map is right, the others are not. Does each picture get its own class?",
    ),
    Misconception(
        "likeliest_class",
        lambda model, x, targets: (
            _gradient(model, x, lambda scores: scores.amax(dim=1).sum()).abs().amax(dim=1)
        ),
        title="The likeliest class instead of the target",
        symptom="Right only where the network happens to prefer the target.",
        hint="You explain the class that the network prefers. The task asks about another one.",
    ),
    Misconception(
        "squeezed",
        lambda model, x, targets: saliency_map(model, x, targets).squeeze(),
        title="The axis of the batch is squeezed away",
        symptom="Several pictures work; with a single one an axis is missing.",
        hint="A batch of one picture is still a batch. Which of your steps removes axes of "
        "length 1?",
    ),
    Misconception(
        "maximum_over_the_batch",
        lambda model, x, targets: _target_gradient(model, x, targets).abs().amax(dim=0),
        title="The maximum over the pictures instead of the channels",
        symptom="The result has three maps, whatever the number of pictures.",
        hint="You take the maximum over the pictures of the batch. Which axis counts the channels?",
    ),
    Misconception(
        "gradient_times_input",
        lambda model, x, targets: (
            (_target_gradient(model, x, targets) * x).abs().amax(dim=1).detach()
        ),
        title="The gradient is multiplied by the picture",
        symptom="Black pixels get no importance.",
        hint="You multiply the derivatives by the picture, which is another method. Here the "
        "derivatives alone count.",
    ),
)

# gradient_path


GRADIENT_PATH = (
    Misconception(
        "row_and_column_exchanged",
        lambda model, x, target, row, column, step, times: gradient_path(
            model, x, target, column, row, step, times
        ),
        title="Row and column are exchanged",
        symptom="Another pixel's derivatives, or an index that is out of range.",
        hint="These are the derivatives of another pixel. Which comes first in a tensor of "
        "pictures, the row or the column?",
        catalog_number=84,
    ),
    Misconception(
        "always_the_same_picture",
        lambda model, x, target, row, column, step, times: gradient_path(
            model, x, target, row, column, torch.zeros_like(step), times
        ),
        title="The picture does not change",
        symptom="All rows are equal.",
        hint="All rows of your result are equal. Where does the time come in?",
    ),
    Misconception(
        "picture_scaled",
        lambda model, x, target, row, column, step, times: gradient_path(
            model, torch.zeros_like(x), target, row, column, x, times
        ),
        title="The picture is multiplied by t",
        symptom="At t = 0 the picture is black.",
        hint="At t = 0 you look at a black picture. What should be multiplied by t, and what "
        "should not?",
    ),
    Misconception(
        "steps_pile_up",
        lambda model, x, target, row, column, step, times: gradient_path(
            model, x, target, row, column, step, times.cumsum(0)
        ),
        title="Each step starts where the last one ended",
        symptom="The first row is right, the later ones are too far away.",
        hint="Each of your pictures starts from the one before. Every time is counted from the "
        "picture itself.",
        catalog_number=78,
    ),
    Misconception(
        "absolute_values",
        lambda model, x, target, row, column, step, times: gradient_path(
            model, x, target, row, column, step, times
        ).abs(),
        title="Absolute values",
        symptom="The curves never cross zero.",
        hint="All your numbers are positive. The curve may cross zero: keep the sign.",
        catalog_number=79,
    ),
    Misconception(
        "largest_channel",
        lambda model, x, target, row, column, step, times: gradient_path(
            model, x, target, row, column, step, times
        ).amax(dim=1),
        title="One number instead of one per channel",
        symptom="The result lacks its second axis.",
        hint="You merged the channels. Each of them has a curve of its own.",
    ),
    Misconception(
        "transposed",
        lambda model, x, target, row, column, step, times: (
            gradient_path(model, x, target, row, column, step, times).T
        ),
        title="Times and channels are exchanged",
        symptom="The result lies on its side.",
        hint="Your result lies on its side. Which comes first, times or channels?",
    ),
    Misconception(
        "normalized",
        lambda model, x, target, row, column, step, times: (
            lambda path: torch.where(path.abs().max() > 0, path / path.abs().max(), path)
        )(gradient_path(model, x, target, row, column, step, times)),
        title="The curves are scaled to 1",
        symptom="The largest number is 1 or -1.",
        hint="Your largest number is 1 in size. That suits a plot; the task asks for the "
        "derivatives themselves.",
    ),
    Misconception(
        "all_scores",
        lambda model, x, target, row, column, step, times: _gradient(
            model, x + times[:, None, None, None] * step, torch.sum
        )[:, :, row, column],
        title="The sum of all scores is differentiated",
        symptom="The curves are the same for every class.",
        hint="Your curves do not depend on the class. Which argument have you not used?",
        catalog_number=71,
    ),
)

# smoothgrad


def _smooth(
    deviation: Callable[[Tensor, float], Any],
    reduce: Callable[[Tensor], Tensor] = lambda gradient: gradient.mean(dim=0),
    draws: Callable[[Tensor], Tensor] = lambda noise: noise,
) -> Callable[..., Tensor]:
    """Return SmoothGrad with another deviation, another way to average, or other draws."""

    def wrong(model: nn.Module, x: Tensor, target: int, noise: Tensor, level: float) -> Tensor:
        pictures = x + deviation(x, level) * draws(noise)
        return reduce(_gradient(model, pictures, lambda scores: scores[:, target].sum()))

    return wrong


def _right(x: Tensor, level: float) -> Any:
    return level * (x.max() - x.min())


SMOOTHGRAD = (
    Misconception(
        "deviation_not_relative",
        _smooth(lambda x, level: level),
        title="The noise does not follow the range of the picture",
        symptom="Pictures with a range of 1 work, others get too little noise.",
        hint="Your noise is the same for dark and bright pictures. What is the level a share of?",
        catalog_number=74,
    ),
    Misconception(
        "divided_by_the_range",
        _smooth(lambda x, level: level / (x.max() - x.min())),
        title="Divided by the range instead of multiplied",
        symptom="The larger the range of the picture, the weaker the noise.",
        hint="A picture with a larger range gets less noise from you. Should it not get more?",
        catalog_number=75,
    ),
    Misconception(
        "variance_for_deviation",
        _smooth(lambda x, level: _right(x, level) ** 2),
        title="The deviation is squared",
        symptom="Right only where the deviation happens to be 1.",
        hint="Only where the deviation is near 1 are you right. Standard deviation and variance "
        "are not the same.",
        catalog_number=76,
    ),
    Misconception(
        "largest_number_for_range",
        _smooth(lambda x, level: level * x.max()),
        title="The largest number instead of the range",
        symptom="Right for pictures whose smallest number is 0.",
        hint="The range is not the largest number. What if the smallest one is not zero?",
    ),
    Misconception(
        "one_draw",
        _smooth(_right, draws=lambda noise: noise[:1]),
        title="Only the first draw is used",
        symptom="The result does not depend on the number of draws.",
        hint="The number of draws makes no difference to you. Does each copy get a draw of its "
        "own?",
        catalog_number=77,
    ),
    Misconception(
        "noise_piles_up",
        _smooth(_right, draws=lambda noise: noise.cumsum(0)),
        title="Noise is added to noise",
        symptom="The first copy is right, the later ones drift away.",
        hint="Each of your copies is noisier than the one before. What does each draw have to be "
        "added to?",
        catalog_number=78,
    ),
    Misconception(
        "absolute_values_averaged",
        _smooth(_right, lambda gradient: gradient.abs().mean(dim=0)),
        title="Absolute values are averaged",
        symptom="No number is negative, and the noise does not average out.",
        hint="You remove the sign before you average, so opposite gradients add up instead of "
        "canceling.",
        catalog_number=79,
    ),
    Misconception(
        "sum_for_mean",
        _smooth(_right, lambda gradient: gradient.sum(dim=0)),
        title="The sum instead of the mean",
        symptom="All numbers are too large, by the number of draws.",
        hint="All your numbers are too large by the same factor. What makes a mean out of a sum?",
        catalog_number=80,
    ),
    Misconception(
        "gradient_of_the_mean_picture",
        _smooth(_right, draws=lambda noise: noise.mean(0, keepdim=True)),
        title="The noise is averaged instead of the gradients",
        symptom="The gradient at one picture, with hardly any noise left.",
        hint="You average the noise, and then take one gradient. What should be averaged?",
    ),
    Misconception(
        "no_noise",
        _smooth(lambda x, level: 0.0),
        title="No noise at all",
        symptom="The plain gradient.",
        hint="This is the plain gradient: your noise does not reach the network.",
    ),
    Misconception(
        "maximum_over_channels",
        lambda model, x, target, noise, level: (
            smoothgrad(model, x, target, noise, level).abs().amax(dim=0)
        ),
        title="The channels are merged",
        symptom="The result lacks the axis of the channels.",
        hint="You merged the channels, as in a saliency map. This result keeps them, with their "
        "signs.",
    ),
)

# grad_cam


def _cam(
    weigh: Callable[[Tensor], Tensor] = lambda gradient: gradient.mean(dim=(2, 3), keepdim=True),
    merge: Callable[[Tensor], Tensor] = lambda weighted: weighted.sum(dim=1).relu(),
    score: Callable[[Tensor, Tensor], Tensor] = lambda scores, targets: scores.gather(
        1, targets[:, None]
    ).sum(),
) -> Callable[..., Tensor]:
    """Return Grad-CAM with other weights, another sum, or another score."""

    def wrong(model: nn.Sequential, x: Tensor, targets: Tensor, layer: int) -> Tensor:
        maps = layer_outputs(model, x)[layer]
        after = nn.Sequential(*list(model)[layer + 1 :])
        gradient = _gradient(after, maps, lambda scores: score(scores, targets))
        return merge(weigh(gradient) * maps)

    return wrong


def overwritten_maps(model: nn.Sequential, x: Tensor, targets: Tensor, layer: int) -> Tensor:
    """Weigh the maps after the ReLU behind them has written into them."""
    maps = layer_outputs(model, x)[layer]
    after = nn.Sequential(*list(model)[layer + 1 :])
    gradient = _target_gradient(after, maps, targets)
    seen = maps.relu() if isinstance(after[0], nn.ReLU) else maps
    return (gradient.mean(dim=(2, 3), keepdim=True) * seen).sum(dim=1).relu()


GRAD_CAM = (
    Misconception(
        "no_spatial_mean",
        _cam(weigh=lambda gradient: gradient),
        title="The derivatives are not averaged",
        symptom="Each position has a weight of its own.",
        hint="You weigh every position by its own derivative. How many weights has a channel in "
        "Grad-CAM?",
        catalog_number=88,
    ),
    Misconception(
        "sum_for_mean",
        _cam(weigh=lambda gradient: gradient.sum(dim=(2, 3), keepdim=True)),
        title="The derivatives are added instead of averaged",
        symptom="All numbers are too large by the number of positions.",
        hint="All your numbers are too large by the same factor, the number of positions. What is "
        "the weight of a channel?",
    ),
    Misconception(
        "positive_derivatives_only",
        _cam(weigh=lambda gradient: gradient.relu().mean(dim=(2, 3), keepdim=True)),
        title="ReLU on the derivatives",
        symptom="No channel speaks against the class.",
        hint="You drop the negative derivatives. Then no channel can speak against the class.",
        catalog_number=87,
    ),
    Misconception(
        "starts_at_one",
        _cam(merge=lambda weighted: (1 + weighted.sum(dim=1)).relu()),
        title="The sum begins with ones",
        symptom="All numbers that are not cut off are too large by 1.",
        hint="Your sum begins with ones. With what does a sum begin?",
        catalog_number=86,
    ),
    Misconception(
        "negative_sums_kept",
        _cam(merge=lambda weighted: weighted.sum(dim=1)),
        title="Negative sums are kept",
        symptom="Some numbers are negative.",
        hint="Some of your numbers are negative. What does the docstring do with negative sums?",
    ),
    Misconception(
        "relu_before_the_sum",
        _cam(merge=lambda weighted: weighted.relu().sum(dim=1)),
        title="ReLU before the sum instead of after it",
        symptom="Channels that speak against the class are ignored.",
        hint="You cut off each channel by itself, so none can speak against the class. When does "
        "the ReLU come in?",
    ),
    Misconception(
        "mean_over_channels",
        _cam(merge=lambda weighted: weighted.mean(dim=1).relu()),
        title="The mean over the channels instead of the sum",
        symptom="All numbers are too small by the number of channels.",
        hint="All your numbers are too small by the same factor. Are the weighted channels added "
        "or averaged?",
    ),
    Misconception(
        "absolute_weights",
        _cam(weigh=lambda gradient: gradient.mean(dim=(2, 3), keepdim=True).abs()),
        title="The weights lose their sign",
        symptom="Channels against the class count in its favor.",
        hint="You removed the sign of the weights. A negative weight says that the channel speaks "
        "against the class.",
    ),
    Misconception(
        "weights_only",
        lambda model, x, targets, layer: grad_cam(model, x, targets, layer).mean(dim=(1, 2)),
        title="One number per picture",
        symptom="The result has one axis.",
        hint="You averaged the positions away at the end. The result is a map for each picture.",
    ),
    Misconception(
        "layer_before",
        lambda model, x, targets, layer: grad_cam(model, x, targets, max(layer - 1, 0)),
        title="The layer before the one asked for",
        symptom="The maps are those of another layer.",
        hint="These are the maps of the layer before. Does your count of the layers start at 0?",
    ),
    Misconception(
        "all_scores",
        _cam(score=lambda scores, targets: scores.sum()),
        title="The sum of all scores is differentiated",
        symptom="The map is the same for every class.",
        hint="Your map does not depend on the class. Which argument have you not used?",
        catalog_number=71,
    ),
    Misconception(
        "overwritten_maps",
        overwritten_maps,
        title="A ReLU has overwritten the maps",
        symptom="Right behind a ReLU, wrong in front of one.",
        hint="In front of a ReLU you are wrong. Does the layer behind your maps write into them "
        "before you use them?",
    ),
)

# pointing_game


def pointing_by_batch(maps: Tensor, masks: Tensor) -> float:
    """Look for the largest number of all maps together."""
    return float(masks.flatten()[maps.flatten().argmax()])


def height_for_width(maps: Tensor, masks: Tensor) -> float:
    """Turn the place into row and column with the height instead of the width."""
    hits = 0
    for one, mask in zip(maps, masks, strict=True):
        place = int(one.argmax())
        row, column = divmod(place, one.shape[0])
        hits += int(mask[row % mask.shape[0], column % mask.shape[1]])
    return hits / len(maps)


def every_largest_place(maps: Tensor, masks: Tensor) -> float:
    """Count a hit if any of the largest places is inside."""
    largest = maps.flatten(1).amax(dim=1)[:, None, None]
    return float(((maps == largest) & masks).flatten(1).any(dim=1).double().mean())


POINTING_GAME = (
    Misconception(
        "hits_counted",
        lambda maps, masks: pointing_game(maps, masks) * len(maps),
        title="The number of hits instead of their share",
        symptom="The result is a whole number, often larger than 1.",
        hint="You count the hits. A share lies between 0 and 1.",
    ),
    Misconception(
        "batch_maximum",
        pointing_by_batch,
        title="One maximum for all maps",
        symptom="The result is 0 or 1.",
        hint="You look for the largest number of all maps together. Each map has a place of its "
        "own.",
    ),
    Misconception(
        "height_for_width",
        height_for_width,
        title="Row and column are taken from the wrong side",
        symptom="Square maps work, others do not.",
        hint="Square maps work, others do not. How many places lie in one row?",
        catalog_number=84,
    ),
    Misconception(
        "misses_counted",
        lambda maps, masks: 1 - pointing_game(maps, masks),
        title="The share of misses",
        symptom="Good maps get a low number.",
        hint="Good maps get a low number from you: you count the misses.",
    ),
    Misconception(
        "smallest_place",
        lambda maps, masks: pointing_game(-maps, masks),
        title="The smallest number instead of the largest",
        symptom="The map points at where it is darkest.",
        hint="Your maps point at their smallest number.",
    ),
    Misconception(
        "magnitude",
        lambda maps, masks: pointing_game(maps.abs(), masks),
        title="The largest magnitude instead of the largest number",
        symptom="Maps without negative numbers work, others do not.",
        hint="You ignore the sign. A strongly negative place is not the largest one.",
    ),
    Misconception(
        "energy_in_the_mask",
        lambda maps, masks: ((maps * masks).sum() / maps.sum()).item(),
        title="The share of the map that lies inside",
        symptom="The result changes with every number of a map.",
        hint="You compare how much of a map lies inside. The game asks only where it is largest.",
    ),
    Misconception(
        "every_largest_place",
        every_largest_place,
        title="Any of the largest places counts",
        symptom="Maps with two largest places count as hits too often.",
        hint="A map may be largest at two places. Which of them counts?",
    ),
)

"""Wrong implementations of the exercise "training", as beginners write them.

Each is as short as it can be, so many stand on the reference instead of on loops of their own.
The hints point at the mistake and never state the solution. Catalog numbers are those of the
course's catalog of wrong implementations.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograder.problems import Misconception
from solutions.training.reference import (
    Array,
    Labels,
    LossAndGradients,
    Parameters,
    col2im,
    im2col,
    name_that_bug,
    sgd_step,
    small_cnn_loss_and_gradients,
    train,
)

# im2col


def _sizes(x: Array, height: int, width: int, stride: int, padding: int) -> tuple[int, int]:
    """Return H' and W'."""
    rows = (x.shape[2] + 2 * padding - height) // stride + 1
    return rows, (x.shape[3] + 2 * padding - width) // stride + 1


def _all_windows(x: Array, height: int, width: int, stride: int, padding: int) -> Array:
    """Return the matrix of im2col with its six axes apart: (C, HH, WW, N, H', W')."""
    rows, columns = _sizes(x, height, width, stride, padding)
    matrix = im2col(x, height, width, stride, padding)
    return matrix.reshape(x.shape[1], height, width, len(x), rows, columns)


def _padded(x: Array, padding: int) -> Array:
    return np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))


def _window_by_window(
    padded: Array,
    height: int,
    width: int,
    starts: Sequence[tuple[int, int]],
    images: Sequence[int],
) -> Array:
    """Copy the windows that start at the given places, image by image."""
    matrix = np.zeros((padded.shape[1] * height * width, len(images) * len(starts)))
    position = 0
    for n in images:
        for i, j in starts:
            matrix[:, position] = padded[n, :, i : i + height, j : j + width].ravel()
            position += 1
    return matrix


def _starts(rows: int, columns: int, down: int, right: int) -> list[tuple[int, int]]:
    return [(i * down, j * right) for i in range(rows) for j in range(columns)]


def stride_ignored(x: Array, height: int, width: int, stride: int, padding: int) -> Array:
    """Count the windows with the stride, and begin window i in row i."""
    starts = _starts(*_sizes(x, height, width, stride, padding), 1, 1)
    return _window_by_window(_padded(x, padding), height, width, starts, range(len(x)))


def stride_downward_only(x: Array, height: int, width: int, stride: int, padding: int) -> Array:
    """Move by the stride from row to row, and by one pixel within a row."""
    starts = _starts(*_sizes(x, height, width, stride, padding), stride, 1)
    return _window_by_window(_padded(x, padding), height, width, starts, range(len(x)))


def padded_at_the_end(x: Array, height: int, width: int, stride: int, padding: int) -> Array:
    """Put all zeros below and to the right of the image."""
    below = np.pad(x, ((0, 0), (0, 0), (0, 2 * padding), (0, 2 * padding)))
    return im2col(below, height, width, stride, 0)


def padded_once(x: Array, height: int, width: int, stride: int, padding: int) -> Array:
    """Count the padding of one side only when working out H' and W'."""
    rows = (x.shape[2] + padding - height) // stride + 1
    columns = (x.shape[3] + padding - width) // stride + 1
    starts = _starts(rows, columns, stride, stride)
    return _window_by_window(_padded(x, padding), height, width, starts, range(len(x)))


def no_plus_one(x: Array, height: int, width: int, stride: int, padding: int) -> Array:
    """Leave out the last row and the last column of windows."""
    rows, columns = _sizes(x, height, width, stride, padding)
    starts = _starts(rows - 1, columns - 1, stride, stride)
    return _window_by_window(_padded(x, padding), height, width, starts, range(len(x)))


def rounded_up(x: Array, height: int, width: int, stride: int, padding: int) -> Array:
    """Count a window more wherever the stride leaves a rest."""
    rows = -(-(x.shape[2] + 2 * padding - height) // stride) + 1
    columns = -(-(x.shape[3] + 2 * padding - width) // stride) + 1
    starts = _starts(rows, columns, stride, stride)
    return _window_by_window(_padded(x, padding), height, width, starts, range(len(x)))


def first_image_again(x: Array, height: int, width: int, stride: int, padding: int) -> Array:
    """Read the first image in every round."""
    starts = _starts(*_sizes(x, height, width, stride, padding), stride, stride)
    return _window_by_window(_padded(x, padding), height, width, starts, [0] * len(x))


def _reordered(
    x: Array, height: int, width: int, stride: int, padding: int, axes: Sequence[int]
) -> Array:
    """Arrange the six axes of the matrix in another order, and join three and three."""
    windows = _all_windows(x, height, width, stride, padding)
    return windows.transpose(axes).reshape(x.shape[1] * height * width, -1)


IM2COL = (
    Misconception(
        "windows_in_rows",
        lambda x, height, width, stride, padding: im2col(x, height, width, stride, padding).T,
        title="Windows lie in rows instead of columns",
        symptom="The matrix is transposed.",
        hint="The right numbers, but your windows lie in the rows of the matrix. Which axis of "
        "the result belongs to the positions?",
    ),
    Misconception(
        "reshaped_only",
        lambda x, height, width, stride, padding: (
            _all_windows(x, height, width, stride, padding)
            .transpose(3, 4, 5, 0, 1, 2)
            .reshape(x.shape[1] * height * width, -1)
        ),
        title="`reshape` where axes have to be exchanged",
        symptom="The shape is right and the numbers are scrambled.",
        hint="All numbers are there, but scrambled. `reshape` keeps the order in memory: it never "
        "turns a row of windows into columns of windows.",
        catalog_number=19,
    ),
    Misconception(
        "images_innermost",
        lambda x, height, width, stride, padding: _reordered(
            x, height, width, stride, padding, (0, 1, 2, 4, 5, 3)
        ),
        title="The images alternate from column to column",
        symptom="One image works, several images fail.",
        hint="Neighboring columns of your matrix belong to different images. The task wants all "
        "windows of the first image first.",
    ),
    Misconception(
        "positions_column_by_column",
        lambda x, height, width, stride, padding: _reordered(
            x, height, width, stride, padding, (0, 1, 2, 3, 5, 4)
        ),
        title="The positions run down the image first",
        symptom="The columns are right, but in another order.",
        hint="Your columns come in another order: your window moves down the image first. In which "
        "direction should it move first?",
    ),
    Misconception(
        "channels_last",
        lambda x, height, width, stride, padding: _reordered(
            x, height, width, stride, padding, (1, 2, 0, 3, 4, 5)
        ),
        title="The channels of a pixel stand together",
        symptom="One channel works, several channels fail.",
        hint="Down your columns, the channels of one pixel stand together. A filter w[f] of shape "
        "(C, HH, WW) is unrolled channel by channel.",
        catalog_number=47,
    ),
    Misconception(
        "windows_transposed",
        lambda x, height, width, stride, padding: _reordered(
            x, height, width, stride, padding, (0, 2, 1, 3, 4, 5)
        ),
        title="Each window is read column by column",
        symptom="Windows of one row or one column work, all others fail.",
        hint="You read each window column by column. In which order does `ravel` read it?",
    ),
    Misconception(
        "stride_ignored",
        stride_ignored,
        title="Windows start one pixel apart, whatever the stride",
        symptom="Stride 1 works; with a larger stride the number of columns is right.",
        hint="The number of your columns is right, but your windows start one pixel apart. In "
        "which row does window i begin?",
        catalog_number=8,
    ),
    Misconception(
        "stride_downward_only",
        stride_downward_only,
        title="The stride is used in one direction only",
        symptom="Windows start in the right rows and in the wrong columns.",
        hint="Downward your windows start where they should, to the right they do not. Where does "
        "the stride enter?",
        catalog_number=9,
    ),
    Misconception(
        "not_padded",
        lambda x, height, width, stride, padding: im2col(x, height, width, stride, 0),
        title="The images are not padded",
        symptom="There are too few columns as soon as the padding is not 0.",
        hint="Your matrix is that of the image without its border of zeros. What does `padding` "
        "ask for?",
    ),
    Misconception(
        "all_axes_padded",
        lambda x, height, width, stride, padding: im2col(
            np.pad(x, padding), height, width, stride, 0
        ),
        title="All four axes are padded",
        symptom="The matrix is far too large; there are images and channels of zeros.",
        hint="Your batch has grown: you added images and channels of zeros, too. `np.pad` takes "
        "a pair of numbers for each axis.",
        catalog_number=1,
    ),
    Misconception(
        "padded_at_the_end",
        padded_at_the_end,
        title="All zeros are put below and to the right",
        symptom="The shape is right; the windows are shifted.",
        hint="Your windows are shifted by the padding: all the zeros lie below and to the right "
        "of the image. On how many sides do they belong?",
        catalog_number=2,
    ),
    Misconception(
        "padded_once",
        padded_once,
        title="The padding of one side is counted",
        symptom="The last windows are missing as soon as the padding is not 0.",
        hint="Your last windows are missing. On how many sides of the image is there padding, and "
        "how often does your formula for the size count it?",
        catalog_number=4,
    ),
    Misconception(
        "no_plus_one",
        no_plus_one,
        title="One row and one column of windows too few",
        symptom="The last window of each row and the last row of windows are missing.",
        hint="The last windows are missing. A window of width 2 in an image of width 3: how many "
        "positions does it have?",
        catalog_number=5,
    ),
    Misconception(
        "rounded_up",
        rounded_up,
        title="The number of positions is rounded up",
        symptom="It fails where the stride does not divide the way of the window.",
        hint="Your last windows hang over the border. What happens to the rest when the stride "
        "does not divide?",
        catalog_number=6,
    ),
    Misconception(
        "height_and_width_swapped",
        lambda x, height, width, stride, padding: im2col(x, width, height, stride, padding),
        title="Height and width of the window are exchanged",
        symptom="Square windows work, all others fail.",
        hint="Your windows lie on their side. Which comes first, height or width?",
        catalog_number=7,
    ),
    Misconception(
        "first_image_again",
        first_image_again,
        title="The first image is read again and again",
        symptom="The windows of the other images are those of the first.",
        hint="All your images look like the first one. Which part of your code depends on n?",
        catalog_number=15,
    ),
)

# col2im


def _geometry(
    columns: Array, shape: Sequence[int], height: int, width: int, stride: int, padding: int
) -> tuple[Array, Array, int, int]:
    """Return the columns with their six axes apart, an empty padded batch, H' and W'."""
    images, channels, image_height, image_width = shape
    rows = (image_height + 2 * padding - height) // stride + 1
    across = (image_width + 2 * padding - width) // stride + 1
    windows = columns.reshape(channels, height, width, images, rows, across)
    side = image_height + 2 * padding, image_width + 2 * padding
    return windows, np.zeros((images, channels, *side)), rows, across


def _added_up(
    columns: Array,
    shape: Sequence[int],
    height: int,
    width: int,
    stride: int,
    padding: int,
    put: Callable[[Array, Array], object] = lambda place, window: np.add(place, window, out=place),
    step: int | None = None,
    images: Callable[[int], int] = lambda n: n,
    skip: int = 0,
) -> Array:
    """Put window by window into the padded batch, and return it uncropped.

    ``put`` says how a window meets what is there, ``step`` replaces the stride, ``images`` says
    which image gets what belongs to image n, ``skip`` leaves out the last windows.
    """
    windows, padded, rows, across = _geometry(columns, shape, height, width, stride, padding)
    step = stride if step is None else step
    for n in range(shape[0]):
        for i in range(rows - skip):
            for j in range(across - skip):
                top, left = i * step, j * step
                place = padded[images(n), :, top : top + height, left : left + width]
                put(place, windows[:, :, :, n, i, j])
    return padded


def _cropped(padded: Array, shape: Sequence[int], padding: int) -> Array:
    return padded[:, :, padding : padding + shape[2], padding : padding + shape[3]]


def _put(place: Array, window: Array) -> None:
    place[...] = window


def overwritten(
    columns: Array, shape: Sequence[int], height: int, width: int, stride: int, padding: int
) -> Array:
    """Write windows over each other instead of adding them."""
    padded = _added_up(columns, shape, height, width, stride, padding, put=_put)
    return _cropped(padded, shape, padding)


def averaged(
    columns: Array, shape: Sequence[int], height: int, width: int, stride: int, padding: int
) -> Array:
    """Divide by the number of windows, so that the images come back."""
    total = col2im(columns, shape, height, width, stride, padding)
    looks = col2im(np.ones_like(columns), shape, height, width, stride, padding)
    mean: Array = total / np.maximum(looks, 1)
    return mean


def placed_without_stride(
    columns: Array, shape: Sequence[int], height: int, width: int, stride: int, padding: int
) -> Array:
    """Put window i into row i."""
    padded = _added_up(columns, shape, height, width, stride, padding, step=1)
    return _cropped(padded, shape, padding)


def all_into_the_first(
    columns: Array, shape: Sequence[int], height: int, width: int, stride: int, padding: int
) -> Array:
    """Add the windows of all images to the first one."""
    padded = _added_up(columns, shape, height, width, stride, padding, images=lambda n: 0)
    return _cropped(padded, shape, padding)


def last_windows_left_out(
    columns: Array, shape: Sequence[int], height: int, width: int, stride: int, padding: int
) -> Array:
    """End the loops over the positions one too early."""
    padded = _added_up(columns, shape, height, width, stride, padding, skip=1)
    return _cropped(padded, shape, padding)


def _from_other_order(
    columns: Array,
    shape: Sequence[int],
    height: int,
    width: int,
    stride: int,
    padding: int,
    axes: Sequence[int],
) -> Array:
    """Take the six axes of the columns to be in another order.

    axes: for each axis of (C, HH, WW, N, H', W'), where the wrong reading has it.
    """
    windows, _, _, _ = _geometry(columns, shape, height, width, stride, padding)
    order = np.argsort(axes)
    read = columns.reshape([windows.shape[axis] for axis in order]).transpose(axes)
    return col2im(read.reshape(columns.shape), shape, height, width, stride, padding)


COL2IM = (
    Misconception(
        "overwritten",
        overwritten,
        title="Overlapping windows overwrite each other",
        symptom="It works where the windows do not overlap.",
        hint="Where windows overlap, only the last one is left. What should a pixel get that "
        "lies in several windows?",
        catalog_number=36,
    ),
    Misconception(
        "averaged",
        averaged,
        title="The mean instead of the sum",
        symptom="Pixels that lie in several windows are too small.",
        hint="You divide by the number of windows. That brings the images back, but gradients of "
        "a pixel that is used several times add up.",
    ),
    Misconception(
        "not_cropped",
        lambda columns, shape, height, width, stride, padding: _added_up(
            columns, shape, height, width, stride, padding
        ),
        title="The padding is still there",
        symptom="The result is larger than the images as soon as the padding is not 0.",
        hint="Your result still has its border of padding. The images had none.",
        catalog_number=38,
    ),
    Misconception(
        "cropped_at_the_end",
        lambda columns, shape, height, width, stride, padding: _added_up(
            columns, shape, height, width, stride, padding
        )[:, :, : shape[2], : shape[3]],
        title="The border is cut off at one end only",
        symptom="The shape is right; everything is shifted by the padding.",
        hint="The shape is right, but all is shifted by the padding. Where does the image begin "
        "inside the padded one?",
        catalog_number=39,
    ),
    Misconception(
        "cropped_by_minus_padding",
        lambda columns, shape, height, width, stride, padding: _added_up(
            columns, shape, height, width, stride, padding
        )[:, :, padding:-padding, padding:-padding],
        title="A crop that is empty without padding",
        symptom="It works with padding; without padding nothing is left.",
        hint="Without padding nothing is left of your images. What is `a[0:-0]`?",
        catalog_number=40,
    ),
    Misconception(
        "one_pixel_cropped",
        lambda columns, shape, height, width, stride, padding: _added_up(
            columns, shape, height, width, stride, padding
        )[:, :, 1:-1, 1:-1],
        title="One pixel is cut off, whatever the padding",
        symptom="It works for padding 1 only.",
        hint="You always cut off one pixel on each side. How wide is the border?",
    ),
    Misconception(
        "placed_without_stride",
        placed_without_stride,
        title="Windows are put back one pixel apart, whatever the stride",
        symptom="Stride 1 works; with a larger stride all lies at the top left.",
        hint="Your windows are put back too close together. In which row did window i begin?",
        catalog_number=37,
    ),
    Misconception(
        "images_innermost",
        lambda columns, shape, height, width, stride, padding: _from_other_order(
            columns, shape, height, width, stride, padding, (0, 1, 2, 5, 3, 4)
        ),
        title="The images are taken to alternate",
        symptom="One image works, several images fail.",
        hint="You read neighboring columns as different images. In which order did im2col write "
        "the columns?",
    ),
    Misconception(
        "positions_column_by_column",
        lambda columns, shape, height, width, stride, padding: _from_other_order(
            columns, shape, height, width, stride, padding, (0, 1, 2, 3, 5, 4)
        ),
        title="The positions are taken to run down the image first",
        symptom="It fails where there are several rows and columns of windows.",
        hint="You go through the positions down the image first. In which order did im2col write "
        "the columns?",
    ),
    Misconception(
        "channels_last",
        lambda columns, shape, height, width, stride, padding: _from_other_order(
            columns, shape, height, width, stride, padding, (2, 0, 1, 3, 4, 5)
        ),
        title="The channels of a pixel are taken to stand together",
        symptom="One channel works, several channels fail.",
        hint="Down a column you read the channels of one pixel together. In which order did im2col "
        "write them?",
        catalog_number=47,
    ),
    Misconception(
        "windows_transposed",
        lambda columns, shape, height, width, stride, padding: _from_other_order(
            columns, shape, height, width, stride, padding, (0, 2, 1, 3, 4, 5)
        ),
        title="Each window is filled column by column",
        symptom="Windows of one row or one column work, all others fail.",
        hint="You fill each window column by column. How does `ravel` unroll a window?",
    ),
    Misconception(
        "reshaped_only",
        lambda columns, shape, height, width, stride, padding: _from_other_order(
            columns, shape, height, width, stride, padding, (3, 4, 5, 0, 1, 2)
        ),
        title="`reshape` where axes have to be exchanged",
        symptom="The shape is right and the numbers are scrambled.",
        hint="All is scrambled: you read the matrix as if each window lay in a row. `reshape` "
        "keeps the order in memory.",
        catalog_number=20,
    ),
    Misconception(
        "all_into_the_first",
        all_into_the_first,
        title="All images are added to the first",
        symptom="The first image is too large, the others are 0.",
        hint="Everything ends up in your first image. Which part of your code depends on n?",
    ),
    Misconception(
        "last_windows_left_out",
        last_windows_left_out,
        title="The last windows are left out",
        symptom="What lies in the last row or column of windows is missing.",
        hint="The last row and the last column of windows are missing. Where do your loops end?",
    ),
)

# sgd_step


def _each(rule: Callable[..., tuple[Array, Array]]) -> Callable[..., Any]:
    """Return a step that applies ``rule(p, g, v, rate, momentum)`` to every parameter."""

    def step(
        parameters: Parameters,
        gradients: Parameters,
        velocities: Parameters,
        learning_rate: float,
        momentum: float,
    ) -> tuple[Parameters, Parameters]:
        results = {
            name: rule(value, gradients[name], velocities[name], learning_rate, momentum)
            for name, value in parameters.items()
        }
        moved = {name: result[0] for name, result in results.items()}
        return moved, {name: result[1] for name, result in results.items()}

    return step


def unchanged(
    parameters: Parameters,
    gradients: Parameters,
    velocities: Parameters,
    learning_rate: float,
    momentum: float,
) -> tuple[Parameters, Parameters]:
    """Give a name to the new values instead of storing them."""
    for name, p in parameters.items():
        v = momentum * velocities[name] + gradients[name]
        p = p - learning_rate * v
    return parameters, velocities


def one_parameter_only(
    parameters: Parameters,
    gradients: Parameters,
    velocities: Parameters,
    learning_rate: float,
    momentum: float,
) -> tuple[Parameters, Parameters]:
    """Return from inside the loop."""
    first = next(iter(parameters))
    moved, faster = sgd_step(
        {first: parameters[first]}, {first: gradients[first]}, velocities, learning_rate, momentum
    )
    return {**parameters, **moved}, {**velocities, **faster}


SGD_STEP = (
    Misconception(
        "unchanged",
        unchanged,
        title="The parameters do not change",
        symptom="What comes back is what went in.",
        hint="Nothing has changed. A line like `p = p - ...` gives a new array the name p; what "
        "the dictionary holds is still the old one.",
        catalog_number=58,
    ),
    Misconception(
        "upward",
        _each(lambda p, g, v, rate, m: (p + rate * (m * v + g), m * v + g)),
        title="The step goes up",
        symptom="The velocities are right, the parameters move the wrong way.",
        hint="Your parameters move in the direction in which the loss grows. Where does the "
        "gradient point?",
    ),
    Misconception(
        "no_momentum",
        _each(lambda p, g, v, rate, m: (p - rate * g, g)),
        title="The old velocity is forgotten",
        symptom="Momentum 0 works, every other momentum fails.",
        hint="This is right without momentum. What remains of the old velocity?",
    ),
    Misconception(
        "velocity_not_used",
        _each(lambda p, g, v, rate, m: (p - rate * g, m * v + g)),
        title="The step follows the gradient, not the velocity",
        symptom="The velocities are right, the parameters are those without momentum.",
        hint="Your velocities are right, but your parameters do not follow them. What moves the "
        "parameters?",
    ),
    Misconception(
        "old_velocity_used",
        _each(lambda p, g, v, rate, m: (p - rate * v, m * v + g)),
        title="The step follows the old velocity",
        symptom="The parameters lag one step behind; the first step does nothing.",
        hint="Your parameters follow the velocity from before this step. Which comes first, the "
        "new velocity or the step?",
    ),
    Misconception(
        "velocity_not_kept",
        _each(lambda p, g, v, rate, m: (p - rate * (m * v + g), v)),
        title="The new velocity is not returned",
        symptom="The parameters are right, the velocities are the old ones.",
        hint="Your parameters are right, but you return the old velocities. The next step would "
        "begin with them.",
    ),
    Misconception(
        "averaged_gradient",
        _each(lambda p, g, v, rate, m: (p - rate * (m * v + (1 - m) * g), m * v + (1 - m) * g)),
        title="The gradient is weakened by 1 minus momentum",
        symptom="Momentum 0 works; otherwise the steps are too short.",
        hint="You take a mean of velocity and gradient. Some optimizers do; look at the formula "
        "of the task again.",
    ),
    Misconception(
        "rate_in_the_velocity",
        _each(lambda p, g, v, rate, m: (p - (m * v + rate * g), m * v + rate * g)),
        title="The learning rate is part of the velocity",
        symptom="Both results differ from the expected ones by the learning rate.",
        hint="Your velocity holds the learning rate. That is another form of the method: in this "
        "one the rate enters only when the parameters move.",
    ),
    Misconception(
        "negative_velocity",
        _each(lambda p, g, v, rate, m: (p + m * v - rate * g, m * v - rate * g)),
        title="The velocity points downhill and holds the learning rate",
        symptom="The velocities have the wrong sign.",
        hint="Your velocity points downhill and holds the learning rate. Many courses write it "
        "so; in the formula of this task it has the sign of the gradient.",
    ),
    Misconception(
        "look_ahead",
        _each(lambda p, g, v, rate, m: (p - rate * (g + m * (m * v + g)), m * v + g)),
        title="Nesterov's step",
        symptom="The velocities are right, the steps are too long.",
        hint="Your step uses the momentum twice, as Nesterov's method does. The task wants the "
        "plain form.",
    ),
    Misconception(
        "rate_and_momentum_swapped",
        _each(lambda p, g, v, rate, m: (p - m * (rate * v + g), rate * v + g)),
        title="Learning rate and momentum are exchanged",
        symptom="All numbers are wrong unless both are equal.",
        hint="Learning rate and momentum have changed places. Which one shrinks the old velocity?",
    ),
    Misconception(
        "momentum_times_gradient",
        _each(lambda p, g, v, rate, m: (p - rate * (v + m * g), v + m * g)),
        title="The momentum shrinks the gradient",
        symptom="The velocity never fades.",
        hint="Your old velocity remains whole, and the gradient shrinks. Which of the two does "
        "the momentum belong to?",
    ),
    Misconception(
        "one_parameter_only",
        one_parameter_only,
        title="Only the first parameter moves",
        symptom="One array works, several fail.",
        hint="Only your first parameter has moved. Is there a `return` inside the loop?",
    ),
)

# small_cnn_loss_and_gradients


def _maps(product: Array, images: int, height: int, width: int) -> Array:
    return product.reshape(len(product), images, height, width).transpose(1, 0, 2, 3)


def _shifted(scores: Array) -> Array:
    result: Array = scores - scores.max(axis=1, keepdims=True)
    return result


def _probabilities(shifted: Array) -> Array:
    powers = np.exp(shifted)
    result: Array = powers / powers.sum(axis=1, keepdims=True)
    return result


def _loss(logarithms: Array, y: Labels) -> float:
    return float(-np.mean(logarithms[np.arange(len(y)), y]))


def _score_errors(p: Array, y: Labels) -> Array:
    return (p - np.eye(p.shape[1])[y]) / len(y)


def _to_the_winner(windows: Array, d_pooled: Array) -> Array:
    winner = windows.argmax(axis=-1)[..., np.newaxis]
    result: Array = d_pooled[..., np.newaxis] * (winner == np.arange(4))
    return result


def _filter_gradient(d_maps: Array, columns: Array, images: int) -> Array:
    return d_maps @ columns.T


def _network(
    maps: Callable[[Array, int, int, int], Array] = _maps,
    relu: Callable[[Array], Array] = lambda a: np.maximum(a, 0),
    flat: Callable[[Array], Array] = lambda pooled: pooled.reshape(len(pooled), -1),
    unflat: Callable[[Array, tuple[int, ...]], Array] = lambda flat, shape: flat.reshape(shape),
    shifted: Callable[[Array], Array] = _shifted,
    probabilities: Callable[[Array], Array] = _probabilities,
    loss: Callable[[Array, Labels], float] = _loss,
    score_errors: Callable[[Array, Labels], Array] = _score_errors,
    spread: Callable[[Array, Array], Array] = _to_the_winner,
    mask: Callable[[Array, Array], Array] = lambda d, pooled: d * (pooled > 0),
    filter_gradient: Callable[[Array, Array, int], Array] = lambda d, columns, images: (
        d @ columns.T
    ),
) -> Callable[[Parameters, Array, Labels], tuple[float, Parameters]]:
    """Return the small CNN as a function, with the given steps in place of the right ones."""

    def small_cnn(parameters: Parameters, x: Array, y: Labels) -> tuple[float, Parameters]:
        w1, b1, w2, b2 = (parameters[name] for name in ("w1", "b1", "w2", "b2"))
        images, _, height, width = x.shape
        columns = im2col(x, 3, 3, 1, 1)
        product = w1.reshape(len(w1), -1) @ columns + b1[:, np.newaxis]
        blocks = maps(product, images, height, width).reshape(
            images, len(w1), height // 2, 2, width // 2, 2
        )
        windows = blocks.transpose(0, 1, 2, 4, 3, 5).reshape(*blocks.shape[:3], width // 2, 4)
        pooled = relu(windows.max(axis=-1))
        features = flat(pooled)
        scores = shifted(features @ w2 + b2)
        d_scores = score_errors(probabilities(scores), y)
        d_pooled = mask(unflat(d_scores @ w2.T, pooled.shape), pooled)
        d_windows = spread(windows, d_pooled).reshape(*d_pooled.shape, 2, 2)
        d_maps = d_windows.transpose(1, 0, 2, 4, 3, 5).reshape(len(w1), -1)
        return loss(scores - np.log(np.exp(scores).sum(axis=1, keepdims=True)), y), {
            "w1": filter_gradient(d_maps, columns, images).reshape(w1.shape),
            "b1": d_maps.sum(axis=1),
            "w2": features.T @ d_scores,
            "b2": d_scores.sum(axis=0),
        }

    return small_cnn


def _last_image_only(d_maps: Array, columns: Array, images: int) -> Array:
    """Begin the filters' gradient anew with every image."""
    positions = columns.shape[1] // images
    return d_maps[:, -positions:] @ columns[:, -positions:].T


def _bias_means(parameters: Parameters, x: Array, y: Labels) -> tuple[float, Parameters]:
    """Average the filter biases' gradient over all positions."""
    loss, gradients = small_cnn_loss_and_gradients(parameters, x, y)
    positions = len(x) * x.shape[2] * x.shape[3]
    return loss, {**gradients, "b1": gradients["b1"] / positions}


def _filter_biases_dropped(parameters: Parameters, x: Array, y: Labels) -> tuple[float, Parameters]:
    """Forget the biases of the filters in the forward pass."""
    without = {**parameters, "b1": np.zeros_like(parameters["b1"])}
    return small_cnn_loss_and_gradients(without, x, y)


def _filters_flipped(parameters: Parameters, x: Array, y: Labels) -> tuple[float, Parameters]:
    """Turn the filters by 180 degrees, forward and backward."""
    turned = {**parameters, "w1": parameters["w1"][:, :, ::-1, ::-1]}
    loss, gradients = small_cnn_loss_and_gradients(turned, x, y)
    return loss, {**gradients, "w1": gradients["w1"][:, :, ::-1, ::-1]}


def _nhwc(pooled: Array) -> Array:
    return pooled.transpose(0, 2, 3, 1).reshape(len(pooled), -1)


def _from_nhwc(flat: Array, shape: tuple[int, ...]) -> Array:
    images, filters, height, width = shape
    return flat.reshape(images, height, width, filters).transpose(0, 3, 1, 2)


def _all_labels(logarithms: Array, y: Labels) -> float:
    """Pick the columns of all labels in every row."""
    return float(-np.mean(logarithms[:, y]))


SMALL_CNN_LOSS_AND_GRADIENTS = (
    Misconception(
        "not_divided",
        _network(score_errors=lambda p, y: p - np.eye(p.shape[1])[y]),
        title="The gradients are not divided by the number of images",
        symptom="The loss is right, every gradient is N times too large.",
        hint="Your loss is right, and every gradient is N times too large. The loss is a mean: "
        "what does that do to its derivative?",
        catalog_number=49,
    ),
    Misconception(
        "divided_twice",
        _network(score_errors=lambda p, y: _score_errors(p, y) / len(y)),
        title="The gradients are divided by N twice",
        symptom="The loss is right, every gradient is N times too small.",
        hint="Your loss is right, and every gradient is N times too small. Where do you divide "
        "by N?",
        catalog_number=45,
    ),
    Misconception(
        "loss_not_averaged",
        _network(loss=lambda logarithms, y: _loss(logarithms, y) * len(y)),
        title="The loss is the sum over the images",
        symptom="The gradients are right, the loss is N times too large.",
        hint="Your gradients are right, but your loss is N times too large: a sum where the task "
        "wants a mean.",
    ),
    Misconception(
        "all_summed",
        _network(
            loss=lambda logarithms, y: _loss(logarithms, y) * len(y),
            score_errors=lambda p, y: p - np.eye(p.shape[1])[y],
        ),
        title="Loss and gradients are sums over the images",
        symptom="The loss and every gradient are N times too large.",
        hint="Loss and gradients are N times too large, so they fit together: you add up over the "
        "images. The task wants the mean.",
    ),
    Misconception(
        "minus_one_forgotten",
        _network(score_errors=lambda p, y: p / len(y)),
        title="The right class is not treated differently",
        symptom="The loss is right; the gradient of b2 adds up to 1 instead of 0.",
        hint="The gradients of your scores are all positive, as if every score should fall. What "
        "is different for the right class?",
        catalog_number=48,
    ),
    Misconception(
        "wrong_sign",
        _network(score_errors=lambda p, y: -_score_errors(p, y)),
        title="The gradients have the wrong sign",
        symptom="The loss is right, every gradient is the negative of the expected one.",
        hint="Your loss is right, and every gradient has the wrong sign. If the probability of the "
        "right class is too small, should its score rise or fall?",
    ),
    Misconception(
        "loss_of_all_labels",
        _network(loss=_all_labels),
        title="Every image is compared with the labels of all images",
        symptom="The gradients are right, the loss is wrong unless N is 1.",
        hint="For every image you use the labels of the whole batch. An index like `a[:, y]` picks "
        "several numbers from each row; you want one.",
    ),
    Misconception(
        "loss_of_the_wrong_log",
        _network(loss=lambda logarithms, y: _loss(logarithms, y) / float(np.log(10))),
        title="The logarithm to base 10",
        symptom="The gradients are right, the loss is 2.3 times too small.",
        hint="Your loss is too small by a factor of 2.3. Which logarithm belongs to exp?",
    ),
    Misconception(
        "softmax_over_the_batch",
        _network(
            shifted=lambda scores: scores - scores.max(axis=0),
            probabilities=lambda s: np.exp(s) / np.exp(s).sum(axis=0),
        ),
        title="Softmax along the wrong axis",
        symptom="The probabilities of one image do not add up to 1.",
        hint="Your probabilities add up to 1 over the images of the batch. Over what should they "
        "add up to 1?",
    ),
    Misconception(
        "not_shifted",
        _network(shifted=lambda scores: scores),
        title="Scores that are too large for exp",
        symptom="Large scores give nan or inf.",
        hint="exp(1000) is infinity for a computer. Softmax does not change when you subtract the "
        "same number from all scores of an image.",
        catalog_number=50,
    ),
    Misconception(
        "shifted_by_one_for_all",
        _network(shifted=lambda scores: scores - scores.max()),
        title="One shift for the whole batch",
        symptom="An image whose scores are far below those of another gives nan or inf.",
        hint="You subtract the largest score of the whole batch. For an image whose scores are all "
        "far below it, every exp becomes 0.",
        catalog_number=51,
    ),
    Misconception(
        "relu_forgotten",
        _network(relu=lambda a: a, mask=lambda d, pooled: d),
        title="There is no ReLU",
        symptom="Negative maxima reach the dense layer.",
        hint="Negative numbers get through to your dense layer. Which step should stop them?",
    ),
    Misconception(
        "relu_forgotten_backward",
        _network(mask=lambda d, pooled: d),
        title="ReLU lets every gradient through",
        symptom="The loss and the dense layer are right, the filters are not.",
        hint="The dense layer is right, the filters are not: gradients go through places where "
        "ReLU gave 0. Does such a place still influence the loss?",
        catalog_number=28,
    ),
    Misconception(
        "relu_of_the_gradient",
        _network(mask=lambda d, pooled: d * (d > 0)),
        title="ReLU of the gradient",
        symptom="The filters get positive gradients only.",
        hint="You remove the negative gradients. What decides whether a gradient passes ReLU: its "
        "own sign, or that of the number that went forward?",
        catalog_number=32,
    ),
    Misconception(
        "pool_to_all",
        _network(spread=lambda windows, d: np.repeat(d[..., np.newaxis], 4, axis=-1)),
        title="All four places of a window get the gradient",
        symptom="The filters' gradients are too large.",
        hint="All four places of a pooling window get the gradient. Which of them did the result "
        "depend on?",
    ),
    Misconception(
        "pool_shared",
        _network(spread=lambda windows, d: np.repeat(d[..., np.newaxis] / 4, 4, axis=-1)),
        title="The gradient is shared among the four places of a window",
        symptom="The loss is right; the filters' gradients are those of a mean.",
        hint="Each place of a pooling window gets a quarter of the gradient. That belongs to a "
        "mean; here the largest number was taken.",
    ),
    Misconception(
        "maps_not_transposed",
        _network(maps=lambda product, n, h, w: product.reshape(n, len(product), h, w)),
        title="Images and maps are mixed up after the matrix product",
        symptom="One image works, several images fail.",
        hint="One image works, several do not. The matrix product has a row per filter: which "
        "axis comes first after your `reshape`, and which one do you take it for?",
        catalog_number=21,
    ),
    Misconception(
        "flattened_channels_last",
        _network(flat=_nhwc, unflat=_from_nhwc),
        title="The maps are flattened with the channels last",
        symptom="Shapes are right; the dense layer meets its inputs in another order.",
        hint="Your dense layer gets its inputs in another order: the maps of one pixel side by "
        "side. In which order does `reshape` flatten (F, H/2, W/2)?",
        catalog_number=47,
    ),
    Misconception(
        "filter_gradient_scrambled",
        _network(filter_gradient=lambda d, columns, images: columns @ d.T),
        title="The filters' gradient is reshaped from the transposed matrix",
        symptom="All is right but the gradient of w1, whose numbers are scrambled.",
        hint="Everything is right but the gradient of w1: its numbers are there, in a scrambled "
        "order. What is the shape of your product before you reshape it?",
    ),
    Misconception(
        "last_image_only",
        _network(filter_gradient=_last_image_only),
        title="The filters learn from the last image only",
        symptom="One image works, several images fail.",
        hint="The gradient of your filters is that of the last image. What happens to the images "
        "before it?",
        catalog_number=35,
    ),
    Misconception(
        "bias_means",
        _bias_means,
        title="The filter biases get a mean",
        symptom="All is right but the gradient of b1, which is far too small.",
        hint="Everything is right but the gradient of b1: you take the mean over the positions. "
        "The bias is used at every position, and uses add up.",
        catalog_number=43,
    ),
    Misconception(
        "filter_biases_dropped",
        _filter_biases_dropped,
        title="The filter biases are not added",
        symptom="It works while all filter biases are 0.",
        hint="It works only while b1 is 0. Where do the biases of the filters come in?",
        catalog_number=16,
    ),
    Misconception(
        "filters_flipped",
        _filters_flipped,
        title="The filters are turned by 180 degrees",
        symptom="The loss is that of a network with turned filters.",
        hint="You turn the filters, as true convolution does. This layer is a cross-correlation.",
        catalog_number=10,
    ),
)

# train


def _batches(order: Sequence[Labels], batch_size: int) -> list[list[Labels]]:
    return [
        [examples[start : start + batch_size] for start in range(0, len(examples), batch_size)]
        for examples in order
    ]


def _every_loss(losses: list[list[float]]) -> list[float]:
    return [loss for epoch in losses for loss in epoch]


def _training(
    batches: Callable[[Sequence[Labels], int], list[list[Labels]]] = _batches,
    labels: Callable[[Labels, Labels, int, int], Labels] = lambda y, batch, number, size: y[batch],
    step: Callable[..., tuple[Parameters, Parameters]] = sgd_step,
    velocities: Callable[[Parameters, int], bool] = lambda parameters, number: False,
    losses: Callable[[list[list[float]]], list[float]] = _every_loss,
    loss_after_step: bool = False,
    gradients_pile_up: bool = False,
) -> Callable[..., tuple[Parameters, Array]]:
    """Return the training loop as a function, with the given parts in place of the right ones."""

    def loop(
        loss_and_gradients: LossAndGradients,
        parameters: Parameters,
        x: Array,
        y: Labels,
        order: Sequence[Labels],
        batch_size: int,
        learning_rate: float,
        momentum: float,
    ) -> tuple[Parameters, Array]:
        zeros = {name: np.zeros_like(value) for name, value in parameters.items()}
        moving, kept = zeros, zeros
        seen: list[list[float]] = []
        for epoch in batches(order, batch_size):
            seen.append([])
            for number, batch in enumerate(epoch):
                if velocities(parameters, number):
                    moving = zeros
                answers = labels(y, batch, number, batch_size)
                loss, gradients = loss_and_gradients(parameters, x[batch], answers)
                if gradients_pile_up:
                    gradients = {name: kept[name] + part for name, part in gradients.items()}
                    kept = gradients
                parameters, moving = step(parameters, gradients, moving, learning_rate, momentum)
                if loss_after_step:
                    loss, _ = loss_and_gradients(parameters, x[batch], answers)
                seen[-1].append(loss)
        return parameters, np.array(losses(seen), dtype=float)

    return loop


def _stays(parameters: Parameters, *rest: Any) -> tuple[Parameters, Parameters]:
    """Throw the new parameters away."""
    return parameters, sgd_step(parameters, *rest)[1]


def _without_rest(order: Sequence[Labels], batch_size: int) -> list[list[Labels]]:
    return [
        [batch for batch in epoch if len(batch) == batch_size]
        for epoch in _batches(order, batch_size)
    ]


def _sliding(order: Sequence[Labels], batch_size: int) -> list[list[Labels]]:
    return [
        [examples[start : start + batch_size] for start in range(len(examples))]
        for examples in order
    ]


TRAIN = (
    Misconception(
        "labels_not_shuffled",
        _training(
            labels=lambda y, batch, number, size: y[number * size : number * size + len(batch)]
        ),
        title="Images are shuffled, labels are not",
        symptom="The examples meet the answers of others; the network learns nothing.",
        hint="Your x and your y do not belong together: one is taken in the new order, the other "
        "in the old one.",
    ),
    Misconception(
        "order_ignored",
        _training(batches=lambda order, size: _batches([np.arange(len(e)) for e in order], size)),
        title="The examples are not shuffled",
        symptom="Every epoch takes the examples as they come.",
        hint="You take the examples as they lie in x. What is `order` for?",
    ),
    Misconception(
        "first_order_again",
        _training(batches=lambda order, size: _batches([order[0]] * len(order), size)),
        title="Every epoch has the order of the first",
        symptom="The first epoch is right, the second is not.",
        hint="Your first epoch is right. In the second you take the examples in the order of the "
        "first again.",
    ),
    Misconception(
        "rest_dropped",
        _training(batches=_without_rest),
        title="The last, smaller batch is left out",
        symptom="It works where the batch size divides the number of examples.",
        hint="Your epochs end early: what happens to the examples that do not fill a batch?",
    ),
    Misconception(
        "batches_overlap",
        _training(batches=_sliding),
        title="Batches begin at every example",
        symptom="There are as many steps as examples.",
        hint="You make a step for every example: your batches overlap. How far is it from the "
        "start of one batch to the start of the next?",
    ),
    Misconception(
        "whole_set_at_once",
        _training(batches=lambda order, size: [[examples] for examples in order]),
        title="Every step takes all examples",
        symptom="There is one step per epoch.",
        hint="You make one step per epoch, with all examples. How many should a step take?",
    ),
    Misconception(
        "one_batch_per_epoch",
        _training(batches=lambda order, size: [epoch[:1] for epoch in _batches(order, size)]),
        title="Each epoch ends after its first batch",
        symptom="There is one step per epoch, with one batch.",
        hint="Each of your epochs ends after its first batch. What takes you out of the inner "
        "loop?",
    ),
    Misconception(
        "one_epoch_only",
        _training(batches=lambda order, size: _batches(order[:1], size)),
        title="The training ends after the first epoch",
        symptom="The losses of the first epoch are right, the others are missing.",
        hint="Your training ends after the first epoch. Is there a `return` inside the loop?",
    ),
    Misconception(
        "velocities_new_each_epoch",
        _training(velocities=lambda parameters, number: number == 0),
        title="The velocities start anew with every epoch",
        symptom="The first epoch is right; without momentum all is.",
        hint="Your first epoch is right, then momentum gets lost. Where do the velocities become "
        "zero?",
    ),
    Misconception(
        "velocities_new_each_step",
        _training(velocities=lambda parameters, number: True),
        title="The velocities start anew with every step",
        symptom="The result is that of a training without momentum.",
        hint="Momentum has no effect in your training. What does a step hand on to the next one?",
    ),
    Misconception(
        "parameters_not_kept",
        _training(step=_stays),
        title="The new parameters are thrown away",
        symptom="The parameters come back as they were.",
        hint="Your parameters come back unchanged: `sgd_step` returns new ones. What do you do "
        "with them?",
        catalog_number=58,
    ),
    Misconception(
        "gradients_pile_up",
        _training(gradients_pile_up=True),
        title="Gradients of earlier batches are added",
        symptom="The first step is right; then the steps grow.",
        hint="Your first step is right; after that your gradients hold those of earlier batches, "
        "too. What should a batch's gradient depend on?",
        catalog_number=59,
    ),
    Misconception(
        "loss_after_step",
        _training(loss_after_step=True),
        title="The loss is measured after the step",
        symptom="The parameters are right, the losses are too small.",
        hint="Your parameters are right. Your losses are those after the step; which one does the "
        "task ask for?",
    ),
    Misconception(
        "loss_per_epoch",
        _training(losses=lambda losses: [float(np.mean(epoch)) for epoch in losses]),
        title="One loss per epoch",
        symptom="The parameters are right, but there are too few losses.",
        hint="Your parameters are right, but you return one loss per epoch. The task asks for "
        "one per batch.",
    ),
    Misconception(
        "last_loss_of_each_epoch",
        _training(losses=lambda losses: [epoch[-1] for epoch in losses]),
        title="Only the last loss of each epoch is kept",
        symptom="The parameters are right, but there are too few losses.",
        hint="Your parameters are right, but only the last loss of each epoch is kept. Where do "
        "you store the loss: in the inner loop or after it?",
    ),
    Misconception(
        "rate_and_momentum_swapped",
        lambda f, parameters, x, y, order, size, rate, momentum: train(
            f, parameters, x, y, order, size, momentum, rate
        ),
        title="Learning rate and momentum are exchanged",
        symptom="The first loss is right, nothing else.",
        hint="Learning rate and momentum have changed places on their way to `sgd_step`.",
    ),
)

# name_that_bug


def _unless(kind: str, instead: str) -> Callable[[Array, Array, Array, int], str]:
    """Return a rule that is right but for one kind of run, which it takes for another."""

    def rule(train_loss: Array, test_loss: Array, test_accuracy: Array, classes: int) -> str:
        answer = name_that_bug(train_loss, test_loss, test_accuracy, classes)
        return instead if answer == kind else answer

    return rule


def always_ten_classes(
    train_loss: Array, test_loss: Array, test_accuracy: Array, classes: int
) -> str:
    """Compare with the logarithm of 10, however many classes there are."""
    return name_that_bug(train_loss, test_loss, test_accuracy, 10)


def any_rise_is_too_large(
    train_loss: Array, test_loss: Array, test_accuracy: Array, classes: int
) -> str:
    """Call the step too large as soon as the loss is once above its start."""
    if train_loss.max() > train_loss[0]:
        return "step too large"
    return name_that_bug(train_loss, test_loss, test_accuracy, classes)


def good_accuracy_is_healthy(
    train_loss: Array, test_loss: Array, test_accuracy: Array, classes: int
) -> str:
    """Believe the accuracy, whatever the loss says."""
    if test_accuracy[-1] > 0.7:
        return "healthy"
    return name_that_bug(train_loss, test_loss, test_accuracy, classes)


def any_gap_is_overfitting(
    train_loss: Array, test_loss: Array, test_accuracy: Array, classes: int
) -> str:
    """Call it overfitting as soon as the test loss is above the training loss."""
    answer = name_that_bug(train_loss, test_loss, test_accuracy, classes)
    return "overfitting" if test_loss[-1] > train_loss[-1] and answer == "healthy" else answer


NAME_THAT_BUG = (
    Misconception(
        "always_ten_classes",
        always_ten_classes,
        title="The loss of guessing is taken to be 2.3",
        symptom="Runs with ten classes are named right, others are not.",
        hint="With ten classes you are right, with fewer you are not. What is the loss of a "
        "network that guesses among K classes?",
    ),
    Misconception(
        "any_rise_is_too_large",
        any_rise_is_too_large,
        title="Every rise of the loss is taken for too large a step",
        symptom="Runs whose loss wobbles at the start are called too large.",
        hint="You call the step too large as soon as the loss rises a little. Every loss wobbles; "
        "how far does it rise in a run that explodes?",
    ),
    Misconception(
        "chance_is_mixed_up",
        _unless("step too large", "labels mixed up"),
        title="Too large a step is taken for mixed-up labels",
        symptom="All runs that end at chance get the same name.",
        hint="Both end with guessing, but look at the loss: a network that knows nothing pays the "
        "logarithm of K. What does it take to pay much more?",
    ),
    Misconception(
        "flat_is_too_small",
        _unless("softmax twice", "step too small"),
        title="A loss that stops falling is taken for too small a step",
        symptom="Runs that stop at a floor are called too slow.",
        hint="With too small a step the loss is still on its way down. What does the curve of "
        "this run do at its end?",
        catalog_number=52,
    ),
    Misconception(
        "slow_is_softmax_twice",
        _unless("step too small", "softmax twice"),
        title="Every loss that ends half-way is taken for a second softmax",
        symptom="Slow runs are said to have softmax twice.",
        hint="A second softmax puts a floor under the loss: it falls, and then it stays. Does the "
        "loss of this run stay?",
    ),
    Misconception(
        "good_accuracy_is_healthy",
        good_accuracy_is_healthy,
        title="A good accuracy is taken for a healthy run",
        symptom="Slow runs and runs with softmax twice are called healthy.",
        hint="You trust the accuracy. A run may recognize most images and still have a loss that "
        "says something is wrong.",
    ),
    Misconception(
        "test_not_looked_at",
        _unless("overfitting", "healthy"),
        title="The test loss is not looked at",
        symptom="Overfitting is called healthy.",
        hint="On its training images this run looks perfect. What do the others say?",
    ),
    Misconception(
        "any_gap_is_overfitting",
        any_gap_is_overfitting,
        title="Every gap between test and training loss is taken for overfitting",
        symptom="Healthy runs are called overfitting.",
        hint="Every network does a little worse on images that it has not seen. How large is the "
        "gap in a run that has only learned by heart?",
    ),
)

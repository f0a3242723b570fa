"""The task ``depthwise_conv2d``: reference, cases, mistakes, other right answers."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from autograder.problems import Case, Misconception, Problem, Random, Style, quarters
from autograder.values import Value
from solutions.arrays import Array, Shape


def depthwise_conv2d(x: Array, filters: Array, stride: int, padding: int, dilation: int) -> Array:
    """Apply filters of one channel each, M of them to every channel.

    x: batch of images, shape (N, C, H, W).
    filters: shape (C, M, HH, WW); filters[c] are the M filters of channel c.
    stride: step of the window, in both directions.
    padding: rows and columns of zeros on each side.
    dilation: distance from one element of a filter to the next; 1 means no holes.
    Returns shape (N, C * M, H', W'): the M maps of channel 0, then those of channel 1, ...
    """
    ### BEGIN SOLUTION
    images, channels, height, width = x.shape
    _, multiplier, filter_height, filter_width = filters.shape
    reach_down = dilation * (filter_height - 1) + 1
    reach_right = dilation * (filter_width - 1) + 1
    rows = (height + 2 * padding - reach_down) // stride + 1
    columns = (width + 2 * padding - reach_right) // stride + 1
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    out = np.zeros((images, channels, multiplier, rows, columns))
    for n, c, m, i, j in np.ndindex(out.shape):
        top, left = i * stride, j * stride
        window = padded[
            n, c, top : top + reach_down : dilation, left : left + reach_right : dilation
        ]
        out[n, c, m, i, j] = np.sum(window * filters[c, m])
    return out.reshape(images, channels * multiplier, rows, columns)
    ### END SOLUTION


# Cases


def _layer(
    rng: Random, x: Shape, filters: Shape, stride: int = 1, padding: int = 0, dilation: int = 1
) -> dict[str, Value]:
    """Draw images and filters without a zero."""
    return {
        "x": quarters(rng, *x, low=0.25) * rng.choice([-1, 1], size=x),
        "filters": quarters(rng, *filters, low=0.25) * rng.choice([-1, 1], size=filters),
        "stride": stride,
        "padding": padding,
        "dilation": dilation,
    }


WORKED_DEPTHWISE: dict[str, Value] = {
    "x": np.array([[[[1.0, 2, 3], [0, 1, 0]], [[5, 4, 0], [1, 0, 2]]]]),
    "filters": np.array([[[[1.0, 0], [0, 2]]], [[[0, 1], [-1, 0]]]]),
    "stride": 1,
    "padding": 0,
    "dilation": 1,
}
"""The example that the exercise computes by hand."""


def cases(rng: Random) -> list[Case]:
    """The worked example, then one new thing at a time."""
    return [
        Case("the worked example", WORKED_DEPTHWISE),
        Case("three channels", _layer(rng, (1, 3, 3, 4), (3, 1, 2, 3))),
        Case("two filters for each channel", _layer(rng, (1, 3, 3, 4), (3, 2, 2, 2))),
        Case("padding 1", _layer(rng, (2, 2, 3, 3), (2, 1, 3, 3), padding=1)),
        Case("stride 2, padding 2", _layer(rng, (1, 3, 5, 4), (3, 2, 3, 2), 2, 2)),
        Case("dilation 2", _layer(rng, (1, 2, 5, 7), (2, 1, 2, 3), dilation=2)),
        Case("one channel, three filters", _layer(rng, (3, 1, 4, 3), (1, 3, 2, 2))),
        Case("everything at once", _layer(rng, (2, 3, 6, 7), (3, 2, 3, 2), 2, 1, 2)),
    ]


def hidden_cases(rng: Random) -> list[Case]:
    """More sizes."""
    return [
        Case("four channels, three filters", _layer(rng, (2, 4, 4, 5), (4, 3, 2, 3), 1, 1)),
        Case("dilation 3", _layer(rng, (1, 2, 9, 7), (2, 2, 3, 2), 1, 2, 3)),
        Case("stride 3", _layer(rng, (2, 3, 8, 10), (3, 2, 3, 4), 3, 1)),
    ]


# Misconceptions


def _maps(x: Array, filters: Array, stride: int, padding: int, dilation: int) -> Array:
    """Return the maps with an axis for the filters of a channel, shape (N, C, M, H', W')."""
    maps = depthwise_conv2d(x, filters, stride, padding, dilation)
    return maps.reshape(len(x), *filters.shape[:2], *maps.shape[2:])


def channels_added(x: Array, filters: Array, stride: int, padding: int, dilation: int) -> Array:
    """Let every filter read all channels, and add up, as an ordinary layer does."""
    flat = filters.reshape(1, -1, *filters.shape[2:])
    parts = [
        depthwise_conv2d(x[:, c : c + 1], flat, stride, padding, dilation)
        for c in range(x.shape[1])
    ]
    total: Array = np.sum(parts, axis=0)
    return total


def filters_outermost(x: Array, filters: Array, stride: int, padding: int, dilation: int) -> Array:
    """Put the first map of every channel first."""
    maps = _maps(x, filters, stride, padding, dilation).swapaxes(1, 2)
    return maps.reshape(len(x), -1, *maps.shape[3:])


def span_as_product(x: Array, filters: Array, stride: int, padding: int, dilation: int) -> Array:
    """Take the span of a filter with holes for its size times the dilation."""
    short = dilation - 1
    height, width = x.shape[2] + padding - short, x.shape[3] + padding - short
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    return depthwise_conv2d(
        padded[:, :, : height + padding, : width + padding], filters, stride, 0, dilation
    )


def stride_downward_only(
    x: Array, filters: Array, stride: int, padding: int, dilation: int
) -> Array:
    """Forget the stride when going to the right."""
    return depthwise_conv2d(x, filters, 1, padding, dilation)[:, :, ::stride]


def padded_at_the_end(x: Array, filters: Array, stride: int, padding: int, dilation: int) -> Array:
    """Put all zeros at the bottom and at the right."""
    padded = np.pad(x, ((0, 0), (0, 0), (0, 2 * padding), (0, 2 * padding)))
    return depthwise_conv2d(padded, filters, stride, 0, dilation)


MISCONCEPTIONS = (
    Misconception(
        "channels_added",
        channels_added,
        title="Every filter reads all channels",
        symptom="Right for one channel.",
        hint="Your filters read all channels and add them up, as an ordinary layer does. How many "
        "channels does a filter of this layer read?",
    ),
    Misconception(
        "maps_of_all_channels_added",
        lambda x, filters, stride, padding, dilation: _maps(
            x, filters, stride, padding, dilation
        ).sum(axis=1),
        title="The maps of all channels are added up",
        symptom="There are M maps instead of C · M.",
        hint="You have as many maps as a channel has filters. Should the channels be added up?",
    ),
    Misconception(
        "maps_of_a_channel_added",
        lambda x, filters, stride, padding, dilation: _maps(
            x, filters, stride, padding, dilation
        ).sum(axis=2),
        title="The maps of a channel are added up",
        symptom="Right with one filter for each channel.",
        hint="You have one map for each channel. What becomes of a channel's second filter?",
    ),
    Misconception(
        "filters_outermost",
        filters_outermost,
        title="The maps come in another order",
        symptom="Right with one channel, or with one filter for each channel.",
        hint="All maps are right, and in another order. Which comes first: the second filter of "
        "channel 0, or the first one of channel 1?",
    ),
    Misconception(
        "first_filters_for_all",
        lambda x, filters, stride, padding, dilation: depthwise_conv2d(
            x, np.repeat(filters[:1], len(filters), axis=0), stride, padding, dilation
        ),
        title="All channels get the filters of the first",
        symptom="Right for one channel.",
        hint="The filters of channel 0 answer for all channels. Which index counts the channels?",
    ),
    Misconception(
        "first_channel_for_all",
        lambda x, filters, stride, padding, dilation: depthwise_conv2d(
            np.repeat(x[:, :1], x.shape[1], axis=1), filters, stride, padding, dilation
        ),
        title="All filters read the first channel",
        symptom="Right for one channel.",
        hint="All your filters read channel 0. Which channel does `filters[c, m]` belong to?",
        catalog_number=14,
    ),
    Misconception(
        "one_filter_only",
        lambda x, filters, stride, padding, dilation: depthwise_conv2d(
            x, filters[:, :1], stride, padding, dilation
        ),
        title="One filter for each channel",
        symptom="Maps are missing where channels have several filters.",
        hint="You use only the first filter of each channel. How many does it have?",
    ),
    Misconception(
        "dilation_ignored",
        lambda x, filters, stride, padding, dilation: depthwise_conv2d(
            x, filters, stride, padding, 1
        ),
        title="The filters have no holes",
        symptom="Right for dilation 1, else too large.",
        hint="Your result does not change with the dilation. How far apart are the pixels that two "
        "neighboring elements of the filter read?",
        section="padding_stride/Dilation: a filter with holes",
    ),
    Misconception(
        "span_as_product",
        span_as_product,
        title="A filter spans its size times the dilation",
        symptom="Right for dilation 1, else the last positions are missing.",
        hint="Your last positions are missing where the filter has holes. Count the gaps between "
        "three elements, not the elements.",
        section="padding_stride/Dilation: a filter with holes",
    ),
    Misconception(
        "stride_ignored",
        lambda x, filters, stride, padding, dilation: depthwise_conv2d(
            x, filters, 1, padding, dilation
        ),
        title="The window moves by one pixel",
        symptom="Right for stride 1, else too large.",
        hint="Your window stops at every pixel. Which argument says how far it moves?",
        section="padding_stride/Stride: longer steps",
    ),
    Misconception(
        "stride_downward_only",
        stride_downward_only,
        title="The stride is used downward only",
        symptom="Right for stride 1, else too wide.",
        hint="Downward you move by the stride, to the right by one pixel. Both directions take the "
        "same steps.",
        catalog_number=9,
        section="padding_stride/Stride: longer steps",
    ),
    Misconception(
        "stride_and_dilation_exchanged",
        lambda x, filters, stride, padding, dilation: depthwise_conv2d(
            x, filters, dilation, padding, stride
        ),
        title="Stride and dilation are exchanged",
        symptom="Right where both are the same.",
        hint="Your stride spreads the elements of the filter, and your dilation moves the window. "
        "Which is which?",
    ),
    Misconception(
        "padding_ignored",
        lambda x, filters, stride, padding, dilation: depthwise_conv2d(
            x, filters, stride, 0, dilation
        ),
        title="No padding",
        symptom="Right without padding, else too small.",
        hint="Your result does not change with the padding. Where do the zeros come in?",
        section="padding_stride/What to put around the picture",
    ),
    Misconception(
        "padded_at_the_end",
        padded_at_the_end,
        title="All padding is at the bottom and at the right",
        symptom="The shape is right; everything is shifted by the padding.",
        hint="The shape is right, and all is shifted by the padding. On how many sides of the "
        "image are zeros?",
        catalog_number=2,
        section="padding_stride/What to put around the picture",
    ),
    Misconception(
        "filters_turned",
        lambda x, filters, stride, padding, dilation: depthwise_conv2d(
            x, filters[:, :, ::-1, ::-1], stride, padding, dilation
        ),
        title="The filters are turned by 180 degrees",
        symptom="The shape is right, the numbers are those of the turned filters.",
        hint="Your filters lie upside down on the window. Which element of the filter belongs to "
        "the window's first pixel?",
        catalog_number=10,
    ),
)


# Alternatives


def depthwise_element_by_element(
    x: Array, filters: Array, stride: int, padding: int, dilation: int
) -> Array:
    """For each element of the filter, take all pixels that it meets at once."""
    frame = (padding, padding)
    padded = np.pad(x, ((0, 0), (0, 0), frame, frame))
    rows, columns = (
        (size - dilation * (kernel - 1) - 1) // stride + 1
        for size, kernel in zip(padded.shape[2:], filters.shape[2:], strict=True)
    )
    out = np.zeros((*padded.shape[:2], filters.shape[1], rows, columns))
    for a, b in np.ndindex(*filters.shape[2:]):
        top, left = a * dilation, b * dilation
        met = padded[
            :, :, top : top + rows * stride : stride, left : left + columns * stride : stride
        ]
        met = met[:, :, :rows, :columns]
        out = out + met[:, :, np.newaxis] * filters[:, :, a, b, np.newaxis, np.newaxis]
    return out.reshape(len(x), -1, rows, columns)


def depthwise_by_views(x: Array, filters: Array, stride: int, padding: int, dilation: int) -> Array:
    """Look at all windows without copying, and let einsum add up."""
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    reach = [dilation * (kernel - 1) + 1 for kernel in filters.shape[2:]]
    views = np.lib.stride_tricks.sliding_window_view(padded, reach, axis=(2, 3))
    views = views[:, :, ::stride, ::stride, ::dilation, ::dilation]
    maps = np.einsum("ncijab,cmab->ncmij", views, filters)
    joined: Array = maps.reshape(len(x), -1, *maps.shape[3:])
    return joined


def depthwise_as_full_layer(
    x: Array, filters: Array, stride: int, padding: int, dilation: int
) -> Array:
    """Write the filters as those of an ordinary layer that is zero for all other channels."""
    channels, multiplier, height, width = filters.shape
    holes = np.zeros(
        (channels, multiplier, dilation * (height - 1) + 1, dilation * (width - 1) + 1)
    )
    holes[:, :, ::dilation, ::dilation] = filters
    full = np.zeros((channels, multiplier, channels, *holes.shape[2:]))
    full[range(channels), :, range(channels)] = holes
    framed = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    windows = sliding_window_view(framed, holes.shape[2:], axis=(2, 3))[:, :, ::stride, ::stride]
    maps = np.tensordot(windows, full, axes=((1, 4, 5), (2, 3, 4)))
    return maps.transpose(0, 3, 4, 1, 2).reshape(len(x), -1, *windows.shape[2:4])


def depthwise_channel_by_channel(
    x: Array, filters: Array, stride: int, padding: int, dilation: int
) -> Array:
    """Compute map after map, and stack them."""
    maps = []
    for c in range(x.shape[1]):
        channel = np.pad(x[:, c], ((0, 0), (padding, padding), (padding, padding)))
        for filter_ in filters[c]:
            down = dilation * (filter_.shape[0] - 1) + 1
            right = dilation * (filter_.shape[1] - 1) + 1
            answers = [
                [
                    (channel[:, y : y + down : dilation, z : z + right : dilation] * filter_).sum(
                        (1, 2)
                    )
                    for z in range(0, channel.shape[2] - right + 1, stride)
                ]
                for y in range(0, channel.shape[1] - down + 1, stride)
            ]
            maps.append(np.moveaxis(np.array(answers), 2, 0))
    return np.stack(maps, axis=1)


ALTERNATIVES = (
    depthwise_element_by_element,
    depthwise_by_views,
    depthwise_as_full_layer,
    depthwise_channel_by_channel,
)

STYLES = (
    Style(
        depthwise_element_by_element,
        "Fewest steps in Python: one for each element of the filter, whatever the size of the "
        "images.",
    ),
    Style(
        depthwise_by_views,
        "No loop: all windows as a view, of which the slices take the stride and the holes.",
    ),
)


PROBLEM = Problem(
    depthwise_conv2d,
    cases,
    MISCONCEPTIONS,
    hidden_cases=hidden_cases,
    alternatives=ALTERNATIVES,
    styles=STYLES,
)

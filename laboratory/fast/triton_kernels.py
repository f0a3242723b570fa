"""What stands between two convolutions, in one step on a GPU.

On a GPU, ReLU, pooling and placing cost as much as the convolutions: each is little arithmetic on
numbers that have to be fetched and stored again. Here every number is fetched once and stored once.
The kernels are written in Triton, which comes with PyTorch for CUDA.
"""

from __future__ import annotations

import functools
import warnings
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor

try:
    import triton
    import triton.language as tl
except ImportError:  # PyTorch for a CPU, or for a system that has no Triton
    triton = None

_NUMBERS = 4096
"""About how many numbers one program of a kernel computes."""


@functools.cache
def available(device: torch.device) -> bool:
    """Return whether the kernels can run on a device; if a GPU cannot, warn why."""
    if device.type != "cuda" or triton is None:
        return False
    try:
        # The first kernel needs a C compiler, and a GPU that Triton knows.
        halved(torch.zeros(1, 2, 2, 1, device=device))
    except Exception as error:
        warnings.warn(
            f"Triton cannot be used on {device}, so maps take longer there: {error}", stacklevel=2
        )
        return False
    return True


def rectified(
    delta: Tensor,
    known: tuple[Tensor, Tensor],
    reference: Tensor,
    origins: tuple[Tensor, Tensor],
    size: tuple[int, int],
    below: Tensor | None,
) -> Tensor:
    """Return the delta after ReLU and, if asked for, 2 x 2 max pooling, in any windows of the map.

    delta: in the windows that it is known in, shape (N, h, w, C); it is 0 elsewhere.
    known: first row and column of these windows, two tensors of shape (N,).
    reference: minus what ReLU gets for the clean picture, shape (H, W, C).
    origins: first row and column of the windows of the result. Beyond the map, the result is 0.
    size: height and width of the windows of the result.
    below: for pooling: what it gets for the clean picture minus the maximum of the own window,
        shape (H', W', C); the result is then a delta of the pooled map. H' and W' are even. None
        for a result without pooling.
    """
    number, _, _, channels = delta.shape
    pool = 1 if below is None else 2
    map_size = reference.shape[:2] if below is None else below.shape[:2]
    out = delta.new_empty(number, *size, channels)
    with _where(out):
        _rectify[_grid(out)](
            delta,
            reference,
            reference if below is None else below,
            out,
            *known,
            *origins,
            _count(out),
            *size,
            *delta.shape[1:3],
            map_size[0] // pool,
            map_size[1] // pool,
            reference.shape[1],
            map_size[1],
            channels,
            **_options(channels),
            POOL=pool,
        )
    return out


def halved(x: Tensor) -> Tensor:
    """Return 2 x 2 max pooling of maps of even size, (N, H, W, C) -> (N, H / 2, W / 2, C)."""
    number, height, width, channels = x.shape
    out = x.new_empty(number, height // 2, width // 2, channels)
    with _where(out):
        _pool[_grid(out)](x, x, out, _count(out), width, channels, **_options(channels), BACK=False)
    return out


def doubled(upstream: Tensor, x: Tensor) -> Tensor:
    """Return the derivative by ``x`` of its pooling; of equal maxima, the first one gets it.

    upstream: the derivative by the pooled maps, shape (N, H / 2, W / 2, C).
    x: what was pooled, shape (N, H, W, C).
    """
    out = torch.empty_like(x, dtype=upstream.dtype)
    channels, width = x.shape[3], x.shape[2]
    with _where(out):
        _pool[_grid(upstream)](
            x, upstream, out, _count(upstream), width, channels, **_options(channels), BACK=True
        )
    return out


def _where(maps: Tensor) -> AbstractContextManager[object]:
    """Return the context in which kernels run where ``maps`` is, and not on the current GPU."""
    return torch.cuda.device(maps.device) if maps.is_cuda else nullcontext()


def _count(maps: Tensor) -> int:
    """Return at how many places maps (N, H, W, C) have channels."""
    return maps.numel() // maps.shape[3]


def _options(channels: int) -> dict[str, int]:
    """Return how many channels, as a power of two, and places one program takes."""
    width = triton.next_power_of_2(channels)
    return {"WIDTH": width, "ROWS": max(1, _NUMBERS // width)}


def _grid(maps: Tensor) -> tuple[int]:
    return (triton.cdiv(_count(maps), _options(maps.shape[3])["ROWS"]),)


if triton is not None:

    @triton.jit(
        do_not_specialize=[
            "count",
            "high",
            "wide",
            "known_high",
            "known_wide",
            "map_high",
            "map_wide",
            "reference_wide",
            "below_wide",
        ]
    )
    def _rectify(
        delta,
        reference,
        below,
        out,
        known_row,
        known_column,
        result_row,
        result_column,
        count,
        high,
        wide,
        known_high,
        known_wide,
        map_high,
        map_wide,
        reference_wide,
        below_wide,
        channels,
        WIDTH: tl.constexpr,
        ROWS: tl.constexpr,
        POOL: tl.constexpr,
    ):
        number = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
        exists = number < count
        place = number // (high * wide)
        row = number // wide % high + tl.load(result_row + place, mask=exists, other=0)
        column = number % wide + tl.load(result_column + place, mask=exists, other=0)
        in_map = exists & (row >= 0) & (row < map_high) & (column >= 0) & (column < map_wide)
        first_row = tl.load(known_row + place, mask=exists, other=0)
        first_column = tl.load(known_column + place, mask=exists, other=0)
        channel = tl.arange(0, WIDTH)
        result = tl.full((ROWS, WIDTH), 0.0 if POOL == 1 else -float("inf"), tl.float32)
        for part in tl.static_range(POOL * POOL):
            at_row = row * POOL + part // POOL
            at_column = column * POOL + part % POOL
            clean = at_row * reference_wide + at_column
            mask = in_map[:, None] & (channel < channels)[None, :]
            known = reference + clean[:, None] * channels + channel[None, :]
            threshold = tl.load(known, mask=mask, other=0.0).to(tl.float32)
            down = at_row - first_row
            across = at_column - first_column
            is_known = (down >= 0) & (down < known_high) & (across >= 0) & (across < known_wide)
            source = (place * known_high + down) * known_wide + across
            changed = tl.load(
                delta + source[:, None] * channels + channel[None, :],
                mask=mask & is_known[:, None],
                other=0.0,
            ).to(tl.float32)
            value = tl.maximum(changed, threshold) - tl.maximum(threshold, 0.0)
            if POOL == 1:
                result = value
            else:
                beside = below + (at_row * below_wide + at_column)[:, None] * channels
                value += tl.load(beside + channel[None, :], mask=mask, other=0.0).to(tl.float32)
                result = tl.maximum(result, value)
        tl.store(
            out + number.to(tl.int64)[:, None] * channels + channel[None, :],
            result.to(out.dtype.element_ty),
            mask=exists[:, None] & (channel < channels)[None, :],
        )

    @triton.jit(do_not_specialize=["count", "wide"])
    def _pool(
        x,
        upstream,
        out,
        count,
        wide,
        channels,
        WIDTH: tl.constexpr,
        ROWS: tl.constexpr,
        BACK: tl.constexpr,
    ):
        """Write the maxima, or what they get from upstream.

        wide: width of ``x``, which is even, as its height is: so pictures need not be told apart.
        """
        number = tl.program_id(0) * ROWS + tl.arange(0, ROWS)
        channel = tl.arange(0, WIDTH)
        mask = (number < count)[:, None] & (channel < channels)[None, :]
        half = wide // 2
        corner = (number // half).to(tl.int64) * 2 * wide + number % half * 2
        first = corner[:, None] * channels + channel[None, :]
        right = first + channels
        below = first + wide * channels
        diagonal = below + channels
        a = tl.load(x + first, mask=mask, other=0.0)
        b = tl.load(x + right, mask=mask, other=0.0)
        c = tl.load(x + below, mask=mask, other=0.0)
        d = tl.load(x + diagonal, mask=mask, other=0.0)
        highest = tl.maximum(tl.maximum(a, b), tl.maximum(c, d))
        place = number.to(tl.int64)[:, None] * channels + channel[None, :]
        if BACK:
            given = tl.load(upstream + place, mask=mask, other=0.0)
            is_a = a == highest
            is_b = (b == highest) & ~is_a
            is_c = (c == highest) & ~(is_a | is_b)
            tl.store(out + first, tl.where(is_a, given, 0.0), mask=mask)
            tl.store(out + right, tl.where(is_b, given, 0.0), mask=mask)
            tl.store(out + below, tl.where(is_c, given, 0.0), mask=mask)
            tl.store(out + diagonal, tl.where(is_a | is_b | is_c, 0.0, given), mask=mask)
        else:
            tl.store(out + place, highest, mask=mask)

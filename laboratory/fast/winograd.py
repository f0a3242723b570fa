"""3 x 3 convolutions with a quarter of the multiplications, on a CPU.

A tile of 4 x 4 results depends on 6 x 6 inputs. Computed one by one it takes 144 multiplications
per pair of channels; through polynomials only 36. Along one axis: results and filter are
coefficients of polynomials, a product of polynomials is known from its values at as many points as
it has coefficients, and values multiply one by one. So ``y = A^T [(G g) * (B^T d)]`` with

* ``G``: the values of the filter's polynomial, one row per point,
* ``A``: those of a polynomial with four coefficients,
* ``B^T``: the way back from values to coefficients, transposed.

The transforms only add up neighbors within a channel; what is left are 36 matrix products over the
channels. It pays where there are many channels: see ``pays``.

It is made of many short operations: let each thread compute pictures of its own (``one_core``).
Threads that share the operations wait for each other after each of them, and on a busy machine for
long.

Lavin, Gray (2016), "Fast algorithms for convolutional neural networks".
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from laboratory.fast.layout import to_nchw
from laboratory.fast.workspace import Workspace

TILE = 4
"""Results per tile and axis."""

TAPS = 3
"""Height and width of the filters."""

POINTS = (0.0, 0.75, -0.75, 1.5, -1.5)
"""Where the polynomials are evaluated, apart from infinity.

With the customary 0, 1, -1, 2, -2 the rounding errors are twice as large.
"""

FEWEST_PAIRS = 128 * 256
"""Pairs of channels and filters; with fewer, the transforms cost what the products save."""

TILES = 400
"""About how many tiles are computed together; bounds the memory."""

_SPAN = TILE + TAPS - 1  # inputs under a tile, and values per axis


def matrices() -> tuple[Tensor, Tensor, Tensor]:
    """Return A^T (4, 6), G (6, 3) and B^T (6, 6) in float64."""
    transposed_a = _values(TILE).T.contiguous()
    return transposed_a, _values(TAPS), torch.linalg.inv(_values(_SPAN)).T.contiguous()


def _values(count: int) -> Tensor:
    """Return the matrix from ``count`` coefficients to values; at infinity the last one counts."""
    points = torch.tensor(POINTS, dtype=torch.float64)
    powers = points[:, None] ** torch.arange(count)
    infinity = torch.zeros(1, count, dtype=torch.float64)
    infinity[0, -1] = 1
    return torch.cat([powers, infinity])


def pays(module: nn.Conv2d, dtype: torch.dtype) -> bool:
    """Return whether a layer can be computed this way, and is likely to get faster by it."""
    return (
        module.kernel_size == (TAPS, TAPS)
        and module.stride == (1, 1)
        and module.dilation == (1, 1)
        and module.groups == 1
        and not isinstance(module.padding, str)
        and max(module.padding) < TAPS
        and dtype == torch.float32
        and module.weight.device.type == "cpu"
        and module.in_channels * module.out_channels >= FEWEST_PAIRS
    )


class WinogradConvolution:
    """A convolution with 3 x 3 filters and stride 1."""

    def __init__(self, weight: Tensor, bias: Tensor | None, workspace: Workspace) -> None:
        """Transform the filters.

        weight: shape (F, C, 3, 3), float32 on the CPU.
        bias: shape (F,), or None.
        workspace: may be shared with others that do not compute at the same time.
        """
        count, channels = weight.shape[:2]
        transposed_a, g, transposed_b = (matrix.to(weight) for matrix in matrices())
        # As the tiles' values: columns first.
        taps = weight.detach().permute(3, 2, 0, 1).reshape(TAPS**2, -1)
        values = (torch.kron(g, g) @ taps).view(_SPAN**2, count, channels)
        # Matrix products as 1 x 1 convolutions: on a CPU, PyTorch has those from oneDNN, which uses
        # all of the vectors' width on every processor; MKL, which computes torch.mm, half of it on
        # AMD's.
        self.products = [
            value[:, :, None, None].contiguous(memory_format=torch.channels_last)
            for value in values
        ]
        self.transposed_a, self.transposed_b = transposed_a, transposed_b
        self.filters, self.channels = count, channels
        self.bias = weight.new_zeros(count) if bias is None else bias.detach()
        self.workspace = workspace

    def __call__(self, x: Tensor, padding: tuple[int, int]) -> Tensor:
        """Return the responses (N, F, H', W') to (N, C, H, W), both channels last in memory.

        padding: zeros around the picture, in pixels, along height and width.
        """
        x = x.permute(0, 2, 3, 1)
        number, height, width, _ = x.shape
        high = height + 2 * padding[0] - TAPS + 1
        wide = width + 2 * padding[1] - TAPS + 1
        down, across = -(-high // TILE), -(-wide // TILE)
        whole = x.new_empty(number, down, TILE, across, TILE, self.filters)
        # So many tiles are some rows of one picture, or some pictures.
        rows = max(1, min(down, round(TILES / across)))
        pictures = max(1, TILES // (down * across))
        for first in range(0, number, pictures):
            for top in range(0, down, rows):
                part = slice(first, first + pictures), slice(top, top + rows)
                self._respond(x[part[0]], padding, top, across, whole[part])
        whole = whole.view(number, down * TILE, across * TILE, self.filters)
        return whole[:, :high, :wide].permute(0, 3, 1, 2)

    def _respond(
        self, x: Tensor, padding: tuple[int, int], top: int, across: int, result: Tensor
    ) -> None:
        """Write the responses of some rows of tiles.

        x: pictures, shape (N, H, W, C).
        top: number of the first row.
        result: shape (N, rows, 4, tiles in a row, 4, F).
        """
        number, rows = result.shape[:2]
        tiles = number * rows * across
        padded = self._padded(x, padding, top, rows, across)
        transformed = self._transformed(padded, rows)
        multiplied = self.workspace.take("multiplied", (_SPAN**2, tiles, self.filters), x)
        for product, given, values in zip(self.products, transformed, multiplied, strict=True):
            pixels = to_nchw(given.view(1, 1, *given.shape))
            values.copy_(functional.conv2d(pixels, product)[0, :, 0].T)
        shape = (TILE, TILE, number, rows, across, self.filters)  # column and row in the tile first
        responses = self._transformed_back(multiplied, tiles).view(shape)
        torch.add(responses, self.bias, out=result.permute(4, 2, 0, 1, 3, 5))

    def _padded(
        self, x: Tensor, padding: tuple[int, int], top: int, rows: int, across: int
    ) -> Tensor:
        """Return what lies under some rows of tiles, with zeros beyond the border."""
        number, height, width, channels = x.shape
        shape = (number, rows * TILE + TAPS - 1, across * TILE + TAPS - 1, channels)
        padded = self.workspace.take("padded", shape, x).zero_()
        begin = top * TILE - padding[0]
        inside = slice(max(begin, 0), min(begin + shape[1], height))
        left = padding[1]
        room = padded[:, inside.start - begin : inside.stop - begin, left : left + width]
        room.copy_(x[:, inside])
        return padded

    def _transformed(self, padded: Tensor, rows: int) -> Tensor:
        """Return B^T d B of every tile, shape (36, tiles, C); the values along the height first."""
        take = self.workspace.take
        number, _, width, channels = padded.shape
        half = take("half", (_SPAN, number, rows, width, channels), padded)
        for image, values in zip(padded, half.unbind(1), strict=True):
            for row in range(rows):
                under = image[row * TILE : row * TILE + _SPAN]
                torch.mm(
                    self.transposed_b,
                    under.view(_SPAN, -1),
                    out=values[:, row].view(_SPAN, -1),
                )
        tiles = half.unfold(3, _SPAN, TILE).permute(5, 0, 1, 2, 3, 4)
        gathered = take("gathered", tuple(tiles.shape), padded).copy_(tiles)
        whole = take("transformed", tuple(tiles.shape), padded)
        torch.mm(self.transposed_b, gathered.view(_SPAN, -1), out=whole.view(_SPAN, -1))
        return whole.view(_SPAN**2, -1, channels)

    def _transformed_back(self, multiplied: Tensor, tiles: int) -> Tensor:
        """Return A^T m A of every tile, shape (4, 4, tiles, F)."""
        take = self.workspace.take
        half = take("half", (TILE, _SPAN, tiles, self.filters), multiplied)
        torch.mm(self.transposed_a, multiplied.view(_SPAN, -1), out=half.view(TILE, -1))
        whole = take("gathered", (TILE, TILE, tiles, self.filters), multiplied)
        for before, after in zip(half, whole, strict=True):
            torch.mm(self.transposed_a, before.view(_SPAN, -1), out=after.view(TILE, -1))
        return whole

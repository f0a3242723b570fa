"""The exercise "filters": its tasks in their order, and what submissions may use.

The references are plain NumPy, written to be read: the loops follow the definitions. Shapes:
pictures (H, W), batches (N, C, H, W), filters (F, C, HH, WW).

The sizes of the cases tell apart what beginners mix up: pictures and filters are rarely square,
channels, filters, rows and columns differ in number, filters have no symmetry.
"""

from autograder.chapter import Chapter, Limits

CHAPTER = Chapter(
    tasks=(
        "corr2d",
        "convolve2d",
        "edge_bank",
        "corner_map",
        "conv2d",
        "conv_parameters",
        "equivariance_error",
    ),
    limits=Limits(cell_seconds=5.0),  # everything here is small
)

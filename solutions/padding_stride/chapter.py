"""The exercise "padding and stride": its tasks in their order, and what submissions may use.

The references are plain NumPy, written to be read: the loops follow the definitions. Shapes:
batches (N, C, H, W), filters (F, C, HH, WW), output (N, F, H', W'). Stride and padding are the
same for both axes.

The sizes of the cases tell apart what beginners mix up: images and filters are rarely square, the
stride often leaves pixels over, some cases have no padding, and no bias is zero.
"""

from autograder.chapter import Chapter, Limits

CHAPTER = Chapter(
    tasks=(
        "output_size",
        "pad2d",
        "conv2d_forward",
        "conv2d_forward_fast",
        "receptive_field",
        "effective_receptive_field",
    ),
    limits=Limits(cell_seconds=30.0),  # the fields of networks take longest
)

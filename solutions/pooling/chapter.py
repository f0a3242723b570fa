"""The exercise "pooling": its tasks in their order, and what submissions may use.

The references are plain NumPy, written to be read. Shapes: batches (N, C, H, W), or (N, D) once
they are flat. Networks are lists of dictionaries, see ``solutions/networks.py``.

The sizes of the cases tell apart what beginners mix up: images are rarely square, windows overlap
or leave gaps, strides do not divide, images, channels, rows and columns differ in number, and some
windows hold no positive number.
"""

from autograder.chapter import Chapter, Limits

CHAPTER = Chapter(
    tasks=(
        "max_pool_forward",
        "avg_pool_forward",
        "relu_forward",
        "linear_forward",
        "linear_to_filters",
        "network_shapes",
        "count_parameters",
    ),
    limits=Limits(cell_seconds=5.0),  # everything here is small
)

"""The exercise "convolution's family": its tasks in their order, and what submissions may use.

The references are plain NumPy, written to be read: the loops follow the definitions. Shapes:
batches (N, C, H, W), filters (F, C, HH, WW), boxes (N, 4).

The sizes of the cases tell apart what beginners mix up: pictures and filters are rarely square,
channels, maps and boxes differ in number, and there are strides and paddings other than 1.
"""

from autograder.chapter import Chapter

CHAPTER = Chapter(
    tasks=(
        "depthwise_conv2d",
        "conv_transpose2d",
        "upsample_bilinear",
        "iou",
        "nms",
    ),
)

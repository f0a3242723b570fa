"""The exercise "training": its tasks in their order, and what submissions may use.

The references are plain NumPy. Shapes: batches (N, C, H, W), filters (F, C, HH, WW), scores (N, K).
A network's parameters, its gradients and their velocities are dictionaries of arrays with the same
keys.

The sizes of the cases tell apart what beginners mix up: images and windows are rarely square;
images, channels, filters and classes differ in number; there are several images, strides other
than 1, and paddings other than 1. Networks are drawn without ties in pooling and without a zero at
the corner of ReLU: there correct solutions differ.
"""

from autograder.chapter import Chapter, Limits

CHAPTER = Chapter(
    tasks=(
        "im2col",
        "col2im",
        "sgd_step",
        "small_cnn_loss_and_gradients",
        "train",
        "name_that_bug",
        "he_init",
        "adam_step",
        "dropout",
    ),
    limits=Limits(cell_seconds=10.0),  # the longest cell trains a small network
)

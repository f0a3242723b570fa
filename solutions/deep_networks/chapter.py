"""The exercise "networks that go deep": its tasks in their order, and what submissions may use.

The references are plain NumPy. Shapes: batches (N, C, H, W), filters (F, C, HH, WW), and a number
for each channel (C,). The conventions of batch normalization are PyTorch's, and the text states
them: ``momentum`` is the share of the new batch, and the running variance is unbiased.

The sizes of the cases tell apart what beginners mix up: images are not square, images and channels
differ in number, no gamma and no variance is 1, and epsilon is large enough to be seen.
"""

from autograder.chapter import Chapter

CHAPTER = Chapter(
    tasks=(
        "batch_norm_forward",
        "batch_norm_backward",
        "fold_batch_norm",
        "residual_block",
        "depthwise_separable_conv",
        "count_multiply_adds",
    ),
)

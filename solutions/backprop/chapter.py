"""The exercise "backprop": its tasks in their order, and what submissions may use.

The references are plain NumPy, written to be read: the loops follow the definitions. Every backward
function gets the upstream gradient ``dout``, the derivative of the loss with respect to the layer's
output, and what the layer saw on its way forward. It returns the derivatives with respect to the
layer's inputs, each in the shape of that input. Shapes: batches (N, C, H, W), filters
(F, C, HH, WW), rows (N, D).

What tells wrong gradients apart: an upstream gradient that is random and never zero (with ones,
half of all mistakes are invisible), strides of 2 on inputs that are not square, padding of 0 and
of 2, pooling windows that overlap, equal maxima. Where a task must choose among right conventions,
its text states the rule (equal maxima), or the cases avoid the question (ReLU at exactly 0).
"""

from autograder.chapter import Chapter, Limits

CHAPTER = Chapter(
    tasks=(
        "numerical_gradient",
        "gradient_check",
        "linear_backward",
        "relu_backward",
        "max_pool_backward",
        "avg_pool_backward",
        "conv2d_backward",
        "softmax_cross_entropy",
    ),
    limits=Limits(cell_seconds=20.0),  # the last cell trains a small network
)

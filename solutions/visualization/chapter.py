"""The exercise "visualization": its tasks in their order, and what submissions may use.

The references are plain PyTorch, written to be read. A network is a ``torch.nn.Sequential`` of
layers; it may lie on any device, and pictures lie on the same one. Shapes: batches (N, C, H, W),
scores (N, K).

The networks of the cases are small and their weights are random, but they have the parts of VGG16:
padded convolutions, ReLUs that overwrite their input, max pooling, a linear layer on flattened
maps. Their weights are multiples of a power of two, so that scores and gradients are exact.
"""

from autograder.chapter import DEFAULT_PACKAGES, Chapter, Limits

CHAPTER = Chapter(
    tasks=(
        "layer_outputs",
        "filter_grid",
        "occlusion_map",
        "saliency_map",
        "gradient_path",
        "smoothgrad",
        "grad_cam",
        "pointing_game",
    ),
    packages=(*DEFAULT_PACKAGES, "torch"),
    limits=Limits(memory=2048, cell_seconds=30.0, total_seconds=300.0),
    files=("laboratory/small_vgg_noise.npz",),
    companions=("vgg16",),
)

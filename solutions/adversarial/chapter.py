"""The exercise "adversarial": its tasks in their order, and what submissions may use.

The references are plain PyTorch. A network takes pictures from 0 to 1 and normalizes them itself,
so epsilon is a size of pixels. Shapes: batches (N, C, H, W), scores (N, K).

Pictures, epsilons and steps of the cases are multiples of a power of two, so attacked pictures are
exact: only the sign of a gradient enters, and no gradient of a case is so close to zero that
rounding could turn it.
"""

from autograder.chapter import DEFAULT_PACKAGES, Chapter, Limits

CHAPTER = Chapter(
    tasks=("fgsm", "pgd", "robust_accuracy"),
    packages=(*DEFAULT_PACKAGES, "torch"),
    limits=Limits(memory=2048, cell_seconds=30.0, total_seconds=300.0),
    files=("laboratory/small_vgg_noise.npz", "solutions/visualization/pictures.npz"),
)

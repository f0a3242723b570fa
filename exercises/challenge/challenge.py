"""My entry: the digit whose mean picture is nearest.

Change anything here but the name and the arguments of `predict`. NumPy and Python's own library are
all that may be imported, and no file can be read: what the function knows comes with `weights`.
"""


def predict(pictures, weights):
    """Return the digit on each picture.

    pictures: shape (N, 20, 20), uint8; 0 is paper, 255 is ink.
    weights: the arrays in weights.npz, by name.
    Returns N whole numbers, 0 to 9.
    """
    x = pictures.reshape(len(pictures), -1) / 255
    centroids = weights["centroids"].reshape(10, -1)
    distances = (x**2).sum(axis=1, keepdims=True) - 2 * x @ centroids.T + (centroids**2).sum(axis=1)
    return distances.argmin(axis=1)

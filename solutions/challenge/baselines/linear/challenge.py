"""A score for each digit, linear in the pixels."""


def predict(pictures, weights):
    """Return the digit with the largest score."""
    x = pictures.reshape(len(pictures), -1) / 255
    return (x @ weights["w"] + weights["b"]).argmax(axis=1)

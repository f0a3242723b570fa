"""The exercise "adversarial"."""

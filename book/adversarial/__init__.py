"""The chapter "adversarial"."""

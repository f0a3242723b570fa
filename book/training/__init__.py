"""The chapter "training" of the book."""

"""The chapter "pooling" of the book."""

"""The chapter "visualization" of the book."""

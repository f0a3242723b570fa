"""The chapter "filters" of the book."""

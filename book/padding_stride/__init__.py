"""The chapter "padding_stride" of the book."""

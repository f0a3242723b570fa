"""The chapter "backprop" of the book."""

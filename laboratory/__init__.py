"""The laboratory: what a network of the VGG family sees.

Functions on any torch network of its kind, on any device, in batches. The pages of the book, the
benchmarks and the pictures of the exercise "visualization" are made with it.
"""

"""The laboratory: what a network of the VGG family sees.

Functions on any torch network of its kind, on any device, in batches. The pages of the book, the
benchmarks and the pictures of the exercise "visualization" are made with it. It imports nothing of
the course's other packages.

* here: networks and their layers, activations, measures for maps, outlines from maps;
* ``attribution``: what the score of a class owes to every pixel, one method a file;
* ``synthesis``: pictures made by a network, one kind a file;
* ``fast``: what is only speed. The functions of ``attribution`` use it by themselves.
"""

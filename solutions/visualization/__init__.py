"""The chapter "visualization": its exercise, and the laboratory that its pages are made with.

The laboratory shows what a network of the VGG family sees. Its functions work on any torch network
of its kind, on any device, and in batches. Nothing here is handed out, but the small network and
the pictures that the exercise needs.
"""

"""The laboratory of the chapter "visualization": what a network of the VGG family sees.

Every function works on any torch network of its kind, on any device, and in batches. Nothing here
is handed out.
"""

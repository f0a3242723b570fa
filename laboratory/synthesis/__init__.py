"""Pictures made by a network: gradient ascent on pixels instead of weights, one kind a file.

All need a network that is a chain of layers (``layers.chain``). All pictures are normalized, shape
(1, 3, H, W). ``ascent`` is what class models, filter ascent and deep dream have in common,
``gram_matching`` what textures and style transfer have.
"""

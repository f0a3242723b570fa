"""The exercise "backprop": gradients of every layer, by hand."""

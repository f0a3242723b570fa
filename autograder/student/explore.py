"""``explore(fn)``: play with a function you built, once it passes its check."""

"""Functions with mistakes, and how well a check names what is wrong with them."""

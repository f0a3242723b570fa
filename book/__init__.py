"""The book: its pages, figures and Sphinx extensions."""

"""The exercises as a site of JupyterLite beside the book: whole notebooks, in the browser."""

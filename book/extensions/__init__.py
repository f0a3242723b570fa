"""The book's own Sphinx extensions, loaded in ``_config.yml``."""

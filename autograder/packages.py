"""Packages that an exercise needs: which is missing, and how to install it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

DEFAULT_PACKAGES = ("numpy", "matplotlib", "ipywidgets")
"""What submissions may import, unless their chapter says otherwise."""

ALWAYS_ALLOWED = ("autograder", "IPython", "mpl_toolkits", "pylab", "tqdm")
"""What they may import besides, by the names that are imported: matplotlib's other names, and what
does not compute anything."""

CPU_BUILDS = "https://download.pytorch.org/whl/cpu"
"""PyTorch's own index of builds for computers without a graphics card, for all systems."""

_ARGUMENTS = {"torch": f"torch torchvision --index-url {CPU_BUILDS}"}
"""What follows ``pip install`` where it is not the package's name alone."""

PYTORCH_SIZE = (
    "This is the build for computers without an NVIDIA graphics card: about 210 MB to download, "
    "0.9 GB on disk, and two minutes in addition to the download. On Linux with such a card, "
    'install `".[visualization]"` instead, the way you installed `".[notebook]"`: nearly 3 GB to '
    "download, more than 5 GB on disk."
)
"""What the command for PyTorch costs (PyTorch 2.13 and 2.14); students read it beside the command.

A test holds the site and the exercise to this text.
"""


def pip_install(package: str) -> str:
    """Return ``pip install ...`` for a package; before it belongs ``python -m`` or, in a cell, %.

    For PyTorch this is the build without CUDA.
    """
    return f"pip install {_ARGUMENTS.get(package, package)}"


def import_name(package: str) -> str:
    """Return the name under which an installed package is imported.

    Raises :class:`importlib.metadata.PackageNotFoundError` if it is not installed.
    """
    import importlib.metadata  # slow, and no part of a student's check

    top = importlib.metadata.distribution(package).read_text("top_level.txt")
    return (top or package).split()[0].replace("-", "_")


def missing_package(error: BaseException, packages: Mapping[str, str]) -> str | None:
    """Return the package that an import did not find, or None if it was about something else.

    ``packages`` are those of the exercise, by the names under which they are imported.
    """
    if not isinstance(error, ModuleNotFoundError):
        return None
    return packages.get(error.name or "")


def not_allowed(package: str, packages: Iterable[str]) -> str:
    """Say that an exercise does not allow a package; ``packages`` are those that it allows."""
    names = ", ".join(packages)
    return f"{package} is not allowed in this exercise, only {names} and Python's own library."

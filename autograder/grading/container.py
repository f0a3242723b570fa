"""The container of a sandbox: what of this machine can be seen in it, as bubblewrap's arguments."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import sys
import sysconfig
from collections.abc import Iterable, Iterator
from pathlib import Path

from autograder.chapter import Limits
from autograder.packages import import_name
from autograder.syntax_trees import one_at_a_time

ENGINE_PACKAGES = ("numpy", "msgpack", "ipython", "matplotlib-inline", "tqdm")
"""What the sandbox's own side needs, and what every notebook may import."""

ROOT_CAPABILITIES = ("CAP_SYS_ADMIN", "CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP")

ENGINE_FOLDER = "/engine/autograder"
"""Where the engine's modules are in the container."""


class SandboxUnavailable(RuntimeError):
    """This machine cannot run submissions in a sandbox; the message says why and what to do."""


def bubblewrap() -> str:
    """Return the program that makes containers; raises :class:`SandboxUnavailable`."""
    if sys.platform != "linux":
        raise SandboxUnavailable("Grading needs Linux: the sandbox is made of its namespaces.")
    path = shutil.which("bwrap")
    if path is None:
        raise SandboxUnavailable(
            "Grading needs bubblewrap, which is not installed. Install it with "
            "`apt-get install bubblewrap` (or `dnf install bubblewrap`)."
        )
    return path


def python() -> str:
    """Return the Python that runs in the container: that of this process."""
    return os.path.realpath(sys.executable)


def container_arguments(
    packages: tuple[str, ...], shared: Path | None, limits: Limits
) -> Iterator[str]:
    """Yield bubblewrap's arguments: what the container is and what can be seen in it."""
    yield from ("--unshare-ipc", "--unshare-pid", "--unshare-net", "--unshare-uts")
    yield from ("--unshare-cgroup-try", "--new-session", "--clearenv", "--cap-drop", "ALL")
    if os.getuid() == 0:
        for capability in ROOT_CAPABILITIES:
            yield from ("--cap-add", capability)
    else:
        yield from ("--unshare-user", "--cap-add", "CAP_SYS_ADMIN")
    for name, value in _environment().items():
        yield from ("--setenv", name, value)
    yield from _system()
    yield from _mount_points()
    yield from _engine()
    for source in _package_files(packages):
        yield from ("--ro-bind", str(source), f"/site/{source.name}")
    if shared is not None:
        yield from _course_files(shared)
    yield from ("--size", str(limits.disk << 20), "--tmpfs", "/tmp", "--chdir", "/tmp")
    yield from ("--remount-ro", "/")


def _system() -> Iterator[str]:
    """Show the Python installation and shared libraries, without other installed packages."""
    for path in _system_paths():
        if path.is_symlink() and path.parent == Path("/"):
            yield from ("--symlink", os.readlink(path), str(path))
        elif path.exists():
            yield from _open_folders(path.parents)
            yield from ("--ro-bind", str(path), str(path))
    # What else is installed beside the Python installation is not for submissions.
    for hidden in _other_packages():
        yield from ("--tmpfs", str(hidden), "--remount-ro", str(hidden))


def _mount_points() -> Iterator[str]:
    """Make the folders of the engine, the course and the packages, and the harmless devices."""
    yield from _open_folders(map(Path, (f"{ENGINE_FOLDER}/grading", ENGINE_FOLDER, "/engine")))
    yield from _open_folders(map(Path, ("/course", "/site", "/dev")))
    for device in ("null", "zero", "full", "random", "urandom"):
        yield from ("--dev-bind", f"/dev/{device}", f"/dev/{device}")


def engine_modules() -> dict[str, Path]:
    """Return what runs inside: a package that holds nothing else, by the names in it."""
    here = Path(__file__).parent
    shared = (
        "checks",
        "comparison",
        "failures",
        "handover",
        "needed_code",
        "packages",
        "sealed",
        "sections",
        "shell",
        "syntax_trees",
        "thread_state",
        "values",
        "versions",
    )
    return {
        "__init__.py": here / "inside" / "stub.py",
        **{f"{name}.py": here.parent / f"{name}.py" for name in shared},
        "grading/__init__.py": here / "inside" / "__init__.py",
        "grading/wire.py": here / "wire.py",
        "grading/channel.py": here / "channel.py",
        "grading/inside": here / "inside",
    }


def _engine() -> Iterator[str]:
    for name, source in engine_modules().items():
        yield from ("--ro-bind", str(source), f"{ENGINE_FOLDER}/{name}")


def _course_files(shared: Path) -> Iterator[str]:
    """Show the files that a chapter gives to students, but for the notebook."""
    for source in sorted(shared.iterdir()):
        hidden = source.name.startswith(".")  # notes on somebody's progress, for instance
        if source.suffix != ".ipynb" and not source.is_symlink() and not hidden:
            yield from ("--ro-bind", str(source), f"/course/{source.name}")


def _open_folders(folders: Iterable[Path]) -> Iterator[str]:
    """Make folders, outermost first: those that bubblewrap makes by itself are its owner's."""
    for folder in reversed([folder for folder in folders if folder != Path("/")]):
        yield from ("--perms", "0755", "--dir", str(folder))


def _environment() -> dict[str, str]:
    threads = ("OMP", "OPENBLAS", "MKL", "NUMEXPR")
    return {
        **{f"{name}_NUM_THREADS": "1" for name in threads},
        # glibc would reserve 64 MiB of addresses for each thread, which count against the limit:
        # some threads would take all of it, and the process would die of what comes next.
        "MALLOC_ARENA_MAX": "2",
        "HOME": "/tmp",
        "PATH": "/nonexistent",
        "LANG": "C.UTF-8",
        "MPLBACKEND": "agg",
        "MPLCONFIGDIR": "/tmp/matplotlib",
        "IPYTHONDIR": "/tmp/ipython",
    }


def _system_paths() -> list[Path]:
    """Return what of the system has to be seen: the Python installation and shared libraries."""
    base = Path(sys.base_prefix)
    own = [Path(python()), base / "lib"]
    shared = [Path("/lib"), Path("/lib64"), Path("/usr/lib64"), Path("/etc/ld.so.cache")]
    # Debian and its like keep libraries in a folder of their own; /usr/lib holds much else.
    multiarch = Path("/usr/lib", sysconfig.get_config_var("MULTIARCH") or "none")
    if multiarch.is_dir() and base != Path("/usr"):
        shared.append(multiarch)
    elif multiarch.is_dir():
        own = [Path(python()), multiarch, Path(sysconfig.get_path("stdlib"))]
    else:
        shared.append(Path("/usr/lib"))
    return [*shared, *own]


def _other_packages() -> list[Path]:
    base = Path(sys.base_prefix)
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    candidates = [base / "lib" / version / "site-packages", Path("/usr/lib/python3/dist-packages")]
    return [path for path in candidates if path.is_dir()]


def import_names(packages: Iterable[str]) -> Iterator[str]:
    """Yield the names under which packages are imported, the packages' own first."""
    for package in packages:
        try:
            yield import_name(package)
        except importlib.metadata.PackageNotFoundError as error:
            raise SandboxUnavailable(
                f"The chapter allows the package {package}, which is not installed here. "
                f"Install it with `pip install {package}`."
            ) from error


def _package_files(packages: Iterable[str]) -> list[Path]:
    """Return the files and folders of the packages and all that they need, in site-packages."""
    paths: set[Path] = set()
    for distribution in _with_requirements((*ENGINE_PACKAGES, *packages)):
        for file in distribution.files or ():
            if file.parts[0] not in ("..", "__pycache__"):
                paths.add(Path(str(distribution.locate_file(file.parts[0]))))
    return sorted(path for path in paths if path.exists())


def _with_requirements(packages: Iterable[str]) -> list[importlib.metadata.Distribution]:
    from packaging.requirements import Requirement

    waiting, known = list(packages), {}
    while waiting:
        name = waiting.pop().lower().replace("_", "-")
        if name in known:
            continue
        try:
            known[name] = importlib.metadata.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            continue  # an optional requirement; a missing package of the chapter is told before
        for text in known[name].requires or ():
            with one_at_a_time:  # it builds syntax trees
                requirement = Requirement(text)
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                waiting.append(requirement.name)
    return list(known.values())

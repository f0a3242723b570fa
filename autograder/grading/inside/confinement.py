"""Shutting a process in: its own namespaces and files, limits, no privileges, few system calls.

Called in the zygote, and in a process forked from it that has not run any of the student's code.
"""

from __future__ import annotations

import ctypes
import mmap
import os
import resource
import struct
from collections.abc import Mapping

_libc = ctypes.CDLL(None, use_errno=True)

CLONE_NEWNS = 0x00020000
CLONE_NEWUTS = 0x04000000
CLONE_NEWIPC = 0x08000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000
MS_NOSUID, MS_NODEV, MS_REC, MS_PRIVATE = 2, 4, 16384, 1 << 18
PR_SET_DUMPABLE, PR_SET_SECCOMP, PR_CAPBSET_DROP, PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT = (
    4,
    22,
    24,
    38,
    47,
)
PR_CAP_AMBIENT_CLEAR_ALL = 4
SECCOMP_MODE_FILTER = 2
LAST_CAPABILITY = 63


def first_process() -> int:
    """Fork a child that sees no processes but its own; return what :func:`os.fork` returns.

    Needs Linux 5.8: this process itself stays where it is, and so do its further children.
    """
    here = os.pidfd_open(os.getpid())
    _check(_libc.unshare(CLONE_NEWPID), "unshare processes")
    child = os.fork()
    if child:
        _check(_libc.setns(here, CLONE_NEWPID), "setns")
    os.close(here)
    return child


def own_namespaces() -> None:
    """Leave the zygote's mounts, network and shared memory."""
    _check(_libc.unshare(CLONE_NEWNS | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET), "unshare")


def own_files(place: str, size: int, user: int) -> None:
    """Put an empty file system of ``size`` bytes at ``place``, for this process alone."""
    _check(_libc.mount(None, b"/", None, MS_REC | MS_PRIVATE, None), "mount /")
    options = f"size={size},nr_inodes=4096,mode=700,uid={user},gid={user}"
    _check(
        _libc.mount(b"tmpfs", place.encode(), b"tmpfs", MS_NOSUID | MS_NODEV, options.encode()),
        f"mount {place}",
    )


def address_space() -> int:
    """Return how many bytes of addresses this process has in use, to the page.

    There is no /proc to ask in the container: the limit at which one more page is refused tells.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    low, high = 0, 1 << 47
    while high - low > mmap.PAGESIZE:
        middle = (low + high) // 2
        resource.setrlimit(resource.RLIMIT_AS, (middle, hard))
        try:
            mmap.mmap(-1, mmap.PAGESIZE).close()
            high = middle
        except OSError:
            low = middle
    resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
    return low


def limit(limits: Mapping[str, int], in_use: int) -> None:
    """Set resource limits, given by their names without ``RLIMIT_``.

    Address space is limited to so much more than the ``in_use`` bytes that the imported libraries
    have taken: PyTorch alone maps gigabytes, of which it uses little.
    """
    for name, value in limits.items():
        bound = value + in_use if name == "AS" else value
        resource.setrlimit(getattr(resource, f"RLIMIT_{name}"), (bound, bound))


def drop_privileges(user: int) -> None:
    """Give up every capability, for good, and become another user if we are root."""
    for capability in range(LAST_CAPABILITY + 1):
        _libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)  # fails for those this kernel lacks
    _libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    if user != os.getuid():
        os.setgroups([])
        os.setresgid(user, user, user)
        os.setresuid(user, user, user)
    header = struct.pack("<II", 0x20080522, 0)
    _check(_libc.capset(header, bytes(24)), "capset")
    _check(_libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")
    _check(_libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0), "dumpable")


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("instructions", ctypes.c_char_p))


def filter_system_calls(program: bytes) -> None:
    """Install a seccomp filter, given as the bytes of its instructions."""
    filter_ = _Program(len(program) // 8, program)
    _check(_libc.prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.byref(filter_), 0, 0), "seccomp")


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")

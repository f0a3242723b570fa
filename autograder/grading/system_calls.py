"""Which system calls a submission may not make."""

from __future__ import annotations

import errno
import functools
import tempfile

FORBIDDEN = """
    socket connect bind listen accept accept4 sendmmsg recvmmsg
    fork vfork execve execveat ptrace process_vm_readv process_vm_writev process_madvise kcmp
    pidfd_open pidfd_getfd pidfd_send_signal
    mount umount2 pivot_root chroot unshare setns move_mount open_tree fsopen fsconfig fsmount
    fspick mount_setattr name_to_handle_at open_by_handle_at
    bpf perf_event_open userfaultfd io_uring_setup io_uring_enter io_uring_register
    keyctl add_key request_key
    shmget shmat shmctl msgget msgsnd msgrcv semget semop mq_open memfd_create memfd_secret
    init_module finit_module delete_module kexec_load kexec_file_load reboot swapon swapoff
    settimeofday clock_settime clock_adjtime adjtimex sethostname setdomainname acct quotactl
    iopl ioperm modify_ldt personality syslog lookup_dcookie vhangup nfsservctl
    mbind set_mempolicy migrate_pages move_pages fanotify_init inotify_init inotify_init1
    landlock_create_ruleset sched_setaffinity
"""
"""Network, other processes, mounts, shared memory that no limit counts, and the kernel's rarities.

``sched_setaffinity``: the grader keeps a submission that takes several cores to one (sandbox.py).
Threads are allowed (``clone`` with ``CLONE_THREAD``), new processes are not: nothing that a
submission starts can outlive it, and one process is all whose memory has to be limited.
"""

NEWER = (457, 458, *range(460, 600))
"""Calls that libseccomp may not know by name yet, by their numbers, the same on every machine:
``statmount`` and ``listmount`` tell the paths of what is mounted; nobody needs the others."""

CLONE_THREAD = 0x00010000


@functools.cache
def filter_program() -> bytes:
    """Return the seccomp filter as the bytes of its instructions; empty without libseccomp."""
    try:
        import pyseccomp as seccomp
    except (ImportError, RuntimeError):  # RuntimeError: the package is there, its library is not
        return b""
    rules = seccomp.SyscallFilter(seccomp.ALLOW)
    refused = seccomp.ERRNO(errno.EPERM)
    for name in FORBIDDEN.split():
        if seccomp.resolve_syscall(seccomp.Arch.NATIVE, name) >= 0:
            rules.add_rule(refused, name)
    unknown = seccomp.ERRNO(errno.ENOSYS)
    for number in NEWER:
        rules.add_rule(unknown, number)
    rules.add_rule(refused, "clone", seccomp.Arg(0, seccomp.MASKED_EQ, CLONE_THREAD, 0))
    # "Not implemented" makes the C library fall back to clone, whose flags can be looked at.
    rules.add_rule(unknown, "clone3")
    with tempfile.TemporaryFile() as program:
        rules.export_bpf(program)
        program.seek(0)
        return program.read()

"""The system calls that contained code can't make, as a program of the kernel's filter.

Takes: whether it may start processes. Gives: the filter as bytes for ``bwrap --seccomp``, or none on a machine whose
calls aren't known here. Guarantees: threads stay possible; what is refused fails with EPERM (``clone3`` with ENOSYS,
at which the C library falls back to ``clone``, whose flags can be looked at); sockets are only those that a network
namespace contains (a ``vsock`` one reaches the host of a virtual machine from any namespace); another architecture's
calls end the process.

The numbers are those of Linux's ``asm/unistd_64.h`` and ``asm-generic/unistd.h``; the program is classic BPF as
seccomp(2) takes it.
"""

from __future__ import annotations

import platform
import struct
from typing import Final

_X86: Final = {
    "mount": 165,
    "umount2": 166,
    "pivot_root": 155,
    "chroot": 161,
    "ptrace": 101,
    "process_vm_readv": 310,
    "process_vm_writev": 311,
    "kcmp": 312,
    "pidfd_getfd": 438,
    "unshare": 272,
    "setns": 308,
    "memfd_create": 319,
    "memfd_secret": 447,
    "shmget": 29,
    "msgget": 68,
    "semget": 64,
    "add_key": 248,
    "request_key": 249,
    "keyctl": 250,
    "bpf": 321,
    "perf_event_open": 298,
    "userfaultfd": 323,
    "io_uring_setup": 425,
    "open_tree": 428,
    "move_mount": 429,
    "fsopen": 430,
    "mount_setattr": 442,
}
_ARM: Final = {
    "mount": 40,
    "umount2": 39,
    "pivot_root": 41,
    "chroot": 51,
    "ptrace": 117,
    "process_vm_readv": 270,
    "process_vm_writev": 271,
    "kcmp": 272,
    "pidfd_getfd": 438,
    "unshare": 97,
    "setns": 268,
    "memfd_create": 279,
    "memfd_secret": 447,
    "shmget": 194,
    "msgget": 186,
    "semget": 190,
    "add_key": 217,
    "request_key": 218,
    "keyctl": 219,
    "bpf": 280,
    "perf_event_open": 241,
    "userfaultfd": 282,
    "io_uring_setup": 425,
    "open_tree": 428,
    "move_mount": 429,
    "fsopen": 430,
    "mount_setattr": 442,
}
_MACHINES: Final = {
    "x86_64": (0xC000003E, _X86, 56, (57, 58), 41),
    "aarch64": (0xC00000B7, _ARM, 220, (), 198),
}
"""For each machine: what the kernel calls its architecture, its calls, ``clone``, forks, and ``socket``."""

_CONTAINED_FAMILIES: Final = (1, 2, 10, 16)
"""Kinds of sockets that stay in their network namespace: local ones, IPv4, IPv6, and netlink."""

_CLONE3: Final = 435
_X32: Final = 0x40000000
_CLONE_THREAD: Final = 0x00010000

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW: Final = 0x7FFF0000
_KILL: Final = 0x80000000
_EPERM: Final = 0x00050000 | 1
_ENOSYS: Final = 0x00050000 | 38
_EAFNOSUPPORT: Final = 0x00050000 | 97
_NR, _ARCH, _FIRST_ARG = 0, 4, 16


def filter_of(*, processes: bool) -> bytes:
    """The filter; empty where this machine's calls aren't known.

    Args:
        processes: whether other processes may be started, and not only threads.
    """
    known = _MACHINES.get(platform.machine())
    if known is None:
        return b""
    arch, refused, clone, forks, socket = known
    lines = [
        (_LOAD, 0, 0, _ARCH),
        (_EQUAL, 1, 0, arch),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NR),
        (_AT_LEAST, 0, 1, _X32),
        (_RETURN, 0, 0, _EPERM),
        (_EQUAL, 0, 1, _CLONE3),
        (_RETURN, 0, 0, _ENOSYS),
    ]
    for number in (*refused.values(), *(() if processes else forks)):
        lines += [(_EQUAL, 0, 1, number), (_RETURN, 0, 0, _EPERM)]
    kinds = [(_EQUAL, left, 0, family) for left, family in zip(range(4, 0, -1), _CONTAINED_FAMILIES, strict=True)]
    lines += [(_EQUAL, 0, 6, socket), (_LOAD, 0, 0, _FIRST_ARG), *kinds]
    lines += [(_RETURN, 0, 0, _EAFNOSUPPORT), (_LOAD, 0, 0, _NR)]
    if not processes:
        lines += [
            (_EQUAL, 0, 3, clone),
            (_LOAD, 0, 0, _FIRST_ARG),
            (_ANY_BIT, 1, 0, _CLONE_THREAD),
            (_RETURN, 0, 0, _EPERM),
        ]
    lines.append((_RETURN, 0, 0, _ALLOW))
    return b"".join(struct.pack("=HBBI", *line) for line in lines)

"""What a process gives up before it opens a stranger's file: sockets, other files, other processes.

Linux, unprivileged: seccomp refuses system calls, Landlock leaves the folders named, resource
limits bound memory, processor time and the size of what is written. Nothing of it can be taken
back, by whatever runs in the process afterwards.
"""

import ctypes
import errno
import os
import platform
import resource
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

_NO_NEW_PRIVILEGES, _SET_SECCOMP, _FILTER, _DIE_WITH_PARENT = 38, 22, 2, 1
_KILL = 9
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446

_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_ALLOW, _KILL_PROCESS, _REFUSE = 0x7FFF0000, 0x80000000, 0x00050000
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16
"""Where a system call's facts lie in what a filter sees (linux/seccomp.h)."""
_THREAD = 0x00010000
"""The flag of clone(2) that makes a thread and not a process (linux/sched.h)."""


class _Machine(NamedTuple):
    """A processor's system calls by number."""

    architecture: int
    refused: tuple[int, ...]
    """socket, socketpair; execve, execveat; fork, vfork where there are; ptrace, process_vm_readv,
    process_vm_writev; kill, tkill, tgkill and what queues signals, pidfd_send_signal, pidfd_getfd;
    io_uring_setup (it opens sockets of its own); bpf, perf_event_open, keyctl, userfaultfd."""
    clone: int
    unknown_from: int
    """Numbers from here on belong to another calling convention, which has sockets too."""


_CLONE3 = 435
_EVERYWHERE = (424, 438, 425)
_MACHINES = {
    "x86_64": _Machine(
        0xC000003E,
        (
            41,
            53,
            59,
            322,
            57,
            58,
            101,
            310,
            311,
            62,
            200,
            234,
            129,
            297,
            321,
            298,
            250,
            323,
            *_EVERYWHERE,
        ),
        56,
        0x40000000,
    ),
    "aarch64": _Machine(
        0xC00000B7,
        (
            198,
            199,
            221,
            281,
            117,
            270,
            271,
            129,
            130,
            131,
            138,
            240,
            280,
            241,
            219,
            282,
            *_EVERYWHERE,
        ),
        220,
        0x40000000,
    ),
}

_READ_FILE, _READ_FOLDER = 1 << 2, 1 << 3
_WRITE_FILE, _REMOVE_FOLDER, _REMOVE_FILE = 1 << 1, 1 << 4, 1 << 5
_MAKE_FOLDER, _MAKE_FILE, _MOVE, _TRUNCATE = 1 << 7, 1 << 8, 1 << 13, 1 << 14
_WRITING = _WRITE_FILE | _REMOVE_FOLDER | _REMOVE_FILE | _MAKE_FOLDER | _MAKE_FILE | _MOVE
"""Links are not made in what may be written; what moves stays within it."""
_RIGHTS = {2: 14, 3: 15, 4: 15}
"""How many rights on files each version of Landlock knows; from 5 on it is 16. The first one cannot
let files move from one folder to another."""


class _Instruction(ctypes.Structure):
    _fields_ = (
        ("code", ctypes.c_ushort),
        ("jt", ctypes.c_ubyte),
        ("jf", ctypes.c_ubyte),
        ("k", ctypes.c_uint32),
    )


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.POINTER(_Instruction)))


def die_with_parent() -> None:
    """Let the system end this process as soon as the one that forked it has ended."""
    _checked(_libc().prctl(_DIE_WITH_PARENT, _KILL, 0, 0, 0), "prctl")


def bound(memory: int, seconds: int, file_size: int) -> None:
    """Bound further memory (bytes of address space), processor seconds, and bytes a file."""
    held = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    for limit, value in (
        (resource.RLIMIT_AS, held + memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, file_size),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(limit, (value, value))


def confine(readable: Sequence[Path], writable: Sequence[Path] = ()) -> None:
    """Give up sockets, processes and all files but these; OSError where the system cannot.

    A folder stands for all that is in it. Files below `writable` may be read, made and removed.
    """
    _checked(_libc().prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0), "no new privileges")
    _leave_files(readable, writable)
    _refuse_calls()


def _leave_files(readable: Sequence[Path], writable: Sequence[Path]) -> None:
    """Leave only these files, no connection and no signal to others (landlock(7))."""
    version = _checked(_libc().syscall(_CREATE_RULESET, None, 0, 1), "Landlock")
    if version < 2:
        raise OSError(errno.ENOSYS, "Landlock is of its first version")
    handled = (1 << _RIGHTS.get(version, 16)) - 1
    # file rights, then from version 4 on TCP (bind, connect), then from 6 on signals and sockets
    known = 8 if version < 4 else 16 if version < 6 else 24
    attributes = struct.pack("QQQ", handled, 0b11, 0b11)[:known]
    ruleset = _checked(
        _libc().syscall(_CREATE_RULESET, attributes, len(attributes), 0), "Landlock's rules"
    )
    try:
        reading = _READ_FILE | _READ_FOLDER
        writing = (reading | _WRITING | _TRUNCATE) & handled
        for path, rights in (*((p, reading) for p in readable), *((p, writing) for p in writable)):
            handle = os.open(path, os.O_PATH)
            try:
                # folders' rights mean nothing for a file, and are refused
                allowed = rights if path.is_dir() else rights & _READ_FILE
                rule = struct.pack("=Qi", allowed, handle)
                _checked(_libc().syscall(_ADD_RULE, ruleset, 1, rule, 0), f"Landlock for {path}")
            finally:
                os.close(handle)
        _checked(_libc().syscall(_RESTRICT_SELF, ruleset, 0), "Landlock")
    finally:
        os.close(ruleset)


def _refuse_calls() -> None:
    """Refuse system calls with EACCES; new threads stay possible (seccomp(2))."""
    machine = _MACHINES.get(platform.machine())
    if machine is None:
        raise OSError(errno.ENOSYS, f"no list of system calls for {platform.machine()}")
    refuse = _Instruction(_RETURN, 0, 0, _REFUSE | errno.EACCES)
    steps = [
        _Instruction(_LOAD, 0, 0, _ARCHITECTURE),
        _Instruction(_EQUAL, 1, 0, machine.architecture),
        _Instruction(_RETURN, 0, 0, _KILL_PROCESS),
        _Instruction(_LOAD, 0, 0, _NUMBER),
        _Instruction(_AT_LEAST, 0, 1, machine.unknown_from),
        refuse,
        # its flags lie in memory that a filter cannot read; the C library then takes clone(2)
        _Instruction(_EQUAL, 0, 1, _CLONE3),
        _Instruction(_RETURN, 0, 0, _REFUSE | errno.ENOSYS),
    ]
    for number in machine.refused:
        steps += [_Instruction(_EQUAL, 0, 1, number), refuse]
    steps += [
        _Instruction(_EQUAL, 0, 3, machine.clone),
        _Instruction(_LOAD, 0, 0, _FIRST_ARGUMENT),
        _Instruction(_ANY_BIT, 1, 0, _THREAD),
        refuse,
        _Instruction(_RETURN, 0, 0, _ALLOW),
    ]
    program = _Program(len(steps), (_Instruction * len(steps))(*steps))
    _checked(_libc().prctl(_SET_SECCOMP, _FILTER, ctypes.byref(program), 0, 0), "seccomp")


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _checked(result: int, what: str) -> int:
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, f"{what}: {os.strerror(code)}")
    return result

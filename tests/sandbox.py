"""Run a command under the system-call rules of a systemd unit, on a machine where systemd is not PID 1.

    python tests/sandbox.py UNIT COMMAND…

Builds the same seccomp filter as systemd would from SystemCallFilter=, MemoryDenyWriteExecute=,
RestrictNamespaces= and RestrictAddressFamilies=, through libseccomp, which systemd brings along; sets
NoNewPrivileges= and empties the capability bounding set where it may; then becomes COMMAND.
"""

from __future__ import annotations

import ctypes
import errno
import os
import socket
import subprocess
import sys
from pathlib import Path

ALLOW, ERRNO_EPERM = 0x7FFF0000, 0x00050000 | errno.EPERM
PR_SET_NO_NEW_PRIVS, PR_CAPBSET_DROP = 38, 24
PROT_WRITE, PROT_EXEC, SHM_EXEC = 2, 4, 0o100000
NE, LT, LE, EQ, GE, GT, MASKED_EQ = range(1, 8)


class Argument(ctypes.Structure):
    _fields_ = [
        ("arg", ctypes.c_uint),
        ("op", ctypes.c_int),
        ("datum_a", ctypes.c_uint64),
        ("datum_b", ctypes.c_uint64),
    ]


def unit_lines(unit: Path) -> dict[str, list[str]]:
    """Each setting of [Service] with its values in order; an empty one takes back what came before."""
    settings: dict[str, list[str]] = {}
    for line in unit.read_text().partition("[Service]")[2].splitlines():
        name, equals, value = line.partition("=")
        if equals and not name.startswith("#"):
            settings.setdefault(name, []).append(value)
    return settings


def members(name: str) -> set[str]:
    """The system calls of a name, which may be a group."""
    if not name.startswith("@"):
        return {name}
    told = subprocess.run(["systemd-analyze", "syscall-filter", name], capture_output=True, text=True, check=True)
    found: set[str] = set()
    for line in told.stdout.splitlines()[1:]:
        inner = line.strip()
        if inner and not inner.startswith("#"):
            found |= members(inner)
    return found


def allowed(settings: dict[str, list[str]]) -> set[str]:
    """The system calls a unit may make. systemd itself adds those every process needs to begin."""
    calls = members("@default")
    for line in settings["SystemCallFilter"]:
        for name in line.removeprefix("~").split():
            calls = calls - members(name) if line.startswith("~") else calls | members(name)
    return calls | {"execve"}


def confine(settings: dict[str, list[str]]) -> None:
    """Put this process, and all it starts, under the unit's rules."""
    seccomp = ctypes.CDLL("libseccomp.so.2", use_errno=True)
    seccomp.seccomp_init.restype = ctypes.c_void_p
    rule = seccomp.seccomp_rule_add_array
    rule.argtypes = [ctypes.c_void_p, ctypes.c_uint32, ctypes.c_int, ctypes.c_uint, ctypes.POINTER(Argument)]
    seccomp.seccomp_load.argtypes = [ctypes.c_void_p]

    def number(name: str) -> int:
        return int(seccomp.seccomp_syscall_resolve_name(name.encode()))

    def install(filter_: int, rules: list[tuple[str, int, tuple[Argument, ...]]]) -> None:
        for name, action, arguments in rules:
            if number(name) >= 0:
                array = (Argument * len(arguments))(*arguments)
                status = rule(filter_, action, number(name), len(arguments), array)
                assert status == 0, (name, status)
        assert seccomp.seccomp_load(filter_) == 0

    libc = ctypes.CDLL(None, use_errno=True)
    if os.geteuid() == 0 and settings.get("CapabilityBoundingSet") == [""]:
        for capability in range(64):
            libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    assert libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0
    refusals: list[tuple[str, int, tuple[Argument, ...]]] = []
    if settings.get("MemoryDenyWriteExecute") == ["yes"]:
        both = PROT_WRITE | PROT_EXEC
        refusals += [
            ("mmap", ERRNO_EPERM, (Argument(2, MASKED_EQ, both, both),)),
            ("mprotect", ERRNO_EPERM, (Argument(2, MASKED_EQ, PROT_EXEC, PROT_EXEC),)),
            ("pkey_mprotect", ERRNO_EPERM, (Argument(2, MASKED_EQ, PROT_EXEC, PROT_EXEC),)),
            ("shmat", ERRNO_EPERM, (Argument(2, MASKED_EQ, SHM_EXEC, SHM_EXEC),)),
        ]
    if settings.get("RestrictNamespaces") == ["yes"]:
        refusals += [("unshare", ERRNO_EPERM, ()), ("setns", ERRNO_EPERM, ())]
        for flag in (0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000, 0x00020000):
            refusals.append(("clone", ERRNO_EPERM, (Argument(0, MASKED_EQ, flag, flag),)))
    families = settings.get("RestrictAddressFamilies", [""])[0].split()
    if families:
        known = {getattr(socket, family) for family in families}
        refusals += [
            ("socket", ERRNO_EPERM, (Argument(0, EQ, family, 0),)) for family in range(46) if family not in known
        ]
    install(seccomp.seccomp_init(ALLOW), refusals)
    install(seccomp.seccomp_init(ERRNO_EPERM), [(name, ALLOW, ()) for name in sorted(allowed(settings))])


if __name__ == "__main__":
    confine(unit_lines(Path(sys.argv[1])))
    os.execvp(sys.argv[2], sys.argv[2:])

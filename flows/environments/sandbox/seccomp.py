"""The system calls that a sandboxed program may not make, as a seccomp filter in classic BPF.

Refused are calls that open kernel interfaces no program here needs (mounts, new namespaces, keyrings, io_uring, bpf),
that hold memory which no process shows (memfd, System V), and that make files setuid. Calls of other ABIs, and those
newer than the last one that was reviewed, do not exist. The format is that of linux/filter.h and linux/seccomp.h.
"""

import errno
import platform
import struct
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache

from flows.environments.sandbox.system_calls import ABSENT, REFUSED, numbers

LAST_REVIEWED = 450
"""Number of set_mempolicy_home_node, the last call of Linux 6.1; newer calls answer ENOSYS."""
X32 = 0x40000000
ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
NEW_NAMESPACES = 0x7E020080
"""CLONE_NEW* of users, mounts, processes, networks, IPC, hosts, cgroups and times."""
CLONE_NAMESPACES = NEW_NAMESPACES & ~0xFF
"""The same for clone(), whose low byte is a signal."""
SETUID_BITS = 0o6000
CREATES = 0o100 | 0o20000000
"""O_CREAT and O_TMPFILE."""

_LOAD, _EQUAL, _ABOVE, _ANY_BIT, _RETURN = 0x20, 0x15, 0x25, 0x45, 0x06
_ALLOW, _ERRNO = 0x7FFF0000, 0x00050000
Instruction = tuple[int, int, int, int]


@dataclass(frozen=True)
class Condition:
    """One argument of a system call, by number: one of `values`, or any bit of `bits`."""

    argument: int
    values: Sequence[int] = ()
    bits: int = 0


@dataclass(frozen=True)
class Rule:
    """A system call that answers `error` if all conditions hold; with `unless`, if they do not hold."""

    call: str
    conditions: Sequence[Condition]
    error: int = errno.EPERM
    unless: bool = False


RULES = (
    Rule("clone", [Condition(0, bits=CLONE_NAMESPACES)]),
    Rule("unshare", [Condition(0, bits=NEW_NAMESPACES)]),
    Rule("ioctl", [Condition(1, values=(0x5412, 0x541C))]),  # TIOCSTI, TIOCLINUX: input into a terminal
    Rule("prctl", [Condition(0, values=(1,))], error=0),  # PR_SET_PDEATHSIG would let the sandbox outlive the factory
    Rule("socket", [Condition(0, values=(1, 2, 10, 16))], error=errno.EAFNOSUPPORT, unless=True),
    Rule("socketpair", [Condition(0, values=(1,))], error=errno.EAFNOSUPPORT, unless=True),
    Rule("personality", [Condition(0, values=(0, 0x40000, 0xFFFFFFFF))], unless=True),
    Rule("open", [Condition(1, bits=CREATES), Condition(2, bits=SETUID_BITS)]),
    Rule("openat", [Condition(2, bits=CREATES), Condition(3, bits=SETUID_BITS)]),
    *(Rule(name, [Condition(1, bits=SETUID_BITS)]) for name in ("creat", "chmod", "fchmod", "mkdir", "mknod")),
    *(Rule(name, [Condition(2, bits=SETUID_BITS)]) for name in ("fchmodat", "mkdirat", "mknodat")),
)


@cache
def seccomp_filter(machine: str = platform.machine()) -> bytes:
    """The filter for a kind of machine, as `bwrap --seccomp` reads it. Raises KeyError on an unknown kind."""
    call = numbers(machine)
    program: list[Instruction] = [(_LOAD, 0, 0, 4), (_EQUAL, 1, 0, ARCHITECTURES[machine]), _answer(errno.ENOSYS)]
    program += [(_LOAD, 0, 0, 0), (_ABOVE, 0, 1, LAST_REVIEWED), _answer(errno.ENOSYS)]
    for names, error in ((REFUSED, errno.EPERM), (ABSENT, errno.ENOSYS)):
        for number in sorted(call[name] for name in names if name in call):
            program += [(_EQUAL, 0, 1, number), _answer(error)]
    for rule in RULES:
        if rule.call in call:
            body = list(_body(rule))
            program += [(_EQUAL, 0, len(body), call[rule.call]), *body]
    program.append((_RETURN, 0, 0, _ALLOW))
    return b"".join(struct.pack("=HBBI", *one) for one in program)


def _body(rule: Rule) -> Iterator[Instruction]:
    """Instructions for a matching call: they end in an answer."""
    met, otherwise = _answer(rule.error), (_RETURN, 0, 0, _ALLOW)
    if rule.unless:
        met, otherwise = otherwise, met
    for condition in rule.conditions:
        tests = [(_EQUAL, value) for value in condition.values] or [(_ANY_BIT, condition.bits)]
        yield _LOAD, 0, 0, 16 + 8 * condition.argument
        for place, (test, value) in enumerate(tests, start=1):
            yield test, len(tests) - place + 1, 0, value
        yield otherwise
    yield met


def _answer(error: int) -> Instruction:
    return _RETURN, 0, 0, _ERRNO | error

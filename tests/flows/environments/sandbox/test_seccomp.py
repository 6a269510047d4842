"""The filter of system calls, run instruction by instruction for both kinds of machine."""

import errno
import struct

import pytest

from flows.environments.sandbox.seccomp import ARCHITECTURES, LAST_REVIEWED, RULES, X32, seccomp_filter
from flows.environments.sandbox.system_calls import ABSENT, REFUSED, numbers

ALLOWED = None
MACHINES = sorted(ARCHITECTURES)


def answer(machine: str, number: int, *arguments: int, architecture: int | None = None) -> int | None:
    """The error that the filter gives to a call; None if the kernel may run it."""
    program = list(struct.iter_unpack("=HBBI", seccomp_filter(machine)))
    given = (*arguments, 0, 0, 0, 0, 0, 0)[:6]
    data = struct.pack("=iIQ6Q", number, architecture or ARCHITECTURES[machine], 0, *given)
    place, value = 0, 0
    while True:
        code, jump, otherwise, operand = program[place]
        place += 1
        if code == 0x20:
            [value] = struct.unpack_from("=I", data, operand)
        elif code == 0x06:
            return None if operand == 0x7FFF0000 else operand & 0xFFFF
        else:
            met = {0x15: value == operand, 0x25: value > operand, 0x45: bool(value & operand)}[code]
            place += jump if met else otherwise


@pytest.mark.parametrize("machine", MACHINES)
def test_each_listed_call_is_refused(machine: str) -> None:
    """A number that is wrong for one kind of machine leaves a door open there only, where no test runs."""
    table = numbers(machine)
    assert {name for name in REFUSED if name in table and answer(machine, table[name]) != errno.EPERM} == set()
    assert {name for name in ABSENT if name in table and answer(machine, table[name]) != errno.ENOSYS} == set()
    assert set(table) <= REFUSED | ABSENT | {rule.call for rule in RULES}


@pytest.mark.parametrize("machine", MACHINES)
def test_other_abis_and_newer_calls_do_not_exist(machine: str) -> None:
    """The numbers of another ABI mean other calls, so a filter that reads them as its own lets all pass."""
    assert answer(machine, 0, architecture=0x40000003) == errno.ENOSYS
    assert answer(machine, LAST_REVIEWED + 1) == errno.ENOSYS
    assert answer(machine, X32 + 1) == errno.ENOSYS


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.parametrize(
    ("call", "arguments", "expected"),
    [
        ("clone", (0x1200011,), ALLOWED),
        ("clone", (0x10000011,), errno.EPERM),
        ("unshare", (0x200,), ALLOWED),
        ("unshare", (0x40000000,), errno.EPERM),
        ("ioctl", (0, 0x5401), ALLOWED),
        ("ioctl", (0, 0x5412), errno.EPERM),
        ("ioctl", (0, 0xFFFFFFFF00005412), errno.EPERM),
        ("prctl", (1, 0), 0),
        ("prctl", (38, 1), ALLOWED),
        ("socket", (1,), ALLOWED),
        ("socket", (10,), ALLOWED),
        ("socket", (40,), errno.EAFNOSUPPORT),
        ("openat", (0, 0, 0o101, 0o644), ALLOWED),
        ("openat", (0, 0, 0o101, 0o4755), errno.EPERM),
        ("openat", (0, 0, 0, 0o4755), ALLOWED),
        ("openat", (0, 0, 0o20200000, 0o2755), errno.EPERM),
        ("fchmodat", (0, 0, 0o755), ALLOWED),
        ("fchmodat", (0, 0, 0o4755), errno.EPERM),
        ("personality", (0xFFFFFFFF,), ALLOWED),
        ("personality", (0x0400000,), errno.EPERM),
    ],
)
def test_calls_are_judged_by_their_arguments(
    machine: str, call: str, arguments: tuple[int, ...], expected: int | None
) -> None:
    """Too strict a rule breaks every program that starts a thread; too lax a one gives new namespaces."""
    assert answer(machine, numbers(machine)[call], *arguments) == expected

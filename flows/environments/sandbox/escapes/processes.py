"""Attempts on other processes, on privileges, and on the limits of the own process."""

import contextlib
import fcntl
import os
import resource
import signal
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from flows.environments.sandbox.escapes.calls import done

MAX_PROCESSES = 12
"""More processes than an attempt can see in the sandbox: the first, the program, its parents, its child."""
LIMITS = ("NPROC", "FSIZE", "DATA", "CORE", "NOFILE", "MEMLOCK", "CPU", "RTPRIO", "NICE")


def attempts() -> Iterator[tuple[str, Callable[[], object]]]:
    """(name, attempt) of each."""
    for limit in LIMITS:
        yield f"raise the limit {limit}", partial(_raised, limit)
    yield from _OTHERS.items()


def _raised(name: str) -> object:
    kind = getattr(resource, f"RLIMIT_{name}")
    _, hard = resource.getrlimit(kind)
    resource.setrlimit(kind, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    return f"raised from {hard}"


def _host_processes() -> object:
    seen = [name for name in os.listdir("/proc") if name.isdigit()]
    return seen if len(seen) > MAX_PROCESSES else None


def _signal_of_the_host() -> object:
    pid = int(os.environ["HOST_PID"])
    os.kill(pid, 0)
    return f"{pid} is {Path(f'/proc/{pid}/cmdline').read_bytes()!r}"


def _killed_first() -> object:
    os.kill(1, signal.SIGKILL)
    os.kill(1, signal.SIGSTOP)
    return None if Path("/proc/1/stat").read_text().split()[2] not in "TZX" else "stopped"


def _first_memory(path: str) -> object:
    with open(path, "r+b", buffering=0) as memory:
        [line] = [one for one in Path("/proc/1/maps").read_text().splitlines() if "[stack]" in one][:1] or [""]
        memory.seek(int(line.split("-")[0], 16) if line else 0)
        return memory.read(8).hex() or None


def _descriptors() -> object:
    held = {}
    for name in os.listdir("/proc/self/fd"):
        with contextlib.suppress(OSError):
            held[name] = os.readlink(f"/proc/self/fd/{name}")
    foreign = {name: to for name, to in held.items() if int(name) > 2 and not to.startswith(("/proc/", "pipe:"))}
    return foreign or None


def _first_descriptors() -> object:
    foreign = []
    for name in os.listdir("/proc/1/fd"):
        with contextlib.suppress(OSError):
            to = os.readlink(f"/proc/1/fd/{name}")
            foreign += [to] if to.startswith("/") and not to.startswith(("/dev/null", "/proc")) else []
    return foreign or None


def _foreign_variables() -> object:
    found = {one.partition(b"=")[0] for one in Path("/proc/1/environ").read_bytes().split(b"\0") if one}
    return sorted(found - os.environb.keys()) or None


def _typed() -> object:
    for path in ("/dev/tty", "/dev/console", "/proc/self/fd/0"):
        with contextlib.suppress(OSError):
            fcntl.ioctl(os.open(path, os.O_RDWR), 0x5412, b"x")
            return path
    own, _ = os.openpty()
    return fcntl.ioctl(own, 0x5412, b"x")


def _capabilities() -> object:
    lines = Path("/proc/self/status").read_text().splitlines()
    held = [line for line in lines if line.startswith("Cap") and int(line.split()[1], 16)]
    return held or None


def _unfiltered() -> object:
    lines = Path("/proc/1/status").read_text().splitlines() + Path("/proc/self/status").read_text().splitlines()
    modes = [line for line in lines if line.startswith(("Seccomp:", "NoNewPrivs:"))]
    return modes if {line.split()[1] for line in modes} != {"2", "1"} else None


def _core() -> object:
    if (pid := os.fork()) == 0:
        os.chdir("/workspace")
        os.abort()
    _, status = os.waitpid(pid, 0)
    return "dumped" if os.WCOREDUMP(status) or any(name.startswith("core") for name in os.listdir(".")) else None


def _faster() -> object:
    os.setpriority(os.PRIO_PROCESS, 0, -5)
    return os.getpriority(os.PRIO_PROCESS, 0)


_OTHERS: dict[str, Callable[[], object]] = {
    "see processes of the host": _host_processes,
    "signal the factory": _signal_of_the_host,
    "kill or stop process 1": _killed_first,
    "memory of process 1": lambda: _first_memory("/proc/1/mem"),
    "memory of process 1 by its thread": lambda: _first_memory("/proc/1/task/1/mem"),
    "variables of process 1": _foreign_variables,
    "own variables": lambda: [name for name in os.environ if "SECRET" in name or name.startswith("FACTORY")] or None,
    "inherited descriptors": _descriptors,
    "descriptors of process 1": _first_descriptors,
    "type into a terminal": _typed,
    "become root": done(os.setuid, 0),
    "become another user": done(os.setresuid, 1001, 1001, 1001),
    "join groups": done(os.setgroups, [0]),
    "hold capabilities": _capabilities,
    "run without the filter": _unfiltered,
    "dump core": _core,
    "a better priority": _faster,
    "real-time scheduling": done(os.sched_setscheduler, 0, os.SCHED_FIFO, os.sched_param(10)),
    "a lower kill score": lambda: Path("/proc/self/oom_score_adj").write_text("-1000"),
}

"""Attempts on the host's files: writing what is shared, reading what is private, making what is privileged."""

import os
import stat
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from flows.environments.sandbox.escapes.calls import call, done

SHARED = (
    "/", "/usr/bin", "/etc", "/opt/bin", "/dev", "/run", "/var/tmp", "/proc", "/root", sys.prefix, os.__file__,
)  # fmt: skip
PRIVATE = ("/etc/shadow", "/root/.ssh", "/root/.bashrc", "/home", "/sys", "/boot", "/var/lib", "/var/run/docker.sock")
DEVICES = ("mem", "kmem", "kmsg", "port", "kvm", "fuse", "net/tun", "vsock", "vhost-vsock", "sda", "vda", "loop0")
KERNEL_FILES = (
    "sys/kernel/core_pattern", "sys/kernel/modprobe", "sys/kernel/hostname", "sys/vm/drop_caches", "sysrq-trigger",
    "sys/kernel/ns_last_pid", "sys/net/ipv4/ip_forward", "sys/user/max_user_namespaces", "irq/default_smp_affinity",
)  # fmt: skip
SECRETS = ("kcore", "kmsg", "vmallocinfo", "timer_list", "slabinfo")
OWN = "/workspace"


def attempts() -> Iterator[tuple[str, Callable[[], object]]]:
    """(name, attempt) of each."""
    for place in SHARED:
        yield f"write to {place}", partial(_written, place)
    for place in PRIVATE:
        yield f"read {place}", partial(_content, place)
    for device in DEVICES:
        yield f"open /dev/{device}", done(os.open, f"/dev/{device}", os.O_RDONLY)
    for name in KERNEL_FILES:
        yield f"write /proc/{name}", done(_overwritten, f"/proc/{name}")
    for name in SECRETS:
        yield f"read /proc/{name}", partial(_start, f"/proc/{name}")
    yield from _MAKING.items()


def _written(place: str) -> object:
    target = place if os.path.isfile(place) else f"{place}/escape"
    return os.write(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644), b"escape")


def _overwritten(path: str) -> int:
    return os.write(os.open(path, os.O_WRONLY), b"1")


def _start(path: str) -> object:
    return os.read(os.open(path, os.O_RDONLY), 64)


def _content(place: str) -> object:
    path = Path(place)
    found = sorted(one.name for one in path.iterdir()) if path.is_dir() else path.read_bytes()[:40]
    return found or None


def _setuid(make: Callable[[str], object]) -> object:
    path = f"{OWN}/privileged-{os.getpid()}"
    make(path)
    return oct(os.stat(path).st_mode) if os.stat(path).st_mode & (stat.S_ISUID | stat.S_ISGID) else None


def _chmod(path: str) -> None:
    Path(path).write_text("#!/bin/sh\n")
    os.chmod(path, 0o6755)


def _open(path: str) -> None:
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o4755))


def _capability(path: str) -> None:
    Path(path).write_text("")
    os.setxattr(path, "security.capability", bytes.fromhex("0100000200000020000000000000000000000000"))


def _device() -> object:
    os.mknod(f"{OWN}/disk", stat.S_IFBLK | 0o666, os.makedev(254, 0))
    return os.open(f"{OWN}/disk", os.O_RDONLY)


def _other_root(path: str) -> object:
    return None if os.path.samestat(os.stat(path), os.stat("/")) else os.listdir(path)


def _mount(source: bytes, target: bytes, kind: bytes | None, flags: int) -> Callable[[], object]:
    return done(call, "mount", source, target, kind, flags, None)


def _setgid_folder(path: str) -> None:
    os.mkdir(path)
    os.chmod(path, 0o2755)


def _through_link() -> object:
    os.symlink("/proc/1/root/../../etc/shadow", f"{OWN}/link")
    return Path(f"{OWN}/link").read_bytes()


_MAKING: dict[str, Callable[[], object]] = {
    "setuid by chmod": partial(_setuid, _chmod),
    "setuid by open": partial(_setuid, _open),
    "setgid folder": partial(_setuid, _setgid_folder),
    "capability of a file": done(_capability, f"{OWN}/capable"),
    "device node": _device,
    "hard link to the image": done(os.link, "/usr/bin/env", f"{OWN}/env"),
    "hard link to the interpreter": done(os.link, sys.executable, f"{OWN}/python"),
    "root of process 1": lambda: _other_root("/proc/1/root"),
    "above the root": lambda: _other_root("/../../.."),
    "root of process 1 through a link": _through_link,
    "the root before the sandbox": lambda: _content("/oldroot") or _content("/newroot"),
    "remount /usr": _mount(b"none", b"/usr", None, 32 | 4096),
    "mount a tmpfs": _mount(b"none", b"/tmp", b"tmpfs", 0),
    "mount a new /proc": _mount(b"proc", b"/tmp", b"proc", 0),
    "mount sysfs": _mount(b"sysfs", b"/tmp", b"sysfs", 0),
    "mount a cgroup": _mount(b"cgroup", b"/tmp", b"cgroup2", 0),
    "bind over the interpreter": _mount(b"/workspace", sys.prefix.encode(), None, 4096),
    "unmount /usr": done(call, "umount2", b"/usr", 2),
    "unmount the workspace": done(call, "umount2", b"/workspace", 2),
    "chroot": done(os.chroot, "/workspace"),
    "ld.so.preload": lambda: _written("/etc/ld.so.preload"),
    "cron of the host": lambda: _content("/etc/cron.d") or _content("/var/spool"),
    "programs of cgroups": lambda: _content("/sys/fs/cgroup"),
}

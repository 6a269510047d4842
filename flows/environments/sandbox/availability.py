"""Finds out why this machine cannot run sandboxed code, and what to do about it.

There is no weaker sandbox to fall back to: where this one does not work, domains that run code refuse to start.
"""

import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from flows.environments.sandbox.seccomp import ARCHITECTURES

SWITCHES = {
    "/proc/sys/kernel/unprivileged_userns_clone": ("0", "sysctl -w kernel.unprivileged_userns_clone=1"),
    "/proc/sys/kernel/apparmor_restrict_unprivileged_userns":
        ("1", "sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, or an AppArmor profile for bwrap"),
    "/proc/sys/user/max_user_namespaces": ("0", "sysctl -w user.max_user_namespaces=15000"),
}  # fmt: skip
"""Files of the kernel -> (the value that forbids user namespaces, the command that allows them)."""
TRIAL = ["--unshare-user", "--unshare-pid", "--unshare-net", "--ro-bind", "/", "/", "--proc", "/proc", "true"]


@cache
def unavailable() -> str | None:
    """The reason in a sentence, with the remedy; None if sandboxed code can run here."""
    if sys.platform != "linux" or platform.machine() not in ARCHITECTURES:
        return f"the sandbox needs Linux on x86-64 or arm64, and this is {sys.platform} on {platform.machine()}"
    for program, package in (("bwrap", "bubblewrap"), ("setpriv", "util-linux")):
        if not shutil.which(program):
            return f"{program} is missing: install the Debian package {package} (apt-get install {package})"
    return _refused()


def _refused() -> str | None:
    ordinary = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"] if os.geteuid() == 0 else []
    tried = _tried([*ordinary, "bwrap", *TRIAL])
    if tried.returncode == 0:
        return None if os.geteuid() else _no_mounts()
    for path, (forbidden, remedy) in SWITCHES.items():
        if Path(path).exists() and Path(path).read_text("ascii").strip() == forbidden:
            return f"this machine forbids user namespaces ({path} is {forbidden}): allow them with {remedy}"
    message = tried.stderr.decode("utf-8", "replace").strip()
    return (
        f"bubblewrap cannot make a sandbox here ({message}): in a container, allow user namespaces with "
        "--security-opt seccomp=unconfined --security-opt apparmor=unconfined, or run the factory outside it"
    )


def _no_mounts() -> str | None:
    """Root also needs a mount namespace of its own, which a container may forbid."""
    if _tried(["unshare", "--mount", "true"]).returncode == 0:
        return None
    return (
        "root may not mount in this container: give it CAP_SYS_ADMIN (--cap-add SYS_ADMIN), or run the factory as an "
        "ordinary user"
    )


def _tried(command: Sequence[str]) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(command, check=False, capture_output=True, stdin=subprocess.DEVNULL, timeout=60)

"""Starts bubblewrap for one command, and lets the command begin only when its limits are in force.

Inside, a shell reports that the sandbox is complete and waits for a word. If the factory dies before that word, the
shell reads the end of its input and ends; after it, bubblewrap ends with the thread that started it. So no command runs
without its limits, and none outlives the factory.
"""

import contextlib
import os
import shutil
import signal
import socket
import struct
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from flows.environments.sandbox.arguments import STDIN, arguments, as_descriptor, mounts_of
from flows.environments.sandbox.command import MB, Command, Limits, SandboxFault
from flows.environments.sandbox.images.image import Image
from flows.environments.sandbox.private_mounts import reachable
from flows.environments.sandbox.process_limits import limit_processes
from flows.environments.sandbox.seccomp import seccomp_filter

NOBODY = 65534
"""User under which root starts a sandbox."""
FIRST = 'echo >&0; read -r go || exit 1; exec 3>&2 2>/dev/null; i=$1; shift; (exec "$@" <"$i" 2>&3 3>&-); exit $?'
"""Shell: report on standard input, a socket; wait for a line; run the command, with its own input.

The shell is process 1. It collects all processes that end, so that their CPU seconds reach the factory.
"""
START_S = 30.0
NICE = 5
"""Commands leave the processor to the factory and its teacher when both want it."""
_CREDENTIALS = struct.Struct("3i")


@dataclass(frozen=True)
class Running:
    """A sandbox that is complete; its command waits for `begin`."""

    wrapper: subprocess.Popen[bytes]
    first_pid: int
    """Process 1 of the sandbox, as the host counts: all its processes end with it."""
    handle: int
    """Descriptor of process 1."""
    output: int
    """Descriptor of its standard output and standard error."""
    shell: socket.socket
    """Connected to the shell that waits to run the command."""

    def begin(self, limits: Limits) -> None:
        """Put the limits of each process in force, which children inherit, and let the command run."""
        os.setpriority(os.PRIO_PROCESS, self.first_pid, NICE)
        Path(f"/proc/{self.first_pid}/oom_score_adj").write_text("1000", "ascii")
        limit_processes(self.first_pid, limits, NOBODY)
        self.shell.sendall(b"\n")

    def kill(self) -> None:
        """End all processes of the sandbox."""
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.handle, signal.SIGKILL)


@contextmanager
def ready(image: Image, command: Command) -> Iterator[Running]:
    """A sandbox in which the command can begin, in this thread's care; at the end of the block nothing of it is left.

    Raises SandboxFault if bubblewrap fails.
    """
    with ExitStack() as stack:
        ours, theirs = socket.socketpair()
        stack.enter_context(ours)
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)  # now: an earlier report would be unsigned
        output, written = os.pipe()
        stack.callback(os.close, output)
        wrapper = _wrapper(image, command, theirs, written)
        stack.callback(_end, wrapper)
        running = _await_start(wrapper, ours, output)
        stack.callback(os.close, running.handle)
        stack.callback(running.kill)
        yield running


def _wrapper(image: Image, command: Command, socket_inside: socket.socket, written: int) -> subprocess.Popen[bytes]:
    """Start bubblewrap with an empty environment; the descriptors given are closed here."""
    with ExitStack() as stack:
        stack.enter_context(socket_inside)
        stack.callback(os.close, written)

        def passed(name: str, data: bytes) -> int:
            descriptor = as_descriptor(name, data)
            stack.callback(os.close, descriptor)
            return descriptor

        try:
            sources = [mount.source for mount in mounts_of(image, command)]
            if os.geteuid() == 0:
                sources = stack.enter_context(reachable(sources))
            seccomp = passed("seccomp", seccomp_filter())
            stdin = passed("stdin", command.stdin) if command.stdin else None
            words = arguments(image, command, sources, seccomp=seccomp, stdin=stdin)
            options = passed("arguments", b"".join(map(_terminated, words)))
            input_inside = STDIN if command.stdin else "/dev/null"
            inside = ["/bin/sh", "-c", FIRST, "sh", input_inside, *command.argv]
            return subprocess.Popen(
                [*_as_ordinary_user(), _program("bwrap"), "--args", str(options), "--", *inside],
                env={},
                cwd="/",
                stdin=socket_inside.fileno(),
                stdout=written,
                stderr=written,
                pass_fds=[one for one in (options, seccomp, stdin) if one is not None],
                start_new_session=True,
            )
        except (OSError, ValueError) as error:
            raise SandboxFault(f"the sandbox cannot be started: {error}") from error


def _terminated(word: str) -> bytes:
    """An option as bubblewrap reads it; a null character within it would begin another option."""
    if "\0" in word:
        raise SandboxFault(f"a path or variable of a command holds a null character: {word[:80]!r}")
    return os.fsencode(word) + b"\0"


def _as_ordinary_user() -> list[str]:
    if os.geteuid():
        return []
    user = f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"
    return [_program("setpriv"), *user, "--inh-caps=-all", "--"]


def _program(name: str) -> str:
    if found := shutil.which(name):
        return found
    raise SandboxFault(f"{name} is missing: install the Debian packages bubblewrap and util-linux")


def _await_start(wrapper: subprocess.Popen[bytes], ours: socket.socket, output: int) -> Running:
    """Wait for the report from inside, which the kernel signs with the pid of its sender."""
    ours.settimeout(START_S)
    try:
        report, signed, _, _ = ours.recvmsg(1, socket.CMSG_SPACE(_CREDENTIALS.size))
    except OSError as error:
        raise SandboxFault(f"bubblewrap did not start within {START_S:g} s: {error}") from error
    if not report:
        wrapper.wait()
        raise SandboxFault(f"bubblewrap failed: {_available(output).decode('utf-8', 'replace').strip()[-500:]}")
    first, _, _ = _CREDENTIALS.unpack(signed[0][2][: _CREDENTIALS.size])
    return Running(wrapper, first, os.pidfd_open(first), output, ours)


def _available(descriptor: int) -> bytes:
    os.set_blocking(descriptor, False)
    with contextlib.suppress(BlockingIOError):
        return os.read(descriptor, MB)
    return b""


def _end(wrapper: subprocess.Popen[bytes]) -> None:
    """End bubblewrap, and with it whatever it started, if it still runs."""
    if wrapper.returncode is None:
        wrapper.kill()
        wrapper.wait()

"""Runs commands in an image's sandbox, one per free core, and records how each ended.

A command ends with all its processes: none lives on, so that its workspace can be read in peace.
"""

import os
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from flows.environments.sandbox.command import MB, Command, Completed, Limits, SandboxFault
from flows.environments.sandbox.images.image import Image
from flows.environments.sandbox.slots import Slots
from flows.environments.sandbox.start import NOBODY, ready
from flows.environments.sandbox.tree import Size, claim
from flows.environments.sandbox.watch import Watch

SIGNALLED = 128
CANNOT_EXECUTE = 126
ARGUMENT, ARGUMENTS = 131_072, 1_500_000
"""Bytes of one argument and of all together that Linux gives to a program (MAX_ARG_STRLEN, a quarter of the stack)."""
CPU_SIGNAL, FILE_SIGNAL = 24, 25
"""SIGXCPU and SIGXFSZ: the kernel's own ends for two limits of a process."""
T = TypeVar("T")


class Sandbox:
    """Runs commands with the mounts and variables of an image; shared by any number of threads."""

    def __init__(self, image: Image, slots: Slots) -> None:
        self.image, self._slots = image, slots

    def run(self, command: Command) -> Completed:
        """Wait for a core, run the command and block until none of its processes is left.

        Started by root, it runs as `nobody`, which then owns the workspace and every writable mount. Raises
        SandboxFault if the sandbox itself fails, never because of the command.
        """
        if reason := _refused(command.argv):
            return Completed(CANNOT_EXECUTE, reason.encode(), None, 0.0, 0.0, 0.0, len(reason))
        try:
            with self._slots.places.slot() as queued_s:
                return _in_own_thread(lambda: self._run(command, queued_s))
        except OSError as error:
            raise SandboxFault(f"the sandbox failed: {error}") from error

    def _run(self, command: Command, queued_s: float) -> Completed:
        folders = [command.workspace, *(mount.source for mount in command.mounts if mount.writable)]
        writable = {folder: claim(folder, NOBODY) for folder in folders}
        with ready(self.image, command) as running, self._slots.slot() as waited_s:
            start = time.monotonic()
            running.begin(command.limits)
            watch = Watch(running, command.limits, writable)
            watch.follow()
            _, status, used = os.wait4(running.wrapper.pid, 0)
            running.wrapper.returncode = code = os.waitstatus_to_exitcode(status)
            seconds = time.monotonic() - start
        ended, limit = _after(watch, code, command.limits, writable)
        return Completed(
            exit_code=None if ended else code,
            output=watch.kept.take(),
            limit=limit,
            seconds=seconds,
            cpu_s=max(used.ru_utime + used.ru_stime, watch.usage.cpu_s),
            queued_s=queued_s + waited_s,
            n_output_bytes=watch.kept.n_bytes,
        )


def _refused(argv: Sequence[str]) -> str | None:
    """The error of arguments that no program can be given, worded as a shell words it."""
    if any("\0" in one for one in argv):
        return "argument with a null character\n"
    try:
        sizes = [len(os.fsencode(one)) for one in argv]
    except UnicodeEncodeError:
        return "argument with half a character\n"
    return "Argument list too long\n" if max(sizes, default=0) >= ARGUMENT or sum(sizes) > ARGUMENTS else None


def _after(watch: Watch, code: int, limits: Limits, writable: dict[Path, Size]) -> tuple[bool, str | None]:
    """(True if a limit ended the command, the limit that it reached), with what only its end shows."""
    sizes = {folder: claim(folder, NOBODY) for folder in writable}
    if watch.ended:
        return True, watch.limit
    if code == SIGNALLED + CPU_SIGNAL:
        return True, "cpu"
    if code == SIGNALLED + FILE_SIGNAL:
        return True, "file"
    for folder, size in sizes.items():
        if size.too_deep or size.n_bytes - writable[folder].n_bytes > limits.disk_mb * MB:
            return False, "disk"
        if size.largest >= limits.file_mb * MB > writable[folder].largest:
            return False, "file"
    return False, watch.limit


def _in_own_thread(work: Callable[[], T]) -> T:
    """The result of the work, done in a thread of its own if root does it, since that thread gets its own mounts."""
    if os.geteuid():
        return work()
    results, errors = list[T](), list[BaseException]()

    def done() -> None:
        try:
            results.append(work())
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=done, name="sandbox")
    thread.start()
    thread.join()
    if errors:
        raise errors[0]
    return results[0]

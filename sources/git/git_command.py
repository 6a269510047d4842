"""Runs the `git` binary on a repository that may be hostile: no hooks, no submodules, no settings of this machine.

Only https, http and file addresses are fetched. For a network address the checked address of its host is pinned,
so that a repository cannot be used to reach a private network, and a redirect is refused.
"""

import asyncio
import os
import resource
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

MAX_MESSAGE_CHARS = 500
KILL_WAIT_S = 5.0
CHUNK = 1 << 20

_SAFE_SETTINGS = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.askPass=",
    "credential.helper=",
    "gc.auto=0",
    "http.followRedirects=false",
    "http.lowSpeedLimit=1000",
    "http.lowSpeedTime=60",
    "http.proxy=",
    "maintenance.auto=false",
    "protocol.version=2",
    "submodule.recurse=false",
)
_ENVIRONMENT = {
    "GIT_ALLOW_PROTOCOL": "https:http:file",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_TERMINAL_PROMPT": "0",
    "HOME": "/nonexistent",
    "LC_ALL": "C",
}


class GitFailed(Exception):
    """A git command failed, took too long, or git is not installed. The message is git's own, or names the limit."""


@dataclass(frozen=True)
class GitLimits:
    """Limits of one git command."""

    timeout_s: float = 1_800.0
    max_file_bytes: int = 4_000_000_000
    """largest file that git may write, which is the pack of a fetched repository"""
    max_output_bytes: int = 100_000_000
    """longest output of a command; a tree of trees can list more files than any disk holds"""


@dataclass(frozen=True)
class GitCommand:
    """git in one bare repository."""

    folder: Path
    limits: GitLimits = GitLimits()
    settings: tuple[str, ...] = ()
    """`key=value` settings in addition to the safe ones"""

    async def run(self, *arguments: str, stdin: bytes = b"", index: Path | None = None) -> bytes:
        """Return the standard output of a git command. Raises GitFailed."""
        process = await self.start(arguments, index)
        try:
            async with asyncio.timeout(self.limits.timeout_s):
                out, err, _ = await asyncio.gather(
                    self._bounded(process.stdout, arguments[0]), _all(process.stderr), _send(process.stdin, stdin)
                )
                await process.wait()
        except TimeoutError as error:
            raise GitFailed(f"git {arguments[0]} was not complete after {self.limits.timeout_s:g} s") from error
        finally:
            await end_process(process)
        if process.returncode:
            raise GitFailed(_message(arguments[0], process.returncode, err))
        return out

    async def _bounded(self, stream: asyncio.StreamReader | None, command: str) -> bytes:
        """Read the whole output. Raises GitFailed if it is too long."""
        read = bytearray()
        while chunk := await stream.read(CHUNK) if stream else b"":
            read += chunk
            if len(read) > self.limits.max_output_bytes:
                raise GitFailed(f"git {command}: its output is over {self.limits.max_output_bytes} bytes")
        return bytes(read)

    async def start(self, arguments: Sequence[str], index: Path | None = None) -> asyncio.subprocess.Process:
        """Start a git command with pipes. Raises GitFailed if git is not installed."""
        options = [word for setting in (*_SAFE_SETTINGS, *self.settings) for word in ("-c", setting)]
        environment = {"PATH": os.environ.get("PATH", os.defpath), **_ENVIRONMENT}
        if index:
            environment["GIT_INDEX_FILE"] = str(index)
        try:
            process = await asyncio.create_subprocess_exec(
                "git", *options, f"--git-dir={self.folder}", *arguments,
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
                env=environment, start_new_session=True,
            )  # fmt: skip
        except OSError as error:
            raise GitFailed(f"git cannot be started ({error.strerror}); install git") from error
        _limit_files(process.pid, self.limits.max_file_bytes)
        return process


async def end_process(process: asyncio.subprocess.Process) -> None:
    """End a git process and its children if it still runs, and wait for it."""
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, 9)
        await asyncio.wait_for(process.wait(), KILL_WAIT_S)


async def _all(stream: asyncio.StreamReader | None) -> bytes:
    return await stream.read() if stream else b""


async def _send(stream: asyncio.StreamWriter | None, content: bytes) -> None:
    """Write the whole input; a process that ends before it has read all of it is no failure of its own."""
    if stream is None:
        return
    with suppress(ConnectionError):
        stream.write(content)
        await stream.drain()
    stream.close()


def _limit_files(pid: int, max_bytes: int) -> None:
    """Limit the files that the process and its children write; a process that has already ended needs no limit."""
    try:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (max_bytes, max_bytes))
    except ProcessLookupError:
        return


def _message(command: str, code: int, err: bytes) -> str:
    lines = err.decode("utf-8", "replace").strip().splitlines()
    told = " ".join(line.strip() for line in lines if not line.startswith("hint:"))[-MAX_MESSAGE_CHARS:]
    return f"git {command}: {told or f'exit code {code}'}"

"""Runs every attempt to leave the sandbox, and lists those that got out: none, on a machine fit for code of a model.

The attempts look for this process, for a port of its loopback and for an abstract socket of its own.
"""

import json
import os
import secrets
import socket
import tempfile
from dataclasses import dataclass
from pathlib import Path

from flows.environments.sandbox.command import Command, Mount, SandboxFault
from flows.environments.sandbox.sandbox import Sandbox
from flows.environments.sandbox.tree import remove

PLACE = "/opt/escapes"


@dataclass(frozen=True)
class Attempt:
    """One attempt: `got` is the text of its escape, `held_by` the error that met it; one of them is None."""

    name: str
    got: str | None
    held_by: str | None


def tried(sandbox: Sandbox) -> list[Attempt]:
    """All attempts in their order; takes about a second. Raises SandboxFault if they could not be made."""
    workspace = Path(tempfile.mkdtemp(prefix="escapes-"))
    name = f"factory-{secrets.token_hex(4)}"
    with socket.create_server(("127.0.0.1", 0)) as port, socket.socket(socket.AF_UNIX) as abstract:
        abstract.bind(f"\0{name}")
        abstract.listen()
        command = Command(
            ("python3", "-B", "-m", __package__ + ".attempts"),
            workspace,
            mounts=(Mount(Path(__file__).parent, f"{PLACE}/{__package__.replace('.', '/')}"),),
            environment={
                "PYTHONPATH": PLACE,
                "HOST_PID": str(os.getpid()),
                "HOST_PORT": str(port.getsockname()[1]),
                "HOST_SOCKET": name,
            },
        )
        try:
            done = sandbox.run(command)
        finally:
            remove(workspace)
    if done.exit_code != 0:
        raise SandboxFault(f"the attempts ended with {done.exit_code}: {done.output[-500:].decode('utf-8', 'replace')}")
    return [Attempt(*json.loads(line)) for line in done.output.splitlines()]

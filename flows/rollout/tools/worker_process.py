"""A worker process that runs tool calls, so that they share neither the rollout's interpreter lock nor its memory.

It reads one call per line as JSON and answers with one line: the observation, or the fault. It exits when its input
closes, even during a call, so it never outlives the rollout. An alarm kills it if a call holds the interpreter itself.
"""

import json
import os
import queue
import signal
import sys
import threading
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

from flows.domains import domains
from flows.domains.contract import Resources, Tool, ToolCall
from flows.rollout.tools.observation import execute
from flows.settings import Rollout
from sources.privacy.redaction import redact

READY = b"ready\n"
GRACE_S = 5.0
"""Seconds from a call's time limit to the alarm; by then the rollout waits for the call no longer."""


def command(resources: Resources, dialect: str, limits: Rollout) -> list[str]:
    """The command line that starts a worker."""
    opened = json.dumps([str(resources.library_path), resources.blocklist, dialect])
    return [sys.executable, "-m", "flows.rollout.tools.worker_process", opened, limits.model_dump_json()]


def serve(tools: Mapping[str, Iterable[Tool]], resources: Resources, limits: Rollout) -> None:
    """Answer calls on standard output, in order, until standard input closes. `tools` are those of each domain."""
    known = {(domain, tool.name): tool for domain, offered in tools.items() for tool in offered}
    replies = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    requests: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(requests,), daemon=True).start()
    if limits.redact:
        redact("")  # load the patterns now: the first call would otherwise wait about 1 s
    _write(replies, READY)
    while True:
        request = json.loads(requests.get())
        tool, call = known[request["domain"], request["call"]["name"]], ToolCall(**request["call"])
        if limits.tool_timeout_s:
            signal.setitimer(signal.ITIMER_REAL, limits.tool_timeout_s + GRACE_S)
        reply = _reply(tool, call, resources, limits)
        signal.setitimer(signal.ITIMER_REAL, 0)
        _write(replies, json.dumps(reply).encode() + b"\n")


def _reply(tool: Tool, call: ToolCall, resources: Resources, limits: Rollout) -> dict[str, Any]:
    try:
        return asdict(execute(tool, call, resources, limits))
    except Exception as error:
        return {"fault": type(error).__name__, "message": str(error)}


def _read(requests: "queue.SimpleQueue[bytes]") -> None:
    for line in sys.stdin.buffer:
        requests.put(line)
    os._exit(0)


def _write(replies: BinaryIO, line: bytes) -> None:
    replies.write(line)
    replies.flush()


def main(opened: str, limits: str) -> None:
    """Serve the tools of every domain; the arguments are those of `command`."""
    library_path, blocklist, dialect = json.loads(opened)
    resources = Resources(Path(library_path), tuple(blocklist))
    resources.library  # noqa: B018 - opens the index before the worker reports that it is ready
    tools = {name: one.tools_of(dialect) for name, one in domains().items()}
    serve(tools, resources, Rollout.model_validate_json(limits))


if __name__ == "__main__":
    main(*sys.argv[1:])

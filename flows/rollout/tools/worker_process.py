"""A worker process that runs tool calls, so that they share neither the rollout's interpreter lock nor its memory.

It reads one call per line as JSON and answers with one line: the observation, or the fault. It exits when its input
closes, even during a call, so it never outlives the rollout. An alarm kills it if a call holds the interpreter itself.
"""

import json
import os
import select
import signal
import sys
import threading
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import BinaryIO

import orjson

from flows.domains import domains
from flows.environments.environment import Environment
from flows.environments.resources import Resources
from flows.environments.tool import ToolCall
from flows.rollout.tools.observation import Observation, clean, execute
from flows.settings import Rollout
from flows.small_heap import MANY_YOUNG, small_heap
from sources.index.dense.embedder import EmbedderChoice
from sources.privacy.redaction import redact

READY = b"ready\n"
GRACE_S = 5.0
"""Seconds from a call's time limit to the alarm; by then the rollout waits for the call no longer."""


def command(resources: Resources, limits: Rollout) -> list[str]:
    """The command line that starts a worker."""
    library, dense = (str(path) if path else None for path in (resources.library_path, resources.dense_path))
    embedder = asdict(resources.embedder) if resources.embedder else None
    opened = json.dumps([library, resources.blocklist, resources.dialect, dense, embedder])
    return [sys.executable, "-m", "flows.rollout.tools.worker_process", opened, limits.model_dump_json()]


def stateless_environments(resources: Resources) -> dict[str, Environment]:
    """One environment per domain without state, by domain; any number of attempts share it."""
    kinds = {name: one.environment for name, one in domains().items() if not one.environment.has_state}
    return {name: kind.open("{}", resources, Path()) for name, kind in kinds.items()}


def serve(environments: Mapping[str, Environment], limits: Rollout) -> None:
    """Answer calls on standard output, in order, until standard input closes; each domain has one environment."""
    replies = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    threading.Thread(target=_exit_when_closed, daemon=True).start()
    if limits.redact:
        redact("")  # load the patterns now: the first call would otherwise wait about 1 s
    _write(replies, READY)
    for line in sys.stdin.buffer:
        request = json.loads(line)
        environment, call = environments[request["domain"]], ToolCall(**request["call"])
        if limits.tool_timeout_s:
            signal.setitimer(signal.ITIMER_REAL, limits.tool_timeout_s + GRACE_S)
        reply = _reply(environment, call, limits)
        signal.setitimer(signal.ITIMER_REAL, 0)
        _write(replies, orjson.dumps(reply, option=orjson.OPT_APPEND_NEWLINE))


def _reply(environment: Environment, call: ToolCall, limits: Rollout) -> Observation | dict[str, str]:
    try:
        return execute(environment, call, limits)
    except Exception as error:
        return {"fault": type(error).__name__, "message": clean(str(error))}


def _exit_when_closed() -> None:
    """Exit once nobody holds the other end of standard input. Calls that arrive there do not wake this thread."""
    closed = select.poll()
    closed.register(sys.stdin.fileno(), 0)  # with no event asked for, poll still reports a hang-up
    closed.poll()
    os._exit(0)


def _write(replies: BinaryIO, line: bytes) -> None:
    replies.write(line)
    replies.flush()


def main(opened: str, limits: str) -> None:
    """Serve the environments without state of every domain; the arguments are those of `command`."""
    library, blocklist, dialect, dense, embedder = json.loads(opened)
    resources = Resources(
        library_path=Path(library) if library else None,
        dense_path=Path(dense) if dense else None,
        embedder=EmbedderChoice(**embedder) if embedder else None,
        blocklist=tuple(blocklist),
        dialect=dialect,
    )
    if library:
        resources.library  # noqa: B018 - opens the index before the worker reports that it is ready
    environments = stateless_environments(resources)
    with small_heap(MANY_YOUNG):
        serve(environments, Rollout.model_validate_json(limits))


if __name__ == "__main__":
    main(*sys.argv[1:])

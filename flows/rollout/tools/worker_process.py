"""A process that makes tool calls, so that they share neither the rollout's lock nor its fate.

It reads one call a line, as JSON, and answers with one line: the observation, or the fault. It ends when its
input closes, in the middle of a call too, so it never outlives the rollout, however that ends; and a call
that holds on to the interpreter itself is ended by an alarm.
"""

import json
import os
import queue
import signal
import sys
import threading
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, BinaryIO

from flows.domains.search.tools import ARGUMENTS, Skill, library_skills
from flows.rollout.protocol import Call
from flows.rollout.tools.observation import Observation, observe
from flows.settings import Rollout
from sources.blocklist import Blocklist
from sources.index.library import Library
from sources.privacy.redaction import redact

READY = b"ready\n"
GRACE_S = 5.0
"""How long after the time that a call may take the alarm goes off: by then nobody waits for it."""


@dataclass(frozen=True)
class Shelf:
    """What a worker opens: the library at a path, the addresses that it must not show, and for which dialect."""

    library: Path
    blocked: tuple[str, ...]
    dialect: str

    def skills(self) -> list[Skill]:
        """The skills over it; raises NotFound when no library was built there, NotCrawlable on a bad address."""
        return library_skills(Library.open(self.library, Blocklist(self.blocked)), self.dialect)


def command(shelf: Shelf, limits: Rollout) -> list[str]:
    """The command line of a worker."""
    opened = json.dumps([str(shelf.library), shelf.blocked, shelf.dialect])
    return [sys.executable, "-m", "flows.rollout.tools.worker_process", opened, limits.model_dump_json()]


def made(skill: Skill, call: Call, limits: Rollout) -> Observation:
    """Make a call whose arguments fit, and cut what it found to what the model may read; raises as the tool does."""
    return observe(call, skill.use(ARGUMENTS[call.name].model_validate(call.arguments)), limits, 0.0)


def serve(skills: Iterable[Skill], limits: Rollout) -> None:
    """Answer calls on standard output, in order, until standard input closes."""
    known = {skill.name: skill for skill in skills}
    said = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    asked: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(asked,), daemon=True).start()
    if limits.redact:
        redact("")  # its patterns load before the first call, not in the middle of it
    _say(said, READY)
    while True:
        call = Call(**json.loads(asked.get()))
        if limits.tool_timeout_s:
            signal.setitimer(signal.ITIMER_REAL, limits.tool_timeout_s + GRACE_S)
        reply = _reply(known[call.name], call, limits)
        signal.setitimer(signal.ITIMER_REAL, 0)
        _say(said, json.dumps(reply).encode() + b"\n")


def _reply(skill: Skill, call: Call, limits: Rollout) -> dict[str, Any]:
    try:
        return asdict(made(skill, call, limits))
    except Exception as error:
        return {"fault": type(error).__name__, "said": str(error)}


def _listen(asked: "queue.SimpleQueue[bytes]") -> None:
    for line in sys.stdin.buffer:
        asked.put(line)
    os._exit(0)


def _say(said: BinaryIO, line: bytes) -> None:
    said.write(line)
    said.flush()


def main(opened: str, limits: str) -> None:
    """Serve what `command` names."""
    library, blocked, dialect = json.loads(opened)
    serve(Shelf(Path(library), tuple(blocked), dialect).skills(), Rollout.model_validate_json(limits))


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Turns the result of a tool into an observation: redacted, cut in the middle, with a hash of the full text.

A fault of a tool is never an observation. It raises ToolFault and aborts the attempt, so that a stack trace cannot pass
for evidence. Secrets and personal data are redacted before the model reads the text, so that tokens and text agree.
"""

import time
from dataclasses import dataclass, replace

from flows.environments.environment import Checkpoint, Environment
from flows.environments.tool import Answer, ToolCall
from flows.settings import Rollout
from schemas.record import sha256_text
from schemas.trajectory import Kind
from sources.privacy.redaction import as_json, redact

TAIL_SHARE = 0.3
"""Share of a cut observation that is its end: a test run or a log ends with its summary."""


class ToolFault(Exception):
    """A tool failed on every try; the message names the tool and its last error."""


@dataclass(frozen=True)
class Observation:
    """The result of one tool call as the model reads it."""

    call_id: str
    tool: str
    kind: Kind
    text: str
    url: str | None = None
    content_sha256: str | None = None
    """SHA-256 of the redacted text before it was cut."""
    bytes_dropped: int = 0
    redacted: str | None = None
    """JSON of the number of redacted secrets by kind; None if redaction is switched off."""
    seconds: float = 0.0
    """Wall time of the call itself: waiting for a free thread, worker or sandbox is not the attempt's."""
    queued_s: float = 0.0
    """Seconds of that waiting."""
    cpu_s: float = 0.0
    """Processor seconds of its sandboxed command."""

    @property
    def times(self) -> dict[str, float]:
        """The columns of its turn that hold seconds."""
        return {"seconds": self.seconds, "queued_seconds": self.queued_s, "cpu_seconds": self.cpu_s}


def clean(text: str) -> str:
    """The text with lone surrogates replaced: JSON can carry them, Arrow cannot."""
    return text.encode("utf-8", "replace").decode("utf-8")


@dataclass(frozen=True)
class Performed:
    """The calls of one turn, done: their observations in order, and the state of the environment after them."""

    observations: list[Observation]
    checkpoint: Checkpoint | None = None
    """None for an environment without state."""


def execute(environment: Environment, call: ToolCall, limits: Rollout, asked: float | None = None) -> Observation:
    """Make a call with valid arguments in this thread; raises any exception of the environment.

    `asked` is the time of `perf_counter` since when the call has waited for the thread.
    """
    started = time.perf_counter()
    answer = environment.act(call)
    seconds = max(0.0, time.perf_counter() - started - answer.queued_s)
    waited = started - asked if asked is not None else 0.0
    observed = observe(call, answer, limits, seconds)
    return replace(observed, queued_s=waited + answer.queued_s, cpu_s=answer.cpu_s)


def observe(call: ToolCall, answer: Answer, limits: Rollout, seconds: float) -> Observation:
    """The answer redacted, then cut to `max_observation_chars` of its head and tail; a line between counts the rest."""
    full, limit = clean(answer.text), limits.max_observation_chars
    redacted = None
    if limits.redact:
        full, counts = redact(full)
        redacted = as_json(counts)
    text, kind, dropped = full, answer.kind, 0
    if len(full) > limit:
        tail = int(limit * TAIL_SHARE)
        head, end = limit - tail, len(full) - tail
        dropped = len(full[head:end].encode())
        text, kind = f"{full[:head]}\n[{dropped} bytes were cut here]\n{full[end:]}", "truncated"
    return Observation(
        call_id=call.id,
        tool=call.name,
        kind=kind,
        text=text,
        url=clean(answer.url) if answer.url else None,
        content_sha256=sha256_text(full),
        bytes_dropped=dropped,
        redacted=redacted,
        seconds=seconds,
    )

"""What a tool returned, typed, so that a fault never passes for evidence.

An observation is cut to what the model may read, but keeps the hash of the full text and the number of
bytes that were dropped. A fault is not an observation: it is raised, retried, and aborts the attempt.
Secrets and personal data are taken out before the model sees any of it, so that tokens and text stay equal.
"""

from dataclasses import dataclass

from flows.rollout.protocol import Call
from flows.settings import Rollout
from schemas.record import sha256_text
from schemas.trajectory import Kind
from sources.privacy.redaction import as_json, redact


class ToolFault(Exception):
    """A tool did not work, whatever was asked of it; the message names the tool and what happened."""


@dataclass(frozen=True)
class Observation:
    """What the model reads of one tool call; `seconds` is the wall time that the call took."""

    call_id: str
    tool: str
    kind: Kind
    text: str
    url: str | None = None
    content_sha256: str | None = None
    bytes_dropped: int = 0
    redacted: str | None = None
    """JSON of how many secrets of each kind were taken out; None when nobody looked."""
    seconds: float = 0.0


@dataclass(frozen=True)
class Answer:
    """What a tool says before it is cut: the text that the model may read and the page that it is from."""

    text: str
    kind: Kind = "ok"
    url: str | None = None


def clean(text: str) -> str:
    """The text without lone surrogates, which JSON can carry and Arrow refuses."""
    return text.encode("utf-8", "replace").decode("utf-8")


def observe(call: Call, answer: Answer, limits: Rollout, seconds: float) -> Observation:
    """The answer as the model sees it: redacted, then cut to the limit, with a line that says what was dropped."""
    full, limit = clean(answer.text), limits.max_observation_chars
    redacted = None
    if limits.redact:
        full, counts = redact(full)
        redacted = as_json(counts)
    kept, kind, dropped = full, answer.kind, 0
    if len(full) > limit:
        dropped = len(full[limit:].encode())
        kept, kind = f"{full[:limit]}\n[{dropped} bytes more were cut]", "truncated"
    return Observation(
        call_id=call.id,
        tool=call.name,
        kind=kind,
        text=kept,
        url=answer.url,
        content_sha256=sha256_text(full),
        bytes_dropped=dropped,
        redacted=redacted,
        seconds=seconds,
    )

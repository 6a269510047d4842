"""Encodes the rows that belong to a finished trajectory: its verdicts and, of an environment with state, its outcome.

A journal of an earlier version holds the list of verdicts alone, as an attempt without an outcome does today.
"""

from collections.abc import Sequence

from pydantic import BaseModel, TypeAdapter

from schemas.verdict import Outcome, Verdict


class Judged(BaseModel):
    """The verdicts on a trajectory, and the outcome of its environment."""

    verdicts: list[Verdict]
    outcome: Outcome | None = None


VERDICTS = TypeAdapter(list[Verdict])


def encode_judged(verdicts: Sequence[Verdict], outcome: Outcome | None) -> bytes:
    """The rows as JSON."""
    if outcome is None:
        return VERDICTS.dump_json(list(verdicts))
    return Judged(verdicts=list(verdicts), outcome=outcome).model_dump_json().encode()


def decode_judged(encoded: bytes) -> Judged:
    """The rows that were encoded. Raises pydantic's ValidationError."""
    if encoded.startswith(b"["):
        return Judged(verdicts=VERDICTS.validate_json(encoded))
    return Judged.model_validate_json(encoded)

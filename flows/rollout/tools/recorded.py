"""The record that a journal has of an attempt's world: the calls made in it, and the state after them."""

from collections.abc import Sequence
from dataclasses import dataclass

from flows.environments.environment import Checkpoint
from flows.environments.tool import ToolCall


@dataclass(frozen=True)
class Recorded:
    """Calls up to a checkpoint; without a checkpoint nothing was made."""

    calls: Sequence[tuple[ToolCall, str]] = ()
    """Calls with valid arguments in order, each with the SHA-256 of its whole observation."""
    checkpoint: Checkpoint | None = None

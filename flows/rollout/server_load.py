"""The load of a server as it reports it: the pool admits attempts by it, and the run status shows it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Load:
    """The last reported load of one server; counters only grow, but restart from 0 with the server."""

    server: str
    up: bool = True
    kv_tokens: int | None = None
    """Capacity of its KV cache in tokens; None if unknown."""
    kv_used: float = 0.0
    """Share of the KV cache in use by running sequences, 0 to 1."""
    running: int = 0
    waiting: int = 0
    preemptions: int = 0
    prefix_queries: int = 0
    """Prompt tokens looked up in the prefix cache."""
    prefix_hits: int = 0
    """Prompt tokens found in the prefix cache."""
    sampled_tokens: int = 0
    refusals: int = 0
    """Replies of 429 or 503 that this client received from it."""
    discarded: int = 0
    """Generations that it ended early: they were thrown away and requested again."""
    discarded_tokens: int = 0
    """Tokens sampled in these generations."""

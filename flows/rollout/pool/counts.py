"""The counts of a pool in one run, which the status, the budget and the record of the run read."""

from collections import Counter
from dataclasses import dataclass, field

from flows.rollout.protocol import Completion


@dataclass
class PoolCounts:
    """Counts of a pool in this run."""

    in_flight: int = 0
    waiting: int = 0
    """Attempts that wait in a server's queue until their context fits."""
    turns: int = 0
    sampled_tokens: int = 0
    prompt_tokens: int = 0
    """Prompt tokens that an API billed, and of these, cached ones."""
    cached_tokens: int = 0
    cost: float | None = None
    """Of all requests to an API, in the currency of the settings' prices; None without prices."""
    finished: int = 0
    finished_turns: int = 0
    """Turns of the finished attempts, including turns from earlier runs."""
    stopped: int = 0
    """Attempts that a stop of the pool left to the next run."""
    given_up: int = 0
    aborted: int = 0
    """Attempts that a later run will retry."""
    restarted: int = 0
    """Attempts that restarted from nothing because teacher or prompts had changed."""
    faults: Counter[str] = field(default_factory=Counter)
    """Stopped attempts and failed tool calls, by reason code."""

    def add(self, completion: Completion) -> None:
        """Count the tokens of a completion, and its cost."""
        self.sampled_tokens += completion.n_sampled
        if usage := completion.usage:
            self.prompt_tokens += usage.prompt_tokens
            self.cached_tokens += usage.cached_tokens
            self.cost = (self.cost or 0.0) + usage.cost if usage.cost is not None else self.cost

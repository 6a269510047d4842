"""The counts of a pool in one run, which the status, the budget and the record of the run read."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from flows.rollout.protocol import Completion
from flows.rollout.tools.observation import Observation


@dataclass
class ToolTime:
    """Seconds of the tool calls of one domain."""

    seconds: float = 0.0
    """Wall seconds of the calls, without waiting."""
    queued_s: float = 0.0
    """Seconds of waiting for a thread, or for a core of the sandbox."""
    cpu_s: float = 0.0
    """Processor seconds of sandboxed commands."""


@dataclass
class PoolCounts:
    """Counts of a pool in this run."""

    in_flight: int = 0
    waiting: int = 0
    """Attempts that wait in a server's queue until their context fits."""
    sandbox_queued: int = 0
    """Sandboxed tool calls that wait for a core now."""
    turns: int = 0
    sampled_tokens: int = 0
    user_tokens: int = 0
    """Tokens sampled by the model that plays users."""
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

    tools: dict[str, ToolTime] = field(default_factory=dict)
    """By domain."""

    def add_calls(self, domain: str, observations: Iterable[Observation]) -> None:
        """Count the seconds of the tool calls of one turn."""
        total = self.tools.setdefault(domain, ToolTime())
        for one in observations:
            total.seconds += one.seconds
            total.queued_s += one.queued_s
            total.cpu_s += one.cpu_s

    def add(self, completion: Completion) -> None:
        """Count the tokens of a completion, and its cost."""
        self.sampled_tokens += completion.n_sampled
        if usage := completion.usage:
            self.prompt_tokens += usage.prompt_tokens
            self.cached_tokens += usage.cached_tokens
            self.cost = (self.cost or 0.0) + usage.cost if usage.cost is not None else self.cost

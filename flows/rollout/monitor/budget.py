"""How much a run of the rollout may spend: tokens and hours, counted over all tries of one run.

A budget ends a run at a turn, never inside one: what is in flight goes on in the next run, so a budget
cuts a night in two and no trajectory short.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Budget:
    """The limits of a run, and what earlier tries of the same run have used of them."""

    max_tokens: int | None = None
    max_hours: float | None = None
    spent_tokens: int = 0
    spent_s: float = 0.0

    def reached(self, tokens: int, seconds: float) -> str | None:
        """Which limit is reached after so many sampled tokens and wall seconds of this try; None for none."""
        if self.max_tokens is not None and self.spent_tokens + tokens >= self.max_tokens:
            return f"max_tokens {self.max_tokens:,}"
        if self.max_hours is not None and self.spent_s + seconds >= self.max_hours * 3600:
            return f"max_hours {self.max_hours:g}"
        return None

    def left_s(self, tokens: int, seconds: float, tokens_per_s: float) -> float | None:
        """Seconds until a limit is reached at this pace; None where no limit is in sight."""
        found = []
        if self.max_tokens is not None and tokens_per_s > 0:
            found.append((self.max_tokens - self.spent_tokens - tokens) / tokens_per_s)
        if self.max_hours is not None:
            found.append(self.max_hours * 3600 - self.spent_s - seconds)
        return max(0.0, min(found)) if found else None

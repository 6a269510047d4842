"""The budget of a run: limits on sampled tokens and on hours, which hold for all tries of a run together.

A budget ends a run between two turns, never inside one. Attempts in flight resume in the next run, so a budget splits
the work of a night over two runs and truncates no trajectory.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Budget:
    """The limits of a run (None: no limit), and the amounts that earlier tries of the same run have spent."""

    max_tokens: int | None = None
    max_hours: float | None = None
    spent_tokens: int = 0
    spent_s: float = 0.0

    def reached(self, tokens: int, seconds: float) -> str | None:
        """Return the limit that this try has reached after its sampled tokens and wall seconds; None if none."""
        if self.max_tokens is not None and self.spent_tokens + tokens >= self.max_tokens:
            return f"max_tokens {self.max_tokens:,}"
        if self.max_hours is not None and self.spent_s + seconds >= self.max_hours * 3600:
            return f"max_hours {self.max_hours:g}"
        return None

    def seconds_left(self, tokens: int, seconds: float, tokens_per_s: float) -> float | None:
        """Return the seconds until a limit is reached at this rate; None if no limit applies."""
        found = []
        if self.max_tokens is not None and tokens_per_s > 0:
            found.append((self.max_tokens - self.spent_tokens - tokens) / tokens_per_s)
        if self.max_hours is not None:
            found.append(self.max_hours * 3600 - self.spent_s - seconds)
        return max(0.0, min(found)) if found else None

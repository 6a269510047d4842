"""The rate limits of one API address: when the next request may start, from the headers of the replies so far.

Both forms count requests and tokens that remain in a window and say when the window is refilled, Anthropic as a time,
OpenAI as a duration. A request that is sent while nothing remains is refused, and some providers count refusals too.
"""

import asyncio
import random
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime

MAX_WAIT_S = 300.0
LIMITS = re.compile(r"^(?:x-ratelimit|anthropic-ratelimit)-(?:remaining-(?P<openai>.+)|(?P<anthropic>.+)-remaining)$")
DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
SPREAD_S = 0.25
"""Requests that wait for the same moment start within this many seconds after it, not all at once."""


class RateLimits:
    """Holds requests back until the API takes them again."""

    def __init__(self) -> None:
        self._until = 0.0

    async def wait(self) -> None:
        """Return when the next request may start."""
        left = self._until - time.monotonic()
        if left > 0:
            await asyncio.sleep(left + random.uniform(0, SPREAD_S))  # noqa: S311
            await self.wait()

    def hold(self, seconds: float) -> None:
        """Start no request within the next `seconds`."""
        self._until = max(self._until, time.monotonic() + min(seconds, MAX_WAIT_S))

    def observe(self, headers: Mapping[str, str]) -> None:
        """Hold requests back if by the headers of a reply nothing remains."""
        self.hold(seconds_to_wait({name.lower(): value for name, value in headers.items()}))


def seconds_to_wait(headers: Mapping[str, str]) -> float:
    """Seconds until every exhausted limit in the headers (lower-case names) is refilled; 0 if none is exhausted."""
    waits = [0.0]
    for name, value in headers.items():
        found = LIMITS.match(name)
        if found and value.strip() in ("0", "0.0"):
            kind = found["openai"]
            reset = f"x-ratelimit-reset-{kind}" if kind else f"anthropic-ratelimit-{found['anthropic']}-reset"
            waits.append(_seconds(headers.get(reset, "")))
    return max(waits)


def _seconds(reset: str) -> float:
    """Seconds of a duration (`6m0s`, `20ms`, `1.5`) or until a time (RFC 3339); 0 for anything else."""
    parts = DURATION.findall(reset)
    if parts and "".join(number + unit for number, unit in parts) == reset:
        return sum(float(number) * SECONDS[unit] for number, unit in parts)
    try:
        return float(reset)
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(reset)
    except ValueError:
        return 0.0
    return max(0.0, (moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds())

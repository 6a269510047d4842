"""What went wrong with a request to a teacher: no use to try again, or worth a wait, and how long a one.

A reply that cannot be used is as good as none: it is asked for again, like a cut connection or a 503. What
stays wrong becomes one error that names the server, what happened and what to do.
"""

import random

import orjson

from flows.rollout.protocol import TeacherError, TeacherRefused

BACKOFF_S, LONGEST_BACKOFF_S, LONGEST_RETRY_AFTER_S = 0.5, 30.0, 300.0
PASSING = frozenset({408, 409, 425, 429})
"""Statuses below 500 that pass."""
BUSY = frozenset({429, 503})
ADVICE = {
    401: "set teacher.api_key (FACTORY_TEACHER__API_KEY)",
    403: "set teacher.api_key (FACTORY_TEACHER__API_KEY)",
    404: "check teacher.urls and teacher.model",
}


class Malformed(TeacherError):
    """The server answered, but not with what was asked for."""


class Passing(TeacherError):
    """A failure that may pass; `after` is the server's own wish in seconds."""

    def __init__(self, said: str, after: float | None = None) -> None:
        super().__init__(said)
        self.after = after


class Busy(Passing):
    """The server has too much to do."""


class Broken(Passing):
    """The connection failed, or the server says that it is broken: it may be dead."""


class Absent(Broken):
    """Nobody listens there."""


def pause(tried: int, problem: Malformed | Passing) -> float:
    """Seconds to wait after so many tries: the server's own wish, else longer each time and never the same."""
    if isinstance(problem, Passing) and problem.after is not None:
        return problem.after
    return min(LONGEST_BACKOFF_S, BACKOFF_S * 2.0**tried) * random.uniform(0.5, 1.0)  # noqa: S311


def lasting(url: str, problem: Malformed | Passing, tries: int) -> TeacherError:
    """The error for a failure that did not pass."""
    return type(problem)(f"{url}: {problem} ({tries} tries). See the server's log; the next run goes on from here.")


def failure(url: str, status: int, after: str | None, raw: bytes) -> TeacherError:
    """The error for a reply that is no 200; `after` is its Retry-After."""
    said = f"status {status}: {_message(raw)}"
    if status in BUSY:
        return Busy(said, _retry_after(after))
    if status >= 500 or status in PASSING:
        return Broken(said, _retry_after(after))
    return TeacherRefused(f"{url}: {said}. {ADVICE.get(status, 'Check the [teacher] settings')}.")


def _message(raw: bytes) -> str:
    try:
        said = orjson.loads(raw)["error"]["message"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        said = raw.decode("utf-8", "replace")
    return str(said)[:500].rstrip(". ")


def _retry_after(said: str | None) -> float | None:
    try:
        return min(float(said), LONGEST_RETRY_AFTER_S) if said else None
    except ValueError:
        return None

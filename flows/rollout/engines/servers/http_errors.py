"""Errors of HTTP requests to a teacher's server, with the status codes that are retried (429, 503) and the backoff.

A reply that cannot be parsed is retried like a cut connection, a 429 or a 503. After the last try, one error
names the server, the cause and the next step. Delays follow Retry-After, else exponential backoff with jitter.
"""

import random
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import orjson

from flows.rollout.engines.servers.context_limit import context_refusal
from flows.rollout.protocol import TeacherError, TeacherRefused

BACKOFF_S, MAX_BACKOFF_S, MAX_RETRY_AFTER_S = 0.5, 30.0, 300.0
RETRYABLE_STATUSES = frozenset({408, 409, 425, 429})
"""Statuses below 500 that are retried."""
OVERLOAD_STATUSES = frozenset({429, 503, 529})
"""529 is Anthropic's status of a service without capacity."""
LENGTH_STATUSES = frozenset({400, 413, 422})
"""Statuses that servers give to a request that exceeds their context window."""
ADVICE = {
    401: "set teacher.api_key (FACTORY_TEACHER__API_KEY)",
    403: "set teacher.api_key (FACTORY_TEACHER__API_KEY)",
    404: "correct teacher.urls (the address before /v1) or teacher.model",
}


class MalformedReply(TeacherError):
    """The server answered 200 with a body that lacks a required field or is not JSON."""


class StatusRefused(TeacherRefused):
    """The server answered with a status that a retry would not change."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


class Retryable(TeacherError):
    """A failure that a later try may not repeat; `retry_after` is the server's Retry-After in seconds."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Overloaded(Retryable):
    """The server rejected the request because of its load: status 429, 503 or 529."""


class ServerDown(Retryable):
    """The connection broke or the server answered with an error status: it may be dead."""


class GenerationAborted(Retryable):
    """The server ended a generation before the model did; its `tokens` sampled ids are thrown away."""

    def __init__(self, message: str, tokens: int) -> None:
        super().__init__(message)
        self.tokens = tokens


class ServerUnreachable(ServerDown):
    """The connection could not be opened: nothing listens at the address."""


def retry_delay(tries: int, problem: MalformedReply | Retryable) -> float:
    """Seconds before the next try: Retry-After if sent, else exponential backoff with jitter (0.5 to 30 s)."""
    if isinstance(problem, Retryable) and problem.retry_after is not None:
        return problem.retry_after
    return min(MAX_BACKOFF_S, BACKOFF_S * 2.0**tries) * random.uniform(0.5, 1.0)  # noqa: S311


def retries_exhausted(url: str, problem: MalformedReply | Retryable, tries: int) -> TeacherError:
    """The error after the last try, of the same type as the problem."""
    count = "1 try" if tries == 1 else f"{tries} tries"
    message = f"{url}: {problem} ({count}). {_next_step(problem)}; the next run resumes from here."
    return (
        GenerationAborted(message, problem.tokens) if isinstance(problem, GenerationAborted) else type(problem)(message)
    )


def _next_step(problem: MalformedReply | Retryable) -> str:
    match problem:
        case ServerUnreachable():
            return "Start the server, or correct teacher.urls"
        case Overloaded():
            return "Lower rollout.max_in_flight, or raise teacher.retries"
        case MalformedReply():
            return "See the server's log; if it is no inference server, correct teacher.urls"
        case _:
            return "See the server's log"


def status_error(url: str, status: int, retry_after: str | None, raw: bytes) -> TeacherError:
    """The error for a reply whose status is not 200; `retry_after` is its Retry-After header.

    429, 503 and 529 give Overloaded, other server errors ServerDown, a request that exceeds the window ContextExceeded,
    all else StatusRefused: a retry would not help.
    """
    message = _message(raw)
    if status in LENGTH_STATUSES and (too_long := context_refusal(message)):
        return too_long
    reason = f"status {status}: {message}"
    if status in OVERLOAD_STATUSES:
        return Overloaded(reason, _seconds(retry_after))
    if status >= 500 or status in RETRYABLE_STATUSES:
        return ServerDown(reason, _seconds(retry_after))
    advice = ADVICE.get(status, "the [teacher] settings do not fit this server: correct them, or see its log")
    return StatusRefused(f"{url}: {reason}; {advice}", status)


def raise_error(reply: object) -> None:
    """Raise the error that a reply of status 200 holds in place of a result: some proxies pass errors on like that."""
    if not isinstance(reply, dict) or not (reply.get("error") or reply.get("object") == "error"):
        return
    error = reply.get("error") or reply
    message = str(error.get("message") or error if isinstance(error, dict) else error)[:500]
    raise context_refusal(message) or MalformedReply(f"the reply is an error: {message}")


def _message(raw: bytes) -> str:
    """The message of an error in the forms {error: {message}}, {error: text} and {message}, else the body itself."""
    try:
        reply = orjson.loads(raw)
        error = reply.get("error", reply)
        message = _with_code(error) if isinstance(error, dict) else error
    except (orjson.JSONDecodeError, AttributeError):
        message = raw.decode("utf-8", "replace")
    return str(message)[:500].rstrip(". ")


def _with_code(error: dict[str, Any]) -> object:
    """The message of an error with its code, which distinguishes an exhausted account from a rate limit."""
    details = error.get("details")
    codes = [details.get("error_code") if isinstance(details, dict) else None, error.get("code"), error.get("type")]
    code = next((code for code in codes if isinstance(code, str)), None)
    message = error.get("message", error)
    return f"{str(message)[:400]} ({code})" if code and "message" in error else message


def _seconds(retry_after: str | None) -> float | None:
    """Seconds of a Retry-After header, which is a number or a date."""
    if not retry_after:
        return None
    try:
        seconds = float(retry_after)
    except ValueError:
        try:
            moment = parsedate_to_datetime(retry_after)
        except ValueError:
            return None
        seconds = (moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
    return min(max(seconds, 0.0), MAX_RETRY_AFTER_S)

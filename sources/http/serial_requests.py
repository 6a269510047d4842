"""Requests to the API of one site, one after another, as API etiquette requires: pauses, retries, Retry-After.

An API is made for programs and its address is configured by hand, so robots.txt does not apply to it. Addresses are
checked like those of pages, also after a redirect.
"""

import asyncio
import time
from collections.abc import Callable

from sources.http.fetch import Client, FetchResult
from sources.http.rate_limit import FIRST_BACKOFF_S, MAX_RETRY_AFTER_S
from sources.status_codes import Status

MAX_REDIRECTS = 3

AskedWait = Callable[[FetchResult], float | None]
"""Seconds that a successful response demands before the same request is sent again; None if it is an answer."""


class SerialRequests:
    """The requests to one API. A second request waits until the first has ended."""

    def __init__(self, client: Client, *, retries: int, delay_s: float) -> None:
        """`retries` of one request after a transient failure; `delay_s` between the starts of two requests."""
        self._client, self._retries, self._delay_s = client, retries, delay_s
        self._lock = asyncio.Lock()
        self._next_start = 0.0
        self.sent = 0
        """requests so far, retries included"""

    async def get(self, url: str, types: frozenset[str], asked_wait: AskedWait = lambda _: None) -> FetchResult:
        """Request a url, again after a transient failure. The result of the last try is returned, also a failure."""
        async with self._lock:
            for retry in range(self._retries + 1):
                result = await self._followed(url, types)
                wait = _wait(result, asked_wait(result) if result.status == Status.OK else None, retry)
                if wait is None or wait > MAX_RETRY_AFTER_S:
                    break
                self._next_start = max(self._next_start, time.monotonic() + wait)
        return result

    async def _followed(self, url: str, types: frozenset[str]) -> FetchResult:
        for _ in range(MAX_REDIRECTS + 1):
            await asyncio.sleep(max(0.0, self._next_start - time.monotonic()))
            self._next_start = time.monotonic() + self._delay_s
            self.sent += 1
            result = await self._client.get(url, types=types)
            if result.status != Status.REDIRECTED or result.location is None:
                return result
            url = result.location
        return result


def _wait(result: FetchResult, asked: float | None, retry: int) -> float | None:
    """Return the seconds before the next try; None if the result is final."""
    if asked is not None:
        return asked
    if not result.retryable and result.status != Status.TIMEOUT:
        return None
    return result.retry_after_s if result.retry_after_s is not None else FIRST_BACKOFF_S * 2.0**retry

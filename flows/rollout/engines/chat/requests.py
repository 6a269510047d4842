"""Requests to the addresses of one API: retries, rate limits, failover, and the counts that the status shows."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace

import orjson

from flows.rollout.engines.chat.account_errors import account_error
from flows.rollout.engines.chat.api import Api, Json, Reply
from flows.rollout.engines.chat.rate_limits import RateLimits
from flows.rollout.engines.servers.http_client import HttpClient
from flows.rollout.engines.servers.http_errors import (
    MalformedReply,
    Overloaded,
    Retryable,
    retries_exhausted,
    retry_delay,
)
from flows.rollout.engines.servers.server_pool import rendezvous_order
from flows.rollout.protocol import TeacherError
from flows.rollout.server_load import Load


class ApiRequests:
    """Sends requests in the form of `api` to one of its addresses."""

    def __init__(self, client: HttpClient, api: Api, urls: Sequence[str]) -> None:
        self._client, self._api = client, api
        self._loads = {url: Load(url) for url in urls}
        self._limits = {url: RateLimits() for url in urls}

    def order(self, session: str) -> list[str]:
        """The addresses in a session's own order, the one with its prompt cache first."""
        return rendezvous_order(list(self._loads), session)

    def loads(self) -> list[Load]:
        """Tokens and refusals so far, by address."""
        return list(self._loads.values())

    async def post(self, session: str, body: Json, read: Callable[[bytes], Reply]) -> Reply:
        """The reply to a request; rate limits are waited for, and an address that fails is left for the next.

        Raises TeacherRefused where a retry cannot help, TeacherError after the last try or for a refused account.
        """
        order, raw, moves, last = self.order(session), (orjson.dumps(body),), 0, None
        for tried in range(self._client.tries):
            url = order[moves % len(order)]
            await self._limits[url].wait()
            try:
                return await self._send(url, raw, read)
            except (MalformedReply, Retryable) as problem:
                last = problem
            delay = retry_delay(tried, last)
            if isinstance(last, Overloaded):
                self._refused(url, last, delay)
            moves += not isinstance(last, Overloaded) or tried % 2
            if tried + 1 < self._client.tries:
                await asyncio.sleep(delay)
        if last is None:
            raise TeacherError("teacher.retries allows no request")
        raise retries_exhausted(url, last, self._client.tries)

    async def _send(self, url: str, raw: Sequence[bytes], read: Callable[[bytes], Reply]) -> Reply:
        try:
            answer = await self._client.exchange(self._api.endpoint(url), raw)
        except TeacherError as error:
            if refused := account_error(error):
                raise refused from error
            raise
        self._limits[url].observe(answer.headers)
        reply = read(answer.raw)
        load, usage = self._loads[url], reply.usage
        self._loads[url] = replace(
            load,
            prefix_queries=load.prefix_queries + usage.prompt_tokens,
            prefix_hits=load.prefix_hits + usage.cached_tokens,
            sampled_tokens=load.sampled_tokens + usage.sampled_tokens,
        )
        return reply

    def _refused(self, url: str, problem: Overloaded, delay: float) -> None:
        self._loads[url] = replace(self._loads[url], refusals=self._loads[url].refusals + 1)
        if problem.retry_after is not None:
            self._limits[url].hold(delay)

"""Separates generations that ended from those that the server cut: half a sentence is never taken for an answer.

A server that shuts down or pauses answers 200 with the ids so far. A generation that ended by `stop` has a stop as its
last id: one that the request names, or one of the model itself, which only the server knows. The server is asked for
an id once: forced to sample it, it ends there only at a stop.
"""

from collections.abc import Awaitable, Callable

from flows.rollout.engines.servers.http_errors import GenerationAborted, MalformedReply, Retryable
from flows.rollout.protocol import Completion, Sampling

IsStop = Callable[[str, int], Awaitable[bool]]
"""(server, id) -> True if the server ends a generation at that id."""


class Endings:
    """Checks completions; the ids at which the model stops by itself are requested once and kept.

    `is_stop` is None for servers that cannot be asked; a `stop` counts there if the request names no stop ids.
    """

    def __init__(self, is_stop: IsStop | None) -> None:
        self._is_stop = is_stop
        self._known: dict[int, bool] = {}

    async def check(self, server: str, completion: Completion, sampling: Sampling) -> None:
        """Raise GenerationAborted for a generation that ended by `stop` without a stop."""
        ids = completion.token_ids
        if completion.finish_reason == "stop" and not await self._stopped(server, completion, sampling):
            last = ids[-1] if ids else "none"
            raise GenerationAborted(f"a generation with finish_reason stop ends without a stop id ({last})", len(ids))

    async def _stopped(self, server: str, completion: Completion, sampling: Sampling) -> bool:
        ids = completion.token_ids
        if not ids:
            return False
        if completion.stop_reason in sampling.stop or ids[-1] in sampling.stop_token_ids:
            return True
        if self._is_stop is None:
            return not sampling.stop_token_ids
        if ids[-1] not in self._known:
            try:
                self._known[ids[-1]] = await self._is_stop(server, ids[-1])
            except (MalformedReply, Retryable) as error:
                raise GenerationAborted(f"the end of a generation could not be checked: {error}", len(ids)) from error
        return self._known[ids[-1]]

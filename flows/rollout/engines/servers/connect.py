"""Connects a teacher to its servers: each passes the engine's handshake, and all must serve the same model.

An engine differs in its handshake and in its requests; the rest of a start is the same for every engine. A server that
comes back after a failure repeats the handshake, since it may serve another model by then.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any, TypeGuard, TypeVar

from flows.rollout.engines.servers.server_pool import ServerPool
from flows.rollout.protocol import Identity, TeacherError, TeacherRefused


@dataclass(frozen=True)
class ServerInfo:
    """The result of a handshake; `detects_repetition` is True if the server stops repetitive completions."""

    identity: Identity
    served_model: str
    """The name of the model in requests to this server."""
    detects_repetition: bool = False
    forces_tokens: bool = False
    """True if a request can restrict sampling to given ids."""


Info = TypeVar("Info", bound=ServerInfo)


@asynccontextmanager
async def connected(
    urls: Sequence[str], pool: ServerPool, handshake: Callable[[str], Awaitable[Info]]
) -> AsyncIterator[Info]:
    """The abilities that all servers of the pool share, while the block runs and their health is checked.

    Servers that are down at the start join the pool when they come up. Raises TeacherRefused when the servers serve
    different models or lack a required feature, TeacherError when every server is down.
    """
    results = await asyncio.gather(*(handshake(url) for url in urls), return_exceptions=True)
    replies = dict(zip(urls, results, strict=True))
    ready: dict[str, Any] = {url: reply for url, reply in replies.items() if isinstance(reply, ServerInfo)}
    down = {url: reply for url, reply in replies.items() if _is_down(reply)}
    for url, reply in replies.items():
        if isinstance(reply, BaseException) and (not ready or url not in down):
            raise reply
    common: Info = common_info(ready)
    _report_capacity(pool, ready)

    async def readmit(url: str) -> None:
        returned = await handshake(url)
        shared = common_info({**ready, url: returned})
        lacking = shared.detects_repetition < common.detects_repetition or shared.forces_tokens < common.forces_tokens
        if lacking or shared.identity.context < common.identity.context:
            raise TeacherRefused(f"{url} has a smaller context or fewer features than the servers had at the start")
        _report_capacity(pool, {url: returned})

    async with pool.monitored(readmit, down):
        capacities = [load.kv_tokens for load in pool.loads() if load.kv_tokens is not None]
        identity = replace(common.identity, kv_tokens=sum(capacities) if capacities else None)
        yield replace(common, identity=identity)


def common_info(servers: Mapping[str, Info]) -> Info:
    """The abilities that all servers share (the smallest context, repetition detection only if every one has it).

    Raises TeacherRefused when they serve different models.
    """
    (first, one), *_ = servers.items()
    for url, other in servers.items():
        if (other.identity.model, other.served_model) != (one.identity.model, one.served_model):
            raise TeacherRefused(
                f"{first} serves {one.served_model} but {url} serves {other.served_model}: "
                "teacher.urls must name servers of one model"
            )
    smallest = min(servers.values(), key=lambda each: each.identity.context)
    offered = tuple(model for each in servers.values() for model in each.identity.served)
    smallest = replace(smallest, identity=replace(smallest.identity, served=offered))
    return replace(
        smallest,
        detects_repetition=all(each.detects_repetition for each in servers.values()),
        forces_tokens=all(each.forces_tokens for each in servers.values()),
    )


def _report_capacity(pool: ServerPool, servers: Mapping[str, ServerInfo]) -> None:
    for url, info in servers.items():
        if info.identity.kv_tokens is not None:
            pool.set_capacity(url, info.identity.kv_tokens)


def _is_down(reply: object) -> TypeGuard[TeacherError]:
    return isinstance(reply, TeacherError) and not isinstance(reply, TeacherRefused)

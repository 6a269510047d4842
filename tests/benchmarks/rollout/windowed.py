"""Runs a plain agent loop as a baseline: windows of episodes over the chat endpoint, each window ended before the next.

Messages are sent as text, so the server renders and encodes the history anew at each turn. The episodes are those of a
recorded rollout, turn for turn: as many sampled tokens, observations as long, a tool that takes no time, no journal.
"""

import asyncio
from collections.abc import Sequence
from typing import Any

import aiohttp

from tests.benchmarks.rollout.recorded import Record, Request
from tests.benchmarks.rollout.serving import MODEL, Served
from tests.benchmarks.rollout.watch import Watch

WINDOW, WINDOWS = 8, 3
PRINTABLE = list(range(32, 127))
"""Tokens that may be sampled: their text is always encoded as the same tokens again."""
FRAME = 24
"""Tokens of a template around a message."""


def by_windows(served: Served, record: Record) -> float:
    """Sampled tokens per second of the first WINDOWS windows of episodes."""
    served.forget()
    episodes: dict[str, list[Request]] = {}
    for one in record.in_order:
        episodes.setdefault(one.session, []).append(one)
    chosen = list(episodes.values())[: WINDOW * WINDOWS]
    seconds = asyncio.run(_all(served.url, chosen)).wall
    return sum(one.sampled for episode in chosen for one in episode) / seconds


async def _all(url: str, episodes: Sequence[Sequence[Request]]) -> Watch:
    watch = Watch()
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=None)) as session:
        with watch.running():
            for at in range(0, len(episodes), WINDOW):
                await asyncio.gather(*(_play(session, url, one) for one in episodes[at : at + WINDOW]))
    return watch


async def _play(session: aiohttp.ClientSession, url: str, episode: Sequence[Request]) -> None:
    name = episode[0].session
    system = "x" * (episode[0].prompt - len(name) - 2 * FRAME)
    messages = [{"role": "system", "content": system}, {"role": "user", "content": name}]
    for one, after in zip(episode, [*episode[1:], None], strict=True):
        messages.append({"role": "assistant", "content": await _complete(session, url, messages, one.sampled)})
        if after:
            length = max(1, after.prompt - one.prompt - one.sampled - FRAME)
            messages.append({"role": "tool", "content": "y" * length})


async def _complete(session: aiohttp.ClientSession, url: str, messages: list[dict[str, str]], length: int) -> str:
    body: dict[str, Any] = {"model": MODEL, "messages": messages, "max_tokens": length, "temperature": 1.0}
    body |= {"ignore_eos": True, "allowed_token_ids": PRINTABLE}
    async with session.post(f"{url}/v1/chat/completions", json=body) as reply:
        reply.raise_for_status()
        content: str = (await reply.json())["choices"][0]["message"]["content"]
    return content

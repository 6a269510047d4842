"""A rollout's requests again, by clients that close no loop: the ceiling of what its server can give.

Each request has the length that it had, and exactly as much of it is found in the prefix cache as was found then: it
begins with a trunk of its own episode, which is in the cache beforehand, and goes on with tokens never seen. So the
server does the same work, without ever waiting for a client that reads, calls tools and writes down.
"""

import asyncio
import json
import random
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from itertools import count, islice
from pathlib import Path
from typing import Any

import aiohttp
import orjson

from tests.benchmarks.rollout import server_client
from tests.benchmarks.rollout.recorded import Record, Request
from tests.benchmarks.rollout.serving import BLOCK, MODEL, Served
from tests.benchmarks.rollout.watch import Watch

VOCABULARY = 256
"""Plain bytes of the tiny tokenizer."""
TRUNK = 10_000
"""Chunk names of an episode's trunk; those never seen are named from FRESH on."""
FRESH = 1_000_000_000


def by_servers_client(served: Served, record: Record) -> float:
    """Sampled tokens a second of vLLM's own benchmark client; raises RuntimeError when a request failed."""
    served.forget()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        first, then, result = folder / "first.jsonl", folder / "then.jsonl", folder / "result.json"
        _write(first, priming(record, BLOCK))
        _write(then, trace(record, BLOCK))
        asked = [
            served.url,
            MODEL,
            str(served.folder),
            str(record.in_flight),
            str(BLOCK),
            *map(str, (first, then, result)),
        ]
        ran = subprocess.run(
            [str(served.python), server_client.__file__, *asked], capture_output=True, text=True, check=False
        )
        told = json.loads(result.read_text("utf-8")) if result.exists() else {"completed": 0}
    if told["completed"] != len(record.requests) or told["total_output_tokens"] != record.sampled:
        raise RuntimeError(
            f"vLLM's client replayed {told['completed']} of {len(record.requests)}: {ran.stderr[-2_000:]}"
        )
    return float(record.sampled / told["duration"])


def by_bare_client(served: Served, record: Record) -> float:
    """Sampled tokens a second of a client that posts what the factory posts, reads the reply and drops it."""
    served.forget()
    numbers = _numbers(record)
    bodies = [_body(numbers[one.session], one) for one in record.in_order]
    trunks = [_body(numbers[one.session], one) for one in _trunks(record)]
    return record.sampled / asyncio.run(_post_all(served.url, trunks, bodies, record.in_flight)).wall


def priming(record: Record, block: int) -> Iterator[dict[str, Any]]:
    """Rows of vLLM's timed trace that fill the cache with each episode's trunk, in chunks of `block` tokens."""
    numbers = _numbers(record)
    return (_row(numbers[one.session], one, count(FRESH // 2), block) for one in _trunks(record))


def trace(record: Record, block: int) -> Iterator[dict[str, Any]]:
    """The record's requests as rows of vLLM's timed trace."""
    numbers, fresh = _numbers(record), count(FRESH)
    return (_row(numbers[one.session], one, fresh, block) for one in record.in_order)


async def _post_all(url: str, trunks: list[bytes], bodies: list[bytes], in_flight: int) -> Watch:
    watch = Watch()
    connector = aiohttp.TCPConnector(limit=0)
    async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=None)) as session:

        async def work(waiting: Iterable[bytes]) -> None:
            for body in waiting:
                async with session.post(f"{url}/v1/completions", data=body, headers=JSON) as reply:
                    reply.raise_for_status()
                    await reply.read()

        async def all_of(what: list[bytes]) -> None:
            waiting = iter(what)
            await asyncio.gather(*(work(waiting) for _ in range(in_flight)))

        await all_of(trunks)
        with watch.running():
            await all_of(bodies)
    return watch


JSON = {"Content-Type": "application/json"}


def _trunks(record: Record) -> list[Request]:
    """For each episode a request that leaves its longest cached prefix in the cache."""
    longest: dict[str, Request] = {}
    for one in record.in_order:
        if one.cached >= longest.get(one.session, one).cached:
            longest[one.session] = one
    return [Request(one.session, 0, 0, one.cached + 1, one.cached, 1) for one in longest.values()]


def _write(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")


def _numbers(record: Record) -> dict[str, int]:
    return {name: at for at, name in enumerate(dict.fromkeys(one.session for one in record.in_order))}


def _row(episode: int, one: Request, fresh: Iterator[int], block: int) -> dict[str, Any]:
    trunk = [episode * TRUNK + at for at in range(one.cached // block)]
    names = trunk + list(islice(fresh, -(-one.prompt // block) - len(trunk)))
    return {"timestamp": 0, "input_length": one.prompt, "output_length": one.sampled, "hash_ids": names}


def _body(episode: int, one: Request) -> bytes:
    trunk = random.Random(episode).choices(range(VOCABULARY), k=one.cached)
    fresh = random.choices(range(VOCABULARY), k=one.prompt - one.cached)
    return orjson.dumps(
        {
            "model": MODEL,
            "prompt": trunk + fresh,
            "max_tokens": one.sampled,
            "ignore_eos": True,
            "temperature": 1.0,
            "top_p": 1.0,
            "seed": episode,
            "logprobs": 0,
            "return_token_ids": True,
            "skip_special_tokens": False,
        }
    )

"""Replays a rollout's requests with clients that run no tools and no journal: the highest rate the server can reach.

Each request has its recorded length, and as many of its tokens are in the prefix cache as were then: it begins with
its episode's trunk, which is put into the cache beforehand, and continues with tokens that no other request has. So
the server does the same work, and never waits for a client that parses, calls tools and writes a journal.
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
"""Chunk names of one episode's trunk; chunks that no other request has are named from FRESH on."""
FRESH = 1_000_000_000


def by_servers_client(served: Served, record: Record) -> float:
    """Sampled tokens per second of vLLM's own benchmark client; raises RuntimeError when a request failed."""
    served.forget()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        first, then, result = folder / "first.jsonl", folder / "then.jsonl", folder / "result.json"
        _write(first, priming(record, BLOCK))
        _write(then, trace(record, BLOCK))
        arguments = [
            served.url,
            MODEL,
            str(served.folder),
            str(record.in_flight),
            str(BLOCK),
            *map(str, (first, then, result)),
        ]
        ran = subprocess.run(
            [str(served.python), server_client.__file__, *arguments], capture_output=True, text=True, check=False
        )
        report = json.loads(result.read_text("utf-8")) if result.exists() else {"completed": 0}
    if report["completed"] != len(record.requests) or report["total_output_tokens"] != record.sampled:
        raise RuntimeError(
            f"vLLM's client replayed {report['completed']} of {len(record.requests)}: {ran.stderr[-2_000:]}"
        )
    return float(record.sampled / report["duration"])


def by_bare_client(served: Served, record: Record) -> float:
    """Sampled tokens per second of a client that posts the factory's requests, reads each response and drops it."""
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

        async def post(every: list[bytes]) -> None:
            waiting = iter(every)
            await asyncio.gather(*(work(waiting) for _ in range(in_flight)))

        await post(trunks)
        with watch.running():
            await post(bodies)
    return watch


JSON = {"Content-Type": "application/json"}


def _trunks(record: Record) -> list[Request]:
    """A request per episode that puts the episode's longest cached prefix into the cache."""
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

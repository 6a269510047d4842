"""A tool worker whose one tool does what its query says: `hang`, `spin` (in the interpreter's lock), `die`, `raise`.

After `once PATH` it does so only while there is no such file, which it makes. As a program it serves; with
`workers` as its argument it is a rollout in miniature instead, whose workers hang until it is killed.
"""

import asyncio
import os
import re
import sys
import time
from pathlib import Path

from flows.domains.contract import Answer, Resources, Tool, ToolCall
from flows.domains.search.tools import SearchArguments
from flows.rollout.tools.worker_process import serve
from flows.rollout.tools.workers import Workers
from flows.settings import Rollout

COMMAND = [sys.executable, "-m", "tests.doubles.odd_tools"]


def odd(arguments: SearchArguments, resources: Resources) -> Answer:
    """Do as the query says, and tell in which process."""
    what, _, marker = arguments.query.partition(" once ")
    if not marker or not Path(marker).exists():
        if marker:
            Path(marker).touch()
        if what == "hang":
            time.sleep(600)
        if what == "spin":
            re.match(r"(a+)+$", "a" * 60 + "b")
        if what == "die":
            os._exit(3)
        if what == "raise":
            raise OSError("disk gone")
    print("this is no reply")
    return Answer(f"{what} {os.getpid()}")


ODD = {"search": [Tool("search", "Does as its query says.", SearchArguments, odd, read_only=True, cpu_bound=True)]}
NOTHING = Resources(Path())


async def _hang() -> None:
    workers = Workers(COMMAND, 2, 0)
    for what in ("x", "y"):
        await workers.run("search", ToolCall("c", "search", {"query": what}))
    calls = [asyncio.create_task(workers.run("search", ToolCall("c", "search", {"query": "hang"}))) for _ in range(2)]
    while len(workers.pids()) < 2:
        await asyncio.sleep(0.05)
    print(*workers.pids(), flush=True)
    await asyncio.gather(*calls)


if __name__ == "__main__":
    if sys.argv[1:] == ["workers"]:
        asyncio.run(_hang())
    else:
        serve(ODD, NOTHING, Rollout())

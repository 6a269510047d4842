"""A tool worker with one tool that fails on request: `hang`, `spin` (holding the interpreter lock), `die`, `raise`.

A query `FAULT once PATH` fails only while the file PATH does not exist, and creates it. As a program this module is a
worker; with the argument `workers` it is a small rollout whose workers hang until it is killed.
"""

import asyncio
import os
import re
import sys
import time
from pathlib import Path

from flows.domains.search.tools import SearchArguments
from flows.environments.functions import FunctionTool, function_environment
from flows.environments.resources import Resources
from flows.environments.tool import Answer, ToolCall
from flows.rollout.tools.worker_process import serve
from flows.rollout.tools.workers import Workers
from flows.settings import Rollout

COMMAND = [sys.executable, "-m", "tests.doubles.faulty_tools"]


def fail(arguments: SearchArguments, resources: Resources) -> Answer:
    """Fail as the query requests, else answer with the query and the process id."""
    fault, _, marker = arguments.query.partition(" once ")
    if not marker or not Path(marker).exists():
        if marker:
            Path(marker).touch()
        if fault == "hang":
            time.sleep(600)
        if fault == "spin":
            re.match(r"(a+)+$", "a" * 60 + "b")
        if fault == "die":
            os._exit(3)
        if fault == "raise":
            raise OSError("disk gone")
    print("a tool's own output, not a reply of the worker")
    return Answer(f"{fault} {os.getpid()}")


SEARCH = FunctionTool("search", "Fails on request.", SearchArguments, fail, read_only=True, cpu_bound=True)
FAULTY = {"search": function_environment("faulty", "1", [SEARCH])}


async def _hang_forever() -> None:
    workers = Workers(COMMAND, 2, 0)
    for query in ("x", "y"):
        await workers.run("search", ToolCall("c", "search", {"query": query}))
    calls = [asyncio.create_task(workers.run("search", ToolCall("c", "search", {"query": "hang"}))) for _ in range(2)]
    while len(workers.pids()) < 2:
        await asyncio.sleep(0.05)
    print(*workers.pids(), flush=True)
    await asyncio.gather(*calls)


if __name__ == "__main__":
    if sys.argv[1:] == ["workers"]:
        asyncio.run(_hang_forever())
    else:
        serve({name: kind.open("{}", Resources(), Path()) for name, kind in FAULTY.items()}, Rollout())

"""Runs the coroutines of a rollout on uvloop, whose event loop is written in C on libuv.

A rollout waits for thousands of sockets and pipes, and Python's own loop takes 5 to 30 % of a turn's CPU. A crawl stays
on that: it starts programs such as git, and uvloop raises a RuntimeError where one has closed its input.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

import uvloop

T = TypeVar("T")


def run(coroutine: Coroutine[Any, Any, T]) -> T:
    """As `asyncio.run`: return the coroutine's value, or raise its error; Ctrl-C cancels it."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(coroutine)
